"""The posterior of a patient: closed forms, other programs, and coverage on simulated truth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_t

from normoxia.calibration.fitting import ensemble
from normoxia.design.personal import bank as banks
from normoxia.design.personal import courses, informative, patients, weighting
from normoxia.design.personal.bank import PatientBank
from normoxia.design.personal.patients import Measurement, PatientDesign
from normoxia.survival.data import TimeToEvent
from normoxia.survival.nonparametric import kaplan_meier
from normoxia.trial import runner

N = 20_000


def made(
    theta: np.ndarray, ratio: np.ndarray | None = None, *, pfs: np.ndarray | None = None
) -> PatientBank:
    """A bank of one regimen whose marker is exp(theta)."""
    n = len(theta)
    days = np.array([0.0, 42.0, 84.0, 700.0])
    ratios = np.ones((1, n, 4)) if ratio is None else ratio
    time = np.full((1, n), 600.0) if pfs is None else pfs[None, :]
    return PatientBank(
        regimens=("one",),
        draw=np.arange(n) % 10,
        days=days,
        states={
            "marker": np.repeat(np.exp(theta)[None, :, None], 4, axis=2).astype(np.float32),
            "size_ratio": ratios.astype(np.float32),
        },
        baseline=np.full(n, 80.0),
        progression=np.full((1, n), math.inf),
        times={"pfs": time, "os": np.full((1, n), 900.0)},
        observed={"pfs": np.ones((1, n), bool), "os": np.zeros((1, n), bool)},
        responded=np.zeros((1, n), bool),
        toxic=np.zeros((1, n), bool),
        reading_error=0.05,
        window=7.0,
        structural={"curve": 0.1},
    )


def design(*measurements: Measurement) -> PatientDesign:
    shipped = patients.read("one-patient")
    return replace(shipped, measurements=measurements, receives="one")


def marker(day: float, value: float, error: float) -> Measurement:
    return Measurement(day=day, what="marker", value=value, unit="1", error=error)


def scan(day: float, value: float) -> Measurement:
    return Measurement(day=day, what="tumour_diameter", value=value, unit="mm")


def test_weights_give_the_conjugate_posterior_of_a_normal_mean() -> None:
    """Prior N(0, 1), two measurements of error s: precision 1 + 2/s2, mean (y1 + y2)/s2 over it (Gelman 2013, 2.5)."""
    theta = np.random.default_rng(1).standard_normal(N)
    s, y = 0.5, (0.8, 1.2)
    posterior = weighting.weighted(
        design(*(marker(day, math.exp(v), s) for day, v in zip((0.0, 42.0), y, strict=True))),
        made(theta),
    )
    precision = 1.0 + 2.0 / s**2
    mean = sum(y) / s**2 / precision
    w, error = posterior.weights, 4.0 / math.sqrt(posterior.support.effective_draws * precision)
    assert float(w @ theta) == pytest.approx(mean, abs=error)
    assert float(w @ (theta - mean) ** 2) == pytest.approx(1.0 / precision, rel=0.1)
    assert posterior.support.inside
    assert w.sum() == pytest.approx(1.0)


def test_changes_of_diameters_have_the_density_of_a_multivariate_t() -> None:
    change = np.random.default_rng(2).normal(0.0, 0.1, (5, 3))
    shape = 0.05**2 * (np.eye(3) + 1.0)
    expected = multivariate_t(np.zeros(3), shape, df=5).logpdf(change)
    found = weighting._student(change, 0.05)
    np.testing.assert_allclose(found - found[0], expected - expected[0], rtol=1e-10)


def test_who_progressed_or_died_before_the_last_scan_is_no_candidate() -> None:
    bank = made(np.zeros(4))
    progression = np.array([[math.inf, 60.0, 95.0, 88.0]])
    bank = replace(bank, progression=progression)
    asked = design(scan(0.0, 80.0), scan(84.0, 80.0))
    assert weighting.candidates(asked, bank).tolist() == [True, False, True, False]
    died = np.array([[900.0, 900.0, 50.0, 900.0]])
    bank = replace(bank, times={**bank.times, "os": died})
    assert weighting.candidates(asked, bank).tolist() == [True, False, False, False]


def test_a_patient_unlike_all_virtual_ones_is_outside_and_gets_no_prediction() -> None:
    rng = np.random.default_rng(3)
    ratio = np.exp(rng.normal(0.0, 0.2, (1, 500, 4)))
    bank = made(np.zeros(500), ratio)
    like = weighting.weighted(design(scan(0.0, 80.0), scan(42.0, 82.0)), bank)
    unlike = weighting.weighted(design(scan(0.0, 80.0), scan(42.0, 400.0)), bank)
    assert like.support.inside
    assert like.support.less_probable > 0.2
    assert not unlike.support.inside
    assert courses.courses(design(scan(0.0, 80.0), scan(42.0, 400.0)), unlike) == ()
    assert informative.informative(design(scan(0.0, 80.0)), unlike) == ()


def test_weighted_survival_of_equal_weights_is_kaplan_and_meiers() -> None:
    rng = np.random.default_rng(4)
    time, seen = rng.exponential(300.0, 60).round(), rng.random(60) < 0.7
    days, curve = courses.survival(time, seen, np.full(60, 1.0 / 60.0))
    curve_of_room = kaplan_meier(TimeToEvent(time, seen))
    for day in (50.0, 200.0, 500.0):
        position = int(np.searchsorted(days, day, side="right")) - 1
        assert curve[position] == pytest.approx(float(curve_of_room.at(day)))


def test_a_measurement_explains_what_it_is_tied_to_and_nothing_else() -> None:
    """Six groups of equal size of a normal explain 0.935 of its variance: phi at the sextiles (Cox 1957, JASA 52:543, table 1: 0.0650 lost)."""
    rng = np.random.default_rng(5)
    x, y = rng.standard_normal((2, N))
    w = np.full(N, 1.0 / N)
    assert informative.explained(x, x, w) == pytest.approx(0.93, abs=0.02)
    assert informative.explained(x, 0.6 * x + 0.8 * y, w) == pytest.approx(0.36 * 0.93, abs=0.02)
    assert informative.explained(y, x, w) < 0.005


def test_a_bank_survives_its_file() -> None:
    bank = made(np.random.default_rng(6).standard_normal(30))
    again = PatientBank.from_bytes(bank.to_bytes())
    assert again.regimens == bank.regimens
    np.testing.assert_array_equal(again.states["marker"], bank.states["marker"])
    assert again.at("size_ratio", 0, 20.0).tolist() == bank.at("size_ratio", 0, 20.0).tolist()
    assert (again.reading_error, again.window) == (bank.reading_error, bank.window)


@pytest.mark.slow
def test_predictions_of_simulated_patients_cover_their_truth() -> None:
    """Virtual patients take turns as the truth: measured with error, predicted from the others."""
    shipped = patients.read("one-patient")
    one = replace(shipped.comparison, regimens=shipped.comparison.regimens[:1], contrasts=())
    scans = tuple(scan(day, 80.0) for day in (0.0, 42.0, 84.0))
    asked = replace(shipped, comparison=one, measurements=scans, months=24.0)
    trial = banks.trial_of(asked, 75)
    calibrated = ensemble.read()
    result = runner.run(
        trial,
        seed=5,
        replicates=20,
        settings=[s.restricted(trial) for s in calibrated.settings(20, 5)],
        ensemble=calibrated.provenance(),
    )
    bank = banks.of_result(result, trial)
    truth = np.flatnonzero(weighting.candidates(asked, bank))[::5]
    known = np.isfinite(bank.at("size_ratio", 0, 126.0))
    inside_size, inside_time, n_sizes, n_times = 0, 0, 0, 0
    for number, row in enumerate(truth):
        seen = weighting.simulated(asked, bank, int(row), seed=9, number=number)
        posterior = weighting.weighted(seen, bank)
        w = np.where(np.arange(bank.n) == row, 0.0, posterior.weights)
        if weighting.effective(w) < weighting.FEWEST:
            continue
        w /= w.sum()
        if known[row]:
            sizes = bank.at("size_ratio", 0, 126.0)
            low, high = courses.weighted_quantiles(sizes[known], w[known], (0.05, 0.95))
            inside_size += low <= sizes[row] <= high
            n_sizes += 1
        if bank.observed["pfs"][0, row]:
            days, curve = courses.survival(bank.times["pfs"][0], bank.observed["pfs"][0], w)
            place = int(np.searchsorted(days, bank.times["pfs"][0, row], side="right")) - 1
            inside_time += 0.1 <= curve[place] + 1e-9 <= 0.9
            n_times += 1
    assert n_sizes >= 60
    # three binomial standard errors, and one for few effective patients
    assert inside_size / n_sizes == pytest.approx(0.90, abs=4.0 * math.sqrt(0.09 / n_sizes))
    assert inside_time / n_times == pytest.approx(0.80, abs=4.0 * math.sqrt(0.16 / n_times))
