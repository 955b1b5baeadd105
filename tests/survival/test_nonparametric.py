import csv
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.survival import lung
from tests.survival.strategies import exponential_trial, follow_ups

from normoxia.errors import InvalidArgument, OutsideFollowUp
from normoxia.survival import (
    TimeToEvent,
    follow_up,
    kaplan_meier,
    kaplan_meier_many,
    landmark_difference,
    nelson_aalen,
)

EXACT = 1e-9  # R prints 15 digits; both sum a few hundred terms


@pytest.mark.parametrize("sex", [1, 2])
def test_lung_curve_as_in_r(sex):
    curve = kaplan_meier(lung.by_sex()[sex - 1])
    values = {
        q: v for (d, q), v in lung.oracle("curves_and_tests.csv").items() if d == "lung KM by sex"
    }
    prefix = f"sex={sex}"
    assert len(curve.data) == values[f"{prefix} records"]
    assert curve.n_events.sum() == values[f"{prefix} events"]
    assert curve.median.value == values[f"{prefix} median"]
    assert curve.median.low == values[f"{prefix} 0.95LCL"]
    assert curve.median.high == values[f"{prefix} 0.95UCL"]
    for day in (180, 365, 540):
        assert curve.at(day) == pytest.approx(values[f"{prefix} S {day}"], rel=EXACT)
        assert curve.standard_error_at(day) == pytest.approx(
            values[f"{prefix} se {day}"], rel=EXACT
        )


def small_sets() -> dict[str, TimeToEvent]:
    """The data sets of tests/oracles/survival/quantiles.R."""
    long = (np.r_[np.linspace(0.1, 10, 100), np.full(99, 60.0), 120.0], np.arange(200) < 100)
    twenty = (np.r_[np.arange(1.0, 17.0), 20, 20, 20, 30], np.r_[np.ones(15), 0, 1, 0, 0, 0])
    rows = {
        "flat_end": ([1.0, 2, 3, 4], [1, 1, 0, 0]),
        "flat_end_six": (np.arange(1.0, 7.0), [1, 1, 1, 0, 0, 0]),
        "all_events": ([1.0, 2, 3, 4], [1, 1, 1, 1]),
        "falls_later": (np.arange(1.0, 9.0), [1, 1, 1, 1, 0, 0, 1, 1]),
        "none": ([5.0, 6, 8], [0, 0, 0]),
        "ten": (np.arange(1.0, 11.0), [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]),
        "twenty": twenty,
        "long": long,
    }
    return {"lung": lung.everybody()} | {name: TimeToEvent(*row) for name, row in rows.items()}


def oracle_rows(name: str) -> list[dict[str, str]]:
    with (lung.FOLDER / name).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("name", sorted(small_sets()))
def test_quantiles_and_their_limits_as_in_r(name):
    data = small_sets()[name]
    many = kaplan_meier_many(data.time[None], data.observed[None])
    asked = [row for row in oracle_rows("quantiles.csv") if row["set"] == name]
    assert len(asked) == 25
    for row in asked:
        found = kaplan_meier(data, interval=row["type"]).quantile(float(row["probability"]))
        expected = [float(row[key]) for key in ("value", "low", "high")]
        assert [found.value, found.low, found.high] == pytest.approx(expected, rel=1e-12)
        assert many.quantile(float(row["probability"]))[0] == pytest.approx(expected[0], rel=1e-12)
        if row["type"] == "log" and row["probability"] == "0.5":
            assert [ends[0] for ends in many.median_interval()] == pytest.approx(
                expected[1:], rel=1e-12
            )


@pytest.mark.parametrize("name", sorted(set(small_sets()) - {"none"}))
def test_bands_as_in_r(name):
    for row in oracle_rows("bands.csv"):
        if row["set"] == name:
            curve = kaplan_meier(small_sets()[name], interval=row["type"])
            low, high = curve.band_at(float(row["time"]))
            assert curve.at(float(row["time"])) == pytest.approx(float(row["survival"]), rel=1e-12)
            # R has no limits where survival is 0, neither have we
            limits = [float(row[key].replace("NA", "nan")) for key in ("low", "high")]
            assert [low, high] == pytest.approx(limits, rel=1e-10, abs=1e-14, nan_ok=True)


@given(follow_ups(), st.floats(0.05, 0.95), st.floats(1.0, 500.0))
def test_no_quantile_depends_on_how_long_the_last_patient_was_followed(data, probability, longer):
    last = data.time >= data.time.max()
    longest = TimeToEvent(
        time=np.where(last & ~data.observed, data.time + longer, data.time), observed=data.observed
    )
    one, other = (kaplan_meier(d).quantile(probability) for d in (data, longest))
    assert (one.value, one.low, one.high) == (other.value, other.low, other.high)


@pytest.mark.parametrize("interval", ["log-log", "plain"])
def test_intervals_by_the_formula_of_klein_and_moeschberger(interval):
    # Klein & Moeschberger 2003, eqs 4.3.1 and 4.3.2, at one year for the men
    curve = kaplan_meier(lung.by_sex()[0], interval=interval)
    s, se = curve.at(365), curve.standard_error_at(365)
    low, high = curve.band_at(365)
    if interval == "plain":
        expected = (s - 1.959963984540054 * se, s + 1.959963984540054 * se)
    else:
        theta = math.exp(1.959963984540054 * se / s / math.log(s))
        expected = (s ** (1 / theta), s**theta)
    assert (low, high) == pytest.approx(expected, rel=EXACT)


def test_median_and_curve_as_in_lifelines():
    from lifelines import KaplanMeierFitter

    data = lung.everybody()
    peer = KaplanMeierFitter().fit(data.time, data.observed)
    curve = kaplan_meier(data, interval="log-log")
    days = np.arange(5, 1000, 7.0)
    assert curve.at(days) == pytest.approx(
        peer.survival_function_at_times(days).to_numpy(), rel=EXACT
    )
    assert curve.median.value == peer.median_survival_time_
    band = peer.confidence_interval_survival_function_.loc[curve.times]
    assert np.column_stack([curve.low, curve.high]) == pytest.approx(band.to_numpy(), rel=1e-6)


def test_late_entry_as_in_lifelines():
    from lifelines import KaplanMeierFitter

    data = lung.everybody()
    entry = np.where(np.arange(len(data)) % 3 == 0, np.minimum(100.0, data.time / 2), 0.0)
    late = TimeToEvent(time=data.time, observed=data.observed, entry=entry)
    peer = KaplanMeierFitter().fit(data.time, data.observed, entry=entry)
    days = np.array([50.0, 200.0, 500.0])
    assert kaplan_meier(late).at(days) == pytest.approx(
        peer.survival_function_at_times(days).to_numpy(), rel=EXACT
    )


def test_a_patient_of_weight_three_counts_as_three():
    data = TimeToEvent(
        time=np.array([2.0, 3.0, 5.0]),
        observed=np.array([True, False, True]),
        weight=np.array([3.0, 1.0, 2.0]),
    )
    thrice = TimeToEvent(
        time=np.repeat(data.time, [3, 1, 2]), observed=np.repeat(data.observed, [3, 1, 2])
    )
    one, other = kaplan_meier(data), kaplan_meier(thrice)
    assert one.survival == pytest.approx(other.survival)
    assert one.log_se == pytest.approx(other.log_se)


def test_robust_variance_without_weights_is_greenwoods():
    # the infinitesimal jackknife of Kaplan-Meier equals Greenwood's formula (Efron 1981)
    data = lung.everybody()
    robust, greenwood = kaplan_meier(data, variance="robust"), kaplan_meier(data)
    assert robust.log_se == pytest.approx(greenwood.log_se, rel=1e-9)


def test_robust_variance_is_the_derivative_by_each_weight():
    rng = np.random.default_rng(3)
    time, observed = rng.integers(1, 15, 12).astype(float), rng.random(12) < 0.7
    weight, entry = rng.uniform(0.5, 2.0, 12), np.where(np.arange(12) < 4, 0.5, 0.0)
    curve = kaplan_meier(
        TimeToEvent(time=time, observed=observed, entry=entry, weight=weight), variance="robust"
    )
    day = float(curve.times[len(curve.times) // 2])
    total = 0.0
    for i in range(12):
        logs = []
        for sign in (1, -1):
            moved = weight.copy()
            moved[i] += sign * 1e-5
            logs.append(
                math.log(
                    kaplan_meier(
                        TimeToEvent(time=time, observed=observed, entry=entry, weight=moved)
                    ).at(day)
                )
            )
        total += (weight[i] * (logs[0] - logs[1]) / 2e-5) ** 2
    assert curve.standard_error_at(day) / curve.at(day) == pytest.approx(math.sqrt(total), rel=1e-6)


@given(follow_ups())
def test_the_curve_never_rises_and_stays_in_its_band(data):
    curve = kaplan_meier(data)
    assert (np.diff(curve.survival) < 0).all()
    known = curve.survival > 0
    assert (curve.low[known] <= curve.survival[known]).all()
    assert (curve.high[known] >= curve.survival[known]).all()
    assert ((curve.survival >= 0) & (curve.survival <= 1)).all()


@given(follow_ups(), st.randoms(use_true_random=False))
def test_the_order_of_patients_is_irrelevant(data, random):
    order = list(range(len(data)))
    random.shuffle(order)
    one, other = kaplan_meier(data), kaplan_meier(data.subset(np.array(order)))
    assert (one.times == other.times).all()
    assert one.survival == pytest.approx(other.survival, rel=1e-12)
    assert one.median.value == other.median.value


def test_without_censoring_the_curve_is_the_share_alive():
    curve = kaplan_meier(TimeToEvent(time=np.arange(1.0, 11.0), observed=np.ones(10, bool)))
    assert curve.at(np.array([0.0, 0.99, 1.0, 4.5, 10.0, 99.0])) == pytest.approx(
        [1.0, 1.0, 0.9, 0.6, 0.0, 0.0]
    )
    assert curve.median.value == 5.5  # the curve lies on one half from 5 to 6


def test_a_median_not_reached_is_infinite():
    curve = kaplan_meier(
        TimeToEvent(
            time=np.array([1.0, 2.0, 3.0, 4.0]), observed=np.array([True, False, False, False])
        )
    )
    assert curve.median.value == math.inf
    assert curve.median.high == math.inf


def test_nobody_with_an_event_leaves_a_flat_curve():
    curve = kaplan_meier(TimeToEvent(time=np.array([1.0, 2.0]), observed=np.array([False, False])))
    assert curve.at(2.0) == 1.0
    assert curve.median.value == math.inf


def test_beyond_follow_up_is_refused_with_the_last_time():
    curve = kaplan_meier(lung.by_sex()[1])
    with pytest.raises(OutsideFollowUp, match="965"):
        curve.at(1000.0)
    assert curve.at(1000.0, extend=True) == curve.survival[-1]


def test_numbers_at_risk_are_those_not_yet_gone():
    data = TimeToEvent(
        time=np.array([1.0, 2.0, 2.0, 5.0]), observed=np.array([True, True, False, False])
    )
    assert list(kaplan_meier(data).at_risk([0.0, 1.0, 1.5, 2.0, 3.0, 6.0])) == [4, 4, 3, 3, 1, 0]


def test_follow_up_exchanges_events_and_censoring():
    from lifelines import KaplanMeierFitter

    data = lung.everybody()
    assert (
        follow_up(data).value
        == KaplanMeierFitter().fit(data.time, ~data.observed).median_survival_time_
    )


def test_nelson_aalen_by_hand():
    # 4 patients, events at 1 (one) and 2 (two): 1/4, then 1/4 + 2/3
    data = TimeToEvent(
        time=np.array([1.0, 2.0, 2.0, 5.0]), observed=np.array([True, True, True, False])
    )
    found = nelson_aalen(data)
    assert found.at([0.5, 1.0, 3.0]) == pytest.approx([0.0, 1 / 4, 1 / 4 + 2 / 3])
    assert found.standard_error[-1] == pytest.approx(math.sqrt(1 / 16 + 2 / 9))


def test_conditional_survival_is_the_curve_of_those_who_entered_then():
    data = lung.everybody()
    there = data.time > 180
    late = TimeToEvent(
        time=data.time[there], observed=data.observed[there], entry=np.full(there.sum(), 180.0)
    )
    conditional = kaplan_meier(data).conditional(540.0, given=180.0)
    entered = kaplan_meier(late).landmark(540.0)
    assert conditional.value == pytest.approx(entered.value, rel=1e-12)
    assert (conditional.low, conditional.high) == pytest.approx(
        (entered.low, entered.high), rel=1e-12
    )


def test_interpolated_quantile_lies_between_visits():
    # events seen at visits 42 and 84: survival 0.7 then 0.3, so one half is reached half-way
    data = TimeToEvent(time=np.repeat([42.0, 84.0, 126.0], [3, 4, 3]), observed=np.ones(10, bool))
    assert kaplan_meier(data).median.value == 84.0
    assert kaplan_meier(data).interpolated_quantile(0.5) == pytest.approx(63.0)


def test_an_unknown_interval_is_refused():
    with pytest.raises(InvalidArgument, match="log-log"):
        kaplan_meier(lung.everybody(), interval="arcsine")


@pytest.mark.slow
def test_intervals_cover_the_truth_and_the_landmark_test_keeps_its_size():
    rng, hits, medians, rejected, rounds = np.random.default_rng(20261122), 0, 0, 0, 1500
    hazard = math.log(2) / 300
    for _ in range(rounds):
        one, other = (
            kaplan_meier(g, interval="log-log")
            for g in exponential_trial(rng, 150, (hazard, hazard), (200, 900))
        )
        mark = one.landmark(180.0)
        hits += mark.low <= math.exp(-hazard * 180) <= mark.high
        medians += one.median.low <= 300.0 <= one.median.high
        rejected += landmark_difference(one, other, 180.0).p < 0.05
    error = math.sqrt(
        0.05 * 0.95 / rounds
    )  # 0.0056; three of them, and 0.01 for the normal approximation
    assert hits / rounds == pytest.approx(0.95, abs=3 * error + 0.01)
    assert medians / rounds == pytest.approx(0.95, abs=3 * error + 0.01)
    assert rejected / rounds == pytest.approx(0.05, abs=3 * error + 0.01)
