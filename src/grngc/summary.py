"""One page of plain text about a run, from its record; nothing is computed here."""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .graph import Edge

WIDTH = 78
MEANING = "An edge says that the past of its source helps to forecast its target, not what an intervention would do."
VALUE = 20
"""Characters a fact of the left column may take."""


def summarise(record: Mapping[str, Any], edges: "Sequence[Edge]", top: int) -> str:
    """Return the page: data and configuration side by side, training, the strongest edges, the conclusion.

    Parameters
    ----------
    record : mapping
        As in ``run.json``.
    edges : sequence of Edge
        Those that stand out, strongest first.
    top : int
        How many of them to show.
    """
    title = "Granger-causal graph (GRNGC)"
    version = f"grngc {record['versions']['grngc']}"
    page = [f"{title}{version:>{WIDTH - len(title)}}", "=" * WIDTH, *_facts(record), "=" * WIDTH]
    if edges and top > 0:
        page += [*_table(edges[:top]), "=" * WIDTH]
        if len(edges) > top:
            page.append(f"The {top} strongest of {len(edges)} pairs above the noise floor.")
    page += wrap(record["conclusion"], WIDTH)
    if any(edge.lag > 0 for edge in edges):
        page += wrap(MEANING, WIDTH)
    return "\n".join(printable(line) for line in page) + "\n"


def printable(text: str) -> str:
    """Return text that a terminal shows as it is: control characters, which could move the cursor, as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str, width: int) -> str:
    """Return text of at most ``width`` characters, its end replaced by an ellipsis where it is longer."""
    text = printable(text)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _facts(record: Mapping[str, Any]) -> list[str]:
    """Two columns, data on the left and configuration on the right; then the facts that may need a whole line."""
    data, settings, chosen = record["data"], record["configuration"], record["choice"]
    left = {
        "Series": len(data["series"]),
        "Trajectories": len(data["trajectories"]),
        "Points in time": data["times"],
        "Windows": data["windows"],
        "Exogenous": len(data["exogenous"]),
    }
    right = {
        "Forecaster": chosen["forecaster"],
        "Configuration": record["configuration_name"],
        "Lag": chosen["lag"],
        "Penalty": f"{chosen['penalty']:.3g} ({settings['penalty_scale']})",
        "Seed": record["seed"],
    }
    lines = [
        f"{a + ':':<16}{shortened(str(b), VALUE):<{VALUE}}   {c + ':':<16}{shortened(str(d), VALUE)}"
        for (a, b), (c, d) in zip(left.items(), right.items(), strict=True)
    ]
    long = {
        "Data": data["origin"] or f"in memory, sha256 {data['sha256'][:12]}",
        "Transforms": _transforms(data["transforms"]),
        "Notes": "; ".join(data["notes"]),
        "Chosen": _choice(chosen, settings),
        "Same step": _present(chosen["contemporaneous"]),
        "Training": _training(record["training"]),
        "Device": _device(record["device"], settings),
        "Noise floor": "none" if record["noise_floor"] is None else f"{record['noise_floor']:.3g}",
    }
    return [*lines, *(line for name, text in long.items() if text for line in _fact(name, text))]


def _choice(chosen: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """Say what the forecaster and the lag were chosen by, where that was left to the data."""
    taken = f"{chosen['forecaster']}, lag {chosen['lag']}"
    if "auto" not in (settings["forecaster"], settings["lag"]):
        return ""
    if not chosen["candidates"]:
        return f"{taken}: too short a record to try others on a part held out"
    same, tried = chosen["forecaster"], {(one["forecaster"], one["lag"]): one for one in chosen["candidates"]}
    own = tried.pop((same, chosen["lag"]))
    others = "; ".join(
        f"lag {lag}{_error(one)}" if name == same else f"{name} lag {lag}{_error(one)}"
        for (name, lag), one in tried.items()
    )
    return f"{taken}: held-out error{_error(own)}" + f" ({others})" * bool(others)


def _error(candidate: Mapping[str, Any]) -> str:
    if candidate["error"] is None:
        return " diverged"
    weighed = (f", {what} {candidate[what]:.1%}" for what in ("saves", "adds") if what in candidate)
    return f" {candidate['error']:.3g}{''.join(weighed)}"


def _present(present: Mapping[str, Any]) -> str:
    """Say whether what series do within one time step counts, and by what that was decided."""
    if present["present_saves"] is None:
        return "counts; too short a record to hold any of it out" if present["used"] else ""
    return (
        f"{'counts' if present['used'] else 'left out'}; held-out error saved by the others: "
        f"present {present['present_saves']:.1%}, pasts {present['pasts_save']:.1%}"
    )


def _training(training: Mapping[str, Any]) -> str:
    took = f"{training['steps']} steps, {training['seconds']:.1f} s"
    if training["exact"]:
        return f"{'solved' if training['converged'] else 'NOT solved'}: the linear fit has one minimum; {took}"
    state = "converged" if training["converged"] else "NOT converged"
    return f"{state}: scores moved by {training['score_change']:.1%} in the second half; {took}"


def _device(device: str, settings: Mapping[str, Any]) -> str:
    """Say where it was computed, where not on the CPU as usual."""
    return "" if device == "cpu" else f"{device}, {'TF32' if settings['tf32'] else 'float32'}"


def _fact(name: str, text: str) -> list[str]:
    return wrap(printable(text), WIDTH, initial_indent=f"{name + ':':<16}", subsequent_indent=" " * 16)


def _transforms(transforms: Mapping[str, Sequence[str]]) -> str:
    """Say which steps were taken, and for which series where not for all alike."""
    by_steps: dict[str, list[str]] = {}
    for name, steps in transforms.items():
        by_steps.setdefault(", ".join(steps), []).append(name)
    return "; ".join(f"{steps} of {len(names)} series" for steps, names in by_steps.items())


def _table(edges: "Sequence[Edge]") -> list[str]:
    width = min(24, max(6, *(len(printable(name)) for edge in edges for name in edge[:2])))
    rows = [
        f"{shortened(edge.source, width):<{width}}  {'->' if edge.lag else '--'}  "
        f"{shortened(edge.target, width):<{width}}"
        f"{edge.lag:>6}{edge.score:>10.4f}{edge.sign:>6}"
        for edge in edges
    ]
    return [f"{'source':<{width}}  ->  {'target':<{width}}{'lag':>6}{'score':>10}{'sign':>6}", "-" * WIDTH, *rows]
