"""Past runs, their figures, how to repeat them, and their reports."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from normoxia.web.routes.parameters import ERRORS, Lang, Theme, json_reply
from normoxia.web.state import state_of

router = APIRouter(prefix="/runs", responses=ERRORS)
RunId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", description="As the list gave it.")]


@router.get("")
async def listed(request: Request) -> Response:
    """Every run of the index, the latest first."""
    return json_reply(await state_of(request).reading.call("runs", {}))


@router.get("/{name}")
async def run(request: Request, name: RunId, lang: Lang = "en") -> Response:
    """A finished run: outcomes beside published ones, its page, and its figures by number."""
    return json_reply(await state_of(request).reading.call("run", {"name": name, "lang": lang}))


@router.get("/{name}/figures/{number}")
async def figure(
    request: Request,
    name: RunId,
    number: Annotated[int, Path(ge=0, le=1000)],
    lang: Lang = "en",
    theme: Theme = "light",
) -> Response:
    """A figure of a run, by its number."""
    arguments = {"name": name, "number": number, "lang": lang, "theme": theme}
    return json_reply(await state_of(request).reading.call("run_figure", arguments))


@router.get("/{name}/copy")
async def copies(request: Request, name: RunId) -> Response:
    """How to repeat a run: a link, Python, a command, the protocol."""
    return json_reply(await state_of(request).reading.call("run_copies", {"name": name}))


@router.get("/{name}/report")
async def report(request: Request, name: RunId, lang: Lang = "en") -> Response:
    """The self-contained report of a run, as a file of HTML."""
    arguments = {"name": name, "lang": lang}
    answer = json.loads(await state_of(request).drawing.call("run_report", arguments))
    headers = {"content-disposition": f'attachment; filename="{answer["name"]}"'}
    return Response(answer["html"], media_type="text/html", headers=headers)
