"""`normoxia credibility`: the file that a reviewer of the model asks for, every line with the run that proves it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from normoxia.cli.options import Json, Lang, Out, Quiet, Workers, examples
from normoxia.cli.show import VALIDATION, print_json, progress_bar, say
from normoxia.cli.table import print_paragraph, print_table

if TYPE_CHECKING:
    from normoxia.calibration.credibility.file import CredibilityFile

EXAMPLES = examples(
    "normoxia credibility --quick", "normoxia credibility --out credibility --lang zh"
)


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
    """State which uses of the model are supported, by which tests."""
    import normoxia as nx
    from normoxia.api.credibility import refuse_occupied
    from normoxia.storage import fresh

    path = out or fresh(Path("runs"), "credibility")
    refuse_occupied(path)
    with progress_bar(quiet=quiet, stages=VALIDATION) as progress:
        result = nx.credibility(
            quick=quick,
            workers=workers,
            progress=progress,
            note=lambda text: say(text, quiet=quiet),
        )
    page = result.save(path, lang=lang)
    if json:
        print_json(result.to_json())
    else:
        assert result.file is not None
        _print(result.file, lang)
    say(str(page), quiet=quiet)


def _print(file: CredibilityFile, lang: str) -> None:
    from normoxia.language import language
    from normoxia.report.pages.credibility import standing_words, status_words
    from normoxia.report.views.outdated import outdated_sentence

    text = language(lang)
    heads = [text.say(f"credibility.{head}") for head in ("claim", "found", "status")]
    if sentence := outdated_sentence(file.outdated, text):
        print_paragraph(sentence)
    for section in file.sections:
        rows = [
            (
                claim.title[lang],
                "; ".join(filter(None, (claim.found.get(lang, ""), claim.problem))),
                status_words(claim.status, text),
            )
            for claim in section.claims
        ]
        print_table(section.title[lang], heads, rows)
    rows = [
        (q.title[lang], text.say(f"credibility.level_{q.risk}"), standing_words(file, q, text))
        for q in file.questions
    ]
    print_table(
        text.say("credibility.questions"),
        [text.say(f"credibility.{head}") for head in ("asks", "risk_name", "standing")],
        rows,
    )
