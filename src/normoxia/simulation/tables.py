"""Tables at the border of the engine: one row a patient, one row a dose, one row a result.

So that any model can be run for any table of parameters and doses, and the engine judged without a biology.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from normoxia.documents import Findings, Place
from normoxia.errors import InvalidArgument, InvalidDocument, did_you_mean
from normoxia.mechanism.inputs import Inputs
from normoxia.storage import whole_file

if TYPE_CHECKING:
    import polars

_SHOWN_ROWS = 5


def read_patients(path: Path, parameters: Iterable[str]) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
    """Patient names and their parameters from a CSV with a column `patient` and one per parameter.

    returns  (names, {parameter: values of shape (n_patients,)})
    raises   InvalidDocument with every finding: unknown columns, repeated patients, cells that are no number
    """
    table = _read(path)
    findings = Findings()
    known = set(parameters)
    _need(table, path, ["patient"], findings)
    for column in table.columns:
        if column != "patient" and column not in known:
            findings.note(
                Place(str(path), 1, column), f'unknown parameter "{column}"', did_you_mean(column, known)[2:]
            )
    if table.height == 0:
        findings.note(Place(str(path)), "no patients", "add one row for each patient")
    values = {c: _numbers(table, c, path, findings) for c in table.columns if c != "patient" and c in known}
    names = _names(table, path, findings) if "patient" in table.columns else []
    twice = [name for name, count in Counter(names).items() if count > 1]
    for name in twice[:_SHOWN_ROWS]:
        findings.note(Place(str(path)), f'patient "{name}" stands twice', "keep one row for each patient")
    findings.raise_any()
    return names, values


@dataclass(frozen=True, slots=True, eq=False)
class DoseTable:
    """Doses as rows, ordered by patient, from which the inputs of some patients are made.

    patient  row of the patient each dose is for, ascending; None when every dose is for everybody
    """

    time: NDArray[np.float64]
    target: tuple[str, ...]
    amount: NDArray[np.float64]
    duration: NDArray[np.float64]
    patient: NDArray[np.int64] | None = None

    def inputs(self, first: int, count: int) -> Inputs:
        """The doses of `count` patients from `first` on: ascending in time, as large as these patients need.

        Amounts have shape (n_doses,) when the doses are for everybody, else (count, n_doses).
        """
        if self.patient is None:
            order = np.argsort(self.time, kind="stable")
            target = tuple(self.target[i] for i in order)
            return Inputs(self.time[order], target, self.amount[order], self.duration[order])
        begin, end = np.searchsorted(self.patient, (first, first + count))
        return _inputs(self, range(int(begin), int(end)), first, count)


def read_doses(path: Path, patients: Sequence[str], species: Iterable[str]) -> DoseTable:
    """Doses from a CSV with columns `time,target,amount,duration` and, where patients differ, `patient`.

    raises   InvalidDocument with every finding: unknown targets or patients, negative or missing numbers
    """
    table = _read(path)
    findings = Findings()
    known = set(species)
    _need(table, path, ["time", "target", "amount"], findings)
    extra = set(table.columns) - {"patient", "time", "target", "amount", "duration"}
    for column in sorted(extra):
        findings.note(Place(str(path), 1, column), f'unknown column "{column}"',
                      "expected patient, time, target, amount, duration")  # fmt: skip
    findings.raise_any()
    time = _numbers(table, "time", path, findings)
    amount = _numbers(table, "amount", path, findings)
    duration = (
        _numbers(table, "duration", path, findings) if "duration" in table.columns else np.zeros(table.height)
    )
    target = [str(value) for value in table["target"].to_list()]
    for row in np.flatnonzero(amount < 0)[:_SHOWN_ROWS]:
        findings.note(_row(path, row, "amount"), f"found {amount[row]:g}", "a dose cannot be negative")
    for row in np.flatnonzero(duration < 0)[:_SHOWN_ROWS]:
        findings.note(_row(path, row, "duration"), f"found {duration[row]:g}", "expected 0 (bolus) or longer")
    for name in sorted({*target} - known):
        findings.note(
            _row(path, target.index(name), "target"),
            f'unknown species "{name}"',
            did_you_mean(name, known)[2:],
        )
    who = _names(table, path, findings) if "patient" in table.columns else None
    if who is not None:
        for name in sorted({*who} - {*patients})[:_SHOWN_ROWS]:
            findings.note(
                _row(path, who.index(name), "patient"),
                f'unknown patient "{name}"',
                "it has no row of parameters",
            )
    findings.raise_any()
    if who is None:
        return DoseTable(time, tuple(target), amount, duration)
    place = {name: i for i, name in enumerate(patients)}
    row = np.array([place[name] for name in who], dtype=np.int64)
    order = np.argsort(row, kind="stable")
    return DoseTable(time[order], tuple(target[i] for i in order), amount[order], duration[order], row[order])


def _inputs(table: DoseTable, rows: range, first: int, count: int) -> Inputs:
    assert table.patient is not None
    doses: dict[tuple[float, str, float, int], int] = {}
    seen: dict[tuple[int, float, str, float], int] = {}
    entries: list[tuple[int, int, float]] = []
    for i in rows:
        event = (float(table.time[i]), table.target[i], float(table.duration[i]))
        who = int(table.patient[i]) - first
        repeat = seen[(who, *event)] = seen.get((who, *event), -1) + 1
        entries.append((who, doses.setdefault((*event, repeat), len(doses)), float(table.amount[i])))
    order = sorted(doses)
    place = {doses[event]: column for column, event in enumerate(order)}
    amounts = np.zeros((count, len(order)))
    for who, dose, amount in entries:
        amounts[who, place[dose]] = amount
    return Inputs(
        np.array([event[0] for event in order]), tuple(event[1] for event in order), amounts,
        np.array([event[2] for event in order]),
    )  # fmt: skip


def read_times(text: str) -> NDArray[np.float64]:
    """Times from a text: a list `0,42,84`, a range `0:728:7` (the stop included), or several of either, joined by commas."""
    times: list[float] = []
    try:
        for part in text.split(","):
            if ":" in part:
                start, stop, *step = (float(piece) for piece in part.split(":"))
                stride = step[0] if step else 1.0
                if stride <= 0 or stop < start or len(step) > 1:
                    raise ValueError(part)
                times.extend(start + stride * np.arange(int(np.floor((stop - start) / stride + 1e-9)) + 1))
            else:
                times.append(float(part))
    except ValueError:
        raise InvalidArgument(
            f'"{text}" is not a list of times; expected such as 0,42,84 or 0:728:7'
        ) from None
    if not times or not np.isfinite(times).all():
        raise InvalidArgument(f'"{text}" holds no finite times; expected such as 0,42,84 or 0:728:7')
    return np.unique(np.asarray(times, dtype=np.float64))


def write_rows(
    path: Path,
    patients: Sequence[str],
    times: NDArray[np.float64],
    outputs: Sequence[str],
    values: NDArray[np.float64],
) -> None:
    """Write a long table `patient,time,<outputs>` from values of shape (n_patients, n_times, n_outputs).

    The ending chooses the format, .csv or .parquet; the file is there whole or not at all. A value that a
    failed patient does not have is empty.
    """
    import polars as pl

    columns = {
        name: np.ascontiguousarray(values[:, :, k], dtype=np.float64).reshape(-1)
        for k, name in enumerate(outputs)
    }
    names = pl.Series("patient", np.repeat(np.asarray(patients, dtype=object), len(times)), dtype=pl.String)
    frame = pl.DataFrame([names, pl.Series("time", np.tile(times, len(patients)))])
    frame = frame.with_columns([pl.Series(name, column).fill_nan(None) for name, column in columns.items()])
    with whole_file(path) as stream:
        if path.suffix == ".parquet":
            whole = io.BytesIO()  # written to a file, an error of the system would come as one of the format
            frame.write_parquet(whole)
            stream.write(whole.getbuffer())
        else:
            frame.write_csv(stream)


def _read(path: Path) -> polars.DataFrame:
    import polars as pl

    if not path.is_file():
        raise InvalidDocument(f"{path}: no such file; check the name and the folder")
    try:
        return pl.read_csv(
            path, infer_schema_length=None, schema_overrides={"patient": pl.String, "target": pl.String}
        )
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else "empty"
        raise InvalidDocument(
            f"{path}: not readable as CSV ({first}); expected a header and comma-separated rows"
        ) from None


def _need(table: polars.DataFrame, path: Path, columns: Iterable[str], findings: Findings) -> None:
    missing = [column for column in columns if column not in table.columns]
    if missing and len(table.columns) == 1 and (";" in table.columns[0] or "\t" in table.columns[0]):
        findings.note(
            Place(str(path), 1), f'found one column "{table.columns[0]}"', "separate columns by commas"
        )
        findings.raise_any()
    for column in missing:
        findings.note(Place(str(path), 1), f'missing column "{column}"', f"found {', '.join(table.columns)}")
    for column in table.columns:
        if "_duplicated_" in column:
            name = column.split("_duplicated_")[0]
            findings.note(Place(str(path), 1, name), f'column "{name}" stands twice', "keep one of them")
    findings.raise_any()


def _numbers(table: polars.DataFrame, column: str, path: Path, findings: Findings) -> NDArray[np.float64]:
    import polars as pl

    cast = table[column].cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
    for row in np.flatnonzero(~np.isfinite(cast))[:_SHOWN_ROWS]:
        cell = table[column][int(row)]
        found = "found nothing" if cell is None else f'found "{cell}"'
        findings.note(_row(path, int(row), column), found, "expected a finite number")
    return np.asarray(cast, dtype=np.float64)


def _names(table: polars.DataFrame, path: Path, findings: Findings) -> list[str]:
    names = table["patient"].to_list()
    for row in [i for i, name in enumerate(names) if name is None][:_SHOWN_ROWS]:
        findings.note(_row(path, row, "patient"), "found nothing", "expected a name or number")
    return [str(name) for name in names]


def _row(path: Path, row: int, column: str) -> Place:
    return Place(str(path), int(row) + 2, column)
