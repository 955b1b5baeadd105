"""`normoxia mechanism`: the causal statements, each with its term, strength and ablation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from normoxia.cli.options import Json, Lang
from normoxia.cli.show import print_json, print_table


def mechanism(
    model: Annotated[Path | None, typer.Argument(help="A model document; default: the shipped one.")] = None,
    lang: Lang = "en",
    json: Json = False,
) -> None:
    """List what the model claims: each statement's place in the review, term, strength and how to ablate it."""
    from normoxia import library
    from normoxia import mechanism as room

    whole = room.read(model or library.path("models", "nsclc"))
    strengths = whole.defaults
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
                        "term": s.term,
                        "strengths": {name: strengths[name] for name in s.strengths},
                        "ablation": dict(s.ablation),
                        "emergent": s.emergent,
                    }
                    for s in whole.statements
                ],
            }
        )
        return
    rows = [
        (
            s.tag,
            s.says.get(lang, s.says.get("en", "")),
            s.review_place,
            s.term,
            ", ".join(f"{name} {strengths[name]:g}" for name in s.strengths),
            "emergent: tested, not coded"
            if s.emergent
            else ", ".join(f"{n}={v:g}" for n, v in s.ablation.items()),
        )
        for s in whole.statements
    ]
    print_table(f"{whole.title}", ("tag", "statement", "review", "term", "strength", "ablation"), rows)
