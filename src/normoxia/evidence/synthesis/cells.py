"""Numbers and intervals as people print them in the cells of a table: decimal commas, raised points, any dash, brackets."""

from __future__ import annotations

import math
import re

#: what an empty cell looks like
MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", ".", "-", "--", "nr", "无", "缺失"))

_THOUSANDS = re.compile(r"^\d{1,3}(,\d{3})+$")
_DECIMAL_COMMA = re.compile(r"^[-+]?\d*,\d+(e[-+]?\d+)?$", re.IGNORECASE)
_SIGNS = str.maketrans({"−": "-", "–": "-", "·": ".", "．": ".", "％": "%", "\u00a0": "", "，": ","})

_NUMBER = r"[-+]?(?:\d+(?:[.,]\d+)?|[.,]\d+)%?"
_BRACKETS = str.maketrans(dict.fromkeys("()[]{}<>（）［］【】〔〕", " "))
#: between two numbers, the surest first; a comma only with a blank behind it or beside decimal points
_SEPARATORS = tuple(
    re.compile(rf"^({_NUMBER})\s*{between}\s*({_NUMBER})$", re.IGNORECASE)
    for between in (r"(?:to|till|至|到|~|～|;|；|\||/|\.\.+|…)", "-", r",\s", "")
)
_POINTS_AND_COMMA = re.compile(r"^([-+]?\d*\.\d+)\s*,\s*([-+]?\d*\.\d+)$")
_COMMAS_ONLY = re.compile(r"^[-+]?\d+(?:\s*,\s*\d+)+$")
_WITH_ESTIMATE = re.compile(rf"^({_NUMBER})\s*[,;:：]?\s*[(\[（［]\s*(.+?)\s*[)\]）］]$")


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is nothing."""
    return cell.casefold() in MISSING


def has_decimal_comma(cell: str) -> bool:
    """Whether a cell is one number with a decimal comma."""
    return bool(_DECIMAL_COMMA.match(cell.translate(_SIGNS)))


def clean(cell: str) -> str:
    """The digits of a printed number, a decimal point for a comma, as many decimals as were printed."""
    text = cell.translate(_SIGNS).strip().rstrip("%").strip()
    return text.replace(",", ".") if _DECIMAL_COMMA.match(text) else text


def number(cell: str) -> float | None:
    """A number as people print them, or None: decimal commas, raised points, typographic minus, percent signs."""
    text = cell.translate(_SIGNS).strip().rstrip("%").strip()
    if _DECIMAL_COMMA.match(text) and not (_THOUSANDS.match(text) and not text.startswith("0")):
        text = text.replace(",", ".")
    elif _THOUSANDS.match(text):
        text = text.replace(",", "")
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def interval(cell: str) -> tuple[str, str] | str:
    """The two ends of an interval in one cell, as printed, or why the cell cannot be read as one.

    "0.50-0.98", "0.50 to 0.98", "(0.50, 0.98)", "[0,50; 0,98]". Commas that may be decimal or part two numbers are not
    guessed at: "0,5,0,9", "1,5".
    """
    text = re.sub(r"\s*(?:95\s*%?\s*)?CI\s*:?\s*", " ", _plain(cell), flags=re.IGNORECASE)
    text = " ".join(text.translate(_BRACKETS).split()).strip(" ,;")
    if number(text) is not None and "," not in text:
        return "one number, expected two such as 0.50-0.98"
    if _COMMAS_ONLY.match(text) and not re.match(r"^[-+]?\d+(?:,\d+)?,\s+\d+(?:,\d+)?$", text):
        return "its commas may be decimal or between the numbers; write 0.50-0.98, or 0,50; 0,98"
    if found := _POINTS_AND_COMMA.match(text):
        return found[1], found[2]
    for separator in _SEPARATORS:
        if (found := separator.match(text)) and (separator is not _SEPARATORS[-1] or " " in text):
            return clean(found[1]), clean(found[2])
    return "not two numbers; write an interval as 0.50-0.98 or 0.50 to 0.98"


def estimate_with_interval(cell: str) -> tuple[str, str, str] | None:
    """Estimate and interval of a cell such as "0.70 (0.50-0.98)", or None where it does not look like that."""
    found = _WITH_ESTIMATE.match(_plain(cell))
    if found is None:
        return None
    ends = interval(found[2])
    return None if isinstance(ends, str) else (clean(found[1]), *ends)


def _plain(cell: str) -> str:
    """A cell with one kind of dash, point and comma."""
    return cell.replace("—", "-").replace("‐", "-").replace("‑", "-").translate(_SIGNS).strip()
