"""A system as LLVM IR.

One workspace holds everything of a group of patients, one vector per row (blueprint.py). The functions of a kernel
read and write rows: `first` (rates, factors and time derivative at the start of a step), `rates` (at a stage) and
`solve` (with the factors) from algebra.py; `terms`, `inputs`, `inputs_end` and `closed` from terms.py; `step` from
steps.py; `open`, `hold` and `watch` (conditions) from watching.py; and `carry` from carrying.py, which the host calls.
"""

from __future__ import annotations

from normoxia.simulation.backends.algebra import first_function, rates_function, solve_function
from normoxia.simulation.backends.blueprint import Blueprint
from normoxia.simulation.backends.carrying import carry_function
from normoxia.simulation.backends.lanes import declarations
from normoxia.simulation.backends.steps import step_function
from normoxia.simulation.backends.terms import inputs_function, terms_function
from normoxia.simulation.backends.watching import (
    hold_function,
    open_function,
    sides_function,
    watch_function,
)


def kernel(b: Blueprint) -> str:
    """The text of a kernel."""
    parts = [declarations(b.width)]
    if b.components:
        closed = [s for component in b.components for s in component.species]
        parts += [terms_function(b), inputs_function(b, "closed", closed, "state", masked=True)]
    if b.inputs:
        parts.append(inputs_function(b, "inputs", b.inputs, "stage"))
        parts.append(inputs_function(b, "inputs_end", b.inputs, "next", "next_slope"))
    if b.watched.modes or b.watched.watches:
        parts.append(open_function(b))
    if b.watched.watches:
        parts += [hold_function(b), sides_function(b), watch_function(b)]
    if b.core:
        parts += [rates_function(b), first_function(b), solve_function(b), step_function(b)]
    return "\n".join([*parts, carry_function(b)])
