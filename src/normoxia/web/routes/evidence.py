"""Questions put to the registry, and a user's own table."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from normoxia.web.routes.parameters import ERRORS, Lang, Name, Theme, json_reply
from normoxia.web.state import state_of

#: characters of a table, and of a name in it
LONGEST, LONGEST_NAME = 200_000, 200
router = APIRouter(prefix="/evidence", responses=ERRORS)
Endpoint = Annotated[str, Query(max_length=40, description="Of the question; the first if empty.")]
Words = Annotated[str, Field(max_length=LONGEST_NAME)]


class UploadedTable(BaseModel):
    """A table of contrasts or arms, and how its columns are to be read."""

    model_config = ConfigDict(extra="forbid")
    name: Words = "table.csv"
    text: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    columns: Annotated[dict[Words, Words], Field(max_length=40)] = {}
    effect: Literal["", "HR", "OR", "RR", "IRR", "RD", "MD", "SMD"] = ""
    leave_out_faulty: bool = False
    lang: Literal["en", "zh"] = "en"
    theme: Literal["light", "dark"] = "light"


@router.get("/questions")
async def questions(request: Request, lang: Lang = "en") -> Response:
    """The shipped questions: what each asks, of which endpoints."""
    return json_reply(await state_of(request).read("questions", lang=lang))


@router.get("/questions/{name}")
async def question(
    request: Request, name: Name, endpoint: Endpoint = "", lang: Lang = "en"
) -> Response:
    """A question answered for one endpoint: its report as sections of text, tables and figures."""
    state = state_of(request)
    return json_reply(await state.simulate("question", name=name, endpoint=endpoint, lang=lang))


@router.get("/questions/{name}/figures/{number}")
async def figure(
    request: Request,
    name: Name,
    number: Annotated[int, Path(ge=0, le=200)],
    endpoint: Endpoint = "",
    lang: Lang = "en",
    theme: Theme = "light",
) -> Response:
    """A figure of an answer."""
    answer = await state_of(request).simulate(
        "question_figure", name=name, endpoint=endpoint, number=number, lang=lang, theme=theme
    )
    return json_reply(answer)


@router.post("/table")
async def table(request: Request, asked: UploadedTable) -> Response:
    """A table as it was understood, every fault in it, and its network meta-analysis when it can be pooled."""
    return json_reply(await state_of(request).simulating.call("table", asked.model_dump()))
