"""Patients sorted for Cox regression, and the sums over risk sets on which its likelihood stands.

Everything runs on running sums over times sorted once, so a pass costs time in proportion to the patients whatever the number of
distinct times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from normoxia.survival.data import Floats, TimeToEvent

Ties = Literal["efron", "breslow", "exact"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RiskDesign:
    """Patients sorted by stratum and time, with the groups of tied events found once.

    Times are shifted stratum by stratum so that one running sum serves all strata: `start` and `stop` bound
    each event's risk set among the sorted times, `entered` counts those of the stratum who had not come in
    yet.
    """

    order: NDArray[np.intp]  # patients in the order of x, observed, weight
    x: Floats  # (n, p)
    weight: Floats  # (n,)
    group: NDArray[np.intp]  # tied group of each event; (n_events,)
    event: NDArray[np.intp]  # positions of events, sorted; (n_events,)
    share: Floats  # 0, 1/d ... within ties; (n_events,)
    first: NDArray[np.intp]  # first sorted position at risk, per group
    end: NDArray[np.intp]  # one past the last of the stratum, per group
    entry_order: NDArray[np.intp] | None  # positions sorted by stratum and entry
    entry_first: NDArray[np.intp] | None  # first entry position not yet in, per group
    times: Floats  # event time per group
    last_group: NDArray[
        np.intp
    ]  # groups (of the stratum and before) at or before each patient's time; (n,)
    base_group: NDArray[np.intp]  # groups at or before each patient's entry; (n,)

    @classmethod
    def of(cls, data: TimeToEvent, x: Floats, stratum: NDArray[np.intp] | None) -> RiskDesign:
        """The sums of some data, covariates `x` of shape (n, n_covariates) and strata (None for one)."""
        s = np.zeros(len(data), np.intp) if stratum is None else stratum
        order = (
            np.lexsort((data.time, s))
            if stratum is not None
            else np.argsort(data.time, kind="stable")
        )
        time, observed, s = data.time[order], data.observed[order], s[order]
        event = np.flatnonzero(observed)
        new = np.ones(len(event), np.bool_)
        new[1:] = (time[event][1:] != time[event][:-1]) | (s[event][1:] != s[event][:-1])
        group = np.cumsum(new) - 1
        opening = event[new]
        counts = np.bincount(group)
        share = (np.arange(len(event)) - np.flatnonzero(new)[group]) / counts[group]
        bounds = np.searchsorted(s, np.arange(s.max() + 2))
        key = _Key(time, s, bounds)
        first = key.left(time[opening], s[opening])
        groups = _Key(
            time[opening], s[opening], np.searchsorted(s[opening], np.arange(s.max() + 2))
        )
        last_group = groups.right(time, s)
        base_group = np.searchsorted(s[opening], s)
        entry_order = entry_first = None
        if data.entry is not None:
            entry = data.entry[order]
            entry_order = np.lexsort((entry, s))
            entries = _Key(entry[entry_order], s, bounds)
            entry_first = entries.left(time[opening], s[opening])
            base_group = np.where(entry > 0, groups.right(entry, s), base_group)
        return cls(
            order=order,
            x=x[order],
            weight=data.weights[order],
            group=group,
            event=event,
            share=share,
            first=first,
            end=bounds[s[opening] + 1],
            entry_order=entry_order,
            entry_first=entry_first,
            times=time[opening],
            last_group=last_group,
            base_group=base_group,
        )

    def risk_sums(self, values: Floats) -> Floats:
        """Sum of per-patient values over each tied group's risk set; values (n, ...) -> (n_groups, ...)."""
        # summed from the last time backwards: late risk sets are sums of few numbers, not differences of large ones
        size, running = len(values), _before(values[::-1])
        total = running[size - self.first] - running[size - self.end]
        if self.entry_order is not None and self.entry_first is not None:
            waiting = _before(values[self.entry_order[::-1]])
            total = total - (waiting[size - self.entry_first] - waiting[size - self.end])
        return total

    def event_sums(self, values: Floats) -> Floats:
        """Sum of per-patient values over each tied group's events; values (n, ...) -> (n_groups, ...)."""
        running = _before(values[self.event])
        edges = np.concatenate([np.flatnonzero(np.diff(self.group, prepend=-1)), [len(self.group)]])
        return np.asarray(running[edges[1:]] - running[edges[:-1]])


@dataclass(frozen=True, slots=True, eq=False)
class _Key:
    """Search for a time within a stratum, among times sorted by stratum and time."""

    times: Floats
    strata: NDArray[np.intp]
    bounds: NDArray[np.intp]

    def left(self, times: Floats, strata: NDArray[np.intp]) -> NDArray[np.intp]:
        return self._search(times, strata, "left")

    def right(self, times: Floats, strata: NDArray[np.intp]) -> NDArray[np.intp]:
        return self._search(times, strata, "right")

    def _search(
        self, times: Floats, strata: NDArray[np.intp], side: Literal["left", "right"]
    ) -> NDArray[np.intp]:
        found = np.empty(len(times), np.intp)
        for label in range(len(self.bounds) - 1):
            here, mine = slice(self.bounds[label], self.bounds[label + 1]), strata == label
            found[mine] = self.bounds[label] + np.searchsorted(
                self.times[here], times[mine], side=side
            )
        return found


def event_weights(design: RiskDesign) -> Floats:
    """The weight of each event in the denominator: the mean weight of the events at its time."""
    return np.asarray((design.event_sums(design.weight) / np.bincount(design.group))[design.group])


def event_moments(
    design: RiskDesign, coefficients: Floats, ties: Ties, weight: Floats | None = None
) -> tuple[Floats, Floats, Floats, Floats]:
    """For each event: its weight in the denominator, the risk set's sum, mean (p) and covariance (p, p) of covariates.

    Parameters
    ----------
    weight
        `event_weights` of the design, where they are there already.
    """
    relative = design.weight * np.exp(np.clip(design.x @ coefficients, -500, 500))
    first = relative[:, None] * design.x
    second = first[:, :, None] * design.x[:, None, :]
    sums = [_adjusted(design, values, ties) for values in (relative, first, second)]
    mean = sums[1] / sums[0][:, None]
    covariance = sums[2] / sums[0][:, None, None] - mean[:, :, None] * mean[:, None, :]
    return event_weights(design) if weight is None else weight, sums[0], mean, covariance


def third_moments(design: RiskDesign, coefficients: Floats, ties: Ties) -> Floats:
    """The derivative of the information by each coefficient: third central moments over risk sets, summed over
    events; shape (p, p, p).
    """
    relative = design.weight * np.exp(np.clip(design.x @ coefficients, -500, 500))
    weight, total, mean, covariance = event_moments(design, coefficients, ties)
    found = np.empty((design.x.shape[1],) * 3)
    for k in range(len(found)):
        # E[(x - m)(x - m)'(x_k - m_k)] = E[x x' x_k] - second m_k - terms of the covariance with x_k
        values = (
            (relative * design.x[:, k])[:, None, None] * design.x[:, :, None] * design.x[:, None, :]
        )
        third = _adjusted(design, values, ties) / total[:, None, None]
        second = covariance + mean[:, :, None] * mean[:, None, :]
        cross = covariance[:, :, k, None] * mean[:, None, :]
        central = third - second * mean[:, k, None, None] - cross - cross.transpose(0, 2, 1)
        found[:, :, k] = np.einsum("e,eij->ij", weight, central)
    return found


def _adjusted(design: RiskDesign, values: Floats, ties: Ties) -> Floats:
    """Sums over the risk set of each event, less its share of those tied with it under Efron's treatment."""
    sums = design.risk_sums(values)[design.group]
    if ties == "efron" and len(design.group) > len(design.times):
        # few events are tied as a rule, so only theirs are summed
        beside = design.group[1:] == design.group[:-1]
        tied = np.flatnonzero(np.append(beside, False) | np.append(False, beside))
        opening = np.diff(design.group[tied], prepend=-1) > 0
        together = np.add.reduceat(values[design.event[tied]], np.flatnonzero(opening), axis=0)
        share = design.share[tied].reshape((-1,) + (1,) * (values.ndim - 1))
        sums[tied] -= share * together[np.cumsum(opening) - 1]
    return sums


def score_residuals(design: RiskDesign, coefficients: Floats, ties: Ties) -> Floats:
    """Each patient's share in the score, in the order the patients were given; shape (n, p)."""
    weight, total, mean, _ = event_moments(design, coefficients, ties)
    counts = np.bincount(design.group)
    hazard, own = weight / total, 1.0 - (design.share if ties == "efron" else 0.0)
    cumulative = _before(_grouped(design.group, hazard[:, None]))[:, 0]
    moment = _before(_grouped(design.group, hazard[:, None] * mean))
    exposure = cumulative[design.last_group] - cumulative[design.base_group]
    pull = moment[design.last_group] - moment[design.base_group]
    # a patient with an event among ties was at risk for a shrinking share of its own time (Efron)
    lost = np.bincount(design.group, hazard * (1.0 - own))[design.group]
    lost_pull = _grouped(design.group, (hazard * (1.0 - own))[:, None] * mean)[design.group]
    exposure[design.event] -= lost
    pull[design.event] -= lost_pull
    relative = np.exp(np.clip(design.x @ coefficients, -500, 500))[:, None]
    residual = -relative * (design.x * exposure[:, None] - pull)
    residual[design.event] += (
        design.x[design.event] - (_grouped(design.group, mean) / counts[:, None])[design.group]
    )
    restored = np.empty_like(residual)
    restored[design.order] = residual
    return restored


def _before(values: Floats) -> Floats:
    """Running sums with a leading zero, so that a difference of two is the sum between."""
    return np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])


def _grouped(group: NDArray[np.intp], values: Floats) -> Floats:
    return np.array([np.bincount(group, column) for column in values.T]).T
