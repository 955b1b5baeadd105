"""The shipped trials run on the whole mechanism, down to a single patient, and give every table."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from normoxia import trial
from normoxia.outcome import Endpoint, Measure
from normoxia.trial.flow import flow

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).parents[2] / "src"


@pytest.mark.parametrize("name", trial.library())
def test_it_runs_and_is_compared(name: str) -> None:
    protocol = trial.read(name)
    result = trial.run(protocol, seed=4, patients=40)
    assert sum(result.failed.values()) == 0
    assert result.manifest["calibration"] == "not calibrated"
    comparisons = trial.compare(trial.analyse(result), trial.published(protocol))
    paired = [c for c in comparisons if c.published is not None]
    assert any(
        (c.simulated.endpoint, c.simulated.measure) == (Endpoint.PFS, Measure.HAZARD_RATIO)
        for c in paired
    )
    for table in (result.visit_table(), result.state_table()):
        assert len(table) > 0
    assert sum(arm.randomised for arm in flow(result, protocol)) == 40 * len(protocol.arms)
    # every kept state is there at the start for everybody
    assert np.isfinite(result.states[:, 0]).all()


@pytest.mark.parametrize("name", trial.library())
def test_one_patient_in_an_arm_is_a_trial(name: str) -> None:
    protocol = trial.read(name)
    result = trial.run(protocol, seed=4, patients=1)
    assert trial.analyse(result)
    assert trial.TrialResult.from_bytes(result.to_bytes()).n_rows == len(protocol.arms)


def test_medians_of_impower150_are_of_the_order_of_the_published_ones() -> None:
    """A guard against slips of a factor, not a claim of calibration: within half and twice the published medians."""
    protocol = trial.read("impower150")
    result = trial.run(protocol, seed=1, patients=300, workers=2)
    medians = [
        c
        for c in trial.compare(trial.analyse(result), trial.published(protocol))
        if c.published is not None
        and c.simulated.measure == Measure.MEDIAN_MONTHS
        and c.simulated.population == "ITT-WT"
    ]
    assert len(medians) >= 6
    for comparison in medians:
        assert comparison.published is not None
        assert 0.5 < comparison.simulated.estimate.value / comparison.published.estimate.value < 2.0


@pytest.mark.parametrize("name", ["impower150", "leap-007"])
def test_size_and_workers_change_no_byte_of_the_first_patients(name: str) -> None:
    protocol = trial.read(name)
    few = trial.run(protocol, seed=2, patients=13)
    many = trial.run(protocol, seed=2, patients=70, workers=2)
    for arm in few.arms:
        one, other = few.rows(arm), many.rows(arm)[:13]
        for column in few.columns:
            assert np.array_equal(few.columns[column][one], many.columns[column][other]), (
                arm,
                column,
            )
        assert np.array_equal(few.scan_sum[one], many.scan_sum[other], equal_nan=True)
        assert np.array_equal(few.states[one], many.states[other], equal_nan=True)


_DIGEST = """
import hashlib, numpy as np
from normoxia import trial
result = trial.run(trial.read("impower150"), seed=1, patients=12)
print(hashlib.sha256(np.ascontiguousarray(result.scan_sum).tobytes() + result.columns["death"].tobytes()).hexdigest())
"""


def test_another_process_gives_the_same_bytes() -> None:
    """Processes differ in the order of sets; nothing that is summed may follow it."""
    digests = set()
    for order in ("0", "3"):
        environment = os.environ | {"PYTHONHASHSEED": order, "PYTHONPATH": str(SOURCE)}
        told = subprocess.run(
            [sys.executable, "-c", _DIGEST],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(told.stdout)
    assert len(digests) == 1
