"""The first screen."""

from __future__ import annotations

import json
import time
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from normoxia.web import controls, stored
from normoxia.web.controls import DEFAULT, ControlChoice
from normoxia.web.replies import encoded, refusal
from normoxia.web.routes.parameters import ERRORS, Lang, Theme, json_reply
from normoxia.web.state import state_of
from normoxia.web.tasks.figures import in_other_theme

router = APIRouter(responses=ERRORS)
Position = Annotated[str, Field(min_length=1, max_length=40)]


class Controls(BaseModel):
    """The position of the three controls."""

    model_config = ConfigDict(extra="forbid")
    regimen: Position = DEFAULT.regimen
    population: Position = DEFAULT.population
    dose: Position = DEFAULT.dose
    lang: Literal["en", "zh"] = "en"
    theme: Literal["light", "dark"] = "light"


@router.get("/first")
async def first(lang: Lang = "en", theme: Theme = "light") -> Response:
    """The finished IMpower150: answer, contrasts beside published ones, curves, and the controls that change it."""
    return json_reply(encoded(_stored(DEFAULT, lang, theme)))


@router.post("/first")
async def changed(request: Request, asked: Controls) -> Response:
    """The trial with other controls, from a small run that takes seconds, or at once when it was asked before."""
    began = time.monotonic()
    choice = ControlChoice(regimen=asked.regimen, population=asked.population, dose=asked.dose)
    try:
        controls.treatment(choice)
        name = controls.stored_set(choice)
    except Exception as error:  # refusals are the library's own errors; others are raised again
        raise refusal(error) from error
    if name:
        return json_reply(encoded(_stored(choice, asked.lang, asked.theme)))
    state = state_of(request)
    arguments = {**asked.model_dump()}
    is_cached = state.knows("first", arguments)
    answer = json.loads(await state.simulate("first", **arguments))
    seconds = time.monotonic() - began
    return json_reply(encoded({**answer, "cached": is_cached, "seconds": round(seconds, 3)}))


def _stored(choice: ControlChoice, lang: str, theme: str) -> dict[str, object]:
    """The stored run in the analysis set that was chosen."""
    whole = stored.read(f"first-{lang}")[controls.stored_set(choice)]
    drawn = {key: in_other_theme(one, theme) for key, one in whole["figures"].items()}
    chosen = {"regimen": choice.regimen, "population": choice.population, "dose": choice.dose}
    return {**whole, "chosen": chosen, "figures": drawn, "cached": True, "seconds": 0.0}
