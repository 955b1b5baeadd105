"""From a regimen and patients to the doses that enter a model in a window of days."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia.errors import InvalidArgument
from normoxia.mechanism.inputs import Inputs, none
from normoxia.pharmacology import body, files
from normoxia.pharmacology.drug import Basis
from normoxia.pharmacology.regimen import Course, Regimen

#: per basis: the patient attribute it needs, its unit, and how to give it
_NEEDS: Mapping[Basis, tuple[str, str]] = {
    "mg/kg": ("weight", "kg"),
    "mg/m2": ("body_surface", "m2"),
    "AUC": ("gfr", "mL/min"),
}

Size = ArrayLike | None


def schedule(
    regimen: Regimen,
    start: float,
    end: float,
    *,
    weight: Size = None,
    body_surface: Size = None,
    gfr: Size = None,
    intensity: Mapping[str, ArrayLike] | None = None,
    active: Mapping[str, ArrayLike] | None = None,
    bolus_below: float = 0.0,
) -> Inputs:
    """The doses of a window of days, for all patients at once.

    start, end    days, [start, end); day 0 is the first day of therapy. A dose that starts in the window is in it. An
                  infusion still running at `end` is cut there, and its rest stands first in the window that begins there,
                  so that windows put together give what the whole gives
    weight        kg; a number or shape (n_patients,); needed when a dose is in mg/kg
    body_surface  m2; needed when a dose is in mg/m2
    gfr           mL/min; needed when a dose is an AUC (Calvert, with the rate capped by the caller if the protocol caps it)
    intensity     relative dose per drug, 1 = as written; a number or shape (n_patients,); drugs not named are at 1
    active        whether a patient gets the drug in this window; drugs not named are given to all
    bolus_below   infusions shorter than this many days enter at once at their start, which spares an engine two break points
    returns       Inputs; amounts in mg, shape (n_patients, n_doses) when anything differs between patients, else (n_doses,)
    raises        InvalidArgument when a size is missing, lengths disagree, or the window is not finite
    """
    if not (math.isfinite(start) and math.isfinite(end) and start <= end):
        raise InvalidArgument(
            f"found the window from day {start:g} to day {end:g}; expected two finite days in order"
        )
    _refuse_strangers(regimen, intensity, "intensity")
    _refuse_strangers(regimen, active, "active")
    sizes = {"weight": weight, "body_surface": body_surface, "gfr": gfr}

    times: list[NDArray[np.float64]] = []
    durations: list[NDArray[np.float64]] = []
    fractions: list[NDArray[np.float64]] = []
    amounts: list[NDArray[np.float64]] = []
    targets: list[str] = []
    for course in regimen.courses:
        time, duration, fraction = _window(course, start, end, bolus_below)
        if not time.size:
            continue
        drug = course.dose.drug
        amount = _amount(course, sizes)
        for factors in (intensity, active):
            if factors is not None and drug in factors:
                amount = amount * _checked(
                    np.asarray(factors[drug], dtype=float), f"relative dose of {drug}"
                )
        times.append(time)
        durations.append(duration)
        fractions.append(fraction)
        amounts.append(amount)
        targets += [files.read(drug).dose_target] * time.size
    if not targets:
        return none()

    n_patients = _patients(amounts)
    order = np.argsort(np.concatenate(times), kind="stable")
    columns = [
        np.multiply.outer(np.broadcast_to(amount, (n_patients,) if n_patients else ()), fraction)
        for amount, fraction in zip(amounts, fractions, strict=True)
    ]
    return Inputs(
        np.concatenate(times)[order],
        tuple(targets[i] for i in order),
        np.ascontiguousarray(np.concatenate(columns, axis=-1)[..., order]),
        np.concatenate(durations)[order],
    )


def _window(
    course: Course, start: float, end: float, bolus_below: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Starts, durations and fractions of the dose that fall into the window."""
    duration = course.dose.duration
    if duration == 0.0 or duration < bolus_below:
        time = course.times(start, end)
        return time, np.zeros(time.size), np.ones(time.size)
    begun = course.times(start - duration, end)
    first, last = np.maximum(begun, start), np.minimum(begun + duration, end)
    inside = last - first > 1e-12 * max(1.0, abs(end))
    first, last = first[inside], last[inside]
    return first, last - first, (last - first) / duration


def _amount(course: Course, sizes: Mapping[str, Size]) -> NDArray[np.float64]:
    """The dose in mg, a scalar or one number a patient."""
    dose = course.dose
    if dose.basis == "mg":
        return np.asarray(dose.amount)
    name, unit = _NEEDS[dose.basis]
    size = sizes[name]
    if size is None:
        raise InvalidArgument(
            f"{dose.drug} is dosed in {dose.basis}, but no {name} is given; pass {name}= in {unit}, a number or one a patient"
        )
    value = _checked(np.asarray(size, dtype=float), name)
    return body.calvert(dose.amount, value) if dose.basis == "AUC" else dose.amount * value


def _checked(value: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    if value.ndim > 1:
        raise InvalidArgument(
            f"{name}: found an array of shape {value.shape}; expected a number or shape (n_patients,)"
        )
    if not np.all(np.isfinite(value)) or np.any(value < 0.0):
        raise InvalidArgument(
            f"{name}: found a value that is negative or not finite; expected 0 or more for every patient"
        )
    return value


def _patients(amounts: list[NDArray[np.float64]]) -> int:
    """How many patients; 0 when all are alike."""
    lengths = {amount.shape[0] for amount in amounts if amount.ndim}
    if len(lengths) > 1:
        raise InvalidArgument(
            f"found arrays of {' and '.join(map(str, sorted(lengths)))} patients; expected one length"
        )
    return lengths.pop() if lengths else 0


def _refuse_strangers(regimen: Regimen, factors: Mapping[str, ArrayLike] | None, name: str) -> None:
    for drug in factors or ():
        if drug not in regimen.drugs:
            raise InvalidArgument(
                f'{name}: found "{drug}", which the regimen does not give; it gives {", ".join(regimen.drugs) or "nothing"}'
            )
