"""What the command line prints: results on standard output, progress and notes on standard error."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from normoxia.api.plain import plain as plain
from normoxia.cli.streams import is_unicode
from normoxia.progress import Progress, Step, silent


def print_json(value: object) -> None:
    """One JSON object on standard output; nan and infinities become null, since JSON has neither."""
    text = json.dumps(plain(value), ensure_ascii=not is_unicode(), indent=1, allow_nan=False)
    sys.stdout.write(text + "\n")


def say(text: str, *, quiet: bool = False) -> None:
    """Print a note on standard error, unless it is to be quiet."""
    if not quiet:
        sys.stderr.write(text + "\n")


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Progress]:
    """A progress callback drawn on standard error: a bar with rate and time left, or plain lines when piped."""
    if quiet:
        yield silent
        return
    if not sys.stderr.isatty():
        yield _plain_progress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} {task.fields[unit]}"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    pace, tasks = _Pace(), list[Any]()

    def draw(step: Step, /) -> None:
        if pace.take(step):
            tasks.append(bars.add_task(step.label, total=step.total, unit=step.unit, rate=""))
        bars.update(
            tasks[-1],
            description=step.label,
            completed=step.done,
            total=step.total,
            rate=pace.rate(),
        )

    with bars:
        yield draw


def _plain_progress() -> Progress:
    pace, last = _Pace(), [time.monotonic()]

    def write(step: Step, /) -> None:
        pace.take(step)
        now = time.monotonic()
        if step.done < step.total and now - last[0] < 5.0:
            return
        last[0] = now
        left = pace.left()
        told = [f"{step.label}: {step.done}/{step.total} {step.unit}", pace.rate()]
        told.append(f"{left:.0f} s left" if step.done < step.total and math.isfinite(left) else "")
        say(", ".join(part for part in told if part))

    return write


class _Pace:
    """How fast the present piece of work goes; another begins where less is done than before, or of something else."""

    def __init__(self) -> None:
        self._first = self._latest = Step("", 0, 0)
        self._began = self._now = 0.0

    def take(self, step: Step) -> bool:
        """Counts a step; whether it is the first of its piece."""
        self._now = time.monotonic()
        latest = self._latest
        begins = step.done < latest.done or (step.total, step.unit) != (latest.total, latest.unit)
        if begins:
            # what was done before is no work of this run
            self._first, self._began = step, self._now
        self._latest = step
        return begins

    def left(self) -> float:
        """Seconds left at the pace so far; not a number before there is one."""
        done, took = self._latest.done - self._first.done, self._now - self._began
        return (self._latest.total - self._latest.done) * took / done if done > 0 else math.nan

    def rate(self) -> str:
        """Units a second, or a minute where they are few; "" before there is a pace."""
        done, took = self._latest.done - self._first.done, self._now - self._began
        if done <= 0 or took < 0.2:
            return ""
        return f"{done / took:.0f}/s" if done > 2.0 * took else f"{60.0 * done / took:.0f}/min"
