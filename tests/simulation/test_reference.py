"""The reference backend against closed forms, and the semantics every backend shares."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.simulation.models import ONE_COMPARTMENT, doses, model

from normoxia import simulation
from normoxia.errors import InvalidArgument, InvalidModel, UnknownName
from normoxia.mechanism.expression import parse
from normoxia.mechanism.inputs import Inputs
from normoxia.mechanism.model import AlgebraicRule, Assignment, Equilibration, Event, Model
from normoxia.simulation.backends import TOO_MANY_STEPS
from normoxia.simulation.system import system_of


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
        model({"b": (1.0, "-0.5*b*x")}), rules=(AlgebraicRule("x", parse("x**2 + x - b"), "1"),)
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


# conditions, by pieces in closed form ------------------------------------------------------------------------


def first(condition: str, effect: str, start: float = 0.0) -> Model:
    """A species n that an event changes when a condition turns true."""
    event = Event("turn", {"n": parse(effect)}, condition=parse(condition))
    return model({"x": (start, "0 - 0.1*x"), "n": (0, "0")}, events=(event,))


PIECES: dict[str, tuple[Model, str, Inputs | None, Callable[[float], float]]] = {
    "zero order to a threshold": (
        model({"x": (5, "-where(x > 2, 0.3, 0)")}),
        "x",
        None,
        lambda t: max(5 - 0.3 * t, 2.0),
    ),
    "a threshold that both sides push back to": (
        model({"x": (5, "0.1 - where(x > 2, 0.3, 0)")}),
        "x",
        None,
        lambda t: max(5 - 0.2 * t, 2.0),
    ),
    "a threshold that moves, both sides pushing back": (
        model({"x": (0, "where(x > 1 + 0.5*time, -1, 2)")}),
        "x",
        None,
        lambda t: min(2 * t, 1 + 0.5 * t),
    ),
    "a threshold left again when one side gives up": (
        # 1 + 0.5 t until x is 1, on it until t = 2, then upwards with 0.5 t - 1
        model({"x": (0, "where(x > 1, -1, 1) + y"), "y": (0, "0.5")}),
        "x",
        None,
        lambda t: t + t * t / 4 if t < 2 * math.sqrt(2) - 2 else 1.0 + (max(t, 2.0) - 2) ** 2 / 4,
    ),
    "two thresholds at once": (
        model(
            {
                "x": (1, "where(x > 0, -1, 1) + where(y > 0, -2, 2)*0"),
                "y": (2, "where(y > 0, -1, 1)"),
            }
        ),
        "y",
        None,
        lambda t: max(2 - t, 0.0),
    ),
    "a pulse far shorter than a step": (
        model({"x": (0, "where(time >= 7 and time < 7.001, 1000, 0) - 0.1*x")}),
        "x",
        None,
        lambda t: 0.0 if t < 7 else 1e4 * (1 - math.exp(-1e-4)) * math.exp(-0.1 * (t - 7.001)),
    ),
    "an hour every day": (
        model({"x": (0, "where(time - floor(time) < h, 24, 0)")}, {"h": 1 / 24}),
        "x",
        None,
        lambda t: math.floor(t) + min((t - math.floor(t)) * 24, 1.0),
    ),
    "a window of a state": (
        model({"x": (0, "1"), "y": (0, "where(x > 6.5 and x < 6.51, 100, 0)")}),
        "y",
        None,
        lambda t: 100 * (min(max(t, 6.5), 6.51) - 6.5),
    ),
    "a corner": (
        model({"x": (3, "0 - 1"), "y": (0, "abs(x) + min(x, 0) + max(x, 0 - 1)")}),
        "y",
        None,
        # 2x, then |x| + x + x = x from 0 to -1, then -1
        lambda t: 6 * t - t * t if t < 3 else (9 - (t - 3) ** 2 / 2 if t < 4 else 8.5 - (t - 4)),
    ),
    "a floor of a state": (
        model({"x": (0.25, "1"), "y": (0, "floor(x)")}),
        "y",
        None,
        lambda t: sum(max(0.0, t + 0.25 - k) for k in range(1, 40)),
    ),
    "a condition on the square of time": (
        model({"x": (0, "where(time*time > 12.25, 1, 0)")}),
        "x",
        None,
        lambda t: max(t - 3.5, 0.0),
    ),
    "a dose that makes a condition true": (
        first("x > 1", "n + 1"),
        "n",
        doses((2, "x", 5, 0), (8, "x", 0.1, 0)),
        lambda t: float(t > 2),
    ),
    "an event at a given time that makes a condition true": (
        replace(
            first("x > 1", "n + 1"),
            events=(*first("x > 1", "n + 1").events, Event("at", {"x": parse("4")}, times=(3.0,))),
        ),
        "n",
        None,
        lambda t: float(t > 3),
    ),
    "events that follow one another": (
        replace(
            first("x > 1", "n + 1"),
            events=(
                Event("then", {"n": parse("10*n")}, condition=parse("n > 0")),
                *first("x > 1", "n + 1").events,
            ),
        ),
        "n",
        doses((2, "x", 5, 0)),
        lambda t: 10.0 * (t > 2),
    ),
}


def able(name: str) -> list[tuple[str, float]]:
    """The backends that take one of the models, and tolerances; fast locates switches to about 1e-9."""
    found = [("reference", tolerance) for tolerance in (1e-3, 1e-4, 1e-6, 1e-8, 1e-10)]
    if not system_of(PIECES[name][0]).needs_reference:
        found += [("fast", tolerance) for tolerance in (1e-3, 1e-4, 1e-6, 1e-8)]
    return found


@pytest.mark.parametrize(
    ("name", "backend", "tolerance"), [(name, *how) for name in PIECES for how in able(name)]
)
def test_conditions_are_solved_by_pieces(name: str, backend: str, tolerance: float) -> None:
    m, output, inputs, right = PIECES[name]
    simulator = simulation.compile(m, backend, (output,))
    start = time.process_time()
    for times in ([10.5], [1.5, 3.7, 6.9, 10.5]):  # whatever times are asked for
        result = simulator.run(simulator.start(), inputs, times, tolerance=tolerance)
        assert result.reason == {}
        expected = [right(t) for t in times]
        np.testing.assert_allclose(
            result[output][0], expected, rtol=3 * tolerance, atol=3 * tolerance
        )
    assert time.process_time() - start < 5.0


@pytest.mark.parametrize("text", ["x > 0", "x >= 0"])
@pytest.mark.parametrize("start", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("backend", ["reference", "fast"])
def test_equality_at_a_threshold_does_not_hold_a_solution_that_may_leave(
    backend: str, text: str, start: float
) -> None:
    m = model({"x": (start, f"where({text}, 1, 2)")})
    simulator = simulation.compile(m, backend, ("x",))
    result = simulator.run(simulator.start(), times=[4.0], tolerance=1e-8)
    assert result["x"][0, 0] == pytest.approx(3.5 if start < 0 else start + 4, rel=1e-7)


def test_a_solver_that_cannot_go_on_ends_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    from normoxia.simulation.backends import reference

    monkeypatch.setattr(reference, "MOST_STEPS", 200)
    fast_wave = model({"x": (1.0, "w*y"), "y": (0.0, "0 - w*x")}, {"w": 1.0})
    simulator = simulation.compile(fast_wave, "reference", ("x",))
    result = simulator.run(simulator.start({"w": [1.0, 1e4]}), times=[0.1, 1.0], tolerance=1e-8)
    assert result.status.tolist() == [0, TOO_MANY_STEPS]
    assert result["x"][0, 1] == pytest.approx(np.cos(1.0), rel=1e-6)
    assert result.reason[1].startswith(
        "the solver took more steps than allowed in one interval: 200 steps (time 0.0"
    )
    assert np.isnan(result["x"][1]).all()
    monkeypatch.setattr(reference, "MOST_STEPS", 10**9)
    monkeypatch.setattr(reference, "MOST_EVALUATIONS", 300)
    assert (
        "300 evaluations of the rates"
        in simulator.run(simulator.start({"w": 1e4}), times=[1.0]).reason[0]
    )


def test_events_that_fire_one_another_for_ever_end_with_a_reason() -> None:
    there = Event("there", {"x": parse("0 - 1")}, condition=parse("x > 0"))
    back = Event("back", {"x": parse("1")}, condition=parse("x < 0"))
    simulator = simulation.compile(
        model({"x": (-0.5, "1")}, events=(there, back)), "reference", ("x",)
    )
    result = simulator.run(simulator.start(), times=[0.25, 1.0])
    assert result["x"][0, 0] == pytest.approx(-0.25)
    assert result.status.tolist() == [TOO_MANY_STEPS]
    assert result.reason[0].endswith(
        'the events "there", "back" fire one another for ever (time 0.5)'
    )


def test_two_workers_give_the_bytes_of_one() -> None:
    m = model({"x": (1.0, "a - x*where(x > 0.5, 1, 2)")}, {"a": 0.3})
    simulator = simulation.compile(m, "reference", ("x",))
    state = simulator.start({"a": np.linspace(0, 1, 150)})
    one, two = (simulator.run(state, times=[1.0, 5.0], workers=n).values.tobytes() for n in (1, 2))
    assert one == two


@pytest.mark.parametrize(
    "text", ["time >= 3", "time > 3", "not time < 3", "time*time >= 9 and x > 0"]
)
def test_an_event_on_time_fires_once_however_a_run_is_cut(text: str) -> None:
    once = Event("once", {"n": parse("n + 1")}, condition=parse(text))
    m = model({"x": (1.0, "0 - 0.1*x"), "n": (0.0, "0")}, events=(once,))
    simulator = simulation.compile(m, "reference", ("n",))
    for cuts in ([5.0], [3.0, 5.0], [1.0, 3.0, 4.0, 5.0]):
        state, values = simulator.start(), []
        for time_ in cuts:
            result = simulator.run(state, times=[time_])
            state = result.state
            values.append(float(result["n"][0, 0]))
        assert values == [float(t > 3) for t in cuts]
    begun = simulator.run(simulator.start(time=4.0), times=[5.0])
    assert begun["n"][0, 0] == 0.0  # true from the start is no turn
