"""One page of plain text about a run, from its record; nothing is computed here."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from .labels import columns_of, filled, printable, shortened, told_apart
from .reasons import choice_said, lags_said, path_said, present_said

if TYPE_CHECKING:
    from .edges import EdgeChange, GroupEdge
    from .graph import Edge

WIDTH = 78
MEANING = "An edge says that the past of its source helps to forecast its target, not what an intervention would do."
CLEAR = 0.05
"""p below which a series is said to be forecast clearly better from the others' pasts."""
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
    page = _head(title_of(record), record, _facts(record)) + _warnings(record)
    if edges and top > 0:
        required = _required(record)
        shown = [edge for n, edge in enumerate(edges) if n < top or edge[:2] in required]
        by_lag = record["choice"].get("lag") is not None
        page += [*_table(shown, required, record["data"]["series"], by_lag=by_lag), "=" * WIDTH]
        if len(edges) > len(shown):
            also = " above the noise floor" if edges[0].q is None else " selected"
            also += " or required" * bool(required)
            page.append(f"The {len(shown)} strongest of {len(edges)} pairs{also}.")
    return _ended(page, record, any(edge.lag > 0 for edge in edges))


def title_of(record: Mapping[str, Any]) -> str:
    """Return what a run gave, and by which method; records of before other methods were there are GRNGC's."""
    method = record.get("method", "grngc")
    return "Granger-causal graph (GRNGC)" if method == "grngc" else f"Graph by {method}"


def summarise_group(record: Mapping[str, Any], edges: "Sequence[GroupEdge]", top: int) -> str:
    """Return the page about several subjects: who they are, the pairs that they have in common, the conclusion.

    Parameters
    ----------
    record : mapping
        As in ``group.json``.
    edges : sequence of GroupEdge
        Those that stand out in more than half of the subjects, those of most subjects first.
    top : int
        How many of them to show.
    """
    page = _head("Granger-causal graphs of a group (GRNGC)", record, _group_facts(record))
    if edges and top > 0:
        names = _shown(edges[:top], record["data"]["series"], most=16)
        page += [f"{_heading(names)}{'lag':>5}{'mean':>9}{'sd':>9}{'subjects':>11}{'sign':>6}"]
        page += ["-" * WIDTH]
        for edge in edges[:top]:
            sd = "-" if edge.sd is None else f"{edge.sd:.4f}"
            subjects = f"{round((edge.share or 0) * edge.n_subjects)}/{edge.n_subjects}"
            page.append(
                f"{_arrow(edge, '->' if edge.lag else '--', names)}"
                f"{edge.lag:>5}{edge.mean_score:>9.4f}{sd:>9}{subjects:>11}{edge.sign:>6}"
            )
        page.append("=" * WIDTH)
        if len(edges) > top:
            page.append(f"The first {top} of {len(edges)} pairs that stand out in more than half of the subjects.")
    return _ended(page, record, any(edge.lag > 0 for edge in edges))


def summarise_comparison(record: Mapping[str, Any], edges: "Sequence[EdgeChange]", top: int) -> str:
    """Return the page about two graphs or groups, A and B: the pairs that differ most clearly, the conclusion.

    Parameters
    ----------
    record : mapping
        Of a :class:`grngc.comparison.Comparison`.
    edges : sequence of EdgeChange
        Clearest first.
    top : int
        How many of them to show.
    """
    sides = {side: record[side.lower()] for side in ("A", "B")}
    subjects = {side: "" if told["subjects"] is None else f" ({len(told['subjects'])} subjects)"
                for side, told in sides.items()}  # fmt: skip
    facts = [line for side, told in sides.items() for line in _fact(side, f"{told['label']}{subjects[side]}")]
    method = record.get("method", "grngc")
    title = "Two Granger-causal graphs compared (GRNGC)" if method == "grngc" else f"Two graphs by {method} compared"
    page = _head(title, record, facts)
    if edges and top > 0:
        names, tested = _shown(edges[:top], record["series"], most=16), record["test"] is not None
        head = f"{'':<9}{_heading(names)}{'A':>8}{'B':>8}"
        page += [head + f"{'in A':>7}{'in B':>7}{'p (fwe)':>9}" * tested, "-" * WIDTH]
        for edge in edges[:top]:
            shares = f"{edge.share_a:>7.0%}{edge.share_b:>7.0%}"
            p = "-" if edge.p_familywise is None else f"{edge.p_familywise:.2g}"
            page.append(
                f"{edge.status:<9}{_arrow(edge, '->', names)}"
                f"{edge.score_a:>8.3f}{edge.score_b:>8.3f}{f'{shares}{p:>9}' * tested}"
            )
        page.append("=" * WIDTH)
        if len(edges) > top:
            page.append(f"The first {top} of {len(edges)} pairs that stand out on either side.")
    return _ended(page, record, False)


def _ended(page: list[str], record: Mapping[str, Any], has_arrows: bool) -> str:
    """Return the page with its conclusion and, where there are arrows, what they mean."""
    page = page + wrap(printable(record["conclusion"]), WIDTH) + (wrap(MEANING, WIDTH) if has_arrows else [])
    return "\n".join(printable(line) for line in page) + "\n"


def _head(title: str, record: Mapping[str, Any], facts: Sequence[str]) -> list[str]:
    version = f"grngc {record['versions']['grngc']}"
    return [f"{title}{version:>{WIDTH - len(title)}}", "=" * WIDTH, *facts, "=" * WIDTH]


def _columns(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    """Two columns: data on the left and configuration on the right."""
    return [
        f"{a + ':':<16}{shortened(str(b), VALUE):<{VALUE}}   {c + ':':<16}{shortened(str(d), VALUE)}"
        for (a, b), (c, d) in zip(left.items(), right.items(), strict=True)
    ]


def group_facts(record: Mapping[str, Any]) -> dict[str, str]:
    """Return what there is to say of several subjects, by name."""
    left, right, long = _group_facts_of(record)
    return {name: str(text) for name, text in (left | right | long).items() if text}


def _group_facts(record: Mapping[str, Any]) -> list[str]:
    left, right, long = _group_facts_of(record)
    return [*_columns(left, right), *(line for name, text in long.items() if text for line in _fact(name, text))]


def _group_facts_of(record: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """Return who the subjects are, what was asked for, and the facts that may need a whole line."""
    subjects, settings = record["subjects"], record["configuration"]
    chosen = Counter(
        f"{each['forecaster']}, lag {each['lag']}{', same step' * each['contemporaneous']}" for each in subjects
    )
    floors = [each["noise_floor"] for each in subjects if each["noise_floor"] is not None]
    left = {
        "Subjects": len(subjects),
        "Series": len(record["data"]["series"]),
        "Points in time": _from_to([each["times"] for each in subjects]),
        "Windows": _from_to([each["windows"] for each in subjects]),
    }
    right = {
        "Configuration": record["configuration_name"],
        "Forecaster": settings["forecaster"],
        "Lag": settings["lag"],
        "Seed": record["seed"],
    }
    long = {
        "Transforms": _transforms(record["data"]["transforms"]),
        "Chosen": "; ".join(f"{what}: {n} of {len(subjects)} subjects" for what, n in chosen.most_common()),
        "Noise floors": _from_to(floors) if floors else "none",
        "Warnings": _warned(subjects),
        "Failed": "; ".join(f"{name} ({why})" for name, why in record["failed"].items()),
    }
    return left, right, long


def _warned(subjects: Sequence[Mapping[str, Any]]) -> str:
    """Say of how many subjects which kinds of warnings are told; the texts are in each subject's own record."""
    counts = Counter(kind.replace("_", " ") for each in subjects for kind in each.get("diagnostics", ()))
    return "; ".join(f"{kind}: {n} of {len(subjects)} subjects" for kind, n in counts.most_common())


def _from_to(values: Sequence[float]) -> str:
    least, most = (f"{value:.3g}" if isinstance(value, float) else str(value) for value in (min(values), max(values)))
    return least if least == most else f"{least} to {most}"


def facts(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what there is to say of a run, by name; empty where there is nothing to say."""
    left, right, long = _facts_of(record)
    return left | right | long


def _facts(record: Mapping[str, Any]) -> list[str]:
    """Two columns, data on the left and configuration on the right; then the facts that may need a whole line."""
    left, right, long = _facts_of(record)
    return [*_columns(left, right), *(line for name, text in long.items() if text for line in _fact(name, text))]


def _facts_of(record: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """Return the facts about the data, those about the configuration, and those that may need a whole line."""
    data, settings, chosen = record["data"], record["configuration"], record["choice"]
    left = {
        "Series": len(data["series"]),
        "Trajectories": len(data["trajectories"]),
        "Points in time": data["times"],
        "Windows": data["windows"],
        "Exogenous": len(data["exogenous"]),
    }
    if record.get("method", "grngc") != "grngc":
        return left, *_facts_of_method(record)
    right = {
        "Forecaster": chosen["forecaster"],
        "Configuration": record["configuration_name"],
        "Lag": chosen["lag"],
        "Penalty": f"{chosen['penalty']:.3g} ({settings['penalty_scale']})",
        "Seed": record["seed"],
    }
    long = {
        **_about_data(data),
        "Rules": _rules(record.get("rules"), len(data["series"])),
        "Chosen": choice_said(chosen, settings),
        "Lags": lags_said(chosen, settings),
        "Penalty path": path_said(record.get("penalty_path")),
        "Same step": present_said(chosen["contemporaneous"]),
        "Training": _training(record["training"]),
        "Device": _device(record["device"], settings),
        "Noise floor": "none" if record["noise_floor"] is None else f"{record['noise_floor']:.3g}",
        "Forecast gain": _gain(record.get("confidence")),
        "Confidence": _confidence(record.get("confidence")),
    }
    return left, right, long


def _facts_of_method(record: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the same of a method other than GRNGC: what it was asked, and what its scores are judged by."""
    settings, chosen, chance, training = (record[part] for part in ("configuration", "choice", "chance", "training"))
    right = {
        "Method": record["method"],
        "Lag": chosen["lag"] or ("0, no direction" if chosen["same_time"] else "not resolved"),
        "Surrogates": chance["surrogates"],
        "Seed": record["seed"],
        "Confidence": "GRNGC's alone",
    }
    said = record["options"] | {name: value for name, value in chosen.items() if name in settings}
    said = {name: value for name, value in said.items() if name not in ("lag", "random_state")}
    floor = record["noise_floor"]
    long = {
        **_about_data(record["data"]),
        "Settings": ", ".join(f"{name} {_setting(value)}" for name, value in said.items()),
        "Training": _training(training) if training["trace"] else f"none: computed in {training['seconds']:.1f} s",
        "Device": _device(record["device"], settings),
        "Noise floor": "none" if floor is None else f"{floor:.3g}, from {chance['surrogates']} surrogates: the same "
        "method on series shifted in time against each other",
    }  # fmt: skip
    return right, long


def _setting(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _about_data(data: Mapping[str, Any]) -> dict[str, str]:
    return {
        "Data": data["origin"] or f"in memory, sha256 {data['sha256'][:12]}",
        "Transforms": _transforms(data["transforms"]),
        "Notes": "; ".join(data["notes"]),
    }


def _rules(rules: Mapping[str, Any] | None, n_series: int) -> str:
    """Say what was known beforehand."""
    if not rules:
        return ""
    said = []
    if rules["sources"] is not None:
        said.append(f"{len(rules['sources'])} of {n_series} series may drive others")
    if n := rules["forbidden_pairs"]:
        said.append(f"{n} pair{'s' * (n != 1)} forbidden in all")
    if rules["required"]:
        said.append(f"{len(rules['required'])} required")
    return "; ".join(said)


def _required(record: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the pairs (source, target) that were required."""
    return {(source, target) for source, target in (record.get("rules") or {}).get("required", ())}


def _training(training: Mapping[str, Any]) -> str:
    took = f"{training['steps']} steps, {training['seconds']:.1f} s"
    if training["exact"]:
        return f"{'solved' if training['converged'] else 'NOT solved'}: the linear fit has one minimum; {took}"
    state = "converged" if training["converged"] else "NOT converged"
    return f"{state}: scores moved by {training['score_change']:.1%} in the second half; {took}"


def _device(device: str, settings: Mapping[str, Any]) -> str:
    """Say where it was computed, where not on the CPU as usual."""
    return "" if device == "cpu" else f"{device}, {'TF32' if settings.get('tf32') else 'float32'}"


def _fact(name: str, text: str) -> list[str]:
    return wrap(printable(text), WIDTH, initial_indent=f"{name + ':':<16}", subsequent_indent=" " * 16)


def _transforms(transforms: Mapping[str, Sequence[str]]) -> str:
    """Say which steps were taken, and for which series where not for all alike."""
    by_steps: dict[str, list[str]] = {}
    for name, steps in transforms.items():
        by_steps.setdefault(", ".join(steps), []).append(name)
    return "; ".join(f"{steps} of {len(names)} series" for steps, names in by_steps.items())


def _warnings(record: Mapping[str, Any]) -> list[str]:
    """Return what reading the data warned of, and what :mod:`grngc.diagnostics` did; records of before have less."""
    texts = [*record.get("warnings", ()), *(one["text"] for one in record.get("diagnostics", ()))]
    lines = [
        line for text in texts for line in wrap(printable(text), WIDTH, initial_indent="- ", subsequent_indent="  ")
    ]
    return ["Warnings:", *lines, "=" * WIDTH] if lines else []


def _gain(confidence: Mapping[str, Any] | None) -> str:
    """Say whether the others' pasts help to forecast at all."""
    if not confidence or "skipped" in confidence:
        return ""
    gain = confidence["forecast_gain"]
    saved, clear, judged = gain_figures(gain)
    return (
        f"others' pasts save {saved} of the held-out error (p {small(gain['p'])}); "
        f"clearly so of {clear} of {judged} series (p < {CLEAR:g})"
    )


def gain_figures(gain: Mapping[str, Any]) -> tuple[str, int, int]:
    """Return the share of the error saved, as text, of how many series clearly so, and of how many in all."""
    judged = [one for one in gain["targets"].values() if one["p"] is not None]
    return f"{max(gain['saves'], 0.0) + 0.0:.1%}", sum(one["p"] < CLEAR for one in judged), len(judged)


def _confidence(confidence: Mapping[str, Any] | None) -> str:
    """Say how edges were selected."""
    if not confidence:
        return ""
    if "skipped" in confidence:
        return f"not told: {confidence['skipped']}"
    n = confidence["strongest_of_each_half"]
    return (
        f"{n} of {confidence['tested']} pairs at q <= {confidence['fdr']:g} ({confidence['surrogates']} surrogates "
        f"each); {confidence['selected']} of them selected: again among the {n} strongest in at least "
        f"{confidence['found_again']:.0%} of {confidence['halves']} halves of the record"
        if n
        else f"none of {confidence['tested']} pairs at q <= {confidence['fdr']:g} ({confidence['surrogates']} "
        "surrogates each)"
    )


def small(p: float) -> str:
    """Return a p as it is told: no digits of what is far below any threshold."""
    return "< 1e-6" if p < 1e-6 else f"{p:.2g}"


def _table(
    edges: "Sequence[Edge]", required: Collection[tuple[str, str]], series: Sequence[str], *, by_lag: bool
) -> list[str]:
    """Return the rows of edges; of a method that does not tell lags apart none is shown."""
    sure = edges[0].q is not None
    names = _shown(edges, series, most=16 if sure else 24)
    rows = []
    for edge in edges:
        lag = edge.lag if by_lag or not edge.lag else "-"
        row = f"{_arrow(edge, '->' if edge.lag else '--', names)}{lag:>5}{edge.score:>9.4f}"
        row += f"{edge.sign:>5}"
        if edge.q is not None and edge.frequency is not None:
            row += f"{edge.frequency:>8.0%}{small(edge.q):>9}"
        rows.append(row + "  required" * (edge[:2] in required))
    head = f"{_heading(names)}{'lag':>5}{'score':>9}{'sign':>5}"
    return [head + f"{'halves':>8}{'q':>9}" * sure, "-" * WIDTH, *rows]


def _shown(edges: "Sequence[Edge | GroupEdge | EdgeChange]", series: Sequence[str], most: int) -> dict[str, str]:
    """Return the names in edges as a column shows them, all of one width; ``series`` are all there are."""
    named = dict.fromkeys(name for edge in edges for name in edge[:2])
    known = told_apart(dict.fromkeys([*series, *named]), most)
    used = {name: known[name] for name in named}
    width = max(6, *map(columns_of, used.values()))
    return {name: filled(text, width) for name, text in used.items()}


def _arrow(edge: "Edge | GroupEdge | EdgeChange", arrow: str, names: Mapping[str, str]) -> str:
    return f"{names[edge.source]}  {arrow}  {names[edge.target]}"


def _heading(names: Mapping[str, str]) -> str:
    width = columns_of(next(iter(names.values())))
    return f"{'source':<{width}}  ->  {'target':<{width}}"
