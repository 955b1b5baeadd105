"""The way from a trial to a Kaplan-Meier step is the one that ARCHITECTURE.md describes."""

from __future__ import annotations

import re
import sys
import threading
from pathlib import Path
from types import FrameType

import normoxia as nx

PAGE = Path(__file__).parents[2] / "ARCHITECTURE.md"
#: hand-overs that a reader has to follow at most
MOST = 15


def described() -> list[str]:
    """Functions of the journey, as the page lists them."""
    section = PAGE.read_text(encoding="utf-8").split("## From a trial to a Kaplan-Meier step")[1]
    return re.findall(r"^\d+\. `([\w.]+)`", section.split("\n## ")[0], re.MULTILINE)


def called() -> list[str]:
    """Every call of a function of the package, in order, of a run and its figure."""
    calls: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            module = str(frame.f_globals.get("__name__", ""))
            calls.append(f"{module.removeprefix('normoxia.')}.{frame.f_code.co_qualname}")

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        nx.run("impower150", patients=2, calibrated=False).plot("km", endpoint="OS")
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return calls


def test_a_run_takes_the_steps_of_the_page_in_their_order() -> None:
    steps = described()
    assert 0 < len(steps) <= MOST
    files = [
        step.rsplit(".", 2)[0] if step.split(".")[-2][0].isupper() else step.rsplit(".", 1)[0]
        for step in steps
    ]
    assert len(set(files)) == len(files), "a step back to a file"
    rest = iter(called())
    for step in steps:
        assert any(call == step for call in rest), f"{step} is not called after the step before it"
