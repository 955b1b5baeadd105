"""Times to an event with right censoring, and optionally late entry and weights: what every method here takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia.errors import InvalidArgument
from normoxia.survival import ties
from normoxia.survival.ties import TIE_TOLERANCE

#: Days in a month: the Julian year of 365.25 days over twelve. The one conversion between days and published
#: months.
DAYS_PER_MONTH = 30.4375

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class TimeToEvent:
    """Follow-up of patients, one entry of every array per patient.

    The arrays are copied, times that are one made equal, and then read-only. Assumes that censoring and entry tell nothing about the coming
    event.

    Parameters
    ----------
    time
        Days from the origin to the event or to censoring, >= 0; shape (n_patients,).
    observed
        True where the event was seen at `time`, False where the patient was censored then.
    entry
        Days from the origin at which the patient came under observation (left truncation);
        a patient counts as at risk in (entry, time]. None: everybody from 0.
    weight
        Case weights > 0, e.g. from matching; None: everybody 1.
    tie_tolerance
        Times closer than this are one, by R's rule (`ties`); 0: only times that are equal.
    slack
        Days by which times may differ and still be one: the tolerance, or that share of the
        mean of the distinct times.

    Raises
    ------
    InvalidArgument
        Naming the first patient whose numbers cannot be meant.
    """

    time: Floats
    observed: Booleans
    entry: Floats | None = None
    weight: Floats | None = None
    tie_tolerance: float = TIE_TOLERANCE
    slack: float = field(init=False, repr=False, default=0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tie_tolerance", ties.checked(self.tie_tolerance))
        time = _column("time", self.time)
        _refuse(time < 0, "time", time, "expected days since the origin, 0 or more")
        object.__setattr__(self, "observed", _flags(self.observed, len(time)))
        entry = None
        if self.entry is not None:
            entry = _column("entry", self.entry, len(time))
            _refuse(entry < 0, "entry", entry, "expected days since the origin, 0 or more")
            _refuse(
                entry >= time,
                "entry",
                entry,
                "expected entry before time: nobody is observed after the end",
            )
        self._join(time, entry)
        if self.weight is not None:
            weight = _column("weight", self.weight, len(time))
            _refuse(
                weight <= 0,
                "weight",
                weight,
                "expected weights above 0; leave patients of weight 0 out",
            )
            object.__setattr__(self, "weight", weight)

    def _join(self, time: Floats, entry: Floats | None) -> None:
        moments = time if entry is None else np.concatenate([time, entry])
        kept, slack = ties.representatives(moments, self.tie_tolerance)
        if kept is not None:
            time = _frozen(ties.joined(time, kept))
            if entry is not None:
                given, entry = entry, _frozen(ties.joined(entry, kept))
                _refuse(
                    entry >= time,
                    "entry",
                    given,
                    "expected entry before time by more than rounding: nobody is observed after the end",
                )
        object.__setattr__(self, "slack", slack)
        object.__setattr__(self, "time", time)
        object.__setattr__(self, "entry", entry)

    @classmethod
    def from_months(
        cls,
        time: ArrayLike,
        observed: ArrayLike,
        entry: ArrayLike | None = None,
        weight: ArrayLike | None = None,
        tie_tolerance: float = TIE_TOLERANCE,
    ) -> TimeToEvent:
        """Follow-up given in months of 30.4375 days."""
        with np.errstate(over="ignore"):  # what overflows is refused below, with the patient named
            days = _numbers("time", time) * DAYS_PER_MONTH
            entry_days = None if entry is None else _numbers("entry", entry) * DAYS_PER_MONTH
        weights = None if weight is None else np.asarray(weight)
        return cls(days, np.asarray(observed), entry_days, weights, tie_tolerance)

    def __len__(self) -> int:
        return len(self.time)

    @property
    def n_patients(self) -> int:
        """Number of patients."""
        return len(self.time)

    @property
    def n_events(self) -> int:
        """Number of observed events."""
        return int(self.observed.sum())

    @property
    def weights(self) -> Floats:
        """The weights, ones where none were given; shape (n_patients,)."""
        return np.ones(len(self.time)) if self.weight is None else self.weight

    def subset(self, chosen: ArrayLike) -> TimeToEvent:
        """The chosen patients, by a mask or by positions, in that order; which times are one stays as it was."""
        rows = np.asarray(chosen)
        try:
            parts = [
                None if a is None else a[rows]
                for a in (self.time, self.observed, self.entry, self.weight)
            ]
        except IndexError:
            raise InvalidArgument(
                f"the chosen rows do not fit {len(self)} patients; expected a mask of that length, or positions "
                f"from 0 to {len(self) - 1}"
            ) from None
        return self._like(*parts)

    def reversed(self) -> TimeToEvent:
        """Censoring as the event and the event as censoring, which turns Kaplan-Meier into follow-up time."""
        return self._like(self.time, ~self.observed, self.entry, self.weight)

    def between(self, start: float, stop: float) -> TimeToEvent | None:
        """Those still followed after `start`, entering then and followed to `stop`; days. None when there is nobody."""
        if not 0 <= start < stop:
            raise InvalidArgument(
                f"follow-up from {start:g} to {stop:g} days; expected 0 <= start < stop"
            )
        inside = self.time > start + self.slack
        if not inside.any():
            return None
        time, entry = self.time[inside], np.full(int(inside.sum()), float(start))
        if self.entry is not None:
            entry = np.maximum(entry, self.entry[inside])
        there = entry < stop - self.slack
        observed = self.observed[inside] & (time <= stop + self.slack)
        if not there.any():
            return None
        weight = None if self.weight is None else self.weight[inside][there]
        return self._like(np.minimum(time, stop)[there], observed[there], entry[there], weight)

    def _like(self, time: Any, observed: Any, entry: Any, weight: Any) -> TimeToEvent:
        """Other patients with times that were joined already."""
        made = TimeToEvent(
            time=time, observed=observed, entry=entry, weight=weight, tie_tolerance=0.0
        )
        object.__setattr__(made, "tie_tolerance", self.tie_tolerance)
        object.__setattr__(made, "slack", self.slack)
        return made


def pooled(parts: Iterable[TimeToEvent]) -> tuple[TimeToEvent, NDArray[np.intp]]:
    """Several groups as one, with each patient's group counted from 0; times are joined anew, over all of them.

    Raises
    ------
    InvalidArgument
        When there are none, or when their `tie_tolerance` differs.
    """
    groups = tuple(parts)
    if not groups:
        raise InvalidArgument("no group of patients was given; expected at least one")
    entry = weight = None
    if any(group.entry is not None for group in groups):
        entry = np.concatenate([np.zeros(len(g)) if g.entry is None else g.entry for g in groups])
    if any(group.weight is not None for group in groups):
        weight = np.concatenate([group.weights for group in groups])
    tolerances = {group.tie_tolerance for group in groups}
    if len(tolerances) > 1:
        raise InvalidArgument(
            f"the groups have tie_tolerance {', '.join(f'{t:g}' for t in sorted(tolerances))}; expected one for all"
        )
    time, observed = (
        np.concatenate([getattr(g, name) for g in groups]) for name in ("time", "observed")
    )
    together = TimeToEvent(
        time=time, observed=observed, entry=entry, weight=weight, tie_tolerance=tolerances.pop()
    )
    return together, np.repeat(np.arange(len(groups)), [len(g) for g in groups])


def joined_labels(parts: Iterable[ArrayLike]) -> NDArray[np.generic]:
    """Labels given group by group, such as strata, as one row."""
    try:
        return np.concatenate([np.atleast_1d(np.asarray(part)) for part in parts])
    except (TypeError, ValueError):
        raise InvalidArgument(
            "strata do not fit the groups; expected one row of labels a group"
        ) from None


def _column(name: str, values: Any, length: int | None = None) -> Floats:
    column = _numbers(name, values)
    if column.ndim != 1 or column.size == 0:
        raise InvalidArgument(
            f"{name} has shape {column.shape}; expected one number per patient, at least one patient"
        )
    if length is not None and len(column) != length:
        raise InvalidArgument(
            f"{name} has {len(column)} entries and time has {length}; expected one per patient"
        )
    _refuse(
        ~np.isfinite(column),
        name,
        column,
        "expected finite numbers; leave the patient out or censor",
    )
    return _frozen(column)


def _numbers(name: str, values: Any) -> Floats:
    """A copy as floats."""
    try:
        return np.array(values, dtype=np.float64, copy=True)
    except (TypeError, ValueError):
        raise InvalidArgument(
            f"{name} holds something that is not a number; expected one number per patient"
        ) from None


def _frozen(column: Floats) -> Floats:
    column.flags.writeable = False
    return column


def _flags(values: Any, length: int) -> Booleans:
    try:
        flags = np.array(values, copy=True)
    except ValueError:
        flags = np.empty(0)
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
        raise InvalidArgument(
            f"{name}[{first}] is {values[first]:g} ({int(wrong.sum())} such); {expected}"
        )
