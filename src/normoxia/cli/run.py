"""`normoxia run`: a virtual trial to a folder, and the simulated result beside the published one."""

from __future__ import annotations

import contextlib
import csv
import io
import json as json_library
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from normoxia.cli.combined import combined_of
from normoxia.cli.ensemble_draws import parameter_sets_of
from normoxia.cli.options import (
    Ablate,
    Json,
    Lang,
    Out,
    Quiet,
    Resume,
    Seed,
    Workers,
    checked_tolerance,
    worker_count,
)
from normoxia.cli.run_output import print_run
from normoxia.cli.show import plain, print_json, progress_bar, say
from normoxia.errors import Interrupted, InvalidArgument, InvalidDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from normoxia.outcome import Outcome
    from normoxia.trial.analysis import PublishedComparison
    from normoxia.trial.combined import CombinedRatio
    from normoxia.trial.folder import RunFolder
    from normoxia.trial.protocol import Trial
    from normoxia.trial.result import TrialResult


#: trials of a calibrated run, and how few still make an interval
REPLICATES, FEWEST = 20, 8


def run(
    trial: Annotated[
        str,
        typer.Argument(
            help="A shipped trial, such as impower150; study:NAME; forecast:NAME; or the path of a protocol."
        ),
    ],
    patients: Annotated[
        int | None, typer.Option("--patients", help="In every arm; default: as published.")
    ] = None,
    replicates: Annotated[
        int | None,
        typer.Option(
            "--replicates", help="Whole trials, each with fresh patients; default 20, or 1 if --uncalibrated."
        ),
    ] = None,
    uncalibrated: Annotated[
        bool,
        typer.Option(
            "--uncalibrated", help="Take the documents' own numbers instead of the calibrated ensemble."
        ),
    ] = False,
    seed: Seed = 1,
    workers: Workers = 0,
    out: Out = None,
    resume: Resume = False,
    ablate: Ablate = None,
    tolerance: Annotated[float, typer.Option("--tolerance", help="Relative tolerance of the engine.")] = 1e-3,
    report: Annotated[
        bool, typer.Option("--report/--no-report", help="Draw figures and the HTML report.")
    ] = True,
    everything: Annotated[
        bool, typer.Option("--all", help="Print every outcome, not only the hazard ratios.")
    ] = False,
    lang: Lang = "en",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run a trial on virtual patients, print it beside the published result, and keep everything in a folder."""
    from normoxia import storage
    from normoxia.calibration.fitting import ensemble
    from normoxia.trial import ablation, files, runner
    from normoxia.trial.folder import CONFIG_SCHEMA, RunFolder, versions
    from normoxia.trial.preflight import preflight, refuse_too_large

    if resume and out is None:
        raise InvalidArgument("--resume needs --out with the folder of the interrupted run")
    if patients is not None and patients < 1:
        raise InvalidArgument(f"--patients {patients}: a trial needs at least one patient in every arm")
    tolerance = checked_tolerance(tolerance)
    started, cpu = time.monotonic(), time.process_time()
    protocol = files.read(trial)
    calibrated = None if uncalibrated else ensemble.read()
    count = _replicates(replicates, calibrated is not None)
    refuse_too_large(protocol if patients is None else protocol.with_patients(patients), count)
    written = protocol
    if ablate:
        protocol, model = ablation.ablate(protocol, ablate)
    else:
        model = runner.compose(protocol)
    preflight(protocol, model=model if ablate else None, seed=seed)
    config = {
        "schema": CONFIG_SCHEMA,
        "trial": protocol.id,
        "patients_per_arm": patients or {arm.id: arm.n for arm in protocol.arms},
        "replicates": count,
        "seed": seed,
        "ensemble": calibrated.digest if calibrated else "none",
        "ablated": sorted(ablate or []),
        "relative_tolerance": tolerance,
        "inputs": runner.inputs(protocol, model),
        "versions": versions(),
        "protocol": protocol.text,
    }
    path = out or storage.fresh(Path("runs"), protocol.id)
    with RunFolder.begun(path, config, resume=resume) as folder:
        result = _carried(
            folder, config, trial, quiet,
            lambda progress, load, store: runner.run(
                protocol, seed=seed, patients=patients, replicates=count, workers=worker_count(workers),
                model=model, tolerance=tolerance, progress=progress,
                settings=parameter_sets_of(calibrated, protocol, count, seed, ablate or []),
                ensemble=calibrated.provenance() if calibrated else None,
                load=load, store=store,
            ),
        )  # fmt: skip
        whole, performed, comparisons, joined = _concluded(
            folder, config, result, written, report, lang, quiet, (started, cpu)
        )
    if json:
        print_json(whole)
    else:
        print_run(performed, comparisons, result, joined, lang, everything=everything)
    say(f"{path}/report.html" if report else str(path), quiet=quiet)
    if any(result.failed.values()):
        say(f"failed patients by arm: {dict(result.failed)}; see the patient table", quiet=quiet)


def _carried(
    folder: RunFolder,
    config: Mapping[str, object],
    trial: str,
    quiet: bool,
    carry: Callable[..., TrialResult],
) -> TrialResult:
    """Run what the folder does not hold yet, each finished chunk kept; an interruption is told with how to go on."""
    from normoxia.trial.folder import chunk_identity, plain_config

    plain_configuration = plain_config(config)

    def load(name: str) -> TrialResult | None:
        return _load(folder, name, chunk_identity(plain_configuration, name))

    def store(name: str, part: TrialResult) -> None:
        folder.write_chunk(name, part.to_bytes(chunk_identity(plain_configuration, name)))

    try:
        with progress_bar(quiet=quiet) as progress:
            return carry(progress, load, store)
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):  # the folder may have vanished, and the interruption counts
            folder.log("interrupted")
        done = sum(1 for _ in folder.chunk("").glob("*.parquet"))
        raise Interrupted(
            f"interrupted; {done} finished chunks are in {folder.path}; go on with: "
            f"normoxia run {trial} --out {folder.path} --resume and the same options"
        ) from None


def _concluded(
    folder: RunFolder,
    config: Mapping[str, object],
    result: TrialResult,
    written: Trial,
    report: bool,
    lang: str,
    quiet: bool,
    began: tuple[float, float],
) -> tuple[dict[str, Any], Trial, Sequence[PublishedComparison], Sequence[CombinedRatio]]:
    """Tables, summary, report and manifest of a run whose chunks are all there."""
    from normoxia.trial import analysis, runner
    from normoxia.trial.files import documents_in
    from normoxia.trial.folder import described, machine, write_whole
    from normoxia.trial.summary import summary

    path = folder.path
    performed = analysis.performed(result, written)
    comparisons = analysis.compare(
        analysis.analyse(result, performed), analysis.published(performed, same_cut=True)
    )
    chunks = [folder.chunk(chunk.name) for chunk in runner.chunks(performed, result.n_replicates)]
    manifest = {
        **described(result.manifest, config),
        "machine": machine(),
        "folder": str(path),
    }
    if documents_in(performed.text):
        manifest["documents"] = str(Path(performed.file).resolve().parent)
    if strays := folder.strays(chunk.name for chunk in chunks):
        say(
            f"{folder.path}: {', '.join(f'chunks/{name}' for name in strays[:8])} "
            f"{'are' if len(strays) > 1 else 'is'} no part of the run and not used; remove before verifying"
        )
    joined = combined_of(result, performed, manifest)
    outputs = [*chunks, *_write_tables(folder, result, comparisons)]
    if report:
        say("drawing the figures and the report ...", quiet=quiet)
        outputs += _draw(folder, result, performed, comparisons, manifest, joined, lang)
    whole = summary(result, performed, comparisons, manifest, joined)
    summary_path = path / "summary.json"
    write_whole(
        summary_path, (json_library.dumps(plain(whole), ensure_ascii=False, indent=1) + "\n").encode()
    )
    timing = {
        "wall_seconds": round(time.monotonic() - began[0], 3),
        "cpu_seconds": round(time.process_time() - began[1], 3),
    }
    whole["manifest"] = folder.write_manifest(manifest | timing, [*outputs, summary_path])
    return whole, performed, comparisons, joined


def _replicates(asked: int | None, calibrated: bool) -> int:
    """How many trials to run; under the ensemble each has a draw of its own, and intervals need some of them."""
    if asked is None:
        return REPLICATES if calibrated else 1
    if asked < 1:
        raise InvalidArgument(f"--replicates {asked}: expected 1 or more")
    if calibrated and asked < FEWEST:
        raise InvalidArgument(
            f"--replicates {asked}: prediction intervals need {FEWEST} or more, each with a draw of the ensemble of its own; "
            "or add --uncalibrated to run with the documents' own numbers"
        )
    return asked


def _load(folder: RunFolder, name: str, identity: Mapping[str, object]) -> TrialResult | None:
    """A chunk that is this run's own and whole; None when there is none, and a word about one that is not."""
    from normoxia.trial.result import TrialResult

    if not folder.has_chunk(name):
        return None
    try:
        return TrialResult.read(folder.chunk(name), identity)
    except InvalidDocument as error:
        say(str(error).replace("run this part again", "this part is run again"))
        folder.log("refused", name=name)
        return None


def _write_tables(
    folder: RunFolder, result: TrialResult, comparisons: Sequence[PublishedComparison]
) -> list[Path]:
    from normoxia.sheets import safe_cell
    from normoxia.trial.folder import write_whole

    patients = folder.path / "patients.parquet"
    buffer = io.BytesIO()
    result.patient_table().write_parquet(buffer)
    write_whole(patients, buffer.getvalue())
    outcomes = folder.path / "outcomes.csv"
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ("population", "endpoint", "measure", "month", "arm", "comparator", "n", "simulated", "low", "high", "published",
         "published_low", "published_high", "inside", "source")
    )  # fmt: skip
    for comparison in comparisons:
        s, p = comparison.simulated, comparison.published
        cells = (
            s.population, s.endpoint, s.measure, _cell(s.months), s.arm, s.comparator, s.n, s.estimate.value,
            s.estimate.low, s.estimate.high, *_published_cells(p), "" if comparison.inside is None else comparison.inside,
            p.source.reference if p and p.source else "",
        )  # fmt: skip
        writer.writerow([safe_cell(cell) for cell in cells])
    write_whole(outcomes, text.getvalue().encode())
    return [patients, outcomes]


def _published_cells(published: Outcome | None) -> tuple[object, object, object]:
    if published is None:
        return ("", "", "")
    return (published.estimate.value, _cell(published.estimate.low), _cell(published.estimate.high))


def _cell(value: float) -> object:
    return "" if math.isnan(value) else value


def _draw(
    folder: RunFolder,
    result: TrialResult,
    trial: Trial,
    comparisons: Sequence[PublishedComparison],
    manifest: dict[str, object],
    joined: Sequence[CombinedRatio],
    lang: str,
) -> list[Path]:
    from normoxia.report import run as run_report
    from normoxia.report.figure import save_all
    from normoxia.trial.folder import write_whole

    page, figures = run_report.page(result, trial, comparisons, manifest, joined, lang=lang)
    paths = save_all(figures, folder.path / "figures")
    report = folder.path / "report.html"
    write_whole(report, run_report.html(page).encode())
    return [*paths, report]
