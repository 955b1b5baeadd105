"""The sections of a drug document, read from nodes into values; what is wrong is noted and reading goes on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

from normoxia import units
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidDocument, NormoxiaError
from normoxia.mechanism import expression
from normoxia.outcome import Source
from normoxia.pharmacology import drug as values
from normoxia.pharmacology.covariates import COVARIATES
from normoxia.pharmacology.drug import (
    ClearanceOverTime,
    Drug,
    DrugEffect,
    Exposure,
    KineticParameter,
    LabelDose,
    Quantity,
    Toxicity,
)

#: a source text that begins so was not read anywhere
_UNREAD = ("assumed", "recalled")

_QUANTITY = ("value", "unit", "cv", "sd", "range", "source", "verified", "note", "cv_source")


def entries_of(node: Node | None) -> dict[str, Node]:
    """The entries of a mapping; none when there is no mapping."""
    return dict(node.value) if node is not None and isinstance(node.value, Mapping) else {}


def sources_of(node: Node, findings: Findings) -> dict[str, Source]:
    """The sources a document names, by their short names."""
    sources: dict[str, Source] = {}
    for key, entry in node.entries(findings).items():
        fields = entry.fields(findings, ("reference", "verified"), ("place", "quote"))
        if "reference" in fields and "verified" in fields:
            sources[key] = Source(
                fields["reference"].text(findings),
                fields["place"].text(findings) if "place" in fields else "",
                fields["quote"].text(findings) if "quote" in fields else "",
                fields["verified"].boolean(findings),
            )
    return sources


class Reader:
    """Reads quantities of one document, whose sources it knows."""

    def __init__(self, findings: Findings, sources: Mapping[str, Source]) -> None:
        self.findings, self.sources = findings, sources

    def source(self, fields: Mapping[str, Node]) -> Source:
        """The source a number names: a key of `sources`, or `assumed: ...` or `recalled: ...`."""
        if "source" not in fields:
            return Source("missing", verified=False)
        text = fields["source"].text(self.findings)
        if text in self.sources:
            source = self.sources[text]
            if "verified" in fields:
                verified = fields["verified"].boolean(self.findings)
                source = Source(source.reference, source.place, source.quote, verified)
            return source
        if not text.startswith(_UNREAD):
            self.findings.note(
                fields["source"].place,
                f'found source "{text}"',
                f"expected a key of `sources` ({', '.join(self.sources)}), or a text that begins with assumed or recalled",
            )
        return Source(text, verified=False)

    def quantity(self, node: Node, unit: str, extra: tuple[str, ...] = ()) -> Quantity:
        """A number in its canonical unit; a finding when its unit is of another kind."""
        findings = self.findings
        fields = node.fields(findings, ("value", "unit", "source"), (*_QUANTITY[2:], *extra))
        if not {"value", "unit", "source"} <= fields.keys():
            return Quantity(value=math.nan, unit=unit, source=Source("missing", verified=False))
        factor = self._factor(fields["unit"], unit)
        low = high = math.nan
        if "range" in fields:
            ends = [item.number(findings) * factor for item in fields["range"].items(findings)]
            if len(ends) == 2 and ends[0] <= ends[1]:
                low, high = ends
            else:
                findings.note(
                    fields["range"].place, "found a range that is not", "expected [low, high]"
                )
        value = fields["value"].number(findings) * factor
        return Quantity(
            value=value,
            unit=unit,
            source=self.source(fields),
            variation=fields["cv"].number(findings, 0.0, 300.0) / 100.0
            if "cv" in fields
            else math.nan,
            deviation=fields["sd"].number(findings, 0.0) * factor if "sd" in fields else math.nan,
            low=low,
            high=high,
            note=fields["note"].text(findings) if "note" in fields else "",
            variation_source=self.source({"source": fields["cv_source"]})
            if "cv_source" in fields
            else None,
        )

    def _factor(self, node: Node, want: str) -> float:
        text = node.text(self.findings)
        try:
            return units.convert(1.0, text, want)
        except NormoxiaError as error:
            self.findings.note(
                node.place, f'found unit "{text}"', f"expected one of the kind of {want} ({error})"
            )
            return math.nan


_REQUIRED = (
    "drug",
    "names",
    "kind",
    "class",
    "targets",
    "route",
    "sources",
    "labels",
    "molecular_weight",
    "kinetics",
    "effects",
    "toxicity",
)
_OPTIONAL = (
    "aliases",
    "infusion",
    "clearance_over_time",
    "penetration",
    "free_fraction",
    "exposures",
    "notes",
)


def drug_of(root: Node, findings: Findings, classes: Mapping[str, Toxicity]) -> Drug | None:
    """The drug of a document; None when a section is missing, and findings for all that is wrong."""
    fields = root.fields(findings, _REQUIRED, _OPTIONAL)
    if not set(_REQUIRED) <= fields.keys():
        return None
    reader = Reader(findings, sources_of(fields["sources"], findings))

    def optional(key: str, unit: str) -> Quantity | None:
        return reader.quantity(fields[key], unit) if key in fields else None

    names = fields["names"].fields(findings, ("en", "zh"))
    kinetics = fields["kinetics"].fields(findings, ("structure", "parameters"))
    over_time = None
    if "clearance_over_time" in fields:
        parts = fields["clearance_over_time"].fields(
            findings, ("maximum", "half_time", "steepness")
        )
        if len(parts) == 3:
            over_time = ClearanceOverTime(
                reader.quantity(parts["maximum"], "1"),
                reader.quantity(parts["half_time"], "day"),
                reader.quantity(parts["steepness"], "1"),
            )
    return Drug(
        name=fields["drug"].text(findings),
        names=MappingProxyType({key: node.text(findings) for key, node in names.items()}),
        aliases=tuple(n.text(findings) for n in fields["aliases"].items(findings))
        if "aliases" in fields
        else (),
        kind=cast(values.Kind, fields["kind"].text(findings, values.KINDS)),
        drug_class=fields["class"].text(findings),
        targets=tuple(node.text(findings) for node in fields["targets"].items(findings)),
        route=cast(values.Route, fields["route"].text(findings, values.ROUTES)),
        infusion=optional("infusion", "day"),
        labels=tuple(_label(node, reader) for node in fields["labels"].items(findings)),
        molecular_weight=reader.quantity(fields["molecular_weight"], "mg/nmol"),
        parameters=_parameters(kinetics.get("parameters"), reader),
        effects=tuple(
            _effect(slot, node, reader)
            for slot, node in _slots(fields["effects"], findings).items()
        ),
        toxicity=_toxicity(fields["toxicity"], classes, findings),
        exposures=tuple(_exposure(n, reader) for n in fields["exposures"].items(findings))
        if "exposures" in fields
        else (),
        clearance_over_time=over_time,
        penetration=optional("penetration", "1"),
        free_fraction=optional("free_fraction", "1"),
        structure=kinetics["structure"].text(findings) if "structure" in kinetics else "",
        notes=tuple(node.text(findings) for node in fields["notes"].items(findings))
        if "notes" in fields
        else (),
        place=root.place,
    )


def _label(node: Node, reader: Reader) -> LabelDose:
    fields = node.fields(reader.findings, ("dose", "source"), ("verified",))
    text = fields["dose"].text(reader.findings) if "dose" in fields else ""
    return LabelDose(text, reader.source(fields))


def _toxicity(node: Node, classes: Mapping[str, Toxicity], findings: Findings) -> Toxicity:
    name = node.text(findings, classes)
    return classes.get(name) or next(iter(classes.values()))


def _parameters(node: Node | None, reader: Reader) -> tuple[KineticParameter, ...]:
    if node is None:
        return ()
    findings = reader.findings
    found: list[KineticParameter] = []
    for name, entry in node.fields(findings, (), values.PARAMETERS).items():
        quantity = reader.quantity(
            entry, values.PARAMETERS[name], ("covariates", "follows", "correlation")
        )
        extra = entries_of(entry)
        covariates = None
        if "covariates" in extra:
            covariates = _covariates(extra["covariates"], findings)
        follows = (
            extra["follows"].text(findings, node.entries(findings)) if "follows" in extra else ""
        )
        correlation = (
            extra["correlation"].number(findings, -1.0, 1.0) if "correlation" in extra else 1.0
        )
        found.append(
            KineticParameter(
                name=name,
                quantity=quantity,
                covariates=covariates,
                follows=follows,
                correlation=correlation,
            )
        )
    return tuple(found)


def _covariates(node: Node, findings: Findings) -> expression.Expression | None:
    text = node.text(findings)
    try:
        tree = expression.parse(text)
    except InvalidDocument as error:
        findings.note(node.place, str(error))
        return None
    for name in sorted(expression.symbols(tree) - COVARIATES.keys()):
        findings.note(
            node.place, f'covariate "{name}" is not known', f"expected {', '.join(COVARIATES)}"
        )
    return tree


def _slots(node: Node, findings: Findings) -> dict[str, Node]:
    return node.fields(findings, (), values.SLOTS)


def _effect(slot: str, node: Node, reader: Reader) -> DrugEffect:
    wanted = {
        "affinity": "nM",
        "potency": "1",
        "selectivity": "1",
        "cooperativity": "1",
        "strength": "1",
        "reference_dose": "",
        "loss": "1/day",
    }
    fields = node.fields(reader.findings, (), (*wanted, "of"))
    quantities: dict[str, Quantity] = {}
    for key, unit in wanted.items():
        if key in fields:
            quantities[key] = reader.quantity(fields[key], unit or _reference_unit(fields[key]))
    return DrugEffect(
        slot=slot,
        of=fields["of"].text(reader.findings, values.SLOTS) if "of" in fields else "",
        **quantities,
    )


def _reference_unit(node: Node) -> str:
    text = str(entries_of(node)["unit"].value) if "unit" in entries_of(node) else ""
    return text if text in ("mg/m2", "mg*min/mL") else "mg/m2"


def _exposure(node: Node, reader: Reader) -> Exposure:
    findings = reader.findings
    own = ("measure", "regimen", "cycle", "factor", "finding", "patient", "by_construction")
    fields = {key: entry for key, entry in node.entries(findings).items() if key in own}
    measure = fields["measure"].text(findings, values.MEASURES) if "measure" in fields else ""
    if not measure:
        findings.note(node.place, 'missing key "measure"', "add it")
    unit = {"auc": "mg*day/L", "half_life": "day", "time_to_peak": "day", "occupancy": "1"}.get(
        measure, "mg/L"
    )
    patient: dict[str, float] = {}
    if "patient" in fields:
        known = fields["patient"].fields(findings, (), COVARIATES)
        patient = {name: entry.number(findings) for name, entry in known.items()}
    cycle = fields["cycle"].value if "cycle" in fields else "steady"
    return Exposure(
        measure=cast(values.Measure, measure or "trough"),
        regimen=fields["regimen"].text(findings) if "regimen" in fields else "",
        cycle=0 if cycle == "steady" else fields["cycle"].whole(findings, 1),
        quantity=reader.quantity(node, unit, own),
        factor=fields["factor"].number(findings, 1.0) if "factor" in fields else 1.25,
        finding=fields["finding"].text(findings) if "finding" in fields else "",
        patient=MappingProxyType(patient),
        by_construction=fields["by_construction"].boolean(findings)
        if "by_construction" in fields
        else False,
    )
