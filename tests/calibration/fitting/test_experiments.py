"""Points follow the prior; a point's patients are its own; stopped and resumed is not stopping."""

from __future__ import annotations

import functools
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from tests.calibration import toy as small
from tests.trial import toy

from normoxia.calibration.fitting import experiments, hyperparameters
from normoxia.calibration.fitting.experiments import (
    SWITCHED,
    Points,
    SimulatedEndpoints,
    drawn_shifts,
    posterior_points,
    prior_points,
    read,
    run,
    runnable,
    simulate,
)
from normoxia.errors import InvalidArgument, InvalidDocument, OutputExists
from normoxia.progress import Step
from normoxia.storage import claimed
from normoxia.trial import runner
from normoxia.trial.protocol import Trial
from normoxia.trial.setting import ParameterSet

SPACE = small.SPACE


def same(one: SimulatedEndpoints, other: SimulatedEndpoints) -> bool:
    return one.to_bytes() == other.to_bytes()


# --- points ---


def test_points_of_the_prior_follow_it() -> None:
    """512 points: Kolmogorov-Smirnov distance below 0.02, where independent draws would have 0.05; structures at even odds."""
    points = prior_points(SPACE, ["one", "two"], 512, 3)
    assert points.shared.shape == (512, SPACE.n_coordinates)
    for i in range(len(SPACE.parameters)):
        assert stats.kstest(points.shared[:, i], "norm").statistic < 0.02
    structures = points.shared[:, len(SPACE.parameters) :]
    assert set(np.unique(structures)) == {-1.0, 1.0}
    assert abs(structures.mean()) < 0.01


def test_more_points_begin_with_the_same() -> None:
    few, many = (prior_points(SPACE, ["one"], n, 3) for n in (20, 50))
    np.testing.assert_array_equal(few.shared, many.shared[:20])
    np.testing.assert_array_equal(few.shifts["one"], many.shifts["one"][:20])


def test_shifts_are_the_trials_own_and_as_wide_as_written() -> None:
    """2000 shifts: standard deviations within 4.5 errors of the simulated one on the coordinates' scale; trials uncorrelated."""
    shifts = drawn_shifts(SPACE, ["one", "two"], 2000, 4)
    expected = SPACE.simulated_shift / np.array([SPACE.parameters[i].sd for i in SPACE.shifted])
    assert shifts["one"].std(axis=0) == pytest.approx(expected, rel=4.5 / np.sqrt(4000))
    assert abs(np.corrcoef(shifts["one"][:, 0], shifts["two"][:, 0])[0, 1]) < 4.5 / np.sqrt(2000)
    alone = drawn_shifts(SPACE, ["two"], 2000, 4)
    np.testing.assert_array_equal(alone["two"], shifts["two"])


def test_a_trial_is_simulated_at_the_points_with_its_shifts_added() -> None:
    points = prior_points(SPACE, ["one"], 8, 5)
    moved = points.of("one", SPACE) - points.shared
    np.testing.assert_allclose(moved[:, list(SPACE.shifted)], points.shifts["one"])
    assert not np.delete(moved, SPACE.shifted, axis=1).any()


def test_points_about_a_posterior_are_wider_and_switch_structures() -> None:
    """4000 points about 500 draws: centre within 4.5 errors, spread 1.4 times theirs, a fifth of structures switched."""
    rng = np.random.default_rng(6)
    states = np.concatenate(
        [
            rng.normal([0.5, -1.0, 2.0], [0.2, 0.5, 1.0], (500, 3)),
            np.ones((500, 1)),
            np.zeros((500, 6)),
        ],
        axis=1,
    )
    points = posterior_points(SPACE, states, ["one"], 4000, 7)
    centre, spread = states[:, :3].mean(axis=0), states[:, :3].std(axis=0)
    assert (
        np.abs(points.shared[:, :3].mean(axis=0) - centre) < 4.5 * 1.4 * spread / np.sqrt(4000)
    ).all()
    assert points.shared[:, :3].std(axis=0) == pytest.approx(1.4 * spread, rel=4.5 / np.sqrt(8000))
    assert (points.shared[:, 3] == -1.0).mean() == pytest.approx(
        SWITCHED, abs=4.5 * np.sqrt(0.16 / 4000)
    )


# --- simulated patients ---


@functools.cache
def bench() -> runner.PreparedTrial:
    return runner.prepare(toy.protocol(), model=toy.model(), states=())


def simulated(
    settings: list[ParameterSet], first: int, patients: int = 3, seed: int = 11
) -> SimulatedEndpoints:
    own: Trial = toy.protocol()
    return simulate(own, bench().simulator, bench().model, settings, patients, seed, first)


def test_a_points_patients_do_not_depend_on_the_chunk_it_is_run_in() -> None:
    settings = [ParameterSet({"clinic.death_hazard": hazard}) for hazard in (0.0005, 0.001, 0.004)]
    together = simulated(settings, 7)
    alone = [simulated([setting], 7 + i) for i, setting in enumerate(settings)]
    for name in (f.name for f in fields(SimulatedEndpoints) if f.name not in ("arms", "sets")):
        np.testing.assert_array_equal(
            getattr(together, name), np.concatenate([getattr(e, name) for e in alone])
        )


def test_points_and_seeds_have_patients_of_their_own() -> None:
    setting = ParameterSet({"clinic.death_hazard": 0.004})
    here, next_one, other = (
        simulated([setting], first, seed=seed) for first, seed in ((7, 11), (8, 11), (7, 12))
    )
    assert not np.array_equal(here.os, next_one.os)
    assert not np.array_equal(here.os, other.os)


def test_a_setting_moves_its_own_point() -> None:
    """A hundredfold hazard of death at the second of two points: sooner dead there, by a factor of ten at the median."""
    mild, harsh = (
        ParameterSet({"clinic.death_hazard": 0.0005}),
        ParameterSet({"clinic.death_hazard": 0.05}),
    )
    found = simulated([mild, harsh], 0, patients=60)
    assert np.median(found.os[1]) < 0.1 * np.median(found.os[0])


def test_arms_stand_in_the_protocols_order_and_sets_are_kept() -> None:
    found = simulated([ParameterSet({})], 0)
    assert found.arms == tuple(arm.id for arm in toy.protocol().arms)
    assert found.pfs.shape == (1, len(found.arms), 3)
    assert set(found.sets) == {chosen.id for chosen in toy.protocol().sets}


# --- folders ---


def endpoints(n_points: int, seed: int) -> SimulatedEndpoints:
    rng = np.random.default_rng(seed)
    shape = (n_points, 2, 5)
    time = rng.exponential(100.0, shape).astype(np.float32)
    yes = rng.random(shape) < 0.5
    return SimulatedEndpoints(
        arms=("x", "y"),
        pfs=time,
        pfs_observed=yes,
        os=2 * time,
        os_observed=~yes,
        response=yes.astype(np.int8),
        toxic=yes,
        sets={"all": yes | ~yes, "half": yes},
    )


def test_endpoints_read_back_as_written(tmp_path: Path) -> None:
    found = endpoints(4, 1)
    found = replace(found, pfs=np.where(found.pfs > 150, np.float32(np.nan), found.pfs))
    path = tmp_path / "a.npz"
    path.write_bytes(found.to_bytes())
    again = SimulatedEndpoints.from_file(path)
    assert again.arms == found.arms
    assert same(again, found)
    for name, member in found.sets.items():
        np.testing.assert_array_equal(again.sets[name], member)


def test_chunks_are_read_in_order_up_to_the_first_gap(tmp_path: Path) -> None:
    for first in (0, 4, 12):
        (tmp_path / f"ORIENT-{first:06d}.npz").write_bytes(endpoints(4, first).to_bytes())
    (tmp_path / "ORIENT-31-000000.npz").write_bytes(endpoints(4, 99).to_bytes())
    found = read(tmp_path, "ORIENT")
    np.testing.assert_array_equal(
        found.pfs, np.concatenate([endpoints(4, 0).pfs, endpoints(4, 4).pfs])
    )
    with pytest.raises(InvalidArgument, match="OAK"):
        read(tmp_path, "OAK")


def test_a_folder_of_another_experiment_is_refused(tmp_path: Path) -> None:
    points = prior_points(SPACE, ["one"], 4, 1)
    run(SPACE, points, [], tmp_path, patients=3, seed=1)
    run(SPACE, points, [], tmp_path, patients=3, seed=1)
    for other, patients, seed in (
        (points, 4, 1),
        (points, 3, 2),
        (Points(points.shared + 1e-9, points.shifts), 3, 1),
    ):
        with pytest.raises(InvalidArgument, match="another"):
            run(SPACE, other, [], tmp_path, patients=patients, seed=seed)


def test_studies_without_a_protocol_are_passed_over() -> None:
    assert list(runnable(["OAK", "HEBEI-ANLO-ICI", "CheckMate-722", "AT-BE"])) == ["OAK", "AT-BE"]


class Interrupted(Exception):
    pass


@pytest.mark.slow
def test_stopped_and_resumed_gives_the_bytes_of_not_stopping_for_any_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two studies, three points, three patients, a chunk a point; stopped after the first chunk, gone on with two workers.

    What stopped in the midst of writing leaves a part that is not taken for a chunk.
    """
    space, studies = hyperparameters.read(), ("AT-BE", "LEAP-008")
    points = prior_points(space, studies, 3, 8)
    whole, stopped, together = (tmp_path / name for name in ("whole", "stopped", "together"))
    run(space, points, studies, together, patients=3, seed=9)
    monkeypatch.setattr(experiments, "POINTS_PER_CHUNK", 1)
    run(space, points, studies, whole, patients=3, seed=9)

    def stop(step: Step) -> None:
        if step.done == 1:
            raise Interrupted

    with pytest.raises(Interrupted):
        run(space, points, studies, stopped, patients=3, seed=9, progress=stop)
    assert 0 < len(list(stopped.glob("*.npz"))) < 6
    (stopped / "LEAP-008-000002.npz.part").write_bytes(b"half a chunk")
    run(space, points, studies, stopped, patients=3, seed=9, workers=2)
    names = sorted(path.name for path in whole.iterdir())
    assert names == sorted(path.name for path in stopped.iterdir())
    assert len([name for name in names if name.endswith(".npz")]) == 6
    for name in names:
        assert (whole / name).read_bytes() == (stopped / name).read_bytes()
    for study in studies:
        assert same(read(together, study), read(whole, study))


# --- chunks that do not fit ---


def whole_run(folder: Path, seed: int = 9) -> dict[str, bytes]:
    """One study, two points, two patients, a chunk a point."""
    points = prior_points(hyperparameters.read(), ("AT-BE",), 2, 8)
    run(hyperparameters.read(), points, ("AT-BE",), folder, patients=2, seed=seed)
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.npz"))}


@pytest.mark.slow
def test_chunks_that_do_not_fit_are_simulated_again_and_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(experiments, "POINTS_PER_CHUNK", 1)
    whole = whole_run(tmp_path / "a")
    other = whole_run(tmp_path / "b", seed=10)
    first, second = whole
    content = whole[second]
    for bad in (
        b"",
        content[:-30],
        content[:50] + b"x" + content[51:],
        other[second],
        whole[first],
        b"PK\x03\x04",
    ):
        (tmp_path / "a" / second).write_bytes(bad)
        with pytest.raises(InvalidDocument, match=f"{second}: "):
            read(tmp_path / "a", "AT-BE")
        caplog.clear()
        assert whole_run(tmp_path / "a") == whole
        assert (
            f"{second} is empty, damaged or of another experiment; it is simulated again"
            in caplog.text
        )
        assert first not in caplog.text
    # what says which experiment it is may be lost, since the chunks say so themselves
    for lost in (b"", None):
        (tmp_path / "a" / experiments.IDENTITY).unlink()
        if lost is not None:
            (tmp_path / "a" / experiments.IDENTITY).write_bytes(lost)
        (tmp_path / "a" / ".AT-BE-000000.npz.1-abc.part").write_text("half")
        caplog.clear()
        assert whole_run(tmp_path / "a") == whole
        assert caplog.text == ""
        assert not [*(tmp_path / "a").glob(".*")]
    # chunks of another experiment are somebody's, and stay
    (tmp_path / "a" / experiments.IDENTITY).unlink()
    with pytest.raises(InvalidArgument, match="another"):
        whole_run(tmp_path / "a", seed=10)
    assert (tmp_path / "a" / second).read_bytes() == whole[second]


@given(data=st.data())
def test_endpoints_with_any_bit_flipped_are_never_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    identity = {"experiment": "x", "chunk": "a.npz"}
    content = endpoints(4, 1).to_bytes(identity)
    path = tmp_path_factory.mktemp("chunk") / "a.npz"
    path.write_bytes(content)
    assert same(SimulatedEndpoints.from_file(path, identity), endpoints(4, 1))
    with pytest.raises(InvalidDocument, match="another experiment"):
        SimulatedEndpoints.from_file(path, identity | {"chunk": "b.npz"})
    flipped = bytearray(content)
    bit = data.draw(st.integers(0, 8 * len(content) - 1))
    flipped[bit // 8] ^= 1 << bit % 8
    cut = content[: data.draw(st.integers(0, len(content) - 1))]
    for changed in (bytes(flipped), cut, content + b"x"):
        path.write_bytes(changed)
        for wanted in (identity, None):
            with pytest.raises(InvalidDocument, match="empty or damaged"):
                SimulatedEndpoints.from_file(path, wanted)


def test_a_folder_of_simulations_has_one_writer(tmp_path: Path) -> None:
    points = prior_points(SPACE, ["one"], 4, 1)
    with claimed(tmp_path), pytest.raises(OutputExists, match="another process"):
        run(SPACE, points, [], tmp_path, patients=3, seed=1)


@pytest.mark.parametrize(
    "study", ["../../up", "/tmp/normoxia-escaped", "..", "a/b", "NUL", "x" * 300]
)
def test_no_name_of_a_study_leads_out_of_the_folder(study: str, tmp_path: Path) -> None:
    path = tmp_path / experiments.Job(study, 0, ()).name
    assert path.resolve().parent == tmp_path.resolve()
    path.write_bytes(endpoints(4, 1).to_bytes())
    assert same(read(tmp_path, study), endpoints(4, 1))
