"""Rows as CSV: numbers in full, and no text that a spreadsheet would take for a formula.

A text that begins with =, +, -, @, a tab or a line break is run by spreadsheets when the file is opened (OWASP, "CSV
injection"). Such a text gets an apostrophe in front, which spreadsheets do not show; texts that are numbers stay as they are.
`reading` takes the apostrophe off again.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence

#: a text that a spreadsheet would run, apostrophes of ours in front or not; also in the wide forms of East Asian keyboards
_FORMULA = re.compile(r"\s*'*\s*[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?%?\Z", re.ASCII)


def safe_cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula; numbers, and texts that are numbers, as they are."""
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.match(value):
        return "'" + value
    return value


def unguarded(cell: str) -> str:
    """A cell as it was before `safe_cell`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def csv_text(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    digits: int | None = None,
    *,
    end: str = "\n",
) -> str:
    """CSV text; numbers in full or to so many significant digits, nan and None empty, `end` behind every row."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator=end)
    quoting = csv.writer(stream, lineterminator=end, quoting=csv.QUOTE_ALL)
    for row in (columns, *rows):
        cells = [_printed(value, digits) for value in row]
        # the library leaves a carriage return without quotes, and it would end the row
        breaks = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (quoting if breaks else writer).writerow(cells)
    return stream.getvalue()


def _printed(value: object, digits: int | None) -> object:
    if isinstance(value, float):
        value = float(value)  # NumPy's floats print with their type
        if math.isnan(value):
            return ""
        return repr(value) if digits is None else f"{value:.{digits}g}"
    return "" if value is None else safe_cell(value)
