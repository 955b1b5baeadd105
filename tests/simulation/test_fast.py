"""The fast backend against the reference: stiff, driven and switching models, and how error follows tolerance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.simulation import models
from tests.simulation.models import doses, model

from normoxia import cache, simulation
from normoxia.mechanism.inputs import none
from normoxia.mechanism.model import Model
from normoxia.simulation.backends.fast import FastBackend

SWITCHING = model(
    {
        "x": (1.0, "where(time < 2, 1, 0.2) - x + min(y, 0.4)*abs(y - 0.5)"),
        "y": (0.3, "tanh(x) - sqrt(y)*max(x, 0.9)"),
    }
)
FEEDBACK = model(
    {
        "prol": ("c0", "kt*prol*((c0/circ)**g*(1 - e) - 1)"),
        "t1": ("c0", "kt*(prol - t1)"),
        "t2": ("c0", "kt*(t1 - t2)"),
        "circ": ("c0", "kt*(t2 - circ)"),
        "drug": (0.0, "-0.7*drug"),
    },
    {"kt": 0.8, "c0": 5.0, "g": 0.17},
    {"e": "0.9*drug/(drug + 2)"},
)  # Friberg 2002, J Clin Oncol 20:4713


def both(
    m: Model, inputs: object, times: list[float], tolerance: float = 1e-8
) -> tuple[np.ndarray, np.ndarray]:
    found = []
    for backend in ("fast", "reference"):
        simulator = simulation.compile(m, backend, [s.name for s in m.species])
        found.append(simulator.run(simulator.start(), inputs, times, tolerance=tolerance).values[0])  # type: ignore[arg-type]
    return found[0], found[1]


@pytest.mark.parametrize(
    ("m", "inputs", "times"),
    [
        (models.ROBERTSON, none(), [0.4, 40.0, 4e3, 4e5]),
        (models.DRIVEN, none(), [1.0, 3.0, 6.0]),
        (SWITCHING, none(), [1.0, 2.0, 5.0]),
        (FEEDBACK, doses((0, "drug", 30, 0), (21, "drug", 30, 0.5)), [5.0, 10.0, 21.0, 30.0, 42.0]),
        (
            models.INDIRECT,
            doses((0, "central", 10, 0), (2, "central", 5, 3)),
            [1.0, 2.0, 4.0, 30.0],
        ),
    ],
    ids=["robertson", "driven", "switching", "feedback", "indirect"],
)
def test_agrees_with_the_reference(m: Model, inputs: object, times: list[float]) -> None:
    fast, reference = both(m, inputs, times)
    np.testing.assert_allclose(fast, reference, rtol=2e-6, atol=1e-9)


def test_robertson_agrees_with_an_implicit_runge_kutta_method() -> None:
    from scipy.integrate import solve_ivp

    def rates(t: float, y: np.ndarray) -> list[float]:
        forward, back, fast = 0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] ** 2
        return [back - forward, forward - back - fast, fast]

    right = solve_ivp(rates, (0, 40), [1, 0, 0], method="Radau", rtol=1e-11, atol=1e-14).y[:, -1]
    simulator = simulation.compile(models.ROBERTSON, "fast", ("a", "b", "c"))
    found = simulator.run(simulator.start(), none(), [40.0], tolerance=1e-10).values[0, 0]
    np.testing.assert_allclose(found, right, rtol=1e-8)


def test_error_follows_the_tolerance() -> None:
    # y' = -y^2 + cos(x) has no closed form here: the finest run judges
    m = model({"x": (0.0, "1"), "y": (1.0, "tanh(x)*y - y**2 + 0.5*y*z"), "z": (0.2, "y - 3*z*z")})
    simulator = simulation.compile(m, "fast", ("y", "z"))

    def run(tolerance: float) -> np.ndarray:
        return simulator.run(simulator.start(), none(), [5.0], tolerance=tolerance).values

    right = run(1e-12)
    for tolerance in (1e-3, 1e-5, 1e-7):
        assert np.abs(run(tolerance) / right - 1).max() < tolerance


def test_numbers_of_lanes_give_the_same_bytes() -> None:
    random = np.random.default_rng(3)
    given = {"CL": random.lognormal(0, 0.4, 19), "kg": random.uniform(0.01, 0.1, 19)}
    found = []
    for lanes in (2, 4, 8):
        simulator = simulation.compile(models.INDIRECT, FastBackend(lanes), ("tumour",))
        inputs = doses((0, "central", 10, 0), (2, "central", 5, 3))
        found.append(simulator.run(simulator.start(given), inputs, [1.0, 9.0]).values.tobytes())
    assert len(set(found)) == 1


def test_a_failing_patient_leaves_lane_mates_untouched() -> None:
    explodes = model({"x": (1.0, "a*x**2 - 0.1*x")}, {"a": 0.0})
    simulator = simulation.compile(explodes, "fast", ("x",))
    a = np.full(8, 0.05)
    calm = simulator.run(simulator.start({"a": a}), none(), [1.0, 4.0])
    a[3] = 5.0
    with_one = simulator.run(simulator.start({"a": a}), none(), [1.0, 4.0])
    assert with_one.status.tolist() == [0, 0, 0, int(with_one.status[3]), 0, 0, 0, 0]
    assert with_one.status[3] != 0
    others = np.arange(8) != 3
    assert with_one.values[others].tobytes() == calm.values[others].tobytes()


def test_a_state_pushed_below_zero_does_not_end_in_silence() -> None:
    m = model({"x": (1.0, "-5*x**0.5")})  # reaches 0 at t = 0.4 and stays
    simulator = simulation.compile(m, "fast", ("x",))
    result = simulator.run(simulator.start(), none(), [0.2, 1.0], tolerance=1e-6)
    assert result.n_failed == 0
    np.testing.assert_allclose(result["x"][0], [0.25, 0.0], atol=1e-5)


def test_a_damaged_cache_file_is_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORMOXIA_CACHE", str(tmp_path))

    def value() -> bytes:
        simulator = simulation.compile(models.INDIRECT, "fast", ("tumour",))
        return simulator.run(simulator.start(), none(), [1.0]).values.tobytes()

    right = value()
    (stored,) = tmp_path.iterdir()
    whole = stored.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", whole[:-1] + b"x"):
        stored.write_bytes(damaged)
        assert value() == right
        assert stored.read_bytes() == whole
    assert list(tmp_path.iterdir()) == [stored]


def test_a_cache_that_cannot_be_written_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("NORMOXIA_CACHE", str(tmp_path / "file" / "cache"))
    simulator = simulation.compile(models.ROBERTSON, "fast", ("a",))
    assert simulator.run(simulator.start(), none(), [1.0]).n_failed == 0


def test_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORMOXIA_CACHE", "/one")
    assert cache.folder() == Path("/one")
    monkeypatch.delenv("NORMOXIA_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/two")
    assert cache.folder() == Path("/two/normoxia")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache.folder() == Path.home() / ".cache" / "normoxia"
