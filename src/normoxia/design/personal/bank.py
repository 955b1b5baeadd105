"""Virtual patients with the covariates of one patient, under every regimen, as arrays that are weighted in no time.

Covariates that the population draws from shares or as numbers are given the patient's value; those cut from a latent number (PD-L1)
are conditions of enrolment, so that what goes with them is drawn along. What is not given is drawn as the stage draws it.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia import units
from normoxia.design import stage
from normoxia.design.personal.patients import DIAMETER, PatientDesign
from normoxia.errors import InvalidArgument, UnknownName
from normoxia.mechanism.model import Model
from normoxia.population.covariates import Computed, Continuous, Levels
from normoxia.trial.analysis import ensemble_of
from normoxia.trial.endpoints import evaluate
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: diameters over those at the start, by which a virtual tumour is followed
RATIO = "size_ratio"
#: standard deviation of a number that is given, over its value: measurements of a clinic are that exact; assumed
_EXACT = 0.01
_CURVES = ("pfs", "os")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PatientBank:
    """Virtual patients under every regimen; the same people in the same order under each.

    Attributes
    ----------
    regimens
        Ids.
    draw
        Draw of the ensemble; shape (n,).
    days
        On which states are known; shape (n_days,).
    states
        Outputs of the model by name, nan after a patient left; shape (n_regimens, n, n_days).
    baseline
        Sum of diameters as read at the start, mm; shape (n,).
    progression
        Day of the first scan with progression or of clinical progression; infinite without; shape (n_regimens, n).
    times, observed
        Of "pfs" and "os", days; shape (n_regimens, n).
    responded, toxic
        Shape (n_regimens, n).
    reading_error
        Standard deviation of the logarithm of a sum of diameters as read.
    window
        Days by which a scan may be off its planned day.
    structural
        Standard deviations of the structural error that calibration estimated.
    """

    regimens: tuple[str, ...]
    draw: NDArray[np.int64]
    days: Floats
    states: Mapping[str, NDArray[np.float32]]
    baseline: Floats
    progression: Floats
    times: Mapping[str, Floats]
    observed: Mapping[str, Bools]
    responded: Bools
    toxic: Bools
    reading_error: float
    window: float
    structural: Mapping[str, float]

    @property
    def n(self) -> int:
        """Virtual patients."""
        return len(self.draw)

    def regimen(self, name: str) -> int:
        """Position of a regimen. Raises UnknownName."""
        if name not in self.regimens:
            raise UnknownName("regimen", name, self.regimens)
        return self.regimens.index(name)

    def at(self, what: str, regimen: int, day: float) -> Floats:
        """An output under a regimen on a day; between known days the logarithm is linear; shape (n,)."""
        values = self.states[what][regimen].astype(np.float64)
        after = int(np.clip(np.searchsorted(self.days, day), 1, len(self.days) - 1))
        before = after - 1
        share = (day - self.days[before]) / (self.days[after] - self.days[before])
        share = min(max(share, 0.0), 1.0)
        if share in (0.0, 1.0):
            return np.asarray(values[:, after if share else before])
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = np.log(values[:, before]), np.log(values[:, after])
            return np.asarray(np.exp(low * (1.0 - share) + high * share))

    def to_bytes(self) -> bytes:
        """The bank as a file of arrays, which `from_bytes` reads back."""
        arrays: dict[str, Any] = {
            "draw": self.draw,
            "days": self.days,
            "baseline": self.baseline,
            "progression": self.progression,
            "responded": self.responded,
            "toxic": self.toxic,
        }
        arrays |= {f"state/{name}": values for name, values in self.states.items()}
        arrays |= {f"time/{name}": self.times[name] for name in _CURVES}
        arrays |= {f"observed/{name}": self.observed[name] for name in _CURVES}
        head = {
            "regimens": list(self.regimens),
            "reading_error": self.reading_error,
            "window": self.window,
            "structural": dict(self.structural),
        }
        arrays["head"] = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> PatientBank:
        """The bank that `to_bytes` wrote."""
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        head = json.loads(arrays.pop("head").tobytes())

        def under(prefix: str) -> dict[str, Any]:
            return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}

        return cls(
            regimens=tuple(head["regimens"]),
            draw=arrays["draw"],
            days=arrays["days"],
            states=under("state/"),
            baseline=arrays["baseline"],
            progression=arrays["progression"],
            times=under("time/"),
            observed=under("observed/"),
            responded=arrays["responded"],
            toxic=arrays["toxic"],
            reading_error=head["reading_error"],
            window=head["window"],
            structural=head["structural"],
        )


def trial_of(design: PatientDesign, patients: int | None = None) -> Trial:
    """Return the trial whose virtual patients have the covariates of the patient.

    Parameters
    ----------
    design
        The patient.
    patients
        Of each draw; as the document says when omitted.

    Raises
    ------
    InvalidArgument
        A covariate that the population does not have or computes from others, a value it does not know, or one that the stage
        does not enrol.
    """
    trial = stage.trial_of(
        design.comparison,
        patients or design.patients,
        months=design.months,
        keep=(RATIO, *_outputs(design)),
    )
    laws: dict[str, object] = {}
    eligibility: dict[str, object] = {}
    known = {c.name: c for c in trial.population.covariates}
    for name, value in design.covariates.items():
        if name not in known:
            raise UnknownName("covariate", name, known)
        law = known[name].law
        if isinstance(law, Computed):
            raise InvalidArgument(
                f'covariate "{name}": is computed from others; give those from which it follows'
            )
        if isinstance(law, Continuous):
            laws[name] = {"normal": _normal(name, value, law), "source": "as measured"}
            continue
        levels = tuple(law.shares)
        level = _level(name, value, levels)
        if isinstance(law, Levels):
            shares = {other: float(other == level) for other in levels}
            laws[name] = {"levels": shares, "source": "as measured"}
        else:
            eligibility[name] = level
    _enrolled(design, trial)
    return trial.with_population(
        covariates=laws or None,
        eligibility={**_plain_eligibility(trial), **eligibility} if eligibility else None,
    )


def _outputs(design: PatientDesign) -> list[str]:
    return [what for what in design.kinds if what != DIAMETER]


def _normal(name: str, value: str | float, law: Continuous) -> dict[str, float]:
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise InvalidArgument(f'covariate "{name}": found "{value}"; expected a number')
    if not law.low <= value <= law.high:
        raise InvalidArgument(
            f'covariate "{name}": found {value:g}, outside what the population supports, {law.low:g} to {law.high:g}'
        )
    return {"mean": float(value), "sd": max(_EXACT * abs(float(value)), 1e-6)}


def _level(name: str, value: str | float, levels: tuple[str, ...]) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if text not in levels:
        raise UnknownName(f"level of {name}", text, levels)
    return text


def _enrolled(design: PatientDesign, trial: Trial) -> None:
    """Raise InvalidArgument for covariates of the patient that the stage does not enrol."""
    for clause in trial.eligibility.clauses:
        if clause.covariate not in design.covariates:
            continue
        value = design.covariates[clause.covariate]
        column = np.array([value if isinstance(value, str) else float(value)])
        if not clause.holds({clause.covariate: column}).all():
            raise InvalidArgument(
                f"{clause.covariate} is {value}, and {design.comparison.stage} enrols {clause}: the patient is outside "
                "what this population supports; name a stage that enrols such patients"
            )


def _plain_eligibility(trial: Trial) -> dict[str, object]:
    """Eligibility as a document writes it."""
    plain: dict[str, object] = {}
    for clause in trial.eligibility.clauses:
        if clause.levels:
            plain[clause.covariate] = list(clause.levels)
        else:
            ends = {"from": clause.low, "to": clause.high}
            plain[clause.covariate] = {k: v for k, v in ends.items() if math.isfinite(v)}
    return plain


def check_measurements(design: PatientDesign, model: Model) -> PatientDesign:
    """Return the patient with measurements in the units of the model.

    Raises
    ------
    UnknownName
        A measurement of something that the model does not give.
    InvalidArgument
        A measurement in a unit of another kind.
    """
    from dataclasses import replace

    given: dict[str, str] = {p.name: p.unit for p in model.species}
    given |= {p.name: p.unit for p in model.assignments}
    given |= {p.name: p.unit for p in model.observables}
    found = []
    for m in design.measurements:
        if m.what not in given:
            raise UnknownName("marker", m.what, given)
        want = given[m.what]
        try:
            value = units.convert(m.value, m.unit, want)
        except ValueError as error:
            raise InvalidArgument(
                f'{m.what} on day {m.day:g}: found a value in "{m.unit}"; expected one in "{want}"'
            ) from error
        found.append(replace(m, value=value, unit=want))
    return replace(design, measurements=tuple(found))


def of_result(result: TrialResult, trial: Trial) -> PatientBank:
    """Return the bank of a run under the ensemble.

    Raises
    ------
    InvalidArgument
        The run was not under an ensemble.
    """
    structural = ensemble_of(result)
    if structural is None:
        raise InvalidArgument("found a run without an ensemble; a bank needs its draws")
    rows = np.stack([result.rows(arm.id) for arm in trial.arms])
    endpoints = evaluate(result, trial.criteria, trial.plan.censoring)
    columns = result.columns
    well = (columns["status"][rows] == 0).all(axis=0)
    rows = rows[:, well]
    states = {
        name: result.states[:, :, i][rows].astype(np.float32)
        for i, name in enumerate(result.state_names)
    }
    progression = np.minimum(columns["progression"], columns["clinical_progression"])
    return PatientBank(
        regimens=tuple(arm.id for arm in trial.arms),
        draw=columns["replicate"][rows[0]].astype(np.int64),
        days=result.state_days,
        states=states,
        baseline=columns["baseline_sum"][rows[0]].astype(np.float64),
        progression=progression[rows],
        times={"pfs": endpoints.pfs[rows], "os": endpoints.os[rows]},
        observed={"pfs": endpoints.pfs_observed[rows], "os": endpoints.os_observed[rows]},
        responded=endpoints.responded[rows],
        toxic=endpoints.toxic[rows],
        reading_error=reading_error(result),
        window=trial.visits.window,
        structural=dict(structural),
    )


def reading_error(result: TrialResult) -> float:
    """Standard deviation of the logarithm of a sum of diameters as the virtual readers read it.

    From the changes that they read against the true ones on the planned day: half their variance, since both scans carry the
    error. It holds the error of measurement, lesions that differ from the burden, and scans off their planned day.
    """
    ratio = result.states[:, -len(result.visit_days) :, result.state_names.index(RATIO)]
    with np.errstate(divide="ignore", invalid="ignore"):
        read = np.log(result.scan_sum / result.columns["baseline_sum"][:, None])
        apart = (read - np.log(ratio))[np.isfinite(read) & np.isfinite(ratio)]
    if len(apart) < 2:
        return math.nan
    low, high = np.quantile(apart, [0.1587, 0.8413])  # one standard deviation of a normal each
    return float((high - low) / 2.0 / math.sqrt(2.0))
