from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from normoxia.errors import InvalidArgument
from normoxia.survival import TimeToEvent, hazard_ratio, kaplan_meier, pooled
from normoxia.survival.digitised import DigitisedCurve, combine, impute, reconstruct

ORACLES = Path(__file__).parent.parent / "oracles"


def read_off(
    patients: TimeToEvent, *, step: float = 100.0, decimals: int = 3, with_events: bool = False
) -> DigitisedCurve:
    """What a digitiser would note of a group of patients."""
    curve = kaplan_meier(patients)
    times = np.unique(np.concatenate([curve.times, [patients.time.max()]]))
    risk = np.arange(0, patients.time.max(), step)
    return DigitisedCurve(
        times, curve.at(times).round(decimals), risk, np.array([(patients.time >= t).sum() for t in risk]),
        patients.n_events if with_events else None,
    )  # fmt: skip


def lung_by_sex() -> list[TimeToEvent]:
    with (ORACLES / "survival" / "lung.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    groups = []
    for sex in ("1", "2"):
        own = [r for r in rows if r["sex"] == sex]
        groups.append(
            TimeToEvent(
                np.array([float(r["time"]) for r in own]), np.array([r["status"] == "2" for r in own])
            )
        )
    return groups


@pytest.mark.parametrize("with_events", [True, False])
def test_hazard_ratio_of_two_arms_survives_the_round_trip(with_events: bool) -> None:
    men, women = lung_by_sex()
    truth = hazard_ratio(women, men).value
    rebuilt = [reconstruct(read_off(group, with_events=with_events)).patients for group in (women, men)]
    assert abs(np.log(hazard_ratio(*rebuilt).value / truth)) < 0.05  # the tolerance asked for
    for ours, original in zip(rebuilt, (women, men), strict=True):
        assert ours.n_patients == original.n_patients
        assert abs(ours.n_events - original.n_events) <= (0 if with_events else 3)


def test_no_deaths_are_invented_on_a_flat_tail() -> None:
    """Half die within a year, the rest are followed to five years: the shape of a checkpoint inhibitor's curve."""
    time = np.concatenate([np.linspace(10, 360, 50), np.linspace(400, 1800, 50)])
    patients = TimeToEvent(time, np.arange(100) < 50)
    for events in (None, 50):
        curve = read_off(patients, step=200.0)
        found = reconstruct(
            DigitisedCurve(curve.time, curve.survival, curve.risk_time, curve.at_risk, events)
        ).patients
        assert found.n_events == 50
        assert found.time[found.observed].max() <= 360


def test_the_risk_table_is_met_where_the_steps_allow() -> None:
    curve = read_off(lung_by_sex()[0])
    found = reconstruct(curve)
    assert np.abs(found.at_risk - curve.at_risk[: len(found.at_risk)]).max() <= 1
    assert found.worst_gap < 0.01


def test_censor_marks_are_used_as_read() -> None:
    patients = TimeToEvent(
        np.array([10.0, 20, 30, 40, 50, 60]), np.array([True, False, True, False, True, True])
    )
    curve = kaplan_meier(patients)
    read = DigitisedCurve(
        curve.times, curve.at(curve.times), np.array([0.0]), np.array([6]), 4, np.array([20.0, 40.0])
    )
    found = reconstruct(read).patients
    assert sorted(found.time[~found.observed]) == [20.0, 40.0]


def test_imputations_differ_by_seed_and_agree_within_their_spread() -> None:
    men, women = (read_off(group) for group in lung_by_sex())
    effects = []
    for a, b in zip(impute(women, draws=10, seed=1), impute(men, draws=10, seed=2), strict=True):
        ratio = hazard_ratio(a.patients, b.patients)
        effects.append((np.log(ratio.value), ratio.standard_error**2))
    joined = combine(*np.array(effects).T)
    truth = np.log(hazard_ratio(*reversed(lung_by_sex())).value)
    assert abs(joined.estimate - truth) < 0.05
    assert 0 < joined.share_unknown < 0.2
    again = impute(women, draws=2, seed=1)[0].patients
    assert np.array_equal(again.time, impute(women, draws=3, seed=1)[0].patients.time)


def test_rubin_by_hand() -> None:
    joined = combine([1.0, 3.0], [0.5, 0.5])
    assert (joined.estimate, joined.variance) == (2.0, 0.5 + 1.5 * 2.0)


def test_figure_and_table_that_contradict_each_other_are_noted() -> None:
    read = DigitisedCurve(
        np.array([5.0, 15.0]), np.array([0.5, 0.4]), np.array([0.0, 10.0]), np.array([100, 90])
    )
    assert "the table says 90" in reconstruct(read).notes[0]


@pytest.mark.parametrize(
    ("time", "survival", "risk", "words"),
    [
        ([1.0, 2.0], [90.0, 80.0], [100, 90], "divide percentages"),
        ([1.0, 2.0], [0.8, 0.9], [100, 90], "never rises"),
        ([1.0, 2.0], [0.9, 0.8], [90, 100], "never rise"),
    ],
)
def test_readings_that_cannot_be_a_curve_are_refused(
    time: list[float], survival: list[float], risk: list[int], words: str
) -> None:
    with pytest.raises(InvalidArgument, match=words):
        DigitisedCurve(np.array(time), np.array(survival), np.array([0.0, 1.0]), np.array(risk))


def test_months_are_converted_once() -> None:
    read = DigitisedCurve.from_months([12.0], [0.5], [0.0], [10])
    assert read.time[-1] == pytest.approx(365.25)
    assert len(pooled([reconstruct(read).patients])[0]) == 10
