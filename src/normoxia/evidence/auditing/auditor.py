"""The audit: every discrepancy a rule finds, and those a reader found that no rule does.

The rules know no study; they read figures, claims and rows. `review` holds the review against itself, `figures` its
figures and `claims` its claims against the sources, `numbers` the sources against one another, `trials` one trial against itself and
its like, and `second_reader` asks of
a user's study what a second reader would. The reader's list is a document of its own, which no rule sees.
"""

from __future__ import annotations

import functools

from normoxia import documents, library
from normoxia.documents import Findings, Node
from normoxia.evidence.auditing.claims import RULES as CLAIMS
from normoxia.evidence.auditing.discrepancy import Discrepancy, Outline, Rule
from normoxia.evidence.auditing.figures import RULES as FIGURES
from normoxia.evidence.auditing.numbers import RULES as NUMBERS
from normoxia.evidence.auditing.review import RULES as REVIEW
from normoxia.evidence.auditing.second_reader import RULES as READER
from normoxia.evidence.auditing.trials import RULES as TRIALS
from normoxia.evidence.studies.registry import Registry
from normoxia.evidence.studies.registry import registry as every_study
from normoxia.language import Wording

RULES: tuple[Rule, ...] = (*REVIEW, *FIGURES, *CLAIMS, *NUMBERS, *TRIALS, *READER)


def audit(registry: Registry | None = None) -> tuple[Discrepancy, ...]:
    """The discrepancies of a registry, in the order of its studies and, within a study, of their items.

    Parameters
    ----------
    registry
        None for every study.

    Returns
    -------
    tuple[Discrepancy, ...]
        What rules found (`found_by` "rule:NAME"), then, where no rule found the same item,
        what a reader did ("curated"); a selection yields the findings about its studies
        only.
    """
    studies = every_study() if registry is None else registry
    by_rules = by_rule(studies)
    covered = {(discrepancy.study, discrepancy.item) for discrepancy in by_rules}
    names = {study.id for study in studies} | {"review"}
    kept = [
        entry
        for entry, items in curated()
        if entry.study in names and not covered & {(entry.study, i) for i in items}
    ]
    return tuple(
        sorted([*by_rules, *kept], key=functools.partial(_order, [study.id for study in studies]))
    )


def by_rule(registry: Registry) -> tuple[Discrepancy, ...]:
    """What the rules alone find, each discrepancy once, in the order of the rules."""
    outline = _outline()
    found: dict[tuple[str, ...], Discrepancy] = {}
    for rule in RULES:
        for discrepancy in rule(registry, outline):
            found.setdefault(
                (discrepancy.study, discrepancy.item, discrepancy.found_by), discrepancy
            )
    return tuple(found.values())


@functools.cache
def curated() -> tuple[tuple[Discrepancy, tuple[str, ...]], ...]:
    """What a reader found, each with the items under which a rule would find the same."""
    findings = Findings()
    root = documents.load(library.path("review", "curated")).fields(
        findings, ("title", "discrepancies"), ("note",)
    )
    findings.raise_any()
    entries = []
    for node in root["discrepancies"].items(findings):
        f = node.fields(findings, ("study", "items", "values", "places", "consequence"))
        findings.raise_any()
        items = tuple(item.text(findings) for item in f["items"].items(findings))
        if not items:
            findings.note(f["items"].place, "no item", "name at least one")
            findings.raise_any()
        entry = Discrepancy(
            study=f["study"].text(findings),
            item=items[0],
            values=tuple(_wording(n, findings) for n in f["values"].items(findings)),
            places=tuple(_wording(n, findings) for n in f["places"].items(findings)),
            consequence=_wording(f["consequence"], findings),
            found_by="curated",
        )
        entries.append((entry, items))
    findings.raise_any()
    return tuple(entries)


@functools.cache
def _outline() -> Outline:
    findings = Findings()
    root = documents.load(library.path("review", "outline")).fields(findings, ("title", "parts"))
    findings.raise_any()
    parts = []
    for node in root["parts"].items(findings):
        f = node.fields(findings, ("name", "present", "line"))
        findings.raise_any()
        parts.append(
            (f["name"].text(findings), f["present"].boolean(findings), f["line"].whole(findings, 1))
        )
    findings.raise_any()
    return Outline(tuple(parts))


def _wording(node: Node, findings: Findings) -> Wording:
    """A text of the document in its languages; English is required."""
    texts = node.fields(findings, ("en",), ("zh",))
    findings.raise_any()
    by_language = {code: text.text(findings) for code, text in texts.items()}
    return Wording(by_language.pop("en"), by_language)


def _order(studies: list[str], discrepancy: Discrepancy) -> tuple[int, str, str]:
    place = studies.index(discrepancy.study) if discrepancy.study in studies else -1
    return place, discrepancy.item, discrepancy.found_by
