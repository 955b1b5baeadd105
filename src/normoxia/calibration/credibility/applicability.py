"""How much of what is scored bears on a question that is not simply "what will a trial show"."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from normoxia import pharmacology
from normoxia.calibration.credibility.verification import CheckResult
from normoxia.calibration.scoring.lock import Lock
from normoxia.pharmacology import Regimen
from normoxia.trial.protocol import Trial

#: scored figures below which validation is not said to bear on a question; assumed
HAZARD_RATIOS, STUDIES = 10, 5


def bearing(lock: Lock, trials: Mapping[str, Trial]) -> dict[str, CheckResult]:
    """By claim: how many scored figures or studies bear on forecasts, dose, order, strata and new molecules.

    trials  protocols of every study of the calibration, by study; those of the lock must be among them
    """
    scored = {study: trials[study] for study in lock.studies}
    dose = [study for study, trial in scored.items() if any(map(is_dose, _pairs(trial)))]
    order = [study for study, trial in scored.items() if any(map(is_order, _pairs(trial)))]
    alone = [study for study in scored if drugs_of_its_own(study, trials)]
    strata = [o.target.study for o in lock.strata]
    return {
        "bearing_forecast": _ratios(len(lock.contrasts), lock.studies),
        "bearing_dose": _studies(dose),
        "bearing_order": _studies(order),
        "bearing_strata": _ratios(len(strata), strata),
        "bearing_molecule": _studies(
            [f"{study} ({', '.join(drugs_of_its_own(study, trials))})" for study in alone]
        ),
    }


def is_dose(pair: tuple[Regimen, Regimen]) -> bool:
    """Whether two arms give the same drugs and other amounts of one."""
    one, other = pair
    return set(one.drugs) == set(other.drugs) and _amounts(one) != _amounts(other)


def is_order(pair: tuple[Regimen, Regimen]) -> bool:
    """Whether two arms give the same amounts of the same drugs at other times."""
    one, other = pair
    return (
        set(one.drugs) == set(other.drugs)
        and _amounts(one) == _amounts(other)
        and _begins(one) != _begins(other)
    )


def drugs_of_its_own(study: str, trials: Mapping[str, Trial]) -> tuple[str, ...]:
    """Drugs that some arm of a study gets, another does not, and no other study of the calibration gives, sorted.

    A biosimilar is the drug it resembles: what has the kinetics and effects of another is not of its own.
    """
    others = {
        _made_of(drug) for name, trial in trials.items() if name != study for drug in _given(trial)
    }
    own = trials[study]
    tested = {
        drug for drug in _given(own) if not all(drug in arm.regimen.drugs for arm in own.arms)
    }
    return tuple(sorted(drug for drug in tested if _made_of(drug) not in others))


def _given(trial: Trial) -> set[str]:
    return {drug for arm in trial.arms for drug in arm.regimen.drugs}


@functools.cache
def _made_of(name: str) -> str:
    """What the model knows of a drug, as text."""
    drug = pharmacology.read(name)
    kinetics = sorted((p.name, p.quantity.value) for p in drug.parameters)
    sizes = ("affinity", "potency", "selectivity", "cooperativity", "strength", "loss")
    effects = [
        (e.slot, [q and q.value for q in (getattr(e, size) for size in sizes)])
        for e in drug.effects
    ]
    return repr((kinetics, effects))


def _pairs(trial: Trial) -> Iterable[tuple[Regimen, Regimen]]:
    return itertools.combinations([arm.regimen for arm in trial.arms if arm.regimen.drugs], 2)


def _amounts(regimen: Regimen) -> set[object]:
    return {replace(course.dose, duration=0.0) for course in regimen.courses}


def _begins(regimen: Regimen) -> set[object]:
    return {(course.dose.drug, course.start, course.days) for course in regimen.courses}


def _ratios(count: int, studies: Sequence[str]) -> CheckResult:
    return CheckResult(
        count >= HAZARD_RATIOS,
        {"count": count, "studies": len(set(studies)), "at_least": HAZARD_RATIOS},
    )


def _studies(names: Sequence[str]) -> CheckResult:
    listed = ", ".join(names) or "–"
    return CheckResult(
        len(names) >= STUDIES, {"count": len(names), "names": listed, "at_least": STUDIES}
    )
