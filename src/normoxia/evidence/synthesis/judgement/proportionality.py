"""Which studies behind an answer have hazards that do not stay proportional, as their digitised curves show.

A pooled hazard ratio hides it, so an answer says it first: for these studies the restricted mean difference and the hazard
ratios by period are read before the constant ratio. A study whose curve nobody digitised is named as not known; silence is
no proof of proportional hazards. The test is applied to every pair of curves, without correction for their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from normoxia.evidence.studies.curves import pairs, rebuilt
from normoxia.evidence.studies.reported import Curve
from normoxia.evidence.studies.study import Study
from normoxia.evidence.synthesis.judgement.over_time import EffectOverTime, Period, effect_over_time
from normoxia.outcome import Estimate
from normoxia.survival import DAYS_PER_MONTH, Inference

#: what the numbers rest on, for a reader of the dictionary
BASIS = (
    "patients rebuilt from digitised Kaplan-Meier landmarks (Guyot 2012), the hazard constant between them: approximate; "
    "intervals hold the chance of sampling, not the error of reading a figure"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastQuery:
    """A contrast that entered an answer: whose digitised curves show how the effect changes with time.

    Parameters
    ----------
    populations
        Those of the study that stand for the answer; curves of others serve when these have
        none.
    endpoint
        "" for whichever was digitised.
    arm, comparator
        Arms of the study; "" for any two.
    treatment, control
        What the answer calls them; "" for the arms' own labels.
    """

    study: Study
    endpoint: str = ""
    populations: tuple[str, ...] = ()
    arm: str = ""
    comparator: str = ""
    treatment: str = ""
    control: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairOverTime:
    """Two digitised curves of a study and the effect between them over time.

    Parameters
    ----------
    of
        Whose curves, in the figure's words.
    treatment, control
        What the answer calls the arms.
    """

    study: str
    population: str
    of: str
    endpoint: str
    arm: str
    comparator: str
    treatment: str
    control: str
    effect: EffectOverTime

    @property
    def is_proportional(self) -> bool:
        """Whether neither the test nor the curves contradict proportional hazards."""
        return self.effect.first == "hazard ratio"


@dataclass(frozen=True, slots=True)
class Proportionality:
    """What is known of the hazards of the studies behind an answer.

    Parameters
    ----------
    pairs
        Every two digitised curves of the contrasts that entered.
    unseen
        Studies without such curves of the endpoint.
    elsewhere
        Those of `unseen` whose curves of another endpoint do not stay proportional.
    """

    pairs: tuple[PairOverTime, ...]
    unseen: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()

    @property
    def violated(self) -> tuple[str, ...]:
        """Studies of which some pair of curves does not stay proportional."""
        return tuple(dict.fromkeys(pair.study for pair in self.pairs if not pair.is_proportional))

    @property
    def proportional(self) -> tuple[str, ...]:
        """Studies no curves of which contradict proportional hazards."""
        found = set(self.violated)
        return tuple(dict.fromkeys(pair.study for pair in self.pairs if pair.study not in found))

    def violating_pairs(self) -> tuple[PairOverTime, ...]:
        """Every pair of the studies in `violated`: what is to be read before a constant ratio."""
        found = set(self.violated)
        return tuple(pair for pair in self.pairs if pair.study in found)

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and lists; differences in months, ratios as they are; what to read first stands first."""
        return {
            "first": "restricted mean" if self.violated else "hazard ratio",
            "not_proportional": list(self.violated),
            "no_sign_against": list(self.proportional),
            "no_curve": list(self.unseen),
            "not_proportional_for_another_endpoint": list(self.elsewhere),
            "basis": BASIS,
            "studies": [_pair_json(pair) for pair in (*self.violating_pairs(), *self._others())],
        }

    def _others(self) -> Iterator[PairOverTime]:
        proportional = set(self.proportional)
        return (pair for pair in self.pairs if pair.study in proportional)


def proportionality(contrasts: Iterable[ContrastQuery]) -> Proportionality:
    """The hazards of the contrasts behind an answer, each study's pairs of curves once."""
    asked = tuple(contrasts)
    found = _once(pair for query in asked for pair in _pairs(query))
    seen = {pair.study for pair in found}
    without = [query for query in asked if query.study.id not in seen]
    others = _once(
        pair for query in without if query.endpoint for pair in _pairs(replace(query, endpoint=""))
    )
    return Proportionality(
        found,
        tuple(dict.fromkeys(w.study.id for w in without)),
        Proportionality(others, ()).violated,
    )


def over_time(study: Study) -> tuple[tuple[Curve, Curve, EffectOverTime], ...]:
    """Treatment, comparator and effect over time for every two arms whose curves of the same patients were digitised.

    From reconstructed patients: where their hazards do not stay proportional, the restricted mean comes first. The hazard is
    held constant between landmarks, so the test sees only what the landmarks show.
    """
    return tuple((ours, theirs, effect_between(ours, theirs)) for _, ours, theirs in pairs(study))


def effect_between(treatment: Curve, comparator: Curve) -> EffectOverTime:
    """The effect over time between two digitised curves, from rebuilt patients."""
    return effect_over_time(rebuilt(treatment).patients, rebuilt(comparator).patients)


def proportionality_of_registry(names: Iterable[str]) -> Proportionality:
    """The hazards of the shipped studies of some names, capitals and hyphens aside: for a table that gives names only.

    Any endpoint and any two arms count, since a table of contrasts names neither as the registry does; names the registry
    does not hold are nowhere in the result.
    """
    from normoxia import library
    from normoxia.evidence.studies import files
    from normoxia.evidence.studies.registry import plain_name

    shipped = {plain_name(file): file for file in library.names("studies")}
    known = dict.fromkeys(
        shipped[plain_name(name)] for name in names if plain_name(name) in shipped
    )
    studies = [files.read(library.path("studies", file)) for file in known]
    return proportionality(ContrastQuery(study=study) for study in studies if pairs(study))


def _once(pairs_found: Iterable[PairOverTime]) -> tuple[PairOverTime, ...]:
    """Pairs of curves without repetition: two strata of a study may rest on the same figure."""
    found: dict[tuple[str, ...], PairOverTime] = {}
    for pair in pairs_found:
        key = (
            pair.study,
            pair.population,
            pair.of,
            pair.endpoint,
            *sorted((pair.arm, pair.comparator)),
        )
        found.setdefault(key, pair)
    return tuple(found.values())


def months(days: float) -> float:
    """Days in months, as trials count them."""
    return days / DAYS_PER_MONTH


def curve_pairs(query: ContrastQuery) -> Iterator[tuple[str, Curve, Curve, str, str]]:
    """Population, the two digitised curves and the names of their arms for every pair of curves that fits a contrast."""
    study = query.study
    matching = [
        (population, *ordered)
        for population, one, other in pairs(study)
        if query.endpoint in ("", one.endpoint.value) and (ordered := _ordered(query, one, other))
    ]
    preferred = [match for match in matching if match[0] in query.populations]
    for population, ours, theirs in preferred or matching:
        treatment = query.treatment or _label(study, ours.arm)
        yield population, ours, theirs, treatment, query.control or _label(study, theirs.arm)


def _pairs(query: ContrastQuery) -> Iterator[PairOverTime]:
    for population, ours, theirs, treatment, control in curve_pairs(query):
        yield PairOverTime(
            study=query.study.id,
            population=population,
            of=ours.population,
            endpoint=ours.endpoint.value,
            arm=ours.arm,
            comparator=theirs.arm,
            treatment=treatment,
            control=control,
            effect=effect_between(ours, theirs),
        )


def _ordered(query: ContrastQuery, one: Curve, other: Curve) -> tuple[Curve, Curve] | None:
    """The two curves as treatment and comparator, or None where they are of other arms."""
    if not query.arm:
        return one, other
    for ours, theirs in ((one, other), (other, one)):
        if _is_arm(query.study, ours.arm, query.arm) and _is_arm(
            query.study, theirs.arm, query.comparator
        ):
            return ours, theirs
    return None


def _is_arm(study: Study, curve: str, arm: str) -> bool:
    """Whether a curve is an arm's, or that of a pool the arm belongs to (two doses drawn as one curve)."""
    return curve == arm or arm in study.pools.get(curve, ())


def _label(study: Study, arm: str) -> str:
    return next((a.label for a in study.arms if a.id == arm), arm)


def _pair_json(pair: PairOverTime) -> dict[str, Any]:
    effect = pair.effect
    found: dict[str, Any] = {
        "study": pair.study,
        "endpoint": pair.endpoint,
        "population": pair.population,
        "of": pair.of,
        "arm": pair.arm,
        "comparator": pair.comparator,
        "treatment": pair.treatment,
        "control": pair.control,
        "first": effect.first,
        "proportional_hazards_p": effect.proportional_p,
        "curves_cross": effect.crosses,
    }
    mean = {
        "restricted_mean": {
            "horizon_months": months(effect.horizon),
            "difference_months": months(effect.difference.value),
            "interval": _ends(effect.difference.estimate(1.0 / DAYS_PER_MONTH)),
            "p_value": effect.difference.p,
            "time_lost_ratio": _ratio_json(effect.time_lost) if effect.time_lost else None,
        }
    }
    periods = {"hazard_ratio_by_period": [_period_json(period) for period in effect.periods]}
    ratio = {"hazard_ratio": _ratio_json(effect.ratio)}
    ordered = (mean, periods, ratio) if not pair.is_proportional else (ratio, periods, mean)
    for part in ordered:
        found |= part
    return found


def _period_json(period: Period) -> dict[str, Any]:
    return {
        "start_months": months(period.start),
        "stop_months": months(period.stop),
        "events": period.events,
        **(_ratio_json(period.ratio) if period.ratio else {"ratio": None, "interval": None}),
    }


def _ratio_json(ratio: Inference) -> dict[str, Any]:
    return {"ratio": ratio.value, "interval": _ends(ratio.estimate())}


def _ends(estimate: Estimate) -> list[float]:
    return [estimate.low, estimate.high]
