"""How much a network estimate can be trusted: six domains, judged by stated rules from what the network itself holds.

The frame is CINeMA (Nikolakopoulou 2020, PLoS Med 17:e1003082): bias and indirectness reach an estimate through the
studies that contribute to it; imprecision and heterogeneity are read off intervals against a range of equivalence;
incoherence off the node split. The rules here are stricter to write than to believe: a reader may overrule each, and every
judgement carries its reason. What nobody judged is said to be not judged: it neither lowers certainty nor is it a reason for
trust, so that the level is the highest there could be, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.judgement.consistency import (
    DesignByTreatment,
    Split,
    design_by_treatment,
    node_splits,
)
from normoxia.evidence.synthesis.judgement.contribution import study_contributions
from normoxia.evidence.synthesis.model.network import NetworkEffect, NetworkFit
from normoxia.language import Message


class Concern(IntEnum):
    """How far a domain lowers certainty."""

    NONE = 0
    SOME = 1
    MAJOR = 2


#: words for 0, 1, 2 and 3 or more levels below the top
LEVELS = ("high", "moderate", "low", "very low")
#: the word for a domain without a judgement
NOT_JUDGED = "not judged"
#: a contribution below this is none
_NO_SHARE = 1e-6


@dataclass(frozen=True, slots=True)
class Judgement:
    """One domain: how much concern (None: not judged), and why."""

    domain: str
    concern: Concern | None
    reason: str

    @property
    def word(self) -> str:
        """The concern in a word."""
        return NOT_JUDGED if self.concern is None else self.concern.name.lower()


@dataclass(frozen=True, slots=True)
class Certainty:
    """Certainty of one network estimate.

    level  LEVELS after taking one step for some and two for major concerns; heterogeneity and incoherence share causes, so
           only the worse of the two counts. Domains that were not judged take no step: then it is the highest level possible
    """

    treatment: str
    comparator: str
    level: str
    judgements: tuple[Judgement, ...]

    @property
    def not_judged(self) -> tuple[str, ...]:
        """The domains that nobody judged."""
        return tuple(j.domain for j in self.judgements if j.concern is None)

    @property
    def word(self) -> str:
        """The level, or the highest one possible and how many domains were not judged."""
        n = len(self.not_judged)
        if not n:
            return self.level
        most = self.level if self.level == LEVELS[-1] else f"at most {self.level}"
        return f"{most} ({n} of {len(self.judgements)} domains not judged)"

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and lists; `level` is the word for the whole, `most` the level without that word's reserve."""
        return {
            "treatment": self.treatment,
            "comparator": self.comparator,
            "level": self.word,
            "most": self.level,
            "not_judged": list(self.not_judged),
            "domains": [
                {"domain": j.domain, "concern": j.word, "reason": j.reason} for j in self.judgements
            ],
        }


def certainty(
    fit: NetworkFit,
    *,
    risk_of_bias: Mapping[str, int] | None = None,
    indirectness: Mapping[str, int] | None = None,
    reporting_bias: tuple[Concern, str] | Mapping[str, int] | None = None,
    equivalence: float | None = None,
    shares: Mapping[tuple[str, str], Mapping[str, float]] | None = None,
    splits: Iterable[Split] | None = None,
) -> tuple[Certainty, ...]:
    """Certainty of every contrast the network can estimate.

    risk_of_bias, indirectness  1 (low), 2 (some) or 3 (high) by study. Where studies without a judgement carry so much of an
                                estimate that the answer hangs on them, its domain is not judged
    reporting_bias              concern and reason for the whole network, or the same by study
    equivalence                 the smallest effect that matters, on the analysis scale (log 1.2 by default for ratios);
                                must be given for differences
    shares                      what `study_contributions` gives, where it is at hand already; read only for scores of studies
    splits                      node splits at hand, for a fit that is not by inverse variance; made from the fit by default
    """
    if equivalence is None:
        if not fit.network.effect.is_ratio:
            raise InvalidArgument(
                f"{fit.network.effect}: name the smallest difference that matters (equivalence=...)"
            )
        equivalence = math.log(1.2)
    reported = reporting_bias if isinstance(reporting_bias, Mapping) else None
    for name, scores in (
        ("risk_of_bias", risk_of_bias),
        ("indirectness", indirectness),
        ("reporting_bias", reported),
    ):
        for study, score in (scores or {}).items():
            if score not in (1, 2, 3):
                raise InvalidArgument(
                    f'{name} of "{study}" is {score}; expected 1 (low), 2 (some) or 3 (high)'
                )
    is_scored = any((risk_of_bias, indirectness, reported))
    if shares is None:
        shares = study_contributions(fit) if is_scored else {}
    split = {
        frozenset((s.treatment, s.comparator)): s
        for s in (node_splits(fit) if splits is None else splits)
    }
    whole = design_by_treatment(fit.network)
    answers = []
    for effect in fit.effects():
        if math.isnan(effect.estimate):
            continue
        own = shares.get((effect.treatment, effect.comparator), {}) if is_scored else {}
        judgements = (
            _carried("within-study bias", own, risk_of_bias),
            _carried("indirectness", own, indirectness),
            Judgement("reporting bias", *reporting_bias)
            if isinstance(reporting_bias, tuple)
            else _carried("reporting bias", own, reported),
            imprecision(effect, equivalence),
            heterogeneity(effect, equivalence),
            incoherence(split.get(frozenset((effect.treatment, effect.comparator))), whole),
        )
        answers.append(
            Certainty(effect.treatment, effect.comparator, _level(judgements), judgements)
        )
    return tuple(answers)


def imprecision(effect: NetworkEffect, equivalence: float) -> Judgement:
    """What the interval cannot rule out: an important effect on the other side is major, any effect there is some."""
    sign = 1.0 if effect.estimate >= 0 else -1.0
    low, high = sorted((sign * effect.low, sign * effect.high))
    shown = Message("certainty.interval", low=effect.low, high=effect.high, range=equivalence)
    if abs(effect.estimate) < equivalence:
        crossed = (low < -equivalence) + (high > equivalence)
        return Judgement(
            "imprecision", Concern(crossed), Message("certainty.sides", interval=shown, n=crossed)
        )
    if low < -equivalence:
        return Judgement(
            "imprecision", Concern.MAJOR, Message("certainty.other_way", interval=shown)
        )
    if low < 0:
        return Judgement(
            "imprecision", Concern.SOME, Message("certainty.no_effect", interval=shown)
        )
    return Judgement("imprecision", Concern.NONE, shown)


def heterogeneity(effect: NetworkEffect, equivalence: float) -> Judgement:
    """Whether a new study may conclude otherwise: areas (harm, equivalence, benefit) the prediction interval adds."""
    low, high = effect.prediction
    if math.isnan(low):
        return Judgement("heterogeneity", Concern.SOME, Message("certainty.no_prediction"))
    added = max(_areas(low, high, equivalence) - _areas(effect.low, effect.high, equivalence), 0)
    return Judgement(
        "heterogeneity",
        Concern(min(2, added)),
        Message("certainty.prediction", low=low, high=high, n=added),
    )


def incoherence(split: Split | None, whole: DesignByTreatment) -> Judgement:
    """Direct against indirect where both exist, else the whole network's interaction test."""
    if split is not None and not math.isnan(split.p_value):
        concern = (
            Concern.NONE
            if split.p_value > 0.10
            else Concern.SOME
            if split.p_value > 0.01
            else Concern.MAJOR
        )
        return Judgement(
            "incoherence",
            concern,
            Message("certainty.split", difference=split.difference, p=split.p_value),
        )
    if whole.between_df == 0:
        return Judgement("incoherence", Concern.SOME, Message("certainty.no_loop"))
    p = whole.random_p_value if math.isnan(whole.f_p_value) else whole.f_p_value
    concern = Concern.NONE if p > 0.10 else Concern.SOME if p > 0.05 else Concern.MAJOR
    return Judgement("incoherence", concern, Message("certainty.interaction", p=p))


def _carried(
    domain: str, shares: Mapping[str, float], scores: Mapping[str, int] | None
) -> Judgement:
    """A study-level score averaged by contribution: below 1.5 no concern, below 2.5 some, else major.

    Studies without a score are taken at their best and at their worst; where that makes a difference nothing is judged.
    """
    if not scores:
        return Judgement(domain, None, Message("certainty.unjudged"))
    if not shares:
        return Judgement(domain, None, Message("certainty.no_shares"))
    unknown = [
        study for study, share in shares.items() if share > _NO_SHARE and study not in scores
    ]
    best, worst = (
        round(sum(share * scores.get(study, missing) for study, share in shares.items()), 6)
        for missing in (1, 3)
    )
    high = 100.0 * sum(share for study, share in shares.items() if scores.get(study) == 3)
    open_share = 100.0 * sum(shares[study] for study in unknown)
    if _concern(best) != _concern(worst):
        return Judgement(
            domain, None, Message("certainty.undecided", n=len(unknown), share=open_share)
        )
    mean = (best + worst) / 2.0
    reason = (
        Message("certainty.mean_score_open", mean=mean, share=high, n=len(unknown))
        if unknown
        else Message("certainty.mean_score", mean=mean, share=high)
    )
    return Judgement(domain, _concern(best), reason)


def _concern(mean: float) -> Concern:
    return Concern.NONE if mean < 1.5 else Concern.SOME if mean < 2.5 else Concern.MAJOR


def _areas(low: float, high: float, equivalence: float) -> int:
    return (
        int(low < -equivalence)
        + int(low < equivalence and high > -equivalence)
        + int(high > equivalence)
    )


def _level(judgements: tuple[Judgement, ...]) -> str:
    by_domain = {j.domain: int(j.concern or 0) for j in judgements}
    shared = max(by_domain["heterogeneity"], by_domain["incoherence"])
    steps = (
        sum(c for domain, c in by_domain.items() if domain not in ("heterogeneity", "incoherence"))
        + shared
    )
    return LEVELS[min(steps, len(LEVELS) - 1)]
