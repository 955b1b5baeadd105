"""Population documents: YAML read into values, every mistake found at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from normoxia import documents
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidDocument, UnknownName, did_you_mean
from normoxia.mechanism import expression
from normoxia.mechanism.expression import Expression, symbols, walk
from normoxia.outcome import Source
from normoxia.population.covariates import (
    COMPUTABLE,
    EVERYBODY,
    Clause,
    Computed,
    Condition,
    Continuous,
    Correlation,
    Covariate,
    CovariateEffect,
    Law,
    Levels,
    PopulationDocument,
    Quantiles,
    Rule,
    Typical,
)

LIBRARY = Path(__file__).resolve().parent.parent / "library" / "populations"

_STATUS = ("published", "assumed", "starting value")
_LAWS = ("levels", "lognormal", "normal", "quantiles", "expression")


def library() -> tuple[str, ...]:
    """Names of the populations that are shipped, sorted."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.yaml")))


def read(name: str | Path) -> PopulationDocument:
    """A population by its shipped name or from a YAML file.

    raises  UnknownName with the nearest name; InvalidDocument with every finding of the file
    """
    text = str(name)
    if not text.endswith((".yaml", ".yml")):
        if text not in library():
            raise UnknownName("population", text, library())
        text = str(LIBRARY / f"{text}.yaml")
    return parse(documents.load(text))


def parse(root: Node) -> PopulationDocument:
    """A population from its document's root. Raises InvalidDocument with every finding."""
    findings = Findings()
    optional = ("title", "latents", "follows", "effects", "correlations", "typical", "rules")
    fields = root.fields(findings, ("population", "covariates"), optional)
    empty = Node(None, root.place)

    def part(key: str) -> Node:
        return fields.get(key, empty)

    latents = tuple(node.text(findings) for node in part("latents").items(findings))
    covariates = read_covariates(part("covariates"), findings, latents=latents)
    known = tuple(c.name for c in covariates)
    document = PopulationDocument(
        fields["population"].text(findings) if "population" in fields else "",
        fields["title"].text(findings) if "title" in fields else "",
        covariates,
        latents,
        {
            name: node.text(findings, latents)
            for name, node in part("follows").entries(findings).items()
        },
        tuple(_effect(node, findings, known) for node in part("effects").items(findings)),
        tuple(_correlation(node, findings) for node in part("correlations").items(findings)),
        tuple(
            _typical(name, node, findings)
            for name, node in part("typical").entries(findings).items()
        ),
        tuple(
            _rule(name, node, findings) for name, node in part("rules").entries(findings).items()
        ),
    )
    _check_conditions(fields, document, findings)
    _check_order(part("effects"), document, findings)
    _check_correlations(part("correlations"), document.correlations, findings)
    findings.raise_any()
    return document


def read_covariates(
    node: Node, findings: Findings, *, known: Sequence[str] = (), latents: Sequence[str] = ()
) -> tuple[Covariate, ...]:
    """Covariates in the order of the text; each may depend on `known` ones and on those before it."""
    names = list(known)
    found = []
    for name, entry in node.entries(findings).items():
        fields = entry.fields(
            findings, (), (*_LAWS, "bounds", "given", "unit", "source", "verified", "title")
        )
        law = _law(entry, fields, findings, names, latents)
        given = []
        for case in fields["given"].items(findings) if "given" in fields else []:
            parts = case.fields(findings, ("when",), (*_LAWS, "bounds", "source", "verified"))
            when = read_condition(parts["when"], findings, names) if "when" in parts else EVERYBODY
            given.append((when, _law(case, parts, findings, names, latents)))
        unit = fields["unit"].text(findings) if "unit" in fields else "1"
        title = fields["title"].text(findings) if "title" in fields else ""
        found.append(
            Covariate(name, law, tuple(given), unit, read_source(entry, fields, findings), title)
        )
        names.append(name)
    return tuple(found)


def read_condition(node: Node, findings: Findings, known: Sequence[str] | None) -> Condition:
    """A condition: covariate to a level, a list of levels, or {from, to}.

    known  names of covariates; None when their document could not be read, which is one finding and not one a name
    """
    clauses = []
    for name, entry in node.entries(findings).items():
        if known is not None and name not in known:
            findings.note(
                entry.place,
                f'unknown covariate "{name}"',
                did_you_mean(name, known).removeprefix("; "),
            )
        if entry.is_mapping:
            fields = entry.fields(findings, (), ("from", "to"))
            low = fields["from"].number(findings) if "from" in fields else -math.inf
            high = fields["to"].number(findings) if "to" in fields else math.inf
            if low > high:
                findings.note(
                    entry.place,
                    f"the range runs from {low:g} to {high:g}",
                    "put the smaller number first",
                )
            clauses.append(Clause(name, (), low, high))
        else:
            levels = entry.items(findings) if entry.is_list else [entry]
            clauses.append(Clause(name, tuple(level.text(findings) for level in levels)))
    return Condition(tuple(clauses))


def read_source(node: Node, fields: dict[str, Node], findings: Findings) -> Source:
    """Where an entry's numbers come from; noted as missing when it says nothing."""
    if "source" not in fields:
        findings.note(node.place, "no source", 'add one, or "assumed"')
        return Source("", verified=False)
    text = fields["source"].text(findings)
    unread = text.startswith(("assumed", "recalled", "mechanism"))
    return Source(
        text, verified=fields["verified"].boolean(findings) if "verified" in fields else not unread
    )


def check_levels(
    condition: Condition, node: Node, document: PopulationDocument, findings: Findings
) -> None:
    """Notes levels that a covariate of the document cannot take, and ranges of what is no number."""
    entries = node.entries(findings)
    for clause in condition.clauses:
        covariate = document.covariate(clause.covariate)
        if covariate is None:
            continue
        place = entries[clause.covariate].place
        laws = [covariate.law, *(law for _, law in covariate.given)]
        legal = {
            name for law in laws if isinstance(law, (Levels, Quantiles)) for name in law.shares
        }
        if not clause.levels:
            if not all(map(is_number, legal)):
                findings.note(
                    place,
                    f"a range of {clause.covariate}, whose levels are no numbers",
                    "name levels",
                )
            continue
        for level in clause.levels:
            if legal and level not in legal:
                found = f'"{level}" is no level of {clause.covariate}'
                findings.note(place, found, did_you_mean(level, legal).removeprefix("; "))
            elif not legal and not is_number(level):
                findings.note(
                    place,
                    f'{clause.covariate} is a number, never "{level}"',
                    "say {from: ..., to: ...}",
                )


def is_number(text: str) -> bool:
    """Whether the name of a level is a number, as those of lines of therapy are."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _law(
    node: Node,
    fields: dict[str, Node],
    findings: Findings,
    known: Sequence[str],
    latents: Sequence[str],
) -> Law:
    chosen = [key for key in _LAWS if key in fields]
    if len(chosen) != 1:
        findings.note(
            node.place, f"found {len(chosen)} laws", f"expected exactly one of {', '.join(_LAWS)}"
        )
        return Levels({})
    key, entry = chosen[0], fields[chosen[0]]
    if key == "levels":
        return Levels(_shares(entry, findings))
    if key == "expression":
        return Computed(_expression(entry, findings, known))
    if key == "quantiles":
        parts = entry.fields(findings, ("latent", "shares"))
        latent = parts["latent"].text(findings, latents) if "latent" in parts else ""
        return Quantiles(latent, _shares(parts["shares"], findings) if "shares" in parts else {})
    first, second = ("median", "sd") if key == "lognormal" else ("mean", "sd")
    parts = entry.fields(findings, (first, second))
    minimum = 1e-300 if key == "lognormal" else -math.inf
    typical = parts[first].number(findings, minimum) if first in parts else math.nan
    spread = parts[second].number(findings, 0.0) if second in parts else math.nan
    low, high = -math.inf, math.inf
    if "bounds" in fields:
        ends = [end.number(findings) for end in fields["bounds"].items(findings)]
        if len(ends) != 2 or not ends[0] < ends[1]:
            findings.note(
                fields["bounds"].place, f"found {ends}", "expected two numbers, the smaller first"
            )
        else:
            low, high = ends
    return Continuous(key, typical, spread, low, high)


def _shares(node: Node, findings: Findings) -> dict[str, float]:
    shares = {
        name: entry.number(findings, 0.0, 1.0) for name, entry in node.entries(findings).items()
    }
    total = sum(shares.values())
    if not shares:
        findings.note(node.place, "no level", "expected at least one, with its share")
    elif not abs(total - 1.0) < 1e-6:
        findings.note(node.place, f"the shares sum to {total:g}", "expected 1")
    return shares


def _expression(node: Node, findings: Findings, known: Sequence[str] | None) -> Expression:
    try:
        tree = expression.parse(node.text(findings))
    except InvalidDocument as error:
        findings.note(node.place, str(error), "expected arithmetic over names")
        return expression.ZERO
    unknown = {
        part.function for part in walk(tree) if isinstance(part, expression.Call)
    } - COMPUTABLE
    for name in sorted(unknown):
        findings.note(
            node.place, f'"{name}" is no function of covariates', did_you_mean(name, COMPUTABLE)[2:]
        )
    for name in sorted(symbols(tree) - set(known if known is not None else symbols(tree))):
        findings.note(
            node.place,
            f'unknown covariate "{name}"',
            did_you_mean(name, known or ()).removeprefix("; "),
        )
    return tree


def _status(fields: dict[str, Node], findings: Findings) -> str:
    return fields["status"].text(findings, _STATUS) if "status" in fields else "assumed"


def _effect(node: Node, findings: Findings, known: Sequence[str]) -> CovariateEffect:
    fields = node.fields(
        findings, ("on", "when"), ("times", "shift", "status", "statement", "source", "verified")
    )
    if "times" not in fields and "shift" not in fields:
        findings.note(node.place, "the effect changes nothing", 'add "times" or "shift"')
    return CovariateEffect(
        fields["on"].text(findings) if "on" in fields else "",
        read_condition(fields["when"], findings, known) if "when" in fields else EVERYBODY,
        fields["times"].number(findings, 0.0) if "times" in fields else 1.0,
        fields["shift"].number(findings) if "shift" in fields else 0.0,
        _status(fields, findings),
        read_source(node, fields, findings),
        _statement(fields, findings),
    )


def _statement(fields: dict[str, Node], findings: Findings) -> str:
    return fields["statement"].text(findings) if "statement" in fields else ""


def _correlation(node: Node, findings: Findings) -> Correlation:
    fields = node.fields(
        findings, ("between", "value"), ("status", "statement", "source", "verified")
    )
    pair = (
        [name.text(findings) for name in fields["between"].items(findings)]
        if "between" in fields
        else []
    )
    if len(pair) != 2:
        findings.note(node.place, f"found {len(pair)} names", 'expected "between" two')
        pair = ["", ""]
    value = fields["value"].number(findings, -1.0, 1.0) if "value" in fields else 0.0
    return Correlation(
        pair[0],
        pair[1],
        value,
        _status(fields, findings),
        read_source(node, fields, findings),
        _statement(fields, findings),
    )


def _typical(name: str, node: Node, findings: Findings) -> Typical:
    fields = node.fields(
        findings, (), ("value", "spread", "same_as", "status", "source", "verified")
    )
    value = fields["value"].number(findings) if "value" in fields else math.nan
    spread = fields["spread"].number(findings, 0.0) if "spread" in fields else math.nan
    same_as = fields["same_as"].text(findings) if "same_as" in fields else ""
    return Typical(
        name, value, spread, same_as, _status(fields, findings), read_source(node, fields, findings)
    )


def _rule(name: str, node: Node, findings: Findings) -> Rule:
    fields = node.fields(findings, ("of", "reason"), ("from", "to"))
    low = fields["from"].number(findings) if "from" in fields else -math.inf
    high = fields["to"].number(findings) if "to" in fields else math.inf
    reason = fields["reason"].text(findings) if "reason" in fields else ""
    tree = _expression(fields["of"], findings, None) if "of" in fields else expression.ZERO
    return Rule(name, tree, low, high, reason)


def _check_conditions(
    fields: dict[str, Node], document: PopulationDocument, findings: Findings
) -> None:
    """Levels and ranges under every `when` are those of their covariates."""
    if findings.items:
        return  # half a document would only seem full of levels that do not exist
    for entry in fields["effects"].items(findings) if "effects" in fields else []:
        _check_when(entry, document, findings)
    for entry in fields["covariates"].entries(findings).values():
        for case in (
            entry.entries(findings)["given"].items(findings)
            if "given" in entry.entries(findings)
            else []
        ):
            _check_when(case, document, findings)


def _check_when(entry: Node, document: PopulationDocument, findings: Findings) -> None:
    when = entry.entries(findings).get("when")
    if when is not None:
        known = tuple(c.name for c in document.covariates)
        check_levels(read_condition(when, findings, known), when, document, findings)


def _check_order(node: Node, document: PopulationDocument, findings: Findings) -> None:
    """A covariate cut from a latent needs everything that shifts the latent to be drawn before it."""
    for position, covariate in enumerate(document.covariates):
        if not isinstance(covariate.law, Quantiles):
            continue
        before = {c.name for c in document.covariates[:position]}
        for effect in document.effects:
            late = {c.covariate for c in effect.when.clauses} - before
            if effect.target == covariate.law.latent and late:
                findings.note(
                    node.place,
                    f"{', '.join(sorted(late))} shifts {effect.target}",
                    f"list it before {covariate.name}",
                )


def _check_correlations(
    node: Node, correlations: tuple[Correlation, ...], findings: Findings
) -> None:
    import numpy as np

    names = sorted({name for c in correlations for name in (c.one, c.other)})
    matrix = np.eye(len(names))
    for pair in correlations:
        i, j = names.index(pair.one), names.index(pair.other)
        matrix[i, j] = matrix[j, i] = pair.value
    # one that is no number is a finding already; one beyond 1 contradicts itself, however large
    is_readable = bool(np.isfinite(matrix).all())
    if names and is_readable and np.linalg.eigvalsh(np.clip(matrix, -2.0, 2.0))[0] <= 0:
        findings.note(
            node.place,
            "the correlations contradict each other",
            "make them smaller: no normals have them",
        )
