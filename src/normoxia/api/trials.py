"""Read a trial, run it, and open the run again."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import SupportsIndex

from normoxia import library
from normoxia.api import running
from normoxia.api.names import find_trial, one_of
from normoxia.api.plan import check_numbers, plan
from normoxia.api.run import Part, Run
from normoxia.errors import InvalidArgument
from normoxia.progress import Progress, silent
from normoxia.trial import files, finished
from normoxia.trial.making import designs
from normoxia.trial.protocol import Trial


def trials() -> tuple[str, ...]:
    """Names of the shipped trials and of the planned ones that can be run, for `read_trial`.

    Studies of the registry (`normoxia.studies`) can be run too, as far as what was published of them allows.

    Returns
    -------
    tuple of str
        Shipped trials, then planned ones with the prefix "forecast:".
    """
    planned = (name for one in designs.forecasts() for name in one.protocols)
    return (*files.library(), *(files.FORECAST + name for name in planned))


def read_trial(name: str | Path) -> Trial:
    """Read a trial by name or from a protocol.

    Parameters
    ----------
    name
        A shipped trial ("impower150"), a study of the registry ("KEYNOTE-189" or "study:KEYNOTE-189"), a planned
        trial (with or without "forecast:"), or the path of a protocol (.yaml). Case, hyphens, spaces and underscores
        do not matter.

    Returns
    -------
    Trial
        The protocol; `with_dose`, `with_arm`, `with_population`, `with_endpoint` and `with_patients` change it.

    Raises
    ------
    UnknownName
        No trial has the name; the message proposes the nearest.
    InvalidArgument
        The name stands for several trials, or the trial cannot be simulated; the message says which and why.
    InvalidDocument
        The protocol has faults; all are listed.
    """
    return find_trial(name)


def run(
    trial: Trial | str | Path,
    *,
    seed: int = 1,
    patients: int | None = None,
    replicates: int | None = None,
    calibrated: bool = True,
    ablate: Iterable[str] = (),
    tolerance: float = 1e-3,
    workers: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    report: bool = True,
    lang: str = "en",
    progress: Progress = silent,
) -> Run:
    """Simulate a trial on virtual patients, and compare it with its published results.

    Parameters
    ----------
    trial
        A trial, or what `read_trial` takes.
    seed
        The same seed gives the same patients, for any number of workers.
    patients
        In every arm; the numbers of the protocol when omitted.
    replicates
        How many trials to simulate, each with fresh patients; 20 by default, 1 when `calibrated` is False.
    calibrated
        Whether each replicate takes its own draw of the calibrated parameters; otherwise the documents' numbers.
    ablate
        Causal statements to remove, such as "C26".
    tolerance
        Relative tolerance of the solver.
    workers
        Threads; 0 uses every core.
    out
        Folder to keep the run in; nothing is written when omitted.
    resume
        Continue the interrupted run in `out`.
    report, lang
        Whether to draw the figures and the HTML report into `out`, and in which language ("en" or "zh").
    progress
        Called after each piece of work with a `normoxia.progress.Step`; it may raise to cancel.

    Returns
    -------
    Run
        Its patients, outcomes and hazard ratios as data frames, its figures, and its files.

    Raises
    ------
    InvalidArgument
        A value that cannot be meant, or a run that does not fit into memory.
    OutputExists
        `out` holds something, and `resume` is False.
    Interrupted
        The run was stopped while it was written to `out`; what is finished is kept.
    """
    protocol = trial if isinstance(trial, Trial) else read_trial(trial)
    if resume and out is None:
        raise InvalidArgument(
            "resume (--resume) needs out (--out) with the folder of the interrupted run"
        )
    seed, workers = _whole("seed", seed), _whole("workers", workers)
    patients = None if patients is None else _whole("patients", patients)
    replicates = None if replicates is None else _whole("replicates", replicates)
    check_numbers(seed=seed, patients=patients, tolerance=tolerance, workers=workers)
    lang = one_of("language", lang, library.names("languages"))
    planned = plan(
        protocol,
        seed=seed,
        patients=patients,
        replicates=replicates,
        calibrated=calibrated,
        ablate=ablate,
        tolerance=tolerance,
    )
    watch = contextlib.nullcontext(progress)
    if out is None:
        return running.in_memory(planned, workers=workers, watch=watch)
    return running.in_folder(
        planned,
        Path(out),
        resume=resume,
        workers=workers,
        report=report,
        lang=lang,
        watch=watch,
        note=_ignore,
        warn=_warn,
        go_on=f'normoxia.run(..., out="{out}", resume=True) with the same arguments',
    )


def open_run(folder: str | Path) -> Run:
    """Read a finished run from its folder.

    Parameters
    ----------
    folder
        As `run(..., out=...)`, `Run.save` or the command line wrote it.

    Returns
    -------
    Run
        The same value that `run` gave.

    Raises
    ------
    InvalidDocument
        The folder holds no finished run, or was changed after the run; the message lists what.
    """
    began = time.monotonic(), time.process_time()
    contents = finished.read(Path(folder))
    parts = [
        Part(name=chunk.name, n_rows=part.n_rows, acceptance=part.acceptance)
        for chunk in contents.chunks
        for part in (contents.chunk(chunk),)
    ]
    return running.analysed(
        contents.result,
        contents.trial,
        provenance=contents.manifest,
        config=contents.config,
        parts=tuple(parts),
        began=began,
        folder=Path(folder),
    )


def _whole(name: str, value: object) -> int:
    """A whole number of Python or numpy as one of Python. Raises InvalidArgument for anything else."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        raise InvalidArgument(f"{name}={value!r}: expected a whole number")
    return int(value)


def _ignore(text: str) -> None:
    """Discard a line about what is being done."""


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=2)
