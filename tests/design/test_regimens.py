"""Contrasts of a simulated comparison: closed forms, identical regimens, and what is said of them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import normoxia as nx
from normoxia import seeding
from normoxia.api.compare import Comparison
from normoxia.calibration.fitting import ensemble
from normoxia.cli.app import execute
from normoxia.design import comparisons, regimens, verdicts
from normoxia.errors import InvalidArgument
from normoxia.outcome import Endpoint, Estimate, Measure
from normoxia.survival.data import DAYS_PER_MONTH
from normoxia.survival.replicates import kaplan_meier_many

TWINS = """
comparison: twins
title: {en: the same twice, zh: 同一方案}
asks: {en: which, zh: 何者}
stage: impower150
evidence: first-line-wt
regimens:
  one: {title: {en: one, zh: 甲}, regimen: [atezolizumab 1200 mg q3w], later: ACP}
  two: {title: {en: two, zh: 乙}, regimen: [atezolizumab 1200 mg q3w], later: ACP}
contrasts:
  - {experimental: two, control: one}
"""


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Comparison, Path]:
    folder = tmp_path_factory.mktemp("twins")
    document = folder / "twins.yaml"
    document.write_text(TWINS, encoding="utf-8")
    out = folder / "run"
    finished = nx.compare(document, patients=12, draws=8, seed=3, out=out, report=False)
    return finished, out


def contrast(
    finished: Comparison, endpoint: Endpoint, measure: Measure
) -> regimens.RegimenContrast:
    return next(
        j.contrast
        for j in finished.judged
        if (j.contrast.endpoint, j.contrast.measure) == (endpoint, measure)
    )


def test_the_same_regimen_twice_differs_by_structural_error_alone(
    twins: tuple[Comparison, Path],
) -> None:
    finished, _ = twins
    # with equal arms the log hazard ratio of every draw is 0, and what is left is the error that was added
    sd = ensemble.read().structural()["ratio"]
    for endpoint in (Endpoint.PFS, Endpoint.OS):
        error = sd * seeding.normals(3, f"design/ratio/{endpoint}/two/one", 8, 1)[:, 0]
        draws = contrast(finished, endpoint, Measure.HAZARD_RATIO).draws
        assert np.log(draws) == pytest.approx(error, abs=1e-9)
    assert not finished.verdict.can_be_told


def test_restricted_means_are_those_of_an_exponential_with_its_hazard_multiplied() -> None:
    # without censoring the curve of n evenly spaced quantiles tends to exp(-rate t)
    n, rate, horizon = 20_000, 0.1, 12.0
    days = -np.log(1.0 - (np.arange(n) + 0.5) / n) / rate * DAYS_PER_MONTH
    curves = kaplan_meier_many(np.tile(days, (2, 1)), np.ones((2, n), dtype=bool))
    means = regimens.restricted_means(curves, horizon, np.log([1.0, 2.0]))
    for mean, times in zip(means, (1.0, 2.0), strict=True):
        expected = (1.0 - math.exp(-times * rate * horizon)) / (times * rate)
        assert mean == pytest.approx(expected, abs=2e-3)


def test_every_regimen_has_the_same_patients(twins: tuple[Comparison, Path]) -> None:
    patients = twins[0].run.patients()
    columns = [name for name in ("age", "ecog", "pdl1_tps") if name in patients.columns]
    assert columns
    one, two = (
        patients.filter(patients["arm"] == arm).select("replicate", "patient", *columns)
        for arm in ("one", "two")
    )
    assert one.equals(two)


def test_the_folder_verifies_and_holds_the_answer(twins: tuple[Comparison, Path]) -> None:
    finished, out = twins
    whole = json.loads((out / "comparison.json").read_text(encoding="utf-8"))
    assert whole["schema"] == "normoxia.comparison/1"
    assert set(whole) >= {"regimens", "contrasts", "answer", "manifest"}
    assert set(whole["answer"]) == {"en", "zh", "can_be_told"}
    assert set(whole["regimens"][0]["outcomes"][0]) >= {"endpoint", "measure", "value", "interval"}
    assert set(whole["contrasts"][0]) >= {
        "experimental",
        "control",
        "value",
        "interval",
        "evidence",
    }
    assert nx.open_run(out).trial.id == "compare-twins"
    assert execute(["verify", str(out), "--quiet"]) == 0
    assert finished.contrasts()["experimental"].unique().to_list() == ["two"]


def test_fewer_draws_than_an_interval_needs_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="8"):
        nx.compare("chemo-free", patients=5, draws=4)


def judged(
    estimate: Estimate, network: Estimate | None, endpoint: Endpoint = Endpoint.PFS
) -> verdicts.JudgedContrast:
    simulated = regimens.RegimenContrast(
        experimental="a",
        control="b",
        endpoint=endpoint,
        measure=Measure.HAZARD_RATIO,
        estimate=estimate,
        better=0.9,
        draws=np.array([estimate.value]),
    )
    evidence = None
    if network is not None:
        evidence = verdicts.NetworkEvidence(estimate=network, question="q", studies=("s",))
    return verdicts.JudgedContrast(contrast=simulated, evidence=evidence)


def test_agreement_and_contradiction_follow_the_stated_rule() -> None:
    mine = Estimate(0.7, 0.6, 0.8)
    assert judged(mine, None).agreement is None
    assert judged(mine, Estimate(0.75, 0.65, 0.9)).agreement == "agrees"
    assert judged(mine, Estimate(0.9, 0.75, 1.1)).agreement == "overlaps"
    assert judged(mine, Estimate(1.1, 0.9, 1.3)).agreement == "contradicts"
    assert judged(mine, None).can_be_told
    assert not judged(mine, Estimate(1.1, 0.9, 1.3)).can_be_told
    assert not judged(Estimate(0.9, 0.7, 1.2), None).can_be_told


@pytest.mark.parametrize("code", ["en", "zh"])
def test_an_answer_says_what_is_longer_and_what_cannot_be_told(code: str) -> None:
    asked = comparisons.read("chemo-free")
    pair = asked.contrasts[0]
    rows = [
        judged(Estimate(0.7, 0.6, 0.8), None),
        judged(Estimate(0.9, 0.7, 1.2), None, Endpoint.OS),
    ]
    rows = [
        replace(j, contrast=replace(j.contrast, experimental=pair[0], control=pair[1]))
        for j in rows
    ]
    said = verdicts.verdict(asked, rows)
    assert said.can_be_told
    longer, unclear = ("longer", "cannot be told") if code == "en" else ("更长", "无法判断")
    assert longer in said.sentences[code]
    assert unclear in said.sentences[code]
