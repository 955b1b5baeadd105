"""An optimisation as a document: a regimen with places for numbers, the axes that fill them, utility, limit."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod
from pathlib import Path

from normoxia import documents, library
from normoxia.design import asked, comparisons
from normoxia.design.comparisons import ComparedRegimen, ComparisonDesign, Text
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidArgument, InvalidDocument
from normoxia.mechanism import expression

#: patients of each draw and draws of the ensemble when a document does not say
PATIENTS, DRAWS = 40, 16
#: schedules of one optimisation
MOST = 900
#: outcomes that a utility may weigh: months of restricted mean, percentage points
OUTCOMES = ("pfs", "os", "response", "toxicity")
#: of which more is worse
BURDENS = ("toxicity",)

Values = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleAxis:
    """Something about the schedule that is varied.

    Attributes
    ----------
    id
        The place in the regimen that it fills.
    titles
        By language.
    values
        In increasing order.
    """

    id: str
    titles: Text
    values: Values

    def title(self, language: str) -> str:
        """Return the title in a language, else in English, else the id."""
        return self.titles.get(language) or self.titles.get("en") or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Utility:
    """What is worth how much.

    Attributes
    ----------
    weights
        By outcome; a burden has a weight below 0.
    most_toxic
        Largest share of patients with toxicity of grade 3 or more, percent; 100 for no limit.
    """

    weights: Mapping[str, float]
    most_toxic: float = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimisationDesign:
    """What an optimisation asks.

    Attributes
    ----------
    comparison
        Title, stage and so on; its regimens are those of the schedules.
    axes
        What is varied; every combination is a schedule.
    schedules
        Values of the axes of each regimen, in the order of the regimens.
    reference
        Position of the schedule that others are compared with.
    utility
        What is optimised, and its limit.
    horizon
        Months to which mean progression-free time is restricted.
    by
        Structural variants of the ensemble, each with a recommendation of its own.
    """

    comparison: ComparisonDesign
    axes: tuple[ScheduleAxis, ...]
    schedules: tuple[Values, ...]
    reference: int
    utility: Utility
    horizon: float = 12.0
    by: tuple[str, ...] = ()
    text: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """Name of the document."""
        return self.comparison.name

    @property
    def shape(self) -> tuple[int, ...]:
        """Values of each axis."""
        return tuple(len(axis.values) for axis in self.axes)

    def label(self, position: int, language: str = "en") -> str:
        """Return the values of a schedule in words."""
        values = self.schedules[position]
        return ", ".join(
            f"{axis.title(language)} {value:g}"
            for axis, value in zip(self.axes, values, strict=True)
        )


def names() -> tuple[str, ...]:
    """Return the names of the shipped optimisations."""
    return library.names("optimisations")


def read(name: str | Path) -> OptimisationDesign:
    """Read an optimisation by name or from a document (.yaml).

    Raises
    ------
    UnknownName
        There is no shipped optimisation of the name.
    InvalidDocument
        The document has faults; all are listed.
    """
    path = library.find("optimisations", name)
    text = documents.text_of(path)
    return parse(documents.parse(text, str(path)), text)


def parse(root: Node, text: str = "") -> OptimisationDesign:
    """Return the optimisation of a document's root. Raises InvalidDocument with every finding."""
    findings = Findings()
    f = root.fields(
        findings,
        ("optimisation", *asked.REQUIRED, "regimen", "axes", "utility", "reference"),
        (*asked.OPTIONAL, "derived", "later", "limit", "horizon", "by"),
    )
    findings.raise_any(InvalidDocument)
    axes = tuple(_axis(name, node, findings) for name, node in f["axes"].entries(findings).items())
    findings.raise_any(InvalidDocument)
    count = prod(len(axis.values) for axis in axes)
    if not axes or not 2 <= count <= MOST:
        findings.note(
            f["axes"].place,
            f"found {count if axes else 0} schedules",
            f"expected 2 to {MOST}; take fewer values",
        )
    findings.raise_any(InvalidDocument)
    schedules = tuple(product(*(axis.values for axis in axes)))
    regimens = _regimens(f, axes, schedules, findings)
    comparison = asked.comparison_of(
        f, "optimisation", regimens, (), findings, patients=PATIENTS, draws=DRAWS, text=text
    )
    reference = _reference(f["reference"], axes, schedules, findings)
    utility = _utility(f, findings)
    findings.raise_any(InvalidDocument)
    return OptimisationDesign(
        comparison=comparison,
        axes=axes,
        schedules=schedules,
        reference=reference,
        utility=utility,
        horizon=f["horizon"].number(findings, 1.0, 60.0) if "horizon" in f else 12.0,
        by=tuple(n.text(findings) for n in f["by"].items(findings)) if "by" in f else (),
        text=text,
    )


def _axis(name: str, node: Node, findings: Findings) -> ScheduleAxis:
    f = node.fields(findings, ("title", "values"))
    if len(f) < 2:
        return ScheduleAxis(id=name, titles={}, values=())
    values = tuple(n.number(findings) for n in f["values"].items(findings))
    if list(values) != sorted(set(values)) or not values:
        findings.note(f["values"].place, f"values of {name}", "expected numbers that increase")
    return ScheduleAxis(id=name, titles=comparisons.text_of(f["title"], findings), values=values)


def _regimens(
    f: Mapping[str, Node],
    axes: tuple[ScheduleAxis, ...],
    schedules: tuple[Values, ...],
    findings: Findings,
) -> tuple[ComparedRegimen, ...]:
    """One regimen a schedule; courses whose amount is 0 are left out."""
    courses = [n.text(findings) for n in f["regimen"].items(findings)]
    derived = f["derived"].entries(findings) if "derived" in f else {}
    places = {
        name for course in courses for _, name, _, _ in string.Formatter().parse(course) if name
    }
    known = {axis.id for axis in axes} | set(derived)
    for name in sorted(places - known):
        findings.note(
            f["regimen"].place,
            f"found {{{name}}}",
            f"expected a place of {', '.join(sorted(known))}",
        )
    read = {name for node in derived.values() for name in _symbols(node, findings)}
    for axis in axes:
        if axis.id not in places | read:
            findings.note(f["axes"].place, f"{axis.id} changes nothing", "expected it in a course")
    findings.raise_any(InvalidDocument)
    later = f["later"].text(findings) if "later" in f else ""
    regimens = []
    for position, values in enumerate(schedules):
        numbers = dict(zip((axis.id for axis in axes), values, strict=True))
        for name, node in derived.items():
            try:
                tree = expression.parse(str(node.value))
                numbers[name] = expression.evaluate(tree, numbers)
            except (InvalidDocument, InvalidArgument, KeyError, ArithmeticError) as error:
                findings.note(node.place, f"{name}: {error}")
                findings.raise_any(InvalidDocument)
        shown = {name: f"{value:g}" for name, value in numbers.items()}
        given = tuple(
            course.format(**shown)
            for course in courses
            if not any(numbers[name] == 0.0 for name in _amounts(course))
        )
        label = ", ".join(f"{axis.id} {v:g}" for axis, v in zip(axes, values, strict=True))
        regimens.append(
            ComparedRegimen(id=f"s{position:03d}", titles={"en": label}, courses=given, later=later)
        )
    return tuple(regimens)


def _amounts(course: str) -> list[str]:
    """Places for an amount: the second word of a course."""
    words = course.split()
    second = words[1] if len(words) > 1 else ""
    return [name for _, name, _, _ in string.Formatter().parse(second) if name]


def _symbols(node: Node, findings: Findings) -> frozenset[str]:
    try:
        return expression.symbols(expression.parse(str(node.value)))
    except InvalidDocument as error:
        findings.note(node.place, str(error))
        return frozenset()


def _reference(
    node: Node, axes: tuple[ScheduleAxis, ...], schedules: tuple[Values, ...], findings: Findings
) -> int:
    f = node.fields(findings, tuple(axis.id for axis in axes))
    findings.raise_any(InvalidDocument)
    values = tuple(f[axis.id].number(findings) for axis in axes)
    if values not in schedules:
        findings.note(node.place, f"found {values}", "expected values that the axes have")
        return 0
    return schedules.index(values)


def _utility(f: Mapping[str, Node], findings: Findings) -> Utility:
    weights = {name: node.number(findings) for name, node in f["utility"].entries(findings).items()}
    for name, weight in weights.items():
        if name not in OUTCOMES:
            findings.note(
                f["utility"].place, f'found "{name}"', f"expected one of {', '.join(OUTCOMES)}"
            )
        elif (weight > 0.0) == (name in BURDENS) and weight != 0.0:
            findings.note(
                f["utility"].place,
                f"{name} with the weight {weight:g}",
                "expected a burden to cost (below 0) and a benefit to count (above 0)",
            )
    if not any(weights.get(name, 0.0) > 0.0 for name in OUTCOMES if name not in BURDENS):
        findings.note(
            f["utility"].place, "a utility that rewards nothing", "expected a benefit above 0"
        )
    most = 100.0
    if "limit" in f:
        limits = f["limit"].fields(findings, ("toxicity",))
        if "toxicity" in limits:
            most = limits["toxicity"].number(findings, 0.0, 100.0)
    return Utility(weights=weights, most_toxic=most)
