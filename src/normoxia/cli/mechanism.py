"""`normoxia mechanism`: the causal statements, each with its term, strength and ablation."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from normoxia.cli.options import Json, Lang
from normoxia.cli.show import print_json
from normoxia.cli.table import print_table

if TYPE_CHECKING:
    from normoxia.language import Language
    from normoxia.mechanism.model import Statement


def mechanism(
    model: Annotated[
        Path | None, typer.Argument(help="A model document; default: the shipped one.")
    ] = None,
    lang: Lang = "en",
    json: Json = False,
) -> None:
    """List what the model claims: each statement's place in the review, term, strength and how to ablate it."""
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
    speech = language(lang)
    title = speech.phrase(whole.title or whole.name)
    if not whole.statements:
        sys.stdout.write(speech.say("mechanism.none", model=title) + "\n")
        return
    rows = [
        (
            s.tag,
            _text(s, lang, speech),
            speech.phrase(s.review_place),
            speech.phrase(s.term),
            ", ".join(f"{name} {strengths[name]:g}" for name in s.strengths),
            _ablation(s, elsewhere, speech),
        )
        for s in whole.statements
    ]
    heads = ("tag", "statement", "review", "term", "strength", "ablation")
    print_table(title, [speech.say(f"mechanism.{head}") for head in heads], rows)


def _text(statement: Statement, lang: str, speech: Language) -> str:
    """What a statement says, then what of it the authors of the model added."""
    says = statement.says.get(lang, statement.says.get("en", ""))
    added = statement.added.get(lang, statement.added.get("en", ""))
    return f"{says} {speech.say('mechanism.added', what=added)}" if added else says


def _carried_elsewhere() -> dict[str, str]:
    """Statements that a trial carries outside its model, and where: in its population or in its conduct."""
    from normoxia import population
    from normoxia.trial.ablation import TOXICITIES_ADD

    tags = population.read("advanced-nsclc").statements
    return {**dict.fromkeys(tags, "population"), TOXICITIES_ADD: "conduct"}


def _ablation(statement: Statement, elsewhere: Mapping[str, str], speech: Language) -> str:
    if statement.ablation:
        return ", ".join(f"{name}={value:g}" for name, value in statement.ablation.items())
    if statement.tag in elsewhere:
        return speech.say(f"mechanism.in_{elsewhere[statement.tag]}")
    return speech.say("mechanism.emergent")
