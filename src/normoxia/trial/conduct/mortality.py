"""Death as a hazard that grows with the measured burden, and the days at which accumulated hazards reach their thresholds.

lambda(t) = h0 * frailty * factors * (sum at the start/80 mm)**b * (sum/sum at the start)**c * exp(g * growth of the sum)
            * exp(-i * held) * (1 + gain once there is a new lesion) * (factor after progression without a next line);
toxic deaths come beside it. The form is that of joint models of tumour size and survival (Claret 2009, J Clin Oncol 27:4103;
with the growth rate, Claret 2018, Clin Cancer Res 24:3292, recalled). `held` is the share of growth that newly gained
immune kill takes away: disease no scan measures meets the same T cells, and neither the lesions' resistance to chemotherapy nor its
shrinkage. The form of that term is assumed. Therapy acts on survival only through size, growth, immunity, new lesions and toxicity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from normoxia.population import Population
from normoxia.trial.protocol import Clinic

Floats = NDArray[np.float64]

#: relative growth or shrinkage of a sum of diameters beyond which it tells no more about death, 1/day (15 % a month); assumed
FASTEST = 0.005


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Mortality:
    """The hazard of death of some patients; every array has shape (n_patients,).

    Attributes
    ----------
    hazard
        1/day at the reference sum of diameters, frailty and factors included.
    size_exponent
        How it grows with the sum of diameters at the start.
    change_exponent
        How it grows with the sum over that at the start.
    immunity
        How it falls with the share of growth that gained immune kill takes away.
    new_lesion
        Its gain once there is a new lesion.
    on_inhibitor
        Added while a VEGFR inhibitor of the trial is taken, 1/day.
    growth
        How it grows with the tumour's growth rate, days: exp(growth x relative growth of the sum a day).
    untreated
        Factor after progression when no next line follows.
    reference
        Sum of diameters to which `hazard` belongs, mm.
    """

    hazard: Floats
    size_exponent: Floats
    change_exponent: Floats
    immunity: Floats
    new_lesion: Floats
    on_inhibitor: Floats
    growth: Floats
    untreated: Floats
    reference: float

    def take(self, rows: NDArray[np.intp]) -> Mortality:
        """Give the hazards of some patients."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _BY_PATIENT})


#: fields of `Mortality` with one number a patient
_BY_PATIENT = tuple(field.name for field in fields(Mortality) if field.name != "reference")


def individual(clinic: Clinic, population: Population, frailty: Floats) -> Mortality:
    """Give the hazards of a population's patients.

    Parameters
    ----------
    clinic
        The trial's numbers.
    population
        Covariates decide which factors apply.
    frailty
        Standard normals; shape (n_patients,).
    """
    hazard = clinic.death_hazard * np.exp(clinic.death_frailty * frailty)
    for factor in clinic.death_factors:
        if all(clause.covariate in population.covariates for clause in factor.when.clauses):
            hazard = np.where(population.where(factor.when), hazard * factor.times, hazard)
    n = len(hazard)
    return Mortality(
        hazard=np.asarray(hazard),
        size_exponent=np.full(n, clinic.death_size_exponent),
        change_exponent=np.full(n, clinic.death_change_exponent),
        immunity=np.full(n, clinic.death_immunity),
        new_lesion=np.full(n, clinic.death_new_lesion),
        on_inhibitor=np.full(n, clinic.death_on_inhibitor),
        growth=np.full(n, clinic.death_growth),
        untreated=np.full(n, clinic.death_untreated),
        reference=clinic.death_size_reference,
    )


def joined(parts: Sequence[Mortality]) -> Mortality:
    """Join the hazards of several groups of patients in the order given, with the first's reference size."""
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in _BY_PATIENT
    }
    return Mortality(reference=parts[0].reference, **columns)


def rate(
    patients: Mortality, times: Floats, total: Floats, initial: Floats, gain: Floats | None = None
) -> Floats:
    """Hazard of death at sums of diameters, without new lesions and drugs, 1/day; shape (n_patients, n_times).

    times    days, at least two; growth is that of the interval before a time (of the first interval for the first time)
    total    positive, mm; shape (n_patients, n_times)
    initial  the sums at the start, mm; shape (n_patients,)
    gain     immune kill gained since the start over untreated growth, as `total`; none when omitted
    """
    brought = (initial / patients.reference) ** patients.size_exponent
    changed = (total / initial[:, None]) ** patients.change_exponent[:, None]
    rates = (patients.hazard * brought)[:, None] * changed
    if gain is not None and patients.immunity.any():
        risen = np.maximum(gain, 0.0)
        rates = rates * np.exp(-patients.immunity[:, None] * risen / (1.0 + risen))
    if patients.growth.any():
        growth = np.diff(np.log(total), axis=1) / np.diff(times)
        growth = np.clip(np.concatenate([growth[:, :1], growth], axis=1), -FASTEST, FASTEST)
        rates = rates * np.exp(patients.growth[:, None] * growth)
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
