from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normoxia.evidence.synthesis.intake import published_ratios


def test_interval_gives_the_standard_error() -> None:
    # Tierney 2007, Trials 8:16, eq. 7: log width over 2 x 1.96
    reading = published_ratios.from_interval("0.80", "0.67", "0.95")
    assert reading.estimate == pytest.approx(math.log(0.8))
    assert reading.se == pytest.approx(math.log(0.95 / 0.67) / 3.919928, rel=1e-6)
    assert reading.problems == ()


@given(st.floats(-1.2, 1.2), st.floats(0.05, 0.6))
def test_printing_to_two_decimals_is_never_called_asymmetric(effect: float, se: float) -> None:
    printed = (f"{math.exp(effect + d * se):.2f}" for d in (0, -1.959964, 1.959964))
    reading = published_ratios.from_interval(*printed)
    assert reading.is_usable
    assert not any("symmetric" in problem for problem in reading.problems)


def test_a_ratio_outside_its_interval_is_shown_with_arithmetic_and_not_used() -> None:
    reading = published_ratios.from_interval("0.80", "0.87", "0.95")
    assert not reading.is_usable
    assert "sqrt(0.87 x 0.95) = 0.909" in reading.problems[0]


def test_an_asymmetric_interval_is_used_and_shown() -> None:
    reading = published_ratios.from_interval("0.70", "0.67", "0.95")
    assert reading.is_usable
    assert "off by 0.1308" in reading.problems[0]


def test_an_interval_too_narrow_for_its_events_is_shown() -> None:
    assert (
        "too small for the events"
        in published_ratios.from_interval("0.80", "0.75", "0.85", events=60).problems[-1]
    )
    assert published_ratios.from_interval("0.80", "0.67", "0.95", events=500).problems == ()


def test_p_and_events_recover_a_log_rank() -> None:
    # 100 events, equal arms: V = 25, z = 1.96, so log HR = -1.96 / 5
    reading = published_ratios.from_p_and_events("0.05", 100, favours_treatment=True)
    assert (reading.estimate, reading.se) == pytest.approx((-1.959964 / 5, 0.2), rel=1e-6)


def test_p_value_gives_the_standard_error_and_a_bound_says_so() -> None:
    assert published_ratios.from_p_value("0.70", "0.05").se == pytest.approx(
        abs(math.log(0.7)) / 1.959964, rel=1e-6
    )
    assert "upper bound" in published_ratios.from_p_value("0.70", "<0.001").problems[0]
    assert math.isnan(published_ratios.from_p_value("1.00", "0.98").se)


def test_medians_assume_exponential_arms_and_say_so() -> None:
    reading = published_ratios.from_medians(12.0, 9.0, (100, 110))
    assert reading.hazard_ratio == pytest.approx(0.75)
    assert reading.se == pytest.approx(math.sqrt(1 / 100 + 1 / 110))
    assert "assumed" in reading.problems[0]
    assert not published_ratios.from_medians(math.inf, 9.0, 100).is_usable


def test_observed_and_expected_are_petos_step() -> None:
    reading = published_ratios.from_observed_expected(40, 50, 22)
    assert (reading.estimate, reading.se) == pytest.approx((-10 / 22, 22**-0.5))


def test_readings_that_disagree_are_listed() -> None:
    a, b = (
        published_ratios.from_interval("0.80", "0.67", "0.95"),
        published_ratios.from_medians(9.0, 12.0, 400),
    )
    assert "standard errors apart" in published_ratios.agreement([a, b])[0]
