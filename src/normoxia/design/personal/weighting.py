"""Posterior over virtual patients: how well each agrees with what was measured, and whether the bank supports the patient.

Virtual patients are draws of the prior (draw of the ensemble, then patient); the posterior is the same patients weighted by the
likelihood of the measurements (importance sampling with the prior as proposal). Changes of the sum of diameters share the error of
the first scan: readings y_k = r_k b exp(e_k) give log(y_k/y_0) - log r_k = e_k - e_0, of covariance s^2 (I + 1 1'), taken as a multivariate
Student t of five degrees of freedom, since the virtual readers' tails are heavier than normal. Other measurements have lognormal errors.
Who died, or had progressed before the last scan, cannot be the patient. Support is judged by the effective number of patients,
1/sum w^2 (Kong 1992), and by Box's predictive check (Box 1980, J R Stat Soc A 143:383): how often measurements simulated for the
bank's own patients are less probable than those of the patient.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia import seeding
from normoxia.design.personal.bank import RATIO, PatientBank
from normoxia.design.personal.patients import DIAMETER, Measurement, PatientDesign

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: effective virtual patients, and share of less probable measurements, from which a prediction is made
FEWEST, LEAST_PROBABLE = 20.0, 0.01
#: degrees of freedom of the readers' error
_FREEDOM = 5.0
#: a sum of diameters is never taken for less, mm: what RECIST 1.1 records for a lesion too small to measure
_SMALLEST = 5.0
#: virtual patients whose measurements are simulated for the predictive check
_SIMULATED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """Whether the bank supports a patient.

    Attributes
    ----------
    effective_draws
        1/sum w^2.
    candidates
        Virtual patients who were alive and without progression at the last measurement.
    less_probable
        Share of simulated measurements that are less probable than those of the patient; 1 without measurements.
    """

    effective_draws: float
    candidates: int
    less_probable: float

    @property
    def inside(self) -> bool:
        """Whether a prediction is made."""
        return self.effective_draws >= FEWEST and self.less_probable >= LEAST_PROBABLE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightedBank:
    """A bank with the posterior of a patient.

    Attributes
    ----------
    weights
        Sum to 1, or all 0 when no virtual patient is like the patient; shape (n,).
    """

    bank: PatientBank
    weights: Floats
    support: Support


def weighted(design: PatientDesign, bank: PatientBank, *, seed: int = 1) -> WeightedBank:
    """Return the posterior of a patient over the bank.

    Parameters
    ----------
    design
        With measurements in the units of the model, see `bank.check_measurements`.
    bank
        Virtual patients of the same covariates.
    seed
        Of the simulated measurements of the predictive check.
    """
    possible = candidates(design, bank)
    logs = log_likelihood(design, bank)
    weights = normalised(np.where(possible, logs, -np.inf))
    support = Support(
        effective_draws=effective(weights),
        candidates=int(possible.sum()),
        less_probable=_less_probable(design, bank, possible, logs, seed),
    )
    return WeightedBank(bank=bank, weights=weights, support=support)


def normalised(logs: Floats) -> Floats:
    """Weights that sum to 1 from their logarithms; all 0 where none is finite."""
    top = logs.max(initial=-np.inf)
    if not math.isfinite(top):
        return np.zeros_like(logs)
    weights = np.exp(logs - top)
    return np.asarray(weights / weights.sum())


def effective(weights: Floats) -> float:
    """Effective number of draws, 1/sum w^2; 0 without weights (Kong 1992, Chicago statistics report 348)."""
    square = float((weights**2).sum())
    return 1.0 / square if square > 0.0 else 0.0


def candidates(design: PatientDesign, bank: PatientBank) -> Bools:
    """Virtual patients who were alive, followed and without progression at the last measurement; shape (n,)."""
    if design.now <= 0.0 or not design.receives:
        return np.ones(bank.n, dtype=bool)
    regimen = bank.regimen(design.receives)
    alive = bank.times["os"][regimen] > design.now
    # a scan may be a window late, and one that shows progression is no scan without it
    free = bank.progression[regimen] > design.now + bank.window
    known = np.isfinite(bank.at(RATIO, regimen, design.now))
    return np.asarray(alive & free & known)


def log_likelihood(design: PatientDesign, bank: PatientBank) -> Floats:
    """Logarithm of the likelihood of all measurements for each virtual patient, without constants; shape (n,)."""
    logs = np.zeros(bank.n)
    expected, observed = _diameters(design, bank)
    if len(observed):
        logs += _student(observed[None, 1:] - observed[0] - expected, bank.reading_error)
        spread = math.sqrt(2.0) * bank.reading_error
        logs += _normal((observed[0] - np.log(bank.baseline)) / spread)
    for m in design.measurements:
        if m.what != DIAMETER:
            logs += _normal((math.log(max(m.value, 1e-12)) - _expected(m, design, bank)) / m.error)
    return np.where(np.isfinite(logs), logs, -np.inf)


def _diameters(design: PatientDesign, bank: PatientBank) -> tuple[Floats, Floats]:
    """Expected logarithms of change, shape (n, n_scans - 1), and observed logarithms of the sum, shape (n_scans,)."""
    scans = design.of(DIAMETER)
    observed = np.log(np.maximum([m.value for m in scans], _SMALLEST))
    if len(scans) < 2:
        return np.zeros((bank.n, 0)), observed
    regimen = bank.regimen(design.receives)
    floor = _SMALLEST / bank.baseline
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = [
            np.log(np.maximum(bank.at(RATIO, regimen, m.day), floor)) for m in scans if m.day > 0
        ]
    return np.stack(expected, axis=1), observed


def _expected(m: Measurement, design: PatientDesign, bank: PatientBank) -> Floats:
    regimen = bank.regimen(design.receives) if design.receives else 0
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(bank.at(m.what, regimen, m.day)))


def _student(change: Floats, error: float) -> Floats:
    """Log density of changes from the first reading, without constants; shape (n,)."""
    k = change.shape[1]
    if k == 0:
        return np.zeros(len(change))
    # the inverse of I + 1 1' is I - 1 1'/(k + 1)
    square = (change**2).sum(axis=1) - change.sum(axis=1) ** 2 / (k + 1.0)
    return np.asarray(
        -0.5 * (_FREEDOM + k) * np.log1p(np.maximum(square, 0.0) / (_FREEDOM * error**2))
    )


def _normal(z: Floats) -> Floats:
    return np.asarray(-0.5 * z**2)


def _less_probable(
    design: PatientDesign, bank: PatientBank, possible: Bools, logs: Floats, seed: int
) -> float:
    """Share of virtual patients whose simulated measurements are less probable than those of the patient."""
    rows = np.flatnonzero(possible & np.isfinite(logs))
    if not design.measurements:
        return 1.0
    if len(rows) < 2:
        return 0.0
    chosen = rows[np.linspace(0, len(rows) - 1, min(_SIMULATED, len(rows))).astype(int)]
    kept = np.where(possible, logs, -np.inf)
    own = _mean_likelihood(kept)
    worse = 0
    for number, row in enumerate(chosen):
        other = simulated(design, bank, int(row), seed=seed, number=number)
        theirs = np.where(possible, log_likelihood(other, bank), -np.inf)
        theirs[row] = -np.inf
        worse += _mean_likelihood(theirs) <= own
    return worse / len(chosen)


def _mean_likelihood(logs: Floats) -> float:
    top = float(logs.max())
    if not math.isfinite(top):
        return -math.inf
    return top + math.log(float(np.exp(logs - top).sum()))


def simulated(
    design: PatientDesign, bank: PatientBank, row: int, *, seed: int, number: int = 0
) -> PatientDesign:
    """Return the design with the measurements that a virtual patient would have had, on the same days with the same errors."""
    from dataclasses import replace

    regimen = bank.regimen(design.receives) if design.receives else 0
    z = seeding.normals(
        seed, "design/personal/measurements", 1, len(design.measurements) + 1, first_patient=number
    )[0]
    # Student's error: a normal over the root of a gamma shared by a patient's readings
    u = seeding.uniforms(seed, "design/personal/tail", 1, 1, first_patient=number)[0, 0]
    stretch = math.sqrt(_FREEDOM / (2.0 * _gamma(u)))
    found = []
    for m, error in zip(design.measurements, z[1:], strict=True):
        if m.what == DIAMETER and m.day == 0:
            value = float(bank.baseline[row]) * math.exp(bank.reading_error * error * stretch)
        elif m.what == DIAMETER:
            true = float(bank.at(RATIO, regimen, m.day)[row] * bank.baseline[row])
            value = max(true, _SMALLEST) * math.exp(bank.reading_error * error * stretch)
        else:
            value = float(bank.at(m.what, regimen, m.day)[row]) * math.exp(m.error * error)
        found.append(replace(m, value=value))
    return replace(design, measurements=tuple(found))


def _gamma(u: float) -> float:
    """Quantile of the gamma distribution of shape _FREEDOM/2 and scale 1."""
    from scipy.special import gammaincinv

    return float(gammaincinv(_FREEDOM / 2.0, u))
