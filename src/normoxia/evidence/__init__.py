"""Published evidence: a registry that quotes, an audit that finds, and the synthesis of both.

Read in this order:

    study        a published study as a value, and how its numbers become outcomes
    files        the study document: read whole, all findings at once
    studies      every study, filtered; the best published value of a study
    checks       the second reader: what in a study cannot be right
    auditor      where the review disagrees with itself, with its sources, or with arithmetic (rules_review,
                 rules_sources, rules_numbers; a discrepancy is a value of its own, discrepancy)
    reports      registry and audit as plain dictionaries and as text, English and Chinese
    export       tables for netmeta and RevMan, CSV and Parquet
    context      sourced figures outside the registry, tumour dynamics

and of the synthesis, which a statistician may want alone:

    contrasts      what a study contributes: arms with counts or means, or contrasts on the analysis scale
    tables         any network from a text file (delimited reads the cells, columns knows the names)
    intake         a hazard ratio from whatever was published
    heterogeneity  one weighted regression and eight estimators of tau2, under everything below
    meta           pairwise pooling; small_studies, regression, rare (few events), indirect (Bucher, MAIC)
    over_time      two arms whose hazards need not stay proportional
    multiarm       a study with several arms as independent contrasts
    network        the network and its fit; ranking, consistency, contribution, components, certainty
    synthesis      pool: all of it at once
    question       a question to the registry as a document; answer draws its evidence and answers it

Names are loaded when first used: a reader of one study never pays for a network meta-analysis.
"""

from __future__ import annotations

import importlib

_HOMES = {
    "Discrepancy": "discrepancy",
    "Registry": "studies",
    "Study": "study",
    "Synthesis": "synthesis",
    "answer": "answer",
    "audit": "auditor",
    "check": "checks",
    "audit_report": "reports",
    "further_studies": "context",
    "listing": "reports",
    "pool": "synthesis",
    "published": "studies",
    "question": "question",
    "show": "reports",
    "tumour_dynamics": "context",
    "read": "files",
    "read_network": "tables",
    "registry": "studies",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(f"normoxia.evidence.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
