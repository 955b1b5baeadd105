"""Forecasts scored once a study has reported: which published outcomes were predicted, and how far off the predictions were."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from normoxia.calibration import matching
from normoxia.calibration.forecast import COMBINED, Forecasts, plain_name
from normoxia.calibration.scoring.scores import Z95, NormalPredictive
from normoxia.errors import InvalidArgument, UnknownName
from normoxia.evidence.studies.study import Study
from normoxia.outcome import Measure, Outcome
from normoxia.trial.making import designs

#: figures that a message lists
_LISTED = 5


@dataclass(frozen=True, slots=True)
class ScoredOutcome:
    """A published outcome beside its prediction.

    Attributes
    ----------
    predicted, published
        The outcome as forecast, and as printed.
    z
        Standard deviations from the middle, on the logarithm or logit.
    crps
        Continuous ranked probability score on the same scale.
    """

    predicted: Outcome
    published: Outcome
    z: float
    crps: float

    @property
    def inside(self) -> bool:
        """Whether the published value lies in the 95 % prediction interval."""
        return self.predicted.estimate.contains(self.published.estimate.value)


@dataclass(frozen=True, slots=True)
class UnscoredOutcome:
    """A published outcome that is compared with no forecast, and why: a key of `forecast.left_out` in the languages."""

    published: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class ScoredStudy:
    """A study compared with its forecast: what was scored, what else the study prints, and what it does not print."""

    scored: tuple[ScoredOutcome, ...]
    left_out: tuple[UnscoredOutcome, ...]
    awaited: tuple[Outcome, ...]


def score_study(forecasts: Forecasts, study: Study) -> ScoredStudy:
    """A study's published outcomes beside their predictions; hazard ratios twice where a combined one was predicted too.

    The study is matched by its id or a register number, its arms by their ids, its population by being the protocol's.

    Raises
    ------
    UnknownName
        The study is none of the designs.
    InvalidArgument
        Its arms are not those predicted, or none of its outcomes was predicted.
    """
    numbers = {n for n in study.identifiers if n.startswith("NCT")}
    matching_designs = [
        d
        for d in designs.forecasts()
        if plain_name(d.id) == plain_name(study.id) or numbers & set(d.registered)
    ]
    if not matching_designs:
        raise UnknownName("forecast", study.id, (f.design for f in forecasts.forecasts))
    stored = forecasts.of(matching_designs[0].id)
    protocols = {trial.id: trial for trial in map(designs.read, matching_designs[0].protocols)}
    matching.refuse_other_arms(study, protocols.values())
    sets = {name: matching.same_patients(study, trial) for name, trial in protocols.items()}
    everybody = frozenset(name for names in sets.values() for name in names)
    predicted = {(*_key(o), o.origin): o for o in stored.outcomes}
    scored: list[ScoredOutcome] = []
    left: list[UnscoredOutcome] = []
    met: set[tuple[object, ...]] = set()
    for published in study.published():
        keys = [(*_key(published), origin) for origin in ("simulated", COMBINED)]
        matching_predictions = [predicted[key] for key in keys if key in predicted]
        reason = _left_out(published, matching_predictions, sets, everybody, predicted)
        if reason:
            left.append(UnscoredOutcome(published, reason))
            continue
        scored += [_scored(o, published) for o in matching_predictions]
        met.add(_key(published))
    if not scored:
        printed = "; ".join(
            f"{one.published.endpoint} {one.published.measure} in {one.published.population}"
            for one in left[:_LISTED]
        )
        raise InvalidArgument(
            f'study "{study.id}" prints no figure of the patients, endpoints and months predicted '
            f"({printed or 'it prints none'}); add those of {', '.join(sorted(everybody))}, which were"
        )
    awaited = tuple(o for o in stored.outcomes if o.origin == "simulated" and _key(o) not in met)
    return ScoredStudy(tuple(scored), tuple(left), awaited)


def _left_out(
    published: Outcome,
    matching_predictions: Sequence[Outcome],
    sets: Mapping[str, frozenset[str]],
    everybody: frozenset[str],
    predicted: Mapping[tuple[object, ...], Outcome],
) -> str:
    """Why a published outcome is compared with no prediction; "" when it is."""
    if not math.isfinite(published.estimate.value):
        return "no_number"
    if not matching_predictions:
        turned = replace(published, arm=published.comparator, comparator=published.arm)
        return "turned" if (*_key(turned), "simulated") in predicted else "not_foreseen"
    # a pooled design is predicted under its matching_predictions name, of everybody
    if published.population not in sets.get(matching_predictions[0].population, everybody):
        return "other_patients"
    return ""


def _scored(predicted: Outcome, published: Outcome) -> ScoredOutcome:
    middle, low, high, y = (
        _scale(predicted.measure, v)
        for v in (
            predicted.estimate.value,
            predicted.estimate.low,
            predicted.estimate.high,
            published.estimate.value,
        )
    )
    sd = (high - low) / (2.0 * Z95)
    if not math.isfinite(middle + sd) or sd <= 0:
        return ScoredOutcome(predicted, published, math.nan, math.nan)
    return ScoredOutcome(
        predicted, published, (y - middle) / sd, NormalPredictive(middle, sd**2).crps(y)
    )


def _scale(measure: Measure, value: float) -> float:
    if measure in (Measure.PERCENT, Measure.LANDMARK_PERCENT):
        p = float(np.clip(value, 0.1, 99.9)) / 100.0
        return math.log(p / (1.0 - p))
    return math.log(value) if value > 0 and math.isfinite(value) else math.nan


def _key(o: Outcome) -> tuple[object, ...]:
    month = None if math.isnan(o.months) else round(o.months, 1)
    return (o.endpoint, o.measure, o.arm, o.comparator, month)
