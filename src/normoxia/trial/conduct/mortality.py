"""Death as a hazard that grows with the measured burden, and the days at which accumulated hazards reach their thresholds.

lambda(t) = h0 * frailty * factors * (sum at the start/80 mm)**b * (sum/sum at the start)**c * exp(g * growth of the sum)
            * exp(-i * held) * (1 + gain once there is a new lesion);
toxic deaths come beside it. The form is that of joint models of tumour size and survival (Claret 2009, J Clin Oncol 27:4103;
with the growth rate, Claret 2018, Clin Cancer Res 24:3292, recalled). `held` is the share of growth that newly gained
immune kill takes away: disease no scan measures meets the same T cells, and neither the lesions' resistance to chemotherapy nor its
shrinkage. The form of that term is assumed. Therapy acts on survival only through size, growth, immunity, new lesions and toxicity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.population import Population
from normoxia.trial.protocol import Clinic

Floats = NDArray[np.float64]

#: relative growth or shrinkage of a sum of diameters beyond which it tells no more about death, 1/day (15 % a month); assumed
FASTEST = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class Mortality:
    """The hazard of death of some patients; every array has shape (n_patients,).

    hazard         1/day at the reference sum of diameters, frailty and factors included
    size_exponent  how it grows with the sum of diameters at the start
    change_exponent   how it grows with the sum over that at the start
    immunity       how it falls with the share of growth that gained immune kill takes away
    new_lesion     its gain once there is a new lesion
    on_inhibitor   added while a VEGFR inhibitor of the trial is taken, 1/day
    growth         how it grows with the tumour's growth rate, days: the factor is exp(growth x relative growth of the sum a day)
    reference      sum of diameters to which `hazard` belongs, mm
    """

    hazard: Floats
    size_exponent: Floats
    change_exponent: Floats
    immunity: Floats
    new_lesion: Floats
    on_inhibitor: Floats
    growth: Floats
    reference: float

    def take(self, rows: NDArray[np.intp]) -> Mortality:
        """The hazards of some patients."""
        return Mortality(
            self.hazard[rows],
            self.size_exponent[rows],
            self.change_exponent[rows],
            self.immunity[rows],
            self.new_lesion[rows],
            self.on_inhibitor[rows],
            self.growth[rows],
            self.reference,
        )


def individual(clinic: Clinic, population: Population, frailty: Floats) -> Mortality:
    """The hazards of a population's patients.

    frailty  standard normals; shape (n_patients,)
    """
    hazard = clinic.death_hazard * np.exp(clinic.death_frailty * frailty)
    for factor in clinic.death_factors:
        known = all(clause.covariate in population.covariates for clause in factor.when.clauses)
        if known:
            hazard = np.where(population.where(factor.when), hazard * factor.times, hazard)
    n = len(hazard)
    return Mortality(
        np.asarray(hazard),
        np.full(n, clinic.death_size_exponent),
        np.full(n, clinic.death_change_exponent),
        np.full(n, clinic.death_immunity),
        np.full(n, clinic.death_new_lesion),
        np.full(n, clinic.death_on_inhibitor),
        np.full(n, clinic.death_growth),
        clinic.death_size_reference,
    )


def joined(parts: Sequence[Mortality]) -> Mortality:
    """The hazards of several groups of patients as one, in the order given; the first's reference size holds."""
    return Mortality(
        np.concatenate([part.hazard for part in parts]),
        np.concatenate([part.size_exponent for part in parts]),
        np.concatenate([part.change_exponent for part in parts]),
        np.concatenate([part.immunity for part in parts]),
        np.concatenate([part.new_lesion for part in parts]),
        np.concatenate([part.on_inhibitor for part in parts]),
        np.concatenate([part.growth for part in parts]),
        parts[0].reference,
    )


def rate(
    own: Mortality, times: Floats, total: Floats, initial: Floats, gain: Floats | None = None
) -> Floats:
    """Hazard of death at sums of diameters, without new lesions and drugs, 1/day; shape (n_patients, n_times).

    times    days, at least two; growth is that of the interval before a time (of the first interval for the first time)
    total    positive, mm; shape (n_patients, n_times)
    initial  the sums at the start, mm; shape (n_patients,)
    gain     immune kill gained since the start over untreated growth, as `total`; none when omitted
    """
    brought = (initial / own.reference) ** own.size_exponent
    changed = (total / initial[:, None]) ** own.change_exponent[:, None]
    rates = (own.hazard * brought)[:, None] * changed
    if gain is not None and own.immunity.any():
        risen = np.maximum(gain, 0.0)
        rates = rates * np.exp(-own.immunity[:, None] * risen / (1.0 + risen))
    if own.growth.any():
        growth = np.diff(np.log(total), axis=1) / np.diff(times)
        growth = np.clip(np.concatenate([growth[:, :1], growth], axis=1), -FASTEST, FASTEST)
        rates = rates * np.exp(own.growth[:, None] * growth)
    return np.asarray(rates)


def accumulate(times: Floats, rates: Floats, gain: Floats, since: Floats) -> Floats:
    """Hazard accumulated at each time, by the trapezium rule, larger by `gain` from a patient's day `since` on.

    times  shape (n_times,); rates shape (n_patients, n_times); gain, since (days, infinite for never) shape (n_patients,)
    """
    widths = np.diff(times)
    part = 0.5 * (rates[:, 1:] + rates[:, :-1]) * widths
    after = np.clip((times[None, 1:] - since[:, None]) / widths, 0.0, 1.0)
    added = np.cumsum(part * (1.0 + gain[:, None] * after), axis=1)
    return np.concatenate([np.zeros((len(rates), 1)), added], axis=1)


def crossing(times: Floats, accumulated: Floats, threshold: Floats) -> Floats:
    """Day at which what accumulates reaches a patient's threshold, linear between times; infinite when it does not.

    accumulated  never falling; shape (n_patients, n_times)
    """
    reached = accumulated >= threshold[:, None]
    column = np.where(reached.any(axis=1), np.argmax(reached, axis=1), 0)
    rows = np.arange(len(accumulated))
    before = np.maximum(column - 1, 0)
    low, high = accumulated[rows, before], accumulated[rows, column]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(high > low, (threshold - low) / (high - low), 0.0)
    day = times[before] + np.clip(share, 0.0, 1.0) * (times[column] - times[before])
    return np.where(reached.any(axis=1), np.where(column == 0, times[0], day), np.inf)
