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


def _gamma(t: Floats, p: Sequence[Floats]) -> tuple[Floats, Floats]:
    from scipy.special import gammaincc, gammaln

    shape, rate = p
    log_survival = np.log(gammaincc(shape, rate * t))
    log_density = shape * np.log(rate) + (shape - 1.0) * np.log(t) - rate * t - gammaln(shape)
    return log_density - log_survival, -log_survival


def _generalised_gamma(t: Floats, p: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Prentice 1974, Biometrika 61:539: location mu, scale sigma, shape Q (0 is log-normal, 1 Weibull)."""
    from scipy.special import gammainc, gammaincc, gammaln

    mu, sigma, q = p
    if np.abs(q).max() < 1e-6:
        return _log_normal(t, (mu, sigma))
    w = (np.log(t) - mu) / sigma
    shape = q**-2.0
    u = shape * np.exp(q * w)
    log_survival = np.log(np.where(q > 0, gammaincc(shape, u), gammainc(shape, u)))
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
    "exp", "exponential", ("rate",), (True,), 0, _exponential, lambda d: (_rate(d),)
)
WEIBULL = Family(
    "weibull",
    "Weibull",
    ("shape", "scale"),
    (True, True),
    1,
    _weibull,
    lambda d: (1.0, 1.0 / _rate(d)),
)
GOMPERTZ = Family(
    "gompertz",
    "Gompertz",
    ("shape", "rate"),
    (False, True),
    1,
    _gompertz,
    lambda d: (0.0, _rate(d)),
)
LOG_LOGISTIC = Family(
    "llogis",
    "log-logistic",
    ("shape", "scale"),
    (True, True),
    1,
    _log_logistic,
    lambda d: (1.5, math.exp(_logs(d)[0])),
)
LOG_NORMAL = Family(
    "lnorm", "log-normal", ("meanlog", "sdlog"), (False, True), 0, _log_normal, _logs
)
GAMMA = Family(
    "gamma", "gamma", ("shape", "rate"), (True, True), 1, _gamma, lambda d: (1.0, _rate(d))
)
GENERALISED_GAMMA = Family(
    "gengamma",
    "generalised gamma",
    ("mu", "sigma", "Q"),
    (False, True, False),
    0,
    _generalised_gamma,
    lambda d: (*_logs(d), 0.5),
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
