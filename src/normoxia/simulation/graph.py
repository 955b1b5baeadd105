"""Equations as one graph of numbered nodes: shared, folded, differentiated, and sorted by what they depend on.

A node is made once however often it is written (value numbering), so expressions that rates and Jacobian have in
common are found without looking for them. Three kinds are kept apart: constants, what depends on a patient's
parameters alone (computed once per patient), and what moves with state or time. A product is kept as
(fixed factor) * (moving factor) and a sum as a list of such products, so that fixed parts meet and fold.

    const, param i, state i, slope i (time derivative of a state known in closed form), time
    mode k (what a condition is held at, modes.py), ramp k (its slope while a solution stays on the condition, else 0)
    mul(a, b)   a fixed or both moving;  recip(a)
    sum         (fixed, fixed_1, moving_1, fixed_2, moving_2, ...)
    exp log sqrt abs tanh floor min max where less less_equal equal and or not
    blend(m, a, b)  a where m is 1, b where it is 0, in between b + m (a - b);  gate(s, a)  s a, and 0 where s is 0
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from normoxia.mechanism.expression import TIME, Call, Expression, Number, Symbol
from normoxia.simulation.evaluation import EXP_HIGH, EXP_LOW, TINY, whole_exponent
from normoxia.simulation.state import Array

CONSTANT, FIXED, MOVING = 0, 1, 2
LEAVES = {"const", "param", "state", "slope", "time", "mode", "ramp"}
#: what a step reads and does not compute
MOVING_LEAVES = LEAVES - {"const", "param"}
#: what bends or jumps, so that a derivative says nothing about what lies on its other side
SWITCHING = {
    "floor",
    "min",
    "max",
    "abs",
    "where",
    "blend",
    "less",
    "less_equal",
    "equal",
    "and",
    "or",
    "not",
}
#: derivatives of logarithms and roots are those at arguments no smaller than these
LOG_SLOPE_FLOOR, ROOT_SLOPE_FLOOR = 1e-20, 1e-10
#: the logarithm of 0 and below in a real power, so that exp of its multiples is 0 for every positive exponent
LOG_OF_NOTHING = -1e300

Key = tuple[object, ...]
Path = tuple[tuple[int, bool], ...]


class Graph:
    """Nodes by number. `ops[k]`, `arguments[k]` (numbers of other nodes; for leaves an index), `values[k]` of constants."""

    def __init__(self) -> None:
        self.ops: list[str] = []
        self.arguments: list[tuple[int, ...]] = []
        self.values: list[float] = []
        self.kinds: list[int] = []
        self._numbers: dict[Key, int] = {}
        self._derivatives: dict[tuple[int, int], int] = {}
        self._reach: dict[int, frozenset[int]] = {}
        #: partial operations that were read, by (operation, argument nodes, conditions (node, truth) on the way)
        self.demands: dict[tuple[str, tuple[int, ...], Path], None] = {}
        self._path: Path = ()
        self.zero, self.one, self.minus_one = self.const(0.0), self.const(1.0), self.const(-1.0)

    def node(self, op: str, arguments: tuple[int, ...] = (), value: float = 0.0) -> int:
        """The number of a node, made if it is new."""
        key = (op, arguments, value)
        if key not in self._numbers:
            if op == "const":
                kind = CONSTANT
            elif op == "param":
                kind = FIXED
            elif op in LEAVES:
                kind = MOVING
            else:
                kind = max(self.kinds[a] for a in arguments)
            self._numbers[key] = len(self.ops)
            self.ops.append(op)
            self.arguments.append(arguments)
            self.values.append(value)
            self.kinds.append(kind)
        return self._numbers[key]

    def const(self, value: float) -> int:
        """The node of a number."""
        return self.node("const", value=float(value) + 0.0)

    def is_const(self, a: int, value: float) -> bool:
        """Whether a node is a constant of some value."""
        return self.ops[a] == "const" and self.values[a] == value

    def moving(self, a: int) -> bool:
        """Whether a node moves with state or time."""
        return self.kinds[a] == MOVING

    # products ------------------------------------------------------------------------------------------------

    def split(self, a: int) -> tuple[int, int | None]:
        """A node as (fixed factor, moving factor or None)."""
        if not self.moving(a):
            return a, None
        if self.ops[a] == "mul" and not self.moving(self.arguments[a][0]):
            fixed, moving = self.arguments[a]
            return fixed, moving
        return self.one, a

    def mul(self, a: int, b: int) -> int:
        """The node of a product."""
        fixed_a, moving_a = self.split(a)
        fixed_b, moving_b = self.split(b)
        fixed = self._mul_fixed(fixed_a, fixed_b)
        if self.is_const(fixed, 0.0):
            return self.zero
        if moving_a is None or moving_b is None:
            moving = moving_a if moving_b is None else moving_b
            if moving is None:
                return fixed
        elif (moving_a,) == self._inverted(moving_b) or (moving_b,) == self._inverted(moving_a):
            return fixed
        else:
            moving = self.node("mul", (min(moving_a, moving_b), max(moving_a, moving_b)))
        return moving if self.is_const(fixed, 1.0) else self.node("mul", (fixed, moving))

    def _mul_fixed(self, a: int, b: int) -> int:
        if self.ops[a] == "const" and self.ops[b] == "const":
            return self.const(self.values[a] * self.values[b])
        for x, y in ((a, b), (b, a)):
            if self.is_const(x, 0.0):
                return self.zero
            if self.is_const(x, 1.0):
                return y
        return self.node("mul", (min(a, b), max(a, b)))

    def _inverted(self, a: int) -> tuple[int, ...]:
        return self.arguments[a] if self.ops[a] == "recip" else ()

    def recip(self, a: int) -> int:
        """The node of 1/a."""
        if self.ops[a] == "const":
            return self.const(
                1.0 / self.values[a] if self.values[a] else math.copysign(math.inf, self.values[a])
            )
        if self.ops[a] == "recip":
            return self.arguments[a][0]
        fixed, moving = self.split(a)
        if moving is not None and fixed != self.one:
            return self.mul(self.recip(fixed), self.recip(moving))
        return self.node("recip", (a,))

    def div(self, a: int, b: int) -> int:
        """The node of a quotient."""
        return self.mul(a, self.recip(b))

    def integer_power(self, a: int, n: int) -> int:
        """The node of a whole power, as products."""
        if n < 0:
            return self.recip(self.integer_power(a, -n))
        if n == 0:
            return self.one
        half = self.integer_power(a, n // 2) if n > 1 else self.one
        square = self.mul(half, half)
        return self.mul(square, a) if n % 2 else square

    def power(self, a: int, b: int) -> int:
        """The node of a power: products, roots or exp(b log a)."""
        if self.ops[b] == "const":
            exponent = self.values[b]
            if exponent == int(exponent) and abs(exponent) <= 64:
                return self.integer_power(a, int(exponent))
            if 2 * exponent == int(2 * exponent) and abs(exponent) <= 8:
                return self.integer_power(self.call("sqrt", a), int(2 * exponent))
        return self.call("exp", self.mul(b, self.call("power_log", a)))

    # sums ----------------------------------------------------------------------------------------------------

    def sum(self, terms: Iterable[int]) -> int:
        """The sum of nodes, like moving factors collected."""
        total = self.zero
        factors: dict[int, int] = {}
        for term in terms:
            fixed, moving = self.split(term)
            if moving is None:
                total = self._add_fixed(total, fixed)
            elif moving in factors:
                factors[moving] = self._add_fixed(factors[moving], fixed)
            else:
                factors[moving] = fixed
        kept = [
            (moving, fixed)
            for moving, fixed in sorted(factors.items())
            if not self.is_const(fixed, 0.0)
        ]
        if not kept:
            return total
        if len(kept) == 1 and self.is_const(total, 0.0):
            return self.mul(kept[0][1], kept[0][0])
        return self.node("sum", (total, *(x for moving, fixed in kept for x in (fixed, moving))))

    def _add_fixed(self, a: int, b: int) -> int:
        if self.ops[a] == "const" and self.ops[b] == "const":
            return self.const(self.values[a] + self.values[b])
        if self.is_const(a, 0.0):
            return b
        if self.is_const(b, 0.0):
            return a
        if self.negated(a) == b:
            return self.zero
        return self.node("sum", (self.zero, self.one, min(a, b), self.one, max(a, b)))

    def negated(self, a: int) -> int:
        """The node of -a."""
        return self.mul(self.minus_one, a)

    def subtract(self, a: int, b: int) -> int:
        """The node of a - b."""
        return self.sum((a, self.negated(b)))

    # functions and conditions --------------------------------------------------------------------------------

    def call(self, op: str, *arguments: int) -> int:
        """A function or condition, folded when its arguments are constant."""
        if all(self.ops[a] == "const" for a in arguments):
            return self.const(
                float(ARITHMETIC[op](*(np.float64(self.values[a]) for a in arguments)))
            )
        if op == "where":
            condition, a, b = arguments
            if a == b:
                return a
            if self.ops[condition] == "const":
                return a if self.values[condition] else b
            if self._ramps(condition):
                return self.node("blend", arguments)
        if op in ("and", "or", "not") and any(self._ramps(a) for a in arguments):
            # truth values are 0 or 1 and, on a condition, in between
            if op == "not":
                return self.subtract(self.one, arguments[0])
            product = self.mul(*arguments)
            return product if op == "and" else self.sum((*arguments, self.negated(product)))
        if op in ("min", "max") and arguments[0] == arguments[1]:
            return arguments[0]
        if op == "exp" and self.ops[arguments[0]] in ("log", "power_log"):
            return self.arguments[arguments[0]][0]
        return self.node(op, arguments)

    def _ramps(self, a: int) -> bool:
        """Whether a node may lie between its values on both sides of a condition."""
        return any(self.ops[leaf] == "ramp" for leaf in self.reach(a))

    # derivatives ---------------------------------------------------------------------------------------------

    def reach(self, a: int) -> frozenset[int]:
        """The moving leaves a node depends on."""
        if a not in self._reach:
            if self.ops[a] in LEAVES:
                self._reach[a] = frozenset((a,)) if self.moving(a) else frozenset()
            else:
                self._reach[a] = frozenset().union(
                    *(self.reach(b) for b in self.arguments[a] if self.moving(b))
                )
        return self._reach[a]

    def derivative(self, a: int, leaf: int) -> int:
        """d(node)/d(leaf), as a node."""
        if leaf not in self.reach(a):
            return self.zero
        if a == leaf:
            return self.one
        key = (a, leaf)
        if key not in self._derivatives:
            self._derivatives[key] = self._derive(a, leaf)
        return self._derivatives[key]

    def _derive(self, a: int, leaf: int) -> int:
        op, arguments = self.ops[a], self.arguments[a]
        if op == "sum":
            pairs = zip(arguments[1::2], arguments[2::2], strict=True)
            return self.sum(
                self.mul(fixed, self.derivative(moving, leaf)) for fixed, moving in pairs
            )
        inner = [self.derivative(b, leaf) for b in arguments]
        match op:
            case "mul":
                return self.sum(
                    (self.mul(inner[0], arguments[1]), self.mul(arguments[0], inner[1]))
                )
            case "recip":
                return self.mul(self.mul(self.negated(a), a), inner[0])
            case "exp":
                return self.mul(a, inner[0])
            case "log" | "power_log":
                floor = self.call("max", arguments[0], self.const(LOG_SLOPE_FLOOR))
                return self.mul(self.recip(floor), inner[0])
            case "sqrt":
                floor = self.call("max", a, self.const(ROOT_SLOPE_FLOOR))
                return self.mul(self.mul(self.const(0.5), self.recip(floor)), inner[0])
            case "tanh":
                return self.mul(self.sum((self.one, self.negated(self.mul(a, a)))), inner[0])
            case "abs":
                sign = self.call(
                    "where", self.call("less", arguments[0], self.zero), self.minus_one, self.one
                )
                return self.mul(sign, inner[0])
            case "min" | "max":
                first = self.call("less", *(arguments if op == "min" else arguments[::-1]))
                return self.call("where", first, inner[0], inner[1])
            case "where":
                return self.call("where", arguments[0], inner[1], inner[2])
            case "blend":
                sides = (
                    inner[1]
                    if inner[1] == inner[2]
                    else self.node("blend", (arguments[0], *inner[1:]))
                )
                if inner[0] == self.zero:
                    return sides
                gap = self.subtract(arguments[1], arguments[2])
                return self.sum((sides, self.node("gate", (inner[0], gap))))
        return self.zero  # conditions and floor are flat wherever they have a slope

    def replaced(self, a: int, leaves: Mapping[int, int], memo: dict[int, int]) -> int:
        """The node with leaves replaced by other nodes."""
        if a in leaves:
            return leaves[a]
        if self.ops[a] in LEAVES or not self.reach(a) & leaves.keys():
            return a
        if a not in memo:
            parts = [self.replaced(b, leaves, memo) for b in self.arguments[a]]
            match self.ops[a]:
                case "sum":
                    pairs = zip(parts[1::2], parts[2::2], strict=True)
                    memo[a] = self.sum((parts[0], *(self.mul(x, y) for x, y in pairs)))
                case "mul":
                    memo[a] = self.mul(parts[0], parts[1])
                case "recip":
                    memo[a] = self.recip(parts[0])
                case op:
                    memo[a] = self.call(op, *parts)
        return memo[a]

    # reading trees -------------------------------------------------------------------------------------------

    def read(self, expression: Expression, names: Mapping[str, int]) -> int:
        """The node of an expression whose symbols are nodes already."""
        match expression:
            case Number(value=value):
                return self.const(value)
            case Symbol(name=name):
                return names[name]
            case Call(function="add" | "subtract" | "negate"):
                return self.sum(self._terms(expression, names, False))
            case Call(function=function, arguments=arguments):
                parts = self._read_parts(function, arguments, names)
                self._demand(expression, parts)
                return self._apply(function, parts)
        raise TypeError(expression)

    def _read_parts(
        self, function: str, arguments: Sequence[Expression], names: Mapping[str, int]
    ) -> list[int]:
        """The arguments' nodes; what is read on a condition remembers it."""
        path, parts = self._path, list[int]()
        for argument in arguments:
            if function == "where" and parts:
                self._path = (*path, (parts[0], len(parts) == 1))
            elif function in ("and", "or") and parts:
                self._path = (*path, *((part, function == "and") for part in parts))
            parts.append(self.read(argument, names))
        self._path = path
        return parts

    def _demand(self, call: Call, parts: list[int]) -> None:
        match call.function:
            case "power" if (n := whole_exponent(call)) is not None:
                if n < 0:
                    self.demands[("divide", (parts[0],), self._path)] = None
            case "divide":
                self.demands[("divide", (parts[1],), self._path)] = None
            case "log" | "log10":
                self.demands[("log", (parts[0],), self._path)] = None
            case "power" | "exp" | "sqrt" as name:
                self.demands[(name, tuple(parts), self._path)] = None

    def _terms(self, expression: Expression, names: Mapping[str, int], minus: bool) -> list[int]:
        match expression:
            case Call(function="add", arguments=(left, right)):
                return self._terms(left, names, minus) + self._terms(right, names, minus)
            case Call(function="subtract", arguments=(left, right)):
                return self._terms(left, names, minus) + self._terms(right, names, not minus)
            case Call(function="negate", arguments=(inner,)):
                return self._terms(inner, names, not minus)
        node = self.read(expression, names)
        return [self.negated(node) if minus else node]

    def _apply(self, function: str, parts: list[int]) -> int:
        match function:
            case "multiply":
                return self.mul(parts[0], parts[1])
            case "divide":
                return self.div(parts[0], parts[1])
            case "power":
                return self.power(parts[0], parts[1])
            case "log10":
                return self.mul(self.const(1.0 / math.log(10.0)), self.call("log", parts[0]))
            case "clip":
                return self.call("min", self.call("max", parts[0], parts[1]), parts[2])
            case "greater":
                return self.call("less", parts[1], parts[0])
            case "greater_equal":
                return self.call("less_equal", parts[1], parts[0])
            case "min" | "max" | "and" | "or":
                total = parts[0]
                for part in parts[1:]:
                    total = self.call(function, total, part)
                return total
        return self.call(function, *parts)

    def order(self, roots: Iterable[int], kinds: Sequence[int] = (FIXED, MOVING)) -> list[int]:
        """Nodes of some kinds that roots need, arguments first. A node's number is above its arguments' numbers."""
        seen: set[int] = set()
        stack = [root for root in roots if self.kinds[root] in kinds]
        while stack:
            a = stack.pop()
            if a in seen:
                continue
            seen.add(a)
            if self.ops[a] not in LEAVES:
                stack += [b for b in self.arguments[a] if self.kinds[b] in kinds and b not in seen]
        return sorted(seen)


def read_system(
    graph: Graph,
    species: Sequence[str],
    parameters: Sequence[str],
    assignments: Iterable[tuple[str, Expression]],
) -> dict[str, int]:
    """Nodes of every name of a system."""
    names = {name: graph.node("param", (k,)) for k, name in enumerate(parameters)}
    names |= {name: graph.node("state", (k,)) for k, name in enumerate(species)}
    names[TIME] = graph.node("time")
    for name, expression in assignments:
        names[name] = graph.read(expression, names)
    return names


def fixed_function(graph: Graph, roots: Sequence[int]) -> Callable[[Array], Array]:
    """A function from parameters (n_parameters, n) to nodes that depend on them alone (n_roots, n)."""
    lines = []

    def text(a: int) -> str:
        return f"({graph.values[a]!r})" if graph.ops[a] == "const" else f"v{a}"

    for a in graph.order(roots, (FIXED,)):
        op, arguments = graph.ops[a], graph.arguments[a]
        if op == "param":
            written = f"parameters[{arguments[0]}]"
        elif op == "sum":
            pairs = zip(arguments[1::2], arguments[2::2], strict=True)
            terms = [
                text(y) if graph.is_const(x, 1.0) else f"{text(x)}*{text(y)}" for x, y in pairs
            ]
            first = [] if graph.is_const(arguments[0], 0.0) else [text(arguments[0])]
            written = " + ".join([*first, *terms])
        elif op == "mul":
            written = f"{text(arguments[0])}*{text(arguments[1])}"
        elif op == "recip":
            written = f"1.0/{text(arguments[0])}"
        else:
            written = f"{op}_({', '.join(text(b) for b in arguments)})"
        lines.append(f"    v{a} = {written}\n")
    for k, root in enumerate(roots):
        lines.append(f"    found[{k}] = {text(root)}\n")
    space: dict[str, Any] = {f"{name}_": operation for name, operation in ARITHMETIC.items()}
    space |= {"inf": np.inf, "nan": np.nan, "empty": np.empty}
    head = f"def fixed(parameters):\n    found = empty(({len(roots)}, parameters.shape[1]))\n"
    exec(compile(head + "".join(lines) + "    return found\n", "<fixed>", "exec"), space)
    made: Callable[[Array], Array] = space["fixed"]
    return made


def _exp(x: Array) -> Array:
    return np.where(x <= EXP_LOW, 0.0, np.exp(np.clip(x, EXP_LOW, EXP_HIGH)))


ARITHMETIC: Mapping[str, Callable[..., Any]] = {
    "mul": lambda a, b: a * b,
    "recip": lambda a: 1.0 / a,
    "exp": _exp,
    "log": lambda a: np.log(np.maximum(a, TINY)),
    "power_log": lambda a: np.where(a <= 0.0, LOG_OF_NOTHING, np.log(np.maximum(a, TINY))),
    "sqrt": lambda a: np.sqrt(np.maximum(a, 0.0)),
    "abs": np.abs,
    "tanh": np.tanh,
    "floor": np.floor,
    "min": np.minimum,
    "max": np.maximum,
    "where": lambda c, a, b: np.where(c != 0.0, a, b),
    "less": lambda a, b: np.less(a, b).astype(float),
    "less_equal": lambda a, b: np.less_equal(a, b).astype(float),
    "equal": lambda a, b: np.equal(a, b).astype(float),
    "and": lambda a, b: ((a != 0.0) & (b != 0.0)).astype(float),
    "or": lambda a, b: ((a != 0.0) | (b != 0.0)).astype(float),
    "not": lambda a: np.equal(a, 0.0).astype(float),
}
