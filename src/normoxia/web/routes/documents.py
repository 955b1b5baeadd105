"""Protocols: a shipped one, the check of a text as it is typed, and a preview."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from normoxia.web.routes.parameters import ERRORS, Lang, Name, json_reply
from normoxia.web.state import state_of

#: characters of a document
LONGEST = 200_000
router = APIRouter(responses=ERRORS)


class Document(BaseModel):
    """A document as text."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    lang: Literal["en", "zh"] = "en"


class Preview(Document):
    """A document as text, and how many trials of it would be simulated."""

    replicates: Annotated[int, Field(ge=1, le=200)] = 20


@router.get("/builder")
async def builder(request: Request, lang: Lang = "en") -> Response:
    """What a protocol is made of: drugs with their label doses, and covariates with levels."""
    return json_reply(await state_of(request).read("builder", lang=lang))


@router.get("/trials/{name}")
async def trial(request: Request, name: Name, lang: Lang = "en") -> Response:
    """A trial by name: its document, arms, population, visits and endpoints."""
    return json_reply(await state_of(request).read("trial", name=name, lang=lang))


@router.post("/check")
async def check(request: Request, asked: Document) -> Response:
    """Every finding in a document, as `normoxia check` lists them."""
    return json_reply(await state_of(request).reading.call("check", asked.model_dump()))


@router.post("/preview")
async def preview(request: Request, asked: Preview) -> Response:
    """What a protocol would do: doses over time, its virtual patients, how long it takes."""
    return json_reply(await state_of(request).simulating.call("preview", asked.model_dump()))
