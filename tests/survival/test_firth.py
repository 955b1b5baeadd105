"""Firth's penalty against closed forms and against a likelihood written out and maximised numerically."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.stats import chi2

from normoxia.errors import ComputationFailed, InvalidArgument, NotConverged
from normoxia.survival import TimeToEvent, cox, hazard_ratio, pooled, proportional_hazards_test


@pytest.mark.parametrize(("arm", "other", "events"), [(3, 5, 1), (4, 2, 3), (6, 6, 0), (5, 3, 5)])
def test_one_risk_set_is_jeffreys_estimate_of_a_share(arm: int, other: int, events: int) -> None:
    """Five events tied at one time by Breslow: binomial with n1 e^b / (n1 e^b + n0); half an event is added to each
    side (Firth 1993, section 2): (k + 1/2) / (d + 1)."""
    total = 5 if events else 2
    here = np.repeat([1.0, 0.0], [arm + 5, other + 5])
    observed = np.zeros(len(here), dtype=bool)
    observed[:events] = True
    observed[arm + 5 : arm + 5 + total - events] = True
    time = np.where(observed, 1.0, 2.0)
    fit = cox(TimeToEvent(time=time, observed=observed), here, ties="breslow", firth=True)
    share = (events + 0.5) / (total + 1.0)
    expected = math.log(share / (1 - share) * (other + 5) / (arm + 5))
    assert fit.coefficients[0] == pytest.approx(expected, abs=1e-9)
    assert fit.standard_errors[0] == pytest.approx(
        1 / math.sqrt(total * share * (1 - share)), rel=1e-8
    )


def test_a_single_event_has_three_to_one_odds() -> None:
    """One event: p = 3/4, so the hazard ratio is 3 n0 / n1; by every treatment of ties."""
    one, other = (
        TimeToEvent(time=[1.0, 2.0, 2.0], observed=[1, 0, 0]),
        TimeToEvent(time=[2.0, 2.0], observed=[0, 0]),
    )
    for ties in ("efron", "breslow", "exact"):
        assert hazard_ratio(one, other, ties=ties, firth=True).value == pytest.approx(
            3 * 2 / 3, rel=1e-9
        )
        assert hazard_ratio(other, one, ties=ties, firth=True).value == pytest.approx(
            3 / (3 * 2), rel=1e-9
        )


def written_out(time, observed, x, beta, ties, stratum, weight, entry) -> float:
    """The log partial likelihood by its definition, risk set by risk set."""
    total, eta = 0.0, x @ beta
    for label in np.unique(stratum):
        mine = stratum == label
        for day in np.unique(time[mine & observed]):
            there = np.flatnonzero(mine & (time >= day) & ((entry < day) | (entry == 0)))
            dead = np.flatnonzero(mine & observed & (time == day))
            total += weight[dead] @ eta[dead]
            relative = weight * np.exp(eta)
            if ties == "exact":
                ways = [
                    math.exp(eta[list(s)].sum()) for s in itertools.combinations(there, len(dead))
                ]
                total -= math.log(sum(ways))
                continue
            for k in range(len(dead)):
                share = k / len(dead) if ties == "efron" else 0.0
                total -= weight[dead].mean() * math.log(
                    relative[there].sum() - share * relative[dead].sum()
                )
    return float(total)


def information(f, beta, step=1e-3) -> np.ndarray:
    """Minus the Hessian by fourth-order differences."""
    size = len(beta)
    found = np.zeros((size, size))
    for i in range(size):
        for j in range(size):
            a, b = np.eye(size)[i] * step, np.eye(size)[j] * step
            if i == j:
                points = [f(beta + k * a) for k in (-2, -1, 0, 1, 2)]
                found[i, i] = -np.dot([-1, 16, -30, 16, -1], points) / (12 * step**2)
            else:
                corner = [
                    (
                        f(beta + k * (a + b))
                        - f(beta + k * (a - b))
                        - f(beta - k * (a - b))
                        + f(beta - k * (a + b))
                    )
                    / (4 * (k * step) ** 2)
                    for k in (1, 2)
                ]
                found[i, j] = -(4 * corner[0] - corner[1]) / 3
    return found


def small_study(seed: int, p: int, separated: bool, ties: str):
    rng = np.random.default_rng(seed)
    n = 9
    x = np.column_stack([np.arange(n) % 2, rng.normal(size=n)])[:, :p].astype(float)
    time = np.ceil(rng.exponential(4, n))
    observed = rng.random(n) < 0.8
    if separated:
        observed &= x[:, 0] == 1
    observed[1] = True
    plain = ties == "exact"
    weight = np.ones(n) if plain else rng.uniform(0.5, 2, n)
    entry = np.zeros(n) if plain else np.where(rng.random(n) < 0.3, time / 2, 0.0)
    stratum = rng.integers(0, 2, n) if seed % 2 else np.zeros(n, int)
    data = TimeToEvent(
        time=time,
        observed=observed,
        entry=None if plain else entry,
        weight=None if plain else weight,
    )
    return data, x, (time, observed, x), (ties, stratum, weight, entry)


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
@pytest.mark.parametrize("separated", [False, True])
@pytest.mark.parametrize(
    ("seed", "p"),
    # the written-out likelihood of two covariates is climbed without derivatives, which takes a second
    [(1, 1), (2, 1), pytest.param(2, 2, marks=pytest.mark.slow)],
)
def test_maximum_and_profile_as_written_out(ties: str, separated: bool, seed: int, p: int) -> None:
    data, x, raw, rest = small_study(seed, p, separated, ties)
    centre = np.average(x, axis=0, weights=data.weights)

    def likelihood(beta):
        time, observed, _ = raw
        return written_out(time, observed, x - centre, np.asarray(beta), *rest)

    def penalised(beta):
        return (
            likelihood(beta) + 0.5 * np.linalg.slogdet(information(likelihood, np.asarray(beta)))[1]
        )

    best = minimize(
        lambda b: -penalised(b),
        np.zeros(p),
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-11, "maxiter": 400},
    )
    fit = cox(data, x, strata=rest[1], ties=ties, firth=True)
    # the differences carry 1e-9 of the information, which moves the flat top by about its square root
    assert fit.coefficients == pytest.approx(best.x, abs=2e-4)
    assert fit.log_likelihood[1] == pytest.approx(-best.fun, abs=1e-6)
    assert penalised(fit.coefficients) >= -best.fun - 1e-7
    widths = np.sqrt(np.diag(np.linalg.inv(information(likelihood, fit.coefficients))))
    assert fit.standard_errors == pytest.approx(widths, rel=1e-6)

    if p > 1:
        return

    def profile(value):
        return penalised([value])

    found, top, fall = fit.hazard_ratio("x1"), fit.log_likelihood[1], chi2.ppf(0.95, 1) / 2
    centre_of = float(fit.coefficients[0])
    low = brentq(lambda v: top - profile(v) - fall, centre_of - 30, centre_of, xtol=1e-6)
    high = brentq(lambda v: top - profile(v) - fall, centre_of, centre_of + 30, xtol=1e-6)
    assert (math.log(found.low), math.log(found.high)) == pytest.approx((low, high), abs=1e-4)
    assert found.p == pytest.approx(float(chi2.sf(2 * (top - profile(0.0)), 1)), abs=1e-5)
    assert "Firth" in found.method


def test_many_patients_drown_the_penalty() -> None:
    rng = np.random.default_rng(3)
    n = 4000
    arm = np.arange(n) % 2
    time = rng.exponential(np.where(arm == 1, 1.5, 1.0))
    data = TimeToEvent(time=time, observed=np.ones(n, bool))
    plain, firth = cox(data, arm), cox(data, arm, firth=True)
    assert firth.coefficients[0] == pytest.approx(plain.coefficients[0], abs=1e-4)
    wald, profile = plain.hazard_ratio(), firth.hazard_ratio()
    assert (profile.low, profile.high) == pytest.approx((wald.low, wald.high), rel=2e-3)


def test_without_ties_all_treatments_agree_and_units_do_not_matter() -> None:
    rng = np.random.default_rng(5)
    data = TimeToEvent(time=rng.exponential(1.0, 30), observed=rng.random(30) < 0.5)
    x = rng.normal(size=(30, 2))
    fits = [
        cox(data, x, ties=ties, firth=True).coefficients for ties in ("efron", "breslow", "exact")
    ]
    assert fits[0] == pytest.approx(fits[1], rel=1e-9)
    assert fits[0] == pytest.approx(fits[2], rel=1e-7)
    scaled = cox(data, x * 1e6 + 3.0, firth=True)
    assert scaled.coefficients * 1e6 == pytest.approx(fits[0], rel=1e-7)
    assert scaled.hazard_ratio("x1").p == pytest.approx(
        cox(data, x, firth=True).hazard_ratio("x1").p, rel=1e-6
    )


def test_what_the_penalty_does_not_mend() -> None:
    data = TimeToEvent(time=[1.0, 2.0, 3.0, 4.0], observed=[1, 1, 1, 0])
    with pytest.raises(ComputationFailed, match="tied to one another"):
        cox(data, np.column_stack([[1, 0, 1, 0], [2, 0, 2, 0]]), firth=True)
    with pytest.raises(ComputationFailed, match="no event"):
        cox(TimeToEvent(time=[1.0, 2.0], observed=[0, 0]), [0, 1], firth=True)
    with pytest.raises(InvalidArgument, match="sandwich"):
        cox(data, [0, 1, 0, 1], firth=True, robust=True)
    with pytest.raises(InvalidArgument, match="Firth"):
        proportional_hazards_test(cox(data, [0, 1, 0, 1], firth=True))


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
def test_a_direction_of_two_covariates_that_separates_is_named(ties: str) -> None:
    """Neither covariate separates alone; their sum does: the patient with the event always has the greatest."""
    rng = np.random.default_rng(11)
    x = rng.normal(size=(40, 3))
    order = np.argsort(-(x[:, 0] + x[:, 1]))
    time = np.empty(40)
    time[order] = np.arange(1.0, 41.0)
    data = TimeToEvent(time=time, observed=np.ones(40, bool))
    with pytest.raises(NotConverged, match="rises without end") as error:
        cox(data, x, names=("age", "size", "noise"), ties=ties)
    assert "age" in str(error.value)
    assert "size" in str(error.value)
    assert np.isfinite(cox(data, x, ties=ties, firth=True).coefficients).all()


def test_a_strong_effect_with_a_maximum_is_not_refused() -> None:
    """A hazard ratio of thousands that the data do bound, checked against the root of the score."""
    rng = np.random.default_rng(8)
    x = rng.normal(size=300)
    time = rng.exponential(np.exp(-6.0 * x))
    # times over fifteen powers of ten: the shortest are one for the rule of ties, which is off here
    fit = cox(TimeToEvent(time=time, observed=np.ones(300, bool), tie_tolerance=0.0), x)

    def score(beta):
        order = np.argsort(time)
        risk = np.exp(beta * x[order])
        mean = (np.cumsum((risk * x[order])[::-1]) / np.cumsum(risk[::-1]))[::-1]
        return float((x[order] - mean).sum())

    assert fit.coefficients[0] == pytest.approx(brentq(score, 1.0, 12.0, xtol=1e-12), rel=1e-8)


def test_pooled_arms_give_the_ratio_of_the_fit() -> None:
    one, other = (
        TimeToEvent(time=[1.0, 3.0], observed=[1, 1]),
        TimeToEvent(time=[2.0, 4.0], observed=[0, 1]),
    )
    data, group = pooled((one, other))
    assert hazard_ratio(one, other, firth=True).value == pytest.approx(
        math.exp(cox(data, group == 0, firth=True).coefficients[0])
    )
