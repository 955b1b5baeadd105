"""What imaging says of perfusion under VEGF blockade, against patients drawn from the model's own distributions."""

from __future__ import annotations

import numpy as np
import pytest
from tests.library.laboratory import BEVACIZUMAB, NOTHING, draw, follow

DURABLE = [28.0, 35.0, 42.0, 49.0, 56.0]
#: exact 95 % interval of 7 of 30 patients whose perfusion rose for over a month (Sorensen 2012, Cancer Res 72:402),
#: R: binom.test(7, 30)$conf.int = 0.0993 0.4228
ROSE = (0.0993, 0.4228)


@pytest.fixture(scope="module")
def ensemble():
    patients = draw(300, seed=1)
    names = ["Q", "BF", "h", "B", "perm", "coverage"]
    days = [0.0, 0.25, 7.0, 14.0, *DURABLE]
    treated = follow([BEVACIZUMAB], days, names, patients=patients, tolerance=1e-4)
    begun = follow([NOTHING], [0.0], names, patients=patients, tolerance=1e-4)
    return {name: treated.of(name) / begun.of(name)[:, :1] for name in names}


def durable_rise(ratio: np.ndarray) -> float:
    """Share of patients above their baseline throughout the second month."""
    return float(np.mean(ratio[:, -len(DURABLE) :].min(axis=1) > 1))


def test_a_minority_shows_a_lasting_rise_of_blood_flow(ensemble):
    assert ROSE[0] <= durable_rise(ensemble["BF"]) <= ROSE[1]


def test_most_patients_lose_perfusion_for_good(ensemble):
    assert durable_rise(ensemble["Q"]) < 0.5


def test_blood_flow_falls_within_a_week_in_most(ensemble):
    """Six patients with NSCLC fell from 0.27 to 0.18 mL/cm3/min (doi:10.1038/s41598-021-86405-w), a ratio of 0.67.

    That the fall was significant at n = 6 bounds the standard error of the log ratio by 0.41/2.57 = 0.16 (Student, 5
    degrees of freedom), and the 95 % interval of the ratio by 0.67*exp(-+0.41), 0.44 to 1. The model lies at 0.8, on
    the mild side of the print.
    """
    week = ensemble["BF"][:, 2]
    assert 0.44 < np.median(week) < 0.9
    assert np.mean(week < 1) > 0.6


def test_perfusion_falls_within_hours(ensemble):
    """Perfusion and docetaxel influx were down five hours after bevacizumab (doi:10.1016/j.ccr.2011.11.023)."""
    assert np.median(ensemble["BF"][:, 1]) < 0.95


def test_vessels_grow_sparser_and_tighter_in_nearly_all(ensemble):
    """Microvascular density fell in all patients and pericyte cover rose (Willett 2004, PMID 14745444)."""
    assert np.mean(ensemble["B"][:, 3] < 1) > 0.9
    assert np.mean(ensemble["perm"][:, 3] < 1) > 0.9
    assert np.mean(ensemble["coverage"][:, 3] > 1) > 0.9
