"""Between-study variance: one normal model y ~ N(X b, diag(v) + tau2 I), eight ways to estimate tau2.

Pairwise pooling, meta-regression and (once `multiarm` has rotated every study into independent contrasts) network
meta-analysis are all this model with another X, so the estimators are written once. X has full column rank, shape
(n_observations, n_coefficients). Sources: DerSimonian & Laird 1986, Control Clin Trials 7:177; Paule & Mandel 1982,
J Res NBS 87:377; Viechtbauer 2005, J Educ Behav Stat 30:261 (REML, ML, HE, HS); Sidik & Jonkman 2005, Appl Stat 54:367;
Morris 1983, JASA 78:47 (EB); Viechtbauer 2007, Stat Med 26:37 (Q-profile); Jackson 2013, Biostatistics 14:323 (moments
with several coefficients).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import ComputationFailed, InvalidArgument, NotConverged

Array = NDArray[np.float64]

_MAX_STEPS = 200
_NO_VARIATION = 1e-20  # a crude variance below this share of the sampling variances is rounding
_CANCELLED = 1e-8  # a difference below this share of its terms has lost half of its digits
_MOST_LEFT_OVER = 2_000  # observations whose square matrix is still cheap
_NO_Q = 1e-12  # a generalised Q per degree of freedom below this is rounding
_RELATIVE_STEP = 1e-12  # iterations stop when tau2 moves by less than this share of itself


class TauMethod(StrEnum):
    """Estimators of the between-study variance."""

    DL = "DL"
    REML = "REML"
    PM = "PM"
    ML = "ML"
    HE = "HE"
    SJ = "SJ"
    HS = "HS"
    EB = "EB"


@dataclass(frozen=True, slots=True, eq=False)
class WeightedFit:
    """Weighted least squares at one tau2.

    Parameters
    ----------
    coefficients
        Shape (n_coefficients,).
    covariance
        Inverse information, shape (n_coefficients, n_coefficients).
    residuals
        Y - X b, shape (n_observations,).
    weights
        1 / (v + tau2), shape (n_observations,).
    """

    coefficients: Array
    covariance: Array
    residuals: Array
    weights: Array

    @property
    def q(self) -> float:
        """Weighted residual sum of squares; Cochran's Q when tau2 is 0."""
        return float(self.weights @ self.residuals**2)


def weighted_fit(y: Array, v: Array, x: Array, tau2: float = 0.0) -> WeightedFit:
    """Coefficients, covariance and residuals with weights 1 / (v + tau2)."""
    weights = 1.0 / (v + tau2)
    weighted = x * weights[:, None]
    if x.shape[1] == 0:
        return WeightedFit(np.zeros(0), np.zeros((0, 0)), y, weights)
    try:
        covariance = np.linalg.inv(x.T @ weighted)
    except np.linalg.LinAlgError:
        raise ComputationFailed(
            f"the equations are singular (variances from {v.min():.3g} to {v.max():.3g}, tau2 {tau2:.3g}); "
            "check for a standard error far smaller than the others, and for treatments that no study tells apart"
        ) from None
    covariance = (covariance + covariance.T) / 2.0
    coefficients = covariance @ (weighted.T @ y)
    return WeightedFit(coefficients, covariance, y - x @ coefficients, weights)


def tau2(
    y: Array,
    v: Array,
    x: Array,
    method: TauMethod | str = TauMethod.REML,
    base: Array | None = None,
) -> float:
    """The between-study variance by a named estimator, never negative; 0 without spare observations.

    Parameters
    ----------
    y, v, x
        Estimates, their sampling variances, design of full column rank.
    base
        Design that Sidik and Jonkman's crude start is measured around, x by default; a
        meta-regression gives the one without covariates, as metafor does.

    Raises
    ------
    InvalidArgument
        For a method that does not exist.
    NotConverged
        When an iteration does not settle.
    """
    try:
        estimator = _ESTIMATORS[TauMethod(method)]
    except ValueError:
        raise InvalidArgument(
            f'tau method "{method}" is not known; use one of {", ".join(TauMethod)}'
        ) from None
    if len(y) <= x.shape[1]:
        return 0.0
    if estimator is _sidik_jonkman and base is not None:
        return _sidik_jonkman(y, v, x, base)
    return max(0.0, estimator(y, v, x))


def between_variance(
    y: Array, v: Array, x: Array, tau: TauMethod | str | float, base: Array | None = None
) -> float:
    """tau2 by an estimator, or the square of a standard deviation the caller fixes."""
    if isinstance(tau, (int, float)):
        if not 0.0 <= tau < float("inf"):
            raise InvalidArgument(
                f"tau {tau:g}; a fixed between-study standard deviation is finite and 0 or more"
            )
        return float(tau) ** 2
    return tau2(y, v, x, tau, base)


def hartung_knapp_factor(q: float, df: int) -> float:
    """What multiplies the covariance: the generalised Q over its degrees of freedom, 1 where there are none.

    Studies that agree exactly (Q 0 but for rounding) would give intervals without width; they say nothing of how studies vary,
    and 1 is taken, the variance without the factor.
    """
    return q / df if df > 0 and q > _NO_Q * df else 1.0


def method_name(tau: TauMethod | str | float) -> str:
    """How a result names the way it came to tau2."""
    return f"fixed at {tau:g}" if isinstance(tau, (int, float)) else str(TauMethod(tau))


def q_profile(y: Array, v: Array, x: Array, level: float = 0.95) -> tuple[float, float]:
    """Interval of tau2: the values at which the generalised Q meets the chi-squared quantiles (Viechtbauer 2007)."""
    from scipy.special import chdtri

    df = len(y) - x.shape[1]
    if df <= 0:
        return 0.0, float("inf")
    tail = (1.0 - level) / 2.0
    lower = _solve_q(y, v, x, float(chdtri(df, tail)))
    upper = _solve_q(y, v, x, float(chdtri(df, 1.0 - tail)))
    return lower, upper


def typical_variance(v: Array, x: Array) -> float:
    """The sampling variance of a typical observation (Higgins & Thompson 2002, eq. 9, generalised to any X)."""
    fit = weighted_fit(np.zeros(len(v)), v, x)
    return float((len(v) - x.shape[1]) / _trace_p(fit, x))


def i_squared(q: float, df: int, level: float = 0.95) -> tuple[float, float, float]:
    """Share of variation beyond chance from Q, with its test-based interval (Higgins & Thompson 2002, Stat Med 21:1539).

    Returns
    -------
    tuple[float, float, float]
        (I2, low, high) as fractions; nan interval below two degrees of freedom.
    """
    from scipy.special import ndtri

    if df < 1:
        return float("nan"), float("nan"), float("nan")
    h2 = q / df
    value = max(0.0, 1.0 - 1.0 / h2) if h2 > 0 else 0.0
    if df < 2:
        return value, float("nan"), float("nan")
    k = df + 1
    if q > k:
        se = 0.5 * (np.log(q) - np.log(k - 1)) / (np.sqrt(2.0 * q) - np.sqrt(2.0 * k - 3.0))
    else:
        se = np.sqrt(1.0 / (2.0 * (k - 2)) * (1.0 - 1.0 / (3.0 * (k - 2) ** 2)))
    half = float(ndtri(0.5 + level / 2.0)) * float(se)
    log_h = 0.5 * np.log(max(h2, 1.0))
    low, high = (max(1.0, float(np.exp(2.0 * (log_h + sign * half)))) for sign in (-1.0, 1.0))
    return value, 1.0 - 1.0 / low, 1.0 - 1.0 / high


def moment_tau2(blocks: Sequence[tuple[Array, Array, Array]]) -> float:
    """DerSimonian and Laird's tau2 of observations (y, v, x) in blocks that share no coefficient, never negative.

    As `tau2` with one wide block-diagonal design, whose zeros are not computed with; 0 without spare observations.
    """
    df = sum(len(y) - x.shape[1] for y, _, x in blocks)
    if df <= 0:
        return 0.0
    fits = [(weighted_fit(*block), block[2]) for block in blocks]
    trace = sum(_trace_p(fit, x) for fit, x in fits)
    return float(max(0.0, (sum(fit.q for fit, _ in fits) - df) / trace))


def _dersimonian_laird(y: Array, v: Array, x: Array) -> float:
    fit = weighted_fit(y, v, x)
    return float((fit.q - (len(y) - x.shape[1])) / _trace_p(fit, x))


def _hunter_schmidt(y: Array, v: Array, x: Array) -> float:
    fit = weighted_fit(y, v, x)
    return (fit.q - len(y)) / float(np.sum(fit.weights))


def _hedges(y: Array, v: Array, x: Array) -> float:
    plain = weighted_fit(y, np.ones_like(v), x)
    leverage = np.einsum("ij,jk,ik->i", x, plain.covariance, x)
    return float((plain.q - float(np.sum(v * (1.0 - leverage)))) / (len(y) - x.shape[1]))


def _sidik_jonkman(y: Array, v: Array, x: Array, base: Array | None = None) -> float:
    around = weighted_fit(y, np.ones_like(v), x if base is None else base)
    start = around.q / len(y)
    if start <= _NO_VARIATION * float(np.median(v)):
        return 0.0
    return float(start * weighted_fit(y, v, x, start).q / (len(y) - x.shape[1]))


def _paule_mandel(y: Array, v: Array, x: Array) -> float:
    return _solve_q(y, v, x, float(len(y) - x.shape[1]))


def _restricted(y: Array, v: Array, x: Array) -> float:
    def score(fit: WeightedFit) -> tuple[float, float]:
        return float(np.sum((fit.weights * fit.residuals) ** 2)) - _trace_p(fit, x), _trace_pp(
            fit, x
        )

    return _ascend(y, v, x, score, restricted=True)


def _maximum(y: Array, v: Array, x: Array) -> float:
    def score(fit: WeightedFit) -> tuple[float, float]:
        gain = float(np.sum((fit.weights * fit.residuals) ** 2)) - float(np.sum(fit.weights))
        return gain, float(np.sum(fit.weights**2))

    return _ascend(y, v, x, score, restricted=False)


_ESTIMATORS: dict[TauMethod, Callable[[Array, Array, Array], float]] = {
    TauMethod.DL: _dersimonian_laird,
    TauMethod.REML: _restricted,
    TauMethod.PM: _paule_mandel,
    TauMethod.ML: _maximum,
    TauMethod.HE: _hedges,
    TauMethod.SJ: _sidik_jonkman,
    TauMethod.HS: _hunter_schmidt,
    TauMethod.EB: _paule_mandel,  # Morris' equation k/(k-p) Q = k has the same root as Paule and Mandel's Q = k-p
}


def log_likelihood(y: Array, v: Array, x: Array, tau2: float, *, restricted: bool = True) -> float:
    """Log-likelihood profiled over the coefficients, up to a constant (Viechtbauer 2005, eqs. 8 and 12)."""
    fit = weighted_fit(y, v, x, tau2)
    value = 0.5 * float(np.sum(np.log(fit.weights))) - 0.5 * fit.q
    if restricted and x.shape[1]:
        value += 0.5 * float(np.linalg.slogdet(fit.covariance)[1])
    return value


def _ascend(
    y: Array,
    v: Array,
    x: Array,
    score: Callable[[WeightedFit], tuple[float, float]],
    *,
    restricted: bool,
) -> float:
    """The tau2 at which the likelihood is highest: the root of its score, bracketed, or 0.

    Parameters
    ----------
    score
        Twice the derivative of the log-likelihood and twice its expected curvature. Secant
        steps from the moment estimate, Fisher's scoring first, halving whenever a step
        would leave the bracket.
    """
    value = max(0.0, _dersimonian_laird(y, v, x))
    low, high = 0.0, np.inf
    before: tuple[float, float] | None = None
    for step in range(_MAX_STEPS):
        slope, curvature = score(weighted_fit(y, v, x, value))
        if slope <= 0.0:
            high = value
        else:
            low = value
        if high == 0.0 or slope == 0.0:
            break
        moved = value + slope / curvature
        if before is not None and slope != before[1] and step < _MAX_STEPS // 2:
            moved = value - slope * (value - before[0]) / (slope - before[1])
        if not low < moved < high:
            moved = (
                (low + high) / 2.0 if np.isfinite(high) else 2.0 * value + abs(slope / curvature)
            )
            moved = 0.0 if high < 1e-14 * float(np.median(v)) else moved
        before = value, slope
        settled = abs(moved - value) <= _RELATIVE_STEP * value
        value = moved
        if settled or value == 0.0:
            break
    else:
        raise NotConverged(
            f"tau2 was still moving after {_MAX_STEPS} steps (at {value:.6g}); use DL or PM"
        )
    top = log_likelihood(y, v, x, value, restricted=restricted)
    return 0.0 if log_likelihood(y, v, x, 0.0, restricted=restricted) > top else value


def _solve_q(y: Array, v: Array, x: Array, target: float) -> float:
    """The tau2 >= 0 at which the generalised Q equals a target; Q falls and is convex, so Newton from 0 is monotone."""
    value = 0.0
    for _ in range(_MAX_STEPS):
        fit = weighted_fit(y, v, x, value)
        excess = fit.q - target
        if excess <= 0.0:
            break
        change = excess / float(np.sum((fit.weights * fit.residuals) ** 2))
        value += change
        if change <= _RELATIVE_STEP * value:
            break
    else:
        raise NotConverged(
            f"the generalised Q did not reach {target:g} within {_MAX_STEPS} steps; check the variances"
        )
    return value


def _trace_p(fit: WeightedFit, x: Array) -> float:
    """Trace of P = W - W X (X'WX)^-1 X'W."""
    total = float(np.sum(fit.weights))
    squared = (x * (fit.weights**2)[:, None]).T @ x
    value = total - float(np.sum(fit.covariance * squared))
    return value if value > _CANCELLED * total else float(np.sum(_left_over(fit, x) ** 2))


def _trace_pp(fit: WeightedFit, x: Array) -> float:
    """Trace of P P."""
    w = fit.weights
    squared = (x * (w**2)[:, None]).T @ x
    cubed = (x * (w**3)[:, None]).T @ x
    inner = fit.covariance @ squared
    total = float(np.sum(w**2))
    value = total - 2.0 * float(np.sum(fit.covariance * cubed)) + float(np.sum(inner * inner.T))
    if value > _CANCELLED * total:
        return value
    left = _left_over(fit, x)
    return float(np.sum((left.T @ left) ** 2))


def _left_over(fit: WeightedFit, x: Array) -> Array:
    """W^(1/2) times a basis of what X leaves, so that P is it times its transpose; where weights differ beyond subtraction.

    Rows in order of weight, so that rounding in the large ones does not swamp the small ones.
    """
    n, p = x.shape
    if n > _MOST_LEFT_OVER:
        raise ComputationFailed(
            f"weights from {fit.weights.min():.3g} to {fit.weights.max():.3g} differ too much for {n} observations; "
            "check for a standard error far smaller than the others"
        )
    order = np.argsort(-fit.weights, kind="stable")
    root = np.sqrt(fit.weights[order])[:, None]
    basis = np.linalg.qr(root * x[order], mode="complete")[0][:, p:]
    return np.asarray(root * basis, dtype=np.float64)
