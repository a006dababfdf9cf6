"""A cell: one method with all its parameters on one data set from one seed. Tables are resolved into cells."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..configurations import CONFIGURATIONS
from ..dataset import Dataset
from ..datasets import DATASETS
from ..datasets.catalogue import options_of
from ..errors import InputError
from ..methods import METHODS
from ..metrics import chance, diagonal_floor
from ..parameters import check_parameters
from .decisions import EMPTY, FIGURES, decides
from .table import Column, Row, Table, check_known

FLOORS: dict[str, Callable[[Dataset], dict[str, float]]] = {
    "chance": chance, "diagonal_floor": diagonal_floor, EMPTY: chance,
}  # fmt: skip
"""Rows that read no series: what the truth alone gives."""

LATER: dict[str, Any] = {
    "penalty_batch": None, "contemporaneous": False, "penalty_targets": None, "penalty_draw": "random", "tf32": False,
    "sources": None, "forbidden": None, "required": None, "never_compared": None,
}  # fmt: skip
"""Parameters that a method got after results were committed, with the value under which it does what it did before:
there they are left out of a cell, so that old results stay good."""


@dataclass(frozen=True)
class Cell:
    """What is computed: a pure function of these, of the data's digest and of the code.

    Attributes
    ----------
    dataset : str
    options : dict
        Of the data set, the seed among them where it makes the data.
    method : str
    parameters : dict
        All of them, defaults too, as they were when the cell was resolved; without ``random_state``.
    seed : int, optional
        None where neither the data nor the method take one: such a cell runs once.
    watched : bool
        Whether the scores of every step are compared with the truth, after the fit; it changes no result.
    decided : bool
        Whether figures of its edges are asked for, which rows made before there were any do not have.
    """

    dataset: str
    options: Mapping[str, Any]
    method: str
    parameters: Mapping[str, Any]
    seed: int | None
    watched: bool = False
    decided: bool = False

    @property
    def identity(self) -> str:
        """What a row is looked up by: text that two cells share only if they are the same."""
        return identity(vars(self))

    def key(self, data: str) -> str:
        """Return the name of the cell's row on data of this digest."""
        return hashlib.sha256(f"{self.identity}{data}".encode()).hexdigest()[:32]

    def __str__(self) -> str:
        how = ""
        if self.method == "grngc":
            how = " ({forecaster}, hidden {hidden}, {steps} steps)".format(**self.parameters)
        seed = "" if self.seed is None else f", seed {self.seed}"
        return f"{data_name(self.dataset, self.options)}, {self.method}{how}{seed}"


def cell_of(row: Mapping[str, Any]) -> Cell:
    """Return the cell that left a row."""
    return Cell(row["dataset"], row["options"], row["method"], row["parameters"], row["seed"])


def identity(fields: Mapping[str, Any]) -> str:
    """Return what tells a cell, or the row it left, from others."""
    kept = {name: fields[name] for name in ("dataset", "options", "method", "parameters", "seed")}
    return json.dumps(kept, sort_keys=True, allow_nan=False)


def data_name(dataset: str, options: Mapping[str, Any]) -> str:
    """Return ``lorenz96 forcing=10.0 n_series=5``."""
    return " ".join([dataset, *(f"{name}={value}" for name, value in sorted(options.items()))])


def cells_of(table: Table, row: Row, column: Column) -> dict[int | None, list[Cell]]:
    """Return the cells of one place in the table: for each seed (None: any) one cell for each of the data sets."""
    if column not in table.columns_of(row):
        return {}
    if row.method in FLOORS:
        parameters, takes_seed = {}, False
    else:
        parameters = _parameters(table, row, column)
        takes_seed = "random_state" in _defaults(row.method)
    watched = row.oracle and row.method == "grngc"
    decided = decides(row.method) and not FIGURES.isdisjoint(table.metrics)
    found: dict[int | None, list[Cell]] = {}
    for seed in table.seeds_of(row):
        varies = takes_seed or column.seed_option is not None
        options = dict(column.options) | ({column.seed_option: seed} if column.seed_option else {})
        at = seed if varies else None
        found[at] = [Cell(name, options, row.method, parameters, at, watched, decided) for name in column.datasets]
    return found


def check_names(table: Table) -> None:
    """Refuse data sets, options, methods, configurations and parameters that do not exist, before anything runs."""
    for column in table.columns:
        place = f"{table.name}: column {column.name!r}"
        for name in column.datasets:
            check_known(f"{place}: data set", name, DATASETS)
            for option in [*column.options, *([column.seed_option] if column.seed_option else [])]:
                check_known(f"{place}: option of {name}", option, options_of(name))
    for row in table.rows:
        check_known(f"{table.name}: row {row.label!r}: method", row.method, [*METHODS, *FLOORS])
        if row.oracle and row.method != "grngc":
            raise InputError(
                f"{table.name}: row {row.label!r}: only grngc has steps, and so an oracle; got {row.method}"
            )
        for column in table.columns:
            cells_of(table, row, column)


def _parameters(table: Table, row: Row, column: Column) -> dict[str, Any]:
    """All parameters of the row's method on a column; one that is not known is an error."""
    place, defaults = f"{table.name}: row {row.label!r}", _defaults(row.method)
    name = row.configuration.get(column.name) if isinstance(row.configuration, dict) else row.configuration
    if name is not None and row.method != "grngc":
        raise InputError(f"{place}: configurations are grngc's; {row.method} takes parameters only")
    if name is not None:
        check_known(f"{place}: configuration", name, CONFIGURATIONS)
    given = (CONFIGURATIONS[name] if name is not None else {}) | dict(row.parameters)
    for parameter in given:
        check_known(f"{place}: parameter of {row.method}", parameter, set(defaults) - {"random_state"})
    full = defaults | given
    if row.method == "grngc":
        try:
            check_parameters(full)
        except InputError as error:
            raise InputError(f"{place}: {error}") from error
    kept = {name: value for name, value in full.items() if name != "random_state" and not _as_before(name, value)}
    return json.loads(json.dumps(kept))  # tuples as lists: what a row reads back


def _as_before(name: str, value: Any) -> bool:
    return name in LATER and bool(LATER[name] == value)


@cache
def _defaults(method: str) -> dict[str, Any]:
    return METHODS[method]().get_params(deep=False)
