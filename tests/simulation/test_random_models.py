"""Random models solved by both backends and by libRoadRunner (CVODE), which must agree as far as the model lets them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from numpy.typing import NDArray
from tests.simulation.random_models import OUTPUTS, Drawn, drawn_models

from normoxia import mechanism, simulation
from normoxia.simulation import Trajectories
from normoxia.simulation.backends.reference import MOST_SWITCHES, _Patient
from normoxia.simulation.system import system_of

#: asked of every solver
TOLERANCE = 1e-8
#: every parameter and starting value is moved by up to this share, either way, to see what depends on it ...
NUDGE = 1e-6
#: ... and a model is left out whose solution then changes by more than this many times as much: it passes a
#: condition so nearly, or stays so near to one, that which side it takes is a matter of digits
MOST_SENSITIVE = 1e3
#: so a solver's error, near TOLERANCE at every step, can come to this, relative to the larger of 1 and the value
AGREES = TOLERANCE * MOST_SENSITIVE
#: libRoadRunner does not locate conditions within rates; its steps are kept below the shortest pulse. Where a solution
#: stays on a condition that both sides push back to, it steps to and fro without end, and is not asked
LONGEST_STEP = 0.02

Array = NDArray[np.float64]
counted: Counter[str] = Counter()


def nudged(drawn: Drawn) -> dict[str, Array]:
    """Parameters of three patients: as drawn, and nudged either way, each parameter by its own share."""
    shares = np.random.default_rng(1).uniform(0.3, 1.0, len(drawn.parameters))
    shares *= np.where(np.arange(len(shares)) % 2, 1, -1)
    return {
        name: value * (1.0 + NUDGE * share * np.array([0.0, 1.0, -1.0]))
        for (name, value), share in zip(drawn.parameters.items(), shares, strict=True)
    }


def distance(a: Array, b: Array) -> Array:
    """Largest difference, relative to the larger of 1 and the value."""
    return np.abs(a - b) / np.maximum(1.0, np.abs(b))


def solve(drawn: Drawn, backend: str) -> Trajectories:
    simulator = simulation.compile(drawn.model(), backend, list(drawn.species))
    start = simulator.start(nudged(drawn))
    return simulator.run(start, drawn.inputs(), OUTPUTS, tolerance=TOLERANCE)


def roadrunner_run(drawn: Drawn) -> Array | None:
    """Species at the outputs, by libRoadRunner; None where it gives up."""
    import roadrunner

    runner = roadrunner.RoadRunner(mechanism.export(drawn.model(), drawn.inputs()))
    for key, value in (
        ("relative_tolerance", 0.01 * TOLERANCE),
        ("absolute_tolerance", 0.001 * TOLERANCE),
        ("maximum_time_step", LONGEST_STEP),
        ("maximum_num_steps", 20_000),
    ):
        runner.setIntegratorSetting("cvode", key, value)
    runner.timeCourseSelections = drawn.selections
    try:
        return np.asarray(runner.simulate(times=[0.0, *OUTPUTS]), float)[1:]
    except RuntimeError:
        return None


def compare(drawn: Drawn) -> None:
    """All solvers of one model."""
    with patch.object(_Patient, "slide", autospec=True, side_effect=_Patient.slide) as slide:
        reference = solve(drawn, "reference")
    if any(f"{MOST_SWITCHES} switches" in reason for reason in reference.reason.values()):
        counted["switches too often"] += 1  # a limit of the engine, which it says
        assume(False)
    assert reference.reason == {}
    right = reference.values[0]
    sensitivity = max(distance(nudge, right).max() for nudge in reference.values[1:]) / NUDGE
    counted["drawn"] += 1
    if sensitivity > MOST_SENSITIVE:
        counted["too sensitive"] += 1
        assume(False)
    counted["compared"] += 1
    if system_of(drawn.model()).needs_reference:
        counted["not for fast"] += 1
    else:
        fast = solve(drawn, "fast")
        counted["fast"] += 1
        note(f"reference\n{right}\nfast\n{fast.values[0]}")
        assert fast.reason == {}
        assert distance(fast.values, reference.values).max() <= AGREES
    if slide.called:
        counted["stays on a condition, not for libRoadRunner"] += 1
        return
    other = roadrunner_run(drawn)
    if other is None:
        counted["libRoadRunner gave up"] += 1
    else:
        counted["libRoadRunner"] += 1
        note(f"reference\n{right}\nlibRoadRunner\n{other}")
        assert distance(other, right).max() <= AGREES


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """libRoadRunner prints what it gives up on."""
    import roadrunner

    level = roadrunner.Logger.getLevel()
    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
    logging.getLogger("normoxia").setLevel(logging.ERROR)
    yield
    roadrunner.Logger.setLevel(level)
    logging.getLogger("normoxia").setLevel(logging.NOTSET)


_OPTIONS = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=40, **_OPTIONS)  # type: ignore[arg-type]
@given(drawn_models())
def test_random_models_agree(drawn: Drawn) -> None:
    compare(drawn)


@pytest.mark.slow
def test_two_thousand_random_models_agree() -> None:
    counted.clear()

    @settings(max_examples=2000, **_OPTIONS)  # type: ignore[arg-type]
    @given(drawn_models())
    def run(drawn: Drawn) -> None:
        compare(drawn)

    run()
    assert counted["compared"] >= 2000, counted
    assert counted["too sensitive"] < 0.02 * counted["drawn"], counted
    assert counted["libRoadRunner gave up"] < 0.02 * counted["drawn"], counted
    assert counted["switches too often"] < 0.005 * counted["drawn"], counted
