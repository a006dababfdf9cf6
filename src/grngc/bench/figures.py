"""A metric, and its figure in a table: mean, deviation and number of seeds; and how a figure is shown."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, stdev


@dataclass(frozen=True)
class Metric:
    """A figure of a row.

    Attributes
    ----------
    title : str
    place : tuple of str
        Where it is in the row.
    digits : int
        Shown after the point.
    least : bool
        A time: of several runs the least counts, which other work on the machine disturbed least.
    beside : str
        The metric that is shown behind a stroke, for this one says nothing without it.
    """

    title: str
    place: tuple[str, ...]
    digits: int = 3
    least: bool = False
    beside: str = ""

    @property
    def is_share(self) -> bool:
        """Whether it ends at 1 and more is better; otherwise it is a count or a time, of which less is."""
        return self.digits == 3


_VIEWS = {"": "", "_full": ", full matrix", "_off_diagonal": ", without own past"}
_YES_OR_NO = {
    f"{kind}{view}": Metric(f"{title}{where}", ("decision", f"{kind}{view}"), beside=beside and f"{beside}{view}")
    for view, where in _VIEWS.items()
    for kind, title, beside in (
        ("accuracy", "Accuracy / that of the empty graph", "empty_accuracy"),
        ("balanced_accuracy", "Balanced accuracy", ""),
        ("mcc", "MCC", ""),
        ("empty_accuracy", "Accuracy of the empty graph", ""),
    )
}

METRICS: dict[str, Metric] = {
    "auroc": Metric("AUROC", ("metrics", "auroc")),
    "auprc": Metric("AUPRC", ("metrics", "auprc")),
    "auroc_full": Metric("AUROC, full matrix", ("metrics", "auroc_full")),
    "auprc_full": Metric("AUPRC, full matrix", ("metrics", "auprc_full")),
    "auroc_off_diagonal": Metric("AUROC, without own past", ("metrics", "auroc_off_diagonal")),
    "auprc_off_diagonal": Metric("AUPRC, without own past", ("metrics", "auprc_off_diagonal")),
    "auroc_per_target": Metric("AUROC, sources ranked within each target", ("per_target", "auroc")),
    "auprc_per_target": Metric("AUPRC, sources ranked within each target", ("per_target", "auprc")),
    "auroc_scores_only": Metric("AUROC, pairs left out tied", ("scores_only", "auroc")),
    "auprc_scores_only": Metric("AUPRC, pairs left out tied", ("scores_only", "auprc")),
    **_YES_OR_NO,
    "n_parameters": Metric("Parameters of the forecaster", ("n_parameters",), 0),
    "seconds_per_step": Metric("Seconds a training step, the least of the runs", ("seconds_per_step",), 4, least=True),
    "wall_seconds": Metric("Seconds a run, the least of them", ("wall_seconds",), 1, least=True),
}


@dataclass(frozen=True)
class Figure:
    """One entry of a table.

    Attributes
    ----------
    values : dict
        Seed (None: any) -> value, the mean over the column's data sets.
    wanted : int
        Seeds that the table asks for.
    failed : int
        Of those, the ones with a failed cell.
    printed_sd : float, optional
        Of published figures.
    sd_over : str
        What a printed deviation is over: ``runs``, or ``networks`` of the column's mean, which says nothing of runs.
    instead : str
        What to show where nothing is run here.
    least : bool
        The least value counts, not the mean.
    beside : float, optional
        The figure of ``Metric.beside`` on the same data.
    """

    values: Mapping[int | None, float]
    wanted: int = 0
    failed: int = 0
    printed_sd: float | None = None
    sd_over: str = "runs"
    instead: str = ""
    least: bool = False
    beside: float | None = None

    @property
    def mean(self) -> float | None:
        """Mean over seeds (of times the least); None where there is nothing."""
        if not self.values:
            return None
        return min(self.values.values()) if self.least else fmean(self.values.values())

    @property
    def sd(self) -> float | None:
        """Standard deviation over seeds (n - 1), None for fewer than two, and for runs that are the same."""
        if self.printed_sd is not None:
            return self.printed_sd
        return stdev(self.values.values()) if len(self.values) > 1 and not (self.same or self.least) else None

    @property
    def same(self) -> bool:
        """Whether every seed gave the very same: the seed is not felt, and several runs are one."""
        return len(self.values) > 1 and len(set(self.values.values())) == 1

    @property
    def whole(self) -> bool:
        """Whether nothing that the table asks for is missing or failed."""
        return len(self.values) == self.wanted or bool(self.instead) or (not self.wanted and bool(self.values))

    @property
    def certain(self) -> bool:
        """Whether one run is all there is: neither data nor method take a seed."""
        return list(self.values) == [None]


def shown(figure: Figure, digits: int) -> str:
    """Return ``0.712 ± 0.003``, ``0.712 / 0.878`` with what stands beside it; what is missing is said to be missing."""
    if figure.mean is None:
        return figure.instead or ("failed" if figure.failed else "missing")
    text = f"{figure.mean:,.{digits}f}" if digits == 0 else f"{figure.mean:.{digits}f}"
    if figure.sd is not None and not math.isnan(figure.sd):
        text += f" ± {figure.sd:.{digits}f}"
    if figure.beside is not None:
        text += f" / {figure.beside:.{digits}f}"
    if not figure.wanted or len(figure.values) == figure.wanted:
        return text
    failed = f", {figure.failed} failed" if figure.failed else ""
    return f"{text} ({len(figure.values)} of {figure.wanted} seeds{failed})"
