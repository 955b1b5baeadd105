"""Calibration from seed to ensemble: rounds of simulation, emulation, a posterior, and the documents that come of it.

A round's simulations are kept chunk by chunk in the folder, so that an interrupted calibration goes on where it stopped.
The first round's points are the prior's, those of later rounds lie about the posterior so far. The same seed gives the same
ensemble for any number of workers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from normoxia import __version__, documents, storage
from normoxia.calibration import validation
from normoxia.calibration.fitting import emulated as emulation
from normoxia.calibration.fitting import ensemble, experiments, fitted_inputs, hyperparameters
from normoxia.calibration.fitting.emulated import EmulatedStudies
from normoxia.calibration.fitting.emulator import FEWEST
from normoxia.calibration.fitting.experiments import Points
from normoxia.calibration.fitting.hyperparameters import Space
from normoxia.calibration.fitting.summaries import summary
from normoxia.calibration.scoring import lock as locked
from normoxia.calibration.scoring.study_list import calibration_studies
from normoxia.calibration.validation import Fit
from normoxia.errors import InvalidArgument, OutputExists, UnknownName
from normoxia.progress import Progress, silent
from normoxia.trial.making import from_study
from normoxia.trial.setting import known_names

CONFIG, ENSEMBLE, EMULATED, CHECK, ROUND = (
    "config.yaml",
    "ensemble.yaml",
    "emulated.npz",
    "check",
    "round-",
)
#: draws of an ensemble document
DRAWS = 200
#: rounds of the last fit, of which one is kept: so many that chains agree to R-hat 1.01, which the credibility file asks for
EVERY = 20
#: draws simulated anew to see how wrong the emulators are
CHECKED = 64


@dataclass(frozen=True, slots=True)
class Plan:
    """What a calibration does.

    points    simulated in each round, the first about the prior, the others about the posterior so far
    patients  in every arm at every point
    studies   by id; () for every study of the registry that can be run
    """

    seed: int
    points: tuple[int, ...] = (640, 512)
    patients: int = 40
    studies: tuple[str, ...] = ()


#: a calibration that runs in about a minute: it shows that everything works, and is good for nothing else
SMALL = Plan(
    seed=1, points=(96,), patients=12, studies=("IMpower150", "KEYNOTE-189", "OAK", "ECOG-4599")
)


def calibrate(
    plan: Plan, folder: Path, *, workers: int = 1, resume: bool = False, progress: Progress = silent
) -> ensemble.Ensemble:
    """Run a plan in a folder; writes the ensemble and the emulated trials there, and gives the ensemble.

    resume   go on with what the folder holds; it must have been begun with the same plan
    raises   InvalidArgument for a folder that holds another plan, or one that holds a calibration without `resume`;
             OutputExists when another process writes the folder
    """
    if not plan.points or min(plan.points) < 1 or plan.patients < 1:
        raise InvalidArgument(
            "a calibration needs a round of at least one point, and at least one patient an arm"
        )
    if plan.points[0] < FEWEST:
        raise InvalidArgument(
            f"found {plan.points[0]} points in the first round; surfaces through them need {FEWEST} or more"
        )
    if plan.seed < 0:
        raise InvalidArgument(f"found the seed {plan.seed}; expected 0 or more")
    with storage.claimed(folder):
        _begin(plan, folder, resume)
        return _carried_out(plan, folder, workers, progress)


def _carried_out(plan: Plan, folder: Path, workers: int, progress: Progress) -> ensemble.Ensemble:
    """The rounds of a plan, what they emulate, the check, and the ensemble."""
    space, lock = hyperparameters.read(), locked.read()
    studies = plan.studies or tuple(
        experiments.runnable([study.id for study in calibration_studies()])
    )
    _check_names(space)
    rounds: list[tuple[Points, Path]] = []
    manifest: dict[str, object] = {
        "normoxia": __version__,
        "plan": _plain(plan),
        "studies": list(studies),
        "lock_sha256": lock.digest,
        "space_sha256": space.digest,
    }
    fitted: Fit | None = None
    known: EmulatedStudies | None = None
    for number, n_points in enumerate(plan.points, 1):
        seed = plan.seed + number
        points = (
            experiments.prior_points(space, studies, n_points, seed)
            if fitted is None
            else experiments.posterior_points(space, fitted.draws.states, studies, n_points, seed)
        )
        where = folder / f"{ROUND}{number}"
        experiments.run(
            space,
            points,
            studies,
            where,
            patients=plan.patients,
            seed=seed,
            workers=workers,
            progress=progress,
        )
        rounds.append((points, where))
        known = emulation.emulate(
            space, rounds, studies, lock, manifest, workers=workers, progress=progress
        )
        fitted = validation.fit(space, known, lock, plan.seed, progress=progress)
    assert known is not None
    assert fitted is not None
    manifest["emulator"] = _check(
        space, known, fitted, studies, folder / CHECK, plan, workers, progress
    )
    known = EmulatedStudies(known.figures, known.surfaces, manifest)
    storage.write_whole(folder / EMULATED, known.to_bytes())
    # what is read back is what is used, so that a reader of the folder meets the same numbers
    return write(
        space,
        EmulatedStudies.read(folder / EMULATED),
        folder,
        plan.seed,
        manifest,
        progress=progress,
    )


def _check_names(space: Space) -> None:
    """Every number that calibration would move is there to be moved. Raises UnknownName for one that is not.

    A trial passes over parameters it lacks (a drug it does not give), so a misspelt name would do nothing, and say nothing.
    """
    everything = experiments.runnable([study.id for study in calibration_studies()])
    trials = [from_study.preferred(study) for study in everything]
    known = known_names(trials[0], experiments.compose_all(trials))
    moved = {p.name for p in space.parameters} | {
        name for structure in space.structures for name in (*structure.on, *structure.off)
    }
    for name in sorted(moved - set(known)):
        raise UnknownName("number to calibrate", name, known)


def _check(
    space: Space,
    known: EmulatedStudies,
    fitted: Fit,
    studies: Sequence[str],
    folder: Path,
    plan: Plan,
    workers: int,
    progress: Progress,
) -> dict[str, object]:
    """Draws of the posterior simulated anew, and how far the emulators were from what came: by kind, mean and root mean square.

    The root mean square has the chance of the simulated patients taken out (`noise` of each surface); "stated" is what the
    surfaces say of their own error.
    """
    seed = plan.seed + 1000
    states = ensemble.thinned(fitted.draws.states, CHECKED)[:, : space.n_coordinates]
    points = Points(states, experiments.drawn_shifts(space, studies, len(states), seed))
    experiments.run(
        space,
        points,
        studies,
        folder,
        patients=plan.patients,
        seed=seed,
        workers=workers,
        progress=progress,
    )
    apart: dict[str, list[tuple[float, float, float]]] = {}
    for study in studies:
        found = experiments.read(folder, study)
        emulated = known.surfaces[study].at(points.of(study, space))
        for j, figure in enumerate(known.figures[study]):
            if not known.surfaces[study].varies[j]:
                continue
            apart_by = summary(found, figure) - emulated[:, j]
            difference = apart_by[np.isfinite(apart_by)]
            if len(difference) > len(states) // 2:
                surfaces = known.surfaces[study]
                bias, error2 = float(difference.mean()), float(surfaces.error[j] ** 2)
                excess = float(difference.var() + difference.mean() ** 2) - float(
                    surfaces.noise[j] ** 2
                )
                apart.setdefault(figure.kind.value, []).append((bias, excess, error2))
    return {
        kind: {
            "figures": len(rows),
            "mean": round(float(np.mean([r[0] for r in rows])), 4),
            "root_mean_square": round(
                float(np.sqrt(np.maximum(np.mean([r[1] for r in rows]), 0.0))), 4
            ),
            "stated": round(float(np.sqrt(np.mean([r[2] for r in rows]))), 4),
        }
        for kind, rows in apart.items()
    }


def write(
    space: Space,
    known: EmulatedStudies,
    folder: Path,
    seed: int,
    manifest: Mapping[str, object],
    *,
    progress: Progress = silent,
) -> ensemble.Ensemble:
    """The ensemble of emulated trials, written to the folder."""
    fitted = validation.fit(space, known, locked.read(), seed, every=EVERY, progress=progress)
    health = {
        "draws": len(fitted.draws.states),
        "effective_sample_size": round(float(fitted.draws.effective().min()), 1),
        "largest_r_hat": round(float(fitted.draws.shrinkage().max()), 4),
        "acceptance": round(fitted.draws.acceptance, 3),
    }
    text = ensemble.document(
        space,
        ensemble.thinned(fitted.draws.states, DRAWS),
        {**manifest, "sampling": health, "silent": list(fitted.not_emulated)},
    )
    path = folder / ENSEMBLE
    storage.write_whole(path, text.encode())
    record = fitted_inputs.document(known.figures, hashlib.sha256(text.encode()).hexdigest())
    storage.write_whole(fitted_inputs.path_of(path), record.encode())
    return ensemble.read(path)


def _begin(plan: Plan, folder: Path, resume: bool) -> None:
    """Write the plan, or hold it against the one that is there; an empty one counts as none."""
    config = folder / CONFIG
    text = documents.write(_plain(plan))
    if config.is_file() and not storage.is_blank(config):
        if not resume:
            raise InvalidArgument(
                f"{folder} holds a calibration; add --resume to go on with it, or name another folder"
            )
        if config.read_text(encoding="utf-8", errors="replace").split() != text.split():
            raise InvalidArgument(
                f"{folder} was begun with another plan ({config}); use the same or another folder"
            )
        return
    if resume and not config.is_file():
        raise InvalidArgument(
            f"{folder} holds no calibration to resume (no {CONFIG}); leave out --resume"
        )
    others = [entry.name for entry in storage.occupants(folder) if not _is_ours(entry.name)]
    if others and not config.is_file():
        raise OutputExists(
            f"{folder} holds other files ({', '.join(others[:3])}); name another folder"
        )
    storage.write_whole(config, text.encode())


def _is_ours(name: str) -> bool:
    inputs = fitted_inputs.path_of(Path(ENSEMBLE)).name
    return name in (CONFIG, ENSEMBLE, inputs, EMULATED, CHECK) or name.startswith(ROUND)


def _plain(plan: Plan) -> dict[str, object]:
    return {
        key: list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
        for key, value in asdict(plan).items()
    }
