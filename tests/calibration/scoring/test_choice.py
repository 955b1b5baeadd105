"""The combination that is shipped: the learned weight unless half and half is told apart from it, by endpoint."""

from __future__ import annotations

from normoxia.calibration.scoring import lock
from normoxia.calibration.scoring.choice import BY_CLASS, COMBINED, choose, chosen
from normoxia.calibration.scoring.lock import Target
from normoxia.calibration.scoring.scores import NormalPredictive, Predictive
from normoxia.outcome import Endpoint

LOCK = lock.read(version=1)


def erring(error: float, endpoint: Endpoint | None = None) -> dict[Target, Predictive]:
    """Predictions that are off by an error for one endpoint, and right for others."""
    return {
        o.target: NormalPredictive(
            o.y + (error if endpoint in (None, o.target.endpoint) else 0.0), 0.02 + o.se**2
        )
        for o in LOCK.contrasts
    }


def test_half_and_half_is_taken_only_where_it_is_clearly_better() -> None:
    found = choose(LOCK, erring(0.0), erring(0.4, Endpoint.OS))
    assert {e: one.way for e, one in found.items()} == {
        Endpoint.PFS: BY_CLASS,
        Endpoint.OS: COMBINED,
    }
    assert found[Endpoint.OS].paired.high < 0.0
    worse = choose(LOCK, erring(0.4), erring(0.0))
    assert {one.way for one in worse.values()} == {BY_CLASS}


def test_each_endpoint_is_predicted_by_its_own_way() -> None:
    half, learned = erring(0.0), erring(0.4, Endpoint.OS)
    taken = chosen(choose(LOCK, half, learned), half, learned)
    assert all(
        prediction is (half if t.endpoint is Endpoint.OS else learned)[t]
        for t, prediction in taken.items()
    )
    assert len(taken) == len(LOCK.contrasts)
