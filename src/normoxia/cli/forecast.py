"""`normoxia forecast`: planned trials under the calibrated ensemble: stored forecasts, new ones, and published results scored."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from normoxia.api.limits import LARGEST_SEED
from normoxia.cli import completion
from normoxia.cli.options import (
    Json,
    Lang,
    OldFile,
    Quiet,
    Workers,
    examples,
    file_option,
    output_file,
)
from normoxia.cli.show import Stage, print_json, progress_bar, say
from normoxia.cli.table import print_paragraph, print_table
from normoxia.errors import InvalidArgument, OutputExists

if TYPE_CHECKING:
    from normoxia.api.forecasting import ForecastResult, ForecastScore
    from normoxia.calibration.forecast import Forecast
    from normoxia.language import Language
    from normoxia.outcome import Outcome

#: the seed of the shipped forecasts
SEED = 20261122
#: characters of a digest that are printed
_DIGEST_SHOWN = 16
EXAMPLES = examples(
    "normoxia forecast",
    "normoxia forecast HARMONi-2",
    "normoxia forecast HARMONi-2 --make --replicates 20",
    "normoxia forecast --score results.yaml",
)


def forecast(
    design: Annotated[
        str | None,
        typer.Argument(
            autocompletion=completion.designs,
            help="A design, such as HARMONi-2; without one, all are listed.",
        ),
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
            "--score", help="A study document with results, to be compared with its forecast."
        ),
    ] = None,
    made: Annotated[
        str | None,
        typer.Option(
            "--made", help="The day of a stored set, such as 2026-11-22; the latest when omitted."
        ),
    ] = None,
    file: Annotated[
        Path | None, file_option("With --make: a file for the forecasts; must not exist yet.")
    ] = None,
    out: OldFile = None,
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
    """Show, make or score forecasts of planned trials, stored before their results were known."""
    import normoxia as nx
    from normoxia.calibration.fitting import ensemble
    from normoxia.language import language
    from normoxia.report.views.outdated import outdated_sentence

    text = language(lang)
    if score is not None:
        _print_score(nx.forecast(made=made).score(score), text, json=json)
        return
    if not make:
        result = nx.forecast(design, made=made)
    else:
        result = _make(design, everything, output_file(file, out), seed, replicates, workers, quiet)
    if json:
        print_json(result.to_json())
        return
    if not make:
        digest = result.ensemble[:_DIGEST_SHOWN]
        say(text.say("forecast.made", date=result.date, ensemble=digest), quiet=False)
    for one in result.forecasts:
        _show(one, text, brief=design is None)
    if sentence := outdated_sentence(ensemble.read().outdated, text):
        print_paragraph(sentence)


def _make(
    design: str | None,
    everything: bool,
    file: Path | None,
    seed: int,
    replicates: int,
    workers: int,
    quiet: bool,
) -> ForecastResult:
    """Forecast one design, or every one, and store it where asked."""
    import normoxia as nx
    from normoxia.trial.making import designs

    if not design and not everything:
        raise InvalidArgument("--make needs a design, or --all")
    if file is not None and file.exists():
        raise OutputExists(f"{file} exists; name another file with --file")
    # each protocol is a stage, taken to be as long as the others (assumed)
    chosen = [designs.design(design)] if design else designs.forecasts()
    stages = [Stage("", 1.0) for one in chosen for _ in one.protocols]
    with progress_bar(quiet=quiet, stages=stages) as progress:
        result = nx.make_forecast(
            design, seed=seed, replicates=replicates, workers=workers, progress=progress
        )
    if file is not None:
        say(f"{result.save(file)}: sha256 {result.digest}", quiet=quiet)
    return result


def _print_score(score: ForecastScore, text: Language, *, json: bool) -> None:
    from normoxia.calibration import forecast as forecasts

    if json:
        print_json(score.to_json())
        return
    compared = score.comparison
    rows = [
        (
            _what(one.predicted, text),
            _by(one.predicted.origin, text),
            _range(one.predicted),
            f"{one.published.estimate.value:g}",
            {True: "✓", False: "✗"}[one.inside],
            "–" if math.isnan(one.z) else f"{one.z:.2f}",
        )
        for one in compared.scored
    ]
    heads = [
        text.say(f"forecast.{h}") for h in ("what", "by", "predicted", "published", "inside", "z")
    ]
    print_table(f"{score.study}: {text.say('forecast.scored', date=score.date)}", heads, rows)
    for origin in ("simulated", forecasts.COMBINED):
        inside = [one.inside for one in compared.scored if one.predicted.origin == origin]
        if inside or origin == "simulated":
            by = _by(origin, text)
            say(text.say("forecast.count", by=by, inside=sum(inside), n=len(inside)), quiet=False)
    for reason in dict.fromkeys(one.reason for one in compared.left_out):
        figures = [_what(one.published, text) for one in compared.left_out if one.reason == reason]
        say(
            text.say(f"forecast.left_out.{reason}", n=len(figures), figures="; ".join(figures)),
            quiet=False,
        )
    if compared.awaited:
        say(text.say("forecast.awaited", n=len(compared.awaited)), quiet=False)


def _show(one: Forecast, text: Language, *, brief: bool) -> None:
    from normoxia.calibration import forecast as verb
    from normoxia.outcome import Measure

    shown = [o for o in one.outcomes if not brief or o.measure is Measure.HAZARD_RATIO]
    combined = {_what(o, text): _range(o) for o in shown if o.origin == verb.COMBINED}
    rows: list[tuple[str, ...]] = [
        (_what(o, text), _range(o)) for o in shown if o.origin != verb.COMBINED
    ]
    heads = [text.say("forecast.what"), text.say("forecast.predicted")]
    if combined:
        heads.append(text.say("forecast.combined"))
        rows = [(what, alone, combined.get(what, "")) for what, alone in rows]
    if rows:
        print_table(one.design, heads, rows)
    if not brief:
        if combined:
            say(text.say("forecast.combined_note"), quiet=False)
        for limit in one.limits:
            say(text.term(limit), quiet=False)


def _by(origin: str, text: Language) -> str:
    """Who predicted: the mechanism, or both combined."""
    from normoxia.calibration import forecast as verb

    return text.say("forecast.by_combined" if origin == verb.COMBINED else "forecast.by_simulated")


def _what(o: Outcome, text: Language) -> str:
    arms = f"{o.arm} / {o.comparator}" if o.comparator else o.arm
    month = "" if math.isnan(o.months) else f" {o.months:g}"
    return f"{o.population}: {o.endpoint.value} {text.say(f'measure.{o.measure.value}')}{month}, {arms}"


def _range(o: Outcome) -> str:
    def said(value: float) -> str:
        return "NR" if math.isinf(value) else f"{value:.3g}"

    e = o.estimate
    return f"{said(e.value)} ({said(e.low)}–{said(e.high)})"
