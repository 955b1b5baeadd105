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
