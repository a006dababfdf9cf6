"""Many subjects side by side: as each alone, whatever the number of workers, and never computed twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from grngc import Discovery, GroupDiscovery, InputError, InputWarning, Panel, discover, discover_group
from grngc.checkpoints import states
from grngc.subject_names import subject_names
from grngc.subjects import Ended
from simulated import autoregression

LINEAR: dict[str, Any] = {"forecaster": "linear", "lag": 1}
FILES = ["edges.csv", "forecaster.safetensors", "graph.npz", "run.json"]
GROUP = ["group.json", "group.npz", "group_edges.csv"]


def record(seed: int, n: int = 120) -> np.ndarray:
    """Series a drives b, in everybody."""
    return autoregression({(0, 1, 1): 0.7}, n, 3, seed)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three subjects; the second has its columns in another order."""
    monkeypatch.chdir(tmp_path)
    for seed, (name, order) in enumerate((("ann", "abc"), ("bob", "cab"), ("cy", "abc"))):
        frame = pd.DataFrame(record(seed), columns=list("abc"))
        frame[list(order)].to_csv(f"{name}.csv", index=False, float_format="%.17g")
    return ["ann.csv", "bob.csv", "cy.csv"]


def kept(ended: list[Ended]) -> dict[str, bool]:
    return {each.name: each.kept for each in ended}


def test_each_subject_is_as_it_is_alone_and_results_are_where_they_are_said_to_be(files: list[str]) -> None:
    ended: list[Ended] = []
    found = discover_group(files, folder="study", workers=2, ended=ended.append, **LINEAR)
    assert sorted(path.name for path in Path("study").iterdir()) == sorted([*GROUP, "ann", "bob", "cy"])
    assert list(found.subjects) == ["ann", "bob", "cy"]
    assert sorted((each.number, each.of) for each in ended) == [(1, 3), (2, 3), (3, 3)]
    assert not any(kept(ended).values())
    for name in found.subjects:
        assert sorted(path.name for path in Path("study", name).iterdir()) == FILES
        alone = discover(f"{name}.csv", series=["a", "b", "c"], confidence=False, **LINEAR)
        np.testing.assert_array_equal(found.subjects[name].graph.scores, alone.graph.scores)
        there = Discovery.load(Path("study", name)).record
        for part in ("conclusion", "noise_floor", "configuration", "choice", "seed", "warnings", "versions", "threads"):
            assert there[part] == alone.record[part], part
        same = {**alone.record["data"], "origin": f"{name}.csv"}
        assert there["data"] == same
    assert found.graph.names == ("a", "b", "c")
    assert found.graph.edges(top=1)[0][:2] == ("a", "b")
    assert found.trustworthy
    again = GroupDiscovery.load("study")
    assert again.edges() == found.edges()
    assert again.record == found.record


def test_workers_change_nothing(request: pytest.FixtureRequest) -> None:
    records = {"ann": record(1), "bob": record(2), "cy": record(3)}
    options = {"forecaster": "mlp", "lag": 1, "steps": 20, "random_state": 3}
    two = discover_group(records, workers=2, **options)
    request.getfixturevalue("here")
    alone, other = discover_group(records, **options), discover_group(records, **options | {"random_state": 4})
    np.testing.assert_array_equal(alone.scores, two.scores)
    assert alone.edges() == two.edges()
    assert not np.array_equal(other.scores, two.scores)
    assert two.subjects["ann"].estimator is not None
    assert two.subjects["ann"].estimator.forecast(2).shape == (2, 3)


@pytest.mark.usefixtures("here")
def test_a_subject_that_fails_is_told_of_and_tried_again(files: list[str]) -> None:
    whole = Path("bob.csv").read_text()
    Path("bob.csv").write_text("\n".join(whole.splitlines()[:5]) + "\n")
    ended: list[Ended] = []
    options = {"forecaster": "linear", "lag": 6}
    found = discover_group(files, folder="study", workers=2, ended=ended.append, **options)
    assert list(found.subjects) == ["ann", "cy"]
    assert list(found.failed) == ["bob"]
    assert "lag" in found.failed["bob"]
    assert isinstance({each.name: each.outcome for each in ended}["bob"], InputError)
    assert "Failed, and left out: 'bob'." in found.record["conclusion"]
    assert found.share.max() <= 1
    assert not Path("study/bob").exists()
    Path("bob.csv").write_text(whole)
    ended.clear()
    found = discover_group(files, folder="study", workers=1, ended=ended.append, **options)
    assert kept(ended) == {"ann": True, "bob": False, "cy": True}
    assert not found.failed
    assert sorted(path.name for path in Path("study").iterdir()) == sorted([*GROUP, "ann", "bob", "cy"])


@pytest.mark.usefixtures("here")
def test_only_the_same_data_and_options_are_not_computed_again(files: list[str]) -> None:
    ended: list[Ended] = []

    def again(**options: Any) -> dict[str, bool]:
        ended.clear()
        discover_group(files, folder="study", workers=2, ended=ended.append, overwrite=True, **LINEAR | options)
        return kept(ended)

    assert set(again().values()) == {False}
    assert set(again().values()) == {True}
    Path("cy.csv").write_text(Path("ann.csv").read_text().replace("a,b,c\n", "a,b,c\n0.5,0.5,0.5\n"))
    assert again() == {"ann": True, "bob": True, "cy": False}
    Path("study/ann/graph.npz").write_bytes(b"")
    assert again() == {"ann": False, "bob": True, "cy": True}
    assert set(again(penalty=0.3).values()) == {False}
    assert Discovery.load("study/bob").record["configuration"]["penalty"] == 0.3
    assert set(again(penalty=0.3, exogenous="c").values()) == {False}


@pytest.mark.usefixtures("here")
def test_a_folder_in_use_is_refused_and_another_study_in_it_too(files: list[str]) -> None:
    discover_group(files, folder="study", workers=2, **LINEAR)
    with pytest.raises(InputError, match="study: exists and is not empty"):
        discover_group(files, folder="study", workers=2, **LINEAR)
    Path("begun/.unfinished").mkdir(parents=True)
    Path("begun/.unfinished/run.json").write_text('{"configuration": "default"}')
    with pytest.raises(InputError, match="begun with another options of the data, parameters: go on with the command"):
        discover_group(files, folder="begun", workers=2, **LINEAR)
    found = discover_group(files, folder="begun", workers=2, overwrite=True, **LINEAR)
    assert len(found.subjects) == 3
    assert not Path("begun/.unfinished").exists()


def test_subjects_are_called_by_what_tells_their_files_apart() -> None:
    assert subject_names(["x/ann.csv", "y/bob.npz"]) == ["ann", "bob"]
    assert subject_names(["s1/rest/bold.csv", "s2/rest/bold.csv"]) == ["s1_rest_bold", "s2_rest_bold"]
    assert subject_names(["a/x.csv", "b/x.csv", "b/y.csv"]) == ["a_x", "b_x", "b_y"]
    with pytest.raises(InputError, match=r"'a\.csv', 'a\.tsv': these would have one name as subjects"):
        subject_names(["a.csv", "b.csv", "a.tsv"])
    with pytest.raises(InputError, match=r"a\.csv: given twice"):
        subject_names(["a.csv", "b.csv", "a.csv"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"bob": "a,b\n1,2\n"}, r"bob\.csv: "),
        (
            {"bob": "a,b,d\n1,2,3\n4,5,7\n9,1,2\n"},
            r"bob\.csv: other series than in ann\.csv: lacks 'c' and has 'd' besides",
        ),
        (
            {"bob": "a,b\n1,2\n4,5\n9,1\n"},
            r"bob\.csv: other series than in ann\.csv: lacks 'c'; subjects have the same",
        ),
        ({"cy": "a,b,c,d\n1,2,3,1\n4,5,7,2\n9,1,2,5\n6,6,1,0\n"}, r"cy\.csv: other .* in ann\.csv: has 'd' besides"),
    ],
)
def test_files_that_do_not_go_together_are_refused_before_anything_is_computed(
    files: list[str], change: dict[str, str], says: str
) -> None:
    for name, text in change.items():
        Path(f"{name}.csv").write_text(text)
    with pytest.raises(InputError, match=says):
        discover_group(files, folder="study", workers=2, **LINEAR)
    assert not Path("study").exists()


def test_what_is_no_group_is_refused() -> None:
    x = record(0)
    for what, says in (
        ({"ann": x}, "two subjects or more; got 1: use grngc.discover"),
        (x, "a group is a mapping from name to data, or a list of data; got ndarray"),
        ({"ann": x, "../bob": x}, r"'\.\./bob' cannot be the name of a subject"),
        ({"ann": x, "group.json": x}, "'group.json' cannot be the name of a subject"),
        ({"ann": x, "": x}, "'' cannot be the name of a subject"),
    ):
        with pytest.raises(InputError, match=says):
            discover_group(what, **LINEAR)
    for options, says in (
        ({"penalti": 1}, "did you mean 'penalty'"),
        ({"steps": 0}, "steps must be a whole number"),
        ({"executor": "slurm"}, "executor 'slurm' is not known"),
        ({"device": "tpu7"}, "device 'tpu7' cannot be used here"),
        ({"workers": 0}, "workers must be a whole number"),
    ):
        with pytest.raises(InputError, match=says):
            discover_group({"ann": x, "bob": record(1)}, **options)
    driven = Panel((x,), ("x1", "x2", "x3"), exogenous=("x3",))
    with pytest.raises(InputError, match="subject '2': other exogenous series than in subject '1'"):
        discover_group([x, driven], workers=1)


@pytest.mark.usefixtures("here")
def test_no_graph_at_all_is_an_error_with_the_first_reason() -> None:
    with pytest.raises(InputError, match=r"no subject gave a graph; ann: .*lag"):
        discover_group({"ann": record(0, 5), "bob": record(1, 5)}, workers=2, forecaster="linear", lag=30)


@pytest.mark.usefixtures("here")
def test_one_subject_given_twice_is_told_of() -> None:
    with pytest.warns(InputWarning, match="subjects 'ann' and 'bob' hold the same numbers"):
        discover_group({"ann": record(0), "bob": record(0)}, workers=1, **LINEAR)


STUDY = (
    "import grngc.checkpoints, sys; grngc.checkpoints.EVERY_SECONDS = 0.2\n"
    "grngc.checkpoints.Checkpoints.__init__.__defaults__ = (0.2, False)\n"
    "from grngc.cli import main; sys.exit(main(sys.argv[1:]))"
)


@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_a_study_that_is_stopped_goes_on(files: list[str], name: str, request: pytest.FixtureRequest) -> None:
    options = ["--forecaster", "mlp", "--lag", "1", "--steps", "60", "--workers", "1"]

    def begin() -> subprocess.Popen:
        command = [sys.executable, "-c", STUDY, "discover", *files, "--out", "again", *options]
        return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)

    disturbed = begin()
    assert disturbed.stderr is not None
    assert disturbed.stderr.readline().startswith("grngc: [1/3] ann: 1 pair stands out (mlp, lag 1); ")
    disturbed.send_signal(getattr(signal, name))
    _, told = disturbed.communicate(timeout=60)
    assert not Path("again/group.json").exists()
    before = Path("again/ann/run.json").stat().st_mtime_ns
    if name == "SIGINT":
        assert disturbed.returncode == 130
        last = told.strip().splitlines()[-1]
        assert "1 of 3 subjects are kept; the same command goes on with the rest" in last
    with begin() as resumed:
        _, told = resumed.communicate(timeout=240)
    assert (resumed.returncode, "ann: 1 pair stands out (mlp, lag 1); found in DIR, not computed again" in told) == (
        0,
        True,
    )
    assert Path("again/ann/run.json").stat().st_mtime_ns == before
    request.getfixturevalue("here")
    discover_group(files, folder="whole", forecaster="mlp", lag=1, steps=60)
    for file in ("group_edges.csv", *(f"{who}/{each}" for who in ("ann", "bob", "cy") for each in FILES[:2])):
        assert Path("again", file).read_bytes() == Path("whole", file).read_bytes()
    assert not Path("again/.unfinished").exists()


def test_an_unfinished_subject_goes_on_from_its_state(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed worker leaves is found under the name that its data and parameters give it."""
    from grngc import subjects
    from grngc.discovery import read_data
    from grngc.errors import InputError as Stop

    options = {"forecaster": "mlp", "lag": 1, "steps": 60}
    (job,) = subjects._jobs({"ann": read_data("ann.csv", {})}, "default", options, Path("study/.unfinished"))
    read, configuration, parameters, state = job.arguments
    monkeypatch.setattr("grngc.checkpoints.EVERY_SECONDS", 0.0)
    monkeypatch.setattr("grngc.checkpoints.Checkpoints.__init__.__defaults__", (0.0, False))

    def stop(now: Any) -> None:
        if now.step > 30:
            raise Stop("killed")

    with pytest.raises(Stop, match="killed"):
        subjects.discover_in(read, configuration, parameters, progress=stop, checkpoint=state)
    assert states(state)
    steps: list[int] = []
    found = subjects.discover_in(
        read, configuration, parameters, progress=lambda now: steps.append(now.step), checkpoint=state
    )
    assert steps[0] > 25
    assert not state.exists()
    np.testing.assert_array_equal(found.graph.scores, discover("ann.csv", confidence=False, **options).graph.scores)
    other = subjects._jobs({"ann": read}, "default", options | {"penalty": 0.3}, Path("study/.unfinished"))
    assert next(other).arguments[3] != state
    assert os.path.isabs(state)
