"""A question's answer: contrasts drawn from the registry, pooled, split, weighed, with every exclusion and its reason.

Only verified values enter: what the registry holds as recalled, as stated by the review alone, as derived from digitised
curves, as superseded or as adjusted for cross-over stays out by rule, and each study left out says why.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from normoxia.errors import InvalidDocument
from normoxia.evidence.studies.registry import Registry, registry
from normoxia.evidence.studies.study import REVIEW, Reported, Study
from normoxia.evidence.synthesis import certainty as trust
from normoxia.evidence.synthesis import components as parts
from normoxia.evidence.synthesis import network as net
from normoxia.evidence.synthesis.contrasts import Arm, Contrast, Effect, contrasts_from_arms
from normoxia.evidence.synthesis.contribution import study_contributions
from normoxia.evidence.synthesis.heterogeneity import TauMethod
from normoxia.evidence.synthesis.intake import from_interval
from normoxia.evidence.synthesis.meta import Model
from normoxia.evidence.synthesis.network import NetworkEffect, NetworkFit
from normoxia.evidence.synthesis.pooling import Synthesis, pool
from normoxia.evidence.synthesis.proportionality import Proportionality, Wanted, proportionality
from normoxia.evidence.synthesis.questions import Asked, Entry, Question, Text, question
from normoxia.evidence.synthesis.regression import Regression, meta_regression
from normoxia.outcome import Measure, Source

#: name and version of the dictionary `Answer.to_json` gives
SCHEMA = "normoxia/answer/1"

Tau = TauMethod | str | float

NO_RATIO: Text = {
    "en": "no hazard ratio with an interval was read in a source for these arms and patients",
    "zh": "未在可核实来源中读到该人群、该组别带区间的风险比",
}
NO_RATE: Text = {
    "en": "the endpoint is not given for two arms with their numbers of patients",
    "zh": "该终点未同时给出两组的率与人数",
}
ONE_ARM: Text = {"en": "one arm only; there is nothing to compare", "zh": "单臂研究，无对照"}
NOT_RANDOMISED: Text = {"en": "arms were not randomised against each other", "zh": "组间未随机"}

_SEARCH = "the registry follows one review and trials that isolate a component, not a systematic search"


@dataclass(frozen=True, slots=True)
class Used:
    """One number that entered, and where it was read."""

    study: str
    population: str
    arm: str
    comparator: str
    treatment: str
    control: str
    shown: str
    source: Source
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A study that did not enter, and why."""

    study: str
    why: Text


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """One endpoint's answer.

    over_time     what digitised curves say of the hazards behind it; read it first. None for what is no hazard ratio
    synthesis     None where fewer than one contrast was found, or for a regression
    additive, joint, test   component models without and with the interaction, and the test between them
    regression    for a question about covariates
    without       the headline contrasts with each study left out; None where the network then breaks
    contributions share of each study in each estimate
    """

    asked: Asked
    used: tuple[Used, ...]
    left_out: tuple[LeftOut, ...]
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


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A question answered for every endpoint it asks about."""

    question: Question
    analyses: Mapping[str, Analysis]

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
            "analyses": {name: _analysis_json(a, q) for name, a in self.analyses.items()},
        }


def answer(
    asked: Question | str | Path,
    *,
    studies: Registry | None = None,
    model: Model = "random",
    tau: TauMethod | str | float = TauMethod.REML,
    draws: int = 10_000,
    seed: int = 0,
) -> Answer:
    """The whole analysis of a question.

    asked    a question, the name of a shipped one, or a document
    studies  the registry; the shipped one by default
    tau      estimator of tau2, or a fixed standard deviation
    raises   InvalidDocument when the question leaves a randomised study of the registry without a word, or names a study,
             population or arm that is not there
    """
    q = asked if isinstance(asked, Question) else question(asked)
    known = studies if studies is not None else registry()
    _complete(q, known)
    return Answer(q, {a.endpoint.value: _analyse(q, a, known, model, tau, draws, seed) for a in q.asked})


def evidence_for(
    q: Question, asked: Asked, known: Registry
) -> tuple[list[Contrast], list[Used], list[LeftOut], dict[tuple[str, str], float]]:
    """The contrasts one endpoint of a question rests on, what each was read from, who is left out, and arm sizes."""
    contrasts: list[Contrast] = []
    used: list[Used] = []
    silent: dict[str, Text] = {}
    sizes: dict[tuple[str, str], float] = {}
    for entry in q.entries:
        if entry.endpoints and asked.endpoint.value not in entry.endpoints:
            continue
        study = known[entry.study]
        label = entry.study if q.kind != "regression" else f"{entry.study}, {entry.populations[-1]}"
        sizes |= {(label, entry.arms[a.id]): float(a.n) for a in study.arms if a.id in entry.arms and a.n}
        ratios = asked.measure is Measure.HAZARD_RATIO
        found = list(_ratios(study, entry, asked, label) if ratios else _rates(study, entry, asked, label))
        if not found:
            silent.setdefault(entry.study, NO_RATIO if ratios else NO_RATE)
        contrasts += [c for c, _ in found]
        used += [u for _, u in found]
    entered = {u.study for u in used}
    left = [LeftOut(name, why) for name, why in silent.items() if name not in entered]
    left += [
        LeftOut(s, x.why) for x in q.exclusions if x.endpoint in ("", asked.endpoint.value) for s in x.studies
    ]
    return contrasts, used, [*left, *_by_rule(q, known)], sizes


def _analyse(
    q: Question, asked: Asked, known: Registry, model: Model, tau: Tau, draws: int, seed: int
) -> Analysis:
    contrasts, used, left, sizes = evidence_for(q, asked, known)
    base = Analysis(asked, tuple(used), tuple(left), _over_time(q, asked, used, known))
    if not contrasts:
        return _with(base, notes=("no study of this question gives the endpoint in a usable form",))
    if q.kind == "regression":
        return _with(base, **_regress(q, contrasts, used, tau))
    network = net.build(contrasts, Effect.HR if asked.measure is Measure.HAZARD_RATIO else Effect.OR, sizes)
    reference = q.reference if q.reference in network.treatments else None
    synthesis = pool(
        network,
        model=model,
        tau=tau,
        reference=reference,
        small_values=asked.small_values,
        draws=draws,
        seed=seed,
    )
    shares = study_contributions(synthesis.fit)
    judged = trust.certainty(
        synthesis.fit,
        risk_of_bias={e.study: e.risk_of_bias for e in q.entries},
        indirectness={e.study: e.indirectness for e in q.entries},
        reporting_bias=(trust.Concern.SOME, _SEARCH),
        shares=shares,
    )
    more: dict[str, Any] = {
        "synthesis": synthesis,
        "certainty": judged,
        "contributions": shares,
        "without": _without_each(q, network, model, tau),
    }
    if q.parts_of:
        more |= _compose(q, network, model, tau)
    return _with(base, **more)


def _over_time(q: Question, asked: Asked, used: list[Used], known: Registry) -> Proportionality | None:
    """The hazards behind the ratios that entered; a rate has none."""
    if asked.measure is not Measure.HAZARD_RATIO:
        return None
    populations = {
        u.study: tuple(name for e in q.entries if e.study == u.study for name in e.populations) for u in used
    }
    return proportionality(
        Wanted(known[u.study], asked.endpoint.value, populations[u.study], u.arm, u.comparator, u.treatment, u.control)
        for u in used
    )  # fmt: skip


def _headline(q: Question, fit: NetworkFit) -> tuple[NetworkEffect, ...]:
    known = fit.network.treatments
    return tuple(fit.effect(a, b) for a, b in q.headline if a in known and b in known)


def _without_each(
    q: Question, network: net.Network, model: Model, tau: Tau
) -> dict[str, tuple[NetworkEffect, ...] | None]:
    fits = net.leave_one_out(network, model=model, tau=tau)
    return {study: None if fit is None else _headline(q, fit) for study, fit in fits.items()}


def _compose(q: Question, network: net.Network, model: Model, tau: Tau) -> dict[str, Any]:
    """Component models; without the interaction when no treatment shows it."""
    options: dict[str, Any] = {"parts_of": q.parts_of, "groups": q.groups, "model": model, "tau": tau}
    found: dict[str, Any] = {"additive": parts.fit_components(network, **options)}
    if q.interaction is None:
        return found
    a, b = (set(q.groups.get(name, (name,))) for name in q.interaction)
    if any(a & set(q.parts_of[t]) and b & set(q.parts_of[t]) for t in network.treatments):
        found["joint"] = parts.fit_components(network, interactions=(q.interaction,), **options)
        found["test"] = parts.interaction_test(network, q.interaction, **options)
    return found


def _regress(q: Question, contrasts: list[Contrast], used: list[Used], tau: Tau) -> dict[str, Any]:
    rows = {f"{e.study}, {e.populations[-1]}": e for e in q.entries}
    columns = {name: [rows[c.study].covariates.get(name, 0.0) for c in contrasts] for name in q.covariates}
    varied = {name: values for name, values in columns.items() if len(set(values)) > 1}
    dropped = tuple(f"{name} does not vary here and is left out" for name in columns if name not in varied)
    if len(contrasts) < len(varied) + 2:
        return {"notes": (*dropped, f"{len(contrasts)} strata are too few for {len(varied)} covariates")}
    fitted = meta_regression(
        [c.estimate for c in contrasts], [c.se for c in contrasts], varied, tau=tau, hartung_knapp=True
    )
    return {"regression": fitted, "notes": dropped}


def _ratios(study: Study, entry: Entry, asked: Asked, label: str) -> Iterator[tuple[Contrast, Used]]:
    for a, b in combinations(entry.arms, 2):
        for arm, comparator in ((a, b), (b, a)):
            row = _latest(study, entry, asked, arm, comparator)
            if row is None or entry.arms[arm] == entry.arms[comparator]:
                continue
            e = row.estimate
            reading = from_interval(e.value, e.low, e.high, level=e.level)
            if not reading.is_usable:
                continue
            shown = f"{e.value:g} ({e.low:g} to {e.high:g})"
            yield (
                Contrast(label, entry.arms[arm], entry.arms[comparator], reading.estimate, reading.se),
                Used(
                    study.id,
                    row.population,
                    arm,
                    comparator,
                    entry.arms[arm],
                    entry.arms[comparator],
                    shown,
                    study.source(row),
                    reading.problems,
                ),
            )


def _rates(study: Study, entry: Entry, asked: Asked, label: str) -> Iterator[tuple[Contrast, Used]]:
    arms: list[Arm] = []
    rows: dict[str, tuple[Reported, str]] = {}
    for arm in entry.arms:
        row = _latest(study, entry, asked, arm, "")
        if row is None:
            continue
        n, how = _denominator(study, row)
        if not n:
            continue
        arms.append(Arm(label, arm, n=n, events=round(row.estimate.value * n / 100.0)))
        rows[arm] = (row, how)
    arms = _alike(arms, {name: row.grades for name, (row, _) in rows.items()})
    for c in contrasts_from_arms(arms, Effect.OR)[0]:
        one, other = entry.arms[c.treatment], entry.arms[c.comparator]
        if one == other:
            continue
        row, how = rows[c.treatment]
        shares = [next(a for a in arms if a.treatment == name) for name in (c.treatment, c.comparator)]
        shown = " against ".join(f"{a.events:g}/{a.n:g}" for a in shares)
        notes = tuple(dict.fromkeys(x for x in (how, rows[c.comparator][1]) if x))
        yield (
            Contrast(label, one, other, c.estimate, c.se),
            Used(
                study.id,
                row.population,
                c.treatment,
                c.comparator,
                one,
                other,
                shown,
                study.source(row),
                notes,
            ),
        )


def _alike(arms: list[Arm], grades: Mapping[str, str]) -> list[Arm]:
    """The largest set of arms counted alike: grade >= 3 of one arm is not to be held against grade 3-4 of another."""
    sets: dict[str, list[Arm]] = {}
    for arm in arms:
        sets.setdefault(grades[arm.treatment], []).append(arm)
    return max(sets.values(), key=len, default=[])


def _latest(study: Study, entry: Entry, asked: Asked, arm: str, comparator: str) -> Reported | None:
    """The verified number of the latest cut; a contrast needs its interval. Ties: nearer source, then order of the text."""
    order = {name: i for i, name in enumerate(entry.populations)}
    wanted = Measure.HAZARD_RATIO if comparator else Measure.PERCENT
    rows = [
        row
        for row in study.reported()
        if (row.endpoint, row.arm, row.comparator, row.measure) == (asked.endpoint, arm, comparator, wanted)
        and row.population in order
        and not (row.superseded or row.adjusted or row.derived or row.source in ("", REVIEW))
        and (row.estimate.has_interval if comparator else not math.isnan(row.estimate.value))
    ]

    def merit(row: Reported) -> tuple[bool, int, int]:
        reference = study.sources.get(row.source)
        return row.grades not in ("", ">=3"), -order[row.population], reference.rank if reference else 99

    return min(rows, key=merit, default=None)


def _denominator(study: Study, row: Reported) -> tuple[int, str]:
    """Patients behind a rate: as printed with it, else in the population's facts, else those randomised (assumed)."""
    if n := row.n or study.size(row):
        return n, ""
    for fact in study.population(row.population).facts:
        if (
            fact.what == "n"
            and fact.arm == row.arm
            and fact.recalled != "differs"
            and isinstance(fact.value, (int, float))
        ):
            return int(fact.value), ""
    n = study.arm(row.arm).n
    return n, "n taken as the number randomised (assumed)" if n else ""


def _by_rule(q: Question, known: Registry) -> Iterator[LeftOut]:
    named = {e.study for e in q.entries} | {s for x in q.exclusions for s in x.studies}
    for study in known:
        if study.id not in named:
            yield LeftOut(study.id, ONE_ARM if len(study.arms) < 2 else NOT_RANDOMISED)


def _complete(q: Question, known: Registry) -> None:
    """Every study the question names exists, and every randomised one of the registry is named."""
    lines = []
    for entry in q.entries:
        study = known[entry.study]
        for name in entry.populations:
            study.population(name)
        arms = {a.id for a in study.arms} | set(study.pools)
        lines += [
            f'{entry.study}: no arm "{arm}"; it has {", ".join(sorted(arms))}'
            for arm in entry.arms
            if arm not in arms
        ]
    named = {e.study for e in q.entries} | {s for x in q.exclusions for s in x.studies}
    for name in named:
        known[name]
    lines += [
        f"{study.id} is randomised and neither enters nor is excluded; add it with a reason"
        for study in known
        if study.is_randomised and study.group != "user" and study.id not in named
    ]
    if lines:
        raise InvalidDocument("\n".join([f"question {q.name}:", *lines]), lines)


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
                "study": u.study, "population": u.population, "arm": u.arm, "comparator": u.comparator,
                "treatment": u.treatment, "control": u.control, "value": u.shown, "source": u.source.reference,
                "place": u.source.place, "notes": list(u.notes),
            }
            for u in a.used
        ],
        "left_out": [{"study": x.study, "why": dict(x.why)} for x in a.left_out],
        "notes": list(a.notes),
    }  # fmt: skip
    if a.synthesis is not None:
        found["synthesis"] = a.synthesis.to_json()
        found["certainty"] = [
            {
                "treatment": c.treatment, "comparator": c.comparator, "level": c.level,
                "domains": [{"domain": j.domain, "concern": j.concern.name.lower(), "reason": j.reason} for j in c.judgements],
            }
            for c in a.certainty
        ]  # fmt: skip
        found["headline"] = [_contrast_json(e, a.certainty) for e in _headline(q, a.synthesis.fit)]
        found["leave_one_out"] = [
            {"study": study, "effects": None if effects is None else [_contrast_json(e) for e in effects]}
            for study, effects in (a.without or {}).items()
        ]
        found["contributions"] = [
            {"treatment": t, "comparator": c, "studies": dict(shares)}
            for (t, c), shares in (a.contributions or {}).items()
        ]
    for name, fitted in (("additive", a.additive), ("interaction", a.joint)):
        if fitted is not None:
            found[name] = _component_json(fitted, q)
    if a.test is not None:
        found["interaction_test"] = {
            "q": a.test.q, "df": a.test.df, "p_value": _finite(a.test.p_value), "weights": "common",
            "interaction": _effect_json(a.test.interaction),
        }  # fmt: skip
    if a.regression is not None:
        r = a.regression
        found["regression"] = {
            "coefficients": [
                {"name": c.name, "estimate": c.estimate, "se": c.se, "interval": [c.low, c.high], "p_value": c.p_value}
                for c in r.coefficients
            ],
            "tau2": r.tau2, "qe": r.qe, "qe_df": r.qe_df, "r2": _finite(r.r2),
        }  # fmt: skip
    return found


def _contrast_json(e: NetworkEffect, judged: tuple[trust.Certainty, ...] = ()) -> dict[str, Any]:
    """A contrast of ratios, on the natural scale."""
    levels = {frozenset((c.treatment, c.comparator)): c.level for c in judged}
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


def _component_json(fitted: parts.ComponentFit, q: Question) -> dict[str, Any]:
    return {
        "components": [_effect_json(e) for e in fitted.effects()],
        "headline": [
            _effect_json(fitted.combination(a, b))
            for a, b in q.headline
            if a in fitted.network.treatments and b in fitted.network.treatments
        ],
        "tau": fitted.tau,
        "q": fitted.q,
        "df": fitted.df,
        "difference": {
            "q": fitted.difference_q, "df": fitted.difference_df, "p_value": _finite(fitted.difference_p_value),
        },
    }  # fmt: skip


def _effect_json(e: parts.ComponentEffect) -> dict[str, Any]:
    return {
        "name": e.component, "estimate": e.estimate, "se": e.se, "interval": [e.low, e.high],
        "p_value": _finite(e.p_value), "is_estimable": e.is_estimable,
    }  # fmt: skip


def _ratio(log: float) -> float | None:
    return math.exp(log) if abs(log) < 700 else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
