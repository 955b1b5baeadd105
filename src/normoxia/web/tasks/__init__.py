"""What workers carry out: functions of plain arguments that give values as JSON has them. `TASKS` names them.

shipped    about, catalogue                    evidence   studies, audit
first      the first screen                    documents  protocols: shown, checked, previewed
runs       finished runs of the index          synthesis  questions to the registry, and a table of one's own
questions  what verbs can be asked, forecasts  mechanism  the causal map and its states
figures    a figure as JSON                    pages      a report as JSON
builder    what a trial is built from
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from normoxia.web.tasks import (
    builder,
    documents,
    evidence,
    first,
    mechanism,
    questions,
    runs,
    shipped,
    synthesis,
)

TASKS: Mapping[str, Callable[..., Any]] = {
    "about": shipped.about,
    "audit": evidence.audit,
    "builder": builder.builder,
    "catalogue": shipped.catalogue,
    "check": documents.check,
    "forecasts": questions.forecasts,
    "first": first.changed,
    "mechanism": mechanism.mechanism,
    "names": documents.names,
    "play": mechanism.play,
    "preview": documents.preview,
    "evidence_questions": synthesis.questions,
    "question": synthesis.question,
    "question_figure": synthesis.question_figure,
    "questions": questions.listed,
    "run": runs.show,
    "run_copies": runs.copies,
    "run_figure": runs.figure,
    "run_report": runs.report,
    "runs": runs.listed,
    "studies": evidence.studies,
    "study": evidence.study,
    "table": synthesis.table,
    "trial": documents.trial,
    "warm": first.warm,
}
