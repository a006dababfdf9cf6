"""What there is to say of a run, or of a group of subjects, from its record: facts by name, each a short text."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .reasons import choice_said, lags_said, path_said, present_said

CLEAR = 0.05
"""p below which a series is said to be forecast clearly better from the others' pasts."""


def title_of(record: Mapping[str, Any]) -> str:
    """Return what a run gave, and by which method; records of before other methods were there are GRNGC's."""
    method = record.get("method", "grngc")
    return "Granger-causal graph (GRNGC)" if method == "grngc" else f"Graph by {method}"


def facts(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what there is to say of a run, by name; empty where there is nothing to say."""
    left, right, long = facts_by_place(record)
    return left | right | long


def facts_by_place(record: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
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


def group_facts(record: Mapping[str, Any]) -> dict[str, str]:
    """Return what there is to say of several subjects, by name."""
    left, right, long = group_facts_by_place(record)
    return {name: str(text) for name, text in (left | right | long).items() if text}


def group_facts_by_place(record: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
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


def _setting(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _about_data(data: Mapping[str, Any]) -> dict[str, str]:
    return {
        "Data": data["origin"] or f"in memory, sha256 {data['sha256'][:12]}",
        "Transforms": _transforms(data["transforms"]),
        "Notes": "; ".join(data["notes"]),
    }


def _transforms(transforms: Mapping[str, Sequence[str]]) -> str:
    """Say which steps were taken, and for which series where not for all alike."""
    by_steps: dict[str, list[str]] = {}
    for name, steps in transforms.items():
        by_steps.setdefault(", ".join(steps), []).append(name)
    return "; ".join(f"{steps} of {len(names)} series" for steps, names in by_steps.items())


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


def _training(training: Mapping[str, Any]) -> str:
    took = f"{training['steps']} steps, {training['seconds']:.1f} s"
    if training["exact"]:
        return f"{'solved' if training['converged'] else 'NOT solved'}: the linear fit has one minimum; {took}"
    state = "converged" if training["converged"] else "NOT converged"
    return f"{state}: scores moved by {training['score_change']:.1%} in the second half; {took}"


def _device(device: str, settings: Mapping[str, Any]) -> str:
    """Say where it was computed, where not on the CPU as usual."""
    return "" if device == "cpu" else f"{device}, {'TF32' if settings.get('tf32') else 'float32'}"


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


def _warned(subjects: Sequence[Mapping[str, Any]]) -> str:
    """Say of how many subjects which kinds of warnings are told; the texts are in each subject's own record."""
    counts = Counter(kind.replace("_", " ") for each in subjects for kind in each.get("diagnostics", ()))
    return "; ".join(f"{kind}: {n} of {len(subjects)} subjects" for kind, n in counts.most_common())


def _from_to(values: Sequence[float]) -> str:
    least, most = (f"{value:.3g}" if isinstance(value, float) else str(value) for value in (min(values), max(values)))
    return least if least == most else f"{least} to {most}"
