import subprocess
import sys

import pytest

import grngc


def test_public_names_are_all_there() -> None:
    assert set(grngc.__all__) <= set(dir(grngc))
    for name in grngc.__all__:
        assert getattr(grngc, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'grgnc'"):
        _ = grngc.grgnc


def test_import_is_light() -> None:
    heavy = "{'torch', 'numpy', 'pandas', 'sklearn', 'scipy', 'narwhals', 'statsmodels'} & set(sys.modules)"
    code = f"import sys, grngc; grngc.__version__; sys.exit({heavy} or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
