"""A question to the registry as a document: which studies, arms and populations enter, why, and what stays out.

A question is a frozen value; `read` takes it from YAML and reports every finding together. Judgements on risk of bias and
indirectness in it are ours, made from design and setting (assumed), on the scale of `certainty`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from normoxia import library
from normoxia.documents import Findings, Node, load
from normoxia.errors import InvalidDocument
from normoxia.evidence.studies.files import DRIVERS, GROUPS, HISTOLOGIES, LINES
from normoxia.evidence.synthesis.model.ranking import SmallValues
from normoxia.outcome import Endpoint, Measure

Text = Mapping[str, str]

#: what a rule may ask of a study or of a stratum of it, with the closed list of its words, empty where there is none
STRATA = {"line": LINES, "histology": HISTOLOGIES, "driver": DRIVERS, "pdl1": ()}

LANGUAGES = ("en", "zh")
#: groups of the registry in which a question that names its studies looks for them
SEARCHED = ("review", "context", "context_extra")
KINDS = ("network", "components", "regression")


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyEntry:
    """One study that enters.

    Parameters
    ----------
    populations
        Ids of its populations, earliest cut first; the last that prints an interval is
        used.
    arms
        Arm to node of the network; the first node of a pair is read against the second.
    endpoints
        Endpoints this entry serves; all when empty.
    covariates
        Values for a meta-regression.
    risk_of_bias, indirectness
        1, 2 or 3, as in `certainty`; None where nobody judged it.
    """

    study: str
    populations: tuple[str, ...]
    arms: Mapping[str, str]
    why: Text
    endpoints: tuple[str, ...] = ()
    covariates: Mapping[str, float] = field(default_factory=dict)
    risk_of_bias: int | None = None
    indirectness: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A rule by which studies enter; see `selection`.

    Parameters
    ----------
    strata
        Words that fit, by name of a stratum: "line", "histology", "driver", "pdl1". A name that is missing is not asked for.
    treatments
        Components of an arm, by name of the treatment they make.
    after_inhibitor
        Whether every patient must have had a checkpoint inhibitor before.
    """

    strata: Mapping[str, tuple[str, ...]]
    treatments: Mapping[str, tuple[str, ...]]
    after_inhibitor: bool = False


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Studies that stay out, for one reason; of one endpoint when it is named."""

    studies: tuple[str, ...]
    why: Text
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One endpoint of a question."""

    endpoint: Endpoint
    measure: Measure
    small_values: SmallValues


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, of which evidence.

    Parameters
    ----------
    kind
        "network", "components" or "regression".
    headline
        Contrasts the question is about, treatment before comparator.
    parts_of
        Components of each node, for a component analysis; groups the names an interaction
        may use.
    covariates
        Names in the order they enter a regression.
    limits
        What the answer cannot tell.
    selection
        Rule by which studies enter; None where each is named.
    searched
        Groups of the registry that the question was made with.
    """

    name: str
    kind: str
    title: Text
    asks: Text
    reference: str
    asked: tuple[Asked, ...]
    entries: tuple[StudyEntry, ...]
    exclusions: tuple[Exclusion, ...]
    headline: tuple[tuple[str, str], ...] = ()
    parts_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    interaction: tuple[str, str] | None = None
    covariates: tuple[str, ...] = ()
    limits: tuple[Text, ...] = ()
    selection: Selection | None = None
    searched: tuple[str, ...] = SEARCHED


def names() -> tuple[str, ...]:
    """The shipped questions."""
    return library.names("questions")


def question(name_or_path: str | Path) -> Question:
    """A shipped question, or a user's own from a file. Raises UnknownName, or InvalidDocument with every finding."""
    return read(library.find("questions", name_or_path))


def read(path: str | Path) -> Question:
    """A question from a document."""
    findings = Findings()
    root = load(path)
    f = root.fields(
        findings,
        ("question", "kind", "title", "asks", "reference", "endpoints"),
        (
            "studies",
            "select",
            "searched",
            "excluded",
            "headline",
            "components",
            "groups",
            "interaction",
            "covariates",
            "limits",
        ),
    )
    findings.raise_any()
    asked = tuple(
        _asked(key, node, findings) for key, node in f["endpoints"].entries(findings).items()
    )
    read_question = Question(
        name=f["question"].text(findings),
        kind=f["kind"].text(findings, KINDS),
        title=_text(f["title"], findings),
        asks=_text(f["asks"], findings),
        reference=f["reference"].text(findings),
        asked=asked,
        entries=tuple(_entry(node, findings) for node in _items(f, "studies", findings)),
        exclusions=tuple(_exclusion(node, findings) for node in _items(f, "excluded", findings)),
        headline=tuple(_pair(node, findings) for node in _items(f, "headline", findings)),
        parts_of=_lists(f.get("components"), findings),
        groups=_lists(f.get("groups"), findings),
        interaction=_pair(f["interaction"], findings) if "interaction" in f else None,
        covariates=tuple(node.text(findings) for node in _items(f, "covariates", findings)),
        limits=tuple(_text(node, findings) for node in _items(f, "limits", findings)),
    )
    if "select" in f:
        read_question = replace(
            read_question, selection=_selection(f["select"], findings), searched=GROUPS
        )
    elif "studies" not in f:
        findings.note(root.place, 'neither "studies" nor "select"', "name studies, or give a rule")
    if "searched" in f:
        groups = tuple(n.text(findings, GROUPS) for n in f["searched"].items(findings))
        read_question = replace(read_question, searched=groups)
    findings.raise_any(InvalidDocument)
    return read_question


def _selection(node: Node, findings: Findings) -> Selection:
    f = node.fields(findings, ("treatments",), (*STRATA, "after_inhibitor"))
    strata = {
        name: tuple(n.text(findings, STRATA[name] or None) for n in f[name].items(findings))
        for name in STRATA
        if name in f
    }
    return Selection(
        strata=strata,
        treatments=_lists(f.get("treatments"), findings),
        after_inhibitor="after_inhibitor" in f and f["after_inhibitor"].boolean(findings),
    )


def _asked(key: str, node: Node, findings: Findings) -> Asked:
    f = node.fields(findings, ("measure", "small_values"))
    if key not in tuple(Endpoint):
        findings.note(node.place, f'endpoint "{key}"', f"expected one of {', '.join(Endpoint)}")
        key = Endpoint.PFS
    measures = (Measure.HAZARD_RATIO, Measure.ODDS_RATIO)
    measure = f["measure"].text(findings, measures) if "measure" in f else ""
    small = f["small_values"].text(findings, ("good", "bad")) if "small_values" in f else ""
    return Asked(
        Endpoint(key),
        Measure(measure) if measure in measures else Measure.HAZARD_RATIO,
        "bad" if small == "bad" else "good",
    )


def _entry(node: Node, findings: Findings) -> StudyEntry:
    f = node.fields(
        findings,
        ("study", "populations", "arms", "why"),
        ("endpoints", "covariates", "risk_of_bias", "indirectness"),
    )
    if not {"study", "populations", "arms", "why"} <= set(f):
        return StudyEntry(study="", populations=(), arms={}, why={})
    return StudyEntry(
        study=f["study"].text(findings),
        populations=tuple(n.text(findings) for n in f["populations"].items(findings)),
        arms={arm: n.text(findings) for arm, n in f["arms"].entries(findings).items()},
        why=_text(f["why"], findings),
        endpoints=tuple(
            n.text(findings, tuple(Endpoint)) for n in _items(f, "endpoints", findings)
        ),
        covariates={k: n.number(findings) for k, n in f["covariates"].entries(findings).items()}
        if "covariates" in f
        else {},
        risk_of_bias=f["risk_of_bias"].whole(findings, 1) if "risk_of_bias" in f else None,
        indirectness=f["indirectness"].whole(findings, 1) if "indirectness" in f else None,
    )


def _exclusion(node: Node, findings: Findings) -> Exclusion:
    f = node.fields(findings, ("studies", "why"), ("endpoint",))
    if not {"studies", "why"} <= set(f):
        return Exclusion((), {})
    endpoint = f["endpoint"].text(findings, tuple(Endpoint)) if "endpoint" in f else ""
    return Exclusion(
        tuple(n.text(findings) for n in f["studies"].items(findings)),
        _text(f["why"], findings),
        endpoint,
    )


def _text(node: Node, findings: Findings) -> Text:
    return {language: n.text(findings) for language, n in node.fields(findings, LANGUAGES).items()}


def _pair(node: Node, findings: Findings) -> tuple[str, str]:
    words = [n.text(findings) for n in node.items(findings)]
    if len(words) != 2:
        findings.note(
            node.place, f"{len(words)} names", "expected two, treatment before comparator"
        )
        return "", ""
    return words[0], words[1]


def _items(f: Mapping[str, Node], key: str, findings: Findings) -> list[Node]:
    return f[key].items(findings) if key in f else []


def _lists(node: Node | None, findings: Findings) -> Mapping[str, tuple[str, ...]]:
    if node is None:
        return {}
    return {
        key: tuple(n.text(findings) for n in item.items(findings))
        for key, item in node.entries(findings).items()
    }
