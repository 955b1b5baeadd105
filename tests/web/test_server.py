"""The server as a process: jobs through a crash, clients that are slow or vanish, and what it leaves."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


class Server:
    """A running `normoxia serve`."""

    def __init__(self, folder: Path) -> None:
        env = {**os.environ, "NORMOXIA_DATA": str(folder), "PYTHONPATH": str(ROOT / "src")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "normoxia", "serve", "--port", "0", "--no-browser"],
            stderr=subprocess.PIPE,
            text=True,
            env=env,
            cwd=folder,
        )
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        self.port = int(re.search(r":(\d+)/", line)[1])
        self.wait()

    def wait(self) -> None:
        for _ in range(300):
            try:
                self.ask("/api/health")
            except (ConnectionError, urllib.error.URLError):
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the server does not answer")

    def ask(self, path: str, body: object = None, method: str | None = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=120) as reply:
            return json.loads(reply.read())

    def job(self, name: str, *states: str, seconds: float = 500) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            job: dict[str, Any] = self.ask(f"/api/jobs/{name}")
            if job["state"] in states:
                return job
            time.sleep(0.1)
        raise AssertionError(f"the job is still {job}")


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(30) is not None
        assert server.process.stderr is not None
        server.process.stderr.close()


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.is_file() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rsplit(")", 1)[1].split()[1]
        except OSError:
            continue
        if int(parent) == pid:
            found.append(int(stat.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")
def test_a_job_goes_on_after_the_server_was_killed(tmp_path: Path) -> None:
    arguments = {"name": "impower150", "patients": 12, "replicates": 8, "seed": 3}
    with serving(tmp_path) as server:
        name = server.ask("/api/jobs", {"verb": "run", "arguments": arguments})["id"]
        server.job(name, "running")
        below = children(server.process.pid)
        assert len(below) >= 2
        server.process.kill()
        server.process.wait()
        end = time.monotonic() + 20
        while any(map(is_alive, below)) and time.monotonic() < end:
            time.sleep(0.1)
        assert not any(map(is_alive, below)), "processes outlive their server"
    with serving(tmp_path) as server:
        assert server.job(name, "interrupted")["can_resume"]
        server.ask(f"/api/jobs/{name}/resume", {})
        assert server.job(name, "done")["attempts"] == 2
        run = server.ask(f"/api/jobs/{name}/result")["run"]
        shown = server.ask(f"/api/runs/{run}?lang=zh")
        assert (shown["trial"]["id"], shown["run"]["seed"]) == ("impower150", 3)
        drawn = server.ask(f"/api/runs/{run}/figures/0?theme=dark")
        assert drawn["svg"].startswith("<svg")
        assert run in [one["id"] for one in server.ask("/api/runs")["runs"]]
        text = json.dumps([shown, server.ask("/api/runs"), server.ask("/api/jobs")])
        assert str(tmp_path) not in text
        copied = server.ask(f"/api/runs/{run}/copy")
        assert "--seed 3" in copied["command"]


def test_slow_and_vanished_clients_harm_nobody(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        place = ("127.0.0.1", server.port)
        slow = [socket.create_connection(place) for _ in range(20)]
        for one in slow:
            one.sendall(b"POST /api/check HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Len")
        for _ in range(20):  # ask for something large and leave at once
            with socket.create_connection(place) as gone:
                gone.sendall(b"GET /api/first HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        began = time.monotonic()
        for _ in range(5):
            assert server.ask("/api/health")["status"] == "well"
        assert time.monotonic() - began < 5
        for one in slow:
            one.close()


def test_a_port_that_is_taken_is_said_in_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = subprocess.run(
            [sys.executable, "-m", "normoxia", "serve", "--port", str(port), "--no-browser"],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "NORMOXIA_DATA": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert answer.returncode == 2
    assert f"port {port}" in answer.stderr
