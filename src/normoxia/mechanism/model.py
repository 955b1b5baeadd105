"""The values a model is made of. Frozen, without behaviour beyond looking up; read, checked and composed elsewhere.

A model is species that processes change, assignments that name algebra, parameters with sources, slots that
modules add to, switches between structural variants, statements that say what the model claims, and an
equilibration that settles the system before the experiment begins. Times are in `time_unit`. Each value knows
the place in the text it came from; places do not count when values are compared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from normoxia.documents import Place
from normoxia.mechanism.expression import ZERO, Call, Expression
from normoxia.notebook import heading_html, table_html
from normoxia.outcome import Source
from normoxia.values import Value

_NO_PLACE = Place("")


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a parameter varies between patients.

    kind    "lognormal": typical * exp(spread*z); "normal": typical + spread*z;
            "logitnormal": logit(typical) + spread*z on the logit scale
    spread  standard deviation of z's multiplier, on the scale named by kind
    """

    kind: str
    spread: float


@dataclass(frozen=True, slots=True)
class Compartment:
    """A well-mixed volume; species in it are concentrations when `unit` of the species is one per volume."""

    name: str
    size: Expression
    unit: str
    title: str = ""
    place: Place = field(default=_NO_PLACE, compare=False)


@dataclass(frozen=True, slots=True)
class Species:
    """A state. `scale` is the size at which an absolute error of the solver is judged (atol = rtol * scale).

    amounts  when it lives in a compartment: True means the state is an amount, False a concentration; a
             process changes amounts, so a concentration's rate is divided by the compartment's size
    """

    name: str
    initial: Expression
    unit: str
    compartment: str = ""
    amounts: bool = False
    scale: float = 1.0
    title: str = ""
    place: Place = field(default=_NO_PLACE, compare=False)


@dataclass(frozen=True, slots=True, eq=False)
class Parameter(Value):
    """A number with unit, between-patient distribution, kind (fixed, sampled, calibrated), range and source.

    low, high  the range in which the value makes sense; nan when none is given
    """

    name: str
    value: float
    unit: str
    kind: str = "fixed"
    distribution: Distribution | None = None
    low: float = math.nan
    high: float = math.nan
    source: Source | None = None
    title: str = ""
    place: Place = field(default=_NO_PLACE, compare=False)


@dataclass(frozen=True, slots=True)
class Function:
    """A named expression of arguments; inlined where it is called."""

    name: str
    arguments: tuple[str, ...]
    body: Expression
    title: str = ""
    place: Place = field(default=_NO_PLACE, compare=False)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A name for an algebraic expression of states, parameters, slots and other assignments (any order, no cycle)."""

    name: str
    expression: Expression
    unit: str
    title: str = ""
    place: Place = field(default=_NO_PLACE, compare=False)


@dataclass(frozen=True, slots=True)
class Slot:
    """A sum that modules add terms to, such as the occupancy ratios of all checkpoint inhibitors in play; 0 when none does.

    term_places  where each term was written; as many as terms, or none
    """

    name: str
    unit: str
    terms: tuple[Expression, ...] = ()
    title: str = ""
    term_places: tuple[Place, ...] = field(default=(), compare=False)
    place: Place = field(default=_NO_PLACE, compare=False)


@dataclass(frozen=True, slots=True)
class Contribution:
    """A term a module adds to a slot that another module declares; composing moves it into the slot."""

    slot: str
    expression: Expression
    unit: str
    place: Place = field(default=_NO_PLACE, compare=False)


@dataclass(frozen=True, slots=True)
class Process:
    """A rate that changes species: d(species)/dt gains `changes[species] * rate`."""

    name: str
    rate: Expression
    unit: str
    changes: Mapping[str, Expression]
    statements: tuple[str, ...] = ()
    title: str = ""
    place: Place = field(default=_NO_PLACE, compare=False)


@dataclass(frozen=True, slots=True)
class AlgebraicRule:
    """An equation `expression = 0` that determines `solves_for` at every time (reference backend only)."""

    solves_for: str
    expression: Expression
    unit: str
    place: Place = field(default=_NO_PLACE, compare=False)


@dataclass(frozen=True, slots=True)
class Event:
    """State changes at given times, or whenever a condition becomes true (the latter: reference backend only)."""

    name: str
    changes: Mapping[str, Expression]
    times: tuple[float, ...] = ()
    condition: Expression | None = None
    place: Place = field(default=_NO_PLACE, compare=False)


@dataclass(frozen=True, slots=True)
class Switch:
    """A structural variant: when off, the named parameters take the given values."""

    name: str
    on: bool
    off_values: Mapping[str, float]
    title: str = ""
    place: Place = field(default=_NO_PLACE, compare=False)


@dataclass(frozen=True, slots=True)
class Statement:
    """One causal statement: what it says (by language), where it stands, the term that carries it, how to ablate it.

    added      what of it the authors of the model added to the review, by language; empty when all is the review's
    strengths  parameters whose size is the strength of the arrow
    ablation   parameter values that remove it; empty for an emergent statement, which is tested, not coded
    driver, target, sign  the arrow, for sign tests: the target's derivative has this sign in the driver
    """

    tag: str
    says: Mapping[str, str]
    review_place: str
    term: str
    strengths: tuple[str, ...] = ()
    ablation: Mapping[str, float] = field(default_factory=dict)
    driver: str = ""
    target: str = ""
    sign: int = 0
    emergent: bool = False
    added: Mapping[str, str] = field(default_factory=dict)
    place: Place = field(default=_NO_PLACE, compare=False)


@dataclass(frozen=True, slots=True)
class Equilibration:
    """The system settles before the experiment, then parameters and states are read from it.

    duration  in the model's time unit
    hold      species frozen while settling
    during    assignments replaced while settling, as name -> expression (parameters allowed)
    derived   parameters computed afterwards from the settled state, in order; each may use the ones before
    initial   states set afterwards, as species -> expression over the settled state and derived parameters;
              species not named keep their settled value
    """

    duration: float
    hold: tuple[str, ...] = ()
    during: Mapping[str, Expression] = field(default_factory=dict)
    derived: tuple[Assignment, ...] = ()
    initial: Mapping[str, Expression] = field(default_factory=dict)
    place: Place = field(default=_NO_PLACE, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class Model:
    """A whole model, or a module of one. Tuples keep the order of the text; names are unique across all kinds.

    contributions  terms still looking for their slot; a whole model has none
    """

    name: str
    title: str = ""
    version: str = ""
    time_unit: str = "day"
    compartments: tuple[Compartment, ...] = ()
    species: tuple[Species, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    functions: tuple[Function, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    slots: tuple[Slot, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    processes: tuple[Process, ...] = ()
    rules: tuple[AlgebraicRule, ...] = ()
    events: tuple[Event, ...] = ()
    observables: tuple[Assignment, ...] = ()
    switches: tuple[Switch, ...] = ()
    statements: tuple[Statement, ...] = ()
    equilibration: Equilibration | None = None
    place: Place = field(default=_NO_PLACE, compare=False)

    def __repr__(self) -> str:
        return (
            f"<Model {self.name}: {len(self.species)} species, {len(self.parameters)} parameters, "
            f"{len(self.processes)} processes, {len(self.statements)} statements>"
        )

    def _repr_html_(self) -> str:
        """How a notebook shows the model: title, counts, and its causal statements."""
        columns = ("tag", "statement", "term", "strengths")
        rows = [
            (s.tag, s.says.get("en", ""), s.term, ", ".join(s.strengths)) for s in self.statements
        ]
        statements = table_html(columns, rows) if rows else ""
        return heading_html(self.title or self.name, repr(self)) + statements

    @property
    def defaults(self) -> dict[str, float]:
        """Every parameter's typical value, with switches that are off applied."""
        values = {parameter.name: parameter.value for parameter in self.parameters}
        for switch in self.switches:
            if not switch.on:
                values.update(switch.off_values)
        return values

    def with_values(self, values: Mapping[str, float]) -> Model:
        """The model with other typical values of parameters; names that are not parameters raise KeyError."""
        missing = set(values) - {parameter.name for parameter in self.parameters}
        if missing:
            raise KeyError(", ".join(sorted(missing)))
        changed = tuple(
            replace(p, value=float(values[p.name])) if p.name in values else p
            for p in self.parameters
        )
        return replace(self, parameters=changed)

    def rate_of(self, species: str) -> Expression:
        """The sum of all processes' contributions to a species, as an expression (0 when none).

        Of a concentration in a compartment this is the change of its amount: divide by the compartment's size.
        """
        total: Expression = ZERO
        for process in self.processes:
            if species in process.changes:
                term = Call("multiply", (process.changes[species], process.rate))
                total = term if total == ZERO else Call("add", (total, term))
        return total
