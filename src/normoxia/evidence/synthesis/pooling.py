"""`pool`: a network analysed whole, as one value that answers questions and turns into plain dictionaries.

Model, estimator and direction are named by the caller and recorded in the result. A star, a single study, two treatments or
a disconnected network are analysed as far as they go; `notes` say what they cannot answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from normoxia.documents import Finding
from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.judgement import consistency
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model import ranking
from normoxia.evidence.synthesis.model.contrasts import (
    Arm,
    Contrast,
    EffectMeasure,
    contrasts_from_arms,
)
from normoxia.evidence.synthesis.model.counts import Method, fit_counts
from normoxia.evidence.synthesis.model.heterogeneity import TauMethod
from normoxia.evidence.synthesis.model.meta import Model
from normoxia.evidence.synthesis.model.network import Network, NetworkEffect, NetworkFit, Prediction
from normoxia.evidence.synthesis.model.ranking import Rank, SmallValues
from normoxia.evidence.synthesis.model.size import require_feasible
from normoxia.language import Message

if TYPE_CHECKING:
    from normoxia.evidence.synthesis.intake.tables import NetworkTable

#: name and version of the dictionary `Synthesis.to_json` gives
SCHEMA = "normoxia/synthesis/1"


@dataclass(frozen=True, slots=True, eq=False)
class Synthesis:
    """A network meta-analysis with its ranking and its checks.

    fit           the model asked for; common the common-effect fit beside it
    reference     the treatment others are shown against
    ranking       best first; see `small_values`
    splits        node splits; interaction the design-by-treatment test
    notes         what the evidence could not say, in sentences
    method        how counts became estimates, see `counts`
    """

    fit: NetworkFit
    common: NetworkFit
    reference: str
    small_values: str
    ranking: tuple[Rank, ...]
    splits: tuple[consistency.Split, ...]
    interaction: consistency.DesignByTreatment
    notes: tuple[str, ...]
    method: str = "inverse-variance"

    @property
    def network(self) -> Network:
        """The evidence."""
        return self.fit.network

    def effect(self, treatment: str, comparator: str) -> NetworkEffect:
        """One contrast under the model asked for."""
        return self.fit.effect(treatment, comparator)

    def forest(self) -> tuple[NetworkEffect, ...]:
        """Every treatment against the reference."""
        return self.fit.effects(self.reference)

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and lists; numbers that do not exist are None.

        Estimates, standard errors and intervals are on the analysis scale (`scale`: natural logarithm for ratios); a ratio
        measure has the same numbers as ratios under `ratio`. Every ordered pair stands once per model, those against the
        reference first.
        """
        is_ratio = self.network.effect.is_ratio
        fits = [self.fit] if self.fit.model == "common" else [self.fit, self.common]
        low, high = self.fit.tau2_interval()
        i2, i2_low, i2_high = self.fit.i2
        return {
            "schema": SCHEMA,
            "measure": str(self.network.effect),
            "scale": "log" if is_ratio else "natural",
            "method": self.method,
            "network": _network_json(self.network, self.reference),
            "effects": [
                effect_json(e, f.model, is_ratio) for f in fits for e in _ordered(f, self.reference)
            ],
            "heterogeneity": {
                "model": self.fit.model,
                "tau_method": self.fit.tau_method,
                "tau": _number(self.fit.tau),
                "tau2": _number(self.fit.tau2),
                "tau_interval": [_number(math.sqrt(low)), _number(math.sqrt(high))],
                "q": _number(self.fit.q),
                "df": self.fit.df,
                "p_value": _number(self.fit.q_p_value),
                "i2": _number(i2),
                "i2_interval": [_number(i2_low), _number(i2_high)],
            },
            "ranking": [_rank_json(r) for r in self.ranking],
            "inconsistency": _inconsistency_json(self.interaction, self.splits),
            "small_values": self.small_values,
            "notes": list(self.notes),
        }


def pool(
    evidence: NetworkTable | Network | Iterable[Contrast | Arm],
    *,
    effect: EffectMeasure | str | None = None,
    model: Model = "random",
    tau: TauMethod | str | float = TauMethod.REML,
    reference: str | None = None,
    small_values: SmallValues | None = None,
    hartung_knapp: bool = False,
    level: float = 0.95,
    prediction: Prediction | None = None,
    method: Method | str = Method.INVERSE_VARIANCE,
    draws: int = 10_000,
    seed: int = 0,
) -> Synthesis:
    """A network meta-analysis of a table, of contrasts, of arms, or (hazard ratios and counts together) of both.

    effect        measure; taken from the table when it says, must be given for arms; contrasts are on the analysis scale
    reference     by default the treatment in most studies
    hartung_knapp, level, prediction   as in `network.fit`; prediction "confidence" by default. The methods of counts have neither
                  Hartung and Knapp's variance nor a confidence distribution of tau2
    small_values  "good" or "bad" for the patient; good by default, and a note says so unless the measure is a hazard ratio
    method        inverse variance, or one of the methods for few events, which take odds ratios from counts themselves (see
                  `counts`), with a tau of their own or none
    draws, seed   of the rankogram
    raises        InvalidArgument for evidence without a contrast or options a method has not, UnknownName for a reference that is not in the network
    """
    from normoxia.evidence.synthesis.intake.tables import NetworkTable

    evidence = evidence if isinstance(evidence, (NetworkTable, Network)) else tuple(evidence)
    network, notes = _as_network(evidence, effect)
    counted = Method(method) is not Method.INVERSE_VARIANCE
    if counted and hartung_knapp:
        raise InvalidArgument(
            f"{Method(method)} has not Hartung and Knapp's variance; leave it out, or pool by inverse-variance"
        )
    if counted and prediction == "confidence":
        raise InvalidArgument(
            f'{Method(method)} has not the confidence distribution of tau2; take prediction "student", or pool by inverse-variance'
        )
    kind: Prediction = prediction or "confidence"
    by_variance = net.fit(
        network, model=model, tau=tau, hartung_knapp=hartung_knapp, level=level, prediction=kind
    )
    fitted, common = by_variance, by_variance
    if counted:
        fitted, common, more = fit_counts(evidence, network, method, model=model, level=level)
        network, notes = fitted.network, [*notes, *more]
        by_variance = net.fit(
            network, model="common" if fitted.model == "common" else model, tau=tau, level=level
        )
    elif model == "random":
        common = net.fit(network, model="common", level=level)
    if hartung_knapp and net.agrees_exactly(by_variance):
        notes.append(Message("evidence.agrees_exactly"))
    at = (
        network.treatments[network.index(reference)]
        if reference is not None
        else net.default_reference(network)
    )
    direction: SmallValues = small_values or "good"
    if small_values is None and network.effect is not EffectMeasure.HR:
        notes.append(Message("evidence.direction", measure=str(network.effect)))
    ranks = ranking.rank(fitted, small_values=direction, draws=draws, seed=seed)
    notes += [*network.notes, *_limits(fitted)]
    return Synthesis(
        fit=fitted,
        common=common,
        reference=at,
        small_values=direction,
        ranking=ranks,
        splits=consistency.node_splits(by_variance),
        interaction=consistency.design_by_treatment(network),
        notes=tuple(notes),
        method=str(Method(method)),
    )


def _as_network(evidence: Any, effect: EffectMeasure | str | None) -> tuple[Network, list[str]]:
    from normoxia.evidence.synthesis.intake.tables import NetworkTable

    if isinstance(evidence, Network):
        return evidence, []
    notes: list[str] = []
    sizes: Mapping[tuple[str, str], float] = {}
    if isinstance(evidence, NetworkTable):
        table = evidence
        measure = EffectMeasure(effect or table.effect or EffectMeasure.MD)
        require_feasible((*table.contrasts, *table.arms))
        notes += [_finding(finding) for finding in table.findings]
        sizes = table.sizes
        found: tuple[Contrast, ...] = table.contrasts
        if table.arms:
            from_arms, more = contrasts_from_arms(table.arms, measure)
            found, notes = (*found, *from_arms), [*notes, *more]
        if effect is None and table.effect is None:
            notes.append(Message("evidence.no_measure"))
    else:
        rows = tuple(evidence)
        require_feasible(rows)
        arms = [row for row in rows if isinstance(row, Arm)]
        found = tuple(row for row in rows if isinstance(row, Contrast))
        if arms and effect is None:
            raise InvalidArgument(
                "arms were given without the measure; say effect=OR, RR, RD, HR, MD, SMD or IRR"
            )
        measure = EffectMeasure(effect or EffectMeasure.MD)
        if arms:
            from_arms, more = contrasts_from_arms(arms, measure)
            found, notes = (*found, *from_arms), [*notes, *more]
            sizes = {(arm.study, arm.treatment): arm.n for arm in arms}
            if found[: -len(from_arms) or None] and measure is EffectMeasure.HR:
                notes.append(Message("evidence.counts_and_ratios"))
    if not found:
        raise InvalidArgument(
            "\n".join(["no study gives a contrast; nothing can be pooled", *notes])
        )
    return net.build(found, measure, sizes), notes


def _finding(finding: Finding) -> Message:
    """A finding about the table as a note of the synthesis."""
    if not finding.expected:
        return Message("evidence.finding", place=str(finding.place), found=finding.found)
    return Message(
        "evidence.finding_expected",
        place=str(finding.place),
        found=finding.found,
        expected=finding.expected,
    )


def _limits(fit: NetworkFit) -> list[Message]:
    network = fit.network
    lines: list[Message] = []
    if not network.is_connected:
        parts = "; ".join(", ".join(part) for part in network.parts())
        lines.append(Message("evidence.parts", n=network.n_parts, parts=parts))
    if fit.df == 0:
        lines.append(Message("evidence.no_spare"))
    elif len(network.studies) == 1:
        lines.append(Message("evidence.one_study"))
    compared = consistency.direct_estimates(network, 0.0)
    if fit.df and len(compared) == len(network.treatments) - network.n_parts:
        lines.append(Message("evidence.no_loop"))
    if fit.tau_is_outside():
        low, high = (math.sqrt(end) for end in fit.tau2_interval())
        lines.append(
            Message("evidence.tau_outside", tau=fit.tau, method=fit.tau_method, low=low, high=high)
        )
    if fit.model == "random" and 0 < fit.df < 5:
        lines.append(Message("evidence.few_degrees", df=fit.df))
    return lines


def _network_json(network: Network, reference: str) -> dict[str, Any]:
    counts: dict[str, int] = dict.fromkeys(network.treatments, 0)
    for member in network.members:
        for arm in member.arms:
            counts[arm] += 1
    direct = consistency.direct_estimates(network, 0.0)
    names = network.treatments
    return {
        "treatments": [
            {"name": t, "studies": counts[t], "part": int(p)}
            for t, p in zip(names, network.part, strict=True)
        ],
        "studies": [{"name": m.study, "arms": list(m.arms)} for m in network.members],
        "comparisons": [
            {"treatment": names[i], "comparator": names[j], "studies": n}
            for (i, j), (n, _, _) in direct.items()
        ],
        "reference": reference,
        "is_connected": network.is_connected,
        "n_parts": network.n_parts,
        "n_studies": len(network.studies),
        "n_treatments": len(names),
    }


def _ordered(fit: NetworkFit, reference: str) -> list[NetworkEffect]:
    """Every ordered pair, those against the reference first."""
    names, difference, se = fit.network.treatments, fit.difference(), fit.se()
    at = fit.network.index(reference)
    columns = [at, *(j for j in range(len(names)) if j != at)]
    return [
        fit.at(i, j, float(difference[i, j]), float(se[i, j]))
        for j in columns
        for i in range(len(names))
        if i != j
    ]


def effect_json(e: NetworkEffect, model: str, is_ratio: bool) -> dict[str, Any]:
    """One contrast as `Synthesis.to_json` gives it."""
    found: dict[str, Any] = {
        "treatment": e.treatment,
        "comparator": e.comparator,
        "estimate": _number(e.estimate),
        "se": _number(e.se),
        "interval": [_number(e.low), _number(e.high)],
        "prediction_interval": [_number(end) for end in e.prediction],
        "p_value": _number(e.p_value),
        "model": model,
    }
    if is_ratio:
        ends = (e.estimate, e.low, e.high, *e.prediction)
        ratio, low, high, first, last = (
            _number(math.exp(x)) if math.isfinite(x) and x < 700 else None for x in ends
        )
        found["ratio"] = {
            "estimate": ratio,
            "interval": [low, high],
            "prediction_interval": [first, last],
        }
    return found


def _rank_json(r: Rank) -> dict[str, Any]:
    return {
        "treatment": r.treatment,
        "p_score": _number(r.p_score),
        "p_score_interval": [_number(end) for end in r.p_score_interval],
        "sucra": _number(r.sucra),
        "mean_rank": _number(r.mean_rank),
        "rank_interval": list(r.rank_interval),
        "probabilities": list(r.probabilities),
    }


def _inconsistency_json(
    d: consistency.DesignByTreatment, splits: tuple[consistency.Split, ...]
) -> dict[str, Any]:
    return {
        "within": {
            "q": _number(d.within_q),
            "df": d.within_df,
            "p_value": _number(d.within_p_value),
        },
        "between": {
            "q": _number(d.between_q),
            "df": d.between_df,
            "p_value": _number(d.between_p_value),
        },
        "design_by_treatment": {
            "q": _number(d.random_q),
            "df": d.between_df,
            "p_value": _number(d.random_p_value),
            "tau_within": _number(d.tau_within),
            "f": _number(d.f_ratio),
            "f_p_value": _number(d.f_p_value),
        },
        "node_splits": [
            {
                "treatment": s.treatment,
                "comparator": s.comparator,
                "studies": s.n_studies,
                "proportion_direct": _number(s.proportion),
                "network": _number(s.network),
                "direct": _number(s.direct),
                "indirect": _number(s.indirect),
                "direct_se": _number(s.direct_se),
                "indirect_se": _number(s.indirect_se),
                "difference": _number(s.difference),
                "difference_se": _number(s.difference_se),
                "p_value": _number(s.p_value),
            }
            for s in splits
        ],
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
