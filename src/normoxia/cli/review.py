"""`normoxia review`: the review in its own order, each statement, study and question with its numbers."""

from __future__ import annotations

from typing import Annotated

import typer

from normoxia.cli.options import Json, Lang, Out, Quiet, Seed, Workers, examples
from normoxia.cli.show import print_json, progress_bar, say

EXAMPLES = examples(
    "normoxia review --part statements", "normoxia review --patients 40 --draws 8 --out review"
)


def review(
    part: Annotated[
        list[str] | None,
        typer.Option("--part", help="statements, studies or questions; repeatable; default: all."),
    ] = None,
    statement: Annotated[
        list[str] | None,
        typer.Option("--statement", help="Remove this one alone, such as C11; repeatable."),
    ] = None,
    patients: Annotated[
        int, typer.Option("--patients", min=10, help="Of every arm in every run.")
    ] = 60,
    draws: Annotated[int, typer.Option("--draws", min=8, help="Of the calibrated ensemble.")] = 16,
    seed: Seed = 1,
    workers: Workers = 0,
    out: Out = None,
    lang: Lang = "en",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Go through the review: remove each statement, simulate each study, address each open question.

    Prints every number beside what the review and the registry say; research use only.
    """
    from normoxia.api import review as api
    from normoxia.cli.table import print_paragraph, print_table
    from normoxia.language import language
    from normoxia.report.pages import living_review as page

    with progress_bar(quiet=quiet) as progress:
        finished = api.review(
            parts=tuple(part or api.PARTS),
            statements=tuple(statement or ()),
            patients=patients,
            draws=draws,
            seed=seed,
            workers=workers,
            out=out,
            lang=lang,
            progress=progress,
            note=lambda line: say(line, quiet=quiet),
        )
    if json:
        print_json(finished.summary())
        return
    text = language(lang)
    if finished.statements:
        table = page.statements_table(finished.statements, text, with_words=False)
        print_table(table.title, table.columns, table.rows)
    for group in finished.plan.groups if finished.studies else ():
        members = [s for s in finished.studies if s.section == group.section]
        table = page.studies_table(members, text, group.section)
        title = text.say("review.section_2", number=group.section, title=group.titles[lang])
        print_table(title, table.columns, table.rows)
    for answered in finished.answers:
        print_paragraph(f"{answered.question.asks[lang]} {answered.sentences.get(lang, '')}")
    print_paragraph(text.say("compare.limit_research"))
    if out is not None:
        say(f"{out}/review.html", quiet=quiet)
