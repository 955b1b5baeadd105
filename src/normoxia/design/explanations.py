"""An explanation as a document: two regimens, groups of causal statements, and what is asked of the typical patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from normoxia import documents, library
from normoxia.design import asked, comparisons
from normoxia.design.comparisons import ComparisonDesign, Text
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidDocument

#: patients of each draw and draws of the ensemble when a document does not say
PATIENTS, DRAWS = 60, 20
PAIR = ("experimental", "control")
#: points of the sensitivity analysis and days of the window when a document does not say
POINTS, DAYS = 256, 126


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementGroup:
    """Causal statements that are present or ablated together."""

    id: str
    titles: Text
    statements: tuple[str, ...]

    def title(self, language: str) -> str:
        """Return the title in a language, else in English, else the id."""
        return self.titles.get(language) or self.titles.get("en") or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowQuestion:
    """Doses whose normalisation window is asked for.

    Attributes
    ----------
    course
        What is given, with {amount} in place of the number.
    amounts
        In their order, above 0.
    days
        To which the course is followed.
    by
        Structural variant of the ensemble whose draws are shown apart, on and off; "" for none.
    """

    course: str
    amounts: tuple[float, ...]
    days: int = DAYS
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitivityQuestion:
    """An outcome of the typical patient under the experimental regimen, and the numbers that may matter to it.

    Attributes
    ----------
    output, day
        Observable of the model, and when.
    parameters
        Names of hyperparameters of the calibration.
    points
        Base points of the estimator, a power of two.
    """

    output: str
    day: float
    parameters: tuple[str, ...]
    points: int = POINTS


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopQuestion:
    """A feedback loop: statements that close it, and the response in which its gain is measured.

    Attributes
    ----------
    statements
        Ablated to open the loop.
    output, day
        Observable whose response to the control regimen's immunotherapy is compared, and when.
    course
        What provokes the response.
    """

    statements: tuple[str, ...]
    output: str
    day: float
    course: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationDesign:
    """What an explanation asks.

    Attributes
    ----------
    comparison
        The two regimens on their stage.
    groups
        To which the difference is attributed.
    horizon
        Months to which mean progression-free time is restricted.
    window, sensitivity, loop
        Questions to the typical patient; None where they are not asked.
    """

    comparison: ComparisonDesign
    groups: tuple[StatementGroup, ...]
    horizon: float = 12.0
    window: WindowQuestion | None = None
    sensitivity: SensitivityQuestion | None = None
    loop: LoopQuestion | None = None
    text: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """Name of the document."""
        return self.comparison.name

    @property
    def statements(self) -> tuple[str, ...]:
        """Every statement of the groups, in their order."""
        return tuple(tag for group in self.groups for tag in group.statements)

    def group(self, name: str) -> StatementGroup:
        """Return the group of an id."""
        return next(group for group in self.groups if group.id == name)


def names() -> tuple[str, ...]:
    """Return the names of the shipped explanations."""
    return library.names("explanations")


def read(name: str | Path) -> ExplanationDesign:
    """Read an explanation by name or from a document (.yaml).

    Raises
    ------
    UnknownName
        There is no shipped explanation of the name.
    InvalidDocument
        The document has faults; all are listed.
    """
    path = library.find("explanations", name)
    text = documents.text_of(path)
    return parse(documents.parse(text, str(path)), text)


def parse(root: Node, text: str = "") -> ExplanationDesign:
    """Return the explanation of a document's root. Raises InvalidDocument with every finding."""
    findings = Findings()
    f = root.fields(
        findings,
        ("explanation", *asked.REQUIRED, *PAIR, "groups"),
        (*asked.OPTIONAL, "horizon", "window", "sensitivity", "loop"),
    )
    findings.raise_any(InvalidDocument)
    regimens = tuple(comparisons.regimen_of(name, f[name], findings) for name in PAIR)
    comparison = asked.comparison_of(
        f, "explanation", regimens, (PAIR,), findings, patients=PATIENTS, draws=DRAWS, text=text
    )
    groups = tuple(
        _group(name, node, findings) for name, node in f["groups"].entries(findings).items()
    )
    if len(groups) < 2:
        findings.note(f["groups"].place, f"found {len(groups)} groups", "expected at least two")
    seen: dict[str, str] = {}
    for group in groups:
        for tag in group.statements:
            if tag in seen:
                findings.note(
                    f["groups"].place,
                    f"{tag} stands in {seen[tag]} and in {group.id}",
                    "expected each statement in one group",
                )
            seen[tag] = group.id
    design = ExplanationDesign(
        comparison=comparison,
        groups=groups,
        horizon=f["horizon"].number(findings, 1.0, 60.0) if "horizon" in f else 12.0,
        window=_window(f["window"], findings) if "window" in f else None,
        sensitivity=_sensitivity(f["sensitivity"], findings) if "sensitivity" in f else None,
        loop=_loop(f["loop"], findings) if "loop" in f else None,
        text=text,
    )
    findings.raise_any(InvalidDocument)
    return design


def _group(name: str, node: Node, findings: Findings) -> StatementGroup:
    f = node.fields(findings, ("title", "statements"))
    if len(f) < 2:
        return StatementGroup(id=name, titles={}, statements=())
    tags = tuple(item.text(findings) for item in f["statements"].items(findings))
    if not tags:
        findings.note(node.place, f"group {name} has no statement", "expected at least one")
    return StatementGroup(
        id=name, titles=comparisons.text_of(f["title"], findings), statements=tags
    )


def _window(node: Node, findings: Findings) -> WindowQuestion | None:
    f = node.fields(findings, ("course", "amounts"), ("days", "by"))
    if not {"course", "amounts"} <= set(f):
        return None
    course = f["course"].text(findings)
    if "{amount}" not in course:
        findings.note(f["course"].place, f'found "{course}"', "expected {amount} for the number")
    amounts = tuple(n.number(findings, 1e-9) for n in f["amounts"].items(findings))
    if list(amounts) != sorted(set(amounts)) or len(amounts) < 2:
        findings.note(f["amounts"].place, "amounts", "expected two or more that increase")
    days = f["days"].whole(findings, 14, 730) if "days" in f else DAYS
    by = f["by"].text(findings) if "by" in f else ""
    return WindowQuestion(course=course, amounts=amounts, days=days, by=by)


def _sensitivity(node: Node, findings: Findings) -> SensitivityQuestion | None:
    f = node.fields(findings, ("output", "day", "parameters"), ("points",))
    if not {"output", "day", "parameters"} <= set(f):
        return None
    points = f["points"].whole(findings, 16, 2**14) if "points" in f else POINTS
    if points & (points - 1):
        findings.note(f["points"].place, f"found {points}", "expected a power of two")
    return SensitivityQuestion(
        output=f["output"].text(findings),
        day=f["day"].number(findings, 1.0, 730.0),
        parameters=tuple(n.text(findings) for n in f["parameters"].items(findings)),
        points=points,
    )


def _loop(node: Node, findings: Findings) -> LoopQuestion | None:
    f: Mapping[str, Node] = node.fields(findings, ("statements", "output", "day", "course"))
    if len(f) < 4:
        return None
    return LoopQuestion(
        statements=tuple(n.text(findings) for n in f["statements"].items(findings)),
        output=f["output"].text(findings),
        day=f["day"].number(findings, 1.0, 730.0),
        course=f["course"].text(findings),
    )
