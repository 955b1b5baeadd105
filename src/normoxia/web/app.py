"""The application: routes to tasks of warm workers and to jobs, and the built page with its own addresses."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from normoxia import __version__, storage
from normoxia.web import routes
from normoxia.web.jobs.supervisor import Supervisor
from normoxia.web.page import BuiltPage
from normoxia.web.replies import Refused, encoded
from normoxia.web.security import BodyRefused, Guard
from normoxia.web.settings import ServerSettings
from normoxia.web.state import ServerState
from normoxia.web.workers import Worker


def create_app(
    settings: ServerSettings, worker: Callable[[Path, float], Worker] = Worker
) -> FastAPI:
    """The application of a server.

    Parameters
    ----------
    settings
        Address, token and folders.
    worker
        Makes a worker from its working folder and the seconds a task may take.
    """
    app = FastAPI(
        title="normoxia",
        version=__version__,
        description="Virtual trials and evidence synthesis. Research use only; simulated, not clinical data.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(settings, worker),
    )
    for router in routes.ROUTERS:
        app.include_router(router, prefix="/api")
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    page = BuiltPage(settings.static)
    app.add_api_route("/{path:path}", page.reply, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=6)
    app.add_middleware(Guard, settings=settings)
    return app


def _lifespan(
    settings: ServerSettings, worker: Callable[[Path, float], Worker]
) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        settings.folder.mkdir(parents=True, exist_ok=True)
        with (
            storage.claimed(settings.folder),
            tempfile.TemporaryDirectory(prefix="normoxia-") as empty,
        ):
            state = ServerState(
                settings=settings,
                reading=worker(Path(empty), 60),
                simulating=worker(Path(empty), 60),
                drawing=worker(Path(empty), 600),
                jobs=Supervisor(
                    settings.folder,
                    most_jobs=settings.most_jobs,
                    most_waiting=settings.most_waiting,
                ),
            )
            app.state.server = state
            await state.jobs.start()
            warming = asyncio.ensure_future(_warm(state))
            try:
                yield
            finally:
                warming.cancel()
                await state.jobs.stop()
                await state.reading.stop()
                await state.simulating.stop()
                await state.drawing.stop()

    return lifespan


async def _warm(state: ServerState) -> None:
    """Start the workers and have them load what the first requests ask for."""
    with contextlib.suppress(Refused):
        await asyncio.gather(
            state.read("about", lang="en"), state.simulating.call("warm", {"what": "simulating"})
        )


async def _refused(request: Request, error: Exception) -> Response:  # noqa: ARG001 - of the framework
    assert isinstance(error, Refused)
    return _json(error)


async def _invalid(request: Request, error: Exception) -> Response:  # noqa: ARG001 - of the framework
    assert isinstance(error, RequestValidationError)
    findings = tuple(
        f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()[:20]
    )
    return _json(
        Refused(422, "InvalidRequest", "the request is not as the API describes it", findings)
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error, BodyRefused):
        return _json(error.refused)
    kind = {404: "NotFound", 405: "WrongMethod"}.get(error.status_code, "Refused")
    refused = Refused(error.status_code, kind, f"{request.method} is not answered here")
    return _json(refused, error.headers)


def _json(refused: Refused, headers: Any = None) -> Response:
    return Response(
        encoded(refused.body()),
        status_code=refused.status,
        media_type="application/json",
        headers=headers,
    )
