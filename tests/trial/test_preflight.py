"""Before a run: its size, its model and its patients; whatever passes, begins."""

from __future__ import annotations

import dataclasses
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mutations import broken

from normoxia import documents, library, memory, trial
from normoxia.errors import InvalidArgument, InvalidDocument, NormoxiaError
from normoxia.trial import analysis, files, preflight, runner
from normoxia.trial.protocol import Visits

TEXT = library.path("trials", "leap-007").read_text(encoding="utf-8")


def changed(*pairs: tuple[str, str]) -> trial.Trial:
    text = TEXT
    for old, new in pairs:
        assert text.count(old) >= 1, old
        text = text.replace(old, new)
    return files.parse(documents.parse(text, "mine.yaml"), text)


@given(
    st.floats(0, 400),
    st.floats(1, 200),
    st.lists(st.tuples(st.floats(0, 2000), st.floats(1, 200)), max_size=2),
    st.floats(0, 3000),
)
def test_visits_are_counted_without_being_made(
    first: float, every: float, changes: list[tuple[float, float]], until: float
) -> None:
    """Never fewer than there are; as many where the interval does not change, but for a part of one."""
    visits = Visits(first, every, tuple(sorted(changes)))
    assert len(visits.days(until)) <= visits.count(until) + 1e-6
    if not changes:
        assert visits.count(until) < len(visits.days(until)) + 1 + 1e-6


def test_a_run_that_fits_is_let_through_and_one_that_does_not_says_how_much_it_needs() -> None:
    small = trial.read("leap-007")
    preflight.refuse_too_large(small, 20)
    for large in (small.with_patients(10**12), small.with_patients(10**30)):
        with pytest.raises(
            InvalidArgument,
            match=r"patients with \d+ visits in 1 replicates would need about .* of memory",
        ):
            preflight.refuse_too_large(large)
    with pytest.raises(InvalidArgument, match="1e\\+11 replicates would need about"):
        preflight.refuse_too_large(small, 10**11)


def test_the_estimate_is_what_a_result_takes_within_a_factor_of_a_few() -> None:
    """Held against the bytes of the arrays of a result, which are the least that can be."""
    own = trial.read("leap-007").with_patients(40)
    result = runner.run(own, seed=1)
    arrays = [
        *result.columns.values(),
        *result.covariates.values(),
        result.scan_day,
        result.scan_sum,
        result.overall,
        result.states,
    ]
    taken = sum(np.asarray(array).nbytes for array in arrays)
    assert taken < preflight.estimate(own) < 60 * taken


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("first: ", "first: 1000 weeks #", "the first visit on day 7000, the cut of PFS on day"),
        ("accrual: ", "accrual: 1e9 years #", "expected 100 years at most"),
        ("every: 6 weeks", "every: 1 day", "visits overlap"),
        (
            "pembrolizumab 200 mg q3w x35",
            "pembrolizumb 200 mg q3w x35",
            'did you mean "pembrolizumab"',
        ),
        ("pembrolizumab 200 mg q3w x35", "pembrolizumab q3w x35", "found no amount"),
        ("pembrolizumab 200 mg q3w x35", "pembrolizumab 200 mg", "no word on how often"),
        (
            "pembrolizumab 200 mg q3w x35",
            "nowhere.yaml 200 mg q3w x35",
            "nowhere.yaml: no such file",
        ),
        ("document: advanced-nsclc", "document: nobody", 'population "nobody" is not known'),
        ("model: nsclc", "model: nowhere.yaml", "nowhere.yaml.*no such file"),
    ],
)
def test_what_run_would_refuse_is_found_before(old: str, new: str, found: str) -> None:
    with pytest.raises(NormoxiaError, match=found):
        preflight.preflight(changed((old, new)))


def test_arms_without_patients_who_can_be_drawn_are_refused() -> None:
    own = changed()
    people = dataclasses.replace(
        own.population,
        covariates=tuple(
            c for c in own.population.covariates if c.name not in ("weight", "body_surface", "gfr")
        ),
    )
    text = changed(("pembrolizumab 200 mg q3w x35", "pembrolizumab 2 mg/kg q3w x35"))
    with pytest.raises(
        InvalidDocument, match="pembrolizumab is given in mg/kg, and patients have no weight"
    ):
        preflight.preflight(dataclasses.replace(text, population=people))


def test_a_drug_may_stand_beside_the_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is found from any folder, and gives the same from each."""
    folder = tmp_path / "mine"
    folder.mkdir()
    drug = library.path("drugs", "pembrolizumab").read_text(encoding="utf-8")
    (folder / "ours.yaml").write_text(
        drug.replace("drug: pembrolizumab", "drug: ours"), encoding="utf-8"
    )
    path = folder / "t.yaml"
    path.write_text(
        TEXT.replace("pembrolizumab 200 mg q3w x35", "ours.yaml 200 mg q3w x35"), encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    own = trial.read(path)
    preflight.preflight(own)
    assert str(folder / "ours.yaml") in own.drugs
    there = runner.run(own, seed=3, patients=3)
    monkeypatch.chdir(folder)
    here = runner.run(trial.read("t.yaml"), seed=3, patients=3)
    assert np.array_equal(here.scan_sum, there.scan_sum, equal_nan=True)
    assert np.isfinite(here.scan_sum).any()


def passes(text: str | bytes, path: Path) -> trial.Trial | None:
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    try:
        own = trial.read(path)
        preflight.preflight(own)
    except NormoxiaError:
        return None
    return own


def begins(seeds: range, path: Path) -> int:
    """How many of some broken protocols pass; each of them is run on two patients an arm and analysed."""
    n_passed = 0
    for seed in seeds:
        own = passes(broken(TEXT, seed), path)
        if own is not None:
            n_passed += 1
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                analysis.analyse(runner.run(own, seed=1, patients=2), own)
    return n_passed


def test_whatever_passes_begins(tmp_path: Path) -> None:
    assert begins(range(5000, 5030), tmp_path / "t.yaml") > 0


@pytest.mark.slow
def test_whatever_passes_of_many_begins(tmp_path: Path) -> None:
    assert begins(range(6000, 6300), tmp_path / "t.yaml") > 20


def test_memory_is_asked_of_the_machine_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 1000)
    with pytest.raises(InvalidArgument, match=r"this machine allows 0\.8 kB"):
        preflight.preflight(trial.read("leap-007"))
    assert math.isfinite(preflight.estimate(trial.read("leap-007")))
