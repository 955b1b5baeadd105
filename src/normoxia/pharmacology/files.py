"""Drug documents: YAML read into `Drug`, and the shipped library found by any of a drug's names."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from normoxia import documents
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidDocument, UnknownName, did_you_mean, nearest_name, shortened
from normoxia.pharmacology.checks import check
from normoxia.pharmacology.drug import TOXICITY_GROUPS, Drug, Toxicity
from normoxia.pharmacology.reading import Reader, drug_of, entries_of, sources_of

LIBRARY = Path(__file__).resolve().parent.parent / "library"


@functools.cache
def library() -> tuple[str, ...]:
    """Names of the drugs that are shipped, sorted."""
    return tuple(sorted(path.stem for path in (LIBRARY / "drugs").glob("*.yaml")))


def read(name: str | Path) -> Drug:
    """A drug by any of its names (English, Chinese, trade, code or biosimilar), or from a YAML file.

    raises  UnknownName with the nearest name; InvalidDocument with every finding of the file
    """
    text = str(name)
    if text.endswith((".yaml", ".yml")):
        return _read_file(text, _modified(text))
    known = find(text)
    return _read_file(str(LIBRARY / "drugs" / f"{known}.yaml"), 0)


def _modified(path: str) -> int:
    try:
        return Path(path).stat().st_mtime_ns
    except (OSError, ValueError):
        return 0  # documents.load says what is wrong


def find(name: str) -> str:
    """The library's name of a drug called by any of its names. Raises UnknownName with the nearest one."""
    if name in library():
        return name
    names = _names()
    key = _key(name)
    if key not in names:
        near = nearest_name(key, names)
        raise UnknownName("drug", name, [names[near][1]] if near else library())
    return names[key][0]


def reference(drug: Drug) -> str:
    """What `read` finds the drug by: its name when it is of the library, else the path of its document."""
    is_shipped = Path(drug.place.file).parent == LIBRARY / "drugs"
    return drug.name if is_shipped or not drug.place.file else drug.place.file


def _key(name: str) -> str:
    """A name as it is compared: lower case, without separators."""
    return "".join(name.lower().replace("-", " ").replace("_", " ").split())


@functools.cache
def _names() -> Mapping[str, tuple[str, str]]:
    """Compared name to the library's name and the name as written."""
    found: dict[str, tuple[str, str]] = {}
    for name in library():
        drug = _read_file(str(LIBRARY / "drugs" / f"{name}.yaml"), 0)
        for other in (name, *drug.names.values(), *drug.aliases):
            found.setdefault(_key(other), (name, other))
    return MappingProxyType(found)


@functools.cache
def toxicity_classes() -> Mapping[str, Toxicity]:
    """The hazards of adverse events of grade 3 or more, by class of drug, from `library/toxicity.yaml`."""
    root = documents.load(LIBRARY / "toxicity.yaml")
    findings = Findings()
    fields = root.fields(findings, ("sources", "classes"), ("title", "notes"))
    reader = Reader(findings, sources_of(fields["sources"], findings))
    classes: dict[str, Toxicity] = {}
    for name, node in fields["classes"].entries(findings).items():
        parts = node.fields(
            findings, ("cumulative", "course", "late_ratio", "fatal_share"), ("group",)
        )
        group = parts.pop("group", None)
        if len(parts) == 4:
            classes[name] = Toxicity(
                toxicity_class=name,
                cumulative=reader.quantity(parts["cumulative"], "1"),
                course=reader.quantity(parts["course"], "day"),
                late_ratio=reader.quantity(parts["late_ratio"], "1"),
                fatal_share=reader.quantity(parts["fatal_share"], "1"),
                group=group.text(findings, TOXICITY_GROUPS) if group else "",
            )
    findings.raise_any()
    return MappingProxyType(classes)


@functools.lru_cache(maxsize=256)
def _read_file(path: str, _modified: int) -> Drug:
    findings = Findings()
    root = documents.load(path)
    entries = root.entries(findings)
    if "like" in entries:
        root = _inherited(root, entries, findings)
    drug = drug_of(root, findings, toxicity_classes())
    findings.raise_any()
    if drug is None:
        raise InvalidDocument(f"{path}: is not the document of a drug; see docs/reference/drugs.md")
    for finding in check(drug):
        findings.note(finding.place, finding.found, finding.expected)
    findings.raise_any()
    return drug


def _inherited(root: Node, entries: Mapping[str, Node], findings: Findings) -> Node:
    """The document with every section it does not have taken from the drug it is like."""
    like = entries["like"].text(findings)
    # a name, not a path: it could not be too long for a file, nor lead out of the folder
    beside = (
        Path(root.place.file).with_name(f"{like}.yaml")
        if like.isidentifier() and len(like) < 100
        else None
    )
    if beside is not None and beside.exists() and beside != Path(root.place.file):
        file = beside
    elif like in library():
        file = LIBRARY / "drugs" / f"{like}.yaml"
    else:
        expected = "expected a drug of the same folder or of the library" + did_you_mean(
            like, library(), nearest_name
        )
        findings.note(entries["like"].place, f'found "{shortened(like)}"', expected)
        findings.raise_any()
        raise AssertionError("unreachable")
    parent = documents.load(file).entries(findings)
    own = {key: node for key, node in entries.items() if key != "like"}
    sources = {**entries_of(parent.get("sources")), **entries_of(own.get("sources"))}
    merged = {**{key: node for key, node in parent.items() if key != "aliases"}, **own}
    if sources:
        merged["sources"] = Node(sources, root.place)
    return Node(merged, root.place)
