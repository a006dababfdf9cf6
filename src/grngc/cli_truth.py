"""Commands about data whose truth is known: ``demo``, ``simulate``, ``score``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .errors import InputError
from .folders import check_folder
from .terminal import OK, shown_progress

if TYPE_CHECKING:
    import numpy as np

    from .dataset import Dataset
    from .graph import CausalGraph

SEEDS = 2**32
"""Seeds of NumPy's older generator, which published data were drawn with, are below this."""

simulate = typer.Typer(name="simulate", rich_markup_mode=None, help="Simulate data whose true graph is known.")

Out = Annotated[Path, typer.Option(metavar="DIR", help="Folder for data.csv and truth.csv; refused if not empty.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the two files if they are in DIR.")]
Seed = Annotated[int, typer.Option(metavar="N", help="The same seed gives the same data.")]
Series = Annotated[int, typer.Option(metavar="N", help="Number of series.")]
Times = Annotated[int, typer.Option(metavar="N", help="Points in time.")]


@simulate.command("lorenz96")
def simulate_lorenz96(
    out: Out,
    series: Series = 10,
    times: Times = 500,
    forcing: Annotated[float, typer.Option(metavar="F", help="10, 20 or 40; the larger, the harder.")] = 10.0,
    noise: Annotated[float, typer.Option(metavar="SD", help="Standard deviation of the measurement noise.")] = 0.1,
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Simulate Lorenz-96, a ring of chaotic series.

    Each is driven by its own past, by the two before it and by the one after it.

    \b
    Example:
      grngc simulate lorenz96 --out ring --forcing 20
      grngc discover ring/data.csv --out found
      grngc score found ring/truth.csv
    """
    _check_seed(seed)
    check_folder(out, overwrite)
    from .datasets.lorenz96 import lorenz96

    _write(lorenz96(series, times, forcing, noise=noise, random_state=seed), out, overwrite)


@simulate.command("slow_sampling")
def simulate_slow_sampling(
    out: Out,
    series: Series = 15,
    times: Times = 200,
    every: Annotated[int, typer.Option(metavar="N", help="Fast steps between two points.")] = 30,
    density: Annotated[float, typer.Option(metavar="X", help="Share of the ordered pairs that are edges.")] = 0.1,
    noise: Annotated[
        float, typer.Option(metavar="X", help="Measurement noise, in standard deviations of the series.")
    ] = 0.1,
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Simulate a linear network that is sampled too slowly to see which series moves first, as in fMRI.

    \b
    Example:
      grngc simulate slow_sampling --out scan
      grngc discover scan/data.csv --out found
      grngc score found scan/truth.csv
    """
    _check_seed(seed)
    check_folder(out, overwrite)
    from .datasets.slow_sampling import slow_sampling

    made = slow_sampling(series, times, every, density=density, noise=noise, random_state=seed)
    _write(made, out, overwrite)


@simulate.command("var")
def simulate_var(
    out: Out,
    series: Series = 10,
    times: Times = 500,
    lag: Annotated[int, typer.Option(metavar="N", help="Largest lag of an edge.")] = 1,
    density: Annotated[float, typer.Option(metavar="X", help="Share of the ordered pairs that are edges.")] = 0.2,
    noise: Annotated[float, typer.Option(metavar="SD", help="Standard deviation of the shocks.")] = 1.0,
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Simulate a sparse, stable vector autoregression.

    \b
    Example:
      grngc simulate var --out linear --lag 2
      grngc discover linear/data.csv --out found --lag 2
      grngc score found linear/truth.csv
    """
    _check_seed(seed)
    check_folder(out, overwrite)
    from .datasets.var import var

    _write(var(series, times, lag, density=density, noise=noise, random_state=seed), out, overwrite)


def _check_seed(seed: int) -> None:
    if not 0 <= seed < SEEDS:
        raise InputError(f"--seed must be from 0 to {SEEDS - 1}; got {seed}")


def _write(dataset: "Dataset", out: Path, overwrite: bool) -> None:
    import numpy as np

    from .datasets.writing import write_dataset

    if not all(np.isfinite(values).all() for values in dataset.panel.trajectories):
        raise InputError(f"{dataset.name}: the simulation ran away: choose smaller numbers")
    data, truth = write_dataset(dataset, out, overwrite)
    print(f"{dataset.name}: {data}, and its {dataset.truth.sum()} true edges (own pasts among them): {truth}")


def score(
    graph: Annotated[Path, typer.Argument(metavar="GRAPH", help="A graph.npz, or the folder that holds it.")],
    truth: Annotated[
        Path,
        typer.Argument(
            metavar="TRUTH",
            help="CSV with columns source and target; or square CSV of 0 and 1, row = target, column = source; or NPZ "
            "with the key graph.",
        ),
    ],
    per_target: Annotated[
        bool, typer.Option("--per-target", help="Rank the sources of each target relative to that target's level.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> int:
    """Compare a graph with the truth (AUROC, AUPRC).

    Series are matched by name. AUPRC is the average precision. Exogenous series are no targets and are left out as
    such.

    \b
    Example:
      grngc score results truth.csv
    """
    from .datasets.files import read_truth
    from .graph import CausalGraph

    found = CausalGraph.load(_graph_of(graph) if graph.is_dir() else graph)
    known, _ = read_truth(truth, names=found.names)
    views = _areas(found, known, per_target)
    if as_json:
        print(json.dumps({"graph": str(graph), "truth": str(truth), "per_target": per_target} | views))
        return OK
    print(f"{'':<18}{'AUROC':>8}{'chance':>9}{'AUPRC':>11}{'chance':>9}    true edges")
    for name, view in views.items():
        auroc, at_random, auprc, prevalence = (
            "-" if view[key] is None else f"{view[key]:.4f}"
            for key in ("auroc", "auroc_chance", "auprc", "auprc_chance")
        )
        edges = f"{view['true']} of {view['entries']}"
        print(f"{name.replace('_', ' '):<18}{auroc:>8}{at_random:>9}{auprc:>11}{prevalence:>9}    {edges}")
    return OK


def _graph_of(folder: Path) -> Path:
    """Return a folder's graph; refuse results without ``run.json``, which comes last and says that all are there."""
    if (folder / "group.json").exists():
        return folder / "group.npz"
    beside = [name for name in ("edges.csv", "forecaster.safetensors") if (folder / name).exists()]
    if beside and not (folder / "run.json").exists():
        raise InputError(f"{folder}: the results are not whole, for run.json is missing: run grngc discover again")
    return folder / "graph.npz"


def _areas(graph: "CausalGraph", truth: "np.ndarray", per_target: bool) -> dict[str, dict[str, Any]]:
    """Both areas over all entries, and off the diagonal; None where all entries are true or none is."""
    import numpy as np

    from .metrics import auprc, auroc

    targets = np.array([name not in graph.exogenous for name in graph.names])
    everything = np.repeat(targets[:, None], len(targets), axis=1)
    views = {"all_pairs": everything, "without_own_past": everything & ~np.eye(len(targets), dtype=bool)}
    ranking, result = graph.ranking(per_target=per_target), {}
    for name, scored in views.items():
        entries, true = int(scored.sum()), int(truth[scored].sum())
        told_apart = 0 < true < entries
        result[name] = {
            "auroc": auroc(ranking, truth, scored) if told_apart else None,
            "auroc_chance": 0.5 if told_apart else None,
            "auprc": auprc(ranking, truth, scored) if told_apart else None,
            "auprc_chance": true / entries if told_apart else None,
            "true": true,
            "entries": entries,
        }
    if all(view["auroc"] is None for view in result.values()):
        raise InputError(
            f"{true} of {entries} pairs are true: AUROC and AUPRC need at least one that is true and one that is not"
        )
    return result


def demo(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the results; those of an earlier demo are replaced.")
    ] = Path("grngc-demo"),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> int:
    """Show what it does on two records: one simulated, one measured.

    The first is a Lorenz-96 system, whose graph is known: how well it is found is shown beside plain controls. The
    second is the US economy, 1959 to 2009, which a dependency ships. Needs no file and no network.
    """
    folders = [check_folder(out / name, overwrite=True) for name in ("lorenz96", "us-macro")]
    from .datasets.writing import write_dataset
    from .demo import measured, simulated

    with shown_progress(quiet, label="Lorenz-96") as progress:
        dataset, found, rows = simulated(progress=progress)
    write_dataset(dataset, folders[0], overwrite=True)
    found.save(folders[0], overwrite=True, report=True)
    print("1. Simulated: Lorenz-96, 10 series, 500 points; 40 of the 100 ordered pairs are true.\n")
    print(f"{'':<22}{'all pairs':>16}{'without own past':>20}")
    print(f"{'':<22}{'AUROC':>8}{'AUPRC':>8}{'AUROC':>12}{'AUPRC':>8}{'seconds':>12}")
    for method, areas, seconds in rows:
        full, off = [[areas[f"{area}{view}"] for area in ("auroc", "auprc")] for view in ("_full", "_off_diagonal")]
        took = f"{seconds:>12.2f}" if seconds else ""
        print(f"{method:<22}{full[0]:>8.3f}{full[1]:>8.3f}{off[0]:>12.3f}{off[1]:>8.3f}{took}")
    with shown_progress(quiet, label="US economy") as progress:
        found = measured(progress=progress)
    found.save(folders[1], overwrite=True, report=True)
    print("\n2. Measured: the US economy, quarter by quarter, as growth rates.\n")
    print(found.summary())
    print(
        f"Results in {folders[0]} and {folders[1]}, report.html in each is a page to look at. To score the first again:"
    )
    print(f"  grngc score {folders[0]} {folders[0] / 'truth.csv'}")
    return OK
