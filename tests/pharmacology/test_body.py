"""Body size and renal function by hand-worked examples."""

import numpy as np
import pytest

from normoxia.pharmacology import body_surface, body_surface_du_bois, calvert, creatinine_clearance


def test_body_surface_of_mosteller() -> None:
    """sqrt(80 kg x 180 cm / 3600) = sqrt(4) = 2."""
    assert body_surface(80, 180) == pytest.approx(2.0)
    np.testing.assert_allclose(body_surface([80, 20], 180), [2.0, 1.0])


def test_body_surface_of_du_bois_is_close_to_mostellers_in_adults() -> None:
    """0.007184 x 70^0.425 x 170^0.725: exp(-4.9359 + 0.425 x 4.24850 + 0.725 x 5.13580) = exp(0.59316) = 1.8097."""
    assert body_surface_du_bois(70, 170) == pytest.approx(1.8097, abs=2e-4)
    assert body_surface_du_bois(70, 170) == pytest.approx(float(body_surface(70, 170)), rel=0.01)


def test_calvert() -> None:
    """AUC 5 at 75 mL/min: 5 x (75 + 25) = 500 mg."""
    np.testing.assert_allclose(calvert([5.0, 6.0], 75.0), [500.0, 600.0])


def test_creatinine_clearance_of_cockcroft_and_gault() -> None:
    """(140 - 60) x 72 / (72 x 1.0) = 80 mL/min in a man, 68 in a woman."""
    np.testing.assert_allclose(creatinine_clearance(60, 72, 1.0, [0, 1]), [80.0, 68.0])
