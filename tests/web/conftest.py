"""A server without processes: tasks run in the test's own, so that the library is loaded once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from normoxia.web.app import create_app
from normoxia.web.replies import encoded, refusal
from normoxia.web.settings import ServerSettings
from normoxia.web.tasks import TASKS
from normoxia.web.workers import Worker


class DirectWorker(Worker):
    """Carries out tasks in this process, in a thread."""

    async def call(self, task: str, arguments: Mapping[str, Any]) -> bytes:
        if task == "warm":
            return b"{}"
        try:
            return encoded(await asyncio.to_thread(TASKS[task], **arguments))
        except Exception as error:
            raise refusal(error) from error


@pytest.fixture(scope="session")
def page_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built page of three files."""
    folder = tmp_path_factory.mktemp("static")
    (folder / "assets").mkdir()
    (folder / "index.html").write_text("<!doctype html><title>page</title>")
    (folder / "assets" / "index-0a1b.js").write_text("export {}")
    (folder / ".secret").write_text("no")
    return folder


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory, page_folder: Path) -> Iterator[TestClient]:
    """A client of a server on loopback."""
    settings = ServerSettings(folder=tmp_path_factory.mktemp("server"), static=page_folder)
    with TestClient(create_app(settings, DirectWorker), base_url="http://127.0.0.1:8722") as one:
        yield one
