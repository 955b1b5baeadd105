"""Expressions as trees: read from text, printed back, substituted, and asked for their symbols.

The text is ordinary infix: `k_ang*sig*B*(1 - B/B_max)`; `**` or `^` is a real power; comparisons and
`and`, `or`, `not` make conditions (1 or 0); `where(condition, a, b)` chooses. `time` is the time of the model, `pi` the number.
A tree knows no units, no solver and no numbers of its own; compiling and differentiating are done elsewhere.

A text has at most MAX_LENGTH characters and brackets in it stand at most MAX_DEPTH deep; a formula has at most MAX_PARTS
parts once the functions it calls are written out, since functions that call functions twice each grow without bound.
"""

from __future__ import annotations

import ast
import math
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from normoxia.errors import InvalidDocument

#: built-in functions and how many arguments each takes (None: two or more)
FUNCTIONS: Mapping[str, int | None] = {
    "exp": 1,
    "log": 1,
    "log10": 1,
    "sqrt": 1,
    "abs": 1,
    "tanh": 1,
    "floor": 1,
    "min": None,
    "max": None,
    "pow": 2,
    "where": 3,
    "clip": 3,
}

#: operators of the tree, which the text writes with signs
OPERATORS = ("add", "subtract", "multiply", "divide", "power", "negate")
CONDITIONS = ("less", "less_equal", "greater", "greater_equal", "equal", "and", "or", "not")

_BUILT_IN = frozenset([*OPERATORS, *CONDITIONS, *FUNCTIONS])

TIME = "time"

#: characters of a text; the longest shipped formula has a few hundred
MAX_LENGTH = 10_000
#: parts inside parts of a tree; a long sum is as deep as it has terms
MAX_DEPTH = 150
#: parts of a formula with its functions written out
MAX_PARTS = 100_000


@dataclass(frozen=True, slots=True)
class Number:
    """A literal, without unit."""

    value: float


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name: a species, parameter, assignment, slot, compartment or `time`."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operator, condition, built-in or declared function applied to arguments."""

    function: str
    arguments: tuple[Expression, ...]


Expression: TypeAlias = Number | Symbol | Call

ZERO = Number(0.0)
ONE = Number(1.0)

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
    ast.BitXor: "power",
}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Eq: "equal",
}


class InvalidExpression(InvalidDocument):
    """A text that is not an expression; says what in it is not."""


def parse(text: str | float | int) -> Expression:
    """The tree of a text. Raises InvalidExpression naming the part that is not understood."""
    if isinstance(text, (int, float)):
        return Number(float(text))
    source = " ".join(str(text).replace("^", "**").split())
    if not source:
        raise InvalidExpression("an empty expression; expected a formula or a number")
    if len(source) > MAX_LENGTH:
        raise InvalidExpression(
            f'"{source[:40]}..." has {len(source):,} characters; expected {MAX_LENGTH:,} at most, divide it'
        )
    try:
        tree = _read(_parsed(source), source)
        # a part takes a character at least
        return tree if len(source) <= MAX_DEPTH else _bounded(tree, source)
    except SyntaxError as error:
        at = (error.offset or 1) - 1
        near = f'near "{source[at : at + 12]}"' if source[at:].strip() else "because it breaks off"
        raise InvalidExpression(
            f'"{_quoted(source)}" is not an expression {near}; check brackets and signs'
        ) from None
    except InvalidExpression:
        raise
    except (ValueError, RecursionError, MemoryError):
        raise InvalidExpression(
            f'"{source[:40]}..." is not an expression that can be read; shorten it'
        ) from None


#: what Python warns of: something called that is no name, and letters right after a number
_ODD = re.compile(r"[\d)\]}'\"]\s*[(\[]|(?<![A-Za-z_\d])[\d.]+[A-Za-z_]|\bis\b|\\\\")


def _parsed(source: str) -> ast.expr:
    if not _ODD.search(source):
        return ast.parse(source, mode="eval").body
    with warnings.catch_warnings():
        # what is odd is refused by Python or below, with our reason
        warnings.simplefilter("ignore", SyntaxWarning)
        return ast.parse(source, mode="eval").body


def _quoted(source: str) -> str:
    return source if len(source) <= 200 else f"{source[:200]}..."


def _bounded(tree: Expression, source: str) -> Expression:
    """The tree itself. Raises InvalidExpression when it is too deep to be worked on part by part."""
    level: list[Expression] = [tree]
    for _ in range(MAX_DEPTH):
        level = [
            argument for part in level if isinstance(part, Call) for argument in part.arguments
        ]
        if not level:
            return tree
    raise InvalidExpression(
        f'"{source[:40]}..." has parts inside parts more than {MAX_DEPTH} deep; divide it into assignments'
    )


def _read(node: ast.expr, source: str) -> Expression:
    def refuse(what: str) -> InvalidExpression:
        return InvalidExpression(
            f'"{_quoted(ast.get_source_segment(source, node) or "")}" in "{_quoted(source)}" is not understood: {what}'
        )

    match node:
        case ast.Constant(value=bool(value)):
            return Number(float(value))
        case ast.Constant(value=int(value) | float(value)) if abs(value) <= sys.float_info.max:
            return Number(float(value))
        case ast.Name(id="pi"):
            return Number(math.pi)
        case ast.Name(id=name):
            return Symbol(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _read(operand, source)
            return Number(-inner.value) if isinstance(inner, Number) else Call("negate", (inner,))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _read(operand, source)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Call("not", (_read(operand, source),))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return Call(_BINARY[type(op)], (_read(left, source), _read(right, source)))
        case ast.BoolOp(op=op, values=values):
            name = "and" if isinstance(op, ast.And) else "or"
            return Call(name, tuple(_read(value, source) for value in values))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            return Call(_COMPARE[type(op)], (_read(left, source), _read(right, source)))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            children = tuple(_read(argument, source) for argument in arguments)
            if name in FUNCTIONS:
                wanted = FUNCTIONS[name]
                if len(children) != wanted and not (wanted is None and len(children) >= 2):
                    raise refuse(
                        f"{name} takes {wanted or 'two or more'} arguments, not {len(children)}"
                    )
            return Call("power", children) if name == "pow" else Call(name, children)
    raise refuse("expected numbers, names, + - * / **, comparisons, and function calls")


def symbols(expression: Expression) -> frozenset[str]:
    """Every name the expression mentions (functions it calls are not among them)."""
    return frozenset(node.name for node in walk(expression) if isinstance(node, Symbol))


def calls(expression: Expression) -> frozenset[str]:
    """Every declared function the expression calls; operators, conditions and built-ins are left out."""
    return frozenset(
        n.function for n in walk(expression) if isinstance(n, Call) and n.function not in _BUILT_IN
    )


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and every part of it, outermost first."""
    left = [expression]
    while left:
        part = left.pop()
        yield part
        if isinstance(part, Call):
            left.extend(reversed(part.arguments))


def substitute(expression: Expression, values: Mapping[str, Expression]) -> Expression:
    """The expression with names replaced by other expressions."""
    if isinstance(expression, Symbol):
        return values.get(expression.name, expression)
    if isinstance(expression, Call):
        return Call(expression.function, tuple(substitute(a, values) for a in expression.arguments))
    return expression


def inline(
    expression: Expression, functions: Mapping[str, tuple[tuple[str, ...], Expression]]
) -> Expression:
    """The expression with declared functions, given as (argument names, body), replaced by their bodies."""
    if not isinstance(expression, Call):
        return expression
    arguments = tuple(inline(argument, functions) for argument in expression.arguments)
    if expression.function in functions:
        names, body = functions[expression.function]
        return inline(substitute(body, dict(zip(names, arguments, strict=True))), functions)
    return Call(expression.function, arguments)


_NUMERIC: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "negate": lambda a: -a,
    "exp": math.exp,
    "log": math.log,
    "log10": math.log10,
    "sqrt": math.sqrt,
    "abs": abs,
    "tanh": math.tanh,
    "floor": math.floor,
    "min": min,
    "max": max,
    "clip": lambda x, low, high: min(max(x, low), high),
    "less": lambda a, b: float(a < b),
    "less_equal": lambda a, b: float(a <= b),
    "greater": lambda a, b: float(a > b),
    "greater_equal": lambda a, b: float(a >= b),
    "equal": lambda a, b: float(a == b),
    "not": lambda a: float(not a),
}


def evaluate(expression: Expression, values: Mapping[str, float]) -> float:
    """The number an expression has, with declared functions already inlined. Slow and clear; KeyError if a name is missing.

    What a condition does not choose is not evaluated. Raises ArithmeticError or ValueError where there is no number.
    """
    match expression:
        case Number(value=value):
            return value
        case Symbol(name=name):
            return values[name]
        case Call(function="where", arguments=(condition, a, b)):
            return evaluate(a if evaluate(condition, values) else b, values)
        case Call(function="and", arguments=arguments):
            return float(all(evaluate(argument, values) for argument in arguments))
        case Call(function="or", arguments=arguments):
            return float(any(evaluate(argument, values) for argument in arguments))
        case Call(function=function, arguments=arguments):
            return float(
                _NUMERIC[function](*(evaluate(argument, values) for argument in arguments))
            )
    raise TypeError(expression)


_SIGNS = {
    "add": ("+", 1),
    "subtract": ("-", 1),
    "multiply": ("*", 2),
    "divide": ("/", 2),
    "power": ("**", 4),
    "less": ("<", 0),
    "less_equal": ("<=", 0),
    "greater": (">", 0),
    "greater_equal": (">=", 0),
    "equal": ("==", 0),
}


def show(expression: Expression, outer: int = -2) -> str:
    """The expression as text that `parse` reads back to the same tree."""
    match expression:
        case Number(value=value):
            text = f"{int(value)}" if value == int(value) and abs(value) < 1e15 else repr(value)
            return f"({text})" if value < 0 and outer > 0 else text
        case Symbol(name=name):
            return name
        case Call(function=function, arguments=(left, right)) if function in _SIGNS:
            sign, rank = _SIGNS[function]
            left_rank, right_rank = (rank + 1, rank) if function == "power" else (rank, rank + 1)
            if rank == 0:
                left_rank = 1  # a < b < c would be a chain, which is no tree of ours
            space = "" if rank >= 2 else " "
            text = f"{show(left, left_rank)}{space}{sign}{space}{show(right, right_rank)}"
            return f"({text})" if rank < outer else text
        case Call(function="negate", arguments=(inner,)):
            text = f"-{show(inner, 3)}"
            return f"({text})" if outer > 1 else text
        case Call(function="not", arguments=(inner,)):
            return f"(not {show(inner, 0)})"
        case Call(function="and" | "or" as word, arguments=arguments):
            return "(" + f" {word} ".join(show(argument, 0) for argument in arguments) + ")"
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(show(argument) for argument in arguments)})"
    raise TypeError(expression)
