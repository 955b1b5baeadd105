"""The smallest parts of a section: texts, names, numbers, formulas and units, each read with its findings noted."""

from __future__ import annotations

from normoxia.documents import Findings, Node
from normoxia.errors import InvalidArgument
from normoxia.mechanism import expression as expressions
from normoxia.mechanism.expression import ZERO, Expression, InvalidExpression
from normoxia.units import unit


def text_of(node: Node | None, findings: Findings) -> str:
    """A text on one line; "" when it is not there."""
    return "" if node is None else " ".join(node.text(findings).split())


def names_in(node: Node | None, findings: Findings) -> tuple[str, ...]:
    """The texts of a list."""
    return () if node is None else tuple(item.text(findings) for item in node.items(findings))


def numbers_in(node: Node | None, findings: Findings) -> dict[str, float]:
    """The numbers of a mapping."""
    return (
        {}
        if node is None
        else {key: item.number(findings) for key, item in node.entries(findings).items()}
    )


def formulas_in(node: Node | None, findings: Findings) -> dict[str, Expression]:
    """The formulas of a mapping."""
    return (
        {}
        if node is None
        else {key: formula_of(item, findings) for key, item in node.entries(findings).items()}
    )


def formula_of(node: Node | None, findings: Findings) -> Expression:
    """The tree of a formula; 0, which fits any unit, after a finding."""
    if node is None:
        return ZERO
    if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return expressions.parse(node.number(findings))
    noted = len(findings.items)
    text = node.text(findings)
    if len(findings.items) > noted:
        return ZERO
    try:
        return expressions.parse(text)
    except InvalidExpression as error:
        findings.note(node.place, str(error))
        return ZERO


def unit_of(node: Node | None, findings: Findings) -> str:
    """A unit as written; "" after a finding, which the checks take for a unit that fits anything."""
    if node is None:
        return ""
    noted = len(findings.items)
    text = node.text(findings)
    if not text.strip() and len(findings.items) == noted:
        findings.note(node.place, "an empty unit", "write 1 when there is none")
    try:
        unit(text)
    except InvalidArgument as error:
        findings.note(node.place, str(error))
        return ""
    return text


def time_unit_of(node: Node | None, findings: Findings) -> str:
    """The unit of the model's time; day unless said otherwise."""
    text = "day" if node is None else unit_of(node, findings) or "day"
    if node is not None and not unit(text).same_dimension(unit("day")):
        findings.note(
            node.place, f'"{text}" is not a unit of time', "expected one such as day or hour"
        )
        return "day"
    return text
