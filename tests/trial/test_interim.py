"""Event-driven and interim cuts."""

from __future__ import annotations

import numpy as np
import pytest
from tests.trial import toy

from normoxia import trial
from normoxia.errors import InvalidArgument
from normoxia.outcome import Endpoint
from normoxia.trial.endpoints import evaluate
from normoxia.trial.interim import cut_at, cut_at_events, entry_days, event_days

#: the third arm holds the second one's twins, who die on the same days
PAIR = toy.protocol().contrasts[0]


def _deaths(result: trial.TrialResult) -> int:
    return int(evaluate(result, toy.protocol().criteria).os_observed.sum())


def test_patients_enter_within_the_accrual() -> None:
    entry = entry_days(toy.result(patients=200), toy.protocol())
    assert entry.min() >= 0.0
    assert entry.max() <= toy.protocol().follow_up.accrual
    # six months, evenly: mean of three
    assert abs(entry.mean() / toy.protocol().follow_up.accrual - 0.5) < 0.06


def test_a_cut_after_the_planned_one_changes_nothing_and_one_at_the_start_leaves_nobody() -> None:
    result = toy.result(patients=200)
    late = cut_at(result, toy.protocol(), 1e6)
    assert np.array_equal(late.columns["survival_cut"], result.columns["survival_cut"])
    assert _deaths(cut_at(result, toy.protocol(), 0.0)) == 0


@pytest.mark.parametrize("events", [20, 30])
def test_an_event_driven_cut_has_so_many_events_in_every_replicate(events: int) -> None:
    result = toy.result(patients=60, replicates=3)
    cut = cut_at_events(result, toy.protocol(), Endpoint.OS, events, PAIR)
    e = evaluate(cut, toy.protocol().criteria)
    for replicate in range(3):
        of_pair = (cut.columns["replicate"] == replicate) & (cut.columns["arm"] < 2)
        assert e.os_observed[of_pair].sum() == events
    # calendar follow-up is the same for all patients of a replicate
    days = event_days(result, toy.protocol(), Endpoint.OS, events, PAIR)
    ends = entry_days(result, toy.protocol()) + cut.columns["survival_cut"]
    followed = cut.columns["survival_cut"] > 0
    assert np.allclose(ends[followed], days[cut.columns["replicate"][followed].astype(int)])


def test_more_events_than_there_are_keep_the_planned_cut() -> None:
    result = toy.result(patients=60)
    cut = cut_at_events(result, toy.protocol(), Endpoint.OS, 10_000)
    assert np.array_equal(cut.columns["survival_cut"], result.columns["survival_cut"])
    with pytest.raises(InvalidArgument, match="events of PFS or OS"):
        event_days(result, toy.protocol(), Endpoint.ORR, 5)
