"""Indirect comparisons of two trials: Bucher's difference, and matching-adjusted indirect comparison (MAIC).

Bucher assumes that what modifies the effect is alike in both trials. MAIC weights the patients of one trial so that their
covariates' means equal those the other reports; anchored (both share an arm) it needs the effect modifiers among them,
unanchored everything prognostic too, which is rarely known. Sources: Bucher 1997, J Clin Epidemiol 50:683; Signorovitch
2010, Pharmacoeconomics 28:935; Phillippo 2016, NICE DSU TSD 18; entropy balancing: Hainmueller 2012, Polit Anal 20:25.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from normoxia.errors import InvalidArgument, NotConverged
from normoxia.evidence.synthesis.model.heterogeneity import Array
from normoxia.evidence.synthesis.model.meta import normal_quantile, two_sided_p

_MAX_STEPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class IndirectEffect:
    """A against B through the arm both trials share, on the analysis scale."""

    estimate: float
    se: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """Weights that make one trial look like another.

    Parameters
    ----------
    weights
        Exp(x b) with x centred at the target; only ratios matter; shape (n_patients,).
    effective_size
        (sum w)^2 / sum w^2: what the matching leaves of the patients.
    before, after
        Covariates' means without and with weights, by name.
    """

    weights: Array
    effective_size: float
    before: Mapping[str, float]
    after: Mapping[str, float]

    @property
    def share_left(self) -> float:
        """Effective size over patients; below a half or so the comparison rests on few of them."""
        return self.effective_size / len(self.weights)


def bucher(
    a_vs_c: float, a_vs_c_se: float, b_vs_c: float, b_vs_c_se: float, *, level: float = 0.95
) -> IndirectEffect:
    """A against B from A against C and B against C (differences or log ratios)."""
    if not (a_vs_c_se > 0 and b_vs_c_se > 0):
        raise InvalidArgument(
            f"standard errors {a_vs_c_se:g} and {b_vs_c_se:g}; both must be above 0"
        )
    estimate, se = a_vs_c - b_vs_c, math.hypot(a_vs_c_se, b_vs_c_se)
    half = normal_quantile(level) * se
    return IndirectEffect(
        estimate=estimate,
        se=se,
        low=estimate - half,
        high=estimate + half,
        p_value=two_sided_p(estimate / se),
    )


def match(
    covariates: Mapping[str, ArrayLike],
    target_means: Mapping[str, float],
    target_sds: Mapping[str, float] | None = None,
) -> Matching:
    """Entropy-balancing weights exp(x b) so that weighted means (and, where given, standard deviations) meet a target.

    Raises
    ------
    InvalidArgument
        When the target lies outside what the patients span: no weights exist then.
    """
    missing = [name for name in target_means if name not in covariates]
    if missing or not target_means:
        raise InvalidArgument(
            f"no covariate {', '.join(missing) or 'to match'}; give one column for each target mean"
        )
    columns, names = [], []
    for name, mean in target_means.items():
        values = np.asarray(covariates[name], dtype=float)
        columns.append(values - mean)
        names.append(name)
        if target_sds and name in target_sds:
            columns.append(values**2 - (mean**2 + target_sds[name] ** 2))
    x = np.column_stack(columns)
    scale = np.maximum(x.std(axis=0), 1e-12)
    weights = _balance(x / scale, list(target_means))
    original = {name: np.asarray(covariates[name], dtype=float) for name in names}
    return Matching(
        weights=weights,
        effective_size=float(weights.sum() ** 2 / np.sum(weights**2)),
        before={name: float(values.mean()) for name, values in original.items()},
        after={
            name: float(np.average(values, weights=weights)) for name, values in original.items()
        },
    )


def _balance(x: Array, names: list[str]) -> Array:
    """exp(x b) at the minimum of the sum of exp(x b), by damped Newton; the gradient there is the imbalance."""
    b = np.zeros(x.shape[1])
    w = np.ones(len(x))
    total = float(w.sum())
    for _ in range(_MAX_STEPS):
        gradient = x.T @ w
        if np.max(np.abs(gradient)) < 1e-10 * total:
            return np.asarray(w, dtype=np.float64)
        step = np.linalg.lstsq((x * w[:, None]).T @ x, gradient, rcond=1e-14)[0]
        size = 1.0
        while size > 1e-8:
            with np.errstate(over="ignore"):
                tried = np.exp(x @ (b - size * step))
            if math.isfinite(float(tried.sum())) and float(tried.sum()) < total:
                break
            size /= 2.0
        else:
            break
        b, w, total = b - size * step, tried, float(tried.sum())
        if total < 1e-6:
            raise InvalidArgument(
                f"no weights bring {', '.join(names)} to their targets: they lie outside what these patients span; drop a covariate"
            )
    if np.max(np.abs(x.T @ w)) < 1e-6 * total:
        return np.asarray(w, dtype=np.float64)
    raise NotConverged(
        "the weights did not settle; the targets are at the edge of what these patients span"
    )
