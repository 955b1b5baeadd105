"""Predictive distributions of what a study prints, from states of a posterior that has not seen it.

Everything a published figure is uncertain by: parameters and structures (the states), the trial's own shifts, structural error, the
emulator, and chance at the trial's own size. Anchored predictions have seen the control arm's curve and response.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.fitting import observations
from normoxia.calibration.fitting.emulated import EmulatedStudies
from normoxia.calibration.fitting.observations import FOLLOWED, Observation, ObservationBlock
from normoxia.calibration.fitting.posterior import SHAPE, Posterior
from normoxia.calibration.fitting.summaries import SHARES, Kind, Statistic
from normoxia.calibration.scoring.lock import Lock, Observed, Target
from normoxia.outcome import Measure
from normoxia.trial.making import from_study
from normoxia.trial.protocol import Trial

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class StudyPrediction:
    """Weighted draws of one figure as it would be printed: log hazard ratio, percent, or months.

    draws    with chance at the trial's size; shape (n,)
    without  without it
    weights  sum to 1
    """

    draws: Floats
    without: Floats
    weights: Floats


def targets_of(study: str, lock: Lock) -> tuple[Observed, ...]:
    """Everything of a study that is scored or shown."""
    return tuple(o for o in lock.observed if o.target.study == study)


def figure_of(o: Observed, study_lock: Lock, protocol: Trial | None = None) -> Statistic | None:
    """What is emulated for a scored figure; None where the trial's sets do not contain it.

    protocol  of its study; read or made anew when omitted, which takes longer than all else here
    """
    t = o.target
    trial = from_study.preferred(t.study) if protocol is None else protocol
    main = observations.main_set(trial, study_lock)
    if t.measure is Measure.HAZARD_RATIO:
        found = observations.ratio_figure(trial, main, o, study_lock)
        return found and Statistic(
            study=t.study,
            kind=Kind.RATIO,
            endpoint=t.endpoint,
            set=found.set,
            arm=t.arm,
            comparator=t.comparator,
        )
    kind = observations.RATES[t.endpoint] if t.measure is Measure.PERCENT else Kind.MEDIAN
    return Statistic(study=t.study, kind=kind, endpoint=t.endpoint, set=main.id, arm=t.arm)


def predict(
    posterior: Posterior,
    states: Floats,
    weights: Floats,
    study: str,
    emulated: EmulatedStudies,
    lock: Lock,
    seed: int,
    *,
    anchored: bool = False,
) -> dict[Target, StudyPrediction]:
    """Predictions of a study's scored figures.

    states    draws that have not seen the study; shape (n, width); weights sum to 1
    anchored  also condition on the control arm's own curve and response rate, which are then not predicted
    """
    known, trial = set(emulated.figures[study]), from_study.preferred(study)
    pairs = [
        (o, f)
        for o in targets_of(study, lock)
        if (f := figure_of(o, lock, trial)) is not None and f in known
    ]
    own = next((block for block in posterior.blocks if block.study == study), None)
    seen = (
        [o for o in own.observations if _is_control(o, own)] if own is not None and anchored else []
    )
    conditioned = {o.figure.arm for o in seen}
    pairs = [(o, f) for o, f in pairs if f.comparator or f.arm not in conditioned]
    wanted = [figure for _, figure in pairs]
    mean, cov = _joint(
        posterior, states, study, emulated, [*(o.figure for o in seen), *wanted], seen, own
    )
    k = len(seen)
    if seen and own is not None:
        y = np.array([o.y for o in seen])
        weights, mean, cov = _conditioned(weights, mean, cov, y, k)
    rng = np.random.default_rng([seed, 7])
    factor = np.linalg.cholesky(cov[:, k:, k:] + 1e-9 * np.eye(len(wanted)))
    latent = mean[:, k:] + np.einsum(
        "nij,nj->ni", factor, rng.standard_normal((len(states), len(wanted)))
    )
    planned = {arm.id: arm.n for arm in trial.arms}
    return {
        o.target: _printed(o, figure, latent[:, j], weights, o.n or planned[figure.arm], rng)
        for j, (o, figure) in enumerate(pairs)
    }


def _is_control(o: Observation, block: ObservationBlock) -> bool:
    controls = {b.figure.comparator for b in block.observations if b.figure.comparator}
    arms = {b.figure.arm for b in block.observations if b.figure.comparator}
    return o.figure.kind in (Kind.CURVE, Kind.RESPONSE) and o.figure.arm in controls - arms


def _joint(
    posterior: Posterior,
    states: Floats,
    study: str,
    emulated: EmulatedStudies,
    figures: Sequence[Statistic],
    seen: Sequence[Observation],
    own: ObservationBlock | None,
) -> tuple[Floats, Floats]:
    """Mean and covariance of figures at each state; chance only for those that are seen."""
    n = len(figures)
    chance = np.zeros((n, n))
    if seen and own is not None:
        places = [own.observations.index(o) for o in seen]
        chance[: len(seen), : len(seen)] = own.covariance[np.ix_(places, places)]
    single = own.single_arm if own is not None else False
    stand_in = tuple(
        Observation(
            figure=f,
            y=math.nan,
            se=math.nan,
            n=math.nan,
            share=math.nan,
            target=None,
            value=math.nan,
            source="",
        )
        for f in figures
    )
    block = ObservationBlock(
        study=study, single_arm=single, observations=stand_in, y=np.zeros(n), covariance=chance
    )
    surfaces: Mapping[str, object] = {study: emulated.of(study, figures)}
    local = Posterior(posterior.space, posterior.layout, (block,), surfaces)  # type: ignore[arg-type]
    mean, cov, _ = local.moments(block, states)
    return mean, cov


def _conditioned(
    weights: Floats, mean: Floats, cov: Floats, y: Floats, k: int
) -> tuple[Floats, Floats, Floats]:
    """Weights, means and covariances once the first k figures are known."""
    inverse = np.linalg.inv(cov[:, :k, :k])
    residual = y - mean[:, :k]
    gain = np.einsum("nij,njk->nik", cov[:, k:, :k], inverse)
    log_weight = np.log(np.maximum(weights, 1e-300)) - 0.5 * (
        np.einsum("ni,nij,nj->n", residual, inverse, residual)
        + np.linalg.slogdet(cov[:, :k, :k])[1]
    )
    after = np.exp(log_weight - log_weight.max())
    moved = mean.copy()
    moved[:, k:] += np.einsum("nij,nj->ni", gain, residual)
    left = cov.copy()
    left[:, k:, k:] -= np.einsum("nij,njk->nik", gain, cov[:, :k, k:])
    return after / after.sum(), moved, left


def _printed(
    o: Observed,
    figure: Statistic,
    latent: Floats,
    weights: Floats,
    n: int,
    rng: np.random.Generator,
) -> StudyPrediction:
    """Latent values as a publication of n patients in an arm would print them; those planned where it does not say."""
    if figure.kind is Kind.RATIO:
        return StudyPrediction(latent + o.se * rng.standard_normal(len(latent)), latent, weights)
    if figure.kind in SHARES:
        rate = 1.0 / (1.0 + np.exp(-latent))
        return StudyPrediction(100.0 * rng.binomial(n, rate) / n, 100.0 * rate, weights)
    chance = 1.0 / (SHAPE * math.log(2.0) * math.sqrt(FOLLOWED * n))
    return StudyPrediction(
        np.exp(latent + chance * rng.standard_normal(len(latent))), np.exp(latent), weights
    )
