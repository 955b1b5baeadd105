"""What a causal statement is worth: an arm simulated with the statement and without it, under the same draws.

Each draw of the ensemble is one possible truth in which the same patients are treated in a model with the statement and in one
without. A change is computed within each draw; its interval is over draws. What the patients of a draw leave to chance is part of
the spread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from normoxia.mechanism.model import Statement
from normoxia.outcome import Endpoint, Estimate
from normoxia.survival.data import DAYS_PER_MONTH
from normoxia.survival.replicates import kaplan_meier_many
from normoxia.trial.endpoints import evaluate
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult
from normoxia.values import Value

Floats = NDArray[np.float64]

LEVEL = 0.95
#: states of vessels and of infiltration that are compared, and the day
STATES = ("perfusion", "pericyte_coverage", "cd8_density")
STATE_DAY = 42.0
#: smallest change that is worth a word: percent of a state, months of a restricted mean; assumed
LEAST_PERCENT, LEAST_MONTHS = 1.0, 0.1
#: months to which mean event-free time is restricted
HORIZONS: Mapping[Endpoint, float] = {Endpoint.PFS: 12.0, Endpoint.OS: 24.0}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RemovedStatement(Value):
    """What an arm loses or gains without a statement.

    Attributes
    ----------
    statement
        As the model has it.
    states
        Change of the mean of each state on day 42, percent of the complete model's; empty where nothing can be removed.
    survival
        Change of the restricted mean, months, by endpoint (PFS to 12 months, OS to 24).
    command
        What simulates the arm without the statement; "" for an emergent statement.
    why_not
        Why nothing was removed; "" where it was.
    """

    statement: Statement
    states: Mapping[str, Estimate] = field(default_factory=dict)
    survival: Mapping[Endpoint, Estimate] = field(default_factory=dict)
    command: str = ""
    why_not: str = ""

    @property
    def matters(self) -> bool:
        """Whether any change is large enough, and its interval excludes 0."""
        return self.matters_to_survival or any(
            differs(change, LEAST_PERCENT) for change in self.states.values()
        )

    @property
    def matters_to_survival(self) -> bool:
        """Whether progression-free or overall survival changes enough, and the interval excludes 0."""
        return any(differs(change, LEAST_MONTHS) for change in self.survival.values())


@dataclass(frozen=True, slots=True, eq=False)
class ArmCourse:
    """An arm's means by draw.

    Attributes
    ----------
    states
        Mean of each state on day 42 over the patients still followed; shape (n_draws,).
    survival
        Restricted mean of each endpoint, months; shape (n_draws,).
    """

    states: Mapping[str, Floats]
    survival: Mapping[Endpoint, Floats]


def course(result: TrialResult, trial: Trial, arm: str) -> ArmCourse:
    """Return the means of an arm.

    Parameters
    ----------
    result
        Of a run under the ensemble, each replicate a draw.
    trial
        As it was run.
    arm
        Id of the arm.
    """
    rows = result.rows(arm).reshape(result.n_replicates, -1)
    day = int(np.argmin(np.abs(result.state_days - STATE_DAY)))
    states = {}
    for name in STATES:
        if name in result.state_names:
            values = result.states[rows, day, result.state_names.index(name)].astype(float)
            states[name] = np.nanmean(values, axis=1)
    endpoints = evaluate(result, trial.criteria, trial.plan.censoring)
    survival = {}
    for endpoint, months in HORIZONS.items():
        time, observed = (
            (endpoints.pfs, endpoints.pfs_observed)
            if endpoint is Endpoint.PFS
            else (endpoints.os, endpoints.os_observed)
        )
        curves = kaplan_meier_many(time[rows], observed[rows])
        days = curves.restricted_mean(months * DAYS_PER_MONTH, extend=True)
        survival[endpoint] = days / DAYS_PER_MONTH
    return ArmCourse(states, survival)


def effect(
    statement: Statement, complete: ArmCourse, without: ArmCourse, command: str
) -> RemovedStatement:
    """Return what removing a statement changed.

    Parameters
    ----------
    statement
        The statement removed.
    complete, without
        The arm with the statement and without it, under the same draws.
    command
        What simulates the arm without the statement.
    """
    states = {
        name: over_draws(100.0 * (without.states[name] / values - 1.0))
        for name, values in complete.states.items()
    }
    survival = {
        endpoint: over_draws(without.survival[endpoint] - values)
        for endpoint, values in complete.survival.items()
    }
    return RemovedStatement(statement=statement, states=states, survival=survival, command=command)


def differs(change: Estimate, least: float) -> bool:
    """Whether a change is at least so large, and its interval excludes 0."""
    return abs(change.value) >= least and change.has_interval and not change.contains(0.0)


def over_draws(values: Floats) -> Estimate:
    """Return the median over draws with the interval that holds 95 % of them; draws without a number are left out."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Estimate(float("nan"))
    tail = (1.0 - LEVEL) / 2.0
    low, middle, high = (float(q) for q in np.quantile(finite, [tail, 0.5, 1.0 - tail]))
    return Estimate(middle, low, high, LEVEL)
