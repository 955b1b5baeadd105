"""Rules that hold the sources against one another and against arithmetic: two readings, two cuts, two denominators."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from normoxia.evidence.auditing.discrepancy import (
    Discrepancy,
    Outline,
    Words,
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
        told: set[tuple[object, ...]] = set()
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
                    or key[:3] in told
                ):
                    continue
                told.add(key[:3])
                item = _name(a)
                yield Discrepancy(
                    study.id,
                    item,
                    (Words(f"{_who(a)} {describe(a)}"), Words(f"{_who(b)} {describe(b)}")),
                    (of_source(study, a.source), of_source(study, b.source)),
                    Words(
                        "Two reports differ, or their follow-up does; the source nearer to the trial is used and the "
                        "other kept for a sensitivity analysis.",
                        "两份报告（或其随访时间）不一致；采用更接近试验的来源，另一数值用于敏感性分析。",
                    ),
                    "rule:sources-differ",
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
        told: set[tuple[str, str]] = set()
        for a, b in combinations(rows, 2):
            same = (sets[a.population], a.endpoint, a.arm) == (
                sets[b.population],
                b.endpoint,
                b.arm,
            )
            if (
                not same
                or a.population == b.population
                or (sets[a.population], a.endpoint.value) in told
            ):
                continue
            x, y = a.estimate.value, b.estimate.value
            if math.isinf(x) or math.isinf(y) or abs(x - y) <= _SAME_RESULT * min(x, y):
                continue
            told.add((sets[a.population], a.endpoint.value))
            yield Discrepancy(
                study.id,
                f"{_name(a)}, data cut",
                (Words(f"{a.arm} {describe(a)}"), Words(f"{b.arm} {describe(b)}")),
                (_at(study, a), _at(study, b)),
                Words(
                    "Both are right, at their cut; an analysis states which it takes and takes the hazard ratio of the same.",
                    "两者在各自截点均正确；分析须注明所用截点，并采用同一截点的风险比。",
                ),
                "rule:cuts-differ",
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
                    study.id,
                    f"{_name(row)} of {row.arm}",
                    (Words(f"{_name(row)} {describe(row)}"), Words(f"{what} {value:g}")),
                    (of_source(study, row.source), place),
                    Words(
                        "Probably one number in two places; it is kept aside until the full text confirms it.",
                        "很可能是同一数字误置两处；在全文证实之前暂不采用。",
                    ),
                    "rule:same-digits",
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
            hint = "; ".join(f"{row.estimate.value:g}% is possible of {n}" for row, n in moved)
            zh = "；".join(f"{row.estimate.value:g}%可为{n}例之比" for row, n in moved)
            told = [(f"{row.arm} {row.estimate.value:g}% of {row.n}", row.source) for row in wrong]
            if len(wrong) == 1:
                told.append((f"{wrong[0].arm} n = {wrong[0].n}", wrong[0].source))
            yield Discrepancy(
                study.id,
                wrong[0].endpoint.value,
                tuple(Words(text) for text, _ in told),
                tuple(of_source(study, source) for _, source in told),
                Words(
                    "No whole number of patients"
                    + (f" ({hint}: arms may be swapped)" if hint else "")
                    + "; the counts are not used.",
                    "不是整数例" + (f"（{zh}：各组可能颠倒）" if zh else "") + "；不采用例数。",
                ),
                "rule:fractions-impossible",
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
                    study.id,
                    "denominators",
                    (
                        Words(f"{evaluable} evaluable", f"可评价{evaluable}例"),
                        Words(f"{shown} of {rows[0].n}"),
                    ),
                    (of_source(study, fact.source), of_source(study, rows[0].source)),
                    Words(
                        f"Of {evaluable} the rates would be "
                        + ", ".join(
                            f"{100.0 * round(r.estimate.value * r.n / 100.0) / evaluable:.1f}%"
                            for r in rows
                        )
                        + "; the analysis states its denominator.",
                        f"以{evaluable}例为分母则为"
                        + "、".join(
                            f"{100.0 * round(r.estimate.value * r.n / 100.0) / evaluable:.1f}%"
                            for r in rows
                        )
                        + "；分析须注明分母。",
                    ),
                    "rule:denominators-differ",
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
                study.id,
                "enrolment",
                (
                    Words(f"{fact.value:g}"),
                    Words(f"{total:g} (unverified)", f"{total:g}（未核实）"),
                ),
                (of_source(study, fact.source), in_registry(study, "unverified")),
                Words(
                    "The size is not settled; weights wait for the full text.",
                    "样本量未定；权重待全文核实。",
                ),
                "rule:enrolment-unsettled",
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


def _at(study: Study, row: ReportedOutcome) -> Words:
    cut = study.population(row.population)
    where = of_source(study, row.source).en
    if not cut.follow_up > 0.0:
        return Words(where)
    months = f"{cut.follow_up:g}"
    return Words(f"{where}, median follow-up {months} mo", f"{where}，中位随访 {months} 个月")


def _other_quantities(study: Study, row: ReportedOutcome) -> Iterator[tuple[str, Words, float]]:
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
