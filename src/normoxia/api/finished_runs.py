"""What can be done with a finished run: draw its report again, and run some of its patients again to compare them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from normoxia.api import question_folder
from normoxia.api.combined import combined_of
from normoxia.api.ensemble_draws import parameter_sets_of
from normoxia.api.limits import worker_count
from normoxia.api.names import one_of
from normoxia.errors import (
    ComputationFailed,
    InvalidArgument,
    InvalidDocument,
    NormoxiaError,
    OutputExists,
)
from normoxia.notebook import escaped
from normoxia.progress import Progress, silent
from normoxia.trial import finished
from normoxia.trial.folder import described, machine, versions, write_whole

if TYPE_CHECKING:
    from normoxia.calibration.fitting.ensemble import Ensemble
    from normoxia.mechanism.model import Model
    from normoxia.trial.finished import Finished
    from normoxia.trial.protocol import Trial

#: patients of each replicate of each chunk that verifying runs again at least
_LEAST = 10
#: differing parts of a chunk that a message lists
_LISTED = 5


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerificationResult:
    """A run that was found unchanged; `normoxia.verify` gives it.

    Attributes
    ----------
    folder
        Of the run.
    n_outputs
        Files compared with their digests.
    n_repeated, n_patients
        Patients that were run again, and patients of the run.
    n_chunks
        Chunks of the run; some patients of each were run again.
    environment
        What differs between the machine and versions of the run and those of now; "" for nothing.
    """

    folder: Path
    n_outputs: int
    n_repeated: int
    n_patients: int
    n_chunks: int
    environment: str

    def __str__(self) -> str:
        note = f" ({self.environment})" if self.environment else ""
        return (
            f"{self.folder}: {self.n_outputs} outputs as written; {self.n_repeated} of {self.n_patients} patients, of "
            f"all {self.n_chunks} chunks, came out the same, to the byte{note}"
        )

    def __repr__(self) -> str:
        return f"<VerificationResult {self}>"

    def _repr_html_(self) -> str:
        return f"<p>{escaped(self)}</p>"


def redraw(
    folder: str | Path, *, file: str | Path | None = None, overwrite: bool = False, lang: str = "en"
) -> Path:
    """Draw the report of a finished run again.

    Parameters
    ----------
    folder
        Of a finished run.
    file
        The page to write; `report.html` in the folder when omitted.
    overwrite
        Whether to replace the file.
    lang
        "en" or "zh".

    Returns
    -------
    Path
        The report.

    Raises
    ------
    OutputExists
        The file exists, and `overwrite` is False.
    InvalidDocument
        The folder holds no finished run, or was changed after the run.
    """
    return redraw_with(Path(folder), file, overwrite=overwrite, lang=lang, warn=_warn)


def redraw_with(
    folder: Path,
    file: str | Path | None,
    *,
    overwrite: bool,
    lang: str,
    warn: Callable[[str], None],
) -> Path:
    """Draw a report as `redraw` does, with warnings given to a function."""
    from normoxia import library
    from normoxia.report.pages import run as run_report
    from normoxia.trial import analysis

    lang = one_of("language", lang, library.names("languages"))
    target = Path(file) if file is not None else folder / "report.html"
    if target.exists() and not overwrite:
        raise OutputExists(
            f"{target} exists; name another file (--file), or replace it with overwrite=True (--force)"
        )
    run = finished.read(folder)
    manifest = _manifest_as_drawn(run.manifest)
    comparisons = analysis.compare(
        analysis.analyse(run.result, run.trial), analysis.published(run.trial, same_cut=True)
    )
    combined = combined_of(run.result, run.trial, manifest)
    page, _ = run_report.page(run.result, run.trial, comparisons, manifest, combined, lang=lang)
    write_whole(target, run_report.html(page).encode())
    if run.is_sealed:
        finished.record(run, target)
    else:
        warn(
            f"{folder} is of an earlier version: its chunks carry no seals, and only the manifest's digests were compared"
        )
    return target


def verify(
    folder: str | Path, *, share: float = 0.1, workers: int = 0, progress: Progress = silent
) -> VerificationResult:
    """Compare every file and entry of a finished run with its manifest, and run some patients of every chunk again.

    Parameters
    ----------
    folder
        Of a finished run, or of a question that was answered by several.
    share
        Of the patients of every chunk to run again, above 0 and up to 1.
    workers
        Threads; 0 uses every core.
    progress
        Called after each piece of work with a `normoxia.progress.Step`; it may raise to cancel.

    Returns
    -------
    VerificationResult
        How much was compared.

    Raises
    ------
    InvalidDocument
        The folder holds no finished run, was changed after the run, or its trial or ensemble is not this version's.
    ComputationFailed
        Patients who were run again came out different; the message names what differs.
    InvalidArgument
        A share that cannot be meant.
    """
    if not 0.0 < share <= 1.0:
        raise InvalidArgument(
            f"share {share:g}: expected a share of the patients above 0 and up to 1, such as 0.1"
        )
    if (Path(folder) / question_folder.QUESTION).is_file():
        return _verify_question(Path(folder), share, workers, progress)
    run = finished.read(Path(folder))
    if not run.is_sealed:
        raise InvalidDocument(
            f"{folder}: was written by an earlier version of normoxia ({run.manifest.get('normoxia', 'unknown')}), whose chunks "
            "carry no seals; verify it with that version, or draw its report with this one: normoxia report"
        )
    finished.refuse(run, finished.faults(run))
    return VerificationResult(
        folder=Path(folder),
        n_outputs=len(run.manifest["outputs"]),
        n_repeated=_repeat(run, share, worker_count(workers), progress),
        n_patients=run.result.n_rows,
        n_chunks=len(run.chunks),
        environment=_changed_environment(run),
    )


def _verify_question(
    folder: Path, share: float, workers: int, progress: Progress
) -> VerificationResult:
    """Verify a folder that holds the several runs of a question."""
    n_outputs, results = question_folder.verified(
        folder, lambda run: verify(run, share=share, workers=workers, progress=progress)
    )
    return VerificationResult(
        folder=folder,
        n_outputs=n_outputs + sum(r.n_outputs for r in results),
        n_repeated=sum(r.n_repeated for r in results),
        n_patients=sum(r.n_patients for r in results),
        n_chunks=sum(r.n_chunks for r in results),
        environment="; ".join(dict.fromkeys(r.environment for r in results if r.environment)),
    )


def _repeat(run: Finished, share: float, workers: int, progress: Progress) -> int:
    """Run some patients of every chunk again and compare them; return how many."""
    from normoxia.trial import runner

    trial, model = _composed(run)
    calibrated = _ensemble_of(run.config)
    ensemble = calibrated.provenance() if calibrated else None
    prepared = runner.prepare(trial, model=model)
    manifest = runner.manifest(prepared, run.config["seed"], ensemble)
    config = {**run.config, "inputs": runner.inputs(trial, model)}
    finished.refuse(run, finished.said_otherwise(run, described(manifest, config)))
    count, seed = run.config["replicates"], run.config["seed"]
    settings = parameter_sets_of(calibrated, trial, count, seed, run.config["ablated"])
    n_repeated = 0
    for chunk in run.chunks:
        repeated = runner.run_chunk(
            prepared,
            finished.sampled(chunk, share, _LEAST),
            seed,
            settings=settings,
            ensemble=ensemble,
            workers=workers,
            tolerance=run.config["relative_tolerance"],
            progress=progress,
        )
        n_repeated += repeated.n_rows
        different = finished.differing(run.chunk(chunk), repeated)
        if different:
            environment = _changed_environment(run) or "they are the same here"
            raise ComputationFailed(
                f"{run.path}: chunks/{chunk.name} came out otherwise than in the run ({', '.join(different[:_LISTED])}); "
                f"expected the same bytes on the same kind of processor and with the same versions ({environment})"
            )
    return n_repeated


def _manifest_as_drawn(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest as it was when the report was drawn: before times, digests of outputs and its seal were known."""
    later = ("schema", "config_sha256", "log", "outputs", "seal", "wall_seconds", "cpu_seconds")
    return {key: value for key, value in manifest.items() if key not in later}


def _composed(run: Finished) -> tuple[Trial, Model]:
    """The trial and model of a run, composed from the documents that are here."""
    from normoxia.trial import ablation, runner

    try:
        if run.config["ablated"]:
            return ablation.ablate(run.trial, run.config["ablated"])
        return run.trial, runner.compose(run.trial)
    except NormoxiaError as error:
        raise InvalidDocument(f"{run.path}: its trial cannot be made again here: {error}") from None


def _changed_environment(run: Finished) -> str:
    """Versions and machine that are not those of the run, in words; "" for none."""
    then = {**run.manifest.get("machine", {}), **run.config["versions"]}
    now = {**machine(), **versions()}
    return "; ".join(
        f"{key} was {then.get(key)}, is {now.get(key)}"
        for key in now
        if then.get(key) != now.get(key)
    )


def _ensemble_of(config: Mapping[str, Any]) -> Ensemble | None:
    """The ensemble a run was drawn from; None for an uncalibrated one. Raises InvalidDocument when another is shipped."""
    from normoxia.calibration.fitting import ensemble

    digest = config.get("ensemble", "none")
    if digest == "none":
        return None
    shipped = ensemble.read()
    if shipped.digest != digest:
        raise InvalidDocument(
            f"the run was drawn from the ensemble {str(digest)[:16]}, this version has {shipped.digest[:16]}; "
            "verify it with the version that made it"
        )
    return shipped


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=2)
