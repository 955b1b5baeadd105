"""`normoxia credibility`: the file that a reviewer of the model asks for, every line with the run that proves it."""

from __future__ import annotations

import json as json_library
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from normoxia.cli.options import Json, Lang, Out, Quiet, Workers, worker_count
from normoxia.cli.show import plain, print_json, progress_bar, say
from normoxia.cli.table import print_paragraph, print_table

if TYPE_CHECKING:
    from normoxia.calibration.credibility.file import CredibilityFile
    from normoxia.calibration.fitting.ensemble import Ensemble
    from normoxia.calibration.scoring.scoreboard import Scoreboard


def credibility(
    out: Out = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Do not predict left-out studies, some minutes of work; validation is then not done.",
        ),
    ] = False,
    workers: Workers = 0,
    lang: Lang = "en",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the credibility file: questions, risk, verification, calibration, validation, applicability, limits."""
    from normoxia.calibration.credibility import as_json
    from normoxia.calibration.credibility import file as made
    from normoxia.errors import OutputExists

    path = out or _fresh(Path("runs"))
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise OutputExists(f"{path} exists; name another folder with --out")
    say("checking the model, its inputs and what it is held against ...", quiet=quiet)
    calibrated, board = _held(quick, workers, quiet)
    file = made.credibility(calibrated=calibrated, board=board)
    whole = plain(as_json.document(file))
    _write(path, file, whole, lang)
    if json:
        print_json(whole)
    else:
        _print(file, lang)
    say(f"{path}/report.html", quiet=quiet)


def _held(quick: bool, workers: int, quiet: bool) -> tuple[Ensemble | None, Scoreboard | None]:
    """The shipped ensemble, and unless asked to be quick what validation makes of it; None where none is shipped."""
    from normoxia import calibration, library
    from normoxia.calibration.fitting import ensemble

    if ensemble.SHIPPED not in library.names("calibrations"):
        return None, None

    if quick:
        return ensemble.read(), None
    with progress_bar(quiet=quiet) as progress:
        return ensemble.read(), calibration.validate(
            workers=worker_count(workers), progress=progress
        ).board


def _fresh(root: Path) -> Path:
    number = 1
    while (root / f"credibility-{number:03d}").exists():
        number += 1
    return root / f"credibility-{number:03d}"


def _write(path: Path, file: CredibilityFile, whole: Any, lang: str) -> None:
    from normoxia.report.pages import credibility as told
    from normoxia.trial.folder import digest, versions, write_whole

    text = json_library.dumps(whole, ensure_ascii=False, indent=1) + "\n"
    outputs = {
        "report.html": told.html(file, first=lang),
        "credibility.json": text,
        "claims.csv": _csv(
            [_flat(claim) for section in whole["sections"] for claim in section["claims"]]
        ),
        "targets.csv": _csv(whole["targets"]),
        "scored.csv": _csv(
            [{**row, "interval": _interval(row["interval"])} for row in whole["scored"]]
        ),
    }
    for name, content in outputs.items():
        write_whole(path / name, content.encode())
    manifest = {
        "schema": "normoxia.manifest/1",
        "command": "normoxia credibility",
        "date": file.date,
        "versions": versions(),
        "inputs": dict(file.digests),
        "outputs": {name: digest(content.encode()) for name, content in outputs.items()},
    }
    write_whole(path / "manifest.json", (json_library.dumps(manifest, indent=1) + "\n").encode())


def _flat(claim: dict[str, Any]) -> dict[str, Any]:
    """A claim as one row, in English; the JSON has both languages."""
    words = {key: claim[key].get("en", "") for key in ("title", "statement", "criterion", "found")}
    return {
        "id": claim["id"],
        "factor": claim["factor"],
        **words,
        "status": claim["status"],
        **claim["evidence"],
    }


def _interval(ends: list[float | None]) -> str:
    return (
        ""
        if ends[0] is None and ends[1] is None
        else " to ".join("" if e is None else f"{e:g}" for e in ends)
    )


def _csv(rows: list[dict[str, Any]]) -> str:
    from normoxia.sheets import csv_text

    return csv_text(list(rows[0]), [list(row.values()) for row in rows])


def _print(file: CredibilityFile, lang: str) -> None:
    from normoxia.language import language
    from normoxia.report.pages.credibility import standing_words, status_words
    from normoxia.report.views.outdated import outdated_sentence

    speech = language(lang)
    heads = [speech.say(f"credibility.{head}") for head in ("claim", "found", "status")]
    outdated = outdated_sentence(file.outdated, speech)
    if outdated:
        print_paragraph(outdated)
    for section in file.sections:
        rows = [
            (
                claim.title[lang],
                "; ".join(filter(None, (claim.found.get(lang, ""), claim.problem))),
                status_words(claim.status, speech),
            )
            for claim in section.claims
        ]
        print_table(section.title[lang], heads, rows)
    rows = [
        (q.title[lang], speech.say(f"credibility.level_{q.risk}"), standing_words(file, q, speech))
        for q in file.questions
    ]
    print_table(
        speech.say("credibility.questions"),
        [speech.say(f"credibility.{head}") for head in ("asks", "risk_name", "standing")],
        rows,
    )
