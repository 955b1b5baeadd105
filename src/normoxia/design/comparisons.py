"""A comparison of regimens as a document: what is asked, on which stage, between which regimens, beside which evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from normoxia import documents, library
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidDocument

LANGUAGES = ("en", "zh")
#: patients of each draw and draws of the ensemble when a document does not say
PATIENTS, DRAWS = 300, 50

Text = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRegimen:
    """One regimen of a comparison.

    Attributes
    ----------
    id
        Short name, unique in the document.
    titles
        By language.
    courses
        What is given, as in a protocol; empty for no treatment at all.
    later
        Arm of the stage whose later lines and treatment beyond progression follow; "" for none.
    next_line
        Later lines of its own, as a protocol writes them, in place of those of the arm `later`.
    node
        Node of the network meta-analysis that it belongs to; "" without one.
    levels
        Level of each factor, of a regimen of a grid.
    """

    id: str
    titles: Text
    courses: tuple[str, ...]
    later: str = ""
    next_line: tuple[object, ...] = ()
    node: str = ""
    levels: Mapping[str, str] = field(default_factory=dict)

    def title(self, language: str) -> str:
        """Return the title in a language, else in English, else the id."""
        return self.titles.get(language) or self.titles.get("en") or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonDesign:
    """What a comparison asks.

    Attributes
    ----------
    name
        Of the document.
    titles, asks
        Title and question by language.
    place
        Where the review asks it.
    stage
        The trial whose population, visits, follow-up and clinic are used.
    within
        The set of patients of the stage that is enrolled; "" for all.
    regimens
        In the order of the document.
    contrasts
        Pairs of ids, experimental before control; the first is the one the question is about.
    question
        Question to the registry whose network stands beside; "" without one.
    without
        Of a grid: factors whose levels are compared, each with the level that stands for its absence; the first
        is the one the question is about.
    limits
        What the answer cannot say, by language.
    patients, draws
        Patients of each draw, draws of the ensemble.
    text, file
        The document as written, and its name.
    """

    name: str
    titles: Text
    asks: Text
    place: str
    stage: str
    within: str
    regimens: tuple[ComparedRegimen, ...]
    contrasts: tuple[tuple[str, str], ...]
    question: str = ""
    without: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[Text, ...] = ()
    patients: int = PATIENTS
    draws: int = DRAWS
    text: str = field(default="", repr=False)
    file: str = ""

    def title(self, language: str) -> str:
        """Return the title in a language, else in English, else the name."""
        return self.titles.get(language) or self.titles.get("en") or self.name

    @property
    def is_grid(self) -> bool:
        """Whether the regimens are combinations of factors."""
        return bool(self.without)

    def regimen(self, name: str) -> ComparedRegimen:
        """Return the regimen with an id."""
        return next(r for r in self.regimens if r.id == name)


def names() -> tuple[str, ...]:
    """Return the names of the shipped comparisons."""
    return library.names("comparisons")


def read(name: str | Path) -> ComparisonDesign:
    """Read a comparison by name or from a document (.yaml).

    Raises
    ------
    UnknownName
        There is no shipped comparison of the name.
    InvalidDocument
        The document has faults; all are listed.
    """
    path = library.find("comparisons", name)
    text = documents.text_of(path)
    return parse(documents.parse(text, str(path)), text)


def parse(root: Node, text: str = "") -> ComparisonDesign:
    """Return the comparison of a document's root. Raises InvalidDocument with every finding."""
    findings = Findings()
    f = root.fields(
        findings,
        ("comparison", "title", "asks", "stage"),
        (
            "place",
            "set",
            "regimens",
            "contrasts",
            "grid",
            "evidence",
            "limits",
            "patients",
            "draws",
        ),
    )
    findings.raise_any(InvalidDocument)
    if ("grid" in f) == ("regimens" in f):
        findings.note(
            root.place, 'found both or neither of "regimens" and "grid"', "expected one of them"
        )
    findings.raise_any(InvalidDocument)
    if "grid" in f:
        regimens, contrasts, without = _grid(f["grid"], findings)
    else:
        entries = f["regimens"].entries(findings)
        regimens = tuple(regimen_of(name, node, findings) for name, node in entries.items())
        contrasts, without = (), {}
    if "contrasts" in f:
        contrasts = _contrasts(f["contrasts"], regimens, findings)
    elif "grid" not in f:
        findings.note(root.place, "found no contrasts", "expected at least one")
    if len(regimens) < 2:
        findings.note(root.place, f"found {len(regimens)} regimens", "expected at least two")
    design = ComparisonDesign(
        name=f["comparison"].text(findings),
        titles=text_of(f["title"], findings),
        asks=text_of(f["asks"], findings),
        place=f["place"].text(findings) if "place" in f else "",
        stage=f["stage"].text(findings),
        within=f["set"].text(findings) if "set" in f else "",
        regimens=regimens,
        contrasts=contrasts,
        question=f["evidence"].text(findings) if "evidence" in f else "",
        without=without,
        limits=tuple(text_of(node, findings) for node in f["limits"].items(findings))
        if "limits" in f
        else (),
        patients=f["patients"].whole(findings, 1) if "patients" in f else PATIENTS,
        draws=f["draws"].whole(findings, 2) if "draws" in f else DRAWS,
        text=text,
        file=root.place.file,
    )
    findings.raise_any(InvalidDocument)
    return design


def regimen_of(name: str, node: Node, findings: Findings) -> ComparedRegimen:
    """Return the regimen of a node: title, regimen, later lines and node of the network."""
    f = node.fields(findings, ("title", "regimen"), ("later", "next_line", "node"))
    if not {"title", "regimen"} <= set(f):
        return ComparedRegimen(id=name, titles={}, courses=())
    return ComparedRegimen(
        id=name,
        titles=text_of(f["title"], findings),
        courses=_courses(f["regimen"], findings),
        later=f["later"].text(findings) if "later" in f else "",
        next_line=tuple(line.plain() for line in f["next_line"].items(findings))
        if "next_line" in f
        else (),
        node=f["node"].text(findings) if "node" in f else "",
    )


def _courses(node: Node, findings: Findings) -> tuple[str, ...]:
    if node.is_list:
        return tuple(item.text(findings) for item in node.items(findings))
    return tuple(part.strip() for part in node.text(findings).split(" + "))


def _contrasts(
    node: Node, regimens: Sequence[ComparedRegimen], findings: Findings
) -> tuple[tuple[str, str], ...]:
    ids = [regimen.id for regimen in regimens]
    pairs = []
    for item in node.items(findings):
        f = item.fields(findings, ("experimental", "control"))
        if not {"experimental", "control"} <= set(f):
            continue
        pair = (f["experimental"].text(findings, ids), f["control"].text(findings, ids))
        if pair[0] == pair[1]:
            findings.note(
                item.place, f'"{pair[0]}" is compared with itself', "expected two regimens"
            )
        pairs.append(pair)
    return tuple(pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """One level of a factor of a grid."""

    id: str
    titles: Text
    courses: tuple[str, ...]
    node: str


def _grid(
    node: Node, findings: Findings
) -> tuple[tuple[ComparedRegimen, ...], tuple[tuple[str, str], ...], Mapping[str, str]]:
    """Every combination of one level of each factor, and each against the combination without a factor's level."""
    f = node.fields(findings, ("factors", "without"), ("later",))
    if not {"factors", "without"} <= set(f):
        return (), (), {}
    factors = {
        name: [_level(level, n, findings) for level, n in factor.entries(findings).items()]
        for name, factor in f["factors"].entries(findings).items()
    }
    later = f["later"].entries(findings) if "later" in f else {}
    following = {level: n.text(findings) for level, n in later.items()}
    without = f["without"].entries(findings)
    absent = {name: n.text(findings) for name, n in without.items()}
    for name, level in absent.items():
        if name not in factors:
            findings.note(without[name].place, f'factor "{name}"', f"one of {', '.join(factors)}")
        elif level not in {own.id for own in factors[name]}:
            findings.note(without[name].place, f'level "{level}"', f"expected a level of {name}")
    findings.raise_any(InvalidDocument)
    regimens: list[ComparedRegimen] = []
    by_levels: dict[tuple[str, ...], str] = {}
    for levels in product(*factors.values()):
        courses = tuple(course for level in levels for course in level.courses)
        if not courses:
            continue
        regimen = ComparedRegimen(
            id=" + ".join(level.id for level in levels if level.courses),
            titles={
                lang: " + ".join(level.titles[lang] for level in levels if level.courses)
                for lang in LANGUAGES
            },
            courses=courses,
            later=next((following[x.id] for x in levels if x.id in following), ""),
            node=" + ".join(level.node for level in levels if level.node),
            levels={name: level.id for name, level in zip(factors, levels, strict=True)},
        )
        by_levels[tuple(level.id for level in levels)] = regimen.id
        regimens.append(regimen)
    contrasts = []
    for position, name in enumerate(factors):
        if name not in absent:
            continue
        for ids, regimen_id in by_levels.items():
            other = (*ids[:position], absent[name], *ids[position + 1 :])
            if ids != other and other in by_levels:
                contrasts.append((regimen_id, by_levels[other]))
    return tuple(regimens), tuple(contrasts), absent


def _level(name: str, node: Node, findings: Findings) -> _Level:
    f = node.fields(findings, (), ("title", "regimen", "node"))
    titles = text_of(f["title"], findings) if "title" in f else {}
    return _Level(
        id=name,
        titles={lang: titles.get(lang, name) for lang in LANGUAGES},
        courses=_courses(f["regimen"], findings) if "regimen" in f else (),
        node=f["node"].text(findings) if "node" in f else "",
    )


def text_of(node: Node, findings: Findings) -> Text:
    """Return a text by language; one without a language is English."""
    if not node.is_mapping:
        return {"en": node.text(findings)}
    return {lang: n.text(findings) for lang, n in node.fields(findings, (), LANGUAGES).items()}
