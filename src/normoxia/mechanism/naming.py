"""Checks of names: legal, unique, unshadowed, and every one that a formula mentions declared."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Mapping

from normoxia.documents import Findings, Place
from normoxia.errors import did_you_mean
from normoxia.mechanism.expression import FUNCTIONS, TIME, Call, Expression, calls, symbols, walk
from normoxia.mechanism.model import Function, Model
from normoxia.mechanism.scope import (
    Name,
    coefficients,
    formulas,
    functions_of,
    names_of,
    readable,
    within,
)

#: what a name looks like
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: words a formula reads as something else
_WORDS = frozenset({*keyword.kwlist, *FUNCTIONS, TIME, "pi"})


def names_can_be_written(model: Model, findings: Findings) -> None:
    """A name is made of plain letters, digits and _, and is no word that formulas keep for themselves."""
    for name in names_of(model):
        if not NAME.fullmatch(name.name):
            expected = "expected letters a to z, digits and _, and no digit at the start"
            findings.note(
                name.place, f'{name.kind} "{name.name}" cannot be written in a formula', expected
            )
        elif name.name in _WORDS:
            findings.note(
                name.place,
                f'{name.kind} "{name.name}" has a name that formulas keep',
                "choose another name",
            )


def names_are_unique(model: Model, findings: Findings) -> None:
    """No name is declared twice, whatever the kinds."""
    seen: dict[str, Name] = {}
    for name in names_of(model):
        earlier = seen.setdefault(name.name, name)
        if earlier is not name and not (earlier.kind == name.kind and earlier.place == name.place):
            where = f" at {earlier.place}" if str(earlier.place) else ""
            findings.note(
                name.place,
                f'{name.kind} "{name.name}" has the name of a {earlier.kind}{where}',
                "rename one of them",
            )


def arguments_do_not_shadow(model: Model, findings: Findings) -> None:
    """A function's arguments are not also names of the model, and no two are alike."""
    known = readable(model)
    for function in model.functions:
        for i, argument in enumerate(function.arguments):
            if argument in function.arguments[:i]:
                findings.note(
                    function.place, f'argument "{argument}" stands twice', "rename one of them"
                )
            elif not NAME.fullmatch(argument) or argument in _WORDS:
                findings.note(
                    function.place,
                    f'argument "{argument}" cannot be used as a name',
                    "choose another name",
                )
            elif argument in known:
                found = f'argument "{argument}" hides the {known[argument].kind} "{argument}"'
                findings.note(function.place, found, "rename the argument")


def names_exist(model: Model, findings: Findings) -> None:
    """Every name and function in every formula is declared, and functions get the arguments they take."""
    known, functions = readable(model), functions_of(model)
    for formula in (*formulas(model), *coefficients(model)):
        _names_exist(formula.expression, known, functions, formula.place, findings)
    for function in model.functions:
        place = within(function.place, "expression")
        _names_exist(function.body, {*known, *function.arguments}, functions, place, findings)


def _names_exist(
    expression: Expression,
    known: Collection[str],
    functions: Mapping[str, Function],
    place: Place,
    findings: Findings,
) -> None:
    for name in sorted(name for name in symbols(expression) if name not in known):
        if name in functions:
            takes = ", ".join(functions[name].arguments)
            findings.note(place, f'"{name}" is a function', f"call it: {name}({takes})")
        else:
            findings.note(
                place, f'"{name}" is not defined', did_you_mean(name, known).removeprefix("; ")
            )
    for name in sorted(calls(expression)):
        if name not in functions:
            near = did_you_mean(name, {*functions, *FUNCTIONS}).removeprefix("; ")
            findings.note(place, f'function "{name}" is not defined', near)
    for node in walk(expression):
        if isinstance(node, Call) and node.function in functions:
            takes_arguments = functions[node.function].arguments
            if len(node.arguments) != len(takes_arguments):
                found = f'"{node.function}" is given {len(node.arguments)} arguments'
                findings.note(
                    place, found, f"it takes {len(takes_arguments)}: {', '.join(takes_arguments)}"
                )
