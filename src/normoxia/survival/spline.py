"""Royston-Parmar models: survival as a spline of log time, for hazards that rise and fall, constant or changing effects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia.errors import ComputationFailed, InvalidArgument
from normoxia.survival.data import Floats, TimeToEvent
from normoxia.survival.parametric import asked_times, covariate_columns, log_likelihood, maximise

Scale = Literal["hazard", "odds", "normal"]
_HALF_LOG_TAU = 0.5 * math.log(2.0 * math.pi)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SplineFit:
    """A fitted Royston-Parmar model.

    Parameters
    ----------
    scale
        What the spline is: log cumulative hazard, log cumulative odds, or minus the probit
        of survival.
    knots
        On log days, boundary ones included; shape (k + 2,).
    names
        Gamma0 ..., then covariate effects, then changes of gamma1 with a covariate.
    coefficients, covariance
        In that order.
    """

    scale: Scale
    knots: Floats
    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    log_likelihood: float
    n_covariates: int
    varying: tuple[int, ...]

    @property
    def standard_errors(self) -> Floats:
        """Standard errors of the coefficients; shape (n_coefficients,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        return -2.0 * self.log_likelihood + 2.0 * len(self.coefficients)

    def cumulative_hazard(self, times: ArrayLike, covariates: ArrayLike = ()) -> Floats:
        """Cumulative hazard at times in days of a patient with the covariates."""
        moments, predicted, _ = self._predict(times, covariates)
        safe = _from_scale(
            self.scale, predicted, np.ones_like(predicted), np.where(moments > 0, moments, 1.0)
        )[1]
        return np.where(moments > 0, safe, 0.0)

    def survival(self, times: ArrayLike, covariates: ArrayLike = ()) -> Floats:
        """Survival at times in days; beyond the last knot the spline goes on straight in log time."""
        return np.asarray(np.exp(-self.cumulative_hazard(times, covariates)))

    def hazard(self, times: ArrayLike, covariates: ArrayLike = ()) -> Floats:
        """Hazard per day at times > 0."""
        moments, predicted, slope = self._predict(times, covariates)
        if (moments <= 0).any():
            raise InvalidArgument(
                "a hazard at time 0 was asked for, where log time has no value; expected days above 0"
            )
        return np.asarray(np.exp(_from_scale(self.scale, predicted, slope, moments)[0]))

    def hazard_ratio_at(
        self, times: ArrayLike, covariates: ArrayLike, reference: ArrayLike
    ) -> Floats:
        """Ratio of hazards of two patients at times > 0 in days: constant only if effects are."""
        return np.asarray(self.hazard(times, covariates) / self.hazard(times, reference))

    def _predict(self, times: ArrayLike, covariates: ArrayLike) -> tuple[Floats, Floats, Floats]:
        moments = asked_times(times)
        x = np.asarray(covariates, dtype=np.float64)
        if x.shape != (self.n_covariates,):
            raise InvalidArgument(
                f"{x.size} covariate values were given; the model has {self.n_covariates}"
            )
        log_time = np.log(np.where(moments > 0, moments, 1.0)).ravel()
        rows = np.broadcast_to(x, (log_time.size, len(x)))
        values, slopes = _design(log_time, self.knots, rows, self.varying)
        predicted, slope = values @ self.coefficients, slopes @ self.coefficients
        return moments, predicted.reshape(moments.shape), slope.reshape(moments.shape)


def fit_spline(
    data: TimeToEvent,
    covariates: ArrayLike | None = None,
    *,
    inner_knots: int = 1,
    scale: Scale = "hazard",
    varying: Sequence[int] = (),
    names: Sequence[str] | None = None,
) -> SplineFit:
    """A Royston-Parmar model by maximum likelihood.

    inner_knots  at quantiles of the log event times, evenly spaced; 0 on the scales hazard, odds and normal
    are the
                 Weibull, log-logistic and log-normal models
    varying      positions of covariates whose effect changes with log time (hazards not proportional)
    raises       NotConverged; InvalidArgument for times of 0
    source       Royston & Parmar 2002, Stat Med 21:2175
    """
    if scale not in ("hazard", "odds", "normal"):
        raise InvalidArgument(f'scale "{scale}" is not known; expected hazard, odds or normal')
    if (data.time <= 0).any():
        raise InvalidArgument(
            "a time of 0 days has no logarithm; give it half a day or leave it out"
        )
    x, labels = covariate_columns(data, covariates, names)
    if inner_knots < 0 or not all(0 <= i < x.shape[1] for i in varying):
        raise InvalidArgument(
            f"{inner_knots} inner knots, effects {list(varying)} that vary, {x.shape[1]} covariates; expected 0 or more knots "
            "and positions of covariates"
        )
    event_logs = np.log(data.time[data.observed])
    if len(np.unique(event_logs)) < inner_knots + 2:
        raise ComputationFailed(
            f"{len(event_logs)} events cannot carry {inner_knots} inner knots; use fewer"
        )
    knots = np.quantile(event_logs, np.linspace(0.0, 1.0, inner_knots + 2))
    log_time = np.log(data.time)
    values, slopes = _design(log_time, knots, x, tuple(varying))
    entries = None
    if data.entry is not None:
        late = np.where(data.entry > 0, data.entry, 1.0)
        entries = _design(np.log(late), knots, x, tuple(varying))

    # a first guess from the Nelson-Aalen plot, and columns scaled alike so that the search is well
    # conditioned
    guess, factor = (
        _guess(data, values, scale, inner_knots + 2),
        np.maximum(np.abs(values).max(axis=0), 1e-12),
    )

    def negative(searched: Floats) -> float:
        beta = searched / factor

        def hazards(time: Floats, rows: NDArray[np.intp]) -> tuple[Floats, Floats]:
            at_end = len(rows) == len(data) and time is data.time
            value, slope = (
                (values, slopes)
                if at_end or entries is None
                else (entries[0][rows], entries[1][rows])
            )
            return _from_scale(scale, value @ beta, slope @ beta, time)

        return -log_likelihood(data, hazards)

    found, covariance, value = maximise(
        negative, guess * factor, f"the spline on the {scale} scale"
    )
    all_names = (
        *(f"gamma{i}" for i in range(inner_knots + 2)),
        *labels,
        *(f"gamma1({labels[i]})" for i in varying),
    )
    return SplineFit(
        scale=scale,
        knots=knots,
        names=all_names,
        coefficients=found / factor,
        covariance=covariance / np.outer(factor, factor),
        log_likelihood=-value,
        n_covariates=x.shape[1],
        varying=tuple(varying),
    )


def _design(
    log_time: Floats, knots: Floats, x: Floats, varying: tuple[int, ...]
) -> tuple[Floats, Floats]:
    """Columns of the linear predictor and their derivatives by log time."""
    first, last = knots[0], knots[-1]
    ones, zeros = np.ones_like(log_time), np.zeros_like(log_time)
    columns, slopes = [ones, log_time], [zeros, ones]
    for knot in knots[1:-1]:
        share = (last - knot) / (last - first)
        parts = [np.clip(log_time - at, 0.0, None) for at in (knot, first, last)]
        columns.append(parts[0] ** 3 - share * parts[1] ** 3 - (1.0 - share) * parts[2] ** 3)
        slopes.append(3.0 * (parts[0] ** 2 - share * parts[1] ** 2 - (1.0 - share) * parts[2] ** 2))
    columns += [x[:, i] for i in range(x.shape[1])] + [x[:, i] * log_time for i in varying]
    slopes += [zeros] * x.shape[1] + [x[:, i] for i in varying]
    return np.column_stack(columns), np.column_stack(slopes)


def _from_scale(
    scale: Scale, predicted: Floats, slope: Floats, time: Floats
) -> tuple[Floats, Floats]:
    """Log hazard and cumulative hazard; nan where the spline falls, which the likelihood refuses."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        log_slope = np.log(slope / time)
        if scale == "hazard":
            return predicted + log_slope, np.exp(predicted)
        if scale == "odds":
            cumulative = np.logaddexp(0.0, predicted)
            return predicted - cumulative + log_slope, cumulative
        from scipy.special import log_ndtr

        log_survival = log_ndtr(-predicted)
        return -0.5 * predicted**2 - _HALF_LOG_TAU - log_survival + log_slope, -log_survival


def _guess(data: TimeToEvent, values: Floats, scale: Scale, n_spline: int) -> Floats:
    from scipy.special import ndtri

    from normoxia.survival.nonparametric import nelson_aalen

    hazard = np.clip(nelson_aalen(data).at(data.time[data.observed]), 1e-4, 20.0)
    target = np.log(hazard)
    if scale == "odds":
        target = np.log(np.expm1(hazard))
    elif scale == "normal":
        target = -ndtri(np.exp(-hazard))
    guess = np.zeros(values.shape[1])
    guess[:2] = np.linalg.lstsq(values[data.observed][:, :2], target, rcond=None)[0]
    guess[1] = max(guess[1], 0.1)
    assert n_spline >= 2
    return guess
