"""A molecule to be designed, as a document: a known drug whose properties are changed, and known regimens to place it among."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from normoxia import documents, library, pharmacology
from normoxia.design import asked, comparisons
from normoxia.design.comparisons import ComparedRegimen, ComparisonDesign, Text
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidDocument, NormoxiaError

#: patients of each draw and draws of the ensemble when a document does not say
PATIENTS, DRAWS = 60, 20
#: places of a property that is no number of the drug's document: terminal half-life in days, dose in the regimen's unit
HALF_LIFE, DOSE = "half-life", "dose"
#: id of the regimen of the designed molecule
DESIGNED = "design"


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugProperty:
    """A property that the design sets.

    Attributes
    ----------
    id
        Short name.
    titles
        By language.
    place
        Path of a number in the drug's document, such as `effects.vegf_trap_ratio.affinity`, or "half-life" or "dose".
    value, low, high
        The design's, and the range that is looked at, in `unit`.
    unit
        As the drug's document writes it.
    """

    id: str
    titles: Text
    place: str
    value: float
    low: float
    high: float
    unit: str = ""

    @property
    def shown_unit(self) -> str:
        """The unit as a text shows it; "" for a number without one."""
        return "" if self.unit == "1" else self.unit

    def title(self, language: str) -> str:
        """Return the title in a language, else in English, else the id."""
        return self.titles.get(language) or self.titles.get("en") or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugDesign:
    """What a design of a molecule asks.

    Attributes
    ----------
    comparison
        Title, stage and so on; its regimens are the known ones.
    base
        Drug whose document is changed.
    course
        What is given of the molecule, with {drug} and {dose}.
    beside
        Other courses of its regimen.
    later
        Arm of the stage whose later lines follow.
    properties
        What is set.
    horizon
        Months to which mean progression-free time is restricted.
    """

    comparison: ComparisonDesign
    base: str
    course: str
    beside: tuple[str, ...]
    later: str
    properties: tuple[DrugProperty, ...]
    horizon: float = 12.0
    text: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """Name of the document."""
        return self.comparison.name

    @property
    def values(self) -> dict[str, float]:
        """The design's value of each property."""
        return {p.id: p.value for p in self.properties}

    def regimen(self, drug: str, values: Mapping[str, float]) -> ComparedRegimen:
        """Return the regimen of the molecule with some values, its drug named by a path."""
        dose = next((values[p.id] for p in self.properties if p.place == DOSE), None)
        shown = "" if dose is None else f"{dose:g}"
        return ComparedRegimen(
            id=DESIGNED,
            titles=self.comparison.titles,
            courses=(self.course.format(drug=drug, dose=shown), *self.beside),
            later=self.later,
        )


def names() -> tuple[str, ...]:
    """Return the names of the shipped designs of drugs."""
    return library.names("drug_designs")


def read(name: str | Path) -> DrugDesign:
    """Read a design of a drug by name or from a document (.yaml).

    Raises
    ------
    UnknownName
        There is no shipped design of the name.
    InvalidDocument
        The document has faults; all are listed.
    """
    path = library.find("drug_designs", name)
    text = documents.text_of(path)
    return parse(documents.parse(text, str(path)), text)


def parse(root: Node, text: str = "") -> DrugDesign:
    """Return the design of a document's root. Raises InvalidDocument with every finding."""
    findings = Findings()
    f = root.fields(
        findings,
        ("drug_design", *asked.REQUIRED, "base", "course", "properties", "known"),
        (*asked.OPTIONAL, "beside", "later", "horizon"),
    )
    findings.raise_any(InvalidDocument)
    known = tuple(
        comparisons.regimen_of(name, node, findings)
        for name, node in f["known"].entries(findings).items()
    )
    if not known:
        findings.note(f["known"].place, "no known regimen", "expected at least one")
    if DESIGNED in {regimen.id for regimen in known}:
        findings.note(
            f["known"].place, f'the name "{DESIGNED}"', "expected another for a known one"
        )
    comparison = asked.comparison_of(
        f, "drug_design", known, (), findings, patients=PATIENTS, draws=DRAWS, text=text
    )
    course = f["course"].text(findings)
    if not course.startswith("{drug} "):
        findings.note(f["course"].place, f'found "{course}"', "expected it to begin with {drug}")
    base = f["base"].text(findings)
    try:
        pharmacology.read(base)
    except NormoxiaError as error:
        findings.note(f["base"].place, str(error))
    entries = f["properties"].entries(findings)
    properties = tuple(_property(name, node, findings) for name, node in entries.items())
    if not properties:
        findings.note(f["properties"].place, "no property", "expected at least one")
    if any(p.place == DOSE for p in properties) != ("{dose}" in course):
        findings.note(
            f["course"].place,
            "a dose without {dose} in the course, or the reverse",
            "expected both or neither",
        )
    findings.raise_any(InvalidDocument)
    return DrugDesign(
        comparison=comparison,
        base=base,
        course=course,
        beside=tuple(n.text(findings) for n in f["beside"].items(findings))
        if "beside" in f
        else (),
        later=f["later"].text(findings) if "later" in f else "",
        properties=properties,
        horizon=f["horizon"].number(findings, 1.0, 60.0) if "horizon" in f else 12.0,
        text=text,
    )


def _property(name: str, node: Node, findings: Findings) -> DrugProperty:
    f = node.fields(findings, ("title", "place", "value", "range"), ("unit", "source"))
    if not {"title", "place", "value", "range"} <= set(f):
        return DrugProperty(id=name, titles={}, place="", value=1.0, low=1.0, high=1.0)
    ends = [n.number(findings, 0.0) for n in f["range"].items(findings)]
    value = f["value"].number(findings, 0.0)
    if len(ends) != 2 or not ends[0] < ends[1] or not ends[0] <= value <= ends[1]:
        findings.note(
            f["range"].place,
            f"{name}: range {ends} about {value:g}",
            "expected a low and a high end with the value between them",
        )
        ends = [value, value]
    return DrugProperty(
        id=name,
        titles=comparisons.text_of(f["title"], findings),
        place=f["place"].text(findings),
        value=value,
        low=ends[0],
        high=ends[1],
        unit=f["unit"].text(findings) if "unit" in f else "",
    )
