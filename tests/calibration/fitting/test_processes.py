"""Pieces of work in processes of their own: the same answers, progress as one, and an end for all when one ends."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

import pytest

from normoxia.calibration.fitting.processes import run_in_processes
from normoxia.errors import InvalidArgument
from normoxia.progress import Progress, Step


def squared(x: int, *, progress: Progress) -> int:
    for i in range(3):
        progress(Step("squaring", i + 1, 3, "rounds"))
    return x * x


def process(*, progress: Progress) -> int:
    time.sleep(1.0)  # so that no process has done before another is there
    return os.getpid()


def failing(*, progress: Progress) -> int:
    raise InvalidArgument("no such piece")


def endless(folder: Path, *, progress: Progress) -> int:
    for i in range(10_000):
        (folder / "rounds").write_text(str(i))
        progress(Step("turning", i, 10_000, "rounds"))
        time.sleep(0.01)
    return 0


@pytest.mark.parametrize("workers", [1, 2])
def test_answers_come_in_order_and_steps_add_up(workers: int) -> None:
    told: list[Step] = []
    found = run_in_processes(
        [partial(squared, x) for x in (3, 1, 2)], workers=workers, progress=told.append
    )
    assert found == [9, 1, 4]
    assert [step.done for step in told] == list(range(1, 10))
    assert {(step.label, step.total, step.unit) for step in told} == {("squaring", 9, "rounds")}


def test_a_label_replaces_those_of_the_pieces() -> None:
    told: list[Step] = []
    run_in_processes([partial(squared, 3)], label="working", progress=told.append)
    assert {step.label for step in told} == {"working"}


def test_one_worker_works_here_and_two_elsewhere_each_for_itself() -> None:
    assert run_in_processes([process, process]) == [os.getpid()] * 2
    elsewhere = set(run_in_processes([process, process], workers=2))
    assert len(elsewhere) == 2
    assert os.getpid() not in elsewhere


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_piece_is_the_callers_and_ends_the_others(
    workers: int, tmp_path: Path
) -> None:
    began = time.monotonic()
    with pytest.raises(InvalidArgument, match="no such piece"):
        run_in_processes([failing, partial(endless, tmp_path)], workers=workers)
    # all rounds would take 100 s
    assert time.monotonic() - began < 60


def test_progress_that_raises_ends_all_processes(tmp_path: Path) -> None:
    def told(step: Step, /) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_in_processes(
            [partial(endless, tmp_path), partial(squared, 2)], workers=2, progress=told
        )
    rounds = (tmp_path / "rounds").read_text() if (tmp_path / "rounds").exists() else ""
    time.sleep(0.5)
    again = (tmp_path / "rounds").read_text() if (tmp_path / "rounds").exists() else ""
    assert again == rounds


def test_nothing_to_do_is_done() -> None:
    assert run_in_processes([], workers=2) == []
