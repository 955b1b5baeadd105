"""Figures of studies and pooled analyses outside the registry, and of tumour dynamics: sourced, in no analysis by default."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

from normoxia import documents, library
from normoxia.documents import Findings, Node
from normoxia.evidence.studies.reported import Reference


@dataclass(frozen=True, slots=True)
class ContextFigure:
    """One sourced figure: of which study, population and arm, what, value, interval, and the regimen's class if told."""

    study: str
    population: str
    arm: str
    what: str
    value: float | str
    low: float
    high: float
    unit: str
    regimen: str
    derived: bool
    source: Reference
    note: str


@functools.cache
def further_studies() -> tuple[ContextFigure, ...]:
    """Figures of studies that are not in the registry (POPLAR, CheckMate 026, pooled analyses, ...)."""
    return _figures("further-studies")


@functools.cache
def tumour_dynamics() -> tuple[ContextFigure, ...]:
    """Time to response, depth and duration of response, sites of progression, doubling times."""
    return _figures("tumour-dynamics")


def _figures(name: str) -> tuple[ContextFigure, ...]:
    findings = Findings()
    root = documents.load(library.path("context", name)).fields(
        findings, ("title", "sources", "figures")
    )
    findings.raise_any()
    sources = {
        key: _source(key, node, findings) for key, node in root["sources"].entries(findings).items()
    }
    figures = tuple(_figure(node, sources, findings) for node in root["figures"].items(findings))
    findings.raise_any()
    return figures


def _source(key: str, node: Node, findings: Findings) -> Reference:
    f = node.fields(findings, ("citation", "kind"), ("pmid", "doi", "url"))
    words = {
        name: f[name].text(findings) if name in f else ""
        for name in ("citation", "kind", "pmid", "doi", "url")
    }
    return Reference(key, **words)


def _figure(node: Node, sources: dict[str, Reference], findings: Findings) -> ContextFigure:
    f = node.fields(
        findings,
        ("study", "population", "arm", "what", "value", "source"),
        ("regimen", "interval", "unit", "derived", "recalled", "note"),
    )
    findings.raise_any()
    value = f["value"].value
    ends = (
        [_end(end) for end in f["interval"].items(findings)]
        if "interval" in f
        else [math.nan, math.nan]
    )
    if len(ends) != 2:
        findings.note(
            f["interval"].place, f"an interval of {len(ends)} numbers", "write [low, high]"
        )
        findings.raise_any()
    key = f["source"].text(findings)
    if key not in sources:
        findings.note(f["source"].place, f'unknown source "{key}"', "declare it under sources")
    words = {
        k: f[k].text(findings) if k in f else ""
        for k in ("study", "population", "arm", "what", "unit", "regimen", "note")
    }
    return ContextFigure(
        value=float(value) if isinstance(value, (int, float)) else str(value),
        low=ends[0],
        high=ends[1],
        derived="derived" in f,
        source=sources.get(key, Reference(key, "", "")),
        **words,
    )


def _end(node: Node) -> float:
    return float(node.value) if isinstance(node.value, (int, float)) else math.inf
