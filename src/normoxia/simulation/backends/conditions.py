"""Conditions as nodes of a graph: what is held, what bends, and which species decide.

watching.py writes the functions that hold conditions while a step is taken, looking.py what looks for switches in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from normoxia.simulation.backends.blueprint import HeldMode, Watched
from normoxia.simulation.graph import MOVING, Graph, read_system
from normoxia.simulation.modes import Held
from normoxia.simulation.system import Named

#: what has no bounded slope where its argument is 0
_STEEP = {"sqrt", "log", "power_log"}


def read_held(
    graph: Graph, frozen: Held, needed: Sequence[Named]
) -> tuple[dict[str, int], Watched]:
    """Nodes of every name of a system whose conditions are held, and the conditions."""
    system = frozen.system
    if not frozen.modes and not frozen.bends:
        return read_system(graph, system.species, system.parameters, needed), Watched()
    names = read_system(graph, system.species, system.parameters, ())
    assigned = dict(system.needed([m.test for m in frozen.modes] + list(frozen.bends)))
    waiting = [
        (name, e) for name, e in system.assignments if name in {*assigned, *(n for n, _ in needed)}
    ]
    modes: list[HeldMode] = []

    def read_up() -> None:
        """Assignments whose modes are there by now."""
        for name, expression in list(waiting):
            try:
                names[name] = graph.read(expression, names)
            except KeyError:
                continue
            waiting.remove((name, expression))

    leaves = {graph.node("state", (s,)): s for s in range(len(system.species))}
    species: set[int] = set()

    def note(node: int) -> int:
        species.update(leaves[leaf] for leaf in graph.reach(node) if leaf in leaves)
        return node

    def error_of(gap: int) -> int:
        """How large the error of a node is per unit of tolerance, when species are as wrong as they may be."""
        return graph.sum(
            graph.mul(
                graph.call("abs", graph.derivative(gap, leaf)),
                graph.sum((graph.call("abs", leaf), graph.const(system.scales[s]))),
            )
            for leaf, s in leaves.items()
            if leaf in graph.reach(gap)
        )

    for k, mode in enumerate(frozen.modes):
        read_up()
        gap, test = graph.read(mode.gap, names), graph.read(mode.test, names)
        base = graph.node("mode", (k,))
        if mode.of_time:
            names[mode.name] = base
        else:
            names[mode.name] = graph.sum((base, graph.mul(graph.node("ramp", (k,)), note(gap))))
        error = graph.zero if mode.of_time else error_of(gap)
        reads = (
            []
            if mode.of_time
            else sorted((s, leaf) for leaf, s in leaves.items() if leaf in graph.reach(gap))
        )
        slopes = tuple((s, graph.derivative(gap, leaf)) for s, leaf in reads)
        drift = graph.zero if mode.of_time else graph.derivative(gap, graph.node("time"))
        modes.append(
            HeldMode(
                mode.of_time,
                mode.counts,
                test,
                gap if mode.of_time else note(gap),
                error,
                slopes,
                drift,
            )
        )
    read_up()
    bends = tuple(
        (gap, error_of(gap)) for gap in (note(graph.read(bend, names)) for bend in frozen.bends)
    )
    return names, Watched(tuple(modes), bends, frozenset(species))


def with_sources(graph: Graph, watched: Watched, rates: Sequence[int]) -> Watched:
    """The conditions, with the species that feed those they read, and which of all these keep their signs.

    A species keeps its sign when its rate vanishes with it and has a bounded slope there, so that no solution reaches 0.
    """
    leaves = {graph.node("state", (s,)): s for s in range(len(rates))}
    sources, waiting = set(watched.species), list(watched.species)
    while waiting:
        fed_by = {leaves[leaf] for leaf in graph.reach(rates[waiting.pop()]) if leaf in leaves}
        waiting += sorted(fed_by - sources)
        sources |= fed_by

    def keeps_sign(s: int) -> bool:
        leaf, rate = graph.node("state", (s,)), rates[s]
        steep = any(
            graph.ops[node] in _STEEP and leaf in graph.reach(node)
            for node in graph.order([rate], (MOVING,))
        )
        return not steep and graph.replaced(rate, {leaf: graph.zero}, {}) == graph.zero

    signed = frozenset(s for s in sources if keeps_sign(s))
    return replace(watched, sources=frozenset(sources), signed=signed)
