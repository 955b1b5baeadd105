"""Table 1: a drawn population beside a published baseline, with standardised differences."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from normoxia.errors import UnknownName
from normoxia.outcome import Source
from normoxia.population.covariates import Condition
from normoxia.population.population import Population


@dataclass(frozen=True, slots=True)
class TableOne:
    """One published line: the share (percent) that meets a condition, or the median of a covariate.

    arm  the arm it was published for; "" for all patients
    """

    title: str
    published: float
    condition: Condition | None = None
    median_of: str = ""
    arm: str = ""
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class TableOneRow:
    """One line of the table: simulated and published, in percent or the covariate's unit, and their standardised difference.

    For a share the difference is (p - q)/sqrt((p(1-p) + q(1-q))/2) (Austin 2009, Commun Stat Simul Comput 38:1228);
    for a median it is the difference over the simulated standard deviation, an approximation for want of the published one.
    """

    title: str
    simulated: float
    published: float
    difference: float
    source: Source | None = None


def table_one(population: Population, baseline: Iterable[TableOne]) -> tuple[TableOneRow, ...]:
    """The population beside a published baseline, line by line. Raises UnknownName for a covariate it lacks."""
    rows = []
    for line in baseline:
        if line.condition is not None:
            simulated = 100.0 * float(
                np.average(population.where(line.condition), weights=population.weights)
            )
            difference = _share_difference(simulated / 100.0, line.published / 100.0)
        else:
            if line.median_of not in population.covariates:
                raise UnknownName("covariate", line.median_of, population.covariates)
            values = population.covariates[line.median_of].astype(np.float64)
            simulated, spread = float(np.median(values)), float(np.std(values))
            difference = (simulated - line.published) / spread if spread > 0 else math.nan
        rows.append(TableOneRow(line.title, simulated, line.published, difference, line.source))
    return tuple(rows)


def _share_difference(p: float, q: float) -> float:
    variance = (p * (1 - p) + q * (1 - q)) / 2
    if variance > 0:
        return (p - q) / math.sqrt(variance)
    return 0.0 if p == q else math.inf
