"""The reference backend against closed forms, and the semantics every backend shares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.simulation.models import ONE_COMPARTMENT, doses, model

from normoxia import simulation
from normoxia.errors import InvalidArgument, InvalidModel, UnknownName
from normoxia.mechanism.expression import parse
from normoxia.mechanism.model import AlgebraicRule, Assignment, Equilibration, Event


def test_condition_events_fire_each_time_the_condition_turns_true() -> None:
    refill = Event("refill", {"x": parse("x + 1")}, condition=parse("x < 0.5"))
    simulator = simulation.compile(model({"x": (1.0, "-x")}, events=(refill,)), "auto", ("x",))
    assert simulator.backend.name == "reference"
    # falls to 1/2 at log 2, then from 3/2 to 1/2 every log 3
    times = np.log(2) + np.log(3) * np.array([0.5, 1.5, 2.5])
    result = simulator.run(simulator.start(), times=times, tolerance=1e-8)
    np.testing.assert_allclose(result["x"][0], 1.5 * np.exp(-0.5 * np.log(3)), rtol=1e-6)


def test_algebraic_rule_is_solved_at_every_time() -> None:
    toy = replace(
        model({"b": (1.0, "-0.5*b*x")}),
        rules=(AlgebraicRule("x", parse("x**2 + x - b"), "1"),),
    )
    simulator = simulation.compile(toy, "auto", ("b", "x"))
    result = simulator.run(simulator.start(), times=[0.0, 1.0, 4.0], tolerance=1e-9)
    b, x = result["b"][0], result["x"][0]
    np.testing.assert_allclose(x, (np.sqrt(1 + 4 * b) - 1) / 2, rtol=1e-8)

    # with b = x + x^2: (1 + 2x) x' = -x^2 (1 + x)/2, so 1/x - log(x/(1 + x)) ... is linear in time
    def first_integral(x: float) -> float:
        return -1 / x + np.log(x / (1 + x))

    np.testing.assert_allclose(
        [first_integral(v) - first_integral(x[0]) for v in x], [0, -0.5, -2.0], atol=1e-6
    )


def test_fast_backend_says_why_it_refuses() -> None:
    refill = Event("refill", {"x": parse("x + 1")}, condition=parse("x < 0.5"))
    with pytest.raises(InvalidArgument, match=r'event "refill" fires on a condition.*reference'):
        simulation.compile(model({"x": (1.0, "-x")}, events=(refill,)), "fast")


def test_settling_may_not_read_what_is_derived_from_it() -> None:
    toy = model(
        {"x": (1.0, "k - x")},
        equilibration=Equilibration(10.0, derived=(Assignment("k", parse("2*x"), "1"),)),
    )
    with pytest.raises(InvalidModel, match='"k" is derived'):
        simulation.compile(toy, "reference")


def test_what_cannot_be_meant_is_refused() -> None:
    simulator = simulation.compile(ONE_COMPARTMENT, "reference", ("C",))
    state = simulator.start(time=10.0)
    with pytest.raises(InvalidArgument, match="lies before the state's time 10"):
        simulator.run(state, doses((9, "central", 1, 0)), [20])
    with pytest.raises(InvalidArgument, match="lies before the state's time 10"):
        simulator.run(state, times=[9])
    with pytest.raises(InvalidArgument, match="ascending"):
        simulator.run(state, times=[12, 11])
    with pytest.raises(UnknownName, match='did you mean "central"'):
        simulator.run(state, doses((10, "centrl", 1, 0)), [20])
    with pytest.raises(UnknownName, match='parameter "CLL"'):
        simulator.start({"CLL": 1.0})
    with pytest.raises(InvalidArgument, match="3 values for 2 patients"):
        simulator.start({"CL": [1.0, 2.0, 3.0]}, 2)
    with pytest.raises(UnknownName, match="output"):
        simulation.compile(ONE_COMPARTMENT, "reference", ("D",))


def test_a_state_that_explodes_is_a_failed_patient_and_not_an_endless_solve() -> None:
    from normoxia import mechanism, simulation

    model = mechanism.parse(
        "model: m\nspecies:\n  A: {initial: 1, unit: mg}\nparameters:\n  k: {value: 900, unit: 1/day, source: assumed}\n"
        "processes:\n  growth: {rate: k*A, unit: mg/day, changes: {A: 1}}\ntime_unit: day\n"
    )
    simulator = simulation.compile(model, backend="reference", outputs=("A",))
    result = simulator.run(simulator.start({}, 1), times=[1.0])
    # exp(900) is larger than any double
    assert result.n_failed == 1
    assert "a state passed" in result.reason[0]
