"""Closed-form kinetics: what is recognised, and the matrix exponential for equal, near-equal and stiff rates."""

from __future__ import annotations

import numpy as np
import pytest
from tests.simulation import models
from tests.simulation.models import doses, model

from normoxia import simulation
from normoxia.mechanism.inputs import none
from normoxia.mechanism.model import Model
from normoxia.simulation.backends.fast import FastBackend, FastSolver
from normoxia.simulation.system import system_of


def solver(m: Model) -> FastSolver:
    return FastBackend().prepare(system_of(m), m.defaults)


def closed(m: Model) -> set[str]:
    blueprint = solver(m)._kernels[True].blueprint
    return {m.species[s].name for component in blueprint.components for s in component.species}


def test_linear_upstream_species_are_recognised() -> None:
    assert closed(models.ORAL) == {"gut", "central"}
    assert closed(models.INDIRECT) == {"central"}
    assert closed(models.ROBERTSON) == set()
    assert closed(models.DRIVEN) == set()


def test_a_species_downstream_of_nonlinear_ones_is_not() -> None:
    m = model(
        {
            "a": (1, "-a"),
            "b": (1, "-b**2"),
            "c": (0, "a + b - c"),
            "d": (0, "a - d"),
            "e": (0, "a*time - e"),
        }
    )
    assert closed(m) == {"a", "d"}


def test_complex_eigenvalues_are_left_to_the_solver() -> None:
    # a cycle of three has complex eigenvalues; the solution is known from the cyclic shift's matrix exponential
    m = model({"a": (1, "c - a"), "b": (0, "a - b"), "c": (0, "b - c")})
    assert closed(m) == set()
    from scipy.linalg import expm

    simulator = simulation.compile(m, "fast", ("a", "b", "c"))
    result = simulator.run(simulator.start(), none(), [2.0], tolerance=1e-9)
    expected = expm(2.0 * np.array([[-1, 0, 1], [1, -1, 0], [0, 1, -1]])) @ [1, 0, 0]
    np.testing.assert_allclose(result.values[0, 0], expected, rtol=1e-7)


CHAIN = model(
    {
        "depot": (0, "-k*depot"),
        "one": (0, "k*(depot - one)"),
        "two": (0, "k*(one - two)"),
        "central": (0, "k*two - (ke + k12)*central + k21*peripheral"),
        "peripheral": (0, "k12*central - k21*peripheral"),
        "total": (0, "central"),
    },
    {"k": 3.0, "ke": 0.4, "k12": 0.3, "k21": 0.2},
)


def chain_matrix(k: float, ke: float, k12: float, k21: float) -> np.ndarray:
    matrix = np.zeros((6, 6))
    matrix[0, 0] = matrix[1, 1] = matrix[2, 2] = -k
    matrix[1, 0] = matrix[2, 1] = matrix[3, 2] = k
    matrix[3, 3:5] = -(ke + k12), k21
    matrix[4, 3:5] = k12, -k21
    matrix[5, 3] = 1
    return matrix


@pytest.mark.parametrize("k", [3.0, 60.0, 0.8, 0.8 * (1 + 1e-9), 0.8001, 0.808, 0.1, 0.05])
def test_transit_chain_into_two_compartments(k: float) -> None:
    """Equal rates in the chain; the eigenvalues of the compartments are -0.8 and -0.1, which some k meet."""
    from scipy.linalg import expm

    assert closed(CHAIN) == {"depot", "one", "two", "central", "peripheral", "total"}
    simulator = simulation.compile(CHAIN, "fast", [s.name for s in CHAIN.species])
    given = doses((0, "depot", 10, 0), (0, "central", 6, 2.0))
    times = np.array([0.1, 1.0, 2.0, 5.0, 30.0])
    result = simulator.run(simulator.start({"k": k}), given, times, tolerance=1e-8)
    augmented = np.zeros((7, 7))
    augmented[:6, :6] = chain_matrix(k, 0.4, 0.3, 0.2)
    augmented[3, 6] = 3.0
    still = augmented.copy()
    still[3, 6] = 0.0
    start = np.array([10, 0, 0, 0, 0, 0, 1.0])
    for time, found in zip(times, result.values[0], strict=True):
        expected = expm(still * max(time - 2, 0)) @ expm(augmented * min(time, 2.0)) @ start
        np.testing.assert_allclose(found, expected[:6], rtol=2e-6, atol=1e-7)


def test_patients_whose_rates_nearly_coincide_are_told_apart() -> None:
    compiled = solver(CHAIN)._kernels[True]
    table = np.tile(np.array([[m.value] for m in CHAIN.parameters]), 32)
    table[0, :3] = 3.0, 0.8 * (1 + 1e-9), 0.8
    well = compiled.prepare(table).well
    assert well[0]
    assert not well[1:3].any()


def test_constant_production_enters_closed_form() -> None:
    m = model({"x": (1.0, "s - k*x")}, {"s": 3.0, "k": 0.5})
    assert closed(m) == {"x"}
    simulator = simulation.compile(m, "fast", ("x",))
    result = simulator.run(simulator.start(), none(), [1.0, 4.0])
    np.testing.assert_allclose(
        result["x"][0], 6 - 5 * np.exp(-0.5 * np.array([1.0, 4.0])), rtol=1e-12
    )
