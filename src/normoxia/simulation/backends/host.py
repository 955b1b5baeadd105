"""The host's side of a kernel: what is computed once per patient, plans as tables, groups of patients into lanes."""

from __future__ import annotations

import ctypes
import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass

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
from normoxia.simulation.backends.groups import Groups, Plans
from normoxia.simulation.backends.machine import Machine
from normoxia.simulation.backends.remembered import Remembered, digest
from normoxia.simulation.graph import fixed_function
from normoxia.simulation.judged import Judged
from normoxia.simulation.state import Array

#: steps a patient may take within one interval
MOST_STEPS = 100_000
#: The error of a step is held this much below the error aimed at, since errors of steps add up. Measured on the whole
#: mechanism over two years: held at 1e-4, the worst of 256 patients came to 5e-4 (benchmarks/mechanism.py).
STRICTNESS = 0.2
#: bytes of tables that are remembered between runs, and as many of closed forms
MOST_TABLES = 96 * 2**20
#: groups whose workspaces are filled at once; together they take about as much memory as a processor's second cache
MOST_GROUPS = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """What is computed once per patient: rows of the workspace, shape (n_rows, n); and who is well in closed form."""

    fixed: Array
    source: Array
    eigenvalue: Array
    entry: Array
    well: NDArray[np.bool_]

    @property
    def n_bytes(self) -> int:
        """The memory it takes."""
        arrays = (self.fixed, self.source, self.eigenvalue, self.entry, self.well)
        return sum(array.nbytes for array in arrays)


@dataclass(slots=True, eq=False)
class _Group:
    """The patients whose lanes a kernel carries now, their workspace, and what has no value, by lane."""

    block: PatientBlock
    patients: NDArray[np.int64]
    memory: Array
    reasons: dict[int, str]


class Host:
    """A kernel in memory and what surrounds it. Safe to use from several threads."""

    def __init__(
        self, blueprint: Blueprint, judged: Judged, conditions: tuple[str, ...] = ()
    ) -> None:
        graph = blueprint.graph
        self.judged, self.conditions = judged, conditions
        self._here = threading.local()
        here = weakref.ref(
            self
        )  # a circle through the kernel's callback would outlive the last user

        def answer(_address: int) -> None:
            host = here()
            assert host is not None, "a kernel runs for its host"
            host._answer()

        self._judge = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(answer)
        self._judge_address = int(ctypes.cast(self._judge, ctypes.c_void_p).value or 0)
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
        self._plans = Plans(blueprint)
        self._tables = Remembered[Tables](MOST_TABLES)
        self._solved = Remembered[tuple[Array, Array, NDArray[np.bool_]]](MOST_TABLES)

    def prepare(self, parameters: Array) -> Tables:
        """Everything that depends on parameters alone, remembered while runs come back with the same patients.

        parameters  (n_parameters, n)
        """
        key = digest(parameters)
        tables = self._tables.get(key)
        if tables is None:
            tables = self._prepared(parameters)
            self._tables.put(key, tables, tables.n_bytes)
        return tables

    def _prepared(self, parameters: Array) -> Tables:
        n = parameters.shape[1]
        well = np.ones(n, bool)
        eigenvalues, entries = [np.zeros((0, n))], [np.zeros((0, n))]
        with np.errstate(all="ignore"):
            fixed, source = self.fixed(parameters), self.source(parameters)
            for i, component in enumerate(self.blueprint.components):
                rates = self.matrices[i](parameters)
                # a caller may change parameters of the biology between runs and leave the drugs' own alone
                key = b"%d " % i + digest(rates)
                if (solved := self._solved.get(key)) is None:
                    solved = component.solve(rates)
                    self._solved.put(key, solved, sum(array.nbytes for array in solved))
                speeds, coefficients, accurate = solved
                eigenvalues.append(speeds)
                entries.append(coefficients)
                well &= accurate
        return Tables(
            fixed=fixed,
            source=source,
            eigenvalue=np.concatenate(eigenvalues),
            entry=np.concatenate(entries),
            well=well,
        )

    def carry(
        self, block: PatientBlock, patients: Sequence[int], tables: Tables, done: Carried
    ) -> None:
        """Carry patients, as many at a time as there are lanes, and write where they come to."""
        most = MOST_GROUPS * self.lanes
        for first in range(0, len(patients), most):
            self._carry(block, patients[first : first + most], tables, done)

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

    def _answer(self) -> None:
        """Judge the lanes in doubt at the start of a step: the kernel calls this."""
        group = self._here.group
        memory, layout = group.memory, self.blueprint.layout
        doubtful = np.flatnonzero(memory[layout["doubt"]] != 0.0)
        memory[layout["verdict"], doubtful] = 1.0  # should judging itself fail
        faults = self._faults(group, doubtful)
        memory[layout["verdict"], doubtful] = 0.0
        for k, what in faults.items():
            memory[layout["verdict"], k] = 1.0
            group.reasons[k] = what

    def _faults(self, group: _Group, lanes: NDArray[np.int64]) -> dict[int, str]:
        """By lane, what has no value where it is now."""
        b, layout, memory = self.blueprint, self.blueprint.layout, group.memory
        values = np.empty((self.lanes, len(self.placed)))
        values[:, self.placed] = memory[layout["state"] : layout["state"] + len(self.placed)].T
        for s in b.inputs:
            values[:, s] = memory[b.row("here", s)]
        parameters = group.block.parameters[group.patients]
        time = memory[layout["moment"]].copy()
        return self.judged.faults(lanes, values, parameters, time, group.block.tolerance)

    def _carry(
        self, block: PatientBlock, patients: Sequence[int], tables: Tables, done: Carried
    ) -> None:
        """Carry some groups of patients."""
        layout = self.blueprint.layout
        groups = Groups(self.blueprint, block, patients, self._plans)
        groups.fill("state", block.values.T[self.placed])
        for name in ("fixed", "source", "eigenvalue", "entry"):
            groups.fill(name, getattr(tables, name))
        groups.memory[:, layout["tolerance"]] = block.tolerance * STRICTNESS
        groups.memory[:, layout["judge"]].view(np.int64)[:, 0] = self._judge_address
        most = groups.lane_count.max(axis=1).tolist()
        reasons: dict[int, str] = {}
        for g in range(groups.n_groups):
            group = _Group(block, groups.lanes_of(g), groups.memory[g], {})
            self._here.group = group
            self.function(*groups.addresses(g), most[g], MOST_STEPS)
            self._explain(group)
            self._here.group = None
            reasons |= {g * self.lanes + k: what for k, what in group.reasons.items()}
        groups.collect(self.placed, done)
        self._give_reasons(groups, reasons, done)

    def _explain(self, group: _Group) -> None:
        """Look for a formula without a value where lanes got stuck."""
        status = group.memory[self.blueprint.layout["status"]]
        if not status.any():  # all are well
            return
        stuck = np.flatnonzero((status == STEP_TOO_SMALL) | (status == NOT_FINITE))
        if len(stuck) and self.blueprint.core:
            for k, what in self._faults(group, stuck).items():
                status[k] = NO_VALUE
                group.reasons[k] = what

    def _give_reasons(self, groups: Groups, reasons: dict[int, str], done: Carried) -> None:
        """Say why patients failed; `reasons` are what has no value, by place among the groups' patients."""
        status = done.status[groups.patients]
        if not (status != WELL).any():
            return
        moments = groups.read("failed_at")[:, 0]
        for place in np.flatnonzero(status != WELL).tolist():
            code, when = int(status[place]), f"(time {float(moments[place]):g})"
            what = REASONS[code]
            if place in reasons:
                what += f": {reasons[place]}"
            elif code in (TOO_MANY_SWITCHES, UNKNOWN_SIGN):
                culprit = int(groups.read("culprit")[place, 0])
                what += f': "{self.conditions[culprit]}"'
            done.reason[int(groups.patients[place])] = f"{what} {when}"
