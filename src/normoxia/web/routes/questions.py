"""What each verb can be asked, forecasts, and the scoreboard."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from normoxia.web import stored
from normoxia.web.jobs import store
from normoxia.web.replies import Refused, encoded
from normoxia.web.routes.parameters import ERRORS, Lang, Theme, json_reply
from normoxia.web.state import state_of
from normoxia.web.tasks.figures import in_other_theme

router = APIRouter(responses=ERRORS)


@router.get("/forecasts")
async def forecasts(request: Request, lang: Lang = "en") -> Response:
    """Planned trials, predicted before their results, with the digest of the predictions."""
    return json_reply(await state_of(request).read("forecasts", lang=lang))


@router.get("/scoreboard")
async def scoreboard(lang: Lang = "en") -> Response:
    """Every randomised trial predicted without itself, beside what was published."""
    whole = await asyncio.to_thread(_stored, lang)
    return json_reply(encoded({**whole, "figures": len(whole["figures"])}))


@router.get("/scoreboard/figures/{number}")
async def scoreboard_figure(
    number: Annotated[int, Path(ge=0, le=200)], lang: Lang = "en", theme: Theme = "light"
) -> Response:
    """A figure of the scoreboard, by its number."""
    figures = (await asyncio.to_thread(_stored, lang))["figures"]
    if number >= len(figures):
        raise Refused(404, "UnknownName", f"the scoreboard has {len(figures)} figures")
    return json_reply(encoded(in_other_theme(figures[number], theme)))


@router.get("/questions")
async def questions(request: Request, lang: Lang = "en") -> Response:
    """What each verb can be asked, and the latest finished job that asked it."""
    state = state_of(request)
    answer: dict[str, Any] = json.loads(await state.read("verbs", lang=lang))
    finished: dict[tuple[str, str], str] = {}
    for job in state.jobs.listed():
        if job.state == store.DONE and "name" in job.arguments:
            finished.setdefault((job.verb, job.arguments["name"]), job.id)
    for verb in answer["verbs"]:
        for document in verb["documents"]:
            document["answered_by"] = finished.get((verb["verb"], document["id"]))
    return json_reply(encoded(answer))


def _stored(lang: str) -> dict[str, Any]:
    if not stored.has(f"scoreboard-{lang}"):
        text = "this version was shipped without a scoreboard; normoxia validate makes one"
        raise Refused(404, "NotStored", text)
    whole: dict[str, Any] = stored.read(f"scoreboard-{lang}")
    return whole
