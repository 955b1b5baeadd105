"""Target lesions: their sum, their spread, and what is too small."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.trial import toy

from normoxia import seeding
from normoxia.trial.conduct import lesions


def _drawn(n: int = 4000) -> lesions.Lesions:
    clinic = toy.protocol().clinic
    counts = 1.0 + np.arange(n) % 5
    z = seeding.normals(1, "share", n, 5), seeding.normals(1, "spread", n, 5)
    return lesions.draw(
        clinic, counts, np.full(n, 90.0), z[0], seeding.uniforms(1, "node", n, 5), z[1]
    )


def test_lesions_add_up_to_the_patients_sum() -> None:
    own = _drawn()
    assert np.allclose(np.nansum(own.baseline, axis=1), 90.0)
    assert ((~np.isnan(own.baseline)).sum(axis=1) == 1 + np.arange(4000) % 5).all()


def test_nothing_differs_at_the_start_and_lesions_drift_apart_later() -> None:
    own, clinic = _drawn(), toy.protocol().clinic
    ones = np.ones(4000)
    start = lesions.true_diameters(own, clinic, ones, 0.0 * ones)
    assert np.allclose(start, own.baseline, equal_nan=True)
    late = lesions.true_diameters(own, clinic, ones, 1000.0 * ones)
    several = np.arange(4000) % 5 == 4
    apart = np.nanstd(np.log(late / own.baseline)[several], axis=1)
    assert 0.1 < apart.mean() < clinic.lesion_spread
    # centred to first order: the mean sum moves by half the variance at most
    assert abs(np.nansum(late, axis=1).mean() / 90.0 - 1.0) < clinic.lesion_spread**2


def test_mixed_responses_happen() -> None:
    own, clinic = _drawn(), toy.protocol().clinic
    ratio = 0.9 * np.ones(4000)
    change = lesions.true_diameters(own, clinic, ratio, np.full(4000, 300.0)) / own.baseline
    with np.errstate(invalid="ignore"):
        assert (
            (np.nan_to_num(change, nan=0.9) > 1.0).any(axis=1)
            & (np.nan_to_num(change, nan=1.1) < 0.9).any(axis=1)
        ).any()


def test_reading_error_has_its_size() -> None:
    clinic = toy.protocol().clinic
    true = np.full((20_000, 1), 30.0)
    read = lesions.read_diameters(
        true, np.zeros_like(true, dtype=bool), clinic, seeding.normals(2, "e", 20_000, 1)
    )
    assert abs(np.log(read / 30.0).std() - clinic.measurement_error) < 0.001


def test_small_and_vanished_lesions_are_written_as_recist_says() -> None:
    clinic = replace(toy.protocol().clinic, measurement_error=0.0)
    true = np.array([[2.9, 3.1, 5.0, 8.0, np.nan]])
    read = lesions.read_diameters(true, np.zeros((1, 5), dtype=bool), clinic, np.zeros((1, 5)))
    assert np.array_equal(read, [[0.0, 5.0, 5.0, 8.0, np.nan]], equal_nan=True)
    node = lesions.read_diameters(true, np.ones((1, 5), dtype=bool), clinic, np.zeros((1, 5)))
    assert node[0, 0] == 2.9
