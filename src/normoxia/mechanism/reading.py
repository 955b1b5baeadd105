"""From YAML nodes to the values of a model, section by section, every finding noted on the way.

What is compulsory: `model` (the name); value, unit and source of a parameter (the source may be `assumed`);
initial and unit of a species; expression and unit of an assignment, observable, contribution, rule or derived
parameter; rate, unit and changes of a process; says, review and term of a statement. A parameter's kind is
`fixed` unless it has a distribution (`sampled` then); `verified` is false and the range unbounded unless given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from normoxia.documents import Findings, Node
from normoxia.mechanism.atoms import (
    formula_of,
    formulas_in,
    names_in,
    numbers_in,
    text_of,
    time_unit_of,
    unit_of,
)
from normoxia.mechanism.model import (
    AlgebraicRule,
    Assignment,
    Compartment,
    Contribution,
    Distribution,
    Equilibration,
    Event,
    Function,
    Model,
    Parameter,
    Process,
    Slot,
    Species,
    Statement,
    Switch,
)
from normoxia.outcome import Source

#: sections of a document, after its head
SECTIONS = (
    "compartments",
    "functions",
    "slots",
    "parameters",
    "species",
    "assignments",
    "processes",
    "contributes",
    "rules",
    "events",
    "observables",
    "switches",
    "statements",
    "equilibration",
)
HEAD = ("title", "version", "time_unit", "modules")

KINDS = ("fixed", "sampled", "calibrated")
DISTRIBUTIONS = ("lognormal", "normal", "logitnormal")

_T = TypeVar("_T")
_Read = Callable[[str, Node, Findings], _T]


def model_of(document: Node, findings: Findings) -> tuple[Model, list[Node]]:
    """The model or module in a document, and the nodes that name the modules it is made of."""
    head = "module" if document.is_mapping and "module" in document.entries(findings) else "model"
    entries = document.fields(findings, required=(head,), optional=(*HEAD, *SECTIONS))
    equilibration = entries.get("equilibration")
    model = Model(
        name=text_of(entries.get(head), findings),
        title=text_of(entries.get("title"), findings),
        version=text_of(entries.get("version"), findings),
        time_unit=time_unit_of(entries.get("time_unit"), findings),
        compartments=_section(entries.get("compartments"), _compartment, findings),
        species=_section(entries.get("species"), _species, findings),
        parameters=_section(entries.get("parameters"), _parameter, findings),
        functions=_section(entries.get("functions"), _function, findings),
        assignments=_section(entries.get("assignments"), _assignment, findings),
        slots=_section(entries.get("slots"), _slot, findings),
        contributions=tuple(
            term
            for terms in _section(entries.get("contributes"), _contributions, findings)
            for term in terms
        ),
        processes=_section(entries.get("processes"), _process, findings),
        rules=_section(entries.get("rules"), _rule, findings),
        events=_section(entries.get("events"), _event, findings),
        observables=_section(entries.get("observables"), _assignment, findings),
        switches=_section(entries.get("switches"), _switch, findings),
        statements=_section(entries.get("statements"), _statement, findings),
        equilibration=None if equilibration is None else _equilibration(equilibration, findings),
        place=document.place,
    )
    return model, entries["modules"].items(findings) if "modules" in entries else []


def _section(node: Node | None, read: _Read[_T], findings: Findings) -> tuple[_T, ...]:
    if node is None:
        return ()
    return tuple(read(name, child, findings) for name, child in node.entries(findings).items())


def _compartment(name: str, node: Node, findings: Findings) -> Compartment:
    entries = node.fields(findings, required=("size", "unit"), optional=("title",))
    return Compartment(
        name,
        size=formula_of(entries.get("size"), findings),
        unit=unit_of(entries.get("unit"), findings),
        title=text_of(entries.get("title"), findings),
        place=node.place,
    )


def _species(name: str, node: Node, findings: Findings) -> Species:
    optional = ("compartment", "amount", "scale", "title")
    entries = node.fields(findings, required=("initial", "unit"), optional=optional)
    scale = entries["scale"].number(findings) if "scale" in entries else 1.0
    if scale <= 0:
        findings.note(entries["scale"].place, f"found {scale:g}", "expected a size above 0")
    return Species(
        name,
        initial=formula_of(entries.get("initial"), findings),
        unit=unit_of(entries.get("unit"), findings),
        compartment=text_of(entries.get("compartment"), findings),
        amounts=entries["amount"].boolean(findings) if "amount" in entries else False,
        scale=scale,
        title=text_of(entries.get("title"), findings),
        place=node.place,
    )


def _parameter(name: str, node: Node, findings: Findings) -> Parameter:
    optional = ("kind", "distribution", "range", "verified", "title")
    entries = node.fields(findings, required=("value", "unit", "source"), optional=optional)
    value = entries["value"].number(findings) if "value" in entries else math.nan
    varies = "distribution" in entries
    kind = (
        entries["kind"].text(findings, KINDS)
        if "kind" in entries
        else ("sampled" if varies else "fixed")
    )
    if kind == "sampled" and not varies:
        findings.note(
            node.place,
            "a sampled parameter without distribution",
            "add distribution: {kind: ..., sd: ...}",
        )
    if kind == "fixed" and varies:
        findings.note(
            entries["distribution"].place,
            "a fixed parameter with a distribution",
            "say kind: sampled",
        )
    parameter = Parameter(
        name,
        value=value,
        unit=unit_of(entries.get("unit"), findings),
        kind=kind,
        distribution=_distribution(entries["distribution"], value, findings) if varies else None,
        source=_source(entries, findings),
        title=text_of(entries.get("title"), findings),
        place=node.place,
    )
    return _with_range(parameter, entries["range"], findings) if "range" in entries else parameter


def _with_range(parameter: Parameter, node: Node, findings: Findings) -> Parameter:
    bounds = [bound.number(findings) for bound in node.items(findings)]
    if len(bounds) != 2 or not bounds[0] <= bounds[1]:
        findings.note(node.place, "not a range", "expected [low, high] with low not above high")
        return parameter
    if not (bounds[0] <= parameter.value <= bounds[1] or math.isnan(parameter.value)):
        found = (
            f"the value {parameter.value:g} lies outside the range {bounds[0]:g} to {bounds[1]:g}"
        )
        findings.note(node.place, found, "mend one of them")
    return replace(parameter, low=bounds[0], high=bounds[1])


def _distribution(node: Node, value: float, findings: Findings) -> Distribution | None:
    entries = node.fields(findings, required=("kind", "sd"))
    if len(entries) < 2:
        return None
    kind = entries["kind"].text(findings, DISTRIBUTIONS)
    if kind == "lognormal" and value < 0:
        findings.note(node.place, f"lognormal around {value:g}", "expected a value of at least 0")
    if kind == "logitnormal" and not (0 <= value <= 1 or math.isnan(value)):
        findings.note(
            node.place, f"logitnormal around {value:g}", "expected a value between 0 and 1"
        )
    return Distribution(kind, entries["sd"].number(findings, minimum=0.0))


def _source(entries: Mapping[str, Node], findings: Findings) -> Source | None:
    verified = entries["verified"].boolean(findings) if "verified" in entries else False
    node = entries.get("source")
    if node is None:
        return None
    if node.is_mapping:
        parts = node.fields(findings, required=("reference",), optional=("place", "quote"))
        source = Source(
            text_of(parts.get("reference"), findings),
            place=text_of(parts.get("place"), findings),
            quote=text_of(parts.get("quote"), findings),
            verified=verified,
        )
    else:
        source = Source(node.text(findings), verified=verified)
    if not source.reference.strip():
        findings.note(
            node.place, "an empty source", "name the paper and the place in it, or write assumed"
        )
    if verified and source.reference == "assumed":
        findings.note(
            entries["verified"].place,
            "an assumption cannot be verified",
            "name its source or say verified: false",
        )
    return source


def _function(name: str, node: Node, findings: Findings) -> Function:
    entries = node.fields(findings, required=("arguments", "expression"), optional=("title",))
    return Function(
        name,
        arguments=names_in(entries.get("arguments"), findings),
        body=formula_of(entries.get("expression"), findings),
        title=text_of(entries.get("title"), findings),
        place=node.place,
    )


def _assignment(name: str, node: Node, findings: Findings) -> Assignment:
    entries = node.fields(findings, required=("expression", "unit"), optional=("title",))
    return Assignment(
        name,
        expression=formula_of(entries.get("expression"), findings),
        unit=unit_of(entries.get("unit"), findings),
        title=text_of(entries.get("title"), findings),
        place=node.place,
    )


def _slot(name: str, node: Node, findings: Findings) -> Slot:
    entries = node.fields(findings, required=("unit",), optional=("title", "terms"))
    terms = entries["terms"].items(findings) if "terms" in entries else []
    return Slot(
        name,
        unit=unit_of(entries.get("unit"), findings),
        terms=tuple(formula_of(term, findings) for term in terms),
        title=text_of(entries.get("title"), findings),
        term_places=tuple(term.place for term in terms),
        place=node.place,
    )


def _contributions(slot: str, node: Node, findings: Findings) -> tuple[Contribution, ...]:
    def one(term: Node) -> Contribution:
        entries = term.fields(findings, required=("expression", "unit"))
        return Contribution(
            slot,
            expression=formula_of(entries.get("expression"), findings),
            unit=unit_of(entries.get("unit"), findings),
            place=term.place,
        )

    return tuple(one(term) for term in (node.items(findings) if node.is_list else [node]))


def _process(name: str, node: Node, findings: Findings) -> Process:
    entries = node.fields(
        findings, required=("rate", "unit", "changes"), optional=("statements", "title")
    )
    return Process(
        name,
        rate=formula_of(entries.get("rate"), findings),
        unit=unit_of(entries.get("unit"), findings),
        changes=formulas_in(entries.get("changes"), findings),
        statements=names_in(entries.get("statements"), findings),
        title=text_of(entries.get("title"), findings),
        place=node.place,
    )


def _rule(solves_for: str, node: Node, findings: Findings) -> AlgebraicRule:
    entries = node.fields(findings, required=("expression", "unit"))
    return AlgebraicRule(
        solves_for,
        formula_of(entries.get("expression"), findings),
        unit_of(entries.get("unit"), findings),
        node.place,
    )


def _event(name: str, node: Node, findings: Findings) -> Event:
    entries = node.fields(findings, required=("changes",), optional=("times", "condition"))
    if ("times" in entries) == ("condition" in entries):
        findings.note(
            node.place, "an event needs either times or a condition", "give one of the two"
        )
    return Event(
        name,
        changes=formulas_in(entries.get("changes"), findings),
        times=tuple(time.number(findings) for time in entries["times"].items(findings))
        if "times" in entries
        else (),
        condition=formula_of(entries["condition"], findings) if "condition" in entries else None,
        place=node.place,
    )


def _switch(name: str, node: Node, findings: Findings) -> Switch:
    entries = node.fields(findings, required=("on", "off"), optional=("title",))
    return Switch(
        name,
        on=entries["on"].boolean(findings) if "on" in entries else True,
        off_values=numbers_in(entries.get("off"), findings),
        title=text_of(entries.get("title"), findings),
        place=node.place,
    )


def _statement(tag: str, node: Node, findings: Findings) -> Statement:
    optional = ("strengths", "ablate", "arrow", "emergent", "added")
    entries = node.fields(findings, required=("says", "review", "term"), optional=optional)
    arrow = (
        entries["arrow"].fields(findings, required=("driver", "target", "sign"))
        if "arrow" in entries
        else {}
    )
    sign = arrow["sign"].whole(findings) if "sign" in arrow else 0
    if "sign" in arrow and sign not in (-1, 1):
        findings.note(arrow["sign"].place, f"found {sign}", "expected +1 or -1")
    says, added = (
        {language: text.text(findings) for language, text in entries[key].entries(findings).items()}
        if key in entries
        else {}
        for key in ("says", "added")
    )
    return Statement(
        tag,
        says=says,
        review_place=text_of(entries.get("review"), findings),
        term=text_of(entries.get("term"), findings),
        strengths=names_in(entries.get("strengths"), findings),
        ablation=numbers_in(entries.get("ablate"), findings),
        driver=text_of(arrow.get("driver"), findings),
        target=text_of(arrow.get("target"), findings),
        sign=sign,
        emergent=entries["emergent"].boolean(findings) if "emergent" in entries else False,
        added=added,
        place=node.place,
    )


def _equilibration(node: Node, findings: Findings) -> Equilibration:
    optional = ("duration", "hold", "during", "derived", "initial")
    entries = node.fields(findings, optional=optional)
    return Equilibration(
        duration=entries["duration"].number(findings, minimum=0.0)
        if "duration" in entries
        else 0.0,
        hold=names_in(entries.get("hold"), findings),
        during=formulas_in(entries.get("during"), findings),
        derived=_section(entries.get("derived"), _assignment, findings),
        initial=formulas_in(entries.get("initial"), findings),
        place=node.place,
    )
