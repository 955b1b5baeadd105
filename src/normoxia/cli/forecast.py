"""`normoxia forecast`: what the calibrated ensemble foresees of planned trials, as stored, made anew, or scored."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from normoxia.cli.options import LARGEST_SEED, Json, Lang, Quiet, Workers, worker_count
from normoxia.cli.show import plain, print_json, progress_bar, say
from normoxia.cli.table import print_paragraph, print_table
from normoxia.errors import InvalidArgument, OutputExists

if TYPE_CHECKING:
    from normoxia.calibration.fitting.ensemble import Ensemble
    from normoxia.calibration.forecast import Forecast, Forecasts
    from normoxia.calibration.forecast_scoring import ForecastScore
    from normoxia.language import Language
    from normoxia.outcome import Outcome

#: the seed of the shipped forecasts
SEED = 20261122


def forecast(
    design: Annotated[
        str | None, typer.Argument(help="A design, such as HARMONi-2; without one, all are listed.")
    ] = None,
    make: Annotated[
        bool,
        typer.Option(
            "--make", help="Run it now under the ensemble instead of showing what is stored."
        ),
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="With --make: every design; half an hour on two cores.")
    ] = False,
    score: Annotated[
        Path | None,
        typer.Option(
            "--score", help="A study document with results, to be held against its forecast."
        ),
    ] = None,
    made: Annotated[
        str | None,
        typer.Option(
            "--made", help="The day of a stored set, such as 2026-11-22; the latest when omitted."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="With --make: a file for the forecasts; must not exist yet."),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            min=0,
            max=LARGEST_SEED,
            help="Same seed, same forecasts, for any number of workers.",
        ),
    ] = SEED,
    replicates: Annotated[
        int, typer.Option("--replicates", help="Possible trials a forecast is read from.")
    ] = 40,
    workers: Workers = 0,
    lang: Lang = "en",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show, make or score forecasts of planned trials, made before their results were known."""
    from normoxia.calibration import forecast as verb
    from normoxia.calibration.fitting import ensemble
    from normoxia.language import language

    speech = language(lang)
    if score is not None:
        _score(verb.read(verb.of_day(made)), score, speech, json)
        return
    if make:
        _make(design, everything, out, seed, replicates, worker_count(workers), speech, json, quiet)
        return
    found = verb.read(verb.of_day(made))
    chosen = [found.of(design)] if design else list(found.forecasts)
    if json:
        print_json(_plain(found, chosen))
        return
    say(speech.say("forecast.made", date=found.date, ensemble=found.ensemble[:16]), quiet=False)
    for one in chosen:
        _show(one, speech, brief=design is None)
    _say_outdated(ensemble.read(), speech)


def _say_outdated(calibrated: Ensemble, speech: Language) -> None:
    """Print one sentence when the ensemble was fitted to an older model."""
    from normoxia.report.views.outdated import outdated_sentence

    sentence = outdated_sentence(calibrated.outdated, speech)
    if sentence:
        print_paragraph(sentence)


def _make(
    design: str | None,
    everything: bool,
    out: Path | None,
    seed: int,
    replicates: int,
    workers: int,
    speech: Language,
    json: bool,
    quiet: bool,
) -> None:
    from normoxia.calibration import forecast as verb
    from normoxia.calibration.fitting import ensemble
    from normoxia.trial.folder import write_whole
    from normoxia.trial.making import designs

    if not design and not everything:
        raise InvalidArgument("--make needs a design, or --all")
    if out is not None and out.exists():
        raise OutputExists(f"{out} exists; name another file with --out")
    calibrated = ensemble.read()
    chosen = [designs.design(design)] if design else []
    with progress_bar(quiet=quiet) as progress:
        made = verb.all_of(
            calibrated,
            seed,
            replicates=replicates,
            workers=workers,
            chosen=chosen,
            progress=progress,
        )
    text = verb.document(made, calibrated, seed, replicates)
    if out is not None:
        write_whole(out, text.encode())
        say(f"{out}: sha256 {hashlib.sha256(text.encode()).hexdigest()}", quiet=quiet)
    if json:
        print_json(
            {
                "schema": verb.SCHEMA,
                "ensemble_outdated": list(calibrated.outdated),
                "designs": [_forecast(one) for one in made],
            }
        )
        return
    for one in made:
        _show(one, speech, brief=design is None)
    _say_outdated(calibrated, speech)


def _score(forecasts: Forecasts, path: Path, speech: Language, json: bool) -> None:
    from normoxia import evidence
    from normoxia.calibration import forecast as verb
    from normoxia.calibration import forecast_scoring

    study = evidence.read(path)
    held = forecast_scoring.score_study(forecasts, study)
    scored = held.scored
    if json:
        print_json(
            {
                "schema": "normoxia.forecast-score/1",
                "study": study.id,
                "forecast_date": forecasts.date,
                "scored": [_judged(one) for one in scored],
                "left_out": [
                    {"published": plain(_outcome(one.published)), "reason": one.reason}
                    for one in held.left_out
                ],
                "awaited": [plain(_outcome(one)) for one in held.awaited],
            }
        )
        return
    rows = [
        (
            _what(s.predicted, speech),
            _by(s.predicted.origin, speech),
            _range(s.predicted),
            f"{s.published.estimate.value:g}",
            {True: "✓", False: "✗"}[s.inside],
            "–" if math.isnan(s.z) else f"{s.z:.2f}",
        )
        for s in scored
    ]
    heads = [
        speech.say(f"forecast.{h}") for h in ("what", "by", "predicted", "published", "inside", "z")
    ]
    print_table(f"{study.id}: {speech.say('forecast.scored', date=forecasts.date)}", heads, rows)
    for origin in ("simulated", verb.COMBINED):
        own = [s.inside for s in scored if s.predicted.origin == origin]
        if own or origin == "simulated":
            by = _by(origin, speech)
            say(speech.say("forecast.count", by=by, inside=sum(own), n=len(own)), quiet=False)
    for reason in dict.fromkeys(one.reason for one in held.left_out):
        figures = [_what(one.published, speech) for one in held.left_out if one.reason == reason]
        say(
            speech.say(f"forecast.left_out.{reason}", n=len(figures), figures="; ".join(figures)),
            quiet=False,
        )
    if held.awaited:
        say(speech.say("forecast.awaited", n=len(held.awaited)), quiet=False)


def _show(one: Forecast, speech: Language, *, brief: bool) -> None:
    from normoxia.calibration import forecast as verb
    from normoxia.outcome import Measure

    shown = [o for o in one.outcomes if not brief or o.measure is Measure.HAZARD_RATIO]
    joined = {_what(o, speech): _range(o) for o in shown if o.origin == verb.COMBINED}
    rows: list[tuple[str, ...]] = [
        (_what(o, speech), _range(o)) for o in shown if o.origin != verb.COMBINED
    ]
    heads = [speech.say("forecast.what"), speech.say("forecast.predicted")]
    if joined:
        heads.append(speech.say("forecast.combined"))
        rows = [(what, alone, joined.get(what, "")) for what, alone in rows]
    if rows:
        print_table(one.design, heads, rows)
    if not brief:
        if joined:
            say(speech.say("forecast.combined_note"), quiet=False)
        for limit in one.limits:
            say(speech.phrase(limit), quiet=False)


def _by(origin: str, speech: Language) -> str:
    from normoxia.calibration import forecast as verb

    return speech.say(
        "forecast.by_combined" if origin == verb.COMBINED else "forecast.by_simulated"
    )


def _what(o: Outcome, speech: Language) -> str:
    arms = f"{o.arm} / {o.comparator}" if o.comparator else o.arm
    month = "" if math.isnan(o.months) else f" {o.months:g}"
    return f"{o.population}: {o.endpoint.value} {speech.say(f'measure.{o.measure.value}')}{month}, {arms}"


def _range(o: Outcome) -> str:
    def said(value: float) -> str:
        return "NR" if math.isinf(value) else f"{value:.3g}"

    e = o.estimate
    return f"{said(e.value)} ({said(e.low)}–{said(e.high)})"


def _plain(forecasts: Forecasts, chosen: list[Forecast]) -> dict[str, object]:
    from normoxia.calibration import forecast as verb
    from normoxia.calibration.fitting import ensemble

    return {
        "schema": verb.SCHEMA,
        "date": forecasts.date,
        "ensemble_sha256": forecasts.ensemble,
        "ensemble_outdated": list(ensemble.read().outdated),
        "made_with": dict(forecasts.made_with),
        "designs": [_forecast(one) for one in chosen],
    }


def _forecast(one: Forecast) -> dict[str, object]:
    return {
        "design": one.design,
        "limits": list(one.limits),
        "sha256": one.digest,
        "outcomes": [plain(_outcome(o)) for o in one.outcomes],
    }


def _outcome(o: Outcome) -> dict[str, object]:
    e = o.estimate
    return {
        "population": o.population,
        "endpoint": o.endpoint.value,
        "measure": o.measure.value,
        "arm": o.arm,
        "comparator": o.comparator,
        "months": o.months,
        "value": e.value,
        "interval": [e.low, e.high],
        "n": o.n,
        "origin": o.origin,
    }


def _judged(s: ForecastScore) -> dict[str, object]:
    published = s.published.estimate
    return {
        "foreseen": plain(_outcome(s.predicted)),
        "published": plain({"value": published.value, "interval": [published.low, published.high]}),
        "inside95": s.inside,
        "z": plain(s.z),
        "crps": plain(s.crps),
    }
