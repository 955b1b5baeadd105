"""Target lesions: their sum, their spread, and what is too small."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.trial import toy

from normoxia import seeding
from normoxia.trial.conduct import lesions, recist
from normoxia.trial.protocol import Assessment


def _drawn(n: int = 4000) -> lesions.Lesions:
    clinic = toy.protocol().clinic
    counts = 1.0 + np.arange(n) % 5
    z = seeding.normals(1, "share", n, 5), seeding.normals(1, "spread", n, 5)
    return lesions.draw(
        clinic, counts, np.full(n, 90.0), z[0], seeding.uniforms(1, "node", n, 5), z[1]
    )


def test_lesions_add_up_to_the_patients_sum() -> None:
    own = _drawn()
    assert np.allclose(np.nansum(own.baseline, axis=1), 90.0)
    assert ((~np.isnan(own.baseline)).sum(axis=1) == 1 + np.arange(4000) % 5).all()


def test_nothing_differs_at_the_start_and_lesions_drift_apart_later() -> None:
    own, clinic = _drawn(), toy.protocol().clinic
    ones = np.ones(4000)
    start = lesions.true_diameters(own, clinic, ones, 0.0 * ones)
    assert np.allclose(start, own.baseline, equal_nan=True)
    late = lesions.true_diameters(own, clinic, ones, 1000.0 * ones)
    several = np.arange(4000) % 5 == 4
    apart = np.nanstd(np.log(late / own.baseline)[several], axis=1)
    assert 0.1 < apart.mean() < clinic.lesion_spread
    # centred to first order: the mean sum moves by half the variance at most
    assert abs(np.nansum(late, axis=1).mean() / 90.0 - 1.0) < clinic.lesion_spread**2


def test_targets_have_the_least_size_and_at_most_two_are_nodes() -> None:
    # RECIST 1.1: 10 mm, 15 mm for the short axis of a node, two targets of one organ
    clinic, n = replace(toy.protocol().clinic, node_share=0.9), 4000
    total = np.linspace(10.0, 120.0, n)
    z = seeding.normals(1, "share", n, 5), seeding.normals(1, "spread", n, 5)
    node = seeding.uniforms(1, "node", n, 5)
    drawn = lesions.draw(clinic, 1.0 + np.arange(n) % 5, total, z[0], node, z[1])
    assert np.allclose(np.nansum(drawn.baseline, axis=1), total)
    with np.errstate(invalid="ignore"):
        assert not (drawn.baseline < np.where(drawn.nodal, 15.0, 10.0) - 1e-9).any()
    assert drawn.nodal.sum(axis=1).max() == 2
    # 24 mm hold two lesions and no node, 25 mm one node beside a lesion
    counts, ones = np.array([2.0, 2.0, 5.0]), np.zeros((3, 5))
    few = lesions.draw(clinic, counts, np.array([24.0, 25.0, 24.0]), ones, ones, ones)
    assert few.nodal.sum(axis=1).tolist() == [0, 1, 0]
    assert (~np.isnan(few.baseline)).sum(axis=1).tolist() == [2, 2, 2]


def test_an_unchanged_node_is_no_complete_response() -> None:
    clinic = toy.protocol().clinic
    true = np.full((5000, 1), 15.0)
    error = seeding.normals(2, "e", 5000, 1)
    nodal = np.ones_like(true, dtype=bool)
    baseline = lesions.read_baseline(true, nodal, clinic, error)
    assert baseline.min() == 15.0
    memory = recist.begin(baseline, nodal)
    again = lesions.read_diameters(true, nodal, clinic, -error)
    reading, _ = recist.assess(memory, again, np.zeros(5000, dtype=bool))
    assert not (reading.overall == recist.Response.CR).any()


def test_mixed_responses_happen() -> None:
    own, clinic = _drawn(), toy.protocol().clinic
    ratio = 0.9 * np.ones(4000)
    change = lesions.true_diameters(own, clinic, ratio, np.full(4000, 300.0)) / own.baseline
    with np.errstate(invalid="ignore"):
        assert (
            (np.nan_to_num(change, nan=0.9) > 1.0).any(axis=1)
            & (np.nan_to_num(change, nan=1.1) < 0.9).any(axis=1)
        ).any()


def test_reading_error_has_its_size() -> None:
    clinic = toy.protocol().clinic
    true = np.full((20_000, 1), 30.0)
    read = lesions.read_diameters(
        true, np.zeros_like(true, dtype=bool), clinic, seeding.normals(2, "e", 20_000, 1)
    )
    assert abs(np.log(read / 30.0).std() - clinic.measurement_error) < 0.001


def test_small_and_vanished_lesions_are_written_as_recist_says() -> None:
    clinic = replace(toy.protocol().clinic, measurement_error=0.0)
    true = np.array([[2.9, 3.1, 5.0, 8.0, np.nan]])
    read = lesions.read_diameters(true, np.zeros((1, 5), dtype=bool), clinic, np.zeros((1, 5)))
    assert np.array_equal(read, [[0.0, 5.0, 5.0, 8.0, np.nan]], equal_nan=True)
    node = lesions.read_diameters(true, np.ones((1, 5), dtype=bool), clinic, np.zeros((1, 5)))
    assert node[0, 0] == 2.9


def test_readers_differ_by_kind_and_only_open_investigators_can_be_biased() -> None:
    clinic = replace(toy.protocol().clinic, open_bias=0.02, investigator_error=1.5)
    for assessment, error, factor in (
        (Assessment(), 1.0, 1.0),
        (Assessment("independent"), 1.0, 1.0),
        (Assessment("investigator"), 1.5, np.exp(-0.02)),
        (Assessment("investigator", masked=True), 1.5, 1.0),
    ):
        protocol = replace(toy.protocol(), clinic=clinic, assessment=assessment)
        reader, biased = lesions.reader(protocol, protocol.arm("combination"))
        assert np.isclose(reader.measurement_error, error * clinic.measurement_error)
        assert np.isclose(biased, factor)
        # the control's lesions are read as they are
        assert lesions.reader(protocol, protocol.arm("chemotherapy"))[1] == 1.0
