"""Linear upstream kinetics in closed form: which species, and their modes for each patient.

Species whose rates are linear with coefficients fixed for a patient, and that read nothing outside their own set,
need no solver: with x' = A x + b, b constant within an interval, every species is a sum of terms
c t^j exp(lambda t), where c is linear in (x at the start, b). The eigenvalues are found in each strongly connected
part; the parts follow one another by integrating the terms of those upstream. Equal rates by construction (transit
chains) are recognised as the same node of the graph and give powers of t exactly. Eigenvalues that merely happen to
lie close lose digits; patients for whom too many are lost are told apart, and solved numerically instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.simulation.graph import MOVING, SWITCHING, Graph
from normoxia.simulation.state import Array

#: larger sets of coupled species are left to the solver
LARGEST = 12
#: a patient is solved numerically when closed form would lose more digits than this factor
MOST_AMPLIFICATION = 1e6

Mode = tuple[int, int]  # (index of an eigenvalue, power of t)


def closed_species(
    graph: Graph, rates: Sequence[int], candidates: Sequence[int]
) -> tuple[int, ...]:
    """The largest set of species that closed form can take."""
    inside = set(candidates)
    leaves = {s: graph.node("state", (s,)) for s in range(len(rates))}
    of_leaf = {leaf: s for s, leaf in leaves.items()}
    while True:
        kept = {s for s in inside if _linear(graph, rates[s], inside, of_leaf)}
        if kept == inside:
            return tuple(sorted(kept))
        inside = kept


def _linear(graph: Graph, rate: int, inside: set[int], of_leaf: dict[int, int]) -> bool:
    reads = graph.reach(rate)
    if any(leaf not in of_leaf or of_leaf[leaf] not in inside for leaf in reads):
        return False
    if any(graph.ops[node] in SWITCHING for node in graph.order([rate], (MOVING,))):
        return False  # flat on one side of a condition says nothing about the other
    return all(not graph.moving(graph.derivative(rate, leaf)) for leaf in reads)


@dataclass(frozen=True, slots=True)
class Part:
    """A strongly connected set of species, as positions in its component."""

    members: tuple[int, ...]
    eigenvalues: tuple[int, ...]


class Component:
    """A connected set of closed-form species.

    species  indices, upstream first
    matrix   nodes of A, by (row, column) of species positions; only those that are not zero
    source   nodes of the constant part of each rate
    modes    (eigenvalue, power) pairs; eigenvalue 0 is the constant 0, that of what flows in steadily
    entries  (row, mode, column) whose coefficient may differ from zero; columns n... are the inflow b
    """

    def __init__(self, graph: Graph, rates: Sequence[int], species: Sequence[int]) -> None:
        matrix = {
            (r, c): node
            for r, row in enumerate(species)
            for c, column in enumerate(species)
            if (node := graph.derivative(rates[row], graph.node("state", (column,)))) != graph.zero
        }
        order = _upstream_first(len(species), set(matrix))
        position = {old: new for new, old in enumerate(s for part in order for s in part)}
        self.species = tuple(species[old] for part in order for old in part)
        self.matrix = {(position[r], position[c]): node for (r, c), node in matrix.items()}
        nothing = {graph.node("state", (s,)): graph.zero for s in species}
        self.source = tuple(graph.replaced(rates[s], nothing, {}) for s in self.species)
        self.parts: list[Part] = []
        known: dict[int, int] = {
            graph.zero: 0
        }  # node of a rate -> eigenvalue, for parts of one species
        self.n_eigenvalues = 1
        for part in order:
            members = tuple(position[old] for old in part)
            if len(members) == 1:
                node = self.matrix.get((members[0], members[0]), graph.zero)
                if node not in known:
                    known[node] = self.n_eigenvalues
                    self.n_eigenvalues += 1
                own: tuple[int, ...] = (known[node],)
            else:
                own = tuple(range(self.n_eigenvalues, self.n_eigenvalues + len(members)))
                self.n_eigenvalues += len(members)
            self.parts.append(Part(members, own))
        shape = _Terms(self, np.ones((1, len(self.matrix))), structure=True)
        self.modes = tuple(sorted({mode for row in shape.rows for mode in row}))
        self.entries = tuple(
            (r, mode, c)
            for r, row in enumerate(shape.rows)
            for mode in sorted(row)
            for c in np.flatnonzero(row[mode][0]).tolist()
        )

    @property
    def n(self) -> int:
        """Number of species."""
        return len(self.species)

    def solve(self, matrix: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Eigenvalues (n_eigenvalues, m), coefficients (n_entries, m), and whether closed form is accurate (m,).

        matrix  values of the nodes of `matrix`, in its order; shape (n_nodes, m)
        """
        terms = _Terms(self, matrix.T, structure=False)
        coefficients = (
            np.stack([terms.rows[r].get(mode, terms.none)[:, c] for r, mode, c in self.entries])
            if self.entries
            else np.zeros((0, matrix.shape[1]))
        )
        well = (
            terms.real
            & np.isfinite(coefficients).all(axis=0)
            & (terms.amplification() <= MOST_AMPLIFICATION)
        )
        return terms.eigenvalues.T, np.where(well, coefficients, 0.0), well


class _Terms:
    """Each species as {mode: coefficients (m, 2n)} of x at the start and of b; `structure` tracks only which are there."""

    def __init__(self, component: Component, matrix: Array, structure: bool) -> None:
        self.component, self.structure = component, structure
        m, n = matrix.shape[0], component.n
        self.m, self.n = m, n
        self.none = np.zeros((m, 2 * n))
        self.eigenvalues = np.zeros((m, component.n_eigenvalues))
        self.real = np.ones(m, bool)
        self.rows: list[dict[Mode, Array]] = [{} for _ in range(n)]
        values = {at: matrix[:, k] for k, at in enumerate(component.matrix)}
        for part in component.parts:
            if len(part.members) == 1:
                self._one(part, values)
            else:
                self._several(part, values)

    def _forcing(
        self, row: int, part: Part, values: dict[tuple[int, int], Array]
    ) -> dict[Mode, Array]:
        """What drives a species from upstream and from outside, as terms."""
        unit = self.none.copy()
        unit[:, self.n + row] = 1.0
        found: dict[Mode, Array] = {(0, 0): unit}
        for column in range(part.members[0]):
            if (row, column) in values:
                rate = values[row, column][:, None]
                for mode, coefficient in self.rows[column].items():
                    found[mode] = found.get(mode, self.none) + (
                        coefficient if self.structure else rate * coefficient
                    )
        return found

    def _respond(
        self, eigenvalue: int, start: Array, forcing: dict[Mode, Array]
    ) -> dict[Mode, Array]:
        """The solution of y' = lambda y + forcing from a start, as terms."""
        found: dict[Mode, Array] = {}
        own = (eigenvalue, 0)
        homogeneous = start.copy()

        def add(mode: Mode, coefficient: Array) -> None:
            found[mode] = found.get(mode, self.none) + coefficient

        for (other, power), coefficient in forcing.items():
            if other == eigenvalue:
                add((other, power + 1), coefficient / (power + 1))
                continue
            gap = (self.eigenvalues[:, other] - self.eigenvalues[:, eigenvalue])[:, None]
            for i in range(power, -1, -1):
                if self.structure:
                    share = coefficient
                else:
                    sign = (-1.0) ** (power - i) * math.factorial(power) / math.factorial(i)
                    with np.errstate(all="ignore"):
                        share = sign * coefficient / gap ** (power - i + 1)
                add((other, i), share)
                if i == 0:
                    homogeneous = homogeneous + share if self.structure else homogeneous - share
        add(own, homogeneous)
        return found

    def _one(self, part: Part, values: dict[tuple[int, int], Array]) -> None:
        (row,), (eigenvalue,) = part.members, part.eigenvalues
        if (row, row) in values and not self.structure:
            self.eigenvalues[:, eigenvalue] = values[row, row]
        start = self.none.copy()
        start[:, row] = 1.0
        self.rows[row] = self._respond(eigenvalue, start, self._forcing(row, part, values))

    def _several(self, part: Part, values: dict[tuple[int, int], Array]) -> None:
        size = len(part.members)
        if self.structure:
            vectors: Array = np.ones((self.m, size, size))
            inverse: Array = vectors
        else:
            block = np.zeros((self.m, size, size))
            for i, row in enumerate(part.members):
                for j, column in enumerate(part.members):
                    if (row, column) in values:
                        block[:, i, j] = values[row, column]
            finite = np.asarray(np.isfinite(block).all(axis=(1, 2)))
            found, vectors = np.linalg.eig(np.where(finite[:, None, None], block, np.eye(size)))
            self.real &= finite & (np.abs(np.imag(found)).max(axis=1) == 0.0)
            vectors = np.asarray(np.real(vectors), np.float64)
            usable = np.abs(np.linalg.det(vectors)) > 1e-12
            self.real &= usable
            vectors = np.where(usable[:, None, None], vectors, np.eye(size))
            inverse = np.asarray(np.linalg.inv(vectors), np.float64)
            self.eigenvalues[:, list(part.eigenvalues)] = np.real(found)
        forcing = [self._forcing(row, part, values) for row in part.members]
        for i, eigenvalue in enumerate(part.eigenvalues):
            start = self.none.copy()
            start[:, list(part.members)] = inverse[:, i, :]
            mixed: dict[Mode, Array] = {}
            for j in range(size):
                for mode, coefficient in forcing[j].items():
                    mixed[mode] = mixed.get(mode, self.none) + inverse[:, i, j, None] * coefficient
            for mode, coefficient in self._respond(eigenvalue, start, mixed).items():
                for j, row in enumerate(part.members):
                    old = self.rows[row].get(mode, self.none)
                    self.rows[row][mode] = old + vectors[:, j, i, None] * coefficient

    def amplification(self) -> Array:
        """How much larger the terms are than their sum at its largest, over some times; the digits that cancel."""
        worst = np.ones(self.m)
        speeds = np.abs(self.eigenvalues[:, 1:])
        if not speeds.shape[1]:
            return worst
        with np.errstate(all="ignore"):
            fastest = speeds.max(axis=1)
            slowest = np.where(speeds > 0, speeds, np.inf).min(axis=1)
            times = [1.0 / fastest, 1.0 / np.sqrt(fastest * slowest), 1.0 / slowest]
            for row in self.rows:
                largest, total = np.zeros((self.m, 2 * self.n)), np.zeros((self.m, 2 * self.n))
                for t in times:
                    value = np.zeros((self.m, 2 * self.n))
                    for (eigenvalue, power), coefficient in row.items():
                        term = (
                            coefficient
                            * (t**power * np.exp(self.eigenvalues[:, eigenvalue] * t))[:, None]
                        )
                        largest = np.maximum(largest, np.abs(term))
                        value = value + term
                    total = np.maximum(total, np.abs(value))
                ratio = np.where(largest > 0, largest / total, 1.0)
                worst = np.maximum(worst, np.where(np.isnan(ratio), np.inf, ratio).max(axis=1))
        return worst


def components(graph: Graph, rates: Sequence[int], closed: Sequence[int]) -> list[tuple[int, ...]]:
    """Closed-form species in sets that read one another."""
    together = {s: {s} for s in closed}
    for s in closed:
        for leaf in graph.reach(rates[s]):
            other = graph.arguments[leaf][0]
            joined = together[s] | together[other]
            for member in joined:
                together[member] = joined
    return sorted({tuple(sorted(group)) for group in together.values()})


def _upstream_first(n: int, edges: set[tuple[int, int]]) -> list[list[int]]:
    """Strongly connected parts of 0...n-1 where (row, column) says row reads column; those read come first."""
    reads = [[c for r, c in sorted(edges) if r == row and c != row] for row in range(n)]
    reached: list[set[int]] = []
    for start in range(n):
        seen, stack = {start}, [start]
        while stack:
            for c in reads[stack.pop()]:
                if c not in seen:
                    seen.add(c)
                    stack.append(c)
        reached.append(seen)
    parts: list[list[int]] = []
    placed: set[int] = set()
    while len(placed) < n:
        for s in range(n):
            if s not in placed:
                part = [o for o in range(n) if o in reached[s] and s in reached[o]]
                if reached[s] - set(part) <= placed:
                    parts.append(part)
                    placed |= set(part)
    return parts
