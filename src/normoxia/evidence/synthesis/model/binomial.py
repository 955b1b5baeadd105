"""A network of odds ratios from counts with random effects and the exact binomial likelihood (a binomial-normal model).

Arm a of study s has binomial events with log odds alpha_s + theta[treatment] + u_sa. The intercepts alpha are free, one a
study, so that no study's risk says anything about another's. The u of a study with k arms are normal with covariance
tau2/2 (I - J/k): any two arms differ by a between-study effect of variance tau2, correlation one half between contrasts that
share an arm, and every arm is treated alike (for two arms this is the coding +1/2, -1/2). The u are integrated out by
adaptive Gauss-Hermite quadrature in k - 1 dimensions; derivatives follow from the same nodes by Fisher's and Louis' identities.

No continuity correction, no normal approximation of counts: to be preferred to inverse variance with few events. Maximum
likelihood understates tau with few studies. Studies without any event (or without any non-event) have likelihood 1 at the
limit of their own intercept, whatever the effects, and are left out with a note. Sources: Simmonds & Higgins 2016, Stat
Methods Med Res 25:2858; Jackson 2018, Stat Med 37:1059 (its model 4 is this one for two arms); Stijnen 2010, Stat Med 29:3046;
Pinheiro & Bates 1995, J Comput Graph Stat 4:12 (quadrature); Louis 1982, JRSS B 44:226.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from normoxia.errors import InvalidArgument, NotConverged
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import Arm, EffectMeasure
from normoxia.evidence.synthesis.model.heterogeneity import Array
from normoxia.evidence.synthesis.model.meta import Model
from normoxia.evidence.synthesis.model.network import Index, NetworkFit
from normoxia.evidence.synthesis.model.rare import corrected, informative

#: nodes an axis by dimension; tenfold more change estimates by less than 1e-6
_NODES = {1: 25, 2: 15, 3: 9, 4: 7}
_FEW_NODES = 5
_TOLERANCE = 1e-9
#: where tau is large, quadrature and its derivatives agree only to about this share, and steps creep; the top is reached then
_STALLED = 1e-8
_LARGEST_LOG_ODDS = 30.0
#: where tau is looked for; a between-study standard deviation of 5 log odds is past anything in use
_TAU_GRID = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Group:
    """Studies with the same number of arms.

    Parameters
    ----------
    events, n
        Shape (n_studies, k); treatment likewise, positions in the network.
    study
        Positions of the intercepts; shape (n_studies,).
    spread
        Turns independent standard normals into u / tau; shape (k, k - 1).
    nodes
        Shape (n_nodes, k - 1), log_weights (n_nodes,): Gauss-Hermite, weights over the
        normal density at the nodes.
    """

    events: Array
    n: Array
    treatment: Index
    study: Index
    spread: Array
    nodes: Array
    log_weights: Array


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Point:
    """The log-likelihood at some parameters, with first and second derivatives by (theta, tau) and by the intercepts."""

    value: float
    slope: Array
    own_slope: Array
    curvature: Array
    cross: Array
    own_curvature: Array

    def step(self, n_free: int) -> tuple[Array, Array, float]:
        """Newton's step in the first n_free parameters and in the intercepts, and the gain it promises."""
        cross = self.cross[:, :n_free]
        schur = self.information(n_free)
        right = self.slope[:n_free] - cross.T @ (self.own_slope / self.own_curvature)
        move: Array = np.asarray(
            np.linalg.solve(schur, right) if n_free else np.zeros(0), dtype=np.float64
        )
        own: Array = np.asarray(
            (self.own_slope - cross @ move) / self.own_curvature, dtype=np.float64
        )
        return move, own, float(self.slope[:n_free] @ move + self.own_slope @ own)

    def information(self, n_free: int) -> Array:
        """Observed information of the first n_free parameters with the intercepts profiled out."""
        cross = self.cross[:, :n_free]
        found = self.curvature[:n_free, :n_free] - cross.T @ (cross / self.own_curvature[:, None])
        return np.asarray(found, dtype=np.float64)


class _Likelihood:
    """The marginal likelihood of counts given treatment effects, intercepts and tau."""

    def __init__(self, studies: Sequence[Sequence[Arm]], at: dict[str, int], kept: Index) -> None:
        self.n_studies, self.n_effects = len(studies), len(kept)
        self.column = np.full(len(at), -1, dtype=np.int64)
        self.column[kept] = np.arange(len(kept))
        sizes = sorted({len(members) for members in studies})
        self.groups = [
            _group([(s, m) for s, m in enumerate(studies) if len(m) == k], at) for k in sizes
        ]
        events = np.array([sum(arm.events for arm in m) for m in studies])
        n = np.array([sum(arm.n for arm in m) for m in studies])
        self.start = np.log(events / (n - events))

    def at(self, theta: Array, tau: float, alpha: Array) -> _Point:
        """Value and derivatives at (theta, tau) and the intercepts."""
        p = self.n_effects
        value, slope, curvature = 0.0, np.zeros(p + 1), np.zeros((p + 1, p + 1))
        own_slope, own_curvature = np.zeros(self.n_studies), np.zeros(self.n_studies)
        cross = np.zeros((self.n_studies, p + 1))
        padded = np.append(theta, 0.0)  # column -1: the reference
        for g in self.groups:
            columns = self.column[g.treatment]
            fixed = alpha[g.study][:, None] + padded[columns]
            found, score, information = _integrated(g, fixed, tau)
            value += found
            k = g.events.shape[1]
            # eta_a = alpha + theta[column a]; tau last
            jacobian = np.zeros((len(g.study), k + 1, p + 2))
            jacobian[:, :k, p + 1] = 1.0
            rows, arms = np.nonzero(columns >= 0)
            jacobian[rows, arms, columns[rows, arms]] = 1.0
            jacobian[:, k, p] = 1.0
            first = np.einsum("sap,sa->sp", jacobian, score)
            second = np.einsum("sap,sab,sbq->spq", jacobian, information, jacobian, optimize=True)
            slope += first[:, : p + 1].sum(axis=0)
            curvature += second[:, : p + 1, : p + 1].sum(axis=0)
            own_slope[g.study], own_curvature[g.study] = first[:, p + 1], second[:, p + 1, p + 1]
            cross[g.study] = second[:, p + 1, : p + 1]
        return _Point(
            value=value,
            slope=slope,
            own_slope=own_slope,
            curvature=curvature,
            cross=cross,
            own_curvature=own_curvature,
        )

    def climb(
        self, theta: Array, tau: float, alpha: Array, *, with_tau: bool = False
    ) -> tuple[Array, float, Array, _Point]:
        """The highest point from a start, with tau held (then it is unique: the likelihood is log-concave) or free."""
        n_free = self.n_effects + int(with_tau)
        here = self.at(theta, tau, alpha)
        for _ in range(100):
            move, own, gain = here.step(n_free)
            if gain < _TOLERANCE**2:
                return theta, tau, alpha, here
            scale = min(
                1.0, 3.0 / max(float(np.max(np.abs(own))), float(np.max(np.abs(move), initial=0.0)))
            )
            while True:
                new_theta = theta + scale * move[: self.n_effects]
                new_tau = abs(tau + scale * move[-1]) if with_tau else tau
                there = self.at(new_theta, new_tau, alpha + scale * own)
                if there.value >= here.value - 1e-10 * abs(here.value):
                    break
                scale /= 2.0
                if scale < 1e-8:
                    return theta, tau, alpha, here
            theta, tau, alpha, here = new_theta, new_tau, alpha + scale * own, there
            if np.max(np.abs(theta), initial=0.0) > _LARGEST_LOG_ODDS:
                break
        else:
            if gain < _STALLED * (1.0 + abs(here.value)):
                return theta, tau, alpha, here
        raise NotConverged(
            "the likelihood has no finite maximum (a treatment without events, or without non-events, in all its studies); "
            "use the penalised logistic or, where it is enough, Mantel-Haenszel"
        )


def network_binomial(
    arms: Iterable[Arm], *, model: Model = "random", level: float = 0.95
) -> NetworkFit:
    """A network of odds ratios by maximum likelihood of the counts, one intercept a study, random effects between studies.

    Parameters
    ----------
    model
        "random", or "common" for tau 0 (logistic regression without penalty).

    Returns
    -------
    NetworkFit
        NetworkFit whose Q is the likelihood-ratio statistic of the common-effect model
        against one effect for every arm of every study, whose covariance is from the
        observed information (tau included where it is above 0), and whose interval of tau2
        is by profile likelihood.

    Raises
    ------
    InvalidArgument
        Without a study that tells anything.
    NotConverged
        Where no finite maximum exists.
    """
    studies, notes = informative(arms)
    if not studies:
        raise InvalidArgument(
            "\n".join(["no study has both events and patients without one", *notes])
        )
    skeleton = net.build(
        corrected([arm for members in studies for arm in members]), EffectMeasure.OR
    )
    at = {name: i for i, name in enumerate(skeleton.treatments)}
    _, kept = net.full_rank_design(skeleton)
    likelihood = _Likelihood(studies, at, kept)
    start = likelihood.climb(np.zeros(len(kept)), 0.0, likelihood.start)
    theta, tau, alpha, top = start
    ends = (0.0, 0.0)
    if model == "random" and len(skeleton.estimate) > len(kept):
        theta, tau, alpha, top = _highest(likelihood, start)
        ends = _profile_interval(likelihood, (theta, tau, alpha, top), start, level)
    effects, covariance = np.zeros(len(at)), np.zeros((len(at), len(at)))
    effects[kept] = theta
    inverse = np.linalg.inv(top.information(len(kept) + int(tau > 0.0)))
    covariance[np.ix_(kept, kept)] = inverse[: len(kept), : len(kept)]
    return NetworkFit(
        network=replace(skeleton, notes=skeleton.notes + notes),
        model=model,
        tau_method="binomial-normal likelihood" if model == "random" else "none",
        tau2=tau**2,
        theta=effects,
        covariance=covariance,
        q=2.0 * (_saturated(studies) - start[3].value),
        df=len(skeleton.estimate) - len(kept),
        hartung_knapp=False,
        level=level,
        tau2_ends=(ends[0] ** 2, ends[1] ** 2),
    )


def _group(numbered: Sequence[tuple[int, Sequence[Arm]]], at: dict[str, int]) -> _Group:
    k = len(numbered[0][1])
    numbered = [
        (position, sorted(members, key=lambda arm: (arm.events / arm.n, arm.n)))
        for position, members in numbered
    ]  # the nodes lie along axes of their own: which arm is which must not hang on names or on the order of rows
    # any k - 1 orthonormal contrasts span what is left of k arms without their mean
    vectors = np.linalg.eigh(np.eye(k) - 1.0 / k)[1][:, 1:]
    x, w = np.polynomial.hermite_e.hermegauss(_NODES.get(k - 1, _FEW_NODES))
    nodes = np.array(list(product(x, repeat=k - 1)))
    log_weights = np.array([sum(row) for row in product(np.log(w), repeat=k - 1)])
    return _Group(
        events=np.array([[arm.events for arm in members] for _, members in numbered]),
        n=np.array([[arm.n for arm in members] for _, members in numbered]),
        treatment=np.array([[at[arm.treatment] for arm in members] for _, members in numbered]),
        study=np.array([position for position, _ in numbered]),
        spread=vectors / math.sqrt(2.0),
        nodes=nodes,
        log_weights=log_weights
        + (nodes**2).sum(axis=1) / 2.0
        - (k - 1) / 2.0 * math.log(2.0 * math.pi),
    )


def _log_binomial(g: _Group, eta: Array) -> Array:
    """Log-likelihood of the counts without the binomial coefficients; sums over the last axis, the arms."""
    shape = (len(g.study), *[1] * (eta.ndim - 2), g.n.shape[1])
    events, n = g.events.reshape(shape), g.n.reshape(shape)
    return np.asarray((events * eta - n * np.logaddexp(0.0, eta)).sum(axis=-1), dtype=np.float64)


def _integrated(g: _Group, fixed: Array, tau: float) -> tuple[float, Array, Array]:
    """Log marginal likelihood of a group; per study its score and observed information by (eta of each arm, tau)."""
    if tau == 0.0:
        return _at_zero(g, fixed)
    lift = tau * g.spread
    mode = _mode(g, fixed, lift)
    p = _risk(fixed + mode @ lift.T)
    precision = np.einsum("ai,sa,aj->sij", lift, g.n * p * (1.0 - p), lift) + np.eye(lift.shape[1])
    root = np.linalg.inv(np.linalg.cholesky(precision)).transpose(0, 2, 1)
    z = mode[:, None, :] + np.einsum("sij,mj->smi", root, g.nodes)
    eta = fixed[:, None, :] + z @ lift.T
    log_terms = _log_binomial(g, eta) - (z**2).sum(axis=2) / 2.0 + g.log_weights
    largest = log_terms.max(axis=1, keepdims=True)
    terms = np.exp(log_terms - largest)
    total = terms.sum(axis=1)
    log_root = np.log(np.abs(np.linalg.det(root)))
    posterior = terms / total[:, None]
    p = _risk(eta)
    u = z @ g.spread.T
    residual, weight = g.events[:, None, :] - g.n[:, None, :] * p, g.n[:, None, :] * p * (1.0 - p)
    complete = np.concatenate([residual, (residual * u).sum(axis=2, keepdims=True)], axis=2)
    score = np.einsum("sm,smi->si", posterior, complete)
    spread = np.einsum("sm,smi,smj->sij", posterior, complete, complete, optimize=True)
    information = score[:, :, None] * score[:, None, :] - spread
    k = g.n.shape[1]
    arms = np.arange(k)
    information[:, arms, arms] += np.einsum("sm,sma->sa", posterior, weight)
    mixed = np.einsum("sm,sma,sma->sa", posterior, weight, u)
    information[:, :k, k] += mixed
    information[:, k, :k] += mixed
    information[:, k, k] += np.einsum("sm,sma,sma->s", posterior, weight, u**2)
    return float(np.sum(np.log(total) + largest[:, 0] + log_root)), score, information


def _at_zero(g: _Group, fixed: Array) -> tuple[float, Array, Array]:
    """The same without random effects. The likelihood is even in tau, so that its slope and cross terms are 0 there."""
    k, p = g.n.shape[1], _risk(fixed)
    score, information = np.zeros((len(g.study), k + 1)), np.zeros((len(g.study), k + 1, k + 1))
    score[:, :k] = g.events - g.n * p
    information[:, np.arange(k), np.arange(k)] = g.n * p * (1.0 - p)
    information[:, k, k] = 1.0  # not used: tau is held
    return float(np.sum(_log_binomial(g, fixed))), score, information


def _mode(g: _Group, fixed: Array, lift: Array) -> Array:
    """Where the integrand is highest, study by study, by Newton's method with halving; concave."""
    z = np.zeros((len(g.study), lift.shape[1]))
    value = _log_binomial(g, fixed)
    for _ in range(100):
        p = _risk(fixed + z @ lift.T)
        slope = (g.events - g.n * p) @ lift - z
        precision = np.einsum("ai,sa,aj->sij", lift, g.n * p * (1.0 - p), lift) + np.eye(
            lift.shape[1]
        )
        step = np.linalg.solve(precision, slope[:, :, None])[:, :, 0]
        if np.max(np.abs(step)) < 1e-10:
            return z
        scale = np.ones((len(z), 1))
        for _ in range(30):
            there = z + scale * step
            found = _log_binomial(g, fixed + there @ lift.T) - (there**2).sum(axis=1) / 2.0
            worse = found < value - 1e-9 * np.abs(value)
            if not worse.any():
                break
            scale[worse] /= 2.0
        z, value = there, found
    return z


def _risk(eta: Array) -> Array:
    from scipy.special import expit

    return np.asarray(expit(eta), dtype=np.float64)


_Best = tuple[Array, float, Array, _Point]


def _highest(likelihood: _Likelihood, start: _Best) -> _Best:
    """The maximum over tau >= 0: the best of a grid, then Newton's method in all parameters."""
    best, here = start, start
    for tau in _TAU_GRID:
        here = likelihood.climb(here[0], tau, here[2])
        if here[3].value > best[3].value:
            best = here
        elif here[3].value < best[3].value - 20.0:
            break
    if best is start:  # the top may lie between 0 and the smallest tau tried
        best = likelihood.climb(start[0], _TAU_GRID[0] / 2.0, start[2])
    found = _polished(likelihood, best)
    return found if found[3].value > start[3].value + 1e-9 and found[1] > 1e-4 else start


def _polished(likelihood: _Likelihood, best: _Best) -> _Best:
    """From near the top to it: secant steps on the profile's slope in tau, safe where the likelihood is not concave."""
    from scipy.optimize import minimize_scalar

    held = [best]

    def loss(tau: float) -> float:
        held[0] = likelihood.climb(held[0][0], tau, held[0][2])
        return -held[0][3].value

    grid = (0.0, *_TAU_GRID, 2.0 * _TAU_GRID[-1])
    low = max((t for t in grid if t < best[1]), default=0.0)
    high = min(t for t in grid if t > best[1])
    tau = float(
        minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-4}).x
    )
    near = likelihood.climb(held[0][0], tau, held[0][2])
    if tau < 1e-3:
        return near
    return likelihood.climb(near[0], near[1], near[2], with_tau=True)


def _profile_interval(
    likelihood: _Likelihood, best: _Best, start: _Best, level: float
) -> tuple[float, float]:
    """Tau at which the profile log-likelihood has fallen by half a chi-squared quantile; 0 where it never does below."""
    from scipy.optimize import brentq
    from scipy.special import chdtri

    target = best[3].value - float(chdtri(1.0, 1.0 - level)) / 2.0
    held = [best]

    def excess(tau: float) -> float:
        held[0] = likelihood.climb(held[0][0], tau, held[0][2])
        return held[0][3].value - target

    low = 0.0
    if best[1] > 0.0 and start[3].value < target:
        low = float(brentq(excess, 0.0, best[1], xtol=1e-6))
    high = max(2.0 * best[1], 0.2)
    while excess(high) > 0.0:
        high *= 2.0
        if high > 1e3:
            return low, math.inf
    return low, float(brentq(excess, best[1], high, xtol=1e-6))


def _saturated(studies: Sequence[Sequence[Arm]]) -> float:
    """The log-likelihood (without binomial coefficients) when every arm has its own risk."""
    from scipy.special import xlogy

    return float(
        sum(
            xlogy(arm.events, arm.events / arm.n)
            + xlogy(arm.n - arm.events, 1.0 - arm.events / arm.n)
            for members in studies
            for arm in members
        )
    )
