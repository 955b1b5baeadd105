"""Small models drawn at random, as texts a person can read: species in compartments, processes, conditions, events, doses.

All numbers but exponents are parameters, so that a trajectory can be asked how much it depends on them. Amounts stay at
or above 0 and nothing explodes: losses are proportional to what is lost, growth is bounded, sources are not negative.
No condition switches where a species is 0, to which species decay: its side would be that of the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from normoxia.mechanism.expression import parse
from normoxia.mechanism.inputs import Inputs, none
from normoxia.mechanism.model import (
    Assignment,
    Compartment,
    Event,
    Function,
    Model,
    Parameter,
    Process,
    Species,
)

#: moments of different kinds never coincide: programs differ in what comes first
OUTPUTS = (0.7, 2.9, 5.3, 10.0)
DOSED = (0.0, 1.3, 4.1)
FIRED = (2.2, 6.4)
SWITCHED = (0.9, 3.1, 5.77, 7.9)


@dataclass
class Drawn:
    """What a model consists of, in texts.

    compartments  sizes by name
    species       (starting value, compartment or "", whether it is an amount) by name
    processes     (rate, change of each species)
    timed         (time, changes) of events at a time; conditions: (condition, changes) of events on a condition
    doses         (time, target, amount, duration)
    """

    parameters: dict[str, float] = field(default_factory=dict)
    compartments: dict[str, str] = field(default_factory=dict)
    species: dict[str, tuple[str, str, bool]] = field(default_factory=dict)
    assignments: dict[str, str] = field(default_factory=dict)
    processes: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    timed: list[tuple[float, dict[str, str]]] = field(default_factory=list)
    conditions: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    doses: list[tuple[float, str, float, float]] = field(default_factory=list)

    def model(self) -> Model:
        def changes(texts: Mapping[str, str]) -> dict[str, object]:
            return {name: parse(text) for name, text in texts.items()}

        events = [Event(f"at{k}", changes(c), times=(t,)) for k, (t, c) in enumerate(self.timed)]  # type: ignore[arg-type]
        events += [
            Event(f"when{k}", changes(new), condition=parse(c))
            for k, (c, new) in enumerate(self.conditions)  # type: ignore[arg-type]
        ]
        return Model(
            name="drawn",
            compartments=tuple(
                Compartment(name, parse(size), "1") for name, size in self.compartments.items()
            ),
            functions=(Function("rise", ("u", "h"), parse("u/(h + u)")),),
            parameters=tuple(
                Parameter(name, value, "1") for name, value in self.parameters.items()
            ),
            species=tuple(
                Species(name, parse(start), "1", compartment=where, amounts=amount)
                for name, (start, where, amount) in self.species.items()
            ),
            assignments=tuple(
                Assignment(name, parse(e), "1") for name, e in self.assignments.items()
            ),
            processes=tuple(
                Process(f"process{k}", parse(rate), "1", changes(moved))  # type: ignore[arg-type]
                for k, (rate, moved) in enumerate(self.processes)
            ),
            events=tuple(events),
        )

    def inputs(self) -> Inputs:
        if not self.doses:
            return none()
        time, target, amount, duration = zip(*sorted(self.doses), strict=True)
        return Inputs(np.array(time), tuple(target), np.array(amount), np.array(duration))

    @property
    def selections(self) -> list[str]:
        """The species as libRoadRunner names them: a concentration stands in brackets."""
        return [
            f"[{name}]" if where and not amount else name
            for name, (_, where, amount) in self.species.items()
        ]


class _Pen:
    """Writes texts, drawing what it needs."""

    def __init__(self, draw: st.DrawFn, drawn: Drawn) -> None:
        self.draw, self.drawn = draw, drawn

    def one(self, *of: str) -> str:
        return self.draw(st.sampled_from(of))

    def number(self, *of: float) -> str:
        """The name of a new parameter with one of some values."""
        name = f"p{len(self.drawn.parameters)}"
        self.drawn.parameters[name] = self.draw(st.sampled_from(of))
        return name

    def speed(self) -> str:
        return self.number(0.3, 1.1, 0.05, 2.7)

    def level(self) -> str:
        return self.number(0.61, 1.37, 0.23, 2.9)

    def moment(self) -> str:
        return self.number(*SWITCHED)

    def species(self) -> str:
        return self.one(*self.drawn.species)

    def condition(self, depth: int = 1) -> str:
        kinds = ["state", "time", "pulse", "state"] + [
            "daily",
            "both",
            "either",
            "not",
            "two",
        ] * depth
        match self.one(*kinds):
            case "state":
                return f"{self.species()} {self.one('>', '<', '>=', '<=')} {self.level()}"
            case "two":
                return f"{self.species()} > {self.level()} + {self.level()}*{self.species()}"
            case "time":
                return f"time {self.one('>=', '<', '>', '<=')} {self.moment()}"
            case "pulse":
                begin = self.moment()
                return f"(time >= {begin} and time < {begin} + {self.number(0.31, 0.043)})"
            case "daily":
                period = self.number(2.6, 1.7)
                return f"time - {period}*floor(time/{period}) < {self.number(0.83, 0.37)}"
            case "both":
                return f"({self.condition(0)} and {self.condition(0)})"
            case "either":
                return f"({self.condition(0)} or {self.condition(0)})"
        return f"(not {self.condition(0)})"

    def modified(self, rate: str) -> str:
        match self.one("plain", "plain", "where", "number", "switched off"):
            case "where":
                return f"{rate}*where({self.condition()}, {self.number(1.9, 0.4)}, {self.number(0.7, 1.0)})"
            case "number":
                return f"{rate}*(1 + ({self.condition()}))"
            case "switched off":
                return f"where({self.condition()}, {rate}, 0)"
        return rate

    def loss(self, x: str) -> str:
        """A rate that vanishes with x."""
        k = self.speed()
        match self.one(
            "first order", "saturable", "hill", "power", "square", "product", "min", "exp"
        ):
            case "first order":
                return f"{k}*{x}"
            case "saturable":
                return f"{k}*rise({x}, {self.level()})"
            case "hill":
                h, n = self.level(), self.one("2", "1.5", "3")
                return f"{k}*{x}**{n}/({h}**{n} + {x}**{n})"
            case "power":
                return f"{k}*{x}**{self.one('1.5', '1.2')}/(1 + {x})"
            case "square":
                return f"{k}*{x}**2"
            case "product":
                return f"{k}*{x}*{self.species()}"
            case "min":
                return f"{k}*min({x}, {self.level()})"
        return f"{k}*{x}*exp(0 - {self.species()})"

    def source(self) -> str:
        """A rate that is not negative and grows at most in proportion."""
        k, x = self.speed(), self.species()
        match self.one(
            "constant",
            "tanh",
            "hill",
            "abs",
            "max",
            "clip",
            "log",
            "root",
            "floor",
            "decay",
            "logistic",
        ):
            case "tanh":
                return f"{k}*(1 + tanh({x} - {self.level()}))"
            case "hill":
                h = self.level()
                return f"{k}*{h}**1.7/({h}**1.7 + {x}**1.7)"
            case "abs":
                return f"0.3*{k}*abs({x} - {self.level()})"
            case "max":
                return f"0.3*{k}*max({x}, {self.level()})"
            case "clip":
                return f"{k}*clip({x}, {self.number(0.2, 0.5)}, {self.number(1.4, 2.1)})"
            case "log":
                return f"{k}*log(1 + {x})/(1 + {x})"
            case "root":
                return f"0.2*{k}*sqrt(1 + {x}**2)"
            case "floor":
                return f"0.2*{k}*floor({self.level()} + {x})/(1 + {x})"
            case "decay":
                return f"{k}*(1 + time)**-1"
            case "logistic":
                return f"{k}*{x}*max(0, 1 - {x}/{self.number(3.3, 5.1)})"
        return k


@st.composite
def drawn_models(draw: st.DrawFn) -> Drawn:
    """A model of one to three species and one to five processes."""
    drawn = Drawn()
    pen = _Pen(draw, drawn)
    for k in range(draw(st.integers(0, 2))):
        drawn.compartments[f"c{k}"] = pen.number(2.0, 0.5, 3.0)
    for k in range(draw(st.integers(1, 3))):
        where = draw(st.sampled_from(["", *drawn.compartments]))
        start = pen.number(0.0, 1.0, 2.3, 0.4)
        drawn.species[f"x{k}"] = (start, where, bool(where) and draw(st.booleans()))
    if draw(st.booleans()):
        drawn.assignments["u"] = pen.modified(pen.source())
    names = list(drawn.species)
    for _ in range(draw(st.integers(1, 5))):
        x = draw(st.sampled_from(names))
        others = [name for name in names if name != x]
        kind = draw(st.sampled_from(["loss", "source", "transfer", "binding", "named"]))
        if kind == "source" or (kind == "named" and not drawn.assignments):
            drawn.processes.append((pen.modified(pen.source()), {x: "1"}))
        elif kind == "named":
            drawn.processes.append((f"u*{pen.number(0.5, 1.0)}", {x: "1"}))
        elif kind == "loss" or not others:
            drawn.processes.append((pen.modified(pen.loss(x)), {x: "-1"}))
        elif kind == "transfer":
            to = draw(st.sampled_from(others))
            drawn.processes.append((pen.modified(pen.loss(x)), {x: "-1", to: pen.number(1.0, 0.5)}))
        else:
            y = draw(st.sampled_from(others))
            moved = {x: "-1", y: "-1"} | ({others[-1]: "1"} if others[-1] != y else {})
            drawn.processes.append((pen.modified(f"{pen.speed()}*{x}*{y}"), moved))
    for time in FIRED[: draw(st.sampled_from([0, 0, 1, 2]))]:
        x = pen.species()
        drawn.timed.append(
            (time, {x: draw(st.sampled_from([f"{x}/2", f"{x} + 1", f"0.1 + {pen.species()}"]))})
        )
    if draw(st.integers(0, 3)) == 3:
        x = pen.species()
        drawn.conditions.append((f"{x} > {pen.level()}", {x: f"{x}*0.3"}))
    for time in DOSED[: draw(st.sampled_from([0, 1, 2, 3]))]:
        amount, duration = draw(st.sampled_from([(1.0, 0.0), (2.5, 0.0), (1.5, 0.6), (3.0, 3.55)]))
        drawn.doses.append((time, pen.species(), amount, duration))
    return drawn
