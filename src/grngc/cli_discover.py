"""The command ``discover``: its options, and what it prints."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .cli_methods import Method, Set, Surrogates, check_options, parameters_from
from .cli_rules import Forbid, NeverCompared, Require, RulesFile, Sources, rules_from
from .cli_subjects import discover_files
from .cli_values import Address, Executor, Workers, amount_or_rule, names, switch, transforms, whole_or_auto
from .errors import InputError
from .folders import UNFINISHED, check_folder
from .interrupts import told_on_interrupt
from .labels import printable
from .terminal import OK, UNTRUSTWORTHY, shown_progress, tell

if TYPE_CHECKING:
    from .checkpoints import Checkpoints


def discover(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE", help="A CSV, TSV, Parquet, NPY or NPZ file; several: one for each subject, same series."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the results; made if needed, refused if not empty."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace results that are in DIR.")] = False,
    trajectory: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Column that tells replicates, subjects or experiments apart."),
    ] = None,
    time: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column that holds the time, which is checked.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Series to use.  [default: all other columns]")
    ] = None,
    exogenous: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="Series that may drive others but are driven by none: weather, load."),
    ] = None,
    transform: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[SERIES=]STEPS",
            help="difference, log, growth, detrend, seasonal_difference:PERIOD, or several joined by commas. "
            "For one series with SERIES=, and again for the next.",
        ),
    ] = None,
    missing: Annotated[
        str, typer.Option(metavar="refuse|drop", help="Stop at gaps, or use only windows without gaps.")
    ] = "refuse",
    drop_constant: Annotated[bool, typer.Option("--drop-constant", help="Leave out series that never change.")] = False,
    method: Method = "grngc",
    lag: Annotated[
        Any,
        typer.Option(
            metavar="N|auto",
            parser=whole_or_auto,
            help="Time steps to look back; auto: as many as make held-out forecasts clearly better.  [default: auto]",
        ),
    ] = None,
    configuration: Annotated[
        str, typer.Option(metavar="NAME", help="Settings to start from: default, published, ...")
    ] = "default",
    forecaster: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|auto",
            help="linear, mlp, kan, lstm, tcn or residual; auto: linear, unless mlp or kan forecast what was held out "
            "better.  [default: auto]",
        ),
    ] = None,
    hidden: Annotated[
        Any,
        typer.Option(
            metavar="N|auto", parser=whole_or_auto, help="Width of the forecaster, where it has one.  [default: auto]"
        ),
    ] = None,
    penalty: Annotated[
        Any,
        typer.Option(
            metavar="X|auto|RULE",
            parser=amount_or_rule,
            help="More leaves fewer edges; auto: less the more windows there are; or picked from a path by cv, cv-1se, "
            "cv-paired, gain, bic, ebic or stability.  [default: auto]",
        ),
    ] = None,
    penalty_batch: Annotated[
        int | None,
        typer.Option(metavar="N", help="Windows of a batch that the penalty is measured on.  [default: 32]"),
    ] = None,
    penalty_targets: Annotated[
        int | None,
        typer.Option(metavar="N", help="Targets that the penalty is measured on at a step, in turns.  [default: all]"),
    ] = None,
    contemporaneous: Annotated[
        Any,
        typer.Option(
            metavar="auto|yes|no",
            parser=switch,
            help="Count what series do within one time step; auto: where the past of the others helps no forecast and "
            "their present does.  [default: auto]",
        ),
    ] = None,
    sources: Sources = None,
    forbid: Forbid = None,
    require: Require = None,
    never_compared: NeverCompared = None,
    rules: RulesFile = None,
    more: Set = None,
    steps: Annotated[
        int | None, typer.Option(metavar="N", help="Training steps; linear needs none.  [default: 1000]")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(metavar="X", help="Lower it when training diverges.  [default: 0.01]")
    ] = None,
    no_confidence: Annotated[
        bool,
        typer.Option(
            "--no-confidence",
            help="Do not say how sure each edge is: a plain fit, with one training where it otherwise takes thirty.",
        ),
    ] = False,
    fdr: Annotated[
        float | None,
        typer.Option(metavar="RATE", help="Share of the selected edges that may be wrong, on average.  [default: 0.1]"),
    ] = None,
    surrogates: Surrogates = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="The same seed gives the same graph.  [default: 0]")
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="NAME", help="cpu, cuda, cuda:1 or auto.  [default: cpu]")
    ] = None,
    tf32: Annotated[
        bool,
        typer.Option("--tf32", help="On a GPU: products of matrices rounded to TF32, faster and less exact."),
    ] = False,
    threads: Annotated[
        int, typer.Option(metavar="N", help="More than one pay off only for hundreds of series on idle processors.")
    ] = 1,
    workers: Workers = None,
    executor: Executor = "local",
    address: Address = None,
    with_report: Annotated[
        bool,
        typer.Option("--report/--no-report", help="Make report.html, a page to look at and to send."),
    ] = True,
    top: Annotated[int, typer.Option(metavar="N", help="Edges to show in the summary.")] = 10,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print the record and every edge as JSON, nothing else; DIR may be left out."),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")] = False,
) -> int:
    """Find out which series in FILE drives which.

    FILE has one row for each point in time, one column for each series, and names in its first row. Several files are
    several subjects: each gets a graph of its own, side by side, and DIR says what these have in common.

    \b
    Written to DIR:
      edges.csv               every pair: lag, score, sign; q, frequency, selected
      graph.npz               the same as arrays
      forecaster.safetensors  what was trained (grngc)
      run.json                how it was done, and what may be concluded
      report.html             all of it to look at in a browser, in one file
    Of several files, the first four in DIR/NAME for each, and in DIR:
      group_edges.csv         mean score, sd, share of subjects with the edge
      group.npz, group.json   the mean graph as arrays, and the record
      report.html             what they have in common, to look at in a browser

    \b
    Examples:
      grngc discover measurements.csv --out results
      grngc discover cells.csv --out results --trajectory plate --lag 2
      grngc discover economy.csv --out results --transform growth
      grngc discover cells.csv --out results --sources regulators.txt
      grngc discover patients/*.csv --out patients-graphs
      grngc discover cells.csv --out by-var --method ridge_var --lag 2

    Another --method gives its graph, and a noise floor from surrogates: the same method on series shifted in time
    against each other. How sure each edge is, several files and going on after a kill are grngc's alone.

    A run of grngc of more than twenty seconds that is stopped or killed goes on where it was when the same command
    is given again, to the same graph.

    Exit code 3: it ran, but no series stands out (the files are written and say so), or training diverged (no files
    are written). Exit code 4: some of several subjects failed; the same command tries them again.
    """
    if out is None and not as_json:
        raise InputError("no --out DIR: say where the results go (or --json to print them only)")
    if top < 0:
        raise InputError(f"--top must be at least 0; got {top}")
    if out is not None and len(files) == 1:
        check_folder(out, overwrite)
    chosen = {
        "lag": lag, "forecaster": forecaster, "hidden": hidden, "penalty": penalty, "penalty_batch": penalty_batch,
        "penalty_targets": penalty_targets, "contemporaneous": contemporaneous,
        "steps": steps, "learning_rate": learning_rate, "device": device, "tf32": tf32 or None, "random_state": seed,
    }  # fmt: skip
    parameters = {name: value for name, value in chosen.items() if value is not None}
    parameters |= rules_from(sources, forbid, require, never_compared, rules)
    check_options(method, [*parameters, *(["fdr"] if fdr is not None else [])])
    parameters |= parameters_from(method, more, parameters)
    options = parameters | {
        "configuration": configuration, "trajectory": trajectory, "time": time, "series": names(columns),
        "exogenous": names(exogenous) or (), "transform": transforms(transform), "missing": missing,
        "drop_constant": drop_constant,
    }  # fmt: skip
    places: dict[str, Any] = {"workers": workers, "executor": executor, "address": address}
    if no_confidence and fdr is not None:
        raise InputError("--fdr is the rate that confidence selects edges at; got it with --no-confidence")
    if len(files) > 1:
        if method != "grngc":
            raise InputError(f"--method {method} is for one file; graphs of several subjects are found by grngc")
        if no_confidence or fdr is not None:
            raise InputError(
                "--fdr and --no-confidence are for one file: of several, it counts how many subjects share an edge"
            )
        if threads != 1:
            raise InputError("--threads is for one file; several run side by side, with one thread each (--workers)")
        return discover_files(files, out, overwrite, options | places, top, as_json, quiet, with_report)
    from .checkpoints import Checkpoints
    from .discovery import discover as find

    kept = Checkpoints(out / UNFINISHED) if out is not None and method == "grngc" else None
    with shown_progress(quiet or as_json) as progress, told_on_interrupt(lambda: _what_is_kept(kept)):
        found = find(
            files[0], method=method, confidence=False if no_confidence else None, fdr=fdr, surrogates=surrogates,
            threads=threads, progress=progress, checkpoint=kept, **(places | options),
        )  # fmt: skip
    written = [] if out is None else found.save(out, overwrite, with_report)
    if kept is not None:
        kept.clear()  # not before: a disk that is full now must not cost the run
    if as_json:
        edges = [edge._asdict() for edge in found.graph.edges(own_past=True, by_lag=True)]
        print(json.dumps(found.record | {"files": list(map(str, written)), "edges": edges}, allow_nan=False))
    elif not quiet:
        print(found.summary(top))
        print(f"Results in {printable(str(out))}: {', '.join(path.name for path in written)}")
    if (quiet or as_json) and not (found.trustworthy and found.converged):
        tell("warning", found.record["conclusion"])
    return OK if found.trustworthy else UNTRUSTWORTHY


def _what_is_kept(kept: "Checkpoints | None") -> str:
    from .checkpoints import states

    there = kept is not None and states(kept.folder)
    return "the same command goes on where it was" if there else "nothing was kept"
