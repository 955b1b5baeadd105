"""The queue and its processes: small programs stand for jobs, so that every way to end can be seen."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from normoxia.web.jobs import results, store
from normoxia.web.jobs.supervisor import Supervisor
from normoxia.web.replies import Refused

STEP = 'print(\'{"progress": {"label": "l", "done": 1, "total": 4, "unit": "u"}}\', flush=True)'
#: waits until standard input ends, as the server does when it goes, and leaves a mark when it is asked to end
WAITING = (
    f"import sys, pathlib; {STEP}; sys.stdin.read(); pathlib.Path(sys.argv[1], 'left').touch()"
)
STUBBORN = (
    f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); {STEP}; time.sleep(60)"
)
FAILING = 'print(\'{"error": {"kind": "InvalidArgument", "message": "m", "findings": []}}\'); raise SystemExit(1)'
KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


def program(code: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", code)


def with_supervisor(
    folder: Path, code: str, work: Callable[[Supervisor], Awaitable[None]], **bounds: int
) -> None:
    async def whole() -> None:
        supervisor = Supervisor(folder, program=program(code), **bounds)
        await supervisor.start()
        try:
            await work(supervisor)
        finally:
            await supervisor.stop()

    asyncio.run(whole())


async def until(supervisor: Supervisor, name: str, *states: str) -> store.QueuedJob:
    async with asyncio.timeout(20):
        while supervisor.get(name).state not in states:
            await asyncio.sleep(0.01)
    return supervisor.get(name)


async def until_progress(supervisor: Supervisor, name: str) -> None:
    async with asyncio.timeout(20):
        while not supervisor.get(name).progress:
            await asyncio.sleep(0.01)


def test_a_job_runs_to_its_end_in_a_folder_of_its_own(tmp_path: Path) -> None:
    async def work(supervisor: Supervisor) -> None:
        job = supervisor.submit("run", {"name": "x", "text": "trial: é"})
        done = await until(supervisor, job.id, *store.ENDED)
        assert (done.state, done.attempts) == ("done", 1)
        folder = supervisor.folder(job.id)
        assert (folder / "document.yaml").read_text(encoding="utf-8") == "trial: é"
        assert json.loads((folder / "job.json").read_text())["arguments"] == {"name": "x"}

    with_supervisor(tmp_path, "", work)


@pytest.mark.parametrize("code", [WAITING, STUBBORN])
def test_a_job_is_cancelled_within_a_second_and_can_be_resumed(tmp_path: Path, code: str) -> None:
    async def work(supervisor: Supervisor) -> None:
        job = supervisor.submit("run", {})
        await until_progress(supervisor, job.id)
        began = time.monotonic()
        cancelled = await supervisor.cancel(job.id)
        assert time.monotonic() - began < 1.0
        assert cancelled.state == "cancelled"
        assert supervisor.resume(job.id).state == "running"
        await until_progress(supervisor, job.id)
        assert supervisor.get(job.id).attempts == 2

    with_supervisor(tmp_path, code, work)


def test_what_a_process_says_of_its_failure_is_kept(tmp_path: Path) -> None:
    async def work(supervisor: Supervisor) -> None:
        job = supervisor.submit("run", {})
        failed = await until(supervisor, job.id, *store.ENDED)
        assert (failed.state, failed.error and failed.error["kind"]) == (
            "failed",
            "InvalidArgument",
        )

    with_supervisor(tmp_path, FAILING, work)


def test_a_process_that_vanishes_is_a_failed_job_with_words(tmp_path: Path) -> None:
    async def work(supervisor: Supervisor) -> None:
        job = supervisor.submit("run", {})
        failed = await until(supervisor, job.id, *store.ENDED)
        assert failed.state == "failed"
        assert failed.error
        assert "memory" in failed.error["message"]

    with_supervisor(tmp_path, KILLED, work)


def test_a_full_queue_says_so_and_jobs_come_one_after_the_other(tmp_path: Path) -> None:
    async def work(supervisor: Supervisor) -> None:
        jobs = [supervisor.submit("run", {}) for _ in range(3)]
        assert [job.state for job in jobs] == ["running", "queued", "queued"]
        with pytest.raises(Refused) as refused:
            supervisor.submit("run", {})
        assert (refused.value.status, refused.value.kind) == (429, "QueueFull")
        await supervisor.cancel(jobs[1].id)
        assert supervisor.submit("run", {}).state == "queued"
        await supervisor.cancel(jobs[0].id)
        await until(supervisor, jobs[2].id, "running")

    with_supervisor(tmp_path, WAITING, work, most_waiting=2)


def test_jobs_survive_a_restart_and_a_crash_of_the_server(tmp_path: Path) -> None:
    names: list[str] = []

    async def first(supervisor: Supervisor) -> None:
        names.extend(supervisor.submit("run", {}).id for _ in range(2))
        await until_progress(supervisor, names[0])

    async def second(supervisor: Supervisor) -> None:
        # the first was stopped with its server, and the second takes its turn
        assert supervisor.get(names[0]).state == "interrupted"
        assert supervisor.get(names[1]).state == "running"
        supervisor.resume(names[0])

    with_supervisor(tmp_path, WAITING, first)
    with_supervisor(tmp_path, WAITING, second)
    crashed = store.JobStore(tmp_path)
    row = crashed.get(names[1])
    assert row is not None
    row.state = store.RUNNING  # as a server leaves it that was killed
    crashed.save(row)
    crashed.close()

    async def third(supervisor: Supervisor) -> None:
        assert supervisor.get(names[1]).state == "interrupted"

    with_supervisor(tmp_path, WAITING, third)


def test_a_listener_sees_each_state_once_and_the_end(tmp_path: Path) -> None:
    async def work(supervisor: Supervisor) -> None:
        job = supervisor.submit("run", {})
        seen = [one async for one in supervisor.changes(job.id) if one is not None]
        assert seen[-1]["state"] == "done"
        assert [one for one, after in itertools.pairwise(seen) if one == after] == []

    with_supervisor(tmp_path, STEP, work)


def test_a_damaged_queue_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / store.FILE).write_bytes(b"no database" * 100)
    jobs = store.JobStore(tmp_path)
    assert jobs.listed() == []
    assert jobs.add("run", {}).state == "queued"
    jobs.close()


def refusal_of(client: TestClient, verb: str, arguments: dict[str, Any]) -> tuple[int, str]:
    reply = client.post("/api/jobs", json={"verb": verb, "arguments": arguments})
    return reply.status_code, reply.json()["error"]["kind"]


def test_what_cannot_be_run_is_refused_before_it_waits(client: TestClient) -> None:
    assert refusal_of(client, "steal", {"name": "x"}) == (404, "UnknownName")
    assert refusal_of(client, "compare", {"name": "x"}) == (404, "UnknownName")
    assert refusal_of(client, "run", {"name": "no-such-trial"}) == (404, "UnknownName")
    assert refusal_of(client, "run", {"name": "impower150", "patients": 10**6}) == (
        422,
        "InvalidRequest",
    )
    assert refusal_of(client, "run", {"text": "trial: x"}) == (422, "InvalidDocument")
    assert refusal_of(client, "run", {"name": "a", "text": "b"}) == (422, "InvalidRequest")
    assert refusal_of(client, "run", {"name": "../x"}) == (422, "InvalidRequest")
    assert refusal_of(client, "compare", {"name": "chemo-free", "ablate": ["C1"]}) == (
        422,
        "InvalidArgument",
    )
    assert client.get("/api/jobs").json()["jobs"] == []


def test_jobs_that_do_not_exist_are_not_found(client: TestClient) -> None:
    for path in ("", "/result", "/events", "/figures/0", "/report"):
        assert client.get(f"/api/jobs/{'a' * 16}{path}").status_code == 404
    assert client.delete(f"/api/jobs/{'a' * 16}").status_code == 404
    assert client.get("/api/jobs/..%2f..").status_code in (404, 422)


def test_a_result_is_read_back_in_each_language(tmp_path: Path) -> None:
    import normoxia as nx

    text = "study,treat1,treat2,hr,lower,upper\nA,x,y,0.8,0.6,1.1\nB,x,y,0.7,0.5,0.9\n"
    table = tmp_path / "table.csv"
    table.write_text(text)
    pooled = nx.pool(table)
    results.write(tmp_path, "pool", pooled)
    assert str(tmp_path) not in (tmp_path / "result.json").read_text(encoding="utf-8")
    english, chinese = (results.read(tmp_path, lang) for lang in ("en", "zh"))
    assert english["page"]["sections"]
    assert len(english["page"]["sections"]) == len(chinese["page"]["sections"])
    blocks = [b for s in chinese["page"]["sections"] for b in s["blocks"] if b["kind"] == "figure"]
    drawn = results.figure(tmp_path, blocks[0]["number"], "zh", "dark")
    assert drawn is not None
    assert drawn["name"] == blocks[0]["name"]
    assert "<svg" in (tmp_path / results.REPORT).read_text(encoding="utf-8")
    assert results.figure(tmp_path, 999, "zh", "dark") is None
