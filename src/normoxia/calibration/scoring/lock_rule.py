"""The rule by which lock version 2 names what is scored, so that the list can be made again and compared with the frozen one.

`tools/lock/generate.py` wrote `library/calibrations/lock-2.yaml` with it once. No published value enters a choice: only whether a figure is
printed, how wide its interval is, when it was cut and how many patients an arm has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from normoxia.calibration.scoring import classes
from normoxia.calibration.scoring.classes import ComparedArms
from normoxia.calibration.scoring.lock import patients_behind
from normoxia.calibration.scoring.registry_evidence import parts_of
from normoxia.errors import InvalidArgument
from normoxia.evidence.studies import characteristics
from normoxia.evidence.studies.reported import REVIEW, ReportedOutcome
from normoxia.evidence.studies.study import Population, Study
from normoxia.evidence.synthesis.questions import question
from normoxia.outcome import Endpoint, Measure
from normoxia.trial.making import cuts, from_study
from normoxia.trial.making.enrolled import where_of

#: patients of the smaller arm below which a study is not scored; assumed
FEWEST = 20
#: the co-primary set that a publication has instead of everybody randomised
_PRIMARY_SETS = {"IMpower150": "ITT-WT"}
_SINGLE_AGENTS = ("single agent", "docetaxel")
RATES = {"response": Endpoint.ORR, "control": Endpoint.DCR, "toxicity": Endpoint.TRAE3}

Row = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedStudy:
    """What is scored of a study, as the lock writes it.

    Attributes
    ----------
    set
        Name of the set of patients that stands for everybody.
    contrasts, strata
        Endpoint, population, arm, comparator and class of each hazard ratio.
    rates
        Arms with a published rate, by "response", "control" and "toxicity".
    """

    study: str
    set: str
    contrasts: tuple[Row, ...]
    strata: tuple[Row, ...] = ()
    rates: dict[str, tuple[str, ...]] = field(default_factory=dict)


def scored_study(study: Study) -> LockedStudy | str:
    """What is scored of a study of the calibration, or the reason why nothing is.

    Parameters
    ----------
    study
        Of the registry.

    Returns
    -------
    LockedStudy or str
    """
    found = printed_study(study)
    if isinstance(found, str):
        return found
    kept = tuple(row for row in found.contrasts if row["class"] != classes.ALIKE)
    if not kept:
        return "gives both arms alike"
    try:
        from_study.preferred(study.id)
    except InvalidArgument:
        return "no protocol can be made"
    return replace(found, contrasts=kept)


def printed_study(study: Study) -> LockedStudy | str:
    """What a study prints that the rule asks for, whether or not it can be run, or the reason why nothing is."""
    if not characteristics.is_randomised(study):
        return "not randomised"
    name = _PRIMARY_SETS.get(study.id) or cuts.main_set(study)
    contrasts = _rows(study, name)
    sizes = {arm.id: arm.n for arm in study.arms}
    small = {a for a, n in sizes.items() if 0 < n < FEWEST}
    contrasts = tuple(row for row in contrasts if not small & {row["arm"], row["comparator"]})
    if not contrasts:
        return "no set of half of its patients or more prints a hazard ratio with an interval"
    others = dict.fromkeys(p.set for p in study.populations if p.set != name and where_of(p))
    strata = [
        row
        for one in others
        for row in _rows(study, one)
        if study.population(row["population"]).strata
    ]
    return LockedStudy(
        study=study.id,
        set=name,
        contrasts=contrasts,
        strata=tuple(strata),
        rates={key: arms for key, e in RATES.items() if (arms := _arms(study, name, e))},
    )


def informative_study(study: Study) -> LockedStudy | str:
    """What baselines may use of a study that is not scored: contrasts of a class, as printed; or the reason why nothing is."""
    found = printed_study(study)
    if isinstance(found, str):
        return found
    named = tuple(row for row in found.contrasts if row["class"] != classes.OTHER)
    if not named:
        return "its arms are of no class"
    return LockedStudy(study=study.id, set=found.set, contrasts=named)


def comparison(study: Study, arm: str, comparator: str) -> ComparedArms:
    """What decides the class of two arms of a study."""
    control, asked = study.arm(comparator), question("components")
    return ComparedArms(
        arm=parts_of(asked, study.id, study.arm(arm)),
        comparator=parts_of(asked, study.id, control),
        line=study.setting.line,
        histology=study.setting.histology,
        single_agent=control.backbone in _SINGLE_AGENTS,
    )


def _rows(study: Study, name: str) -> tuple[Row, ...]:
    """Contrasts of a set, each endpoint from its one cut."""
    found: dict[tuple[str, str, str], Row] = {}
    for endpoint in (Endpoint.PFS, Endpoint.OS):
        population = cuts.scored(study, endpoint, name)
        for row in population.reported if population else ():
            if population is not None and _counts(study, row, endpoint):
                key = (endpoint.value, row.arm, row.comparator)
                found.setdefault(key, _written(study, population, row))
    return tuple(found.values())


def _written(study: Study, population: Population, row: ReportedOutcome) -> Row:
    return {
        "endpoint": row.endpoint.value,
        "population": population.id,
        "arm": row.arm,
        "comparator": row.comparator,
        "class": classes.class_of(comparison(study, row.arm, row.comparator)),
    }


def _counts(study: Study, row: ReportedOutcome, endpoint: Endpoint) -> bool:
    arms = {arm.id for arm in study.arms}
    marked = row.derived or row.adjusted or row.superseded
    is_ratio = row.measure is Measure.HAZARD_RATIO and row.endpoint is endpoint
    return (
        is_ratio and not marked and row.estimate.has_interval and {row.arm, row.comparator} <= arms
    )


def _arms(study: Study, name: str, endpoint: Endpoint) -> tuple[str, ...]:
    """Arms with a published rate of the set whose number of patients is known."""
    own = [arm.id for arm in study.arms]
    chosen: Iterable[str] = (
        o.arm
        for o in study.published()
        if (o.population, o.endpoint, o.measure) == (name, endpoint, Measure.PERCENT)
        and o.arm in own
        and not o.comparator
        and not (o.source is not None and o.source.reference == f"the {REVIEW}")
        and patients_behind(study, o)[0] > 0
    )
    return tuple(dict.fromkeys(chosen))
