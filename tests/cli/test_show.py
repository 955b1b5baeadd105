"""Progress as it is told: the pace of the present piece of work, not of what went before it."""

from __future__ import annotations

import pytest

from normoxia.cli import show
from normoxia.progress import Step


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds; the last is now."""
    now = [100.0]
    monkeypatch.setattr(show.time, "monotonic", lambda: now[-1])
    return now


def test_each_piece_of_work_has_a_pace_of_its_own(
    clock: list[float], capsys: pytest.CaptureFixture
) -> None:
    """Ten seconds a chunk, then, a thousand seconds later, four rounds a second."""
    with show.progress_bar(quiet=False) as progress:
        for done in range(4):
            progress(Step("simulating", done, 3, "chunks"))
            clock.append(clock[-1] + 10.0)
        clock.append(clock[-1] + 1000.0)
        for done in (0, 40, 80):
            progress(Step("sampling", done, 80, "rounds"))
            clock.append(clock[-1] + 10.0)
    assert capsys.readouterr().err.splitlines() == [
        "simulating: 1/3 chunks, 6/min, 20 s left",
        "simulating: 2/3 chunks, 6/min, 10 s left",
        "simulating: 3/3 chunks, 6/min",
        "sampling: 0/80 rounds",
        "sampling: 40/80 rounds, 4/s, 10 s left",
        "sampling: 80/80 rounds, 4/s",
    ]


def test_what_was_done_before_a_resumption_counts_as_no_work_of_it(
    clock: list[float], capsys: pytest.CaptureFixture
) -> None:
    with show.progress_bar(quiet=False) as progress:
        for done in (90, 91):
            progress(Step("simulating", done, 100, "chunks"))
            clock.append(clock[-1] + 10.0)
    assert capsys.readouterr().err.splitlines() == ["simulating: 91/100 chunks, 6/min, 90 s left"]


def test_a_changing_label_is_one_piece_of_work(
    clock: list[float], capsys: pytest.CaptureFixture
) -> None:
    with show.progress_bar(quiet=False) as progress:
        for i, label in enumerate(("arm A, month 2", "arm A, month 4", "arm B, month 2")):
            progress(Step(label, 100 * i, 200))
            clock.append(clock[-1] + 10.0)
    assert capsys.readouterr().err.splitlines() == [
        "arm A, month 4: 100/200 patients, 10/s, 10 s left",
        "arm B, month 2: 200/200 patients, 10/s",
    ]
