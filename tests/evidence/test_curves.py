"""Patients rebuilt from landmarks reproduce the landmarks, invent no events, and are called derived."""

from __future__ import annotations

import math

import numpy as np
import pytest

from normoxia import evidence
from normoxia.evidence.curves import individual_rows, over_time, rebuilt
from normoxia.evidence.reported import Curve
from normoxia.survival import kaplan_meier

CURVES = [
    pytest.param(curve, id=f"{study.id} {curve.endpoint} {curve.arm} {curve.population}"[:60])
    for study in evidence.registry()
    for population in study.populations
    for curve in population.curves
]


@pytest.mark.parametrize("curve", CURVES)
def test_landmarks_are_met(curve: Curve) -> None:
    found = rebuilt(curve)
    patients = found.patients
    assert len(patients.time) == curve.n
    assert int(patients.observed.sum()) <= curve.events
    estimate = kaplan_meier(patients)
    for month, percent, _ in curve.points:
        # one patient's step at the number still at risk, and the rounding of the landmark
        step = 100.0 / max(1, int(np.sum(patients.time >= month * 30.4375)))
        assert 100.0 * float(estimate.at([month * 30.4375], extend=True)[0]) == pytest.approx(
            percent, abs=max(1.0, step)
        )


def test_rows_are_one_a_patient_and_marked_derived() -> None:
    registry = evidence.registry().select(drug="nivolumab", group="context", line="second or later")
    rows = individual_rows(registry)
    assert len(rows) == sum(c.n for study in registry for p in study.populations for c in p.curves)
    assert {row["origin"] for row in rows} == {"derived"}


def test_where_hazards_cross_the_restricted_mean_is_told_first() -> None:
    """CheckMate-057 (Borghaei 2015, N Engl J Med 373:1627): OS HR 0.73 (0.59-0.89), curves cross; PFS curves cross too."""
    effects = {
        (ours.endpoint.value, ours.population): effect
        for ours, _, effect in over_time(evidence.registry()["CheckMate-057"])
    }
    survival = effects["OS", "ITT (NEJM fig 1A)"]
    assert survival.first == "restricted mean"
    # landmarks half a year apart and a constant hazard between them: within a fifth of the standard error
    assert math.log(survival.ratio.value) == pytest.approx(math.log(0.73), abs=0.02)
    assert survival.periods[0].ratio is not None
    assert survival.periods[-1].ratio is not None
    assert survival.periods[0].ratio.value > 1 > survival.periods[-1].ratio.value
    assert effects["PFS", "PD-L1 >10%"].first == "hazard ratio"
    assert over_time(evidence.registry()["LEAP-007"]) == ()


@pytest.mark.parametrize(
    ("language", "against", "restricted", "constant"),
    [("en", "vs", "restricted mean", "hazard ratio"), ("zh", "对", "限制性平均生存时间", "风险比")],
)
def test_a_study_page_says_what_to_read_first(
    language: str, against: str, restricted: str, constant: str
) -> None:
    shown = evidence.show(evidence.registry()["CheckMate-057"], language)
    lines = [row for row in shown if f"nivo {against}" in row]
    (crossing,) = [row for row in lines if f"OS nivo {against} docetaxel, ITT" in row]
    assert crossing.index(restricted) < crossing.index(constant)
    (steady,) = [row for row in lines if "PD-L1 >10%:" in row]
    assert steady.index(constant) < steady.index(restricted)
