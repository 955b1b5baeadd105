"""Every public function on tiny and degenerate data: a finite number that can be right, or an error of ours that says why.

What may be infinite by definition is named: medians not reached and their limits.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import normoxia.survival as survival
from normoxia.errors import ComputationFailed, NormoxiaError, NotConverged
from normoxia.survival import (
    FAMILIES,
    TimeToEvent,
    cox,
    curves_cross,
    fit_parametric,
    fit_spline,
    follow_up,
    hazard_ratio,
    hazard_ratio_many,
    kaplan_meier,
    kaplan_meier_many,
    landmark_difference,
    log_rank,
    max_combo,
    nelson_aalen,
    pooled,
    prediction_interval,
    proportional_hazards_test,
    restricted_mean,
    restricted_mean_difference,
    restricted_mean_lost,
    restricted_mean_lost_ratio,
    restricted_mean_ratio,
)

#: no ratio of a handful of patients is beyond this; larger ones are a likelihood without a maximum taken for one
LARGEST_RATIO = 1e6


@st.composite
def tiny(draw: st.DrawFn, zero: bool = True) -> TimeToEvent:
    """One to seven patients: few distinct times, all or none with the event, late entry, weights."""
    n = draw(st.integers(1, 7))
    times = st.one_of(
        st.integers(0 if zero else 1, 4).map(float), st.sampled_from([0.1 + 0.2, 0.3, 1e-3, 1000.0])
    )
    time = np.array(draw(st.lists(times, min_size=n, max_size=n)))
    kind = draw(st.sampled_from(["mixed", "mixed", "all", "none", "one"]))
    if kind == "mixed":
        observed = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    else:
        observed = np.full(n, kind == "all")
        observed[0] |= kind == "one"
    weight = (
        np.array(draw(st.lists(st.floats(0.1, 5.0), min_size=n, max_size=n)))
        if draw(st.booleans())
        else None
    )
    entry = None
    if draw(st.integers(0, 3)) == 0 and (time > 0).all():
        entry = time * np.array(draw(st.lists(st.sampled_from([0.0, 0.5]), min_size=n, max_size=n)))
    return TimeToEvent(time=time, observed=observed, entry=entry, weight=weight)


def numbers(value: object) -> Iterator[float]:
    """Every number of an answer."""
    if isinstance(value, TimeToEvent | str) or value is None:
        return
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from numbers(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for part in value:
            yield from numbers(part)
    elif isinstance(value, dict):
        yield from numbers(tuple(value.values()))
    else:
        yield from np.asarray(value, dtype=float).ravel().tolist()


def answered(work: Callable[[], object]) -> object | None:
    """What a function gives, None where it refused with an error of ours in words."""
    try:
        return work()
    except NormoxiaError as error:
        words = str(error)
    assert len(words) > 20
    assert "singular" not in words.lower()
    return None


def finite(work: Callable[[], object]) -> object | None:
    found = answered(work)
    assert all(math.isfinite(number) for number in numbers(found)), found
    return found


@given(
    tiny(), tiny(), st.sampled_from(["log", "log-log", "plain", "logit", "arcsin"]), st.booleans()
)
@settings(deadline=None, max_examples=100)
def test_curves(one: TimeToEvent, other: TimeToEvent, interval: str, robust: bool) -> None:
    variance = "robust" if robust else "greenwood"
    curves = [kaplan_meier(data, interval=interval, variance=variance) for data in (one, other)]
    for data, curve in zip((one, other), curves, strict=True):
        assert all(0.0 <= s <= 1.0 for s in curve.survival)
        for probability in (0.1, 0.5, 0.9):
            found = curve.quantile(probability)
            # a band may lie at one side of the target from the first event, so no order with the estimate below it
            assert found.value == math.inf or found.value in _halves(curve.times)
            assert found.high >= found.value or math.isinf(found.value) or math.isnan(found.high)
            assert curve.interpolated_quantile(probability) >= 0.0
        finite(lambda curve=curve: curve.at([0.0, 0.3, 2.0], extend=True))
        finite(lambda curve=curve: curve.standard_error_at([0.0, 0.3, 2.0], extend=True))
        finite(lambda curve=curve: curve.at_risk([0.0, 0.3, 2.0]))
        rate = answered(lambda curve=curve: curve.landmark(1.0))
        if rate is not None and 0 < rate.value < 1:
            assert 0.0 <= rate.low <= rate.value + 1e-12
            assert rate.value <= rate.high + 1e-12 <= 1.0 + 2e-12
        answered(lambda curve=curve: curve.conditional(2.0, 1.0))
        finite(lambda data=data: nelson_aalen(data).at([0.0, 0.3, 2.0]))
        assert answered(lambda data=data: follow_up(data)) is not None
    assert curves_cross(*curves) in (True, False)
    answered(lambda: landmark_difference(*curves, 2.0))


def _halves(times: np.ndarray) -> set[float]:
    return {float((a + b) / 2) for a in times for b in times}


@given(tiny(), tiny(), st.sampled_from([0.3, 2.0, 4.0]))
@settings(deadline=None, max_examples=100)
def test_restricted_means(one: TimeToEvent, other: TimeToEvent, horizon: float) -> None:
    curves = kaplan_meier(one), kaplan_meier(other)
    for measure in (restricted_mean, restricted_mean_lost):
        found = answered(lambda measure=measure: measure(curves[0], horizon))
        if found is not None:
            assert 0.0 <= found.low <= found.value <= found.high <= horizon
    for contrast in (restricted_mean_difference, restricted_mean_ratio, restricted_mean_lost_ratio):
        found = answered(lambda contrast=contrast: contrast(*curves, horizon))
        if found is not None:
            assert all(math.isfinite(number) for number in numbers(found) if number != found.p)
            assert found.low <= found.value <= found.high
            assert 0.0 <= found.p <= 1.0


@given(
    tiny(), tiny(), st.booleans(), st.sampled_from([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
)
@settings(deadline=None, max_examples=100)
def test_tests(
    one: TimeToEvent, other: TimeToEvent, stratified: bool, weights: tuple[float, float]
) -> None:
    strata = [np.arange(len(group)) % 2 for group in (one, other)] if stratified else None
    rho, gamma = weights
    for found in (
        finite(lambda: log_rank([one, other], strata=strata, rho=rho, gamma=gamma)),
        finite(lambda: max_combo(one, other)),
    ):
        if found is not None:
            assert 0.0 <= found.p <= 1.0
            assert found.statistic >= 0.0
            assert found.statistic < 100.0  # of at most fourteen patients


@given(
    tiny(),
    tiny(),
    st.sampled_from(["efron", "breslow", "exact"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
@settings(deadline=None, max_examples=100)
def test_hazard_ratios(
    one: TimeToEvent, other: TimeToEvent, ties: str, firth: bool, robust: bool, stratified: bool
) -> None:
    strata = [np.arange(len(group)) % 2 for group in (one, other)] if stratified else None
    found = finite(
        lambda: hazard_ratio(one, other, ties=ties, firth=firth, robust=robust, strata=strata)
    )
    if found is not None:
        assert 1 / LARGEST_RATIO < found.value < LARGEST_RATIO
        assert found.low <= found.value <= found.high
        assert 0.0 <= found.p <= 1.0


@given(
    tiny(),
    tiny(),
    st.integers(1, 3),
    st.sampled_from(["efron", "breslow", "exact"]),
    st.booleans(),
    st.data(),
)
@settings(deadline=None, max_examples=100)
def test_several_covariates(
    one: TimeToEvent, other: TimeToEvent, p: int, ties: str, firth: bool, data: st.DataObject
) -> None:
    """Constant, collinear, separating covariates and large numbers among them."""
    together = answered(lambda: pooled((one, other)))
    if together is None:  # a patient gone at time 0 does not go with late entry
        return
    patients, group = together
    if ties == "exact":
        patients = TimeToEvent(time=patients.time, observed=patients.observed)
    values = st.sampled_from([0.0, 1.0, 2.0, -1.0])
    x = np.array(
        [
            data.draw(st.lists(values, min_size=len(patients), max_size=len(patients)))
            for _ in range(p)
        ]
    ).T
    x[:, 0] = group
    x *= data.draw(st.sampled_from([1.0, 1e-6, 1e6]))
    fit = answered(lambda: cox(patients, x, ties=ties, firth=firth))
    if fit is None:
        return
    scale = np.abs(x).max()
    assert np.isfinite(fit.coefficients).all()
    assert (fit.standard_errors > 0).all()
    assert np.abs(fit.coefficients * scale).max() < 3 * math.log(LARGEST_RATIO)
    for transform in ("km", "rank", "identity", "log"):
        tested = finite(lambda transform=transform: proportional_hazards_test(fit, transform))
        if tested is not None:
            assert all(0.0 <= p <= 1.0 for p in (*tested.p, tested.global_p))


@given(tiny(zero=False), st.sampled_from(sorted(FAMILIES)), st.booleans())
@settings(deadline=None, max_examples=100)
def test_distributions(data: TimeToEvent, family: str, covariate: bool) -> None:
    x = np.arange(len(data)) % 2 if covariate else None
    fit = answered(lambda: fit_parametric(data, FAMILIES[family], x))
    if fit is not None:
        assert all(math.isfinite(number) for row in fit.parameters for number in row[1:])
        assert all(row[2] > 0 for row in fit.parameters)
        curve = fit.survival([0.0, 0.5, 3.0], [0.0] if covariate else [])
        assert ((curve >= 0) & (curve <= 1)).all()
        assert (np.diff(curve) <= 1e-12).all()


@given(tiny(zero=False), st.integers(0, 2), st.sampled_from(["hazard", "odds", "normal"]))
@settings(deadline=None, max_examples=100)
def test_splines(data: TimeToEvent, knots: int, scale: str) -> None:
    fit = answered(lambda: fit_spline(data, inner_knots=knots, scale=scale))
    if fit is not None:
        assert np.isfinite(fit.coefficients).all()
        assert (fit.standard_errors > 0).all()
        curve = fit.survival([0.0, 0.5, 3.0])
        assert ((curve >= 0) & (curve <= 1)).all()


@given(st.lists(tiny(), min_size=1, max_size=3), st.sampled_from(["efron", "breslow"]))
@settings(deadline=None, max_examples=100)
def test_replicates(rows: list[TimeToEvent], ties: str) -> None:
    width = max(len(row) for row in rows)
    time, observed, included = (np.zeros((len(rows), width), kind) for kind in (float, bool, bool))
    for i, row in enumerate(rows):
        time[i, : len(row)], observed[i, : len(row)], included[i, : len(row)] = (
            row.time,
            row.observed,
            True,
        )
    many = kaplan_meier_many(time, observed, included)
    for i, row in enumerate(rows):
        one = kaplan_meier(TimeToEvent(time=row.time, observed=row.observed))
        assert many.median[i] == pytest.approx(one.median.value)
        assert many.at([1.0], extend=True)[i, 0] == pytest.approx(
            float(one.at(1.0, extend=True)), abs=1e-12
        )
    finite(lambda: many.restricted_mean(2.0, extend=True))
    answered(lambda: many.restricted_mean(2.0))
    ratios = answered(
        lambda: hazard_ratio_many(
            time, observed, np.arange(width) % 2 == 0, included=included, ties=ties
        )
    )
    known = ratios.hazard_ratio[~np.isnan(ratios.hazard_ratio)]
    assert ((known > 1 / LARGEST_RATIO) & (known < LARGEST_RATIO)).all()
    answered(lambda: prediction_interval(many.median))


HUGE = 1e300


@pytest.mark.parametrize(
    "work",
    [
        lambda d, c: c.at(np.nan),
        lambda d, c: c.band_at([1.0, np.nan]),
        lambda d, c: c.at("a week"),
        lambda d, c: c.quantile(np.nan),
        lambda d, c: c.quantile(1.0),
        lambda d, c: c.interpolated_quantile(0.0),
        lambda d, c: c.landmark(np.inf),
        lambda d, c: c.conditional(np.nan, 1.0),
        lambda d, c: nelson_aalen(d).at(np.nan),
        lambda d, c: restricted_mean(c, np.nan),
        lambda d, c: restricted_mean(c, np.inf, extend=True),
        lambda d, c: restricted_mean(c, -1.0),
        lambda d, c: restricted_mean_lost_ratio(c, c, 0.5),
        lambda d, c: kaplan_meier(d, level=1.0),
        lambda d, c: kaplan_meier(d, level=np.nan),
        lambda d, c: cox(d, [0, 1, 1, 0], level=95),
        lambda d, c: cox(d, ["a", "b", "c", "d"]),
        lambda d, c: cox(d, [0, 1, 1, np.inf]),
        lambda d, c: cox(d, np.full(4, HUGE)),
        lambda d, c: cox(d, [0, 1, 1, 0], strata=[1, 2]),
        lambda d, c: cox(d, [0, 1, 1, 0], strata=[1, "a", None, 2]),
        lambda d, c: cox(d, [0, 1, 1, 0], cluster=[1, 2]),
        lambda d, c: cox(d, [0, 1, 1, 0], cluster=[1, 1, 2, 2], ties="exact"),
        lambda d, c: cox(d, [0, 1, 1, 0], firth=True, robust=True),
        lambda d, c: cox(d, [0, 1, 1, 0], ties="ours"),
        lambda d, c: d.subset([7]),
        lambda d, c: d.subset([]),
        lambda d, c: pooled([]),
        lambda d, c: pooled([d, TimeToEvent(time=[1.0], observed=[1], tie_tolerance=0.0)]),
        lambda d, c: TimeToEvent(time=[1.0], observed=[1], tie_tolerance=np.nan),
        lambda d, c: TimeToEvent(time=[[1.0], [1.0, 2.0]], observed=[1]),
        lambda d, c: log_rank([d]),
        lambda d, c: log_rank([d, d], rho=np.nan),
        lambda d, c: log_rank([d, d], gamma=-1.0),
        lambda d, c: log_rank([d, d], strata=[[1, 2, 3, 4]]),
        lambda d, c: max_combo(d, d, []),
        lambda d, c: max_combo(d, d, [(0, -1)]),
        lambda d, c: kaplan_meier_many([[1.0, np.nan]], [[1, 1]]),
        lambda d, c: kaplan_meier_many([[1.0, 2.0]], [[1, 2]]),
        lambda d, c: kaplan_meier_many([[1.0, -2.0]], [[1, 1]]),
        lambda d, c: kaplan_meier_many([[1.0, 2.0]], [[1, 1]]).quantile(2.0),
        lambda d, c: kaplan_meier_many([[1.0, 2.0]], [[1, 1]]).at(np.nan),
        lambda d, c: kaplan_meier_many([[1.0, 2.0]], [[1, 1]]).restricted_mean(np.nan),
        lambda d, c: hazard_ratio_many([[1.0, 2.0]], [[1, 1]], [1, 0], ties="exact"),
        lambda d, c: hazard_ratio_many([[1.0, 2.0]], [[1, 1]], [1, 0], included=[0, 0]),
        lambda d, c: prediction_interval([1.0], level=2.0),
        lambda d, c: fit_parametric(d, FAMILIES["exp"], [[1.0], [2.0]]),
        lambda d, c: fit_parametric(d, FAMILIES["exp"], [1.0, np.nan, 0.0, 1.0]),
        lambda d, c: fit_parametric(d, FAMILIES["exp"]).survival(np.nan),
        lambda d, c: fit_parametric(d, FAMILIES["exp"]).restricted_mean(np.nan),
        lambda d, c: fit_spline(d, inner_knots=-1),
        lambda d, c: fit_spline(d, [1.0, 1.0, 0.0, 0.0], inner_knots=0, varying=(3,)),
        lambda d, c: fit_spline(d, inner_knots=0).hazard(0.0),
        lambda d, c: landmark_difference(c, c, 0.5),
    ],
)
def test_what_cannot_be_meant_is_refused(work: Callable[..., object]) -> None:
    data = TimeToEvent(time=[1.0, 2.0, 3.0, 4.0], observed=[1, 1, 1, 0])
    with pytest.raises(NormoxiaError):
        work(data, kaplan_meier(data))


def test_every_public_function_is_tried_above() -> None:
    """A function added to the room belongs into this file."""
    functions = {
        name for name in survival.__all__ if callable(getattr(survival, name)) and name[0].islower()
    }
    assert {name for name in functions if name not in globals()} == set()


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
@pytest.mark.parametrize("turned", [False, True])
def test_an_arm_without_events_or_overlap_has_no_ratio_without_firth(
    ties: str, turned: bool
) -> None:
    """R (coxph, survival 3.5-3) warns "Loglik converged before variable 1; beta may be infinite" for each of these."""
    quiet, busy = (
        TimeToEvent(time=[3.0, 4, 5], observed=[0, 0, 0]),
        TimeToEvent(time=[3.0, 5, 4, 11], observed=[1, 1, 1, 1]),
    )
    early, late = (
        TimeToEvent(time=[1.0, 2, 3], observed=[1, 1, 1]),
        TimeToEvent(time=[4.0, 5, 6], observed=[1, 1, 1]),
    )
    single, none = (
        TimeToEvent(time=[1.0, 2], observed=[1, 0]),
        TimeToEvent(time=[3.0, 4], observed=[0, 0]),
    )
    for pair in ((quiet, busy), (early, late), (single, none)):
        arms = pair[::-1] if turned else pair
        with pytest.raises(NotConverged, match="separates"):
            hazard_ratio(*arms, ties=ties)
        found = hazard_ratio(*arms, ties=ties, firth=True)
        assert 0.0 < found.low < found.value < found.high < math.inf
    with pytest.raises(ComputationFailed, match="no event"):
        hazard_ratio(quiet, quiet, ties=ties)
