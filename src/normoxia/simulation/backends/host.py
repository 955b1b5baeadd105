"""The host's side of a kernel: what is computed once per patient, plans as tables, groups of patients into lanes."""

from __future__ import annotations

import ctypes
import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from normoxia.simulation.backends import (
    NO_VALUE,
    NOT_FINITE,
    REASONS,
    STEP_TOO_SMALL,
    TOO_MANY_SWITCHES,
    UNKNOWN_SIGN,
    WELL,
    Carried,
    PatientBlock,
)
from normoxia.simulation.backends.blueprint import Blueprint
from normoxia.simulation.backends.carrying import ENTRY, TABLE
from normoxia.simulation.backends.emit import kernel
from normoxia.simulation.backends.machine import Machine
from normoxia.simulation.graph import fixed_function
from normoxia.simulation.judged import Judged
from normoxia.simulation.plan import Interval
from normoxia.simulation.state import Array

T = TypeVar("T")

#: steps a patient may take within one interval
MOST_STEPS = 100_000
#: The error of a step is held this much below the error aimed at, since errors of steps add up. Measured on the whole
#: mechanism over two years: held at 1e-4, the worst of 256 patients came to 5e-4 (benchmarks/mechanism.py).
STRICTNESS = 0.2
#: blocks of patients whose tables are remembered between runs
MOST_TABLES = 512


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """What is computed once per patient: rows of the workspace, shape (n_rows, n)."""

    fixed: Array
    source: Array
    eigenvalue: Array
    entry: Array
    well: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The intervals of a plan as arrays, as the kernel reads them."""

    plan: tuple[Interval, ...]
    kinds: tuple[str, ...]
    table: dict[str, Any]
    entries: dict[str, Any]
    addresses: list[int]


class Host:
    """A kernel in memory and what surrounds it. Safe to use from several threads."""

    def __init__(
        self, blueprint: Blueprint, judged: Judged, conditions: tuple[str, ...] = ()
    ) -> None:
        graph = blueprint.graph
        self.judged, self.conditions = judged, conditions
        self._group_here = threading.local()
        self._judge = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self._answer)
        self.graph, self.blueprint, self.lanes = graph, blueprint, blueprint.width
        self.machine = Machine(kernel(blueprint))
        self.function = self.machine.function("carry", 3 + len(TABLE) + len(ENTRY) + 3, 2)
        self.fixed = fixed_function(graph, blueprint.fixed)
        doubts = blueprint.doubts
        #: whether formulas are to be judged where no step does it: when nothing is left to the solver
        self.alone = not blueprint.core and blueprint.is_partial
        self.doubt = None if doubts.any_moving else fixed_function(graph, [doubts.fixed])
        sources = [node for component in blueprint.components for node in component.source]
        self.source = fixed_function(graph, sources)
        self.matrices = [
            fixed_function(graph, list(c.matrix.values())) for c in blueprint.components
        ]
        self.placed = np.array(
            [s for s, _ in sorted(blueprint.place.items(), key=lambda item: item[1])], int
        )
        self._columns: dict[int, Columns] = {}
        self._tables: dict[bytes, Tables] = {}
        self._solved: dict[bytes, tuple[Array, Array, NDArray[np.bool_]]] = {}

    def prepare(self, parameters: Array) -> Tables:
        """Everything that depends on parameters alone, remembered while runs come back with the same patients.

        parameters  (n_parameters, n)
        """
        key = _digest(parameters)
        found = self._tables.get(key)
        if found is None:
            found = self._prepared(parameters)
            _keep(self._tables, MOST_TABLES, key, found)
        return found

    def _prepared(self, parameters: Array) -> Tables:
        n = parameters.shape[1]
        well = np.ones(n, bool)
        eigenvalues, entries = [np.zeros((0, n))], [np.zeros((0, n))]
        with np.errstate(all="ignore"):
            fixed, source = self.fixed(parameters), self.source(parameters)
            for i, component in enumerate(self.blueprint.components):
                rates = self.matrices[i](parameters)
                # a caller may change parameters of the biology between runs and leave the drugs' own alone
                key = b"%d " % i + _digest(rates)
                if (solved := self._solved.get(key)) is None:
                    solved = component.solve(rates)
                    _keep(self._solved, MOST_TABLES * len(self.matrices), key, solved)
                speeds, coefficients, accurate = solved
                eigenvalues.append(speeds)
                entries.append(coefficients)
                well &= accurate
        return Tables(fixed, source, np.concatenate(eigenvalues), np.concatenate(entries), well)

    def columns(self, plan: tuple[Interval, ...], kinds: tuple[str, ...]) -> Columns:
        """A plan's arrays, kept while runs ask for them."""
        found = self._columns.get(id(plan))
        if found is None or found.plan is not plan or found.kinds is not kinds:
            found = self._make_columns(plan, kinds)
            if len(self._columns) > 256:
                self._columns = {}
            self._columns[id(plan)] = found
        return found

    def _make_columns(self, plan: tuple[Interval, ...], kinds: tuple[str, ...]) -> Columns:
        kind_of = {kind: k for k, kind in enumerate(kinds)}
        layout, place = self.blueprint.layout, self.blueprint.place
        entries = [entry for interval in plan for entry in interval.entries]
        ends = np.cumsum([len(interval.entries) for interval in plan], dtype=np.int64)
        table = {
            "length": np.array([interval.length for interval in plan]),
            "start": np.array([interval.start for interval in plan]),
            "kind": np.array([kind_of[interval.kind] for interval in plan], np.int64),
            "save": np.array([interval.save for interval in plan], np.int64),
            "entries_from": np.concatenate([[0], ends[:-1]]).astype(np.int64),
            "entries_to": ends,
        }
        rows = [
            layout["flow" if entry.rate else "state"] + place[entry.species] for entry in entries
        ]
        listed = {
            "entry_row": np.array(rows, np.int64),
            "entry_dose": np.array([entry.dose for entry in entries], np.int64),
            "entry_fresh": np.array([entry.fresh for entry in entries], np.int64),
            "entry_scale": np.array([entry.scale for entry in entries], float),
        }
        arrays = [table[name] for name in TABLE] + [listed[name] for name in ENTRY]
        return Columns(plan, kinds, table, listed, [array.ctypes.data for array in arrays])

    def carry(
        self, block: PatientBlock, patients: Sequence[int], tables: Tables, done: Carried
    ) -> None:
        """Carry patients, as many at a time as there are lanes, and write where they come to."""
        for first in range(0, len(patients), self.lanes):
            self._group(block, patients[first : first + self.lanes], tables, done)

    def unable(self, block: PatientBlock, patients: Sequence[int]) -> dict[int, str]:
        """Patients whose formulas have no value at the start, where no step would find it."""
        rows = np.array(patients, np.int64)
        if self.alone and self.doubt is not None:
            with np.errstate(all="ignore"):
                rows = rows[self.doubt(np.ascontiguousarray(block.parameters[rows].T))[0] != 0.0]
        rows = np.array([i for i in rows.tolist() if block.plans[i]], np.int64)
        if not self.alone or not len(rows):
            return {}
        starts = np.array([plan[0].start if plan else np.nan for plan in block.plans])
        return self.judged.faults(rows, block.values, block.parameters, starts, block.tolerance)

    def _answer(self, address: int) -> None:
        """Judge the lanes in doubt at the start of a step: the kernel calls this."""
        block, lane, memory, reasons = self._group_here.now
        layout = self.blueprint.layout
        doubtful = np.flatnonzero(memory[layout["doubt"]] != 0.0)
        memory[layout["verdict"], doubtful] = 1.0  # should judging itself fail
        found = self._faults(block, lane, memory, doubtful)
        memory[layout["verdict"], doubtful] = 0.0
        for k, what in found.items():
            memory[layout["verdict"], k] = 1.0
            reasons[k] = what

    def _faults(
        self, block: PatientBlock, lane: Sequence[int], memory: Array, lanes: NDArray[np.int64]
    ) -> dict[int, str]:
        """By lane, what has no value where it is now."""
        b, layout = self.blueprint, self.blueprint.layout
        values = np.empty((len(lane), len(self.placed)))
        values[:, self.placed] = memory[layout["state"] : layout["state"] + len(self.placed)].T
        for s in b.inputs:
            values[:, s] = memory[b.row("here", s)]
        parameters = block.parameters[list(lane)]
        return self.judged.faults(
            lanes, values, parameters, memory[layout["moment"]].copy(), block.tolerance
        )

    def _group(
        self, block: PatientBlock, patients: Sequence[int], tables: Tables, done: Carried
    ) -> None:
        layout, width, n_species = self.blueprint.layout, self.lanes, block.values.shape[1]
        lane = [
            *patients,
            *[patients[-1]] * (width - len(patients)),
        ]  # spare lanes have no intervals
        memory = _aligned(layout.rows, width)
        memory[layout["state"] : layout["state"] + n_species] = block.values[lane].T[self.placed]
        for name in ("fixed", "source", "eigenvalue", "entry"):
            rows = getattr(tables, name)
            memory[layout[name] : layout[name] + len(rows)] = rows[:, lane]
        memory[layout["tolerance"]] = block.tolerance * STRICTNESS
        columns = {id(block.plans[i]): self.columns(block.plans[i], block.kinds) for i in patients}
        lane_from, lane_count, table_arrays = self._plans_of(block, patients, columns)
        amounts = np.ascontiguousarray(block.amounts[lane].T)
        steps = np.ascontiguousarray(block.steps[lane].T)
        saved = np.full((block.n_saves, n_species, width), np.nan)
        reasons: dict[int, str] = {}
        self._group_here.now = (block, lane, memory, reasons)
        memory[layout["judge"]].view(np.int64)[0] = ctypes.cast(self._judge, ctypes.c_void_p).value
        before, after = (memory, lane_from, lane_count), (amounts, steps, saved)
        self.function(
            *(array.ctypes.data for array in before),
            *(array if isinstance(array, int) else array.ctypes.data for array in table_arrays),
            *(array.ctypes.data for array in after),
            int(lane_count.max()),
            MOST_STEPS,
        )
        del columns  # the addresses pointed into them until here
        failed = memory[layout["status"], : len(patients)]
        stuck = np.flatnonzero((failed == STEP_TOO_SMALL) | (failed == NOT_FINITE))
        if len(stuck) and self.blueprint.core:
            for k, what in self._faults(block, lane, memory, stuck).items():
                memory[layout["status"], k] = NO_VALUE
                reasons[k] = what
        self._group_here.now = None
        self._collect(patients, memory, steps, saved, done)
        for k, what in reasons.items():
            moment = float(memory[layout["failed_at"], k])
            done.reason[patients[k]] = f"{REASONS[NO_VALUE]}: {what} (time {moment:g})"

    def _plans_of(
        self, block: PatientBlock, patients: Sequence[int], columns: dict[int, Columns]
    ) -> tuple[Any, Any, list[Any]]:
        """First interval and number of intervals of each lane, and the tables they point into (arrays or addresses)."""
        spare = [0] * (self.lanes - len(patients))
        counts = np.array([len(block.plans[i]) for i in patients] + spare, np.int64)
        if len(columns) == 1:
            return np.zeros(self.lanes, np.int64), counts, next(iter(columns.values())).addresses
        begin, n_intervals, n_entries = {}, 0, 0
        tables: list[dict[str, Any]] = []
        for key, found in columns.items():
            begin[key] = n_intervals
            moved = {name: found.table[name] + n_entries for name in ("entries_from", "entries_to")}
            tables.append(found.table | found.entries | moved)
            n_intervals += len(found.plan)
            n_entries += len(found.entries["entry_row"])
        starts = np.array([begin[id(block.plans[i])] for i in patients] + spare, np.int64)
        return (
            starts,
            counts,
            [np.concatenate([t[name] for t in tables]) for name in (*TABLE, *ENTRY)],
        )

    def _collect(
        self, patients: Sequence[int], memory: Array, steps: Array, saved: Array, done: Carried
    ) -> None:
        """Read what the kernel left, lane by lane."""
        layout, real, n_species = self.blueprint.layout, len(patients), len(self.placed)
        rows = np.array(patients)
        status = memory[layout["status"], :real].astype(np.int64)
        values = np.empty((n_species, real))
        values[self.placed] = memory[layout["state"] : layout["state"] + n_species, :real]
        values[:, status != WELL] = np.nan
        done.values[rows] = values.T
        kept = np.empty((real, len(saved), n_species))
        kept[:, :, self.placed] = saved[:, :, :real].transpose(2, 0, 1)
        done.saved[rows] = kept
        done.steps[rows] = steps[:, :real].T
        done.status[rows] = status
        done.work[rows] = memory[[layout["accepted"], layout["rejected"]], :real].T.astype(np.int64)
        moments = memory[layout["failed_at"], :real].tolist()
        for i, code, moment in zip(patients, status.tolist(), moments, strict=True):
            if code != WELL:
                done.reason[i] = f"{REASONS[code]} (time {moment:g})"
            if code in (TOO_MANY_SWITCHES, UNKNOWN_SIGN):
                k = int(memory[layout["culprit"], patients.index(i)])
                done.reason[i] = f'{REASONS[code]}: "{self.conditions[k]}" (time {moment:g})'


def _digest(values: Array) -> bytes:
    return hashlib.blake2b(values.tobytes(), digest_size=16).digest()


def _keep(known: dict[bytes, T], most: int, key: bytes, value: T) -> None:
    """Remember a value; all others are forgotten first when there are too many."""
    if len(known) >= most:
        known.clear()
    known[key] = value


def _aligned(rows: int, width: int) -> Array:
    """Zeros of shape (rows, width) at an address that is a multiple of a vector's size."""
    raw = np.zeros(rows * width + 16)
    skip = (-raw.ctypes.data // 8) % 16
    return raw[skip : skip + rows * width].reshape(rows, width)
