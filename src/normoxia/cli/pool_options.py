"""What may be asked of `normoxia pool`, checked once and passed on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

METHODS = ("inverse-variance", "mantel-haenszel", "penalised-logistic", "binomial-normal")


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked, checked."""

    effect: str | None
    model: Literal["common", "random"]
    method: str
    tau: str
    reference: str | None
    small_values: Literal["good", "bad"] | None
    endpoint: tuple[str, ...]
    columns: dict[str, str]
    decimal: str | None
    equivalence: float | None
    leave_out_faulty: bool
    studies: tuple[Path, ...]
    seed: int
    lang: str
