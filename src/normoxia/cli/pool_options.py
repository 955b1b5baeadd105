"""What may be asked of `normoxia pool`, checked once and passed on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

METHODS = ("inverse-variance", "mantel-haenszel", "penalised-logistic", "binomial-normal")
PREDICTIONS = ("confidence", "student")


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
    hartung_knapp: bool
    prediction: Literal["confidence", "student"] | None
    prior: str | None
    level: float
    leave_one_out: bool
    components: bool
    inactive: str | None
    rmtl_ratio: bool
    seed: int
    lang: str
