"""The causal map of a model: its quantities as nodes, and the arrows that draw each causal statement.

A map is a document beside the model (`library/diagrams`). It says what a node shows and by which factor an arrow multiplies
its target; where things stand on a page is the business of whoever draws it. `observed` adds both to a model as observables,
so that one simulation gives the state of the whole map.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from normoxia import documents
from normoxia.documents import Findings, Node, Place
from normoxia.errors import InvalidModel, UnknownName
from normoxia.language import Wording
from normoxia.mechanism import expression as ex
from normoxia.mechanism.atoms import formula_of, names_in, text_of
from normoxia.mechanism.model import Assignment, Model, Statement

#: units a node may have; texts of them are in the catalogue of languages
UNITS = ("ratio", "share", "pM", "mM", "mL", "cells/mL", "per cell", "per day")
_NO_PLACE = Place("")
_NODE, _ARROW = "map_node_", "map_arrow_"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapNode:
    """A quantity of the map.

    value   expression over names of the model; None for what has no state, such as the line of treatment
    unit    one of `UNITS`; "" without a value
    of      what is measured, in a few words
    """

    id: str
    group: str
    title: Wording
    value: ex.Expression | None
    unit: str
    of: Wording
    place: Place = field(default=_NO_PLACE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MapArrow:
    """An arrow of the map.

    sign        +1 when more of the source means more of the target, else -1
    statements  tags of the causal statements it draws; empty for an arrow that is the model's own
    effect      factor by which the arrow multiplies its target; None when emergent, having no term of its own
    slope       names of driver and target in the model, for tests of the sign
    inverse     whether the source falls when the driver rises, as PD-1 signalling does when it is blocked
    terms       processes and assignments whose formulas carry it
    constant    whether it tells patients apart and does not change in time
    """

    id: str
    source: str
    target: str
    sign: int
    statements: tuple[str, ...]
    effect: ex.Expression | None
    slope: tuple[str, ...]
    inverse: bool
    terms: tuple[str, ...]
    constant: bool
    place: Place = field(default=_NO_PLACE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CausalMap:
    """Nodes and arrows of a model, in the order of the document."""

    name: str
    model: str
    groups: Mapping[str, Wording]
    nodes: tuple[MapNode, ...]
    arrows: tuple[MapArrow, ...]

    def arrow(self, name: str) -> MapArrow:
        """The arrow of an id, such as "hypoxia-vegf". Raises UnknownName."""
        for arrow in self.arrows:
            if arrow.id == name:
                return arrow
        raise UnknownName("arrow", name, (arrow.id for arrow in self.arrows))

    @property
    def stated(self) -> frozenset[str]:
        """Tags of the statements that have an arrow."""
        return frozenset(tag for arrow in self.arrows for tag in arrow.statements)


def read_map(path: str | Path) -> CausalMap:
    """The causal map in a YAML document. Raises InvalidModel with all findings."""
    findings = Findings()
    entries = documents.load(path).fields(
        findings, ("diagram", "model", "groups", "nodes", "arrows")
    )
    findings.raise_any(InvalidModel)
    groups = {
        name: _wording(node, findings) for name, node in entries["groups"].entries(findings).items()
    }
    nodes = tuple(
        _node(name, node, groups, findings)
        for name, node in entries["nodes"].entries(findings).items()
    )
    known = {node.id for node in nodes}
    arrows = tuple(_arrow(node, known, findings) for node in entries["arrows"].items(findings))
    seen: set[str] = set()
    for arrow in arrows:
        if arrow.id in seen:
            findings.note(arrow.place, f'a second arrow "{arrow.id}"', "join their statements")
        seen.add(arrow.id)
    findings.raise_any(InvalidModel)
    return CausalMap(
        name=text_of(entries["diagram"], findings),
        model=text_of(entries["model"], findings),
        groups=groups,
        nodes=nodes,
        arrows=arrows,
    )


def check_map(drawn: CausalMap, model: Model) -> None:
    """Compare a map with its model: every statement drawn, every name known.

    Raises
    ------
    InvalidModel
        Lists statements without an arrow, and names that the model has not.
    """
    findings = Findings()
    tags = {statement.tag for statement in model.statements}
    for tag in sorted(tags - drawn.stated):
        findings.note(_NO_PLACE, f"statement {tag} has no arrow", "draw it")
    known = {*_names(model), *(process.name for process in model.processes)}
    functions = {function.name for function in model.functions}

    def note_unknown(place: Place, names: Iterable[str]) -> None:
        for name in sorted(set(names) - known):
            findings.note(place, f'"{name}" is no name of model "{model.name}"')

    for node in drawn.nodes:
        note_unknown(node.place, _mentioned(node.value, functions))
    for arrow in drawn.arrows:
        read = _mentioned(arrow.effect, functions)
        note_unknown(arrow.place, (*read, *arrow.terms, *arrow.slope))
        for tag in sorted(set(arrow.statements) - tags):
            findings.note(arrow.place, f'"{tag}" is no statement of model "{model.name}"')
    findings.raise_any(InvalidModel)


def observed(drawn: CausalMap, model: Model) -> tuple[Model, tuple[str, ...], tuple[str, ...]]:
    """The model with the map's values and effects as observables; their names, "" for what has none."""
    extra: list[Assignment] = []

    def added(name: str, formula: ex.Expression | None) -> str:
        if formula is None:
            return ""
        extra.append(Assignment(name, formula, "1"))
        return name

    nodes = tuple(added(_NODE + node.id, node.value) for node in drawn.nodes)
    arrows = tuple(added(f"{_ARROW}{k}", arrow.effect) for k, arrow in enumerate(drawn.arrows))
    return replace(model, observables=(*model.observables, *extra)), nodes, arrows


def formulas(arrow: MapArrow, model: Model) -> tuple[tuple[str, str], ...]:
    """Left and right side of each formula that carries an arrow, as text; of a process, what it changes."""
    assignments = {a.name: a for a in (*model.assignments, *model.observables)}
    processes = {process.name: process for process in model.processes}
    sides = []
    for name in arrow.terms:
        if name in assignments:
            sides.append((name, ex.show(assignments[name].expression)))
        elif name in processes:
            process = processes[name]
            for species, change in process.changes.items():
                rate = ex.show(process.rate)
                sides.append((f"d{species}/dt", _signed(ex.show(change), rate)))
    return tuple(sides)


def parameters_of(arrow: MapArrow, model: Model) -> tuple[str, ...]:
    """Names of the parameters in an arrow's effect, and of its statements' strengths, in the model's order."""
    statements: dict[str, Statement] = {s.tag: s for s in model.statements}
    named = set(ex.symbols(arrow.effect)) if arrow.effect is not None else set()
    for tag in arrow.statements:
        # of a statement with several arrows, those strengths that this arrow's terms read
        own = set(statements[tag].strengths)
        named |= own if len(own) == 1 else set()
    return tuple(p.name for p in model.parameters if p.name in named)


def _mentioned(formula: ex.Expression | None, functions: set[str]) -> frozenset[str]:
    """Names in a formula, and functions that are not declared."""
    if formula is None:
        return frozenset()
    return ex.symbols(formula) | (ex.calls(formula) - functions)


def _signed(change: str, rate: str) -> str:
    if change == "1":
        return f"… + {rate}"
    if change == "-1":
        return f"… - ({rate})" if " " in rate else f"… - {rate}"
    return f"… + {change}*({rate})"


def _names(model: Model) -> set[str]:
    derived = model.equilibration.derived if model.equilibration else ()
    return {
        *(item.name for item in model.species),
        *(item.name for item in model.parameters),
        *(item.name for item in model.slots),
        *(item.name for item in (*model.assignments, *model.observables, *derived)),
    }


def _wording(node: Node, findings: Findings) -> Wording:
    entries = node.fields(findings, ("en", "zh"))
    return Wording(
        text_of(entries.get("en"), findings), {"zh": text_of(entries.get("zh"), findings)}
    )


def _node(name: str, node: Node, groups: Mapping[str, Wording], findings: Findings) -> MapNode:
    entries = node.fields(findings, ("group", "en", "zh"), ("value", "unit", "of"))
    group, unit = text_of(entries.get("group"), findings), text_of(entries.get("unit"), findings)
    if group not in groups:
        findings.note(node.place, f'"{group}" is no group', f"expected one of {', '.join(groups)}")
    if ("value" in entries) != (unit in UNITS):
        findings.note(node.place, f'the unit "{unit}"', f"expected one of {', '.join(UNITS)}")
    title = Wording(
        text_of(entries.get("en"), findings), {"zh": text_of(entries.get("zh"), findings)}
    )
    return MapNode(
        id=name,
        group=group,
        title=title,
        value=formula_of(entries["value"], findings) if "value" in entries else None,
        unit=unit,
        of=_wording(entries["of"], findings) if "of" in entries else Wording(""),
        place=node.place,
    )


def _arrow(node: Node, known: set[str], findings: Findings) -> MapArrow:
    entries = node.fields(
        findings,
        ("from", "to", "sign"),
        ("statements", "effect", "slope", "inverse", "terms", "constant"),
    )
    source, target = text_of(entries.get("from"), findings), text_of(entries.get("to"), findings)
    for end in (source, target):
        if end not in known:
            findings.note(node.place, f'"{end}" is no node')
    sign = int(entries["sign"].number(findings)) if "sign" in entries else 0
    if sign not in (-1, 1):
        findings.note(node.place, f"the sign {sign}", "expected 1 or -1")
    slope = names_in(entries.get("slope"), findings)
    if ("effect" in entries) != (len(slope) == 2):
        findings.note(node.place, "effect and slope", "give both, a driver and a target, or none")
    return MapArrow(
        id=f"{source}-{target}",
        source=source,
        target=target,
        sign=sign,
        statements=names_in(entries.get("statements"), findings),
        effect=formula_of(entries["effect"], findings) if "effect" in entries else None,
        slope=slope,
        inverse="inverse" in entries and entries["inverse"].value is True,
        terms=names_in(entries.get("terms"), findings),
        constant="constant" in entries and entries["constant"].value is True,
        place=node.place,
    )
