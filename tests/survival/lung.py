"""The lung data and the numbers other programs gave for them; see tests/oracles/survival/README.md."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np

from normoxia.survival import TimeToEvent

FOLDER = Path(__file__).parents[1] / "oracles" / "survival"


@cache
def rows() -> list[dict[str, str]]:
    with (FOLDER / "lung.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def column(name: str) -> np.ndarray:
    return np.array([float(row[name]) if row[name] != "NA" else np.nan for row in rows()])


def everybody() -> TimeToEvent:
    return TimeToEvent(time=column("time"), observed=column("status") == 2)


def by_sex() -> tuple[TimeToEvent, TimeToEvent]:
    sex = column("sex")
    return everybody().subset(sex == 1), everybody().subset(sex == 2)


@cache
def oracle(file: str) -> dict[tuple[str, str], float]:
    with (FOLDER / file).open(encoding="utf-8") as stream:
        return {
            (row["dataset"], row["quantity"]): float(row["value"]) for row in csv.DictReader(stream)
        }
