"""The difference between two regimens attributed to groups of causal statements.

The same patients with the same random numbers are simulated with every subset of the groups ablated. In each draw the value of a
subset is the difference of restricted mean progression-free time between the regimens (Kaplan-Meier, carried on at its last
height); Shapley values attribute it. Intervals are over draws of the ensemble; the standard error of chance is that of patients
within draws, from those who are followed to the horizon in every run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.design import shapley
from normoxia.design.explanations import PAIR, ExplanationDesign
from normoxia.design.regimens import over_draws, restricted_means
from normoxia.design.shapley import Coalition
from normoxia.errors import InvalidArgument
from normoxia.outcome import Estimate
from normoxia.survival.data import DAYS_PER_MONTH
from normoxia.survival.replicates import kaplan_meier_many
from normoxia.trial.endpoints import evaluate
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult

Floats = NDArray[np.float64]

#: contributions that are no group's
REST = "rest"
#: pairs of orders when there are too many groups for every subset
ORDER_PAIRS = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupContribution:
    """What one group, or the rest, contributes to the difference.

    Attributes
    ----------
    group
        Id; "rest" for what remains without any of the groups.
    estimate
        Months, with its interval over draws.
    draws
        In each draw; shape (n_draws,).
    chance
        Standard error that comes from simulating so many patients; nan where it is not known.
    order_error
        Standard error of having sampled orders of the groups; 0 where every subset was used.
    """

    group: str
    estimate: Estimate
    draws: Floats
    chance: float
    order_error: float = 0.0

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes no contribution."""
        return self.estimate.has_interval and not self.estimate.contains(0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StatementEffect:
    """What removing one statement changes: months of restricted mean.

    Attributes
    ----------
    tag
        The statement.
    difference
        Change of the difference between the regimens.
    experimental, control
        Change under each regimen.
    """

    tag: str
    difference: Estimate
    experimental: Estimate
    control: Estimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attribution:
    """The difference between two regimens and where it comes from.

    Attributes
    ----------
    difference
        Months of restricted mean, with its interval over draws.
    contributions
        One a group, then the rest.
    effects
        One a statement that was removed alone.
    patients
        Contributions patient by patient: shape (n_draws, n, n_groups + 1), nan for those lost before the horizon.
    """

    difference: Estimate
    contributions: tuple[GroupContribution, ...]
    effects: tuple[StatementEffect, ...]
    patients: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PfsTimes:
    """Progression-free time of the patients of a run to the horizon: by regimen and draw, and patient by patient.

    Attributes
    ----------
    means
        Restricted mean, months; shape (2, n_draws), experimental first.
    months
        Of each patient, nan when lost before the horizon; shape (2, n_draws, n).
    """

    means: Floats
    months: Floats


def coalitions(design: ExplanationDesign, seed: int) -> tuple[Coalition, ...]:
    """Return the subsets of groups that are simulated: those that are present, the others being ablated."""
    ids = [group.id for group in design.groups]
    if len(ids) <= shapley.EXACT:
        return shapley.every_subset(ids)
    return shapley.subsets_of(shapley.orders(ids, ORDER_PAIRS, seed))


def ablated(design: ExplanationDesign, present: Coalition) -> tuple[str, ...]:
    """Return the statements that are ablated when only some groups are present."""
    return tuple(
        tag for group in design.groups if group.id not in present for tag in group.statements
    )


def pfs_times(result: TrialResult, trial: Trial, horizon: float) -> PfsTimes:
    """Return the progression-free times of a run of the two regimens.

    Raises
    ------
    InvalidArgument
        Patients are not followed to the horizon.
    """
    endpoints = evaluate(result, trial.criteria, trial.plan.censoring)
    days = horizon * DAYS_PER_MONTH
    means, months = [], []
    for name in PAIR:
        arm = next(arm for arm in trial.arms if arm.id == name)
        rows = result.rows(name).reshape(result.n_replicates, arm.n)
        time, observed = endpoints.pfs[rows], endpoints.pfs_observed[rows]
        if not (time >= days).any() and not observed.any():
            raise InvalidArgument(
                f"nobody is followed to {horizon:g} months; expected a longer follow-up or a shorter horizon"
            )
        curves = kaplan_meier_many(time, observed)
        means.append(restricted_means(curves, horizon, np.zeros(result.n_replicates)))
        is_known = observed | (time >= days)
        months.append(np.where(is_known, np.minimum(time, days), np.nan) / DAYS_PER_MONTH)
    return PfsTimes(np.array(means), np.array(months))


def attribute(
    design: ExplanationDesign,
    times: Mapping[Coalition, PfsTimes],
    alone: Mapping[str, PfsTimes],
    seed: int,
) -> Attribution:
    """Return where the difference between the regimens comes from.

    Parameters
    ----------
    design
        What is asked.
    times
        By subset of the groups that were present, see `coalitions`.
    alone
        By statement that was removed alone.
    seed
        The one that `coalitions` was given.
    """
    ids = [group.id for group in design.groups]
    whole = times[frozenset(ids)]
    by_draw = {s: t.means[0] - t.means[1] for s, t in times.items()}
    by_patient = {s: t.months[0] - t.months[1] for s, t in times.items()}
    shares, errors = _shares(ids, by_draw, seed)
    patients, _ = _shares(ids, by_patient, seed)
    nothing: Coalition = frozenset()
    shares[REST], errors[REST], patients[REST] = by_draw[nothing], 0.0, by_patient[nothing]
    contributions = tuple(
        GroupContribution(
            group=name,
            estimate=over_draws(shares[name]),
            draws=shares[name],
            chance=_chance(patients[name]),
            order_error=errors[name],
        )
        for name in (*ids, REST)
    )
    return Attribution(
        difference=over_draws(by_draw[frozenset(ids)]),
        contributions=contributions,
        effects=tuple(_effect(tag, whole, without) for tag, without in alone.items()),
        patients=np.stack([patients[name] for name in (*ids, REST)], axis=-1),
    )


def _shares(
    ids: Sequence[str], value: Mapping[Coalition, Floats], seed: int
) -> tuple[dict[str, Floats], dict[str, float]]:
    if len(ids) <= shapley.EXACT:
        return shapley.exact(ids, value), dict.fromkeys(ids, 0.0)
    sampled = shapley.by_orders(shapley.orders(ids, ORDER_PAIRS, seed), value)
    return (
        {name: mean for name, (mean, _) in sampled.items()},
        {name: float(np.nanmean(error)) for name, (_, error) in sampled.items()},
    )


def _chance(patients: Floats) -> float:
    """Standard error of a mean over draws that comes from the number of patients within each."""
    n = np.isfinite(patients).sum(axis=1)
    if (n < 2).any():
        return float("nan")
    variances = np.nanvar(patients, axis=1, ddof=1) / n
    return float(np.sqrt(variances.mean() / len(variances)))


def _effect(tag: str, whole: PfsTimes, without: PfsTimes) -> StatementEffect:
    change = without.means - whole.means
    return StatementEffect(
        tag=tag,
        difference=over_draws(change[0] - change[1]),
        experimental=over_draws(change[0]),
        control=over_draws(change[1]),
    )
