"""What workers carry out: functions of plain arguments that give values as JSON has them. `TASKS` names them.

shipped    about, catalogue, mechanism         evidence   studies, audit
first      the first screen
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from normoxia.web.tasks import documents, evidence, first, runs, shipped

TASKS: Mapping[str, Callable[..., Any]] = {
    "about": shipped.about,
    "audit": evidence.audit,
    "catalogue": shipped.catalogue,
    "check": documents.check,
    "first": first.changed,
    "mechanism": shipped.mechanism,
    "names": documents.names,
    "preview": documents.preview,
    "run": runs.show,
    "run_copies": runs.copies,
    "run_figure": runs.figure,
    "run_report": runs.report,
    "runs": runs.listed,
    "studies": evidence.studies,
    "study": evidence.study,
    "trial": documents.trial,
    "warm": first.warm,
}
