"""`normoxia report` and `normoxia verify`: a finished run told again, and done again to see whether it gives the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from normoxia.cli.drawn import settings_of
from normoxia.cli.joined import joined_of
from normoxia.cli.options import Lang, Quiet, Workers, worker_count
from normoxia.cli.show import progress_bar, say
from normoxia.errors import ComputationFailed, InvalidDocument, OutputExists

if TYPE_CHECKING:
    from normoxia.calibration.fitting.ensemble import Calibrated
    from normoxia.trial.result import TrialResult

Run = Annotated[Path, typer.Argument(help="The folder of a finished run.")]


def report(
    run: Run,
    out: Annotated[Path | None, typer.Option("--out", help="Default: report.html in the folder.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the report that is there.")] = False,
    lang: Lang = "en",
) -> None:
    """Draw the report of a finished run again."""
    from normoxia.report import run as run_report
    from normoxia.trial import analysis
    from normoxia.trial.folder import write_whole

    target = out or run / "report.html"
    if target.exists() and not force:
        raise OutputExists(f"{target} exists; name another file with --out, or add --force to replace it")
    manifest, result = _manifest(run), _result(run)
    trial = analysis.protocol_of(result)
    comparisons = analysis.compare(analysis.analyse(result, trial), analysis.published(trial, same_cut=True))
    joined = joined_of(result, trial, manifest)
    page, _ = run_report.page(result, trial, comparisons, manifest, joined, lang=lang)
    write_whole(target, run_report.html(page).encode())
    say(str(target))


def verify(run: Run, workers: Workers = 0, quiet: Quiet = False) -> None:
    """Run the first chunk of a finished run again from its configuration and compare it byte by byte."""
    from normoxia import documents
    from normoxia.trial import ablation, analysis, runner
    from normoxia.trial.folder import digest

    manifest = _manifest(run)
    config = documents.load(run / "config.yaml").plain()
    assert isinstance(config, dict)
    changed = [
        name
        for name, had in manifest["outputs"].items()
        if not (run / name).is_file() or digest((run / name).read_bytes()) != had
    ]
    if changed:
        raise InvalidDocument(
            f"{run}: {', '.join(changed[:5])} not as the manifest says; the folder was changed after the run"
        )
    trial = analysis.protocol_of(_result(run))
    model = None
    if config["ablated"]:
        trial, model = ablation.ablate(trial, config["ablated"])
    calibrated = _ensemble(config)
    chunk = runner.chunks(trial, config["replicates"])[0]
    with progress_bar(quiet=quiet) as progress:
        again = runner.run_chunk(
            runner.prepare(trial, model=model), chunk, config["seed"],
            settings=settings_of(calibrated, trial, config["replicates"], config["seed"], config["ablated"]),
            ensemble=calibrated.provenance() if calibrated else None,
            workers=worker_count(workers), tolerance=config["relative_tolerance"], progress=progress,
        )  # fmt: skip
    if again.to_bytes() != (run / "chunks" / chunk.name).read_bytes():
        raise ComputationFailed(
            f"{run}: {chunk.name} came out otherwise than in the run; expected the same bytes on the same kind of "
            f"processor and versions (then {manifest.get('versions')})"
        )
    say(f"{run}: {len(manifest['outputs'])} outputs as written; {chunk.name} came out the same, to the byte")


def _ensemble(config: dict[str, Any]) -> Calibrated | None:
    """The ensemble a run was drawn from; None for a run without. Raises InvalidDocument when it is not the one shipped."""
    from normoxia.calibration.fitting import ensemble

    asked = config.get("ensemble", "none")
    if asked == "none":
        return None
    found = ensemble.read()
    if found.digest != asked:
        raise InvalidDocument(
            f"the run was drawn from the ensemble {asked[:16]}, this version has {found.digest[:16]}; verify it with the version that made it"
        )
    return found


def _manifest(run: Path) -> dict[str, Any]:
    path = run / "manifest.json"
    if not path.is_file():
        raise InvalidDocument(
            f"{run}: no finished run (no manifest.json); finish it with normoxia run --resume"
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidDocument(f"{path}: not readable as JSON ({error}); the file may be cut short") from None
    if not isinstance(manifest, dict) or "outputs" not in manifest:
        raise InvalidDocument(f"{path}: is not the manifest of a run")
    return manifest


def _result(run: Path) -> TrialResult:
    from normoxia.trial.result import TrialResult, joined

    return joined([TrialResult.read(path) for path in sorted((run / "chunks").glob("*.parquet"))])
