"""`normoxia mechanism`: the causal statements, each with its term, strength and ablation."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from normoxia.cli import completion
from normoxia.cli.options import Json, Lang, examples
from normoxia.cli.show import print_json
from normoxia.cli.table import print_table

if TYPE_CHECKING:
    from normoxia.language import Language
    from normoxia.mechanism.model import Statement

EXAMPLES = examples("normoxia mechanism --lang zh", "normoxia mechanism model.yaml --json")


def mechanism(
    model: Annotated[
        Path | None,
        typer.Argument(
            autocompletion=completion.models, help="A model document; default: the shipped one."
        ),
    ] = None,
    lang: Lang = "en",
    json: Json = False,
) -> None:
    """List the model's causal statements, each with its place in the review, its term, strength and ablation."""
    from normoxia import library
    from normoxia import mechanism as room
    from normoxia.language import language

    whole = room.read(model or library.path("models", "nsclc"))
    strengths = whole.defaults
    elsewhere = _carried_elsewhere()
    if json:
        print_json(
            {
                "schema": "normoxia.mechanism/1",
                "model": whole.name,
                "statements": [
                    {
                        "tag": s.tag,
                        "says": dict(s.says),
                        "review_place": s.review_place,
                        "added": dict(s.added),
                        "term": s.term,
                        "strengths": {name: strengths[name] for name in s.strengths},
                        "ablation": dict(s.ablation),
                        "ablated_in": elsewhere.get(s.tag, "" if s.emergent else "model"),
                        "emergent": s.emergent and s.tag not in elsewhere,
                    }
                    for s in whole.statements
                ],
            }
        )
        return
    text = language(lang)
    title = text.term(whole.title or whole.name)
    if not whole.statements:
        sys.stdout.write(text.say("mechanism.none", model=title) + "\n")
        return
    rows = [
        (
            s.tag,
            _text(s, lang, text),
            text.term(s.review_place),
            text.term(s.term),
            ", ".join(f"{name} {strengths[name]:g}" for name in s.strengths),
            _ablation(s, elsewhere, text),
        )
        for s in whole.statements
    ]
    heads = ("tag", "statement", "review", "term", "strength", "ablation")
    print_table(title, [text.say(f"mechanism.{head}") for head in heads], rows)


def _text(statement: Statement, lang: str, text: Language) -> str:
    """What a statement says, then what of it the authors of the model added."""
    says = statement.says.get(lang, statement.says.get("en", ""))
    added = statement.added.get(lang, statement.added.get("en", ""))
    return f"{says} {text.say('mechanism.added', what=added)}" if added else says


def _carried_elsewhere() -> dict[str, str]:
    """Statements that a trial carries outside its model, and where: in its population or in its conduct."""
    from normoxia import population
    from normoxia.trial.ablation import TOXICITIES_ADD

    tags = population.read("advanced-nsclc").statements
    return {**dict.fromkeys(tags, "population"), TOXICITIES_ADD: "conduct"}


def _ablation(statement: Statement, elsewhere: Mapping[str, str], text: Language) -> str:
    if statement.ablation:
        return ", ".join(f"{name}={value:g}" for name, value in statement.ablation.items())
    if statement.tag in elsewhere:
        return text.say(f"mechanism.in_{elsewhere[statement.tag]}")
    return text.say("mechanism.emergent")
