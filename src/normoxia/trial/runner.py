"""A trial run: model composed and compiled, patients drawn, every arm conducted, chunk by chunk.

Results do not depend on workers or on how many replicates or patients come after; a chunk is the unit that is kept when
a run is interrupted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from normoxia import __version__, library, mechanism, memory, pharmacology, simulation
from normoxia.digests import digest_of
from normoxia.errors import InvalidArgument
from normoxia.mechanism.model import Model
from normoxia.pharmacology import Drug, Regimen
from normoxia.population import Population, joined, sample
from normoxia.progress import Progress, Step, silent
from normoxia.simulation import Simulator
from normoxia.trial import result
from normoxia.trial.conduct import clinical
from normoxia.trial.conduct import engine as conduct
from normoxia.trial.conduct.clinical import Clinical
from normoxia.trial.conduct.courses import DrugEnd
from normoxia.trial.conduct.draws import draw
from normoxia.trial.conduct.record import Record
from normoxia.trial.protocol import Arm, Trial
from normoxia.trial.result import TrialResult
from normoxia.trial.setting import ParameterSet

#: states kept at visits when the model has them
STATES = (
    "perfusion",
    "blood_flow",
    "hypoxic_fraction",
    "pericyte_coverage",
    "vessel_fraction",
    "free_vegf",
    "cd8_density",
    "treg_density",
    "mdsc_density",
    "interferon_gamma",
)

#: patients of one replicate that make up about one chunk
CHUNK_PATIENTS = 2000

Piece = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Patients that are run together: pieces of (replicate, first patient, how many), and a name to keep them under."""

    name: str
    pieces: tuple[Piece, ...]

    @property
    def n_patients(self) -> int:
        """Patients of all pieces."""
        return sum(n for _, _, n in self.pieces)


@dataclass(frozen=True, slots=True, eq=False)
class PreparedTrial:
    """A trial made ready to run: its composed model and the compiled simulator."""

    trial: Trial
    model: Model
    simulator: Simulator
    _digests: dict[str, str] = field(default_factory=dict, init=False)

    def digest(self, part: Literal["model", "population"]) -> str:
        """The digest of the model or of the population, computed once for all chunks."""
        if part not in self._digests:
            self._digests[part] = digest_of(
                self.model if part == "model" else self.trial.population
            )
        return self._digests[part]


def compose(trial: Trial) -> Model:
    """The trial's biology with every drug its arms may give."""
    biology = mechanism.read(library.find("models", trial.model))
    return mechanism.compose([biology, *pharmacology.modules(_drugs(trial))])


def _drugs(trial: Trial) -> list[Drug]:
    """Drugs that the arms may give, by name, not by path: the same documents in another folder come in the same order."""
    return sorted((pharmacology.read(name) for name in trial.drugs), key=lambda drug: drug.name)


def prepare(
    trial: Trial,
    backend: str = "fast",
    *,
    model: Model | None = None,
    states: Sequence[str] = STATES,
) -> PreparedTrial:
    """Compose and compile.

    model   replaces the trial's own, for other biologies and for ablations
    states  outputs kept at visits, those of them that the model has; those that the protocol keeps come beside them
    raises  InvalidArgument for a model without an output that a trial reads or the protocol keeps
    """
    composed = compose(trial) if model is None else model
    known = {observable.name for observable in composed.observables}
    for name in (conduct.DIAMETER, conduct.NEW_LESION):
        if name not in known and name not in {species.name for species in composed.species}:
            raise InvalidArgument(
                f'model "{composed.name}" gives no "{name}"; a trial reads it, add an observable of that name'
            )
    read = [
        name
        for name in conduct.READ
        if name in known or name in (conduct.DIAMETER, conduct.NEW_LESION)
    ]
    lacking = [name for name in trial.kept if not _is_given(composed, name)]
    if lacking:
        raise InvalidArgument(
            f'model "{composed.name}" gives no "{lacking[0]}"; the protocol keeps it, name an observable, species or assignment'
        )
    kept = dict.fromkeys((*(name for name in states if name in known), *trial.kept))
    outputs = (*read, *(name for name in kept if name not in read))
    return PreparedTrial(
        trial, composed, simulation.compile(composed, backend=backend, outputs=outputs)
    )


def _is_given(model: Model, name: str) -> bool:
    """Whether the model can give an output of a name."""
    names = {part.name for part in model.observables}
    names |= {part.name for part in model.species} | {part.name for part in model.assignments}
    return name in names


def chunks(trial: Trial, replicates: int = 1) -> tuple[Chunk, ...]:
    """How a run is divided: several small replicates together, a large one in parts."""
    if replicates < 1:
        raise InvalidArgument(f"found {replicates} replicates; expected at least one")
    n = max(arm.n for arm in trial.arms)
    if n > CHUNK_PATIENTS:
        parts = [
            [(r, first, min(CHUNK_PATIENTS, n - first))]
            for r in range(replicates)
            for first in range(0, n, CHUNK_PATIENTS)
        ]
    else:
        together = max(1, CHUNK_PATIENTS // n)
        parts = [
            [(r, 0, n) for r in range(first, min(first + together, replicates))]
            for first in range(0, replicates, together)
        ]
    return tuple(Chunk(f"{i:06d}.parquet", tuple(pieces)) for i, pieces in enumerate(parts))


def run(
    trial: Trial,
    *,
    seed: int,
    patients: int | None = None,
    replicates: int = 1,
    workers: int = 1,
    backend: str = "fast",
    model: Model | None = None,
    settings: Sequence[ParameterSet] = (),
    ensemble: Mapping[str, object] | None = None,
    tolerance: float = 1e-3,
    load: Callable[[str], TrialResult | None] | None = None,
    store: Callable[[str, TrialResult], None] | None = None,
    progress: Progress = silent,
) -> TrialResult:
    """Run a trial on virtual patients.

    patients    in every arm; as published when omitted
    replicates  whole trials, each with fresh patients
    model       instead of the trial's own (an ablation, another biology)
    settings    numbers of each replicate's own, by replicate; none takes the trial's
    ensemble    what the settings were drawn from, kept in the manifest; its "structural" widens intervals
    tolerance   of the engine, relative
    load        asked for each chunk by name before it is run; what it gives is taken instead of running
    store       given each finished chunk, so that a caller can keep it
    progress    told patients of all arms and replicates carried to the end; it may raise Interrupted
    raises      InvalidArgument for less than one patient or replicate, another number of settings than replicates, or a
                tolerance that is not between 0 and 1
    """
    if settings and len(settings) != replicates:
        raise InvalidArgument(
            f"found {len(settings)} settings for {replicates} replicates; give one for each"
        )
    if not 0.0 < tolerance < 1.0:
        raise InvalidArgument(
            f"found a tolerance of {tolerance:g}; expected one between 0 and 1, such as 1e-3"
        )
    protocol = trial if patients is None else trial.with_patients(patients)
    plan = chunks(protocol, replicates)
    total = replicates * sum(arm.n for arm in protocol.arms)
    bench: PreparedTrial | None = None
    parts: list[TrialResult] = []
    done = 0
    for chunk in plan:
        part = load(chunk.name) if load else None
        if part is None:
            if bench is None:
                bench = prepare(protocol, backend, model=model)
            part = run_chunk(
                bench,
                chunk,
                seed,
                settings=settings,
                ensemble=ensemble,
                workers=workers,
                tolerance=tolerance,
                progress=_shifted(progress, done, total),
            )
            if store:
                store(chunk.name, part)
        parts.append(part)
        done += part.n_rows
        progress(Step(protocol.id, done, total))
    del bench  # with the tables of its simulator, before the parts are there twice
    memory.give_back()
    return result.concatenate(parts)


def run_chunk(
    bench: PreparedTrial,
    chunk: Chunk,
    seed: int,
    *,
    settings: Sequence[ParameterSet] = (),
    ensemble: Mapping[str, object] | None = None,
    workers: int = 1,
    tolerance: float = 1e-3,
    progress: Progress = silent,
) -> TrialResult:
    """Run one chunk of a trial: its patients under every arm. `settings` are those of all replicates of the run."""
    trial, simulator = bench.trial, bench.simulator
    provenance = manifest(bench, seed, ensemble)
    draws = draw(trial, seed, chunk.pieces)
    population, numbers = _enrolled(bench, chunk, seed, settings, draws.normal["frailty"][:, 0])
    start = simulator.start(
        population.parameters, population.n_patients, tolerance=tolerance, workers=workers
    )
    records: list[TrialResult] = []
    done = 0
    total = sum(int((population.patients < arm.n).sum()) for arm in trial.arms)
    for position, arm in enumerate(trial.arms):
        rows = np.flatnonzero(population.patients < arm.n)
        own = population.take(rows)

        def step(
            day: float, left: int, before: int = done, n: int = len(rows), arm: Arm = arm
        ) -> None:
            progress(Step(f"{arm.id}, month {day / 30.4375:.0f}", before + n - left, total))

        record = conduct.conduct(
            trial,
            arm,
            simulator,
            start.take(rows),
            own,
            draws.take(rows),
            numbers.take(rows),
            workers=workers,
            tolerance=tolerance,
            step=step,
        )
        done += len(rows)
        records.append(_rows(bench, position, own, record, provenance))
    return result.concatenate(records)


def _enrolled(
    bench: PreparedTrial,
    chunk: Chunk,
    seed: int,
    settings: Sequence[ParameterSet],
    frailty: NDArray[np.float64],
) -> tuple[Population, Clinical]:
    """The patients of a chunk and their clinical numbers, each replicate under its own setting."""
    populations: list[Population] = []
    numbers: list[Clinical] = []
    first_row = 0
    for r, first, n in chunk.pieces:
        trial = settings[r].on(bench.trial) if settings else bench.trial
        drawn = sample(
            trial.population,
            bench.model,
            n,
            seed,
            eligibility=trial.eligibility,
            first_patient=first,
            replicate=r,
        )
        populations.append(settings[r].shared(bench.model, drawn) if settings else drawn)
        rows = slice(first_row, first_row + n)
        numbers.append(clinical.individual(trial.clinic, drawn, frailty[rows]))
        first_row += n
    return joined(populations), clinical.joined(numbers)


def _rows(
    bench: PreparedTrial,
    position: int,
    population: Population,
    record: Record,
    provenance: Mapping[str, object],
) -> TrialResult:
    """An arm's record as a result."""
    n = population.n_patients
    drugs = sorted({drug for arm in bench.trial.arms for drug in arm.regimen.drugs})
    ends = {
        Path(drug).name: record.drug_ends.get(drug)
        or DrugEnd(np.full(n, np.nan), np.full(n, -1, dtype=np.int8))
        for drug in drugs
    }
    columns: dict[str, NDArray[np.float64] | NDArray[np.int64]] = {
        "arm": np.full(n, position),
        "replicate": population.replicate,
        "patient": population.patients,
        "status": record.status,
        "progression_cut": record.progression_cut,
        "survival_cut": record.survival_cut,
        "survival_loss": record.survival_loss,
        "scan_withdrawal": record.scan_withdrawal,
        "discontinuation": record.discontinuation,
        "death": record.death,
        "toxic_death": record.toxic_death,
        "new_lesion": record.new_lesion,
        "clinical_progression": record.clinical_progression,
        "progression": record.progression,
        "off_protocol": record.off_protocol,
        "treatment_end": _last(record.drug_ends, record.off_protocol),
        "next_line": np.where(np.isfinite(record.next_start), record.next_line, -1),
        "next_start": record.next_start,
        "baseline_sum": record.baseline_sum,
        "first_toxicity": record.first_toxicity,
    }
    names = tuple(name for name in bench.simulator.outputs if name not in conduct.READ)
    return TrialResult(
        bench.trial.id,
        tuple(arm.id for arm in bench.trial.arms),
        columns,
        population.covariates,
        bench.trial.visits.days(bench.trial.horizon),
        record.scan_day,
        record.scan_sum,
        record.overall,
        names,
        record.states,
        record.reason,
        population.acceptance,
        provenance,
        {drug: end.day for drug, end in ends.items()},
        {drug: end.reason for drug, end in ends.items()},
    )


def _last(ends: Mapping[str, DrugEnd], off_protocol: NDArray[np.float64]) -> NDArray[np.float64]:
    """Day the last drug of an arm ended; of an arm without a drug, the day its protocol did."""
    days = [end.day for end in ends.values()]
    return np.asarray(np.fmax.reduce(days)) if days else off_protocol


def inputs(trial: Trial, model: Model) -> dict[str, str]:
    """Digests of all that makes a run besides what its options say: the trial with what it refers to, the composed model, every drug."""
    arms = tuple(_without_folders(replace(arm, n=0)) for arm in trial.arms)
    model_name = Path(trial.model).name
    return {
        "trial": digest_of(replace(trial, file="", calibrated=False, arms=arms, model=model_name)),
        "model": digest_of(model),
        "drugs": digest_of(_drugs(trial)),
    }


def _without_folders(arm: Arm) -> Arm:
    """An arm whose drugs that are named by path are named by its last part, which is the same in every folder."""
    return replace(
        arm,
        regimen=_by_file_name(arm.regimen),
        next_lines=tuple(
            replace(line, regimen=_by_file_name(line.regimen)) for line in arm.next_lines
        ),
        beyond=arm.beyond
        and replace(arm.beyond, drugs=tuple(Path(drug).name for drug in arm.beyond.drugs)),
        given_to={Path(drug).name: condition for drug, condition in arm.given_to.items()},
    )


def _by_file_name(regimen: Regimen) -> Regimen:
    return Regimen(
        tuple(
            replace(c, dose=replace(c.dose, drug=Path(c.dose.drug).name)) for c in regimen.courses
        )
    )


def _in_words(regimen: Regimen) -> str:
    """A regimen as text, which is the same wherever documents of drugs that are named by path stand."""
    parts = [
        (Path(drug).name, str(regimen.of(drug)).replace(drug, Path(drug).name))
        for drug in regimen.drugs
    ]
    is_by_path = any(name.endswith((".yaml", ".yml")) for name, _ in parts)
    return " + ".join(text for _, text in sorted(parts)) if is_by_path else str(regimen)


def manifest(
    bench: PreparedTrial, seed: int, ensemble: Mapping[str, object] | None = None
) -> dict[str, object]:
    """What a result must carry to be traced: versions, seed, digests of the documents, and what it was calibrated by."""
    trial = bench.trial
    return {
        "trial": trial.id,
        "seed": seed,
        "normoxia": __version__,
        "protocol": trial.text,
        "protocol_file": Path(trial.file).name,
        "patients": {arm.id: arm.n for arm in trial.arms},
        "protocol_sha256": hashlib.sha256(trial.text.encode()).hexdigest(),
        "population": trial.population.name,
        "population_sha256": bench.digest("population"),
        "model": bench.model.name,
        "model_sha256": bench.digest("model"),
        "regimens": {arm.id: _in_words(arm.regimen) for arm in trial.arms},
        "calibration": "calibrated"
        if trial.calibrated or ensemble is not None
        else "not calibrated",
        **({} if ensemble is None else {"ensemble": dict(ensemble)}),
    }


def _shifted(progress: Progress, done: int, total: int) -> Progress:
    def shifted(step: Step, /) -> None:
        progress(Step(step.label, done + step.done, total, step.unit))

    return shifted
