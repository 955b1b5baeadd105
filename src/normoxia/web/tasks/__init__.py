"""What workers carry out: functions of plain arguments that give values as JSON has them. `TASKS` names them.

shipped    about, catalogue                    evidence   studies, audit
first      the first screen                     mechanism  the causal map and its states
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from normoxia.web.tasks import evidence, first, mechanism, shipped

TASKS: Mapping[str, Callable[..., Any]] = {
    "about": shipped.about,
    "audit": evidence.audit,
    "catalogue": shipped.catalogue,
    "first": first.changed,
    "mechanism": mechanism.mechanism,
    "play": mechanism.play,
    "studies": evidence.studies,
    "study": evidence.study,
    "warm": first.warm,
}
