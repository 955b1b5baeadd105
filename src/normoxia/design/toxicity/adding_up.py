"""The question how toxicities add up as a document: regimens with the classes of drugs they hold, contrasts, stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from normoxia import documents, library
from normoxia.design import comparisons
from normoxia.design.comparisons import ComparisonDesign
from normoxia.design.toxicity.published_rates import CLASSES
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidDocument

#: virtual patients of each draw and draws of the ensemble when a document does not say
PATIENTS, DRAWS = 100, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ToxicityDesign:
    """What is asked about toxicity.

    Attributes
    ----------
    comparison
        Name, titles, question, stage, regimens and contrasts.
    classes
        Classes of drugs of each regimen, by its id; names of `published_rates.CLASSES`.
    text
        The document as written.
    """

    comparison: ComparisonDesign
    classes: Mapping[str, tuple[str, ...]]
    text: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """Of the document."""
        return self.comparison.name


def names() -> tuple[str, ...]:
    """Return the names of the shipped questions about toxicity."""
    return library.names("toxicities")


def read(name: str | Path) -> ToxicityDesign:
    """Read a question about toxicity by name or from a document (.yaml).

    Raises
    ------
    UnknownName
        There is no shipped document of the name.
    InvalidDocument
        The document has faults; all are listed.
    """
    path = library.find("toxicities", name)
    text = documents.text_of(path)
    return parse(documents.parse(text, str(path)), text)


def parse(root: Node, text: str = "") -> ToxicityDesign:
    """Return the question of a document's root. Raises InvalidDocument with every finding."""
    findings = Findings()
    f = root.fields(
        findings,
        ("toxicity", "title", "asks", "stage", "regimens", "contrasts"),
        ("place", "set", "limits", "patients", "draws"),
    )
    findings.raise_any(InvalidDocument)
    classes: dict[str, tuple[str, ...]] = {}
    regimens: dict[str, Node] = {}
    for name, node in f["regimens"].entries(findings).items():
        own = dict(node.entries(findings))
        given = own.pop("classes", None)
        if given is None:
            findings.note(node.place, 'missing key "classes"', f"expected of {', '.join(CLASSES)}")
        else:
            classes[name] = tuple(c.text(findings, CLASSES) for c in given.items(findings))
        regimens[name] = Node(own, node.place)
    plain = {key: node for key, node in f.items() if key not in ("toxicity", "regimens")}
    plain |= {"comparison": f["toxicity"], "regimens": Node(regimens, f["regimens"].place)}
    findings.raise_any(InvalidDocument)
    design = comparisons.parse(Node(plain, root.place), text)
    comparison = ComparisonDesign(
        **{name: getattr(design, name) for name in _KEPT},
        patients=design.patients if "patients" in f else PATIENTS,
        draws=design.draws if "draws" in f else DRAWS,
    )
    return ToxicityDesign(comparison=comparison, classes=classes, text=text)


_KEPT = (
    *("name", "titles", "asks", "place", "stage", "within", "regimens"),
    *("contrasts", "limits", "text", "file"),
)
