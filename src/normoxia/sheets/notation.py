"""Which decimal mark a table uses, decided from all its numbers: 1.234 is 1234 beside 5,2 and 1.234 beside 5.2.

A column's own numbers decide for it, then those of the whole table. Where no number is plain, whole numbers do: 12,345
patients can only be thousands. Then the delimiter: where commas part the cells, points are decimal. What is still open has
two readings, and such numbers are refused one by one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from normoxia.errors import UnknownName
from normoxia.sheets.numbers import decimal_of, pieces

#: what a caller may say of a table
DecimalMark = Literal["point", "comma"]
MARKS: Mapping[str, str] = {"point": ".", "comma": ","}

_SURELY_COMMA = re.compile(r"[-+]?(?:\d+,(?:\d{1,2}|\d{4,})|0,\d+|\d{4,},\d+)\Z", re.ASCII)
_SURELY_POINT = re.compile(r"[-+]?(?:\d+\.(?:\d{1,2}|\d{4,})|0\.\d+|\d{4,}\.\d+)\Z", re.ASCII)


def decimal_marks(
    columns: Mapping[str, Sequence[str]],
    *,
    delimiter: str,
    counts: Collection[str] = (),
    given: str | None = None,
) -> dict[str, str]:
    """The decimal mark of each column: ".", "," or "" where numbers with two readings stay open.

    Parameters
    ----------
    counts
        Columns of whole numbers.
    given
        "point" or "comma", where the caller says so.

    Raises
    ------
    UnknownName
        For another word.
    """
    if given is not None:
        if given not in MARKS:
            raise UnknownName("decimal mark", given, MARKS)
        return dict.fromkeys(columns, MARKS[given])
    signs = {name: _signs(cells) for name, cells in columns.items()}
    plain = {name: own & {".", ","} for name, own in signs.items()}
    table = frozenset().union(*plain.values())
    whole: dict[str, str] = {}
    if len(table) != 1:
        whole = {
            name: _of_whole_numbers(signs[name], delimiter) for name in columns if name in counts
        }
        table = table or frozenset(mark for mark in whole.values() if mark)
    if not table and delimiter == "," and not any("?," in own for own in signs.values()):
        table = frozenset(".")
    marks = {}
    for name, own in signs.items():
        deciding = plain[name] or (frozenset(whole.get(name, "")) or table)
        is_open = bool(own & {"?.", "?,"})
        marks[name] = next(iter(deciding)) if len(deciding) == 1 else "" if is_open else "."
    return marks


def _of_whole_numbers(signs: frozenset[str], delimiter: str) -> str:
    """The decimal mark of a column of whole numbers, none of which is plain: their marks can only part thousands."""
    if signs == {"?,"}:
        return "."
    return "," if signs == {"?."} and delimiter != "," else ""


def _signs(cells: Iterable[str]) -> frozenset[str]:
    """What the numbers of a column tell of decimal marks, see `decimal_of`."""
    cells = list(cells)
    text = "\n".join(cells)
    if text.isascii() and "," not in text and "'" not in text:
        # points only: the first plain one decides, and columns of a million such numbers stay cheap
        if "." not in text:
            return frozenset()
        if any(_SURELY_POINT.match(cell) for cell in cells):
            return frozenset(".")
    found: set[str] = set()
    for cell in dict.fromkeys(cells):
        if _SURELY_COMMA.match(cell):
            found.add(",")
        elif _SURELY_POINT.match(cell):
            found.add(".")
        elif cell and not cell.isdigit():
            found.update(decimal_of(piece) for piece in pieces(cell))
    return frozenset(found - {""})
