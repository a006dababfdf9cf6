"""A benchmark as data: one TOML file becomes one Table, or one line that says what is wrong in it."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from ..arguments import nearest
from ..errors import InputError
from ..opening import read_whole

MAX_SIZE = 2**20
"""Bytes of a table's file; the largest of ours has 8 KB."""
SEEDS = (0, 1, 2, 3, 4)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Column(_Strict):
    """What methods are run on.

    Attributes
    ----------
    name : str
        Short, for ``--columns`` and for ``published.csv``.
    label : str
        For people; the name where not given.
    datasets : list of str
        Names that :func:`grngc.datasets.load` takes; of several the mean is shown.
    options : dict
        Of each data set.
    seed_option : str
        The data set's option that takes the seed, so that every seed has its own data; without it all seeds have the
        same data and differ in the method's start only.
    """

    name: str
    label: str = ""
    datasets: list[str] = Field(min_length=1)
    options: dict[str, JsonValue] = {}
    seed_option: str | None = None


class Row(_Strict):
    """A method with its settings.

    Attributes
    ----------
    label : str
    method : str
        Of ``grngc.methods.METHODS``, or ``chance`` or ``diagonal_floor``.
    chosen : str
        How the hyper-parameters were chosen.
    configuration : str or dict
        Of ``grngc.configurations.CONFIGURATIONS``; one for all columns, or column name -> configuration.
    parameters : dict
        Of the method, over those of the configuration.
    columns : list of str, optional
        Names of the columns it is run on; all, or those that ``configuration`` names, where not given.
    elsewhere : str
        What the other columns show.
    seeds : list of int, optional
        The table's, where not given.
    oracle : bool
        Show beside it the best step, picked on the truth.
    reproduces : str, optional
        The method in ``published.csv`` whose printed figures this row is to give again; a verdict is said on each.
    differs : str
        Why it may give others: what was not published, what is known to be otherwise here.
    """

    label: str
    method: str
    chosen: str
    configuration: str | dict[str, str] | None = None
    parameters: dict[str, JsonValue] = {}
    columns: list[str] | None = None
    elsewhere: str = "-"
    seeds: list[int] | None = None
    oracle: bool = False
    reproduces: str | None = None
    differs: str = ""


class Table(_Strict):
    """A benchmark table.

    Attributes
    ----------
    name : str
        The file's, without its ending.
    title : str
    notes : list of str
        What a reader must know, errors in the published table among it.
    metrics : list of str
        Of ``grngc.bench.figures.METRICS``; one block of the table each.
    published : str, optional
        The table's key in ``published.csv``.
    claim : str
        The published method that the default is judged against.
    documented : bool
        Whether ``docs/benchmarks.md`` shows it; where not, ``bench run --prune`` of another table drops its rows.
    """

    name: str
    title: str
    notes: list[str] = []
    metrics: list[str] = ["auroc", "auprc"]
    published: str | None = None
    claim: str = "GRNGC"
    documented: bool = True
    seeds: list[int] = list(SEEDS)
    columns: list[Column] = Field(min_length=1)
    rows: list[Row] = Field(min_length=1)

    def columns_of(self, row: Row) -> list[Column]:
        """Return the columns that ``row`` is run on."""
        mapped = list(row.configuration) if isinstance(row.configuration, dict) else None
        wanted = row.columns if row.columns is not None else mapped
        return [column for column in self.columns if wanted is None or column.name in wanted]

    def seeds_of(self, row: Row) -> list[int]:
        """Return the seeds of ``row``."""
        return self.seeds if row.seeds is None else row.seeds


def find_table(name: str, folder: Path) -> Path:
    """Return the file of a table given by name, looked up in ``folder``, or by path."""
    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        return path
    path = folder / f"{name}.toml"
    if path.is_file():
        return path
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; say where the tables are with --tables")
    known = sorted(file.stem for file in folder.glob("*.toml"))
    raise InputError(f"{folder}: no table {name!r}{nearest(name, known)}")


def read_table(path: Path) -> Table:
    """Read and check one table; :class:`InputError` names the file, the key and the nearest valid one."""
    try:
        values = tomllib.loads(read_whole(path, MAX_SIZE).decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not a readable TOML table ({error})") from error
    values = {"name": path.stem} | values
    try:
        table = Table.model_validate(values)
    except ValidationError as error:
        _refuse(path, error)
    for what, names in (("column", [c.name for c in table.columns]), ("row", [r.label for r in table.rows])):
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise InputError(f"{path}: {what} {twice[0]!r} is there twice; give every {what} a name of its own")
        if odd := [name for name in names if not name.isprintable()]:
            raise InputError(f"{path}: {what} {odd[0]!r} has characters that do not show: tables are text; remove them")
        if lists := [name for name in names if "," in name]:
            raise InputError(f"{path}: {what} {lists[0]!r} has a comma, which tells {what}s apart in --{what}s")
    columns = [column.name for column in table.columns]
    for row in table.rows:
        mapped = row.configuration if isinstance(row.configuration, dict) else {}
        for name in [*(row.columns or ()), *mapped]:
            check_known(f"{path}: row {row.label!r}: column", name, columns)
    return table


def check_known(what: str, name: str, known: Iterable[str]) -> None:
    """Refuse a name that is not known, and say which one is nearest."""
    known = list(known)
    if name not in known:
        raise InputError(f"{what} {name!r} is not known{nearest(name, known)}")


def _refuse(path: Path, error: ValidationError) -> NoReturn:
    """Turn pydantic's first complaint into one line."""
    first = error.errors()[0]
    place = ""
    models: dict[str, type[BaseModel]] = {"columns": Column, "rows": Row}
    fields: dict[str, Any] = dict(Table.model_fields)
    for part in first["loc"][:-1]:
        place += f"[{part + 1}]" if isinstance(part, int) else f"{'.' if place else ''}{part}"
        if part in models:
            fields = dict(models[str(part)].model_fields)
    last = str(first["loc"][-1])
    where = f"{path}: {place + ': ' if place else ''}"
    if first["type"] == "extra_forbidden":
        raise InputError(f"{where}key {last!r} is not known{nearest(last, fields)}") from error
    if first["type"] == "missing":
        raise InputError(f"{where}key {last!r} is missing") from error
    raise InputError(f"{where}key {last!r}: {first['msg']}; got {first['input']!r}") from error
