"""Rules that hold the figures of the review against the sources: values, shares, sizes, p values, what came later."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from normoxia.evidence.auditing.discrepancy import (
    BASELINE,
    SIZES,
    Discrepancy,
    Outline,
    agree,
    describe,
    in_registry,
    item,
    number,
    numbers_of,
    of_figure,
    of_source,
    population,
    printed,
    same,
)
from normoxia.evidence.studies.registry import Registry
from normoxia.evidence.studies.reported import REVIEW, ReportedOutcome, ReviewFigure
from normoxia.evidence.studies.study import Population, Study
from normoxia.language import Message, Wording
from normoxia.outcome import Endpoint, Measure


def value_differs(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """A figure of the review is no reading of any source of the study."""
    for study in registry:
        for figure in study.review.figures:
            rows = numbers_of(study, figure)
            if not rows or math.isnan(number(figure)) or _special(figure):
                continue
            if any(same(study, figure, row) for row in rows):
                continue
            nearest = min(rows, key=lambda row: abs(row.estimate.value - number(figure)))
            yield Discrepancy(
                study=study.id,
                item=item(figure.what),
                values=(printed(figure.value, figure.unit), describe(nearest)),
                places=(of_figure(figure), of_source(study, nearest.source)),
                consequence=Message("audit.value_differs"),
                found_by="rule:value-differs",
            )


def share_differs(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """A share of patients in the review is none that a source gives."""
    for study in registry:
        for figure in study.review.figures:
            what = BASELINE.get(figure.what)
            facts = [
                fact
                for p in study.populations
                for fact in p.facts
                if fact.what == what and fact.source != REVIEW and isinstance(fact.value, float)
            ]
            if (
                not facts
                or math.isnan(number(figure))
                or any(agree(number(figure), float(fact.value)) for fact in facts)
            ):
                continue
            fact = facts[0]
            yield Discrepancy(
                study=study.id,
                item=item(figure.what),
                values=(printed(figure.value, figure.unit), printed(fact.value, fact.unit)),
                places=(of_figure(figure), of_source(study, fact.source)),
                consequence=Message("audit.share_differs"),
                found_by="rule:share-differs",
            )


def size_differs(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The review's number of patients is not that of any population or sum of arms."""
    for study in registry:
        for figure in study.review.figures:
            if figure.what not in SIZES or figure.arm:
                continue
            known = {p.n for p in study.populations if p.n} | {
                arms for arms in [sum(a.n for a in study.arms)] if arms
            }
            if not known or int(number(figure)) in known:
                continue
            largest = max(known)
            yield Discrepancy(
                study=study.id,
                item="sample size",
                values=(printed(figure.value), str(largest)),
                places=(of_figure(figure), in_registry(study, "populations")),
                consequence=Message("audit.size_differs"),
                found_by="rule:size-differs",
            )


def p_unqualified(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The review prints a p value bare that its source qualifies (one-sided, futility)."""
    for study in registry:
        for figure in study.review.figures:
            if not figure.what.startswith("p "):
                continue
            endpoint = figure.what.removeprefix("p ")
            for row in study.reported():
                if (
                    row.comparator
                    and row.endpoint == endpoint
                    and re.search("one-sided|futility", row.p)
                ):
                    yield Discrepancy(
                        study=study.id,
                        item=figure.what,
                        values=(f"p={figure.value}", Wording(row.p)),
                        places=(of_figure(figure), of_source(study, row.source)),
                        consequence=Message("audit.p_unqualified"),
                        found_by="rule:p-unqualified",
                    )
                    break


def label_unverified(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """A figure of the review has no other source, and was recalled under another population. To be verified."""
    for study in registry:
        for figure in study.review.figures:
            if not figure.population:
                continue
            elsewhere = any(same(study, figure, row) for row in numbers_of(study, figure))
            for recalled in study.unverified:
                value = recalled.value if isinstance(recalled.value, float) else math.nan
                if (
                    elsewhere
                    or recalled.what != figure.what
                    or recalled.arm != figure.arm
                    or value != number(figure)
                ):
                    continue
                if population(recalled.population) == population(figure.population):
                    continue
                yield Discrepancy(
                    study=study.id,
                    item=f"{figure.what}, {figure.population}",
                    values=(
                        Message(
                            "reading.labelled",
                            value=printed(figure.value, figure.unit),
                            label=Wording(figure.population),
                        ),
                        Message(
                            "audit.value.unverified",
                            value=printed(value, recalled.unit),
                            label=Wording(recalled.population),
                        ),
                    ),
                    places=(of_figure(figure), in_registry(study, "unverified")),
                    consequence=Message("audit.label_unverified"),
                    found_by="rule:label-unverified",
                )
                break


def comparator_omitted(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The review gives a figure for one arm of a comparison and nowhere the other arm's."""
    for study in registry:
        if len(study.arms) < 2:
            continue
        for figure in study.review.figures:
            if not figure.arm or math.isnan(number(figure)):
                continue
            others = [
                f
                for f in study.review.figures
                if f.what == figure.what
                and f.arm
                and f.arm != figure.arm
                and population(f.population) == population(figure.population)
            ]
            if others:
                continue
            group = f", {figure.population}" if figure.population else ""
            yield Discrepancy(
                study=study.id,
                item=f"comparator of {item(figure.what)}{group}",
                values=(
                    Message("reading.of", who=figure.arm, value=printed(figure.value, figure.unit)),
                    Message("audit.value.not_given"),
                ),
                places=(of_figure(figure), Message("audit.value.review")),
                consequence=Message("audit.comparator_omitted"),
                found_by="rule:comparator-omitted",
            )


def reported_since(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The review gives progression-free survival of a population whose survival a source now reports."""
    for study in registry:
        for figure in study.review.figures:
            if figure.what != "median PFS" or not figure.population:
                continue
            found = _survival(study, figure)
            said = {
                f.what
                for f in study.review.figures
                if population(f.population) == population(figure.population)
            }
            if not found or "median OS" in said or figure.arm != found[1].arm:
                continue
            group, row = found
            contrast = next(
                (
                    r
                    for r in group.reported
                    if r.comparator and r.endpoint is Endpoint.OS and r.arm == row.arm
                ),
                None,
            )
            survival = (
                Message("audit.value.survival_ratio", value=describe(row), ratio=describe(contrast))
                if contrast
                else Message("audit.value.survival", value=describe(row))
            )
            yield Discrepancy(
                study=study.id,
                item="OS, " + figure.population,
                values=(Message("audit.value.pfs_only"), survival),
                places=(of_figure(figure), of_source(study, row.source)),
                consequence=Message("audit.reported_since"),
                found_by="rule:reported-since",
            )


RULES = (
    value_differs,
    share_differs,
    size_differs,
    p_unqualified,
    label_unverified,
    comparator_omitted,
    reported_since,
)


def _special(figure: ReviewFigure) -> bool:
    """Figures of a population of their own are left to the rules on populations."""
    return bool(figure.population) and population(figure.population) not in (
        "wild type",
        "driver positive",
    )


def _survival(study: Study, figure: ReviewFigure) -> tuple[Population, ReportedOutcome] | None:
    """The population a figure speaks of and the survival a source other than the review gives of its arm."""
    for group in study.populations:
        if population(group.id.replace("_", " ")) != population(figure.population):
            continue
        for row in group.reported:
            survival = row.endpoint is Endpoint.OS and row.measure is Measure.MEDIAN_MONTHS
            if survival and row.arm == figure.arm and row.source != REVIEW:
                return group, row
    return None
