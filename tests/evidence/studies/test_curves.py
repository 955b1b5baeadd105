"""Patients rebuilt from landmarks reproduce the landmarks, invent no events, and are called derived."""

from __future__ import annotations

import numpy as np
import pytest

from normoxia import evidence
from normoxia.evidence.studies.curves import individual_rows, rebuilt
from normoxia.evidence.studies.reported import Curve
from normoxia.survival import kaplan_meier

CURVES = [
    pytest.param(curve, id=f"{study.id} {curve.endpoint} {curve.arm} {curve.population}"[:60])
    for study in evidence.registry()
    for population in study.populations
    for curve in population.curves
]
#: progression in LUME-Lung 1: three landmarks, and a third censored between them; with one hazard for each gap some of those
#: censored count as events, 13 of 350 and 6 of 386
COARSE = {"LUMELung1_2A": 1.04}


@pytest.mark.parametrize("curve", CURVES)
def test_landmarks_are_met(curve: Curve) -> None:
    found = rebuilt(curve)
    patients = found.patients
    assert len(patients.time) == curve.n
    assert int(patients.observed.sum()) <= curve.events * COARSE.get(curve.dataset, 1.0)
    estimate = kaplan_meier(patients)
    # every printed number at risk, the last one included, is the number rebuilt
    for month, _, at_risk in curve.points:
        assert int(np.sum(patients.time >= month * 30.4375 - 1e-6)) == at_risk
    assert found.at_risk.tolist() == [curve.n, *(at_risk for _, _, at_risk in curve.points)]
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
