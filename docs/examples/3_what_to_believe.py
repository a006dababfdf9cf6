"""
Choosing what to believe
========================

*"Any method gives me arrows. Which of them would be there again if I measured
again, and what does it look like when there are none?"*
"""

# %%
# A record with traps
# -------------------
# Rain, and seven stations along rivers. Rain drives the first three, with different
# delays, so these move together and drive nothing; station 4 drives 5 strongly and 6
# weakly; station 7 goes its own way, slowly.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import grngc
from grngc import plots

NAMES = ["rain", "s1", "s2", "s3", "s4", "s5", "s6", "s7"]
rng = np.random.default_rng(7)
x = np.zeros((500, len(NAMES)))
for t in range(2, len(x)):
    x[t] = rng.normal(size=len(NAMES)) + 0.4 * x[t - 1] * (np.arange(len(NAMES)) > 0)
    x[t, 1:4] += 0.7 * np.array([x[t - 1, 0], x[t - 1, 0], x[t - 2, 0]])
    x[t, 5] += 0.6 * x[t - 1, 4]
    x[t, 6] += 0.2 * x[t - 1, 4]
    x[t, 7] += 0.5 * x[t - 1, 7]
series = x.T

# %%
# Correlation is sure of what is not there: stations that share the rain.
correlation = np.corrcoef(series)
print(f"s1 and s2: {correlation[1, 2]:.2f}")
print(f"s4 and s6: {correlation[4, 6]:.2f}, and this one is real")

# %%
# Three answers to "how sure?"
# ----------------------------
# ``q``: against surrogates of the source, how early in the list do false edges begin?
# ``frequency``: is the pair again among the strongest in halves of the record?
# ``low`` to ``high``: between what does the score lie?
found = grngc.discover(x, names=NAMES, forecaster="linear", lag=2, fdr=0.1)
told = ["source", "target", "score", "low", "high", "q", "frequency", "selected"]
strongest = pd.DataFrame(found.graph.edges(top=9))[told]
print(strongest.to_string(index=False, float_format="{:.2g}".format))

# %%
# A pair is selected when its q is at most the rate you ask for *and* at least half of
# the halves show it again: the two are found independently of each other, and some
# pairs pass the first and not the second.
evidence = found.graph.evidence
print((evidence.q <= 0.1).sum(), "pairs at q <= 0.1")
print(evidence.selected.sum(), "of them selected")
figure, ax = plt.subplots(figsize=(6, 5), layout="constrained")
plots.heat_map(found, ax=ax)

# %%
# Nothing is there
# ----------------
# The same stations, each moved in time by another amount, what falls off the end
# put in front: all that each does by itself is kept, and none can drive another.
shifts = rng.integers(50, 450, size=len(NAMES))
moved = [np.roll(one, shift) for one, shift in zip(series, shifts, strict=True)]
null = np.stack(moved, axis=1)
nothing = grngc.discover(null, names=NAMES, forecaster="linear", lag=2)
print(nothing.record["conclusion"])
gain = nothing.record["confidence"]["forecast_gain"]
print(f"others help to forecast: p = {gain['p']:.2f}")
plots.network(nothing)

# %%
# What to conclude
# ----------------
# The five edges that were put in are found, the weak one too; the pairs that only
# share the rain are not. Of edges selected at ``fdr=0.1`` one in ten is wrong on
# average, and where nothing is there, nothing is drawn (on a command line: exit code
# 3). Had nobody recorded the rain, its stations *would* be connected, because the
# later follow the earlier: no method can tell that from a cause.
#
# Next: :doc:`/how-to/confidence`, and how well the rates hold: :doc:`/calibration`.
plt.show()
