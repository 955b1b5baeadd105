"""How much each direct comparison contributes to each network estimate.

A network estimate is a flow: the hat matrix sends one unit from treatment to comparator over the direct comparisons. Cut
into paths, each path's share is divided equally among its edges, so that contributions are never negative and sum to 1.
Sources: Koenig 2013, Stat Med 32:5414 (flow); Papakonstantinou 2018, F1000Research 7:610 (shortest paths); Davies 2022,
Res Synth Methods 13:382 (random walk: every path, weighted by its probability).

Paths of equally few edges tie, and shares depend on which is cut first. Here all of them are cut together, each by what the flow
sends along it, so that no name decides; netmeta takes the first by name, which is kept to compare with it (on Senn 2013 shares
differ by up to 0.0023, on Linde 2016 by up to 0.011).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np

from normoxia.evidence.synthesis.model.heterogeneity import Array
from normoxia.evidence.synthesis.model.network import Network, NetworkFit
from normoxia.language import Message

#: estimates times studies beyond which shares are not listed: with 100,000 studies of 20 treatments they took 7 GB and most of
#: a minute, and no reader follows a share of 1 in 100,000
MOST_SHARES = 250_000

_NO_FLOW = 1e-9  # a remainder of flow below this is rounding


class Streams(StrEnum):
    """How a flow is cut into paths."""

    SHORTEST_PATH = "shortest path"
    RANDOM_WALK = "random walk"
    FIRST_BY_NAME = "shortest path, first by name"


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """Shares of the direct comparisons in the network estimates.

    comparisons  network comparisons, by name; direct the direct ones
    shares       rows sum to 1; nan for a comparison that no path connects; shape (n_comparisons, n_direct)
    """

    comparisons: tuple[tuple[str, str], ...]
    direct: tuple[tuple[str, str], ...]
    shares: Array
    method: str

    def of(self, treatment: str, comparator: str) -> dict[tuple[str, str], float]:
        """Share of each direct comparison in one network estimate, largest first, zeros left out."""
        for row, pair in enumerate(self.comparisons):
            if set(pair) == {treatment, comparator}:
                found = dict(zip(self.direct, self.shares[row].tolist(), strict=True))
                return dict(
                    sorted(((k, s) for k, s in found.items() if s > 0), key=lambda item: -item[1])
                )
        raise KeyError((treatment, comparator))


def contributions(
    fit: NetworkFit, *, method: Streams | str = Streams.SHORTEST_PATH
) -> Contributions:
    """The contribution matrix of a fitted network (weights at its tau2)."""
    method = Streams(method)
    names, n = fit.network.treatments, len(fit.network.treatments)
    weights = edge_weights(fit)
    edges = [(i, j) for i, j in combinations(range(n), 2) if weights[i, j] != 0.0]
    position = {edge: column for column, edge in enumerate(edges)}
    pairs = list(combinations(range(n), 2))
    shares = np.zeros((len(pairs), len(edges)))
    cut = _STREAMS[method]
    potentials = _potentials(fit)
    for row, (source, sink) in enumerate(pairs):
        if fit.network.part[source] != fit.network.part[sink]:
            shares[row] = np.nan
            continue
        drop = potentials[:, source] - potentials[:, sink]
        flow = weights * (drop[:, None] - drop[None, :])
        for (i, j), share in cut(np.maximum(flow, 0.0), source, sink, drop).items():
            shares[row, position[min(i, j), max(i, j)]] += share
    named = tuple((names[i], names[j]) for i, j in pairs)
    return Contributions(named, tuple((names[i], names[j]) for i, j in edges), shares, str(method))


def edge_weights(fit: NetworkFit) -> Array:
    """Weight of each direct comparison, multi-arm studies already reduced; shape (n_treatments, n_treatments)."""
    network, n = fit.network, len(fit.network.treatments)
    total = np.zeros((n, n))
    rows = network.design / np.sqrt(network.variance + fit.tau2)[:, None]
    total -= rows.T @ rows
    np.fill_diagonal(total, 0.0)
    total[np.abs(total) < 1e-12 * np.abs(total).max()] = 0.0
    return total


def _potentials(fit: NetworkFit) -> Array:
    """Pseudo-inverse of the network's Laplacian: potentials when a unit of flow enters and leaves."""
    rows = fit.network.design / np.sqrt(fit.network.variance + fit.tau2)[:, None]
    return np.asarray(np.linalg.pinv(rows.T @ rows, rcond=1e-12, hermitian=True), dtype=np.float64)


def _shortest_paths(
    flow: Array, source: int, sink: int, drop: Array
) -> dict[tuple[int, int], float]:
    """Take all paths of fewest edges at once, in proportion to their flow, until one edge is used up; again until nothing flows."""
    left: dict[int, dict[int, float]] = {}
    for i, j in zip(*(axis.tolist() for axis in np.nonzero(flow > _NO_FLOW)), strict=True):
        left.setdefault(i, {})[j] = float(flow[i, j])
    shares: dict[tuple[int, int], float] = {}
    while layers := _layers(left, source, sink):
        unit = _spread(left, layers, source, sink)
        carried = min(left[i][j] / part for (i, j), part in unit.items())
        for (i, j), part in unit.items():
            rest = left[i][j] - carried * part
            if rest > _NO_FLOW:
                left[i][j] = rest
            else:
                del left[i][j]
            shares[i, j] = shares.get((i, j), 0.0) + carried * part / len(layers)
    return shares


def _layers(
    left: dict[int, dict[int, float]], source: int, sink: int
) -> list[list[tuple[int, int]]]:
    """Edges of the paths of fewest edges, by their place on the path; none where no path is left."""
    depth, reached, found = {source: 0}, [source], []
    while reached and sink not in depth:
        step = [(i, j) for i in reached for j in left.get(i, ()) if j not in depth]
        found.append(step)
        reached = list(dict.fromkeys(j for _, j in step))
        depth.update(dict.fromkeys(reached, len(found)))
    if sink not in depth:
        return []
    wanted, layers = {sink}, []
    for step in reversed(found):
        layers.append([edge for edge in step if edge[1] in wanted])
        wanted = {i for i, _ in layers[-1]}
    return layers[::-1]


def _spread(
    left: dict[int, dict[int, float]], layers: list[list[tuple[int, int]]], source: int, sink: int
) -> dict[tuple[int, int], float]:
    """One unit from source to sink along some layers of edges: half parted in proportion to what is left on the way there, half
    on the way back, so that it does not matter which of the two treatments is called the comparator.
    """
    unit: dict[tuple[int, int], float] = {}
    for start, side, steps in ((source, 0, layers), (sink, 1, layers[::-1])):
        mass = {start: 0.5}
        for step in steps:
            out: dict[int, float] = {}
            for edge in step:
                out[edge[side]] = out.get(edge[side], 0.0) + left[edge[0]][edge[1]]
            coming: dict[int, float] = {}
            for edge in step:
                here, there = edge[side], edge[1 - side]
                part = mass[here] * left[edge[0]][edge[1]] / out[here]
                unit[edge] = unit.get(edge, 0.0) + part
                coming[there] = coming.get(there, 0.0) + part
            mass = coming
    return unit


def _paths_by_name(
    flow: Array, source: int, sink: int, drop: Array
) -> dict[tuple[int, int], float]:
    """Take one path of fewest edges after the other, first by name, as much as each carries, until nothing flows."""
    left = np.where(flow > _NO_FLOW, flow, 0.0)
    order = _first_met(left)
    shares: dict[tuple[int, int], float] = {}
    while path := _fewest_edges(left, source, sink, order):
        carried = min(left[edge] for edge in path)
        for edge in path:
            left[edge] = left[edge] - carried if left[edge] - carried > _NO_FLOW else 0.0
            shares[edge] = shares.get(edge, 0.0) + carried / len(path)
    return shares


def _first_met(flow: Array) -> list[int]:
    """Treatments in the order they are met when the comparisons are listed by name, each in its flow's direction.

    Paths of equal length tie, and the answer depends on which goes first; this rule is the one netmeta's
    "shortestpath" ends up with, so that the two can be compared.
    """
    n = len(flow)
    met: dict[int, None] = {}
    for i, j in combinations(range(n), 2):
        if flow[i, j] > 0 or flow[j, i] > 0:
            met.update(dict.fromkeys((i, j) if flow[i, j] > 0 else (j, i)))
    return list(met)


def _fewest_edges(flow: Array, source: int, sink: int, order: list[int]) -> list[tuple[int, int]]:
    """Breadth first, neighbours in a given order."""
    came_from = {source: source}
    waiting = deque([source])
    while waiting and sink not in came_from:
        here = waiting.popleft()
        for there in order:
            if flow[here, there] > 0 and there not in came_from:
                came_from[there] = here
                waiting.append(there)
    if sink not in came_from:
        return []
    path, here = [], sink
    while here != source:
        path.append((came_from[here], here))
        here = came_from[here]
    return path[::-1]


def _random_walk(flow: Array, source: int, sink: int, drop: Array) -> dict[tuple[int, int], float]:
    """Every path at once: mass that has come k edges times mass that will go l more, over k + 1 + l."""
    n = len(flow)
    flow = np.where(flow > _NO_FLOW, flow, 0.0)
    out = flow.sum(axis=1)
    step = np.divide(flow, out[:, None], out=np.zeros_like(flow), where=out[:, None] > 0)
    downhill = np.argsort(-drop, kind="stable")
    come, go = np.zeros((n, n)), np.zeros((n, n))
    come[source, 0], go[sink, 0] = 1.0, 1.0
    for i in downhill:
        if i != sink:
            come[:, 1:] += step[i][:, None] * come[i, :-1]
    for i in downhill[::-1]:
        if i != sink:
            go[i, 1:] = step[i] @ go[:, :-1]
    length = 1.0 / (np.arange(n)[:, None] + np.arange(n)[None, :] + 1.0)
    return {
        (int(i), int(j)): float(step[i, j] * (come[i] @ length @ go[j]))
        for i, j in zip(*np.nonzero(step), strict=True)
        if i != sink
    }


_STREAMS: dict[Streams, Callable[[Array, int, int, Array], dict[tuple[int, int], float]]] = {
    Streams.SHORTEST_PATH: _shortest_paths,
    Streams.RANDOM_WALK: _random_walk,
    Streams.FIRST_BY_NAME: _paths_by_name,
}


def shares_left_out(network: Network) -> Message | None:
    """Why the studies' shares in the estimates are not listed; None where they are few enough to be."""
    n_pairs, n_studies = (
        len(network.treatments) * (len(network.treatments) - 1) // 2,
        len(network.studies),
    )
    if n_pairs * n_studies <= MOST_SHARES:
        return None
    return Message("evidence.shares_left_out", pairs=n_pairs, studies=n_studies)


def study_contributions(
    fit: NetworkFit, *, method: Streams | str = Streams.SHORTEST_PATH
) -> dict[tuple[str, str], dict[str, float]]:
    """Share of each study in each network estimate: a direct comparison's share, divided by the studies' weights in it."""
    at = {name: i for i, name in enumerate(fit.network.treatments)}
    within: dict[tuple[str, str], dict[str, float]] = {}
    for member in fit.network.members:
        for i, j in combinations(range(len(member.arms)), 2):
            weight = 1.0 / (member.contrast(i, j)[1] + fit.tau2)
            a, b = member.arms[i], member.arms[j]
            pair = (a, b) if at[a] < at[b] else (b, a)
            within.setdefault(pair, {})[member.study] = weight
    for own_weights in within.values():
        total = sum(own_weights.values())
        for study, weight in own_weights.items():
            own_weights[study] = weight / total
    matrix = contributions(fit, method=method)
    answer: dict[tuple[str, str], dict[str, float]] = {}
    for row, pair in enumerate(matrix.comparisons):
        own: dict[str, float] = {}
        for column, direct in enumerate(matrix.direct):
            share = float(matrix.shares[row, column])
            if share > 0:
                for study, part in within.get(direct, {}).items():
                    own[study] = own.get(study, 0.0) + share * part
        answer[pair] = own
    return answer
