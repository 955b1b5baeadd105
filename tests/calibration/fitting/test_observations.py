"""What enters the likelihood: nothing twice, nothing lost, errors and covariances as simulated trials have them."""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from normoxia.calibration.fitting import observations
from normoxia.calibration.fitting.experiments import runnable
from normoxia.calibration.fitting.observations import (
    APART,
    Observation,
    ObservationBlock,
    blocks,
    covariance,
    main_set,
)
from normoxia.calibration.fitting.summaries import Kind, Statistic
from normoxia.calibration.scoring import lock as locks
from normoxia.calibration.scoring.study_list import calibration_studies
from normoxia.outcome import Endpoint
from normoxia.survival.replicates import hazard_ratio_many, kaplan_meier_many
from normoxia.trial.making import from_study

Floats = NDArray[np.float64]
LOCK = locks.read()


@functools.cache
def every() -> tuple[ObservationBlock, ...]:
    return blocks(list(runnable([study.id for study in calibration_studies()])), LOCK)


def of(study: str) -> ObservationBlock:
    return next(block for block in every() if block.study == study)


# --- trials simulated by brute force ---

N_TRIALS, RATE, FOLLOW = 4000, 1.0 / 300.0, 700.0


@functools.cache
def simulated(hazard_ratio: float = 1.0) -> dict[str, Floats]:
    """4000 trials of two experimental arms (one of them twice as large) and a control, exponential, two strata of a third and
    two thirds, all censored at 700 days: log hazard ratios, and log cumulative hazards of the control at 150, 300 and 500 days and of the first arm at 300.
    """
    rng = np.random.default_rng(1)
    sizes = {"x": 200, "z": 100, "y": 150}
    days, seen, part = {}, {}, {}
    for arm, n in sizes.items():
        rate = RATE * (hazard_ratio if arm != "y" else 1.0)
        time = rng.exponential(1.0 / rate, (N_TRIALS, n))
        days[arm], seen[arm] = np.minimum(time, FOLLOW), time <= FOLLOW
        part[arm] = np.arange(n) < n // 3

    def ratio(arm: str, chosen: bool | None = None) -> Floats:
        time, event = (
            np.concatenate([columns[arm], columns["y"]], axis=1) for columns in (days, seen)
        )
        experimental = np.arange(time.shape[1]) < sizes[arm]
        member = np.concatenate([part[arm], part["y"]])
        included = None if chosen is None else member == chosen
        return hazard_ratio_many(time, event, experimental, included=included).log_hazard_ratio

    curve = kaplan_meier_many(days["y"], seen["y"])
    found = {
        "x": ratio("x"),
        "z": ratio("z"),
        "first": ratio("x", True) - ratio("x"),
        "second": ratio("x", False) - ratio("x"),
    }
    hazards = -np.log(curve.at(np.array([150.0, 300.0, 500.0])))
    for i, name in enumerate(("150", "300", "500")):
        found[name] = np.log(hazards[:, i])
    found["x at 300"] = np.log(
        -np.log(kaplan_meier_many(days["x"], seen["x"]).at(np.array([300.0]))[:, 0])
    )
    return found


SEEN = ("x", "z", "first", "second", "150", "300", "500", "x at 300")


def as_published(hazard_ratio: float) -> list[Observation]:
    """The same figures with the standard errors they have, and the y of the truth."""
    rows = simulated(hazard_ratio)
    made = []
    for name in SEEN:
        se = float(rows[name].std())
        if name in ("x", "z"):
            share = {"x": 200 / 350, "z": 100 / 250}[name]
            figure = Statistic(
                study="s",
                kind=Kind.RATIO,
                endpoint=Endpoint.OS,
                set="all",
                arm=name,
                comparator="y",
            )
            made.append(
                Observation(
                    figure=figure,
                    y=math.log(hazard_ratio),
                    se=se,
                    n=350.0,
                    share=share,
                    target=None,
                    value=math.nan,
                    source="",
                )
            )
        elif name in ("first", "second"):
            figure = Statistic(
                study="s",
                kind=Kind.STRATUM,
                endpoint=Endpoint.OS,
                set=name,
                arm="x",
                comparator="y",
                whole="all",
            )
            made.append(
                Observation(
                    figure=figure,
                    y=0.0,
                    se=se,
                    n=350.0,
                    share=200 / 350,
                    target=None,
                    value=math.nan,
                    source="",
                )
            )
        else:
            arm, day = ("x", 300.0) if name == "x at 300" else ("y", float(name))
            rate = RATE * (hazard_ratio if arm == "x" else 1.0)
            figure = Statistic(
                study="s",
                kind=Kind.CURVE,
                endpoint=Endpoint.OS,
                set="all",
                arm=arm,
                months=day / 30.4375,
            )
            made.append(
                Observation(
                    figure=figure,
                    y=math.log(rate * day),
                    se=se,
                    n=150.0,
                    share=math.nan,
                    target=None,
                    value=math.nan,
                    source="",
                )
            )
    return made


@pytest.mark.parametrize(
    ("hazard_ratio", "within"),
    [
        pytest.param(1.0, 0.065, id="equal hazards"),
        pytest.param(0.7, 0.08, id="unlike hazards", marks=pytest.mark.slow),
    ],
)
def test_covariances_are_those_of_simulated_trials(hazard_ratio: float, within: float) -> None:
    """Correlations within 0.065, which is 4 standard errors of 4000 trials; at unlike hazards the rules, which share events out
    by patients, are off by up to 0.03 of a correlation more.

    Nelson and Aalen's increments along a curve, a hazard ratio against its control's curve, two that share a control, strata
    against each other and against the whole.
    """
    rows, made = simulated(hazard_ratio), as_published(hazard_ratio)
    expected = np.corrcoef(np.stack([rows[name] for name in SEEN]))
    found = covariance(made)
    scale = np.sqrt(np.diag(found))
    correlation = found / np.outer(scale, scale)
    off = np.abs(correlation - expected)
    worst = np.unravel_index(np.argmax(off), off.shape)
    assert off.max() < within, (SEEN[worst[0]], SEEN[worst[1]], correlation[worst], expected[worst])


def test_a_stratum_less_its_whole_has_the_difference_of_variances() -> None:
    """What `_ratio` takes as its error: sqrt(se^2 of the stratum - se^2 of the whole), within 5 % (the spread of 4000 draws is 1 %)."""
    rows = simulated()
    for name in ("first", "second"):
        alone = rows[name] + rows["x"]
        assert rows[name].std() == pytest.approx(math.sqrt(alone.var() - rows["x"].var()), rel=0.05)


def test_the_error_of_a_median_and_of_a_landmark_is_that_of_simulated_curves() -> None:
    """The formula for a point without an interval, at full follow-up (nobody is censored before 700 days), within 5 %."""
    rows = simulated()
    for name in ("150", "300", "500"):
        left = math.exp(-RATE * float(name))
        formula = math.sqrt((1.0 - left) / (left * 150.0)) / -math.log(left)
        assert rows[name].std() == pytest.approx(formula, rel=0.05)


def test_the_same_patients_pfs_and_os_are_correlated_as_assumed() -> None:
    pair = [
        Observation(
            figure=Statistic(
                study="s", kind=Kind.RATIO, endpoint=e, set="all", arm="x", comparator="y"
            ),
            y=0.0,
            se=se,
            n=300.0,
            share=0.5,
            target=None,
            value=math.nan,
            source="",
        )
        for e, se in ((Endpoint.PFS, 0.1), (Endpoint.OS, 0.2))
    ]
    found = covariance(pair)
    assert found[0, 1] / (0.1 * 0.2) == pytest.approx(observations.RATIO_CORRELATION)


# --- the shipped evidence ---


def test_every_scored_contrast_and_stratum_is_in_exactly_one_block() -> None:
    """Nothing is dropped; a figure that ever is must be named here with its reason."""
    entered = Counter(
        o.target for block in every() for o in block.observations if o.target is not None
    )
    assert set(entered.values()) == {1}
    dropped = {o.target for o in (*LOCK.contrasts, *LOCK.strata)} - set(entered)
    assert {str(target) for target in dropped} == set()


def test_no_figure_is_counted_twice() -> None:
    for block in every():
        figures = [o.figure for o in block.observations]
        assert len(set(figures)) == len(figures)
        assert {f.study for f in figures} == {block.study}
    assert len({block.study for block in every()}) == len(every())


def test_an_arm_with_a_hazard_ratio_gives_no_curve_of_that_endpoint() -> None:
    for block in every():
        told = {
            (o.figure.endpoint, o.figure.arm)
            for o in block.observations
            if o.figure.kind in (Kind.RATIO, Kind.STRATUM)
        }
        curves = {
            (o.figure.endpoint, o.figure.arm)
            for o in block.observations
            if o.figure.kind is Kind.CURVE
        }
        assert not told & curves, block.study


def test_points_of_a_curve_rise_and_stand_apart() -> None:
    for block in every():
        curves: dict[tuple[Endpoint, str], list[Observation]] = {}
        for o in block.observations:
            if o.figure.kind is Kind.CURVE:
                curves.setdefault((o.figure.endpoint, o.figure.arm), []).append(o)
        for points in curves.values():
            for first, last in itertools.pairwise(points):
                assert last.figure.months > APART * first.figure.months
                assert last.y > first.y


def test_covariances_are_positive_definite_and_keep_their_variances() -> None:
    """Raising small eigenvalues never narrows an error, and widens one by a tenth of the least variance at most (twice the rounding
    granted: printed strata of OAK are correlated by a little more than 1).
    """
    for block in every():
        assert np.linalg.eigvalsh(block.covariance).min() > 0
        variances = np.array([o.se**2 for o in block.observations])
        raised = np.diag(block.covariance) - variances
        assert raised.min() > -1e-12
        assert raised.max() <= 2.0 * observations.ROUNDING * variances.min(), block.study


def test_strata_of_a_study_do_not_overlap() -> None:
    """The covariance of two strata is that of parts without common patients."""
    for block in every():
        trial = from_study.preferred(block.study)
        sets = {o.figure.set for o in block.observations if o.figure.kind is Kind.STRATUM}
        where = [s.where.clauses for s in trial.sets if s.id in sets]
        for i, first in enumerate(where):
            for second in where[:i]:
                assert any(
                    a.covariate == b.covariate
                    and (
                        set(a.levels).isdisjoint(b.levels)
                        if a.levels
                        else a.low > b.high or b.low > a.high
                    )
                    for a in first
                    for b in second
                ), block.study


def test_no_figure_comes_from_the_review_alone() -> None:
    assert not [
        str(o) for block in every() for o in block.observations if o.source.startswith("the review")
    ]


def test_a_hazard_ratio_is_the_locks() -> None:
    """KEYNOTE-189 at five years, OS 0.60 (0.50 to 0.72)."""
    found = next(
        o
        for o in of("KEYNOTE-189").observations
        if o.figure.kind is Kind.RATIO and o.figure.endpoint is Endpoint.OS
    )
    assert found.y == pytest.approx(math.log(0.60))
    assert found.se == pytest.approx((math.log(0.72) - math.log(0.50)) / (2 * 1.959964), rel=1e-6)
    assert found.share == pytest.approx(410 / 616)


def test_a_response_rate_has_half_a_patient_added() -> None:
    """KEYNOTE-024, 44.8 % of 154: logit((69.0 + 0.5)/155)."""
    found = next(
        o
        for o in of("KEYNOTE-024").observations
        if o.figure.kind is Kind.RESPONSE and o.figure.arm == "pembro"
    )
    yes = 0.448 * 154
    assert found.y == pytest.approx(math.log((yes + 0.5) / (154 - yes + 0.5)))


def test_responders_are_among_the_controlled() -> None:
    """Covariance of the logits of nested shares, against 40,000 simulated arms of 150."""
    rng, n, p, q = np.random.default_rng(3), 150, 0.35, 0.8
    counts = rng.multinomial(n, [p, q - p, 1.0 - q], size=40_000)
    shares = np.stack([counts[:, 0], counts[:, 0] + counts[:, 1]]) / n
    logits = np.log((shares * n + 0.5) / (n - shares * n + 0.5))
    simulated_covariance = float(np.cov(logits)[0, 1])

    def rate(kind: Kind, endpoint: Endpoint, share: float) -> Observation:
        figure = Statistic(study="s", kind=kind, endpoint=endpoint, set="all", arm="x")
        se = math.sqrt(1.0 / (n * share * (1.0 - share)))
        return Observation(
            figure=figure,
            y=math.log(share / (1 - share)),
            se=se,
            n=n,
            share=math.nan,
            target=None,
            value=100 * share,
            source="",
        )

    found = covariance([rate(Kind.RESPONSE, Endpoint.ORR, p), rate(Kind.CONTROL, Endpoint.DCR, q)])
    # the first-order formula is off by terms of 1/n; the Monte Carlo error is below 1 %
    assert found[0, 1] == pytest.approx(simulated_covariance, rel=0.03)


def test_patients_behind_a_figure_are_those_of_its_set() -> None:
    """IMpower150: 400 were randomised to ABCP, and 359 of them were EGFR and ALK wild type at the cut of the response rates."""
    scored = {o.target.arm: o.n for o in LOCK.responses if o.target.study == "IMpower150"}
    for o in of("IMpower150").observations:
        if o.figure.kind is Kind.RESPONSE:
            assert o.n == scored[o.figure.arm]
        if o.figure.kind is Kind.CURVE:
            assert o.n < 400


def test_studies_of_one_arm_are_wider_than_randomised_ones() -> None:
    assert of("AT-BE").single_arm
    assert not of("OAK").single_arm
    for study in LOCK.studies:
        assert not of(study).single_arm


def test_the_set_that_stands_for_a_study_is_the_locks() -> None:
    assert main_set(from_study.preferred("IMpower150"), LOCK).id == "ITT-WT"
    assert main_set(from_study.preferred("KEYNOTE-024"), LOCK).id == "all"
