"""The fast backend: linear kinetics in closed form, the rest by a Rosenbrock method compiled for vector lanes.

A kernel carries as many patients at once as the processor has lanes. Lanes share instructions and nothing else: each
has its own intervals, step sizes and acceptances, so a patient's digits do not depend on lane mates, and one who
fails is set aside while the others go on. Patients whose kinetics lose too many digits in closed form (eigenvalues
that nearly coincide) go through a second kernel that solves everything numerically.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument
from normoxia.simulation.backends import NOT_FINITE, REASONS, WELL, Block, Carried
from normoxia.simulation.backends.blueprint import Blueprint
from normoxia.simulation.backends.carrying import ENTRY, TABLE
from normoxia.simulation.backends.emit import kernel
from normoxia.simulation.backends.machine import Machine, lanes_here
from normoxia.simulation.evaluation import BLOCK
from normoxia.simulation.graph import FIXED, Graph, evaluate_fixed, read_system
from normoxia.simulation.kinetics import LARGEST, Component, closed_species, components
from normoxia.simulation.plan import Interval
from normoxia.simulation.state import Array
from normoxia.simulation.system import System

#: steps a patient may take within one interval
MOST_STEPS = 100_000


@dataclass(frozen=True, slots=True)
class FastBackend:
    """Compiled kernels; `lanes` 0 means as many as suit this processor."""

    lanes: int = 0
    name: str = "fast"

    def prepare(self, system: System, typical: dict[str, float]) -> FastSolver:
        if obstacle := system.needs_reference:
            raise InvalidArgument(
                f'model "{system.name}": {obstacle}, which the fast backend does not take; use backend="reference"'
            )
        return FastSolver(system, typical, self.lanes or lanes_here())


class FastSolver:
    """A system with its graph and its compiled kernels."""

    def __init__(self, system: System, typical: dict[str, float], lanes: int) -> None:
        self.system, self.lanes = system, lanes
        self.graph = Graph()
        needed = system.needed(system.rates)
        names = read_system(self.graph, system.species, system.parameters, needed)
        self.rates = [self.graph.read(rate, names) for rate in system.rates]
        closed = closed_species(self.graph, self.rates, range(len(self.rates)))
        found = [
            Component(self.graph, self.rates, group)
            for group in components(self.graph, self.rates, closed)
            if len(group) <= LARGEST
        ]
        values = np.array([typical[name] for name in system.parameters]).reshape(-1, 1)
        kept = [
            component
            for component in found
            if not np.isfinite(values).all() or self._usual(component, values)
        ]
        self._kernels: dict[bool, _Compiled] = {True: self._compile(kept)}
        self._lock = threading.Lock()

    def _usual(self, component: Component, parameters: Array) -> bool:
        """Whether closed form serves the typical patient."""
        nodes = list(component.matrix.values())
        order = self.graph.order(nodes, (FIXED,))
        with np.errstate(all="ignore"):
            return bool(component.solve(evaluate_fixed(self.graph, order, nodes, parameters))[2][0])

    def _compile(self, kept: Sequence[Component]) -> _Compiled:
        return _Compiled(Blueprint(self.graph, self.rates, self.system.scales, kept, self.lanes))

    def _numerical(self) -> _Compiled:
        with self._lock:
            if False not in self._kernels:
                self._kernels[False] = self._compile([])
        return self._kernels[False]

    def consistent(self, values: Array, parameters: Array, time: float) -> Array:
        return values

    def carry(self, block: Block) -> Carried:
        n, n_species = block.values.shape
        done = Carried(
            np.full((n, n_species), np.nan), np.full((n, block.n_saves, n_species), np.nan), block.steps.copy(),
            np.zeros(n, np.int64), {}, np.zeros((n, 2), np.int64),
        )  # fmt: skip
        # padded to a fixed number, so that a patient's digits do not depend on how many there are
        rows = np.minimum(np.arange(-(-n // BLOCK) * BLOCK), n - 1)
        parameters = np.ascontiguousarray(block.parameters[rows].T)
        main = self._kernels[True]
        tables = main.prepare(parameters)
        finite = np.isfinite(block.values).all(axis=1)
        for i in np.flatnonzero(block.alive & ~finite).tolist():
            done.status[i], done.reason[i] = NOT_FINITE, REASONS[NOT_FINITE]
        alive = block.alive & finite
        order = sorted(np.flatnonzero(alive).tolist(), key=lambda i: (id(block.plans[i]), i))
        well = tables.well[:n]
        main.carry(block, [i for i in order if well[i]], tables, done)
        rest = [i for i in order if not well[i]]
        if rest:
            other = self._numerical()
            other.carry(block, rest, other.prepare(parameters), done)
        return done


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """What is computed once per patient: rows of the workspace, shape (n_rows, n)."""

    fixed: Array
    source: Array
    eigenvalue: Array
    entry: Array
    well: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """The intervals of a plan as arrays, as the kernel reads them."""

    plan: tuple[Interval, ...]
    kinds: tuple[str, ...]
    table: dict[str, Any]
    entries: dict[str, Any]


class _Compiled:
    """A kernel in memory with the host's side of it. Safe to use from several threads."""

    def __init__(self, blueprint: Blueprint) -> None:
        graph = blueprint.graph
        self.graph, self.blueprint, self.lanes = graph, blueprint, blueprint.width
        self.machine = Machine(kernel(blueprint))
        self.function = self.machine.function("carry", 3 + len(TABLE) + len(ENTRY) + 3, 2)
        self.fixed_order = graph.order(blueprint.fixed, (FIXED,))
        self.sources = [node for component in blueprint.components for node in component.source]
        self.source_order = graph.order(self.sources, (FIXED,))
        self.matrices = [list(component.matrix.values()) for component in blueprint.components]
        self.matrix_orders = [graph.order(nodes, (FIXED,)) for nodes in self.matrices]
        self.placed = np.array([s for s, _ in sorted(blueprint.place.items(), key=lambda item: item[1])], int)
        self._columns: dict[int, _Columns] = {}

    def prepare(self, parameters: Array) -> _Tables:
        """Everything that depends on parameters alone; parameters (n_parameters, n)."""
        n = parameters.shape[1]
        well = np.ones(n, bool)
        eigenvalues, entries = [np.zeros((0, n))], [np.zeros((0, n))]
        with np.errstate(all="ignore"):
            fixed = evaluate_fixed(self.graph, self.fixed_order, self.blueprint.fixed, parameters)
            source = evaluate_fixed(self.graph, self.source_order, self.sources, parameters)
            parts = zip(self.blueprint.components, self.matrix_orders, self.matrices, strict=True)
            for component, order, nodes in parts:
                found = component.solve(evaluate_fixed(self.graph, order, nodes, parameters))
                eigenvalues.append(found[0])
                entries.append(found[1])
                well &= found[2]
        return _Tables(fixed, source, np.concatenate(eigenvalues), np.concatenate(entries), well)

    def columns(self, plan: tuple[Interval, ...], kinds: tuple[str, ...]) -> _Columns:
        """A plan's arrays, kept while runs ask for them."""
        found = self._columns.get(id(plan))
        if found is None or found.plan is not plan or found.kinds is not kinds:
            found = self._make_columns(plan, kinds)
            if len(self._columns) > 256:
                self._columns = {}
            self._columns[id(plan)] = found
        return found

    def _make_columns(self, plan: tuple[Interval, ...], kinds: tuple[str, ...]) -> _Columns:
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
        rows = [layout["flow" if entry.rate else "state"] + place[entry.species] for entry in entries]
        listed = {
            "entry_row": np.array(rows, np.int64),
            "entry_dose": np.array([entry.dose for entry in entries], np.int64),
            "entry_fresh": np.array([entry.fresh for entry in entries], np.int64),
            "entry_scale": np.array([entry.scale for entry in entries], float),
        }
        return _Columns(plan, kinds, table, listed)

    def carry(self, block: Block, patients: Sequence[int], tables: _Tables, done: Carried) -> None:
        """Carry patients, as many at a time as there are lanes, and write where they come to."""
        for first in range(0, len(patients), self.lanes):
            self._group(block, patients[first : first + self.lanes], tables, done)

    def _group(self, block: Block, patients: Sequence[int], tables: _Tables, done: Carried) -> None:
        layout, width, n_species = self.blueprint.layout, self.lanes, block.values.shape[1]
        real = len(patients)
        lane = [*patients, *[patients[-1]] * (width - real)]
        memory = _aligned(layout.rows, width)
        place = layout["state"]
        memory[place : place + n_species] = block.values[lane].T[self.placed]
        for name in ("fixed", "source", "eigenvalue", "entry"):
            rows = getattr(tables, name)
            memory[layout[name] : layout[name] + len(rows)] = rows[:, lane]
        memory[layout["tolerance"]] = block.tolerance
        columns = {id(block.plans[i]): self.columns(block.plans[i], block.kinds) for i in patients}
        begin, offset, entry_offset = {}, 0, 0
        tables_of, entries_of = [], []
        for key, found in columns.items():
            begin[key] = offset
            table = found.table
            if entry_offset:
                table = table | {name: table[name] + entry_offset for name in ("entries_from", "entries_to")}
            tables_of.append(table)
            entries_of.append(found.entries)
            offset += len(found.plan)
            entry_offset += len(found.entries["entry_row"])
        lane_from = np.array([begin[id(block.plans[i])] for i in lane], np.int64)
        lane_count = np.array([len(block.plans[i]) for i in patients] + [0] * (width - real), np.int64)
        arrays: list[Any] = [memory, lane_from, lane_count]
        arrays += [np.concatenate([table[name] for table in tables_of]) for name in TABLE]
        arrays += [np.concatenate([entries[name] for entries in entries_of]) for name in ENTRY]
        arrays.append(np.ascontiguousarray(block.amounts[lane].T))
        steps = np.ascontiguousarray(block.steps[lane].T)
        saved = np.full((block.n_saves, n_species, width), np.nan)
        arrays += [steps, saved]
        self.function(*(array.ctypes.data for array in arrays), int(lane_count.max()), MOST_STEPS)

        status = memory[layout["status"], :real].astype(np.int64)
        ids = np.array(patients)
        values = np.empty((n_species, real))
        values[self.placed] = memory[place : place + n_species, :real]
        values[:, status != WELL] = np.nan
        done.values[ids] = values.T
        kept = np.empty((real, block.n_saves, n_species))
        kept[:, :, self.placed] = saved[:, :, :real].transpose(2, 0, 1)
        done.saved[ids] = kept
        done.steps[ids] = steps[:, :real].T
        done.status[ids] = status
        done.work[ids] = memory[[layout["accepted"], layout["rejected"]], :real].T.astype(np.int64)
        for i, code in zip(patients, status.tolist(), strict=True):
            if code != WELL:
                done.reason[i] = REASONS[code]


def _aligned(rows: int, width: int) -> Array:
    """Zeros of shape (rows, width) at an address that is a multiple of a vector's size."""
    raw = np.zeros(rows * width + 16)
    skip = (-raw.ctypes.data // 8) % 16
    return raw[skip : skip + rows * width].reshape(rows, width)
