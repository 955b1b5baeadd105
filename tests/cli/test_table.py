"""Tables fit the terminal: no line is wider, no word or number is broken, nothing is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normoxia.cli.table import table_lines, wrapped
from normoxia.cli.text_width import columns_of

HEADS = ("endpoint", "arms", "simulated (95% prediction)", "published (95% CI)", "source")
ROWS = [
    (
        "PFS, hazard ratio",
        "ABCP / BCP",
        "0.64 (0.46–0.89)",
        "0.62 (0.52–0.74)",
        "Socinski MA et al. N Engl J Med 2018;378:2288-2301",
    ),
    ("OS, median, months", "ABCP", "21.2 (13.4–33.3)", "19.5", "J Thorac Oncol 2021 final OS"),
]

words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=9)
chinese = st.text(
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=12
)
cells = st.one_of(st.lists(words, min_size=1, max_size=6).map(" ".join), chinese)


def squeezed(text: str) -> str:
    return re.sub(r"[\s─]+", "", text)


@pytest.mark.parametrize("width", [80, 100, 140])
def test_a_run_fits_with_its_numbers_whole(width: int) -> None:
    lines = table_lines("EGFR wild type", HEADS, ROWS, (2, 3), width)
    assert max(map(columns_of, lines)) <= width
    shown = "\n".join(lines)
    for number in ("0.64 (0.46–0.89)", "0.62 (0.52–0.74)", "21.2 (13.4–33.3)", "19.5"):
        assert number in shown


def test_a_terminal_too_narrow_for_columns_has_a_block_a_row() -> None:
    lines = table_lines("", HEADS, ROWS, (2, 3), 40)
    assert max(map(columns_of, lines)) <= 40
    assert lines[:3] == [
        "PFS, hazard ratio",
        "  arms: ABCP / BCP",
        "  simulated (95% prediction): 0.64",
    ]


def test_columns_stand_under_one_another() -> None:
    lines = table_lines("", ("什么", "n"), [("随机", "12"), ("ab", "345")], (1,), 80)
    assert lines == ["什么    n", "────  ───", "随机   12", "ab    345"]


@given(
    st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=5), st.integers(30, 140)
)
def test_every_word_is_there_unbroken_and_no_line_is_wider(
    rows: list[list[str]], width: int
) -> None:
    lines = table_lines("", ("one", "two", "three"), rows, (2,), width)
    assert max(map(columns_of, lines)) <= width
    shown = {word for line in lines for word in line.split()}
    for row in rows:
        for cell in row:
            for word in cell.split():
                if word.isascii():
                    assert any(word in part for part in shown)


@given(cells, st.integers(12, 60))
def test_wrapping_keeps_the_text(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert squeezed("".join(lines)) == squeezed(text)
    assert max(map(columns_of, lines)) <= width
