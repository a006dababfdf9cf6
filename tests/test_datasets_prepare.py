"""From the publishers' files to the stored ones: small made-up files always, the true numbers where they are."""

import gzip
import io
import struct
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from grngc.datasets import load, matfile, tarball
from grngc.datasets.digests import DIGESTS
from grngc.datasets.dream_files import read_gold_standard, read_trajectories
from grngc.datasets.matfile import read_mat
from grngc.datasets.prepare import names_of, prepare
from grngc.datasets.publishers import READERS, netsim_files
from grngc.datasets.stored import as_stored, digest_of, read_stored
from grngc.datasets.tarball import read_tarball
from grngc.errors import InputError
from publishers import (
    dream4_members,
    gold_text,
    tar_of,
    trajectories_text,
    write_causaltime,
    write_dream3,
    write_dream3_as_jrngc,
    write_netsim,
)


def made(trajectories: int, times: int, names: list[str], **more: np.ndarray) -> dict[str, np.ndarray]:
    """Random numbers and a random graph that is not symmetric."""
    rng = np.random.default_rng(5)
    p = len(names)
    graph = np.triu(rng.random((p, p)) < 0.5, 1).astype(np.int8)
    graph[0, 1], graph[1, 0] = 0, 1
    return {"series": rng.normal(size=(trajectories, times, p)), "graph": graph, "names": np.array(names)} | more


def genes(p: int) -> list[str]:
    return [f"G{i + 1}" for i in range(p)]


def causaltime(record: str) -> dict[str, np.ndarray]:
    arrays = made(3, 40, [f"{record}_{i:02d}" for i in range(20)])
    series = arrays["series"].astype(np.float32)
    return arrays | {"series": series, "residual": series[..., ::-1] / 64}


def netsim() -> dict[str, np.ndarray]:
    arrays = made(50, 7, [f"N{i + 1}" for i in range(5)])
    return arrays | {"graph": arrays["graph"] | np.eye(5, dtype=np.int8)}


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, dict[str, np.ndarray]], dict[str, np.ndarray]]:
    """Declare arrays to be what is published under a name."""

    def declare(name: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        monkeypatch.setitem(DIGESTS, name, digest_of(as_stored(arrays, name)))
        return arrays

    return declare


def check_round_trip(name: str, arrays: dict[str, np.ndarray], source: Path, root: Path) -> None:
    assert prepare(name, source, root) == root / f"{name}.npz"
    stored, expected = read_stored(name, root), as_stored(arrays, name)
    assert stored.keys() == expected.keys()
    for key, values in expected.items():
        np.testing.assert_array_equal(stored[key], values)
    assert not list(root.rglob("*.part"))


def write(name: str, arrays: dict[str, np.ndarray], folder: Path) -> None:
    """Write one data set in its publishers' form, a folder deep."""
    folder = folder / "Size 100" / "data"
    folder.mkdir(parents=True)
    family, case = name.split("/")
    if family == "dream3":
        size, network = case.removeprefix("size").split("_")
        write_dream3(arrays, folder, int(size), network)
    elif family == "dream4":
        tar_of(dream4_members(arrays, int(case[-1])), folder / "lightlyProcessedDownloadedData.tar.gz")
    elif family == "netsim":
        write_netsim(arrays, folder / "sim3.mat")
    else:
        write_causaltime(arrays, folder / case)


@pytest.mark.parametrize(
    ("name", "arrays"),
    [
        ("dream3/size10_yeast2", made(4, 21, genes(10))),
        ("dream4/size100_3", made(2, 6, genes(12))),
        ("netsim/sim3", netsim()),
        ("causaltime/traffic", causaltime("traffic")),
    ],
)
def test_round_trip_of_made_up_files(name: str, arrays: Any, published: Any, tmp_path: Path) -> None:
    write(name, published(name, arrays), tmp_path / "source")
    check_round_trip(name, arrays, tmp_path / "source", tmp_path / "root")
    assert load(name, tmp_path / "root").truth[1, 0]


@pytest.mark.parametrize("name", READERS)
def test_round_trip_of_the_published_numbers(name: str, data: Path, tmp_path: Path) -> None:
    arrays = read_stored(name, data)
    write(name, arrays, tmp_path / "source")
    check_round_trip(name, arrays, tmp_path / "source", tmp_path / "root")


def test_other_names_of_the_same_files(published: Any, tmp_path: Path) -> None:
    arrays = published("dream3/size50_yeast3", made(3, 4, genes(5)))
    write_dream3_as_jrngc(arrays, tmp_path, 50, 4)
    check_round_trip("dream3/size50_yeast3", arrays, tmp_path, tmp_path / "root")
    arrays = published("dream4/size100_5", made(3, 4, genes(6)))
    (tmp_path / "insilico_size100_5_timeseries.tsv").write_text(trajectories_text(arrays, 50.0))
    (tmp_path / "DREAM4_GoldStandard_InSilico_Size100_5.tsv").write_text(gold_text(arrays))
    check_round_trip("dream4/size100_5", arrays, tmp_path, tmp_path / "root")
    arrays = published("dream4/size100_1", made(3, 4, genes(7)))
    for member, text in dream4_members(arrays, 1).items():
        (tmp_path / member).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / member).write_text(str(text))
    check_round_trip("dream4/size100_1", arrays, tmp_path, tmp_path / "root")
    arrays = published("netsim/sim3", netsim())
    write_netsim(arrays, tmp_path / "fMRI_15.mat", compress=False)
    check_round_trip("netsim/sim3", arrays, tmp_path, tmp_path / "root")


def test_the_folder_of_a_record_may_be_the_source(published: Any, tmp_path: Path) -> None:
    arrays = published("causaltime/medical", causaltime("medical"))
    write_causaltime(arrays, tmp_path / "medical")
    check_round_trip("causaltime/medical", arrays, tmp_path / "medical", tmp_path / "root")


def test_the_first_row_of_dream3_as_it_is_published(data: Path) -> None:
    row = (
        '"Time"\t"G1"\t"G2"\t"G3"\t"G4"\t"G5"\t"G6"\t"G7"\t"G8"\t"G9"\t"G10"\n0.0\t0.22515668347880283\t0.53467265713658\t'
        "0.8229044959142652\t0.17565578484187194\t0.1509348160471\t0.257675278916852\t0.5986252171979876\t0.4662477405353823"
        "\t0.9130939793491886\t0.7937328120439922\n"
    )
    names, series = read_trajectories(row, "")
    dataset = load("dream3/size10_ecoli1", data)
    assert tuple(names) == dataset.panel.names
    np.testing.assert_array_equal(series[0, 0], dataset.panel.trajectories[0][0])


# ---- what is refused, and leaves nothing behind ----------------------------------------------------------------------


def test_other_numbers_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    write_dream3(made(4, 21, genes(10)), tmp_path, 10, "ecoli1")
    with pytest.raises(InputError, match="not the published dream3/size10_ecoli1"):
        prepare("dream3/size10_ecoli1", tmp_path, tmp_path / "root")
    assert not (tmp_path / "root").exists()


def test_an_older_file_stays_when_the_new_one_is_refused(tmp_path: Path) -> None:
    write_dream3(made(4, 21, genes(10)), tmp_path, 10, "ecoli1")
    old = tmp_path / "root" / "dream3" / "size10_ecoli1.npz"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"old")
    with pytest.raises(InputError):
        prepare("dream3/size10_ecoli1", tmp_path, tmp_path / "root")
    assert old.read_bytes() == b"old"


def test_a_place_that_cannot_be_written_is_told(published: Any, tmp_path: Path) -> None:
    write_dream3(published("dream3/size10_ecoli1", made(4, 21, genes(10))), tmp_path, 10, "ecoli1")
    (tmp_path / "root").write_text("a file")
    with pytest.raises(InputError, match="cannot be written"):
        prepare("dream3/size10_ecoli1", tmp_path, tmp_path / "root")


def test_missing_and_doubled_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no sim3\.mat or fMRI_15\.mat in it or below it"):
        prepare("netsim/sim3", tmp_path)
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "sim3.mat").touch()
    with pytest.raises(InputError, match=r"sim3\.mat is there twice"):
        prepare("netsim/sim3", tmp_path)
    with pytest.raises(InputError, match=r"a file; expected the folder"):
        prepare("netsim/sim3", tmp_path / "a" / "sim3.mat")


def test_names_that_cannot_be_prepared(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="blca/blca cannot be prepared: no publisher distributes it as one"):
        prepare("blca/blca", tmp_path)
    with pytest.raises(InputError, match="'dream3' is a family"):
        prepare("dream3", tmp_path)
    with pytest.raises(InputError, match="did you mean 'netsim/sim3'"):
        prepare("netsim/sim4", tmp_path)
    assert len(names_of("dream3")) == 15
    assert names_of("dream3/size10") == [n for n in names_of("dream3") if "size10_" in n]
    assert len(names_of("dream3/size10")) == 5
    assert names_of("causaltime") == ["causaltime/medical", "causaltime/traffic"]


HEAD = "Time\tA\tB\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a header"),
        ("A\tB\n0\t1\n", "expected a header"),
        ("Time\tA\tA\n", "expected a header"),
        (HEAD, "trajectories of no points"),
        (HEAD + "0\t1\t2\n1\t1\n", "line 3 has 2 cells; expected 3"),
        (HEAD + "0\t1\tx\n", "line 2 holds what is no number"),
        (HEAD + "0\t1\tnan\n", "line 2 has 3 cells; expected 3 finite"),
        (HEAD + "0\t1\t2\n1\t1\t2\n\n0\t1\t2\n", r"trajectories of \[1, 2\] points"),
    ],
)
def test_tables_that_are_not_whole_are_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_trajectories(text, "table")


def test_a_gold_standard_points_from_its_first_column_to_its_second() -> None:
    graph = read_gold_standard("A\tB\t1\nB\tA\t0\n\n", ["A", "B"], "gold")
    np.testing.assert_array_equal(graph, [[0, 0], [1, 0]])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A\tB\t1\nA\tC\t0\n", "line 2 is 'A.tC.t0'"),
        ("A\tB\t0.5\n", "line 1"),
        ("A\tB\n", "expected source, target, and 0 or 1"),
        ("A\tB\t0\n", "no edge"),
    ],
)
def test_a_broken_gold_standard_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_gold_standard(text, ["A", "B"], "gold")


def test_a_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    write_dream3(made(4, 21, genes(10)), tmp_path, 10, "ecoli1")
    (tmp_path / "InSilicoSize10-Ecoli1-trajectories.tsv").write_bytes(b"Time\t\xff\xfe")
    with pytest.raises(InputError, match="not a text file"):
        prepare("dream3/size10_ecoli1", tmp_path)


def test_objects_in_an_array_are_never_unpickled(tmp_path: Path) -> None:
    write_causaltime(causaltime("medical"), tmp_path / "medical")

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "exploded",))

    np.save(tmp_path / "medical" / "graph.npy", np.array([Bomb()], dtype=object))
    with pytest.raises(InputError, match="pickled Python objects"):
        prepare("causaltime/medical", tmp_path, tmp_path / "root")
    assert not (tmp_path / "exploded").exists()


def test_an_array_of_another_shape_is_refused(tmp_path: Path) -> None:
    arrays = causaltime("medical")
    write_causaltime(arrays | {"residual": arrays["residual"][..., :3]}, tmp_path / "medical")
    with pytest.raises(InputError, match=r"\(3, 40, 23\) with a graph \(20, 20\); expected \(sample, step, 40\)"):
        prepare("causaltime/medical", tmp_path)


# ---- archives --------------------------------------------------------------------------------------------------------

INSIDE = "insilico_size100_1/timeseries.tsv"


def test_members_that_climb_or_are_links_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    tar_of({f"../{INSIDE}": "bad", f"x/../../{INSIDE}": "bad"}, path)
    with pytest.raises(InputError, match="no plain file"):
        read_tarball(path, [INSIDE])
    with tarfile.open(path, "w:gz") as archive:
        link = tarfile.TarInfo(INSIDE)
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(InputError, match="no plain file"):
        read_tarball(path, [INSIDE])
    tar_of({f"../{INSIDE}": "bad", f"any/{INSIDE}": "good", f"any/x{INSIDE}": "other"}, path)
    assert read_tarball(path, [INSIDE]) == {INSIDE: b"good"}
    assert list(tmp_path.rglob("*")) == [path]


def test_an_archive_that_fills_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tarball, "MAX_UNPACKED", 2**20)
    tar_of({INSIDE: bytes(2**21)}, tmp_path / "a.tar.gz")
    with pytest.raises(InputError, match="unpacks to more than 1 MiB"):
        read_tarball(tmp_path / "a.tar.gz", [INSIDE])


def test_a_cut_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    tar_of({INSIDE: np.random.default_rng(0).bytes(20000)}, path)
    whole = path.read_bytes()
    inner = gzip.decompress(whole)
    for content in (whole[:9000], b"", b"no archive", gzip.compress(inner[:9000]), gzip.compress(b"x" * 2000)):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"a\.tar\.gz: (not a whole|no plain file)"):
            read_tarball(path, [INSIDE])


# ---- MATLAB files ----------------------------------------------------------------------------------------------------


def test_orientation_of_a_raw_file(tmp_path: Path) -> None:
    arrays = netsim()
    write_netsim(arrays, tmp_path / "sim3.mat")
    np.testing.assert_array_equal(netsim_files(tmp_path)["graph"], arrays["graph"])
    np.testing.assert_array_equal(netsim_files(tmp_path, "row_is_target")["graph"], arrays["graph"].T)
    with pytest.raises(InputError, match="orientation 'both' is not known"):
        netsim_files(tmp_path, "both")


def test_subjects_with_different_graphs_are_refused(tmp_path: Path) -> None:
    net = np.zeros((2, 3, 3))
    net[1, 0, 1] = 1
    savemat(tmp_path / "sim3.mat", {"ts": np.ones((8, 3)), "net": net})
    with pytest.raises(InputError, match="graphs differ"):
        netsim_files(tmp_path)
    savemat(tmp_path / "sim3.mat", {"ts": np.ones((9, 3)), "net": net})
    with pytest.raises(InputError, match=r"ts \(9, 3\) and net \(2, 3, 3\) do not fit"):
        netsim_files(tmp_path)


@pytest.mark.parametrize("compress", [True, False])
def test_a_matlab_file_is_read_as_scipy_reads_it(tmp_path: Path, compress: bool) -> None:
    path, rng = tmp_path / "a.mat", np.random.default_rng(0)
    arrays: dict[str, Any] = {
        "real": rng.normal(size=(7, 3)),
        "whole": np.arange(6, dtype=np.int16).reshape(2, 3),
        "small": np.array([[1, 2, 3]], dtype=np.uint8),  # kept inside its tag
        "single": rng.normal(size=(2, 3, 4)).astype(np.float32),
        "logical": np.array([[True, False]]),
        "empty": np.zeros((0, 3)),
        "cell": np.array([1, "a"], dtype=object),
    }
    savemat(path, arrays, do_compression=compress)
    wanted = {name: values.ndim for name, values in arrays.items() if name != "cell"}
    for name, values in read_mat(path, wanted).items():
        assert values.dtype == np.float64
        np.testing.assert_array_equal(values, loadmat(path)[name])


def test_a_matlab_file_of_the_other_byte_order(tmp_path: Path) -> None:
    def element(kind: int, content: bytes) -> bytes:
        return struct.pack(">II", kind, len(content)) + content + bytes(-len(content) % 8)

    values = np.array([[1.5, 2.5]])
    parts = [
        (6, struct.pack(">II", 6, 0)),
        (5, struct.pack(">ii", 1, 2)),
        (1, b"ts"),
        (9, values.astype(">f8").tobytes()),
    ]
    matrix = element(14, b"".join(element(*part) for part in parts))
    (tmp_path / "a.mat").write_bytes(b" " * 124 + b"\x01\x00MI" + matrix)
    np.testing.assert_array_equal(read_mat(tmp_path / "a.mat", {"ts": 2})["ts"], values)


@pytest.mark.parametrize("compress", [True, False])
def test_a_matlab_file_cut_anywhere_is_refused(tmp_path: Path, compress: bool) -> None:
    write_netsim(netsim(), tmp_path / "sim3.mat", compress)
    whole = (tmp_path / "sim3.mat").read_bytes()
    for length in range(0, len(whole) - 8, 173):
        (tmp_path / "sim3.mat").write_bytes(whole[:length])
        with pytest.raises(InputError):
            netsim_files(tmp_path)


def test_a_matlab_file_with_broken_bytes_is_an_error_in_one_line(tmp_path: Path) -> None:
    write_netsim(netsim(), tmp_path / "sim3.mat", compress=False)
    whole = (tmp_path / "sim3.mat").read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        broken = bytearray(whole)
        for at in rng.integers(128, 400, size=3):
            broken[at] = rng.integers(256)
        (tmp_path / "sim3.mat").write_bytes(broken)
        try:
            read_mat(tmp_path / "sim3.mat", {"ts": 2, "net": 3})
        except InputError:
            refused += 1
    assert refused > 10


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"ts": np.ones((4, 2))}, "no array 'net'; there are 'ts'"),
        ({"ts": np.array([{"a": 1}], dtype=object), "net": np.ones((1, 2, 2))}, "'ts' is cell"),
        ({"ts": {"field": 1.0}, "net": np.ones((1, 2, 2))}, "'ts' is struct"),
        ({"ts": "text", "net": np.ones((1, 2, 2))}, "'ts' is char"),
        ({"ts": np.ones((4, 2)) * 1j, "net": np.ones((1, 2, 2))}, "'ts' is complex"),
        ({"ts": np.ones((4, 2)), "net": np.ones((2, 2))}, r"'net' is an array \(2, 2\); expected 3 axes"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(tmp_path: Path, content: dict[str, Any], said: str) -> None:
    savemat(tmp_path / "sim3.mat", content)
    with pytest.raises(InputError, match=said):
        netsim_files(tmp_path)


def test_a_matlab_file_that_fills_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sim3.mat"
    monkeypatch.setattr(matfile, "MAX_UNPACKED", 2**20)
    bomb = zlib.compress(bytes(2**23), 9)
    path.write_bytes(b" " * 124 + b"\x00\x01IM" + struct.pack("<II", 15, len(bomb)) + bomb)
    with pytest.raises(InputError, match="unpacks to more than 1 MiB"):
        netsim_files(tmp_path)


def test_what_is_no_matlab_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sim3.mat").write_bytes(b"\x89HDF\r\n" + bytes(600))
    with pytest.raises(InputError, match=r"not a MATLAB file of format 5 to 7\.2"):
        netsim_files(tmp_path)
    buffer = io.BytesIO()
    savemat(buffer, {}, do_compression=True)
    (tmp_path / "sim3.mat").write_bytes(buffer.getvalue())
    with pytest.raises(InputError, match="no array 'ts'; there are none"):
        netsim_files(tmp_path)
