"""Who the patients were and what became of them."""

from __future__ import annotations

import numpy as np
from tests.trial import toy

from normoxia import trial
from normoxia.trial.flow import baseline, flow


def test_everybody_is_accounted_for() -> None:
    for arm in flow(toy.result()):
        assert arm.randomised == 24
        assert arm.died + arm.lost + arm.followed + arm.failed == arm.randomised
        assert 0 < arm.next_line <= arm.progressed


def test_twins_share_their_flow() -> None:
    counted = {arm.arm: arm for arm in flow(toy.result())}
    one, other = counted["chemotherapy"], counted["again"]
    assert (one.progressed, one.died, one.lost) == (other.progressed, other.died, other.lost)


def test_table_one_of_impower150_is_near_the_published_one() -> None:
    protocol = trial.read("impower150")
    result = trial.run(protocol, seed=2, patients=400, model=toy.impower150_model())
    rows = {row.title: row for row in baseline(result, protocol)}
    assert len(rows) == len(protocol.baseline)
    # with 400 patients the standard error of a standardised difference is 0.05; three of them
    assert all(abs(row.difference) < 0.15 for row in rows.values()), rows
    assert rows["squamous"].simulated == 0.0
    assert np.isclose(rows["men"].published, 62.0)
