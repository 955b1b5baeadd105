"""The studies of the review, each figure printed by the review, published in the registry, and simulated.

Rows are made from the registry's published outcomes of everybody analysed, from the simulated trial where one can be made, and from
the review's own figures. Differences between the review and the registry are what the audit finds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from normoxia.evidence.auditing.discrepancy import (
    FIGURES,
    Discrepancy,
    agree,
    figure_decimals,
    number,
)
from normoxia.evidence.studies.reported import REVIEW, ReviewFigure
from normoxia.evidence.studies.study import Study
from normoxia.outcome import Endpoint, Estimate, Measure, Outcome
from normoxia.trial.analysis import PublishedComparison
from normoxia.values import Value

#: outcomes of arms that are tabulated, in their order
_ARM_OUTCOMES = (
    (Endpoint.PFS, Measure.MEDIAN_MONTHS),
    (Endpoint.OS, Measure.MEDIAN_MONTHS),
    (Endpoint.ORR, Measure.PERCENT),
    (Endpoint.DCR, Measure.PERCENT),
    (Endpoint.TRAE3, Measure.PERCENT),
)
#: and of contrasts
_CONTRASTS = ((Endpoint.PFS, Measure.HAZARD_RATIO), (Endpoint.OS, Measure.HAZARD_RATIO))

Key = tuple[Endpoint, Measure, str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReviewedOutcome(Value):
    """One outcome of a study.

    Attributes
    ----------
    endpoint, measure
        Months, percent, or hazard ratio.
    arm, comparator
        The arm, or the experimental arm with its control.
    printed, printed_place, printed_of
        As the review prints it (nan without), where, and of which patients ("" for all).
    published, source
        As the registry has it (None without), and its source.
    simulated
        With its prediction interval; None where the trial cannot be simulated.
    """

    endpoint: Endpoint
    measure: Measure
    arm: str
    comparator: str = ""
    printed: float = math.nan
    printed_place: str = ""
    printed_of: str = ""
    published: Estimate | None = None
    source: str = ""
    simulated: Estimate | None = None
    printed_decimals: int = 1

    @property
    def differs(self) -> bool:
        """Whether the review prints another number than the registry."""
        if math.isnan(self.printed) or self.published is None or self.printed_of:
            return False
        return not agree(self.printed, self.published.value, self.printed_decimals)

    @property
    def inside(self) -> bool | None:
        """Whether the published value lies in the simulated interval; None where one is missing."""
        if self.published is None or self.simulated is None or not self.simulated.has_interval:
            return None
        return self.simulated.contains(self.published.value)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReviewedStudy:
    """A study of the review.

    Attributes
    ----------
    study
        As the registry has it.
    section
        Of the review.
    outcomes
        Row by row.
    discrepancies
        What the audit finds about the study.
    command
        What simulates it; "" where it cannot be.
    why_not
        Why it cannot be simulated.
    """

    study: Study
    section: str
    outcomes: tuple[ReviewedOutcome, ...]
    discrepancies: tuple[Discrepancy, ...]
    command: str = ""
    why_not: str = ""


def reviewed_outcomes(
    study: Study, comparisons: Sequence[PublishedComparison]
) -> tuple[ReviewedOutcome, ...]:
    """Return the rows of a study.

    Parameters
    ----------
    study
        Of the registry.
    comparisons
        Simulated outcomes beside published ones; empty where the study was not simulated. Those of the set of patients
        with the most published values are tabulated.
    """
    population = _best_known(comparisons)
    rows: dict[Key, ReviewedOutcome] = {}
    for c in comparisons:
        if c.simulated.population == population and _is_tabulated(c.simulated):
            rows[_key(c.simulated)] = replace(
                _row(c.simulated),
                simulated=c.simulated.estimate,
                published=c.published.estimate if c.published else None,
                source=_source(c.published),
            )
    main = _main_set(study)
    if not comparisons:
        for outcome in study.published():
            if outcome.population == main and _is_tabulated(outcome) and not _is_reviews(outcome):
                row = replace(_row(outcome), published=outcome.estimate, source=_source(outcome))
                rows.setdefault(_key(outcome), row)
    named = {population, main, *(p.id for p in study.populations if p.set == main)}
    apart = []
    for figure in study.review.figures:
        printed = _printed(figure, named)
        if printed is None:
            continue
        key = (printed.endpoint, printed.measure, printed.arm, "")
        if printed.printed_of or key not in rows:
            apart.append(printed)
        elif math.isnan(rows[key].printed):
            rows[key] = replace(
                rows[key],
                printed=printed.printed,
                printed_place=printed.printed_place,
                printed_decimals=printed.printed_decimals,
            )
        elif not agree(rows[key].printed, printed.printed):
            apart.append(replace(printed, published=rows[key].published, source=rows[key].source))
    order = {arm.id: i for i, arm in enumerate(study.arms)}
    kinds = [*_ARM_OUTCOMES, *_CONTRASTS]
    return tuple(
        sorted(
            [*rows.values(), *apart],
            key=lambda r: (
                kinds.index((r.endpoint, r.measure)),
                bool(r.printed_of),
                order.get(r.arm, len(order)),
            ),
        )
    )


def disagreements(studies: Iterable[ReviewedStudy]) -> int:
    """Return how many figures of the review differ from the registry's."""
    return sum(row.differs for study in studies for row in study.outcomes)


def coverage(studies: Iterable[ReviewedStudy]) -> Mapping[bool, int]:
    """Return how many published values lie inside and outside the simulated intervals."""
    inside = [row.inside for study in studies for row in study.outcomes]
    return {True: inside.count(True), False: inside.count(False)}


def _is_tabulated(outcome: Outcome) -> bool:
    kinds = _CONTRASTS if outcome.comparator else _ARM_OUTCOMES
    return (outcome.endpoint, outcome.measure) in kinds


def _is_reviews(outcome: Outcome) -> bool:
    return outcome.source is not None and outcome.source.reference in (REVIEW, "the review")


def _key(outcome: Outcome) -> Key:
    return outcome.endpoint, outcome.measure, outcome.arm, outcome.comparator


def _row(outcome: Outcome) -> ReviewedOutcome:
    return ReviewedOutcome(
        endpoint=outcome.endpoint,
        measure=outcome.measure,
        arm=outcome.arm,
        comparator=outcome.comparator,
    )


def _source(outcome: Outcome | None) -> str:
    return outcome.source.reference if outcome is not None and outcome.source else ""


def _best_known(comparisons: Sequence[PublishedComparison]) -> str:
    """The simulated set of patients with the most published values, the first among equals."""
    counts: dict[str, int] = {}
    for c in comparisons:
        name = c.simulated.population
        counts[name] = counts.get(name, 0) + (c.published is not None)
    return max(counts, key=lambda name: counts[name]) if counts else ""


def _main_set(study: Study) -> str:
    """The set of patients with the most reported outcomes, the first of the document among equals."""
    counts: dict[str, int] = {}
    for population in study.populations:
        counts[population.set] = counts.get(population.set, 0) + len(population.reported)
    return max(counts, key=lambda name: counts[name]) if counts else ""


def _printed(figure: ReviewFigure, named: set[str]) -> ReviewedOutcome | None:
    """A figure of the review as a row; None for one that is no tabulated outcome of an arm."""
    if figure.what not in FIGURES or math.isnan(number(figure)):
        return None
    endpoint, measure, _ = FIGURES[figure.what]
    if (endpoint, measure) not in _ARM_OUTCOMES:
        return None
    whole = not figure.population or figure.population.split(" (")[0] in named
    return ReviewedOutcome(
        endpoint=endpoint,
        measure=measure,
        arm=figure.arm,
        printed=number(figure),
        printed_place=figure.place,
        printed_of="" if whole else figure.population,
        printed_decimals=figure_decimals(figure),
    )
