"""Hazards of classes of drugs that add, fitted to published rates, with their uncertainty and a test of adding.

An arm a of study s with classes C has P(event) = 1 - exp(-exp(u_s + v_a) H_a), H_a = sum of h_c over C (+ h_0 where events of any cause were
counted), and rho (h_ICI + h_AA) in place of h_ICI + h_AA where both are given: rho = 1 is adding. u_s ~ N(0, tau^2) is what studies differ
by (how long drugs were given, who counted), v_a ~ N(0, omega^2) what arms of a study do beyond their classes. On the scale
y = log(-log(1 - rate)), half an event added, events are normal with the variance of the delta method, so that
y ~ N(log H, D + omega^2 I + tau^2 S) with S = 1 within a study, in closed form. The posterior of (log h, log rho, log tau, log omega)
is taken as normal about its mode (Laplace; Gelman 2013, Bayesian Data Analysis, chapter 4). Rates of left-out studies are predicted from the same
draws with weights 1/p(y_s) (Gelfand 1992, importance sampling leave-one-out). Priors are assumed: log h ~ N(log 0.3, 1), log rho ~ N(0, 0.5),
log tau and log omega ~ N(log 0.3, 0.5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia import seeding
from normoxia.design.toxicity.published_rates import ANTI_ANGIOGENIC, CLASSES, ArmRate
from normoxia.errors import ComputationFailed, InvalidArgument
from normoxia.outcome import Estimate

Floats = NDArray[np.float64]

LEVEL = 0.95
#: draws of the posterior
DRAWS = 2000
#: means and standard deviations of the priors of log h, log rho, log tau and log omega
_HAZARD, _RHO, _TAU = (math.log(0.3), 1.0), (0.0, 0.5), (math.log(0.3), 0.5)
#: in a state stand the classes, then the background, rho, tau and omega
_N = len(CLASSES)


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Rates as arrays: membership (n_arms, n_classes), any cause, both, study, log(-log(1 - rate)) and its variance by arm."""

    member: Floats
    any_cause: Floats
    both: Floats
    study: NDArray[np.intp]
    y: Floats
    variance: Floats
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassHazards:
    """The posterior of class hazards.

    Attributes
    ----------
    rates
        What they were fitted to.
    hazards
        Draws of the hazard of each class, without and with which it may be looked up by `CLASSES`; shape (n_draws, n_classes).
    background
        Draws of the hazard of events not related to treatment; shape (n_draws,).
    rho
        Draws of the combined hazard of ICI and anti-angiogenic drug over the sum of both; shape (n_draws,).
    tau
        Draws of the standard deviation between studies; shape (n_draws,).
    omega
        Draws of the standard deviation between arms of a study beyond their classes; shape (n_draws,).
    """

    rates: tuple[ArmRate, ...]
    hazards: Floats
    background: Floats
    rho: Floats
    tau: Floats
    omega: Floats

    def cumulative(self, classes: Sequence[str]) -> Floats:
        """Draws of the cumulative hazard of a regimen of these classes; shape (n_draws,)."""
        unknown = [name for name in classes if name not in CLASSES]
        if unknown:
            raise InvalidArgument(f'unknown class "{unknown[0]}"; expected {", ".join(CLASSES)}')
        total = np.zeros(len(self.rho))
        both = "ICI" in classes and any(c in ANTI_ANGIOGENIC for c in classes)
        for name in classes:
            own = self.hazards[:, CLASSES.index(name)]
            is_joined = both and (name == "ICI" or name in ANTI_ANGIOGENIC)
            total += own * (self.rho if is_joined else 1.0)
        return total

    def percent(self, classes: Sequence[str]) -> Floats:
        """Draws of the rate of a regimen in an average study, percent; shape (n_draws,)."""
        return np.asarray(100.0 * -np.expm1(-self.cumulative(classes)))

    def n_arms(self, name: str) -> int:
        """Published arms that hold a class."""
        return sum(name in rate.classes for rate in self.rates)

    def n_studies(self, *names: str) -> int:
        """Published studies with an arm that holds all these classes."""
        return len({rate.study for rate in self.rates if set(names) <= set(rate.classes)})


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A published rate beside its prediction from the other studies: percent, with the 95 % prediction interval."""

    rate: ArmRate
    predicted: Estimate

    @property
    def inside(self) -> bool:
        """Whether the published rate lies in the interval."""
        return self.predicted.contains(100.0 * self.rate.events / self.rate.n)


def interval(draws: Floats) -> Estimate:
    """Median of draws with the interval that holds the middle 95 %."""
    low, middle, high = (float(q) for q in np.quantile(draws, [0.025, 0.5, 0.975]))
    return Estimate(middle, low, high, LEVEL)


def fitted(rates: Sequence[ArmRate], *, seed: int = 1, draws: int = DRAWS) -> ClassHazards:
    """Return the posterior of class hazards given published rates.

    Parameters
    ----------
    rates
        At least one.
    seed, draws
        Of the draws of the posterior.

    Raises
    ------
    InvalidArgument
        Without rates.
    ComputationFailed
        The mode was not found.
    """
    states = _states(_table(rates), seed, draws)
    return ClassHazards(
        rates=tuple(rates),
        hazards=np.exp(states[:, :_N]),
        background=np.exp(states[:, _N]),
        rho=np.exp(states[:, _N + 1]),
        tau=np.exp(states[:, _N + 2]),
        omega=np.exp(states[:, _N + 3]),
    )


def left_out(posterior: ClassHazards, *, seed: int = 1) -> tuple[LeftOut, ...]:
    """Return every rate beside what the other studies predict of it, by importance sampling.

    A prediction holds the uncertainty of the hazards, what studies differ by, and what is left to chance in n patients.
    """
    table = _table(posterior.rates)
    states = np.column_stack(
        [
            np.log(posterior.hazards),
            np.log(posterior.background),
            np.log(posterior.rho),
            np.log(posterior.tau),
            np.log(posterior.omega),
        ]
    )
    by_study = np.stack([_study_terms(state, table) for state in states])
    n_draws = len(states)
    shift = seeding.normals(seed, "design/toxicity/study", n_draws, 1)[:, 0]
    found = []
    for row, rate in enumerate(posterior.rates):
        logs = -by_study[:, table.study[row]]
        weights = np.exp(np.minimum(logs - np.median(logs), 7.0))
        hazard = np.array([_arm_hazard(state, table, row) for state in states])
        spread = np.sqrt(posterior.tau**2 + posterior.omega**2)
        p = -np.expm1(-hazard * np.exp(spread * shift))
        u = seeding.uniforms(seed, f"design/toxicity/{rate.study}/{rate.arm}", n_draws, 1)[:, 0]
        percent = 100.0 * _binomial(u, rate.n, p) / rate.n
        order = np.argsort(percent)
        summed = np.cumsum(weights[order]) / weights.sum()
        places = np.minimum(np.searchsorted(summed, [0.025, 0.5, 0.975]), n_draws - 1)
        low, middle, high = (float(percent[order][place]) for place in places)
        found.append(LeftOut(rate=rate, predicted=Estimate(middle, low, high, LEVEL)))
    return tuple(found)


def _binomial(u: Floats, n: int, p: Floats) -> Floats:
    from scipy.special import bdtrik

    return np.asarray(np.clip(np.ceil(bdtrik(u, n, np.clip(p, 1e-9, 1.0 - 1e-9))), 0, n))


def _table(rates: Sequence[ArmRate]) -> _Table:
    if not rates:
        raise InvalidArgument("found no published rates; a fit needs at least one")
    names = tuple(dict.fromkeys(rate.study for rate in rates))
    member = np.array([[float(c in rate.classes) for c in CLASSES] for rate in rates])
    vessel = np.array([any(c in ANTI_ANGIOGENIC for c in rate.classes) for rate in rates])
    events = np.array([float(rate.events) for rate in rates])
    n = np.array([float(rate.n) for rate in rates])
    p = (events + 0.5) / (n + 1.0)
    hazard = -np.log1p(-p)
    return _Table(
        member=member,
        any_cause=np.array([float(rate.any_cause) for rate in rates]),
        both=vessel * member[:, CLASSES.index("ICI")],
        study=np.array([names.index(rate.study) for rate in rates]),
        y=np.log(hazard),
        variance=p / ((1.0 - p) * (n + 1.0) * hazard**2),
        names=names,
    )


#: classes whose hazards rho multiplies when they are given together
_JOINED = np.array([float(c == "ICI" or c in ANTI_ANGIOGENIC) for c in CLASSES])


def _hazards(state: Floats, table: _Table) -> Floats:
    """Cumulative hazard of each arm in an average study; shape (n_arms,)."""
    h = np.exp(state[:_N])
    plain = table.member @ h
    joined = table.member @ (h * _JOINED)
    extra = table.both * joined * np.expm1(state[_N + 1])
    return np.asarray(plain + extra + table.any_cause * math.exp(state[_N]))


def _arm_hazard(state: Floats, table: _Table, row: int) -> float:
    h = np.exp(state[:_N])
    plain = float(table.member[row] @ h)
    joined = float(table.member[row] @ (h * _JOINED))
    extra = table.both[row] * joined * math.expm1(state[_N + 1])
    return float(plain + extra + table.any_cause[row] * math.exp(state[_N]))


def _study_terms(state: Floats, table: _Table) -> Floats:
    """Log likelihood of each study without constants, its effects integrated; shape (n_studies,).

    The inverse and determinant of D + tau^2 1 1' with diagonal D are those of Sherman and Morrison.
    """
    residual = table.y - np.log(np.maximum(_hazards(state, table), 1e-12))
    between, within = math.exp(2.0 * state[_N + 2]), math.exp(2.0 * state[_N + 3])
    weight = 1.0 / (table.variance + within)
    size = len(table.names)

    def summed(values: Floats) -> Floats:
        return np.asarray(np.bincount(table.study, values, minlength=size), dtype=np.float64)

    total = 1.0 + between * summed(weight)
    square = summed(weight * residual**2) - between * summed(weight * residual) ** 2 / total
    return np.asarray(-0.5 * (square + np.log(total) - summed(np.log(weight))))


def _minus_log_posterior(state: Floats, table: _Table) -> float:
    prior = np.sum(((state[: _N + 1] - _HAZARD[0]) / _HAZARD[1]) ** 2)
    prior += ((state[_N + 1] - _RHO[0]) / _RHO[1]) ** 2
    prior += np.sum(((state[_N + 2 :] - _TAU[0]) / _TAU[1]) ** 2)
    return float(0.5 * prior - _study_terms(state, table).sum())


def _states(table: _Table, seed: int, draws: int) -> Floats:
    """Draws of the state about the mode of its posterior; shape (draws, n_classes + 4)."""
    from scipy.optimize import minimize

    start = np.concatenate([np.full(_N + 1, _HAZARD[0]), [0.0, _TAU[0], _TAU[0]]])
    found = minimize(_minus_log_posterior, start, args=(table,), method="BFGS", tol=1e-4)
    mode = np.asarray(found.x)
    covariance = np.linalg.inv(_hessian(mode, table))
    if not np.isfinite(covariance).all() or (np.linalg.eigvalsh(covariance) <= 0).any():
        raise ComputationFailed("the posterior of class hazards has no mode; name more rates")
    factor = np.linalg.cholesky(covariance)
    z = seeding.normals(seed, "design/toxicity/posterior", draws, len(mode))
    return np.asarray(mode + z @ factor.T)


def _hessian(mode: Floats, table: _Table, step: float = 1e-3) -> Floats:
    """Second derivatives by central differences."""
    k = len(mode)
    eye = step * np.eye(k)

    def f(x: Floats) -> float:
        return _minus_log_posterior(x, table)

    hessian = np.zeros((k, k))
    for i in range(k):
        for j in range(i, k):
            value = (
                f(mode + eye[i] + eye[j])
                - f(mode + eye[i] - eye[j])
                - f(mode - eye[i] + eye[j])
                + f(mode - eye[i] - eye[j])
            )
            hessian[i, j] = hessian[j, i] = value / (4.0 * step**2)
    return hessian
