"""Conditions decided by the sign of a species that has nearly vanished, and bands that a species crosses in an instant.

Both are solved by the compiled core; expected values are closed forms, drawn at random with their numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from tests.simulation.models import doses, model

from normoxia import simulation
from normoxia.mechanism.model import Model
from normoxia.simulation.backends import UNKNOWN_SIGN

OPTIONS = {"deadline": None, "print_blob": True}


def counted(m: Model, times: list[float], tolerance: float, inputs: object = None) -> np.ndarray:
    """X at some times by the fast backend; no patient may fail."""
    simulator = simulation.compile(m, "fast", ("X",))
    start = simulator.start(tolerance=tolerance)
    result = simulator.run(start, inputs, times, tolerance=tolerance)  # type: ignore[arg-type]
    assert not result.n_failed, dict(result.reason)
    return result["X"][0]


# signs --------------------------------------------------------------------------------------------------------

#: X' and how long it is 1, by k (loss of A, from 8 at 0) and c (a level that B = exp(-t/10) reaches)
SIGNS: dict[str, tuple[str, Callable[[float, float, float], float]]] = {
    "decays": ("where(A > 0, 1, 0)", lambda t, k, c: t),
    "is not reached": ("where(A <= 0, 1, 0)", lambda t, k, c: 0.0),
    "turned round": ("where(-A < 0, 1, 0)", lambda t, k, c: t),
    "is fed by what decays": ("where(F > 0, 1, 0)", lambda t, k, c: t),
    "is a common factor": ("where(A*B > c*A, 1, 0)", lambda t, k, c: min(t, -10 * math.log(c))),
    "is a common factor of a quotient": (
        "where(A*B/(1 + A) > c*A/(1 + A), 1, 0)",
        lambda t, k, c: min(t, -10 * math.log(c)),
    ),
    "is counted": (
        "-floor(-A)",
        lambda t, k, c: t + sum(min(t, math.log(8 / i) / k) for i in range(1, 8)),
    ),
    "is compared with another": (
        "where(A < B, 1, 0)",
        lambda t, k, c: max(0.0, t - math.log(8) / (k - 0.1)),
    ),
}


@settings(max_examples=120, **OPTIONS)  # type: ignore[arg-type]
@given(
    kind=st.sampled_from(sorted(SIGNS)),
    k=st.floats(0.3, 30.0),
    c=st.floats(0.05, 0.9),
    tolerance=st.floats(-9.0, -2.0).map(lambda x: 10**x),
    times=st.lists(st.floats(0.5, 60.0), min_size=1, max_size=3, unique=True).map(sorted),
)
def test_a_species_that_has_nearly_vanished_decides_by_its_sign(
    kind: str, k: float, c: float, tolerance: float, times: list[float]
) -> None:
    rate, exact = SIGNS[kind]
    m = model(
        {"A": (8, "-k*A"), "B": (1, "-0.1*B"), "F": (0, "k*A - 0.5*F"), "X": (0, rate)},
        {"k": k, "c": c},
    )
    found = counted(m, times, tolerance)
    expected = [exact(t, k, c) for t in times]
    np.testing.assert_allclose(found, expected, rtol=20 * tolerance, atol=20 * tolerance)


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-7])
def test_a_species_keeps_its_sign_after_any_washout(tolerance: float) -> None:
    """A = 8 exp(-2 t) is no number of floating point beyond 375, and above 0 all the same."""
    m = model({"A": (8, "-2*A"), "X": (0, "where(A > 0, 1, 0)")})
    times = [100.0, 1e3, 1e4]
    np.testing.assert_allclose(counted(m, times, tolerance), times, rtol=1e-6)


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-7])
def test_a_dose_after_a_washout_raises_a_species_as_before(tolerance: float) -> None:
    """A = 8 exp(-2 (t - 1000)) from the second dose on is above 1 for log(8)/2, as after the first."""
    m = model({"A": (0, "-2*A"), "X": (0, "where(A > 1, 1, 0) + where(A > 0, 10, 0)")})
    given_doses = doses((0.0, "A", 8.0, 0.0), (1000.0, "A", 8.0, 0.0))
    found = counted(m, [1000.0, 2000.0], tolerance, given_doses)
    expected = np.array([1.0, 2.0]) * (1e4 + math.log(8) / 2)
    np.testing.assert_allclose(found, expected, rtol=10 * tolerance)


@pytest.mark.parametrize("tolerance", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-10])
@pytest.mark.parametrize("k", [0.3, 1.0, 5.0])
def test_a_species_that_touches_zero_stays_there(k: float, tolerance: float) -> None:
    """X = (1 - k t)**2 until 1/k, then 0."""
    m = model({"X": (1, f"-where(X > 0, {2 * k}*X**0.5, 0)")})
    found = counted(m, [0.1, 10.0, 100.0], tolerance)
    np.testing.assert_allclose(found, [(1 - 0.1 * k) ** 2, 0.0, 0.0], atol=3 * tolerance)


def test_a_sign_that_cannot_be_solved_for_is_a_failed_patient() -> None:
    """Of two decays the difference changes its sign at 1e4, where both are exp(-1e4) and less."""
    m = model(
        {
            "A": (2, "-1.0*A - 0*B"),
            "B": (1, "-1.0*B"),
            "D": (1, "-D + 0.5*A - B"),
            "X": (0, "where(D > 0, 1, 0)"),
        }
    )
    simulator = simulation.compile(m, "fast", ("X",))
    result = simulator.run(simulator.start(), None, [10.0, 1e5])
    assert result["X"][0, 0] == pytest.approx(10.0)
    if result.status[0]:
        assert result.status[0] == UNKNOWN_SIGN
        assert '"D > 0"' in result.reason[0]
    else:
        assert result["X"][0, 1] == pytest.approx(1e5)


def test_lane_mates_of_a_species_that_vanishes_are_untouched() -> None:
    m = model({"A": (8, "-k*A"), "X": (0, "where(A > c, 1, 0)")}, {"k": 2.0, "c": 0.0})
    simulator = simulation.compile(m, "fast", ("X",))
    k, c = np.linspace(0.1, 3.0, 8), np.linspace(0.5, 4.0, 8)
    calm = simulator.run(simulator.start({"k": k, "c": c}), times=[30.0])
    c[3] = 0.0
    with_one = simulator.run(simulator.start({"k": k, "c": c}), times=[30.0])
    others = np.arange(8) != 3
    assert with_one.values[others].tobytes() == calm.values[others].tobytes()
    assert with_one["X"][3, 0] == pytest.approx(30.0)


# bands --------------------------------------------------------------------------------------------------------


def _product(a: float, d: float) -> tuple[str, float]:
    return f"(A - {a - 0.1!r})*(A - {a + 0.1!r}) < {d * d - 0.01!r}", a + d


def _logistic(a: float, d: float) -> tuple[str, float]:
    return f"A*({2 * a!r} - A) > {a * a - d * d!r}", a + d


def _square(a: float, d: float) -> tuple[str, float]:
    return f"A**2 - {2 * a!r}*A < {d * d - a * a!r}", a + d


def _ratio(a: float, d: float) -> tuple[str, float]:
    low = a - d
    return f"A/({a * a!r} + A**2) > {low / (a * a + low * low)!r}", a * a / low


def _sum(a: float, d: float) -> tuple[str, float]:
    low = a - d
    return f"A/{a!r} + {a!r}/A < {low / a + a / low!r}", a * a / low


def _exponential(a: float, d: float) -> tuple[str, float]:
    level = math.exp((a - d) / a) / (a - d)
    return f"exp(A/{a!r})/A < {level!r}", brentq(
        lambda x: math.exp(x / a) / x - level, a, 3 * a, xtol=1e-14
    )


#: a condition that is true from a - d on, whose gap has its extreme near a; and up to where
BANDS = (_product, _logistic, _square, _ratio, _sum, _exponential)


@settings(max_examples=120, **OPTIONS)  # type: ignore[arg-type]
@given(
    band=st.sampled_from(BANDS),
    a=st.floats(0.5, 7.0),
    width=st.floats(-4.0, -1.3).map(lambda x: 10**x),
    k=st.sampled_from([0.05, 0.5, 3.0]),
    tolerance=st.floats(-10.0, -2.0).map(lambda x: 10**x),
)
def test_a_band_that_a_species_crosses_is_found(
    band: Callable[[float, float], tuple[str, float]],
    a: float,
    width: float,
    k: float,
    tolerance: float,
) -> None:
    """A falls as 8 exp(-k t), and is between two levels for the logarithm of their ratio, over k."""
    text, high = band(a, width)
    m = model({"A": (8, f"-{k!r}*A"), "X": (0, f"where({text}, 1, 0)")})
    found = counted(m, [20.0 / k], tolerance)[0]
    assert found == pytest.approx(math.log(high / (a - width)) / k, rel=1e-3 + 20 * tolerance)
