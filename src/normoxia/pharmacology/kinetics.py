"""Concentrations in closed form: one, two or three compartments; bolus, infusion, first-order absorption.

The response to a unit dose is a sum of exponentials; doses superpose. It holds for linear kinetics with constant
coefficients and is the oracle for whatever solves the same equations numerically.

source  Gibaldi & Perrier 1982, Pharmacokinetics, 2nd ed., chapters 2 and 3; three compartments as in Bertrand & Mentre
        2008, Mathematical expressions of the pharmacokinetic and pharmacodynamic models implemented in the Monolix software
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia.errors import InvalidArgument

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class UnitResponse:
    """Concentration after a unit bolus: sum of `weights * exp(-rates * t)`; both of shape (..., n_exponentials), 1/L and 1/day."""

    weights: Array
    rates: Array

    @property
    def terminal_half_life(self) -> Array:
        """Half-life of the slowest exponential, days; shape (...)."""
        return np.asarray(np.log(2.0) / self.rates.min(axis=-1), dtype=np.float64)


def response(
    clearance: ArrayLike,
    central_volume: ArrayLike,
    intercompartmental_clearance: ArrayLike | None = None,
    peripheral_volume: ArrayLike | None = None,
    deep_clearance: ArrayLike | None = None,
    deep_volume: ArrayLike | None = None,
    absorption_rate: ArrayLike | None = None,
    bioavailability: ArrayLike = 1.0,
) -> UnitResponse:
    """The response of a linear system to a unit dose, into the centre or, with an absorption rate, into a depot.

    Clearances in L/day, volumes in L, rate in 1/day; numbers or arrays of one shape, such as (n_patients,). A deep compartment
    needs a peripheral one. The absorption rate must differ from every rate of the disposition (by a part in 10^6).
    """
    volume = np.asarray(central_volume, dtype=float)
    out = np.asarray(clearance, dtype=float) / volume
    if peripheral_volume is None or intercompartmental_clearance is None:
        if deep_volume is not None:
            raise InvalidArgument(
                "found a deep compartment without a peripheral one; name the peripheral one first"
            )
        rates, weights = out[..., None], (1.0 / volume)[..., None]
    else:
        exchange = np.asarray(intercompartmental_clearance, dtype=float)
        to, back = exchange / volume, exchange / np.asarray(peripheral_volume, dtype=float)
        if deep_volume is None or deep_clearance is None:
            rates = _two_rates(out, to, back)
            backs = back[..., None]
        else:
            deep = np.asarray(deep_clearance, dtype=float)
            to_deep, from_deep = deep / volume, deep / np.asarray(deep_volume, dtype=float)
            rates = _three_rates(out, to, back, to_deep, from_deep)
            backs = np.stack(np.broadcast_arrays(back, from_deep), axis=-1)
        weights = _residues(rates, backs) / volume[..., None]
    if absorption_rate is None:
        return UnitResponse(weights, rates)
    ka = np.asarray(absorption_rate, dtype=float)[..., None]
    absorbed = weights * np.asarray(bioavailability, dtype=float)[..., None] * ka / (ka - rates)
    weights, rates = np.broadcast_arrays(absorbed, rates)
    ka = np.broadcast_to(ka, (*weights.shape[:-1], 1))
    return UnitResponse(
        np.concatenate([weights, -weights.sum(axis=-1, keepdims=True)], axis=-1),
        np.concatenate([rates, ka], axis=-1),
    )


def _two_rates(out: Array, to: Array, back: Array) -> Array:
    """Roots of s^2 - (k10 + k12 + k21) s + k10 k21."""
    total, product = out + to + back, out * back
    fast = 0.5 * (total + np.sqrt(total**2 - 4.0 * product))
    return np.stack(np.broadcast_arrays(fast, product / fast), axis=-1)


def _three_rates(out: Array, to: Array, back: Array, to_deep: Array, from_deep: Array) -> Array:
    """Roots of the cubic of a three-compartment system, all real and positive, by the trigonometric formula."""
    a2 = out + to + back + to_deep + from_deep
    a1 = out * back + out * from_deep + back * from_deep + to * from_deep + to_deep * back
    a0 = out * back * from_deep
    p, q = a1 - a2**2 / 3.0, 2.0 * a2**3 / 27.0 - a1 * a2 / 3.0 + a0
    radius = np.sqrt(np.maximum(-p / 3.0, 0.0))
    angle = np.arccos(np.clip(-q / (2.0 * np.maximum(radius, 1e-300) ** 3), -1.0, 1.0)) / 3.0
    turns = 2.0 * np.pi / 3.0 * np.arange(3)
    # the cubic in -s has the depressed root 2 r cos(angle + turn) - a2/3; the sign gives the rates
    rates = a2[..., None] / 3.0 - 2.0 * radius[..., None] * np.cos(angle[..., None] + turns)
    return np.asarray(rates, dtype=np.float64)


def _residues(rates: Array, backs: Array) -> Array:
    """Weights of a bolus: product of (k_back - rate) over product of (other rate - rate), per exponential."""
    weights = np.ones_like(rates)
    n = rates.shape[-1]
    for i in range(n):
        for j in range(backs.shape[-1]):
            weights[..., i] *= backs[..., j] - rates[..., i]
        for j in range(n):
            if j != i:
                weights[..., i] /= rates[..., j] - rates[..., i]
    return weights


def concentration(
    unit: UnitResponse,
    times: ArrayLike,
    dose_times: ArrayLike,
    amounts: ArrayLike,
    durations: ArrayLike = 0.0,
) -> Array:
    """Concentration in mg/L at given times after given doses, by superposition.

    times       days; shape (n_times,)
    dose_times  days; shape (n_doses,)
    amounts     mg; shape (n_doses,) or (..., n_doses)
    durations   days, 0 for a bolus or an absorbed dose; a number or shape (n_doses,)
    returns     shape (..., n_times), (...) being that of the patients; a dose counts from its own time on, included
    """
    at = np.asarray(times, dtype=float)
    given, amount = (
        np.atleast_1d(np.asarray(dose_times, dtype=float)),
        np.asarray(amounts, dtype=float),
    )
    duration = np.broadcast_to(np.asarray(durations, dtype=float), given.shape)
    total: Array = np.zeros(
        (*np.broadcast_shapes(unit.rates.shape[:-1], amount.shape[:-1]), at.size)
    )
    amount = np.broadcast_to(amount, (*amount.shape[:-1], given.size))
    for i, (start, width) in enumerate(zip(given, duration, strict=True)):
        total = total + amount[..., i, None] * _one_dose(unit, at - start, float(width))
    return total


def _one_dose(unit: UnitResponse, elapsed: Array, duration: float) -> Array:
    """Response to a unit dose at times since its start; shape (..., n_times)."""
    rates, weights = unit.rates[..., None, :], unit.weights[..., None, :]
    t = elapsed[:, None]
    after = np.where(t >= 0.0, t, 0.0)
    if duration == 0.0:
        shape = np.exp(-rates * after)
    else:
        running = np.minimum(after, duration)
        shape = (
            -np.expm1(-rates * running) * np.exp(-rates * (after - running)) / (rates * duration)
        )
    value = (weights * shape).sum(axis=-1)
    return np.asarray(np.where(elapsed >= 0.0, value, 0.0), dtype=np.float64)


def steady_concentration(
    unit: UnitResponse,
    elapsed: ArrayLike,
    interval: float,
    amounts: ArrayLike,
    duration: float = 0.0,
) -> Array:
    """Concentration in mg/L between two of infinitely many equal doses, by summing the geometric series.

    elapsed   days since the latest dose, within [0, interval]; shape (n_times,)
    amounts   mg of each dose; a number or shape (...,) of the patients
    duration  days of each infusion, at most the interval; 0 for a bolus or an absorbed dose
    returns   shape (..., n_times)
    """
    if not 0.0 <= duration <= interval:
        raise InvalidArgument(
            f"found an infusion over {duration:g} days every {interval:g}; expected it to fit the interval"
        )
    at = np.asarray(elapsed, dtype=float)
    rates, weights = unit.rates[..., None, :], unit.weights[..., None, :]
    width = (
        np.ones_like(rates)
        if duration == 0.0
        else -np.expm1(-rates * duration) / (rates * duration)
    )
    ended = np.exp(-rates * (at[:, None] + interval - duration))
    earlier = (weights * width * ended / -np.expm1(-rates * interval)).sum(axis=-1)
    total = _one_dose(unit, at, duration) + earlier
    return np.asarray(np.asarray(amounts, dtype=float)[..., None] * total, dtype=np.float64)
