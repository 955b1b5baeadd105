"""The mechanism: its causal map, and the states of the map over time."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from normoxia.web.routes.parameters import ERRORS, Lang, json_reply
from normoxia.web.state import state_of

router = APIRouter(responses=ERRORS)
Named = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^/\\\x00-\x1f]+$")]
Tag = Annotated[str, Field(pattern=r"^[A-Z][0-9]{2}$")]


class PlayRequest(BaseModel):
    """What the map is to show."""

    model_config = ConfigDict(extra="forbid")
    trial: Named = "impower150"
    arms: Annotated[list[Named], Field(max_length=2)] = []
    patient: Annotated[int, Field(ge=1, le=100)] | None = None
    ablate: Annotated[list[Tag], Field(max_length=34)] = []
    patients: Annotated[int, Field(ge=1, le=100)] = 40
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1
    days: Annotated[str, Field(max_length=200, pattern=r"^[0-9.,:]+$")] = "0:364:7"


@router.get("/mechanism")
async def mechanism(request: Request, lang: Lang = "en") -> Response:
    """The causal map: nodes, arrows with formulas and parameters, statements."""
    return json_reply(await state_of(request).read("mechanism", lang=lang))


@router.post("/mechanism/play")
async def play(request: Request, asked: PlayRequest, lang: Lang = "en") -> Response:
    """States of nodes and effects of arrows over time, for the median of patients or one of them."""
    answer = await state_of(request).simulate("play", **asked.model_dump(), lang=lang)
    return json_reply(answer)
