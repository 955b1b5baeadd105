"""Which way each causal statement points at the reference patient: the slope of its target in its driver, all else held.

Trees are evaluated as they stand, without the engine, with any name overridden. What an equilibration replaces is held at
its replacement, as while settling.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from normoxia.errors import InvalidModel
from normoxia.mechanism import expression as ex
from normoxia.mechanism.model import Model, Statement

#: relative step of a slope, small against any curvature here and large against rounding
STEP = 1e-4
#: slopes below this are none
FLAT = 1e-6


@dataclass(frozen=True, slots=True)
class Arrow:
    """A statement's slope at the reference patient, and how far its target moves with the statement ablated.

    left  change of the target when the driver rises by a tenth after ablation; nan when the statement gives none
    """

    statement: Statement
    slope: float
    left: float

    @property
    def points(self) -> bool:
        """Whether the slope has the sign that the statement claims."""
        return self.slope * self.statement.sign > FLAT

    @property
    def is_silenced(self) -> bool:
        """Whether nothing of the arrow is left once ablated; true when there is no ablation to try."""
        return not abs(self.left) > 1e-12


class ReferenceState:
    """The reference patient's rates and assignments."""

    def __init__(self, model: Model) -> None:
        self._name = model.name
        functions = {f.name: (f.arguments, f.body) for f in model.functions}
        self._rates = {s.name: ex.inline(model.rate_of(s.name), functions) for s in model.species}
        self._algebra: dict[str, ex.Expression] = {
            a.name: ex.inline(a.expression, functions)
            for a in (*model.assignments, *model.observables)
        }
        for slot in model.slots:
            total: ex.Expression = ex.ZERO
            for term in slot.terms:
                total = ex.Call("add", (total, ex.inline(term, functions)))
            self._algebra[slot.name] = total
        self.fixed: dict[str, float] = dict(model.defaults)
        self.fixed |= {
            c.name: self._number(ex.inline(c.size, functions), self.fixed)
            for c in model.compartments
        }
        for species in model.species:
            self.fixed[species.name] = self._number(
                ex.inline(species.initial, functions), self.fixed
            )
        if settle := model.equilibration:
            for name, expression in settle.during.items():
                self._algebra[name] = ex.inline(expression, functions)
                self.fixed.pop(name, None)
            self._algebra |= {d.name: ex.inline(d.expression, functions) for d in settle.derived}

    def _number(self, expression: ex.Expression, values: Mapping[str, float]) -> float:
        try:
            number = ex.evaluate(expression, values)
        except (
            ArithmeticError,
            ValueError,
            TypeError,
        ) as error:  # TypeError: a power of a negative number
            raise self._without(expression, str(error)) from error
        if not math.isfinite(number):
            raise self._without(expression, f"it is {number}")
        return number

    def _without(self, expression: ex.Expression, why: str) -> InvalidModel:
        return InvalidModel(
            f'model "{self._name}": the formula "{ex.show(expression)}" has no value at the reference patient ({why}); '
            "arrows need a number there; change the defaults of what it reads, or guard it with where()"
        )

    def value(self, name: str, overrides: Mapping[str, float] | None = None) -> float:
        """A species' rate of change, or the value of an assignment, slot or derived parameter."""
        known = {**self.fixed, **(overrides or {})}

        def evaluate(expression: ex.Expression) -> float:
            for symbol in sorted(ex.symbols(expression)):
                if symbol not in known:
                    known[symbol] = evaluate(self._algebra[symbol])
            return self._number(expression, known)

        return evaluate(self._rates[name] if name in self._rates else ex.Symbol(name))

    def at(self, name: str) -> float:
        """What a name stands at."""
        return self.fixed[name] if name in self.fixed else self.value(name)

    def slope(self, driver: str, target: str) -> float:
        """Change of the target (a value, or a species' rate) per change of the driver, all else held."""
        at = self.at(driver)
        below = 0.0 if at == 0 else at * (1 - STEP)
        above = at * (1 + STEP) if at else STEP
        rise = self.value(target, {driver: above}) - self.value(target, {driver: below})
        return rise / (above - below)


def arrows(model: Model) -> tuple[Arrow, ...]:
    """Every statement that draws an arrow, in the order of the text; emergent ones draw none."""
    reference = ReferenceState(model)
    return tuple(
        Arrow(s, reference.slope(s.driver, s.target), _left(model, s))
        for s in model.statements
        if not s.emergent and s.driver
    )


def _left(model: Model, statement: Statement) -> float:
    if not statement.ablation:
        return float("nan")
    without = ReferenceState(model.with_values(dict(statement.ablation)))
    at = without.at(statement.driver)
    moved = without.value(statement.target, {statement.driver: at * 1.1 + (at == 0)})
    return moved - without.value(statement.target, {statement.driver: at})
