"""
A first graph from a CSV
========================

*"I look after a web shop. Pages are slow at times, and everyone has a theory.
I have a table with one row a minute."*
"""

# %%
# The table
# ---------
# One row for each point in time, one column for each series. Here it is made up, so
# that we know what is behind it: visitors make queries, queries fill a queue, and the
# queue makes pages slow two minutes later. The backup runs on its own, and the
# temperature of the room follows the load and drives nothing.
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import grngc
from grngc import plots

rng = np.random.default_rng(4)
names = ["visitors", "queries", "queue", "latency", "backup", "room"]
x = np.zeros((400, len(names)))
for t in range(2, len(x)):
    visitors, queries, queue, latency, backup, room = x[t - 1]
    driven = [
        0.5 * visitors,
        0.2 * queries + 0.6 * visitors,
        0.2 * queue + 0.6 * queries,
        0.2 * latency + 0.8 * x[t - 2, 2],  # the queue, two minutes before
        0.5 * backup,
        0.7 * room + 0.3 * queries,
    ]
    x[t] = rng.normal(size=len(names)) + driven
folder = Path(tempfile.mkdtemp())
table = pd.DataFrame(x[100:], columns=names)
table.insert(0, "minute", range(len(table)))
table.to_csv(folder / "shop.csv", index=False)
print(table.head(3).round(2))

# %%
# The graph
# ---------
# One call reads the file, chooses forecaster, lag and penalty by forecasts of minutes
# that were held out, and tells for each pair how sure it is. On a command line:
# ``grngc discover shop.csv --time minute --out result``.
found = grngc.discover(folder / "shop.csv", time="minute")
print(found.summary())

# %%
# An arrow runs from what drives to what is driven, wide where the score is large. The
# backup is blamed for nothing.
plots.network(found)

# %%
# Why is it slow?
# ---------------
# What drives latency, at which lag, and how sure is it? ``q`` is the share of wrong
# edges if we believed this pair and all that are surer; ``frequency`` the share of
# halves of the record in which it is found again.
for edge in found.standing_out():
    if edge.target == "latency":
        print(f"{edge.source}, {edge.lag} minutes before:")
        print(f"q = {edge.q:.1g}, found again in {edge.frequency:.0%} of the halves")

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.6), layout="constrained")
plots.lag_profile(found, "queue", "latency", ax=left)
plots.forecast(found, "latency", last=60, ax=right)

# %%
# To look at and to send
# ----------------------
# A folder with the edges as a table, and a page that opens in any browser without a
# network.
for file in found.save(folder / "result", report=True):
    print(file.name)

# %%
# What to conclude
# ----------------
# It is the queue: what it was two minutes before helps to forecast latency, chance is
# all but ruled out, and every half of the record says so. It is not the visitors
# directly, who act through queries and the queue, nor the backup. The graph does not
# say what a longer queue *would* do: that takes a trial. It says where to look first.
#
# Next: :doc:`which edges to believe <3_what_to_believe>`, :doc:`/how-to/warnings`,
# :doc:`/how-to/report`.
plt.show()
