"""Times to an event with right censoring, and optionally late entry and weights: what every method here takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia.errors import InvalidArgument

#: Days in a month: the Julian year of 365.25 days over twelve. The one conversion between days and published
#: months.
DAYS_PER_MONTH = 30.4375

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class TimeToEvent:
    """Follow-up of patients, one entry of every array per patient.

    time       days from the origin to the event or to censoring, >= 0; shape (n_patients,)
    observed   True where the event was seen at `time`, False where the patient was censored then
    entry      days from the origin at which the patient came under observation (left truncation); a patient
               counts as at risk in (entry, time]. None: everybody from 0
    weight     case weights > 0, e.g. from matching; None: everybody 1
    raises     InvalidArgument, naming the first patient whose numbers cannot be meant

    The arrays are copied and made read-only. Assumes that censoring and entry tell nothing about the coming
    event.
    """

    time: Floats
    observed: Booleans
    entry: Floats | None = None
    weight: Floats | None = None

    def __post_init__(self) -> None:
        time = _column("time", self.time)
        _refuse(time < 0, "time", time, "expected days since the origin, 0 or more")
        object.__setattr__(self, "time", time)
        object.__setattr__(self, "observed", _flags(self.observed, len(time)))
        if self.entry is not None:
            entry = _column("entry", self.entry, len(time))
            _refuse(entry < 0, "entry", entry, "expected days since the origin, 0 or more")
            _refuse(
                entry >= time, "entry", entry, "expected entry before time: nobody is observed after the end"
            )
            object.__setattr__(self, "entry", entry)
        if self.weight is not None:
            weight = _column("weight", self.weight, len(time))
            _refuse(weight <= 0, "weight", weight, "expected weights above 0; leave patients of weight 0 out")
            object.__setattr__(self, "weight", weight)

    @classmethod
    def from_months(
        cls,
        time: ArrayLike,
        observed: ArrayLike,
        entry: ArrayLike | None = None,
        weight: ArrayLike | None = None,
    ) -> TimeToEvent:
        """Follow-up given in months of 30.4375 days."""
        days = np.asarray(time, dtype=np.float64) * DAYS_PER_MONTH
        entry_days = None if entry is None else np.asarray(entry, dtype=np.float64) * DAYS_PER_MONTH
        return cls(days, np.asarray(observed), entry_days, None if weight is None else np.asarray(weight))

    def __len__(self) -> int:
        return len(self.time)

    @property
    def n_patients(self) -> int:
        return len(self.time)

    @property
    def n_events(self) -> int:
        return int(self.observed.sum())

    @property
    def weights(self) -> Floats:
        """The weights, ones where none were given; shape (n_patients,)."""
        return np.ones(len(self.time)) if self.weight is None else self.weight

    def subset(self, chosen: ArrayLike) -> TimeToEvent:
        """The chosen patients, by a mask or by positions, in that order."""
        rows = np.asarray(chosen)
        return TimeToEvent(
            self.time[rows],
            self.observed[rows],
            None if self.entry is None else self.entry[rows],
            None if self.weight is None else self.weight[rows],
        )

    def reversed(self) -> TimeToEvent:
        """Censoring as the event and the event as censoring, which turns Kaplan-Meier into follow-up time."""
        return TimeToEvent(self.time, ~self.observed, self.entry, self.weight)


def pooled(parts: Iterable[TimeToEvent]) -> tuple[TimeToEvent, NDArray[np.intp]]:
    """Several groups as one, with each patient's group counted from 0; raises InvalidArgument when there are none."""
    groups = tuple(parts)
    if not groups:
        raise InvalidArgument("no group of patients was given; expected at least one")
    entry = weight = None
    if any(group.entry is not None for group in groups):
        entry = np.concatenate([np.zeros(len(g)) if g.entry is None else g.entry for g in groups])
    if any(group.weight is not None for group in groups):
        weight = np.concatenate([group.weights for group in groups])
    together = TimeToEvent(
        np.concatenate([g.time for g in groups]), np.concatenate([g.observed for g in groups]), entry, weight
    )
    return together, np.repeat(np.arange(len(groups)), [len(g) for g in groups])


def _column(name: str, values: Any, length: int | None = None) -> Floats:
    try:
        column = np.array(values, dtype=np.float64, copy=True)
    except (TypeError, ValueError):
        raise InvalidArgument(
            f"{name} holds something that is not a number; expected one number per patient"
        ) from None
    if column.ndim != 1 or column.size == 0:
        raise InvalidArgument(
            f"{name} has shape {column.shape}; expected one number per patient, at least one patient"
        )
    if length is not None and len(column) != length:
        raise InvalidArgument(
            f"{name} has {len(column)} entries and time has {length}; expected one per patient"
        )
    _refuse(~np.isfinite(column), name, column, "expected finite numbers; leave the patient out or censor")
    column.flags.writeable = False
    return column


def _flags(values: Any, length: int) -> Booleans:
    flags = np.array(values, copy=True)
    if flags.shape != (length,):
        raise InvalidArgument(
            f"observed has shape {flags.shape}; expected one entry per patient, ({length},)"
        )
    if flags.dtype != np.bool_:
        if not np.isin(flags, (0, 1)).all():
            raise InvalidArgument(
                "observed holds values other than 0 and 1; expected True for events, False for censored"
            )
        flags = flags.astype(np.bool_)
    flags.flags.writeable = False
    return flags


def _refuse(wrong: Booleans, name: str, values: Floats, expected: str) -> None:
    if wrong.any():
        first = int(np.argmax(wrong))
        raise InvalidArgument(f"{name}[{first}] is {values[first]:g} ({int(wrong.sum())} such); {expected}")
