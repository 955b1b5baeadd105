"""Operating characteristics of a trial design by simulation: power of each draw of the ensemble, assurance over draws.

Virtual patients of both arms are followed to the end of the longest follow-up. Trials are then drawn from them: patients
with replacement, entries evenly over accrual, looks when the planned numbers of events are reached or the trial ends. Power is the
share of trials that reject; assurance is its mean over draws of the ensemble (O'Hagan 2005, Pharm Stat 4:187), each with a structural error of the log
hazard ratio. The arms of a drawn trial hold different people: they are drawn apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia import seeding
from normoxia.design.trial_designs import TrialDesign
from normoxia.outcome import Endpoint
from normoxia.survival.data import DAYS_PER_MONTH, TimeToEvent
from normoxia.survival.logrank import max_combo
from normoxia.survival.replicates import hazard_ratio_many, kaplan_meier_many
from normoxia.trial.analysis import ensemble_of
from normoxia.trial.endpoints import evaluate
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: trials drawn for each draw of the ensemble and size
TRIALS = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedArm:
    """Times of an arm's virtual patients in days from entry; shape (n_draws, n).

    Attributes
    ----------
    event
        Infinite where no event was seen.
    lost
        When the patient was lost or follow-up ended; infinite where the event came first.
    """

    event: Floats
    lost: Floats

    def with_hazard(self, factors: Floats) -> SimulatedArm:
        """Return the arm with the hazard of each draw multiplied by a factor.

        Events move along the Kaplan-Meier curve S of the draw's patients: S becomes S**factor, so that an event at the
        time where S is u moves to where it is u**(1/factor); one that would lie beyond the curve is lost at its end.
        """
        seen = np.isfinite(self.event)
        time = np.where(seen, self.event, self.lost)
        curves = kaplan_meier_many(time, seen)
        event, lost = self.event.copy(), self.lost.copy()
        for row, factor in enumerate(factors):
            if factor == 1.0:
                continue
            times, survival = curves.times[row], curves.survival[row]
            own = np.flatnonzero(seen[row])
            last = np.searchsorted(times, event[row, own], side="right") - 1
            wanted = survival[last] ** (1.0 / factor)
            first = np.searchsorted(-survival, -(wanted + 1e-12), side="left")
            reached = first < len(times)
            event[row, own] = np.where(reached, times[np.minimum(first, len(times) - 1)], np.inf)
            lost[row, own] = np.where(reached, np.inf, times[-1])
        return SimulatedArm(event=event, lost=lost)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Characteristics:
    """Operating characteristics of one size of a design.

    Attributes
    ----------
    patients, events
        In total; events of the last look as planned.
    power
        Share of trials that reject, of each draw; shape (n_draws,).
    stops
        Share of all trials that reject at each look; shape (n_looks,).
    months
        Mean time from the first entry to the end.
    n_events
        Mean number of events at the end.
    error
        Standard error of the assurance from the number of trials and draws.
    """

    patients: int
    events: int
    power: Floats
    stops: Floats
    months: float
    n_events: float
    error: float

    @property
    def assurance(self) -> float:
        """Mean power over draws."""
        return float(self.power.mean())


def simulated_arms(
    result: TrialResult, trial: Trial, design: TrialDesign, seed: int
) -> tuple[SimulatedArm, SimulatedArm]:
    """Return the arms of a run with its structural error on the experimental one."""
    endpoints = evaluate(result, trial.criteria, trial.plan.censoring)
    is_pfs = design.endpoint is Endpoint.PFS
    time = endpoints.pfs if is_pfs else endpoints.os
    observed = endpoints.pfs_observed if is_pfs else endpoints.os_observed
    arms = []
    for arm in trial.arms:
        rows = result.rows(arm.id).reshape(result.n_replicates, arm.n)
        seen = observed[rows]
        arms.append(
            SimulatedArm(
                event=np.where(seen, time[rows], np.inf), lost=np.where(seen, np.inf, time[rows])
            )
        )
    structural = (ensemble_of(result) or {}).get("ratio", 0.0)
    normal = seeding.normals(seed, f"design/power/{design.endpoint}", result.n_replicates, 1)[:, 0]
    return arms[0].with_hazard(np.exp(structural * normal)), arms[1]


def characteristics(
    design: TrialDesign,
    experimental: SimulatedArm,
    control: SimulatedArm,
    patients: int,
    *,
    seed: int,
    trials: int = TRIALS,
) -> Characteristics:
    """Return the operating characteristics of a size of a design.

    Parameters
    ----------
    design
        The trial.
    experimental, control
        Virtual patients of each arm.
    patients
        In total.
    seed
        Of the drawn trials.
    trials
        Drawn for each draw of the ensemble.
    """
    limits = design.boundaries
    events = max(1, math.ceil(design.maturity * patients))
    planned = [max(1, math.ceil(fraction * events)) for fraction in limits.fractions]
    n_first = round(patients * design.share)
    sizes = (n_first, patients - n_first)
    power, stops = [], np.zeros(len(planned))
    months, n_events = 0.0, 0.0
    n_draws = len(experimental.event)
    for draw in range(n_draws):
        cohort = _Cohort.drawn(
            design, (experimental, control), sizes, draw, trials=trials, seed=seed
        )
        open_trials = np.ones(trials, dtype=np.bool_)
        for look, (count, z) in enumerate(zip(planned, limits.z, strict=True)):
            at = cohort.moment(count)
            rejected = open_trials & (cohort.statistic(at, design, z) >= z)
            is_last = look == len(planned) - 1
            ends = open_trials if is_last else rejected
            months += float(at[ends].sum()) / DAYS_PER_MONTH
            n_events += float(cohort.events_by(at)[ends].sum())
            stops[look] += rejected.sum()
            open_trials &= ~rejected
        power.append(1.0 - open_trials.mean())
    total = n_draws * trials
    values = np.array(power)
    return Characteristics(
        patients=patients,
        events=events,
        power=values,
        stops=stops / total,
        months=months / total,
        n_events=n_events / total,
        error=float(values.std(ddof=1) / math.sqrt(n_draws)) if n_draws > 1 else math.nan,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Cohort:
    """Trials drawn from one draw of the ensemble; shape (n_trials, n_patients), days."""

    entry: Floats
    event: Floats
    lost: Floats
    in_first: Bools
    longest: float

    @classmethod
    def drawn(
        cls,
        design: TrialDesign,
        arms: tuple[SimulatedArm, SimulatedArm],
        sizes: tuple[int, int],
        draw: int,
        *,
        trials: int,
        seed: int,
    ) -> _Cohort:
        entries, events, losses = [], [], []
        for number, (arm, size) in enumerate(zip(arms, sizes, strict=True)):
            u = seeding.uniforms(seed, f"design/trials/{number}", trials, 2 * size, replicate=draw)
            n = arm.event.shape[1]
            chosen = np.minimum((u[:, :size] * n).astype(np.intp), n - 1)
            entries.append(u[:, size:] * design.accrual * DAYS_PER_MONTH)
            events.append(arm.event[draw][chosen])
            losses.append(arm.lost[draw][chosen])
        in_first = np.arange(sum(sizes)) < sizes[0]
        longest = (design.accrual + design.longest) * DAYS_PER_MONTH
        entry, event, lost = (np.concatenate(parts, axis=1) for parts in (entries, events, losses))
        return cls(entry, event, lost, in_first, longest)

    def moment(self, count: int) -> Floats:
        """Day from the first entry when a number of events is reached, the end of the trial at the latest."""
        calendar = np.sort(self.entry + self.event, axis=1)
        if count > calendar.shape[1]:
            return np.full(len(calendar), self.longest)
        return np.asarray(np.minimum(calendar[:, count - 1], self.longest))

    def events_by(self, at: Floats) -> NDArray[np.intp]:
        """Events up to a day."""
        return np.asarray((self.entry + self.event <= at[:, None]).sum(axis=1))

    def statistic(self, at: Floats, design: TrialDesign, limit: float) -> Floats:
        """Standardised statistic of each trial at a day, large for the experimental arm; -inf where there is none.

        That of MaxCombo may be a bound that lies on the same side of the limit.
        """
        followed = np.maximum(at[:, None] - self.entry, 0.0)
        entered = self.entry < at[:, None]
        observed = entered & (self.event <= followed)
        time = np.minimum(np.minimum(self.event, self.lost), followed)
        if design.test == "restricted mean":
            z = self._restricted_mean(time, observed, entered, design)
        elif design.test == "max-combo":
            z = self._max_combo(time, observed, entered, limit)
        else:
            z = -hazard_ratio_many(time, observed, self.in_first, included=entered).log_rank_z
        return np.where(np.isnan(z), -np.inf, z)

    def _restricted_mean(
        self, time: Floats, observed: Bools, entered: Bools, design: TrialDesign
    ) -> Floats:
        """Difference of restricted means over its standard error, to the shorter of both arms' follow-up."""
        groups = [
            kaplan_meier_many(time[:, rows], observed[:, rows], entered[:, rows])
            for rows in (self.in_first, ~self.in_first)
        ]
        horizon = min(design.longest, 24.0) * DAYS_PER_MONTH
        means, variances = [], []
        for curves in groups:
            edges = np.minimum(curves.times, horizon)
            area = curves.survival * np.diff(edges, axis=1, append=horizon)
            beyond = np.cumsum(area[:, ::-1], axis=1)[:, ::-1]  # from each step to the horizon
            with np.errstate(invalid="ignore"):
                added = np.diff(curves.log_var, axis=1, prepend=0.0)
            # a curve that has fallen to 0 has nothing left to vary
            inside = (curves.times <= horizon) & np.isfinite(added)
            added = np.where(inside, added, 0.0)
            means.append(edges[:, 0] + area.sum(axis=1))
            variances.append((beyond**2 * added).sum(axis=1))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((means[0] - means[1]) / np.sqrt(variances[0] + variances[1]))

    def _max_combo(self, time: Floats, observed: Bools, entered: Bools, limit: float) -> Floats:
        """Normal quantile of the one-sided p value of the maximum of weighted log-rank tests, or a bound on its side of the limit."""
        from scipy.special import ndtr, ndtri

        level = 2.0 * float(ndtr(-limit))
        z = np.full(len(time), np.nan)
        for row in range(len(time)):
            if not observed[row].any():
                continue
            arms = [
                TimeToEvent(time[row, rows], observed[row, rows])
                for rows in (self.in_first & entered[row], ~self.in_first & entered[row])
            ]
            test = max_combo(arms[0], arms[1], level=level)
            one_sided = test.p / 2.0 if test.z < 0 else 1.0 - test.p / 2.0
            z[row] = -ndtri(max(one_sided, 1e-300))
        return z
