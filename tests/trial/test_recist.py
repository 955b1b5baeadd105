"""RECIST 1.1 against hand-worked cases, and against invariants every reading must keep."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normoxia.errors import InvalidArgument
from normoxia.trial.conduct import recist
from normoxia.trial.conduct.recist import Criteria, NonTarget, Response

_TEXT = Path(__file__).with_name("recist_cases.csv").read_text(encoding="utf-8")
CASES = list(csv.DictReader(line for line in _TEXT.splitlines() if not line.startswith("#")))


def _lesions(text: str) -> tuple[list[float], list[bool]]:
    words = text.split()
    sizes = [np.nan if w == "x" else float(w.rstrip("n")) for w in words]
    return sizes, [w.endswith("n") for w in words]


def _scan(text: str, n_lesions: int) -> tuple[float, list[float], int, bool]:
    day, rest = text.split(":")
    words = rest.split()
    if words == ["-"]:
        return np.nan, [np.nan] * n_lesions, NonTarget.NONE, False
    new = "NEW" in words
    others = next((NonTarget[w[3:]] for w in words if w.startswith("NT=")), NonTarget.NONE)
    sizes, _ = _lesions(" ".join(w for w in words if w != "NEW" and not w.startswith("NT=")))
    return float(day), sizes, others, new


def _codes(text: str) -> list[int]:
    return [Response[word] for word in text.split()]


def test_there_are_at_least_forty_hand_worked_cases() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=[f"{c['case']} {c['rule']}" for c in CASES])
def test_hand_worked_case(case: dict[str, str]) -> None:
    baseline, nodal = _lesions(case["baseline"])
    scans = [_scan(text, len(baseline)) for text in case["visits"].split("|")]
    days = np.array([[s[0] for s in scans]])
    reading = recist.classify(
        np.array([baseline]),
        np.array([[s[1] for s in scans]], dtype=float),
        np.array([[s[3] for s in scans]]),
        np.array([[s[2] for s in scans]], dtype=np.int8),
        np.array([nodal]),
    )
    assert reading.overall[0].tolist() == _codes(case["overall"])
    confirmed = recist.best_response(days, reading.overall)
    assert Response(confirmed.best[0]).name == case["best_confirmed"]
    unconfirmed = recist.best_response(days, reading.overall, Criteria(confirmation_days=0))
    assert Response(unconfirmed.best[0]).name == case["best_unconfirmed"]


def test_days_of_response_progression_and_last_scan() -> None:
    days = np.array([[42.0, 84.0, 126.0, 168.0], [42.0, np.nan, 126.0, 168.0]])
    overall = np.array(
        [[Response.SD, Response.PR, Response.PR, Response.PD], [2, 0, 0, 2]], dtype=np.int8
    )
    course = recist.best_response(days, overall)
    assert course.response_day[0] == 84.0
    assert course.progression_day[0] == 168.0
    assert np.isnan(course.progression_day[1])
    assert np.isnan(course.response_day[1])
    assert course.last_day.tolist() == [168.0, 168.0]


def test_patient_without_target_lesion_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="patient 1 has no target lesion"):
        recist.begin(np.array([[30.0], [np.nan]]))


@pytest.mark.parametrize(
    ("size", "nodal", "message"),
    [(9.9, False, "a diameter of 9.9 mm"), (14.0, True, "a lymph node's short axis of 14 mm")],
)
def test_targets_that_recist_does_not_allow_are_refused(
    size: float, nodal: bool, message: str
) -> None:
    with pytest.raises(InvalidArgument, match=f"patient 1, target lesion 2: found {message}"):
        recist.begin(
            np.array([[30.0, 20.0], [30.0, size]]), np.array([[False] * 2, [False, nodal]])
        )


sizes = st.lists(st.lists(st.floats(0, 120), min_size=3, max_size=3), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(sizes, st.floats(1.01, 3.0))
def test_a_larger_ruler_changes_nothing_but_the_absolute_rule(
    scans: list[list[float]], scale: float
) -> None:
    baseline = np.array([[40.0, 30.0, 20.0]])
    diameters = np.array([scans])
    new = np.zeros(diameters.shape[:2], dtype=bool)
    free = Criteria(growth_mm=0.0)
    one = recist.classify(baseline, diameters, new, criteria=free)
    other = recist.classify(baseline * scale, diameters * scale, new, criteria=free)
    near = np.isclose(diameters.sum(axis=2), 63.0, rtol=1e-6) | np.isclose(
        diameters.sum(axis=2), 0.0
    )
    assert ((one.overall == other.overall) | near | _close_to_growth(baseline, diameters)).all()


def _close_to_growth(baseline: np.ndarray, diameters: np.ndarray) -> np.ndarray:
    total = diameters.sum(axis=2)
    before = np.concatenate([baseline.sum(axis=1)[:, None], total], axis=1)
    nadir = np.minimum.accumulate(before, axis=1)[:, :-1]
    return np.isclose(total, 1.2 * nadir, rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(sizes)
def test_confirmation_never_improves_a_response_and_order_of_lesions_is_irrelevant(
    scans: list[list[float]],
) -> None:
    baseline = np.array([[40.0, 30.0, 20.0]])
    diameters = np.array([scans])
    new = np.zeros(diameters.shape[:2], dtype=bool)
    days = 42.0 * np.arange(1, len(scans) + 1)[None, :]
    reading = recist.classify(baseline, diameters, new)
    strict = recist.best_response(days, reading.overall).best
    loose = recist.best_response(days, reading.overall, Criteria(confirmation_days=0)).best
    assert strict[0] <= loose[0]
    turned = recist.classify(baseline[:, ::-1], diameters[:, :, ::-1], new)
    assert (turned.overall == reading.overall).all()
