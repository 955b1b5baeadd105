"""Predictions of a study: blind to its outcomes, anchored on its control arm alone, and as uncertain as their parts add up to."""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from tests.calibration import toy
from tests.calibration.toy import LAYOUT, SPACE

from normoxia.calibration.fitting.emulated import EmulatedStudies, figures_of
from normoxia.calibration.fitting.emulator import Surfaces
from normoxia.calibration.fitting.observations import ObservationBlock, blocks
from normoxia.calibration.fitting.posterior import Posterior
from normoxia.calibration.fitting.prediction import StudyPrediction, figure_of, predict, targets_of
from normoxia.calibration.fitting.summaries import Kind, Statistic
from normoxia.calibration.scoring import lock as locks
from normoxia.calibration.scoring.lock import Lock, Observed, Target
from normoxia.outcome import Endpoint, Measure
from normoxia.trial.making import from_study

Floats = NDArray[np.float64]
LOCK = locks.read()
STUDY = "KEYNOTE-189"
CONTROL = "pbo_chemo"


@functools.cache
def emulated(study: str = STUDY) -> EmulatedStudies:
    """A study's figures as made-up surfaces over the toy's space, near what is published."""
    figures = figures_of(from_study.preferred(study), LOCK)
    rng = np.random.default_rng(36)
    m, d = len(figures), SPACE.n_coordinates
    middle = {
        Kind.RATIO: -0.5,
        Kind.STRATUM: 0.0,
        Kind.RESPONSE: -0.8,
        Kind.CONTROL: 1.2,
        Kind.TOXICITY: 0.0,
        Kind.CURVE: -0.2,
        Kind.MEDIAN: 2.2,
    }
    constant = np.array([middle[figure.kind] for figure in figures]) + 0.1 * rng.standard_normal(m)
    surfaces = Surfaces(
        constant=constant,
        linear=0.2 * rng.standard_normal((m, d)),
        quadratic=np.zeros((m, d, d)),
        noise=np.full(m, 0.3),
        error=np.full(m, 0.05),
    )
    return EmulatedStudies({study: figures}, {study: surfaces}, {})


def block(
    study: str = STUDY, moved: dict[tuple[Kind, str], float] | None = None
) -> ObservationBlock:
    """The study's figures, those of some kinds and arms moved by so much."""
    (own,) = blocks([study], LOCK)
    by = np.array([(moved or {}).get((o.figure.kind, o.figure.arm), 0.0) for o in own.observations])
    seen = tuple(replace(o, y=o.y + shift) for o, shift in zip(own.observations, by, strict=True))
    return replace(own, observations=seen, y=own.y + by)


def given(own: ObservationBlock) -> Posterior:
    figures = [o.figure for o in own.observations]
    return Posterior(SPACE, LAYOUT, (own,), {own.study: emulated(own.study).of(own.study, figures)})


def states(n: int, seed: int = 32) -> Floats:
    rng = np.random.default_rng(seed)
    return np.array([toy.truth(rng) for _ in range(n)])


def even(n: int) -> Floats:
    return np.full(n, 1.0 / n)


def predicted(
    own: ObservationBlock, at: Floats, lock: Lock = LOCK, *, anchored: bool = False
) -> dict[Target, StudyPrediction]:
    return predict(
        given(own), at, even(len(at)), own.study, emulated(own.study), lock, 5, anchored=anchored
    )


def elsewhere(lock: Lock) -> Lock:
    """The lock with other outcomes of the study: values, not sizes or standard errors, which a design tells beforehand."""

    def other(o: Observed) -> Observed:
        return replace(o, value=1.7 * o.value + 0.1) if o.target.study == STUDY else o

    return replace(
        lock,
        **{
            name: tuple(map(other, getattr(lock, name)))
            for name in ("contrasts", "strata", "responses", "medians")
        },
    )


def same(one: dict[Target, StudyPrediction], other: dict[Target, StudyPrediction]) -> bool:
    return one.keys() == other.keys() and all(
        one[t].draws.tobytes() == other[t].draws.tobytes()
        and one[t].weights.tobytes() == other[t].weights.tobytes()
        for t in one
    )


def test_everything_scored_is_predicted() -> None:
    found = predicted(block(), states(20))
    assert set(found) == {o.target for o in targets_of(STUDY, LOCK)}
    for target, p in found.items():
        assert np.isfinite(p.draws).all()
        assert p.weights.sum() == pytest.approx(1.0)
        if target.measure is Measure.PERCENT:
            assert ((p.draws >= 0) & (p.draws <= 100)).all()


def test_what_the_study_found_does_not_enter_its_prediction() -> None:
    at = states(30)
    everything = {(kind, arm): 0.7 for kind in Kind for arm in ("pembro_chemo", CONTROL)}
    assert same(predicted(block(), at), predicted(block(moved=everything), at, elsewhere(LOCK)))


def test_an_anchored_prediction_moves_with_the_control_arm_alone() -> None:
    at = states(30)
    before = predicted(block(), at, anchored=True)
    experimental = {(kind, "pembro_chemo"): 0.7 for kind in Kind}
    assert same(before, predicted(block(moved=experimental), at, elsewhere(LOCK), anchored=True))
    control = predicted(block(moved={(Kind.CURVE, CONTROL): 0.3}), at, anchored=True)
    assert all(not np.allclose(before[t].without, control[t].without) for t in before)


def test_uncertainty_is_that_of_its_parts() -> None:
    """One state 40 000 times: mean the surface's, variance that of shifts, surface, structure and chance; within 4.5 errors."""
    n, at = 40_000, states(1)
    found = predicted(block(), np.repeat(at, n, axis=0))
    z, sd = at[0, : SPACE.n_coordinates], np.exp(at[0, SPACE.n_coordinates :])
    spread = dict(zip(LAYOUT.spreads, sd, strict=True))
    known, surfaces = emulated().figures[STUDY], emulated().surfaces[STUDY]
    for o in targets_of(STUDY, LOCK):
        figure = figure_of(o, LOCK)
        assert figure is not None
        j = known.index(figure)
        mean = surfaces.constant[j] + surfaces.linear[j] @ z
        shift = sum(
            (
                surfaces.linear[j, SPACE.coordinate(e.name)]
                * spread[e.name]
                / SPACE.parameters[SPACE.coordinate(e.name)].sd
            )
            ** 2
            for e in SPACE.trial_effects
        )
        structural = {
            Kind.RATIO: spread["ratio"],
            Kind.RESPONSE: spread["response"],
            Kind.CONTROL: spread["response"],
            Kind.MEDIAN: spread["curve"] / 1.2,
        }[figure.kind]
        variance = shift + 0.05**2 + structural**2
        without = found[o.target].without
        latent = {
            Kind.RATIO: lambda x: x,
            Kind.RESPONSE: lambda x: np.log(x / (100 - x)),
            Kind.CONTROL: lambda x: np.log(x / (100 - x)),
            Kind.MEDIAN: np.log,
        }[figure.kind](without)
        assert latent.mean() == pytest.approx(mean, abs=4.5 * math.sqrt(variance / n))
        assert latent.var() == pytest.approx(variance, rel=4.5 * math.sqrt(2 / n) + 1e-6)
        if figure.kind is Kind.RATIO:
            chance = found[o.target].draws - without
            assert chance.std() == pytest.approx(o.se, rel=4.5 / math.sqrt(2 * n))
        if figure.kind in (Kind.RESPONSE, Kind.CONTROL):
            share = without / 100.0
            scaled = (found[o.target].draws - without) / 100.0 / np.sqrt(share * (1 - share) / o.n)
            assert scaled.std() == pytest.approx(1.0, rel=0.03)


def test_a_median_printed_without_its_patients_is_predicted_at_the_planned_size() -> None:
    """LEAP-008: 187 to docetaxel by its design; the error of a log median is 1/(shape ln 2 sqrt(0.9 n))."""
    study, n = "LEAP-008", 20_000
    target = next(
        o.target
        for o in LOCK.medians
        if o.target.study == study
        and o.target.arm == "docetaxel"
        and o.target.endpoint is Endpoint.OS
    )
    assert LOCK.of(target).n == 0
    found = predicted(block(study), np.repeat(states(1), n, axis=0))[target]
    chance = np.log(found.draws / found.without).std()
    assert chance == pytest.approx(
        1 / (1.2 * math.log(2) * math.sqrt(0.9 * 187)), rel=4.5 / math.sqrt(2 * n)
    )


def test_anchoring_is_conditioning_of_trials_simulated_step_by_step() -> None:
    """One state: 200 000 trials drawn part by part, the latent hazard ratio regressed on the control's figures.

    Mean within 5 standard errors of the regression and the draws; its residual spread within 2 %.
    """
    at, n = states(1, seed=33), 200_000
    own = block()
    rng = np.random.default_rng(34)
    target = next(
        o for o in LOCK.contrasts if o.target.study == STUDY and o.target.endpoint is Endpoint.OS
    )
    figure = figure_of(target, LOCK)
    assert figure is not None
    seen = [
        i
        for i, o in enumerate(own.observations)
        if o.figure.kind in (Kind.CURVE, Kind.RESPONSE) and o.figure.arm == CONTROL
    ]
    figures = [*(own.observations[i].figure for i in seen), figure]
    surfaces = emulated().of(STUDY, figures)
    spread = dict(zip(LAYOUT.spreads, np.exp(at[0, SPACE.n_coordinates :]), strict=True))
    drawn = np.tile(surfaces.at(at[:, : SPACE.n_coordinates]), (n, 1))
    for effect in SPACE.trial_effects:
        i = SPACE.coordinate(effect.name)
        shift = spread[effect.name] / SPACE.parameters[i].sd * rng.standard_normal(n)
        drawn += shift[:, None] * surfaces.linear[:, i]
    kinds = {Kind.CURVE: "curve", Kind.RESPONSE: "response", Kind.RATIO: "ratio"}
    for j, f in enumerate(figures):
        drawn[:, j] += math.hypot(0.05, spread[kinds[f.kind]]) * rng.standard_normal(n)
    drawn[:, :-1] += rng.multivariate_normal(
        np.zeros(len(seen)), own.covariance[np.ix_(seen, seen)], n
    )
    middle = drawn.mean(axis=0)
    away = drawn - middle
    slope, *_ = np.linalg.lstsq(away[:, :-1], away[:, -1], rcond=None)
    expected = middle[-1] + slope @ (own.y[seen] - middle[:-1])
    residual = (away[:, -1] - away[:, :-1] @ slope).std()
    assert residual < 0.99 * drawn[:, -1].std()
    found = predicted(own, np.repeat(at, 20_000, axis=0), anchored=True)[target.target].without
    far = np.linalg.norm(
        np.linalg.solve(np.linalg.cholesky(np.cov(away[:, :-1].T)), own.y[seen] - middle[:-1])
    )
    assert found.mean() == pytest.approx(
        expected, abs=5 * residual * (1 / math.sqrt(20_000) + (1 + far) / math.sqrt(n))
    )
    assert found.std() == pytest.approx(residual, rel=0.02)


def test_anchoring_weighs_states_by_the_control_arms_likelihood() -> None:
    own, at = block(), states(8, seed=35)
    seen = [
        i
        for i, o in enumerate(own.observations)
        if o.figure.kind in (Kind.CURVE, Kind.RESPONSE) and o.figure.arm == CONTROL
    ]
    mean, covariance, _ = given(own).moments(own, at)
    density = [
        stats.multivariate_normal(m[seen], c[np.ix_(seen, seen)]).logpdf(own.y[seen])
        for m, c in zip(mean, covariance, strict=True)
    ]
    before = np.random.default_rng(36).dirichlet(np.ones(8))
    found = predict(given(own), at, before, STUDY, emulated(), LOCK, 5, anchored=True)
    expected = before * np.exp(density - np.max(density))
    for p in found.values():
        assert p.weights == pytest.approx(expected / expected.sum())


def test_the_same_seed_gives_the_same_draws() -> None:
    at = states(10)
    assert same(predicted(block(), at), predicted(block(), at))


def test_a_stratum_is_predicted_by_itself_and_not_relative_to_its_whole() -> None:
    o = next(o for o in LOCK.strata if o.target.study == STUDY)
    figure = figure_of(o, LOCK)
    assert figure == Statistic(
        study=STUDY,
        kind=Kind.RATIO,
        endpoint=o.target.endpoint,
        set=figure.set if figure else "",
        arm="pembro_chemo",
        comparator=CONTROL,
    )
    assert figure is not None
    assert figure.set != "all"
