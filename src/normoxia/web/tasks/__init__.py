"""What workers carry out: functions of plain arguments that give values as JSON has them. `TASKS` names them.

shipped    about, catalogue, mechanism         evidence   studies, audit
first      the first screen
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from normoxia.web.tasks import evidence, first, shipped

TASKS: Mapping[str, Callable[..., Any]] = {
    "about": shipped.about,
    "audit": evidence.audit,
    "catalogue": shipped.catalogue,
    "first": first.changed,
    "mechanism": shipped.mechanism,
    "studies": evidence.studies,
    "study": evidence.study,
    "warm": first.warm,
}
