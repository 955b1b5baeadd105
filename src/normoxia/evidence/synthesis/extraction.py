"""What the registry gives to one endpoint of a question: the numbers that enter, where each was read, and who stays out.

Only verified values enter: what the registry holds as recalled, as stated by the review alone, as derived from digitised
curves, as superseded or as adjusted for cross-over stays out by rule, and each study left out says why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

from normoxia.errors import InvalidDocument
from normoxia.evidence.studies.registry import Registry
from normoxia.evidence.studies.study import REVIEW, ReportedOutcome, Study
from normoxia.evidence.synthesis.intake.published_ratios import from_interval
from normoxia.evidence.synthesis.model.contrasts import (
    Arm,
    Contrast,
    EffectMeasure,
    contrasts_from_arms,
)
from normoxia.evidence.synthesis.questions import Asked, Question, StudyEntry, Text
from normoxia.language import Message, translations
from normoxia.outcome import Measure, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """One number that entered, and where it was read."""

    study: str
    population: str
    arm: str
    comparator: str
    treatment: str
    control: str
    shown: str
    source: Source
    notes: tuple[str, ...] = ()
    risk_of_bias: int | None = None


@dataclass(frozen=True, slots=True)
class ExcludedStudy:
    """A study that did not enter, and why."""

    study: str
    why: Text


def require_complete(q: Question, known: Registry) -> None:
    """Every study the question names exists, and every randomised one of the registry is named."""
    lines = []
    for entry in q.entries:
        study = known[entry.study]
        for name in entry.populations:
            study.population(name)
        arms = {a.id for a in study.arms} | set(study.pools)
        lines += [
            f'{entry.study}: no arm "{arm}"; it has {", ".join(sorted(arms))}'
            for arm in entry.arms
            if arm not in arms
        ]
    named = {e.study for e in q.entries} | {s for x in q.exclusions for s in x.studies}
    for name in named:
        known[name]
    if q.selection is None:
        lines += _forgotten(q, known, named)
    if lines:
        raise InvalidDocument("\n".join([f"question {q.name}:", *lines]), lines)


def _forgotten(q: Question, known: Registry, named: set[str]) -> list[str]:
    return [
        f"{study.id} is randomised and neither enters nor is excluded; add it with a reason"
        for study in known
        if study.is_randomised and study.group in q.searched and study.id not in named
    ]


def evidence_for(
    q: Question, asked: Asked, known: Registry
) -> tuple[list[Contrast], list[Used], list[ExcludedStudy], dict[tuple[str, str], float]]:
    """The contrasts one endpoint of a question rests on, what each was read from, who is left out, and arm sizes."""
    contrasts: list[Contrast] = []
    used: list[Used] = []
    silent: dict[str, Text] = {}
    sizes: dict[tuple[str, str], float] = {}
    for entry in q.entries:
        if entry.endpoints and asked.endpoint.value not in entry.endpoints:
            continue
        study = known[entry.study]
        label = entry.study if q.kind != "regression" else f"{entry.study}, {entry.populations[-1]}"
        sizes |= {
            (label, entry.arms[a.id]): float(a.n) for a in study.arms if a.id in entry.arms and a.n
        }
        ratios = asked.measure is Measure.HAZARD_RATIO
        found = _of_one_cut(_ratios if ratios else _rates, study, entry, asked, label)
        if not found:
            key = "question.no_ratio" if ratios else "question.no_rate"
            silent.setdefault(entry.study, translations(key))
        contrasts += [c for c, _ in found]
        used += [replace(u, risk_of_bias=entry.risk_of_bias) for _, u in found]
    entered = {u.study for u in used}
    left = [ExcludedStudy(name, why) for name, why in silent.items() if name not in entered]
    left += [
        ExcludedStudy(s, x.why)
        for x in q.exclusions
        if x.endpoint in ("", asked.endpoint.value)
        for s in x.studies
    ]
    return contrasts, used, [*left, *_by_rule(q, known)], sizes


def _of_one_cut(
    read: Callable[[Study, StudyEntry, Asked, str], Iterator[tuple[Contrast, Used]]],
    study: Study,
    entry: StudyEntry,
    asked: Asked,
    label: str,
) -> list[tuple[Contrast, Used]]:
    """What the cut with most comparisons gives, of several the latest: no comparison and no study mixes data cuts."""
    cuts = [
        list(read(study, replace(entry, populations=(name,)), asked, label))
        for name in reversed(entry.populations)
    ]
    return max(cuts, key=len, default=[])


def _ratios(
    study: Study, entry: StudyEntry, asked: Asked, label: str
) -> Iterator[tuple[Contrast, Used]]:
    for a, b in combinations(entry.arms, 2):
        for arm, comparator in ((a, b), (b, a)):
            row = _latest(study, entry, asked, arm, comparator)
            if row is None or entry.arms[arm] == entry.arms[comparator]:
                continue
            e = row.estimate
            reading = from_interval(e.value, e.low, e.high, level=e.level)
            if not reading.is_usable:
                continue
            shown = Message("reading.range", value=e.value, low=e.low, high=e.high)
            yield (
                Contrast(
                    label, entry.arms[arm], entry.arms[comparator], reading.estimate, reading.se
                ),
                Used(
                    study=study.id,
                    population=row.population,
                    arm=arm,
                    comparator=comparator,
                    treatment=entry.arms[arm],
                    control=entry.arms[comparator],
                    shown=shown,
                    source=study.source(row),
                    notes=reading.problems,
                ),
            )


def _rates(
    study: Study, entry: StudyEntry, asked: Asked, label: str
) -> Iterator[tuple[Contrast, Used]]:
    arms: list[Arm] = []
    rows: dict[str, tuple[ReportedOutcome, str]] = {}
    for arm in entry.arms:
        row = _latest(study, entry, asked, arm, "")
        if row is None:
            continue
        n, how = _denominator(study, row)
        if not n:
            continue
        arms.append(Arm(label, arm, n=n, events=round(row.estimate.value * n / 100.0)))
        rows[arm] = (row, how)
    arms = _alike(arms, {name: row.grades for name, (row, _) in rows.items()})
    for c in contrasts_from_arms(arms, EffectMeasure.OR)[0]:
        one, other = entry.arms[c.treatment], entry.arms[c.comparator]
        if one == other:
            continue
        row, how = rows[c.treatment]
        shares = [
            next(a for a in arms if a.treatment == name) for name in (c.treatment, c.comparator)
        ]
        one_share, other_share = (f"{a.events:g}/{a.n:g}" for a in shares)
        shown = Message("note.pair", one=one_share, other=other_share)
        notes = tuple(dict.fromkeys(x for x in (how, rows[c.comparator][1]) if x))
        yield (
            Contrast(label, one, other, c.estimate, c.se),
            Used(
                study=study.id,
                population=row.population,
                arm=c.treatment,
                comparator=c.comparator,
                treatment=one,
                control=other,
                shown=shown,
                source=study.source(row),
                notes=notes,
            ),
        )


def _alike(arms: list[Arm], grades: Mapping[str, str]) -> list[Arm]:
    """The largest set of arms counted alike: grade >= 3 of one arm is not to be held against grade 3-4 of another."""
    sets: dict[str, list[Arm]] = {}
    for arm in arms:
        sets.setdefault(grades[arm.treatment], []).append(arm)
    return max(sets.values(), key=len, default=[])


def _latest(
    study: Study, entry: StudyEntry, asked: Asked, arm: str, comparator: str
) -> ReportedOutcome | None:
    """The verified number of the latest cut; a contrast needs its interval. Ties: nearer source, then order of the text."""
    order = {name: i for i, name in enumerate(entry.populations)}
    wanted = Measure.HAZARD_RATIO if comparator else Measure.PERCENT
    rows = [
        row
        for row in study.reported()
        if (row.endpoint, row.arm, row.comparator, row.measure)
        == (asked.endpoint, arm, comparator, wanted)
        and row.population in order
        and not (row.superseded or row.adjusted or row.derived or row.source in ("", REVIEW))
        and (row.estimate.has_interval if comparator else not math.isnan(row.estimate.value))
    ]

    def merit(row: ReportedOutcome) -> tuple[bool, int, int]:
        reference = study.sources.get(row.source)
        return (
            row.grades not in ("", ">=3"),
            -order[row.population],
            reference.rank if reference else 99,
        )

    return min(rows, key=merit, default=None)


def _denominator(study: Study, row: ReportedOutcome) -> tuple[int, str]:
    """Patients behind a rate: as printed with it, else in the population's facts, else those randomised (assumed)."""
    if n := row.n or study.size(row):
        return n, ""
    for fact in study.population(row.population).facts:
        if (
            fact.what == "n"
            and fact.arm == row.arm
            and fact.recalled != "differs"
            and isinstance(fact.value, (int, float))
        ):
            return int(fact.value), ""
    n = study.arm(row.arm).n
    return n, Message("question.randomised_n") if n else ""


def _by_rule(q: Question, known: Registry) -> Iterator[ExcludedStudy]:
    named = {e.study for e in q.entries} | {s for x in q.exclusions for s in x.studies}
    for study in known if q.selection is None else ():
        if study.id not in named and study.group in (*q.searched, "user"):
            reason = "one_arm" if len(study.arms) < 2 else "not_randomised"
            yield ExcludedStudy(study.id, translations(f"question.{reason}"))
