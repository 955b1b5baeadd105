"""Scoreboards of test predictors over the shipped lock: a perfect one, a constant one, an incomplete one."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping

import numpy as np

from normoxia.calibration.scoring import baselines, lock
from normoxia.calibration.scoring.baselines import BaselinePredictor
from normoxia.calibration.scoring.lock import Target
from normoxia.calibration.scoring.scoreboard import EnsembleDiagnostics, Scoreboard, scoreboard
from normoxia.calibration.scoring.scores import NormalPredictive, Predictive, SampledPredictive
from normoxia.outcome import Measure

LOCK = lock.read()


@functools.cache
def rivals() -> Mapping[str, BaselinePredictor]:
    return baselines.baselines(LOCK)


def everything(ratio: float = 0.8) -> dict[Target, Predictive]:
    """Every hazard ratio as given, every response 30 %, every median 10 months, a few of them not reached."""
    random = np.random.default_rng(1)
    predictions: dict[Target, Predictive] = {}
    for o in LOCK.observed:
        if o.target.is_ratio:
            predictions[o.target] = SampledPredictive(
                random.normal(math.log(ratio), math.hypot(0.1, o.se), 400)
            )
        elif o.target.measure is Measure.PERCENT:
            predictions[o.target] = SampledPredictive(100 * random.beta(3, 7, 400))
        else:
            predictions[o.target] = SampledPredictive(
                [*random.lognormal(math.log(10), 0.3, 380), *[math.inf] * 20]
            )
    return predictions


@functools.cache
def guess() -> Scoreboard:
    """A constant predictor with the class mean; the constant one misses thresholds."""
    predictions = everything()
    return scoreboard(
        LOCK,
        {
            "mechanism": predictions,
            "combined": {**predictions, **rivals()["class_mean"].predictions},
        },
        baselines=rivals(),
        diagnostics=EnsembleDiagnostics(
            draws=4000, effective_sample_size=812.5, max_pareto_k=0.61, largest_r_hat=1.04
        ),
    )


@functools.cache
def oracle() -> Scoreboard:
    """Near perfect predictions, which meet every threshold: one in twenty intervals misses by a little, as it should."""
    predictions: dict[Target, Predictive] = {
        o.target: NormalPredictive(o.y, o.se**2)
        if o.target.is_ratio
        else SampledPredictive([o.value])
        for o in LOCK.observed
    }
    for o in LOCK.contrasts[::20]:
        predictions[o.target] = NormalPredictive(o.y + 2.2 * o.se, o.se**2)
    return scoreboard(LOCK, {"oracle": predictions}, baselines=rivals())


@functools.cache
def partial() -> Scoreboard:
    """Hazard ratios only, one of them missing."""
    predictions: dict[Target, Predictive] = {
        o.target: NormalPredictive(o.y, o.se**2) for o in LOCK.contrasts[1:]
    }
    return scoreboard(LOCK, {"partial": predictions}, baselines=rivals())
