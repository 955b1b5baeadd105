"""Published evidence: a registry that quotes, an audit that finds, and the synthesis of both.

    studies     what was published, quoted: studies as values and documents, the registry of them, its second reader
    auditing    where the review disagrees with itself, with its sources, or with arithmetic
    synthesis   meta-analysis of the registry or of any table; a statistician may want it alone

and, drawing on all three, what leaves:

    reports     registry and audit as plain dictionaries and as text, English and Chinese
    export      tables for netmeta and RevMan, CSV and Parquet

Read `studies` first. Auditing and synthesis build on it and know nothing of one another; none of the three knows what leaves.
No folder or file beside this one is called like a public name: importing it would hide the verb behind a module.

Names are loaded when first used: a reader of one study never pays for a network meta-analysis.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from normoxia.evidence.auditing.auditor import audit as audit
    from normoxia.evidence.auditing.discrepancy import Discrepancy as Discrepancy
    from normoxia.evidence.reports import audit_report as audit_report
    from normoxia.evidence.reports import listing as listing
    from normoxia.evidence.reports import show as show
    from normoxia.evidence.studies.checks import check as check
    from normoxia.evidence.studies.context import further_studies as further_studies
    from normoxia.evidence.studies.context import tumour_dynamics as tumour_dynamics
    from normoxia.evidence.studies.files import read as read
    from normoxia.evidence.studies.registry import Registry as Registry
    from normoxia.evidence.studies.registry import published as published
    from normoxia.evidence.studies.registry import registry as registry
    from normoxia.evidence.studies.study import Study as Study
    from normoxia.evidence.synthesis.answers import answer as answer
    from normoxia.evidence.synthesis.intake.tables import read_network as read_network
    from normoxia.evidence.synthesis.pooling import Synthesis as Synthesis
    from normoxia.evidence.synthesis.pooling import pool as pool
    from normoxia.evidence.synthesis.questions import question as question

#: where each public name lives; a name is also imported above for those who read types
_HOMES = {
    "Discrepancy": "auditing.discrepancy",
    "Registry": "studies.registry",
    "Study": "studies.study",
    "Synthesis": "synthesis.pooling",
    "answer": "synthesis.answers",
    "audit": "auditing.auditor",
    "audit_report": "reports",
    "check": "studies.checks",
    "further_studies": "studies.context",
    "listing": "reports",
    "pool": "synthesis.pooling",
    "published": "studies.registry",
    "question": "synthesis.questions",
    "read": "studies.files",
    "read_network": "synthesis.intake.tables",
    "registry": "studies.registry",
    "show": "reports",
    "tumour_dynamics": "studies.context",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(f"normoxia.evidence.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
