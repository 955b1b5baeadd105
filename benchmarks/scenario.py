"""The engine benchmark's model, patients, doses and reference solution, and how errors are measured."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from normoxia import mechanism
from normoxia.mechanism.inputs import Inputs
from normoxia.mechanism.model import Model

Array = NDArray[np.float64]

HERE = Path(__file__).parent
DRUG_AMOUNTS = ("A1", "A2", "B1", "B2", "TD", "TR1", "TR2", "T1", "T2", "TM", "C1", "C2", "C3")
#: added to the size of the reference before an error is taken relative to it
FLOOR = 1e-3
DAYS, CYCLE, ORAL_DAYS = 728, 21, 14


def model() -> Model:
    """The benchmark model."""
    return mechanism.read(HERE / "engine_model.yaml")


def patients() -> dict[str, Array]:
    """Parameters of 32 patients, each of shape (32,)."""
    with (HERE / "data" / "patients.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        name: np.array([float(row[name]) for row in rows]) for name in rows[0] if name != "patient"
    }


def reference() -> tuple[tuple[str, ...], Array, Array]:
    """Species, output days (n_times,), and the solution (32, n_times, n_species), of the scenario with daily doses."""
    with (HERE / "data" / "reference.csv").open(encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    table = np.array(rows, float)
    n_times = len(np.unique(table[:, 1]))
    return tuple(header[2:]), table[:n_times, 1], table[:, 2:].reshape(-1, n_times, len(header) - 2)


def doses(daily: bool = True) -> Inputs:
    """Infusions and boluses every three weeks; `daily` adds the oral drug on two weeks of three."""
    rows: list[tuple[float, str, float, float]] = []
    for day in range(0, DAYS, CYCLE):
        rows += [(day, "A1", 200.0, 0.5 / 24), (day, "B1", 1000.0, 1 / 24), (day, "C1", 300.0, 0.0)]
        rows += [(day + k, "TD", 50.0, 0.0) for k in range(ORAL_DAYS) if daily and day + k < DAYS]
    rows.sort(key=lambda row: row[0])
    time, target, amount, duration = zip(*rows, strict=True)
    return Inputs(np.array(time, float), tuple(target), np.array(amount), np.array(duration))


def error(values: Array, names: tuple[str, ...]) -> Array:
    """Largest relative error of each patient against the reference, over times and the species that are no drug."""
    known, _, right = reference()
    kept = [name for name in known if name not in DRUG_AMOUNTS]
    mine = values[:, :, [names.index(name) for name in kept]]
    theirs = right[: len(values), :, [known.index(name) for name in kept]]
    found: Array = (np.abs(mine - theirs) / (np.abs(theirs) + FLOOR)).max(axis=(1, 2))
    return found
