"""A trial run on a toy model: reproducible patient by patient, whatever the size, the chunks, or the cores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.trial import toy

from normoxia import trial
from normoxia.errors import Interrupted, InvalidArgument
from normoxia.progress import Step
from normoxia.trial import runner
from normoxia.trial.protocol import Visits


def _arm(result: trial.TrialResult, arm: str, name: str) -> np.ndarray:
    return np.asarray(result.columns[name])[result.rows(arm)]


def test_the_first_patients_of_a_longer_run_are_those_of_a_shorter_one() -> None:
    short, long = toy.result(patients=7), toy.result()
    for arm in short.arms:
        few, many = short.rows(arm), long.rows(arm)[:7]
        for name in short.columns:
            assert np.array_equal(
                short.columns[name][few], long.columns[name][many], equal_nan=True
            ), (arm, name)
        assert np.array_equal(short.scan_sum[few], long.scan_sum[many], equal_nan=True)
        assert np.array_equal(short.overall[few], long.overall[many])


def test_workers_and_replicates_change_nothing() -> None:
    one, two = toy.result(), toy.result(workers=2)
    assert np.array_equal(one.columns["death"], two.columns["death"])
    more = toy.result(replicates=2)
    first = more.columns["replicate"] == 0
    assert np.array_equal(more.columns["death"][first], one.columns["death"])
    assert not np.array_equal(more.columns["death"][~first], one.columns["death"])


def test_two_arms_of_the_same_regimen_hold_twins() -> None:
    result = toy.result()
    for name in (
        "death",
        "new_lesion",
        "treatment_end",
        "first_toxicity",
        "baseline_sum",
        "survival_loss",
    ):
        assert np.array_equal(_arm(result, "chemotherapy", name), _arm(result, "again", name)), name
    same = result.covariates["weight"]
    assert np.array_equal(same[result.rows("combination")], same[result.rows("again")])


def test_treatment_shrinks_what_would_otherwise_grow() -> None:
    result = toy.result()
    total = np.where(np.isnan(result.scan_sum), np.inf, result.scan_sum)
    best = {arm: total[result.rows(arm)].min(axis=1) for arm in result.arms}
    change = best["combination"] / _arm(result, "combination", "baseline_sum")
    assert np.median(change) < 0.9
    assert np.median(best["combination"]) <= np.median(best["chemotherapy"])


def test_nobody_is_scanned_after_death_or_outside_the_window() -> None:
    result = toy.result()
    nominal = np.broadcast_to(result.visit_days, result.scan_day.shape)
    done = ~np.isnan(result.scan_day)
    clinical = np.broadcast_to(result.columns["clinical_progression"][:, None], done.shape)
    planned = done & (result.scan_day < clinical)
    assert (np.abs(result.scan_day - nominal)[planned] <= 7.0).all()
    # an unscheduled scan comes before its visit's window, and ends treatment
    unscheduled = done & ~planned
    assert unscheduled.any()
    assert (unscheduled.sum(axis=1) <= 1).all()
    assert (result.scan_day < nominal + 7.0)[unscheduled].all()
    assert (
        result.scan_day[done] < np.broadcast_to(result.columns["death"][:, None], done.shape)[done]
    ).all()


def test_next_lines_begin_on_the_grid_of_cycles_after_treatment_ends() -> None:
    result = toy.result()
    start, end = result.columns["next_start"], result.columns["treatment_end"]
    begun = np.isfinite(start)
    assert begun.any()
    assert (start[begun] % 21 == 0).all()
    assert (start[begun] >= end[begun] + 21).all()


def test_chunks_cover_every_patient_once() -> None:
    big = toy.protocol().with_patients(4500)
    pieces = [piece for chunk in runner.chunks(big, 2) for piece in chunk.pieces]
    for replicate in (0, 1):
        held = [(first, n) for r, first, n in pieces if r == replicate]
        assert sum(n for _, n in held) == 4500
        assert [first for first, _ in held] == [0, 2000, 4000]
    assert len(runner.chunks(toy.protocol(), 100)) == 2


def test_an_interrupted_run_goes_on_from_its_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "CHUNK_PATIENTS", 8)
    kept: dict[str, trial.TrialResult] = {}

    protocol = toy.protocol().with_patients(16)
    with pytest.raises(Interrupted):
        trial.run(
            protocol, seed=5, model=toy.model(), store=kept.__setitem__, progress=_stopper(kept)
        )
    assert list(kept) == ["000000.parquet"]
    calls: list[str] = []

    def load(name: str) -> trial.TrialResult | None:
        calls.append(name)
        return kept.get(name)

    resumed = trial.run(protocol, seed=5, model=toy.model(), load=load)
    whole = toy.result(patients=16)
    assert calls == ["000000.parquet", "000001.parquet"]
    for arm in whole.arms:
        assert np.array_equal(
            resumed.columns["death"][resumed.rows(arm)], whole.columns["death"][whole.rows(arm)]
        )


def _stopper(kept: dict[str, trial.TrialResult]):  # type: ignore[no-untyped-def]
    def progress(step: Step, /) -> None:
        if kept:
            raise Interrupted("cancelled")

    return progress


def test_progress_ends_at_the_total() -> None:
    seen: list[Step] = []
    trial.run(toy.protocol(), seed=5, patients=4, model=toy.model(), progress=seen.append)
    assert seen[-1].done == seen[-1].total == 12
    assert all(0 <= step.done <= step.total for step in seen)


@pytest.mark.parametrize(("patients", "replicates"), [(0, 1), (5, 0)])
def test_no_patients_and_no_replicates_are_refused(patients: int, replicates: int) -> None:
    with pytest.raises(InvalidArgument, match="at least one"):
        trial.run(
            toy.protocol(), seed=1, patients=patients, replicates=replicates, model=toy.model()
        )


def test_a_result_survives_its_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    result = toy.result()
    path = tmp_path / "result.parquet"
    result.write(path)
    read = trial.TrialResult.read(path)
    assert read.trial == result.trial
    assert read.arms == result.arms
    for name in result.columns:
        assert np.array_equal(read.columns[name], result.columns[name])
    for name in result.covariates:
        assert np.array_equal(read.covariates[name], result.covariates[name]), name
    assert np.array_equal(read.scan_sum, result.scan_sum, equal_nan=True)
    assert read.manifest == result.manifest
    assert trial.analyse(read) == trial.analyse(result) or _nan_alike(
        trial.analyse(read), trial.analyse(result)
    )


def _nan_alike(one: object, other: object) -> bool:
    return repr(one) == repr(other)


def test_the_manifest_says_that_nothing_is_calibrated() -> None:
    assert toy.result().manifest["calibration"] == "not calibrated"
    assert toy.result().manifest["seed"] == 5


def test_the_table_of_scans_has_a_row_for_every_scan() -> None:
    result = toy.result()
    visits = result.visit_table()
    assert len(visits) == int((~np.isnan(result.scan_day)).sum())
    assert set(visits["response"].unique()) <= {"NE", "PD", "SD", "PR", "CR"}


def test_deaths_after_the_last_visit_are_simulated_up_to_the_cut() -> None:
    # the hazard does not depend on scans, so a trial with few of them has about as many deaths
    often = replace(toy.protocol(), visits=Visits(42.0, 42.0))
    rare = replace(toy.protocol(), visits=Visits(168.0, 168.0))
    deaths = []
    for protocol in (often, rare):
        column = trial.run(protocol, seed=5, patients=400, model=toy.model()).columns
        deaths.append(int((column["death"] <= column["survival_cut"]).sum()))
        late = column["death"] > np.max(protocol.visits.days(protocol.horizon)) + 7.0
        assert (column["death"][late & np.isfinite(column["death"])] <= protocol.horizon).all()
    # 1200 patients share their draws; only how soon treatment ends differs
    assert abs(deaths[0] - deaths[1]) < 0.15 * deaths[0]
    only_baseline = replace(toy.protocol(), visits=Visits(540.0, 42.0))
    column = trial.run(only_baseline, seed=5, patients=400, model=toy.model()).columns
    assert (column["death"] <= column["survival_cut"]).sum() > 0.7 * deaths[0]
