"""Outcomes: what a trial measured, in one form for published and virtual trials.

`Endpoint` names what is measured, `Estimate` is a value with its interval, `Outcome` says whose and of what.
Times are months, rates percent, contrasts hazard ratios or odds ratios on their natural scale, as published.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from normoxia.values import Value


class Endpoint(StrEnum):
    """What is measured."""

    ORR = "ORR"
    DCR = "DCR"
    DOR = "DoR"
    PFS = "PFS"
    OS = "OS"
    TRAE3 = "G3+ TRAE"
    AE3 = "G3+ AE"
    DISCONTINUATION = "discontinuation"


class Measure(StrEnum):
    """How it is summarised, which fixes the unit."""

    PERCENT = "percent"
    MEDIAN_MONTHS = "median, months"
    LANDMARK_PERCENT = "landmark, percent"
    HAZARD_RATIO = "hazard ratio"
    ODDS_RATIO = "odds ratio"
    RISK_RATIO = "risk ratio"
    RMST_MONTHS = "restricted mean, months"


def exponential(log: float) -> float:
    """The number of a natural logarithm; infinite beyond what floating point holds, nan for nan."""
    try:
        return math.exp(log)
    except OverflowError:
        return math.inf


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number was read: the reference, the place in it, and whether it was read there."""

    reference: str
    place: str = ""
    quote: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Estimate(Value):
    """A value with its interval, on the published scale; an end that was not reached is infinite, not reported is nan."""

    value: float
    low: float = math.nan
    high: float = math.nan
    level: float = 0.95

    @property
    def has_interval(self) -> bool:
        """Whether both limits are known."""
        return not (math.isnan(self.low) or math.isnan(self.high))

    def contains(self, value: float) -> bool:
        """Whether a value lies in the interval, ends included; False without an interval."""
        return self.has_interval and self.low <= value <= self.high


@dataclass(frozen=True, slots=True, eq=False)
class Outcome(Value):
    """One estimate of one endpoint, of an arm or of a contrast of two arms, in one population of one trial.

    arm         the arm, or the experimental arm of a contrast
    comparator  the control arm of a contrast; "" for an arm's own outcome
    months      the landmark's month, or the restricted mean's horizon; nan otherwise
    n           patients behind it; 0 when not reported
    origin      "published", "derived" (computed from published data), "simulated", or "joined" (simulation with a meta-analysis)
    """

    trial: str
    population: str
    endpoint: Endpoint
    measure: Measure
    estimate: Estimate
    arm: str
    comparator: str = ""
    months: float = math.nan
    n: int = 0
    origin: str = "published"
    source: Source | None = None
