import math

import numpy as np
import pytest
from tests.survival import lung

from normoxia.errors import ComputationFailed, InvalidArgument
from normoxia.survival import TimeToEvent, families
from normoxia.survival.families import (
    EXPONENTIAL,
    FAMILIES,
    GENERALISED_GAMMA,
    GOMPERTZ,
    LOG_NORMAL,
    WEIBULL,
)
from normoxia.survival.parametric import fit_parametric
from normoxia.survival.spline import fit_spline


def near(ours: float, peer: float) -> float:
    """How far, in standard errors, flexsurv's estimates may lie from the top of the likelihood.

    A log likelihood lower by x than the maximum belongs to a point at most sqrt(2x) standard errors away, to
    second order (hence 1.1); below 1e-9 both are rounding.
    """
    return 1.1 * math.sqrt(2.0 * max(ours - peer, 1e-9))


def women():
    return (lung.column("sex") == 2).astype(float)


@pytest.mark.parametrize("name", FAMILIES)
def test_lung_as_in_flexsurv(name):
    values = lung.oracle("parametric.csv")
    fit = fit_parametric(lung.everybody(), FAMILIES[name], women(), ["sexF"])
    row = f"lung ~sexF {name}"
    assert fit.log_likelihood == pytest.approx(values[row, "loglik"], rel=1e-7)
    assert fit.log_likelihood > values[row, "loglik"] - 1e-9
    assert fit.aic == pytest.approx(values[row, "AIC"], rel=1e-7)
    for parameter, value, error in fit.parameters:
        peer_error = values[row, f"se {parameter}"]
        assert value == pytest.approx(
            values[row, f"est {parameter}"],
            abs=near(fit.log_likelihood, values[row, "loglik"]) * peer_error,
        )
        assert error == pytest.approx(peer_error, rel=0.05 if name == "gompertz" else 1e-3)
    for sex in (0, 1):
        mean = fit.restricted_mean(365.25, [float(sex)])
        assert mean == pytest.approx(values[row, f"RMST 365.25 sexF={sex}"], rel=3e-4)


def test_exponential_in_closed_form():
    data = lung.everybody()
    _, rate, error = fit_parametric(data, EXPONENTIAL).parameters[0]
    assert rate == pytest.approx(data.n_events / data.time.sum(), rel=1e-9)
    assert error == pytest.approx(rate / math.sqrt(data.n_events), rel=1e-6)


def test_gompertz_standard_errors_from_the_information_in_closed_form():
    # log L = sum d (log r + a t) - r (exp(a t) - 1)/a, differentiated twice by hand in (a, log r)
    data = lung.everybody()
    fit = fit_parametric(data, GOMPERTZ)
    a, r, t = fit.parameters[0][1], fit.parameters[1][1], data.time
    e = np.exp(a * t)
    hazard = r * (e - 1) / a
    by_a = r * (t * e / a - (e - 1) / a**2)
    by_a_twice = r * (t**2 * e / a - 2 * t * e / a**2 + 2 * (e - 1) / a**3)
    information = np.array([[by_a_twice.sum(), by_a.sum()], [by_a.sum(), hazard.sum()]])
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    assert fit.parameters[0][2] == pytest.approx(errors[0], rel=1e-5)
    assert fit.parameters[1][2] == pytest.approx(r * errors[1], rel=1e-5)
    # and the score is zero
    assert (data.observed * t).sum() == pytest.approx(by_a.sum(), rel=1e-7)


def test_weibull_as_in_lifelines():
    from lifelines import WeibullFitter

    data = lung.everybody()
    peer = WeibullFitter().fit(data.time, data.observed)
    fit = fit_parametric(data, WEIBULL)
    assert fit.parameters[0][1] == pytest.approx(peer.rho_, rel=1e-5)
    assert fit.parameters[1][1] == pytest.approx(peer.lambda_, rel=1e-5)


def test_generalised_gamma_holds_its_neighbours():
    # Q = 1 is Weibull with shape 1/sigma and scale exp(mu); Q -> 0 is log-normal
    days = np.array([30.0, 200.0, 700.0])
    ones = np.ones(3)
    weibull = WEIBULL.hazards(days, [2.0 * ones, 300.0 * ones])
    same = GENERALISED_GAMMA.hazards(days, [math.log(300.0) * ones, 0.5 * ones, ones])
    assert np.array(same) == pytest.approx(np.array(weibull), rel=1e-10)
    log_normal = LOG_NORMAL.hazards(days, [5.0 * ones, 0.8 * ones])
    near = GENERALISED_GAMMA.hazards(days, [5.0 * ones, 0.8 * ones, 1e-4 * ones])
    assert np.array(near) == pytest.approx(np.array(log_normal), rel=1e-3)


@pytest.mark.parametrize("name", FAMILIES)
def test_hazard_is_the_slope_of_the_cumulative_hazard(name):
    family, days, h = FAMILIES[name], np.array([20.0, 150.0, 600.0]), 1e-3
    fit = fit_parametric(lung.everybody(), family)
    natural = [np.full(3, value) for _, value, _ in fit.parameters]
    slope = (family.hazards(days + h, natural)[1] - family.hazards(days - h, natural)[1]) / (2 * h)
    assert np.exp(family.hazards(days, natural)[0]) == pytest.approx(slope, rel=1e-5)


def test_late_entry_leaves_a_constant_hazard_unbiased():
    rng = np.random.default_rng(6)
    time, entry = rng.exponential(300, 4000), rng.uniform(0, 300, 4000)
    seen = time > entry
    data = TimeToEvent(time=time[seen], observed=np.ones(seen.sum(), bool), entry=entry[seen])
    _, rate, error = fit_parametric(data, EXPONENTIAL).parameters[0]
    assert rate == pytest.approx(seen.sum() / (time - entry)[seen].sum(), rel=1e-8)
    assert abs(rate - 1 / 300) < 3 * error


@pytest.mark.parametrize("scale", ["hazard", "odds", "normal"])
@pytest.mark.parametrize("inner", [0, 1, 2, 3])
def test_splines_as_in_flexsurv(scale, inner):
    values = lung.oracle("parametric.csv")
    fit = fit_spline(lung.everybody(), women(), inner_knots=inner, scale=scale, names=["sexF"])
    row = f"lung ~sexF RP spline k {inner} {scale}"
    assert fit.log_likelihood == pytest.approx(values[row, "loglik"], rel=1e-7)
    assert fit.log_likelihood > values[row, "loglik"] - 1e-9
    assert fit.aic == pytest.approx(values[row, "AIC"], rel=1e-7)
    for i, knot in enumerate(fit.knots):
        assert knot == pytest.approx(values[row, f"knot {i + 1}"], rel=1e-9)
    for name, value, error in zip(fit.names, fit.coefficients, fit.standard_errors, strict=True):
        peer_error = values[row, f"se {name}"]
        assert value == pytest.approx(
            values[row, f"est {name}"],
            abs=near(fit.log_likelihood, values[row, "loglik"]) * peer_error,
        )
        assert error == pytest.approx(peer_error, rel=1e-3)


def test_changing_effect_as_in_flexsurv():
    values = lung.oracle("parametric.csv")
    row = "lung RP spline k1 hazard, non-PH (gamma1 by sexF)"
    fit = fit_spline(lung.everybody(), women(), inner_knots=1, varying=(0,), names=["sexF"])
    assert fit.log_likelihood == pytest.approx(values[row, "loglik"], rel=1e-7)
    for name, value, error in zip(fit.names, fit.coefficients, fit.standard_errors, strict=True):
        assert value == pytest.approx(
            values[row, f"est {name}"], abs=near(fit.log_likelihood, values[row, "loglik"]) * error
        )
    early, late = fit.hazard_ratio_at([60.0, 700.0], [1.0], [0.0])
    assert early < late < 1.0  # the women's advantage shrinks


def test_spline_without_inner_knots_is_the_weibull_model():
    data = lung.everybody()
    spline, weibull = fit_spline(data, inner_knots=0), fit_parametric(data, WEIBULL)
    days = np.array([0.0, 50.0, 400.0, 2000.0])
    assert spline.survival(days) == pytest.approx(weibull.survival(days), rel=1e-6)
    assert spline.log_likelihood == pytest.approx(weibull.log_likelihood, rel=1e-10)


def test_what_cannot_be_fitted_says_so():
    start = TimeToEvent(time=np.array([0.0, 1.0, 2.0]), observed=np.ones(3, bool))
    with pytest.raises(InvalidArgument, match="half a day"):
        fit_parametric(start, WEIBULL)
    few = TimeToEvent(time=np.array([1.0, 2.0, 3.0]), observed=np.array([True, False, False]))
    with pytest.raises(ComputationFailed, match="1 events"):
        fit_parametric(few, WEIBULL)


@pytest.mark.parametrize("shape", [1.0, 3.0, 17.0, 40.0])
@pytest.mark.parametrize("x", [1e-30, 1.0, 300.0, 800.0, 17145.0])
def test_incomplete_gamma_functions_far_out_are_sums_in_closed_form(shape, x):
    """Of a whole shape n the upper one is exp(-x) times the sum of x^k/k! below n, the lower one that of the terms from n on."""
    a, z = np.array([shape]), np.array([x])
    logs = [k * math.log(x) - x - math.lgamma(k + 1.0) for k in range(2000)]
    below, above = logs[: int(shape)], logs[int(shape) :]
    expected = [
        max(part) + math.log(sum(math.exp(v - max(part)) for v in part)) for part in (below, above)
    ]
    assert families.log_upper_gamma(a, z)[0] == pytest.approx(expected[0], rel=1e-10, abs=1e-12)
    if x < 1000.0:  # the sum of 2000 terms has ended
        assert families.log_lower_gamma(a, z)[0] == pytest.approx(expected[1], rel=1e-10, abs=1e-12)
