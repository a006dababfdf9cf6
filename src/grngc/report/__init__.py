"""Results as one self-contained page: :mod:`.summary` says what is on that of a run, :mod:`.subjects` of several
subjects, :mod:`.changes` of two sides compared; :mod:`.render` makes them HTML.
"""

from .changes import summarise_changes
from .render import benchmarks_page, comparison_page, group_page, run_page, write_page
from .subjects import summarise_subjects
from .summary import summarise_run

__all__ = [
    "benchmarks_page",
    "comparison_page",
    "group_page",
    "run_page",
    "summarise_changes",
    "summarise_run",
    "summarise_subjects",
    "write_page",
]
