"""The binomial-normal network against lme4, metafor, closed forms, and a likelihood integrated another way."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from normoxia.errors import InvalidArgument, NotConverged
from normoxia.evidence.synthesis.model import binomial, meta, rare
from normoxia.evidence.synthesis.model.binomial import network_binomial
from normoxia.evidence.synthesis.model.contrasts import Arm, by_study

ORACLES = Path(__file__).parents[2] / "oracles" / "synthesis"


def bcg() -> list[Arm]:
    with (ORACLES / "input_bcg.csv").open(encoding="utf-8") as file:
        rows = [
            {k: float(r[k]) for k in ("tpos", "tneg", "cpos", "cneg")} | {"study": r["trial"]}
            for r in csv.DictReader(file)
        ]
    return [
        arm
        for r in rows
        for arm in (
            Arm(str(r["study"]), "t", n=r["tpos"] + r["tneg"], events=r["tpos"]),
            Arm(str(r["study"]), "c", n=r["cpos"] + r["cneg"], events=r["cpos"]),
        )
    ]


def smoking() -> list[Arm]:
    """Counselling to stop smoking, 24 studies of 4 treatments, two with three arms (Hasselblad 1998)."""
    with (ORACLES / "input_hasselblad1998.csv").open(encoding="utf-8") as file:
        return [
            Arm(r["study"], r["treatment"], n=float(r["n"]), events=float(r["events"]))
            for r in csv.DictReader(file)
        ]


# lme4 1.1-31 under R 4.2.2, November 2026; x is +1/2 in one arm of a study and -1/2 in the other:
#   glmer(cbind(events, n - events) ~ 0 + factor(study) + treatment + (0 + x | study), family = binomial, nAGQ = 25,
#         control = glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-11, rhobeg = 1e-3), tolPwrss = 1e-11))
#   deviance and df of glm(cbind(events, n - events) ~ 0 + factor(study) + treatment, family = binomial)
# It stops within 5e-6 of the maximum and takes standard errors from finite differences (2e-5).


def test_pairwise_answer_is_lme4s_and_metafors() -> None:
    fit = network_binomial(bcg())
    effect = fit.effect("t", "c")
    assert effect.estimate == pytest.approx(-0.7450036593, abs=5e-6)
    assert effect.se == pytest.approx(0.1755579977, rel=5e-5)
    assert fit.tau2 == pytest.approx(0.2948869198, rel=1e-5)
    # metafor 3.8-1: rma.glmm(measure = "OR", model = "UM.FS", nAGQ = 30), QE.LRT and its degrees of freedom
    assert (fit.q, fit.df) == (pytest.approx(176.9544481884, rel=1e-10), 12)


def test_a_network_of_two_arm_studies_is_lme4s() -> None:
    arms = [arm for members in by_study(smoking()).values() if len(members) == 2 for arm in members]
    fit = network_binomial(arms)
    peer = {
        "ind_counseling": (-0.7414783224, 0.4676404257),
        "no_contact": (-1.5271532052, 0.4826544164),
        "self_help": (-1.0652787766, 0.5160406182),
    }
    for treatment, (estimate, se) in peer.items():
        effect = fit.effect(treatment, "grp_counseling")
        assert effect.estimate == pytest.approx(estimate, abs=5e-6)
        assert effect.se == pytest.approx(se, rel=5e-5)
    assert fit.tau2 == pytest.approx(0.4508588936, rel=1e-6)
    assert (fit.q, fit.df) == (pytest.approx(227.4115245931, rel=1e-10), 19)


def test_three_arms_agree_with_a_likelihood_integrated_on_a_grid_and_climbed_without_derivatives() -> (
    None
):
    """Between-study effects as contrasts against the first arm, covariance tau2 (1, 1/2; 1/2, 1), trapezoids."""
    arms = [arm for arm in smoking() if arm.study in ("2", "7", "9", "20", "24")]
    studies = list(by_study(arms).values())
    fit = network_binomial(arms)
    names = fit.network.treatments
    line = np.linspace(-7.5, 7.5, 121)
    grid = {1: line[:, None], 2: np.stack([m.ravel() for m in np.meshgrid(line, line)], axis=1)}
    root = {1: np.array([[1.0]]), 2: np.linalg.cholesky(np.array([[1.0, 0.5], [0.5, 1.0]]))}

    def loss(x: np.ndarray) -> float:
        theta = dict(zip(names, [0.0, *x[: len(names) - 1]], strict=True))
        total, tau = 0.0, x[len(names) - 1]
        for alpha, members in zip(x[len(names) :], studies, strict=True):
            z = grid[len(members) - 1]
            u = np.column_stack([np.zeros(len(z)), tau * z @ root[z.shape[1]].T])
            u -= u.mean(axis=1, keepdims=True)
            eta = alpha + u + np.array([theta[arm.treatment] for arm in members])
            e, n = (np.array([getattr(arm, what) for arm in members]) for what in ("events", "n"))
            logs = (e * eta - n * np.logaddexp(0, eta)).sum(axis=1) - (z**2).sum(axis=1) / 2
            cell = (line[1] - line[0]) / math.sqrt(2 * math.pi)
            total += logs.max() + math.log(np.exp(logs - logs.max()).sum() * cell ** z.shape[1])
        return -total

    start = [*fit.theta[1:] + 0.2, 0.9 * fit.tau]
    start += [math.log(sum(a.events for a in m) / sum(a.n - a.events for a in m)) for m in studies]
    found = minimize(loss, start, method="BFGS", options={"gtol": 1e-4})
    assert abs(found.x[len(names) - 1]) == pytest.approx(fit.tau, abs=2e-4)
    assert found.x[: len(names) - 1] == pytest.approx(fit.theta[1:], abs=2e-4)
    hessian_se = np.sqrt(np.diag(_inverse_hessian(loss, found.x)))[: len(names) - 1]
    assert hessian_se == pytest.approx([fit.effect(t, names[0]).se for t in names[1:]], rel=2e-3)


def _inverse_hessian(loss, x: np.ndarray, h: float = 1e-3) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Inverse of the second differences of a function."""
    k = len(x)
    steps = np.eye(k) * h
    found = np.empty((k, k))
    for i in range(k):
        for j in range(i, k):
            found[i, j] = found[j, i] = (
                loss(x + steps[i] + steps[j])
                - loss(x + steps[i] - steps[j])
                - loss(x - steps[i] + steps[j])
                + loss(x - steps[i] - steps[j])
            ) / (4 * h * h)
    return np.linalg.inv(found)


def test_without_random_effects_it_is_logistic_regression() -> None:
    ours, peer = (
        network_binomial(smoking(), model="common"),
        rare.network_logistic(smoking(), penalised=False),
    )
    assert ours.theta == pytest.approx(peer.theta, abs=1e-9)
    assert ours.covariance == pytest.approx(peer.covariance, abs=1e-9)


def test_one_study_is_its_own_odds_ratio() -> None:
    effect = network_binomial(
        [Arm("s", "t", n=100, events=20), Arm("s", "c", n=100, events=10)]
    ).effect("t", "c")
    assert effect.estimate == pytest.approx(math.log(20 * 90 / (80 * 10)))
    assert effect.se == pytest.approx(math.sqrt(1 / 20 + 1 / 80 + 1 / 10 + 1 / 90))


def test_where_studies_differ_no_more_than_chance_tau_is_zero_and_so_is_its_lower_end() -> None:
    arms = [
        arm
        for s in range(6)
        for arm in (
            Arm(str(s), "t", n=200, events=20 + s % 2),
            Arm(str(s), "c", n=200, events=30 - s % 2),
        )
    ]
    fit = network_binomial(arms)
    assert fit.tau2 == 0.0
    assert fit.tau2_interval()[0] == 0.0 < fit.tau2_interval()[1]
    assert fit.theta == pytest.approx(network_binomial(arms, model="common").theta)


def test_with_many_patients_it_is_the_normal_model_by_maximum_likelihood() -> None:
    """Counts of 10^5 patients are normal; differences to ML on log odds ratios are of the order of 1 / events."""
    rng = np.random.default_rng(4)
    arms, y, v = [], [], []
    for s in range(12):
        base, d = rng.normal(-1, 0.3), rng.normal(0.4, 0.3)
        e, c = rng.binomial(100_000, expit(base + d)), rng.binomial(100_000, expit(base))
        arms += [Arm(str(s), "t", n=1e5, events=float(e)), Arm(str(s), "c", n=1e5, events=float(c))]
        y.append(math.log(e / (1e5 - e)) - math.log(c / (1e5 - c)))
        v.append(1 / e + 1 / (1e5 - e) + 1 / c + 1 / (1e5 - c))
    fit = network_binomial(arms)
    pooled = meta.pairwise(y, np.sqrt(v), tau="ML")
    assert fit.effect("t", "c").estimate == pytest.approx(pooled.estimate, abs=1e-4)
    assert fit.tau2 == pytest.approx(pooled.tau2, rel=1e-3)


def test_derivatives_are_those_of_the_value() -> None:
    studies = list(by_study(smoking()).values())
    names = sorted({arm.treatment for members in studies for arm in members})
    likelihood = binomial._Likelihood(
        studies, {t: i for i, t in enumerate(names)}, np.array([1, 2, 3])
    )
    theta, tau, alpha = np.array([-0.2, -1.0, -0.5]), 0.6, likelihood.start
    point, h = likelihood.at(theta, tau, alpha), 1e-5

    def moved(k: int, by: float) -> binomial._Point:
        at = np.append(theta, tau)
        at[k] += by
        return likelihood.at(at[:3], at[3], alpha)

    for k in range(4):
        up, down = moved(k, h), moved(k, -h)
        assert (up.value - down.value) / (2 * h) == pytest.approx(
            point.slope[k], rel=1e-5, abs=1e-5
        )
        assert -(up.slope - down.slope) / (2 * h) == pytest.approx(
            point.curvature[k], rel=1e-4, abs=1e-3
        )


def test_studies_that_tell_nothing_are_named_and_change_nothing() -> None:
    more = [*bcg(), Arm("empty", "t", n=50, events=0), Arm("empty", "c", n=40, events=0)]
    fit = network_binomial(more)
    assert fit.effect("t", "c").estimate == pytest.approx(
        network_binomial(bcg()).effect("t", "c").estimate
    )
    assert any('"empty": no events' in note for note in fit.network.notes)


def test_no_finite_maximum_and_no_events_are_said() -> None:
    empty = [Arm("a", "t", n=50, events=0), Arm("a", "c", n=40, events=6)]
    with pytest.raises(NotConverged, match="penalised"):
        network_binomial(empty)
    with pytest.raises(InvalidArgument, match="no study has both"):
        network_binomial([Arm("a", "t", n=50, events=0), Arm("a", "c", n=40, events=0)])


@pytest.mark.slow
def test_intervals_cover_and_estimates_centre_with_few_events() -> None:
    """200 networks of 30 studies with about 1 event in 100 patients: 95 % intervals within 3.5 binomial standard errors."""
    rng, truth, inside, bias, n = (
        np.random.default_rng(8),
        {"a": 0.0, "b": -0.7, "c": 0.5},
        0,
        [],
        200,
    )
    for _ in range(n):
        arms = []
        for study in range(30):
            base = rng.normal(-4.5, 0.3)
            names = ("abc", "ac", "ab")[study % 3]
            u = rng.normal(0, 0.3 / math.sqrt(2), len(names))
            for name, own in zip(names, u, strict=True):
                k = rng.binomial(150, expit(base + truth[name] + own))
                arms.append(Arm(str(study), name, n=150, events=float(k)))
        effect = network_binomial(arms).effect("b", "a")
        inside += effect.low <= truth["b"] <= effect.high
        bias.append(effect.estimate - truth["b"])
    assert abs(inside / n - 0.95) < 3.5 * math.sqrt(0.95 * 0.05 / n), inside / n
    assert (
        abs(np.mean(bias)) < 3.5 * np.std(bias) / math.sqrt(n) + 0.03
    )  # maximum likelihood of log odds: away from 0 by O(1/n)
