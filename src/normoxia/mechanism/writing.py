"""A model as YAML that reads back to the same value."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from normoxia import documents
from normoxia.mechanism.expression import Expression, Number, show
from normoxia.mechanism.model import (
    AlgebraicRule,
    Assignment,
    Compartment,
    Contribution,
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

_Plain = dict[str, Any]


def write(model: Model) -> str:
    """The model in our language, as one document: modules are already part of it, switches stand as they are set."""
    contributes: dict[str, list[_Plain]] = {}
    for term in model.contributions:
        contributes.setdefault(term.slot, []).append(_contribution(term))
    sections: _Plain = {
        "model": model.name,
        "title": model.title,
        "version": model.version,
        "time_unit": model.time_unit,
        "compartments": _named(model.compartments, _compartment),
        "functions": _named(model.functions, _function),
        "slots": _named(model.slots, _slot),
        "parameters": _named(model.parameters, _parameter),
        "species": _named(model.species, _species),
        "assignments": _named(model.assignments, _assignment),
        "processes": _named(model.processes, _process),
        "contributes": contributes,
        "rules": {rule.solves_for: _rule(rule) for rule in model.rules},
        "events": _named(model.events, _event),
        "observables": _named(model.observables, _assignment),
        "switches": _named(model.switches, _switch),
        "statements": {statement.tag: _statement(statement) for statement in model.statements},
        "equilibration": _equilibration(model.equilibration) if model.equilibration else {},
    }
    return documents.write(_round(_without_blanks(sections)))


def _round(value: Any) -> Any:
    """The same, with whole numbers written as such."""
    if isinstance(value, dict):
        return {key: _round(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_round(item) for item in value]
    whole = isinstance(value, float) and abs(value) < 1e15 and value == int(value)
    return int(value) if whole else value


def _named(items: Iterable[Any], plain: Callable[[Any], _Plain]) -> _Plain:
    return {item.name: plain(item) for item in items}


def _without_blanks(entries: Mapping[str, Any]) -> _Plain:
    return {key: value for key, value in entries.items() if value not in ("", None, {}, [])}


def _formula(expression: Expression) -> str | float:
    return expression.value if isinstance(expression, Number) else show(expression)


def _formulas(expressions: Mapping[str, Expression]) -> dict[str, str | float]:
    return {name: _formula(expression) for name, expression in expressions.items()}


def _compartment(c: Compartment) -> _Plain:
    return _without_blanks({"size": _formula(c.size), "unit": c.unit, "title": c.title})


def _function(f: Function) -> _Plain:
    return {"arguments": list(f.arguments), "expression": _formula(f.body)} | _without_blanks(
        {"title": f.title}
    )


def _slot(s: Slot) -> _Plain:
    return _without_blanks(
        {"unit": s.unit, "title": s.title, "terms": [_formula(term) for term in s.terms]}
    )


def _parameter(p: Parameter) -> _Plain:
    source: str | _Plain | None = None
    if p.source is not None:
        parts = _without_blanks(
            {"reference": p.source.reference, "place": p.source.place, "quote": p.source.quote}
        )
        source = parts if len(parts) > 1 else p.source.reference
    bounded = not (math.isnan(p.low) or math.isnan(p.high))
    return _without_blanks(
        {
            "value": p.value,
            "unit": p.unit,
            "kind": p.kind,
            "distribution": {"kind": p.distribution.kind, "sd": p.distribution.spread}
            if p.distribution
            else None,
            "range": [p.low, p.high] if bounded else None,
            "source": source,
            "verified": True if p.source is not None and p.source.verified else None,
            "title": p.title,
        }
    )


def _species(s: Species) -> _Plain:
    return _without_blanks(
        {
            "initial": _formula(s.initial),
            "unit": s.unit,
            "compartment": s.compartment,
            "amount": True if s.amounts else None,
            "scale": s.scale,
            "title": s.title,
        }
    )


def _assignment(a: Assignment) -> _Plain:
    return _without_blanks({"expression": _formula(a.expression), "unit": a.unit, "title": a.title})


def _process(p: Process) -> _Plain:
    flow = {"rate": _formula(p.rate), "unit": p.unit, "changes": _formulas(p.changes)}
    return flow | _without_blanks({"statements": list(p.statements), "title": p.title})


def _contribution(term: Contribution) -> _Plain:
    return {"expression": _formula(term.expression), "unit": term.unit}


def _rule(rule: AlgebraicRule) -> _Plain:
    return {"expression": _formula(rule.expression), "unit": rule.unit}


def _event(e: Event) -> _Plain:
    when: _Plain = (
        {"times": list(e.times)} if e.condition is None else {"condition": _formula(e.condition)}
    )
    return when | {"changes": _formulas(e.changes)}


def _switch(s: Switch) -> _Plain:
    return {"on": s.on, "off": dict(s.off_values)} | _without_blanks({"title": s.title})


def _statement(s: Statement) -> _Plain:
    arrow = (
        {"driver": s.driver, "target": s.target, "sign": s.sign} if s.driver or s.target else None
    )
    return (
        {"says": dict(s.says)}
        | {"review": s.review_place, "term": s.term}
        | _without_blanks(
            {
                "strengths": list(s.strengths),
                "ablate": dict(s.ablation),
                "arrow": arrow,
                "emergent": True if s.emergent else None,
                "added": dict(s.added),
            }
        )
    )


def _equilibration(e: Equilibration) -> _Plain:
    return _without_blanks(
        {
            "duration": e.duration,
            "hold": list(e.hold),
            "during": _formulas(e.during),
            "derived": _named(e.derived, _assignment),
            "initial": _formulas(e.initial),
        }
    )
