"""Where a formula that was read into a graph may have no value: cheap tests, generous on the safe side.

A kernel looks at every state that it keeps and asks the host only about those that a test here calls doubtful; the
host then evaluates the formula as it is written (domain.py). A test may therefore call doubtful what has a value, which
costs time, but never the other way round. Tests are limits on nodes, so that a kernel keeps one running minimum or
maximum for each limit instead of a truth for each formula. No test is made where interval arithmetic over constants
already excludes the fault, as in 1/(1 + x**2).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from normoxia.simulation.evaluation import EXP_HIGH
from normoxia.simulation.graph import MOVING, Graph, Path

#: below this, something may be 0, which the host judges
NEAR_ZERO = 1e-60
#: limits of constant exponents are drawn in by this share, so that rounding hides nothing
_CAUTION = 1e-9


@dataclass(frozen=True, slots=True)
class Limited:
    """A moving node that has a limit wherever a condition is true.

    Attributes
    ----------
    node
        The number of the node.
    condition
        The node of a truth; the graph's node of 1 when the limit always holds.
    """

    node: int
    condition: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """The tests of a graph's formulas.

    Attributes
    ----------
    fixed
        Node that is not 0 where a formula of parameters alone may have no value; constant 0 when there is none.
    moving
        Nodes that are not 0 where a formula may have no value, because a moving condition asks for it.
    near_zero
        Nodes whose values are doubtful below `NEAR_ZERO`.
    negative
        Nodes whose values are doubtful below 0.
    large
        Nodes whose values are doubtful above `evaluation.EXP_HIGH`.
    """

    fixed: int
    moving: tuple[int, ...] = ()
    near_zero: tuple[Limited, ...] = ()
    negative: tuple[Limited, ...] = ()
    large: tuple[Limited, ...] = ()

    @property
    def limited(self) -> tuple[Limited, ...]:
        """The nodes of all limits."""
        return (*self.near_zero, *self.negative, *self.large)

    @property
    def roots(self) -> list[int]:
        """Every node that a test reads."""
        nodes = [self.fixed, *self.moving]
        return nodes + [x for limited in self.limited for x in (limited.node, limited.condition)]

    @property
    def any_moving(self) -> bool:
        """Whether a state can be doubtful for what moves."""
        return bool(self.moving or self.limited)


def doubts_of(graph: Graph) -> Doubts:
    """Tests for all partial operations that a graph has read.

    To be called when everything else is in the graph: sums are ordered by the numbers of their nodes, so nodes made
    earlier would change the last digits of rates.
    """
    return _Maker(graph).made()


def leaves_read(graph: Graph) -> frozenset[int]:
    """The moving leaves that the tests will read."""
    nodes = {
        node
        for _, arguments, path in graph.demands
        for node in (*arguments, *(condition for condition, _ in path))
    }
    return frozenset().union(*(graph.reach(node) for node in nodes if graph.moving(node)))


class _Maker:
    """Collects the tests of a graph; the lists are ordered sets."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.truths: dict[int, None] = {}
        self.near_zero: dict[Limited, None] = {}
        self.negative: dict[Limited, None] = {}
        self.large: dict[Limited, None] = {}
        self._lowest: dict[int, float] = {}

    def made(self) -> Doubts:
        for name, arguments, path in self.graph.demands:
            condition = self._condition(path)
            if condition != self.graph.zero:
                getattr(self, f"_{name}")(*arguments, condition)
        graph = self.graph
        fixed = graph.zero
        for node in sorted(self.truths):
            if not graph.moving(node):
                fixed = node if fixed == graph.zero else graph.call("or", fixed, node)
        return Doubts(
            fixed=fixed,
            moving=tuple(node for node in sorted(self.truths) if graph.moving(node)),
            near_zero=tuple(self.near_zero),
            negative=tuple(self.negative),
            large=tuple(self.large),
        )

    # limits ----------------------------------------------------------------------------------------------------

    def below(self, node: int, limit: float, condition: int) -> None:
        """A node is doubtful below a limit, 0 or `NEAR_ZERO`, where a condition is true."""
        graph = self.graph
        if graph.kinds[node] != MOVING:
            self._truth(graph.call("less", node, graph.const(limit)), condition)
        elif not self.lowest(node) >= limit:
            limits = self.near_zero if limit > 0.0 else self.negative
            limits[Limited(node, condition)] = None

    def above(self, node: int, condition: int) -> None:
        """A node is doubtful above the largest argument of an exponential, where a condition is true."""
        graph = self.graph
        if graph.kinds[node] != MOVING:
            self._truth(graph.call("less", graph.const(EXP_HIGH), node), condition)
        else:
            self.large[Limited(node, condition)] = None

    def _truth(self, node: int, condition: int) -> None:
        both = self._all((node, condition))
        if both != self.graph.zero:
            self.truths[both] = None

    def _all(self, nodes: Iterable[int]) -> int:
        graph, total = self.graph, self.graph.one
        for node in nodes:
            if graph.ops[node] == "const":
                if not graph.values[node]:
                    return graph.zero
            else:
                total = node if total == graph.one else graph.call("and", total, node)
        return total

    def _condition(self, path: Path) -> int:
        graph = self.graph
        return self._all(node if truth else graph.call("not", node) for node, truth in path)

    # operations ------------------------------------------------------------------------------------------------

    def _divide(self, divisor: int, condition: int) -> None:
        if not self.lowest(divisor) >= NEAR_ZERO:
            self.below(self.graph.call("abs", divisor), NEAR_ZERO, condition)

    def _log(self, argument: int, condition: int) -> None:
        self.below(argument, NEAR_ZERO, condition)

    def _sqrt(self, argument: int, condition: int) -> None:
        self.below(argument, 0.0, condition)

    def _exp(self, argument: int, condition: int) -> None:
        self.above(argument, condition)

    def _power(self, base: int, exponent: int, condition: int) -> None:
        graph = self.graph
        self.below(base, 0.0, condition)
        if graph.ops[exponent] == "const":
            self._constant_power(base, graph.values[exponent], condition)
            return
        # near 0 only a negative exponent is doubtful: otherwise 1 is added, which lifts the base above the limit
        lift = graph.call("where", graph.call("less", exponent, graph.zero), graph.zero, graph.one)
        self.below(graph.sum((base, lift)), NEAR_ZERO, condition)
        self.above(graph.mul(exponent, graph.call("power_log", base)), condition)

    def _constant_power(self, base: int, exponent: float, condition: int) -> None:
        """The base at which a power exceeds the largest number, without a logarithm."""
        graph = self.graph
        if exponent < 0.0:
            limit = math.exp(EXP_HIGH / exponent) * (1.0 + _CAUTION)
            scale = min(1.0, NEAR_ZERO / limit) if limit > 0.0 else 1.0
            self.below(graph.mul(graph.const(scale), base), NEAR_ZERO, condition)
        elif exponent > 1.0:
            limit = math.exp(EXP_HIGH / exponent) * (1.0 - _CAUTION)
            self.above(graph.mul(graph.const(EXP_HIGH / limit), base), condition)

    # interval arithmetic ---------------------------------------------------------------------------------------

    def lowest(self, node: int) -> float:
        """A number that a node is never below, whatever its leaves are (unless it is not a number)."""
        if node not in self._lowest:
            self._lowest[node] = self._lowest_of(node)
        return self._lowest[node]

    def _lowest_of(self, node: int) -> float:
        graph, arguments = self.graph, self.graph.arguments[node]
        match graph.ops[node]:
            case "const":
                return graph.values[node]
            case "exp" | "sqrt" | "abs" | "less" | "less_equal" | "equal" | "and" | "or" | "not":
                return 0.0
            case "tanh":
                return -1.0
            case "mul" if arguments[0] == arguments[1]:
                return 0.0
            case "mul" if all(self.lowest(argument) >= 0.0 for argument in arguments):
                return 0.0
            case "min":
                return min(self.lowest(argument) for argument in arguments)
            case "max":
                return max(self.lowest(argument) for argument in arguments)
            case "where":
                return min(self.lowest(argument) for argument in arguments[1:])
            case "sum":
                pairs = zip(arguments[1::2], arguments[2::2], strict=True)
                return self.lowest(arguments[0]) + sum(self._lowest_term(*pair) for pair in pairs)
        return -math.inf

    def _lowest_term(self, factor: int, moving: int) -> float:
        if self.lowest(factor) < 0.0 or self.lowest(moving) < 0.0:
            return -math.inf
        return self.lowest(factor) * self.lowest(moving)
