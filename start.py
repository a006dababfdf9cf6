"""Set up grngc and run it: `python3 start.py demo` or `python3 start.py test [--all] [pytest arguments]`.

`python3 start.py check` runs ruff, mypy and import-linter alone, `python3 start.py docs` builds docs/_build/html.

Needs Python 3.11 or newer and nothing else. The first run makes `.venv` in this folder and fills it (about 1 GB, 0.7 of
it torch, with the CPU build); a stamp inside `.venv` lets later runs start at once. Packages come from wherever pip is
configured to look; no address is written here. torch is looked for in this order:

1. one already importable in `.venv` and in the range of pyproject.toml: kept as it is
2. on Linux without an NVIDIA driver: the CPU build, where a configured index or folder offers it
3. the index named in the environment variable GRNGC_TORCH_INDEX
4. the default build, which on Linux brings several GB of CUDA libraries: said before it comes

uv is used instead of pip when it is on the path.
"""

import os
import shutil
import subprocess
import sys

# This block must run on any Python 3: a clear line instead of a SyntaxError or a failed install.
if sys.version_info < (3, 11):  # noqa: UP036
    for _name in ("python3.13", "python3.12", "python3.11"):
        _found = shutil.which(_name)
        # a pyenv shim exists without the Python behind it, so ask before handing over
        if _found and subprocess.call([_found, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(_found, [_found, *sys.argv])
    sys.exit(f"grngc needs Python 3.11 or newer; this is {sys.version.split()[0]} and no newer one is on the path")

import ast
import hashlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "grngc-stamp"
LOG = VENV / "grngc-install.log"
CONSTRAINTS_IN_USE = VENV / "grngc-constraints.txt"
CONSTRAINTS_DOCS = ROOT / "constraints-docs.txt"
DOCS = ROOT / "docs"
MADE_FOR_DOCS = (DOCS / "_build", DOCS / "api" / "generated", DOCS / "gallery")
INDEX_VARIABLE = "GRNGC_TORCH_INDEX"
LOG_LINES_SHOWN = 15
MOST_AT_ONCE = 8  # processes of tests: each takes some 700 MB


class SetupError(Exception):
    """The environment cannot be made; the message is all a user needs to read."""


# ---- what to do: pure functions, felt by tests/test_start.py ---------------------------------------------------------


class Attempt(NamedTuple):
    """One place to look for torch; when it fails, the next is tried unless this one is ``final``."""

    requirement: str
    says: str
    index_url: str = ""
    final: bool = False


def stamp_of(python: str, *files: bytes) -> str:
    """Digest of all that decides what is installed: the Python (version and place) and the files that name packages."""
    digest = hashlib.sha256(python.encode())
    for content in files:
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def pinned(constraints: str, package: str) -> str:
    """Version that the text of constraints.txt gives a package."""
    found = re.search(rf"^{re.escape(package)}==(\S+)$", constraints, re.MULTILINE)
    if not found:
        raise SetupError(f"constraints.txt pins no {package}: add a line {package}==VERSION")
    return found[1]


def in_range(version: str, pyproject: str) -> bool:
    """Whether a torch version lies in the range ``torch>=a.b,<c`` of pyproject.toml."""
    found = re.search(r'"torch>=(\d+)\.(\d+),<(\d+)"', pyproject)
    given = re.match(r"(\d+)\.(\d+)", version)
    if not found or not given:
        return False
    low, high = (int(found[1]), int(found[2])), (int(found[3]), 0)
    return low <= (int(given[1]), int(given[2])) < high


def torch_attempts(version: str, *, platform: str, nvidia: bool, index: str) -> list[Attempt]:
    """Where to look for torch, in order."""
    attempts = []
    if platform == "linux" and not nvidia:
        attempts.append(Attempt(f"torch=={version}+cpu", f"torch {version}, the CPU build"))
    if index:
        attempts.append(Attempt(f"torch=={version}", f"torch {version} from {INDEX_VARIABLE}", index, final=True))
    else:
        size = ": on Linux several GB may come (CUDA libraries)" if platform == "linux" else ""
        attempts.append(Attempt(f"torch=={version}", f"torch {version}, the default build{size}", final=True))
    return attempts


def with_torch(constraints: str, version: str) -> str:
    """Constraints that agree with the torch that is there, so that the next install leaves it alone."""
    return re.sub(r"^torch==.*$", f"torch=={version}", constraints, flags=re.MULTILINE)


def install_command(arguments: Sequence[str], *, uv: str, python: Path, constraints: Path, index_url: str) -> list[str]:
    """Command line that installs into the environment of ``python``, by uv when its path is given, else by pip.

    A named index carries torch and not our pinned set: the constraints are left out there.
    """
    start = [uv, "pip", "install", "--python", str(python)] if uv else [str(python), "-m", "pip", "install"]
    where = ["--index-url", index_url] if index_url else ["-c", str(constraints)]
    return [*start, *where, *arguments]


def pip_settings(listing: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Settings from the text of ``pip config list``, ``PIP_*`` variables winning as they do in pip."""
    settings: dict[str, str] = {}
    for section in ("global", "install"):
        for key, value in re.findall(rf"^{section}\.([a-z-]+)=(.*)$", listing, re.MULTILINE):
            settings[key] = str(ast.literal_eval(value))
    variables = {key: value for key, value in environment.items() if key.startswith("PIP_")}
    return settings | {key[4:].lower().replace("_", "-"): value for key, value in variables.items()}


def uv_environment(environment: Mapping[str, str], pip: Mapping[str, str]) -> dict[str, str]:
    """The environment for uv, which reads none of pip's settings: hand over where packages come from.

    Not handed over are pip's *extra* indexes: pip takes the best version of all indexes, uv what the first one has, so
    the same list means another thing. Variables of uv's own that the user has set stay.
    """
    handed = {
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "SSL_CERT_FILE": pip.get("cert", ""),
    }
    return {**{key: value for key, value in handed.items() if value}, **environment}


def side_by_side(arguments: Sequence[str], cores: int) -> list[str]:
    """What lets pytest run tests on several cores; nothing where the user says how, or looks at one test's output."""
    own = ("-n", "--numprocesses", "--dist", "-p", "--pdb", "-s", "--capture")
    if cores < 2 or any(argument.startswith(own) for argument in arguments):
        return []
    return ["-n", str(min(cores, MOST_AT_ONCE)), "--dist", "worksteal"]


def checks(arguments: Sequence[str] = (), cores: int = 1) -> list[tuple[str, list[str]]]:
    """Name and command of each check, pytest last: ``--all`` lifts its filter, other arguments are passed on to it."""
    every = "--all" in arguments
    rest = [argument for argument in arguments if argument != "--all"]
    python = str(PYTHON)
    lint_imports = "from importlinter.cli import lint_imports_command as run; run(['--no-logo'])"
    return [
        ("ruff", [python, "-m", "ruff", "check", "--quiet"]),
        ("mypy", [python, "-m", "mypy", "--no-error-summary"]),
        ("import-linter", [python, "-c", lint_imports]),
        ("pytest", [python, "-m", "pytest", *([] if every else ["-m", "not slow"]), *side_by_side(rest, cores), *rest]),
    ]


def sphinx() -> list[str]:
    """Command that builds the pages; a warning makes it fail, after all of them were shown."""
    options = ["--fail-on-warning", "--keep-going", "--quiet", "--builder", "html"]
    return [str(PYTHON), "-m", "sphinx", *options, str(DOCS), str(DOCS / "_build" / "html")]


# ---- doing it --------------------------------------------------------------------------------------------------------


def say(text: str, end: str = "\n") -> None:
    """Print one line of progress."""
    print(f"start.py: {text}", end=end, flush=True)


@contextmanager
def timed(text: str) -> Iterator[None]:
    """Say what happens, then how long it took."""
    begin = time.perf_counter()
    say(f"{text} ... ", end="")
    try:
        yield
    except BaseException:
        print(f"stopped after {time.perf_counter() - begin:.1f} s", flush=True)
        raise
    print(f"{time.perf_counter() - begin:.1f} s", flush=True)


def logged(command: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Run a command with its output going to the log; whether it succeeded."""
    with LOG.open("a") as log:
        print("\n$", *command, file=log, flush=True)
        return subprocess.call(command, env=environment, stdout=log, stderr=log, cwd=ROOT) == 0


def failed(what: str) -> SetupError:
    """The error for a failed install: the end of the log, and where the rest is."""
    tail = LOG.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    return SetupError("\n  ".join([f"{what} could not be installed. The last lines of {LOG}:", *tail]))


def python_in_venv(uv: str) -> str:
    """Version and place of a working Python in ``.venv``, or "" where there is none that can be used."""
    probe = f"import sys{'' if uv else ', pip'}; print(sys.version.split()[0], sys.prefix)"
    try:
        done = subprocess.run([PYTHON, "-c", probe], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def ensure_venv(uv: str) -> str:
    """Make ``.venv``, or keep the one there when it works and has this Python's version. Returns what is in it."""
    wanted = sys.version.split()[0]
    found = python_in_venv(uv)
    if found.split(" ")[0] == wanted:
        return found
    if VENV.exists():
        if not (VENV / "pyvenv.cfg").exists() and any(VENV.iterdir()):
            raise SetupError(f"{VENV} is not a virtual environment: move it away and run this again")
        reason = f"is for Python {found.split(' ')[0]}, this is {wanted}" if found else "does not work"
        say(f".venv {reason}: it is made anew")
        shutil.rmtree(VENV)
    maker = [uv, "venv", "--quiet", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
    with timed(f"making .venv with Python {wanted}"):
        done = subprocess.run([*maker, str(VENV)], capture_output=True, text=True)
    found = python_in_venv(uv)
    if done.returncode or not found:
        shutil.rmtree(VENV, ignore_errors=True)
        remedy = "on Debian `apt install python3-venv`, or install uv"
        raise SetupError(f"the environment could not be made ({remedy}):\n{done.stderr}{done.stdout}".rstrip())
    return found


def installed_torch() -> str:
    """Version of a torch that can be imported in ``.venv``, else ""."""
    done = subprocess.run([PYTHON, "-c", "import torch; print(torch.__version__)"], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def has_nvidia_driver() -> bool:
    """Whether this machine has an NVIDIA driver."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def install(uv: str, pyproject: str, constraints: str, extra: str = "test") -> None:
    """Fill ``.venv``: torch first, so that its build is chosen and not merely found, then the package and the rest."""
    tool = "uv" if uv else "pip"
    environment = dict(os.environ)
    if uv:
        pip = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True)
        environment = uv_environment(os.environ, pip_settings(pip.stdout, os.environ))
    LOG.write_text("")
    CONSTRAINTS_IN_USE.write_text(constraints)

    def run(arguments: Sequence[str], index_url: str = "") -> bool:
        command = install_command(arguments, uv=uv, python=PYTHON, constraints=CONSTRAINTS_IN_USE, index_url=index_url)
        return logged(command, environment)

    torch = installed_torch()
    if torch and in_range(torch, pyproject):
        say(f"torch {torch} is there and is kept")
        CONSTRAINTS_IN_USE.write_text(with_torch(constraints, torch.partition("+")[0]))
    else:
        version, index = pinned(constraints, "torch"), os.environ.get(INDEX_VARIABLE, "")
        for attempt in torch_attempts(version, platform=sys.platform, nvidia=has_nvidia_driver(), index=index):
            with timed(f"{tool}: {attempt.says}"):
                done = run([attempt.requirement], attempt.index_url)
            if done:
                break
            if attempt.final:
                raise failed("torch")
            say("  not offered here")
    with timed(f"{tool}: grngc and the pinned set of its extra {extra}"):
        done = run(["-e", f".[{extra}]"])
    if not done:
        raise failed("grngc")


def set_up(extra: str = "test") -> None:
    """Make ``.venv`` fit what pyproject.toml and the constraints say; at once when the stamp says that it does."""
    uv = shutil.which("uv") or ""
    pyproject, constraints = (ROOT / "pyproject.toml").read_text(), (ROOT / "constraints.txt").read_text()
    stamp_file = STAMP
    if extra == "docs":
        constraints, stamp_file = constraints + CONSTRAINTS_DOCS.read_text(), STAMP.with_name(f"{STAMP.name}-docs")
    begin = time.perf_counter()
    stamp = stamp_of(ensure_venv(uv), pyproject.encode(), constraints.encode())
    if stamp_file.exists() and stamp_file.read_text() == stamp:
        return
    stamp_file.unlink(missing_ok=True)
    install(uv, pyproject, constraints, extra)
    stamp_file.with_suffix(".part").write_text(stamp)
    os.replace(stamp_file.with_suffix(".part"), stamp_file)
    say(f"ready after {time.perf_counter() - begin:.0f} s; from now on this step takes none")


def demo(arguments: Sequence[str]) -> int:
    """Run ``grngc demo``; returns its exit code."""
    return subprocess.call([PYTHON.with_name("grngc"), "demo", *arguments], cwd=ROOT)


def test(arguments: Sequence[str]) -> int:
    """Run every check and the tests."""
    return run_all(checks(arguments, usable_cores()))


def docs(arguments: Sequence[str]) -> int:
    """Build the documentation from nothing: a page, or an example's output, of earlier code would be left standing."""
    for made in MADE_FOR_DOCS:
        shutil.rmtree(made, ignore_errors=True)
    begin = time.perf_counter()
    code = subprocess.call([*sphinx(), *arguments], cwd=ROOT, env={**os.environ, "MPLBACKEND": "agg"})
    verdict = str(DOCS / "_build" / "html" / "index.html") if code == 0 else f"docs FAILED (exit code {code})"
    say(f"{verdict}, {time.perf_counter() - begin:.0f} s")
    return code


def usable_cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check(arguments: Sequence[str]) -> int:
    """Run ruff, mypy and import-linter alone."""
    return run_all(checks()[:-1])


def run_all(steps: Sequence[tuple[str, list[str]]]) -> int:
    """Run every step, and give the exit code of the first that failed."""
    first = 0
    for name, command in steps:
        begin = time.perf_counter()
        code = subprocess.call(command, cwd=ROOT)
        verdict = "passed" if code == 0 else f"FAILED (exit code {code})"
        say(f"{name} {verdict}, {time.perf_counter() - begin:.1f} s")
        first = first or code
    return first


COMMANDS = {"demo": demo, "test": test, "check": check, "docs": docs}
USAGE = "usage: python3 start.py demo | test [--all] [pytest arguments] | check | docs   (--help says more)"


def main(arguments: Sequence[str]) -> int:
    """Set up, then run the command; returns the exit code."""
    if not arguments or arguments[0] not in COMMANDS:
        asked = arguments[:1] in (["-h"], ["--help"])
        print(__doc__.strip() if asked else USAGE, file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    try:
        set_up("docs" if arguments[0] == "docs" else "test")
        return COMMANDS[arguments[0]](arguments[1:])
    except SetupError as error:
        print(f"start.py: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstart.py: interrupted; the same command goes on from here", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
