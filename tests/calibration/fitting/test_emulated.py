"""Emulated trials as a file, and which figures are emulated."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.calibration import toy

from normoxia.calibration.fitting import experiments, summaries
from normoxia.calibration.fitting.emulated import EmulatedStudies, emulate, figures_of
from normoxia.calibration.fitting.experiments import Points, SimulatedEndpoints
from normoxia.calibration.fitting.observations import observations
from normoxia.calibration.fitting.summaries import Kind, Statistic
from normoxia.calibration.scoring import lock
from normoxia.errors import InvalidDocument
from normoxia.outcome import Endpoint
from normoxia.trial.making import from_study

LOCK = lock.read()


def figures(study: str) -> tuple[Statistic, ...]:
    return tuple(o.figure for o in toy.block(study).observations)


@pytest.fixture
def known() -> EmulatedStudies:
    return EmulatedStudies(
        {s: figures(s) for s in toy.STUDIES}, toy.SURFACES, {"seed": 3, "rounds": [96, 64]}
    )


def test_what_is_written_reads_back_as_the_format_says(
    known: EmulatedStudies, tmp_path: Path
) -> None:
    """Every number to the nearest single, 6e-8 of its size, or quadratic parts to the nearest of 32767 steps up to the largest.

    Figures and manifest are as they were; twice the same bytes.
    """
    path = tmp_path / "emulated.npz"
    path.write_bytes(known.to_bytes())
    read = EmulatedStudies.read(path)
    assert read.figures == dict(known.figures)
    assert read.manifest == dict(known.manifest)
    for study in toy.STUDIES:
        for part in ("constant", "linear", "noise", "error"):
            written, found = (getattr(e.surfaces[study], part) for e in (known, read))
            assert found.dtype == np.float64
            np.testing.assert_array_equal(found, written.astype(np.float32).astype(np.float64))
        written, found = (e.surfaces[study].quadratic for e in (known, read))
        step = np.abs(written).max(axis=(1, 2), keepdims=True) / 32767
        assert (np.abs(found - written) <= step * (0.5 + 1e-6)).all()
        np.testing.assert_array_equal(
            read.surfaces[study].quadratic, read.surfaces[study].quadratic.transpose(0, 2, 1)
        )
    assert known.to_bytes() == known.to_bytes()
    assert EmulatedStudies.read(path).to_bytes() == path.read_bytes()


def test_values_read_back_within_single_precision(known: EmulatedStudies, tmp_path: Path) -> None:
    path = tmp_path / "emulated.npz"
    path.write_bytes(known.to_bytes())
    x = np.random.default_rng(1).standard_normal((50, toy.SPACE.n_coordinates))
    for study in toy.STUDIES:
        assert EmulatedStudies.read(path).surfaces[study].at(x) == pytest.approx(
            toy.SURFACES[study].at(x), abs=1e-5
        )


@given(data=st.data())
def test_a_damaged_file_is_refused_or_gives_the_same(data: st.DataObject) -> None:
    """The archive has checksums of what it holds, not of when it was made; whatever they do not cover changes no number."""
    known = EmulatedStudies(
        {s: figures(s) for s in toy.STUDIES}, toy.SURFACES, {"seed": 3, "rounds": [96, 64]}
    )
    whole = known.to_bytes()
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    flipped = bytearray(whole)
    flipped[bit // 8] ^= 1 << bit % 8
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "emulated.npz"
        for content in (bytes(flipped), whole[: data.draw(st.integers(0, len(whole) - 1))]):
            path.write_bytes(content)
            try:
                read = EmulatedStudies.read(path)
            except InvalidDocument:
                continue
            assert read.to_bytes() == whole


def test_another_file_is_refused(known: EmulatedStudies, tmp_path: Path) -> None:
    text, other = tmp_path / "text.npz", tmp_path / "other.npz"
    text.write_text("not an archive", encoding="utf-8")
    np.savez(other, x=np.zeros(3))
    for path in (text, other, tmp_path / "nowhere.npz"):
        with pytest.raises(InvalidDocument, match=path.name):
            EmulatedStudies.read(path)


def test_figures_are_given_in_the_order_asked_and_missing_ones_named(
    known: EmulatedStudies,
) -> None:
    first, second, third = figures("one")
    x = np.random.default_rng(2).standard_normal((5, toy.SPACE.n_coordinates))
    np.testing.assert_array_equal(
        known.of("one", [third, first]).at(x), toy.SURFACES["one"].at(x)[:, [2, 0]]
    )
    with pytest.raises(InvalidDocument, match="two"):
        known.of("one", [second, figures("two")[0]])


@pytest.mark.parametrize("study", ["IMpower150", "KEYNOTE-189", "AT-BE"])
def test_what_the_likelihood_and_the_scoreboard_ask_for_is_emulated(study: str) -> None:
    trial = from_study.preferred(study)
    wanted = figures_of(trial, LOCK)
    assert len(set(wanted)) == len(wanted)
    assert {o.figure for o in observations(trial, LOCK)} <= set(wanted)
    for arm in trial.arms:
        kinds = {(f.kind, f.endpoint) for f in wanted if f.arm == arm.id and not f.comparator}
        assert {
            (Kind.RESPONSE, Endpoint.ORR),
            (Kind.MEDIAN, Endpoint.PFS),
            (Kind.MEDIAN, Endpoint.OS),
        } <= kinds


def test_an_incomplete_round_counts_as_far_as_its_chunks_follow_one_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three chunks the second is missing: points and answers must stay beside each other, so only the first counts.

    Responses are made to follow a coordinate, which the surface must find.
    """
    monkeypatch.setattr(experiments, "POINTS_PER_CHUNK", 64)
    study, space = "AT-BE", toy.SPACE
    trial = from_study.preferred(study)
    rng = np.random.default_rng(3)
    points = Points(rng.standard_normal((192, space.n_coordinates)), {study: np.zeros((192, 2))})
    n = 200
    rate = 1.0 / (1.0 + np.exp(-0.8 * points.shared[:, 1]))
    response = np.where(np.arange(n) < np.round(rate * n)[:, None], 3, 1).astype(np.int8)[
        :, None, :
    ]
    for first in (0, 128):
        rows = slice(first, first + 64)
        time = rng.exponential(300.0, (64, 1, n)).astype(np.float32)
        seen = np.ones((64, 1, n), bool)
        part = SimulatedEndpoints(
            arms=("atezo_bev",),
            pfs=time,
            pfs_observed=seen,
            os=2 * time,
            os_observed=seen,
            response=response[rows],
            toxic=~seen,
            sets={chosen.id: seen for chosen in trial.sets},
        )
        (tmp_path / f"{study}-{first:06d}.npz").write_bytes(part.to_bytes())
    assert len(experiments.read(tmp_path, study).pfs) == 64
    found = emulate(space, [(points, tmp_path)], [study], LOCK, {})
    figure = next(f for f in found.figures[study] if f.kind is Kind.RESPONSE)
    slope = found.of(study, [figure]).linear[0]
    assert slope == pytest.approx([0.0, 0.8, 0.0, 0.0], abs=0.05)
    answers = summaries.summary(experiments.read(tmp_path, study), figure)
    assert answers == pytest.approx(0.8 * points.shared[:64, 1], abs=0.05)
