"""`normoxia validate`: every trial predicted without itself, compared with what was published, and said plainly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import Json, Lang, Quiet, Workers, examples, file_option, match_word
from normoxia.cli.show import VALIDATION, print_json, progress_bar, say
from normoxia.cli.table import print_paragraph, print_table

if TYPE_CHECKING:
    from normoxia.calibration.scoring.scoreboard import Scoreboard
    from normoxia.report.views.tables import Table

#: columns of a terminal that everything printed fits
WIDTH = 100
#: longest contrast that stands on one line
_CONTRAST = 18

EXAMPLES = examples(
    "normoxia validate",
    "normoxia validate --study IMpower150",
    "normoxia validate --out validation --lang zh",
)


def validate(
    study: Annotated[
        str | None,
        typer.Option(
            "--study",
            autocompletion=completion.studies,
            help="Print the rows of this study alone; summaries are of all.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder for the report, its figures and the JSON object; must not exist yet.",
        ),
    ] = None,
    file: Annotated[
        Path | None, file_option("A file for the JSON object alone; must not exist yet.")
    ] = None,
    report: Annotated[Path | None, typer.Option("--report", hidden=True)] = None,
    workers: Workers = 0,
    lang: Lang = "en",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Predict each randomised trial of the registry from the others and compare it with its results."""
    import normoxia as nx
    from normoxia.api.validating import refuse_existing
    from normoxia.calibration.scoring import lock

    study = study and match_word("scored study", study, lock.read().studies)
    folder, file = _places(out, file, report)
    for path, option in ((folder, "--out"), (file, "--file")):
        if path is not None:
            refuse_existing(path, option)
    with progress_bar(quiet=quiet, stages=VALIDATION) as progress:
        result = nx.validate(workers=workers, progress=progress)
    if file is not None:
        say(str(result.save_json(file)), quiet=quiet)
    if folder is not None:
        say("drawing the figures and the report ...", quiet=quiet)
        say(str(result.save(folder, lang=lang)), quiet=quiet)
    if json:
        print_json(result.to_json())
    else:
        _print(result.board, lang, study or "")


def _places(
    out: Path | None, file: Path | None, report: Path | None
) -> tuple[Path | None, Path | None]:
    """The folder of the report and the file of the JSON object; options that meant them once are still understood."""
    if report is not None:
        say("the folder of the report is named by --out now, as in every command")
        return report, file or out
    if out is not None and out.suffix == ".json":
        say("--out names a folder now, as in every command; write --file for the name of a file")
        return None, file or out
    return out, file


def _print(board: Scoreboard, lang: str, study: str) -> None:
    """The summary, then the rows, worst first."""
    from normoxia.language import language
    from normoxia.outcome import Endpoint, Measure
    from normoxia.report.views.score_groups import group_table, paired_table
    from normoxia.report.views.scoreboard_text import ScoreboardText
    from normoxia.report.views.scored_rows import direction_table, row_table, rows_of

    text = language(lang)
    board_text, endpoint = ScoreboardText(board, text), text.say("board.endpoint")
    print_paragraph(board_text.lead())
    print_paragraph(board_text.standing())
    for words in (
        board_text.attainable(),
        board_text.missing(),
        board_text.ensemble(),
        board_text.outdated(),
        board_text.against_class(),
        board_text.chosen(),
        board_text.learned(),
    ):
        if words:
            print_paragraph(words)
    for table in (
        board_text.verdict_table(),
        direction_table(board, text),
        board_text.summary_table(),
        board_text.predictor_table(),
        paired_table(board, text),
        group_table(board, "class", text),
    ):
        _show(table, endpoint)
    for key, measure, endpoints in (
        ("ratios", Measure.HAZARD_RATIO, ()),
        ("responses", Measure.PERCENT, (Endpoint.ORR,)),
        ("rates", Measure.PERCENT, (Endpoint.DCR, Endpoint.TRAE3)),
        ("medians", Measure.MEDIAN_MONTHS, ()),
    ):
        rows = rows_of(board, measure, study, endpoints=endpoints)
        if rows:
            _show(row_table(rows, key, text), endpoint)
    strata = [
        row for row in board.primary_scores.strata if study in ("", row.observed.target.study)
    ]
    if strata:
        _show(row_table(strata, "strata", text, populations=True, baselines=False), endpoint)
        if not study:
            print_paragraph(board_text.strata_words())


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
