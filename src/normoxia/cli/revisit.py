"""`normoxia report` and `normoxia verify`: the report of a finished run drawn again, and a run done again to see whether it gives the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from normoxia.api.combined import combined_of
from normoxia.api.ensemble_draws import parameter_sets_of
from normoxia.cli import completion
from normoxia.cli.options import (
    Force,
    Lang,
    OldFile,
    Quiet,
    Workers,
    examples,
    file_option,
    output_file,
    worker_count,
)
from normoxia.cli.show import progress_bar, say
from normoxia.errors import ComputationFailed, InvalidDocument, NormoxiaError, OutputExists

if TYPE_CHECKING:
    from collections.abc import Mapping

    from normoxia.calibration.fitting.ensemble import Ensemble
    from normoxia.mechanism.model import Model
    from normoxia.trial.finished import Finished
    from normoxia.trial.protocol import Trial

Run = Annotated[
    Path, typer.Argument(autocompletion=completion.runs, help="The folder of a finished run.")
]
EXAMPLES_REPORT = examples(
    "normoxia report runs/impower150-001 --lang zh --file zh.html",
    "normoxia report runs/impower150-001 --force",
)
EXAMPLES_VERIFY = examples(
    "normoxia verify runs/impower150-001", "normoxia verify runs/impower150-001 --whole"
)

#: share of patients that verifying runs again, and how many at least of each replicate in each chunk
SHARE, LEAST = 0.1, 10


def report(
    run: Run,
    file: Annotated[
        Path | None, file_option("The page to write. Default: report.html in the folder.")
    ] = None,
    out: OldFile = None,
    force: Force = False,
    lang: Lang = "en",
    quiet: Quiet = False,
) -> None:
    """Redraw the report of a finished run, in either language."""
    from normoxia.report.pages import run as run_report
    from normoxia.trial import analysis, finished
    from normoxia.trial.folder import write_whole

    target = output_file(file, out) or run / "report.html"
    if target.exists() and not force:
        raise OutputExists(
            f"{target} exists; name another file with --file, or add --force to replace it"
        )
    found = finished.read(run)
    manifest = _as_drawn(found.manifest)
    comparisons = analysis.compare(
        analysis.analyse(found.result, found.trial), analysis.published(found.trial, same_cut=True)
    )
    joined = combined_of(found.result, found.trial, manifest)
    page, _ = run_report.page(found.result, found.trial, comparisons, manifest, joined, lang=lang)
    write_whole(target, run_report.html(page).encode())
    if found.is_sealed:
        finished.record(found, target)
    else:
        say(
            f"{run} is of an earlier version: its chunks carry no seals, and only the manifest's digests were compared"
        )
    say(str(target), quiet=quiet)


def _as_drawn(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest as it was when the report was drawn: before times, digests of outputs and its seal were known."""
    later = ("schema", "config_sha256", "log", "outputs", "seal", "wall_seconds", "cpu_seconds")
    return {key: value for key, value in manifest.items() if key not in later}


def verify(
    run: Run,
    share: Annotated[
        float,
        typer.Option(
            "--share",
            help="Share of the patients of every chunk to run again, above 0 and up to 1.",
        ),
    ] = SHARE,
    whole: Annotated[bool, typer.Option("--whole", help="Run every patient again.")] = False,
    workers: Workers = 0,
    quiet: Quiet = False,
) -> None:
    """Compare a finished run with its manifest and run a share of it again, byte for byte."""
    from normoxia.trial import finished, runner
    from normoxia.trial.folder import described

    share = 1.0 if whole else finished.checked_share(share)
    found = finished.read(run)
    if not found.is_sealed:
        raise InvalidDocument(
            f"{run}: was written by an earlier version of normoxia ({found.manifest.get('normoxia', 'unknown')}), whose chunks "
            "carry no seals; verify it with that version, or draw its report with this one: normoxia report"
        )
    finished.refuse(found, finished.faults(found))
    trial, model = _made(found)
    calibrated = _ensemble(found.config)
    bench = runner.prepare(trial, model=model)
    told = runner.manifest(
        bench, found.config["seed"], calibrated.provenance() if calibrated else None
    )
    now = {**found.config, "inputs": runner.inputs(trial, model)}
    finished.refuse(found, finished.said_otherwise(found, described(told, now)))
    count, seed = found.config["replicates"], found.config["seed"]
    settings = parameter_sets_of(calibrated, trial, count, seed, found.config["ablated"])
    n_again = 0
    with progress_bar(quiet=quiet) as progress:
        for chunk in found.chunks:
            again = runner.run_chunk(
                bench,
                finished.sampled(chunk, share, LEAST),
                seed,
                settings=settings,
                ensemble=calibrated.provenance() if calibrated else None,
                workers=worker_count(workers),
                tolerance=found.config["relative_tolerance"],
                progress=progress,
            )
            n_again += again.n_rows
            unlike = finished.differing(found.chunk(chunk), again)
            if unlike:
                raise ComputationFailed(
                    f"{run}: chunks/{chunk.name} came out otherwise than in the run ({', '.join(unlike[:5])}); expected the "
                    f"same bytes on the same kind of processor and with the same versions ({_then_and_now(found)})"
                )
    say(
        f"{run}: {len(found.manifest['outputs'])} outputs as written; {n_again} of {found.result.n_rows} patients, of "
        f"all {len(found.chunks)} chunks, came out the same, to the byte{_note(found)}"
    )


def _made(run: Finished) -> tuple[Trial, Model]:
    """The trial and model of a run as they are here."""
    from normoxia.trial import ablation, runner

    try:
        if run.config["ablated"]:
            return ablation.ablate(run.trial, run.config["ablated"])
        return run.trial, runner.compose(run.trial)
    except NormoxiaError as error:
        raise InvalidDocument(f"{run.path}: its trial cannot be made again here: {error}") from None


def _then_and_now(run: Finished) -> str:
    from normoxia.trial.folder import machine, versions

    then = {**run.manifest.get("machine", {}), **run.config["versions"]}
    now = {**machine(), **versions()}
    apart = [
        f"{key} was {then.get(key)}, is {now.get(key)}"
        for key in now
        if then.get(key) != now.get(key)
    ]
    return "; ".join(apart) or "they are the same here"


def _note(run: Finished) -> str:
    told = _then_and_now(run)
    return "" if told == "they are the same here" else f" ({told})"


def _ensemble(config: Mapping[str, Any]) -> Ensemble | None:
    """The ensemble a run was drawn from; None for a run without. Raises InvalidDocument when it is not the one shipped."""
    from normoxia.calibration.fitting import ensemble

    asked = config.get("ensemble", "none")
    if asked == "none":
        return None
    found = ensemble.read()
    if found.digest != asked:
        raise InvalidDocument(
            f"the run was drawn from the ensemble {str(asked)[:16]}, this version has {found.digest[:16]}; verify it with the version that made it"
        )
    return found
