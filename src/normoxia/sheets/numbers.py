"""Numbers and intervals as people print them: decimal commas, thousands of every kind, any dash, brackets, percent signs.

A point or comma that stands once with three digits behind it may be decimal or part thousands. Which of the two is a matter
of the whole table (see `notation`); functions here take the decimal mark that was decided, "." or ",", or "" where nothing
decides: then such a number has two readings and is refused with both.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from normoxia.language import Message

#: what an empty cell looks like
MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", ".", "-", "--", "nr", "无", "缺失"))
_LONGEST_MISSING = max(map(len, MISSING))
#: those of them that may also be the name of an arm (no treatment)
NAMES_TOO = frozenset(("na", "n/a", "null", "none", "nr", "无"))

_ALIKE = {
    **dict.fromkeys("−–—‐‑‒―﹣－⁻", "-"),
    "＋": "+",
    **dict.fromkeys("·．∙⋅‧", "."),
    "٫": ".",
    **dict.fromkeys("，﹐", ","),
    **dict.fromkeys("％٪﹪", "%"),
    **dict.fromkeys("’‘ʼ′＇´`٬", "'"),
    "Ｅ": "E",
    "ｅ": "e",
    "；": ";",
    "：": ":",
}
_TRANSLATED = str.maketrans(_ALIKE)

_SIGN = r"[-+]?\s?"
_BODY = r"\d*(?:[.,' ]\d+)*[.]?"
_SHAPE = re.compile(rf"({_SIGN})({_BODY})(e[-+]?\d+)?\s?(%?)\Z", re.IGNORECASE | re.ASCII)
#: what needs no thought where the decimal mark is a point
_PLAIN = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\Z", re.IGNORECASE | re.ASCII)
#: a column of such numbers, a line each
_PLAIN_COLUMN = re.compile(r"[0-9.eE+\-\n]*")
_TWO_READINGS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}\Z")
_BY_THREE = {mark: re.compile(rf"[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+\Z") for mark in ".,' "}
#: Indian grouping, lakh and crore: 12,34,567
_BY_TWO = re.compile(r"[1-9]\d?(?:,\d{2})+,\d{3}\Z")

_TOKEN = r"[-+]?(?:\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?|[.,]\d+)(?:e[-+]?\d+)?%?"
_BRACKETS = str.maketrans(dict.fromkeys("()[]{}<>（）［］【】〔〕", " "))
#: between two numbers, the surest first; a comma only with a blank behind it or beside decimal points
_SEPARATORS = tuple(
    re.compile(rf"^({_TOKEN})\s*{between}\s*({_TOKEN})$", re.IGNORECASE)
    for between in (r"(?:to|till|bis|à|至|到|~|～|;|\||/|\.\.+|…)", "-", r",\s", "")
)
_POINTS_AND_COMMA = re.compile(r"^([-+]?\d*\.\d+)\s*,\s*([-+]?\d*\.\d+)$")
_COMMAS_ONLY = re.compile(r"^[-+]?\d+(?:\s*,\s*\d+)+$")
_WITH_ESTIMATE = re.compile(
    rf"^({_TOKEN})\s*[,;:]?\s*[(\[（［]\s*(.+?)\s*[)\]）］]$", re.IGNORECASE
)


class Printed(NamedTuple):
    """A number as it was printed.

    text      digits with a decimal point, as many decimals as were printed
    grouped   whether thousands were parted; comma whether the decimal mark was a comma; percent whether a percent sign stood there
    """

    text: str
    grouped: bool = False
    comma: bool = False
    percent: bool = False


def plain_value(cell: str) -> float | None:
    """The number of a cell without anything but digits, a decimal point, a sign and an exponent; None for other cells."""
    return float(cell) if _PLAIN.match(cell) else None


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is nothing."""
    if len(cell) > _LONGEST_MISSING:
        return False
    return cell.casefold() in MISSING or (not cell.isascii() and alike(cell) in MISSING)


def alike(cell: str) -> str:
    """A cell with one kind of digit, dash, point, comma, apostrophe and blank."""
    if cell.isascii():
        return cell.strip()
    text = "".join(
        str(unicodedata.decimal(c)) if c.isdecimal() else " " if c.isspace() else c for c in cell
    )
    return text.translate(_TRANSLATED).strip()


def printed(cell: str, decimal: str = ".") -> Printed | Message:
    """The number in a cell, or why there is none.

    decimal  the table's decimal mark: ".", "," or "" when it is not known
    """
    if decimal == "." and _PLAIN.match(cell):
        return Printed(cell)  # most cells of most tables
    shape = _SHAPE.match(alike(cell))
    if shape is None or not any(c.isdigit() for c in shape[2]):
        return Message("sheet.not_a_number")
    sign, body, exponent, percent = shape[1].strip(), shape[2], shape[3] or "", bool(shape[4])
    if _TWO_READINGS.match(body) and not exponent:
        whole, mark, part = body.partition(body[-4])
        if not decimal:
            one, other = f"{sign}{whole}{part}", f"{sign}{whole}.{part}"
            return Message("sheet.two_readings", one=one, other=other)
        if mark != decimal:
            return Printed(sign + whole + part, grouped=True, percent=percent)
        return Printed(f"{sign}{whole}.{part}", comma=mark == ",", percent=percent)
    for mark in ".,":
        whole, split, part = body.rpartition(mark)
        bare = (
            whole if whole.isdigit() or not whole else _ungrouped(whole, ".,' ".replace(mark, ""))
        )
        if split and bare is not None and (part.isdigit() or (bare and not part and mark == ".")):
            text = f"{sign}{bare or '0'}{'.' if part else ''}{part}{exponent}"
            return Printed(text, bare != whole, mark == ",", percent)
    if body.isdigit():
        return Printed(sign + body + exponent, percent=percent)
    bare = (
        None if exponent else _ungrouped(body, ".,' ".replace(decimal, "") if decimal else ".,' ")
    )
    if bare is None:
        return Message("sheet.other_marks")
    return Printed(sign + bare, grouped=True, percent=percent)


def _ungrouped(body: str, marks: str) -> str | None:
    """The digits of a whole number whose thousands are parted by one of some marks, or None where they are not."""
    for mark in marks:
        if _BY_THREE[mark].match(body) or (mark == "," and _BY_TWO.match(body)):
            return body.replace(mark, "")
    return None


def decimal_of(cell: str) -> str:
    """What a number tells of its table's decimal mark: "." or "," for sure, "?." or "?," when it has two readings, else ""."""
    text = alike(cell)
    found = _SHAPE.match(text)
    if found is None:
        return ""
    body = found[2]
    if _TWO_READINGS.match(body):
        return body[-4] if found[3] else f"?{body[-4]}"
    value = printed(text, "")
    if isinstance(value, Message):
        return ""
    if value.comma:
        return ","
    if "." in value.text:
        return "."
    if value.grouped and "," in body:
        return "."
    return "," if value.grouped and "." in body else ""


def clean(cell: str, decimal: str = ".") -> str:
    """The digits of a printed number, a decimal point, as many decimals as were printed; what is no number as it stands."""
    found = printed(cell, decimal)
    return cell if isinstance(found, Message) else found.text


def number(cell: str, decimal: str = ".") -> float | None:
    """A number as people print them, or None."""
    found = printed(cell, decimal)
    if isinstance(found, Message):
        return None
    value = float(found.text)
    return value if math.isfinite(value) else None


class ColumnNumbers(NamedTuple):
    """The numbers of a column.

    values    nan where there is none; problems says why, by row
    grouped   rows whose thousands were parted, with the number read; n_commas counts decimal commas
    """

    values: list[float]
    problems: dict[int, Message]
    grouped: list[tuple[int, str]]
    n_commas: int


def column_numbers(cells: Sequence[str], decimal: str = ".") -> ColumnNumbers:
    """The finite numbers of a column that must be filled throughout; percent signs are none."""
    if decimal == "." and _PLAIN_COLUMN.fullmatch("\n".join(cells)):
        with suppress(ValueError):
            values = list(map(float, cells))
            if all(map(math.isfinite, values)):
                return ColumnNumbers(values, {}, [], 0)
    values, problems, grouped, n_commas = [], {}, [], 0
    for row, cell in enumerate(cells):
        found = printed(cell, decimal)
        value = math.nan if isinstance(found, Message) or found.percent else float(found.text)
        values.append(value)
        if isinstance(found, Message) or not math.isfinite(value):
            problems[row] = found if isinstance(found, Message) else Message("sheet.not_a_number")
            continue
        n_commas += found.comma
        if found.grouped:
            grouped.append((row, found.text))
    return ColumnNumbers(values, problems, grouped, n_commas)


def interval(cell: str, decimal: str = ".") -> tuple[str, str] | Message:
    """The two ends of an interval in one cell, as printed, or why the cell cannot be read as one.

    "0.50-0.98", "0.50 to 0.98", "(0.50, 0.98)", "[0,50; 0,98]". Commas that may be decimal or part two numbers are not
    guessed at: "0,5,0,9", "1,5".
    """
    ends = _ends(cell)
    if isinstance(ends, Message):
        return ends
    low, high = (printed(end, decimal) for end in ends)
    if isinstance(low, Message):
        return low
    return high if isinstance(high, Message) else (low.text, high.text)


def estimate_with_interval(cell: str, decimal: str = ".") -> tuple[str, str, str] | None:
    """Estimate and interval of a cell such as "0.70 (0.50-0.98)", or None where it does not look like that."""
    found = _WITH_ESTIMATE.match(alike(cell))
    if found is None:
        return None
    ends, estimate = interval(found[2], decimal), printed(found[1], decimal)
    return (
        None
        if isinstance(ends, Message) or isinstance(estimate, Message)
        else (estimate.text, *ends)
    )


def pieces(cell: str) -> tuple[str, ...]:
    """The numbers in a cell that is a number, an interval, or an estimate with its interval; none for other texts."""
    text = alike(cell)
    if _SHAPE.match(text):
        return (text,)
    found = _WITH_ESTIMATE.match(text)
    ends = _ends(found[2] if found else text)
    if isinstance(ends, Message):
        return ()
    return (found[1], *ends) if found else ends


def _ends(cell: str) -> tuple[str, str] | Message:
    text = re.sub(r"\s*(?:95\s*%?\s*)?CI\s*:?\s*", " ", alike(cell), flags=re.IGNORECASE)
    text = " ".join(text.translate(_BRACKETS).split()).strip(" ,;")
    if _SHAPE.match(text) and "," not in text and (" " not in text or _BY_THREE[" "].match(text)):
        return Message("sheet.one_number")
    if _COMMAS_ONLY.match(text) and not re.match(r"^[-+]?\d+(?:,\d+)?,\s+\d+(?:,\d+)?$", text):
        return Message("sheet.unclear_commas")
    if found := _POINTS_AND_COMMA.match(text):
        return found[1], found[2]
    for separator in _SEPARATORS:
        # numbers with a blank between them only where it is the only one: thousands have blanks too
        if (found := separator.match(text)) and (
            separator is not _SEPARATORS[-1] or text.count(" ") == 1
        ):
            return found[1], found[2]
    return Message("sheet.not_two_numbers")
