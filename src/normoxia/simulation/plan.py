"""The break points of one patient's run: doses, infusion ends and outputs cut time into intervals without surprises.

Within an interval nothing enters from outside but constant infusions, so a solver may treat it as smooth. Patients
who get the same doses share a plan. A dose of amount 0 is no dose and makes no break.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from normoxia.simulation.state import Array

#: kind of a break where nothing but a condition on time switches
SWITCH = "switch"


class StateEntry(NamedTuple):
    """What enters a species at the start of an interval.

    species  index
    dose     index into the doses, or -1 for nothing (an infusion ended)
    scale    amount * scale is added
    rate     True: to the constant infusion rate; False: to the species at once
    fresh    True: the infusion rate is set anew, not added to
    """

    species: int
    dose: int
    scale: float
    rate: bool
    fresh: bool


class Interval(NamedTuple):
    """From `start`, for `length`.

    kind     what happens at the start, as text; equal kinds are likely to need equal first steps; "" when nothing
             happens and the solver just goes on
    entries  what enters at the start
    save     index of the output time at the end, or -1
    """

    start: float
    length: float
    kind: str
    entries: tuple[StateEntry, ...]
    save: int


@dataclass(frozen=True, slots=True)
class Doses:
    """Doses with species as indices. `time`, `duration` (n_doses,), `amount` (n_patients, n_doses)."""

    time: Array
    species: tuple[int, ...]
    amount: Array
    duration: Array


def intervals(
    start: float,
    end: float,
    times: Array,
    doses: Doses,
    given: Sequence[int],
    names: Sequence[str],
    opening: str = "",
    switches: Sequence[float] = (),
) -> tuple[Interval, ...]:
    """One patient's intervals from start to end.

    times    output times in (start, end], ascending
    given    indices of the doses this patient gets (amount not 0)
    names    of the species, for the kinds
    opening  what else happens at the start (an event), as part of the first interval's kind
    switches moments at which conditions on time switch; those at another break but for rounding are at that break

    A dose at `end` belongs to the run that follows. An infusion begun before `start` goes on.
    """
    fixed_breaks = np.unique(np.concatenate([[start, end], times, doses.time[list(given)]]))
    boluses: dict[float, list[int]] = {}
    turns: dict[float, set[int]] = {}  # time -> species whose infusion rate changes
    flows: dict[int, list[tuple[float, float, int]]] = {}  # species -> (from, to, dose)
    for dose in given:
        begin, length, species = (
            float(doses.time[dose]),
            float(doses.duration[dose]),
            doses.species[dose],
        )
        if length <= 0.0:
            if start <= begin < end:
                boluses.setdefault(begin, []).append(dose)
            continue
        stop = _snapped(begin + length, fixed_breaks)
        if begin >= end or stop < start:
            continue
        flows.setdefault(species, []).append((begin, stop, dose))
        for moment in (begin, stop):
            if start <= moment < end:
                turns.setdefault(moment, set()).add(species)
    saves = {float(time): index for index, time in enumerate(times)}
    fixed_breaks = np.array([*fixed_breaks, *turns])
    moments = {_snapped(time, fixed_breaks) for time in switches if start <= time < end}
    breaks = sorted(
        {start, end, *boluses, *turns, *moments, *(time for time in saves if start < time <= end)}
    )

    found: list[Interval] = []
    for here, after in pairwise(breaks):
        entries: list[StateEntry] = []
        kind = [opening] if opening and here == start else []
        changing = set(turns.get(here, ()))
        if here == start:
            changing |= {
                s for s, all_flows in flows.items() if any(a < start < b for a, b, _ in all_flows)
            }
        for species in sorted(changing):
            flowing = [dose for a, b, dose in flows[species] if a <= here < b]
            entries += [
                StateEntry(species, dose, 1.0 / float(doses.duration[dose]), True, k == 0)
                for k, dose in enumerate(flowing)
            ]
            if not flowing:
                entries.append(StateEntry(species, -1, 0.0, True, True))
            if species in turns.get(here, ()):
                kind.append(("flow " if flowing else "stop ") + names[species])
        for dose in boluses.get(here, ()):
            entries.append(StateEntry(doses.species[dose], dose, 1.0, False, False))
        kind += sorted({f"bolus {names[doses.species[dose]]}" for dose in boluses.get(here, ())})
        if here in moments and not kind:
            kind.append(SWITCH)
        found.append(
            Interval(here, after - here, " ".join(kind), tuple(entries), saves.get(after, -1))
        )
    return tuple(found)


def _snapped(time: float, breaks: Array) -> float:
    """A time, or the break point it misses by rounding alone; intervals of the last digit would help nobody."""
    nearest = float(breaks[np.argmin(np.abs(breaks - time))])
    return nearest if abs(nearest - time) <= 1e-12 * max(1.0, abs(time)) else time


def given_doses(amount: Array) -> tuple[int, ...]:
    """Which doses a patient gets, from a row of amounts."""
    return tuple(np.flatnonzero(amount).tolist())


def dose_patterns(amount: Array) -> tuple[tuple[tuple[int, ...], ...], NDArray[np.int64]]:
    """Which doses patients get.

    Parameters
    ----------
    amount
        Shape (n_patients, n_doses); 0 is no dose.

    Returns
    -------
    patterns
        Indices of the doses given, of all patterns that differ.
    pattern_of
        The pattern of each patient, shape (n_patients,).
    """
    if amount.shape[1] == 0:
        return ((),), np.zeros(len(amount), np.int64)
    packed = np.packbits(amount != 0.0, axis=1)
    rows = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, pattern_of = np.unique(rows, return_index=True, return_inverse=True)
    patterns = tuple(given_doses(amount[i]) for i in first.tolist())
    return patterns, pattern_of.reshape(-1).astype(np.int64)
