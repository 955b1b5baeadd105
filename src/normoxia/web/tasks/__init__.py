"""What workers carry out: functions of plain arguments that give values as JSON has them. `TASKS` names them.

shipped    about, catalogue                    evidence   studies, audit
synthesis  questions of the evidence, and a table of one's own
first      the first screen                    mechanism  the causal map and its states
documents  protocols: shown, checked, previewed
runs       finished runs of the index          questions  what each verb can be asked, forecasts
figures    a figure as JSON                    pages      a report as JSON
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from normoxia.web.tasks import (
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
    "builder": documents.builder,
    "catalogue": shipped.catalogue,
    "check": documents.check,
    "forecasts": questions.forecasts,
    "first": first.changed,
    "mechanism": mechanism.mechanism,
    "names": documents.names,
    "play": mechanism.play,
    "preview": documents.preview,
    "question": synthesis.question,
    "question_figure": synthesis.question_figure,
    "questions": synthesis.questions,
    "run": runs.show,
    "run_copies": runs.copies,
    "run_figure": runs.figure,
    "run_report": runs.report,
    "runs": runs.listed,
    "studies": evidence.studies,
    "study": evidence.study,
    "table": synthesis.table,
    "trial": documents.trial,
    "verbs": questions.listed,
    "warm": first.warm,
}
