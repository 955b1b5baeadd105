"""The distributions of survival times that can be fitted, parametrised as in R's flexsurv (Jackson 2016, J Stat Softw 70:8)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from normoxia.survival.data import Floats, TimeToEvent
from normoxia.survival.parametric import Family

_HALF_LOG_TAU = 0.5 * math.log(2.0 * math.pi)


def _rate(data: TimeToEvent) -> float:
    return float((data.weights * data.observed).sum() / (data.weights * data.time).sum())


def _logs(data: TimeToEvent) -> tuple[float, float]:
    logs = np.log(data.time)
    return float(logs.mean()) + 0.3, max(float(logs.std()), 0.1)


def _exponential(t: Floats, p: Sequence[Floats]) -> tuple[Floats, Floats]:
    return np.log(p[0]), p[0] * t


def _weibull(t: Floats, p: Sequence[Floats]) -> tuple[Floats, Floats]:
    shape, scale = p
    log_ratio = np.log(t / scale)
    return np.log(shape / scale) + (shape - 1.0) * log_ratio, np.exp(shape * log_ratio)


def _gompertz(t: Floats, p: Sequence[Floats]) -> tuple[Floats, Floats]:
    shape, rate = p
    grown = shape * t
    small = np.abs(grown) < 1e-8
    factor = np.where(small, 1.0 + grown / 2.0, np.expm1(grown) / np.where(small, 1.0, grown))
    return np.log(rate) + grown, rate * t * factor


def _log_logistic(t: Floats, p: Sequence[Floats]) -> tuple[Floats, Floats]:
    shape, scale = p
    log_odds = shape * np.log(t / scale)
    cumulative = np.logaddexp(0.0, log_odds)
    return np.log(shape / t) + log_odds - cumulative, cumulative


def _log_normal(t: Floats, p: Sequence[Floats]) -> tuple[Floats, Floats]:
    from scipy.special import log_ndtr

    mean, sd = p
    z = (np.log(t) - mean) / sd
    log_survival = log_ndtr(-z)
    return -0.5 * z * z - _HALF_LOG_TAU - np.log(sd * t) - log_survival, -log_survival


#: below this share SciPy's incomplete gamma functions underflow, and their logarithms are taken from expansions
_TINY = 1e-280
#: terms of both expansions
_TERMS = 200


def log_upper_gamma(shape: Floats, x: Floats) -> Floats:
    """Log of the regularised upper incomplete gamma function; far out by its continued fraction (DLMF 8.9.2)."""
    from scipy.special import gammaincc, gammaln

    share = gammaincc(shape, x)
    log_share = np.log(np.maximum(share, _TINY))
    far = share < _TINY
    if np.any(far):
        a, z = (np.broadcast_to(value, share.shape)[far] for value in (shape, x))
        rest = np.zeros_like(z)
        for k in range(_TERMS, 0, -1):
            rest = k * (k - a) / (z + 2 * k + 1 - a - rest)
        log_share[far] = a * np.log(z) - z - gammaln(a) - np.log(z + 1 - a - rest)
    return np.asarray(log_share)


def log_lower_gamma(shape: Floats, x: Floats) -> Floats:
    """Log of the regularised lower incomplete gamma function; near 0 by its series (DLMF 8.7.1)."""
    from scipy.special import gammainc, gammaln

    share = gammainc(shape, x)
    log_share = np.log(np.maximum(share, _TINY))
    near = share < _TINY
    if np.any(near):
        a, z = (np.broadcast_to(value, share.shape)[near] for value in (shape, x))
        term, total = np.ones_like(z), np.ones_like(z)
        for k in range(1, _TERMS):
            term = term * z / (a + k)
            total = total + term
        log_share[near] = a * np.log(z) - z - gammaln(a + 1.0) + np.log(total)
    return np.asarray(log_share)


def _gamma(t: Floats, p: Sequence[Floats]) -> tuple[Floats, Floats]:
    from scipy.special import gammaln

    shape, rate = p
    log_survival = log_upper_gamma(shape, rate * t)
    log_density = shape * np.log(rate) + (shape - 1.0) * np.log(t) - rate * t - gammaln(shape)
    return log_density - log_survival, -log_survival


def _generalised_gamma(t: Floats, p: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Prentice 1974, Biometrika 61:539: location mu, scale sigma, shape Q (0 is log-normal, 1 Weibull)."""
    from scipy.special import gammaln

    mu, sigma, q = p
    if np.abs(q).max() < 1e-6:
        return _log_normal(t, (mu, sigma))
    w = (np.log(t) - mu) / sigma
    shape = q**-2.0
    u = shape * np.exp(q * w)
    log_survival = np.where(q > 0, log_upper_gamma(shape, u), log_lower_gamma(shape, u))
    log_density = (
        np.log(np.abs(q))
        - np.log(sigma * t)
        + shape * np.log(shape)
        + shape * q * w
        - u
        - gammaln(shape)
    )
    return log_density - log_survival, -log_survival


EXPONENTIAL = Family(
    name="exp",
    title="exponential",
    parameters=("rate",),
    positive=(True,),
    location=0,
    hazards=_exponential,
    start=lambda d: (_rate(d),),
)
WEIBULL = Family(
    name="weibull",
    title="Weibull",
    parameters=("shape", "scale"),
    positive=(True, True),
    location=1,
    hazards=_weibull,
    start=lambda d: (1.0, 1.0 / _rate(d)),
)
GOMPERTZ = Family(
    name="gompertz",
    title="Gompertz",
    parameters=("shape", "rate"),
    positive=(False, True),
    location=1,
    hazards=_gompertz,
    start=lambda d: (0.0, _rate(d)),
)
LOG_LOGISTIC = Family(
    name="llogis",
    title="log-logistic",
    parameters=("shape", "scale"),
    positive=(True, True),
    location=1,
    hazards=_log_logistic,
    start=lambda d: (1.5, math.exp(_logs(d)[0])),
)
LOG_NORMAL = Family(
    name="lnorm",
    title="log-normal",
    parameters=("meanlog", "sdlog"),
    positive=(False, True),
    location=0,
    hazards=_log_normal,
    start=_logs,
)
GAMMA = Family(
    name="gamma",
    title="gamma",
    parameters=("shape", "rate"),
    positive=(True, True),
    location=1,
    hazards=_gamma,
    start=lambda d: (1.0, _rate(d)),
)
GENERALISED_GAMMA = Family(
    name="gengamma",
    title="generalised gamma",
    parameters=("mu", "sigma", "Q"),
    positive=(False, True, False),
    location=0,
    hazards=_generalised_gamma,
    start=lambda d: (*_logs(d), 0.5),
)

#: every family, by flexsurv's name
FAMILIES = {
    family.name: family
    for family in (
        EXPONENTIAL,
        WEIBULL,
        GOMPERTZ,
        LOG_LOGISTIC,
        LOG_NORMAL,
        GAMMA,
        GENERALISED_GAMMA,
    )
}
