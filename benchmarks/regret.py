"""What each rule for the penalty, and for the lag, loses against the best point: docs/regret.md.

    python benchmarks/regret.py             # computes what is missing in benchmarks/regret.jsonl, a line a data set
    python benchmarks/regret.py --docs      # writes docs/regret.md from these lines, and computes nothing

A rule reads forecasts of windows held out, never the truth. Afterwards every point of the path is scored against it,
and what the rule's point scores below the best of them is its regret. One torch thread; half an hour on one core that
others kept busy. A line that is there is not computed again: remove it, or the file, after a change.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from grngc import GRNGC, CausalGraph
from grngc.dataset import Dataset
from grngc.datasets import load
from grngc.errors import InputError, InputWarning
from grngc.folds import folds
from grngc.lasso import ROUGH, penalised_linear
from grngc.metrics import score
from grngc.penalty_path import PATIENCE, POINTS, TRAINED_POINTS, geometric
from grngc.rules import Rules
from grngc.scaling import Scaling
from grngc.selection import LONGEST_LAG
from grngc.task import Task
from grngc.windows import Windows

HERE = Path(__file__).parent
ROWS, PAGE = HERE / "regret.jsonl", HERE.parent / "docs" / "regret.md"
FORECASTERS = {"linear": {"forecaster": "linear"}, "mlp": {"forecaster": "mlp", "lag": 1, "steps": 400}}
AREAS = ("auroc", "auprc")


def records() -> Iterator[tuple[str, str, dict[str, Any], str]]:
    """Yield family, data set, options and forecaster of every line."""
    networks = ("ecoli1", "ecoli2", "yeast1", "yeast2", "yeast3")
    for size in (10, 50, 100):
        for network in networks:
            yield f"DREAM3-{size}", f"dream3/size{size}_{network}", {}, "linear"
    for network in range(1, 6):
        yield "DREAM4", f"dream4/size100_{network}", {}, "linear"
    for subject in range(5):
        yield "NetSim", "netsim/sim3", {"subject": subject}, "linear"
    for name in ("medical", "traffic"):
        yield "CausalTime", f"causaltime/{name}", {}, "linear"
    for name in ("sos9_m3d", "sos8_ronen"):
        yield "SOS", f"sos/{name}", {}, "linear"
    for seed in (0, 1, 2):
        for n_series, n_times, n_lags in ((10, 100, 1), (10, 500, 1), (20, 200, 2), (50, 200, 1), (50, 1000, 1)):
            sizes = {"n_series": n_series, "n_times": n_times, "n_lags": n_lags}
            yield "VAR", "var", sizes | {"random_state": seed}, "linear"
        yield "slow sampling", "slow_sampling", {"random_state": seed}, "linear"
        for forcing in (10.0, 20.0, 40.0):
            for n_series, n_times in ((10, 250), (20, 500), (40, 1000)):
                sizes = {"n_series": n_series, "n_times": n_times, "forcing": forcing}
                yield "Lorenz-96", "lorenz96", sizes | {"random_state": seed}, "linear"
    for seed in (0, 1):
        for forcing in (10.0, 20.0, 40.0):
            sizes = {"n_series": 20, "n_times": 300, "forcing": forcing}
            yield "Lorenz-96 by mlp", "lorenz96", sizes | {"random_state": seed}, "mlp"


def measure(dataset: Dataset, forecaster: str) -> dict[str, Any]:
    """Return the scores of every point and what each rule takes, for the penalty and for the lag."""
    panel, settings = dataset.panel, GRNGC(**FORECASTERS[forecaster]).get_params(deep=False)
    task = Task(settings, Rules.none(panel.targets), torch.device("cpu"), None)
    cut = partial(task.windows, Scaling.of(panel, "pooled").apply(panel))
    choice = task.choose(cut)
    windows, recipe = cut(choice.lag), task.recipe(choice.forecaster, choice.lag)
    present = task.present(choice, windows)

    def scored(windows: Windows, penalty: float | str) -> dict[str, float]:
        """Return what the graph of so much penalty scores."""
        at = replace(task, given=task.given | {"penalty": penalty})
        fitted = at.fit(task.recipe(choice.forecaster, windows.x.shape[1]), windows)
        scores, near = at.collapse(fitted.lag_scores), fitted.nearness
        near = None if near is None else near.max(axis=1)
        if present.used:
            together, near_now = at.together(windows)
            scores, near = scores + np.abs(together), np.maximum(near, near_now)
        found = score(CausalGraph(scores, panel.names, nearness=near), dataset)
        return {area: round(found[area], 5) for area in AREAS}

    path = task.path(recipe, windows)
    points = geometric(path.penalties[0], POINTS if forecaster == "linear" else TRAINED_POINTS)
    at_points = [scored(windows, float(penalty)) for penalty in points]
    taken = path.choices()
    at_rules = {}
    for rule, penalty in taken.items():
        at = int(np.abs(np.log(path.penalties / penalty)).argmin())
        on_path = rule != "rate"
        at_rules[rule] = {"penalty": round(penalty, 5), "edges": int(path.edges[at])}
        at_rules[rule] |= at_points[at] if on_path else scored(windows, penalty)
    row = {
        "windows": len(windows), "series": panel.n_series, "lag": choice.lag, "present": present.used,
        "penalties": [round(float(penalty), 5) for penalty in points], "points": at_points, "rules": at_rules,
    }  # fmt: skip
    return row | ({"lags": by_lag(task, cut, scored, choice.lag)} if forecaster == "linear" else {})


def forecasts(task: Task, known: Windows, held: Windows) -> np.ndarray:
    """Return linear forecasts (window, series), solved roughly: errors need no more."""
    x, y, weights = known.x.mean(axis=0), known.y.mean(axis=0), task.weights(known)
    told = {"admitted": np.ones(weights.shape, bool), "input_noise": task.given["input_noise"], "effort": ROUGH}
    found, _ = penalised_linear(known.x - x, known.y - y, weights, **told)
    return y + np.einsum("jli,nli->nj", found, held.x - x)


def by_lag(
    task: Task, cut: Callable[[int], Windows], scored: Callable[..., dict[str, float]], taken: int
) -> dict[str, Any]:
    """Return the scores at every lag, and the lag that each rule takes."""
    missed: list[dict[tuple[int, int], float]] = []
    points = []
    for lag in range(1, LONGEST_LAG + 1):
        windows, here = cut(lag), {}
        try:
            for seen, unseen in folds(windows):
                known, held = windows.subset(seen), windows.subset(unseen)
                off = np.square(held.y - forecasts(task, known, held))[:, task.targets].mean(axis=1)
                where = zip(held.trajectory.tolist(), held.time.tolist(), strict=True)
                here |= dict(zip(where, off.tolist(), strict=True))
        except InputError:
            break
        missed.append(here)
        points.append(scored(windows, "auto"))
    shared = [at for at in missed[0] if all(at in each for each in missed)]
    each = np.array([[lag[at] for at in shared] for lag in missed])
    errors, best = each.mean(axis=1), int(each.mean(axis=1).argmin())
    apart = (each - each[best]).std(axis=1, ddof=1) / np.sqrt(len(shared))
    alone = each[best].std(ddof=1) / np.sqrt(len(shared))
    rules = {
        "saves 7 %": taken,
        "always 1": 1,
        "cv": best + 1,
        "cv-1se": int(np.flatnonzero(errors <= errors[best] + alone)[0]) + 1,
        "cv-paired": int(np.flatnonzero(errors - errors[best] <= apart)[0]) + 1,
    }
    return {"points": points, "errors": [round(float(error), 6) for error in errors], "rules": rules}


# ---- the page --------------------------------------------------------------------------------------------------------


def regrets(row: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return what each rule loses, (area,)."""
    best = np.array([max(point[area] for point in row["points"]) for area in AREAS])
    return {rule: best - [at[area] for area in AREAS] for rule, at in row["rules"].items()}


def lag_regrets(row: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return what each rule for the lag loses, (area,)."""
    points = [[point[area] for area in AREAS] for point in row["lags"]["points"]]
    return {rule: np.max(points, axis=0) - points[lag - 1] for rule, lag in row["lags"]["rules"].items()}


def table(rows: list[dict[str, Any]], lost: Callable[[Mapping[str, Any]], dict[str, np.ndarray]], base: str) -> str:
    """Return mean regrets by family in thousandths, the mean of families, the worst, and the difference to base."""
    families = list(dict.fromkeys(row["family"] for row in rows))
    each = [lost(row) for row in rows]
    lines = [f"| rule | {' | '.join(families)} | **mean of families** | worst | all, beside `{base}` |"]
    lines.append("|---" * (len(families) + 4) + "|")
    for rule in each[0]:
        of_family = [
            np.mean([one[rule] for row, one in zip(rows, each, strict=True) if row["family"] == family], axis=0)
            for family in families
        ]
        apart = 1000 * np.array([(one[rule] - one[base]).mean() for one in each])
        beside = f"{apart.mean():+.1f} ± {apart.std(ddof=1) / np.sqrt(len(apart)):.1f}" if rule != base else ""
        cells = [_two(mean) for mean in of_family] + [f"**{_two(np.mean(of_family, axis=0))}**"]
        cells += [_two(np.max([one[rule] for one in each], axis=0)), beside]
        lines.append(f"| `{rule}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def _two(values: np.ndarray) -> str:
    return " / ".join(f"{1000 * abs(value):.0f}" for value in values)


def page(rows: list[dict[str, Any]]) -> str:
    """Return docs/regret.md."""
    linear, trained = ([row for row in rows if (row["forecaster"] == "linear") == of] for of in (True, False))
    empty = {rule: sum(row["rules"][rule]["edges"] == 0 for row in linear) for rule in linear[0]["rules"]}
    said = ", ".join(f"`{rule}` {n}" for rule, n in empty.items() if n)
    lags = {rule: [row["lags"]["rules"][rule] for row in linear] for rule in linear[0]["lags"]["rules"]}
    counts = "; ".join(
        f"`{rule}` " + ", ".join(f"{found.count(lag)} x {lag}" for lag in sorted(set(found)))
        for rule, found in lags.items()
    )
    return TEMPLATE.format(
        n=len(linear), n_trained=len(trained), penalties=table(linear, regrets, "rate"),
        trained=table(trained, regrets, "rate"), lags=table(linear, lag_regrets, "saves 7 %"), empty=said,
        counts=counts, patience=PATIENCE,
    )  # fmt: skip


TEMPLATE = """# What rules for the penalty and the lag lose

Written by `python benchmarks/regret.py --docs` from `benchmarks/regret.jsonl`; the rules are in
`grngc.penalty_rules`, and [decision 0019](decisions/0019-a-path-of-penalties-and-a-third-forecaster.md) says what
follows.

A rule picks a point without the truth: a penalty on the path from the empty graph down (20 points over two decades), or
a lag from 1 to 5. Every point is then scored against the truth by the data set's own convention (`metrics.score`).
**Regret** is what the rule's point scores below the best point of all, picked on the truth; 0 is an oracle, and nobody
has one. Cells are means over the data sets of a family, AUROC / AUPRC, in thousandths. The last column is the mean over
all data sets and both areas of the difference to the default's regret, with its standard error: below 0 is better than
the default.

## Penalty, linear forecaster ({n} data sets, each at the lag that the default takes)

{penalties}

`rate` is the default, `1.5 sqrt(log(p k) / N)`. AUROC and AUPRC read the order of all pairs, those without an edge too,
by how near they are to entering, so a rule that picks the empty graph may still score well. So many data sets got the
empty graph: {empty}.
Rules saw paths that end after {patience} points of clearly more than the least held-out error.

## Penalty, MLP ({n_trained} records of Lorenz-96, 20 series, 300 points, 400 steps, lag 1)

Ten points, each trained on from the one before; then a fit from scratch at each, which is scored.

{trained}

## Lag (linear forecaster, penalty by `rate`)

{lags}

`saves 7 %` is the default: one more lag as long as it saves so much of the held-out error. What was taken: {counts}.
"""


def key(row: Mapping[str, Any]) -> str:
    return json.dumps([row["dataset"], row["options"], row["forecaster"]], sort_keys=True)


def read_rows() -> list[dict[str, Any]]:
    """Return the lines that are there."""
    return [json.loads(line) for line in ROWS.read_text().splitlines()] if ROWS.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--docs", action="store_true", help="write docs/regret.md and compute nothing")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if not given.docs:
        there = {key(row) for row in read_rows()}
        for family, name, options, forecaster in records():
            row = {"family": family, "dataset": name, "options": options, "forecaster": forecaster}
            if key(row) in there:
                continue
            start = time.process_time()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", InputWarning)  # all scores equal: known, and scored as such
                row |= measure(load(name, **options), forecaster)
            row["seconds"] = round(time.process_time() - start, 1)
            with ROWS.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(name, options, forecaster, f"{row['seconds']:.1f} s", flush=True)
    PAGE.write_text(page(read_rows()))


if __name__ == "__main__":
    main()
