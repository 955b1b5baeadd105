"""The first screen: the finished IMpower150, and the same with another regimen, other patients or another dose."""

from __future__ import annotations

import functools
from typing import Any

import normoxia as nx
from normoxia.language import Language, language
from normoxia.outcome import Measure
from normoxia.trial.protocol import Trial
from normoxia.web import controls
from normoxia.web.controls import ControlChoice
from normoxia.web.tasks import figures, runs

#: patients of each arm and replicates of a changed run, which answers within seconds
PATIENTS, REPLICATES, SEED = 60, 8, 1


def warm(what: str) -> dict[str, str]:
    """Compile the model, so that the first change of a control does not wait for it."""
    choice = controls.DEFAULT
    nx.run(_changed(choice), patients=2, replicates=REPLICATES, seed=SEED, workers=1)
    return {"warm": what}


def changed(regimen: str, population: str, dose: str, lang: str, theme: str) -> dict[str, Any]:
    """The trial with other controls, on few patients, in the shape of the stored one."""
    choice = ControlChoice(regimen=regimen, population=population, dose=dose)
    run = _run(choice)
    drawn = payload(run, choice, run.trial.sets[0].id, lang)
    return {
        **drawn,
        "figures": {
            key: figures.in_other_theme(one, theme) for key, one in drawn["figures"].items()
        },
    }


def payload(run: nx.Run, choice: ControlChoice, population: str, lang: str) -> dict[str, Any]:
    """What the first screen shows of a run, figures in the light theme.

    Parameters
    ----------
    run
        Of IMpower150, or of a change of it.
    choice
        The controls.
    population
        The analysis set of the run that is shown.
    lang
        "en" or "zh".
    """
    text = language(lang)
    arm = controls.arm_of(choice)
    rows = [row for row in run.contrasts().iter_rows(named=True) if row["population"] == population]
    own = next(one for one in run.trial.sets if one.id == population)
    return {
        "trial": {"id": run.trial.id, "title": run.trial.title(lang)},
        "controls": controls.listed(lang),
        "chosen": {"regimen": choice.regimen, "population": choice.population, "dose": choice.dose},
        "population": {"id": population, "title": own.title(lang)},
        "arms": [
            {"id": one.id, "title": one.titles.get(lang, one.id), "n": one.n}
            for one in run.trial.arms
        ],
        "answer": _answer(run, rows, arm, text),
        "contrasts": rows,
        "outcomes": [
            row
            for row in run.outcomes().iter_rows(named=True)
            if row["population"] == population and row["measure"] != Measure.HAZARD_RATIO
        ],
        "warnings": runs.warnings(run, lang),
        "figures": {
            f"km_{endpoint.lower()}": figures.view(
                run.plot("km", endpoint=endpoint, population=population, lang=lang)
            )
            for endpoint in ("PFS", "OS")
        },
        "run": {
            "patients": sum(one.n for one in run.trial.arms),
            "replicates": run.result.n_replicates,
            "seed": run.config["seed"],
            "ensemble": run.config["ensemble"],
        },
        "copy": controls.copies(choice, run.trial, PATIENTS, REPLICATES),
    }


def _answer(run: nx.Run, rows: list[dict[str, Any]], arm: str, text: Language) -> str:
    """The two hazard ratios of the chosen regimen against the last arm, in a sentence, and what was published."""
    control = run.trial.contrasts[0].control
    chosen = {
        row["endpoint"]: row
        for row in rows
        if (row["experimental"], row["control"]) == (arm, control)
    }
    parts = []
    for endpoint in ("PFS", "OS"):
        if endpoint not in chosen:
            continue
        row = chosen[endpoint]
        values = {key: _interval(row, key, text) for key in ("", "published_")}
        key = "web.ratio_published" if row["published"] is not None else "web.ratio"
        parts.append(
            text.say(
                key, endpoint=endpoint, value=values[""], published=values["published_"] or "–"
            )
        )
    return text.say(
        "web.answer",
        experimental=arm,
        control=control,
        ratios=text.say("pool.semicolon").join(parts),
    )


def _interval(row: dict[str, Any], kind: str, text: Language) -> str:
    value = row["value"] if not kind else row["published"]
    if value is None:
        return ""
    numbers = [
        text.number(end, 2)
        for end in (value, row[f"{kind}low"], row[f"{kind}high"])
        if end is not None
    ]
    if len(numbers) < 3:
        return numbers[0]
    return text.say("number.interval", value=numbers[0], low=numbers[1], high=numbers[2])


@functools.lru_cache(maxsize=16)
def _run(choice: ControlChoice) -> nx.Run:
    return nx.run(_changed(choice), patients=PATIENTS, replicates=REPLICATES, seed=SEED, workers=1)


def _changed(choice: ControlChoice) -> Trial:
    return controls.changed(nx.read_trial(controls.TRIAL), choice)
