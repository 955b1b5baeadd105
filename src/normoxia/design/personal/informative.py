"""Which further measurement would narrow the prediction most: the share of what is uncertain that it would explain.

For each possible measurement the virtual patients, weighted by how like the patient they are, are put into groups by its value (with its
error); the share of the variance of log progression-free survival between groups (the squared correlation ratio) is what knowing it would
remove on average, less what as many groups of chance would (one group less over the effective number of patients).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia import seeding
from normoxia.design.personal.bank import RATIO, PatientBank
from normoxia.design.personal.patients import ERROR, PatientDesign
from normoxia.design.personal.weighting import WeightedBank

Floats = NDArray[np.float64]

_GROUPS = 6
#: days from the last measurement to the next scan
_NEXT_SCAN = 42.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Informative:
    """A possible measurement.

    Attributes
    ----------
    what, day
        What is measured, and when.
    explained
        Share of the variance of log progression-free survival that knowing it would remove; 0 to 1.
    """

    what: str
    day: float
    explained: float


def informative(design: PatientDesign, posterior: WeightedBank) -> tuple[Informative, ...]:
    """Return possible further measurements, the most informative first; none when the bank does not support the patient."""
    if not posterior.support.inside:
        return ()
    bank, w = posterior.bank, posterior.weights
    regimen = bank.regimen(design.receives) if design.receives else 0
    target = np.log(np.maximum(bank.times["pfs"][regimen], 1.0))
    found = []
    known = {(m.what, m.day) for m in design.measurements}
    for what in bank.states:
        for day in (design.now, design.now + _NEXT_SCAN):
            is_scan = what == RATIO
            if (is_scan and day == design.now) or (not is_scan and day > design.now):
                continue
            if (what, day) in known or day > bank.days[-1]:
                continue
            error = bank.reading_error if is_scan else ERROR
            values = _measured(bank, what, regimen, day, error)
            share = explained(values, target, w)
            found.append(Informative(what=what, day=day, explained=share))
    return tuple(sorted(found, key=lambda one: -one.explained))


def _measured(bank: PatientBank, what: str, regimen: int, day: float, error: float) -> Floats:
    z = seeding.normals(1, f"design/personal/further/{what}", bank.n, 1)[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(bank.at(what, regimen, day)) + error * z)


def explained(values: Floats, target: Floats, weights: Floats) -> float:
    """Share of the weighted variance of the target between groups of the values, less what chance gives; 0 to 1.

    Patients without a value (who left before) are a group of their own.
    """
    known = np.isfinite(values)
    if not (weights[known] > 0).any():
        return 0.0
    order = np.argsort(values[known])
    summed = np.cumsum(weights[known][order])
    group = np.full(len(values), _GROUPS)
    places = np.flatnonzero(known)[order]
    group[places] = np.minimum((_GROUPS * summed / summed[-1]).astype(int), _GROUPS - 1)
    total = weights.sum()
    mean = float(weights @ target) / total
    variance = float(weights @ (target - mean) ** 2) / total
    if variance <= 0.0:
        return 0.0
    between, n_groups = 0.0, 0
    for g in range(_GROUPS + 1):
        own = group == g
        mass = float(weights[own].sum())
        if mass > 0.0:
            n_groups += 1
            between += mass / total * (float(weights[own] @ target[own]) / mass - mean) ** 2
    effective = total**2 / float((weights**2).sum())
    chance = (n_groups - 1.0) / max(effective - 1.0, 1.0)
    share = between / variance
    adjusted = 1.0 - (1.0 - share) / max(1.0 - chance, 1e-9)
    return min(max(adjusted, 0.0), 1.0) if math.isfinite(adjusted) else 0.0
