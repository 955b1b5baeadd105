"""Rules that hold the review against itself: table against text, arms against arms, citations, claims, arithmetic."""

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
    figure_decimals,
    in_registry,
    item,
    number,
    of_claim,
    of_figure,
    place,
    population,
    printed,
)
from normoxia.evidence.studies.registry import Registry
from normoxia.evidence.studies.reported import ReviewFigure
from normoxia.evidence.studies.rounding import is_possible, split
from normoxia.evidence.studies.study import Study

#: medians closer than this share of one another do not carry a claim of superiority; assumed
_NO_BETTER = 0.10


def arms_swapped(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """Two arms carry each other's values in another place of the review."""
    for study in registry:
        for first, second in combinations(_pairs(study), 2):
            (what, group, values), (what2, group2, values2) = first[0], second[0]
            if what != what2 or group != group2 or len(values) != 2:
                continue
            (arm_a, a), (arm_b, b) = values
            if values2 == ((arm_a, b), (arm_b, a)) and not agree(a, b):
                yield Discrepancy(
                    study.id,
                    what,
                    (
                        Words(f"{arm_a} {a:g}, {arm_b} {b:g}"),
                        Words(f"{arm_a} {b:g}, {arm_b} {a:g}"),
                    ),
                    (of_figure(first[1]), of_figure(second[1])),
                    Words(
                        "One place has the arms swapped, which turns the direction of the effect round; take the values "
                        "from the primary source only.",
                        "其中一处两组数值颠倒，效应方向因此相反；只能采用原始文献的数值。",
                    ),
                    "rule:arms-swapped",
                )


def conflicting_values(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """One arm's figure has two values in two places of the review."""
    for study in registry:
        swapped = {found.item for found in arms_swapped(Registry((study,)), outline)}
        groups = defaultdict[tuple[str, str, str], list[ReviewFigure]](list)
        for figure in study.review.figures:
            if not math.isnan(number(figure)) and figure.what not in swapped:
                groups[figure.what, figure.arm, population(figure.population)].append(figure)
        for (what, _, _), figures in groups.items():
            for a, b in combinations(figures, 2):
                shown = figure_decimals(a), figure_decimals(b)
                if a.place != b.place and not agree(number(a), number(b), *shown):
                    yield Discrepancy(
                        study.id,
                        what,
                        (Words(printed(a.value, a.unit)), Words(printed(b.value, b.unit))),
                        (of_figure(a), of_figure(b)),
                        Words(
                            "The review prints two values for one quantity; use neither without the primary source.",
                            "综述对同一指标给出两个数值；未核对原始文献前均不可采用。",
                        ),
                        "rule:told-differently",
                    )


def relabelled(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The same values of the same arms stand under two populations."""
    for study in registry:
        for first, second in combinations(_pairs(study), 2):
            (what, group, values), (what2, group2, values2) = first[0], second[0]
            if (
                what == what2
                and values == values2
                and len(values) > 1
                and group
                and group2
                and group != group2
            ):
                shown = " vs ".join(f"{value:g}" for _, value in values)
                yield Discrepancy(
                    study.id,
                    what,
                    (
                        Words(f"{shown}: {first[1].population}"),
                        Words(f"{shown}: {second[1].population}"),
                    ),
                    (of_figure(first[1]), of_figure(second[1])),
                    Words(
                        "One set of values carries two population labels; attributing it to the wrong one creates a "
                        "subgroup effect that nobody reported.",
                        "同一组数值被标注为两个不同人群；归错人群会制造出无人报告过的亚组效应。",
                    ),
                    "rule:relabelled",
                )


def cited_twice(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """One study is cited under two numbers, or one number stands for two studies."""
    owners = defaultdict[object, list[Study]](list)
    for study in registry:
        claims = [claim for claim in study.review.claims if claim.kind == "cited"]
        seen = {claim.says["reference"]: claim for claim in reversed(claims)}
        for reference in seen:
            owners[reference].append(study)
        if len(seen) > 1:
            ordered = sorted(seen.items(), key=lambda entry: entry[1].line)
            yield Discrepancy(
                study.id,
                "citation",
                tuple(Words(f"[{reference}]") for reference, _ in ordered),
                tuple(of_claim(claim) for _, claim in ordered),
                Words(
                    "Figures of one trial are cited to two papers; which report a value comes from stays open.",
                    "同一试验的数据引自两篇文献；数值出自哪一篇无法确定。",
                ),
                "rule:cited-twice",
            )
    for reference, studies in owners.items():
        if len(studies) > 1:
            yield Discrepancy(
                studies[0].id,
                "citation",
                (
                    Words(f"[{reference}]: {studies[0].id}"),
                    Words(f"[{reference}]: {studies[1].id}"),
                ),
                tuple(in_registry(study, "review.claims") for study in studies[:2]),
                Words("One number stands for two studies.", "同一文献序号对应两项研究。"),
                "rule:cited-twice",
            )


def arms_dropped(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The review lists the arms of a study twice, with different numbers of them."""
    for study in registry:
        claims = [claim for claim in study.review.claims if claim.kind == "arms"]
        for a, b in combinations(claims, 2):
            first, second = a.says["arms"], b.says["arms"]
            if isinstance(first, list) and isinstance(second, list) and len(first) != len(second):
                yield Discrepancy(
                    study.id,
                    "arms",
                    (
                        Words(f"{len(first)} arms", f"{len(first)}组"),
                        Words(f"{len(second)} arms", f"{len(second)}组"),
                    ),
                    (of_claim(a), of_claim(b)),
                    Words(
                        "The arm left out is the one that separates the components; read as two arms, the trial cannot "
                        "tell an ICI from an anti-angiogenic effect.",
                        "被略去的一组恰可区分各药成分；按两组理解则无法区分免疫治疗与抗血管治疗的效应。",
                    ),
                    "rule:arms-dropped",
                )


def ambiguous_subject(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """A sentence may speak of either of two studies, and the review's own figure contradicts one of the readings."""
    known = {study.id: study for study in registry}
    for study in registry:
        for claim in study.review.claims:
            if claim.kind != "ambiguous":
                continue
            what = str(claim.says["what"])
            others = claim.says["may_concern"]
            for name in others if isinstance(others, list) else []:
                other = known.get(str(name))
                figures = other.review.figures if other else ()
                for figure in (f for f in figures if _sameitem(f.what, what) and number(f) > 0.0):
                    yield Discrepancy(
                        study.id,
                        what,
                        (
                            Words(str(claim.says["value"]), "未发现"),
                            Words(f"{name}: {printed(figure.value, figure.unit)}"),
                        ),
                        (of_claim(claim), of_figure(figure)),
                        Words(
                            "Of which study the sentence speaks is open; no rate is recorded for either reading.",
                            "该句所指研究不明；两种理解均不作为数据录入。",
                        ),
                        "rule:ambiguous-subject",
                    )


def claimed_superior(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The review calls an arm better where its own medians hardly differ."""
    for study in registry:
        for claim in study.review.claims:
            if claim.kind != "superior":
                continue
            endpoints = claim.says["endpoints"]
            for endpoint in endpoints if isinstance(endpoints, list) else []:
                mine = _figure(study, f"median {endpoint}", str(claim.says["arm"]))
                other = _figure(study, f"median {endpoint}", str(claim.says["comparator"]))
                if mine and other and number(mine) / number(other) < 1.0 + _NO_BETTER:
                    yield Discrepancy(
                        study.id,
                        f"claim on {endpoint}",
                        (Words("better", "更优"), Words(f"{number(mine):g} vs {number(other):g}")),
                        (of_claim(claim), of_figure(mine)),
                        Words(
                            "The medians hardly differ"
                            + (
                                ""
                                if study.is_randomised
                                else " and the comparison is not randomised"
                            )
                            + "; the claim must not be read as an effect.",
                            "两组中位数几乎相同"
                            + ("" if study.is_randomised else "，且非随机对照")
                            + "；不可视为疗效差异。",
                        ),
                        "rule:claimed-superior",
                    )


def impossible_fraction(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """A percentage of the review is no whole number of the patients it is a share of."""
    for study in registry:
        for figure in study.review.figures:
            n, where = _denominator(study, figure)
            estimated = "rate" in figure.what  # Kaplan-Meier estimates are no fractions
            if figure.unit != "%" or estimated or not n or is_possible(number(figure), n):
                continue
            yield Discrepancy(
                study.id,
                item(figure.what),
                (Words(printed(figure.value, figure.unit)), Words(f"n = {n}")),
                (of_figure(figure), where),
                Words(
                    f"{number(figure):g}% of {n} is no whole number of patients: the share is misprinted or the "
                    "denominator is another; do not turn it into a count.",
                    f"{n}例的{number(figure):g}%并非整数例：比例有误或分母不同；不可换算为例数。",
                ),
                "rule:impossible-fraction",
            )


def impossible_split(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """No division of the total into two arms makes every percentage of the review possible."""
    for study in registry:
        total = next(
            (f for f in study.review.figures if f.what in ("n total", "n randomised", "n")), None
        )
        if len(study.arms) != 2 or total is None or any(arm.n for arm in study.arms):
            continue
        shares = {
            arm.id: tuple(
                {number(f) for f in study.review.figures if f.arm == arm.id and f.unit == "%"}
            )
            for arm in study.arms
        }
        first, second = shares.values()
        n = int(number(total))
        if not first or not second or split(n, first, second):
            continue
        shown = "; ".join(
            f"{arm} {', '.join(f'{v:g}%' for v in sorted(values))}"
            for arm, values in shares.items()
        )
        figure = next(f for f in study.review.figures if f.arm and f.unit == "%")
        yield Discrepancy(
            study.id,
            "n against percentages",
            (Words(f"n = {n}"), Words(shown)),
            (of_figure(total), of_figure(figure)),
            Words(
                f"No split of {n} patients into two arms yields these percentages: the total or a rate is wrong; give the "
                "study little weight.",
                f"{n}例无论如何分为两组都得不到这些比例：总数或某一比例有误；分析时应降低权重。",
            ),
            "rule:impossible-split",
        )


def missing_parts(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The review announces a part that it does not hold."""
    absent = [part for part in outline.parts if not part[1]]
    for name, _, line in absent:
        yield Discrepancy(
            "review",
            name,
            (Words("announced", "文中提及"), Words("absent", "缺失")),
            (place("text", line), Words("the text as it reached us", "所得文本")),
            Words(
                "Studies known only by it cannot be identified or checked.",
                "仅由其指明的研究无法识别与核对。",
            ),
            "rule:missing-part",
        )


RULES = (
    arms_swapped,
    conflicting_values,
    relabelled,
    cited_twice,
    arms_dropped,
    ambiguous_subject,
    claimed_superior,
    impossible_fraction,
    impossible_split,
    missing_parts,
)

_Pair = tuple[tuple[str, str, tuple[tuple[str, float], ...]], ReviewFigure]


def _pairs(study: Study) -> list[_Pair]:
    """Figures of all arms that stand together: what, population, ((arm, value), ...), and the first of them."""
    groups = defaultdict[tuple[str, str, str], list[ReviewFigure]](list)
    for figure in study.review.figures:
        if figure.arm and not math.isnan(number(figure)):
            groups[figure.what, population(figure.population), figure.place].append(figure)
    return [
        ((what, group, tuple(sorted((f.arm, number(f)) for f in figures))), figures[0])
        for (what, group, _), figures in groups.items()
    ]


def _figure(study: Study, what: str, arm: str) -> ReviewFigure | None:
    return next(
        (f for f in study.review.figures if f.what == what and f.arm == arm and number(f) > 0.0),
        None,
    )


def _sameitem(first: str, second: str) -> bool:
    return item(first) == item(second)


def _denominator(study: Study, figure: ReviewFigure) -> tuple[int, Words]:
    """The patients a share of the review is of, and where their number stands; (0, ...) when it is not known."""
    if figure.arm and (n := study.arm(figure.arm).n):
        return n, in_registry(study, f"arm {figure.arm}")
    total = next((f for f in study.review.figures if f.what in ("n", "n randomised")), None)
    if total is not None and (not figure.arm or len(study.arms) == 1) and not figure.population:
        return int(number(total)), of_figure(total)
    return 0, Words("")
