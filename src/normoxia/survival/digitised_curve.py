"""A Kaplan-Meier curve as read off a figure, with the table of numbers at risk below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia.errors import InvalidArgument
from normoxia.survival.data import DAYS_PER_MONTH

Floats = NDArray[np.float64]

#: a curve that rises by more than this between two readings was misread, not jittered
_RISE = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class DigitisedCurve:
    """A curve as read off a figure, for one arm.

    Parameters
    ----------
    time, survival
        Readings, in days and as fractions; (0, 1) is added if missing; shape (n_readings,).
    risk_time, at_risk
        The table below the figure; starts with (0, number randomised).
    events
        Events reported for the whole arm, if any.
    censored
        Times of censor marks, if they were read.

    Raises
    ------
    InvalidArgument
        For shapes, percentages left as such, a risk table that rises, or a curve that
        rises.
    """

    time: Floats
    survival: Floats
    risk_time: Floats
    at_risk: NDArray[np.int64]
    events: int | None = None
    censored: Floats | None = None

    def __post_init__(self) -> None:
        time, survival = _floats("time", self.time), _floats("survival", self.survival)
        risk_time, at_risk = _floats("risk_time", self.risk_time), _floats("at_risk", self.at_risk)
        if len(time) != len(survival) or len(time) == 0:
            raise InvalidArgument(
                f"{len(time)} times and {len(survival)} survival readings; expected one each, at least one"
            )
        if survival.min() < 0 or survival.max() > 1.005:
            raise InvalidArgument(
                f"survival up to {survival.max():g}; expected fractions from 0 to 1 (divide percentages by 100)"
            )
        order = np.argsort(time, kind="stable")
        time, survival = time[order], survival[order]
        rises = np.flatnonzero(np.diff(survival) > _RISE)
        if len(rises):
            at = int(rises[0])
            raise InvalidArgument(
                f"survival rises from {survival[at]:.3f} at {time[at]:g} to {survival[at + 1]:.3f} at {time[at + 1]:g} days; "
                "a Kaplan-Meier curve never rises: read these points again"
            )
        survival = np.minimum.accumulate(np.minimum(survival, 1.0))
        if time[0] < 0:
            raise InvalidArgument(f"a reading at {time[0]:g} days; expected 0 or later")
        if time[0] > 0 or survival[0] < 1:
            time, survival = np.concatenate([[0.0], time]), np.concatenate([[1.0], survival])
        _check_risk_table(risk_time, at_risk)
        object.__setattr__(self, "time", time)
        object.__setattr__(self, "survival", survival)
        object.__setattr__(self, "risk_time", risk_time)
        object.__setattr__(self, "at_risk", at_risk.astype(np.int64))
        if self.events is not None and not 0 <= self.events <= at_risk[0]:
            raise InvalidArgument(
                f"{self.events} events among {int(at_risk[0])} patients; expected 0 to that number"
            )
        if self.censored is not None:
            object.__setattr__(self, "censored", np.sort(_floats("censored", self.censored)))

    @classmethod
    def from_months(
        cls,
        time: ArrayLike,
        survival: ArrayLike,
        risk_time: ArrayLike,
        at_risk: ArrayLike,
        events: int | None = None,
        censored: ArrayLike | None = None,
    ) -> DigitisedCurve:
        """A curve whose axis is in months of 30.4375 days."""
        marks = None if censored is None else np.asarray(censored, dtype=float) * DAYS_PER_MONTH
        return cls(
            np.asarray(time, dtype=float) * DAYS_PER_MONTH,
            np.asarray(survival, dtype=float),
            np.asarray(risk_time, dtype=float) * DAYS_PER_MONTH,
            np.asarray(at_risk, dtype=np.int64),
            events,
            marks,
        )


def _check_risk_table(risk_time: Floats, at_risk: Floats) -> None:
    if len(risk_time) != len(at_risk) or len(risk_time) == 0 or risk_time[0] != 0:
        raise InvalidArgument(
            "the risk table needs one number a time and must start at 0 with the patients randomised"
        )
    if (
        np.any(np.diff(risk_time) <= 0)
        or np.any(np.diff(at_risk) > 0)
        or np.any(at_risk < 0)
        or at_risk[0] < 1
    ):
        raise InvalidArgument(
            f"risk table {at_risk.astype(int).tolist()}; expected rising times and numbers that never rise"
        )


def _floats(name: str, values: ArrayLike | Sequence[float]) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or not np.all(np.isfinite(found)):
        raise InvalidArgument(f"{name}: expected a list of finite numbers")
    return found
