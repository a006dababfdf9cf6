"""Pictures: every function draws in the axes it is given and nowhere else, and what is drawn is what was found."""

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason='pictures need matplotlib: pip install "grngc[plots]"')
from matplotlib import colors, pyplot
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch

from bench_tables import SMALL, made_up, read
from grngc import GRNGC, CausalGraph, Discovery, InputError, as_panel, discover, plots
from grngc.bench.cells import cells_of
from grngc.bench.lines import Line, lines_of
from grngc.bench.table import Table
from grngc.dataset import Dataset
from grngc.metrics import auprc, auroc
from grngc.plots.canvas import BLUE, LONGEST, VERMILION
from grngc.plots.layout import COVERED, label_offsets, places
from made import NAMES, discovery, graph, group

HOSTILE = ("$\\frac{", "_hidden", "", "\u202egnp", "a\nb", "<script>", "%s{0}", "x" * 10_000, "$a$", "été \x00")
CHAIN = CausalGraph(
    np.array([[0.3, 0.0, 0.0], [0.5, 0.1, 0.0], [0.0, 0.2, 0.9]]),
    NAMES,
    np.array([[[0.3, 0, 0], [0, 0, 0]], [[0.1, 0.1, 0], [0.4, 0, 0]], [[0, 0.2, 0.9], [0, 0, 0]]]),
    np.array([[[0.3, 0, 0], [0, 0, 0]], [[0.1, 0.1, 0], [0.4, 0, 0]], [[0, -0.2, 0.9], [0, 0, 0]]]),
)
"""rain -> river (lag 2, +), river -> mud (lag 1, -)."""


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def found() -> Discovery:
    x = np.random.default_rng(0).normal(size=(2, 150, 3))
    x[:, 1:, 1] += 0.9 * x[:, :-1, 0]
    panel = as_panel(list(x), names=["$a$", "_b", "c"])
    return discover(panel, forecaster="linear", lag=2, penalty="cv", confidence=False)


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return read(tmp_path, SMALL)


@pytest.fixture
def lines(tmp_path: Path, table: Table) -> list[Line]:
    values, column = iter([0.5, 0.7, 0.9]), table.columns[0]  # correlation, which takes no seed; the default, of two
    groups = [group for row in table.rows for group in cells_of(table, row, column).values()]
    rows = [made_up(cells[0], next(values)) for cells in groups if cells]
    return lines_of(table, {row["key"]: row for row in rows}, tmp_path / "none.csv")


@pytest.fixture
def known() -> Dataset:
    truth = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]]) > 0
    return Dataset(
        "three", as_panel(np.random.default_rng(0).normal(size=(20, 3)), names=NAMES), truth, ~np.eye(3, dtype=bool)
    )


@pytest.fixture
def draw(found: Discovery, table: Table, lines: list[Line], known: Dataset) -> dict[str, Callable[..., Axes]]:
    """Every public function, ready for ``ax``."""
    return {
        "benchmark": lambda **more: plots.benchmark(table, lines, **more),
        "coupling": lambda **more: plots.coupling(found, "$a$", "_b", **more),
        "forecast": lambda **more: plots.forecast(found, "_b", **more),
        "heat_map": lambda **more: plots.heat_map(found, **more),
        "lag_profile": lambda **more: plots.lag_profile(found, "$a$", "_b", **more),
        "loss": lambda **more: plots.loss(found, **more),
        "network": lambda **more: plots.network(found, **more),
        "penalty_path": lambda **more: plots.penalty_path(found, **more),
        "precision_recall": lambda **more: plots.precision_recall(CHAIN, known, **more),
        "roc": lambda **more: plots.roc(CHAIN, known, **more),
    }


@pytest.mark.parametrize("name", plots.__all__)
def test_each_draws_in_the_axes_given_and_nowhere_else(
    name: str, draw: dict[str, Callable[..., Axes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyplot, "show", lambda *_: pytest.fail("shown"))
    figure, both = pyplot.subplots(1, 2)
    settings, open_ones = dict(pyplot.rcParams), pyplot.get_fignums()
    untouched = len(both[1].get_children())
    assert draw[name](ax=both[0]) is both[0]
    assert pyplot.get_fignums() == open_ones
    assert len(both[1].get_children()) == untouched
    assert dict(pyplot.rcParams) == settings
    figure.savefig(io.BytesIO())
    with pytest.raises(InputError, match="ax= is one matplotlib Axes; got ndarray"):
        draw[name](ax=both)


@pytest.mark.parametrize("name", plots.__all__)
def test_each_makes_one_figure_of_its_own_that_can_be_saved(name: str, draw: dict[str, Callable[..., Axes]]) -> None:
    ax = draw[name]()
    assert isinstance(ax, Axes)
    assert [pyplot.figure(number) for number in pyplot.get_fignums()] == [ax.figure]
    for form in ("png", "svg", "pdf"):
        ax.figure.savefig(io.BytesIO(), format=form)


def test_importing_plots_imports_no_matplotlib_and_without_it_one_line_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from grngc import CausalGraph, plots\n"
        "try: plots.heat_map(CausalGraph([[0.0]], ('a',)))\n"
        "except ValueError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == 'plots need matplotlib: pip install "grngc[plots]"\n'
    assert done.stderr == ""


def test_a_heat_map_has_targets_as_rows_and_marks_what_is_believed() -> None:
    ax = plots.heat_map(discovery(CHAIN, floor=0.25))
    values = ax.images[0].get_array()
    np.testing.assert_array_equal(values.data, CHAIN.scores)
    np.testing.assert_array_equal(values.mask, np.eye(3, dtype=bool))
    assert [label.get_text() for label in ax.get_yticklabels()] == [*NAMES]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("source", "target")
    (outlined,) = ax.collections[0].get_paths()  # rain -> river: column 0, row 1
    np.testing.assert_array_equal(outlined.vertices[:4].mean(axis=0), [0, 1])
    assert ax.get_title(loc="left") == "outlined: 1 of 6 pairs, above the noise floor"
    assert plots.heat_map(CHAIN).get_title(loc="left") == ""  # scores alone say of no pair that it is believed
    assert not plots.heat_map(discovery(CHAIN), mark=False).collections


def test_a_signed_heat_map_shows_the_gradient_at_the_lag_of_the_largest_part() -> None:
    image = plots.heat_map(CHAIN, signed=True, own_past=True).images[0]
    np.testing.assert_array_equal(image.get_array(), [[0.3, 0, 0], [0.4, 0.1, 0], [0, -0.2, 0.9]])
    assert image.get_clim() == (-0.9, 0.9)
    red, _, blue, _ = image.cmap(image.norm(-0.9))
    assert red > blue  # less is red, more is blue, for every eye
    together = CausalGraph(
        [[0, 0.4], [0.4, 0]], ("a", "b"), np.zeros((2, 1, 2)), contemporaneous=[[0, -0.4], [-0.4, 0]]
    )
    np.testing.assert_array_equal(plots.heat_map(together, signed=True).images[0].get_array().data[0], [0, -0.4])


def test_entries_that_are_no_statement_are_grey() -> None:
    forbidden = np.zeros((3, 3), bool)
    forbidden[1, 2] = True
    ruled = CausalGraph(CHAIN.scores * [[0], [1], [1]], NAMES, exogenous=("rain",), forbidden=forbidden)
    mask = plots.heat_map(ruled, own_past=True).images[0].get_array().mask
    np.testing.assert_array_equal(mask, [[True, True, True], [False, False, True], [False, False, False]])


def arrows(ax: Axes) -> list[FancyArrowPatch]:
    return [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


def test_arrows_run_from_source_to_target_wide_by_score_and_coloured_by_sign() -> None:
    ax = plots.network(discovery(CHAIN, floor=0.1))
    at = dict(zip(NAMES, ax.collections[0].get_offsets(), strict=True))
    weak, strong = arrows(ax)  # the strongest is drawn last, on top
    for arrow, source, target in ((strong, "rain", "river"), (weak, "river", "mud")):
        begin, end = arrow._posA_posB
        np.testing.assert_allclose([begin, end], [at[source], at[target]])
        assert arrow.get_arrowstyle().arrow == "-|>"  # a head at the end only
    assert strong.get_linewidth() > weak.get_linewidth()
    assert colors.to_hex(strong.get_edgecolor()).upper() == BLUE
    assert colors.to_hex(weak.get_edgecolor()).upper() == VERMILION
    assert ax.get_title(loc="left") == "2 edges above the noise floor"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["more gives more (+)", "more gives less (-)"]


def test_a_network_draws_what_is_believed_or_what_it_is_told() -> None:
    assert len(arrows(plots.network(discovery(CHAIN, floor=0.3)))) == 1
    assert len(arrows(plots.network(CHAIN))) == 2  # scores alone: all that are not 0
    nothing = plots.network(discovery(CHAIN, floor=1.0))
    assert (len(arrows(nothing)), nothing.get_title(loc="left")) == (0, "no edges above the noise floor")
    one = plots.network(CHAIN, top=1)
    assert (len(arrows(one)), one.get_title(loc="left")) == (1, "1 of 2 edges with a score")
    assert len(arrows(plots.network(CHAIN, edges=CHAIN.edges(top=6)))) == 6
    common = plots.network(group(np.stack([CHAIN.scores, CHAIN.scores, 0 * CHAIN.scores])))
    assert (len(arrows(common)), common.get_title(loc="left")) == (2, "2 edges in most subjects")
    required = np.zeros((3, 3), bool)
    required[0, 2] = True  # mud -> rain
    told = plots.network(discovery(replace(CHAIN, required=required), floor=0.3))
    assert (len(arrows(told)), told.get_title(loc="left")) == (2, "2 edges above the noise floor or required")
    with pytest.raises(InputError, match="no source 'rain'; there are 'x'"):
        plots.network(CausalGraph(np.zeros((1, 1)), ("x",)), edges=CHAIN.edges())


def test_pairs_at_lag_0_are_one_line_without_a_head() -> None:
    present = np.array([[0.0, 0.4], [0.4, 0.0]])
    ax = plots.network(CausalGraph(present, ("a", "b"), np.zeros((2, 1, 2)), contemporaneous=present))
    (line,) = arrows(ax)
    assert line.get_arrowstyle().arrow == "-"
    assert "together, no direction (lag 0)" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_of_many_series_those_without_an_edge_are_left_out_and_it_is_said() -> None:
    scores = np.zeros((100, 100))
    scores[3, 7] = scores[7, 11] = 1
    ax = plots.network(CausalGraph(scores, tuple(f"G{n}" for n in range(100))))
    assert len(ax.collections[0].get_offsets()) == 3
    assert ax.get_title(loc="left") == "2 edges with a score\n97 series without one are not drawn"


def test_places_are_the_same_every_time_and_nobody_stands_on_another() -> None:
    names = [f"x{n}" for n in range(40)]
    pairs = [(names[n // 3], names[n]) for n in range(1, 30)]
    at = places(names, pairs)
    assert at == places(names, pairs) == places(names, [(b, a) for a, b in reversed(pairs)])
    spots = np.array([at[name] for name in names])
    apart = np.linalg.norm(spots[:, None] - spots[None], axis=2) + 9 * np.eye(40)
    assert apart.min() > 0.3


def test_names_keep_clear_of_circles_and_of_each_other_or_are_left_out() -> None:
    at = np.random.default_rng(0).uniform(0, 300, size=(40, 2))
    width, height = 60.0, 8.0
    offsets = label_offsets(at, 4.0, [width] * 40, height)
    shown = [spot + offset for spot, offset in zip(at, offsets, strict=True) if offset is not None]
    assert 20 < len(shown) < 40
    for n, a in enumerate(shown):
        for b in shown[n + 1 :]:
            covered = max(width - abs(a[0] - b[0]), 0) * max(height - abs(a[1] - b[1]), 0)
            assert covered <= COVERED * width * height
    assert None not in label_offsets(at[:1], 4.0, [width], height)


def test_a_lag_profile_has_a_bar_for_each_lag() -> None:
    ax = plots.lag_profile(CHAIN, "rain", "river")
    assert [(bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in ax.patches] == [(1, 0.1), (2, 0.4)]
    (down, _) = plots.lag_profile(CHAIN, "river", "mud").patches
    assert colors.to_hex(down.get_facecolor()).upper() == VERMILION
    present = np.array([[0.0, -0.4], [-0.4, 0.0]])
    together = CausalGraph(abs(present), ("a", "b"), np.zeros((2, 1, 2)), contemporaneous=present)
    bars = plots.lag_profile(together, "a", "b").patches
    assert [(bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in bars] == [(0, 0.4), (1, 0)]
    with pytest.raises(InputError, match="no target 'rivr'; did you mean 'river'"):
        plots.lag_profile(CHAIN, "rain", "rivr")


def test_coupling_draws_the_gradient_of_every_window(found: Discovery) -> None:
    ax = plots.coupling(found, "$a$", "_b", lags=[1])
    gradient = found.graph.over_time(source="$a$", target="_b", lag=1)
    _, first, second = ax.lines  # the first is 0; one for each trajectory
    np.testing.assert_array_equal(first.get_ydata(), gradient.gradient[gradient.trajectory == "1", 0, 0, 0])
    np.testing.assert_array_equal(second.get_xdata(), gradient.time[gradient.trajectory == "2"])
    assert len(plots.coupling(found, "$a$", "_b").lines) == 5
    with pytest.raises(InputError, match=r"lags is a list of some of \[1, 2\]; got \[3\]"):
        plots.coupling(found, "$a$", "_b", lags=[3])
    with pytest.raises(InputError, match="needs the forecaster and the data"):
        plots.coupling(CHAIN, "rain", "river")


def test_no_line_is_drawn_across_windows_that_are_missing() -> None:
    x = np.random.default_rng(0).normal(size=(100, 2))
    x[50, 0] = np.nan
    fit = GRNGC(forecaster="linear", lag=1).fit(as_panel(x, missing="drop"))
    _, line = plots.coupling(fit, "x1", "x2").lines
    assert np.isnan(line.get_ydata()).sum() == 1
    observed, forecast = plots.forecast(fit, "x1", last=None).lines
    gap = np.isnan(forecast.get_ydata())
    assert observed.get_xdata()[gap].tolist() == [50, 51]
    np.testing.assert_allclose(observed.get_ydata()[~gap], x[observed.get_xdata()[~gap], 0])


def test_a_forecast_stands_beside_what_was_observed_in_the_units_of_the_data(found: Discovery) -> None:
    assert found.estimator is not None
    panel = found.estimator.panel_
    observed, forecast = plots.forecast(found, "_b", trajectory="2", last=20).lines
    np.testing.assert_allclose(observed.get_ydata(), panel.trajectories[1][-20:, 1])
    assert observed.get_xdata().tolist() == [*range(130, 150)]
    missed = panel.trajectories[1][-20:, 1] - forecast.get_ydata()
    assert missed.std() < 0.95 * panel.trajectories[1][:, 1].std()  # it follows the series that is driven
    with pytest.raises(InputError, match="no forecast of 'd'; there are '"):
        plots.forecast(found, "d")
    with pytest.raises(InputError, match="no window in trajectory '9'"):
        plots.forecast(found, "c", trajectory="9")
    with pytest.raises(InputError, match="forecasts need the forecaster and the data"):
        plots.forecast(discovery(CHAIN), "rain")


def test_a_forecast_can_be_drawn_from_files_beside_their_data(found: Discovery, tmp_path: Path) -> None:
    found.save(tmp_path / "result")
    assert found.estimator is not None
    again = Discovery.load(tmp_path / "result", found.estimator.panel_)
    (_, before), (_, after) = (plots.forecast(each, "c").lines for each in (found, again))
    np.testing.assert_allclose(after.get_ydata(), before.get_ydata(), rtol=1e-6)
    assert again.without_forecaster().reader is None


def test_the_penalty_path_is_that_of_the_record(found: Discovery) -> None:
    path = found.record["penalty_path"]
    ax = plots.penalty_path(found)
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), np.transpose([path["penalties"], path["errors"]]))
    counts = next(other for other in ax.figure.axes if other is not ax)
    np.testing.assert_array_equal(counts.lines[0].get_ydata(), path["edges"])
    assert ax.lines[-1].get_xdata() == [path["chosen"]] * 2
    named = ", ".join(text.get_text() for text in ax.texts).split(", ")
    assert sorted(named) == sorted(path["rules"])
    assert "taken, by cv" in [text.get_text() for text in ax.get_legend().get_texts()]
    assert found.estimator is not None
    plots.penalty_path(found.estimator.penalty_path())
    with pytest.raises(InputError, match="no penalty path in this record"):
        plots.penalty_path(discovery(CHAIN))


def test_the_loss_is_that_of_the_record() -> None:
    trace = [
        {"step": 10, "loss": 0.9, "forecast_error": 0.7, "penalty": 0.2},
        {"step": 20, "loss": 0.5, "forecast_error": 0.4, "penalty": 0.1},
    ]
    training = {"trace": trace, "exact": False, "converged": False, "score_change": 0.31}
    ax = plots.loss({"training": training})
    assert [line.get_xydata().tolist() for line in ax.lines] == [[[10, 0.9], [20, 0.5]], [[10, 0.7], [20, 0.4]]]
    assert ax.get_title(loc="left") == "NOT converged: the second half moved the scores by 31.0%"
    with pytest.raises(InputError, match="expected a Discovery, or the record of a run; got CausalGraph"):
        plots.loss(CHAIN)


def test_a_benchmark_has_a_dot_for_each_line_with_its_deviation(table: Table, lines: list[Line]) -> None:
    ax = plots.benchmark(table, lines)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["default", "correlation"]  # ours first
    dots = [bar.lines[0].get_xydata()[0].tolist() for bar in ax.containers]
    assert dots == [pytest.approx([0.8, 0]), pytest.approx([0.5, 1])]
    (bar,) = ax.containers[0].lines[2]
    assert np.diff(bar.get_segments()[0][:, 0]).item() / 2 == pytest.approx(np.std([0.7, 0.9], ddof=1))
    assert not ax.containers[1].has_xerr
    two = plots.benchmark(table, lines, metric="auprc", column="two")
    assert [text.get_text() for text in two.texts] == ["not run", "missing"]
    with pytest.raises(InputError, match="column 'three' is not known; choose one of var, two"):
        plots.benchmark(table, lines, column="three")


def test_curves_enclose_the_areas_of_metrics_and_chance_is_drawn_once(known: Dataset) -> None:
    rng, off = np.random.default_rng(0), ~np.eye(3, dtype=bool)
    scores = rng.random((3, 3)).round(1)
    ax = plots.roc(CausalGraph(scores, NAMES), known)
    curve = ax.lines[0].get_xydata()
    assert np.trapezoid(curve[:, 1], curve[:, 0]) == pytest.approx(auroc(scores, known.truth, off))
    ax = plots.precision_recall(CausalGraph(scores, NAMES), known, label="$one$")
    recall, precision = ax.lines[0].get_data()
    assert -np.sum(np.diff(recall) * precision[:-1]) == pytest.approx(auprc(scores, known.truth, off))
    np.testing.assert_allclose(ax.lines[1].get_ydata(), 2 / 6)
    plots.precision_recall(CHAIN, known, label="_two", ax=ax)
    assert len(ax.lines) == 3
    told = [text.get_text() for text in ax.get_legend().get_texts()]
    assert [text.split(":")[0] for text in told] == ["$one$", "_two", "chance"]


def test_hostile_names_are_shown_as_they_are() -> None:
    p = len(HOSTILE)
    scores = np.eye(p, k=-1)
    hostile = CausalGraph(scores, HOSTILE, scores[:, None], scores[:, None])
    heat, net, profile = plots.heat_map(hostile), plots.network(hostile), plots.lag_profile(hostile, *HOSTILE[:2])
    for ax in (heat, net, profile):
        for form in ("png", "svg"):
            ax.figure.savefig(io.BytesIO(), format=form)
    texts = [label.get_text() for label in heat.get_yticklabels()]
    assert texts[:7] == ["$\\frac{", "_hidden", '""', "\\u202egnp", "a\\nb", "<script>", "%s{0}"]
    assert texts[7] == f"{'x' * 11}…{'x' * 10}"
    assert len(texts[7]) == LONGEST
    assert len(net.texts) == p
    with pyplot.rc_context({"text.usetex": True}):  # set by many who write papers
        labels = [*plots.heat_map(hostile).get_yticklabels(), *plots.network(hostile).texts]
    labels += [*heat.get_yticklabels(), *heat.get_xticklabels(), *net.texts]
    assert not any(label.get_parse_math() or label.get_usetex() for label in labels)
    assert profile.get_title(loc="left") == "$\\frac{ → _hidden"


@pytest.mark.parametrize("p", [1, 3, 40, 100, 300])
def test_labels_of_series_do_not_overlap(p: int) -> None:
    names = tuple(f"a long name of a sensor {n}" for n in range(p))
    ax = plots.heat_map(CausalGraph(np.zeros((p, p)), names))
    ax.figure.draw_without_rendering()
    for labels, side in ((ax.get_yticklabels(), 1), (ax.get_xticklabels(), 0)):
        spans = sorted(tuple(label.get_window_extent().get_points()[:, side]) for label in labels)
        assert all(a[1] <= b[0] + 1 for a, b in pairwise(spans))
        assert len(labels) == p or p > 40


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(InputError, match=r"expected a CausalGraph, or what holds one .*; got ndarray"):
        plots.heat_map(CHAIN.scores)


def test_a_notebook_shows_a_table_that_holds_no_script_and_no_formula() -> None:
    html = CHAIN._repr_html_()
    assert html.index("rain") < html.index("river") < html.index("0.5")  # source, target, score of the strongest
    assert "3 series, 2 lags, 6 ordered pairs" in html
    p = len(HOSTILE)
    hostile = CausalGraph(np.random.default_rng(0).random((p, p)), HOSTILE)._repr_html_()
    assert "<script>" not in hostile
    assert "&lt;script&gt;" in hostile
    assert "\u202e" not in hostile
    assert len(hostile) < 5000
    assert "mathjax_ignore" in hostile
    assert "and 80 more" in hostile
    assert "<table" not in graph([[0.0]], ("alone",))._repr_html_()


def test_a_notebook_shows_selected_edges_first(tmp_path: Path) -> None:
    from grngc.evidence import Evidence

    whole = np.full((3, 3), 0.5)
    selected = np.zeros((3, 3), bool)
    selected[2, 1] = True
    evidence = Evidence(whole, whole, whole, selected, whole, whole, whole, whole)
    html = CausalGraph(CHAIN.scores, NAMES, evidence=evidence)._repr_html_()
    assert "1 selected" in html
    first = html.split("<tr>")[2]
    assert first.index("river") < first.index("mud") < first.index("50%") < first.index("yes")
