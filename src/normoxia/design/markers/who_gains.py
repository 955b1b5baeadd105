"""The question who gains as a document: regimens, contrasts with what each adds, markers, what the review and the registry say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from normoxia import documents, library, units
from normoxia.design import comparisons
from normoxia.design.comparisons import ComparisonDesign, Text
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidDocument

#: virtual patients of each draw, draws, and months followed when a document does not say
PATIENTS, DRAWS, MONTHS = 200, 40, 48.0
#: relative error of a marker that is measured in tissue, blood or an image; assumed
ERROR = 0.2
#: of which arm an early marker is measured
UNDER = ("experimental", "control")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A measurement that may predict who gains.

    Attributes
    ----------
    id, titles
        Short name; by language.
    of
        A covariate, or an output of the model.
    day
        When it is measured; 0 before treatment.
    under
        Of an early marker, the arm of the contrast in which it is measured.
    change
        Whether it is divided by its value before treatment.
    levels
        Of a covariate with levels, from low to high; () for a number.
    error
        Relative standard error of the measurement; 0 for a covariate.
    evidence
        Coefficients of the registry's meta-regression, each with the two levels that it compares.
    """

    id: str
    titles: Text
    of: str
    day: float = 0.0
    under: str = "experimental"
    change: bool = False
    levels: tuple[str, ...] = ()
    error: float = ERROR
    evidence: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def title(self, language: str) -> str:
        """Return the title in a language, else in English, else the id."""
        return self.titles.get(language) or self.titles.get("en") or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFinding:
    """What the review says of a marker: study, place, marker, what is added, and whether high values gain more."""

    study: str
    place: str
    marker: str
    adds: str
    high_gains: bool
    says: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerDesign:
    """What is asked about markers.

    Attributes
    ----------
    comparison
        Name, titles, question, stage, regimens and contrasts.
    adds
        What each contrast adds, in the order of the contrasts, such as "ICI".
    markers
        In the order of the document.
    findings
        Of the review.
    months
        Every patient is followed this long.
    sizes
        Total patients of the trials whose power is given.
    text
        The document as written.
    """

    comparison: ComparisonDesign
    adds: tuple[str, ...]
    markers: tuple[Marker, ...]
    findings: tuple[ReviewFinding, ...] = ()
    months: float = MONTHS
    sizes: tuple[int, ...] = (200, 400)
    text: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """Of the document."""
        return self.comparison.name

    def marker(self, name: str) -> Marker:
        """Return the marker with an id."""
        return next(m for m in self.markers if m.id == name)


def names() -> tuple[str, ...]:
    """Return the names of the shipped questions about markers."""
    return library.names("biomarkers")


def read(name: str | Path) -> MarkerDesign:
    """Read a question about markers by name or from a document (.yaml).

    Raises
    ------
    UnknownName
        There is no shipped document of the name.
    InvalidDocument
        The document has faults; all are listed.
    """
    path = library.find("biomarkers", name)
    text = documents.text_of(path)
    return parse(documents.parse(text, str(path)), text)


def parse(root: Node, text: str = "") -> MarkerDesign:
    """Return the question of a document's root. Raises InvalidDocument with every finding."""
    findings = Findings()
    f = root.fields(
        findings,
        ("biomarkers", "title", "asks", "stage", "regimens", "contrasts", "markers"),
        ("place", "set", "evidence", "limits", "patients", "draws", "months", "review", "sizes"),
    )
    findings.raise_any(InvalidDocument)
    pairs, adds = _contrasts(f["contrasts"], findings)
    plain = {k: n for k, n in f.items() if k not in _OWN}
    plain |= {"comparison": f["biomarkers"], "contrasts": pairs}
    entries = f["markers"].entries(findings)
    markers = tuple(_marker(name, node, findings) for name, node in entries.items())
    if not markers:
        findings.note(f["markers"].place, "found no markers", "expected at least one")
    sizes = f["sizes"].items(findings) if "sizes" in f else []
    findings.raise_any(InvalidDocument)
    design = comparisons.parse(Node(plain, root.place), text)
    comparison = ComparisonDesign(
        **{name: getattr(design, name) for name in _KEPT},
        patients=design.patients if "patients" in f else PATIENTS,
        draws=design.draws if "draws" in f else DRAWS,
    )
    made = MarkerDesign(
        comparison=comparison,
        adds=adds,
        markers=markers,
        findings=tuple(
            _finding(node, markers, adds, findings) for node in f["review"].items(findings)
        )
        if "review" in f
        else (),
        months=f["months"].number(findings, 6.0, 120.0) if "months" in f else MONTHS,
        sizes=tuple(n.whole(findings, 20) for n in sizes) or (200, 400),
        text=text,
    )
    findings.raise_any(InvalidDocument)
    return made


_OWN = ("biomarkers", "contrasts", "markers", "months", "review", "sizes")
_KEPT = (
    *("name", "titles", "asks", "place", "stage", "within", "regimens"),
    *("contrasts", "question", "limits", "text", "file"),
)


def _contrasts(node: Node, findings: Findings) -> tuple[Node, tuple[str, ...]]:
    """Contrasts without what they add, and what each adds."""
    pairs, adds = [], []
    for item in node.items(findings):
        own = dict(item.entries(findings))
        added = own.pop("adds", None)
        if added is None:
            findings.note(item.place, 'missing key "adds"', "add what the contrast adds")
        adds.append("" if added is None else added.text(findings))
        pairs.append(Node(own, item.place))
    return Node(pairs, node.place), tuple(adds)


def _marker(name: str, node: Node, findings: Findings) -> Marker:
    f = node.fields(
        findings, ("title", "of"), ("at", "under", "change", "levels", "error", "evidence")
    )
    if not {"title", "of"} <= set(f):
        return Marker(id=name, titles={}, of="")
    levels = tuple(n.text(findings) for n in f["levels"].items(findings)) if "levels" in f else ()
    if "levels" in f and len(levels) < 2:
        findings.note(f["levels"].place, f"{len(levels)} levels", "expected two or more")
    evidence: dict[str, tuple[str, str]] = {}
    if "evidence" in f:
        for key, pair in f["evidence"].entries(findings).items():
            found = [n.text(findings, levels) for n in pair.items(findings)]
            if len(found) == 2:
                evidence[key] = (found[0], found[1])
            else:
                findings.note(pair.place, f"{len(found)} levels", "expected two")
    day = _day(f["at"], findings) if "at" in f else 0.0
    if "change" in f and f["change"].boolean(findings) and day <= 0.0:
        findings.note(node.place, "a change without a time", 'expected "at", such as "6 weeks"')
    return Marker(
        id=name,
        titles=comparisons.text_of(f["title"], findings),
        of=f["of"].text(findings),
        day=day,
        under=f["under"].text(findings, UNDER) if "under" in f else "experimental",
        change="change" in f and f["change"].boolean(findings),
        levels=levels,
        error=f["error"].number(findings, 0.0, 2.0) if "error" in f else (0.0 if levels else ERROR),
        evidence=evidence,
    )


def _day(node: Node, findings: Findings) -> float:
    words = str(node.value).split()
    try:
        if len(words) != 2:
            raise ValueError(node.value)
        return units.convert(float(words[0]), words[1], "day")
    except ValueError:
        findings.note(node.place, f'found "{node.value}"', 'expected a time, such as "6 weeks"')
        return 0.0


def _finding(
    node: Node, markers: tuple[Marker, ...], adds: tuple[str, ...], findings: Findings
) -> ReviewFinding:
    f = node.fields(findings, ("study", "place", "marker", "adds", "high_gains", "says"))
    findings.raise_any(InvalidDocument)
    return ReviewFinding(
        study=f["study"].text(findings),
        place=f["place"].text(findings),
        marker=f["marker"].text(findings, [m.id for m in markers]),
        adds=f["adds"].text(findings, adds),
        high_gains=f["high_gains"].boolean(findings),
        says=comparisons.text_of(f["says"], findings),
    )
