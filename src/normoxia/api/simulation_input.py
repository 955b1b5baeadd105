"""Patients and doses of a simulation, from a file, a data frame or a mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.simulation import tables
from normoxia.simulation.tables import DoseTable

if TYPE_CHECKING:
    from normoxia.documents import Finding
    from normoxia.mechanism.model import Model

#: columns of doses
_COLUMNS = ("time", "target", "amount", "duration", "patient")


class Frame(Protocol):
    """A data frame of polars or pandas."""

    @property
    def columns(self) -> Iterable[str]:
        """Names of the columns."""
        ...

    def __getitem__(self, name: str, /) -> Iterable[object]:
        """A column."""
        ...


Table = Frame | Mapping[str, Iterable[object]]


def patient_table(
    source: str | Path | Table | None, model: Model, decimal: str | None, notes: list[Finding]
) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
    """Names of patients and their parameters, each of shape (n_patients,); one typical patient without a source.

    Raises
    ------
    InvalidDocument
        A file with faults; all are listed.
    UnknownName
        The model has no parameter of a name.
    InvalidArgument
        Columns of different lengths, values that are no finite numbers, or a patient twice.
    """
    if source is None:
        return ["1"], {}
    parameters = [parameter.name for parameter in model.parameters]
    if isinstance(source, (str, Path)):
        return tables.read_patients(Path(source), parameters, decimal=decimal, notes=notes)
    columns = _columns(source, "patients")
    n = len(next(iter(columns.values())))
    names = [str(name) for name in columns.pop("patient", range(1, n + 1))]
    if len(set(names)) < n:
        raise InvalidArgument("patients: a patient stands twice; keep one row for each")
    for name in columns:
        if name not in parameters:
            raise UnknownName("parameter", name, parameters)
    return names, {name: _numbers("patients", name, column) for name, column in columns.items()}


def dose_table(
    source: str | Path | Table | None,
    patients: Sequence[str],
    model: Model,
    decimal: str | None,
    notes: list[Finding],
) -> DoseTable | None:
    """Doses ordered by patient; None without a source.

    Raises
    ------
    InvalidDocument
        A file with faults; all are listed.
    UnknownName
        The model has no species, or the patients no member, of a name.
    InvalidArgument
        A missing or unknown column, or values that are negative or no finite numbers.
    """
    if source is None:
        return None
    species = [one.name for one in model.species]
    if isinstance(source, (str, Path)):
        return tables.read_doses(Path(source), patients, species, decimal=decimal, notes=notes)
    columns = _columns(source, "doses")
    _check_columns(columns)
    time, amount = _numbers("doses", "time", columns["time"]), _amounts(columns, "amount")
    duration = _amounts(columns, "duration") if "duration" in columns else np.zeros(len(time))
    target = [str(name) for name in columns["target"]]
    for name in target:
        if name not in species:
            raise UnknownName("species", name, species)
    if "patient" not in columns:
        return DoseTable(time, tuple(target), amount, duration)
    row = _rows(columns["patient"], patients)
    order = np.argsort(row, kind="stable")
    targets = tuple(target[i] for i in order)
    return DoseTable(time[order], targets, amount[order], duration[order], row[order])


def _columns(source: Table, what: str) -> dict[str, list[Any]]:
    """The columns of a table as lists of one length."""
    names = list(source) if isinstance(source, Mapping) else list(source.columns)
    columns = {str(name): list(source[name]) for name in names}
    if not columns or not next(iter(columns.values())):
        raise InvalidArgument(f"{what}: found no row; expected one or more")
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} {n}" for name, n in lengths.items())
        raise InvalidArgument(f"{what}: columns of different lengths ({listed})")
    return columns


def _check_columns(columns: Mapping[str, object]) -> None:
    unknown = [name for name in columns if name not in _COLUMNS]
    missing = [name for name in ("time", "target", "amount") if name not in columns]
    if unknown or missing:
        raise InvalidArgument(
            f"doses: found the columns {', '.join(columns)}; expected time, target, amount, and where needed duration "
            "and patient"
        )


def _amounts(columns: Mapping[str, list[Any]], name: str) -> NDArray[np.float64]:
    values = _numbers("doses", name, columns[name])
    if (values < 0).any():
        raise InvalidArgument(
            f"doses: found a negative {name} ({values.min():g}); expected 0 or more"
        )
    return values


def _rows(names: Iterable[object], patients: Sequence[str]) -> NDArray[np.int64]:
    place = {name: row for row, name in enumerate(patients)}
    texts = [str(name) for name in names]
    for name in texts:
        if name not in place:
            raise UnknownName("patient", name, patients)
    return np.array([place[name] for name in texts], dtype=np.int64)


def _numbers(what: str, name: str, column: list[Any]) -> NDArray[np.float64]:
    try:
        values = np.array(column, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.full(1, np.nan)
    if not np.isfinite(values).all():
        raise InvalidArgument(f'{what}: column "{name}" holds what is no finite number')
    return values
