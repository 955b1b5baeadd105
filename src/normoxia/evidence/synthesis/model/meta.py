"""Pairwise meta-analysis: inverse-variance pooling, common or random, and what to read beside it.

Assumes that the studies estimate one effect (common) or effects drawn from one normal distribution (random), and that
sampling variances are known; both fail with few events (see `rare`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.model import heterogeneity
from normoxia.evidence.synthesis.model.heterogeneity import Array, TauMethod

Model = Literal["common", "random"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledEffect:
    """A pooled estimate on the analysis scale (log for ratios).

    Parameters
    ----------
    prediction
        Where the effect of a new study is expected to lie; equal to the interval under the
        common model.
    q, df, p
        Cochran's test of homogeneity.
    i2, h2
        From tau2 and the typical sampling variance (Higgins & Thompson 2002, eqs. 9 and
        10).
    tau2_interval
        Q-profile interval.
    """

    estimate: float
    se: float
    low: float
    high: float
    p_value: float
    tau2: float
    tau2_interval: tuple[float, float]
    prediction: tuple[float, float]
    q: float
    df: int
    q_p_value: float
    i2: float
    h2: float
    n_studies: int
    model: str
    tau_method: str
    hartung_knapp: bool
    level: float

    @property
    def tau(self) -> float:
        """Between-study standard deviation."""
        return math.sqrt(self.tau2)


def pairwise(
    estimates: Sequence[float] | Array,
    ses: Sequence[float] | Array,
    *,
    model: Model = "random",
    tau: TauMethod | str | float = TauMethod.REML,
    hartung_knapp: bool = False,
    prediction: Literal["confidence", "student"] = "student",
    prediction_df: Literal["normal", "k-1", "k-2"] = "k-1",
    level: float = 0.95,
) -> PooledEffect:
    """One effect from several studies by inverse variance.

    Parameters
    ----------
    estimates, ses
        On the analysis scale (log for ratios); shape (n_studies,).
    tau
        Estimator of the between-study variance, or a fixed standard deviation.
    hartung_knapp
        Variance by Hartung & Knapp 2001 (Stat Med 20:3875), t with k-1 degrees of freedom.
    prediction
        "student" takes tau2 as known, estimate +- quantile sqrt(se2 + tau2), which metafor
        and meta print; "confidence" carries what is not known of tau2 along (see
        `prediction`), as a network does unless told otherwise, and covers with few studies;
        nan for one study, "student" where tau is fixed.
    prediction_df
        Distribution behind the former: "normal", or t with k-1 or (Higgins 2009) k-2.

    Raises
    ------
    InvalidArgument
        When no study, or a standard error is not positive and finite.
    """
    y, v = checked(estimates, ses)
    checked_level(level)
    x = np.ones((len(y), 1))
    homogeneous = heterogeneity.weighted_fit(y, v, x)
    between = heterogeneity.between_variance(y, v, x, tau) if model == "random" else 0.0
    fit = heterogeneity.weighted_fit(y, v, x, between)
    df = len(y) - 1
    se, quantile, p_value = _inference(fit, df, hartung_knapp=hartung_knapp, level=level)
    mean = float(fit.coefficients[0])
    typical = heterogeneity.typical_variance(v, x) if df else math.nan
    i2 = between / (between + typical) if df else math.nan
    half = quantile * se
    if model == "random":
        half = math.sqrt(se**2 + between) * _prediction_quantile(prediction_df, len(y), level)
    predicted = mean - half, mean + half
    if model == "random" and prediction == "confidence" and not isinstance(tau, (int, float)):
        low, high = _predicted(y, v, x, level)
        predicted = min(low, mean - quantile * se), max(high, mean + quantile * se)
    return PooledEffect(
        estimate=mean,
        se=se,
        low=mean - quantile * se,
        high=mean + quantile * se,
        p_value=p_value,
        tau2=between,
        tau2_interval=heterogeneity.q_profile(y, v, x, level),
        prediction=predicted,
        q=homogeneous.q,
        df=df,
        q_p_value=chi2_tail(homogeneous.q, df),
        i2=i2,
        h2=between / typical + 1.0 if df else math.nan,
        n_studies=len(y),
        model=model,
        tau_method=heterogeneity.method_name(tau),
        hartung_knapp=hartung_knapp,
        level=level,
    )


def leave_one_out(
    estimates: Sequence[float] | Array, ses: Sequence[float] | Array, **options: object
) -> tuple[PooledEffect, ...]:
    """The pooled estimate without each study in turn; options as in `pairwise`."""
    y, se = np.asarray(estimates, dtype=float), np.asarray(ses, dtype=float)
    if len(y) < 2:
        raise InvalidArgument(
            "leaving one study out needs at least 2 studies; there is nothing to compare"
        )
    keep = ~np.eye(len(y), dtype=bool)
    return tuple(pairwise(y[row], se[row], **options) for row in keep)  # type: ignore[arg-type]


def checked(
    estimates: Sequence[float] | Array, ses: Sequence[float] | Array
) -> tuple[Array, Array]:
    """Estimates and variances as arrays. Raises InvalidArgument naming the first position that cannot be used."""
    y, se = np.asarray(estimates, dtype=float), np.asarray(ses, dtype=float)
    if y.ndim != 1 or y.shape != se.shape or len(y) == 0:
        raise InvalidArgument(
            f"{y.size} estimates and {se.size} standard errors; give one of each per study, at least one"
        )
    for i in np.flatnonzero(~np.isfinite(y) | ~np.isfinite(se) | (se <= 0)):
        raise InvalidArgument(
            f"study {i + 1}: estimate {y[i]:g}, standard error {se[i]:g}; both must be finite, the latter > 0"
        )
    return y, se**2


def checked_level(level: float) -> float:
    """A level of intervals. Raises InvalidArgument unless between 0 and 1."""
    if not 0.0 < level < 1.0:
        raise InvalidArgument(f"level {level:g}; expected a share between 0 and 1, such as 0.95")
    return level


def chi2_tail(statistic: float, df: float) -> float:
    """P(chi-squared with df degrees of freedom >= statistic); nan without degrees of freedom."""
    from scipy.special import chdtrc

    return float(chdtrc(df, max(statistic, 0.0))) if df > 0 else math.nan


def f_tail(ratio: float, df: int, residual_df: int) -> float:
    """P(F with df and residual_df degrees of freedom >= ratio); nan without degrees of freedom."""
    from scipy.special import fdtrc

    return (
        float(fdtrc(df, residual_df, max(ratio, 0.0))) if df > 0 and residual_df > 0 else math.nan
    )


def normal_quantile(level: float) -> float:
    """The two-sided standard normal quantile, 1.96 for 0.95."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2.0))


def t_quantile(level: float, df: float) -> float:
    """The two-sided Student quantile; nan without degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.5 + level / 2.0)) if df > 0 else math.nan


def two_sided_p(z: float, df: float = math.inf) -> float:
    """P(|Z| >= |z|), normal or Student."""
    from scipy.special import ndtr, stdtr

    return 2.0 * float(ndtr(-abs(z)) if math.isinf(df) else stdtr(df, -abs(z)))


def _predicted(y: Array, v: Array, x: Array, level: float) -> tuple[float, float]:
    """The prediction interval from the confidence distribution of tau2; nan where one study says nothing of it."""
    from normoxia.evidence.synthesis.model.prediction import predictive_intervals

    if len(y) < 2:
        return math.nan, math.nan
    low, high = predictive_intervals(y, v, x, np.ones((1, 1)), level)
    return float(low[0]), float(high[0])


def _inference(
    fit: heterogeneity.WeightedFit, df: int, *, hartung_knapp: bool, level: float
) -> tuple[float, float, float]:
    se = math.sqrt(fit.covariance[0, 0])
    mean = float(fit.coefficients[0])
    if hartung_knapp and df > 0:
        se *= math.sqrt(heterogeneity.hartung_knapp_factor(fit.q, df))
        return se, t_quantile(level, df), two_sided_p(mean / se, df)
    return se, normal_quantile(level), two_sided_p(mean / se)


def _prediction_quantile(kind: str, k: int, level: float) -> float:
    if kind == "normal":
        return normal_quantile(level)
    return t_quantile(level, k - 1 if kind == "k-1" else k - 2)
