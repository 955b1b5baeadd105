"""The computer experiment behind calibration: every trial of the registry simulated under many points of the space.

Points are scrambled Sobol numbers through the prior (or a proposal about the posterior, in a later round); each trial has shifts
of its own at each point. Patients are fresh at every point, so that chance averages out over points. What is kept of a patient
is the endpoints; chunks are kept in a folder, so that an interrupted experiment goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import io
import logging
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia import digests, mechanism, pharmacology, seeding, storage
from normoxia import library as shipped
from normoxia.calibration.fitting.hyperparameters import Space
from normoxia.calibration.fitting.workers import interrupts_blocked
from normoxia.calibration.fitting.workers import pool as worker_pool
from normoxia.errors import InvalidArgument, InvalidDocument
from normoxia.mechanism.model import Model
from normoxia.progress import Progress, Step, silent
from normoxia.simulation import Simulator
from normoxia.trial import runner
from normoxia.trial.endpoints import evaluate
from normoxia.trial.making import from_study
from normoxia.trial.protocol import Trial
from normoxia.trial.setting import ParameterSet

Floats = NDArray[np.float64]

log = logging.getLogger(__name__)

#: points of one chunk; with some tens of patients an arm each, the engine's lanes are full
POINTS_PER_CHUNK = 64
#: names the file that says which experiment a folder's chunks are of
IDENTITY = "experiment.sha256"
#: how much wider than a posterior the points about it are, and how often a structure is switched there
STRETCH, SWITCHED = 1.4, 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Points at which trials are simulated.

    shared  standardised coordinates; shape (n_points, n_coordinates)
    shifts  of each trial, standardised like the coordinates they belong to; by study, shape (n_points, n_trial_effects)
    """

    shared: Floats
    shifts: Mapping[str, Floats]

    @property
    def n_points(self) -> int:
        """Number of points."""
        return len(self.shared)

    def of(self, study: str, space: Space) -> Floats:
        """The coordinates a trial is simulated at, its shifts added; shape (n_points, n_coordinates)."""
        moved = self.shared.copy()
        moved[:, list(space.shifted)] += self.shifts[study]
        return moved


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SimulatedEndpoints:
    """Endpoints of simulated patients of a trial; arrays over points, arms and patients.

    pfs, os     days; shape (n_points, n_arms, n_patients)
    response    best response as `Response` codes; failed patients have a pfs of nan
    toxic       a treatment-related event of grade 3 or more
    sets        membership of the trial's sets, by name
    """

    arms: tuple[str, ...]
    pfs: NDArray[np.float32]
    pfs_observed: NDArray[np.bool_]
    os: NDArray[np.float32]
    os_observed: NDArray[np.bool_]
    response: NDArray[np.int8]
    toxic: NDArray[np.bool_]
    sets: Mapping[str, NDArray[np.bool_]]

    def to_bytes(self, identity: object = None) -> bytes:
        """As a compressed archive of arrays, sealed with what it belongs to and a checksum of its bytes."""
        buffer = io.BytesIO()
        columns: dict[str, Any] = {name: getattr(self, name) for name in _COLUMNS}
        columns |= {f"set/{name}": member for name, member in self.sets.items()}
        np.savez_compressed(buffer, arms=np.array(self.arms), **columns)
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.comment = digests.open_seal(identity).encode()
        return digests.sealed(buffer.getvalue(), identity)

    @classmethod
    def from_file(cls, path: Path, identity: object = None) -> SimulatedEndpoints:
        """What `to_bytes` wrote, of the identity when one is given. Raises InvalidDocument for a file that is not, or not any more."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InvalidDocument(
                f"{path}: cannot be read ({error.strerror}); simulate it again"
            ) from None
        if not digests.is_whole(content, identity):
            belongs = (
                "belongs to another experiment"
                if digests.is_whole(content)
                else "is empty or damaged"
            )
            raise InvalidDocument(f"{path}: {belongs}; simulate it again")
        with np.load(io.BytesIO(content), allow_pickle=False) as held:
            sets = {
                name.removeprefix("set/"): held[name]
                for name in held.files
                if name.startswith("set/")
            }
            columns: dict[str, Any] = {name: held[name] for name in _COLUMNS}
            return cls(arms=tuple(held["arms"].tolist()), sets=sets, **columns)


_COLUMNS = ("pfs", "pfs_observed", "os", "os_observed", "response", "toxic")


def prior_points(space: Space, studies: Sequence[str], n_points: int, seed: int) -> Points:
    """Points of the prior: scrambled Sobol numbers, structures at even odds, shifts wider than trials are thought to differ."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    n_parameters = len(space.parameters)
    engine = qmc.Sobol(space.n_coordinates, scramble=True, rng=np.random.default_rng(seed))
    u = engine.random_base2(int(np.ceil(np.log2(n_points))))[:n_points]
    shared = np.where(
        np.arange(space.n_coordinates) < n_parameters,
        ndtri(np.clip(u, 1e-9, 1 - 1e-9)),
        np.where(u < 0.5, -1.0, 1.0),
    )
    return Points(shared, drawn_shifts(space, studies, n_points, seed))


def posterior_points(
    space: Space, states: Floats, studies: Sequence[str], n_points: int, seed: int
) -> Points:
    """Points about a posterior, for a round that looks more closely where it matters.

    states  draws, coordinates first; shape (n, width). Their deviations are stretched by `STRETCH`, and a structure is switched
            in `SWITCHED` of points, so that the emulator still knows what lies beside the posterior
    """
    d, n_parameters = space.n_coordinates, len(space.parameters)
    rows = (seeding.uniforms(seed, "calibration/row", n_points, 1)[:, 0] * len(states)).astype(int)
    chosen = states[rows, :d]
    centre = states[:, :n_parameters].mean(axis=0)
    moved = centre + STRETCH * (chosen[:, :n_parameters] - centre)
    switched = seeding.uniforms(seed, "calibration/switch", n_points, d - n_parameters) < SWITCHED
    structures = np.where(switched, -chosen[:, n_parameters:], chosen[:, n_parameters:])
    return Points(
        np.concatenate([moved, structures], axis=1), drawn_shifts(space, studies, n_points, seed)
    )


def drawn_shifts(
    space: Space, studies: Sequence[str], n_points: int, seed: int
) -> dict[str, Floats]:
    """Shifts of trials at points, standardised; by study, shape (n_points, n_trial_effects)."""
    scale = space.simulated_shift * space.shift_units
    n = len(space.trial_effects)
    return {
        s: scale * seeding.normals(seed, f"calibration/shift/{s}", n_points, n) for s in studies
    }


def compose_all(trials: Sequence[Trial]) -> Model:
    """One model with every drug that any of the trials may give."""
    drugs = sorted({drug for trial in trials for drug in trial.drugs})
    biology = mechanism.read(shipped.find("models", trials[0].model))
    return mechanism.compose(
        [biology, *pharmacology.modules(pharmacology.read(name) for name in drugs)]
    )


def simulate(
    trial: Trial,
    simulator: Simulator,
    model: Model,
    settings: Sequence[ParameterSet],
    patients: int,
    seed: int,
    first: int,
) -> SimulatedEndpoints:
    """A trial under some settings, so many patients in every arm; replicate numbers count from `first`."""
    protocol = trial.with_patients(patients)
    n_points = len(settings)
    # replicate numbers address random numbers: a point's patients do not depend on the chunk it is run in
    pieces = tuple((first + i, 0, patients) for i in range(n_points))
    chunk = runner.Chunk("", pieces)
    padded = _Offset(settings, first)
    result = runner.run_chunk(
        runner.PreparedTrial(protocol, model, simulator), chunk, seed, settings=padded
    )
    e = evaluate(result, protocol.criteria, protocol.plan.censoring)
    shape = (len(protocol.arms), n_points, patients)

    def cube(values: NDArray[np.generic]) -> NDArray[np.generic]:
        return np.moveaxis(values.reshape(shape), 0, 1)

    failed = result.columns["status"] != 0
    sets = {
        chosen.id: cube(chosen.where.holds(result.covariates, result.n_rows))
        for chosen in protocol.sets
    }
    return SimulatedEndpoints(
        arms=tuple(arm.id for arm in protocol.arms),
        pfs=cube(np.where(failed, np.nan, e.pfs).astype(np.float32)),  # type: ignore[arg-type]
        pfs_observed=cube(e.pfs_observed),  # type: ignore[arg-type]
        os=cube(e.os.astype(np.float32)),  # type: ignore[arg-type]
        os_observed=cube(e.os_observed),  # type: ignore[arg-type]
        response=cube(e.response),  # type: ignore[arg-type]
        toxic=cube(e.toxic),  # type: ignore[arg-type]
        sets=sets,  # type: ignore[arg-type]
    )


class _Offset(Sequence[ParameterSet]):
    """Settings addressed by replicate numbers that begin at `first`."""

    def __init__(self, settings: Sequence[ParameterSet], first: int) -> None:
        self.settings, self.first = settings, first

    def __getitem__(self, replicate: int) -> ParameterSet:  # type: ignore[override]
        return self.settings[replicate - self.first]

    def __len__(self) -> int:
        return len(self.settings)


@dataclass(frozen=True, slots=True)
class Job:
    """One chunk of points of one trial."""

    study: str
    first: int
    coordinates: tuple[tuple[float, ...], ...]

    @property
    def name(self) -> str:
        """Name of the file of the chunk."""
        return _chunk_name(self.study, self.first)


def _chunk_name(study: str, first: int) -> str:
    return f"{storage.file_name(study)}-{first:06d}.npz"


def run(
    space: Space,
    points: Points,
    studies: Sequence[str],
    folder: Path,
    *,
    patients: int,
    seed: int,
    workers: int = 1,
    progress: Progress = silent,
) -> None:
    """Simulate every study at every point, each finished chunk written to the folder; chunks already there are kept.

    The seed, the points, the number of patients, the model and the trials make the folder's content; workers do not. A chunk
    that is damaged, empty or of another experiment is simulated again.

    raises  InvalidArgument for a folder whose chunks are of another experiment; OutputExists when another process writes it
    """
    with storage.claimed(folder):
        identity = _identity(space, points, patients, seed, studies)
        _identify(folder, identity)
        storage.tidy(folder)
        for part in folder.glob("*.npz.part"):  # as earlier versions named what was not yet whole
            part.unlink()
        jobs = [
            Job(
                study,
                first,
                tuple(
                    map(tuple, points.of(study, space)[first : first + POINTS_PER_CHUNK].tolist())
                ),
            )
            for study in studies
            for first in range(0, points.n_points, POINTS_PER_CHUNK)
        ]
        waiting = [job for job in jobs if not _is_kept(folder / job.name, identity)]
        total, done = len(jobs), len(jobs) - len(waiting)
        progress(Step("simulating", done, total, "chunks"))
        if not waiting:
            return
        with worker_pool(
            workers, _prepare, (space, tuple(studies), patients, seed, identity)
        ) as pool:
            with interrupts_blocked():
                futures = [pool.submit(_work, job, folder) for job in waiting]
            for future in as_completed(futures):
                future.result()
                done += 1
                progress(Step("simulating", done, total, "chunks"))


def _is_kept(path: Path, identity: str) -> bool:
    """Whether a chunk is there, whole, and of the experiment; a word about one that is there and is not."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    if digests.is_whole(content, _of(identity, path)):
        return True
    log.warning("%s is empty, damaged or of another experiment; it is simulated again", path)
    return False


def _of(identity: str, chunk: Path) -> dict[str, str]:
    """What a chunk of an experiment belongs to: the experiment, and its place in it."""
    return {"experiment": identity, "chunk": chunk.name}


def _identity(
    space: Space, points: Points, patients: int, seed: int, studies: Sequence[str]
) -> str:
    """SHA-256 of all that makes an experiment's chunks: points, patients, seed, the model, and the trials with their drugs."""
    sha = hashlib.sha256(f"{space.digest}/{patients}/{seed}/{points.shared.shape}".encode())
    sha.update(np.ascontiguousarray(points.shared).tobytes())
    for study in sorted(points.shifts):
        sha.update(study.encode() + np.ascontiguousarray(points.shifts[study]).tobytes())
    trials = [from_study.preferred(study) for study in studies]
    if trials:
        made = [runner.inputs(trial, compose_all([trial])) for trial in trials]
        sha.update(digests.digest_of(made).encode())
    return sha.hexdigest()


def _identify(folder: Path, identity: str) -> None:
    """Say which experiment a folder is of. Raises InvalidArgument when it is of another."""
    file = folder / IDENTITY
    written = file.read_text(encoding="utf-8", errors="replace").strip() if file.is_file() else ""
    if written == identity:
        return
    if written or any(_is_foreign(path, identity) for path in folder.glob("*.npz")):
        raise InvalidArgument(
            f"{folder} holds simulations of other points, patients, trials or another seed; name another folder, or empty this one"
        )
    storage.write_whole(file, identity.encode())


def _is_foreign(chunk: Path, identity: str) -> bool:
    """Whether a chunk is whole and of another experiment, so that somebody may want it."""
    content = chunk.read_bytes()
    return digests.is_whole(content) and not digests.is_whole(content, _of(identity, chunk))


def read(folder: Path, study: str) -> SimulatedEndpoints:
    """A study's endpoints at the points of a folder, as far as its chunks follow one another from the first.

    raises  InvalidArgument when not even the first is there; InvalidDocument for a chunk that is damaged, or of another experiment
            than the folder says it holds
    """
    file = folder / IDENTITY
    identity = file.read_text(encoding="utf-8").strip() if file.is_file() else ""
    parts: list[SimulatedEndpoints] = []
    while (path := folder / _chunk_name(study, sum(len(part.pfs) for part in parts))).is_file():
        parts.append(SimulatedEndpoints.from_file(path, _of(identity, path) if identity else None))
    if not parts:
        raise InvalidArgument(f"{folder} holds no simulation of {study}; run the experiment first")
    first = parts[0]
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS
    }
    sets = {name: np.concatenate([part.sets[name] for part in parts]) for name in first.sets}
    return SimulatedEndpoints(arms=first.arms, sets=sets, **columns)


@dataclass(slots=True, kw_only=True)
class _PreparedStudy:
    """What a worker keeps: trials, and the model and simulator of the one that it was asked for last.

    Each trial has a model of its own with its own drugs: with those of all trials in one, half of the time went into drugs
    that nobody was given. Simulators hold much memory, and jobs come study by study, so one is kept.
    """

    space: Space
    trials: dict[str, Trial]
    patients: int
    seed: int
    identity: str
    compiled: dict[str, tuple[Model, Simulator]] = field(default_factory=dict)

    def of(self, study: str) -> tuple[Model, Simulator]:
        """The composed model of a trial and its simulator."""
        if study not in self.compiled:
            self.compiled.clear()
            trial = self.trials[study]
            model = compose_all([trial])
            self.compiled[study] = model, runner.prepare(trial, model=model, states=()).simulator
        return self.compiled[study]


_bench: list[_PreparedStudy] = []


def _prepare(
    space: Space, studies: tuple[str, ...], patients: int, seed: int, identity: str
) -> None:
    trials = {study: from_study.preferred(study) for study in studies}
    _bench[:] = [
        _PreparedStudy(space=space, trials=trials, patients=patients, seed=seed, identity=identity)
    ]


def _work(job: Job, folder: Path) -> None:
    bench = _bench[0]
    settings = [bench.space.setting(np.array(row)) for row in job.coordinates]
    model, simulator = bench.of(job.study)
    found = simulate(
        bench.trials[job.study], simulator, model, settings, bench.patients, bench.seed, job.first
    )
    path = folder / job.name
    storage.write_whole(path, found.to_bytes(_of(bench.identity, path)), make_folder=False)


def runnable(studies: Sequence[str]) -> Iterator[str]:
    """Those studies for which a protocol can be made."""
    for study in studies:
        try:
            from_study.preferred(study)
        except InvalidArgument:
            continue
        yield study
