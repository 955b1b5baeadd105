"""Published evidence: a registry that quotes, an audit that finds, and the synthesis of both.

Read in this order:

    study        a published study as a value, and how its numbers become outcomes; its parts are in reported
    files        the study document: read whole, all findings at once
    studies      every study, filtered; the best published value of a study
    regimens     an arm's regimen as pharmacology reads it
    checks       the second reader: what in a study cannot be right
    auditor      where the review disagrees with itself, with its sources, or with arithmetic (rules_review,
                 rules_figures, rules_claims, rules_numbers, rules_reader; a discrepancy is a value of its own, discrepancy)
    reports      registry and audit as plain dictionaries and as text, English and Chinese
    export       tables for netmeta and RevMan, CSV and Parquet; all_pairs completes multi-arm studies
    curves       patients rebuilt from the digitised landmarks
    context      sourced figures outside the registry, tumour dynamics

and of the synthesis, which a statistician may want alone:

    contrasts      what a study contributes: arms with counts or means, or contrasts on the analysis scale
    tables         any network from a text file: delimited parts it into cells, columns knows the names, layout says which
                   column means what, rows reads them, cells knows how people print a number or an interval
    intake         a hazard ratio from whatever was published
    heterogeneity  one weighted regression and eight estimators of tau2, under everything below
    meta           pairwise pooling; small_studies, regression, indirect (Bucher, MAIC)
    counts         which way counts are pooled: rare (Mantel-Haenszel, penalised logistic), binomial (random effects)
    over_time      two arms whose hazards need not stay proportional; proportionality says of which studies they do not
    multiarm       a study with several arms as independent contrasts
    network        the network and its fit; prediction, ranking, consistency, contribution, components, funnel, certainty
    synthesis      pool: all of it at once
    questions      a question to the registry as a document; answers draws its evidence and answers it

Names are loaded when first used: a reader of one study never pays for a network meta-analysis.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from normoxia.evidence.answers import answer as answer
    from normoxia.evidence.auditor import audit as audit
    from normoxia.evidence.checks import check as check
    from normoxia.evidence.context import further_studies as further_studies
    from normoxia.evidence.context import tumour_dynamics as tumour_dynamics
    from normoxia.evidence.discrepancy import Discrepancy as Discrepancy
    from normoxia.evidence.files import read as read
    from normoxia.evidence.questions import question as question
    from normoxia.evidence.reports import audit_report as audit_report
    from normoxia.evidence.reports import listing as listing
    from normoxia.evidence.reports import show as show
    from normoxia.evidence.studies import Registry as Registry
    from normoxia.evidence.studies import published as published
    from normoxia.evidence.studies import registry as registry
    from normoxia.evidence.study import Study as Study
    from normoxia.evidence.synthesis import Synthesis as Synthesis
    from normoxia.evidence.synthesis import pool as pool
    from normoxia.evidence.tables import read_network as read_network

#: where each public name lives; a name is also imported above for those who read types
_HOMES = {
    "Discrepancy": "discrepancy",
    "Registry": "studies",
    "Study": "study",
    "Synthesis": "synthesis",
    "answer": "answers",
    "audit": "auditor",
    "audit_report": "reports",
    "check": "checks",
    "further_studies": "context",
    "listing": "reports",
    "pool": "synthesis",
    "published": "studies",
    "question": "questions",
    "read": "files",
    "read_network": "tables",
    "registry": "studies",
    "show": "reports",
    "tumour_dynamics": "context",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(f"normoxia.evidence.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
