"""
A large panel
=============

*"A plant with 300 sensors: 90,000 ordered pairs. Does that fit into my laptop,
and can any of it be believed?"*
"""

# %%
# Ten pumps and 290 sensors
# -------------------------
# Some sensors follow a pump, most follow none. 300 points: as many as there are
# series.
import matplotlib.pyplot as plt
import numpy as np
import psutil

import grngc
from grngc import plots

rng = np.random.default_rng(0)
n_pumps, p = 10, 300
pumps = [f"pump{i}" for i in range(n_pumps)]
names = [*pumps, *(f"sensor{i}" for i in range(p - n_pumps))]
weights = 0.4 * np.eye(p)  # (target, source)
followers = rng.choice(np.arange(n_pumps, p), size=80, replace=False)
leaders = rng.integers(n_pumps, size=80)
weights[followers, leaders] = rng.choice([-1, 1], 80) * rng.uniform(0.3, 0.6, 80)
x = rng.normal(size=(300, p))
for t in range(1, len(x)):
    x[t] += weights @ x[t - 1]
truth = (weights != 0) & ~np.eye(p, dtype=bool)


def told(label: str, found: grngc.Discovery) -> None:
    """Print what a run cost, and what it is worth where the truth is known."""
    believed = found.graph.believed(found.noise_floor)
    memory = psutil.Process().memory_info().rss / 2**30
    seconds = found.record["timings"]["seconds"]
    right = (believed & truth).sum()
    print(f"{label}: {seconds:.0f} s, the whole program uses {memory:.1f} GiB")
    print(f"  {right} of {believed.sum()} edges are right, {truth.sum()} are there")


# %%
# A first look
# ------------
# ``confidence=False`` fits once and draws the line at the noise floor, the largest
# score that unrelated series give. A linear forecaster is solved for exactly: that is
# the first thing to try on hundreds of series. Memory grows with the square of their
# number; a fit that would not fit is refused before it begins, with what would.
first = grngc.discover(x, names=names, forecaster="linear", lag=1, confidence=False)
told("first look", first)

# %%
# With what is known
# ------------------
# Pumps drive sensors, not the other way round. With ten sources instead of 300 there
# are 30 times fewer pairs to be wrong about, and surrogates and halves for each of
# them cost seconds.
found = grngc.discover(x, names=names, forecaster="linear", lag=1, sources=pumps)
told("ten sources", found)
print(found.record["conclusion"])

# %%
# Looking at 300 series
# ---------------------
# Of more than 40 series the network draws those with an edge, and says how many it
# left out; names are thinned out until they fit.
figure, ax = plt.subplots(figsize=(10, 8), layout="constrained")
plots.network(found, top=100, ax=ax)

# %%
# Whom does each pump drive? The matrix is ``[target, source]``.
selected = found.graph.evidence.selected
for i, pump in enumerate(pumps[:5]):
    print(f"{pump}: {selected[:, i].sum()} sensors, truly {truth[:, i].sum()}")

# %%
# What to conclude
# ----------------
# It fits, in seconds. The first look misses weak edges, for the largest of 90,000
# chance scores is large; naming the sources is worth more than any other setting. Of
# the edges selected one in ten may be wrong, on average. A record of as many points
# as series suffices only because each sensor follows few pumps.
#
# Next: :doc:`/how-to/prior-knowledge`, :doc:`/how-to/device` for trained forecasters,
# :doc:`/how-to/cluster`.
plt.show()
