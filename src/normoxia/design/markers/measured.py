"""Markers and each virtual patient's own gain as arrays of draws and patients.

Under each draw of the ensemble the same patient, with the same random numbers, is followed under both regimens of a contrast, which no trial can
do. The own gain is the logarithm of progression-free survival under the experimental over that under the control regimen, both up to the end
of follow-up. It is a time ratio: with an effect that multiplies everybody's time alike it is the same whatever the prognosis, so that a
marker of prognosis alone does not predict it. Who was lost before the end of follow-up without an event has no own gain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia import seeding
from normoxia.design import stage
from normoxia.design.markers.who_gains import Marker, MarkerDesign
from normoxia.errors import InvalidArgument, UnknownName
from normoxia.survival.data import DAYS_PER_MONTH
from normoxia.trial import runner
from normoxia.trial.endpoints import evaluate
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredContrast:
    """Virtual patients under both regimens of a contrast; arrays of shape (n_draws, n) unless said otherwise.

    Attributes
    ----------
    experimental, control
        Ids of the regimens.
    adds
        What the experimental regimen adds.
    markers
        Values by id of the marker; positions of levels for a covariate with levels; nan where not measured.
    gain
        Own gain; nan without one.
    prognosis
        Log days of progression-free survival under the control; nan where lost.
    times, observed
        Progression-free survival under the experimental regimen, then under the control; shape (2, n_draws, n).
    """

    experimental: str
    control: str
    adds: str
    markers: dict[str, Floats]
    gain: Floats
    prognosis: Floats
    times: Floats
    observed: Bools


def trial_of(design: MarkerDesign, patients: int | None = None) -> Trial:
    """Return the trial that simulates a question about markers, keeping what they measure.

    Raises
    ------
    UnknownName
        A marker of something that neither the population nor the model has, or a level that a covariate does not have.
    """
    plain = stage.trial_of(design.comparison, patients, months=design.months)
    covariates = {c.name: c for c in plain.population.covariates}
    outputs = [m.of for m in design.markers if m.of not in covariates]
    model = runner.compose(plain)
    given = [o.name for o in (*model.observables,)] + [a.name for a in model.assignments]
    given += [s.name for s in model.species]
    for marker in design.markers:
        if marker.of in covariates:
            shares = getattr(covariates[marker.of].law, "shares", {})
            unknown = [level for level in marker.levels if level not in shares]
            if unknown:
                raise UnknownName(f"level of {marker.of}", unknown[0], shares)
        elif marker.of not in given:
            raise UnknownName("marker", marker.of, [*covariates, *given])
        elif marker.levels:
            raise InvalidArgument(
                f'marker "{marker.id}": {marker.of} has no levels; leave them out'
            )
    return stage.trial_of(
        design.comparison, patients, months=design.months, keep=tuple(dict.fromkeys(outputs))
    )


def measured(
    result: TrialResult, trial: Trial, design: MarkerDesign, *, seed: int = 1
) -> tuple[MeasuredContrast, ...]:
    """Return markers and gains of every contrast.

    Parameters
    ----------
    result, trial
        Of a run under the ensemble.
    design
        What is asked.
    seed
        Of the errors of measurement.

    Raises
    ------
    InvalidArgument
        A marker is measured on a day on which states are not kept.
    """
    endpoints = evaluate(result, trial.criteria, trial.plan.censoring)
    shape = (result.n_replicates, -1)
    found = []
    for pair, adds in zip(design.comparison.contrasts, design.adds, strict=True):
        rows = [result.rows(arm).reshape(shape) for arm in pair]
        times = np.stack([endpoints.pfs[r] for r in rows])
        observed = np.stack([endpoints.pfs_observed[r] for r in rows])
        end = design.months * DAYS_PER_MONTH
        # who is without an event near the end of follow-up has lasted through it
        whole = observed | (times >= end - trial.visits.window - _LAST_SCAN)
        logs = np.log(np.maximum(np.minimum(times, end), 1.0))
        logs = np.where(whole, logs, np.nan)
        values = {
            m.id: _values(result, m, rows[0 if m.under == "experimental" else 1], seed)
            for m in design.markers
        }
        found.append(
            MeasuredContrast(
                experimental=pair[0],
                control=pair[1],
                adds=adds,
                markers=values,
                gain=logs[0] - logs[1],
                prognosis=logs[1],
                times=times,
                observed=observed,
            )
        )
    return tuple(found)


#: longest time between the last scan and the end of follow-up, days
_LAST_SCAN = 70.0


def _values(result: TrialResult, marker: Marker, rows: NDArray[np.intp], seed: int) -> Floats:
    if marker.of in result.covariates:
        column = result.covariates[marker.of][rows]
        if not marker.levels:
            return column.astype(np.float64)
        text = column.astype(int).astype(str) if column.dtype.kind == "f" else column
        places = np.full(rows.shape, np.nan)
        for position, level in enumerate(marker.levels):
            places[text == level] = position
        return places
    if marker.of not in result.state_names:
        raise UnknownName("marker", marker.of, [*result.covariates, *result.state_names])
    days = result.state_days
    near = int(np.argmin(np.abs(days - marker.day)))
    if abs(days[near] - marker.day) > 1.0:
        known = ", ".join(f"{day:g}" for day in days[:12])
        raise InvalidArgument(
            f'marker "{marker.id}": measured on day {marker.day:g}; states are kept on days {known}, ...'
        )
    state = result.states[:, :, result.state_names.index(marker.of)].astype(np.float64)
    values = state[:, near][rows]
    z = seeding.normals(seed, f"design/markers/{marker.id}", values.size, 1)[:, 0]
    values = values * np.exp(marker.error * z.reshape(values.shape))
    return values / state[:, 0][rows] if marker.change else values
