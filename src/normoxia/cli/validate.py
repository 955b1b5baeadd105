"""`normoxia validate`: every trial predicted without itself, held against what was published, and said plainly."""

from __future__ import annotations

import json as json_library
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from normoxia.cli.options import Json, Lang, Quiet, Workers, worker_count
from normoxia.cli.show import plain, print_json, progress_bar, say
from normoxia.cli.table import print_paragraph, print_table
from normoxia.errors import OutputExists, UnknownName
from normoxia.storage import write_whole

if TYPE_CHECKING:
    from normoxia.calibration.scoring.scoreboard import Scoreboard
    from normoxia.calibration.validation import Validation
    from normoxia.report.views.tables import Table

#: columns of a terminal that everything printed fits
WIDTH = 100
#: longest contrast that stands on one line
_CONTRAST = 18


def validate(
    study: Annotated[
        str | None,
        typer.Option("--study", help="Print the rows of this study alone; summaries are of all."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report", help="A folder for the report and its figures; must not exist yet."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="A file for the JSON object; must not exist yet.")
    ] = None,
    workers: Workers = 0,
    lang: Lang = "en",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Predict every randomised trial of the registry without itself, and hold it against what was published."""
    from normoxia import calibration
    from normoxia.calibration.scoring import lock as locked
    from normoxia.calibration.scoring import scoreboard_json

    if study is not None and study not in locked.read().studies:
        raise UnknownName("scored study", study, locked.read().studies)
    for path, option in ((report, "--report"), (out, "--out")):
        if path is not None and path.exists():
            raise OutputExists(f"{path} exists; name another one with {option}")
    with progress_bar(quiet=quiet) as progress:
        validation = calibration.validate(workers=worker_count(workers), progress=progress)
    board: Scoreboard = validation.board
    whole = scoreboard_json.document(board)
    if out is not None:
        _write_json(out, whole)
        say(str(out), quiet=quiet)
    if report is not None:
        say("drawing the figures and the report ...", quiet=quiet)
        say(str(_write(report, validation, lang)), quiet=quiet)
    if json:
        print_json(whole)
    else:
        _print(board, lang, study or "")


def _write(folder: Path, validation: Validation, lang: str) -> Path:
    """The page, its figures and the JSON object; the path of the page."""
    from normoxia.calibration.scoring import scoreboard_json
    from normoxia.report.figures.figure import save_all
    from normoxia.report.pages.document import write_document
    from normoxia.report.pages.scoreboard import pages

    told, figures = pages(
        validation.board,
        **_behind(validation),
        provenance={"command": f"normoxia validate --report {folder.name}"},
        first=lang,
    )
    save_all(figures, folder / "figures")
    _write_json(folder / "scoreboard.json", scoreboard_json.document(validation.board))
    return write_document(told, folder / "report.html")


def _write_json(path: Path, whole: dict[str, Any]) -> None:
    """What --json prints, as a file."""
    text = json_library.dumps(plain(whole), ensure_ascii=False, indent=1, allow_nan=False)
    write_whole(path, (text + "\n").encode())


def _behind(validation: Validation) -> dict[str, Any]:
    """What lies behind the board, as far as the validation tells: each part is a section of the page."""
    from normoxia.calibration.fitting import hyperparameters
    from normoxia.report.views.fitting import separate_structures

    learned, structures = separate_structures(validation.identifiability, hyperparameters.read())
    stacked = validation.stacked
    return {
        "learned": learned,
        "structures": tuple(replace(s, weight=stacked[s.name].weight) for s in structures),
        "left_out": validation.left_out,
        "attempts": validation.attempts,
    }


def _print(board: Scoreboard, lang: str, study: str) -> None:
    """The summary, then the rows, worst first."""
    from normoxia.language import language
    from normoxia.outcome import Measure
    from normoxia.report.views.scoreboard_text import ScoreboardText
    from normoxia.report.views.scored_rows import direction_table, row_table, rows_of

    speech = language(lang)
    told, endpoint = ScoreboardText(board, speech), speech.say("board.endpoint")
    print_paragraph(told.lead())
    print_paragraph(told.standing())
    for words in (
        told.attainable(),
        told.missing(),
        told.ensemble(),
        told.outdated(),
        told.learned(),
    ):
        if words:
            print_paragraph(words)
    for table in (
        told.verdict_table(),
        direction_table(board, speech),
        told.summary_table(),
        told.predictor_table(),
    ):
        _show(table, endpoint)
    for key, measure in (
        ("ratios", Measure.HAZARD_RATIO),
        ("responses", Measure.PERCENT),
        ("medians", Measure.MEDIAN_MONTHS),
    ):
        rows = rows_of(board, measure, study)
        if rows:
            _show(row_table(rows, key, speech), endpoint)
    strata = [
        row for row in board.primary_scores.strata if study in ("", row.observed.target.study)
    ]
    if strata:
        _show(row_table(strata, "strata", speech, populations=True, baselines=False), endpoint)
        if not study:
            print_paragraph(told.strata_words())


def _show(table: Table, endpoint: str) -> None:
    """A table as narrow as it goes: contrasts on two lines, no head over endpoints, each group of rows under its own title."""
    starts = sorted(table.groups) or [-1]
    heads = ["" if head == endpoint else head for head in table.columns]
    for start, end in zip(starts, [*starts[1:], len(table.rows)], strict=True):
        title = table.title if start < 0 else table.rows[start][0]
        rows = [[_folded(cell) for cell in row] for row in table.rows[start + 1 : end]]
        if rows:
            print_table(title, heads, rows)
    if table.note:
        print_paragraph(table.note)


def _folded(cell: str) -> str:
    """A long contrast on two lines, the second beginning with a stroke."""
    return cell.replace(" vs ", "\n/") if len(cell) > _CONTRAST else cell
