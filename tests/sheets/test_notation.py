"""Which mark is decimal is decided from the whole table; what stays open is refused, never off by a thousand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normoxia.errors import UnknownName
from normoxia.sheets.notation import decimal_marks
from normoxia.sheets.numbers import column_numbers, decimal_of, number, printed


def numbers(
    cells: list[str], *, delimiter: str = ";", others: list[str] | None = None, whole: bool = False
) -> list[float]:
    """The numbers of a column beside another one, nan where refused."""
    columns = {"x": cells, "y": others or []}
    marks = decimal_marks(columns, delimiter=delimiter, counts=("x",) if whole else ())
    return column_numbers(cells, marks["x"]).values


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1'234.5", 1234.5),
        ("1’234,5", 1234.5),
        ("1 234,5", 1234.5),
        ("1\u202f234,5", 1234.5),
        ("1\u00a0234.5", 1234.5),
        ("1\u2009234,567", 1234.567),
        ("12,34,567.5", 1234567.5),
        ("1,234,567", 1234567.0),
        ("1.234.567", 1234567.0),
        ("12,34,567", 1234567.0),
        ("1234,567", 1234.567),
        ("0,345", 0.345),
        (",5", 0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e-3", 0.001),
        ("1,5E+2", 150.0),
        ("1.234e2", 123.4),
        ("1,234e2", 123.4),
        ("−0.5", -0.5),
        ("–0,5", -0.5),
        ("—0.5", -0.5),
        ("－0.5", -0.5),
        ("- 0.5", -0.5),
        ("+5,2", 5.2),
        ("１２．５", 12.5),
        ("１２，５", 12.5),
        ("٣٫٥", 3.5),
        ("0·80", 0.8),
        ("12%", 12.0),
        ("12,5 %", 12.5),
        ("12.5％", 12.5),
    ],
)
def test_a_number_with_one_reading_is_read_whatever_the_table(cell: str, value: float) -> None:
    for decimal in (".", ",", ""):
        if cell not in ("1,234,567", "1.234.567", "12,34,567") or not decimal:
            assert number(cell, decimal) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "cell",
    [
        "1,23,45",
        "12,345,67",
        "1.2.3",
        "1 23",
        "12 34",
        "0 234",
        "1''234",
        "1,2 34",
        "1_000",
        "inf",
        "nan",
        "infinity",
        "0x10",
        "--5",
        "+-5",
        "5-",
        "(5)",
        "1/2",
        "5²",
        "½",
        "5 mg",
        "$5",
        "5‰",
        "1,234.567,8",
        "1.234.56",
        "1,,5",
        ".",
        ",",
        "-",
        "%",
        "e5",
        "1e",
        "1.234.567e2",
        "5\u00a02",
        "#N/A",
        "1.000 000",
    ],
)
def test_what_is_no_number_is_refused_whatever_the_table(cell: str) -> None:
    for decimal in (".", ",", ""):
        assert isinstance(printed(cell, decimal), str)


def test_two_readings_are_decided_by_the_column_then_the_table_then_refused() -> None:
    assert numbers(["1.234", "5,2"]) == [1234.0, 5.2]
    assert numbers(["1.234", "5.2"]) == [1.234, 5.2]
    assert numbers(["1.234", "80"], others=["5,2"]) == [1234.0, 80.0]
    assert numbers(["1,234", "80"], others=["5.2"]) == [1234.0, 80.0]
    assert numbers(["1,234", "80"], others=["5,2"]) == [1.234, 80.0]
    # the column's own numbers come before those of others, and both marks in one column decide nothing
    assert numbers(["1.234", "2.5"], others=["5,2"]) == [1.234, 2.5]
    assert math.isnan(numbers(["1.234", "2.5", "2,5"])[0])
    assert math.isnan(numbers(["1.234", "80"])[0])
    assert math.isnan(numbers(["1,234", "80"], delimiter=",")[0])
    assert math.isnan(numbers(["1.234"], others=["2.5", "2,5"])[0])
    assert "may be -1234 or -1.234" in str(printed("-1.234", ""))


def test_whole_numbers_and_the_delimiter_decide_where_no_number_does() -> None:
    assert numbers(["12,345", "80"], delimiter=",", whole=True) == [12345.0, 80.0]
    assert numbers(["12.345", "80"], delimiter=";", whole=True) == [12345.0, 80.0]
    # where commas part the cells, a point is decimal: 12.345 patients are then no whole number, and refused as such
    assert numbers(["12.345", "80"], delimiter=",", whole=True) == [12.345, 80.0]
    assert numbers(["12.345", "80"], delimiter=",") == [12.345, 80.0]
    assert math.isnan(numbers(["12,345", "12.345"], whole=True)[0])
    # another column that uses both marks decides nothing, and cannot take away what whole numbers decide
    assert numbers(["12,345", "80"], others=["2.5", "2,5"], whole=True) == [12345.0, 80.0]


def test_the_caller_may_say_the_mark() -> None:
    assert decimal_marks({"x": ["1.234"]}, delimiter=";", given="comma") == {"x": ","}
    assert decimal_marks({"x": ["1.234"]}, delimiter=";", given="point") == {"x": "."}
    with pytest.raises(UnknownName, match="decimal mark"):
        decimal_marks({"x": ["1"]}, delimiter=";", given="dot")


GROUPS = ("", ",", ".", "'", "’", " ", "\u00a0", "\u202f", "\u2009")


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=8),
    st.integers(0, 5),
    st.sampled_from(".,"),
    st.sampled_from(GROUPS),
    st.sampled_from("-−–"),
    st.sampled_from(";,\t"),
)
def test_a_column_printed_in_one_style_reads_to_its_values_or_is_refused(
    mantissas: list[int], places: int, decimal: str, group: str, minus: str, delimiter: str
) -> None:
    if group == decimal:
        return
    cells = []
    for mantissa in mantissas:
        text = f"{abs(mantissa):0{places + 1}d}"
        whole, part = text[: len(text) - places], text[len(text) - places :]
        parted = f"{int(whole):,}".replace(",", group)
        cells.append((minus if mantissa < 0 else "") + parted + (decimal + part if places else ""))
    values = numbers(cells, delimiter=delimiter)
    for cell, value, mantissa in zip(cells, values, mantissas, strict=True):
        true = float(f"{mantissa}e-{places}")
        # a comma-delimited table of points and no other mark says that they are decimal; there thousands are no points
        if delimiter == "," and group == "." and all("," not in c for c in cells):
            continue
        assert value == true or math.isnan(value), (cell, value, true)
    if any(decimal_of(cell) == decimal for cell in cells):
        assert not any(map(math.isnan, values))
