"""The mechanism and statistics combined: the weight learned across trials, or half of what both predict of a hazard ratio.

Which of the two a run uses the lock's rule has chosen (`scoring.choice`), by endpoint. The weight learned across trials is the regression of
`scoring.combination`. Half and half is of the mechanism and the component network meta-analysis: equal weights need no score to be chosen by, and do as well as chosen ones where few predictions are there to choose on (Clemen 1989, Int J
Forecast 5:559). The two move together (the same quantile of each), so that combining does not make a prediction narrower than
its parts agree. `combine` does it for studies left out, `of_run` for a run of any protocol.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from normoxia import seeding
from normoxia.calibration import learned_weights
from normoxia.calibration.fitting.prediction import StudyPrediction
from normoxia.calibration.learned_weights import LeftOutPredictions
from normoxia.calibration.scoring import components, registry_evidence
from normoxia.calibration.scoring import lock as locked
from normoxia.calibration.scoring.choice import BY_CLASS, COMBINED
from normoxia.calibration.scoring.lock import Lock, Observed, Target
from normoxia.calibration.scoring.registry_evidence import LatentPrediction, RegistryEvidence
from normoxia.calibration.scoring.scores import NormalPredictive, Predictive, SampledPredictive
from normoxia.outcome import Endpoint, Estimate
from normoxia.trial import analysis
from normoxia.trial.analysis import Replicated
from normoxia.trial.combined import CombinedRatio
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult

Floats = NDArray[np.float64]

#: share of the mechanism
WEIGHT = 0.5
#: replicates from which a run's hazard ratios are combined; with fewer, parameters cannot be separated from chance
FEWEST = 8


def combine(
    lock: Lock,
    mechanism: Mapping[Target, StudyPrediction],
    components: Mapping[Target, Predictive],
    seed: int,
) -> dict[Target, Predictive]:
    """Combined predictions of every contrast and stratum that both predict.

    mechanism   predictions of the mechanism without the study
    components  those of the component network meta-analysis, normal, with the contrast's own sampling variance
    """
    return {
        o.target: _combined(o, mechanism[o.target], components[o.target], seed)
        for o in lock.observed
        if o.target.is_ratio and o.target in mechanism and o.target in components
    }


def _combined(o: Observed, own: StudyPrediction, other: Predictive, seed: int) -> SampledPredictive:
    from scipy.special import ndtri

    assert isinstance(other, NormalPredictive)
    variance = max(other.variance - o.se**2, 0.0)
    order = np.argsort(own.without)
    values, shares = own.without[order], own.weights[order]
    rank = np.clip(np.cumsum(shares) - 0.5 * shares, 1e-6, 1.0 - 1e-6)
    latent = WEIGHT * values + (1.0 - WEIGHT) * (other.mean + np.sqrt(variance) * ndtri(rank))
    chance = seeding.normals(seed, f"calibration/hybrid/{o.target}", len(latent), 1)[:, 0]
    return SampledPredictive(
        latent + o.se * chance, shares, standard_errors=np.full(len(latent), o.se)
    )


def of_run(
    result: TrialResult, trial: Trial | None = None, known: RegistryEvidence | None = None
) -> tuple[CombinedRatio, ...]:
    """Every hazard ratio of a run under the ensemble in three ways; () without an ensemble or with fewer replicates than FEWEST.

    trial  the protocol as it was run; read back from the result when omitted
    known  the component model's evidence; by default the locked contrasts of the shipped registry; runs with other evidence combine half and half

    Components say the same of every set of patients. Where the mechanism was fitted to the trial's study, its part of the combined prediction has
    seen it; the component model has not.
    """
    structural = analysis.ensemble_of(result)
    if structural is None or result.n_replicates < FEWEST:
        return ()
    trial = analysis.protocol_of(result) if trial is None else trial
    learned = None if known is not None else learned_weights.of_ensemble(_digest(result))
    known = known if known is not None else registry_evidence.evidence(locked.read())
    added: dict[tuple[Endpoint, str, str], components.ComponentPrediction] = {}
    found = []
    for ratio in analysis.replicated(result, trial):
        o = ratio.outcome
        asked = (o.endpoint, o.arm, o.comparator)
        if asked not in added:
            added[asked] = components.predict(trial, o.arm, o.comparator, o.endpoint, known)
        answer, level = added[asked], o.estimate.level
        alone = _ratio(answer.latent.mean, answer.latent.spread + ratio.error2, level)
        way = learned.way(o.endpoint) if learned is not None else COMBINED
        if learned is not None and way == BY_CLASS:
            both = combine_learned(ratio, learned, answer, level)
        else:
            both = combine_equally(ratio, structural.get("ratio", 0.0), answer.latent, level)
        found.append(CombinedRatio(o, alone, both, answer.by, answer.kind, answer.left_out, way))
    return tuple(found)


def combine_learned(
    mechanism: Replicated,
    learned: LeftOutPredictions,
    answer: components.ComponentPrediction,
    level: float = 0.95,
) -> Estimate:
    """The mean of the class of a contrast and the mechanism's share of differences within it, for a trial of the size that was run.

    learned  predictions of the scored contrasts without their studies; the trial's own study is left out of the regression
    answer   what components said of the contrast, for its class and its study

    The middle of n replicates is known with an error of its own, which enters with the square of beta's posterior median.
    """
    o = mechanism.outcome
    regression = learned.regression(o.endpoint).without(answer.left_out)
    own = regression.beta.median**2 * mechanism.variance / mechanism.n_replicates
    law = regression.predict(answer.kind, mechanism.middle, math.sqrt(mechanism.error2 + own))
    low, high = law.interval(level)
    return Estimate(math.exp(law.median), math.exp(low), math.exp(high), level)


def _digest(result: TrialResult) -> object:
    """Digest of the ensemble that a result's replicates were run under."""
    ensemble = result.manifest.get("ensemble")
    return ensemble.get("sha256") if isinstance(ensemble, Mapping) else None


def combine_equally(
    mechanism: Replicated, structural: float, components: LatentPrediction, level: float = 0.95
) -> Estimate:
    """The mechanism's replicates and a component model combined as `combine` does, for a trial of the size that was run.

    structural  standard deviation of the mechanism's structural error on the log hazard ratio
    components  the component model's prediction before sampling, normal

    With m, v, e2 and n the replicates' middle, variance, chance (mean square of Cox's standard error) and number, c the
    component model's mean and s_c2 its variance with heterogeneity,

        s_m2 = max(v - e2, 0) + v/n + structural^2        the mechanism without chance, its middle known from n replicates
        mean = w m + (1 - w) c,      w = 1/2
        s    = w k s_m + (1 - w) s_c                      the same quantile of each, so standard deviations add, not variances
        log hazard ratio ~ Normal(mean, s^2 + e2)         chance comes once, at the size run

    k, Student's over the normal quantile of the level with n - 1 degrees of freedom, widens for v being estimated. For large n
    the quantiles of `combine` come out where the mechanism's draws are normal.
    """
    from scipy.special import ndtri, stdtrit

    n, share = mechanism.n_replicates, 0.5 + level / 2.0
    chance = mechanism.error2
    own = max(mechanism.variance - chance, 0.0) + mechanism.variance / n + structural**2
    widened = float(stdtrit(n - 1, share) / ndtri(share)) * math.sqrt(own)
    sd = WEIGHT * widened + (1.0 - WEIGHT) * math.sqrt(components.spread)
    return _ratio(
        WEIGHT * mechanism.middle + (1.0 - WEIGHT) * components.mean, sd**2 + chance, level
    )


def _ratio(mean: float, variance: float, level: float) -> Estimate:
    """A hazard ratio with its interval, from a normal log hazard ratio."""
    low, high = NormalPredictive(mean, variance).interval(level)
    return Estimate(math.exp(mean), math.exp(low), math.exp(high), level)
