"""What workers carry out: functions of plain arguments that give values as JSON has them. `TASKS` names them.

shipped    about, catalogue, mechanism         evidence   studies, audit
first      the first screen                    documents  protocols: shown, checked, previewed
runs       finished runs of the index          questions  pooled evidence, forecasts, a user's table
figures    a figure as JSON                    pages      a report as JSON
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from normoxia.web.tasks import documents, evidence, first, questions, runs, shipped

TASKS: Mapping[str, Callable[..., Any]] = {
    "about": shipped.about,
    "audit": evidence.audit,
    "catalogue": shipped.catalogue,
    "check": documents.check,
    "forecasts": questions.forecasts,
    "first": first.changed,
    "mechanism": shipped.mechanism,
    "names": documents.names,
    "preview": documents.preview,
    "question": questions.question,
    "question_figure": questions.question_figure,
    "questions": questions.listed,
    "run": runs.show,
    "run_copies": runs.copies,
    "run_figure": runs.figure,
    "run_report": runs.report,
    "runs": runs.listed,
    "studies": evidence.studies,
    "study": evidence.study,
    "table": questions.table,
    "trial": documents.trial,
    "warm": first.warm,
}
