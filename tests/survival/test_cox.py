import itertools
import math

import numpy as np
import pytest
from tests.survival import lung
from tests.survival.strategies import exponential_trial

from normoxia.errors import ComputationFailed, InvalidArgument, NotConverged
from normoxia.survival import TimeToEvent, cox, hazard_ratio, proportional_hazards_test
from normoxia.survival.design import RiskDesign, event_moments, score_residuals

NAMES = ("age", "sex", "ph.ecog")


def lung_model(**options):
    known = ~np.isnan(lung.column("ph.ecog"))
    x = np.column_stack([lung.column(name)[known] for name in NAMES])
    return cox(lung.everybody().subset(known), x, names=NAMES, **options)


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
def test_lung_as_in_r(ties):
    values, fit = lung.oracle("curves_and_tests.csv"), lung_model(ties=ties)
    for i, name in enumerate(NAMES):
        assert fit.coefficients[i] == pytest.approx(
            values[f"lung Cox {ties}", f"beta {name}"], rel=1e-6
        )
        assert fit.standard_errors[i] == pytest.approx(
            values[f"lung Cox {ties}", f"se {name}"], rel=1e-6
        )
    assert fit.log_likelihood[1] == pytest.approx(values[f"lung Cox {ties}", "loglik"], rel=1e-9)


def test_proportional_hazards_test_as_in_r():
    values, found = lung.oracle("curves_and_tests.csv"), proportional_hazards_test(lung_model())
    for name, statistic, p in zip(NAMES, found.statistics, found.p, strict=True):
        assert statistic == pytest.approx(values["lung cox.zph km", f"chisq {name}"], rel=1e-6)
        assert p == pytest.approx(values["lung cox.zph km", f"p {name}"], rel=1e-6)
    assert found.global_statistic == pytest.approx(
        values["lung cox.zph km", "chisq GLOBAL"], rel=1e-6
    )
    assert found.global_p == pytest.approx(values["lung cox.zph km", "p GLOBAL"], rel=1e-6)


def frame(data, x, **columns):
    import pandas as pd

    covariates = {f"x{i + 1}": x[:, i] for i in range(x.shape[1])}
    return pd.DataFrame({"time": data.time, "observed": data.observed, **covariates, **columns})


def random_study(n=300, ties=False, seed=5):
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.integers(0, 2, n), rng.normal(size=n)]).astype(float)
    event, censored = (
        rng.exponential(200 * np.exp(-0.5 * x[:, 0] + 0.3 * x[:, 1])),
        rng.uniform(50, 600, n),
    )
    time = np.minimum(event, censored)
    return (
        TimeToEvent(time=np.ceil(time / 20) * 20 if ties else time, observed=event <= censored),
        x,
        rng,
    )


def test_strata_late_entry_and_weights_as_in_lifelines():
    from lifelines import CoxPHFitter
    from lifelines.exceptions import StatisticalWarning

    data, x, rng = random_study()
    stratum, entry, weight = (
        rng.integers(0, 3, 300),
        data.time * rng.uniform(0, 0.5, 300),
        rng.uniform(0.5, 2, 300),
    )
    late = TimeToEvent(time=data.time, observed=data.observed, entry=entry, weight=weight)
    table = frame(data, x, stratum=stratum, entry=entry, weight=weight)
    with pytest.warns(
        StatisticalWarning
    ):  # it advises the robust variance for weights that are not whole
        peer = CoxPHFitter().fit(
            table,
            "time",
            "observed",
            strata="stratum",
            entry_col="entry",
            weights_col="weight",
            fit_options={"precision": 1e-12},
        )
    fit = cox(late, x, strata=stratum)
    assert fit.coefficients == pytest.approx(peer.params_.to_numpy(), rel=1e-6)
    assert fit.standard_errors == pytest.approx(peer.standard_errors_.to_numpy(), rel=1e-6)


def test_robust_variance_as_in_lifelines():
    from lifelines import CoxPHFitter

    data, x, rng = random_study()
    weight = rng.uniform(0.5, 2, 300)
    peer = CoxPHFitter().fit(
        frame(data, x, weight=weight),
        "time",
        "observed",
        weights_col="weight",
        robust=True,
        fit_options={"precision": 1e-12},
    )
    fit = cox(TimeToEvent(time=data.time, observed=data.observed, weight=weight), x, robust=True)
    assert fit.standard_errors == pytest.approx(peer.standard_errors_.to_numpy(), rel=1e-6)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_robust_variance_with_ties_is_the_derivative_by_each_weight(ties):
    data, x, _ = random_study(60, ties=True)
    entry = np.where(np.arange(60) % 4 == 0, 10.0, 0.0)
    fit = cox(
        TimeToEvent(time=data.time, observed=data.observed, entry=entry), x, ties=ties, robust=True
    )
    step, influence = 1e-4, []
    for i in range(60):
        ends = []
        for sign in (1, -1):
            weight = np.ones(60)
            weight[i] += sign * step
            ends.append(
                cox(
                    TimeToEvent(time=data.time, observed=data.observed, entry=entry, weight=weight),
                    x,
                    ties=ties,
                ).coefficients
            )
        influence.append((ends[0] - ends[1]) / (2 * step))
    # a weight moves Efron's mean weight of the tied as well, which the residuals (R's too) leave out
    tolerance = 0.05 if ties == "efron" else 1e-5
    assert fit.covariance == pytest.approx(
        np.array(influence).T @ np.array(influence), rel=tolerance, abs=1e-4
    )


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_score_residuals_add_up_to_the_score_anywhere(ties):
    data, x, rng = random_study(60, ties=True)
    late = TimeToEvent(
        time=data.time, observed=data.observed, entry=np.where(np.arange(60) % 4 == 0, 10.0, 0.0)
    )
    design, beta, step = RiskDesign.of(late, x, rng.integers(0, 2, 60)), np.array([0.4, -0.2]), 1e-5

    def log_likelihood(b):
        weight, total, _, _ = event_moments(design, b, ties)
        return float((design.x[design.event] @ b).sum() - weight @ np.log(total))

    ends = [[log_likelihood(beta + sign * step * unit) for sign in (1, -1)] for unit in np.eye(2)]
    slope = [(up - down) / (2 * step) for up, down in ends]
    assert score_residuals(design, beta, ties).sum(axis=0) == pytest.approx(slope, rel=1e-6)


def test_exact_ties_by_listing_every_subset():
    data, x, _ = random_study(14, ties=True, seed=8)
    fit = cox(data, x, ties="exact")
    centred = x - x.mean(axis=0)
    total = 0.0
    for day in np.unique(data.time[data.observed]):
        at_risk = np.flatnonzero(data.time >= day)
        dead = np.flatnonzero((data.time == day) & data.observed)
        scores = centred @ fit.coefficients
        ways = [math.exp(scores[list(s)].sum()) for s in itertools.combinations(at_risk, len(dead))]
        total += scores[dead].sum() - math.log(sum(ways))
    assert fit.log_likelihood[1] == pytest.approx(total, rel=1e-9)


def test_exact_ties_keep_strata_apart():
    data, x, rng = random_study(60, seed=9)
    stratum = rng.integers(0, 2, 60)
    distinct = [cox(data, x, strata=stratum, ties=ties).coefficients for ties in ("exact", "efron")]
    assert distinct[0] == pytest.approx(distinct[1], rel=1e-8)  # no ties, so all treatments agree


def test_clusters_of_copies_leave_the_robust_variance_as_it_was():
    data, x, _ = random_study(80)
    twice = TimeToEvent(time=np.tile(data.time, 2), observed=np.tile(data.observed, 2))
    once = cox(data, x, ties="breslow", robust=True)
    both = cox(twice, np.tile(x, (2, 1)), ties="breslow", cluster=np.tile(np.arange(80), 2))
    assert both.standard_errors == pytest.approx(once.standard_errors, rel=1e-6)


def test_hazard_ratio_of_groups_turns_over_with_them():
    men, women = lung.by_sex()
    there, back = hazard_ratio(women, men), hazard_ratio(men, women)
    assert there.value == pytest.approx(1 / back.value)
    assert (there.low, there.high) == pytest.approx((1 / back.high, 1 / back.low))
    assert there.method == "Cox, Efron ties"
    # R: coxph(Surv(time, status) ~ sex, lung) gives -0.5310, se 0.1672 in its manual's example
    assert math.log(there.value) == pytest.approx(-0.5310, abs=5e-5)
    assert there.standard_error == pytest.approx(0.1672, abs=5e-5)


def test_shifting_and_scaling_covariates_changes_only_units():
    data, x, _ = random_study(ties=True)
    plain, moved = cox(data, x), cox(data, 10.0 * x + 1e4)
    assert moved.coefficients == pytest.approx(plain.coefficients / 10, rel=1e-6)
    assert moved.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-9)


def test_what_has_no_answer_says_so():
    data, x, _ = random_study(40)
    with pytest.raises(ComputationFailed, match="constant among those at risk"):
        cox(data, np.ones(40))
    with pytest.raises(ComputationFailed, match="no event"):
        cox(TimeToEvent(time=data.time, observed=np.zeros(40, bool)), x)
    with pytest.raises(InvalidArgument, match="patient 3"):
        cox(data, np.where(np.arange(40) == 3, np.nan, 1.0))
    only = TimeToEvent(time=data.time, observed=data.observed & (x[:, 0] == 1))
    with pytest.raises(NotConverged, match="without end"):
        cox(only, x[:, 0])


@pytest.mark.slow
def test_interval_covers_a_hazard_ratio_that_is_not_one():
    rng, hits, rounds = np.random.default_rng(21), 0, 1500
    for _ in range(rounds):
        found = hazard_ratio(*exponential_trial(rng, 120, (0.7 / 300, 1 / 300), (200, 800)))
        hits += found.low <= 0.7 <= found.high
    assert hits / rounds == pytest.approx(0.95, abs=3 * math.sqrt(0.05 * 0.95 / rounds))
