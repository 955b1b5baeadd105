"""What a comparison allows to be said: the answer to its question with its certainty, or that it cannot be told and why.

A difference is said when the interval over draws excludes no effect. Where the registry has a network estimate of the same
contrast, both are set side by side: they agree when each value lies in the other's interval, and contradict one another when
the intervals do not overlap; a contradicted difference is not said.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from normoxia.design.comparisons import LANGUAGES, ComparisonDesign
from normoxia.design.regimens import RegimenContrast
from normoxia.evidence.synthesis.answers import Answer
from normoxia.language import language
from normoxia.outcome import Endpoint, Estimate, Measure

Agreement = Literal["agrees", "overlaps", "contradicts"]
#: probability of being best from which an order is said
CERTAIN = 0.95
#: measure of a network for each endpoint that it may stand beside
_MEASURES: Mapping[Endpoint, Measure] = {
    Endpoint.PFS: Measure.HAZARD_RATIO,
    Endpoint.OS: Measure.HAZARD_RATIO,
    Endpoint.ORR: Measure.ODDS_RATIO,
    Endpoint.TRAE3: Measure.ODDS_RATIO,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkEvidence:
    """The estimate of the network meta-analysis of one contrast.

    Attributes
    ----------
    estimate
        A hazard or odds ratio with its confidence interval.
    question
        Question to the registry.
    studies
        Studies in the network.
    certainty
        As judged, such as "low"; "" without a judgement.
    """

    estimate: Estimate
    question: str
    studies: tuple[str, ...]
    certainty: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JudgedContrast:
    """A simulated contrast beside the published evidence on it; `agreement` is None without any."""

    contrast: RegimenContrast
    evidence: NetworkEvidence | None = None

    @property
    def agreement(self) -> Agreement | None:
        """How simulation and evidence relate; None where one of them is missing."""
        if self.evidence is None or not self.contrast.estimate.has_interval:
            return None
        mine, theirs = self.contrast.estimate, self.evidence.estimate
        if mine.low > theirs.high or theirs.low > mine.high:
            return "contradicts"
        both = mine.contains(theirs.value) and theirs.contains(mine.value)
        return "agrees" if both else "overlaps"

    @property
    def can_be_told(self) -> bool:
        """Whether the interval excludes no effect and published evidence does not contradict it."""
        return self.contrast.excludes_null and self.agreement != "contradicts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer to the question of a comparison.

    Attributes
    ----------
    sentences
        By language.
    can_be_told
        Whether progression-free or overall survival of the contrast in question differs.
    """

    sentences: Mapping[str, str]
    can_be_told: bool

    @property
    def is_certain(self) -> bool:
        """Whether the question has an answer."""
        return self.can_be_told


def beside_evidence(
    contrasts: Iterable[RegimenContrast], design: ComparisonDesign, answer: Answer | None
) -> tuple[JudgedContrast, ...]:
    """Return each contrast with the network estimate of the nodes that its regimens belong to."""
    return tuple(
        JudgedContrast(contrast=c, evidence=_evidence(c, design, answer)) for c in contrasts
    )


def _evidence(
    contrast: RegimenContrast, design: ComparisonDesign, answer: Answer | None
) -> NetworkEvidence | None:
    if answer is None or _MEASURES.get(contrast.endpoint) is not contrast.measure:
        return None
    analysis = answer.analyses.get(contrast.endpoint.value)
    if analysis is None or analysis.synthesis is None:
        return None
    nodes = [design.regimen(name).node for name in (contrast.experimental, contrast.control)]
    network = analysis.synthesis.network
    if nodes[0] == nodes[1] or not all(node in network.treatments for node in nodes):
        return None
    effect = analysis.synthesis.effect(*nodes)
    if math.isnan(effect.estimate):
        return None
    judged = {frozenset((c.treatment, c.comparator)): c.level for c in analysis.certainty}
    return NetworkEvidence(
        estimate=Estimate(
            math.exp(effect.estimate),
            math.exp(effect.low),
            math.exp(effect.high),
            analysis.synthesis.fit.level,
        ),
        question=answer.question.name,
        studies=network.studies,
        certainty=judged.get(frozenset(nodes), ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """Levels of the factor in question, everything else of the regimen being the same.

    Attributes
    ----------
    others
        Levels of the other factors.
    contrasts
        Progression-free survival of each level against its absence, by level.
    best
        Probability that each level has the lowest hazard ratio.
    """

    others: Mapping[str, str]
    contrasts: Mapping[str, JudgedContrast]
    best: Mapping[str, float]


def strata(design: ComparisonDesign, judged: Sequence[JudgedContrast]) -> tuple[Stratum, ...]:
    """Return the strata of a grid in which levels of the factor in question are compared."""
    factor = next(iter(design.without))
    groups: dict[tuple[tuple[str, str], ...], dict[str, JudgedContrast]] = {}
    for j in judged:
        c = j.contrast
        if (c.endpoint, c.measure) != (Endpoint.PFS, Measure.HAZARD_RATIO):
            continue
        one, other = (design.regimen(name).levels for name in (c.experimental, c.control))
        if other[factor] != design.without[factor] or one[factor] == other[factor]:
            continue
        rest = tuple((name, level) for name, level in one.items() if name != factor)
        groups.setdefault(rest, {})[one[factor]] = j
    result = []
    for rest, levels in groups.items():
        ratios = np.array([j.contrast.draws for j in levels.values()])
        lowest = np.argmin(np.where(np.isfinite(ratios), ratios, np.inf), axis=0)
        shares = np.bincount(lowest, minlength=len(levels)) / ratios.shape[1]
        best = {name: float(share) for name, share in zip(levels, shares, strict=True)}
        result.append(Stratum(others=dict(rest), contrasts=levels, best=best))
    return tuple(result)


def verdict(design: ComparisonDesign, judged: Sequence[JudgedContrast]) -> Verdict:
    """Return the answer: of the first contrast, or of a grid for the factor in question."""
    if design.is_grid:
        return _grid_verdict(design, judged)
    pair = design.contrasts[0]
    own = {
        (j.contrast.endpoint, j.contrast.measure): j
        for j in judged
        if (j.contrast.experimental, j.contrast.control) == pair
    }
    survival = [own[endpoint, Measure.HAZARD_RATIO] for endpoint in (Endpoint.PFS, Endpoint.OS)]
    return Verdict(
        sentences={code: _sentences(design, pair, own, code) for code in LANGUAGES},
        can_be_told=any(j.can_be_told for j in survival),
    )


def _grid_verdict(design: ComparisonDesign, judged: Sequence[JudgedContrast]) -> Verdict:
    """Return how often adding a level helps, and whether the order of the levels can be told."""
    factor = next(iter(design.without))
    parts = strata(design, judged)
    added = [j for stratum in parts for j in stratum.contrasts.values()]
    pairs = {(j.contrast.experimental, j.contrast.control) for j in added}
    survival = [
        j
        for j in judged
        if (j.contrast.experimental, j.contrast.control) in pairs
        and (j.contrast.endpoint, j.contrast.measure) == (Endpoint.OS, Measure.HAZARD_RATIO)
    ]
    helps = [j for j in added if j.can_be_told and j.contrast.estimate.value < 1.0]
    helps_survival = [j for j in survival if j.can_be_told and j.contrast.estimate.value < 1.0]
    ordered = [max(stratum.best.values()) >= CERTAIN for stratum in parts]
    sentences = {}
    for code in LANGUAGES:
        text = language(code)
        largest = min(added, key=lambda j: j.contrast.estimate.value)
        leading = text.say("compare.join").join(
            text.say(
                "compare.leading",
                others=" + ".join(stratum.others.values()),
                level=max(stratum.best, key=lambda name: stratum.best[name]),
                share=f"{100 * max(stratum.best.values()):.0f}",
            )
            for stratum in parts
        )
        sentences[code] = text.say(
            "compare.grid",
            factor=factor,
            pfs=len(helps),
            os=len(helps_survival),
            n=len(added),
            largest=design.regimen(largest.contrast.experimental).title(code),
            value=text.interval(largest.contrast.estimate, 2),
            leading=leading,
        ) + text.say("compare.order" if all(ordered) else "compare.no_order")
    return Verdict(sentences=sentences, can_be_told=all(ordered) and bool(ordered))


def contrast_words(judged: JudgedContrast, code: str) -> str:
    """Return one contrast in words: which regimen is better, or that it cannot be told."""
    text, c = language(code), judged.contrast
    key = "longer" if c.estimate.value < 1.0 else "shorter"
    if c.endpoint in (Endpoint.ORR, Endpoint.TRAE3):
        key = "higher" if c.estimate.value > c.null else "lower"
    if not judged.can_be_told:
        key = "contradicted" if judged.agreement == "contradicts" else "unclear"
    value = text.interval(c.estimate, 0 if c.measure is Measure.PERCENT else 2)
    return text.say(
        f"compare.{key}",
        endpoint=text.known(f"endpoint.{c.endpoint}", str(c.endpoint)),
        measure=text.say(f"compare.{c.measure.name.lower()}"),
        value=value,
    )


def _sentences(
    design: ComparisonDesign,
    pair: tuple[str, str],
    own: Mapping[tuple[Endpoint, Measure], JudgedContrast],
    code: str,
) -> str:
    text = language(code)
    one, other = (design.regimen(name).title(code) for name in pair)
    parts = [
        contrast_words(own[key], code)
        for key in (
            (Endpoint.PFS, Measure.HAZARD_RATIO),
            (Endpoint.OS, Measure.HAZARD_RATIO),
            (Endpoint.ORR, Measure.PERCENT),
            (Endpoint.TRAE3, Measure.PERCENT),
        )
        if key in own
    ]
    sentence = text.say(
        "compare.answer", one=one, other=other, parts=text.say("compare.join").join(parts)
    )
    relations = [
        text.say(
            f"compare.{j.agreement}",
            endpoint=text.known(f"endpoint.{endpoint}", str(endpoint)),
            value=text.interval(j.evidence.estimate, 2),
            certainty=text.known(
                f"pool.level_{j.evidence.certainty.replace(' ', '_')}", j.evidence.certainty
            ),
        )
        for (endpoint, measure), j in own.items()
        if j.agreement is not None and j.evidence is not None and measure is Measure.HAZARD_RATIO
    ]
    return sentence + ("".join(relations) if relations else text.say("compare.no_evidence"))
