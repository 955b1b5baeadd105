"""Forecasts: made the same again, kept from change, and scored when results come."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import pytest

from normoxia import evidence, library
from normoxia.calibration import ensemble, forecast
from normoxia.errors import InvalidArgument, InvalidDocument, UnknownName
from normoxia.outcome import Endpoint, Measure
from normoxia.trial import designs

DOCS = Path(__file__).parents[2] / "docs" / "method" / "forecasts.md"


def test_every_design_is_forecast_and_the_digest_stands_in_the_docs() -> None:
    stored = forecast.read()
    assert {f.design for f in stored.forecasts} == {d.id for d in designs.forecasts() if not d.refused}
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
    small = [forecast.forecast(one, calibrated, 5, replicates=8, workers=workers) for workers in (1, 2)]
    assert small[0] == small[1]
    (tmp_path / "one.yaml").write_text(
        forecast.document(small[:1], calibrated, 5, 8, "2026-11-22"), encoding="utf-8"
    )
    again = forecast.read(tmp_path / "one.yaml").of("ssgj 707 phase2 mono")
    assert again.digest == small[0].digest
    assert [o.estimate.value for o in again.outcomes] == [o.estimate.value for o in small[0].outcomes]


def test_fewer_than_eight_trials_make_no_forecast() -> None:
    with pytest.raises(InvalidArgument, match="eight or more"):
        forecast.forecast(designs.design("HARMONi-7"), ensemble.read(), 1, replicates=7)


def test_results_are_scored_on_the_scale_of_the_forecast() -> None:
    """A published ratio at the upper end of a 95 % interval lies 1.96 standard deviations out."""
    foreseen = next(
        o for f in forecast.read().forecasts for o in f.outcomes
        if o.measure is Measure.HAZARD_RATIO and o.endpoint is Endpoint.PFS
    )  # fmt: skip
    e = foreseen.estimate
    high = type(foreseen)(**{**_fields(foreseen), "estimate": type(e)(e.high)})
    scored = forecast._scored(foreseen, high)
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
        forecast.score(forecast.read(), evidence.registry()["OAK"])
