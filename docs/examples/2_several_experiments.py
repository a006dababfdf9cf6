"""
Several experiments, several subjects
=====================================

*"Each of my experiments lasts twenty minutes, and that is all the data there is of it.
But I have done it a dozen times."*
"""

# %%
# A dozen short experiments
# -------------------------
# A dish is fed once, then measured every minute: food, enzyme, product, waste. Twenty
# points are too few for a graph.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import grngc
from grngc import plots

NAMES = ["food", "enzyme", "product", "waste"]


def record(n_times: int, rng: np.random.Generator, poisoned: float = 0.0) -> np.ndarray:
    """Food drives enzyme, and that product; in some dishes waste slows the enzyme."""
    x = rng.normal(size=(n_times, 4))
    for t in range(1, n_times):
        x[t, 1] += 0.3 * x[t - 1, 1] + 0.7 * x[t - 1, 0] - poisoned * x[t - 1, 3]
        x[t, 2] += 0.7 * x[t - 1, 1]
    return x


rng = np.random.default_rng(1)
dishes = [record(20, rng) for _ in range(12)]
alone = grngc.discover(dishes[0], names=NAMES, forecaster="linear", lag=1)
print(alone.record["conclusion"])

# %%
# One system, many trajectories: one graph
# ----------------------------------------
# All dishes hold the *same* system, so they go into one table with a column that
# tells them apart. No window of time reaches from one dish into the next.
table = pd.concat(
    [pd.DataFrame(dish, columns=NAMES).assign(dish=i) for i, dish in enumerate(dishes)]
)
together = grngc.discover(table, trajectory="dish", forecaster="linear", lag=1)
print(together.record["conclusion"])

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.5), layout="constrained")
plots.network(alone, ax=left)
plots.network(together, ax=right)

# %%
# Subjects that may differ: a graph each
# --------------------------------------
# Patients are not copies of each other. ``discover_group`` gives everyone a graph of
# their own, and tells what they share. Six healthy cultures, six from patients in
# which waste slows the enzyme down:
healthy = {f"h{i}": pd.DataFrame(record(150, rng), columns=NAMES) for i in range(6)}
patients = {
    f"p{i}": pd.DataFrame(record(150, rng, poisoned=0.7), columns=NAMES)
    for i in range(6)
}
options = {"forecaster": "linear", "lag": 1, "workers": 1}
a, b = (
    grngc.discover_group(healthy, **options),
    grngc.discover_group(patients, **options),
)
print(b.summary())

# %%
# What differs between the groups
# -------------------------------
# Subjects are dealt out to two groups anew, in every way: a pair differs where the
# largest difference of *any* pair would come as far in at most one of twenty deals.
difference = grngc.compare(a, b)
for edge in difference.edges:
    if edge.status in ("gained", "lost", "changed"):
        p = edge.p_familywise
        print(f"{edge.source} -> {edge.target}: {edge.status}, p = {p:.3f}")

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
plots.heat_map(a, ax=left)
plots.heat_map(b, ax=right)

# %%
# What to conclude
# ----------------
# One experiment says nothing, and is told so; a dozen together show food -> enzyme ->
# product. In patients a third edge is gained, waste -> enzyme; with six against six
# the test can say so, with three against three it could not.
#
# Next: :doc:`/how-to/subjects`.
plt.show()
