import csv

import numpy as np
import pytest
from tests.survival import lung
from tests.survival.strategies import replicated_trial

from normoxia.errors import ComputationFailed, InvalidArgument
from normoxia.survival import (
    TimeToEvent,
    cox,
    curves_cross,
    kaplan_meier,
    proportional_hazards_test,
)


def groups_that_cross():
    rng = np.random.default_rng(2)
    early_then_late = np.where(
        rng.random(400) < 0.5, rng.exponential(60, 400), rng.exponential(1500, 400)
    )
    steady = rng.exponential(300, 400)
    return [
        TimeToEvent(time=np.minimum(t, 900.0), observed=t <= 900.0)
        for t in (early_then_late, steady)
    ]


def test_crossing_curves_are_seen_and_parallel_ones_are_not():
    assert curves_cross(*(kaplan_meier(group) for group in groups_that_cross()))
    assert not curves_cross(*(kaplan_meier(group) for group in lung.by_sex()))


def test_a_chance_lead_of_a_few_patients_is_no_crossing():
    first = TimeToEvent(time=np.array([1.0, 30.0, 40.0, 50.0, 60.0]), observed=np.ones(5, bool))
    second = TimeToEvent(time=np.array([5.0, 6.0, 7.0, 8.0, 60.0]), observed=np.ones(5, bool))
    assert not curves_cross(kaplan_meier(first), kaplan_meier(second))


@pytest.mark.parametrize("transform", ["km", "identity", "rank", "log"])
def test_crossing_hazards_fail_the_test(transform):
    one, other = groups_that_cross()
    data = TimeToEvent(
        time=np.concatenate([one.time, other.time]),
        observed=np.concatenate([one.observed, other.observed]),
    )
    fit = cox(data, np.arange(800) < 400)
    assert proportional_hazards_test(fit, transform).global_p < 1e-4


def test_the_unit_of_time_does_not_matter_to_identity_and_rank():
    data = lung.everybody()
    months = TimeToEvent(time=data.time / 30.4375, observed=data.observed)
    for transform in ("identity", "rank", "km"):
        one, other = (
            proportional_hazards_test(cox(d, lung.column("sex")), transform).global_statistic
            for d in (data, months)
        )
        assert one == pytest.approx(other, rel=1e-8)


def zph_fits():
    """The fits of tests/oracles/survival/zph.R, by the name of their data set."""
    names = ("age", "sex", "ph.ecog", "wt.loss")
    columns = {name: lung.column(name) for name in ("time", "status", *names)}
    known = ~np.isnan(np.column_stack(list(columns.values()))).any(axis=1)
    columns = {name: column[known] for name, column in columns.items()}
    time, died, row = columns["time"], columns["status"] == 2, np.arange(1, known.sum() + 1)
    month, weight = np.ceil(time / 30), 0.5 + (row % 7) / 4
    entry = np.where(row % 3 == 0, np.minimum(60, time / 2), 0.0)
    x = np.column_stack([columns[name] for name in names])
    for ties in ("efron", "breslow"):
        yield f"days {ties}", cox(TimeToEvent(time=time, observed=died), x, names=names, ties=ties)
        yield (
            f"months {ties}",
            cox(TimeToEvent(time=month, observed=died), x, names=names, ties=ties),
        )
        yield (
            f"weighted {ties}",
            cox(TimeToEvent(time=month, observed=died, weight=weight), x, names=names, ties=ties),
        )
        yield (
            f"strata {ties}",
            cox(
                TimeToEvent(time=month, observed=died),
                x[:, [0, 1, 3]],
                names=("age", "sex", "wt.loss"),
                strata=columns["ph.ecog"],
                ties=ties,
            ),
        )
    yield "entry efron", cox(TimeToEvent(time=time, observed=died, entry=entry), x, names=names)


@pytest.mark.parametrize(("name", "fit"), [pytest.param(*pair, id=pair[0]) for pair in zph_fits()])
@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
def test_several_covariates_ties_strata_weights_and_late_entry_as_in_r(transform, name, fit):
    with (lung.FOLDER / "zph.csv").open(encoding="utf-8") as stream:
        rows = [r for r in csv.DictReader(stream) if r["dataset"] == name]
    expected = {
        r["quantity"].removeprefix(f"{transform} "): r
        for r in rows
        if r["quantity"].startswith(transform)
    }
    tested = proportional_hazards_test(fit, transform)
    assert set(expected) - {"strata(ph.ecog)"} == {*tested.names, "GLOBAL"}
    statistics = {
        **dict(zip(tested.names, tested.statistics, strict=True)),
        "GLOBAL": tested.global_statistic,
    }
    tails = {**dict(zip(tested.names, tested.p, strict=True)), "GLOBAL": tested.global_p}
    for key in statistics:
        # coxph stops at 1e-9 of the log likelihood, which leaves 1e-8 of the statistics of the stratified fits
        assert statistics[key] == pytest.approx(float(expected[key]["value"]), rel=1e-7)
        assert tails[key] == pytest.approx(float(expected[key]["p"]), rel=1e-7)


def test_too_few_events_for_a_trend_are_refused():
    one = TimeToEvent(time=[1.0, 1.0, 2.0, 3.0], observed=[1, 1, 0, 0])
    with pytest.raises(ComputationFailed, match="one time"):
        proportional_hazards_test(cox(one, [1, 0, 1, 0]))


def test_exact_fits_are_refused():
    with pytest.raises(InvalidArgument, match="efron"):
        proportional_hazards_test(cox(lung.everybody(), lung.column("sex"), ties="exact"))


@pytest.mark.slow
def test_size_under_proportional_hazards():
    time, observed, arm = replicated_trial(
        np.random.default_rng(31), 1500, 120, (0.6 / 300, 1 / 300), (200, 800)
    )
    rejected = sum(
        proportional_hazards_test(cox(TimeToEvent(time=t, observed=o), arm)).global_p < 0.05
        for t, o in zip(time, observed, strict=True)
    )
    assert rejected / 1500 == pytest.approx(0.05, abs=3 * (0.05 * 0.95 / 1500) ** 0.5)
