"""The benchmark model (44 states, 560 dose intervals) against a reference solution made by another program."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from benchmarks import scenario

from normoxia import simulation
from normoxia.simulation import Simulator

ORACLE = Path(__file__).parent.parent / "oracles" / "engine"


def table(name: str) -> tuple[list[str], np.ndarray]:
    with (ORACLE / name).open(encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return header, np.array(rows, float)


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    m = scenario.model()
    return simulation.compile(m, "fast", [s.name for s in m.species])


@pytest.mark.parametrize("tolerance", [1e-4, 1e-6])
def test_error_stays_below_the_tolerance_asked_for(tolerance: float, simulator: Simulator) -> None:
    names, patients = table("patients.csv")
    header, reference = table("reference.csv")
    known = reference[:, 2:].reshape(3, -1, len(header) - 2)
    days = reference[: known.shape[1], 1]
    state = simulator.start(
        {name: patients[:, k] for k, name in enumerate(names) if name != "patient"}
    )
    result = simulator.run(state, scenario.doses(), days, tolerance=tolerance)
    assert result.n_failed == 0
    kept = [k for k, name in enumerate(header[2:]) if name not in scenario.DRUG_AMOUNTS]
    found = np.stack([result[header[2:][k]] for k in kept], axis=2)
    error = np.abs(found - known[:, :, kept]) / (np.abs(known[:, :, kept]) + scenario.FLOOR)
    assert error.max() < max(tolerance, 3e-6)  # the reference itself is known to 3e-6
    amounts = [k for k, name in enumerate(header[2:]) if name in scenario.DRUG_AMOUNTS]
    exact = np.stack([result[header[2:][k]] for k in amounts], axis=2)
    np.testing.assert_allclose(exact, known[:, :, amounts], rtol=1e-6, atol=1e-9)


def test_drug_amounts_and_effect_sites_are_solved_in_closed_form(simulator: Simulator) -> None:
    blueprint = simulator._solver._kernels[True].blueprint  # type: ignore[attr-defined]
    assert len(blueprint.core) == 29
    assert len(blueprint.components) == 4


@pytest.mark.slow
def test_the_reference_backend_agrees_over_two_cycles() -> None:
    m = scenario.model()
    outputs = [s.name for s in m.species if s.name not in scenario.DRUG_AMOUNTS]
    inputs = scenario.doses()
    results = []
    for backend, tolerance in (("fast", 1e-7), ("reference", 1e-7)):
        simulator = simulation.compile(m, backend, outputs)
        results.append(
            simulator.run(simulator.start(), inputs, [20.0, 42.0], tolerance=tolerance).values
        )
    np.testing.assert_allclose(results[0], results[1], rtol=3e-5, atol=3e-6)
