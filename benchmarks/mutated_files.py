"""Read thousands of damaged files, each under a guard of memory and time, and count what became of them.

    python benchmarks/mutated_files.py csv 10000
    python benchmarks/mutated_files.py parquet 300 --through command    # grngc discover instead of read_panel

Exit code 1 where a file was neither a sound table nor refused in one line: then the lines say which, and
``--first NUMBER`` with a count of 1 repeats it.
"""

import argparse
import contextlib
import csv
import io
import json
import os
import re
import resource
import select
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from hostile_publishers import FILES
from mutations import FORMATS, PUBLISHED, damaged, sound

MEMORY = 2**30
"""Bytes that reading one file may add."""
GOOD = ("same numbers", "other numbers", "refused")
BAD = ("traceback", "coerced", "not one line", "over 1 GiB", "hang", "crash")
MISSING = {"", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "nil", "?", "-", "."}
"""As documented; written down again, so that a change of the code shows."""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("format", choices=FORMATS)
    arguments.add_argument("files", type=int, nargs="?", default=10_000)
    arguments.add_argument("--first", type=int, default=0, help="number of the first file")
    arguments.add_argument("--through", choices=["read_panel", "command"], default="read_panel")
    arguments.add_argument("--seconds", type=float, default=20, help="what a file may take before it counts as hanging")
    arguments.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    numbers = range(given.first, given.first + given.files)
    if given.worker:
        return _work(given.format, numbers, given.through)
    start = time.monotonic()
    found = _guarded(given.format, numbers, given.through, given.seconds)
    counts = Counter(outcome for outcome, *_ in found.values())
    for number, (outcome, _, _, said) in found.items():
        if outcome in BAD:
            print(f"file {number}: {outcome}: {said}")
    print(f"{given.format}: {len(found)} files through {given.through}, {time.monotonic() - start:.0f} s")
    for outcome in (*GOOD, *BAD):
        print(f"  {outcome:<14}{counts[outcome]:>7}")
    most = max(memory for _, memory, _, _ in found.values())
    slowest = max(seconds for _, _, seconds, _ in found.values())
    print(f"  most memory {most / 2**20:.0f} MiB, longest {slowest:.2f} s")
    return int(any(counts[outcome] for outcome in BAD) or len(found) < given.files)


def _guarded(kind: str, numbers: range, through: str, patience: float) -> dict[int, tuple[str, int, float, str]]:
    """Judge files in a child; one that kills the child, or makes it hang, is recorded, and the rest goes on."""
    found: dict[int, tuple[str, int, float, str]] = {}
    while len(found) < len(numbers):
        at = numbers[len(found)]
        command = [sys.executable, __file__, kind, str(numbers.stop - at), "--first", str(at)]
        with tempfile.TemporaryFile() as errors:
            child = subprocess.Popen(
                [*command, "--through", through, "--worker"], stdout=subprocess.PIPE, stderr=errors, text=False
            )
            ending = _listen(child, found, patience)
            errors.seek(0)
            last = errors.read().decode(errors="replace").strip().splitlines()[-1:]
        if ending == "not begun":
            raise SystemExit(f"the child does not start: {last}")
        if len(found) < len(numbers):
            outcome = "hang" if ending == "hang" else "crash"
            found[numbers[len(found)]] = (outcome, 0, 0.0, f"exit {child.returncode} {last}")
    return found


def _listen(child: "subprocess.Popen[bytes]", found: dict[int, tuple[str, int, float, str]], patience: float) -> str:
    """Take the child's lines, one a file, until it ends or is silent for too long."""
    begun, rest = False, b""
    try:
        while True:
            ready, _, _ = select.select([child.stdout], [], [], patience if begun else 120)
            if not ready:
                return "hang"
            data = os.read(child.stdout.fileno(), 2**16)
            if not data:
                return "end" if begun else "not begun"
            begun = True
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line != b"begun":
                    number, outcome, memory, seconds, said = json.loads(line)
                    found[number] = (outcome, memory, seconds, said)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def _work(kind: str, numbers: range, through: str) -> int:
    judge = _by_preparing if kind in PUBLISHED else _by_command if through == "command" else _by_reading
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        path = Path(folder) / FILES.get(kind, f"data.{kind}")
        path.write_bytes(sound(kind))
        outcome = judge(path, {})  # imports what there is to import
        if kind in PUBLISHED:
            sys.addaudithook(_note_opened)
        if outcome[0] != "same numbers":
            raise SystemExit(f"the sound file is {outcome}")
        address_space = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (address_space + MEMORY + 2**28,) * 2)
        print("begun", flush=True)
        for number in numbers:
            content, options = damaged(kind, number)
            path.write_bytes(content)
            if number % 2:
                options = options | {"missing": "drop"}
            before, start = _resident(reset=True), time.monotonic()
            outcome, said = judge(path, options)
            seconds, grown = time.monotonic() - start, _resident(peak=True) - before
            if outcome in GOOD and grown > MEMORY:
                outcome = "over 1 GiB"
            print(json.dumps([number, outcome, grown, seconds, said[:300]]), flush=True)
    return 0


def _resident(peak: bool = False, reset: bool = False) -> int:
    """Bytes this process holds, or the most since the last reset (Linux)."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    text = Path("/proc/self/status").read_text()
    return int(re.search(rf"Vm{'HWM' if peak else 'RSS'}:\s+(\d+)", text)[1]) * 1024


def _by_reading(path: Path, options: dict[str, Any]) -> tuple[str, str]:
    from grngc import InputError
    from grngc.datasets.files import read_panel
    from grngc.errors import InputWarning

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", InputWarning)
        try:
            panel = read_panel(path, **options)
        except InputError as error:
            return _refusal(str(error), str(path))
        except BaseException as error:  # noqa: BLE001  whatever it is, it is a finding
            return "traceback", f"{type(error).__name__}: {error} at {traceback.extract_tb(error.__traceback__)[-1]}"
        values = np.concatenate(panel.trajectories)
        if not np.isfinite(values).all() and options.get("missing") != "drop":
            return "coerced", "NaN although missing values are refused"
        try:
            why = COERCED[path.suffix[1:]](path, values, panel.names)
        except Exception as error:  # noqa: BLE001  another library cannot read it, so there is nothing to compare
            fine = path.suffix in (".npz", ".parquet") and isinstance(error, (OSError, ValueError))
            why = "" if fine else f"cannot be compared: {error!r}"
        if why:
            return "coerced", why
        return _compared(values)


def _by_command(path: Path, options: dict[str, Any]) -> tuple[str, str]:
    """Run ``grngc discover`` in this process, as the command line does."""
    from grngc.cli import main as grngc

    given = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = grngc(["discover", str(path), "--json", "--lag", "1", "--forecaster", "linear", *given])
    told = err.getvalue().splitlines()
    if "Traceback" in err.getvalue() or code not in (0, 2, 3):
        return "traceback", f"exit code {code}: {told[:1]} {told[-1:]}"
    if odd := [line for line in told if not line.startswith(("grngc: warning: ", "grngc: error: "))]:
        return "traceback", f"says {odd[0]}"
    errors = [line for line in told if line.startswith("grngc: error: ")]
    if code == 2:
        if out.getvalue() or len(errors) != 1:
            return "not one line", f"{errors}"
        return _refusal(errors[0].removeprefix("grngc: error: "), str(path))
    if errors:
        return ("refused", errors[0]) if code == 3 else ("traceback", errors[0])
    record = json.loads(out.getvalue())
    return ("same numbers" if record["data"]["times"] == 40 else "other numbers"), record["conclusion"]


def _by_preparing(path: Path, options: dict[str, Any]) -> tuple[str, str]:
    """Read what ``grngc datasets prepare`` reads, and see that nothing but the file is opened."""
    from grngc import InputError
    from grngc.datasets import publishers

    _opened.clear()
    try:
        if path.suffix == ".mat":
            arrays = publishers.netsim_files(path.parent)
        else:
            arrays = publishers.dream4_files(1, path.parent)
    except InputError as error:
        return _refusal(str(error), str(path))
    except BaseException as error:  # noqa: BLE001  whatever it is, it is a finding
        return "traceback", f"{type(error).__name__}: {error} at {traceback.extract_tb(error.__traceback__)[-1]}"
    finally:
        opened = [each for each in _opened if each != str(path)]
    if opened or [each.name for each in path.parent.iterdir()] != [path.name]:
        return "traceback", f"opens {opened}"
    return _compared(np.concatenate(arrays["series"]))


_opened: list[str] = []


def _note_opened(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and not str(arguments[0]).startswith("/proc/"):
        _opened.append(str(arguments[0]))


def _refusal(message: str, path: str) -> tuple[str, str]:
    fine = message.startswith(path) and "\n" not in message and len(message) < 2000
    return ("refused" if fine else "not one line"), message


def _compared(values: np.ndarray) -> tuple[str, str]:
    from mutations import X

    return ("same numbers" if np.array_equal(values, X) else "other numbers"), ""


def _text_coerced(path: Path, values: np.ndarray, names: tuple[str, ...]) -> str:
    """Whether a number is not in the text as such, or a gap is none of the documented ones."""
    text = path.read_bytes().decode("utf-8-sig")
    cells = [cell.strip().strip('"').strip() for cell in re.split("[,;\t\r\n]", text)]
    there: Counter[float] = Counter()
    for cell in cells:
        with contextlib.suppress(ValueError):
            if re.fullmatch(r"[-+0-9.eE]+", cell):
                there[float(cell)] += 1
    known = values[~np.isnan(values)]
    if odd := Counter(known.tolist()) - there:
        return f"{next(iter(odd))} is not in the file"
    if 0.0 in known and not any(re.fullmatch(r"[-+]?[0.]+([eE].*)?", cell) for cell in cells):
        return "0 is not in the file"
    gaps = np.isnan(values).sum() - sum(cell.lower() in MISSING for cell in cells)
    return f"{gaps} gaps more than missing cells" if gaps > 0 else ""


def _archive_coerced(path: Path, values: np.ndarray, names: tuple[str, ...]) -> str:
    warnings.simplefilter("ignore")  # what NumPy says of headers by Python 2; the caller puts filters back
    with np.load(path, allow_pickle=False, max_header_size=10**5) as archive:
        series = archive["series"]
        if series.dtype.kind not in "biuf":
            return f"{series.dtype} became numbers"
        if "names" in archive and archive["names"].dtype.kind not in "USiu":
            return f"{archive['names'].dtype} became names"
    return "" if np.array_equal(series.reshape(-1, series.shape[-1]), values, equal_nan=True) else "other values"


def _parquet_coerced(path: Path, values: np.ndarray, names: tuple[str, ...]) -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.ParquetFile(path).read(columns=list(names))
    for name, x in zip(names, values.T, strict=True):
        column = table.column(name)
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
                or pa.types.is_decimal(kind) or pa.types.is_null(kind)):  # fmt: skip
            return f"{column.type} became numbers"
        wanted = np.array([np.nan if cell is None else float(cell) for cell in column.to_pylist()])
        if not np.array_equal(np.sort(wanted), np.sort(x), equal_nan=True):
            return f"column {name!r} has other values"
    return ""


COERCED = {"csv": _text_coerced, "tsv": _text_coerced, "npz": _archive_coerced, "parquet": _parquet_coerced}


if __name__ == "__main__":
    csv.field_size_limit(131072)
    sys.exit(main())
