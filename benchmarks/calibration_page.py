"""What benchmarks/calibration.py found, as a page and a picture."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binom

Row = dict[str, Any]
RATES = (0.05, 0.1, 0.2)
NULL = ("autoregression", "differenced walk", "trend", "heavy tails")
KNOWN = ("VAR", "wide VAR", "Lorenz-96", "additive")
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#666666"

PAGE = """# Are the error rates true?

Made by `python benchmarks/calibration.py --report` from {n} simulated records with a known graph, every option at its
default; nothing here is typed. {pcmci}

## Nothing is there: {null} records of independent series

A p-value below .05 should come in 5 % of the pairs, and a pair at a false discovery rate of .1 in at most 10 % of the
records (every such pair is false). In brackets what chance allows around that in so many records (95 %).

{null_table}

## Something is there: {known} records

The realised false discovery rate is the mean over records of the share of found pairs that are false, beside the rate
that was asked for; power the share of true pairs that is found. `q` alone; `selected`, which is what a run shows: q and
found again in half of the halves; `PCMCI`: partial correlations, lags 1 to 2, the same correction; `floor`: above the
noise floor, which is what `--no-confidence` shows, and knows no rate.

{known_table}

Lorenz-96 is sampled every .1: within a step the influence of a neighbour's neighbour arrives too, and is counted as
false here.

![False discovery rate and power](pictures/calibration.svg)
"""


def report(rows: Sequence[Row], docs: Path) -> None:
    """Write docs/calibration.md and docs/pictures/calibration.svg."""
    ours = [row for row in rows if row["key"][0] == "grngc"]
    others = [row for row in rows if row["key"][0] == "PCMCI"]
    null, known = ([row for row in ours if row["key"][1] in kinds] for kinds in (NULL, KNOWN))
    released = sorted({row["tigramite"] for row in others})
    page = PAGE.format(
        n=len(ours), null=len(null), known=len(known),
        pcmci=f"PCMCI is tigramite {', '.join(released)}." if released else "PCMCI was not run.",
        null_table=_null_table(null), known_table=_known_table(known, others),
    )  # fmt: skip
    (docs / "calibration.md").write_text(page)
    _draw(known, others, docs / "pictures" / "calibration.svg")
    print(page)


def _null_table(rows: Sequence[Row]) -> str:
    lines = ["| series | records | p < .05 | any pair at q .1 | any pair selected at .1 |", "|---|---|---|---|---|"]
    for kind in (*NULL, "all"):
        some = [row for row in rows if kind in ("all", row["key"][1])]
        if not some:
            continue
        shares = np.array([row["p_below_.05"] / row["pairs_false"] for row in some])
        pairs = sum(row["pairs_false"] for row in some)
        low, high = binom.ppf([0.025, 0.975], pairs, 0.05) / pairs
        most = binom.ppf(0.975, len(some), 0.1) / len(some)
        told = [f"{np.mean([row['found'][name][0] > 0 for row in some]):.2f} [0, {most:.2f}]"
                for name in ("q 0.1", "selected 0.1")]  # fmt: skip
        lines.append(f"| {kind} | {len(some)} | {shares.mean():.3f} [{low:.3f}, {high:.3f}] | {' | '.join(told)} |")
    return "\n".join(lines)


def _rate(row: Row, name: str) -> float:
    found, false = row["found"][name]
    return false / found if found else 0.0


def _power(row: Row, name: str) -> float:
    found, false = row["found"][name]
    return (found - false) / row["pairs_true"]


def _mean(rows: Sequence[Row], what: Callable[[Row, str], float], name: str) -> float:
    return float(np.mean([what(row, name) for row in rows]))


def _known_table(ours: Sequence[Row], others: Sequence[Row]) -> str:
    answers = [("q", ours), ("selected", ours), ("PCMCI", others), ("floor", ours)]
    lines = [
        "| records | answer | " + " | ".join(f"FDR at {rate}" for rate in RATES) + " | "
        + " | ".join(f"power at {rate}" for rate in RATES) + " |",
        "|---|---|" + "---|" * 6,
    ]  # fmt: skip
    for kind in (*KNOWN, "all"):
        for answer, rows in answers:
            some = [row for row in rows if kind in ("all", row["key"][1]) and row["key"][1] in KNOWN]
            if not some:
                continue
            names = ["floor"] * 3 if answer == "floor" else [f"{answer.replace('PCMCI', 'q')} {rate}" for rate in RATES]
            cells = [f"{_mean(some, what, name):.2f}" for what in (_rate, _power) for name in names]
            lines.append(f"| {kind} ({len(some)}) | {answer} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _draw(ours: Sequence[Row], others: Sequence[Row], path: Path) -> None:
    """Draw realised against asked-for rate, and power, one column for each kind of record."""
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise SystemExit('the picture needs matplotlib: pip install "grngc[plots]"; the page is written') from error
    mpl.use("svg")
    import matplotlib.pyplot as plt

    mpl.rcParams.update({"svg.hashsalt": "grngc", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = plt.subplots(2, len(KNOWN), figsize=(9, 5), sharex=True, sharey="row", layout="constrained")
    for column, kind in enumerate(KNOWN):
        above, below = axes[:, column]
        above.plot(RATES, RATES, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), label="as asked for")
        curves = {"selected": (ours, GREEN, "o"), "q": (ours, BLUE, "s"), "PCMCI": (others, ORANGE, "^")}
        for answer, (rows, colour, marker) in curves.items():
            some = [row for row in rows if row["key"][1] == kind]
            if not some:
                continue
            names = [f"{answer.replace('PCMCI', 'q')} {rate}" for rate in RATES]
            for each, what in ((above, _rate), (below, _power)):
                each.plot(RATES, [_mean(some, what, name) for name in names], marker=marker, color=colour, label=answer)
        above.set_title(kind, loc="left")
        below.set_xlabel("false discovery rate asked for")
        below.set_xticks(RATES, [f"{rate:g}" for rate in RATES])
        below.set_ylim(0, 1.05)
    axes[0, 0].set_ylabel("realised")
    axes[1, 0].set_ylabel("power")
    axes[0, 0].legend(frameon=False, fontsize=8)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
