"""What is written is read back to the same values, and no spreadsheet takes a name for a formula."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from normoxia.sheets import csv_text, parse_sheet, safe_cell

NAMES = st.text(
    st.sampled_from("=+-@'\"#,;|\t\r\n ab1.%é中＝－")
    | st.characters(exclude_categories=("Cs", "Cc", "Cf")),
    max_size=8,
).map(lambda name: name.strip())
RUN = "=+-@\t\r\n＝＋－＠"


@given(
    st.lists(
        st.tuples(NAMES, NAMES, st.floats(allow_nan=False, allow_infinity=False)),
        min_size=1,
        max_size=6,
    )
)
def test_rows_are_read_back_as_they_were_written(rows: list[tuple[str, str, float]]) -> None:
    import unicodedata

    # a first cell that begins with # in a row that fills it alone would be a comment; the number fills a third cell
    sheet = parse_sheet(csv_text(("study", "name", "value"), rows).encode())
    assert not sheet.faults
    assert [(a, b, float(c)) for a, b, c in sheet.rows] == [
        (unicodedata.normalize("NFC", a), unicodedata.normalize("NFC", b), c) for a, b, c in rows
    ]


@given(st.text(max_size=6), st.floats())
def test_no_text_begins_as_a_formula_and_numbers_stay(name: str, value: float) -> None:
    cell = safe_cell(name)
    assert isinstance(cell, str)
    begins = cell.lstrip(" ")[:1]
    assert not (begins and begins in RUN) or is_number(cell)
    assert safe_cell(value) is value
    text = csv_text(("x",), [(value,)]).splitlines()[1]
    assert text in ("", '""') if math.isnan(value) else float(text) == value


def test_numbers_may_be_written_to_some_digits() -> None:
    assert (
        csv_text(("x", "=y"), [(1 / 3, -2 / 3), (float("nan"), None)], 3)
        == "x,'=y\n0.333,-0.667\n,\n"
    )


def is_number(text: str) -> bool:
    try:
        float(text.rstrip("%"))
    except ValueError:
        return False
    return True
