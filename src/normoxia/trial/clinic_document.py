"""The clinical layer read from its document: numbers, dose rules by group of classes, and factors on the hazard of death."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import fields

from normoxia import documents, library, units
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidArgument
from normoxia.pharmacology.drug import TOXICITY_GROUPS
from normoxia.population import EVERYBODY, PopulationDocument
from normoxia.population.files import check_levels, read_condition, read_source
from normoxia.trial.protocol import OTHER, Clinic, DoseRule, Factor
from normoxia.trial.setting import CLINIC_NUMBERS

#: units of numbers that have one
UNITS: Mapping[str, str] = {
    "death_hazard": "1/day",
    "death_on_inhibitor": "1/day",
    "death_growth": "day",
    "survival_loss": "1/day",
    "scan_withdrawal": "1/day",
    "discontinuation": "1/day",
    "death_size_reference": "mm",
    "vanishing_mm": "mm",
    "small_mm": "mm",
    "lesion_spread_days": "day",
    "treatment_gap": "day",
    "hold_mean": "day",
    "maximum_delay": "day",
}
SHARES = frozenset(
    [
        "node_share",
        "missed_scan",
        "clinical_progression",
        "clinical_progression_at",
        "clinical_progression_seen",
        "later_line_reach",
        "later_line_prognosis",
        "hold",
        "reduce",
        "stop",
        "grade2_hold",
        "grade2_stop",
        "reduced_dose",
    ]
)
RULE_NUMBERS = tuple(field.name for field in fields(DoseRule))


class ClinicReader:
    """Reads the clinical layer of one trial and notes findings.

    Parameters
    ----------
    findings
        Where mistakes are noted.
    population
        Whose covariates conditions may name.
    covariates
        Their names; None when the population could not be read.
    """

    def __init__(
        self, findings: Findings, population: PopulationDocument, covariates: Collection[str] | None
    ) -> None:
        self.findings, self.population = findings, population
        self.covariates = None if covariates is None else tuple(covariates)

    def read(self, node: Node) -> Clinic:
        """Read the shared clinic, with what the trial's own document changes."""
        shared = documents.load(library.path("trials", "shared/clinic"))
        parts = shared.fields(self.findings, ("clinic", "dose_rules", "death_factors"))
        empty = Node(None, shared.place)
        values = dict.fromkeys(CLINIC_NUMBERS, math.nan)
        values |= self.numbers(parts.get("clinic", empty), CLINIC_NUMBERS)
        rules = self.rules(parts.get("dose_rules", empty))
        factors = parts.get("death_factors", empty)
        if node.value is not None:
            changed = node.entries(self.findings)
            factors = changed.pop("death_factors", factors)
            if "dose_rules" in changed:
                rules |= self.rules(changed.pop("dose_rules"))
            values |= self.numbers(Node(changed, node.place), CLINIC_NUMBERS, required=False)
        missing = sorted({OTHER, *TOXICITY_GROUPS} - {*rules})
        if missing:
            self.findings.note(
                shared.place, f"no dose rule for {', '.join(missing)}", "add one each"
            )
        return Clinic(
            **values,
            dose_rules=rules,
            death_factors=tuple(self.factor(entry) for entry in factors.items(self.findings)),
        )

    def rules(self, node: Node) -> dict[str, DoseRule]:
        """Read dose rules by group of classes."""
        known = (*TOXICITY_GROUPS, OTHER)
        groups = node.fields(self.findings, (), known)
        return {group: self.rule(entry) for group, entry in groups.items()}

    def rule(self, node: Node) -> DoseRule:
        """Read one dose rule, whose shares must not sum to more than 1."""
        values = dict.fromkeys(RULE_NUMBERS, math.nan) | self.numbers(node, RULE_NUMBERS)
        rule = DoseRule(**values)
        for total in (rule.hold + rule.reduce + rule.stop, rule.grade2_hold + rule.grade2_stop):
            if total > 1.0 + 1e-9:
                self.findings.note(
                    node.place, f"hold, reduce and stop sum to {total:g}", "expected 1 at most"
                )
        return rule

    def numbers(
        self, node: Node, names: Collection[str], required: bool = True
    ) -> dict[str, float]:
        """Read quantities with unit and source, converted to the units of `Clinic`."""
        names = tuple(names)
        got = node.fields(self.findings, names if required else (), () if required else names)
        values = {}
        for name, entry in got.items():
            parts = entry.fields(self.findings, ("value", "unit", "source"), ("verified",))
            if not {"value", "unit"} <= set(parts):
                continue
            value = parts["value"].number(self.findings, 0.0)
            try:
                unit = parts["unit"].text(self.findings)
                value = units.convert(value, unit, UNITS.get(name, "1"))
            except InvalidArgument as error:
                self.findings.note(parts["unit"].place, str(error))
            if name in SHARES and value > 1.0:
                self.findings.note(
                    parts["value"].place, f"found {value:g}", "expected a share of 1 at most"
                )
            values[name] = value
        return values

    def factor(self, node: Node) -> Factor:
        """Read a factor on the hazard of death."""
        got = node.fields(self.findings, ("when", "times", "source"), ("verified",))
        when = EVERYBODY
        if "when" in got:
            when = read_condition(got["when"], self.findings, self.covariates)
            check_levels(when, got["when"], self.population, self.findings)
        times = got["times"].number(self.findings, 0.0) if "times" in got else 1.0
        return Factor(when, times, read_source(node, got, self.findings))
