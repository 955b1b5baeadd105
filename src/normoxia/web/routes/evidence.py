"""Pooled evidence: questions, a user's own table, forecasts, the scoreboard."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from normoxia.web import stored
from normoxia.web.jobs import store
from normoxia.web.replies import Refused, encoded
from normoxia.web.routes.parameters import ERRORS, LONGEST_TEXT, Lang, Name, Theme, Word, json_reply
from normoxia.web.state import state_of
from normoxia.web.tasks.figures import in_other_theme

router = APIRouter(responses=ERRORS)


class TableText(BaseModel):
    """A table as text, and what is known of its columns."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
    columns: Annotated[dict[Word, Word], Field(max_length=60)] | None = None
    effect: Literal["HR", "OR", "RR", "IRR", "RD", "MD", "SMD"] | None = None
    decimal: Literal["point", "comma"] | None = None
    lang: Literal["en", "zh"] = "en"


@router.get("/evidence/questions/{name}")
async def question(request: Request, name: Name, lang: Lang = "en") -> Response:
    """A shipped question, pooled: league table, ranking, effects, its page, and its figures by number."""
    return json_reply(await state_of(request).read("question", name=name, lang=lang))


@router.get("/evidence/questions/{name}/figures/{number}")
async def question_figure(
    request: Request,
    name: Name,
    number: Annotated[int, Path(ge=0, le=1000)],
    lang: Lang = "en",
    theme: Theme = "light",
) -> Response:
    """A figure of a question's page."""
    return json_reply(
        await state_of(request).read(
            "question_figure", name=name, number=number, lang=lang, theme=theme
        )
    )


@router.post("/evidence/table")
async def table(request: Request, asked: TableText) -> Response:
    """A table as it is understood: columns, roles, every fault with its line. A job of the verb "pool" pools it."""
    return json_reply(await state_of(request).reading.call("table", asked.model_dump()))


@router.get("/forecasts")
async def forecasts(request: Request, lang: Lang = "en") -> Response:
    """Planned trials, predicted before their results, with the digest of the predictions."""
    return json_reply(await state_of(request).read("forecasts", lang=lang))


@router.get("/scoreboard")
async def scoreboard(lang: Lang = "en", theme: Theme = "light") -> Response:
    """Every randomised trial predicted without itself, beside what was published."""
    return json_reply(await asyncio.to_thread(_scoreboard, lang, theme))


@router.get("/questions")
async def questions(request: Request, lang: Lang = "en") -> Response:
    """What each verb can be asked, and the latest finished job that asked it."""
    state = state_of(request)
    answer: dict[str, Any] = json.loads(await state.read("questions", lang=lang))
    finished: dict[tuple[str, str], str] = {}
    for job in state.jobs.listed():
        if job.state == store.DONE and "name" in job.arguments:
            finished.setdefault((job.verb, job.arguments["name"]), job.id)
    for verb in answer["verbs"]:
        for document in verb["documents"]:
            document["answered_by"] = finished.get((verb["verb"], document["id"]))
    return json_reply(encoded(answer))


def _scoreboard(lang: str, theme: str) -> bytes:
    if not stored.has(f"scoreboard-{lang}"):
        raise Refused(
            404,
            "NotStored",
            "this version was shipped without a scoreboard; normoxia validate makes one",
        )
    whole = stored.read(f"scoreboard-{lang}")
    figures = [in_other_theme(one, theme) for one in whole["figures"]]
    return encoded({**whole, "figures": figures})
