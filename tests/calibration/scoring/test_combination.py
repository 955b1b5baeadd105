"""The combination with learned weights: closed forms, another algorithm, and coverage on simulated truth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from normoxia.calibration.scoring import combination, lock, registry_evidence
from normoxia.calibration.scoring.combination import conditional, regress
from normoxia.calibration.scoring.lock import Observed, Target
from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.model import heterogeneity
from normoxia.outcome import Endpoint, Measure

Floats = NDArray[np.float64]
CLASSES = ("one", "two", "three", "four")


def contrast(study: str, y: float, se: float, control: str = "control") -> Observed:
    target = Target(
        study=study,
        population="all",
        endpoint=Endpoint.PFS,
        measure=Measure.HAZARD_RATIO,
        arm="arm",
        comparator=control,
    )
    half = 1.959964 * se
    return Observed(
        target=target,
        value=math.exp(y),
        low=math.exp(y - half),
        high=math.exp(y + half),
        level=0.95,
        se=se,
    )


def test_without_pooling_it_is_weighted_least_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    """With flat priors the coefficients given tau are those of the meta-regression's own solver."""
    rng = np.random.default_rng(1)
    n, tau = 12, 0.15
    kinds = np.arange(n) % 2
    x, se = rng.standard_normal(n), rng.uniform(0.08, 0.2, n)
    y = np.where(kinds == 0, -0.3, -0.1) + 0.4 * x + rng.standard_normal(n) * 0.2
    design = np.column_stack([np.zeros(n), kinds == 0, kinds == 1, x]).astype(float)
    monkeypatch.setattr(combination, "BETA_PRIOR", (0.5, 1e3))
    covariance = np.diag(se**2 + tau**2)[None]
    _, mean, spread = conditional(y, design, covariance, np.array([1e3]))
    expected = heterogeneity.weighted_fit(y, se**2, design[:, 1:], tau**2)
    assert mean[0, 1:] == pytest.approx(expected.coefficients, rel=1e-5)
    assert spread[0, 1:, 1:] == pytest.approx(expected.covariance, rel=1e-4, abs=1e-8)


def test_the_closed_form_is_the_posterior_that_draws_of_the_prior_are_weighted_to() -> None:
    """Importance sampling of the coefficients from their prior; 4.5 standard errors at the effective number of draws."""
    rng = np.random.default_rng(2)
    kinds, omega, tau, se = np.array([0, 0, 1]), 0.2, 0.1, 0.3
    x, y = np.array([0.4, -0.4, 0.0]), np.array([-0.5, -0.1, 0.2])
    design = np.column_stack([np.zeros(3), kinds == 0, kinds == 1, x]).astype(float)
    evidence, mean, spread = conditional(
        y, design, np.eye(3)[None] * (tau**2 + se**2), np.array([omega])
    )
    n = 400_000
    mu = rng.standard_normal(n)
    draws = np.column_stack(
        [
            mu,
            mu + omega * rng.standard_normal(n),
            mu + omega * rng.standard_normal(n),
            0.5 + 0.5 * rng.standard_normal(n),
        ]
    )
    variance = tau**2 + se**2
    log_density = -0.5 * ((y - draws @ design.T) ** 2).sum(axis=1) / variance
    raw = np.exp(log_density)
    weights = raw / raw.sum()
    effective = 1.0 / (weights**2).sum()
    average = weights @ draws
    assert (np.abs(average - mean[0]) < 4.5 * np.sqrt(np.diag(spread[0]) / effective)).all()
    found = weights @ (draws - average) ** 2
    assert found == pytest.approx(np.diag(spread[0]), rel=4.5 * math.sqrt(2.0 / effective))
    # the marginal likelihood, whose constant is left out: n log(2 pi)/2, and here that of the likelihood's own covariance
    expected = math.log(raw.mean()) - 1.5 * math.log(variance)
    error = raw.std() / raw.mean() / math.sqrt(n)
    assert abs(evidence[0] - expected) < 4.5 * error


def simulated(rng: np.random.Generator, n: int) -> tuple[list[Observed], dict, dict, float]:
    """Contrasts of n trials drawn from the model with its priors, and the beta behind them; the first is to be predicted."""
    tau = abs(rng.standard_normal()) * combination.TAU_SCALE
    omega = abs(rng.standard_normal()) * combination.OMEGA_SCALE
    beta = 0.5 + 0.5 * rng.standard_normal()
    mu = rng.standard_normal() + omega * rng.standard_normal(len(CLASSES))
    kinds = rng.integers(0, len(CLASSES), n)
    kinds[:8] = np.repeat(np.arange(4), 2)  # each class twice, so that each has a centre
    m = rng.standard_normal(n) * 0.25 - 0.2
    se = rng.uniform(0.07, 0.2, n)
    centred = m.copy()
    for kind in range(len(CLASSES)):
        mine = np.flatnonzero(kinds == kind)
        centred[mine] -= m[mine[mine > 0]].mean()
    y = mu[kinds] + beta * centred + tau * rng.standard_normal(n) + se * rng.standard_normal(n)
    rows = [contrast(f"study {i}", y[i], se[i]) for i in range(n)]
    of = {row.target: CLASSES[kind] for row, kind in zip(rows, kinds, strict=True)}
    return rows, of, {row.target: value for row, value in zip(rows, m, strict=True)}, beta


def test_intervals_cover_simulated_truth() -> None:
    """400 sets of 24 trials: 50 and 90 % intervals of beta and of the trial left out, within 3.9 standard errors of their level.

    The grid's step and the few quantiles of a normal move a level by less than .01, which is added.
    """
    rng = np.random.default_rng(3)
    n = 400
    inside: dict[tuple[str, float], int] = {}
    for _ in range(n):
        rows, kinds, mechanism, beta = simulated(rng, 24)
        fitted = regress(rows[1:], kinds, mechanism)
        first = rows[0]
        predicted = fitted.predict(kinds[first.target], mechanism[first.target], first.se)
        for level in (0.5, 0.9):
            for what, law, truth in (("beta", fitted.beta, beta), ("y", predicted, first.y)):
                low, high = law.interval(level)
                inside[what, level] = inside.get((what, level), 0) + (low <= truth <= high)
    for (what, level), count in inside.items():
        error = math.sqrt(level * (1 - level) / n)
        assert abs(count / n - level) < 3.9 * error + 0.01, (what, level, count)


def test_a_mechanism_that_explains_nothing_gets_little_weight_and_one_that_explains_all_gets_one() -> (
    None
):
    rng = np.random.default_rng(4)
    n = 80
    kinds = np.arange(n) % 4
    m = 0.4 * rng.standard_normal(n)
    means = np.array([-0.6, -0.3, -0.1, 0.1])[kinds]
    noise = 0.1 * rng.standard_normal(n)
    for beta in (0.0, 1.0):
        rows = [contrast(f"study {i}", means[i] + beta * m[i] + noise[i], 0.1) for i in range(n)]
        of = {row.target: CLASSES[kind] for row, kind in zip(rows, kinds, strict=True)}
        mechanism = {row.target: value for row, value in zip(rows, m, strict=True)}
        found = regress(rows, of, mechanism).beta
        low, high = found.interval(0.99)
        assert low < beta < high
        assert high - low < 0.3


def test_a_class_that_nobody_tried_is_predicted_wider_and_from_the_mean_of_all() -> None:
    rng = np.random.default_rng(5)
    rows, kinds, mechanism, _ = simulated(rng, 24)
    fitted = regress(rows, kinds, mechanism)
    overall = fitted.centres[""]
    new, old = fitted.predict("unheard of", overall), fitted.predict("one", fitted.centres["one"])
    mean = float(fitted.weights @ fitted.mean[:, 0])
    assert new.median == pytest.approx(mean, abs=0.05)
    assert new.interval(0.9)[1] - new.interval(0.9)[0] > old.interval(0.9)[1] - old.interval(0.9)[0]


def test_arms_that_share_a_control_count_as_less_than_two_trials() -> None:
    kinds: dict[Target, str] = {}
    mechanism: dict[Target, float] = {}
    apart = [contrast("a", -0.4, 0.1), contrast("b", -0.4, 0.1)]
    shared = [
        contrast("c", -0.4, 0.1),
        Observed(
            target=Target(
                study="c",
                population="all",
                endpoint=Endpoint.PFS,
                measure=Measure.HAZARD_RATIO,
                arm="other arm",
                comparator="control",
            ),
            value=math.exp(-0.4),
            low=0.0,
            high=0.0,
            level=0.95,
            se=0.1,
        ),
    ]
    for row in (*apart, *shared):
        kinds[row.target], mechanism[row.target] = "one", -0.2
    wide, narrow = (
        regress(rows, kinds, mechanism).predict("one", -0.2).interval(0.9)
        for rows in (shared, apart)
    )
    assert wide[1] - wide[0] > narrow[1] - narrow[0]


def test_no_contrast_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="found none"):
        regress([], {}, {})


def test_every_scored_contrast_is_predicted_without_its_study() -> None:
    """A published value that is moved moves every prediction but its own study's."""
    evidence = registry_evidence.evidence(lock.read(version=1))
    mechanism = {o.target: -0.2 for o in evidence.contrasts}
    predicted, learned = combination.combine(evidence, mechanism)
    assert set(predicted) == {o.target for o in evidence.contrasts}
    assert {e: w.n for e, w in learned.items()} == {Endpoint.PFS: 23, Endpoint.OS: 24}
    # a mechanism that says the same everywhere teaches nothing of beta: the prior's interval comes out
    for weight in learned.values():
        assert weight.beta == pytest.approx((0.5, 0.5 - 0.98, 0.5 + 0.98), abs=0.03)


def test_leaving_a_study_out_in_closed_form_is_fitting_the_others() -> None:
    """Two contrasts with one control, left out together, are predicted as by a fit that never saw them.

    The mechanism's predictions of them are the mean of their class, so that centres are the same with and without.
    """
    rng = np.random.default_rng(6)
    rows = [contrast(f"study {i}", -0.3 + 0.2 * rng.standard_normal(), 0.12) for i in range(14)]
    rows.append(replace(rows[3], target=replace(rows[3].target, arm="other arm"), value=0.6))
    kinds = {o.target: CLASSES[i % 3] for i, o in enumerate(rows[:14])}
    kinds[rows[14].target] = kinds[rows[3].target]
    others = [o for o in rows if o.target.study != "study 3"]
    mechanism = {o.target: 0.2 * rng.standard_normal() for o in others}
    alike = [m for t, m in mechanism.items() if kinds[t] == kinds[rows[3].target]]
    mechanism |= {rows[i].target: float(np.mean(alike)) for i in (3, 14)}
    left, fresh = (
        regress(rows, kinds, mechanism).without("study 3"),
        regress(others, kinds, mechanism),
    )
    for kind in CLASSES[:3]:
        one, other = (fit.predict(kind, -0.1, 0.1) for fit in (left, fresh))
        assert one.median == pytest.approx(other.median, abs=1e-3)
        assert one.interval(0.9) == pytest.approx(other.interval(0.9), abs=1e-3)
        assert left.moments(kind) == pytest.approx(fresh.moments(kind), abs=1e-4)
    assert left.beta.interval(0.95) == pytest.approx(fresh.beta.interval(0.95), abs=2e-3)
    with pytest.raises(InvalidArgument, match="left out already"):
        left.without("study 4")


def test_class_means_are_pooled_towards_a_common_one() -> None:
    """One trial of a class against many of another: its mean lies between its own value and the others'."""
    rows = [contrast(f"study {i}", -0.2, 0.1) for i in range(10)] + [contrast("alone", -1.0, 0.1)]
    kinds = {o.target: "alone" if o.target.study == "alone" else "many" for o in rows}
    mean = regress(rows, kinds, {}).moments("alone")[0]
    assert -1.0 < mean < -0.2
    unknown = regress(rows, kinds, {}).moments("unheard of")
    assert unknown[1] > regress(rows, kinds, {}).moments("many")[1]
