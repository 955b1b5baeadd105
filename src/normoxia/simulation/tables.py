"""Tables at the border of the engine: one row a patient, one row a dose, one row a result.

So that any model can be run for any table of parameters and doses, and the engine judged without a biology.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from normoxia.documents import Finding, Findings, Place
from normoxia.errors import InvalidArgument, did_you_mean
from normoxia.mechanism.inputs import Inputs
from normoxia.sheets import Sheet, read_sheet, safe_cell
from normoxia.sheets.notation import decimal_marks
from normoxia.sheets.numbers import column_numbers, plain_value
from normoxia.storage import whole_file

#: findings of one kind that a message lists; how many more there are is said
_MOST_SHOWN = 1000
#: output times of one call; each holds a row of every patient
MOST_TIMES = 10_000_000


def read_patients(
    path: Path,
    parameters: Iterable[str],
    *,
    decimal: str | None = None,
    notes: list[Finding] | None = None,
) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
    """Patient names and their parameters from a table with a column `patient` and one per parameter.

    decimal  "point" or "comma", where the numbers do not tell the decimal mark
    notes    takes what was guessed about the file, and lines that are no rows
    returns  (names, {parameter: values of shape (n_patients,)})
    raises   InvalidDocument with every finding: unknown columns, repeated patients, cells that are no number
    """
    table = read_sheet(path, fewest=1, fewest_rows=0)
    findings = Findings()
    known = set(parameters)
    _need(table, ["patient"], findings)
    for column in table.header:
        if column != "patient" and column not in known:
            findings.note(
                Place(table.file, 1, column),
                f'unknown parameter "{column}"',
                did_you_mean(column, known)[2:],
            )
    if not table.rows and not table.faults:
        findings.note(Place(table.file), "no patients", "add one row for each patient")
    values = _numbers(table, [c for c in table.header if c in known], decimal, findings, notes)
    names = _names(table, findings)
    _refuse_repeated(table, names, findings)
    findings.raise_any()
    return names, values


def _refuse_repeated(table: Sheet, names: Sequence[str], findings: Findings) -> None:
    first: dict[str, int] = {}
    for name, line in zip(names, table.lines, strict=True):
        if name and first.setdefault(name, line) != line:
            found = f'patient "{name}" stands twice (first in line {first[name]})'
            findings.note(
                Place(table.file, line, "patient"), found, "keep one row for each patient"
            )


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


def read_doses(
    path: Path,
    patients: Sequence[str],
    species: Iterable[str],
    *,
    decimal: str | None = None,
    notes: list[Finding] | None = None,
) -> DoseTable:
    """Doses from a table with columns `time,target,amount,duration` and, where patients differ, `patient`.

    decimal, notes  as for `read_patients`
    raises          InvalidDocument with every finding: unknown targets or patients, negative or missing numbers
    """
    table = read_sheet(path, fewest_rows=0)
    findings = Findings()
    known = set(species)
    _need(table, ["time", "target", "amount"], findings)
    for column in sorted(set(table.header) - {"patient", "time", "target", "amount", "duration"}):
        findings.note(
            Place(table.file, 1, column),
            f'unknown column "{column}"',
            "expected patient, time, target, amount, duration",
        )
    numbers = _numbers(
        table,
        [c for c in ("time", "amount", "duration") if c in table.header],
        decimal,
        findings,
        notes,
    )
    time, amount = numbers["time"], numbers["amount"]
    duration = numbers.get("duration", np.zeros(len(time)))
    target = [" ".join(name.split()) for name in table.column("target")]
    for row in np.flatnonzero(amount < 0)[:_MOST_SHOWN]:
        findings.note(
            _place(table, row, "amount"), f"found {amount[row]:g}", "a dose cannot be negative"
        )
    for row in np.flatnonzero(duration < 0)[:_MOST_SHOWN]:
        findings.note(
            _place(table, row, "duration"),
            f"found {duration[row]:g}",
            "expected 0 (bolus) or longer",
        )
    _refuse_unknown(table, "target", target, known, "species", findings)
    who = _names(table, findings) if "patient" in table.header else None
    if who is not None:
        _refuse_unknown(table, "patient", who, set(patients), "patient", findings)
    findings.raise_any()
    if who is None:
        return DoseTable(time, tuple(target), amount, duration)
    place = {name: i for i, name in enumerate(patients)}
    row = np.array([place[name] for name in who], dtype=np.int64)
    order = np.argsort(row, kind="stable")
    return DoseTable(
        time[order], tuple(target[i] for i in order), amount[order], duration[order], row[order]
    )


def _inputs(table: DoseTable, rows: range, first: int, count: int) -> Inputs:
    assert table.patient is not None
    doses: dict[tuple[float, str, float, int], int] = {}
    seen: dict[tuple[int, float, str, float], int] = {}
    entries: list[tuple[int, int, float]] = []
    for i in rows:
        event = (float(table.time[i]), table.target[i], float(table.duration[i]))
        who = int(table.patient[i]) - first
        repeat = seen[(who, *event)] = seen.get((who, *event), -1) + 1
        entries.append(
            (who, doses.setdefault((*event, repeat), len(doses)), float(table.amount[i]))
        )
    order = sorted(doses)
    place = {doses[event]: column for column, event in enumerate(order)}
    amounts = np.zeros((count, len(order)))
    for who, dose, amount in entries:
        amounts[who, place[dose]] = amount
    return Inputs(
        np.array([event[0] for event in order]),
        tuple(event[1] for event in order),
        amounts,
        np.array([event[2] for event in order]),
    )


def read_times(text: str) -> NDArray[np.float64]:
    """Times from a text: a list `0,42,84`, a range `0:728:7` (the stop included), or several of either, joined by commas.

    raises  InvalidArgument for what is no list of finite times, and for more of them than MOST_TIMES, before any is made
    """
    pieces: list[NDArray[np.float64]] = []
    count = 0
    try:
        for part in text.split(","):
            first, *rest = (_time(piece) for piece in part.split(":"))
            if len(rest) > 2 or not np.isfinite([first, *rest]).all():
                raise ValueError(part)
            stop, stride = rest[0] if rest else first, rest[1] if len(rest) == 2 else 1.0
            if stride <= 0 or stop < first:
                raise ValueError(part)
            steps = np.floor((stop - first) / stride + 1e-9) + 1
            count += int(min(steps, MOST_TIMES + 1.0))
            if count > MOST_TIMES:
                raise InvalidArgument(
                    f'"{text[:60]}" asks for more than {MOST_TIMES:,} times; ask for fewer, or in several calls'
                )
            pieces.append(np.asarray(first + stride * np.arange(int(steps)), dtype=np.float64))
    except (ValueError, OverflowError) as error:
        if isinstance(error, InvalidArgument):
            raise
        raise InvalidArgument(
            f'"{text[:60]}" is not a list of finite times; expected such as 0,42,84 or 0:728:7'
        ) from None
    return np.unique(np.concatenate(pieces))


def _time(text: str) -> float:
    value = plain_value(text.strip())
    if value is None:
        raise ValueError(text)
    return value


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
    is_text = path.suffix != ".parquet"
    # names that a spreadsheet would take for formulas
    shown = [str(safe_cell(name)) for name in patients] if is_text else patients
    names = pl.Series(
        "patient", np.repeat(np.asarray(shown, dtype=object), len(times)), dtype=pl.String
    )
    frame = pl.DataFrame([names, pl.Series("time", np.tile(times, len(patients)))])
    frame = frame.with_columns(
        [pl.Series(name, column).fill_nan(None) for name, column in columns.items()]
    )
    with whole_file(path) as stream:
        if path.suffix == ".parquet":
            whole = (
                io.BytesIO()
            )  # written to a file, an error of the system would come as one of the format
            frame.write_parquet(whole)
            stream.write(whole.getvalue())
        else:
            frame.write_csv(stream)


def _need(table: Sheet, columns: Iterable[str], findings: Findings) -> None:
    """Columns that must be there, none of them twice; rows that cannot be read are findings too."""
    findings.items.extend(table.faults)
    for column in columns:
        if column not in table.header:
            findings.note(
                Place(table.file, 1),
                f'missing column "{column}"',
                f"found {', '.join(table.header)}",
            )
    for name, count in Counter(table.header).items():
        if count > 1:
            findings.note(
                Place(table.file, 1, name), f'column "{name}" stands twice', "keep one of them"
            )
    if len(findings.items) > len(table.faults):
        findings.raise_any()


def _numbers(
    table: Sheet,
    columns: Sequence[str],
    decimal: str | None,
    findings: Findings,
    notes: list[Finding] | None,
) -> dict[str, NDArray[np.float64]]:
    """The numbers of some columns, nan after a finding; how they were read goes to the notes."""
    cells = {column: table.column(column) for column in columns}
    marks = decimal_marks(cells, delimiter=table.delimiter, given=decimal)
    said = list(table.notes)
    values = {}
    for column in columns:
        found = column_numbers(cells[column], marks[column])
        values[column] = np.array(found.values, dtype=np.float64)
        for row, reason in list(found.problems.items())[:_MOST_SHOWN]:
            cell = cells[column][row]
            expected = reason if reason.startswith("may be") else "expected a finite number"
            findings.note(
                _place(table, row, column), f'found "{cell}"' if cell else "found nothing", expected
            )
        if (more := len(found.problems) - _MOST_SHOWN) > 0:
            findings.note(
                Place(table.file, 0, column), f"{more} more cells of this kind", "correct them too"
            )
        for row, meant in found.grouped[:1]:
            shown = f'{len(found.grouped)} numbers with parted thousands, such as "{cells[column][row]}"'
            said.append(Finding(_place(table, row, column), shown, f"read as {meant}"))
        if found.n_commas:
            shown = f"{found.n_commas} numbers with a decimal comma"
            said.append(Finding(Place(table.file, 0, column), shown, "read as decimal points"))
    if notes is not None:
        notes.extend(said)
    return values


def _names(table: Sheet, findings: Findings) -> list[str]:
    names = [" ".join(name.split()) for name in table.column("patient")]
    for row in [i for i, name in enumerate(names) if not name][:_MOST_SHOWN]:
        findings.note(_place(table, row, "patient"), "found nothing", "expected a name or number")
    return names


def _refuse_unknown(
    table: Sheet, column: str, names: Sequence[str], known: set[str], kind: str, findings: Findings
) -> None:
    """A finding for each name that is not known, at its first row."""
    first: dict[str, int] = {}
    for row, name in enumerate(names):
        if name not in known:
            first.setdefault(name, row)
    for name, row in list(first.items())[:_MOST_SHOWN]:
        if name or kind == "species":
            near = (
                did_you_mean(name, known)[2:]
                if kind == "species"
                else "it has no row of parameters"
            )
            findings.note(_place(table, row, column), f'unknown {kind} "{name}"', near)


def _place(table: Sheet, row: int, column: str) -> Place:
    return Place(table.file, table.lines[int(row)], column)
