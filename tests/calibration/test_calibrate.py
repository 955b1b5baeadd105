"""A small calibration from seed to ensemble, as a user would run it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from normoxia.calibration import calibrate as verb
from normoxia.calibration.fitting import ensemble, hyperparameters
from normoxia.calibration.fitting.emulated import EmulatedStudies
from normoxia.errors import InvalidArgument, OutputExists, UnknownName
from normoxia.storage import claimed

SOURCE = Path(__file__).parents[2] / "src"


def test_a_plan_without_points_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="at least one point"):
        verb.calibrate(verb.Plan(1, points=()), tmp_path / "none")


@pytest.mark.parametrize(
    "plan",
    [
        verb.Plan(-1),
        verb.Plan(1, points=(49,)),
        verb.Plan(1, points=(640, 0)),
        verb.Plan(1, points=(-5,)),
        verb.Plan(1, patients=0),
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused_before_a_folder_is_made(
    tmp_path: Path, plan: verb.Plan
) -> None:
    with pytest.raises(InvalidArgument):
        verb.calibrate(plan, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_folder_of_another_plan_is_refused(tmp_path: Path) -> None:
    verb._begin(verb.SMALL, tmp_path, resume=False)
    with pytest.raises(InvalidArgument, match="--resume"):
        verb._begin(verb.SMALL, tmp_path, resume=False)
    with pytest.raises(InvalidArgument, match="another plan"):
        verb._begin(verb.Plan(seed=2), tmp_path, resume=True)
    with pytest.raises(InvalidArgument, match="no calibration to resume"):
        verb._begin(verb.SMALL, tmp_path / "empty", resume=True)


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("content", [b"", b"\0" * 200, b"\n"])
def test_an_empty_plan_locks_nobody_out(tmp_path: Path, content: bytes, resume: bool) -> None:
    """What a full disk or a power failure leaves of a plan counts as none."""
    (tmp_path / verb.CONFIG).write_bytes(content)
    (tmp_path / f"{verb.ROUND}1").mkdir()
    verb._begin(verb.SMALL, tmp_path, resume)
    verb._begin(verb.SMALL, tmp_path, resume=True)
    with pytest.raises(InvalidArgument, match="another plan"):
        verb._begin(verb.Plan(seed=2), tmp_path, resume=True)


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(OutputExists, match=r"holds other files \(thesis.txt\)"):
        verb.calibrate(verb.SMALL, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_calibration_has_one_writer(tmp_path: Path) -> None:
    with claimed(tmp_path), pytest.raises(OutputExists, match="another process"):
        verb.calibrate(verb.SMALL, tmp_path)


@pytest.mark.slow
def test_a_killed_calibration_leaves_no_workers_and_goes_on(tmp_path: Path) -> None:
    """Killed in the midst of its first chunks; the workers end too, and a second process may go on at once."""
    command = [
        sys.executable,
        "-m",
        "normoxia",
        "calibrate",
        "--small",
        "--workers",
        "2",
        "--out",
        "cal",
        "--quiet",
    ]
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    process = subprocess.Popen(
        command, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 300
    chunks = tmp_path / "cal" / f"{verb.ROUND}1"
    while not (chunks.is_dir() and any(chunks.glob("*.npz"))):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait(30)
    deadline = time.monotonic() + 30
    while alive_in_session(process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    kept = {path.name: path.read_bytes() for path in chunks.glob("*.npz")}
    assert (
        subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=False).returncode
        == 2
    )
    again = subprocess.Popen(
        [*command, "--resume"], cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True
    )
    while len([*chunks.glob("*.npz")]) <= len(kept):
        assert time.monotonic() < deadline + 300
        assert again.poll() is None
        time.sleep(0.05)
    again.send_signal(signal.SIGTERM)
    _, err = again.communicate(timeout=60)
    assert (
        again.returncode,
        "finished chunks are in cal; go on with the same arguments and resume=True (--resume)"
        in err,
    ) == (130, True)
    assert "Traceback" not in err
    assert all((chunks / name).read_bytes() == content for name, content in kept.items())


def alive_in_session(number: int) -> list[str]:
    """Processes of a session that are there and not merely waiting to be buried."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = path.read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        if session == str(number) and state != "Z":
            found.append(path.parent.name)
    return found


def test_a_misspelt_number_is_refused_before_any_work() -> None:
    space = hyperparameters.read()
    verb._check_names(space)
    misspelt = replace(space.parameters[0], name="gnett")
    with pytest.raises(UnknownName, match='did you mean "gnet"'):
        verb._check_names(replace(space, parameters=(misspelt, *space.parameters[1:])))


@pytest.mark.slow
def test_a_small_calibration_gives_an_ensemble_and_resumes_to_the_same(tmp_path: Path) -> None:
    found = verb.calibrate(verb.SMALL, tmp_path, workers=2)
    assert found.n_draws == verb.DRAWS
    assert found.manifest["studies"] == list(verb.SMALL.studies)
    assert set(EmulatedStudies.read(tmp_path / verb.EMULATED).figures) == set(verb.SMALL.studies)
    # the evidence of four trials moves something: under the prior the mean of one of some forty parameters lies
    # beyond four standard errors once in 400 times
    means = found.states[:, : len(found.space.parameters)].mean(axis=0)
    assert np.abs(means).max() > 4 / np.sqrt(found.n_draws)
    # resumed from its chunks it is the same, to the byte
    assert verb.calibrate(verb.SMALL, tmp_path, workers=1, resume=True).digest == found.digest
    assert ensemble.read(tmp_path / verb.ENSEMBLE).digest == found.digest
