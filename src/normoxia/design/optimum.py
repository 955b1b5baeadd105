"""The best of many schedules under a utility: over all draws, in each structural variant, and what cannot be distinguished from it.

The same patients with the same random numbers follow every schedule, so that utilities are compared draw by draw. The
recommendation has the highest mean utility over draws among schedules within the limit. A schedule is a rival when the interval over
draws of its paired difference from the recommendation includes none. The regret of a variant is what the recommendation loses, in
the draws of that variant, against the best schedule of those draws.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.design.optimisations import BURDENS, OptimisationDesign
from normoxia.design.regimens import HORIZONS, over_draws, restricted_means
from normoxia.errors import InvalidArgument, UnknownName
from normoxia.outcome import Endpoint, Estimate
from normoxia.survival.replicates import kaplan_meier_many
from normoxia.trial.endpoints import evaluate
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VariantOptimum:
    """The best schedule of some draws.

    Attributes
    ----------
    variant, is_on
        Structural variant and its side; "" for all draws.
    n_draws
        How many there are.
    best
        Position of the schedule with the highest mean utility within the limit.
    utility
        Mean utility of it.
    regret
        What the recommendation over all draws loses against it in these draws; 0 or more.
    """

    variant: str
    is_on: bool
    n_draws: int
    best: int
    utility: float
    regret: Estimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Optimum:
    """What an optimisation found.

    Attributes
    ----------
    outcomes
        By outcome: months or percent, of each schedule in each draw; shape (n_schedules, n_draws).
    utility, benefit
        Of each schedule in each draw; benefit leaves burdens out. Shape (n_schedules, n_draws).
    feasible
        Whether the mean toxicity keeps the limit; shape (n_schedules,).
    best
        Position of the recommendation.
    gain
        Its utility over that of the reference, paired by draw.
    rivals
        Positions of feasible schedules that cannot be distinguished from it.
    front
        Positions of the Pareto front of mean benefit and mean toxicity, by rising toxicity.
    best_share
        Share of draws in which each schedule is the best feasible one; shape (n_schedules,).
    variants
        One a side of each structural variant that has draws.
    """

    outcomes: Mapping[str, Floats]
    utility: Floats
    benefit: Floats
    feasible: NDArray[np.bool_]
    best: int
    gain: Estimate
    rivals: tuple[int, ...]
    front: tuple[int, ...]
    best_share: Floats
    variants: tuple[VariantOptimum, ...]


def longest(design: OptimisationDesign) -> float:
    """Return the longest horizon of a restricted mean that the utility weighs, months."""
    return max(_horizons(design).values())


def _horizons(design: OptimisationDesign) -> dict[str, float]:
    own = {"pfs": design.horizon}
    if design.utility.weights.get("os"):
        own["os"] = HORIZONS[Endpoint.OS]
    return own


def outcomes(result: TrialResult, trial: Trial, design: OptimisationDesign) -> dict[str, Floats]:
    """Return the outcomes of every arm of a run: months and percent, shape (n_arms, n_draws); survival where it is weighed."""
    e = evaluate(result, trial.criteria, trial.plan.censoring)
    none = np.zeros(result.n_replicates)
    times = {"pfs": (e.pfs, e.pfs_observed), "os": (e.os, e.os_observed)}
    horizons = _horizons(design)
    columns: dict[str, list[Floats]] = {name: [] for name in (*horizons, "response", "toxicity")}
    for arm in trial.arms:
        rows = result.rows(arm.id).reshape(result.n_replicates, arm.n)
        for name, months in horizons.items():
            time, observed = times[name]
            curves = kaplan_meier_many(time[rows], observed[rows])
            columns[name].append(restricted_means(curves, months, none))
        columns["response"].append(100.0 * e.responded[rows].mean(axis=1))
        columns["toxicity"].append(100.0 * e.toxic[rows].mean(axis=1))
    return {name: np.array(values) for name, values in columns.items()}


def optimum(
    design: OptimisationDesign, found: Mapping[str, Floats], is_on: Mapping[str, Sequence[bool]]
) -> Optimum:
    """Return the best schedule and what surrounds it.

    Parameters
    ----------
    design
        What is asked.
    found
        By outcome, shape (n_schedules, n_draws), in the order of the schedules.
    is_on
        By structural variant: whether it is on in each draw.

    Raises
    ------
    InvalidArgument
        No schedule keeps the limit.
    UnknownName
        There is no variant of a name in `design.by`.
    """
    weights = design.utility.weights
    benefit = sum(
        (w * found[name] for name, w in weights.items() if w and name not in BURDENS),
        np.zeros_like(found["pfs"]),
    )
    utility = benefit + sum(
        (w * found[name] for name, w in weights.items() if name in BURDENS), np.zeros_like(benefit)
    )
    feasible = found["toxicity"].mean(axis=1) <= design.utility.most_toxic
    if not feasible.any():
        least = float(found["toxicity"].mean(axis=1).min())
        raise InvalidArgument(
            f"no schedule keeps toxicity of grade 3 or more at {design.utility.most_toxic:g}% or below: the mildest "
            f"has {least:.0f}%; raise the limit or add milder schedules"
        )
    best = _best(utility, feasible)
    allowed = np.where(feasible[:, None], utility, -np.inf)
    winners = np.bincount(np.argmax(allowed, axis=0), minlength=len(utility))
    rivals = tuple(
        k
        for k in np.flatnonzero(feasible)
        if k != best and not _is_worse(utility[best] - utility[k])
    )
    return Optimum(
        outcomes=found,
        utility=utility,
        benefit=benefit,
        feasible=feasible,
        best=best,
        gain=_difference(utility[best] - utility[design.reference]),
        rivals=tuple(int(k) for k in rivals),
        front=front(benefit.mean(axis=1), found["toxicity"].mean(axis=1)),
        best_share=winners / utility.shape[1],
        variants=tuple(_variants(design, utility, feasible, best, is_on)),
    )


def front(benefit: Floats, burden: Floats) -> tuple[int, ...]:
    """Return positions that none beats in benefit and burden alike, by rising burden."""
    order = sorted(range(len(benefit)), key=lambda k: (burden[k], -benefit[k]))
    chosen: list[int] = []
    highest = -math.inf
    for k in order:
        if benefit[k] > highest:
            chosen.append(k)
            highest = float(benefit[k])
    return tuple(chosen)


def _best(utility: Floats, feasible: NDArray[np.bool_]) -> int:
    return int(np.argmax(np.where(feasible, utility.mean(axis=1), -np.inf)))


def _difference(draws: Floats) -> Estimate:
    """Paired difference with its interval; exactly none where the schedules are the same."""
    if not draws.any():
        return Estimate(0.0, 0.0, 0.0, 0.95)
    return over_draws(draws)


def _is_worse(advantage: Floats) -> bool:
    estimate = _difference(advantage)
    return estimate.has_interval and estimate.low > 0.0


def _variants(
    design: OptimisationDesign,
    utility: Floats,
    feasible: NDArray[np.bool_],
    best: int,
    is_on: Mapping[str, Sequence[bool]],
) -> list[VariantOptimum]:
    found = []
    for name in design.by:
        if name not in is_on:
            raise UnknownName("structural variant", name, is_on)
        on = np.array(is_on[name])
        for side in (True, False):
            own = utility[:, on == side]
            if not own.shape[1]:
                continue
            winner = _best(own, feasible)
            found.append(
                VariantOptimum(
                    variant=name,
                    is_on=side,
                    n_draws=own.shape[1],
                    best=winner,
                    utility=float(own[winner].mean()),
                    regret=_difference(own[winner] - own[best]),
                )
            )
    return found
