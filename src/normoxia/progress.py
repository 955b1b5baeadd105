"""One callback that feeds terminals, notebooks and pages, and through which a caller cancels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Step:
    """How far a piece of work is: a label, units done, units in all, and the name of the unit."""

    label: str
    done: int
    total: int
    unit: str = "patients"


class Progress(Protocol):
    """Called after each finished piece of work; raises Interrupted to cancel."""

    def __call__(self, step: Step, /) -> None:
        """Report one step."""
        ...


def silent(step: Step, /) -> None:
    """The default: shows nothing, never cancels."""
