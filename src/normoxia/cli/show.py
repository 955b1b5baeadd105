"""What the command line prints: results on standard output, progress and notes on standard error."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from normoxia.api.plain import plain
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


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a command's work.

    Attributes
    ----------
    label
        Of the steps that it reports; "" for any.
    weight
        Time that it takes, relative to the other stages.
    """

    label: str
    weight: float


#: of `validate` and `credibility`: shares of a run on two cores (2026-11-30), by the labels of its steps
VALIDATION = (
    Stage("sampling", 50),
    Stage("leaving out", 11),
    Stage("leaving out", 21),
    Stage("predicting", 18),
)


@contextmanager
def progress_bar(*, quiet: bool, stages: Sequence[Stage] = ()) -> Iterator[Progress]:
    """A progress callback drawn on standard error: one bar with rate and time left, or plain lines when piped.

    stages  of the whole work, in order; the bar and the time left are then those of the whole, else of the present piece
    """
    if quiet:
        yield silent
        return
    if not sys.stderr.isatty():
        yield _plain_progress(_Pace(stages))
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        console=Console(stderr=True),
        transient=True,
    )
    pace = _Pace(stages)
    task = bars.add_task("", total=1.0, count="", rate="", left="")

    def draw(step: Step, /) -> None:
        pace.take(step)
        bars.update(
            task,
            description=step.label,
            completed=pace.share(),
            count=f"{step.done}/{step.total} {step.unit}",
            rate=pace.rate(),
            left=_duration(pace.left()),
        )

    with bars:
        yield draw


def _plain_progress(pace: _Pace) -> Progress:
    last = [time.monotonic()]

    def write(step: Step, /) -> None:
        pace.take(step)
        now = time.monotonic()
        if step.done < step.total and now - last[0] < 5.0:
            return
        last[0] = now
        count = f"{step.label}: {step.done}/{step.total} {step.unit}"
        left = _duration(pace.left()) if pace.share() < 1.0 else ""
        say(", ".join(part for part in (count, pace.rate(), left) if part))

    return write


def _duration(seconds: float) -> str:
    """A time left in the unit that one would say it in; "" when it is not known."""
    if not math.isfinite(seconds):
        return ""
    if seconds < 100.0:
        return f"{seconds:.0f} s left"
    return (
        f"{seconds / 60.0:.0f} min left" if seconds < 6000.0 else f"{seconds / 3600.0:.1f} h left"
    )


class _Pace:
    """How far the work is and how fast it goes.

    A new piece of work begins where less is done than before, or of something else. Its rate is its own. The time left is that
    of the whole where the stages of the whole are known.
    """

    def __init__(self, stages: Sequence[Stage] = ()) -> None:
        self._first = self._latest = Step("", 0, 0)
        self._began = self._now = 0.0
        total = sum(stage.weight for stage in stages)
        self._stages = [Stage(stage.label, stage.weight / total) for stage in stages]
        self._stage, self._before = -1, 0.0
        self._whole_began, self._whole_first = math.nan, 0.0

    def take(self, step: Step) -> bool:
        """Count a step; return whether it is the first of its piece."""
        self._now = time.monotonic()
        latest = self._latest
        begins = step.done < latest.done or (step.total, step.unit) != (latest.total, latest.unit)
        if begins:
            # what was done before is no work of this run
            self._first, self._began = step, self._now
            self._advance(step.label)
        self._latest = step
        if math.isnan(self._whole_began):
            self._whole_began, self._whole_first = self._now, self.share()
        return begins

    def _advance(self, label: str) -> None:
        """Go on to the next stage of a label; a piece that no stage is left for counts as part of the present one."""
        for position in range(self._stage + 1, len(self._stages)):
            if self._stages[position].label in ("", label):
                self._stage = position
                self._before = sum(stage.weight for stage in self._stages[:position])
                return

    def share(self) -> float:
        """How much is done, from 0 to 1, of the whole or else of the present piece."""
        done = self._latest.done / self._latest.total if self._latest.total else 0.0
        if self._stage < 0:
            return done
        return min(1.0, self._before + self._stages[self._stage].weight * done)

    def left(self) -> float:
        """Seconds left at the pace so far; not a number before there is one."""
        if self._stage < 0:
            done, took = self._latest.done - self._first.done, self._now - self._began
            return (self._latest.total - self._latest.done) * took / done if done > 0 else math.nan
        gained, took = self.share() - self._whole_first, self._now - self._whole_began
        return (1.0 - self.share()) * took / gained if gained > 0.0 else math.nan

    def rate(self) -> str:
        """Units a second, or a minute where they are few; "" before there is a pace."""
        done, took = self._latest.done - self._first.done, self._now - self._began
        if done <= 0 or took < 0.2:
            return ""
        return f"{done / took:.0f}/s" if done > 2.0 * took else f"{60.0 * done / took:.0f}/min"
