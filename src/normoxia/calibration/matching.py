"""Whether a published study is the design that was forecast: its arms, and which of its sets of patients are those predicted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from normoxia.errors import InvalidArgument, NormoxiaError
from normoxia.evidence.studies.study import Study
from normoxia.pharmacology.files import find
from normoxia.population import Condition
from normoxia.trial.making import cuts
from normoxia.trial.making.enrolled import where_of
from normoxia.trial.protocol import Trial


def refuse_other_arms(study: Study, protocols: Iterable[Trial]) -> None:
    """Refuse a study whose arms are not those forecast, by name and by the drugs that distinguish them.

    Raises
    ------
    InvalidArgument
        An arm is missing or gives the drug of another; the arms of both are named.
    """
    arms = {arm.id: arm for arm in study.arms}
    planned_arms = [(protocol, arm) for protocol in protocols for arm in protocol.arms]
    names = list(dict.fromkeys(arm.id for _, arm in planned_arms))
    missing = [name for name in names if name not in arms]
    if missing:
        raise InvalidArgument(
            f'study "{study.id}" has the arms {", ".join(arms) or "of nobody"}; the forecast has {", ".join(names)}; '
            "name the arms of the study document as the forecast does, so that each figure meets its own"
        )
    for protocol, arm in planned_arms:
        given = _known(arms[arm.id].drugs)
        others = {
            drug for other in protocol.arms if other.id != arm.id for drug in other.regimen.drugs
        }
        own = set(arm.regimen.drugs) - others
        foreign = (given & others) - set(arm.regimen.drugs)
        if given and ((own and not given & own) or foreign):
            raise InvalidArgument(
                f'arm "{arm.id}" of study "{study.id}" gives {", ".join(sorted(given))}, that of the forecast '
                f"{', '.join(arm.regimen.drugs) or 'placebo'}; name the arms as the forecast does"
            )


def same_patients(study: Study, protocol: Trial) -> frozenset[str]:
    """Names of the study's sets that hold the patients of a protocol: everybody randomised, or a stratum that it enrols alone."""
    found = {*protocol.sets[0].published, *cuts.whole_sets(study)}
    for population in study.populations:
        where = where_of(population)
        if where and _enrols(protocol.eligibility, where):
            found.add(population.set)
    return frozenset(found)


def _enrols(eligibility: Condition, where: Mapping[str, object]) -> bool:
    """Whether a protocol asks of everybody what a stratum is defined by."""
    asked = {clause.covariate: frozenset(clause.levels) for clause in eligibility.clauses}
    return all(
        asked.get(name) == frozenset([levels] if isinstance(levels, str) else levels)  # type: ignore[call-overload]
        for name, levels in where.items()
    )


def _known(names: Iterable[str]) -> frozenset[str]:
    """The library's names of drugs; those it does not know are left out."""
    found = set()
    for name in names:
        try:
            found.add(find(name))
        except NormoxiaError:
            continue
    return frozenset(found)
