"""A plan carried out: simulated, analysed, and kept in memory or in a folder."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from normoxia.api.combined import combined_of
from normoxia.api.ensemble_draws import parameter_sets_of
from normoxia.api.limits import worker_count
from normoxia.api.plan import Plan
from normoxia.api.run import Part, Run
from normoxia.api.writing import provenance_of, write_outputs
from normoxia.errors import Interrupted, InvalidDocument
from normoxia.progress import Progress
from normoxia.trial import analysis, runner
from normoxia.trial.folder import RunFolder, chunk_identity, plain_config
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult

Load = Callable[[str], TrialResult | None]
Store = Callable[[str, TrialResult], None]


def in_memory(plan: Plan, *, workers: int, watch: AbstractContextManager[Progress]) -> Run:
    """Carry out a plan without writing anything."""
    parts: list[Part] = []
    with watch as progress:
        result = _simulate(
            plan, workers, progress, parts, lambda _: None, lambda _name, _part: None
        )
    return _analyse(plan, result, tuple(parts))


def in_folder(
    plan: Plan,
    path: Path,
    *,
    resume: bool,
    workers: int,
    report: bool,
    lang: str,
    watch: AbstractContextManager[Progress],
    note: Callable[[str], None],
    warn: Callable[[str], None],
    go_on: str,
) -> Run:
    """Carry out a plan in a folder, each finished chunk kept.

    Parameters
    ----------
    resume
        Whether to use the finished chunks of an interrupted run in the folder.
    watch
        Gives the progress callback for the time of the simulation.
    note, warn
        Called with a line about what is being done, and about a chunk that cannot be used.
    go_on
        How an interrupted run is continued, for the message.

    Raises
    ------
    Interrupted
        The user stopped the simulation; what is finished is kept.
    OutputExists
        The folder holds something, and `resume` is False.
    InvalidArgument
        The folder was started with another configuration.
    """
    with RunFolder.begun(path, plan.config, resume=resume) as folder:
        parts: list[Part] = []
        result = _simulate_in(folder, plan, workers, watch, parts, warn, go_on)
        run = _analyse(plan, result, tuple(parts), path)
        chunks = [chunk.name for chunk in runner.chunks(run.trial, result.n_replicates)]
        if strays := folder.strays(chunks):
            warn(
                f"{folder.path}: {', '.join(f'chunks/{name}' for name in strays[:8])} "
                f"{'are' if len(strays) > 1 else 'is'} no part of the run and not used; remove before verifying"
            )
        manifest = write_outputs(
            folder,
            result,
            run.trial,
            run.comparisons,
            run.combined,
            run.provenance,
            report=report,
            lang=lang,
            began=plan.began,
            note=note,
        )
    return replace(run, provenance=manifest)


def analysed(
    result: TrialResult,
    trial: Trial,
    *,
    provenance: Mapping[str, Any],
    config: Mapping[str, object],
    parts: tuple[Part, ...],
    began: tuple[float, float],
    folder: Path | None,
) -> Run:
    """A run with its outcomes beside the published ones.

    Parameters
    ----------
    trial
        The protocol with the sizes of the run, see `analysis.performed`.
    """
    comparisons = analysis.compare(
        analysis.analyse(result, trial), analysis.published(trial, same_cut=True)
    )
    return Run(
        trial=trial,
        result=result,
        comparisons=comparisons,
        combined=combined_of(result, trial, provenance),
        provenance=provenance,
        config=config,
        parts=parts,
        began=began,
        folder=folder,
    )


def _analyse(
    plan: Plan, result: TrialResult, parts: tuple[Part, ...], folder: Path | None = None
) -> Run:
    return analysed(
        result,
        analysis.performed(result, plan.written),
        provenance=provenance_of(result, plan.config, folder),
        config=plan.config,
        parts=parts,
        began=plan.began,
        folder=folder,
    )


def _simulate(
    plan: Plan, workers: int, progress: Progress, parts: list[Part], load: Load, store: Store
) -> TrialResult:
    """Every chunk of the run, loaded or simulated; `parts` collects them."""

    def loaded(name: str) -> TrialResult | None:
        part = load(name)
        if part is not None:
            parts.append(Part(name=name, n_rows=part.n_rows, acceptance=part.acceptance))
        return part

    def stored(name: str, part: TrialResult) -> None:
        store(name, part)
        parts.append(Part(name=name, n_rows=part.n_rows, acceptance=part.acceptance))

    return runner.run(
        plan.trial,
        seed=plan.seed,
        patients=plan.patients,
        replicates=plan.replicates,
        workers=worker_count(workers),
        model=plan.model,
        tolerance=plan.tolerance,
        progress=progress,
        settings=parameter_sets_of(
            plan.calibrated, plan.trial, plan.replicates, plan.seed, plan.ablated
        ),
        ensemble=plan.calibrated.provenance() if plan.calibrated else None,
        load=loaded,
        store=stored,
    )


def _simulate_in(
    folder: RunFolder,
    plan: Plan,
    workers: int,
    watch: AbstractContextManager[Progress],
    parts: list[Part],
    warn: Callable[[str], None],
    go_on: str,
) -> TrialResult:
    """Simulate what the folder does not hold yet and keep each finished chunk."""
    config = plain_config(plan.config)

    def load(name: str) -> TrialResult | None:
        return _load(folder, name, chunk_identity(config, name), warn)

    def store(name: str, part: TrialResult) -> None:
        folder.write_chunk(name, part.to_bytes(chunk_identity(config, name)))

    try:
        with watch as progress:
            return _simulate(plan, workers, progress, parts, load, store)
    except KeyboardInterrupt:
        with contextlib.suppress(
            OSError
        ):  # the folder may have vanished, and the interruption counts
            folder.log("interrupted")
        done = sum(1 for _ in folder.chunk("").glob("*.parquet"))
        raise Interrupted(
            f"interrupted; {done} finished chunks are in {folder.path}; go on with: {go_on}"
        ) from None


def _load(
    folder: RunFolder, name: str, identity: Mapping[str, object], warn: Callable[[str], None]
) -> TrialResult | None:
    """A chunk of this run from the folder; None when there is none, and with a warning when it cannot be used."""
    if not folder.has_chunk(name):
        return None
    try:
        return TrialResult.read(folder.chunk(name), identity)
    except InvalidDocument as error:
        warn(str(error).replace("run this part again", "this part is run again"))
        folder.log("refused", name=name)
        return None
