"""Rules that hold the sources against one another and against arithmetic: two readings, two cuts, two denominators."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from normoxia.evidence.auditing.discrepancy import (
    Discrepancy,
    Outline,
    agree,
    describe,
    in_registry,
    of_source,
    printed,
    row_decimals,
)
from normoxia.evidence.studies.registry import Registry
from normoxia.evidence.studies.reported import REVIEW, ReportedOutcome
from normoxia.evidence.studies.rounding import decimals, is_possible
from normoxia.evidence.studies.study import Study
from normoxia.language import Message, Wording
from normoxia.outcome import Endpoint, Measure

#: medians of two cuts closer than this share of one another are one result read twice; assumed
_SAME_RESULT = 0.05


def sources_differ(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """Two sources print different values of one quantity of one population at one cut."""
    for study in registry:
        rows = [
            r
            for r in study.reported()
            if not r.derived and r.source != REVIEW and r.estimate.value > 0.0
        ]
        groups = defaultdict[tuple[object, ...], list[ReportedOutcome]](list)
        for r in rows:
            quantity = (
                r.population,
                r.endpoint,
                r.measure,
                r.arm,
                r.comparator,
                str(r.months),
                r.grades,
                r.adjusted,
            )
            groups[quantity].append(r)
        named: set[tuple[object, ...]] = set()
        for key, group in groups.items():
            for a, b in combinations(group, 2):
                if (
                    a.source == b.source
                    or agree(
                        a.estimate.value,
                        b.estimate.value,
                        row_decimals(study, a),
                        row_decimals(study, b),
                    )
                    or key[:3] in named
                ):
                    continue
                named.add(key[:3])
                item = _name(a)
                yield Discrepancy(
                    study=study.id,
                    item=item,
                    values=(
                        Message("reading.of", who=_who(a), value=describe(a)),
                        Message("reading.of", who=_who(b), value=describe(b)),
                    ),
                    places=(of_source(study, a.source), of_source(study, b.source)),
                    consequence=Message("audit.sources_differ"),
                    found_by="rule:sources-differ",
                )


def cuts_differ(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The median of one arm changes between two data cuts of the same patients."""
    for study in registry:
        sets = {p.id: p.set for p in study.populations}
        rows = [
            r
            for r in study.reported()
            if r.measure is Measure.MEDIAN_MONTHS
            and r.source != REVIEW
            and not r.derived
            and not r.superseded
        ]
        named: set[tuple[str, str]] = set()
        for a, b in combinations(rows, 2):
            same = (sets[a.population], a.endpoint, a.arm) == (
                sets[b.population],
                b.endpoint,
                b.arm,
            )
            if (
                not same
                or a.population == b.population
                or (sets[a.population], a.endpoint.value) in named
            ):
                continue
            x, y = a.estimate.value, b.estimate.value
            if math.isinf(x) or math.isinf(y) or abs(x - y) <= _SAME_RESULT * min(x, y):
                continue
            named.add((sets[a.population], a.endpoint.value))
            yield Discrepancy(
                study=study.id,
                item=f"{_name(a)}, data cut",
                values=(
                    Message("reading.of", who=a.arm, value=describe(a)),
                    Message("reading.of", who=b.arm, value=describe(b)),
                ),
                places=(_at(study, a), _at(study, b)),
                consequence=Message("audit.cuts_differ"),
                found_by="rule:cuts-differ",
            )


def same_digits(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """Two different quantities of one arm are printed with the same digits: one was copied into the other's place."""
    for study in registry:
        for row in study.reported():
            if row.source == REVIEW or decimals(row.estimate.value) == 0:
                continue
            for what, place, value in _other_quantities(study, row):
                if value != row.estimate.value:
                    continue
                yield Discrepancy(
                    study=study.id,
                    item=Message("audit.item.of_arm", what=Wording(_name(row)), arm=row.arm),
                    values=(
                        Message("reading.of", who=Wording(_name(row)), value=describe(row)),
                        Message("reading.of", who=Wording(what), value=f"{value:g}"),
                    ),
                    places=(of_source(study, row.source), place),
                    consequence=Message("audit.same_digits"),
                    found_by="rule:same-digits",
                )
                break


def fractions_impossible(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """Rates that a source prints are no whole patients of their arms; of each other's arms one of them is."""
    for study in registry:
        groups = defaultdict[tuple[object, ...], list[ReportedOutcome]](list)
        for row in study.reported():
            if (
                row.endpoint in (Endpoint.ORR, Endpoint.DCR)
                and row.n
                and not row.comparator
                and not row.superseded
            ):
                groups[row.population, row.endpoint, row.source].append(row)
        for rows in groups.values():
            shown = decimals(*(row.estimate.value for row in rows))
            wrong = [row for row in rows if not is_possible(row.estimate.value, row.n, shown)]
            if not wrong:
                continue
            sizes = {row.n for row in rows}
            moved = [
                (row, n)
                for row in wrong
                for n in sizes - {row.n}
                if len(wrong) > 1 and is_possible(row.estimate.value, n, shown)
            ]
            hints = tuple(
                Message("audit.value.possible_of", percent=row.estimate.value, n=n)
                for row, n in moved
            )
            readings: list[tuple[str, str]] = [
                (
                    Message(
                        "audit.value.fraction", arm=row.arm, percent=row.estimate.value, n=row.n
                    ),
                    row.source,
                )
                for row in wrong
            ]
            if len(wrong) == 1:
                readings.append((f"{wrong[0].arm} n = {wrong[0].n}", wrong[0].source))
            yield Discrepancy(
                study=study.id,
                item=wrong[0].endpoint.value,
                values=tuple(text for text, _ in readings),
                places=tuple(of_source(study, source) for _, source in readings),
                consequence=Message("audit.fractions_swapped", hints=hints)
                if hints
                else Message("audit.fractions_impossible"),
                found_by="rule:fractions-impossible",
            )


def denominators_differ(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """A source counts fewer evaluable patients than it divides its response rate by."""
    for study in registry:
        for group in study.populations:
            for fact in group.facts:
                if not fact.what.startswith("patients evaluable") or not isinstance(
                    fact.value, float
                ):
                    continue
                evaluable = int(fact.value)
                rows = [
                    r
                    for r in group.reported
                    if r.endpoint in (Endpoint.ORR, Endpoint.DCR)
                    and r.n > evaluable
                    and is_possible(r.estimate.value, r.n)
                    and not is_possible(r.estimate.value, evaluable)
                ]
                if not rows:
                    continue
                shown = ", ".join(f"{r.endpoint} {r.estimate.value:g}%" for r in rows)
                yield Discrepancy(
                    study=study.id,
                    item="denominators",
                    values=(
                        Message("audit.value.evaluable", n=evaluable),
                        Message("audit.value.rates_of", rates=shown, n=rows[0].n),
                    ),
                    places=(of_source(study, fact.source), of_source(study, rows[0].source)),
                    consequence=Message(
                        "audit.denominators_differ",
                        n=evaluable,
                        rates=", ".join(
                            f"{100.0 * round(r.estimate.value * r.n / 100.0) / evaluable:.1f}%"
                            for r in rows
                        ),
                    ),
                    found_by="rule:denominators-differ",
                )


def enrolment_unsettled(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """A registry's enrolment is not the sum of the arms, which are known from memory only. To be verified."""
    for study in registry:
        facts = [fact for p in study.populations for fact in p.facts if fact.what == "enrolment"]
        recalled = [
            r for r in study.unverified if r.what == "n" and r.arm and isinstance(r.value, float)
        ]
        total = sum(float(r.value) for r in recalled)
        for fact in facts:
            if len(recalled) < 2 or not isinstance(fact.value, float) or fact.value == total:
                continue
            yield Discrepancy(
                study=study.id,
                item="enrolment",
                values=(f"{fact.value:g}", Message("audit.value.unverified_number", value=total)),
                places=(of_source(study, fact.source), in_registry(study, "unverified")),
                consequence=Message("audit.enrolment_unsettled"),
                found_by="rule:enrolment-unsettled",
            )


RULES = (
    sources_differ,
    cuts_differ,
    same_digits,
    fractions_impossible,
    denominators_differ,
    enrolment_unsettled,
)


def _name(row: ReportedOutcome) -> str:
    if row.comparator:
        return (
            f"HR {row.endpoint}"
            if row.measure is Measure.HAZARD_RATIO
            else f"{row.measure} of {row.endpoint}"
        )
    if row.measure is Measure.MEDIAN_MONTHS:
        return f"median {row.endpoint}"
    return f"{row.endpoint} at {row.months:g} mo" if row.months > 0.0 else row.endpoint.value


def _who(row: ReportedOutcome) -> str:
    return f"{row.arm} vs {row.comparator}" if row.comparator else row.arm


def _at(study: Study, row: ReportedOutcome) -> str:
    cut = study.population(row.population)
    where = of_source(study, row.source)
    if not cut.follow_up > 0.0:
        return where
    return Message("audit.place.follow_up", source=where, months=cut.follow_up)


def _other_quantities(study: Study, row: ReportedOutcome) -> Iterator[tuple[str, str, float]]:
    """Quantities of the row's arm that cannot be the row's own: the median beside a landmark, other toxicity beside it."""
    if row.measure is Measure.LANDMARK_PERCENT:
        for other in study.reported():
            median = other.measure is Measure.MEDIAN_MONTHS and other.endpoint is row.endpoint
            same = (other.arm, other.population) == (row.arm, row.population)
            if median and same and other.source != REVIEW:
                yield (
                    f"median {other.endpoint}, months",
                    of_source(study, other.source),
                    other.estimate.value,
                )
    elif row.endpoint is Endpoint.TRAE3:
        for group in study.populations:
            for fact in group.facts:
                toxicity = (
                    fact.what.startswith("serious AE") or "AE of special interest" in fact.what
                )
                if fact.arm == row.arm and toxicity and isinstance(fact.value, float):
                    yield (
                        f"{fact.what} {printed('', fact.unit)}".strip(),
                        of_source(study, fact.source),
                        fact.value,
                    )
