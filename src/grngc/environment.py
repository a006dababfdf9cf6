"""What a run stands on, for its record and for ``grngc doctor``: versions, device, threads, memory."""

import hashlib
import os
import platform
import subprocess
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "grngc", "torch", "numpy", "scipy", "scikit-learn", "pandas", "narwhals", "statsmodels", "networkx", "safetensors",
    "typer", "rich", "loky", "psutil", "pydantic", "jinja2",
)  # fmt: skip
OPTIONAL = ("pyarrow", "polars", "ray", "distributed")


def versions() -> dict[str, str | None]:
    """Return the version of Python and of each package grngc uses; None where it is not installed."""
    return {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES + OPTIONAL}


def revision() -> str | None:
    """Return the commit that the code is at, with ``-dirty`` where it was changed since; None outside a checkout."""
    here = Path(__file__).resolve()
    call = partial(subprocess.run, cwd=here.parent, capture_output=True, text=True, timeout=10, check=True)
    try:
        call(["git", "ls-files", "--error-unmatch", here.name])  # not a checkout that grngc is merely installed in
        commit = call(["git", "rev-parse", "--short=12", "HEAD"]).stdout.strip()
        changed = call(["git", "status", "--porcelain", "--untracked-files=no", "--", "."]).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit}-dirty" if changed else commit


@cache
def code() -> str:
    """Return a digest of grngc's own sources, as they were when it was first asked for."""
    found, here = hashlib.sha256(), Path(__file__).parent
    for path in sorted(here.rglob("*.py")):
        found.update(f"{path.relative_to(here)}\0".encode() + path.read_bytes())
    return found.hexdigest()


def examine() -> dict[str, Any]:
    """Return what ``grngc doctor`` tells: plain values, and under ``problems`` one sentence for each thing amiss.

    It imports torch, and works where that fails: this is when it is needed.
    """
    found = versions()
    problems = [f"{name} is not installed: pip install grngc" for name in PACKAGES if found[name] is None]
    facts: dict[str, Any] = {"versions": found, "platform": platform.platform(), "processors": processors()}
    try:
        import torch

        from .device import described, resolve_device
        from .runtime import MEMORY_BUDGET
    except (ImportError, OSError) as error:
        problems.append(f"torch cannot be imported: {' '.join(str(error).split())}")
    else:
        cuda = [torch.device("cuda", n) for n in range(torch.cuda.device_count())]
        facts |= {
            "devices": ["cpu", *map(described, cuda)],
            "device_auto": str(resolve_device("auto")),
            "threads": torch.get_num_threads(),
            "memory_budget": MEMORY_BUDGET,
        }
    return facts | {"problems": problems}


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
