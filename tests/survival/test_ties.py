"""Times that are equal but for rounding are tied, by R's rule, everywhere; or, on request, nowhere."""

from __future__ import annotations

import csv
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.survival import lung
from tests.survival.strategies import follow_ups

from normoxia.errors import InvalidArgument
from normoxia.survival import (
    TimeToEvent,
    cox,
    curves_cross,
    follow_up,
    hazard_ratio_many,
    kaplan_meier,
    kaplan_meier_many,
    log_rank,
    max_combo,
    nelson_aalen,
    pooled,
    proportional_hazards_test,
    restricted_mean,
)
from normoxia.survival.ties import TIE_TOLERANCE


def sets() -> list[list[dict[str, str]]]:
    with (lung.FOLDER / "ties.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return [
        [row for row in rows if row["set"] == name]
        for name in dict.fromkeys(row["set"] for row in rows)
    ]


def numbers(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows])


@pytest.mark.parametrize("rows", sets())
def test_joined_as_by_aeqsurv_in_r(rows: list[dict[str, str]]) -> None:
    time, observed, x = (numbers(rows, name) for name in ("time", "observed", "x"))
    data = TimeToEvent(time=time, observed=observed == 1)
    assert (data.time == numbers(rows, "joined")).all()
    # coxph's own rest is 1e-12 of the log likelihood, a millionth of the coefficient
    assert cox(data, x).coefficients[0] == pytest.approx(float(rows[0]["cox"]), rel=1e-6)
    assert hazard_ratio_many([time], [observed == 1], x == 1).log_hazard_ratio[0] == pytest.approx(
        float(rows[0]["cox"]), rel=1e-6
    )
    arms = [data.subset(x == value) for value in (0, 1)]
    assert log_rank(arms).statistic == pytest.approx(float(rows[0]["logrank"]), rel=1e-9)
    exactly = TimeToEvent(time=time, observed=observed == 1, tie_tolerance=0.0)
    assert (exactly.time == time).all()
    assert cox(exactly, x).coefficients[0] == pytest.approx(float(rows[0]["cox_off"]), rel=1e-6)
    assert hazard_ratio_many([time], [observed == 1], x == 1, tie_tolerance=0.0).log_hazard_ratio[
        0
    ] == pytest.approx(float(rows[0]["cox_off"]), rel=1e-6)


@given(
    follow_ups(smallest=4, largest=25), follow_ups(smallest=4, largest=25), st.integers(0, 10**6)
)
@settings(deadline=None, max_examples=40)
def test_rounding_changes_no_answer(one: TimeToEvent, other: TimeToEvent, seed: int) -> None:
    rng = np.random.default_rng(seed)
    whole = [TimeToEvent(time=np.ceil(data.time), observed=data.observed) for data in (one, other)]
    # a few units in the last place, as sums and unit conversions leave them
    moved = [
        TimeToEvent(time=d.time * (1 + rng.integers(-4, 5, len(d)) * 2.0**-50), observed=d.observed)
        for d in whole
    ]
    answers: list[Callable[[list[TimeToEvent]], object]] = [
        lambda groups: [len(kaplan_meier(g).times) for g in groups],
        lambda groups: [kaplan_meier(g).survival for g in groups],
        lambda groups: [kaplan_meier(g).log_se for g in groups],
        # asked at the whole day, on either side of which an event may lie by rounding
        lambda groups: [kaplan_meier(g).at(np.arange(1.0, 31.0), extend=True) for g in groups],
        lambda groups: [kaplan_meier(g).at_risk(np.arange(1.0, 31.0)) for g in groups],
        lambda groups: [nelson_aalen(g).at(np.arange(1.0, 31.0)) for g in groups],
        lambda groups: [kaplan_meier(g).median.value for g in groups],
        lambda groups: [follow_up(g).value for g in groups],
        lambda groups: [
            restricted_mean(kaplan_meier(g), g.time.max()).standard_error for g in groups
        ],
        lambda groups: curves_cross(*map(kaplan_meier, groups)),
        lambda groups: log_rank(groups).statistic,
        lambda groups: max_combo(*groups).statistic,
        *(lambda groups, ties=ties: _cox(groups, ties) for ties in ("efron", "breslow", "exact")),
        lambda groups: proportional_hazards_test(_fit(groups, "efron"), "rank").global_statistic,
        lambda groups: _many(groups)[0],
        lambda groups: _many(groups)[1],
        lambda groups: _many(groups)[2],
        lambda groups: _many(groups)[3],
    ]
    for answer in answers:
        expected, found = (_value(answer, groups) for groups in (whole, moved))
        if isinstance(expected, type):
            assert found is expected
        elif isinstance(expected, list):
            for ours, theirs in zip(found, expected, strict=True):
                assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-12, nan_ok=True)
        else:
            assert found == pytest.approx(expected, rel=1e-7, abs=1e-9, nan_ok=True)


def _value(answer: Callable[[list[TimeToEvent]], object], groups: list[TimeToEvent]) -> object:
    from normoxia.errors import NormoxiaError

    try:
        return answer(groups)
    except NormoxiaError as error:
        return type(error)


def _fit(groups: list[TimeToEvent], ties: str):
    data, group = pooled(groups)
    return cox(data, group, ties=ties)


def _cox(groups: list[TimeToEvent], ties: str) -> float:
    return float(_fit(groups, ties).coefficients[0])


def _many(groups: list[TimeToEvent]) -> list[np.ndarray]:
    time, observed = (
        np.concatenate([getattr(g, name) for g in groups])[None] for name in ("time", "observed")
    )
    arm = np.arange(time.shape[1]) < len(groups[0])
    curves, ratios = kaplan_meier_many(time, observed), hazard_ratio_many(time, observed, arm)
    return [
        curves.at(np.arange(1.0, 31.0), extend=True),
        curves.median,
        ratios.log_hazard_ratio,
        ratios.log_rank_z,
    ]


@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=60), st.integers(0, 10**6))
def test_whole_days_are_never_changed(days: list[int], seed: int) -> None:
    time = np.array(days, dtype=float)
    observed = np.random.default_rng(seed).random(len(time)) < 0.5
    assert (TimeToEvent(time=time, observed=observed).time == time).all()
    curves = kaplan_meier_many(time[None], observed[None])
    assert (curves.times[0] == np.sort(time)).all()


def test_a_subset_keeps_what_was_decided_for_all() -> None:
    """Three tenths written in two ways beside long times: the mean of the long ones alone would join more."""
    data = TimeToEvent(time=[0.3, 0.1 + 0.2, 5000.0, 5000.00001], observed=[1, 1, 1, 1])
    assert data.time[0] == data.time[1]
    assert data.time[2] == data.time[3]
    apart = TimeToEvent(time=[0.3, 1.0, 1.0 + 1e-7, 2.0], observed=[1, 1, 1, 1])
    assert len(np.unique(apart.subset([1, 2]).time)) == 2
    assert apart.reversed().slack == apart.slack == TIE_TOLERANCE * max(1.0, apart.time.mean())


def test_entry_that_equals_the_end_but_for_rounding_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="rounding"):
        TimeToEvent(time=[0.1 + 0.2, 1.0], observed=[1, 0], entry=[0.3, 0.0])
    assert (
        TimeToEvent(
            time=[0.1 + 0.2, 1.0], observed=[1, 0], entry=[0.3, 0.0], tie_tolerance=0.0
        ).entry
        is not None
    )


def test_following_between_two_times() -> None:
    data = TimeToEvent(time=[0.1 + 0.2, 1.0, 2.0, 3.0], observed=[1, 1, 1, 0])
    part = data.between(0.3, 2.0)
    assert part is not None
    assert part.time.tolist() == [1.0, 2.0, 2.0]
    assert part.observed.tolist() == [True, True, False]
    assert part.entry is not None
    assert part.entry.tolist() == [0.3] * 3
    assert data.between(3.0, 4.0) is None
    with pytest.raises(InvalidArgument, match="start < stop"):
        data.between(2.0, 1.0)
