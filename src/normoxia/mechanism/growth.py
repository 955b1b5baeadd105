"""How large formulas become once the functions they call are written out, known before anything is written out.

A function that calls another twice, which calls a third twice, doubles with each; thirty lines of such functions are more
parts than any memory has. Sizes are counted from the functions' bodies, each of which is looked at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from normoxia.documents import Findings, Place
from normoxia.mechanism.cycles import cycles
from normoxia.mechanism.expression import MAX_DEPTH, MAX_PARTS, Call, Expression, Symbol, calls
from normoxia.mechanism.model import Function, Model
from normoxia.mechanism.scope import coefficients, formulas, functions_of, within

#: terms of a sum, made of as many processes or slot terms, and parts inside the longest: both make a tree deep
MAX_SUM = 150


@dataclass(frozen=True, slots=True)
class Size:
    """Parts and depth of an expression written out, and how often and how deep in it each argument of its function stands."""

    parts: int
    depth: int
    uses: Mapping[str, int]
    deep: Mapping[str, int]


#: a number or a name
_LEAF = Size(1, 0, {}, {})


def formulas_stay_small(model: Model, findings: Findings) -> None:
    """No formula has more than MAX_PARTS parts, or parts more than MAX_DEPTH deep, with its functions written out."""
    functions = functions_of(model)
    if cycles({f.name: calls(f.body) for f in model.functions}):
        return  # found already, and without end
    measured = _Measured(functions)
    depths: dict[str, int] = {}
    for formula in (*formulas(model), *coefficients(model)):
        depth = _depth(formula.expression, functions)
        if depth is not None:  # bounded where it was read
            depths[formula.owner] = max(depths.get(formula.owner, 0), depth)
            continue
        size = measured.size(formula.expression)
        depths[formula.owner] = max(depths.get(formula.owner, 0), size.depth)
        if size.parts > MAX_PARTS or size.depth > MAX_DEPTH:
            found = (
                f"{size.parts:,} parts, {size.depth} deep"
                if size.parts < 1e15
                else "parts beyond number"
            )
            findings.note(
                formula.place,
                f"comes to {found}, once the functions it calls are written out",
                f"expected at most {MAX_PARTS:,} parts and {MAX_DEPTH} deep; make assignments of parts of it",
            )
    _sums_stay_short(model, depths, findings)


def _sums_stay_short(model: Model, depths: Mapping[str, int], findings: Findings) -> None:
    changing = Counter(name for process in model.processes for name in process.changes)
    deepest: dict[str, int] = {}
    for process in model.processes:
        for name in process.changes:
            deepest[name] = max(deepest.get(name, 0), depths.get(process.name, 0) + 1)
    for species in model.species:
        _note_long(
            changing[species.name],
            deepest.get(species.name, 0),
            "processes",
            species.place,
            findings,
        )
    for slot in model.slots:
        _note_long(
            len(slot.terms),
            depths.get(slot.name, 0),
            "terms",
            within(slot.place, "terms"),
            findings,
        )


def _note_long(count: int, depth: int, what: str, place: Place, findings: Findings) -> None:
    if count + depth > MAX_SUM:
        found = f"is a sum of {count} {what}, {depth} deep"
        findings.note(
            place,
            found,
            f"expected {MAX_SUM} together at most; sum some of them in assignments first",
        )


def _depth(node: Expression, functions: Mapping[str, Function]) -> int | None:
    """The depth of an expression; None when it calls a declared function, for then there is more to it."""
    if not isinstance(node, Call):
        return 0
    if node.function in functions:
        return None
    deepest = 0
    for argument in node.arguments:
        depth = _depth(argument, functions)
        if depth is None:
            return None
        deepest = max(deepest, depth)
    return deepest + 1


class _Measured:
    """Sizes by expression, those of functions' bodies kept."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self._functions, self._bodies = functions, dict[str, Size]()

    def size(self, expression: Expression) -> Size:
        """The size of an expression outside functions."""
        return self._size(expression, frozenset())

    def _size(self, node: Expression, arguments: frozenset[str]) -> Size:
        if isinstance(node, Symbol) and node.name in arguments:
            return Size(0, 0, {node.name: 1}, {node.name: 0})
        if not isinstance(node, Call):
            return _LEAF
        inner = [self._size(argument, arguments) for argument in node.arguments]
        function = self._functions.get(node.function)
        if function is None or len(function.arguments) != len(inner):
            placed = [(size, 1, 1) for size in inner]
            parts, depth = 1, 1
        else:
            body = self._body(function)
            pairs = zip(function.arguments, inner, strict=True)
            placed = [
                (size, body.uses[name], body.deep[name])
                for name, size in pairs
                if name in body.uses
            ]
            parts, depth = body.parts, body.depth
        uses: dict[str, int] = {}
        deep: dict[str, int] = {}
        for size, times, below in placed:
            parts += times * size.parts
            depth = max(depth, below + size.depth)
            for own, count in size.uses.items():
                uses[own] = uses.get(own, 0) + times * count
                deep[own] = max(deep.get(own, 0), below + size.deep[own])
        return Size(parts, depth, uses, deep)

    def _body(self, function: Function) -> Size:
        if function.name not in self._bodies:
            self._bodies[function.name] = self._size(function.body, frozenset(function.arguments))
        return self._bodies[function.name]
