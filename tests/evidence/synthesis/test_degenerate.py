"""Few, equal, single, empty and disconnected studies, for every measure, model and method: a right number or a reason."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from normoxia.errors import InvalidArgument, NormoxiaError
from normoxia.evidence import pool
from normoxia.evidence.synthesis.judgement import consistency, small_studies
from normoxia.evidence.synthesis.model import meta, rare, regression
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.binomial import network_binomial
from normoxia.evidence.synthesis.model.contrasts import Arm, Contrast, EffectMeasure
from normoxia.evidence.synthesis.model.counts import Method
from normoxia.evidence.synthesis.model.heterogeneity import TauMethod

EQUAL = [Contrast(str(i), "a", "b", 0.3, 0.2) for i in range(4)]


@pytest.mark.parametrize("tau", list(TauMethod))
@pytest.mark.parametrize("hartung_knapp", [False, True])
def test_studies_that_agree_exactly_keep_an_interval(tau: TauMethod, hartung_knapp: bool) -> None:
    """Q is 0: no factor of Hartung and Knapp, whose interval would have no width; the common effect otherwise."""
    fit = net.fit(net.build(EQUAL), tau=tau, hartung_knapp=hartung_knapp)
    pooled = meta.pairwise([0.3] * 4, [0.2] * 4, tau=tau, hartung_knapp=hartung_knapp)
    for found in (fit.effect("a", "b"), pooled):
        assert found.estimate == pytest.approx(0.3)
        assert found.se == pytest.approx(0.1)
        assert found.low < 0.11 < found.high
    assert fit.tau2 == pytest.approx(0.0, abs=1e-12)
    assert fit.q == pytest.approx(0.0, abs=1e-12)


def test_agreement_is_said_where_hartung_and_knapp_are_asked_for() -> None:
    said = pool(EQUAL, hartung_knapp=True, small_values="good").notes
    assert any("agree exactly" in note for note in said)
    assert not any("agree exactly" in note for note in pool(EQUAL, small_values="good").notes)
    apart = [*EQUAL, Contrast("9", "a", "b", 0.9, 0.2)]
    assert not any(
        "agree exactly" in note
        for note in pool(apart, hartung_knapp=True, small_values="good").notes
    )


def test_designs_that_agree_exactly_leave_fishers_test_without_a_denominator() -> None:
    rows = [*EQUAL, Contrast("x", "b", "c", 0.3, 0.2), Contrast("y", "a", "c", 0.1, 0.2)]
    d = consistency.design_by_treatment(net.build(rows))
    assert d.within_q == pytest.approx(0.0, abs=1e-12)
    assert math.isnan(d.f_ratio)
    gap = 0.3 + 0.3 - 0.1
    assert d.between_q == pytest.approx(gap**2 / (0.04 / 4 + 0.04 + 0.04))


def test_a_regression_of_studies_on_a_line_keeps_an_interval() -> None:
    x = [0.0, 1.0, 2.0, 3.0, 4.0]
    fit = regression.meta_regression([0.1 * v for v in x], [0.2] * 5, {"x": x}, hartung_knapp=True)
    assert fit["x"].estimate == pytest.approx(0.1)
    assert fit["x"].se == pytest.approx(0.2 / math.sqrt(10.0))


def test_studies_of_one_size_have_no_asymmetry() -> None:
    with pytest.raises(InvalidArgument, match=r"standard error 0\.2"):
        small_studies.egger([0.1, 0.2, 0.4], [0.2, 0.2, 0.2])
    with pytest.raises(InvalidArgument, match="at least 3"):
        small_studies.trim_and_fill([0.1, 0.2], [0.2, 0.3], side="left")


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.1, 95.0, math.nan])
def test_levels_and_standard_deviations_that_cannot_be_are_refused(bad: float) -> None:
    for work in (
        lambda: net.fit(net.build(EQUAL), level=bad),
        lambda: meta.pairwise([0.1, 0.2], [0.1, 0.1], level=bad),
    ):
        with pytest.raises(InvalidArgument, match="between 0 and 1"):
            work()
    with pytest.raises(InvalidArgument, match="finite and 0 or more"):
        net.fit(net.build(EQUAL), tau=math.inf)


@pytest.mark.parametrize("effect", ["RR", "RD"])
@pytest.mark.parametrize(
    "table", [(5.0, 5.0, 7.0, 7.0), (0.0, 9.0, 0.0, 8.0), (5.0, 5.0, 0.0, 8.0)]
)
def test_full_and_empty_arms_alone_tell_no_error(effect: str, table: tuple[float, ...]) -> None:
    with pytest.raises(InvalidArgument):
        rare.mantel_haenszel([table, table], effect=effect)  # type: ignore[list-item]


@pytest.mark.parametrize(
    "table",
    [
        (1.0, 0.0, 1.0, 5.0),
        (math.nan, 5.0, 1.0, 5.0),
        (6.0, 5.0, 1.0, 5.0),
        (1.0, math.inf, 1.0, 5.0),
    ],
)
def test_tables_that_cannot_be_are_named(table: tuple[float, ...]) -> None:
    for work in (rare.mantel_haenszel, rare.peto):
        with pytest.raises(InvalidArgument, match="study 2"):
            work([(1.0, 5.0, 2.0, 5.0), table])  # type: ignore[list-item]


COUNTS = [
    Arm(s, t, n=n, events=e)
    for s, t, e, n in (
        ("1", "a", 3, 40),
        ("1", "b", 7, 44),
        ("2", "a", 5, 60),
        ("2", "b", 6, 58),
        ("3", "b", 9, 50),
        ("3", "c", 4, 50),
        ("4", "a", 2, 30),
        ("4", "c", 3, 33),
    )
]
SILENT = {
    "no events": [Arm("5", "a", n=70, events=0), Arm("5", "c", n=35, events=0)],
    "all events": [Arm("5", "a", n=70, events=70), Arm("5", "b", n=35, events=35)],
    "no events in three arms": [Arm("5", t, n=70, events=0) for t in "abc"],
}


@pytest.mark.parametrize("silent", SILENT)
@pytest.mark.parametrize("method", list(Method))
def test_a_study_without_events_or_non_events_moves_no_odds_ratio(
    method: Method, silent: str
) -> None:
    """Its likelihood is 1 at the limit of its own intercept, whatever the effects; Firth's penalty alone would let it speak."""
    options = {"effect": "OR", "method": method, "small_values": "good", "draws": 50}
    without, whole = (pool(arms, **options) for arms in (COUNTS, [*COUNTS, *SILENT[silent]]))  # type: ignore[arg-type]
    for a, b in (("a", "b"), ("a", "c"), ("b", "c")):
        assert whole.effect(a, b) == without.effect(a, b)
    assert any('study "5"' in note and "left out" in note for note in whole.notes)


@pytest.mark.parametrize("silent", SILENT)
def test_that_likelihood_is_flat_in_the_effects(silent: str) -> None:
    """The profile over the study's own intercept, on a grid of effects, by another road: a grid of intercepts to +-40."""
    arms = SILENT[silent]
    alpha = np.linspace(-40.0, 40.0, 4001)
    for theta in (-2.0, 0.0, 1.5):
        eta = [alpha + theta * (arm.treatment != "a") for arm in arms]
        value = sum(
            arm.events * x - arm.n * np.logaddexp(0.0, x) for arm, x in zip(arms, eta, strict=True)
        )
        assert float(np.max(value)) == pytest.approx(0.0, abs=1e-12)


def test_the_methods_of_counts_alone_leave_such_studies_out_too() -> None:
    both = [*COUNTS, *SILENT["no events"]]
    for work in (rare.network_mantel_haenszel, rare.network_logistic, network_binomial):
        assert work(both).effect("a", "b") == work(COUNTS).effect("a", "b")
        assert any("does not depend on the effects" in note for note in work(both).network.notes)


def arms_of(seed: int) -> list[Arm]:
    """Two to five studies with cells that are often empty, full, or of one patient; connected or not."""
    rng = np.random.default_rng(seed)
    treatments = list("abcdef")[: rng.integers(2, 7)]
    same = rng.random() < 0.2
    arms = []
    for study in range(rng.integers(1, 6)):
        for t in rng.choice(
            treatments, min(len(treatments), int(rng.integers(2, 4))), replace=False
        ):
            n = 20 if same else int(rng.choice([1, 2, 5, 20, 100]))
            events = 3 if same else int(rng.choice([0, 0, n, rng.integers(0, n + 1)]))
            mean = 1.0 if same or rng.random() < 0.3 else float(rng.normal())
            arms.append(
                Arm(
                    f"s{study}",
                    str(t),
                    n=n,
                    events=events,
                    mean=mean,
                    sd=1.0,
                    person_time=float(rng.choice([0.5, 30.0])),
                )
            )
    return arms


CASES = [(effect, Method.INVERSE_VARIANCE) for effect in EffectMeasure] + [
    (EffectMeasure.OR, method) for method in Method if method is not Method.INVERSE_VARIANCE
]


@pytest.mark.parametrize(("effect", "method"), CASES)
@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), common=st.booleans(), knapp=st.booleans())
def test_every_measure_and_method_gives_numbers_that_fit_together_or_a_reason(
    effect: EffectMeasure, method: Method, seed: int, common: bool, knapp: bool
) -> None:
    knapp = knapp and method is Method.INVERSE_VARIANCE
    try:
        found = pool(
            arms_of(seed),
            effect=effect,
            method=method,
            model="common" if common else "random",
            hartung_knapp=knapp,
            small_values="good",
            draws=20,
        )
    except NormoxiaError:
        return
    found.to_json()
    for a in found.network.treatments:
        for b in found.network.treatments:
            e = found.effect(a, b)
            if a == b or math.isnan(e.estimate):
                continue
            assert math.isfinite(e.estimate)
            assert 0.0 < e.se < math.inf
            assert e.low < e.estimate < e.high
            back = found.effect(b, a)
            assert (back.estimate, back.se) == pytest.approx((-e.estimate, e.se))
            if not knapp:
                assert e.p_value == pytest.approx(2 * norm.sf(abs(e.estimate) / e.se), abs=1e-12)


@pytest.mark.parametrize("small", [1e-3, 1e-5, 1e-7])
def test_a_study_that_outweighs_all_others_leaves_the_moments_right(small: float) -> None:
    """The typical variance and DerSimonian and Laird's tau2 in exact fractions, where plain subtraction loses every digit."""
    ses = [Fraction(1), Fraction(1), Fraction(small)]
    y = [Fraction(1), Fraction(-1), Fraction(3, 2)]
    w = [1 / s**2 for s in ses]
    total = sum(w)
    q = sum(
        a * (b - sum(c * d for c, d in zip(w, y, strict=True)) / total) ** 2
        for a, b in zip(w, y, strict=True)
    )
    trace = total - sum(a**2 for a in w) / total
    pooled = meta.pairwise([float(v) for v in y], [float(s) for s in ses], tau="DL")
    assert pooled.tau2 == pytest.approx(float((q - 2) / trace), rel=1e-6)
    typical = float(Fraction(2) / trace)
    assert pooled.h2 == pytest.approx(pooled.tau2 / typical + 1.0, rel=1e-6)
