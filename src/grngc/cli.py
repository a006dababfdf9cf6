"""The command line: parse, call, print. Nothing heavy is imported before a command runs.

Every error is one line on stderr. Exit codes: 0 fine, 1 a bug of ours, 2 input or usage, 3 ran but no trustworthy
graph, 4 a cell of a benchmark or a subject failed, 130 interrupted, 141 the reader of our output went away.
"""

import json
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from . import cli_bench, cli_datasets, cli_discover, cli_export, cli_methods, cli_report, cli_subjects, cli_truth
from .terminal import OK, USAGE, exit_code_of, tell

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,  # plain help: groups in boxes leave half the width of a terminal for words
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return exit_code_of(lambda: _run(sys.argv[1:] if arguments is None else list(arguments)))


def _run(arguments: list[str]) -> int:
    """Parse and call; unlike ``app()`` this lets every exception through."""
    command = typer.main.get_command(app)
    try:
        with command.make_context("grngc", arguments) as context:
            return command.invoke(context) or OK
    except typer.Exit as end:
        return end.exit_code


def _version(wanted: bool) -> None:
    if wanted:
        from . import __version__

        print(f"grngc {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _overview(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Find out which series drives which, from measurements over time.

    An arrow A -> B says that the past of A helps to forecast B, beyond what the past of B and of all other series in
    the file tell. It does not say what would happen to B if you changed A.

    \b
    To see it work:    grngc demo
    On your own file:  grngc discover measurements.csv --out results
    """
    if context.invoked_subcommand is None:
        print(context.get_help())


app.command()(cli_discover.discover)
app.command()(cli_methods.methods)
app.command()(cli_report.report)
app.command()(cli_subjects.compare)
app.command()(cli_export.export)
app.command()(cli_truth.demo)
app.add_typer(cli_truth.simulate)
app.command()(cli_truth.score)
app.add_typer(cli_datasets.datasets)
app.add_typer(cli_bench.bench)


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False) -> int:
    """Show versions, devices, threads and memory, and what is amiss."""
    from .environment import examine

    facts = examine()
    if as_json:
        print(json.dumps(facts))
    else:
        lines = {name: version or "not installed" for name, version in facts["versions"].items()}
        lines |= {"platform": facts["platform"], "processors": facts["processors"]}
        if "devices" in facts:
            lines["devices"] = f"{', '.join(facts['devices'])}; --device auto takes {facts['device_auto']}"
            lines["threads"] = f"1 for grngc discover unless --threads says more; torch by itself {facts['threads']}"
            lines["memory"] = f"{facts['memory_budget'] // 2**20} MiB for the arrays of one chunk"
        for name, value in lines.items():
            print(f"{name:<16}{value}")
    for problem in facts["problems"]:
        tell("error", problem)
    return USAGE if facts["problems"] else OK
