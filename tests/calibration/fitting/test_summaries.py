"""Figures of simulated patients against the survival room's own estimates, point by point, and against what is true of them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from normoxia import survival
from normoxia.calibration.fitting.experiments import SimulatedEndpoints
from normoxia.calibration.fitting.summaries import (
    AROUND,
    MEDIAN_GRID,
    RUNAWAY,
    Kind,
    Statistic,
    log_crossing,
    log_cumulative_hazard,
    log_hazard_ratio,
    log_median,
    share_logit,
    summary,
)
from normoxia.outcome import Endpoint
from normoxia.survival.data import DAYS_PER_MONTH, TimeToEvent
from normoxia.trial.conduct.recist import Response

N_POINTS, N = 6, 80


def endpoints(
    n_points: int = N_POINTS,
    n: int = N,
    seed: int = 1,
    medians: tuple[float, float] = (400.0, 250.0),
) -> SimulatedEndpoints:
    """Two arms with exponential times, censored evenly from 100 to 1200 days, half of the patients in "part"."""
    rng = np.random.default_rng(seed)
    shape = (n_points, 2, n)
    scale = np.array(medians)[None, :, None] / math.log(2.0)
    cut = rng.uniform(100.0, 1200.0, shape)
    pfs, os = scale / 2.0 * rng.exponential(size=shape), scale * rng.exponential(size=shape)
    response = np.where(rng.random(shape) < 0.35, int(Response.PR), int(Response.PD)).astype(
        np.int8
    )
    return SimulatedEndpoints(
        arms=("x", "y"),
        pfs=np.minimum(pfs, cut).astype(np.float32),
        pfs_observed=pfs <= cut,
        os=np.minimum(os, cut).astype(np.float32),
        os_observed=os <= cut,
        response=response,
        toxic=np.zeros(shape, bool),
        sets={
            "all": np.ones(shape, bool),
            "part": rng.random(shape) < 0.5,
            "none": np.zeros(shape, bool),
        },
    )


def failed(found: SimulatedEndpoints, rows: NDArray[np.bool_]) -> SimulatedEndpoints:
    """The same with some patients' solves failed: no PFS, and what they have else not to be believed."""
    return replace(
        found,
        pfs=np.where(rows, np.float32(np.nan), found.pfs),
        pfs_observed=found.pfs_observed | rows,
        os=np.where(rows, np.float32(1.0), found.os),
        os_observed=found.os_observed | rows,
        response=np.where(rows, int(Response.CR), found.response).astype(np.int8),
    )


def of(
    found: SimulatedEndpoints, point: int, arm: int, endpoint: Endpoint, rows: NDArray[np.bool_]
) -> TimeToEvent:
    time, seen = (
        (found.pfs, found.pfs_observed)
        if endpoint is Endpoint.PFS
        else (found.os, found.os_observed)
    )
    return TimeToEvent(time=time[point, arm][rows].astype(float), observed=seen[point, arm][rows])


@pytest.mark.parametrize("members", ["all", "part"])
@pytest.mark.parametrize("endpoint", [Endpoint.PFS, Endpoint.OS])
def test_hazard_ratios_are_those_of_cox_and_failures_are_left_out(
    endpoint: Endpoint, members: str
) -> None:
    lost = np.random.default_rng(2).random((N_POINTS, 2, N)) < 0.1
    found = failed(endpoints(), lost)
    ratios = log_hazard_ratio(found, "x", "y", members, endpoint)
    for point in range(N_POINTS):
        kept = [found.sets[members][point, a] & ~lost[point, a] for a in (0, 1)]
        both, group = survival.pooled([of(found, point, a, endpoint, kept[a]) for a in (1, 0)])
        assert ratios[point] == pytest.approx(survival.cox(both, group).coefficients[0], abs=1e-6)


def test_a_hazard_ratio_that_runs_away_is_held() -> None:
    found = endpoints(n=600, medians=(4000.0, 40.0))
    assert log_hazard_ratio(found, "x", "y", "all", Endpoint.OS) == pytest.approx(
        np.full(N_POINTS, -RUNAWAY)
    )


def test_curves_are_those_of_kaplan_and_meier_with_half_a_patient_on_either_side() -> None:
    lost = np.random.default_rng(3).random((N_POINTS, 2, N)) < 0.1
    found, days = failed(endpoints(), lost), np.array([90.0, 180.0, 365.0])
    curves = log_cumulative_hazard(found, "y", "part", Endpoint.OS, days)
    around = log_cumulative_hazard(found, "y", "part", Endpoint.PFS, days)
    shifts = np.array([-AROUND, -AROUND / 2, 0.0, AROUND / 2, AROUND])
    for point in range(N_POINTS):
        kept = found.sets["part"][point, 1] & ~lost[point, 1]
        n = kept.sum()
        left = survival.kaplan_meier(of(found, point, 1, Endpoint.OS, kept)).at(days)
        assert curves[point] == pytest.approx(np.log(-np.log((n * left + 0.5) / (n + 1))), abs=1e-9)
        curve = survival.kaplan_meier(of(found, point, 1, Endpoint.PFS, kept))
        smooth = np.array([np.mean(curve.at(day + shifts)) for day in days])
        assert around[point] == pytest.approx(
            np.log(-np.log((n * smooth + 0.5) / (n + 1))), abs=1e-9
        )


@pytest.mark.parametrize("left", [0.05, 0.2, 0.5, 0.8, 0.95])
def test_curves_of_forty_patients_are_right_on_average(left: float) -> None:
    """4000 points of 40 patients nobody of whom is censored: within 0.02 (the expansion's rest) and 4 standard errors."""
    rng, n_points, day = np.random.default_rng(4), 4000, 300.0
    shape = (n_points, 1, 40)
    os = rng.exponential(size=shape) * day / -math.log(left)
    late = np.full(shape, 1e6, np.float32)
    found = SimulatedEndpoints(
        arms=("x",),
        pfs=late,
        pfs_observed=np.zeros(shape, bool),
        os=os.astype(np.float32),
        os_observed=np.ones(shape, bool),
        response=np.zeros(shape, np.int8),
        toxic=np.zeros(shape, bool),
        sets={"all": np.ones(shape, bool)},
    )
    said = log_cumulative_hazard(found, "x", "all", Endpoint.OS, np.array([day]))[:, 0]
    error = said.std() / math.sqrt(n_points)
    assert said.mean() == pytest.approx(math.log(-math.log(left)), abs=0.02 + 4 * error)


def test_a_curve_says_nothing_beyond_its_follow_up() -> None:
    found = endpoints(medians=(4000.0, 4000.0))
    assert np.isnan(log_cumulative_hazard(found, "x", "all", Endpoint.OS, np.array([1300.0]))).all()


def test_responses_are_counted_among_those_who_did_not_fail() -> None:
    lost = np.random.default_rng(5).random((N_POINTS, 2, N)) < 0.1
    found = failed(endpoints(), lost)
    logits = share_logit(found, "x", "part", Kind.RESPONSE)
    for point in range(N_POINTS):
        kept = found.sets["part"][point, 0] & ~lost[point, 0]
        yes = int((found.response[point, 0][kept] >= Response.PR).sum())
        assert logits[point] == pytest.approx(math.log((yes + 0.5) / (kept.sum() - yes + 0.5)))


def test_disease_control_counts_stable_disease_and_toxicity_its_events() -> None:
    found = endpoints()
    stable = replace(
        found, response=np.where(found.response == Response.PD, Response.SD, found.response)
    )
    controlled = share_logit(stable, "x", "all", Kind.CONTROL)
    assert controlled == pytest.approx(math.log((N + 0.5) / 0.5))
    events = np.zeros(found.toxic.shape, bool)
    events[:, 0, : N // 4] = True
    toxic = share_logit(replace(found, toxic=events), "x", "all", Kind.TOXICITY)
    assert toxic == pytest.approx(math.log((N / 4 + 0.5) / (3 * N / 4 + 0.5)))


@pytest.mark.parametrize("kind", [Kind.RATIO, Kind.RESPONSE, Kind.CURVE, Kind.MEDIAN])
def test_a_set_without_patients_has_no_figure(kind: Kind) -> None:
    endpoint = Endpoint.ORR if kind is Kind.RESPONSE else Endpoint.OS
    comparator = "y" if kind is Kind.RATIO else ""
    figure = Statistic(
        study="s",
        kind=kind,
        endpoint=endpoint,
        set="none",
        arm="x",
        comparator=comparator,
        months=6.0 if kind is Kind.CURVE else -1.0,
    )
    assert np.isnan(summary(endpoints(), figure)).all()


def test_a_stratum_is_taken_relative_to_the_whole() -> None:
    found = endpoints()
    relative = summary(
        found,
        Statistic(
            study="s",
            kind=Kind.STRATUM,
            endpoint=Endpoint.OS,
            set="part",
            arm="x",
            comparator="y",
            whole="all",
        ),
    )
    own, whole = (
        log_hazard_ratio(found, "x", "y", members, Endpoint.OS) for members in ("part", "all")
    )
    assert relative == pytest.approx(own - whole)


def test_a_curve_is_read_at_its_month() -> None:
    found = endpoints()
    read = summary(
        found,
        Statistic(study="s", kind=Kind.CURVE, endpoint=Endpoint.OS, set="all", arm="y", months=6.0),
    )
    expected = log_cumulative_hazard(
        found, "y", "all", Endpoint.OS, np.array([6.0 * DAYS_PER_MONTH])
    )
    assert read == pytest.approx(expected[:, 0])


def test_medians_of_many_patients_are_those_of_the_law() -> None:
    """2000 patients an arm: log of the true median in months within 4 standard errors (1/sqrt(events) at the least) and 0.01."""
    found = endpoints(n_points=4, n=2000, medians=(400.0, 250.0))
    for arm, median in (("x", 400.0), ("y", 250.0)):
        said = log_median(found, arm, "all", Endpoint.OS)
        true = math.log(median / DAYS_PER_MONTH)
        assert said == pytest.approx(
            np.full(4, true), abs=4 / math.sqrt(2000 * 0.5) / math.log(2) + 0.01
        )


def test_crossings_are_interpolated_exactly_between_points() -> None:
    """Weibull curves are straight on these scales, so that the crossing is exact wherever it lies between the first and last month."""
    log_months = np.log(np.array(MEDIAN_GRID))
    for shape in (0.3, 1.0, 1.7):
        medians = np.array([1.4, 5.5, 17.0, 40.0])
        curves = math.log(math.log(2.0)) + shape * (log_months[None, :] - np.log(medians)[:, None])
        assert log_crossing(curves, log_months) == pytest.approx(np.log(medians), abs=1e-9)


def test_crossings_beyond_the_ends_carry_the_curve_on() -> None:
    log_months = np.log(np.array([2.0, 4.0, 8.0]))
    curves = math.log(math.log(2.0)) + 1.2 * (log_months[None, :] - np.log([[1.0], [20.0]]))
    assert log_crossing(curves, log_months) == pytest.approx(np.log([1.0, 20.0]), abs=1e-9)


def test_a_curve_known_at_one_point_has_no_median_and_a_plateau_a_finite_one() -> None:
    log_months = np.log(np.array([2.0, 4.0, 8.0]))
    curves = np.array([[np.nan, -1.0, np.nan], [-2.0, -1.5, -1.5]])
    found = log_crossing(curves, log_months)
    assert np.isnan(found[0])
    assert np.isfinite(found[1])
    assert found[1] > log_months[-1]


def test_a_dip_does_not_undo_a_crossing() -> None:
    """Averages about a day may fall by rounding; the highest so far counts."""
    target, log_months = math.log(math.log(2.0)), np.log(np.array([2.0, 4.0, 8.0, 16.0]))
    curves = target + np.array([[-1.0, 1.0, -0.5, 2.0], [-1.0, 0.0, 0.0, 0.0]])
    assert log_crossing(curves, log_months) == pytest.approx(
        [np.log(2.0) + 0.5 * np.log(2.0), np.log(4.0)]
    )
