"""Whether a direction of covariates separates the events, so that the partial likelihood has no maximum.

Along a direction the likelihood never falls when at every event time the patients with the event have the greatest value of
all at risk; it then rises for ever, unless all at risk are alike. Source: Jacobsen 1989, Scand J Stat 16:335; Heinze & Schemper
2001, Biometrics 57:114 ("monotone likelihood").
"""

from __future__ import annotations

import numpy as np

from normoxia.survival.data import Floats
from normoxia.survival.design import RiskDesign


def separates(design: RiskDesign, direction: Floats, exact: bool, tolerance: float = 0.0) -> bool:
    """Whether every event has the greatest value along a direction among those at risk, up to a share of the range.

    Parameters
    ----------
    exact
        Tied events need only reach the others at risk, not one another (the discrete
        likelihood).
    """
    values = design.x @ direction
    if design.entry_order is None and not exact:
        # an event with a smaller value than the event after it settles the matter, nearly always among the first
        for events in (slice(0, 1000), slice(None)):
            own, group = values[design.event[events]], design.group[events]
            beside = design.end[group[1:]] == design.end[group[:-1]]
            if (
                beside & (np.diff(own) > max(tolerance, 1e-12) * float(np.abs(values).max()) * 2.0)
            ).any():
                return False
    span = float(np.ptp(values))
    if span <= 0:
        return False
    competing = values.copy()
    if exact:
        competing[design.event] = -np.inf
    greatest = _greatest_at_risk(design, competing)
    own = values[design.event]
    if exact:
        # events of the same stratum after a time compete too, those tied with it do not
        least = _per_group(design, own, np.minimum)
        later = _greatest_later_event(design, values)
        return bool((least >= np.maximum(greatest, later) - tolerance * span).all())
    return bool((own >= greatest[design.group] - tolerance * span).all())


def _per_group(design: RiskDesign, values: Floats, reduce: np.ufunc) -> Floats:
    opening = np.flatnonzero(np.diff(design.group, prepend=-1))
    return np.asarray(reduce.reduceat(values, opening))


def _greatest_at_risk(design: RiskDesign, values: Floats) -> Floats:
    """Greatest value among those at risk at each event time; shape (n_groups,)."""
    if design.entry_order is not None and design.entry_first is not None:
        return _greatest_entered(design, values)
    running = np.full(len(values) + 1, -np.inf)
    for end in np.unique(design.end):
        start = int(design.first[design.end == end].min())
        running[start:end] = np.maximum.accumulate(values[start:end][::-1])[::-1]
    return running[design.first]


def _greatest_entered(design: RiskDesign, values: Floats) -> Floats:
    """The same where patients come late: those sorted after the event's first position who had entered."""
    assert design.entry_order is not None
    assert design.entry_first is not None
    greatest = np.empty(len(design.times))
    for g, (first, end, entered) in enumerate(
        zip(design.first, design.end, design.entry_first, strict=True)
    ):
        waiting = np.zeros(end - first, dtype=np.bool_)
        late = design.entry_order[entered:end]
        waiting[late[late >= first] - first] = True
        greatest[g] = np.max(values[first:end], where=~waiting, initial=-np.inf)
    return greatest


def _greatest_later_event(design: RiskDesign, values: Floats) -> Floats:
    """Greatest value among events of the stratum after each event time; no late entry."""
    own = _per_group(design, values[design.event], np.maximum)
    later = np.full(len(own), -np.inf)
    for g in range(len(own) - 2, -1, -1):
        if design.end[g] == design.end[g + 1]:
            later[g] = max(own[g + 1], later[g + 1])
    return later
