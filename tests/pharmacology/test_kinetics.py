"""Closed forms against the matrix exponential, an integrator, and formulae a textbook prints."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from normoxia.errors import InvalidArgument
from normoxia.pharmacology import kinetics

TIMES = np.array([0.01, 0.1, 0.5, 1.0, 3.0, 7.0, 21.0, 60.0])

positive = st.floats(0.05, 20.0)


def matrix(
    cl: float, v1: float, q2: float = 0.0, v2: float = 1.0, q3: float = 0.0, v3: float = 1.0
) -> np.ndarray:
    """Rate matrix of amounts in the centre and two outer compartments."""
    return np.array(
        [
            [-(cl + q2 + q3) / v1, q2 / v2, q3 / v3],
            [q2 / v1, -q2 / v2, 0.0],
            [q3 / v1, 0.0, -q3 / v3],
        ]
    )


@given(positive, positive, positive, positive, positive, positive)
def test_three_compartments_agree_with_the_matrix_exponential(
    cl: float, v1: float, q2: float, v2: float, q3: float, v3: float
) -> None:
    if (
        abs(q2 / v2 - q3 / v3) < 0.05
    ):  # two outer compartments alike: the rates fall together and the residues cancel
        return
    a = matrix(cl, v1, q2, v2, q3, v3)
    unit = kinetics.response(cl, v1, q2, v2, q3, v3)
    exact = np.array([100.0 * expm(a * t)[0, 0] / v1 for t in TIMES])
    np.testing.assert_allclose(
        kinetics.concentration(unit, TIMES, [0.0], [100.0]), exact, rtol=1e-5, atol=1e-7
    )


@given(positive, positive, positive, positive)
def test_two_compartments_agree_with_the_matrix_exponential(
    cl: float, v1: float, q: float, v2: float
) -> None:
    unit = kinetics.response(cl, v1, q, v2)
    exact = np.array([100.0 * expm(matrix(cl, v1, q, v2) * t)[0, 0] / v1 for t in TIMES])
    np.testing.assert_allclose(
        kinetics.concentration(unit, TIMES, [0.0], [100.0]), exact, rtol=1e-7, atol=1e-9
    )


def test_one_compartment_bolus_by_the_textbook() -> None:
    unit = kinetics.response(2.0, 10.0)
    np.testing.assert_allclose(
        kinetics.concentration(unit, TIMES, [0.0], [50.0]), 5.0 * np.exp(-0.2 * TIMES), rtol=1e-14
    )


def test_oral_one_compartment_by_the_bateman_function() -> None:
    """C = F D ka / (V (ka - k)) (exp(-k t) - exp(-ka t)); its peak is at ln(ka/k)/(ka - k)."""
    ka, cl, v, f = 3.0, 2.0, 10.0, 0.7
    k = cl / v
    unit = kinetics.response(cl, v, absorption_rate=ka, bioavailability=f)
    bateman = f * 50.0 * ka / (v * (ka - k)) * (np.exp(-k * TIMES) - np.exp(-ka * TIMES))
    np.testing.assert_allclose(
        kinetics.concentration(unit, TIMES, [0.0], [50.0]), bateman, rtol=1e-12
    )
    fine = np.linspace(0.0, 5.0, 50001)
    peak = fine[kinetics.concentration(unit, fine, [0.0], [50.0]).argmax()]
    assert peak == pytest.approx(np.log(ka / k) / (ka - k), abs=1e-4)


def test_a_constant_infusion_reaches_rate_over_clearance() -> None:
    unit = kinetics.response(2.0, 10.0, 1.0, 5.0)
    level = kinetics.concentration(unit, [400.0], [0.0], [30.0 * 400.0], 400.0)
    assert level[0] == pytest.approx(30.0 / 2.0, rel=1e-9)


def test_infusions_and_absorbed_doses_agree_with_an_integrator() -> None:
    """LSODA at rtol 1e-10 on the same equations, dose by dose."""
    cl, v1, q2, v2, q3, v3, ka, f = 1.3, 3.0, 0.8, 2.0, 0.2, 6.0, 2.5, 0.6
    times = np.linspace(0.0, 30.0, 61)
    a = matrix(cl, v1, q2, v2, q3, v3)

    def infused(t: float, y: np.ndarray) -> np.ndarray:
        rate = 100.0 / 0.5 * (t < 0.5) + 60.0 / 2.0 * (7.0 <= t < 9.0)
        return a @ y + np.array([rate, 0.0, 0.0])

    solved = solve_ivp(
        infused, (0, 30), np.zeros(3), "LSODA", times, rtol=1e-10, atol=1e-12, max_step=0.05
    )
    unit = kinetics.response(cl, v1, q2, v2, q3, v3)
    found = kinetics.concentration(unit, times, [0.0, 7.0], [100.0, 60.0], [0.5, 2.0])
    np.testing.assert_allclose(found, solved.y[0] / v1, rtol=1e-6, atol=1e-7)

    def absorbed(_: float, y: np.ndarray) -> np.ndarray:
        return np.append(a @ y[:3] + np.array([f * ka * y[3], 0.0, 0.0]), -ka * y[3])

    solved = solve_ivp(
        absorbed, (0, 30), [0.0, 0.0, 0.0, 100.0], "LSODA", times, rtol=1e-10, atol=1e-12
    )
    oral = kinetics.response(cl, v1, q2, v2, q3, v3, absorption_rate=ka, bioavailability=f)
    np.testing.assert_allclose(
        kinetics.concentration(oral, times, [0.0], [100.0]), solved.y[0] / v1, rtol=1e-7, atol=1e-9
    )


def test_exposure_of_all_time_is_dose_over_clearance() -> None:
    for arguments in ((2.0, 10.0), (2.0, 10.0, 1.0, 5.0), (2.0, 10.0, 1.0, 5.0, 0.3, 8.0)):
        unit = kinetics.response(*arguments)
        assert (unit.weights / unit.rates).sum() == pytest.approx(1 / 2.0, rel=1e-12)
    oral = kinetics.response(2.0, 10.0, 1.0, 5.0, absorption_rate=4.0, bioavailability=0.4)
    assert (oral.weights / oral.rates).sum() == pytest.approx(0.4 / 2.0, rel=1e-12)


@pytest.mark.parametrize("duration", [0.0, 0.0625, 3.0, 21.0])
def test_steady_state_is_what_many_doses_come_to(duration: float) -> None:
    unit = kinetics.response([0.2, 0.4], [3.0, 3.3], 0.5, 2.5)
    elapsed = np.array([0.0, 0.05, 1.0, 10.0, 20.99])
    doses = 21.0 * np.arange(60)
    after_many = kinetics.concentration(
        unit, doses[-1] + elapsed, doses, np.full(60, 1200.0), duration
    )
    np.testing.assert_allclose(
        kinetics.steady_concentration(unit, elapsed, 21.0, 1200.0, duration), after_many, rtol=1e-9
    )


def test_patients_are_rows() -> None:
    cl = np.array([0.1, 0.2, 0.4])
    together = kinetics.concentration(
        kinetics.response(cl, 3.0, 0.5, 2.5),
        TIMES,
        [0.0, 21.0],
        np.array([[1.0, 1], [2, 2], [3, 0]]),
    )
    assert together.shape == (3, TIMES.size)
    alone = kinetics.concentration(
        kinetics.response(0.2, 3.0, 0.5, 2.5), TIMES, [0.0, 21.0], [2.0, 2.0]
    )
    np.testing.assert_allclose(together[1], alone, rtol=1e-13)


def test_a_deep_compartment_needs_a_peripheral_one() -> None:
    with pytest.raises(InvalidArgument, match="deep compartment without a peripheral one"):
        kinetics.response(1.0, 3.0, deep_clearance=0.1, deep_volume=2.0)


def test_a_steady_infusion_must_fit_its_interval() -> None:
    with pytest.raises(InvalidArgument, match="infusion over 3 days every 2"):
        kinetics.steady_concentration(kinetics.response(1.0, 3.0), [0.0], 2.0, 1.0, 3.0)
