"""Every fault of the table is named by column and row, or handled as the documents say."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from faults import FAULTS, Fault, X, page
from grngc.datasets.files import read_panel
from grngc.errors import InputError, InputWarning


def test_there_are_a_hundred_and_no_two_alike() -> None:
    assert len(FAULTS) >= 100
    assert len({fault.title for fault in FAULTS}) == len(FAULTS)
    assert len({(fault.content, str(fault.options), fault.name) for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.title)
def test_a_fault_is_named_or_handled_as_documented(fault: Fault, tmp_path: Path) -> None:
    path = tmp_path / fault.name
    path.write_bytes(fault.content)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if fault.what == "error":
            with pytest.raises(InputError) as raised:
                read_panel(path, **fault.options)
            told = [str(raised.value)]
        else:
            panel = read_panel(path, **fault.options)
            told = [str(each.message) for each in caught]
            assert all(issubclass(each.category, InputWarning) for each in caught)
    if fault.what == "read":
        assert told == []
        values = panel.trajectories[0]
        assert np.isnan(values).sum() == (fault.options.get("missing") == "drop")
        expected = X[:, : values.shape[1]]
        assert (values == expected).mean() >= 0.5 or values.shape[1] == 2  # the other numbers are as they were
        np.testing.assert_array_equal(values[:, 0], expected[:, 0])
        return
    assert len(told) == 1, told
    assert told[0].startswith((f"{path}: ", f"{path}, "))
    assert fault.says in told[0], told[0]
    assert "\n" not in told[0]


def test_the_page_of_the_documents_is_that_of_the_table() -> None:
    assert (Path(__file__).parents[1] / "docs" / "faults.md").read_text() == page()
