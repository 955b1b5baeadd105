"""Jobs: put into the queue, listed, followed, cancelled, resumed, and what they gave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from normoxia.api.limits import LARGEST_SEED
from normoxia.web.jobs import results, store
from normoxia.web.jobs.verbs import VERBS
from normoxia.web.replies import Refused, encoded
from normoxia.web.routes.parameters import ERRORS, LONGEST_TEXT, Lang, Theme, Word, json_reply
from normoxia.web.state import state_of

router = APIRouter(prefix="/jobs", responses=ERRORS)
JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", description="As the queue gave it.")]


class JobArguments(BaseModel):
    """What a verb is asked: a document by name or as text, and options within bounds."""

    model_config = ConfigDict(extra="forbid")
    name: Word | None = None
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)] | None = None
    is_table: bool = False
    patients: Annotated[int, Field(ge=1, le=5000)] | None = None
    replicates: Annotated[int, Field(ge=8, le=200)] | None = None
    draws: Annotated[int, Field(ge=8, le=200)] | None = None
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] | None = None
    calibrated: bool | None = None
    ablate: Annotated[list[Word], Field(max_length=40)] | None = None
    endpoints: Annotated[list[Word], Field(max_length=8)] | None = None
    columns: Annotated[dict[Word, Word], Field(max_length=60)] | None = None
    effect: Literal["HR", "OR", "RR", "IRR", "RD", "MD", "SMD"] | None = None
    model: Literal["random", "common"] | None = None
    reference: Word | None = None
    small_values: Literal["good", "bad"] | None = None
    decimal: Literal["point", "comma"] | None = None
    leave_out_faulty: bool | None = None
    components: bool | None = None
    lang: Literal["en", "zh"] | None = None

    @model_validator(mode="after")
    def _one_document(self) -> JobArguments:
        if (self.name is None) == (self.text is None):
            raise ValueError("expected a document by its name, or as text")
        return self


class JobRequest(BaseModel):
    """A verb and what it is asked."""

    model_config = ConfigDict(extra="forbid")
    verb: Word
    arguments: JobArguments


@router.post("", status_code=202)
async def submit(request: Request, asked: JobRequest) -> Response:
    """Put a job into the queue; a full queue says so."""
    if asked.verb not in VERBS:
        raise Refused(404, "UnknownName", f"expected a verb among {', '.join(VERBS)}")
    arguments = asked.arguments.model_dump(exclude_none=True)
    verb = VERBS[asked.verb]
    others = sorted(set(arguments) - verb.options - {"name", "text", "is_table", "lang"})
    if others:
        text = f"{asked.verb} takes no {', '.join(others)}"
        raise Refused(422, "InvalidArgument", text)
    if arguments.get("is_table") and (asked.verb != "pool" or "text" not in arguments):
        raise Refused(422, "InvalidArgument", "a table comes as text, and to be pooled")
    await _check(request, asked.verb, arguments)
    job = state_of(request).jobs.submit(asked.verb, arguments)
    return json_reply(encoded(job.to_json()), 202)


async def _check(request: Request, verb: str, arguments: dict[str, Any]) -> None:
    """Refuse a job whose document cannot be read, before it waits in the queue."""
    if "name" in arguments:
        if verb == "run":  # raises what reading the trial raises
            await state_of(request).read("trial", name=arguments["name"], lang="en")
            return
        known = json.loads(await state_of(request).read("names", verb=verb))
        if arguments["name"] not in known:
            text = f'"{arguments["name"]}" is not known; known: {", ".join(known)}'
            raise Refused(404, "UnknownName", text)
    elif not arguments["is_table"]:
        checked = json.loads(
            await state_of(request).reading.call("check", {"text": arguments["text"], "lang": "en"})
        )
        if checked["findings"]:
            lines = tuple(f"line {one['line']}: {one['message']}" for one in checked["findings"])
            raise Refused(422, "InvalidDocument", lines[0], lines)


@router.get("")
async def listed(request: Request) -> Response:
    """Every job that is remembered, the latest first."""
    supervisor = state_of(request).jobs
    jobs = [job.to_json() for job in supervisor.listed()]
    return json_reply(encoded({"jobs": jobs, "verbs": list(VERBS), "states": store.STATES}))


@router.get("/{name}")
async def job(request: Request, name: JobId) -> Response:
    """A job as it is now."""
    return json_reply(encoded(state_of(request).jobs.get(name).to_json()))


@router.delete("/{name}")
async def cancel(request: Request, name: JobId) -> Response:
    """End a job within a second; what is finished of it is kept, and it can be resumed."""
    return json_reply(encoded((await state_of(request).jobs.cancel(name)).to_json()))


@router.post("/{name}/resume", status_code=202)
async def resume(request: Request, name: JobId) -> Response:
    """Go on with a job that ended early."""
    return json_reply(encoded(state_of(request).jobs.resume(name).to_json()), 202)


@router.get("/{name}/events")
async def events(request: Request, name: JobId) -> Response:
    """The job after each change, as server-sent events named "job", until it has ended."""
    changes = state_of(request).jobs.changes(name)
    first = await anext(changes)

    async def lines() -> AsyncIterator[bytes]:
        try:
            yield _event(first)
            async for change in changes:
                yield _event(change)
        finally:
            await changes.aclose()

    return StreamingResponse(
        lines(), media_type="text/event-stream", headers={"cache-control": "no-store"}
    )


@router.get("/{name}/result")
async def result(request: Request, name: JobId, lang: Lang = "en") -> Response:
    """What a finished job gave: the id of its run, or its summary, answer and page."""
    folder = _finished(request, name)
    return json_reply(encoded(await asyncio.to_thread(results.read, folder, lang)))


@router.get("/{name}/figures/{number}")
async def figure(
    request: Request,
    name: JobId,
    number: Annotated[int, Path(ge=0, le=1000)],
    lang: Lang = "en",
    theme: Theme = "light",
) -> Response:
    """A figure of a finished job's page, by its number there."""
    folder = _finished(request, name)
    drawn = await asyncio.to_thread(results.figure, folder, number, lang, theme)
    if drawn is None:
        raise Refused(404, "UnknownName", "the job has no such figure")
    return json_reply(encoded(drawn))


@router.get("/{name}/report")
async def report(request: Request, name: JobId) -> Response:
    """The self-contained report of a finished job, as a file of HTML."""
    folder, found = _finished(request, name), state_of(request).jobs.get(name)
    path = folder / results.REPORT
    if not path.is_file():
        raise Refused(
            404, "UnknownName", "the job has no report of its own; ask for that of its run"
        )
    content = await asyncio.to_thread(path.read_bytes)
    return Response(
        content,
        media_type="text/html",
        headers={"content-disposition": f'attachment; filename="{found.verb}-{name}.html"'},
    )


def _finished(request: Request, name: str) -> FilePath:
    supervisor = state_of(request).jobs
    found = supervisor.get(name)
    if found.state != store.DONE:
        raise Refused(409, "NotDone", f"the job is {found.state}")
    return supervisor.folder(name)


def _event(change: dict[str, Any] | None) -> bytes:
    if change is None:
        return b": still here\n\n"
    return b"event: job\ndata: " + encoded(change) + b"\n\n"
