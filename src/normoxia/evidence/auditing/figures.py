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
    Words,
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
                study.id,
                item(figure.what),
                (Words(printed(figure.value, figure.unit)), Words(describe(nearest))),
                (of_figure(figure), of_source(study, nearest.source)),
                Words(
                    "The source prints another value, of this or an earlier cut; the source's is used.",
                    "来源文献（本次或更早截点）给出的数值不同；采用来源文献的数值。",
                ),
                "rule:value-differs",
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
                study.id,
                item(figure.what),
                (Words(printed(figure.value, figure.unit)), Words(printed(fact.value, fact.unit))),
                (of_figure(figure), of_source(study, fact.source)),
                Words(
                    "The share of the source is used wherever effects are adjusted for it.",
                    "凡按该比例校正疗效时，采用来源文献的比例。",
                ),
                "rule:share-differs",
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
                study.id,
                "sample size",
                (Words(printed(figure.value)), Words(f"{largest}")),
                (of_figure(figure), in_registry(study, "populations")),
                Words(
                    "The review's number is not that of the randomised; precision computed from it would be false.",
                    "综述的例数不是随机入组人数；据此计算的精度是错误的。",
                ),
                "rule:size-differs",
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
                        study.id,
                        figure.what,
                        (Words(f"p={figure.value}"), Words(row.p)),
                        (of_figure(figure), of_source(study, row.source)),
                        Words(
                            "It is no two-sided test of a difference; it must not be turned into a standard error.",
                            "该P值并非双侧差异检验；不可据此反推标准误。",
                        ),
                        "rule:p-unqualified",
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
                    study.id,
                    f"{figure.what}, {figure.population}",
                    (
                        Words(f"{printed(figure.value, figure.unit)}: {figure.population}"),
                        Words(
                            f"{printed(value, recalled.unit)}: {recalled.population} (unverified)"
                        ),
                    ),
                    (of_figure(figure), in_registry(study, "unverified")),
                    Words(
                        "The population of the value is unconfirmed; it enters no analysis until the source is read.",
                        "该数值所属人群未经证实；核对来源之前不进入任何分析。",
                    ),
                    "rule:label-unverified",
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
                study.id,
                f"comparator of {item(figure.what)}{group}",
                (
                    Words(f"{figure.arm} {printed(figure.value, figure.unit)}"),
                    Words("not given", "未给出"),
                ),
                (of_figure(figure), Words("review", "综述")),
                Words(
                    "Without the other arm the value says nothing about an effect.",
                    "缺少对照组数值，无法说明疗效。",
                ),
                "rule:comparator-omitted",
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
            ratio = f", HR {describe(contrast)}" if contrast else ""
            yield Discrepancy(
                study.id,
                "OS, " + figure.population,
                (Words("PFS only", "仅有PFS"), Words(f"OS {describe(row)}{ratio}")),
                (of_figure(figure), of_source(study, row.source)),
                Words(
                    "Survival by driver status is known by now and belongs into any model of the subgroup.",
                    "按驱动基因分层的总生存结果现已公布，应纳入任何亚组模型。",
                ),
                "rule:reported-since",
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
