"""Endpoints, worked by hand on six patients."""

from __future__ import annotations

import numpy as np
import pytest

from normoxia.population import Acceptance
from normoxia.trial.conduct.recist import Criteria, Response
from normoxia.trial.endpoints import End, PatientEndpoints, evaluate
from normoxia.trial.protocol import Censoring
from normoxia.trial.result import COLUMNS, TrialResult

NEVER = np.inf
NAN = np.nan
#  scans at 42, 84, 126; entry cuts at 200 (progression) and 400 (survival)
#  0 responds, progresses at 126, dies at 300      1 stable, dies at 100 without progression
#  2 progresses at 42, alive at the cut            3 drops out at 90 after one scan
#  4 never scanned, dies after the cut             5 complete response, ongoing
DAYS = [
    [42, 84, 126],
    [42, 84, NAN],
    [42, NAN, NAN],
    [42, NAN, NAN],
    [NAN, NAN, NAN],
    [42, 84, 126],
]
CODES = [
    ["PR", "PR", "PD"],
    ["SD", "SD", "NE"],
    ["PD", "NE", "NE"],
    ["SD", "NE", "NE"],
    ["NE"] * 3,
    ["PR", "CR", "CR"],
]


@pytest.fixture(scope="module")
def found() -> PatientEndpoints:
    n = 6
    columns = {name: np.full(n, NEVER) for name in COLUMNS}
    columns |= {name: np.zeros(n, dtype=np.int64) for name in ("arm", "replicate", "status")}
    columns["patient"] = np.arange(n)
    columns["progression_cut"], columns["survival_cut"] = np.full(n, 200.0), np.full(n, 400.0)
    columns["death"] = np.array([300.0, 100.0, NEVER, NEVER, 250.0, NEVER])
    columns["survival_loss"] = np.array([NEVER, NEVER, NEVER, 90.0, NEVER, NEVER])
    columns["treatment_end"] = np.array([126.0, NEVER, 42.0, NEVER, NEVER, NEVER])
    columns["first_toxicity"] = np.array([150.0, 99.0, 80.0, 95.0, NEVER, 10.0])
    overall = np.array([[Response[code] for code in row] for row in CODES], dtype=np.int8)
    result = TrialResult(
        "hand",
        ("one",),
        columns,
        {},
        np.array([42.0, 84.0, 126.0]),
        np.array(DAYS, dtype=float),
        np.full((n, 3), 50.0),
        overall,
        (),
        np.zeros((n, 4, 0), np.float32),
        {},
        Acceptance(n, n, {}),
        {},
    )
    return evaluate(result, Criteria(confirmation_days=28.0))


def test_pfs_ends_with_progression_or_death_or_at_the_last_scan(found: PatientEndpoints) -> None:
    assert found.pfs.tolist() == [126.0, 100.0, 42.0, 42.0, 0.0, 126.0]
    assert found.pfs_observed.tolist() == [True, True, True, False, False, False]


def test_os_ends_with_death_or_the_cut_or_loss(found: PatientEndpoints) -> None:
    assert found.os.tolist() == [300.0, 100.0, 400.0, 90.0, 250.0, 400.0]
    assert found.os_observed.tolist() == [True, True, False, False, True, False]


def test_response_and_disease_control(found: PatientEndpoints) -> None:
    assert found.responded.tolist() == [True, False, False, False, False, True]
    assert found.controlled.tolist() == [True, True, False, True, False, True]
    assert [Response(code).name for code in found.response] == ["PR", "SD", "PD", "SD", "NE", "CR"]


def test_duration_and_time_of_response(found: PatientEndpoints) -> None:
    assert found.response_day[[0, 5]].tolist() == [42.0, 42.0]
    assert found.duration[[0, 5]].tolist() == [84.0, 84.0]
    assert found.duration_observed.tolist() == [True, False, False, False, False, False]
    assert np.isnan(found.duration[1])


def test_toxicity_counts_to_thirty_days_after_treatment_and_not_after_death_or_loss(
    found: PatientEndpoints,
) -> None:
    assert found.toxic.tolist() == [True, True, False, False, False, True]


def _one(
    days: list[list[float]], codes: list[list[str]], **given: list[float]
) -> tuple[TrialResult, Criteria]:
    """Patients of a trial with scans on days 42, 84, 126 and 168, cut on day 400."""
    n = len(days)
    columns = {name: np.full(n, NEVER) for name in COLUMNS}
    columns |= {name: np.zeros(n, dtype=np.int64) for name in ("arm", "replicate", "status")}
    columns |= {"patient": np.arange(n), "next_line": np.full(n, -1)}
    columns |= {"progression_cut": np.full(n, 400.0), "survival_cut": np.full(n, 400.0)}
    columns |= {name: np.array(values) for name, values in given.items()}
    overall = np.array([[Response[code] for code in row] for row in codes], dtype=np.int8)
    result = TrialResult(
        "hand",
        ("one",),
        columns,
        {},
        np.array([42.0, 84.0, 126.0, 168.0]),
        np.array(days, dtype=float),
        np.full(overall.shape, 50.0),
        overall,
        (),
        np.zeros((n, 5, 0), np.float32),
        {},
        Acceptance(n, n, {}),
        {},
    )
    return result, Criteria(confirmation_days=28.0)


def test_rules_of_censoring_worked_by_hand() -> None:
    #   0 two visits missed, then progression           1 clinical progression on day 100, dies on 110
    #   2 a new therapy on day 105, dies on day 200     3 withdraws on day 90, dies on day 200
    #   4 one visit missed, then progression            5 dies on day 30, before any scan
    result, criteria = _one(
        [
            [42, NAN, NAN, 168],
            [42, 84, 100, NAN],
            [42, 84, NAN, NAN],
            [42, 84, NAN, NAN],
            [42, NAN, 126, NAN],
            [NAN] * 4,
        ],
        [
            ["SD", "NE", "NE", "PD"],
            ["SD", "SD", "SD", "NE"],
            ["SD", "SD", "NE", "NE"],
            ["SD", "SD", "NE", "NE"],
            ["SD", "NE", "PD", "NE"],
            ["NE"] * 4,
        ],
        death=[NEVER, 110.0, 200.0, 200.0, NEVER, 30.0],
        clinical_progression=[NEVER, 100.0, NEVER, NEVER, NEVER, NEVER],
        next_line=[-1, -1, 0, -1, -1, -1],
        next_start=[NEVER, NEVER, 105.0, NEVER, NEVER, NEVER],
        scan_withdrawal=[NEVER, NEVER, NEVER, 90.0, NEVER, NEVER],
    )
    every, strict, wide = (evaluate(result, criteria, rule) for rule in Censoring)
    assert every.pfs.tolist() == [168.0, 110.0, 200.0, 200.0, 126.0, 30.0]
    assert every.pfs_observed.all()
    assert strict.pfs.tolist() == [42.0, 100.0, 84.0, 84.0, 126.0, 30.0]
    assert strict.pfs_observed.tolist() == [False, False, False, False, True, True]
    assert [End(code).name for code in strict.pfs_end] == [
        "MISSED_VISITS",
        "NEW_THERAPY",
        "NEW_THERAPY",
        "WITHDRAWN",
        "PROGRESSION",
        "DEATH",
    ]
    assert wide.pfs[1] == 100.0
    assert End(wide.pfs_end[1]) is End.CLINICAL_PROGRESSION
    assert wide.pfs_observed.tolist() == [False, True, False, False, True, True]


def test_a_progression_censored_for_missed_visits_ends_at_the_last_scan_before_it() -> None:
    result, criteria = _one([[42, NAN, NAN, 168]], [["SD", "NE", "NE", "PD"]])
    assert evaluate(result, criteria, Censoring.FDA_A).pfs.tolist() == [42.0]


def test_irecist_counts_a_progression_only_when_the_next_scan_does_not_deny_it() -> None:
    #   0 progression, then response (pseudoprogression), progression at the end     1 confirmed     2 never scanned again
    result, criteria = _one(
        [[42, 84, 126, 168], [42, 84, 126, NAN], [42, 84, NAN, NAN]],
        [["PD", "PR", "SD", "PD"], ["SD", "PD", "PD", "NE"], ["SD", "PD", "NE", "NE"]],
    )
    by_irecist = evaluate(result, criteria)
    assert by_irecist.immune_pfs.tolist() == [168.0, 84.0, 84.0]
    assert by_irecist.pfs.tolist() == [42.0, 84.0, 84.0]
