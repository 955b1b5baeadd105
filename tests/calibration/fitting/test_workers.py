"""Workers end with their parent, however it ends, and leave Ctrl-C to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from normoxia.calibration.fitting.workers import interrupts_blocked, pool
from normoxia.errors import ComputationFailed

SOURCE = Path(__file__).parents[3] / "src"

#: begins two workers, each of which leaves its number and sleeps
PARENT = """
import os, pathlib, sys, time
from normoxia.calibration.fitting.workers import pool

def work(folder):
    (pathlib.Path(folder) / str(os.getpid())).touch()
    time.sleep(300)

def nothing():
    pass

if __name__ == "__main__":
    with pool(2, nothing, ()) as workers:
        for future in [workers.submit(work, sys.argv[1]) for _ in range(4)]:
            future.result()
"""


def is_alive(number: int) -> bool:
    """Whether a process is there and not merely waiting to be buried."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def begun(folder: Path, n: int, parent: subprocess.Popen[str]) -> list[int]:
    deadline = time.monotonic() + 60
    while len(found := [*folder.iterdir()]) < n:
        assert time.monotonic() < deadline
        assert parent.poll() is None, parent.communicate()[1]
        time.sleep(0.05)
    return [int(path.name) for path in found]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_their_parent(tmp_path: Path, end: signal.Signals) -> None:
    (tmp_path / "parent.py").write_text(PARENT)
    (tmp_path / "numbers").mkdir()
    parent = subprocess.Popen(
        [sys.executable, "parent.py", "numbers"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    workers = begun(tmp_path / "numbers", 2, parent)
    assert all(is_alive(worker) for worker in workers)
    parent.send_signal(end)
    parent.wait(30)
    parent.communicate()
    deadline = time.monotonic() + 20
    while any(is_alive(worker) for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no process groups on this platform")
def test_ctrl_c_in_a_terminal_stops_parent_and_workers_with_one_message(tmp_path: Path) -> None:
    """A terminal sends it to all processes; the workers say nothing of their own."""
    (tmp_path / "parent.py").write_text(PARENT.replace("future.result()", "future.result()\n"))
    (tmp_path / "numbers").mkdir()
    parent = subprocess.Popen(
        [sys.executable, "parent.py", "numbers"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    begun(tmp_path / "numbers", 2, parent)
    os.killpg(parent.pid, signal.SIGINT)
    _, err = parent.communicate(timeout=30)
    assert err.count("Traceback") == 1
    assert "KeyboardInterrupt" in err
    assert "Process Spawn" not in err


def _nothing() -> None:
    pass


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_is_killed_is_an_error_with_what_to_do() -> None:
    with (
        pytest.raises(
            ComputationFailed,
            match=r"a worker process ended before its work was done .* fewer --workers",
        ),
        pool(1, _nothing, ()) as workers,
    ):
        workers.submit(_die).result()


def test_work_is_done_and_errors_come_through() -> None:
    with pool(2, _nothing, ()) as workers:
        assert list(workers.map(abs, [-1, -2])) == [1, 2]
    with pytest.raises(ZeroDivisionError), pool(1, _nothing, ()) as workers:
        workers.submit(divmod, 1, 0).result()


@pytest.mark.skipif(
    not hasattr(signal, "pthread_sigmask"), reason="no signal masks on this platform"
)
def test_a_process_begins_with_ctrl_c_blocked_and_its_parent_is_as_before() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    ask = [
        sys.executable,
        "-c",
        "import signal; print(2 in signal.pthread_sigmask(signal.SIG_BLOCK, ()))",
    ]
    with interrupts_blocked():
        assert subprocess.run(ask, capture_output=True, text=True, check=True).stdout == "True\n"
    assert subprocess.run(ask, capture_output=True, text=True, check=True).stdout == "False\n"
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
