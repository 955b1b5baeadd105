"""Finished runs of the index: their list, tables, pages and figures. A run is called by its id, never by its folder."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import normoxia as nx
from normoxia.api import run_index
from normoxia.language import language
from normoxia.report.pages.run import is_fitted
from normoxia.report.views.outdated import outdated_inputs, outdated_sentence
from normoxia.web.replies import Refused
from normoxia.web.tasks import figures, pages

if TYPE_CHECKING:
    from normoxia.api.run_index import IndexedRun
    from normoxia.report.figures.figure import Figure
    from normoxia.report.pages.document import Page

#: runs that are listed, and runs and pages that stay in memory
_MOST_LISTED, _KEPT = 500, 3
#: characters in which a page says its language
_HEAD = 400


def listed() -> dict[str, Any]:
    """Past runs, the latest first."""
    return {
        "runs": [
            {
                "id": pages.run_id(run.path),
                "name": run.path.name if run.path.name != "run" else run.path.parent.name,
                "state": run.state,
                "trial": run.trial,
                "started": run.started,
                "finished": run.finished,
                "seed": run.seed,
                "replicates": run.replicates,
                "patients": run.patients,
                "calibrated": run.ensemble not in ("", "none"),
                "ablated": [tag for tag in run.ablated.split(",") if tag],
                "wall_seconds": run.wall_seconds,
                "version": run.version,
            }
            for run in run_index.listed()[:_MOST_LISTED]
        ]
    }


def show(name: str, lang: str = "en") -> dict[str, Any]:
    """A run: outcomes beside published ones, and its page as sections of text, tables and figures."""
    indexed = _found(name)
    run = _opened(str(indexed.path), indexed.finished)
    page, drawn = _drawn(str(indexed.path), indexed.finished, lang)
    numbers = {one.name: i for i, one in enumerate(drawn)}
    return {
        "id": name,
        "trial": {"id": run.trial.id, "title": run.trial.title(lang), "study": run.trial.study},
        "arms": [
            {"id": arm.id, "title": arm.titles.get(lang, arm.id), "n": arm.n}
            for arm in run.trial.arms
        ],
        "sets": [{"id": one.id, "title": one.title(lang)} for one in run.trial.sets],
        "warnings": warnings(run, lang),
        "contrasts": run.contrasts().to_dicts(),
        "outcomes": run.outcomes().to_dicts(),
        "figures": [
            {"number": i, "name": one.name, "title": one.title, "alt": one.description}
            for i, one in enumerate(drawn)
        ],
        "page": pages.view(page, numbers),
        "run": {
            "replicates": run.result.n_replicates,
            "seed": run.config.get("seed"),
            "ablated": list(run.provenance.get("ablated") or ()),
            "failed": dict(run.result.failed),
            "is_calibrated": run.trial.calibrated,
        },
    }


def figure(name: str, number: int, lang: str, theme: str) -> dict[str, Any]:
    """A figure of a run by its number in the list of `show`."""
    indexed = _found(name)
    drawn = _drawn(str(indexed.path), indexed.finished, lang)[1]
    if number >= len(drawn):
        raise Refused(404, "UnknownName", f"the run has {len(drawn)} figures")
    return figures.view(drawn[number], theme)


def copies(name: str) -> dict[str, str]:
    """The run as a link, as Python, as a command, and its protocol as YAML."""
    run = _opened(*_place(name))
    config, trial = run.config, run.trial
    ablated: Any = config.get("ablated") or ()
    known = trial.id if trial.id in nx.trials() else "mine.yaml"
    options: dict[str, Any] = {"seed": config["seed"], "replicates": config["replicates"]}
    patients: Any = config["patients_per_arm"]
    if isinstance(patients, int):
        options["patients"] = patients
    if not trial.calibrated:
        options["calibrated"] = False
    words = [f"--{key} {value}" for key, value in options.items() if key != "calibrated"]
    words += [] if trial.calibrated else ["--uncalibrated"]
    words += [f"--ablate {tag}" for tag in ablated]
    given = "".join(f", {key}={value!r}" for key, value in options.items())
    given += f", ablate={list(ablated)!r}" if ablated else ""
    return {
        "link": f"/runs/{name}",
        "python": f'import normoxia as nx\n\nrun = nx.run("{known}"{given})\nprint(run.contrasts())\n',
        "command": f"normoxia run {known} {' '.join(words)}",
        "yaml": trial.text,
    }


def report(name: str, lang: str) -> dict[str, str]:
    """The self-contained report of a run: the one in its folder where that is in the language, else drawn."""
    from normoxia.report.pages.run import html

    path, stamp = _place(name)
    kept = Path(path) / "report.html"
    if kept.is_file():
        text = kept.read_text(encoding="utf-8")
        if f'lang="{lang}"' in text[:_HEAD]:
            return {"name": f"report-{name}-{lang}.html", "html": text}
    return {"name": f"report-{name}-{lang}.html", "html": html(_drawn(path, stamp, lang)[0])}


def warnings(run: nx.Run, lang: str) -> list[str]:
    """What must be read before any number of a run."""
    text = language(lang)
    sentences = []
    if not run.trial.calibrated:
        sentences.append(text.say("run.not_calibrated"))
    elif is_fitted(run.result, run.trial):
        sentences.append(text.say("run.fitted", study=run.trial.study))
    outdated = outdated_sentence(outdated_inputs(run.result), text)
    return [*sentences, outdated] if outdated else sentences


def _place(name: str) -> tuple[str, str]:
    indexed = _found(name)
    return str(indexed.path), indexed.finished


def _found(name: str) -> IndexedRun:
    for run in run_index.listed():
        if pages.run_id(run.path) == name:
            if run.state != "finished":
                raise Refused(409, "NotDone", f"the run is {run.state}")
            return run
    raise Refused(404, "UnknownName", "there is no such run")


@functools.lru_cache(maxsize=_KEPT)
def _opened(path: str, stamp: str) -> nx.Run:  # noqa: ARG001 - a run made anew is read anew
    return nx.open_run(Path(path))


@functools.lru_cache(maxsize=2 * _KEPT)
def _drawn(path: str, stamp: str, lang: str) -> tuple[Page, tuple[Figure, ...]]:
    return _opened(path, stamp).page(lang)
