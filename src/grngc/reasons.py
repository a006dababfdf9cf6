"""Why what was chosen was chosen, in words, from the record of a run; nothing is computed here."""

from collections.abc import Mapping
from typing import Any


def choice_said(chosen: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
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


def lags_said(chosen: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """Say whether more than one lag pays, where that was left to the data; of the linear forecaster where no other."""
    rows = [one for one in chosen["candidates"] if "saves" in one and one["lag"] > 1]
    rows = [one for one in rows if one["forecaster"] == chosen["forecaster"]] or rows
    if settings["lag"] != "auto" or not rows:
        return ""
    whose = "" if rows[0]["forecaster"] == chosen["forecaster"] else f" ({rows[0]['forecaster']})"
    saved = ", ".join(f"lag {one['lag']} saves {_share(one['saves'])}" for one in rows)
    end = "lag 1 suffices" if chosen["lag"] == 1 else f"{chosen['lag']} lags are used"
    return f"{saved} of the held-out error{whose}: {end}"


def path_said(path: Mapping[str, Any] | None) -> str:
    """Say what the path of penalties is, and where on it the rules would have stood."""
    if path is None:
        return ""
    first, last = (f"{path['penalties'][at]:.3g}" for at in (0, -1))
    itself = {"auto": "rate"}.get(path["rule"], path["rule"])
    ordered = sorted((item for item in path["rules"].items() if item[0] != itself), key=lambda taken: taken[1])
    (low, least), (high, most) = ordered[0], ordered[-1]
    return (
        f"{first} (no edge) to {last}; {path['rule']}: {path['chosen']:.3g}; "
        f"other rules: {least:.3g} ({low}) to {most:.3g} ({high})"
    )


def _share(saved: float) -> str:
    return f"{saved:.1%}" if saved >= 0.0005 else "nothing"


def _error(candidate: Mapping[str, Any]) -> str:
    if candidate["error"] is None:
        return " diverged"
    weighed = (f", {what} {candidate[what]:.1%}" for what in ("saves", "adds") if what in candidate)
    return f" {candidate['error']:.3g}{''.join(weighed)}"


def present_said(present: Mapping[str, Any]) -> str:
    """Say whether what series do within one time step counts, and by what that was decided."""
    if present["present_saves"] is None:
        return "counts; too short a record to hold any of it out" if present["used"] else ""
    return (
        f"{'counts' if present['used'] else 'left out'}; held-out error saved by the others: "
        f"present {present['present_saves']:.1%}, pasts {present['pasts_save']:.1%}"
    )
