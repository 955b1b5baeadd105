"""A server as users start it, and a browser that notes what must not happen."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

try:
    from playwright import sync_api as playwright
except ImportError:
    playwright = None

#: names under which Debian and others install the browser
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def without(what: str) -> None:
    """Skip for want of a program, or fail where every program must be there (`.ci/run` sets NORMOXIA_EVERYTHING)."""
    if os.environ.get("NORMOXIA_EVERYTHING"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server with an empty folder of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("data")
    process = subprocess.Popen(
        [sys.executable, "-m", "normoxia", "serve", "--no-browser", "--port", str(port)],
        env={**os.environ, "NORMOXIA_DATA": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server has stopped"
        try:
            urllib.request.urlopen(f"{address}/api/health", timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium; closed before tests of other files, since its driver occupies the event loop of the thread."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        without("no Chromium is installed")
    if playwright is None:
        without("playwright is not installed: pip install -e '.[dev]'")
    with playwright.sync_playwright() as running:
        one = running.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield one
        one.close()


class Visit:
    """A page in the browser, with what it said in the console and whom it asked."""

    def __init__(self, browser: Any, server: str, width: int) -> None:
        self.server, self.complaints, self.hosts = server, [], set()
        self.page = browser.new_page(viewport={"width": width, "height": 900})
        self.page.set_default_timeout(120_000)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def open(self, path: str) -> Any:
        """Open an address and wait for its heading."""
        self.page.goto(self.server + path)
        self.page.wait_for_selector("main h1")
        return self.page


@pytest.fixture
def visit(browser: Any, server: str) -> Iterator[Any]:
    """Open pages; nothing may be complained of and no other host asked."""
    visits: list[Visit] = []

    def start(width: int = 1280) -> Visit:
        visits.append(Visit(browser, server, width))
        return visits[-1]

    yield start
    for one in visits:
        one.page.close()
    for one in visits:
        assert one.complaints == []
        assert {host for host in one.hosts if host} <= {server.removeprefix("http://")}


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which `npm ci` in web/ installs."""
    path = Path(__file__).parents[3] / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not path.exists():
        without("axe-core is not installed: npm ci in web/")
    return path.read_text(encoding="utf-8")
