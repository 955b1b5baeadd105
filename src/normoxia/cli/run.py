"""`normoxia run`: a virtual trial to a folder, and the simulated result beside the published one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from normoxia.cli.options import (
    Ablate,
    Json,
    Lang,
    Out,
    Quiet,
    Resume,
    Seed,
    Trial,
    Workers,
    examples,
)
from normoxia.cli.run_output import print_run
from normoxia.cli.show import print_json, progress_bar, say
from normoxia.errors import InvalidArgument

EXAMPLES = examples(
    "normoxia run impower150",
    "normoxia run study:KEYNOTE-189 --patients 100 --out runs/keynote-189",
    "normoxia run impower150 --ablate C26 --seed 2 --lang zh",
    "normoxia run mine.yaml --uncalibrated --replicates 1",
)


def run(
    trial: Trial,
    patients: Annotated[
        int | None, typer.Option("--patients", help="In every arm; default: as published.")
    ] = None,
    replicates: Annotated[
        int | None,
        typer.Option(
            "--replicates",
            help="Whole trials, each with fresh patients; default 20, or 1 if --uncalibrated.",
        ),
    ] = None,
    uncalibrated: Annotated[
        bool,
        typer.Option(
            "--uncalibrated",
            help="Take the documents' own numbers instead of the calibrated ensemble.",
        ),
    ] = False,
    seed: Seed = 1,
    workers: Workers = 0,
    out: Out = None,
    resume: Resume = False,
    ablate: Ablate = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", help="Relative tolerance of the engine.")
    ] = 1e-3,
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
    """Simulate a trial on virtual patients, beside the published result; keep it in a folder."""
    from normoxia import storage
    from normoxia.api import run_index, running
    from normoxia.api.plan import plan
    from normoxia.api.trials import read_trial

    if resume and out is None:
        raise InvalidArgument("--resume needs --out with the folder of the interrupted run")
    protocol = read_trial(trial)
    planned = plan(
        protocol,
        seed=seed,
        patients=patients,
        replicates=replicates,
        calibrated=not uncalibrated,
        ablate=ablate or (),
        tolerance=tolerance,
    )
    path = out or storage.fresh(Path("runs"), protocol.id)
    try:
        finished = running.in_folder(
            planned,
            path,
            resume=resume,
            workers=workers,
            report=report,
            lang=lang,
            watch=progress_bar(quiet=quiet),
            note=lambda text: say(text, quiet=quiet),
            warn=say,
            go_on=f"normoxia run {trial} --out {path} --resume and the same options",
        )
    finally:
        run_index.record(path)
    if json:
        print_json(finished.summary())
    else:
        print_run(
            finished.trial,
            finished.comparisons,
            finished.result,
            finished.combined,
            lang,
            everything=everything,
        )
    say(f"{path}/report.html" if report else str(path), quiet=quiet)
    failed = finished.result.failed
    if any(failed.values()):
        say(f"failed patients by arm: {dict(failed)}; see the patient table", quiet=quiet)
