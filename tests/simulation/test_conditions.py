"""Conditions on species and on time: located, never taken for constant or linear, whichever outputs are asked.

Expected values are closed forms of the pieces between switches, worked out by hand beside each model.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from tests.simulation.models import doses, model

from normoxia import simulation
from normoxia.errors import InvalidModel
from normoxia.mechanism.expression import parse
from normoxia.mechanism.model import Equilibration, Event, Model
from normoxia.simulation.breaks import Breaks
from normoxia.simulation.modes import held
from normoxia.simulation.system import system_of

BACKENDS = ("fast", "reference")
P = {"k": 0.3, "d": 0.1, "thr": 2.0, "one": 1.0, "w": 0.5}
TOLERANCE = 1e-7


def solved(
    m: Model,
    times: list[float],
    backend: str,
    output: str = "X",
    given: dict[str, object] | None = None,
    tolerance: float = TOLERANCE,
    inputs: object = None,
) -> np.ndarray:
    simulator = simulation.compile(m, backend, (output,))
    state = simulator.start(given or {}, tolerance=tolerance)  # type: ignore[arg-type]
    result = simulator.run(state, inputs, times, tolerance=tolerance)  # type: ignore[arg-type]
    assert not result.n_failed, dict(result.reason)
    return result[output]


def falling(t: float, rate: float, start: float, level: float) -> float:
    """x' = -rate until a level."""
    return max(start - rate * t, level)


def decay_then(t: float, fast: float, slow: float, start: float, level: float) -> float:
    """x' = -fast x above a level, -slow x below it."""
    turn = math.log(start / level) / fast
    return start * math.exp(-fast * t) if t <= turn else level * math.exp(-slow * (t - turn))


#: rate of one species, its start, and what it comes to at t
ON_SPECIES: dict[str, tuple[str, float, Callable[[float], float]]] = {
    "zero order above": ("-where(X > thr, k, 0)", 5, lambda t: falling(t, 0.3, 5, 2)),
    "product with a condition": ("-(X > thr)*k", 5, lambda t: falling(t, 0.3, 5, 2)),
    "not below": ("-where(not X <= thr, k, 0)", 5, lambda t: falling(t, 0.3, 5, 2)),
    "and": ("-where(X > thr and X < 10, k, 0)", 5, lambda t: falling(t, 0.3, 5, 2)),
    "or": ("-where(X > thr or X > 4, k, 0)", 5, lambda t: falling(t, 0.3, 5, 2)),
    "nested": ("-where(X > 3, k, where(X > thr, k, 0))", 5, lambda t: falling(t, 0.3, 5, 2)),
    "turned round": ("-where(thr < X, k, 0)", 5, lambda t: falling(t, 0.3, 5, 2)),
    "of a product": ("-where(X*X > thr*thr, k, 0)", 5, lambda t: falling(t, 0.3, 5, 2)),
    "of a power": ("-where(X**0.5 > thr**0.5, k, 0)", 5, lambda t: falling(t, 0.3, 5, 2)),
    "of a quotient": ("-where(X/thr > one, k, 0)", 5, lambda t: falling(t, 0.3, 5, 2)),
    "of a logarithm": ("-where(log(X/thr) > 0, k, 0)", 5, lambda t: falling(t, 0.3, 5, 2)),
    "of a maximum": ("-where(max(X, one) > thr, k, 0)", 5, lambda t: falling(t, 0.3, 5, 2)),
    "slower above": ("-where(X > thr, k, d)*X", 5, lambda t: decay_then(t, 0.3, 0.1, 5, 2)),
    "two terms": ("-where(X > thr, k - d, 0)*X - d*X", 5, lambda t: decay_then(t, 0.3, 0.1, 5, 2)),
    "minimum": (  # x' = -d min(x, 2): linear fall, then exponential
        "-d*min(X, thr)",
        5,
        lambda t: 5 - 0.2 * t if t <= 15 else 2 * math.exp(-0.1 * (t - 15)),
    ),
    "maximum": (
        "-d*max(X, thr)",
        5,
        lambda t: (
            5 * math.exp(-0.1 * t)
            if t <= 10 * math.log(2.5)
            else 2 - 0.2 * (t - 10 * math.log(2.5))
        ),
    ),
    "distance": ("d*abs(X - thr)", 1, lambda t: 2 - math.exp(-0.1 * t)),
    "clipped": (
        "-d*clip(X, one, thr)",
        5,
        lambda t: (
            5 - 0.2 * t
            if t <= 15
            else (
                2 * math.exp(-0.1 * (t - 15))
                if t <= 15 + 10 * math.log(2)
                else 1 - 0.1 * (t - 15 - 10 * math.log(2))
            )
        ),
    ),
    "floor": (  # 1 until 1, then 2, 3, ...
        "0.1*(1 + floor(X))",
        0,
        lambda t: t / 10 if t <= 10 else 1 + (t - 10) / 5 if t <= 15 else 2 + (t - 15) * 0.3,
    ),
    "remainder": (  # x' = 0.1 + 0.1 (x modulo 1)
        "0.1 + 0.1*(X - floor(X))",
        0,
        lambda t: t // (10 * math.log(2)) + math.exp(0.1 * (t % (10 * math.log(2)))) - 1,
    ),
    "stays on the condition": (
        "where(X < thr, k, 0) - d*X",
        0,
        lambda t: min(3 * (1 - math.exp(-0.1 * t)), 2.0),
    ),
    "stays, from two terms": (
        "where(X < thr, one, 0) - where(X >= thr, one, 0)",
        5,
        lambda t: max(5 - t, 2.0),
    ),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ON_SPECIES)
def test_conditions_on_a_species_follow_the_closed_form(name: str, backend: str) -> None:
    rate, start, exact = ON_SPECIES[name]
    times = [2.0, 5.0, 9.0, 12.5, 17.0]
    found = solved(model({"X": (start, rate)}, P), times, backend)[0]
    np.testing.assert_allclose(found, [exact(t) for t in times], rtol=2e-6, atol=2e-6)
    alone = solved(model({"X": (start, rate)}, P), [17.0], backend)[0]
    np.testing.assert_allclose(alone, exact(17.0), rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_solution_stays_at_a_whole_number_and_leaves_when_it_may(backend: str) -> None:
    """x' = 1 - 2 floor(x) + inflow: up to 1, stays there, and rises again once the inflow exceeds 1, to 2."""
    m = model({"X": (0.5, "1 - 2*floor(X) + where(time > 10, 3, 0)")})
    found = solved(m, [0.25, 5.0, 10.0, 10.25, 10.5, 20.0], backend)[0]
    np.testing.assert_allclose(found, [0.75, 1.0, 1.0, 1.5, 2.0, 2.0], atol=2e-6)


def test_a_solution_leaves_a_condition_when_one_side_no_longer_pushes_back() -> None:
    """x' = +-0.5 + (t - 10)/10 around 2: reaches 2 at 10 (from 0.5 t - t + t^2/20 = 2), leaves at 15."""
    m = model({"X": (0, "where(X < 2, 0.5, 0) - where(X >= 2, 0.5, 0) + (time - 10)*0.1")})
    reached = 5 + math.sqrt(25 + 40)  # t^2/20 - t/2 = 2
    times = [5.0, 14.0, 15.0, 20.0]
    exact = [-1.25, 2.0, 2.0, 3.25]
    assert 13 < reached < 14
    np.testing.assert_allclose(solved(m, times, "fast")[0], exact, atol=1e-6)


#: inflow of x' = inflow, and its integral from 0 to t
ON_TIME: dict[str, tuple[str, Callable[[float], float]]] = {
    "pulse": (
        "where(time >= 20 and time < 20 + w, 100, 0)",
        lambda t: 100 * min(max(t - 20, 0), 0.5),
    ),
    "product": ("(time > 20)*(time <= 20.5)*100", lambda t: 100 * min(max(t - 20, 0), 0.5)),
    "distance": (
        "where(abs(time - 20.25) < 0.25, 100, 0)",
        lambda t: 100 * min(max(t - 20, 0), 0.5),
    ),
    "not": (
        "where(not (time < 20 or time > 20.5), 100, 0)",
        lambda t: 100 * min(max(t - 20, 0), 0.5),
    ),
    "square": (
        "where((time - 20)**2 < 1e-6, 1000, 0)",
        lambda t: 1000 * min(max(t - 19.999, 0), 2e-3),
    ),
    "exponential": ("where(exp(-time/20) < exp(-1), one, 0)", lambda t: max(t - 20, 0)),
    "root": ("where(sqrt(time) > 5, one, 0)", lambda t: max(t - 25, 0)),
    "triangle": (
        "max(0, 1 - abs(time - 30))*10",
        lambda t: (
            10 * min(max(0, t - 29) ** 2 / 2, 0.5) if t < 30 else 10 - 5 * max(0, 31 - t) ** 2
        ),
    ),
    "ramp": ("max(0, time - 30)", lambda t: max(t - 30, 0) ** 2 / 2),
    "minimum": ("min(time, 30)", lambda t: min(t, 30) ** 2 / 2 + 30 * max(t - 30, 0)),
    "clip": ("clip(time - 20, 0, 1)", lambda t: min(max(t - 20, 0), 1) ** 2 / 2 + max(t - 21, 0)),
    "every week": (
        "where(time - 7*floor(time/7) < 0.01, 100, 0)",
        lambda t: t // 7 + min(t % 7, 0.01) * 100,
    ),
    "stairs": ("floor(time/7)", lambda t: 7 * sum(range(int(t // 7))) + (t % 7) * (t // 7)),
    "the third week": ("where(floor(time/7) == 2, one, 0)", lambda t: min(max(t - 14, 0), 7)),
    "in a condition of another": (
        "where(time > where(time > 10, 20, 5), one, 0)",
        lambda t: min(max(t - 5, 0), 5) + max(t - 20, 0),
    ),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ON_TIME)
def test_conditions_on_time_are_break_points(name: str, backend: str) -> None:
    rate, exact = ON_TIME[name]
    m = model({"X": (0, rate)}, P)
    for times in ([60.0], [15.0, 30.0, 45.0, 60.0], [20.0, 40.0, 60.0], [20.25, 60.0]):
        found = solved(m, times, backend)[0]
        np.testing.assert_allclose(found, [exact(t) for t in times], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_pulse_of_a_minute_and_a_half_after_years_is_met(backend: str) -> None:
    m = model({"X": (0, "where(time >= 1000 and time < 1000.001, 1000, 0) - d*X")}, {"d": 0.01})
    exact = 1000 / 0.01 * (1 - math.exp(-0.01 * 0.001)) * math.exp(-0.01 * 499.999)
    for times in ([1500.0], [1000.0, 1500.0], [999.0, 1000.0005, 1500.0]):
        assert solved(m, times, backend)[0, -1] == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_patients_have_their_own_moments_and_thresholds(backend: str) -> None:
    m = model(
        {"X": (0, "where(time >= t0 and time < t0 + w, 1/w, 0) - where(X > c, k, 0)")},
        {"t0": 1.0, "w": 0.5, "c": 2.0, "k": 0.0},
    )
    start, width = np.array([3.0, 7.0, 11.0, 40.0]), np.array([0.5, 1e-3, 2.0, 1.0])
    found = solved(m, [20.0], backend, given={"t0": start, "w": width})
    np.testing.assert_allclose(found[:, 0], [1, 1, 1, 0], rtol=1e-6, atol=1e-9)
    one = [
        solved(m, [20.0], backend, given={"t0": a, "w": b})[0, 0]
        for a, b in zip(start, width, strict=True)
    ]
    assert found[:, 0].tolist() == one


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_short_excess_over_a_threshold_is_not_stepped_over(backend: str) -> None:
    """Bateman's curve 2 (exp(-t/2) - exp(-t)) peaks at 0.5 at 2 log 2; a species at rest counts the time above."""
    m = model(
        {
            "gut": (0, "-gut"),
            "C": (0, "gut - 0.5*C"),
            "X": (0, "where(C > c, 1, 0)"),
            "Y": (0, "max(C - c, 0)"),
        },
        {"c": 0.49},
    )
    curve = lambda t: 2 * (math.exp(-0.5 * t) - math.exp(-t)) - 0.49  # noqa: E731
    low, high = brentq(curve, 0.1, 2 * math.log(2)), brentq(curve, 2 * math.log(2), 5)
    given = doses((0.0, "gut", 1.0, 0.0))
    assert solved(m, [60.0], backend, inputs=given)[0, 0] == pytest.approx(high - low, rel=1e-4)
    area = quad(curve, low, high)[0]
    assert solved(m, [60.0], backend, "Y", inputs=given)[0, 0] == pytest.approx(area, rel=1e-3)


@pytest.mark.parametrize("backend", BACKENDS)
def test_assignments_compartments_and_closed_kinetics_carry_conditions(backend: str) -> None:
    """A drug falls as 8 exp(-t); its effect is on while the concentration exceeds 1, until log 4 = 1.386 (volume 2)."""
    m = model(
        {"A": (0, "-A"), "X": (0, "2*active")},
        {"V": 2.0},
        {"C": "A/V", "high": "C > 1", "active": "where(high, 1, 0)"},
    )
    found = solved(m, [1.0, 30.0], backend, inputs=doses((0.0, "A", 8.0, 0.0)))
    np.testing.assert_allclose(found[0], [2.0, 2 * math.log(4)], rtol=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_conditions_hold_while_settling_and_in_what_is_derived(backend: str) -> None:
    settle = Equilibration(duration=50.0, derived=(), hold=(), during={}, initial={})
    m = model(
        {"X": (5, "-where(X > thr, k, 0) + where(time > 60 and time < 60.01, 100, 0)")},
        P,
        equilibration=settle,
    )
    simulator = simulation.compile(m, backend, ("X",))
    state = simulator.start(tolerance=TOLERANCE)
    assert state["X"][0] == pytest.approx(2.0, abs=1e-6)
    assert simulator.run(state, None, [100.0], tolerance=TOLERANCE)["X"][0, 0] == pytest.approx(
        2.0, abs=2e-5
    )


def test_an_event_on_a_short_condition_fires() -> None:
    event = Event(
        "mark", condition=parse("time > 20 and time < 20.001"), changes={"X": parse("X + 1")}
    )
    m = model({"X": (0, "0*X")}, events=(event,))
    assert solved(m, [60.0], "reference")[0, 0] == 1.0


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_branch_not_taken_may_be_undefined(backend: str) -> None:
    m = model({"X": (4, "-where(X > one, 1/(X - one), 0)*(X - one)")}, P)
    np.testing.assert_allclose(solved(m, [1.0, 2.5, 9.0], backend)[0], [3, 1.5, 1.0], atol=1e-6)


@pytest.mark.parametrize(
    "text", ["where(X == thr, k, 0)", "where(time == 3, k, 0)", "where(X, k, 0)", "(not X)*k"]
)
def test_what_cannot_be_located_is_refused(text: str) -> None:
    with pytest.raises(InvalidModel, match="write it with < or >"):
        simulation.compile(model({"X": (1, text)}, P), "fast")


def test_conditions_that_switch_without_end_fail_and_are_named() -> None:
    """X and its delayed signal S spiral into a point, with infinitely many switches before it."""
    m = model({"X": (1, "where(S > 0.5, 1, -1)*0.3"), "S": (0, "10*(where(X < 1, 1, 0) - S)")})
    simulator = simulation.compile(m, "fast", ("X",))
    result = simulator.run(simulator.start(), None, [50.0])
    assert result.status[0] == 6
    assert '"X < 1"' in result.reason[0] or '"S > 0.5"' in result.reason[0]


def test_conditions_on_time_too_many_to_carry_out_fail_and_are_named() -> None:
    simulator = simulation.compile(model({"X": (0, "floor(1e6*time)")}), "fast", ("X",))
    result = simulator.run(simulator.start(), None, [50.0])
    assert result.status[0] == 6
    assert "floor" in result.reason[0]


def test_bytes_do_not_depend_on_workers_stops_or_later_patients() -> None:
    m = model(
        {
            "X": (5, "-where(X > c, k, 0) + where(time > 4 and time < 4.1, 3, 0)"),
            "Y": (0, "where(X < c + 1, 1, -1) - d*Y"),
        },
        {"c": 2.0, "k": 0.3, "d": 0.1},
    )
    simulator = simulation.compile(m, "fast", ("X", "Y"))
    c, times = np.linspace(1.0, 4.0, 150), [3.0, 7.0, 12.0]
    whole = simulator.run(simulator.start({"c": c}), None, times)
    assert not whole.n_failed
    more = simulator.run(simulator.start({"c": c}), None, times, workers=3)
    assert more.values.tobytes() == whole.values.tobytes()
    few = simulator.run(simulator.start({"c": c[:70]}), None, times)
    assert few.values.tobytes() == whole.values[:70].tobytes()
    first = simulator.run(simulator.start({"c": c}), None, times[:2])
    second = simulator.run(first.state, None, times[2:])
    assert second.values[:, 0].tobytes() == whole.values[:, 2].tobytes()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    starts=st.lists(st.floats(0.5, 90.0), min_size=1, max_size=4, unique=True),
    width=st.floats(1e-6, 0.4),
    written=st.sampled_from(
        [
            "time >= {a} and time < {b}",
            "abs(time - ({a} + {b})/2) < ({b} - {a})/2",
            "not (time < {a} or time > {b})",
            "(time - {a})*(time - {b}) < 0",
        ]
    ),
)
def test_moments_enclose_every_pulse(starts: list[float], width: float, written: str) -> None:
    for a in starts:
        b = a + width
        text = written.format(a=repr(a), b=repr(b))
        moments = Breaks(held(system_of(model({"X": (0, f"where({text}, 1, 0)")})))).moments(
            [], 0.0, 100.0
        )
        for edge in (a, b):
            assert min(abs(m - edge) for m in moments) <= 1e-9 * (1 + edge / width)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    levels=st.lists(st.floats(0.3, 9.5), min_size=1, max_size=3, unique=True),
    speeds=st.lists(st.floats(0.05, 2.0), min_size=4, max_size=4),
)
def test_speeds_by_level_follow_the_pieces(levels: list[float], speeds: list[float]) -> None:
    """X falls from 10 at a speed that depends on which levels it is above; the time at each level is a sum."""
    levels = sorted(levels, reverse=True)
    rate = repr(speeds[len(levels)])
    for level, speed in zip(reversed(levels), reversed(speeds[: len(levels)]), strict=True):
        rate = f"where(X > {level!r}, {speed!r}, {rate})"
    edges, used = [10.0, *levels], speeds[: len(levels) + 1]
    moments = np.concatenate([[0.0], np.cumsum(-np.diff(edges) / used[:-1])])
    t = float(moments[-1]) + 0.1 / used[-1]
    found = solved(model({"X": (10, f"-({rate})")}), [t], "fast")[0, 0]
    assert found == pytest.approx(levels[-1] - 0.1, abs=1e-6)


#: how long it takes X = where(...) to count, worked out from A = 8 exp(-2 t), B = exp(-t/10), which is 0.3 at 12.04
BY_A_SMALL_SIGN: dict[str, tuple[dict[str, tuple[float, str]], Callable[[float], float]]] = {
    "decays": ({"A": (8, "-2*A"), "X": (0, "where(A > 0, 1, 0)")}, lambda t: t),
    "is fed by what decays": (
        {"A": (8, "-2*A"), "B": (0, "2*A - B"), "X": (0, "where(B > 0, 1, 0)")},
        lambda t: t,
    ),
    "is a common factor": (
        {"A": (8, "-2*A"), "B": (1, "-0.1*B"), "X": (0, "where(A*B > 0.3*A, 1, 0)")},
        lambda t: min(t, -10 * math.log(0.3)),
    ),
    "is counted": (
        {"A": (8, "-2*A"), "X": (0, "-floor(-A)")},
        lambda t: t + sum(math.log(8 / k) / 2 for k in range(1, 8)),
    ),
}


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-7, 1e-10])
@pytest.mark.parametrize("name", BY_A_SMALL_SIGN)
def test_the_reference_solves_for_a_small_species_whose_sign_decides(
    name: str, tolerance: float
) -> None:
    species, exact = BY_A_SMALL_SIGN[name]
    times = [9.0, 15.0, 30.0, 100.0]
    found = solved(model(species), times, "reference", tolerance=tolerance)[0]
    np.testing.assert_allclose(found, [exact(t) for t in times], rtol=5 * tolerance)


def test_a_sign_too_small_to_be_solved_for_is_a_failed_patient_and_no_wrong_value() -> None:
    """exp(-2000) is no number of floating point: whether A is above 0 at 1000 is solved for by luck or not at all."""
    m = model({"A": (8, "-k*A"), "X": (0, "where(A > 0, 1, 0)")}, {"k": 2.0})
    simulator = simulation.compile(m, "reference", ("X",))
    failed = 0
    for tolerance in (1e-2, 1e-4, 1e-7):
        start = simulator.start({"k": np.array([0.5, 2.0, 20.0, 500.0])}, tolerance=tolerance)
        result = simulator.run(start, None, [0.5, 1e3, 1e4], tolerance=tolerance)
        assert result["X"][:, 0] == pytest.approx(0.5)
        for i in range(4):
            if result.status[i]:
                failed += 1
                assert '"A > 0", of "A"' in result.reason[i]
            else:
                np.testing.assert_allclose(result["X"][i], [0.5, 1e3, 1e4], rtol=1e-6)
    assert failed


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-7, 1e-10])
def test_a_species_that_touches_zero_is_no_undecided_sign(tolerance: float) -> None:
    """X = (1 - t)**2 until 1, then 0."""
    m = model({"X": (1, "-where(X > 0, 2*X**0.5, 0)")})
    found = solved(m, [0.5, 10.0, 100.0], "reference", tolerance=tolerance)[0]
    np.testing.assert_allclose(found, [0.25, 0.0, 0.0], atol=3 * tolerance)


#: conditions that are true while A is within 0.001 of 4
NEAR_FOUR = {
    "square": "(A - 4)**2 < 1e-6",
    "product": "(A - 4)*(A - 4) < 1e-6",
    "distance": "abs(A - 4) < 0.001",
    "maximum": "max(A - 4, 4 - A) < 0.001",
    "assigned": "square < 1e-6",
    "fourth power": "u**4 < 1e-12",
    "not": "not (abs(u) >= 0.001)",
    "floor": "floor(min(1000*abs(u), 2)) < 1",
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", NEAR_FOUR)
def test_a_species_that_passes_a_narrow_band_is_seen_there(name: str, backend: str) -> None:
    """A = 8 exp(-t/2) is within 0.001 of 4 for 2 log(4.001/3.999)."""
    m = model(
        {"A": (8, "-0.5*A"), "X": (0, f"1000*where({NEAR_FOUR[name]}, 1, 0)")},
        assignments={"u": "A - 4", "square": "u**2"},
    )
    found = solved(m, [20.0], backend)[0, 0]
    assert found == pytest.approx(2000 * math.log(4.001 / 3.999), rel=1e-5)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("condition", ["(A - 4)**2 < 0.01", "abs(A - 4) < 0.1"])
def test_a_species_that_comes_to_rest_in_a_band_does_not_switch_there(
    condition: str, backend: str
) -> None:
    """A = 4 + 4 exp(-t/2) is within 0.1 of 4 from 2 log 40 on."""
    m = model({"A": (8, "-0.5*(A - 4)"), "X": (0, f"where({condition}, 1, 0)")})
    found = solved(m, [20.0, 1e3, 1e4], backend)[0]
    np.testing.assert_allclose(found, np.array([20.0, 1e3, 1e4]) - 2 * math.log(40), rtol=1e-6)
