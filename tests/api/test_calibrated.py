"""Validation, forecasts, credibility and calibration from Python: the numbers of the command line, as frames."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from tests.report import boards

import normoxia as nx
from normoxia import calibration, documents, library
from normoxia.calibration.credibility import verification
from normoxia.calibration.scoring import scoreboard_json
from normoxia.cli.app import execute
from normoxia.errors import InvalidArgument, InvalidDocument, OutputExists, UnknownName
from normoxia.outcome import Endpoint, Estimate, Measure


@pytest.fixture
def validated(monkeypatch: pytest.MonkeyPatch) -> nx.ValidationResult:
    """A validation with the scoreboard of a guess, there at once."""

    def validate(**_: object) -> SimpleNamespace:
        return SimpleNamespace(
            board=boards.guess(),
            left_out={"OAK": SimpleNamespace(k=0.31, effective=812.4, refitted=False)},
            attempts=(),
            stacked={"over_pruning": SimpleNamespace(weight=0.6)},
            identifiability=(("gnet", 0.1, 0.5, 0.75), ("over_pruning", 0.2, 0.98, 0.04)),
            ensemble="e" * 64,
        )

    monkeypatch.setattr(calibration, "validate", validate, raising=False)
    return nx.validate(workers=1)


def test_a_validation_has_the_rows_of_its_scoreboard(
    validated: nx.ValidationResult, tmp_path: Path
) -> None:
    content = scoreboard_json.document(boards.guess())
    predictions = validated.predictions()
    assert predictions["study"].to_list() == [row["study"] for row in content["studies"]]
    assert predictions["observed"].to_list() == [
        row["observed"]["value"] for row in content["studies"]
    ]
    inside = predictions.filter(pl.col("inside").is_not_null())
    assert (
        inside["inside"]
        == inside["observed"].is_between(inside["predicted_low"], inside["predicted_high"])
    ).all()
    scores = validated.scores()
    assert set(scores["predictor"]) == {*content["predictors"], *content["baselines"]}
    assert validated.thresholds()["met"].to_list() == [t["met"] for t in content["thresholds"]]
    assert f"{len(content['studies'])} figures" in repr(validated)
    assert validated._repr_html_().count("<table>") == 2
    file = validated.save_json(tmp_path / "board.json")
    assert json.loads(file.read_text(encoding="utf-8")) == content
    with pytest.raises(OutputExists):
        validated.save_json(file)
    opened = nx.open_validation(file)
    assert opened.predictions().equals(predictions)
    assert opened.scores().equals(scores)
    with pytest.raises(InvalidArgument, match="read back"):
        opened.save(tmp_path / "again")
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(InvalidDocument, match="schema"):
        nx.open_validation(tmp_path / "board.json")


def test_stored_forecasts_are_those_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["forecast", "HARMONi-2", "--made", "2026-11-22", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    result = nx.forecast("harmoni 2", made="2026-11-22")
    assert json.loads(json.dumps(result.to_json())) == printed
    frame = result.frame()
    outcomes = printed["designs"][0]["outcomes"]
    assert frame["endpoint"].to_list() == [o["endpoint"] for o in outcomes]
    finite = frame["value"].replace(float("inf"), None).to_list()
    assert finite == [o["value"] for o in outcomes]
    assert len(nx.forecast().forecasts) > 1
    assert "HARMONi-2" in repr(result)
    assert "<table>" in result._repr_html_()
    with pytest.raises(UnknownName, match="HARMONi"):
        nx.forecast("HARMONi-22")


def test_a_study_that_prints_the_forecast_is_scored_at_zero() -> None:
    """A made-up study with the median of the simulated hazard ratio of survival."""
    forecast = nx.forecast("HARMONi-2")
    ratio = next(
        o
        for o in forecast.forecasts[0].outcomes
        if (o.endpoint, o.measure, o.origin) == (Endpoint.OS, Measure.HAZARD_RATIO, "simulated")
    )
    printed = replace(
        ratio, population="ITT", estimate=Estimate(ratio.estimate.value), origin="published"
    )
    study: Any = SimpleNamespace(
        id="HARMONi-2",
        identifiers=(),
        arms=tuple(
            SimpleNamespace(id=name, drugs=(drug,), n=199)
            for name, drug in (("ivo", "ivonescimab"), ("pembro", "pembrolizumab"))
        ),
        populations=(
            SimpleNamespace(id="ITT", set="ITT", strata={}, definition="all randomised", n=398),
        ),
        published=lambda: (printed,),
    )
    score = forecast.score(study)
    simulated, combined = score.frame().sort("origin", descending=True).iter_rows(named=True)
    assert (simulated["origin"], combined["origin"]) == ("simulated", "joined")
    assert simulated["published"] == combined["published"] == ratio.estimate.value
    assert (simulated["z"], simulated["inside"]) == (0.0, True)
    content = score.to_json()
    assert [one["published"]["value"] for one in content["scored"]] == [ratio.estimate.value] * 2
    assert len(content["awaited"]) > 0
    assert "of 2 figures inside" in repr(score)
    with pytest.raises(UnknownName, match="OAK"):
        forecast.score("OAK")


@pytest.mark.slow
def test_a_new_forecast_is_stored_and_read_back(tmp_path: Path) -> None:
    made = nx.make_forecast("HARMONi-7", replicates=8, seed=1)
    path = made.save(tmp_path / "forecasts.yaml")
    read = nx.open_forecast(path)
    assert read.frame().equals(made.frame())
    assert read.forecasts == made.forecasts
    assert (read.date, read.ensemble) == (made.date, made.ensemble)
    assert documents.load(path).plain()["made_with"] == made.made_with
    with pytest.raises(OutputExists):
        made.save(path)


def test_a_forecast_needs_replicates() -> None:
    with pytest.raises(InvalidArgument, match="eight"):
        nx.make_forecast("HARMONi-7", replicates=2)


def test_credibility_has_the_claims_of_its_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(verification, "CHECKS", {"units": verification.units})
    notes: list[str] = []
    result = nx.credibility(quick=True, note=notes.append)
    content = result.to_json()
    claims = result.claims()
    assert claims["status"].value_counts().sum()["count"].item() == sum(content["summary"].values())
    assert set(claims["status"]) <= {"met", "not met", "not done"}
    assert result.claims("zh")["title"].to_list() != claims["title"].to_list()
    assert result.questions()["id"].to_list() == [q["id"] for q in content["questions"]]
    assert len(notes) == 1
    assert result.save(tmp_path / "file") == tmp_path / "file" / "report.html"
    with pytest.raises(OutputExists):
        result.save(tmp_path / "file")
    opened = nx.open_credibility(tmp_path / "file")
    assert opened.claims().equals(claims)
    assert opened.questions().equals(result.questions())


@pytest.mark.parametrize("plan", [{"points": ()}, {"points": (0,)}, {"patients": 0}])
def test_a_calibration_that_cannot_be_meant_is_refused(
    plan: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(InvalidArgument, match="expected 1 or more"):
        nx.calibrate(tmp_path / "c", **plan)
    assert not (tmp_path / "c").exists()


def test_an_ensemble_is_read_back_from_its_folder(tmp_path: Path) -> None:
    shipped = library.path("calibrations", "nsclc")
    (tmp_path / "ensemble.yaml").write_bytes(shipped.read_bytes())
    opened = nx.open_calibration(tmp_path)
    draws = opened.draws()
    assert draws.shape == (opened.ensemble.n_draws, opened.ensemble.states.shape[1])
    assert draws.to_numpy() == pytest.approx(opened.ensemble.states)
    assert opened.to_json()["digest"] == opened.ensemble.digest
    assert str(opened.ensemble.n_draws) in repr(opened)
    assert "<table>" in opened._repr_html_()
