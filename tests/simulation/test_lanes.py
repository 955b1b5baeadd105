"""Exponential, logarithm and hyperbolic tangent of the kernel, against the C library's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from normoxia.simulation.backends.lanes import Lanes, declarations
from normoxia.simulation.backends.machine import Machine
from normoxia.simulation.evaluation import EXP_HIGH, EXP_LOW, TINY

WIDTH = 4
EXPECTED = {"exp": np.exp, "log": np.log, "tanh": np.tanh}


@pytest.fixture(scope="module")
def machine() -> Machine:
    parts = [declarations(WIDTH)]
    for name in EXPECTED:
        out = Lanes(f"of_{name}", WIDTH, linkage="")
        out.store(getattr(out, name)(out.load(0)), 1)
        parts.append(out.text())
    return Machine("\n".join(parts))


def applied(machine: Machine, name: str, x: np.ndarray) -> np.ndarray:
    call = machine.function(f"of_{name}", 1)
    raw = np.zeros(2 * WIDTH + 16)
    skip = (-raw.ctypes.data // 8) % 8
    memory = raw[skip : skip + 2 * WIDTH].reshape(2, WIDTH)
    found = []
    for first in range(0, len(x), WIDTH):
        memory[0] = np.resize(x[first : first + WIDTH], WIDTH)
        call(memory.ctypes.data)
        found.append(memory[1].copy())
    return np.concatenate(found)[: len(x)]


@pytest.mark.parametrize(
    ("name", "x"),
    [
        ("exp", np.linspace(EXP_LOW + 1, EXP_HIGH, 4000)),
        ("exp", np.linspace(-1, 1, 1000)),
        ("log", np.geomspace(TINY, 1e300, 4000)),
        ("log", 1 + np.linspace(-0.5, 0.9, 1000)),
    ],
)
def test_within_two_units_in_the_last_place(machine: Machine, name: str, x: np.ndarray) -> None:
    right = EXPECTED[name](x)
    assert (
        np.max(np.abs(applied(machine, name, x) - right) / np.spacing(np.abs(right) + 1e-300)) <= 2
    )


def test_tanh_is_accurate_in_absolute_terms(machine: Machine) -> None:
    x = np.linspace(-30, 30, 2001)
    np.testing.assert_allclose(applied(machine, "tanh", x), np.tanh(x), rtol=0, atol=4e-16)


def test_ends_and_what_is_no_number(machine: Machine) -> None:
    x = np.array([-1260.0, 1e6, math.inf, -math.inf, math.nan, 0.0])
    found = applied(machine, "exp", x)
    assert found[0] == 0.0
    assert found[1] == found[2] == pytest.approx(math.exp(EXP_HIGH))
    assert found[3] == 0.0
    assert math.isnan(found[4])
    assert found[5] == 1.0
    found = applied(machine, "log", np.array([0.0, -3.0, math.inf, math.nan, 1.0, TINY]))
    assert found[0] == found[1] == found[5] == pytest.approx(math.log(TINY))
    assert found[2] == math.inf
    assert math.isnan(found[3])
    assert found[4] == 0.0
