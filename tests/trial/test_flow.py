"""Who the patients were and what became of them."""

from __future__ import annotations

import numpy as np
from tests.trial import toy

from normoxia import trial
from normoxia.trial.flow import baseline, flow


def test_everybody_is_accounted_for() -> None:
    for arm in flow(toy.result(), toy.protocol()):
        assert arm.randomised == 24
        assert arm.died + arm.lost + arm.followed + arm.failed == arm.randomised
        assert 0 < arm.next_line <= arm.progressed + arm.clinical + arm.withdrawn
        for ends in arm.drug_ends.values():
            assert sum(ends.values()) == arm.randomised


def test_who_goes_on_beyond_progression_has_progressed() -> None:
    result = toy.result(patients=200)
    counted = flow(result, toy.protocol())[0]
    rows = result.rows("combination")
    progressed = (
        result.columns["progression"][rows]
        <= np.minimum(result.columns["death"], result.columns["survival_cut"])[rows]
    )
    on = progressed & (result.columns["off_protocol"][rows] > result.columns["progression"][rows])
    assert on.any()
    assert counted.progressed >= on.sum() + counted.randomised // 20


def test_published_numbers_stand_beside_the_realised_ones() -> None:
    protocol = trial.read("study:KEYNOTE-024").with_patients(150)
    result = trial.run(protocol, seed=3, replicates=4)
    chemo = next(arm for arm in flow(result, protocol) if arm.arm == "chemo")
    crossed = chemo.next_lines[0]
    # 66 % of everybody randomised had a later anti-PD-(L)1 (five-year follow-up, registry)
    assert (crossed.share, crossed.share_of) == (0.66, "randomised")
    # half were reached before; the error of a share of 600 is 2 points
    assert abs(crossed.begun / chemo.randomised - crossed.share) < 0.1
    # err_ersjournals in the registry
    assert chemo.published_discontinuation == 11.0


def test_twins_share_their_flow() -> None:
    counted = {arm.arm: arm for arm in flow(toy.result(), toy.protocol())}
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
