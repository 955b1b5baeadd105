"""A model with its doses as SBML Level 3 Version 2 core, for other programs to simulate.

Species in a compartment become SBML species, other states become parameters; both follow rate rules, because a
process of ours may change several compartments and states that live in none. Functions are inlined, slots and
observables become assignment rules. A bolus is an event, an infusion a rate that events set; doses at one time are
one event, so that none is lost when two enter the same species. At one time the model's own events come before doses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from normoxia.errors import InvalidArgument, MissingExtra, UnknownName
from normoxia.mechanism.administration import Administration
from normoxia.mechanism.expression import ZERO, Call, Expression, Number, Symbol, inline
from normoxia.mechanism.inputs import Inputs
from normoxia.mechanism.mathml import Mathematics
from normoxia.mechanism.model import Model, Species
from normoxia.mechanism.scope import names_of
from normoxia.units import Unit, unit

#: the library's base units under SBML's names; "cell" is counted
_BASES = {
    "meter": "metre",
    "kilogram": "kilogram",
    "mole": "mole",
    "second": "second",
    "cell": "item",
    "kelvin": "kelvin",
    "ampere": "ampere",
    "candela": "candela",
}


def export(
    model: Model, inputs: Inputs | None = None, values: Mapping[str, float] | None = None
) -> str:
    """The model and the doses of one patient as the text of an SBML document.

    inputs  doses; amounts for one patient, of shape (n_doses,) or (1, n_doses)
    values  values of parameters and starting values of species that replace the model's. SBML knows no
            equilibration: a model that has one needs its settled species and derived parameters here, as a
            simulator's `start` gives them
    raises  UnknownName for a value or a dose target the model has not; InvalidArgument for doses of several
            patients and for settled values that are missing; MissingExtra without python-libsbml
    """
    try:
        import libsbml
    except ImportError:
        raise MissingExtra("python-libsbml", "sbml") from None
    given = dict(values or {})
    _require_settled(model, given)
    return _Export(libsbml, model, Administration(model, inputs), given).text()


def _require_settled(model: Model, given: Mapping[str, float]) -> None:
    settle = model.equilibration
    derived = [d.name for d in settle.derived] if settle else []
    species = [s.name for s in model.species]
    known = {*species, *derived, *(p.name for p in model.parameters)}
    for name in given:
        if name not in known:
            raise UnknownName("parameter or species", name, known)
    missing = [name for name in (*derived, *species) if name not in given]
    if settle and missing:
        raise InvalidArgument(
            f'"{model.name}" equilibrates, which SBML cannot say, and no value is given for {", ".join(missing[:5])}'
            f"{' ...' if len(missing) > 5 else ''}; pass the settled species and derived parameters as values"
        )


class _Export:
    """Builds one document."""

    def __init__(
        self, libsbml: Any, model: Model, doses: Administration, given: Mapping[str, float]
    ) -> None:
        self.model, self.doses, self.given = model, doses, given
        self._library = libsbml
        self._math = Mathematics(libsbml)
        self._document = libsbml.SBMLDocument(3, 2)
        self._sbml = self._document.createModel()
        self._functions = {f.name: (f.arguments, f.body) for f in model.functions}
        self._taken = {name.name for name in names_of(model)}
        self._infusions = {
            name: _free(f"infusion_into_{name}", self._taken) for name in doses.infused
        }
        self._units: dict[tuple[float, tuple[tuple[str, float], ...]], str] = {}

    def text(self) -> str:
        self._head()
        self._compartments()
        self._parameters()
        for s in self.model.species:
            self._state(s)
        self._assignments()
        for s in self.model.species:
            self._rate(s)
        for rule in self.model.rules:
            self._sbml.createAlgebraicRule().setMath(self._number(rule.expression))
        self._events()
        return str(self._library.writeSBMLToString(self._document))

    def _head(self) -> None:
        identifier = re.sub(r"\W", "_", self.model.name, flags=re.ASCII)
        self._sbml.setId(identifier if identifier[:1].isalpha() else f"model_{identifier}")
        self._sbml.setName(self.model.title or self.model.name)
        if time := self._unit(unit(self.model.time_unit)):
            self._sbml.setTimeUnits(time)

    def _compartments(self) -> None:
        for c in self.model.compartments:
            made = self._sbml.createCompartment()
            made.setId(c.name)
            made.setConstant(True)
            measure = unit(c.unit)
            if measure.same_dimension(unit("L")):
                made.setSpatialDimensions(3)
            if identifier := self._unit(measure):
                made.setUnits(identifier)
            self._named(made, c.title)
            self._start(made.setSize, c.name, c.size)

    def _parameters(self) -> None:
        values = {**self.model.defaults, **self.given}
        derived = self.model.equilibration.derived if self.model.equilibration else ()
        for name, text, title in (
            *((p.name, p.unit, p.title) for p in self.model.parameters),
            *((d.name, d.unit, d.title) for d in derived),
        ):
            self._parameter(name, text, title, constant=True).setValue(values[name])
        for s in self.model.species:
            if s.name in self.doses.infused:
                rate = unit(s.unit) / unit(self.model.time_unit)
                self._parameter(
                    self._infusions[s.name], rate.text, f"infusion into {s.name}"
                ).setValue(0.0)

    def _parameter(self, name: str, text: str, title: str, constant: bool = False) -> Any:
        made = self._sbml.createParameter()
        made.setId(name)
        made.setConstant(constant)
        if identifier := self._unit(unit(text)):
            made.setUnits(identifier)
        self._named(made, title)
        return made

    def _state(self, s: Species) -> None:
        initial: Expression = Number(self.given[s.name]) if s.name in self.given else s.initial
        if not s.compartment:
            made = self._parameter(s.name, s.unit, s.title)
            self._start(made.setValue, s.name, initial)
            return
        made = self._sbml.createSpecies()
        made.setId(s.name)
        made.setCompartment(s.compartment)
        made.setHasOnlySubstanceUnits(s.amounts)
        made.setBoundaryCondition(False)
        made.setConstant(False)
        size = next(unit(c.unit) for c in self.model.compartments if c.name == s.compartment)
        amount = unit(s.unit) if s.amounts else unit(s.unit) * size
        if _is_substance(amount) and (identifier := self._unit(amount)):
            made.setSubstanceUnits(identifier)
        self._named(made, s.title)
        self._start(
            made.setInitialAmount if s.amounts else made.setInitialConcentration, s.name, initial
        )

    def _start(self, set_value: Any, name: str, expression: Expression) -> None:
        """A number is set at once; anything else is an initial assignment."""
        if isinstance(expression, Number):
            set_value(expression.value)
            return
        made = self._sbml.createInitialAssignment()
        made.setSymbol(name)
        made.setMath(self._number(expression))

    def _assignments(self) -> None:
        for slot in self.model.slots:
            self._assign(slot.name, slot.unit, slot.title, _sum(slot.terms))
        for a in (*self.model.assignments, *self.model.observables):
            self._assign(a.name, a.unit, a.title, a.expression)

    def _assign(self, name: str, text: str, title: str, expression: Expression) -> None:
        self._parameter(name, text, title)
        rule = self._sbml.createAssignmentRule()
        rule.setVariable(name)
        rule.setMath(self._number(expression))

    def _rate(self, s: Species) -> None:
        if s.name in {rule.solves_for for rule in self.model.rules}:
            return
        rate = self.model.rate_of(s.name)
        if s.compartment and not s.amounts and rate != ZERO:
            rate = Call("divide", (rate, Symbol(s.compartment)))
        if s.name in self.doses.infused:
            rate = _sum((rate, Symbol(self._infusions[s.name])))
        rule = self._sbml.createRateRule()
        rule.setVariable(s.name)
        rule.setMath(self._number(rate))

    def _events(self) -> None:
        moments = sorted(
            ((time, event) for event in self.model.events for time in event.times),
            key=lambda m: m[0],
        )
        conditions = [event for event in self.model.events if event.condition is not None]
        first = len(moments) + len(conditions) + 1
        for k, (time, event) in enumerate(moments):
            made = self._event(f"{event.name}_{k}", self._reached(time), first - k, at_start=True)
            self._change(made, {name: self._number(value) for name, value in event.changes.items()})
        for k, event in enumerate(conditions, start=len(moments)):
            condition = inline(event.condition or ZERO, self._functions)
            made = self._event(
                f"{event.name}_fires", self._math.truth(condition), first - k, at_start=False
            )
            self._change(made, {name: self._number(value) for name, value in event.changes.items()})
        for k, time in enumerate(self.doses.times):
            made = self._event(f"dose_{k}", self._reached(time), 1, at_start=True)
            made.setUseValuesFromTriggerTime(
                False
            )  # what the model's own events did just before counts
            self._change(made, self._dose(time))

    def _event(self, name: str, condition: Any, priority: int, at_start: bool) -> Any:
        """An event without changes; at_start: it fires when its condition holds from the beginning."""
        made = self._sbml.createEvent()
        made.setId(_free(name, self._taken))
        made.setUseValuesFromTriggerTime(True)
        trigger = made.createTrigger()
        trigger.setInitialValue(not at_start)
        trigger.setPersistent(True)
        trigger.setMath(condition)
        made.createPriority().setMath(self._number(Number(float(priority))))
        return made

    def _change(self, event: Any, changes: Mapping[str, Any]) -> None:
        for target, math_of_it in changes.items():
            change = event.createEventAssignment()
            change.setVariable(target)
            change.setMath(math_of_it)

    def _dose(self, time: float) -> dict[str, Any]:
        """What the doses at one time set: species that boluses enter, and infusion rates."""
        units = {s.name: unit(s.unit) for s in self.model.species}
        per = unit(self.model.time_unit)
        changes = {}
        for name, amount in self.doses.boluses.get(time, {}).items():
            entered = _sum((Symbol(name), Number(amount)))
            changes[name] = self._math.in_units(self._unit(units[name])).number(entered)
        for name, rate in self.doses.rates.get(time, {}).items():
            in_units = self._math.in_units(self._unit(units[name] / per))
            changes[self._infusions[name]] = in_units.number(Number(rate))
        return changes

    def _reached(self, time: float) -> Any:
        in_time = self._math.in_units(self._unit(unit(self.model.time_unit)))
        return in_time.truth(Call("greater_equal", (Symbol("time"), Number(time))))

    def _number(self, expression: Expression) -> Any:
        return self._math.number(inline(expression, self._functions))

    def _named(self, made: Any, title: str) -> None:
        if title:
            made.setName(title)

    def _unit(self, measure: Unit) -> str:
        """The identifier of a unit definition; "" when SBML has no such base unit."""
        key = (measure.factor, measure.dimension)
        if key not in self._units:
            if any(base not in _BASES for base, _ in measure.dimension):
                return ""
            self._units[key] = f"unit_{len(self._units)}"
            made = self._sbml.createUnitDefinition()
            made.setId(self._units[key])
            made.setName(measure.text)
            parts = [("dimensionless", 1.0, measure.factor)]
            parts += [(_BASES[base], power, 1.0) for base, power in measure.dimension]
            for kind, power, multiplier in (
                parts if measure.factor != 1.0 or not measure.dimension else parts[1:]
            ):
                part = made.createUnit()
                part.setKind(self._library.UnitKind_forName(kind))
                part.setExponent(float(power))
                part.setScale(0)
                part.setMultiplier(float(multiplier))
        return self._units[key]


def _free(wanted: str, taken: set[str]) -> str:
    """An identifier that nothing has yet; it is taken from now on."""
    name = wanted
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _is_substance(measure: Unit) -> bool:
    return any(measure.same_dimension(unit(text)) for text in ("mol", "kg", "cell", "1"))


def _sum(terms: Iterable[Expression]) -> Expression:
    total: Expression = ZERO
    for term in terms:
        if term != ZERO:
            total = term if total == ZERO else Call("add", (total, term))
    return total
