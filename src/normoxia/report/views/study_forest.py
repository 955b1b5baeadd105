"""Studies behind a synthesis: forest plot and table of every contrast, with its weight in the pooled estimate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from normoxia.evidence.synthesis.model.contrasts import Arm
from normoxia.evidence.synthesis.model.meta import normal_quantile
from normoxia.outcome import Estimate
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.forest import ForestRow, forest_figure
from normoxia.report.views.pooled import NetworkSections, percent
from normoxia.report.views.tables import Table

#: largest number of contrasts in one forest plot; a larger network has the table alone
MOST_DRAWN = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyContrast:
    """One study's contrast on the analysis scale.

    Attributes
    ----------
    study, treatment, comparator
        Names, oriented by `_oriented`.
    estimate, se
        Of the study alone.
    weight
        Share of the direct estimate of its pair, in percent: 1 / (se^2 + tau^2) over the sum of the pair's.
    """

    study: str
    treatment: str
    comparator: str
    estimate: float
    se: float
    weight: float


def study_contrasts(pooled: NetworkSections) -> Mapping[tuple[str, str], Sequence[StudyContrast]]:
    """Return the contrasts of every compared pair, most precise first, with their weights.

    Weights are those of inverse-variance pooling at the fitted heterogeneity. Methods for few events
    weigh counts otherwise; for them weights are nan.
    """
    is_weighted = pooled.synthesis.method == "inverse-variance"
    tau2 = 0.0 if pooled.fit.model == "common" else pooled.fit.tau2
    pairs: dict[tuple[str, str], list[tuple[str, float, float]]] = {
        pair: [] for pair in _oriented(pooled)
    }
    for member in pooled.network.members:
        for i, j in combinations(range(len(member.arms)), 2):
            estimate, variance = member.contrast(i, j)
            pair = (member.arms[i], member.arms[j])
            if pair not in pairs:
                pair, estimate = (pair[1], pair[0]), -estimate
            pairs[pair].append((member.study, estimate, math.sqrt(variance)))
    contrasts = {}
    for (treatment, comparator), members in pairs.items():
        total = sum(1.0 / (se**2 + tau2) for _, _, se in members)
        contrasts[treatment, comparator] = [
            StudyContrast(
                study=study,
                treatment=treatment,
                comparator=comparator,
                estimate=estimate,
                se=se,
                weight=100.0 / (se**2 + tau2) / total if is_weighted else math.nan,
            )
            for study, estimate, se in sorted(members, key=lambda m: (m[2], m[0]))
        ]
    return contrasts


def _oriented(pooled: NetworkSections) -> list[tuple[str, str]]:
    """Return compared pairs: the reference of the network second, otherwise the better ranked treatment first."""
    rank = {r.treatment: i for i, r in enumerate(pooled.synthesis.ranking)}
    reference = pooled.synthesis.reference

    def is_turned(first: str, second: str) -> bool:
        if reference in (first, second):
            return first == reference
        return rank[first] > rank[second]

    pairs = [(b, a) if is_turned(a, b) else (a, b) for a, b in pooled.compared()]
    return sorted(pairs, key=lambda p: (p[1] != reference, rank[p[1]], rank[p[0]]))


def study_forest(pooled: NetworkSections, arms: Sequence[Arm] = ()) -> Figure | None:
    """Return the forest plot of all studies, pair by pair, each with its pooled estimate; None above `MOST_DRAWN` contrasts.

    Parameters
    ----------
    pooled
        Synthesis in one language.
    arms
        Counts or means of the input, printed beside each study.
    """
    pairs = study_contrasts(pooled)
    if sum(map(len, pairs.values())) > MOST_DRAWN:
        return None
    say, inputs = pooled.say, _inputs(arms)
    rows: list[ForestRow] = []
    for (treatment, comparator), contrasts in pairs.items():
        if len(pairs) > 1:
            rows.append(
                ForestRow(label=pooled.comparison_name(treatment, comparator), kind="heading")
            )
        for c in contrasts:
            rows.append(
                ForestRow(
                    label=c.study,
                    estimate=_natural(pooled, c.estimate, c.se),
                    weight=c.weight,
                    detail=_beside(inputs, c),
                )
            )
        rows += _pooled_rows(pooled, treatment, comparator, len(contrasts), len(pairs))
    first, second = say("pool.favours_first"), say("pool.favours_second")
    if pooled.synthesis.small_values == "bad":
        first, second = second, first
    return forest_figure(
        rows,
        measure=pooled.measure,
        left=first,
        right=second,
        note=say("pool.study_weights") if any(not math.isnan(r.weight) for r in rows) else "",
        ratio=pooled.is_ratio,
        lang=pooled.text.code,
        name=pooled.name("studies"),
        title=say("pool.studies_title"),
        level=percent(pooled.fit.level),
    )


def study_table(pooled: NetworkSections, arms: Sequence[Arm] = ()) -> Table:
    """Table of the rows that entered: study, comparison, counts or means, effect with its interval, weight."""
    say, text, inputs = pooled.say, pooled.text, _inputs(arms)
    rows = []
    for contrasts in study_contrasts(pooled).values():
        for c in contrasts:
            rows.append(
                (
                    c.study,
                    pooled.comparison_name(c.treatment, c.comparator),
                    *([_beside(inputs, c) or "–"] if inputs else []),
                    text.interval(_natural(pooled, c.estimate, c.se), 2),
                    text.number(c.se, 3),
                    "–" if math.isnan(c.weight) else f"{c.weight:.1f}%",
                )
            )
    heads = ("study", "comparison", *(["entered"] if inputs else []), "estimate", "se", "weight")
    return Table(
        name=pooled.name("studies-table"),
        title=say("pool.studies_table"),
        columns=tuple(say(f"pool.{head}", measure=pooled.measure) for head in heads),
        rows=tuple(rows),
        note=say("pool.study_weights"),
    )


def _pooled_rows(
    pooled: NetworkSections, treatment: str, comparator: str, n_studies: int, n_pairs: int
) -> list[ForestRow]:
    """Return the direct estimate of a pair where studies are pooled, and the estimate of the network."""
    say, rows = pooled.say, []
    if n_pairs > 1 and n_studies > 1 and pooled.synthesis.method == "inverse-variance":
        split = next(
            s
            for s in pooled.synthesis.splits
            if {s.treatment, s.comparator} == {treatment, comparator}
        )
        sign = 1.0 if split.treatment == treatment else -1.0
        rows.append(
            ForestRow(
                label=say("pool.direct_estimate"),
                estimate=_natural(pooled, sign * split.direct, split.direct_se),
                kind="pooled",
            )
        )
    effect = pooled.fit.effect(treatment, comparator)
    label = say("pool.pooled_estimate" if n_pairs == 1 else "pool.network_estimate")
    rows.append(ForestRow(label=label, estimate=pooled.estimate_of(effect), kind="pooled"))
    low, high = effect.prediction
    if n_pairs == 1 and pooled.fit.model == "random" and not math.isnan(low):
        ends = (pooled.natural(x) for x in (effect.estimate, low, high))
        rows.append(
            ForestRow(label=say("pool.prediction_row"), estimate=Estimate(*ends), kind="prediction")
        )
    return rows


def _natural(pooled: NetworkSections, estimate: float, se: float) -> Estimate:
    """An effect with its normal interval on the natural scale."""
    half = normal_quantile(pooled.fit.level) * se
    value, low, high = (pooled.natural(x) for x in (estimate, estimate - half, estimate + half))
    return Estimate(value, low, high, level=pooled.fit.level)


def _inputs(arms: Sequence[Arm]) -> Mapping[tuple[str, str], str]:
    """What each arm of each study entered, as text."""
    return {(arm.study, arm.treatment): _arm_text(arm) for arm in arms}


def _arm_text(arm: Arm) -> str:
    if not math.isnan(arm.events):
        size = arm.person_time if math.isnan(arm.n) else arm.n
        return f"{arm.events:g}/{size:g}"
    return f"{arm.mean:g} ({arm.sd:g}), {arm.n:g}"


def _beside(inputs: Mapping[tuple[str, str], str], c: StudyContrast) -> str:
    """Inputs of both arms of a contrast; empty where it was entered as a contrast."""
    both = [inputs.get((c.study, name), "") for name in (c.treatment, c.comparator)]
    return " : ".join(both) if all(both) else ""
