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

import numpy as np

from normoxia.errors import InvalidArgument
from normoxia.simulation.backends import NO_VALUE, NOT_FINITE, REASONS, Carried, PatientBlock
from normoxia.simulation.backends.blueprint import Blueprint
from normoxia.simulation.backends.conditions import read_held, with_sources
from normoxia.simulation.backends.host import Host
from normoxia.simulation.backends.machine import lanes_here
from normoxia.simulation.evaluation import BLOCK
from normoxia.simulation.graph import Graph, fixed_function
from normoxia.simulation.judged import Judged
from normoxia.simulation.kinetics import LARGEST, Component, closed_species, components
from normoxia.simulation.modes import held
from normoxia.simulation.state import Array
from normoxia.simulation.system import System


@dataclass(frozen=True, slots=True)
class FastBackend:
    """Compiled kernels; `lanes` 0 means as many as suit this processor."""

    lanes: int = 0
    name: str = "fast"

    def prepare(self, system: System, typical: dict[str, float]) -> FastSolver:
        """Compile a system; raises InvalidArgument for one with condition events or algebraic rules."""
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
        frozen = held(system)
        self.conditions = tuple(mode.text for mode in frozen.modes)
        needed = frozen.system.needed(frozen.system.rates)
        names, watched = read_held(self.graph, frozen, needed)
        self.rates = [self.graph.read(rate, names) for rate in frozen.system.rates]
        watched = with_sources(self.graph, watched, self.rates)
        self.watched = watched
        # what conditions read is solved in steps that follow it, so that none is passed unseen
        candidates = [s for s in range(len(self.rates)) if s not in watched.species]
        closed = closed_species(self.graph, self.rates, candidates)
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
        rates = [
            (f'the rate of "{name}"', r)
            for name, r in zip(system.species, system.rates, strict=True)
        ]
        self._judged = Judged(system, rates)
        self._kernels: dict[bool, Host] = {True: self._compile(kept)}
        self._lock = threading.Lock()

    def _usual(self, component: Component, parameters: Array) -> bool:
        """Whether closed form serves the typical patient."""
        matrix = fixed_function(self.graph, list(component.matrix.values()))
        with np.errstate(all="ignore"):
            return bool(component.solve(matrix(parameters))[2][0])

    def _compile(self, kept: Sequence[Component]) -> Host:
        blueprint = Blueprint(
            self.graph, self.rates, self.system.scales, kept, self.lanes, self.watched
        )
        return Host(blueprint, self._judged, self.conditions)

    def _numerical(self) -> Host:
        with self._lock:
            if False not in self._kernels:
                self._kernels[False] = self._compile([])
        return self._kernels[False]

    def consistent(
        self,
        values: Array,
        parameters: Array,  # noqa: ARG002, what the protocol asks for
        time: float,  # noqa: ARG002
    ) -> tuple[Array, dict[int, tuple[int, str]]]:
        """Values as they are: there are no algebraic rules here."""
        return values, {}

    def carry(self, block: PatientBlock) -> Carried:
        """Carry the patients of a block through their intervals."""
        n, n_species = block.values.shape
        done = Carried(
            values=np.full((n, n_species), np.nan),
            saved=np.full((n, block.n_saves, n_species), np.nan),
            steps=block.steps.copy(),
            status=np.zeros(n, np.int64),
            reason={},
            work=np.zeros((n, 2), np.int64),
        )
        # padded to a fixed number, so that a patient's digits do not depend on how many there are
        rows = np.minimum(np.arange(-(-n // BLOCK) * BLOCK), n - 1)
        parameters = np.take(block.parameters.T, rows, axis=1)
        main = self._kernels[True]
        tables = main.prepare(parameters)
        finite = np.isfinite(block.values).all(axis=1)
        for i in np.flatnonzero(block.alive & ~finite).tolist():
            done.status[i], done.reason[i] = NOT_FINITE, f"{REASONS[NOT_FINITE]} (at the start)"
        alive = block.alive & finite
        for i, what in main.unable(block, np.flatnonzero(alive).tolist()).items():
            alive[i], done.status[i] = False, NO_VALUE
            done.reason[i] = f"{REASONS[NO_VALUE]}: {what} (time {block.plans[i][0].start:g})"
        # patients who get the same doses side by side, and among them those who take steps of like size: lanes of a
        # group wait for one another, and nothing else depends on who shares one
        pace = block.steps.sum(axis=1).tolist()
        order = sorted(
            np.flatnonzero(alive).tolist(), key=lambda i: (id(block.plans[i]), pace[i], i)
        )
        well = tables.well[:n]
        main.carry(block, [i for i in order if well[i]], tables, done)
        rest = [i for i in order if not well[i]]
        if rest:
            other = self._numerical()
            other.carry(block, rest, other.prepare(parameters), done)
        return done
