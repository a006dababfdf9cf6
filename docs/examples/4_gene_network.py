"""
A gene network with regulators
==============================

*"Of my thirty genes I know which five are transcription factors, and that one
of them was knocked out. Must the method find that out by itself?"*
"""

# %%
# Ten perturbation experiments
# ----------------------------
# Twenty-one points each, as in the DREAM challenges; simulated, so that there is a
# truth to compare with. (Real ones are a name away:
# ``grngc.datasets.load("dream3/size100_ecoli1")``, see :doc:`/how-to/data-sets`.)
import matplotlib.pyplot as plt
import numpy as np

import grngc
from grngc import plots
from grngc.dataset import Dataset
from grngc.metrics import chance, score

REGULATORS = ["crp", "fnr", "arcA", "fis", "lacI"]
names = [*REGULATORS, *(f"gene{i}" for i in range(1, 26))]
rng = np.random.default_rng(3)
p = len(names)
weights = np.zeros((p, p))  # (target, source)
for target in range(p):
    n = rng.integers(1, 3)
    sources = rng.choice(4, size=n, replace=False)  # not lacI: it is knocked out
    weights[target, sources] = rng.choice([-1, 1], n) * rng.uniform(0.3, 0.7, n)
np.fill_diagonal(weights, 0.5)
experiments = []
for _ in range(10):
    x = np.zeros((21, p))
    x[0] = rng.normal(scale=3, size=p)  # the perturbation
    for t in range(1, 21):
        x[t] = np.tanh(x[t - 1]) @ weights.T + 0.4 * rng.normal(size=p)
    experiments.append(x)
panel = grngc.as_panel(experiments, names=names)

# %%
# What is known, said beforehand
# ------------------------------
# What is not listed among the ``sources`` is no input of anybody's forecast, and a
# ``forbidden`` pair has no path: what is left is fitted without them, not painted
# over afterwards. The same from a table: ``grngc.read_rules("rules.csv")``.
blind = grngc.discover(panel, forecaster="linear", lag=1)
told = grngc.discover(
    panel, forecaster="linear", lag=1, sources=REGULATORS, forbidden=[("lacI", "*")]
)
print(told.summary(6))

# %%
# The network that may be believed, at a false discovery rate of one in ten:
figure, ax = plt.subplots(figsize=(8, 7), layout="constrained")
plots.network(told, ax=ax)

# %%
# What it was worth
# -----------------
# Here the truth is known. Precision over recall, over all pairs of two genes: without
# and with what was known.
truth = weights != 0
dataset = Dataset("simulated regulators", panel, truth, ~np.eye(p, dtype=bool))
figure, ax = plt.subplots(figsize=(5.5, 4.5), layout="constrained")
for label, result in (("nothing known", blind), ("regulators known", told)):
    plots.precision_recall(result, dataset, label=label, ax=ax)
    believed = result.graph.believed(result.noise_floor) & dataset.scored
    right = int((believed & truth).sum())
    area = score(result.graph, dataset)["auprc"]
    print(f"{label}: AUPRC {area:.2f}; {right} of {believed.sum()} selected are right")
print(f"by chance: AUPRC {chance(dataset)['auprc']:.2f}")
print((truth & dataset.scored).sum(), "edges are there to be found")

# %%
# What to conclude
# ----------------
# Naming the regulators answers most of the question "who could it be?" before the
# data are asked, so more of the network is found in the same record: one gene that
# merely follows another is out from the start. Of what is selected one in ten is wrong
# on average. But a false rule is worse than none: forbid the true regulator, and
# another will be put in its place.
#
# Next: :doc:`/how-to/prior-knowledge`.
plt.show()
