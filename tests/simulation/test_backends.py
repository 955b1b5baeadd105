"""The contract of a backend, tried on each: closed forms, doses, resuming, events, equilibration, failure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.simulation import models
from tests.simulation.models import INDIRECT, doses, model

from normoxia import mechanism, simulation
from normoxia.mechanism.expression import parse
from normoxia.mechanism.inputs import Inputs, none
from normoxia.mechanism.model import Assignment, Equilibration, Event, Model
from normoxia.simulation import State, Trajectories, evaluation, running
from normoxia.simulation.backends import host

BACKENDS = ("reference", "fast")
TIMES = np.array([0.25, 0.5, 1.0, 2.0, 3.5, 7.0, 14.0])


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def solve(
    m: Model, backend: str, inputs: Inputs, times: object = TIMES, **options: object
) -> Trajectories:
    simulator = simulation.compile(m, backend, [s.name for s in m.species])
    return simulator.run(simulator.start(), inputs, times, **{"tolerance": 1e-9, **options})  # type: ignore[arg-type]


def test_bolus_falls_exponentially(backend: str) -> None:
    result = solve(models.ONE_COMPARTMENT, backend, doses((0, "central", 100, 0)))
    np.testing.assert_allclose(result["central"][0], 100 * np.exp(-0.2 / 3 * TIMES), rtol=1e-7)


def test_infusion_rises_then_falls(backend: str) -> None:
    result = solve(models.ONE_COMPARTMENT, backend, doses((0, "central", 100, 2.5)))
    k = 0.2 / 3.0
    during = 40 / k * (1 - np.exp(-k * np.minimum(TIMES, 2.5)))
    np.testing.assert_allclose(
        result["central"][0], during * np.exp(-k * np.maximum(TIMES - 2.5, 0)), rtol=1e-7
    )


def test_oral_dose_follows_bateman(backend: str) -> None:
    result = solve(models.ORAL, backend, doses((0, "gut", 50, 0)))
    ka, k = 5.0, 2.0 / 30.0
    expected = 50 * ka / (ka - k) * (np.exp(-k * TIMES) - np.exp(-ka * TIMES))
    np.testing.assert_allclose(result["central"][0], expected, rtol=1e-7)


def test_oral_dose_with_equal_rates(backend: str) -> None:
    equal = models.ORAL.with_values({"KA": 0.5, "CL": 15.0})
    result = solve(equal, backend, doses((0, "gut", 50, 0)))
    np.testing.assert_allclose(
        result["central"][0], 50 * 0.5 * TIMES * np.exp(-0.5 * TIMES), rtol=1e-6
    )


@pytest.mark.parametrize("m", [models.TWO_COMPARTMENTS, models.THREE_COMPARTMENTS])
def test_compartments_follow_the_matrix_exponential(m: Model, backend: str) -> None:
    from scipy.linalg import expm

    p = m.defaults
    if "Q" in p:
        k = [
            [-(p["CL"] + p["Q"]) / p["V1"], p["Q"] / p["V2"]],
            [p["Q"] / p["V1"], -p["Q"] / p["V2"]],
        ]
    else:
        k = [
            [-(p["CL"] + p["Q2"] + p["Q3"]) / p["V1"], p["Q2"] / p["V2"], p["Q3"] / p["V3"]],
            [p["Q2"] / p["V1"], -p["Q2"] / p["V2"], 0],
            [p["Q3"] / p["V1"], 0, -p["Q3"] / p["V3"]],
        ]
    times = TIMES / 10
    result = solve(m, backend, doses((0, "central", 300, 0)), times)
    start = np.eye(len(k))[0] * 300
    expected = np.stack([expm(np.array(k) * t) @ start for t in times])
    np.testing.assert_allclose(result.values[0], expected, rtol=1e-6, atol=1e-7)


def test_doses_superpose_in_linear_kinetics(backend: str) -> None:
    first, second = (0.0, "central", 70.0, 0.0), (1.0, "central", 30.0, 0.7)
    both = solve(models.TWO_COMPARTMENTS, backend, doses(first, second))
    apart = [solve(models.TWO_COMPARTMENTS, backend, doses(one)) for one in (first, second)]
    np.testing.assert_allclose(both.values, apart[0].values + apart[1].values, rtol=1e-6, atol=1e-7)


def test_amounts_are_conserved_without_elimination(backend: str) -> None:
    closed = models.TWO_COMPARTMENTS.with_values({"CL": 0.0})
    result = solve(
        closed,
        backend,
        doses((0, "central", 5, 0), (1, "central", 3, 0.5), (2, "peripheral", 2, 0)),
    )
    np.testing.assert_allclose(result.values[0].sum(axis=1), [5, 5, 5, 8, 10, 10, 10], rtol=1e-7)


def test_two_doses_at_once_are_one_dose(backend: str) -> None:
    both = solve(models.INDIRECT, backend, doses((1, "central", 4, 0), (1, "central", 6, 0)))
    one = solve(models.INDIRECT, backend, doses((1, "central", 10, 0)))
    np.testing.assert_allclose(both.values, one.values, rtol=1e-7)


def test_overlapping_infusions_add_up_across_outputs(backend: str) -> None:
    result = solve(
        models.ONE_COMPARTMENT.with_values({"CL": 0.0}),
        backend,
        doses((0, "central", 10, 4), (1, "central", 10, 4)),
        [1, 2, 3, 4, 4.5, 5, 6],
    )
    np.testing.assert_allclose(
        result["central"][0], [2.5, 7.5, 12.5, 17.5, 18.75, 20, 20], rtol=1e-8
    )


def test_a_dose_of_zero_is_no_dose(backend: str) -> None:
    without = solve(models.INDIRECT, backend, none())
    zero = solve(models.INDIRECT, backend, doses((0.3, "central", 0, 0), (0.7, "central", 0, 0.2)))
    assert without.values.tobytes() == zero.values.tobytes()


def test_output_at_a_dose_is_the_value_before_it(backend: str) -> None:
    result = solve(
        models.ONE_COMPARTMENT, backend, doses((0, "central", 7, 0), (2, "central", 7, 0)), [0, 2]
    )
    np.testing.assert_allclose(result["central"][0], [0, 7 * np.exp(-0.2 / 3 * 2)], rtol=1e-8)


def test_patients_have_their_own_doses(backend: str) -> None:
    simulator = simulation.compile(models.ONE_COMPARTMENT, backend, ("central",))
    inputs = Inputs(
        np.array([0.0, 1.0]), ("central",) * 2, np.array([[5, 0], [0, 5], [5, 5.0]]), np.zeros(2)
    )
    result = simulator.run(simulator.start(n_patients=3), inputs, [3.0], tolerance=1e-8)
    k = 0.2 / 3
    expected = 5 * np.array([np.exp(-3 * k), np.exp(-2 * k), np.exp(-3 * k) + np.exp(-2 * k)])
    np.testing.assert_allclose(result["central"][:, 0], expected, rtol=1e-6)


INFUSIONS = doses(
    (0, "central", 20, 0.5), (1.5, "central", 8, 2), (3, "central", 9, 0), (5, "central", 4, 0.5)
)


@pytest.mark.parametrize("stop", [1.0, 2.0, 3.0, 3.5, 5.0, 5.5])
def test_stopped_and_resumed_equals_one_solve(stop: float, backend: str) -> None:
    simulator = simulation.compile(models.INDIRECT, backend, ("central", "response", "tumour"))
    whole = simulator.run(simulator.start(), INFUSIONS, [1, 2, 3, 3.5, 5, 5.5, 8])
    times = whole.times
    before, after = INFUSIONS.time < stop, INFUSIONS.time >= stop

    def some(rows: np.ndarray) -> Inputs:
        names = tuple(np.array(INFUSIONS.target)[rows])
        return Inputs(INFUSIONS.time[rows], names, INFUSIONS.amount[rows], INFUSIONS.duration[rows])

    first = simulator.run(simulator.start(), some(before), times[times <= stop])
    second = simulator.run(first.state, some(after), times[times > stop])
    joined = np.concatenate([first.values, second.values], axis=1)
    assert joined.tobytes() == whole.values.tobytes()


def test_timed_events_change_the_state(backend: str) -> None:
    pulse = Event("pulse", {"x": parse("x + a"), "y": parse("x")}, times=(1.0, 2.0))
    toy = model({"x": (1.0, "-x"), "y": (0.0, "0")}, {"a": 2.0}, events=(pulse,))
    result = solve(toy, backend, none(), [1, 1.5, 2, 3])
    e = np.exp(-1)
    before = e, (e + 2) * np.exp(-0.5), (e + 2) * e, ((e + 2) * e + 2) * e
    np.testing.assert_allclose(result["x"][0], before, rtol=1e-8)
    np.testing.assert_allclose(result["y"][0], [0, e, e, (e + 2) * e], rtol=1e-8)


def test_equilibration_settles_derives_and_initialises(backend: str) -> None:
    settle = Equilibration(
        60.0,
        hold=("n",),
        during={"dilution": parse("g0")},
        derived=(Assignment("kg", parse("g0 + 0.5*m"), "1"), Assignment("k2", parse("2*kg"), "1")),
        initial={"n": parse("V0*kg")},
    )
    toy = model(
        {"n": (1.0, "kg*n*0.01"), "m": (1.0, "s - m - dilution*m")},
        {"s": 3.0, "g0": 0.5, "V0": 10.0},
        {"dilution": "kg*0.1"},
        equilibration=settle,
    )
    simulator = simulation.compile(toy, backend, ("n", "m"))
    state = simulator.start({"s": [3.0, 6.0]}, tolerance=1e-8)
    np.testing.assert_allclose(state["m"], [2.0, 4.0], rtol=1e-6)
    np.testing.assert_allclose(state["kg"], [1.5, 2.5], rtol=1e-6)
    np.testing.assert_allclose(state["k2"], [3.0, 5.0], rtol=1e-6)
    np.testing.assert_allclose(state["n"], [15.0, 25.0], rtol=1e-6)
    result = simulator.run(state, times=[1.0], tolerance=1e-8)
    np.testing.assert_allclose(
        result["n"][:, 0], state["n"] * np.exp(0.01 * state["kg"]), rtol=1e-6
    )


def test_a_failed_patient_is_a_row_with_a_status_and_a_reason(backend: str) -> None:
    explodes = model({"x": (1.0, "a*x**2")}, {"a": 0.0})  # infinite at 1/a
    simulator = simulation.compile(explodes, backend, ("x",))
    a = np.array([0.1, 0.2, 0.5, 0.05, 0.15])
    result = simulator.run(simulator.start({"a": a}), times=[1.0, 1.9, 4.0], tolerance=1e-7)
    assert result.n_failed == 1
    assert result.status[2] != 0
    assert set(result.reason) == {2}
    assert result.reason[2]
    np.testing.assert_allclose(result["x"][:, :2], 1 / (1 - a[:, None] * [1.0, 1.9]), rtol=1e-4)
    assert np.isnan(result["x"][2, 2])
    well = result.status == 0
    np.testing.assert_allclose(result["x"][well, 2], 1 / (1 - a[well] * 4), rtol=1e-4)
    after = simulator.run(result.state, times=[4.5])
    assert after.n_failed == 1
    assert np.isnan(after["x"][2, 0])


def some_patients(n: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)
    return {"CL": random.lognormal(0, 0.3, 100)[:n], "n": random.uniform(1, 3, 100)[:n]}


def run_indirect(backend: str, n: int, workers: int = 1) -> Trajectories:
    simulator = simulation.compile(models.INDIRECT, backend, ("response", "tumour"))
    return simulator.run(simulator.start(some_patients(n)), INFUSIONS, [1, 4, 8], workers=workers)


def test_bytes_do_not_depend_on_workers_or_on_later_patients(backend: str) -> None:
    n = 70 if backend == "fast" else 37
    one, two, fewer = (
        run_indirect(backend, n),
        run_indirect(backend, n, workers=2),
        run_indirect(backend, 5),
    )
    assert one.values.tobytes() == two.values.tobytes()
    assert one.values[:5].tobytes() == fewer.values.tobytes()


def test_bytes_do_not_depend_on_chunks(backend: str) -> None:
    n = 41
    whole = run_indirect(backend, n)
    simulator = simulation.compile(models.INDIRECT, backend, ("response", "tumour"))
    table = some_patients(n)
    pieces = simulator.stream(
        lambda first, count: {k: v[first : first + count] for k, v in table.items()},
        n,
        INFUSIONS,
        [1, 4, 8],
        chunk=13,
    )
    assert b"".join(piece.values.tobytes() for piece in pieces) == whole.values.tobytes()


def test_the_order_of_patients_is_irrelevant(backend: str) -> None:
    simulator = simulation.compile(models.INDIRECT, backend, ("response", "tumour"))
    table = some_patients(11)
    straight = simulator.run(simulator.start(table), INFUSIONS, [1, 4, 8])
    turned = simulator.run(
        simulator.start({k: v[::-1] for k, v in table.items()}), INFUSIONS, [1, 4, 8]
    )
    assert straight.values.tobytes() == turned.values[::-1].tobytes()


def test_a_state_can_be_split_and_changed(backend: str) -> None:
    simulator = simulation.compile(models.INDIRECT, backend, ("tumour",))
    state: State = simulator.run(simulator.start(some_patients(4)), INFUSIONS, [3.2]).state
    whole = simulator.run(state, none(), [6.0])
    part = simulator.run(state.take([2, 0]), none(), [6.0])
    assert part.values.tobytes() == whole.values[[2, 0]].tobytes()
    heavier = simulator.run(state.with_values(tumour=state["tumour"] * 2), none(), [6.0])
    assert np.all(heavier["tumour"] > whole["tumour"])


def test_an_infusion_that_ends_at_an_output_but_for_rounding_makes_no_sliver(backend: str) -> None:
    simulator = simulation.compile(models.INDIRECT, backend, ("central",))
    inputs = doses((0.1, "central", 2, 0.2))  # 0.1 + 0.2 exceeds 0.3 by one unit in the last place
    result = simulator.run(simulator.start(), inputs, [0.3, 1.0], tolerance=1e-8)
    rise = 2 / 0.2 / 0.25 * (1 - np.exp(-0.25 * 0.2))
    np.testing.assert_allclose(result["central"][0], [rise, rise * np.exp(-0.25 * 0.7)], rtol=1e-6)
    assert sorted(result.state.steps) == ["", "flow central", "stop central"]


def test_eigenvalues_of_one_patient_do_not_depend_on_the_others(backend: str) -> None:
    simulator = simulation.compile(models.THREE_COMPARTMENTS, backend, ("central", "third"))
    volumes = np.random.default_rng(5).lognormal(3, 0.5, 9)
    inputs = doses((0, "central", 300, 0), (1, "central", 300, 0.25))
    together = simulator.run(simulator.start({"V2": volumes}), inputs, [0.5, 2.0])
    alone = [
        simulator.run(simulator.start({"V2": v}), inputs, [0.5, 2.0]).values[0] for v in volumes
    ]
    assert together.values.tobytes() == np.stack(alone).tobytes()


def test_a_closed_form_that_grows_beyond_any_number_is_a_failed_patient_and_not_infinite(
    tmp_path: Path,
) -> None:
    file = tmp_path / "burst.yaml"
    file.write_text(
        "model: burst\ntime_unit: day\nparameters:\n  k: {value: 1, unit: 1/day, source: assumed}\n"
        "species:\n  A: {initial: 1, unit: mg}\n"
        "processes:\n  loss: {rate: k*A, unit: mg/day, changes: {A: -1}}\n"
    )
    simulator = simulation.compile(mechanism.read(file), "fast", ["A"])
    state = simulator.start({"k": np.array([1.0, -900.0])}, 2)
    result = simulator.run(state, none(), np.array([0.0, 1.0, 2.0]))
    assert result.status[0] == 0
    assert result.status[1] != 0
    assert set(result.reason) == {1}
    assert not np.isinf(result.values).any()
    assert np.isnan(result.values[1, 2, 0])
    # exp(-k t)
    assert result.values[0, 2, 0] == pytest.approx(np.exp(-2.0), rel=1e-3)


@pytest.mark.parametrize(
    ("patients", "budget", "workers", "groups"),
    [(64, 2**25, 1, 16), (512, 1, 3, 1), (192, 2**25, 2, 3)],
)
def test_bytes_do_not_depend_on_blocks_workers_or_groups(
    monkeypatch: pytest.MonkeyPatch, patients: int, budget: int, workers: int, groups: int
) -> None:
    """Patients of three dose patterns, one of whom fails, however many are carried together."""
    n = 301
    shares = np.random.default_rng(3).uniform(0.5, 2.0, (2, n))
    given = {"CL": shares[0], "kg": 0.05 * shares[1]}
    given["K"] = np.where(np.arange(n) == 130, -1.0, 8.0)
    amounts = np.array([[1.0, 0.0], [2.0, 1.0], [0.0, 0.0]])[np.arange(n) % 3]
    inputs = Inputs(np.array([0.0, 5.0]), ("central", "central"), amounts, np.array([0.0, 0.5]))
    simulator = simulation.compile(INDIRECT, "fast", ("C", "tumour"))

    def run() -> simulation.Trajectories:
        return simulator.run(simulator.start(given), inputs, [3.0, 9.0], workers=workers)

    whole = run()
    monkeypatch.setattr(running, "MOST_PATIENTS", patients)
    monkeypatch.setattr(running, "MOST_BYTES", budget)
    monkeypatch.setattr(host, "MOST_GROUPS", groups)
    monkeypatch.setattr(evaluation, "MOST_ROWS", 64)
    cut = run()
    assert cut.values.tobytes() == whole.values.tobytes()
    assert cut.state.values.tobytes() == whole.state.values.tobytes()
    assert cut.reason == whole.reason
    for kind, steps in whole.state.steps.items():
        assert cut.state.steps[kind].tobytes() == steps.tobytes()
