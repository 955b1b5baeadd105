"""Rates, their derivatives and the factors of W = I/(gamma h) - J, written out as straight lines of vectors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from normoxia.simulation.backends.blueprint import Blueprint
from normoxia.simulation.backends.lanes import Lanes
from normoxia.simulation.doubts import NEAR_ZERO, Limited
from normoxia.simulation.evaluation import EXP_HIGH
from normoxia.simulation.graph import LOG_OF_NOTHING, MOVING


def nodes(
    b: Blueprint,
    out: Lanes,
    roots: Sequence[int],
    state: Callable[[int], int],
    time: int | None,
    written: Callable[[int, Callable[[int], str]], None] | None = None,
) -> Callable[[int], str]:
    """Writes moving nodes; returns a function from node to value.

    Parameters
    ----------
    b, out
        The kernel's plan, and the function that is being written.
    roots
        Nodes whose values are needed.
    state
        Gives the row of a species in the workspace.
    time
        The row of the time; None where nothing reads it.
    written
        Called with each node that has just been written and the function from node to value.
    """
    graph, values = b.graph, dict[int, str]()
    fixed_row = {node: b.layout["fixed"] + k for k, node in enumerate(b.fixed)}

    def of(a: int) -> str:
        if a not in values:
            if graph.ops[a] == "const":
                return out.constant(graph.values[a])
            values[a] = out.load(fixed_row[a])
        return values[a]

    for a in graph.order(roots, (MOVING,)):
        op, arguments = graph.ops[a], graph.arguments[a]
        match op:
            case "state":
                values[a] = out.load(state(arguments[0]))
            case "slope":
                values[a] = out.load(b.row("slope", arguments[0]))
            case "time":
                assert time is not None
                values[a] = out.load(time)
            case "mode" | "ramp":
                values[a] = out.load(b.layout[op] + arguments[0])
            case "sum":
                values[a] = _sum(b, out, arguments, of)
            case "mul":
                values[a] = out.mul(of(arguments[0]), of(arguments[1]))
            case "recip":
                values[a] = out.div(out.constant(1.0), of(arguments[0]))
            case _:
                values[a] = _apply(out, op, [of(b) for b in arguments])
        if written is not None:
            written(a, of)
    return of


class _Limits:
    """The running minima and maxima of what may leave the domain of a formula, written beside the nodes they read."""

    def __init__(self, b: Blueprint, out: Lanes) -> None:
        self.out, self.doubts, self.graph = out, b.doubts, b.graph
        nothing = out.constant(math.inf)
        self.near_zero, self.negative, self.large = nothing, nothing, out.constant(-math.inf)
        self.due: dict[int, list[tuple[str, Limited]]] = {}
        for kind in ("near_zero", "negative", "large"):
            for limited in getattr(b.doubts, kind):
                last = max(x for x in (limited.node, limited.condition) if b.graph.moving(x))
                self.due.setdefault(last, []).append((kind, limited))

    def written(self, node: int, of: Callable[[int], str]) -> None:
        """Extend the limits by what can be computed once a node is there."""
        for kind, limited in self.due.get(node, ()):
            extreme = self.out.larger if kind == "large" else self.out.smaller
            value = of(limited.node)
            if limited.condition != self.graph.one:
                asked = self.out.compare("une", of(limited.condition), self.out.constant(0.0))
                value = self.out.select(asked, value, self.out.constant(self.harmless(kind)))
            setattr(self, kind, extreme(value, getattr(self, kind)))

    @staticmethod
    def harmless(kind: str) -> float:
        """A value that no limit of a kind excludes."""
        return -math.inf if kind == "large" else math.inf

    def doubtful(self, of: Callable[[int], str]) -> str:
        """The mask of lanes in which a limit is passed."""
        out, zero = self.out, self.out.constant(0.0)
        masks = [
            out.compare("olt", self.near_zero, out.constant(NEAR_ZERO)),
            out.compare("olt", self.negative, zero),
            out.compare("ogt", self.large, out.constant(EXP_HIGH)),
        ]
        truths = [node for node in (self.doubts.fixed, *self.doubts.moving)]
        masks += [out.compare("une", of(node), zero) for node in truths if node != self.graph.zero]
        total = masks[0]
        for mask in masks[1:]:
            total = out.either(total, mask)
        return total


def _sum(b: Blueprint, out: Lanes, arguments: tuple[int, ...], of: Callable[[int], str]) -> str:
    graph = b.graph
    total = None if graph.is_const(arguments[0], 0.0) else of(arguments[0])
    pairs = list(zip(arguments[1::2], arguments[2::2], strict=True))
    pairs.sort(key=lambda pair: not graph.is_const(pair[0], 1.0))
    for fixed, moving in pairs:
        if graph.is_const(fixed, 1.0):
            total = of(moving) if total is None else out.add(total, of(moving))
        elif graph.is_const(fixed, -1.0) and total is not None:
            total = out.sub(total, of(moving))
        elif total is None:
            total = out.mul(of(fixed), of(moving))
        else:
            total = out.fma(of(fixed), of(moving), total)
    assert total is not None
    return total


def _apply(out: Lanes, op: str, parts: list[str]) -> str:
    zero = out.constant(0.0)
    match op:
        case "exp":
            return out.exp(parts[0])
        case "log":
            return out.log(parts[0])
        case "power_log":
            nothing = out.compare("ole", parts[0], zero)
            return out.select(nothing, out.constant(LOG_OF_NOTHING), out.log(parts[0]))
        case "tanh":
            return out.tanh(parts[0])
        case "sqrt":
            return out.function(
                "sqrt", out.select(out.compare("ole", parts[0], zero), zero, parts[0])
            )
        case "abs":
            return out.function("fabs", parts[0])
        case "floor":
            return out.function("floor", parts[0])
        case "min":
            return out.select(out.compare("ult", parts[0], parts[1]), parts[0], parts[1])
        case "max":
            return out.select(out.compare("ugt", parts[0], parts[1]), parts[0], parts[1])
        case "where":
            return out.select(out.compare("une", parts[0], zero), parts[1], parts[2])
        case "blend":
            m, a, c = parts
            mixed = out.fma(m, out.sub(a, c), c)
            within = out.select(out.compare("oeq", m, zero), c, mixed)
            return out.select(out.compare("oeq", m, out.constant(1.0)), a, within)
        case "gate":
            return out.select(out.compare("oeq", parts[0], zero), zero, out.mul(*parts))
        case "less" | "less_equal" | "equal":
            test = {"less": "olt", "less_equal": "ole", "equal": "oeq"}[op]
            return out.number(out.compare(test, parts[0], parts[1]))
        case "and" | "or":
            masks = [out.compare("une", part, zero) for part in parts]
            return out.number(out.both(*masks) if op == "and" else out.either(*masks))
        case "not":
            return out.number(out.compare("oeq", parts[0], zero))
    raise ValueError(op)


def rates_function(b: Blueprint) -> str:
    """Rates of the core at the arguments of a stage."""
    out = Lanes("rates", b.width)
    roots = [b.rates[s] for s in b.core]
    of = nodes(b, out, roots, lambda s: b.row("stage", s), b.layout["moment"])
    for i, root in enumerate(roots):
        out.store(of(root), b.layout["rate"] + i)
    return out.text()


def first_function(b: Blueprint) -> str:
    """Rates and time derivative at the start of a step, and the factors of W = drive*I - J."""
    out = Lanes("first", b.width)
    roots = [b.rates[s] for s in b.core]
    limits = _Limits(b, out)
    all_roots = [*roots, *b.drift, *b.weights.values(), *b.doubts.roots]
    of = nodes(b, out, all_roots, b.kept_row, b.layout["moment"], limits.written)
    for i, root in enumerate(roots):
        out.store(of(root), b.layout["rate"] + i)
        out.store(of(b.drift[i]), b.layout["drift"] + i)
    if b.is_partial:
        out.store(out.number(limits.doubtful(of)), b.layout["doubt"])
    drive = out.load(b.layout["drive"])
    w: dict[tuple[int, int], str] = {}
    for i, j in b.filled:
        if i == j:
            w[i, j] = out.add(drive, of(b.weights[i, i])) if (i, i) in b.weights else drive
        elif (i, j) in b.weights:
            w[i, j] = of(b.weights[i, j])
    for step, k in enumerate(b.ordering):
        later = b.ordering[step + 1 :]
        w[k, k] = out.div(out.constant(1.0), w[k, k])
        for i in later:
            if (i, k) in b.filled:
                w[i, k] = out.mul(w[i, k], w[k, k])
                for j in later:
                    if (k, j) in b.filled:
                        part = out.mul(w[i, k], w[k, j])
                        w[i, j] = (
                            out.sub(w[i, j], part)
                            if (i, j) in w
                            else out.sub(out.constant(-0.0), part)
                        )
    for (i, j), row in b.filled.items():
        out.store(w[i, j], b.layout["factor"] + row)
    return out.text()


def solve_function(b: Blueprint) -> str:
    """W^-1 (right + rate), by the factors, into the rows from %to on."""
    out = Lanes("solve", b.width, "ptr noalias %m, i64 %to")
    right, rate, factor = b.layout["right"], b.layout["rate"], b.layout["factor"]
    x = [out.add(out.load(right + i), out.load(rate + i)) for i in range(len(b.core))]
    for step, k in enumerate(b.ordering):
        for i in b.ordering[step + 1 :]:
            if (i, k) in b.filled:
                x[i] = out.sub(x[i], out.mul(out.load(factor + b.filled[i, k]), x[k]))
    for step in range(len(b.ordering) - 1, -1, -1):
        k = b.ordering[step]
        for j in b.ordering[step + 1 :]:
            if (k, j) in b.filled:
                x[k] = out.sub(x[k], out.mul(out.load(factor + b.filled[k, j]), x[j]))
        x[k] = out.mul(x[k], out.load(factor + b.filled[k, k]))
    to = out.at("%to")
    for i, value in enumerate(x):
        out.put(value, to, i)
    return out.text()
