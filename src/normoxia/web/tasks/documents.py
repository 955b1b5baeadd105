"""Protocols: a shipped one as text, the check of a text, and what it would do before it is run."""

from __future__ import annotations

import functools
import math
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import normoxia as nx
from normoxia import library, population
from normoxia.api.plan import REPLICATES
from normoxia.api.translation import finding_text
from normoxia.language import Language, language
from normoxia.population.covariates import Levels, Quantiles
from normoxia.population.table_one import table_one
from normoxia.survival.data import DAYS_PER_MONTH
from normoxia.trial import runner
from normoxia.web import confined, controls
from normoxia.web.replies import refusal, without_folders

if TYPE_CHECKING:
    from normoxia.population import Population
    from normoxia.trial.protocol import Arm, Trial

#: virtual patients of the table of a preview
_PREVIEWED = 400
#: doses that a timeline lists one by one
_MOST_DOSES = 120
_LINE = re.compile(r"^[^:\n]*\.(?:yaml|csv):(\d+)")


def trial(name: str, lang: str = "en") -> dict[str, Any]:
    """A trial by name: its document, and what it does."""
    chosen = nx.read_trial(name)
    return {
        "id": chosen.id,
        "title": chosen.title(lang),
        "document": chosen.text,
        "study": chosen.study,
        "notes": list(chosen.notes),
        **_protocol(chosen, lang),
    }


def check(text: str, lang: str = "en") -> dict[str, Any]:
    """Every finding in a text, as `normoxia check` lists them."""
    speech = language(lang)
    with _file(text) as path:
        try:
            confined.refuse_files(text)
            checked = nx.check(path)
        except Exception as error:  # noqa: BLE001 - what is not the library's own is raised again
            refused = refusal(error)
            lines = refused.findings or (refused.message,)
            return {"findings": [_finding(line) for line in lines]}
    details = {str(one): one for one in checked.details}
    findings = []
    for line in checked.findings:
        one = details.get(line)
        shown = finding_text(one, speech) if one else line
        findings.append(
            _finding(shown, key=one.place.key if one else "", line=one.place.line if one else 0)
        )
    findings += [_finding(line, severity="question") for line in checked.questions]
    return {"findings": findings}


def builder(lang: str = "en") -> dict[str, Any]:
    """What a protocol is made of: drugs with their label doses, and covariates with levels."""
    text = language(lang)
    drugs = [nx.read_drug(name) for name in nx.drugs()]
    patients = nx.read_population("advanced-nsclc")
    return {
        "drugs": [
            {
                "id": one.name,
                "title": one.names.get(lang, one.name),
                "class": text.term(one.drug_class),
                "kind": text.term(one.kind),
                "targets": list(one.targets),
                "labels": [label.text for label in one.labels],
            }
            for one in drugs
        ],
        "covariates": [
            {
                "id": one.name,
                "title": text.term(one.title or one.name),
                "levels": [
                    {"id": level, "title": text.term(level), "share": 100.0 * share}
                    for level, share in one.law.shares.items()
                ],
            }
            for one in patients.covariates
            if isinstance(one.law, (Levels, Quantiles))
        ],
    }


def preview(text: str, lang: str = "en", replicates: int = REPLICATES) -> dict[str, Any]:
    """What a protocol would do: doses over time, its patients, how long its run takes."""
    with _file(text) as path:
        confined.refuse_files(text)
        chosen = nx.read_trial(path)
        patients = _patients(chosen)
    speech = language(lang)
    n_patients = sum(arm.n for arm in chosen.arms) * replicates
    return {
        **_protocol(chosen, lang),
        "table_one": _table_one(chosen, patients, speech),
        "acceptance": {
            "accepted": patients.acceptance.accepted,
            "drawn": patients.acceptance.drawn,
        },
        "estimate": {
            "patients": n_patients,
            "seconds": round(n_patients * chosen.horizon * _seconds_per_patient_day() + 5, 0),
        },
    }


def _protocol(chosen: Trial, lang: str) -> dict[str, Any]:
    scans = chosen.visits.days(chosen.horizon)
    return {
        "arms": [
            {
                "id": arm.id,
                "title": arm.titles.get(lang) or arm.titles.get("en", arm.id),
                "n": arm.n,
                "timeline": list(_timeline(arm, chosen.horizon)),
                "next_lines": [
                    {"title": line.title, "regimen": str(line.regimen)} for line in arm.next_lines
                ],
            }
            for arm in chosen.arms
        ],
        "population": {
            "document": chosen.population.name,
            "eligibility": str(chosen.eligibility),
            "covariates": [
                {"id": one.name, "title": one.title or one.name, "unit": one.unit}
                for one in chosen.population.covariates
            ],
        },
        "visits": {"days": [float(day) for day in scans[:200]], "window": chosen.visits.window},
        "endpoints": {
            "accrual": chosen.follow_up.accrual / DAYS_PER_MONTH,
            "progression_cut": chosen.follow_up.progression_cut / DAYS_PER_MONTH,
            "survival_cut": chosen.follow_up.survival_cut / DAYS_PER_MONTH,
            "horizon": chosen.horizon / DAYS_PER_MONTH,
        },
        "sets": [{"id": one.id, "title": one.title(lang)} for one in chosen.sets],
        "contrasts": [
            {"experimental": one.experimental, "control": one.control} for one in chosen.contrasts
        ],
    }


def _timeline(arm: Arm, horizon: float) -> Iterator[dict[str, Any]]:
    """The courses of an arm: dose, first and last day, and the days of its doses as far as a picture has room."""
    for course in arm.regimen.courses:
        dose = course.dose
        days = course.times(0.0, min(course.end, horizon))
        yield {
            "drug": dose.drug,
            "amount": dose.amount,
            "basis": dose.basis,
            "route": dose.route,
            "from": course.start,
            "to": course.end if math.isfinite(course.end) else None,
            "cycle_days": course.cycle_days,
            "doses": len(days),
            "days": [float(day) for day in days[:_MOST_DOSES]],
        }


def _patients(chosen: Trial) -> Population:
    model = runner.compose(chosen)
    return population.sample(
        chosen.population, model, _PREVIEWED, 1, eligibility=chosen.eligibility
    )


def _table_one(chosen: Trial, patients: Population, speech: Language) -> list[dict[str, Any]]:
    """Every covariate of the virtual patients, then the lines with a published value."""
    rows = []
    for one in chosen.population.covariates:
        values = patients.covariates[one.name]
        row: dict[str, Any] = {
            "id": one.name,
            "title": speech.term(one.title or one.name),
            "unit": one.unit,
        }
        if values.dtype.kind in "UOS" or set(np.unique(values).tolist()) <= {0, 1}:
            levels, counts = np.unique(values.astype(str), return_counts=True)
            row["levels"] = {
                str(level): round(100.0 * float(count) / len(values), 1)
                for level, count in zip(levels, counts, strict=True)
            }
        else:
            low, middle, high = (
                float(q) for q in np.quantile(values.astype(float), [0.25, 0.5, 0.75])
            )
            row |= {"median": middle, "low": low, "high": high}
        rows.append(row)
    published = [
        {
            "title": speech.term(line.title),
            "simulated": line.simulated,
            "published": line.published,
            "difference": line.difference,
        }
        for line in table_one(patients, chosen.baseline)
    ]
    return [*rows, *published]


@functools.cache
def _seconds_per_patient_day() -> float:
    """How long one virtual patient takes for one day on this machine, measured on a small run of the shipped trial."""
    shipped = nx.read_trial(controls.TRIAL)
    began = time.perf_counter()
    nx.run(shipped, patients=4, replicates=8, workers=1)
    first = time.perf_counter() - began
    began = time.perf_counter()
    nx.run(shipped, patients=24, replicates=8, workers=1)
    second = time.perf_counter() - began
    patients = 20 * 8 * len(shipped.arms)
    return max(second - first, 0.05 * second) / (patients * shipped.horizon)


def _finding(text: str, *, key: str = "", line: int = 0, severity: str = "error") -> dict[str, Any]:
    match = _LINE.match(text)
    shown = without_folders(text)
    head = re.compile(r"^document\.yaml(?::\d+)?: ")
    return {
        "line": line or (int(match[1]) if match else 0),
        "key": key,
        "message": head.sub("", shown).removeprefix(f"{key}: ") if key else head.sub("", shown),
        "severity": severity,
    }


@contextmanager
def _file(text: str) -> Iterator[Path]:
    """A text as a file in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="normoxia-") as folder:
        path = Path(folder) / "document.yaml"
        path.write_text(text, encoding="utf-8")
        yield path


def names(verb: str) -> list[str]:
    """Names of the library that a verb takes."""
    from normoxia.web.jobs.verbs import VERBS

    return list(library.names(VERBS[verb].kind))
