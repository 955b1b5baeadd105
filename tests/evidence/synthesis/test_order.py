"""No result hangs on names of treatments or studies, on the order of rows, or on which arm of a contrast stands first."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from normoxia.errors import NormoxiaError
from normoxia.evidence import pool
from normoxia.evidence.synthesis.judgement import consistency, contribution, funnel
from normoxia.evidence.synthesis.judgement.certainty import certainty
from normoxia.evidence.synthesis.model import components, ranking, regression
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import (
    Arm,
    Contrast,
    EffectMeasure,
    contrasts_from_arms,
)
from normoxia.evidence.synthesis.model.counts import Method
from normoxia.evidence.synthesis.model.heterogeneity import TauMethod

#: names that sort apart from one another by case, by letter and by alphabet, with the marks that join names elsewhere
NAMES = ("Z", "a", "B : c", "b + x", "贝伐珠单抗", "0", "AA", "zz x q", "Ω", "m")
Numbers = dict[object, float]


def drawn(seed: int, *, rare_events: bool = False) -> list[Arm]:
    """A random network of two-arm and multi-arm studies, with counts, means and exposure in every arm."""
    rng = np.random.default_rng(seed)
    treatments = [f"t{i}" for i in range(rng.integers(3, 7))]
    truth = dict(zip(treatments, rng.normal(0, 0.5, len(treatments)), strict=True))
    arms = []
    designs = [
        rng.choice(treatments, rng.integers(2, min(5, len(treatments)) + 1), replace=False)
        for _ in range(3)
    ]
    for study in range(rng.integers(4, 10)):
        own = (
            designs[rng.integers(3)]
            if rng.random() < 0.6
            else rng.choice(treatments, 2, replace=False)
        )
        base = rng.normal(-4.0 if rare_events else -0.5, 0.3)
        for t in own:
            n = int(rng.integers(15, 90))
            p = 1.0 / (1.0 + math.exp(-base - truth[t] - rng.normal(0, 0.2)))
            arms.append(
                Arm(
                    f"s{study}",
                    str(t),
                    n=n,
                    events=float(rng.binomial(n, p)),
                    mean=truth[t] + rng.normal(0, 0.5),
                    sd=rng.uniform(0.5, 2.0),
                    person_time=n * rng.uniform(0.5, 3.0),
                )
            )
    return arms


class Renamed:
    """The same evidence under other names and in another order, and how to read its results under the first names."""

    def __init__(self, arms: Sequence[Arm], seed: int) -> None:
        rng = np.random.default_rng(seed)
        treatments, studies = sorted({a.treatment for a in arms}), sorted({a.study for a in arms})
        names = rng.permutation(NAMES)[: len(treatments)].tolist()
        self.treatment = dict(zip(treatments, names, strict=True))
        self.study = dict(
            zip(
                studies, [f"{'xA:('[i % 4]}{i}" for i in rng.permutation(len(studies))], strict=True
            )
        )
        self.back = {new: old for old, new in self.treatment.items()}
        self.study_back = {new: old for old, new in self.study.items()}
        self._rng = rng

    def arms(self, arms: Sequence[Arm]) -> list[Arm]:
        """Renamed and shuffled."""
        moved = [
            replace(a, study=self.study[a.study], treatment=self.treatment[a.treatment])
            for a in arms
        ]
        return [moved[i] for i in self._rng.permutation(len(moved))]

    def contrasts(self, contrasts: Sequence[Contrast]) -> list[Contrast]:
        """Renamed, shuffled, half of them turned round."""
        moved = [
            Contrast(
                self.study[c.study],
                self.treatment[c.treatment],
                self.treatment[c.comparator],
                c.estimate,
                c.se,
            )
            for c in contrasts
        ]
        return [
            moved[i].reversed() if self._rng.random() < 0.5 else moved[i]
            for i in self._rng.permutation(len(moved))
        ]


def same(names: Sequence[str]) -> dict[str, str]:
    return {name: name for name in names}


def effects(fit: net.NetworkFit, back: Mapping[str, str]) -> Numbers:
    """Every contrast with its errors and ends, heterogeneity with its interval."""
    found: Numbers = {"tau2": fit.tau2, "q": fit.q, "df": fit.df}
    found |= {("tau2 end", i): end for i, end in enumerate(fit.tau2_interval())}
    found |= {("i2", i): share for i, share in enumerate(fit.i2)}
    for a in fit.network.treatments:
        for b in fit.network.treatments:
            if a == b:
                continue
            e = fit.effect(a, b)
            for name in ("estimate", "se", "low", "high", "p_value"):
                found[name, back[a], back[b]] = getattr(e, name)
            found["from", back[a], back[b]], found["to", back[a], back[b]] = e.prediction
    return found


def splits(found: Sequence[consistency.Split], back: Mapping[str, str]) -> Numbers:
    numbers: Numbers = {}
    for s in found:
        a, b = back[s.treatment], back[s.comparator]
        sign = 1.0 if a < b else -1.0
        for name in ("network", "direct", "indirect", "difference"):
            numbers[name, frozenset((a, b))] = sign * getattr(s, name)
        for name in (
            "proportion",
            "network_se",
            "direct_se",
            "indirect_se",
            "difference_se",
            "p_value",
            "tau2",
            "n_studies",
        ):
            numbers[name, frozenset((a, b))] = getattr(s, name)
    return numbers


def designs(network: net.Network, back: Mapping[str, str]) -> Numbers:
    d = consistency.design_by_treatment(network)
    found: Numbers = {
        name: getattr(d, name)
        for name in (
            "q",
            "within_q",
            "between_q",
            "between_df",
            "tau_within",
            "random_q",
            "f_ratio",
            "f_p_value",
        )
    }
    for own in d.designs:
        found["Q", frozenset(back[t] for t in own.design)] = own.q
    return found


def unrelated(network: net.Network, back: Mapping[str, str]) -> Numbers:
    found = consistency.unrelated_means(network)
    numbers: Numbers = {
        "q": found.q,
        "df": found.df,
        "tau2": found.tau2,
        "consistent": found.consistent_tau2,
    }
    for a, b, value, se in found.effects:
        one, other = back[a], back[b]
        numbers["mean", frozenset((one, other))] = value if one < other else -value
        numbers["se", frozenset((one, other))] = se
    return numbers


def heat(network: net.Network, back: Mapping[str, str]) -> Numbers:
    found = consistency.net_heat(network, tau2=0.02)
    groups = [frozenset(m.arms) for m in network.members]
    keys = [frozenset(back[t] for t in group) for group in dict.fromkeys(groups)]
    numbers: Numbers = {}
    for i, one in enumerate(keys):
        numbers["residual", one] = float(found.residual[i])
        for j, other in enumerate(keys):
            numbers["heat", one, other], numbers["hat", one, other] = (
                float(found.heat[i, j]),
                float(found.hat[i, j]),
            )
    return numbers


def shares(fit: net.NetworkFit, back: Mapping[str, str], study: Mapping[str, str]) -> Numbers:
    found: Numbers = {}
    for method in ("shortest path", "random walk"):
        matrix = contribution.contributions(fit, method=method)
        for row, pair in zip(matrix.shares, matrix.comparisons, strict=True):
            for value, direct in zip(row, matrix.direct, strict=True):
                found[
                    method, frozenset(back[t] for t in pair), frozenset(back[t] for t in direct)
                ] = float(value)
        for pair, own in contribution.study_contributions(fit, method=method).items():
            for name, value in own.items():
                found[method, frozenset(back[t] for t in pair), study[name]] = value
    return {key: value for key, value in found.items() if value > 1e-8}


def ranks(fit: net.NetworkFit, back: Mapping[str, str]) -> Numbers:
    found: Numbers = {}
    for r in ranking.rank(fit, draws=500, seed=3):
        numbers = (
            r.p_score,
            *r.p_score_interval,
            r.sucra,
            r.mean_rank,
            *r.rank_interval,
            *r.probabilities,
        )
        found |= {(back[r.treatment], i): float(value) for i, value in enumerate(numbers)}
    for name, value in ranking.p_scores(fit, small_values="bad").items():
        found["bad", back[name]] = value
    return found


def component(network: net.Network, back: Mapping[str, str]) -> Numbers:
    parts = {
        t: tuple(f"c{k}" for k in range(3) if (int(back[t][1:]) + 1) >> k & 1)
        for t in network.treatments
    }
    fit = components.fit_components(network, parts_of=parts)
    found: Numbers = {"q": fit.q, "df": fit.df, "tau2": fit.tau2, "difference": fit.difference_q}
    for e in fit.effects():
        found[e.component] = e.estimate
        found["se", e.component] = e.se
    for a in network.treatments:
        for b in network.treatments:
            found[back[a], back[b]] = fit.combination(a, b).estimate
    return found


def asymmetry(network: net.Network, back: Mapping[str, str], study: Mapping[str, str]) -> Numbers:
    found = funnel.adjusted_funnel(network)
    numbers: Numbers = {
        (study[p.study], back[p.treatment], back[p.comparator]): p.adjusted for p in found.points
    }
    if found.asymmetry is not None:
        numbers |= {
            "slope": found.asymmetry.slope,
            "p": found.asymmetry.p_value,
            "limit": found.asymmetry.limit,
        }
    return numbers


def slope(network: net.Network, study: Mapping[str, str]) -> Numbers:
    found = regression.network_regression(
        network, {"x": {s: float(int(study[s][1:]) % 3) for s in network.studies}}
    )
    last = found.coefficients[-1]
    return {
        "slope": last.estimate,
        "se": last.se,
        "tau2": found.tau2,
        "qm": found.qm,
        "qe": found.qe,
    }


def trust(fit: net.NetworkFit, back: Mapping[str, str], study: Mapping[str, str]) -> Numbers:
    bias = {s: 1 + int(study[s][1:]) % 3 for s in fit.network.studies}
    found = certainty(fit, risk_of_bias=bias, indirectness=bias, equivalence=0.2)
    return {
        (frozenset((back[c.treatment], back[c.comparator])), j.domain): float(j.concern or 0)
        for c in found
        for j in c.judgements
    }


def tied(network: net.Network) -> bool:
    """Whether two treatments have the very same evidence, such as the only two: then nothing but a name says which one is against
    which, and what has a direction (reference, slope, funnel) turns round with the names."""
    held = list(net.evidence_by_treatment(network).values())
    return len(set(held)) < len(held)


def alike(one: Numbers, other: Numbers, tolerance: float = 1e-6) -> None:
    assert set(one) == set(other)
    for key, value in one.items():
        assert other[key] == pytest.approx(value, rel=tolerance, abs=tolerance, nan_ok=True), key


def both(
    work: Callable[[net.Network, Mapping[str, str], Mapping[str, str]], Numbers],
    contrasts: Sequence[Contrast],
    renamed: Renamed,
    effect: EffectMeasure,
) -> None:
    first = net.build(contrasts, effect)
    other = net.build(renamed.contrasts(contrasts), effect)
    try:
        expected = work(first, same(first.treatments), same(first.studies))
    except NormoxiaError as error:
        with pytest.raises(type(error)):
            work(other, renamed.back, renamed.study_back)
        return
    alike(expected, work(other, renamed.back, renamed.study_back))


WORK: dict[str, Callable[[net.Network, Mapping[str, str], Mapping[str, str]], Numbers]] = {
    "common": lambda n, t, s: effects(net.fit(n, model="common"), t),
    "Hartung-Knapp": lambda n, t, s: effects(net.fit(n, hartung_knapp=True), t),
    "student": lambda n, t, s: effects(net.fit(n, prediction="student", level=0.9), t),
    **{f"tau {m}": lambda n, t, s, m=m: effects(net.fit(n, tau=m), t) for m in TauMethod},
    "node splits": lambda n, t, s: splits(consistency.node_splits(net.fit(n)), t),
    "refitted splits": lambda n, t, s: splits(consistency.refitted_splits(n, tau="DL"), t),
    "design splits": lambda n, t, s: splits(consistency.design_splits(net.fit(n)), t),
    "designs": lambda n, t, s: designs(n, t),
    "unrelated means": lambda n, t, s: unrelated(n, t),
    "net heat": lambda n, t, s: heat(n, t),
    "contributions": lambda n, t, s: shares(net.fit(n), t, s),
    "ranking": lambda n, t, s: ranks(net.fit(n), t),
    "components": lambda n, t, s: component(n, t),
    "funnel": lambda n, t, s: asymmetry(n, t, s),
    "regression": lambda n, t, s: slope(n, s),
    "certainty": lambda n, t, s: trust(net.fit(n), t, s),
}


@pytest.mark.parametrize("name", WORK)
@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), effect=st.sampled_from(list(EffectMeasure)))
def test_names_order_and_direction_change_nothing(
    name: str, seed: int, effect: EffectMeasure
) -> None:
    arms = drawn(seed)
    contrasts, _ = contrasts_from_arms(arms, effect)
    assume(name not in ("funnel", "regression") or not tied(net.build(contrasts, effect)))
    both(WORK[name], contrasts, Renamed(arms, seed + 1), effect)


@settings(max_examples=120)
@given(seed=st.integers(0, 10**6), only=st.integers(2, 3))
def test_contrasts_against_one_arm_alone_change_nothing_either(seed: int, only: int) -> None:
    """Studies that print some of their contrasts, whose variances have to be parted."""
    arms = drawn(seed)
    contrasts, _ = contrasts_from_arms(arms, EffectMeasure.OR)
    rng = np.random.default_rng(seed)
    control = {c.study: c.comparator for c in contrasts}
    kept = [c for c in contrasts if control[c.study] in (c.treatment, c.comparator)]
    kept = [replace(c, se=c.se * rng.uniform(0.3, 3.0)) for c in kept]
    both(WORK["tau REML"], kept, Renamed(arms, seed + 1), EffectMeasure.OR)


METHODS = [m for m in Method]


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=8)
@given(seed=st.integers(0, 10**6), rare_events=st.booleans())
def test_methods_of_counts_do_not_hang_on_names_either(
    method: Method, seed: int, rare_events: bool
) -> None:
    arms = drawn(seed, rare_events=rare_events)
    renamed = Renamed(arms, seed + 1)
    options = {"effect": "OR", "method": method, "small_values": "good", "draws": 300}
    try:
        one = pool(arms, **options)  # type: ignore[arg-type]
    except NormoxiaError as error:
        with pytest.raises(type(error)):
            pool(renamed.arms(arms), **options)  # type: ignore[arg-type]
        return
    other = pool(renamed.arms(arms), **options)  # type: ignore[arg-type]
    names = same(one.network.treatments)
    tolerance = (
        1e-5 if method is Method.BINOMIAL_NORMAL else 1e-6
    )  # the top of the likelihood is found to about 1e-6
    alike(effects(one.fit, names), effects(other.fit, renamed.back), tolerance)
    alike(splits(one.splits, names), splits(other.splits, renamed.back), tolerance)
    if not tied(one.network):
        assert renamed.back[other.reference] == one.reference
    assert [renamed.back[r.treatment] for r in other.ranking] == [r.treatment for r in one.ranking]
    alike(
        ranks(one.fit, names),
        ranks(other.fit, renamed.back),
        1e-2 if method is Method.BINOMIAL_NORMAL else 1e-6,
    )


@settings(max_examples=12)
@given(seed=st.integers(0, 10**6))
def test_the_arms_of_arms_do_not_hang_on_their_order(seed: int) -> None:
    """Counts, means and rates of every measure, from arms in any order to the same contrasts."""
    arms = drawn(seed, rare_events=seed % 2 == 0)
    renamed = Renamed(arms, seed + 1)
    for effect in EffectMeasure:
        one, notes = contrasts_from_arms(arms, effect)
        other, others = contrasts_from_arms(renamed.arms(arms), effect)
        assert len(notes) == len(others)
        found = {
            (renamed.study_back[c.study], renamed.back[c.treatment], renamed.back[c.comparator]): c
            for c in other
        }
        found |= {(s, b, a): c.reversed() for (s, a, b), c in list(found.items())}
        for c in one:
            same_one = found[c.study, c.treatment, c.comparator]
            assert (same_one.estimate, same_one.se) == pytest.approx(
                (c.estimate, c.se), rel=1e-12, abs=1e-12
            )
