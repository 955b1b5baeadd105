"""Death as a hazard that grows with the measured burden, and the days at which accumulated hazards reach their thresholds.

lambda(t) = h0 * frailty * factors * (sum/80 mm)**b * (1 + gain once there is a new lesion); toxic deaths come beside it.
The form is that of joint models of tumour size and survival (Claret 2009, J Clin Oncol 27:4103); it assumes that
therapy acts on survival only through size, new lesions and toxicity.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from normoxia.population import Population
from normoxia.trial.protocol import Clinic

Floats = NDArray[np.float64]


def individual_hazard(clinic: Clinic, population: Population, frailty: Floats) -> Floats:
    """Each patient's hazard at the reference sum of diameters, 1/day; shape (n_patients,).

    frailty  standard normals; shape (n_patients,)
    """
    hazard = clinic.death_hazard * np.exp(clinic.death_frailty * frailty)
    for factor in clinic.death_factors:
        known = all(clause.covariate in population.covariates for clause in factor.when.clauses)
        if known:
            hazard = np.where(population.where(factor.when), hazard * factor.times, hazard)
    return np.asarray(hazard)


def rate(clinic: Clinic, hazard: Floats, total: Floats) -> Floats:
    """Hazard of death at sums of diameters, without new lesions, 1/day; shape (n_patients, n_times)."""
    size = np.maximum(total, 0.0) / clinic.death_size_reference
    return np.asarray(hazard[:, None] * size**clinic.death_size_exponent)


def accumulate(times: Floats, rates: Floats, gain: float, since: Floats) -> Floats:
    """Hazard accumulated at each time, by the trapezium rule, larger by `gain` from a patient's day `since` on.

    times  shape (n_times,); rates shape (n_patients, n_times); since days, infinite for never; shape (n_patients,)
    """
    widths = np.diff(times)
    part = 0.5 * (rates[:, 1:] + rates[:, :-1]) * widths
    after = np.clip((times[None, 1:] - since[:, None]) / widths, 0.0, 1.0)
    return np.concatenate([np.zeros((len(rates), 1)), np.cumsum(part * (1.0 + gain * after), axis=1)], axis=1)


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
