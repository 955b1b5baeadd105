"""What the parts of a kernel agree on: the core, its sparse derivatives, and which row of the workspace is what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from normoxia.simulation.doubts import doubts_of, leaves_read
from normoxia.simulation.elimination import elimination_order, filled
from normoxia.simulation.graph import FIXED, MOVING, MOVING_LEAVES, Graph
from normoxia.simulation.kinetics import Component, Mode


@dataclass(slots=True)
class MemoryLayout:
    """Rows of the workspace."""

    rows: int = 0
    names: dict[str, int] = field(default_factory=dict)

    def take(self, name: str, n: int = 1) -> int:
        """The first of n rows given to a name."""
        self.names[name] = self.rows
        self.rows += n
        return self.names[name]

    def __getitem__(self, name: str) -> int:
        return self.names[name]


@dataclass(frozen=True, slots=True)
class HeldMode:
    """A mode as nodes.

    counts  whether it is a floor
    error   how large the error of the gap is, per unit of tolerance
    slopes  (species, derivative of the gap by it); drift: its derivative by time
    """

    of_time: bool
    counts: bool
    test: int
    gap: int
    error: int
    slopes: tuple[tuple[int, int], ...]
    drift: int

    @property
    def nodes(self) -> tuple[int, ...]:
        """Every node of the mode."""
        return self.test, self.gap, self.error, self.drift, *(node for _, node in self.slopes)


@dataclass(frozen=True, slots=True)
class Watched:
    """What is held while a step is taken, and what is looked at within it.

    modes    of time and of species; each after those it reads
    bends    nodes that are 0 where a rate bends, with their errors
    species  that modes and bends read
    sources  these, and those that feed them
    signed   sources that cannot pass 0, since their rates vanish with them
    """

    modes: tuple[HeldMode, ...] = ()
    bends: tuple[tuple[int, int], ...] = ()
    species: frozenset[int] = frozenset()
    sources: frozenset[int] = frozenset()
    signed: frozenset[int] = frozenset()

    @property
    def of_species(self) -> tuple[int, ...]:
        """Indices of the modes that switch with species."""
        return tuple(k for k, mode in enumerate(self.modes) if not mode.of_time)

    @property
    def watches(self) -> bool:
        """Whether steps must look for switches."""
        return bool(self.of_species or self.bends)

    @property
    def roots(self) -> list[int]:
        """Every node of modes and bends."""
        return [x for mode in self.modes for x in mode.nodes] + [
            x for bend in self.bends for x in bend
        ]


class Blueprint:
    """Of a kernel that solves rates over species, some of which are known in closed form.

    core     species the solver carries; the others belong to `components`
    inputs   closed-form species that the core reads
    weights  nodes of -J, by (row, column) of core species; drift: of df/dt
    filled   the row of each entry of the factors
    doubts   tests of whether a formula may have no value
    watched  the conditions that are held while a step is taken
    fixed    nodes computed once per patient
    """

    def __init__(
        self,
        graph: Graph,
        rates: Sequence[int],
        scales: Sequence[float],
        components: Sequence[Component],
        width: int,
        watched: Watched | None = None,
    ) -> None:
        self.watched = watched or Watched()
        self.graph, self.rates, self.scales, self.width = graph, rates, scales, width
        self.components = tuple(components)
        closed = {s for component in components for s in component.species}
        self.core = tuple(s for s in range(len(rates)) if s not in closed)
        #: where a species stands in the workspace: those of the core first, side by side
        self.place = {s: k for k, s in enumerate((*self.core, *sorted(closed)))}
        leaves = {s: graph.node("state", (s,)) for s in range(len(rates))}
        reads = {leaf for s in self.core for leaf in graph.reach(rates[s])} | leaves_read(graph)
        self.inputs = tuple(s for s in sorted(closed) if leaves[s] in reads)
        #: -J, by (row, column) of core species
        self.weights = {
            (i, j): graph.negated(node)
            for i, s in enumerate(self.core)
            for j, other in enumerate(self.core)
            if (node := graph.derivative(rates[s], leaves[other])) != graph.zero
        }
        self.drift = [
            graph.sum(
                [graph.derivative(rates[s], graph.node("time"))]
                + [
                    graph.mul(graph.derivative(rates[s], leaves[c]), graph.node("slope", (c,)))
                    for c in self.inputs
                ]
            )
            for s in self.core
        ]
        self.ordering = elimination_order(len(self.core), set(self.weights))
        self.filled = filled(self.ordering, set(self.weights), len(self.core))
        self.doubts = doubts_of(graph)
        #: whether a formula may have no value anywhere
        self.is_partial = self.doubts.any_moving or self.doubts.fixed != graph.zero
        self.fixed = self._fixed()
        self.layout = self._lay_out()

    def _fixed(self) -> tuple[int, ...]:
        """Nodes of parameters alone that moving nodes read, and what closed form needs."""
        graph = self.graph
        roots = (
            [self.rates[s] for s in self.core]
            + list(self.weights.values())
            + self.drift
            + self.doubts.roots
        )
        roots += self.watched.roots
        used = {node for node in roots if graph.kinds[node] == FIXED}
        for node in graph.order(roots, (MOVING,)):
            if graph.ops[node] not in MOVING_LEAVES:
                used |= {a for a in graph.arguments[node] if graph.kinds[a] == FIXED}
        return tuple(sorted(used))

    def _lay_out(self) -> MemoryLayout:
        layout, n = MemoryLayout(), len(self.rates)
        layout.take("state", n)
        layout.take("flow", n)
        layout.take("fixed", len(self.fixed))
        layout.take("source", sum(c.n for c in self.components))
        layout.take("eigenvalue", sum(c.n_eigenvalues for c in self.components))
        layout.take("entry", sum(len(c.entries) for c in self.components))
        layout.take("term", sum(len(terms_of(c)) for c in self.components))
        layout.take("tolerance")
        layout.take("status")
        layout.take("accepted")
        layout.take("rejected")
        layout.take("failed_at")
        for name in ("judge", "doubt", "verdict"):
            layout.take(name)
        for name in ("t", "length", "begin", "step", "trial", "first", "moment", "drive"):
            layout.take(name)
        layout.take(
            "stage", n
        )  # arguments of the rates: core species and closed-form ones at a stage
        layout.take("here", n)  # closed-form species and their slopes at the start of a step
        layout.take("slope", n)
        layout.take("next", n)  # and at its end
        layout.take("next_slope", n)
        layout.take("rate", len(self.core))
        layout.take("drift", len(self.core))
        layout.take("factor", len(self.filled))
        layout.take("right", len(self.core))
        layout.take("u", 8 * len(self.core))
        if n_modes := len(self.watched.modes):
            for name in ("mode", "ramp", "level", "excess", "left", "noise", "fresh", "old"):
                layout.take(name, n_modes)
        if self.watched.watches:
            layout.take("bend", len(self.watched.bends))
            layout.take("bend_noise", len(self.watched.bends))
            for name in ("located", "aim", "near", "tries", "switches", "culprit"):
                layout.take(name)
            for name in ("precise", "undecided", "lost"):
                layout.take(name)
        return layout

    def row(self, name: str, species: int) -> int:
        """The row of a species in one of the ranges that hold all species."""
        return self.layout[name] + self.place[species]

    def kept_row(self, species: int) -> int:
        """The row of a species as it is at the start of a step."""
        return self.row("state" if self.place[species] < len(self.core) else "here", species)


def terms_of(component: Component) -> list[tuple[int, Mode]]:
    """The (row, mode) pairs of a component that have a coefficient, in the order they are stored."""
    return sorted({(r, mode) for r, mode, _ in component.entries})
