"""Rules that hold the review against itself: table against text, arms against arms, citations, claims, arithmetic."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from normoxia.evidence.auditing.discrepancy import (
    Discrepancy,
    Outline,
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
from normoxia.language import Message, Wording

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
                    study=study.id,
                    item=what,
                    values=(f"{arm_a} {a:g}, {arm_b} {b:g}", f"{arm_a} {b:g}, {arm_b} {a:g}"),
                    places=(of_figure(first[1]), of_figure(second[1])),
                    consequence=Message("audit.arms_swapped"),
                    found_by="rule:arms-swapped",
                )


def conflicting_values(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """One arm's figure has two values in two places of the review."""
    for study in registry:
        swapped = {pair.item for pair in arms_swapped(Registry((study,)), outline)}
        groups = defaultdict[tuple[str, str, str], list[ReviewFigure]](list)
        for figure in study.review.figures:
            if not math.isnan(number(figure)) and figure.what not in swapped:
                groups[figure.what, figure.arm, population(figure.population)].append(figure)
        for (what, _, _), figures in groups.items():
            for a, b in combinations(figures, 2):
                shown = figure_decimals(a), figure_decimals(b)
                if a.place != b.place and not agree(number(a), number(b), *shown):
                    yield Discrepancy(
                        study=study.id,
                        item=what,
                        values=(printed(a.value, a.unit), printed(b.value, b.unit)),
                        places=(of_figure(a), of_figure(b)),
                        consequence=Message("audit.conflicting_values"),
                        found_by="rule:conflicting-values",
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
                shown = Wording(" vs ".join(f"{value:g}" for _, value in values))
                yield Discrepancy(
                    study=study.id,
                    item=what,
                    values=(
                        Message(
                            "reading.labelled", value=shown, label=Wording(first[1].population)
                        ),
                        Message(
                            "reading.labelled", value=shown, label=Wording(second[1].population)
                        ),
                    ),
                    places=(of_figure(first[1]), of_figure(second[1])),
                    consequence=Message("audit.relabelled"),
                    found_by="rule:relabelled",
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
                study=study.id,
                item="citation",
                values=tuple(f"[{reference}]" for reference, _ in ordered),
                places=tuple(of_claim(claim) for _, claim in ordered),
                consequence=Message("audit.cited_twice"),
                found_by="rule:cited-twice",
            )
    for reference, studies in owners.items():
        if len(studies) > 1:
            yield Discrepancy(
                study=studies[0].id,
                item="citation",
                values=(f"[{reference}]: {studies[0].id}", f"[{reference}]: {studies[1].id}"),
                places=tuple(in_registry(study, "review.claims") for study in studies[:2]),
                consequence=Message("audit.cited_twice_2"),
                found_by="rule:cited-twice",
            )


def arms_dropped(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The review lists the arms of a study twice, with different numbers of them."""
    for study in registry:
        claims = [claim for claim in study.review.claims if claim.kind == "arms"]
        for a, b in combinations(claims, 2):
            first, second = a.says["arms"], b.says["arms"]
            if isinstance(first, list) and isinstance(second, list) and len(first) != len(second):
                yield Discrepancy(
                    study=study.id,
                    item="arms",
                    values=(
                        Message("audit.value.arms", n=len(first)),
                        Message("audit.value.arms", n=len(second)),
                    ),
                    places=(of_claim(a), of_claim(b)),
                    consequence=Message("audit.arms_dropped"),
                    found_by="rule:arms-dropped",
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
                        study=study.id,
                        item=what,
                        values=(
                            Wording(str(claim.says["value"])),
                            Message(
                                "reading.labelled",
                                value=str(name),
                                label=printed(figure.value, figure.unit),
                            ),
                        ),
                        places=(of_claim(claim), of_figure(figure)),
                        consequence=Message("audit.ambiguous_subject"),
                        found_by="rule:ambiguous-subject",
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
                        study=study.id,
                        item=f"claim on {endpoint}",
                        values=(
                            Message("audit.value.better"),
                            Message(
                                "reading.versus",
                                one=f"{number(mine):g}",
                                other=f"{number(other):g}",
                            ),
                        ),
                        places=(of_claim(claim), of_figure(mine)),
                        consequence=Message(
                            "audit.claimed_superior"
                            if study.is_randomised
                            else "audit.claimed_superior_not_randomised"
                        ),
                        found_by="rule:claimed-superior",
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
                study=study.id,
                item=item(figure.what),
                values=(printed(figure.value, figure.unit), f"n = {n}"),
                places=(of_figure(figure), where),
                consequence=Message("audit.impossible_fraction", share=number(figure), n=n),
                found_by="rule:impossible-fraction",
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
            study=study.id,
            item="n against percentages",
            values=(f"n = {n}", shown),
            places=(of_figure(total), of_figure(figure)),
            consequence=Message("audit.impossible_split", n=n),
            found_by="rule:impossible-split",
        )


def missing_parts(registry: Registry, outline: Outline) -> Iterator[Discrepancy]:
    """The review announces a part that it does not hold."""
    absent = [part for part in outline.parts if not part[1]]
    for name, _, line in absent:
        yield Discrepancy(
            study="review",
            item=name,
            values=(Message("audit.value.announced"), Message("audit.value.absent")),
            places=(place("text", line), Message("audit.value.the_text_as_it_reached_us")),
            consequence=Message("audit.missing_parts"),
            found_by="rule:missing-part",
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


def _denominator(study: Study, figure: ReviewFigure) -> tuple[int, str]:
    """The patients a share of the review is of, and where their number stands; (0, ...) when it is not known."""
    if figure.arm and (n := study.arm(figure.arm).n):
        return n, in_registry(study, f"arm {figure.arm}")
    total = next((f for f in study.review.figures if f.what in ("n", "n randomised")), None)
    if total is not None and (not figure.arm or len(study.arms) == 1) and not figure.population:
        return int(number(total)), of_figure(total)
    return 0, ""
