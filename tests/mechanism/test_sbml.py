"""SBML: libSBML finds no fault, and libRoadRunner simulates what closed forms and our own solver say."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import libsbml
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm

from normoxia import simulation
from normoxia.errors import InvalidArgument, MissingExtra, UnknownName
from normoxia.mechanism import export, parse
from normoxia.mechanism.expression import evaluate, inline
from normoxia.mechanism.inputs import Inputs, none
from normoxia.mechanism.model import Model

#: libRoadRunner's own integrator is asked for this; its events are located to about the same
RELATIVE, ABSOLUTE = 1e-10, 1e-12
AGREES = 1e-7


def doses(*given: tuple[float, str, float, float]) -> Inputs:
    time, target, amount, duration = zip(*sorted(given), strict=True)
    return Inputs(np.array(time), tuple(target), np.array(amount), np.array(duration))


#: libSBML's remark that a formula with a literal without unit (a 0 of ours) cannot be checked fully
UNCHECKED = 99505


def faults(text: str) -> list[str]:
    """Everything libSBML finds, warnings about units included: a second opinion on our own algebra of units."""
    document = libsbml.readSBMLFromString(text)
    document.checkConsistency()
    found = [document.getError(i) for i in range(document.getNumErrors())]
    return [error.getMessage() for error in found if error.getErrorId() != UNCHECKED]


def roadrunner_run(
    text: str, outputs: Sequence[str], times: Sequence[float]
) -> NDArray[np.float64]:
    import roadrunner

    runner = roadrunner.RoadRunner(text)
    runner.setIntegratorSetting("cvode", "relative_tolerance", RELATIVE)
    runner.setIntegratorSetting("cvode", "absolute_tolerance", ABSOLUTE)
    runner.timeCourseSelections = list(outputs)
    return np.asarray(runner.simulate(times=list(times)), dtype=np.float64)


KINETICS = parse("""\
model: two compartments
time_unit: day
compartments:
  blood: {size: 3, unit: L}
  tissue: {size: V2, unit: L}
parameters:
  V2: {value: 2, unit: L, source: assumed}
  CL: {value: 0.5, unit: L/day, source: assumed}
  Q: {value: 0.7, unit: L/day, source: assumed}
  ka: {value: 1.1, unit: 1/day, source: assumed}
  start: {value: 5, unit: mg/L, source: assumed}
species:
  depot: {initial: 0, unit: mg}
  A: {initial: 0, unit: mg, compartment: blood, amount: true}
  C2: {initial: start, unit: mg/L, compartment: tissue}
processes:
  absorption: {rate: ka*depot, unit: mg/day, changes: {depot: -1, A: 1}}
  elimination: {rate: CL*A/blood, unit: mg/day, changes: {A: -1}}
  exchange: {rate: Q*(A/blood - C2), unit: mg/day, changes: {A: -1, C2: 1}}
observables:
  C1: {expression: A/blood, unit: mg/L}
""")


def test_linear_kinetics_with_boluses_and_infusions_match_the_matrix_exponential() -> None:
    """Concentrations and amounts, two boluses into one species at one time, overlapping infusions, a dose at 0."""
    given = doses(
        (0.0, "A", 10.0, 0.0),
        (0.0, "A", 5.0, 0.0),
        (1.0, "A", 30.0, 0.5),
        (1.25, "A", 8.0, 2.0),
        (1.0, "depot", 20.0, 0.0),
        (2.0, "C2", 1.5, 1.0),
        (3.0, "depot", 0.0, 0.0),
    )
    times = [0.0, 0.5, 0.999, 1.2, 1.4, 2.3, 3.5, 6.0]
    text = export(KINETICS, given)
    assert faults(text) == []
    found = roadrunner_run(text, ["depot", "A", "[C2]", "C1"], times)

    rates = np.array([[-1.1, 0, 0], [1.1, -0.5 / 3 - 0.7 / 3, 0.7], [0, 0.7 / 3 / 2, -0.7 / 2]])
    column = {"depot": 0, "A": 1, "C2": 2}
    for row, time in zip(found, times, strict=True):
        state = expm(rates * time) @ np.array([0.0, 0.0, 5.0])
        for begin, target, amount, length in zip(
            given.time, given.target, given.amount, given.duration, strict=True
        ):
            entered = np.eye(3)[column[target]] * amount
            if length == 0 and (time > begin or begin == 0):
                state += expm(rates * (time - begin)) @ entered
            elif length > 0 and time > begin:
                # the integral of exp(rates*u) over the time since the infusion, by the augmented matrix
                flowing = min(time, begin + length) - begin
                augmented = np.block([[rates, (entered / length)[:, None]], [np.zeros((1, 4))]])
                reached = expm(augmented * flowing)[:3, 3]
                state += expm(rates * (time - begin - flowing)) @ reached
        np.testing.assert_allclose(row, [*state, state[1] / 3], rtol=AGREES, atol=AGREES)


FORMULAS = parse("""\
model: 1st zoo
functions:
  half: {arguments: [u, K], expression: u/(K + u)}
parameters:
  a: {value: 0.7, unit: 1, source: assumed}
  b: {value: -1.3, unit: 1, source: assumed}
  c: {value: 3.2, unit: 1, source: assumed}
  rate: {value: 1, unit: 1/day, source: assumed}
species:
  x: {initial: a*c + 1, unit: 1}
processes:
  growth: {rate: rate, unit: 1/day, changes: {x: half(a, c)}}
assignments:
  time_ratio: {expression: time*rate, unit: 1}
observables:
  o1: {expression: "min(a, b, c) + 10*max(a, b, c)", unit: 1}
  o2: {expression: "clip(x, 0, 3) + clip(b, a, c)", unit: 1}
  o3: {expression: "where(x > 4 and not b < a or c == 3.2, x, -x)", unit: 1}
  o4: {expression: "(x > 3)*2 + (a <= b) + (x >= 3)", unit: 1}
  o5: {expression: "exp(-x) + log(x) + log10(c) + sqrt(x) + abs(b) + tanh(b) + floor(x)", unit: 1}
  o6: {expression: "x**c - x**-2 + (-b)**a - b**2", unit: 1}
  o7: {expression: "half(half(x, 1), a) + time_ratio/2 + where(a, 1, 2) + where(not a, 1, 2)", unit: 1}
  o8: {expression: 1 - (2 - (3 - x))/(a/(b/c)), unit: 1}
""")


def test_every_function_means_the_same_there() -> None:
    text = export(FORMULAS)
    assert faults(text) == []
    times = [0.0, 1.0, 5.0]
    names = [o.name for o in FORMULAS.observables]
    found = roadrunner_run(text, names, times)
    functions = {f.name: (f.arguments, f.body) for f in FORMULAS.functions}
    for row, time in zip(found, times, strict=True):
        x = 0.7 * 3.2 + 1 + 0.7 / 3.9 * time
        known = {**FORMULAS.defaults, "x": x, "time": time, "time_ratio": time}
        expected = [evaluate(inline(o.expression, functions), known) for o in FORMULAS.observables]
        np.testing.assert_allclose(row, expected, rtol=AGREES)


EVENTS = parse("""\
model: events
parameters:
  speed: {value: 1, unit: 1/day, source: assumed}
  limit: {value: 3, unit: 1, source: assumed}
species:
  x: {initial: 0, unit: 1}
  y: {initial: 1, unit: 1}
  z: {initial: 2, unit: 1}
processes:
  rise: {rate: speed, unit: 1/day, changes: {x: 1}}
events:
  full: {condition: x > limit, changes: {x: 0}}
  exchange: {times: [2, 5], changes: {y: z, z: y + 1}}
  from_the_start: {condition: z > 0, changes: {y: 100}}
""")


def test_events_at_times_and_on_conditions_fire_as_ours_do() -> None:
    """A sawtooth of period 3; an exchange that reads before it writes; a condition true from the start is no turn.

    A dose at the time of an event comes after it.
    """
    text = export(EVENTS, doses((5.0, "y", 10.0, 0.0)))
    assert faults(text) == []
    times = [0.0, 1.0, 2.5, 4.0, 5.5, 8.5]
    found = roadrunner_run(text, ["x", "y", "z"], times)
    expected = [
        [t % 3, 1 if t < 2 else 2 if t < 5 else 12, 2 if t < 2 else 2 if t < 5 else 3]
        for t in times
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_algebraic_rules_are_valid_sbml() -> None:
    """libRoadRunner does not take them, so only libSBML judges."""
    model = parse("""\
model: equilibrium
parameters:
  K: {value: 2, unit: nM, source: assumed}
  total: {value: 5, unit: nM, source: assumed}
species:
  free: {initial: 5, unit: nM}
rules:
  free: {expression: free + free*total/(K + free) - total, unit: nM}
observables:
  bound: {expression: total - free, unit: nM}
""")
    text = export(model)
    assert faults(text) == []
    assert "<algebraicRule>" in text


SETTLING = parse("""\
model: settling
parameters:
  net: {value: 0.01, unit: 1/day, source: assumed}
  k: {value: 1, unit: 1/day, source: assumed}
species:
  V: {initial: 1, unit: mL}
  B: {initial: 2, unit: 1}
processes:
  growth: {rate: gross*V, unit: mL/day, changes: {V: 1}}
  settling: {rate: k*(1 - B), unit: 1/day, changes: {B: 1}}
equilibration:
  duration: 100
  hold: [V]
  derived:
    gross: {expression: net*B, unit: 1/day}
""")


def test_an_equilibrated_start_is_passed_as_values() -> None:
    values = {"V": 3.0, "B": 1.0, "gross": 0.02, "k": 0.5}
    text = export(SETTLING, values=values)
    assert faults(text) == []
    found = roadrunner_run(text, ["V", "B", "gross", "k"], [0.0, 10.0])
    np.testing.assert_allclose(found[1], [3 * np.exp(0.2), 1.0, 0.02, 0.5], rtol=AGREES)


def test_an_equilibration_without_values_is_refused() -> None:
    with pytest.raises(InvalidArgument) as caught:
        export(SETTLING, values={"V": 1.0})
    assert str(caught.value) == (
        '"settling" equilibrates, which SBML cannot say, and no value is given for gross, B; '
        "pass the settled species and derived parameters as values"
    )


@pytest.mark.parametrize(
    ("inputs", "values", "kind", "message"),
    [
        (doses((0.0, "B1", 1.0, 0.0)), {}, UnknownName, 'dose target "B1" is not known'),
        (
            doses((-1.0, "A", 1.0, 0.0)),
            {},
            InvalidArgument,
            "a dose into A is given at -1, before time 0",
        ),
        (
            none(),
            {"dept": 1.0},
            UnknownName,
            'parameter or species "dept" is not known; did you mean "depot"?',
        ),
        (
            Inputs(np.zeros(1), ("A",), np.ones((2, 1)), np.zeros(1)),
            {},
            InvalidArgument,
            "the doses are those of 2 patients",
        ),
    ],
)
def test_what_cannot_be_exported_says_why(
    inputs: Inputs, values: dict[str, float], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        export(KINETICS, inputs, values)
    assert message in str(caught.value)


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "libsbml", None)
    with pytest.raises(MissingExtra, match=r'pip install "normoxia\[sbml\]"'):
        export(KINETICS)


BINDING = parse(
    """\
model: binding in two places
time_unit: day
compartments:
  blood: {size: 5000, unit: mL}
  tumour: {size: 20, unit: mL}
functions:
  up: {arguments: [u, strength], expression: (1 + strength*u)/(1 + strength)}
parameters:
  flow: {value: 10, unit: mL/day, source: assumed}
  CL: {value: 900, unit: mL/day, source: assumed}
  kon: {value: 1.2, unit: 1/(nM*day), source: assumed}
  koff: {value: 0.4, unit: 1/day, source: assumed}
  kdeg: {value: 0.3, unit: 1/day, source: assumed}
  R0: {value: 4, unit: nM, source: assumed}
  limit: {value: 2, unit: nM, source: assumed}
species:
  A: {initial: 0, unit: nmol, compartment: blood, amount: true}
  At: {initial: 0, unit: nM, compartment: tumour}
  R: {initial: R0, unit: nM, compartment: tumour}
  AR: {initial: 0, unit: nM, compartment: tumour}
  kept: {initial: 0, unit: nM}
assignments:
  Ab: {expression: A/blood, unit: nmol/mL}
processes:
  elimination: {rate: CL*Ab, unit: nmol/day, changes: {A: -1}}
  transport: {rate: flow*(Ab - At_mL), unit: nmol/day, changes: {A: -1, At: 1000}}
  synthesis: {rate: "kdeg*R0*tumour*up(AR/R0, 2)", unit: nM*mL/day, changes: {R: 1}}
  loss: {rate: kdeg*R*tumour, unit: nM*mL/day, changes: {R: -1}}
  binding: {rate: (kon*At*R - koff*AR)*tumour, unit: nM*mL/day, changes: {At: -1, R: -1, AR: 1}}
events:
  sampled: {times: [7, 20], changes: {kept: AR}}
  rescue: {condition: R < limit, changes: {R: R + limit}}
observables:
  occupancy: {expression: AR/(R + AR), unit: 1}
""".replace("1000", "per_litre")
    .replace("At_mL", "At/per_litre")
    .replace(
        "  limit:", "  per_litre: {value: 1000, unit: nM*mL/nmol, source: definition}\n  limit:"
    )
)


def compared(
    model: Model,
    inputs: Inputs,
    times: list[float],
    outputs: list[str],
    values: dict[str, float] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    text = export(model, inputs, values)
    assert faults(text) == []
    concentrations = {s.name for s in model.species if s.compartment and not s.amounts}
    there = roadrunner_run(
        text, [f"[{name}]" if name in concentrations else name for name in outputs], [0.0, *times]
    )
    simulator = simulation.compile(model, backend="reference", outputs=outputs)
    here = simulator.run(simulator.start(), inputs, times, tolerance=1e-10)
    assert here.status.tolist() == [0]
    return there[1:], here.values[0]


def test_our_reference_solver_agrees_on_doses_events_and_two_compartments() -> None:
    given = doses((0.0, "A", 300.0, 0.1), (14.0, "A", 300.0, 0.0), (10.0, "At", 5.0, 3.0))
    outputs = ["A", "At", "R", "AR", "kept", "occupancy"]
    there, here = compared(
        BINDING, given, [0.05, 0.5, 3.0, 6.5, 9.0, 13.0, 15.0, 25.0, 40.0], outputs
    )
    np.testing.assert_allclose(there, here, rtol=1e-6, atol=1e-7)


def test_a_condition_fires_as_often_as_it_turns_true_within_one_run() -> None:
    simulator = simulation.compile(EVENTS, backend="reference", outputs=["x", "y", "z"])
    end = simulator.run(simulator.start(), doses((5.0, "y", 10.0, 0.0)), [11.5], tolerance=1e-9)
    np.testing.assert_allclose(end.values[0, 0], [11.5 % 3, 12, 3], rtol=1e-6)


@pytest.mark.slow
def test_the_library_model_with_drugs_agrees_with_our_reference_solver() -> None:
    """26 + 5 states, 140 + 40 parameters, settled, two infusions and two boluses; libRoadRunner compiles it in 20 s."""
    from normoxia import mechanism, pharmacology
    from normoxia.pharmacology import modules

    root = Path(mechanism.__file__).parents[1] / "library" / "models" / "nsclc.yaml"
    drugs = [pharmacology.read(name) for name in ("atezolizumab", "bevacizumab", "carboplatin")]
    model = mechanism.checked(mechanism.compose([mechanism.read(root), *modules(drugs)]))
    given = doses(
        *((day, "atezolizumab_central", 1200.0, 1 / 24) for day in (0.0, 21.0)),
        *((day, "bevacizumab_central", 1000.0, 0.0) for day in (0.0, 21.0)),
    )
    outputs = [o.name for o in model.observables]
    simulator = simulation.compile(model, backend="reference", outputs=outputs)
    state = simulator.start(tolerance=1e-9)
    values = {name: float(state[name][0]) for name in (*state.species, *state.parameters)}
    text = export(model, given, values)
    assert faults(text) == []
    times = [7.0, 30.0, 60.0]
    there = roadrunner_run(text, outputs, [0.0, *times])[1:]
    here = simulator.run(state, given, times, tolerance=1e-9).values[0]
    np.testing.assert_allclose(there, here, rtol=1e-6, atol=1e-9)


def test_libsbml_is_of_the_same_opinion_about_the_units_of_the_library_model() -> None:
    from normoxia import mechanism

    root = Path(mechanism.__file__).parents[1] / "library" / "models" / "nsclc.yaml"
    model = mechanism.read(root)
    settled = {
        name: 1.0
        for name in (
            *(s.name for s in model.species),
            *(d.name for d in model.equilibration.derived),
        )
    }
    assert faults(export(model, values=settled)) == []
