"""Groups of patients as the kernel reads them: one workspace of lanes a group, filled and read for many groups at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia.simulation.backends import Carried, PatientBlock
from normoxia.simulation.backends.blueprint import Blueprint
from normoxia.simulation.backends.carrying import ENTRY, TABLE
from normoxia.simulation.plan import Interval
from normoxia.simulation.state import Array

#: plans whose arrays are kept
_MOST_PLANS = 256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanArrays:
    """The intervals of a plan, or of several one after the other, as arrays that the kernel reads.

    Attributes
    ----------
    plan
        The intervals themselves, so that their identity can be checked.
    kinds
        Of break, to which the arrays' kinds are indices.
    table
        By column of `carrying.TABLE`, shape (n_intervals,).
    entries
        By column of `carrying.ENTRY`, shape (n_entries,).
    addresses
        Of all these arrays in that order.
    """

    plan: tuple[Interval, ...]
    kinds: tuple[str, ...]
    table: dict[str, Any]
    entries: dict[str, Any]
    addresses: list[int]


class Plans:
    """Makes the arrays of plans, and keeps those asked for lately."""

    def __init__(self, blueprint: Blueprint) -> None:
        self.blueprint = blueprint
        self._known: dict[int, PlanArrays] = {}

    def arrays(self, plan: tuple[Interval, ...], kinds: tuple[str, ...]) -> PlanArrays:
        """The arrays of one plan."""
        known = self._known.get(id(plan))
        if known is None or known.plan is not plan or known.kinds is not kinds:
            known = self._made(plan, kinds)
            if len(self._known) > _MOST_PLANS:
                self._known = {}
            self._known[id(plan)] = known
        return known

    def joined(
        self, block: PatientBlock, patients: Sequence[int]
    ) -> tuple[list[int], list[int], PlanArrays]:
        """First interval and number of intervals of each patient, and the arrays of all their plans."""
        plans = {id(block.plans[i]): block.plans[i] for i in patients}
        known = {key: self.arrays(plan, block.kinds) for key, plan in plans.items()}
        counts = [len(block.plans[i]) for i in patients]
        if len(known) == 1:
            return [0] * len(patients), counts, next(iter(known.values()))
        begin, n_intervals, n_entries = dict[int, int](), 0, 0
        tables: list[dict[str, Any]] = []
        for key, one in known.items():
            begin[key] = n_intervals
            moved = {name: one.table[name] + n_entries for name in ("entries_from", "entries_to")}
            tables.append(one.table | one.entries | moved)
            n_intervals += len(one.plan)
            n_entries += len(one.entries["entry_row"])
        columns = {
            name: np.concatenate([table[name] for table in tables]) for name in (*TABLE, *ENTRY)
        }
        starts = [begin[id(block.plans[i])] for i in patients]
        return starts, counts, _arrays((), block.kinds, columns)

    def _made(self, plan: tuple[Interval, ...], kinds: tuple[str, ...]) -> PlanArrays:
        kind_of = {kind: k for k, kind in enumerate(kinds)}
        layout, place = self.blueprint.layout, self.blueprint.place
        entries = [entry for interval in plan for entry in interval.entries]
        ends = np.cumsum([len(interval.entries) for interval in plan], dtype=np.int64)
        rows = [
            layout["flow" if entry.rate else "state"] + place[entry.species] for entry in entries
        ]
        columns = {
            "length": np.array([interval.length for interval in plan]),
            "start": np.array([interval.start for interval in plan]),
            "kind": np.array([kind_of[interval.kind] for interval in plan], np.int64),
            "save": np.array([interval.save for interval in plan], np.int64),
            "entries_from": np.concatenate([[0], ends[:-1]]).astype(np.int64),
            "entries_to": ends,
            "entry_row": np.array(rows, np.int64),
            "entry_dose": np.array([entry.dose for entry in entries], np.int64),
            "entry_fresh": np.array([entry.fresh for entry in entries], np.int64),
            "entry_scale": np.array([entry.scale for entry in entries], float),
        }
        return _arrays(plan, kinds, columns)


def _arrays(
    plan: tuple[Interval, ...], kinds: tuple[str, ...], columns: dict[str, Any]
) -> PlanArrays:
    return PlanArrays(
        plan=plan,
        kinds=kinds,
        table={name: columns[name] for name in TABLE},
        entries={name: columns[name] for name in ENTRY},
        addresses=[columns[name].ctypes.data for name in (*TABLE, *ENTRY)],
    )


class Groups:
    """Patients in lanes, group by group.

    Attributes
    ----------
    memory
        The workspaces, shape (n_groups, n_rows, width).
    amounts, steps, saved
        What the kernel reads and writes beside them: (n_groups, n_doses, width), (n_groups, n_kinds, width) and
        (n_groups, n_saves, n_species, width).
    lane_from, lane_count
        First interval and number of intervals of each lane, shape (n_groups, width); a lane to spare has none.
    """

    def __init__(
        self, blueprint: Blueprint, block: PatientBlock, patients: Sequence[int], plans: Plans
    ) -> None:
        self.blueprint, self.width = blueprint, blueprint.width
        self.patients = np.array(patients)
        self.n_groups = -(-len(patients) // self.width)
        #: patients by lane; lanes to spare repeat the last one
        self.lanes = self.patients[
            np.minimum(np.arange(self.n_groups * self.width), len(patients) - 1)
        ]
        self.memory = _aligned((self.n_groups, blueprint.layout.rows, self.width))
        n_species = block.values.shape[1]
        self.amounts = self._in_lanes(block.amounts)
        self.steps = self._in_lanes(block.steps)
        self.saved = np.full((self.n_groups, block.n_saves, n_species, self.width), np.nan)
        starts, counts, self.plans = plans.joined(block, patients)
        spare = [0] * (len(self.lanes) - len(patients))
        shape = (self.n_groups, self.width)
        self.lane_from = np.array(starts + spare, np.int64).reshape(shape)
        self.lane_count = np.array(counts + spare, np.int64).reshape(shape)
        # asking an array for its address takes longer than the sum
        self._begins = tuple(
            [(int(array.ctypes.data), array.strides[0]) for array in arrays]
            for arrays in (
                (self.memory, self.lane_from, self.lane_count),
                (self.amounts, self.steps, self.saved),
            )
        )

    def _in_lanes(self, table: Array) -> Array:
        """A table of patients, shape (n, m), as (n_groups, m, width)."""
        lanes = table[self.lanes].reshape(self.n_groups, self.width, table.shape[1])
        return np.ascontiguousarray(lanes.transpose(0, 2, 1))

    def fill(self, name: str, rows: Array) -> None:
        """Write a range of the workspace from rows of shape (n_rows, n_patients of the block)."""
        first = self.blueprint.layout[name]
        lanes = rows[:, self.lanes].reshape(len(rows), self.n_groups, self.width)
        self.memory[:, first : first + len(rows)] = lanes.transpose(1, 0, 2)

    def lanes_of(self, group: int) -> NDArray[np.int64]:
        """The patients in the lanes of a group."""
        return self.lanes[group * self.width : (group + 1) * self.width]

    def addresses(self, group: int) -> list[int]:
        """What the kernel is called with for one group."""
        before, after = self._begins
        return [
            *(begin + group * stride for begin, stride in before),
            *self.plans.addresses,
            *(begin + group * stride for begin, stride in after),
        ]

    def read(self, name: str, n_rows: int = 1) -> Array:
        """A range of the workspace by patient, shape (n_patients, n_rows)."""
        first = self.blueprint.layout[name]
        rows = self.memory[:, first : first + n_rows].transpose(0, 2, 1)
        return rows.reshape(-1, n_rows)[: len(self.patients)]

    def collect(self, placed: NDArray[np.int64], done: Carried) -> None:
        """Write what the kernel left, of all patients; values of those who failed are not numbers."""
        n, n_species = len(self.patients), len(placed)
        status = self.read("status")[:, 0].astype(np.int64)
        values = np.empty((n, n_species))
        values[:, placed] = self.read("state", n_species)
        values[status != 0] = np.nan
        done.values[self.patients] = values
        saved = self.saved.transpose(0, 3, 1, 2).reshape(len(self.lanes), -1, n_species)[:n]
        by_species = np.empty(n_species, np.int64)
        by_species[placed] = np.arange(n_species)
        done.saved[self.patients] = saved[:, :, by_species]
        done.steps[self.patients] = self.steps.transpose(0, 2, 1).reshape(len(self.lanes), -1)[:n]
        done.status[self.patients] = status
        for k, name in enumerate(("accepted", "rejected")):
            done.work[self.patients, k] = self.read(name)[:, 0].astype(np.int64)


def _aligned(shape: tuple[int, ...]) -> Array:
    """Zeros at an address that is a multiple of a vector's size."""
    size = int(np.prod(shape))
    raw = np.zeros(size + 16)
    skip = (-raw.ctypes.data // 8) % 16
    return raw[skip : skip + size].reshape(shape)
