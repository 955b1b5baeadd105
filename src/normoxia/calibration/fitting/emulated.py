"""Every trial of the registry emulated: the figures print and scoring ask for, as surfaces over the space, in one file."""

from __future__ import annotations

import io
import itertools
import json
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.fitting import experiments, observations
from normoxia.calibration.fitting.emulator import Surfaces, fit
from normoxia.calibration.fitting.experiments import Points
from normoxia.calibration.fitting.hyperparameters import Space
from normoxia.calibration.fitting.processes import run_in_processes
from normoxia.calibration.fitting.summaries import Kind, Statistic, summary
from normoxia.calibration.fitting.threads import one_thread
from normoxia.calibration.scoring.lock import Lock
from normoxia.errors import InvalidDocument
from normoxia.outcome import Endpoint
from normoxia.progress import Progress, Step, silent
from normoxia.trial.making import from_study
from normoxia.trial.protocol import Trial

Floats = NDArray[np.float64]

SCHEMA = "normoxia.emulated/1"
#: rates that are emulated of every arm
RATES = (
    (Kind.RESPONSE, Endpoint.ORR),
    (Kind.CONTROL, Endpoint.DCR),
    (Kind.TOXICITY, Endpoint.TRAE3),
)
#: what the archive library says of a damaged file
_DAMAGED = (zipfile.BadZipFile, zlib.error, NotImplementedError, SyntaxError, tokenize.TokenError)
#: whole steps from nothing to the largest entry of a quadratic part: a step is a thousandth of what the surface says of its own error
_STEPS = 32767
_PARTS = ("constant", "linear", "quadratic", "noise", "error")


@dataclass(frozen=True, slots=True, eq=False)
class EmulatedStudies:
    """Surfaces of every trial's figures.

    figures, surfaces  by study, in the same order
    manifest           the space's digest, seeds, points and patients of the rounds, versions
    """

    figures: Mapping[str, tuple[Statistic, ...]]
    surfaces: Mapping[str, Surfaces]
    manifest: Mapping[str, object]

    def varying(self, study: str) -> frozenset[Statistic]:
        """A study's figures that depend on the space."""
        return frozenset(itertools.compress(self.figures[study], self.surfaces[study].varies))

    def of(self, study: str, figures: Sequence[Statistic]) -> Surfaces:
        """The surfaces of some of a study's figures, in the order asked. Raises InvalidDocument for one that is not there."""
        known = {figure: i for i, figure in enumerate(self.figures[study])}
        missing = [str(figure) for figure in figures if figure not in known]
        if missing:
            raise InvalidDocument(f"not emulated: {'; '.join(missing)}; run the experiment again")
        return self.surfaces[study].take(
            np.array([known[figure] for figure in figures], dtype=np.intp)
        )

    def to_bytes(self) -> bytes:
        """As a compressed archive: quadratic parts in steps of 1/32767 of each figure's largest, the others in single precision."""
        arrays: dict[str, Any] = {}
        for study, surfaces in self.surfaces.items():
            for part in _PARTS:
                if part != "quadratic":
                    arrays[f"{study}/{part}"] = getattr(surfaces, part).astype(np.float32)
            steps, largest = _stepped(surfaces.quadratic)
            arrays[f"{study}/quadratic"], arrays[f"{study}/largest"] = steps, largest
        figures = {s: [asdict(f) for f in found] for s, found in self.figures.items()}
        header = {"schema": SCHEMA, "figures": figures, "manifest": dict(self.manifest)}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, header=np.array(json.dumps(header)), **arrays)
        return buffer.getvalue()

    @classmethod
    def read(cls, path: Path) -> EmulatedStudies:
        """What `to_bytes` wrote. Raises InvalidDocument for another file."""
        try:
            # read first: the library leaves a damaged file open
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as held:
                header = json.loads(str(held["header"]))
                if header.get("schema") != SCHEMA:
                    raise InvalidDocument(
                        f"{path}: schema {header.get('schema')}; expected {SCHEMA}"
                    )
                figures = {
                    study: tuple(
                        Statistic(
                            **{**f, "kind": Kind(f["kind"]), "endpoint": Endpoint(f["endpoint"])}
                        )
                        for f in found
                    )
                    for study, found in header["figures"].items()
                }
                surfaces = {s: _surfaces(held, s) for s in figures}
                manifest = dict(header["manifest"])
        except InvalidDocument:
            raise
        except (
            OSError,
            EOFError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            ArithmeticError,
            NotImplementedError,
            MemoryError,
            RuntimeError,
            struct.error,
            *_DAMAGED,
        ) as error:
            # whatever the archive's library stumbles over in a damaged file
            raise InvalidDocument(
                f"{path}: not emulated trials ({type(error).__name__}: {error}); run the calibration again"
            ) from None
        return cls(figures, surfaces, manifest)


def _stepped(quadratic: Floats) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """Upper halves of symmetric matrices in whole steps of their largest entry, and these; shapes (m, d (d + 1)/2) and (m,)."""
    upper = quadratic[:, *np.triu_indices(quadratic.shape[1])]
    largest = np.abs(upper).max(axis=1, initial=0.0).astype(np.float32)
    scale = _STEPS / np.where(largest > 0.0, largest.astype(np.float64), 1.0)
    return np.rint(upper * scale[:, None]).clip(-_STEPS, _STEPS).astype(np.int16), largest


def _surfaces(held: Mapping[str, NDArray[Any]], study: str) -> Surfaces:
    """A study's surfaces from an archive; quadratic parts of earlier versions are plain numbers."""
    plain = {p: held[f"{study}/{p}"].astype(np.float64) for p in _PARTS}
    upper = plain.pop("quadratic")
    if f"{study}/largest" in held:
        upper = upper * (held[f"{study}/largest"].astype(np.float64) / _STEPS)[:, None]
    d = int((np.sqrt(8 * upper.shape[1] + 1) - 1) / 2)
    full = np.zeros((len(upper), d, d))
    full[:, *np.triu_indices(d)] = upper
    return Surfaces(
        quadratic=np.asarray(full + full.transpose(0, 2, 1) - full * np.eye(d)), **plain
    )


def figures_of(trial: Trial, lock: Lock) -> tuple[Statistic, ...]:
    """What is emulated of a trial: its figures of the likelihood, then rates and medians of every arm, and scored strata."""
    main = observations.main_set(trial, lock)
    found = [o.figure for o in observations.observations(trial, lock)]
    for arm in trial.arms:
        found += [
            Statistic(study=trial.study, kind=kind, endpoint=e, set=main.id, arm=arm.id)
            for kind, e in RATES
        ]
        found += [
            Statistic(study=trial.study, kind=Kind.MEDIAN, endpoint=e, set=main.id, arm=arm.id)
            for e in (Endpoint.PFS, Endpoint.OS)
        ]
    for o in lock.strata:
        if o.target.study == trial.study:
            relative = observations.ratio_figure(trial, main, o, lock)
            if relative is not None:
                found.append(
                    Statistic(
                        study=trial.study,
                        kind=Kind.RATIO,
                        endpoint=relative.endpoint,
                        set=relative.set,
                        arm=relative.arm,
                        comparator=relative.comparator,
                    )
                )
    return tuple(dict.fromkeys(found))


def emulate(
    space: Space,
    rounds: Sequence[tuple[Points, Path]],
    studies: Sequence[str],
    lock: Lock,
    manifest: Mapping[str, object],
    *,
    workers: int = 1,
    progress: Progress = silent,
) -> EmulatedStudies:
    """Surfaces through the simulated points of one or more rounds.

    rounds   points and the folder their endpoints lie in; a round may be incomplete, its first chunks then count
    workers  processes, see `run_in_processes`; the surfaces are the same for any number
    """
    found = run_in_processes(
        [partial(_trial, space, rounds, study, lock) for study in studies],
        workers=workers,
        label="emulating",
        progress=progress,
    )
    return EmulatedStudies(
        {study: figures for study, (figures, _) in zip(studies, found, strict=True)},
        {study: surfaces for study, (_, surfaces) in zip(studies, found, strict=True)},
        manifest,
    )


def _trial(
    space: Space,
    rounds: Sequence[tuple[Points, Path]],
    study: str,
    lock: Lock,
    *,
    progress: Progress,
) -> tuple[tuple[Statistic, ...], Surfaces]:
    """What is emulated of one trial, and its surfaces."""
    wanted = figures_of(from_study.preferred(study), lock)
    x, answers = [], []
    for points, folder in rounds:
        found = experiments.read(folder, study)
        x.append(points.of(study, space)[: len(found.pfs)])
        answers.append(np.stack([summary(found, figure) for figure in wanted], axis=1))
    table = np.concatenate(answers)
    kept = [j for j in range(len(wanted)) if _is_known(table[:, j])]
    with one_thread():
        surfaces = fit(np.concatenate(x), table[:, kept], len(space.parameters))
    progress(Step("emulating", 1, 1, "trials"))
    return tuple(wanted[j] for j in kept), surfaces


def _is_known(answers: Floats) -> bool:
    """Whether a figure was simulated often enough to be emulated."""
    return bool(np.isfinite(answers).sum() >= 0.25 * len(answers))
