"""Which studies a question takes by rule: eligibility in words of the registry, and how many are left at each step.

A question may name its studies one by one, with a reason each, or say whom it is about and which treatments it compares; then
every randomised study of the registry that fits enters, and the flow from all studies to those that enter says at which step each
of the others stays out (after PRISMA 2020, Page 2021, BMJ 372:n71). One arm a treatment is taken.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, replace

from normoxia.evidence.studies.characteristics import is_randomised
from normoxia.evidence.studies.prior import prior_inhibitor
from normoxia.evidence.studies.registry import Registry
from normoxia.evidence.studies.study import Population, Study
from normoxia.evidence.synthesis.questions import Question, Selection, StudyEntry
from normoxia.language import Message, translations
from normoxia.outcome import Measure

#: treatments a study has to give for a comparison
_PAIR = 2


@dataclass(frozen=True, slots=True)
class FlowStep:
    """Studies that stay out at one step.

    Parameters
    ----------
    reason
        Why, as a message.
    studies
        Their ids, in the order of the registry.
    """

    reason: Message
    studies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """The way from all studies of the registry to those whose figures are looked for.

    Parameters
    ----------
    identified
        Studies of the registry.
    steps
        Who stays out, step by step.
    considered
        Ids of the studies that remain; whether one enters depends on the endpoint.
    """

    identified: int
    steps: tuple[FlowStep, ...]
    considered: tuple[str, ...]


def selected(question: Question, known: Registry) -> tuple[Question, Flow]:
    """A question with the studies that its rule takes, and the flow.

    Parameters
    ----------
    question
        With or without a rule (`Question.selection`); without one its own list is kept.
    known
        The registry.

    Returns
    -------
    tuple
        The question with an entry for each study that enters, and the flow.
    """
    named = {entry.study for entry in question.entries}
    excluded = {name for x in question.exclusions if not x.endpoint for name in x.studies}
    steps: list[FlowStep] = []
    left = list(known)

    def keep(key: str, test: Callable[[Study], bool]) -> None:
        out = tuple(study.id for study in left if not test(study))
        left[:] = [study for study in left if test(study)]
        if out:
            steps.append(FlowStep(Message(f"evidence.flow_{key}"), out))

    rule = question.selection
    groups = (*question.searched, "user")
    keep("not_searched", lambda s: s.id in named | excluded or s.group in groups)
    keep("single_arm", lambda s: s.id in named or len(s.arms) >= _PAIR)
    keep("not_randomised", lambda s: s.id in named | excluded or is_randomised(s))
    if rule is not None:
        for key, test in _tests(rule):
            keep(key, _unless_named(named, test))
    keep("excluded", lambda s: s.id not in excluded)
    if rule is None:
        keep("not_named", lambda s: s.id in named)
    considered = tuple(study.id for study in left)
    flow = Flow(len(known), tuple(steps), considered)
    if rule is None:
        return question, flow
    entries = (_entry(rule, known[name]) for name in considered if name not in named)
    return replace(question, entries=(*question.entries, *entries)), flow


def _tests(rule: Selection) -> Iterator[tuple[str, Callable[[Study], bool]]]:
    """The steps of a rule, each with what a study has to pass; a stratum that passes is enough."""
    for name, words in rule.strata.items():
        yield name, functools.partial(_has_stratum, name, words)
    yield "combined", lambda s: _main_set(rule, s) != ""
    if rule.after_inhibitor:
        yield "prior", lambda s: prior_inhibitor(s.setting.prior_therapy) is True
    yield "treatments", lambda s: len(_arms(rule, s)) >= _PAIR


def _unless_named(named: Set[str], test: Callable[[Study], bool]) -> Callable[[Study], bool]:
    return lambda study: study.id in named or test(study)


def _has_stratum(name: str, words: tuple[str, ...], study: Study) -> bool:
    return any(_says(study, population, name) in words for population in study.populations)


def _says(study: Study, population: Population, name: str) -> str:
    """The word of a population: its own stratum, else the study's setting."""
    return population.strata.get(name) or str(getattr(study.setting, name))


def _fits(rule: Selection, study: Study, population: Population) -> bool:
    """Whether a population fits every stratum and is not chosen by a further marker."""
    fits = all(_says(study, population, name) in words for name, words in rule.strata.items())
    return fits and "selection" not in population.strata


def _main_set(rule: Selection, study: Study) -> str:
    """The set of patients that enters.

    Of those that fit: one that prints hazard ratios, with the fewest strata besides EGFR status, then of most endpoints, then the
    first of the document.
    """
    sets: dict[str, list[Population]] = {}
    for population in study.populations:
        if population.reported and _fits(rule, study, population):
            sets.setdefault(population.set, []).append(population)

    def merit(members: list[Population]) -> tuple[bool, int, int]:
        endpoints = {
            row.endpoint
            for population in members
            for row in population.reported
            if row.measure is Measure.HAZARD_RATIO and row.estimate.has_interval
        }
        strata = set().union(*(population.strata for population in members)) - {"driver"}
        return not endpoints, len(strata), -len(endpoints)

    return min(sets, key=lambda name: merit(sets[name]), default="")


def _arms(rule: Selection, study: Study) -> Mapping[str, str]:
    """Arm to treatment, one arm a treatment: that of which most hazard ratios are printed, then the first of the document."""
    printed = Counter(
        name
        for row in study.reported()
        if row.measure is Measure.HAZARD_RATIO and row.estimate.has_interval
        for name in (row.arm, row.comparator)
    )
    chosen: dict[str, str] = {}
    for arm in sorted(study.arms, key=lambda arm: -printed[arm.id]):
        for treatment, components in rule.treatments.items():
            if arm.components == frozenset(components) and treatment not in chosen.values():
                chosen[arm.id] = treatment
    return chosen


def _entry(rule: Selection, study: Study) -> StudyEntry:
    chosen = _main_set(rule, study)
    populations = tuple(
        p.id for p in study.populations if p.set == chosen and _fits(rule, study, p)
    )
    return StudyEntry(
        study=study.id,
        populations=populations,
        arms=_arms(rule, study),
        why=translations("evidence.flow_fits"),
        risk_of_bias=None,
        indirectness=None,
    )
