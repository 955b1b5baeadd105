"""The credibility file: statuses follow their checks, questions follow their claims, and every proof exists."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from normoxia import library, mechanism
from normoxia.calibration.credibility import (
    applicability,
    as_json,
    checks,
    standings,
    verification,
    wording,
)
from normoxia.calibration.credibility.checks import HEALTHY_K
from normoxia.calibration.credibility.file import CredibilityFile, Status, credibility
from normoxia.calibration.credibility.verification import CheckResult
from normoxia.calibration.fitting import hyperparameters
from normoxia.calibration.fitting.ensemble import Ensemble
from normoxia.calibration.fitting.posterior import layout, prior_states
from normoxia.calibration.scoring import baselines, lock
from normoxia.calibration.scoring.scoreboard import EnsembleDiagnostics, Scoreboard, scoreboard
from normoxia.calibration.scoring.scores import NormalPredictive
from normoxia.outcome import Measure
from normoxia.pharmacology import regimen

ROOT = Path(__file__).parents[3]
LOCK = lock.read()


@pytest.fixture(scope="module")
def file() -> CredibilityFile:
    return credibility()


@pytest.fixture(scope="module")
def broken() -> CredibilityFile:
    """Of a biology in which one rate has the unit of a volume; solving, which units do not touch, is left out."""
    biology = mechanism.read(library.path("models", "nsclc"))
    changed = tuple(replace(p, unit="mL") if p.name == "k_D" else p for p in biology.parameters)
    patch = pytest.MonkeyPatch()
    patch.setattr(
        verification, "CHECKS", {name: verification.CHECKS[name] for name in ("units", "soundness")}
    )
    try:
        return credibility(replace(biology, parameters=changed))
    finally:
        patch.undo()


def perfect(error: float = 0.0) -> Scoreboard:
    """A predictor that knows every published figure, or errs by so much on every one."""
    known = {
        o.target: NormalPredictive(o.y + error, o.se**2)
        if o.target.is_ratio
        else NormalPredictive(o.y + 100 * error, 9.0)
        for o in (*LOCK.contrasts, *LOCK.responses)
    }
    for o in LOCK.contrasts[::20]:  # one interval in twenty has to miss
        known[o.target] = NormalPredictive(o.y + error + 2.2 * o.se, o.se**2)
    health = EnsembleDiagnostics(draws=400, effective_sample_size=250.0, max_pareto_k=0.4)
    return scoreboard(
        LOCK, {"oracle": known}, baselines=baselines.baselines(LOCK), diagnostics=health
    )


def ensemble(spread: float) -> Ensemble:
    space = hyperparameters.read()
    states = prior_states(layout(space), 2000, 1)
    states[:, : len(space.parameters)] *= spread
    health = {"draws": 2000, "effective_sample_size": 900.0, "largest_r_hat": 1.004}
    return Ensemble(space=space, states=states, manifest={"sampling": health}, digest="0" * 64)


def test_what_is_solved_is_met_and_what_was_not_done_says_so(file: CredibilityFile) -> None:
    assert all(file.claim(name).status is Status.MET for name in verification.CHECKS)
    for name in (
        "ensemble",
        "coverage95",
        "crps",
        "failures_predicted",
        "reported",
        "forecasts_scored",
    ):
        assert file.claim(name).status is Status.NOT_DONE
        assert file.claim(name).found == {}
    assert (
        sum(file.count(status) for status in Status)
        == len(file.claims)
        == len(wording.read().wordings)
    )


def test_a_broken_unit_turns_its_claim_and_every_question_that_rests_on_it(
    file: CredibilityFile, broken: CredibilityFile
) -> None:
    assert (file.claim("units").status, broken.claim("units").status) == (
        Status.MET,
        Status.NOT_MET,
    )
    assert "mL" in broken.claim("units").problem
    assert file.digests["model"] != broken.digests["model"]
    for question in broken.questions:
        assert "units" in question.rests_on
        assert broken.standing(question) is Status.NOT_MET
        assert "units" in [claim.id for claim in broken.missing(question)]


def test_a_question_stands_by_the_worst_of_what_it_rests_on(file: CredibilityFile) -> None:
    standing = {q.id: file.standing(q) for q in file.questions}
    assert standing["forecast"] is Status.NOT_DONE  # nothing it rests on has failed
    assert standing["dose_and_order"] is Status.NOT_MET  # no trial varies order
    sections = [
        replace(s, claims=tuple(replace(c, status=Status.MET) for c in s.claims))
        for s in file.sections
    ]
    assert {replace(file, sections=tuple(sections)).standing(q) for q in file.questions} == {
        Status.MET
    }


def test_perfect_predictions_meet_the_thresholds_and_bad_ones_do_not() -> None:
    names = (
        "coverage95",
        "mean_abs_log_hr_pfs",
        "mean_abs_log_hr_os",
        "orr_within_6_points",
        "crps",
    )
    good = checks.thresholds(LOCK, perfect())
    bad = checks.thresholds(LOCK, perfect(0.8))
    assert [good[name].met for name in names] == [True] * 5
    assert [bad[name].met for name in names] == [False] * 5
    assert 0.9 < good["coverage95"].numbers["value"] < 0.97
    assert good["mean_abs_log_hr_pfs"].numbers["value"] == pytest.approx(0.0, abs=0.05)
    assert bad["mean_abs_log_hr_os"].numbers["value"] == pytest.approx(0.8, abs=0.05)
    assert all(found.met is None for found in checks.thresholds(LOCK, None).values())


def test_every_threshold_of_the_lock_is_a_claim(file: CredibilityFile) -> None:
    assert set(LOCK.thresholds) <= {claim.id for claim in file.claims}


def test_thin_or_unhealthy_draws_are_not_met() -> None:
    held = ensemble(0.5)
    assert checks.posterior(held, None)["ensemble"].met
    thin = replace(
        held, manifest={"sampling": {**held.manifest["sampling"], "effective_sample_size": 12.0}}
    )
    apart = replace(
        held, manifest={"sampling": {**held.manifest["sampling"], "largest_r_hat": 1.2}}
    )
    assert [checks.posterior(one, None)["ensemble"].met for one in (thin, apart)] == [False, False]
    assert checks.posterior(None, perfect())["pareto"].met
    sick = replace(
        perfect(),
        diagnostics=EnsembleDiagnostics(
            draws=400, effective_sample_size=250.0, max_pareto_k=HEALTHY_K + 0.1
        ),
    )
    assert checks.posterior(None, sick)["pareto"].met is False


def test_what_the_evidence_narrowed_is_told() -> None:
    """States of the prior are as wide as the prior, to the error of 2000 draws: 1/sqrt(4000), five times."""
    left = [n.left for n in checks.narrowings(ensemble(1.0))]
    assert left == pytest.approx([1.0] * len(left), abs=5 / math.sqrt(4000))
    space = hyperparameters.read()
    narrow = checks.identifiability(space, checks.narrowings(ensemble(0.5)))
    prior = checks.identifiability(space, checks.narrowings(ensemble(1.0)))
    assert narrow["reported"].met
    assert (narrow["informed"].met, prior["informed"].met) == (True, False)
    assert prior["informed"].numbers["informed"] == 0


def test_a_lock_that_was_changed_is_told() -> None:
    locked = wording.read().locked
    assert checks.validation(locked, LOCK, None, 0)["lock"].met
    assert checks.validation(locked, replace(LOCK, digest="f" * 64), None, 0)["lock"].met is False
    assert (
        checks.validation(locked, replace(LOCK, amendments=("one",)), None, 0)["lock"].met is False
    )


def test_trials_seen_before_and_forecasts_scored_are_counted() -> None:
    """The five are those that the lock's log names."""
    found = checks.validation("", LOCK, None, 2)
    assert (found["unseen"].met, found["unseen"].numbers["seen"]) == (False, 5)
    assert found["forecasts_scored"].met


def test_targets_are_all_there_each_with_its_source_and_weight(file: CredibilityFile) -> None:
    assert len(file.targets) > 150
    shares: dict[str, float] = {}
    for target in file.targets:
        assert target.observation.source
        kind = target.observation.figure.kind.value
        shares[kind] = shares.get(kind, 0.0) + target.weight
    assert shares == pytest.approx(dict.fromkeys(shares, 1.0))
    hazard_ratios = [t for t in file.targets if t.observation.target is not None]
    assert len(hazard_ratios) <= len(LOCK.contrasts) + len(LOCK.strata)
    responses = [t for t in file.targets if t.scored and t.observation.target is None]
    assert len(responses) == len(LOCK.responses)


def test_dose_and_order_are_told_apart() -> None:
    low, high = regimen("bevacizumab 7.5 mg/kg q3w"), regimen("bevacizumab 15 mg/kg q3w")
    later = high.delay(21.0)
    assert applicability.is_dose((low, high))
    assert not applicability.is_order((low, high))
    assert applicability.is_order((high, later))
    assert not applicability.is_dose((high, later))
    assert not applicability.is_order((high, regimen("bevacizumab 15 mg/kg q3w")))


def test_what_bears_on_dose_order_and_new_molecules(file: CredibilityFile) -> None:
    """By reading the protocols: two doses in AVAiL and KEYNOTE-010; ivonescimab, cabozantinib and nivolumab in one study each."""
    found = applicability.bearing(LOCK, file.protocols)
    assert found["bearing_dose"].numbers["names"] == "AVAiL, KEYNOTE-010"
    assert found["bearing_order"].numbers["count"] == 0
    assert applicability.drugs_of_its_own("HARMONi-A", file.protocols) == ("ivonescimab",)
    assert (
        applicability.drugs_of_its_own("ORIENT-31", file.protocols) == ()
    )  # a biosimilar is no new molecule
    assert (
        applicability.drugs_of_its_own("AVAiL", file.protocols) == ()
    )  # gemcitabine is in every arm
    assert found["bearing_strata"].numbers["count"] == len(LOCK.strata)


def test_the_shipped_record_says_what_checking_says_today(file: CredibilityFile) -> None:
    record = standings._record()["claims"]
    assert set(record) == {claim.id for claim in file.claims}
    checked = {c.id: c.status.value for c in file.claims if c.status is not Status.NOT_DONE}
    assert len(checked) > 20
    assert {name: record[name] for name in checked} == checked
    content = json.loads(json.dumps(as_json.document(file) | {"digests": {"ensemble": "x"}}))
    assert "claims:" in standings.record_of(content)


def test_risk_is_influence_times_consequence() -> None:
    question = wording.read().questions[0]
    levels = wording.LEVELS
    grid = {
        (i, c): replace(
            question,
            influence=replace(question.influence, level=i),
            consequence=replace(question.consequence, level=c),
        ).risk
        for i in levels
        for c in levels
    }
    assert [grid[i, i] for i in levels] == ["low", "medium", "high"]
    assert grid["low", "medium"] == "low"
    assert grid["low", "high"] == grid["high", "low"] == "medium"
    assert grid["medium", "high"] == "high"


def test_every_test_and_file_that_proves_a_claim_is_there(file: CredibilityFile) -> None:
    for claim in file.claims:
        e = claim.evidence
        assert claim.statement["en"]
        assert claim.statement["zh"]
        assert claim.criterion["en"]
        assert not e.test or (ROOT / e.test).exists(), (claim.id, e.test)
        if claim.status is not Status.NOT_DONE:
            assert list(ROOT.glob(e.file)), (claim.id, e.file)
            assert len(e.digest) == 16, claim.id


def test_commands_are_verbs_of_the_program_or_modules_of_the_repository(
    file: CredibilityFile,
) -> None:
    from normoxia.cli.app import app

    verbs = {command.name for command in app.registered_commands} | {
        group.name for group in app.registered_groups
    }
    planned = {"validate", "forecast"}  # claims that were not done name the verb that will do them
    for claim in file.claims:
        words = claim.evidence.command.split()
        if words[:1] == ["normoxia"]:
            assert words[1] in verbs | (planned if claim.status is Status.NOT_DONE else set()), (
                claim.id
            )
        elif words[:2] == ["python", "-m"]:
            module = words[2].replace(".", "/") + ".py"
            assert (ROOT / module).is_file() or (ROOT / "src" / module).is_file(), claim.id


def test_the_json_is_plain_and_whole(file: CredibilityFile) -> None:
    from normoxia.cli.show import plain

    found = json.loads(json.dumps(plain(as_json.document(file)), allow_nan=False))
    assert found["schema"] == "normoxia.credibility/1"
    assert len(found["targets"]) == len(file.targets)
    assert len(found["priors"]) == len(file.space.parameters)
    assert len(found["scored"]) == len(LOCK.observed)
    assert found["scoreboard"] is None
    assert found["summary"] == {s.value: file.count(s) for s in Status}
    claims = [claim for section in found["sections"] for claim in section["claims"]]
    assert {claim["status"] for claim in claims} <= {"met", "not met", "not done"}
    assert np.isfinite([t["weight"] for t in found["targets"]]).all()


def test_a_check_without_numbers_leaves_no_half_filled_text() -> None:
    from normoxia.calibration.credibility.file import _filled

    assert _filled({"en": "{a} of {b}"}, CheckResult(False, {"a": 1})) == {}
    assert _filled({"en": "{a:.1f} of {b}"}, CheckResult(True, {"a": 1.0, "b": 2})) == {
        "en": "1.0 of 2"
    }


def test_medians_are_not_judged_by_a_threshold(file: CredibilityFile) -> None:
    assert {t.observation.figure.kind.value for t in file.targets if t.scored} == {
        "log hazard ratio",
        "log hazard ratio of a stratum over that of all",
        "logit of a response rate",
    }
    assert all(o.target.measure is Measure.MEDIAN_MONTHS for o in LOCK.medians)
