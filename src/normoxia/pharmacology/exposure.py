"""Simulated against published exposures of the typical patient, and against their published variation.

Linear drugs are computed in closed form. Drugs with saturable elimination or clearance that changes with time are integrated
by SciPy, for the typical patient only.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from normoxia.mechanism.expression import evaluate
from normoxia.pharmacology import covariates, files, kinetics
from normoxia.pharmacology.course_text import milligrams, of_drug
from normoxia.pharmacology.drug import Drug, Exposure
from normoxia.pharmacology.module import deviation
from normoxia.pharmacology.regimen import Course

Array = NDArray[np.float64]

#: simulated over published must lie within 1/TOLERATED and TOLERATED, 0.8 to 1.25, as in bioequivalence
TOLERATED = 1.25

#: day after which a drug without a closed form counts as settled
_SETTLED = 730.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureComparison:
    """One published exposure beside the simulated one, both in mg/L, mg*day/L or days.

    typical    of the typical patient
    low, high  5th and 95th percentile of simulated patients; nan where none were simulated
    variation  simulated between-patient coefficient of variation; nan likewise
    """

    drug: str
    exposure: Exposure
    typical: float
    low: float
    high: float
    variation: float

    @property
    def ratio(self) -> float:
        """Simulated over published."""
        return self.typical / self.exposure.quantity.value

    @property
    def agrees(self) -> bool:
        """Whether the ratio lies within 0.8 to 1.25, and the typical patient in the published interval where there is one."""
        published = self.exposure.quantity
        if not 1.0 / TOLERATED <= self.ratio <= TOLERATED:
            return False
        return math.isnan(published.low) or published.low <= self.typical <= published.high

    @property
    def tolerated(self) -> bool:
        """Whether it agrees, or misses by no more than the factor the document states beside its finding."""
        factor = self.exposure.factor
        return self.agrees or (bool(self.exposure.finding) and 1.0 / factor <= self.ratio <= factor)


def parameters(
    drug: Drug,
    patient: Mapping[str, float] | None = None,
    n_patients: int | None = None,
    seed: int = 0,
) -> dict[str, Array]:
    """Kinetic parameters of the typical patient, or of `n_patients` drawn around it, shape () or (n_patients,).

    patient  covariates that differ from the default ones
    """
    attributes = {**covariates.typical(), **(patient or {})}
    stream = np.random.default_rng(seed)
    ratios: dict[str, Array] = {}
    found: dict[str, Array] = {}
    for p in sorted(drug.parameters, key=lambda p: bool(p.follows)):
        own, slope = deviation(drug, p)
        ratio = (
            np.ones(()) if n_patients is None else np.exp(own * stream.standard_normal(n_patients))
        )
        if slope:
            ratio = ratio * ratios[p.follows] ** slope
        ratios[p.name] = ratio
        factor = 1.0 if p.covariates is None else evaluate(p.covariates, attributes)
        found[p.name] = np.asarray(p.quantity.value * factor * ratio, dtype=np.float64)
    return found


def is_linear(drug: Drug) -> bool:
    """Whether the drug's kinetics have constant coefficients, so that the closed form holds."""
    return drug.clearance_over_time is None and drug.parameter("maximum_elimination") is None


def unit_response(values: Mapping[str, Array]) -> kinetics.UnitResponse:
    """The unit response of a linear drug with given parameters."""
    return kinetics.response(**{name: value for name, value in values.items() if name in _RESPONSE})


_RESPONSE = (
    "clearance",
    "central_volume",
    "intercompartmental_clearance",
    "peripheral_volume",
    "deep_clearance",
    "deep_volume",
    "absorption_rate",
    "bioavailability",
)


def compare(
    drug: Drug, exposure: Exposure, n_patients: int = 1000, seed: int = 1
) -> ExposureComparison:
    """One published exposure beside the simulated one; the population is drawn for linear drugs."""
    patient = exposure.patient
    typical = float(_measured(drug, exposure, parameters(drug, patient)))
    if not is_linear(drug):
        return ExposureComparison(
            drug=drug.name,
            exposure=exposure,
            typical=typical,
            low=math.nan,
            high=math.nan,
            variation=math.nan,
        )
    drawn = _measured(drug, exposure, parameters(drug, patient, n_patients, seed))
    if np.ptp(drawn) == 0.0:
        return ExposureComparison(
            drug=drug.name,
            exposure=exposure,
            typical=typical,
            low=typical,
            high=typical,
            variation=0.0,
        )
    low, high = np.quantile(drawn, (0.05, 0.95))
    return ExposureComparison(
        drug=drug.name,
        exposure=exposure,
        typical=typical,
        low=float(low),
        high=float(high),
        variation=float(drawn.std() / drawn.mean()),
    )


def comparisons(drugs: Iterable[Drug] | None = None) -> tuple[ExposureComparison, ...]:
    """Every published exposure of the drugs (by default the whole library) beside the simulated one."""
    chosen = [files.read(name) for name in files.library()] if drugs is None else list(drugs)
    return tuple(compare(drug, exposure) for drug in chosen for exposure in drug.exposures)


def simulated(
    drug: Drug, text: str, times: Array, patient: Mapping[str, float] | None = None
) -> Array:
    """Plasma concentration of the typical patient in mg/L at given days under a regimen text; shape (n_times,)."""
    doses = _Doses.of(drug, text, float(np.max(times)) + 1e-9, patient)
    values = parameters(drug, patient)
    if is_linear(drug):
        return kinetics.concentration(
            unit_response(values), times, doses.times, doses.amounts, doses.durations
        )
    return _integrated(drug, values, doses, np.asarray(times, dtype=float))


@dataclass(frozen=True, slots=True, eq=False)
class _Doses:
    times: Array
    amounts: Array
    durations: Array

    @classmethod
    def of(cls, drug: Drug, text: str, end: float, patient: Mapping[str, float] | None) -> _Doses:
        """The doses of a regimen text in mg for a patient, up to a day."""
        size = {**covariates.typical(), **(patient or {})}
        times: list[Array] = []
        amounts: list[Array] = []
        durations: list[Array] = []
        for course in of_drug(drug, text).courses:
            start = course.times(0.0, end)
            dose = milligrams(course.dose, size["weight"], size["body_surface"], size["gfr"])
            times.append(start)
            amounts.append(np.full(start.size, dose))
            durations.append(np.full(start.size, course.dose.duration))
        return cls(np.concatenate(times), np.concatenate(amounts), np.concatenate(durations))


def _measured(drug: Drug, exposure: Exposure, values: Mapping[str, Array]) -> Array:
    """The published measure, simulated; shape () or (n_patients,)."""
    if exposure.measure == "half_life":
        if drug.parameter("maximum_elimination") is None:
            return unit_response(_at_cycle(drug, exposure, values)).terminal_half_life
        late = _curve(drug, exposure, values, np.array([7.0, 21.0]), 22.0)
        return np.asarray(
            14.0 * math.log(2.0) / np.log(late[..., 0] / late[..., 1]), dtype=np.float64
        )
    course = _between_doses(of_drug(drug, exposure.regimen).courses[0])
    interval = course.cycle_days
    at_end = exposure.measure in ("trough", "occupancy")
    elapsed = np.array([interval * (1.0 - 1e-9)]) if at_end else _grid(course)
    if exposure.cycle == 0 and is_linear(drug) and course.days == (0.0,):
        size = {**covariates.typical(), **exposure.patient}
        dose = milligrams(course.dose, size["weight"], size["body_surface"], size["gfr"])
        curve = kinetics.steady_concentration(
            unit_response(values), elapsed, interval, dose, course.dose.duration
        )
    else:
        before = interval * (
            exposure.cycle - 1 if exposure.cycle else math.ceil(_SETTLED / interval)
        )
        curve = _curve(drug, exposure, values, before + elapsed, before + interval)
    match exposure.measure:
        case "trough":
            return np.asarray(curve[..., -1], dtype=np.float64)
        case "occupancy":
            return _occupancy(drug, np.asarray(curve[..., -1], dtype=np.float64))
        case "peak":
            return np.asarray(curve.max(axis=-1), dtype=np.float64)
        case "time_to_peak":
            return np.asarray(elapsed[curve.argmax(axis=-1)], dtype=np.float64)
        case "auc":
            return np.asarray(np.trapezoid(curve, elapsed, axis=-1), dtype=np.float64)
        case _:
            return np.asarray(np.trapezoid(curve, elapsed, axis=-1) / interval, dtype=np.float64)


def _between_doses(course: Course) -> Course:
    """The course by its dosing interval, which is what is published of a drug given several times a day."""
    n = len(course.days)
    if course.cycle_days != 1.0 or n == 1 or not np.allclose(course.days, np.arange(n) / n):
        return course
    return replace(course, cycle_days=1.0 / n, days=(0.0,))


def _at_cycle(drug: Drug, exposure: Exposure, values: Mapping[str, Array]) -> Mapping[str, Array]:
    """Parameters with the clearance of the first dose, or at steady state the one that it reaches in the end."""
    change = drug.clearance_over_time
    if change is None or exposure.cycle == 1:
        return values
    return {**values, "clearance": values["clearance"] * math.exp(change.maximum.value)}


def _occupancy(drug: Drug, concentration: Array) -> Array:
    """Share of PD-1 or PD-L1 that is bound at a plasma concentration in mg/L, each arm on its own."""
    effect = drug.blockade
    assert effect is not None
    assert effect.affinity is not None
    ratio = concentration / drug.molecular_weight.value / effect.affinity.value
    return np.asarray(ratio / (1.0 + ratio), dtype=np.float64)


def ratios(drug: Drug, text: str, days: float = 250.0) -> dict[str, tuple[float, float]]:
    """Lowest and highest exposure ratio, per slot, over the first cycle after some days on a regimen; typical patient."""
    cycle = of_drug(drug, text).courses[0].cycle_days
    begin = cycle * math.ceil(days / cycle)
    curve = simulated(drug, text, np.linspace(begin, begin + cycle * (1.0 - 1e-9), 200))
    factors = [q.value for q in (drug.penetration, drug.free_fraction) if q is not None]
    at_target = curve / drug.molecular_weight.value * math.prod(factors)
    found: dict[str, tuple[float, float]] = {}
    for effect in drug.effects:
        if effect.affinity is not None:
            scales = [q.value for q in (effect.potency, effect.cooperativity) if q is not None]
            ratio = at_target / effect.affinity.value * math.prod(scales)
            found[effect.slot] = (float(ratio.min()), float(ratio.max()))
    return found


def _grid(course: Course) -> Array:
    """Times since the cycle began, dense where the curve bends: after each dose and after the end of its infusion."""
    interval, duration = course.cycle_days, course.dose.duration
    since_dose = np.unique(
        np.concatenate(
            (
                np.geomspace(1e-4, interval, 250),
                duration + np.geomspace(1e-5, 0.1, 40),
                [0.0, duration],
            )
        )
    )
    elapsed = np.unique(np.add.outer(np.asarray(course.days), since_dose))
    return np.union1d(elapsed[elapsed < interval], [interval * (1.0 - 1e-9)])


def _curve(
    drug: Drug, exposure: Exposure, values: Mapping[str, Array], times: Array, end: float
) -> Array:
    doses = _Doses.of(drug, exposure.regimen, end * (1.0 - 1e-12), exposure.patient)
    if is_linear(drug):
        return kinetics.concentration(
            unit_response(values), times, doses.times, doses.amounts, doses.durations
        )
    return _integrated(drug, values, doses, times)


def _integrated(drug: Drug, values: Mapping[str, Array], doses: _Doses, times: Array) -> Array:
    """Plasma concentration of one patient by SciPy, dose by dose; shape (n_times,)."""
    from scipy.integrate import solve_ivp

    v = {name: float(value) for name, value in values.items()}
    volume = v["central_volume"]
    change = drug.clearance_over_time

    def clearance(day: float) -> float:
        if change is None:
            return v.get("clearance", 0.0)
        x = (day / change.half_time.value) ** change.steepness.value
        return v["clearance"] * math.exp(change.maximum.value * x / (1.0 + x))

    flows = (
        (v.get("intercompartmental_clearance", 0.0), v.get("peripheral_volume", 1.0)),
        (v.get("deep_clearance", 0.0), v.get("deep_volume", 1.0)),
    )
    v_max, k_m = v.get("maximum_elimination", 0.0), v.get("half_saturation", 1.0)

    def rates(day: float, state: Array, infused: float) -> list[float]:
        c = state[0] / volume
        exchange = [q * (c - state[i + 1] / w) for i, (q, w) in enumerate(flows)]
        return [infused - clearance(day) * c - v_max * c / (k_m + c) - sum(exchange), *exchange]

    ends = doses.times + doses.durations
    breaks = np.unique(np.concatenate([[0.0], doses.times, ends, [times.max() + 1e-6]]))
    state, out = np.zeros(3), np.zeros(times.size)
    for first, last in itertools.pairwise(breaks):
        state[0] += doses.amounts[(doses.times == first) & (doses.durations == 0.0)].sum()
        running = (doses.durations > 0.0) & (doses.times <= first) & (ends > first)
        infused = float((doses.amounts[running] / doses.durations[running]).sum())
        inside = (times >= first) & (times < last)
        solved = solve_ivp(
            rates,
            (first, last),
            state,
            "LSODA",
            np.append(times[inside], last),
            args=(infused,),
            rtol=1e-8,
            atol=1e-8,
        )
        out[inside] = solved.y[0, :-1] / volume
        state = solved.y[:, -1]
    return out
