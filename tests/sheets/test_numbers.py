"""Numbers and intervals as people print them; what has two readings is not guessed at."""

from __future__ import annotations

import pytest

from normoxia.sheets.numbers import Printed, estimate_with_interval, interval, number, printed


@pytest.mark.parametrize(
    "cell",
    [
        "0.50-0.98",
        "0.50 to 0.98",
        "(0.50, 0.98)",
        "0.50–0.98",
        "[0.50; 0.98]",
        "0.50 — 0.98",
        "0.50~0.98",
        "0·50–0·98",
        "0,50-0,98",
        "0,50; 0,98",
        "(0,50 to 0,98)",
        "0,50, 0,98",
        "0.50 0.98",
        "0.50,0.98",
        "（0.50，0.98）",
        "0.50至0.98",
        "95% CI 0.50-0.98",
        "95% CI: 0.50 to 0.98",
    ],
)
def test_an_interval_is_read_however_it_is_printed(cell: str) -> None:
    assert interval(cell) == ("0.50", "0.98")


def test_negative_ends_keep_their_signs() -> None:
    assert interval("−0.9 – −0.2") == ("-0.9", "-0.2")
    assert interval("-0.9-0.2") == ("-0.9", "0.2")
    assert interval("-1.5 to 2") == ("-1.5", "2")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("0,50,0,98", "commas may be decimal"),
        ("1,5", "commas may be decimal"),
        ("1,234", "commas may be decimal"),
        ("0.7", "one number"),
        ("0.5-0.9-1.2", "not two numbers"),
        ("0.5-NR", "not two numbers"),
        ("see text", "not two numbers"),
    ],
)
def test_what_has_two_readings_or_none_is_said_not_guessed(cell: str, reason: str) -> None:
    found = interval(cell)
    assert isinstance(found, str)
    assert reason in found


def test_an_estimate_with_its_interval_in_one_cell() -> None:
    assert estimate_with_interval("0.70 (0.50-0.98)") == ("0.70", "0.50", "0.98")
    assert estimate_with_interval("0,70 [0,50; 0,98]") == ("0.70", "0.50", "0.98")
    assert estimate_with_interval("0.70 (95% CI 0.50 to 0.98)") == ("0.70", "0.50", "0.98")
    assert estimate_with_interval("0.70") is None
    assert estimate_with_interval("0.70 (0,5,0,9)") is None


def test_numbers_in_the_ways_of_two_continents() -> None:
    assert [number(c) for c in ("0,7", "1,234", "12%", "−0.5", "0·8", "x")] == [
        0.7,
        1234.0,
        12.0,
        -0.5,
        0.8,
        None,
    ]
    assert printed("0,7") == Printed("0.7", comma=True)
    assert printed("0.70") == Printed("0.70")
