"""Meta-regression: what moves the effect between studies, in a pairwise synthesis or within a network.

Associations across studies are not effects of a covariate within patients (aggregation bias); few studies per covariate
make them fragile. Sources: Thompson & Higgins 2002, Stat Med 21:1559; Viechtbauer 2010, J Stat Softw 36(3); in networks
Dias 2013, NICE DSU TSD 3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.model import heterogeneity
from normoxia.evidence.synthesis.model.heterogeneity import Array, TauMethod
from normoxia.evidence.synthesis.model.meta import (
    checked,
    chi2_tail,
    normal_quantile,
    t_quantile,
    two_sided_p,
)

if TYPE_CHECKING:
    from normoxia.evidence.synthesis.model.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """One coefficient with its interval, on the analysis scale per unit of its covariate."""

    name: str
    estimate: float
    se: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """A meta-regression.

    Parameters
    ----------
    coefficients
        The intercept (pairwise) or the basic effects (network) first, then the covariates.
    qm, qm_df
        Test of all covariates together; qe, qe_df residual heterogeneity (weights without
        tau2).
    r2
        Share of the tau2 without covariates that the covariates remove; nan when that tau2
        is 0.
    """

    coefficients: tuple[Coefficient, ...]
    tau2: float
    qm: float
    qm_df: int
    qm_p_value: float
    qe: float
    qe_df: int
    qe_p_value: float
    r2: float
    n_studies: int
    level: float = 0.95

    def __getitem__(self, name: str) -> Coefficient:
        for coefficient in self.coefficients:
            if coefficient.name == name:
                return coefficient
        raise KeyError(name)


def meta_regression(
    estimates: Sequence[float] | Array,
    ses: Sequence[float] | Array,
    covariates: Mapping[str, Sequence[float] | Array],
    *,
    tau: TauMethod | str | float = TauMethod.REML,
    hartung_knapp: bool = False,
    level: float = 0.95,
) -> Regression:
    """Regression of pairwise effects on study covariates, random effects around the line.

    Parameters
    ----------
    covariates
        One value a study under each name; a study with a missing value must be left out by
        the caller.
    hartung_knapp
        Scaled covariance with t intervals (Knapp & Hartung 2003, Stat Med 22:2693).

    Raises
    ------
    InvalidArgument
        With fewer studies than coefficients plus one, or collinear covariates.
    """
    y, v = checked(estimates, ses)
    columns = [
        np.ones(len(y)),
        *(_column(name, values, len(y)) for name, values in covariates.items()),
    ]
    base = np.ones((len(y), 1))
    return _regress(
        y,
        v,
        base,
        np.column_stack(columns),
        ("intercept", *covariates),
        tau,
        hartung_knapp,
        level,
        n_studies=len(y),
    )


def network_regression(
    network: Network,
    covariates: Mapping[str, Mapping[str, float]],
    *,
    reference: str | None = None,
    tau: TauMethod | str | float = TauMethod.REML,
    level: float = 0.95,
) -> Regression:
    """A network with one slope for each covariate, common to every treatment against the reference.

    The slope is how each treatment's effect against the reference changes per unit; contrasts between two other treatments are
    assumed not to change (Dias 2013, model "common interaction").

    Parameters
    ----------
    network
        Connected by the studies that report every covariate.
    covariates
        Values by name, then by study; a study without a finite value of each is left out. Centre them for readable
        basic effects.
    reference
        By default the treatment in most studies.
    tau
        Estimator of the residual variance between studies, or a fixed standard deviation.
    level
        Of intervals.

    Returns
    -------
    Regression
        The basic effects against the reference where every covariate is 0, then the slopes, under their names.

    Raises
    ------
    InvalidArgument
        Without a covariate; where the studies that report them do not connect the network, or cannot tell the coefficients apart.
    """
    from normoxia.evidence.synthesis.model import network as net

    if not covariates:
        raise InvalidArgument("no covariate; give at least one, with a value for each study")
    kept = network.subset(
        [
            study
            for study in network.studies
            if all(math.isfinite(values.get(study, math.nan)) for values in covariates.values())
        ]
    )
    if not kept.is_connected:
        raise InvalidArgument(
            f"the studies that report {', '.join(covariates)} do not connect the network; regress within a part"
        )
    at = kept.index(reference or net.default_reference(kept))
    slopes = [
        -kept.design[:, at] * np.array([values[kept.studies[s]] for s in kept.study])
        for values in covariates.values()
    ]
    base = np.delete(kept.design, at, axis=1)
    names = tuple(t for i, t in enumerate(kept.treatments) if i != at)
    return _regress(
        kept.estimate,
        kept.variance,
        base,
        np.column_stack([base, *slopes]),
        (*names, *covariates),
        tau,
        False,
        level,
        n_studies=len(kept.studies),
    )


def _regress(
    y: Array,
    v: Array,
    base: Array,
    x: Array,
    names: tuple[str, ...],
    tau: TauMethod | str | float,
    hartung_knapp: bool,
    level: float,
    *,
    n_studies: int,
) -> Regression:
    df = len(y) - x.shape[1]
    if df < 1:
        raise InvalidArgument(
            f"{len(y)} contrasts for {x.shape[1]} coefficients; add studies or drop covariates"
        )
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise InvalidArgument(
            f"the coefficients {', '.join(names)} cannot be told apart; drop a covariate that the others imply"
        )
    # orthonormal columns: a covariate such as a calendar year is nearly the intercept, and rounding would show
    turned, back = np.linalg.qr(x)
    alone_x = np.linalg.qr(base)[0]
    between = heterogeneity.between_variance(y, v, turned, tau, alone_x)
    alone = heterogeneity.between_variance(y, v, alone_x, tau)
    residual = heterogeneity.weighted_fit(y, v, turned)
    fit = heterogeneity.weighted_fit(y, v, turned, between)
    inverse = np.linalg.inv(back)
    factor = heterogeneity.hartung_knapp_factor(fit.q, df) if hartung_knapp else 1.0
    estimates = inverse @ fit.coefficients
    covariance = inverse @ fit.covariance @ inverse.T * factor
    quantile = t_quantile(level, df) if hartung_knapp else normal_quantile(level)
    added = slice(base.shape[1], x.shape[1])
    slopes, n_added = estimates[added], x.shape[1] - base.shape[1]
    qm = float(slopes @ np.linalg.solve(covariance[added, added], slopes)) if n_added else 0.0
    coefficients = []
    for i, label in enumerate(names):
        value, se = float(estimates[i]), math.sqrt(covariance[i, i])
        p = two_sided_p(value / se, df if hartung_knapp else math.inf)
        coefficients.append(
            Coefficient(
                name=label,
                estimate=value,
                se=se,
                low=value - quantile * se,
                high=value + quantile * se,
                p_value=p,
            )
        )
    return Regression(
        coefficients=tuple(coefficients),
        tau2=between,
        qm=qm,
        qm_df=n_added,
        qm_p_value=chi2_tail(qm, n_added),
        qe=residual.q,
        qe_df=df,
        qe_p_value=chi2_tail(residual.q, df),
        r2=max(0.0, 1.0 - between / alone) if alone > 0 else math.nan,
        n_studies=n_studies,
        level=level,
    )


def _column(name: str, values: Sequence[float] | Array, n: int) -> Array:
    column = np.asarray(values, dtype=float)
    if column.shape != (n,) or not np.all(np.isfinite(column)):
        raise InvalidArgument(
            f'covariate "{name}": expected {n} finite values, one a study; leave out studies without one'
        )
    return column
