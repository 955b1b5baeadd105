"""Progress: the pace of the present piece of work, and the time left of the whole where its stages are known."""

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


def test_the_time_left_is_that_of_the_whole_when_its_stages_are_known(
    clock: list[float], capsys: pytest.CaptureFixture
) -> None:
    """Stages of 20, 60 and 20 s of one another, each at an even pace."""
    stages = [show.Stage("fitting", 2), show.Stage("sampling", 6), show.Stage("predicting", 2)]
    with show.progress_bar(quiet=False, stages=stages) as progress:
        for label, seconds in (("fitting", 10.0), ("sampling", 30.0), ("predicting", 10.0)):
            for done in range(3):
                progress(Step(label, done, 2, "parts"))
                if done < 2:
                    clock.append(clock[-1] + seconds)
    assert capsys.readouterr().err.splitlines() == [
        "fitting: 1/2 parts, 6/min, 90 s left",
        "fitting: 2/2 parts, 6/min, 80 s left",
        "sampling: 1/2 parts, 2/min, 50 s left",
        "sampling: 2/2 parts, 2/min, 20 s left",
        "predicting: 1/2 parts, 6/min, 10 s left",
        "predicting: 2/2 parts, 6/min",
    ]


def test_a_stage_that_does_not_take_place_is_passed_over(
    clock: list[float], capsys: pytest.CaptureFixture
) -> None:
    stages = [show.Stage("fitting", 1), show.Stage("sampling", 8), show.Stage("predicting", 1)]
    with show.progress_bar(quiet=False, stages=stages) as progress:
        for label in ("fitting", "predicting"):
            for done in range(3):
                progress(Step(label, done, 2, label))
                clock.append(clock[-1] + 10.0)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == "predicting: 2/2 predicting, 6/min"
    assert "left" in lines[-2]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (12.4, "12 s left"),
        (180.0, "3 min left"),
        (9000.0, "2.5 h left"),
        (float("nan"), ""),
        (float("inf"), ""),
    ],
)
def test_a_time_left_is_said_in_its_unit(seconds: float, text: str) -> None:
    assert show._duration(seconds) == text
