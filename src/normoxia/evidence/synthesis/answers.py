"""A question's answer: what `extraction` draws from the registry, pooled, split, weighed, with every exclusion and its reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from normoxia.evidence.studies.registry import Registry, registry
from normoxia.evidence.synthesis.extraction import (
    ExcludedStudy,
    Used,
    evidence_for,
    require_complete,
)
from normoxia.evidence.synthesis.judgement import certainty as trust
from normoxia.evidence.synthesis.judgement.contribution import study_contributions
from normoxia.evidence.synthesis.judgement.proportionality import (
    ContrastQuery,
    Proportionality,
    proportionality,
)
from normoxia.evidence.synthesis.model import components as parts
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import Contrast, EffectMeasure
from normoxia.evidence.synthesis.model.heterogeneity import TauMethod
from normoxia.evidence.synthesis.model.meta import Model
from normoxia.evidence.synthesis.model.network import NetworkEffect, NetworkFit, Prediction
from normoxia.evidence.synthesis.model.priors import HeterogeneityPrior
from normoxia.evidence.synthesis.model.regression import Regression, meta_regression
from normoxia.evidence.synthesis.pooling import Synthesis, pool
from normoxia.evidence.synthesis.questions import Asked, Question, question
from normoxia.evidence.synthesis.selection import Flow, selected
from normoxia.language import Message, translations
from normoxia.outcome import Measure, exponential

#: name and version of the dictionary `Answer.to_json` gives
SCHEMA = "normoxia/answer/1"

Tau = TauMethod | str | float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Analysis:
    """One endpoint's answer.

    Parameters
    ----------
    over_time
        What digitised curves say of the hazards behind it; read it first. None for what is
        no hazard ratio.
    synthesis
        None where fewer than one contrast was found, or for a regression.
    additive, joint, test
        Component models without and with the interaction, and the test between them.
    regression
        For a question about covariates.
    without
        The headline contrasts with each study left out; None where the network then breaks.
    contributions
        Share of each study in each estimate.
    """

    asked: Asked
    used: tuple[Used, ...]
    left_out: tuple[ExcludedStudy, ...]
    over_time: Proportionality | None = None
    synthesis: Synthesis | None = None
    certainty: tuple[trust.Certainty, ...] = ()
    contributions: Mapping[tuple[str, str], Mapping[str, float]] | None = None
    additive: parts.ComponentFit | None = None
    joint: parts.ComponentFit | None = None
    test: parts.InteractionTest | None = None
    regression: Regression | None = None
    without: Mapping[str, tuple[NetworkEffect, ...] | None] | None = None
    notes: tuple[str, ...] = ()

    @property
    def studies(self) -> tuple[str, ...]:
        """Ids of the studies whose figures entered."""
        return tuple(dict.fromkeys(used.study for used in self.used))


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A question answered for every endpoint it asks about."""

    question: Question
    analyses: Mapping[str, Analysis]
    flow: Flow

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and lists; each analysis holds the dictionary of its `Synthesis`."""
        q = self.question
        return {
            "schema": SCHEMA,
            "question": q.name,
            "kind": q.kind,
            "title": dict(q.title),
            "asks": dict(q.asks),
            "not_proportional": {
                name: list(a.over_time.violated)
                for name, a in self.analyses.items()
                if a.over_time is not None
            },
            "headline": [list(pair) for pair in q.headline],
            "limits": [dict(text) for text in q.limits],
            "flow": _flow_json(self),
            "analyses": {name: _analysis_json(a, q) for name, a in self.analyses.items()},
        }


def answer(
    asked: Question | str | Path,
    *,
    studies: Registry | None = None,
    model: Model = "random",
    tau: TauMethod | str | float = TauMethod.REML,
    hartung_knapp: bool = False,
    level: float = 0.95,
    prediction: Prediction | None = None,
    draws: int = 10_000,
    seed: int = 0,
    prior: HeterogeneityPrior | str | None = None,
) -> Answer:
    """The whole analysis of a question.

    Parameters
    ----------
    asked
        A question, the name of a shipped one, or a document.
    studies
        The registry; the shipped one by default.
    tau
        Estimator of tau2, or a fixed standard deviation.
    hartung_knapp, level, prediction, prior
        As in `pool`; a regression is by Hartung and Knapp in any case, components never.

    Raises
    ------
    InvalidDocument
        When the question leaves a randomised study of the registry without a word, or names
        a study, population or arm that is not there.
    """
    q = asked if isinstance(asked, Question) else question(asked)
    known = studies if studies is not None else registry()
    q, flow = selected(q, known)
    require_complete(q, known)
    asked_of = _Asked(
        model=model,
        tau=tau,
        hartung_knapp=hartung_knapp,
        level=level,
        prediction=prediction,
        prior=prior,
    )
    return Answer(
        q, {a.endpoint.value: _analyse(q, a, known, asked_of, draws, seed) for a in q.asked}, flow
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """How to pool."""

    model: Model
    tau: Tau
    hartung_knapp: bool
    level: float
    prediction: Prediction | None
    prior: HeterogeneityPrior | str | None

    def of_fit(self) -> dict[str, Any]:
        """Options of a network's fit."""
        return {
            "model": self.model,
            "tau": self.tau,
            "hartung_knapp": self.hartung_knapp,
            "level": self.level,
            **({"prediction": self.prediction} if self.prediction else {}),
        }


def _analyse(
    q: Question, asked: Asked, known: Registry, how: _Asked, draws: int, seed: int
) -> Analysis:
    contrasts, used, left, sizes = evidence_for(q, asked, known)
    base = Analysis(
        asked=asked,
        used=tuple(used),
        left_out=tuple(left),
        over_time=_over_time(q, asked, used, known),
    )
    if not contrasts:
        return _with(base, notes=(Message("question.no_study"),))
    if q.kind == "regression":
        return _with(base, **_regress(q, contrasts, how))
    network = net.build(
        contrasts,
        EffectMeasure.HR if asked.measure is Measure.HAZARD_RATIO else EffectMeasure.OR,
        sizes,
    )
    reference = q.reference if q.reference in network.treatments else None
    synthesis = pool(
        network,
        **how.of_fit(),
        reference=reference,
        small_values=asked.small_values,
        draws=draws,
        seed=seed,
        prior=how.prior,
    )
    shares = study_contributions(synthesis.fit)
    judged = trust.certainty(
        synthesis.fit,
        risk_of_bias={e.study: e.risk_of_bias for e in q.entries if e.risk_of_bias is not None},
        indirectness={e.study: e.indirectness for e in q.entries if e.indirectness is not None},
        reporting_bias=(trust.Concern.SOME, Message("certainty.search")),
        shares=shares,
    )
    more: dict[str, Any] = {
        "synthesis": synthesis,
        "certainty": judged,
        "contributions": shares,
        "without": _without_each(q, network, how),
    }
    if q.parts_of:
        more |= _compose(q, network, how)
    return _with(base, **more)


def _over_time(
    q: Question, asked: Asked, used: list[Used], known: Registry
) -> Proportionality | None:
    """The hazards behind the ratios that entered; a rate has none."""
    if asked.measure is not Measure.HAZARD_RATIO:
        return None
    populations = {
        u.study: tuple(name for e in q.entries if e.study == u.study for name in e.populations)
        for u in used
    }
    return proportionality(
        ContrastQuery(
            study=known[u.study],
            endpoint=asked.endpoint.value,
            populations=populations[u.study],
            arm=u.arm,
            comparator=u.comparator,
            treatment=u.treatment,
            control=u.control,
        )
        for u in used
    )


def _headline(q: Question, fit: NetworkFit) -> tuple[NetworkEffect, ...]:
    known = fit.network.treatments
    return tuple(fit.effect(a, b) for a, b in q.headline if a in known and b in known)


def _without_each(
    q: Question, network: net.Network, how: _Asked
) -> dict[str, tuple[NetworkEffect, ...] | None]:
    fits = net.leave_one_out(network, **how.of_fit())
    return {study: None if fit is None else _headline(q, fit) for study, fit in fits.items()}


def _compose(q: Question, network: net.Network, how: _Asked) -> dict[str, Any]:
    """Component models; without the interaction when no treatment shows it."""
    options: dict[str, Any] = {
        "parts_of": q.parts_of,
        "groups": q.groups,
        "model": how.model,
        "tau": how.tau,
        "level": how.level,
    }
    found: dict[str, Any] = {"additive": parts.fit_components(network, **options)}
    if q.interaction is None:
        return found
    a, b = (set(q.groups.get(name, (name,))) for name in q.interaction)
    if any(a & set(q.parts_of[t]) and b & set(q.parts_of[t]) for t in network.treatments):
        found["joint"] = parts.fit_components(network, interactions=(q.interaction,), **options)
        found["test"] = parts.interaction_test(network, q.interaction, **options)
    return found


def _regress(q: Question, contrasts: list[Contrast], how: _Asked) -> dict[str, Any]:
    rows = {f"{e.study}, {e.populations[-1]}": e for e in q.entries}
    columns = {
        name: [rows[c.study].covariates.get(name, 0.0) for c in contrasts] for name in q.covariates
    }
    varied = {name: values for name, values in columns.items() if len(set(values)) > 1}
    dropped = tuple(
        Message("question.no_variation", name=name) for name in columns if name not in varied
    )
    if len(contrasts) < len(varied) + 2:
        few = Message("question.few_strata", n=len(contrasts), k=len(varied))
        return {"notes": (*dropped, few)}
    fitted = meta_regression(
        [c.estimate for c in contrasts],
        [c.se for c in contrasts],
        varied,
        tau=how.tau,
        hartung_knapp=True,
        level=how.level,
    )
    return {"regression": fitted, "notes": dropped}


def _with(analysis: Analysis, **changes: Any) -> Analysis:
    from dataclasses import replace

    return replace(analysis, **changes)


def _analysis_json(a: Analysis, q: Question) -> dict[str, Any]:
    found: dict[str, Any] = {
        "endpoint": a.asked.endpoint.value,
        "measure": a.asked.measure.value,
        **({"over_time": a.over_time.to_json()} if a.over_time is not None else {}),
        "used": [
            {
                "study": u.study,
                "population": u.population,
                "arm": u.arm,
                "comparator": u.comparator,
                "treatment": u.treatment,
                "control": u.control,
                "value": u.shown,
                "source": u.source.reference,
                "place": u.source.place,
                "risk_of_bias": u.risk_of_bias,
                "notes": list(u.notes),
            }
            for u in a.used
        ],
        "left_out": [{"study": x.study, "why": dict(x.why)} for x in a.left_out],
        "notes": list(a.notes),
    }
    if a.synthesis is not None:
        found["synthesis"] = a.synthesis.to_json()
        found["certainty"] = [c.to_json() for c in a.certainty]
        found["headline"] = [_contrast_json(e, a.certainty) for e in _headline(q, a.synthesis.fit)]
        found["leave_one_out"] = [
            {
                "study": study,
                "effects": None if effects is None else [_contrast_json(e) for e in effects],
            }
            for study, effects in (a.without or {}).items()
        ]
        found["contributions"] = [
            {"treatment": t, "comparator": c, "studies": dict(shares)}
            for (t, c), shares in (a.contributions or {}).items()
        ]
    for name, fitted in (("additive", a.additive), ("interaction", a.joint)):
        if fitted is not None:
            known = fitted.network.treatments
            found[name] = fitted.to_json((a, b) for a, b in q.headline if a in known and b in known)
    if a.test is not None:
        found["interaction_test"] = {
            "q": a.test.q,
            "df": a.test.df,
            "p_value": _finite(a.test.p_value),
            "weights": "common",
            "interaction": a.test.interaction.to_json(),
        }
    if a.regression is not None:
        r = a.regression
        found["regression"] = {
            "coefficients": [
                {
                    "name": c.name,
                    "estimate": c.estimate,
                    "se": c.se,
                    "interval": [c.low, c.high],
                    "p_value": c.p_value,
                }
                for c in r.coefficients
            ],
            "tau2": r.tau2,
            "qe": r.qe,
            "qe_df": r.qe_df,
            "r2": _finite(r.r2),
        }
    return found


def _flow_json(answer: Answer) -> dict[str, Any]:
    """From all studies to those that enter, step by step and then by endpoint."""
    flow = answer.flow
    return {
        "identified": flow.identified,
        "steps": [
            {
                "reason": translations(step.reason.key, **step.reason.values),
                "n": len(step.studies),
                "studies": list(step.studies),
            }
            for step in flow.steps
        ],
        "considered": list(flow.considered),
        "entered": {name: list(a.studies) for name, a in answer.analyses.items()},
    }


def _contrast_json(e: NetworkEffect, judged: tuple[trust.Certainty, ...] = ()) -> dict[str, Any]:
    """A contrast of ratios, on the natural scale."""
    levels = {frozenset((c.treatment, c.comparator)): c.word for c in judged}
    found: dict[str, Any] = {
        "treatment": e.treatment,
        "comparator": e.comparator,
        "ratio": _ratio(e.estimate),
        "interval": [_ratio(e.low), _ratio(e.high)],
        "prediction_interval": [_ratio(end) for end in e.prediction],
        "p_value": _finite(e.p_value),
    }
    if judged:
        found["certainty"] = levels.get(frozenset((e.treatment, e.comparator)))
    return found


def _ratio(log: float) -> float | None:
    return _finite(exponential(log))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
