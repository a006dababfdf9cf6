import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grngc.datasets import ABOUT, DATASETS
from grngc.datasets.digests import DIGESTS
from grngc.datasets.stored import as_stored, digest_of
from publishers import write_dream3


def network(seed: int, p: int = 10) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    graph = np.triu(np.ones((p, p), np.int8), 1)
    return {"series": rng.random((4, 21, p)), "graph": graph, "names": np.array([f"G{i + 1}" for i in range(p)])}


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the five networks of size 10, as if these were the published ones."""
    source = tmp_path / "downloads"
    source.mkdir()
    for seed, name in enumerate(["ecoli1", "ecoli2", "yeast1", "yeast2", "yeast3"]):
        arrays = network(seed)
        write_dream3(arrays, source, 10, name)
        monkeypatch.setitem(DIGESTS, f"dream3/size10_{name}", digest_of(as_stored(arrays, "")))
    return source


def test_list_fits_a_terminal_and_tells_counts_and_what_is_here(grngc: Any, tmp_path: Path) -> None:
    (tmp_path / "dream3").mkdir()
    (tmp_path / "dream3" / "size10_ecoli1.npz").touch()
    ran = grngc("datasets", "list", "--root", tmp_path)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    table = lines[: lines.index("")]
    assert max(map(len, table)) <= 80
    assert {line.split()[0] for line in table[1:]} == {"lorenz96", "slow_sampling", "var", *ABOUT}
    assert "dream3/size10_ecoli1 4 21 10 11 90 here" in " ".join(ran.out.split())
    assert "causaltime/medical 480 40 40 153 400 not here" in " ".join(ran.out.split())
    assert lines[-1] == f"1 of 26 files are in {tmp_path}"


def test_list_shows_every_simulator(grngc: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DATASETS, "pendulum", lambda: None)
    assert "pendulum any any any - - simulated" in " ".join(grngc("datasets", "list", "--root", tmp_path).out.split())


def test_list_in_a_narrow_terminal_keeps_to_names(grngc: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    out = grngc("datasets", "list", "--root", tmp_path).out
    assert max(map(len, out.splitlines()[:-1])) <= 40
    assert "blca/blca not here" in " ".join(out.split())


def test_list_as_json(grngc: Any, tmp_path: Path) -> None:
    facts = json.loads(grngc("datasets", "list", "--json", "--root", tmp_path).out)
    assert [each["name"] for each in facts] == list(ABOUT)
    assert facts[0]["n_scored"] == 90
    assert facts[0]["here"] is False


@pytest.mark.parametrize("width", ["50", "80", "200"])
def test_show_tells_all_and_keeps_to_the_terminal(
    grngc: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    for name, about in ABOUT.items():
        ran = grngc("datasets", "show", name, "--root", tmp_path)
        assert (ran.code, ran.err) == (0, "")
        told = " ".join(ran.out.split())
        for text in (about.title, about.source, about.licence, *about.beware):
            assert text in told
        assert f"{about.edges} entries are true" in told
        assert f"{about.n_scored} entries: " in told
        body = [line for line in ran.out.splitlines()[1:] if str(tmp_path) not in line]
        assert max(map(len, body)) <= int(width)


def test_show_as_json(grngc: Any) -> None:
    facts = json.loads(grngc("datasets", "show", "causaltime/traffic", "--json").out)
    assert (facts["edges"], facts["known_series"], facts["licence"][:4]) == (82, 20, "none")


def test_path(grngc: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRNGC_DATA", str(tmp_path))
    assert grngc("datasets", "path").out == f"{tmp_path}\n"
    assert grngc("datasets", "path", "sos/sos8_ronen").out == f"{tmp_path}/sos/sos8_ronen.npz\n"
    assert grngc("datasets", "path", "--root", "/x").out == "/x\n"


def test_a_family_is_prepared_and_then_here(grngc: Any, published: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    ran = grngc("datasets", "prepare", "dream3/size10", "--source", published, "--out", root)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == f"dream3/size10_ecoli1: {root}/dream3/size10_ecoli1.npz"
    assert len(ran.out.splitlines()) == 5
    assert grngc("datasets", "list", "--root", root).out.splitlines()[-1] == f"5 of 26 files are in {root}"


@pytest.mark.parametrize("source", [[], ["--source", "nowhere"], ["--source", "."]])
@pytest.mark.parametrize(
    ("name", "member", "made_from"),
    [
        ("sos", "sos/sos9_m3d", "data/SOS_data.csv"),
        ("sos/sos8_ronen", "sos/sos8_ronen", "gardner_goldstandard2.tsv"),
        ("blca", "blca/blca", "BLCA_cancer_gold.txt"),
    ],
)
def test_what_was_put_together_by_hand_is_not_prepared_but_it_is_said_how(
    grngc: Any, tmp_path: Path, source: list[str], name: str, member: str, made_from: str
) -> None:
    ran = grngc("datasets", "prepare", name, *source, "--out", tmp_path)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert ran.err.startswith(f"grngc: error: {member} cannot be prepared: no publisher distributes it as one data set")
    assert made_from in ran.err
    assert f"into {tmp_path}/{member}.npz" in ran.err


def test_of_a_family_the_sound_are_written_and_the_others_told(grngc: Any, published: Path, tmp_path: Path) -> None:
    write_dream3(network(99), published, 10, "yeast1")
    root = tmp_path / "root"
    ran = grngc("datasets", "prepare", "dream3/size10", "--source", published, "--out", root)
    assert ran.code == 2
    assert len(ran.out.splitlines()) == 4
    first, last = ran.err.splitlines()
    assert "not the published dream3/size10_yeast1" in first
    assert last == "grngc: error: 1 of 5 data sets could not be prepared"
    assert len(list(root.rglob("*"))) == 5
    assert not (root / "dream3" / "size10_yeast1.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "dream4/size100"], "no data set 'dream4/size100'; did you mean 'dream4/size100_"),
        (["show", "lorenz96"], "see `grngc simulate lorenz96 --help`"),
        (["path", "var"], "var is simulated and has no file"),
        (["path", "blca"], "did you mean 'blca/blca'"),
        (["prepare", "netsim", "--source", "nowhere"], "nowhere: not there; expected the folder"),
        (["prepare", "netsim", "--source", "."], "no sim3.mat or fMRI_15.mat"),
        (["prepare", "netsim"], "Missing option '--source'"),
        (["prepare", "lorenz96", "--source", "."], "no published data set 'lorenz96'"),
    ],
)
def test_mistakes_are_told_in_one_line(grngc: Any, arguments: list[str], said: str) -> None:
    ran = grngc("datasets", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("grngc: error: ")
    assert len(ran.err.splitlines()) == 1
    assert said in ran.err
