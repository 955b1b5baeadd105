"""What a simulated trial says of a published figure, on the figure's own scale, at every simulated point."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.experiments import Endpoints
from normoxia.calibration.observations import Kind, Observation
from normoxia.outcome import Endpoint
from normoxia.survival.data import DAYS_PER_MONTH
from normoxia.survival.replicates import hazard_ratio_many, kaplan_meier_many
from normoxia.trial.recist import Response

Floats = NDArray[np.float64]

#: progression is seen at visits, so simulated curves of PFS are read on average over half a visit's interval to either side, days
AROUND = 21.0
#: log hazard ratios of small strata can run away; beyond this they are held
RUNAWAY = 3.0


def summary(found: Endpoints, observation: Observation, whole: str = "") -> Floats:
    """One figure at every point; shape (n_points,), nan where the simulated patients cannot say.

    whole  the set that a stratum's hazard ratio is taken relative to
    """
    if observation.kind is Kind.RESPONSE:
        return response_logit(found, observation.arm, observation.set)
    if observation.kind is Kind.CURVE:
        days = np.array([observation.months * DAYS_PER_MONTH])
        return log_cumulative_hazard(found, observation.arm, observation.set, observation.endpoint, days)[
            :, 0
        ]
    pair = (observation.arm, observation.comparator)
    ratio = log_hazard_ratio(found, *pair, observation.set, observation.endpoint)
    if observation.kind is Kind.STRATUM:
        ratio = ratio - log_hazard_ratio(found, *pair, whole, observation.endpoint)
    return ratio


def response_logit(found: Endpoints, arm: str, members: str) -> Floats:
    """Logit of the share that responded, half a patient added to either side; shape (n_points,)."""
    a = found.arms.index(arm)
    inside = found.sets[members][:, a] & np.isfinite(found.pfs[:, a])
    x = (inside & (found.response[:, a] >= Response.PR)).sum(axis=1) + 0.5
    n = inside.sum(axis=1) + 1.0
    return np.where(n > 1.0, np.log(x / (n - x)), np.nan)


def log_cumulative_hazard(
    found: Endpoints, arm: str, members: str, endpoint: Endpoint, days: Floats
) -> Floats:
    """Logarithm of the cumulative hazard (of the Kaplan-Meier curve) at some days; shape (n_points, n_days).

    nan where follow-up does not reach. Survival is held half a patient inside 0 and 1.
    """
    a = found.arms.index(arm)
    inside = found.sets[members][:, a] & np.isfinite(found.pfs[:, a])
    time, observed = _times(found, a, endpoint)
    curves = kaplan_meier_many(time, observed, inside)
    shifts = (-AROUND, -AROUND / 2, 0.0, AROUND / 2, AROUND) if endpoint is Endpoint.PFS else (0.0,)
    left = np.mean([curves.at(np.maximum(days + shift, 0.0)) for shift in shifts], axis=0)
    n = np.maximum(inside.sum(axis=1), 1)[:, None]
    held = np.clip(left, 0.5 / n, 1.0 - 0.5 / n)
    return np.log(-np.log(held))


def log_hazard_ratio(found: Endpoints, arm: str, comparator: str, members: str, endpoint: Endpoint) -> Floats:
    """Cox log hazard ratio of two arms; shape (n_points,), nan without events in either."""
    first, second = found.arms.index(arm), found.arms.index(comparator)
    parts = [_times(found, a, endpoint) for a in (first, second)]
    time = np.concatenate([t for t, _ in parts], axis=1)
    observed = np.concatenate([o for _, o in parts], axis=1)
    inside = np.concatenate([found.sets[members][:, a] for a in (first, second)], axis=1)
    experimental = np.arange(time.shape[1]) < parts[0][0].shape[1]
    ratio = hazard_ratio_many(time, observed, experimental, included=inside).log_hazard_ratio
    return np.clip(ratio, -RUNAWAY, RUNAWAY)


def survival_grid(
    found: Endpoints, arm: str, members: str, endpoint: Endpoint, months: Iterable[float]
) -> Floats:
    """`log_cumulative_hazard` on a grid of months; shape (n_points, n_months)."""
    days = np.array(list(months)) * DAYS_PER_MONTH
    return log_cumulative_hazard(found, arm, members, endpoint, days)


def _times(found: Endpoints, arm: int, endpoint: Endpoint) -> tuple[Floats, NDArray[np.bool_]]:
    time, observed = (
        (found.pfs, found.pfs_observed) if endpoint is Endpoint.PFS else (found.os, found.os_observed)
    )
    days = np.nan_to_num(time[:, arm].astype(np.float64), nan=0.0)
    return np.maximum(days, 0.0), observed[:, arm]


def median_months(log_hazards: Floats, months: Floats) -> Floats:
    """Medians from curves on a grid, linear in log time between points and beyond the ends; shape (n,).

    log_hazards  rising with months; shape (n, n_months), nan where not known; at least two points each
    returns      nan for a curve with fewer than two points
    """
    target = math.log(math.log(2.0))
    x = np.log(months)
    found = np.full(len(log_hazards), np.nan)
    for i, row in enumerate(log_hazards):
        known = np.isfinite(row)
        if known.sum() < 2:
            continue
        y, t = np.maximum.accumulate(row[known]), x[known]
        after = int(np.clip(np.searchsorted(y, target), 1, len(y) - 1))
        rise = max(y[after] - y[after - 1], 1e-6)
        found[i] = math.exp(t[after - 1] + (t[after] - t[after - 1]) * (target - y[after - 1]) / rise)
    return found
