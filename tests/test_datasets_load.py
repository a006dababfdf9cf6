"""Loading by name, with tiny files in the place of the published ones: these tests need no data."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grngc.dataset import Dataset
from grngc.datasets import ABOUT, data_root, digest, load, lorenz96
from grngc.datasets.digests import DIGESTS
from grngc.datasets.publishers import READERS
from grngc.datasets.stored import BY_HAND, as_stored, digest_of
from grngc.datasets.writing import write_dataset
from grngc.errors import InputError
from grngc.metrics import chance, score
from grngc.panel import Panel


def arrays(trajectories: int = 2, times: int = 5, p: int = 3, **others: np.ndarray) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    graph = np.zeros((p, p), np.int8)
    graph[1, 0] = 1
    names = np.array([f"G{i + 1}" for i in range(p)])
    return {"series": rng.normal(size=(trajectories, times, p)), "graph": graph, "names": names} | others


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put arrays at a name, as if they were the published ones."""

    def put(name: str, given: dict[str, np.ndarray], sound: bool = True) -> Path:
        path = tmp_path / f"{name}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **given)  # type: ignore[arg-type]
        if sound:
            monkeypatch.setitem(DIGESTS, name, digest_of(as_stored(given, name)))
        return tmp_path

    return put


def test_a_gene_network_is_scored_off_the_diagonal(stored: Any) -> None:
    dataset = load("dream3/size10_ecoli1", stored("dream3/size10_ecoli1", arrays(p=10)))
    assert dataset.truth[1, 0]
    assert dataset.truth.sum() == 1
    assert dataset.scored.sum() == 90
    assert dataset.known.all()
    assert dataset.panel.names[9] == "G10"
    assert dataset.panel.n_trajectories == 2


def test_one_long_record_is_one_trajectory(stored: Any) -> None:
    given = arrays()
    given["series"] = given["series"].reshape(-1, 3)
    assert load("blca/blca", stored("blca/blca", given)).panel.n_trajectories == 1


def test_a_file_with_other_numbers_is_refused(stored: Any) -> None:
    with pytest.raises(InputError, match=r"not the published blca/blca: its arrays \(2 x 5 x 3, 1 edges\)"):
        load("blca/blca", stored("blca/blca", arrays(), sound=False))


def test_a_missing_file_is_told_with_its_place_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file .*netsim/sim3\.npz .*grngc datasets prepare netsim/sim3") as error:
        load("netsim/sim3", tmp_path)
    assert str(tmp_path) in str(error.value)
    with pytest.raises(InputError, match=r"set GRNGC_DATA .* grngc datasets prepare blca/blca says what from$"):
        load("blca/blca", tmp_path)


def test_every_published_data_set_is_prepared_or_said_to_be_made_by_hand() -> None:
    assert READERS.keys() | BY_HAND.keys() == ABOUT.keys()
    assert not READERS.keys() & BY_HAND.keys()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"graph": None}, "no key 'graph'"),
        ({"series": np.array(["a"])}, "'series' holds <U1; expected numbers"),
        ({"names": np.array([1, 2, 3])}, "'names' holds int64; expected text"),
        ({"graph": np.zeros((2, 2), bool)}, r"\(2, 2\)"),
        ({"residual": np.zeros((2, 5, 4))}, r"\(2, 5, 4\)"),
    ],
)
def test_a_file_of_another_layout_is_refused(stored: Any, wrong: dict[str, Any], said: str) -> None:
    given = {key: value for key, value in (arrays() | wrong).items() if value is not None}
    with pytest.raises(InputError, match=said):
        load("sos/sos9_m3d", stored("sos/sos9_m3d", given, sound=False))


def test_pickles_are_never_read(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "exploded",))

    (tmp_path / "blca").mkdir()
    np.savez(tmp_path / "blca" / "blca.npz", series=np.array([Bomb()], dtype=object))
    with pytest.raises(InputError, match="pickled Python objects, which are never read"):
        load("blca/blca", tmp_path)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("dream3/size100_ecoli", "dream3/size100_ecoli2"),
        ("traffic", "causaltime/traffic"),
        ("lorenz", "lorenz96"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(InputError, match=f"no data set '{name}'; did you mean '{nearest}'"):
        load(name)


def test_an_unknown_option_is_told_with_the_nearest() -> None:
    with pytest.raises(InputError, match="netsim/sim3: no option 'subjekt'; did you mean 'subject'"):
        load("netsim/sim3", subjekt=1)
    with pytest.raises(InputError, match="blca/blca: no option 'subject'; there are none"):
        load("blca/blca", subject=1)
    with pytest.raises(InputError, match="lorenz96: no option 'forzing'; did you mean 'forcing'"):
        load("lorenz96", forzing=1)


@pytest.mark.parametrize("subject", [-1, 50, 1.0, True])
def test_a_subject_that_is_not_there_is_refused(subject: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="subject must be"):
        load("netsim/sim3", tmp_path, subject=subject)


@pytest.mark.parametrize("option", ["segments", "channels", "scaling"])
def test_a_choice_that_is_none_is_refused(option: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"{option} 'both' is not known; choose one of"):
        load("causaltime/medical", tmp_path, **{option: "both"})


def test_a_simulator_needs_no_file(tmp_path: Path) -> None:
    made = load("lorenz96", tmp_path, n_times=30, random_state=3)
    np.testing.assert_array_equal(
        made.panel.trajectories[0], lorenz96(n_times=30, random_state=3).panel.trajectories[0]
    )


def test_where_files_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRNGC_DATA", "/given")
    assert data_root(tmp_path) == tmp_path
    assert data_root() == Path("/given")
    monkeypatch.delenv("GRNGC_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", "/share")
    assert data_root() == Path("/share/grngc")
    monkeypatch.setenv("XDG_DATA_HOME", "not/absolute")
    monkeypatch.setenv("HOME", "/home/someone")
    assert data_root() == Path("/home/someone/.local/share/grngc")


# ---- digests and entries that are known ------------------------------------------------------------------------------


def record(**changes: Any) -> Dataset:
    values = np.arange(12.0).reshape(6, 2)
    given: dict[str, Any] = {"name": "a", "truth": [[1, 1], [0, 1]], "trajectories": (values,), "names": ("x", "y")}
    given |= changes
    panel = Panel(given.pop("trajectories"), given.pop("names"))
    return Dataset(panel=panel, **given)


def test_a_digest_feels_every_array_and_nothing_else() -> None:
    first, values = digest(record()), np.arange(12.0).reshape(6, 2)
    assert digest(record(name="b")) == first
    off = ~np.eye(2, dtype=bool)
    changes: list[dict[str, Any]] = [
        {"names": ("x", "z")},
        {"trajectories": (values[:3], values[3:])},
        {"trajectories": (values + 1e-12,)},
        {"truth": [[1, 0], [1, 1]]},
        {"scored": off},
        {"truth": [[1, 1], [0, 0]], "known": [[1, 1], [1, 0]]},
    ]
    assert len({first, *(digest(record(**change)) for change in changes)}) == len(changes) + 1


def test_a_files_digest_is_of_its_arrays_not_of_its_types(stored: Any) -> None:
    given = arrays()
    given["series"] = given["series"].astype(np.float32)
    first = digest_of(as_stored(given, ""))
    other = given | {"series": given["series"].astype(np.float64), "graph": given["graph"] != 0, "time": np.arange(5)}
    assert digest_of(as_stored(other, "")) == first
    for key, value in {"graph": given["graph"].T, "names": given["names"][::-1], "series": given["series"] * 2}.items():
        assert digest_of(as_stored(given | {key: value}, "")) != first


def test_entries_that_are_not_known_enter_no_view() -> None:
    p = 4
    truth, known = np.zeros((p, p), bool), np.zeros((p, p), bool)
    known[:2, :2] = True
    truth[0, 0] = truth[1, 0] = True
    dataset = Dataset("half", Panel((np.zeros((3, p)),), tuple("abcd")), truth, known=known)
    np.testing.assert_array_equal(dataset.scored, known)
    scores = np.full((p, p), 9.0)
    scores[:2, :2] = [[3, 1], [2, 0]]
    found = score(scores, dataset)
    assert found["auroc"] == found["auroc_full"] == 1
    assert found["auroc_off_diagonal"] == 1
    assert chance(dataset)["auprc_full"] == 0.5
    assert chance(dataset)["auprc_off_diagonal"] == 0.5


def test_a_truth_known_in_part_is_not_written_as_if_it_were_whole(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the truth of 2 entries is not known"):
        write_dataset(record(truth=np.eye(2), known=np.eye(2)), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("what", ["true", "scored"])
def test_what_is_true_or_scored_must_be_known(what: str) -> None:
    known = [[1, 0], [0, 1]]
    changes = {"true": {"known": known}, "scored": {"truth": np.eye(2), "known": known, "scored": np.ones((2, 2))}}
    with pytest.raises(InputError, match=f"entries are {what} and not known"):
        record(**changes[what])


def test_about_counts_the_entries_that_are_scored() -> None:
    assert ABOUT["dream4/size100_1"].n_scored == 9900
    assert ABOUT["netsim/sim3"].n_scored == 225
    assert ABOUT["causaltime/traffic"].n_scored == 400
