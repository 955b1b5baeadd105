"""`normoxia list`: the names of everything that can be run, pooled, shown or calibrated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import Json, Lang, examples, match_word
from normoxia.cli.show import print_json
from normoxia.cli.table import print_lines, print_paragraph, print_table

if TYPE_CHECKING:
    from normoxia.api.catalogue import CatalogueKind
    from normoxia.language import Language

#: kinds, in the order in which they are printed; the catalogue in api/ has the same
KINDS = (
    "trials",
    "planned",
    "studies",
    "comparisons",
    "explanations",
    "optimisations",
    "drug_designs",
    "designs",
    "biomarkers",
    "toxicities",
    "patients",
    "questions",
    "drugs",
    "statements",
    "models",
    "populations",
    "ensembles",
)
EXAMPLES = examples("normoxia list", "normoxia list studies", "normoxia list drugs --lang zh")


def listing(
    kind: Annotated[
        str | None,
        typer.Argument(
            autocompletion=completion.words(KINDS),
            help=f"One kind, with titles: {', '.join(KINDS)}. Default: the names of all.",
        ),
    ] = None,
    lang: Lang = "en",
    json: Json = False,
) -> None:
    """List the names of trials, studies, questions, drugs, statements and what else can be asked for."""
    from normoxia.api import catalogue
    from normoxia.language import language

    name = None if kind is None else match_word("kind", kind, KINDS)
    kinds = catalogue.kinds(name)
    if json:
        print_json({"schema": "normoxia.list/1", "kinds": [_as_json(one) for one in kinds]})
        return
    text = language(lang)
    if name is None:
        for one in kinds:
            _print_names(one, text)
        print_paragraph(text.say("list.more"))
    else:
        _print_titles(kinds[0], text)


def _print_names(kind: CatalogueKind, text: Language) -> None:
    heading = text.say(f"list.{kind.name}", n=len(kind.entries))
    print_lines([f"{heading}: {kind.command}"])
    separator = text.say("list.separator")
    print_paragraph(separator.join(entry.name for entry in kind.entries))


def _print_titles(kind: CatalogueKind, text: Language) -> None:
    heading = text.say(f"list.{kind.name}", n=len(kind.entries))
    rows = [(entry.name, text.term(entry.title(text.code))) for entry in kind.entries]
    heads = [text.say("list.name"), text.say("list.title")]
    print_table(f"{heading}: {kind.command}", heads, rows)


def _as_json(kind: CatalogueKind) -> dict[str, object]:
    return {
        "kind": kind.name,
        "command": kind.command,
        "entries": [{"name": e.name, "title": dict(e.titles)} for e in kind.entries],
    }
