"""Forecasts: made the same again, kept from change, and scored when results come."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from normoxia import evidence, library
from normoxia.calibration import forecast, forecast_scoring
from normoxia.calibration.fitting import ensemble
from normoxia.errors import InvalidArgument, InvalidDocument, UnknownName
from normoxia.outcome import Endpoint, Estimate, Measure, Outcome
from normoxia.trial.combined import CombinedRatio
from normoxia.trial.making import designs

DOCS = Path(__file__).parents[2] / "docs" / "method" / "forecasts.md"


def test_every_design_is_forecast_and_the_digest_stands_in_the_docs() -> None:
    stored = forecast.read()
    assert {f.design for f in stored.forecasts} == {
        d.id for d in designs.forecasts() if not d.refused
    }
    path = library.path("calibrations", forecast.stored()[-1])
    assert hashlib.sha256(path.read_bytes()).hexdigest() in DOCS.read_text(encoding="utf-8")
    # forecasts outlive the ensemble that made them; it stays named
    assert len(stored.ensemble) == 64


def test_protocols_are_still_those_that_were_forecast() -> None:
    for one in forecast.read().forecasts:
        for name in designs.design(one.design).protocols:
            text = designs.read(name).text
            assert hashlib.sha256(text.encode()).hexdigest() in one.protocol_sha256.values(), name


def test_designs_that_tell_ratios_alone_are_forecast_so() -> None:
    alone = {d.id for d in designs.forecasts() if d.ratios_only}
    assert alone
    for one in forecast.read().forecasts:
        measures = {o.measure for o in one.outcomes}
        assert (measures == {Measure.HAZARD_RATIO}) is (one.design in alone)


def test_a_forecast_changed_afterwards_is_found(tmp_path: Path) -> None:
    text = library.path("calibrations", forecast.stored()[-1]).read_text(encoding="utf-8")
    at = text.index("value: ")
    digit = next(i for i in range(at, at + 20) if text[i].isdigit() and text[i] != "0")
    changed = text[:digit] + str((int(text[digit]) % 9) + 1) + text[digit + 1 :]
    (tmp_path / "changed.yaml").write_text(changed, encoding="utf-8")
    with pytest.raises(InvalidDocument, match="does not match its digest"):
        forecast.read(tmp_path / "changed.yaml")


def test_a_forecast_is_the_same_again_and_reads_back(tmp_path: Path) -> None:
    calibrated = ensemble.read()
    one = designs.design("SSGJ-707-phase2-mono")
    small = [
        forecast.forecast(one, calibrated, 5, replicates=8, workers=workers) for workers in (1, 2)
    ]
    assert small[0] == small[1]
    (tmp_path / "one.yaml").write_text(
        forecast.document(small[:1], calibrated, 5, 8, "2026-11-22"), encoding="utf-8"
    )
    again = forecast.read(tmp_path / "one.yaml").of("ssgj 707 phase2 mono")
    assert again.digest == small[0].digest
    assert [o.estimate.value for o in again.outcomes] == [
        o.estimate.value for o in small[0].outcomes
    ]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], forecast.Forecast]:
    """Makes a forecast with eight patients in each arm."""

    def made(name: str) -> forecast.Forecast:
        return forecast.forecast(designs.design(name), ensemble.read(), 5, replicates=8)

    read = designs.read
    monkeypatch.setattr(designs, "read", lambda name: read(name).with_patients(8))
    return made


def test_each_hazard_ratio_is_forecast_twice_and_reads_back(
    small: Callable, tmp_path: Path
) -> None:
    one = small("HARMONi-2")
    ratios = [o for o in one.outcomes if o.measure is Measure.HAZARD_RATIO]
    assert [(o.endpoint, o.origin) for o in ratios] == [
        (endpoint, origin)
        for endpoint in (Endpoint.PFS, Endpoint.OS)
        for origin in ("simulated", forecast.COMBINED)
    ]
    assert all(o.origin == "simulated" for o in one.outcomes if o not in ratios)
    path = tmp_path / "one.yaml"
    path.write_text(forecast.document([one], ensemble.read(), 5, 8), encoding="utf-8")
    assert [repr(o) for o in forecast.read(path).of("HARMONi-2").outcomes] == [
        repr(o) for o in one.outcomes
    ]
    # the mark is part of what the digest holds
    path.write_text(
        path.read_text(encoding="utf-8").replace("origin: joined", "origin: simulated"),
        encoding="utf-8",
    )
    with pytest.raises(InvalidDocument, match="does not match its digest"):
        forecast.read(path)


def test_a_forecast_says_where_no_components_were_joined(small: Callable) -> None:
    """Of the designs every pair of components is identified now, so one that is not is made up."""
    assert small("HARMONi-2").limits == designs.design("HARMONi-2").limits
    value = Estimate(0.8, 0.6, 1.0)
    simulated = Outcome(
        "t", "ITT", Endpoint.OS, Measure.HAZARD_RATIO, value, "a", "b", origin="simulated"
    )
    one = CombinedRatio(simulated, value, value, "class_mean", "other")
    assert any("class of comparison stands in" in limit for limit in forecast._stand_ins([one]))
    assert (
        forecast._stand_ins([replace(one, way="by_class"), replace(one, by="component_nma")]) == []
    )


def test_cohorts_taken_together_are_joined_once(small: Callable) -> None:
    one = small("PF-08634404-NSCLC-1L")
    assert sum(o.origin == forecast.COMBINED for o in one.outcomes) == 2


def test_both_predictions_of_a_ratio_are_scored(small: Callable) -> None:
    """A made-up study that prints the middle of the simulated interval: half a miss for neither, 0 for the mechanism."""
    one = small("HARMONi-2")
    simulated = next(o for o in one.outcomes if o.measure is Measure.HAZARD_RATIO)
    printed = replace(
        simulated, population="ITT", estimate=Estimate(simulated.estimate.value), origin="published"
    )
    made_up = _printing(printed)
    held = forecast.Forecasts("2026-11-29", "", {}, (one,))
    mechanism, joined = forecast_scoring.score_study(held, made_up).scored
    assert (mechanism.predicted.origin, joined.predicted.origin) == ("simulated", forecast.COMBINED)
    assert mechanism.z == 0.0
    both = joined.predicted.estimate
    reach = (math.log(both.high) - math.log(both.low)) / (2 * 1.959964)
    assert joined.z == pytest.approx(
        (math.log(printed.estimate.value) - math.log(both.value)) / reach
    )


def _printing(*printed: Outcome, **other: object) -> SimpleNamespace:
    """A study of the design HARMONi-2 that prints some figures."""
    arms = tuple(SimpleNamespace(id=name, drugs=(drug,), n=199) for name, drug in _ARMS)
    populations = (
        SimpleNamespace(id="ITT", set="ITT", strata={}, definition="all randomised", n=398),
    )
    parts = {"id": "HARMONi-2", "identifiers": (), "arms": arms, "populations": populations}
    return SimpleNamespace(**(parts | other), published=lambda: printed)


_ARMS = (("ivo", "ivonescimab"), ("pembro", "pembrolizumab"))


def _foreseen() -> Outcome:
    """A stored hazard ratio, as a study could print it of everybody."""
    kept = forecast.read().of("HARMONi-2").outcomes
    ratio = next(o for o in kept if o.measure is Measure.HAZARD_RATIO and o.origin == "simulated")
    return replace(ratio, population="ITT", estimate=Estimate(0.7), origin="published")


def test_a_stratum_is_not_held_against_the_forecast_of_everybody() -> None:
    whole = _foreseen()
    stratum = replace(whole, population="squamous", estimate=Estimate(0.1))
    held = forecast_scoring.score_study(forecast.read(), _printing(stratum, whole))
    assert {s.published for s in held.scored} == {whole}
    assert [(one.published, one.reason) for one in held.left_out] == [(stratum, "other_patients")]
    n_foreseen = sum(o.origin == "simulated" for o in forecast.read().of("HARMONi-2").outcomes)
    assert len(held.awaited) == n_foreseen - 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"months": 99.0, "measure": Measure.LANDMARK_PERCENT, "comparator": ""}, "not_foreseen"),
        ({"arm": "pembro", "comparator": "ivo"}, "turned"),
        ({"estimate": Estimate(math.inf)}, "no_number"),
        ({"population": "PP"}, "other_patients"),
    ],
)
def test_what_is_left_out_of_a_score_is_said(change: dict, reason: str) -> None:
    whole = _foreseen()
    other = Endpoint.OS if whole.endpoint is Endpoint.PFS else Endpoint.PFS
    odd = replace(whole, endpoint=other, **change)
    held = forecast_scoring.score_study(forecast.read(), _printing(whole, odd))
    assert [one.reason for one in held.left_out] == [reason]


def test_a_study_without_a_figure_that_was_foreseen_is_refused() -> None:
    with pytest.raises(
        InvalidArgument, match="prints no figure of the patients, endpoints and months predicted"
    ):
        forecast_scoring.score_study(
            forecast.read(), _printing(replace(_foreseen(), population="squamous"))
        )
    with pytest.raises(InvalidArgument, match="it prints none"):
        forecast_scoring.score_study(forecast.read(), _printing())


def test_arms_that_are_not_those_foreseen_are_refused() -> None:
    renamed = (
        SimpleNamespace(id="A", drugs=("ivonescimab",), n=1),
        SimpleNamespace(id="pembro", drugs=(), n=1),
    )
    with pytest.raises(
        InvalidArgument, match="has the arms A, pembro; the forecast has ivo, pembro"
    ):
        forecast_scoring.score_study(forecast.read(), _printing(_foreseen(), arms=renamed))
    swapped = tuple(
        SimpleNamespace(id=name, drugs=(drug,), n=1)
        for (name, _), (_, drug) in zip(_ARMS, reversed(_ARMS), strict=True)
    )
    with pytest.raises(InvalidArgument, match='arm "ivo" of study "HARMONi-2" gives pembrolizumab'):
        forecast_scoring.score_study(forecast.read(), _printing(_foreseen(), arms=swapped))


def test_fewer_than_eight_trials_make_no_forecast() -> None:
    with pytest.raises(InvalidArgument, match="eight or more"):
        forecast.forecast(designs.design("HARMONi-7"), ensemble.read(), 1, replicates=7)


def test_results_are_scored_on_the_scale_of_the_forecast() -> None:
    """A published ratio at the upper end of a 95 % interval lies 1.96 standard deviations out."""
    foreseen = next(
        o
        for f in forecast.read().forecasts
        for o in f.outcomes
        if o.measure is Measure.HAZARD_RATIO and o.endpoint is Endpoint.PFS
    )
    e = foreseen.estimate
    high = type(foreseen)(**{**_fields(foreseen), "estimate": type(e)(e.high)})
    scored = forecast_scoring._scored(foreseen, high)
    middle = (math.log(e.high) + math.log(e.low)) / 2
    # three printed digits: the ends are a per cent or so off symmetry
    assert scored.z == pytest.approx(
        1.96 * (math.log(e.high) - math.log(e.value)) / (math.log(e.high) - middle), rel=0.02
    )
    assert scored.inside


def _fields(o: object) -> dict[str, object]:
    return {name: getattr(o, name) for name in o.__dataclass_fields__}  # type: ignore[attr-defined]


def test_a_study_that_is_no_design_is_refused() -> None:
    with pytest.raises(UnknownName):
        forecast_scoring.score_study(forecast.read(), evidence.registry()["OAK"])
