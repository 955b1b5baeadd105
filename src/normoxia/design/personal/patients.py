"""A patient as a document: covariates, measurements so far under one regimen, and the regimens to be predicted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from normoxia import documents, library, units
from normoxia.design import comparisons
from normoxia.design.comparisons import ComparedRegimen, ComparisonDesign
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidDocument
from normoxia.values import Value

#: the sum of diameters of target lesions, as RECIST 1.1 adds them; the one measurement that readers make
DIAMETER = "tumour_diameter"
#: relative error of measurements other than the sum of diameters when a document does not say; assumed
ERROR = 0.2
#: virtual patients of each draw, draws of the ensemble, and months that are predicted when a document does not say
PATIENTS, DRAWS, MONTHS = 200, 40, 36.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measurement(Value):
    """One measurement of a patient.

    Attributes
    ----------
    day
        From the first dose; 0 is before it.
    what
        `DIAMETER`, or an output of the model such as bevacizumab_concentration.
    value, unit
        As written.
    error
        Relative standard error of the measurement (of its logarithm); nan where the bank's own readers say.
    """

    day: float
    what: str
    value: float
    unit: str
    error: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientDesign:
    """What is known of a patient, and what is asked.

    Attributes
    ----------
    comparison
        Name, titles, question, stage and regimens.
    covariates
        As measured; names and levels of the stage's population.
    receives
        Id of the regimen that the patient has received since day 0; "" before treatment.
    measurements
        In the order of time.
    months
        Predicted from the first dose.
    patients, draws
        Virtual patients of each draw, draws of the ensemble.
    text
        The document as written.
    """

    comparison: ComparisonDesign
    covariates: Mapping[str, str | float]
    receives: str
    measurements: tuple[Measurement, ...]
    months: float = MONTHS
    patients: int = PATIENTS
    draws: int = DRAWS
    text: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """Of the document."""
        return self.comparison.name

    @property
    def now(self) -> float:
        """Day of the last measurement; 0 before treatment."""
        return max((m.day for m in self.measurements), default=0.0)

    def of(self, what: str) -> tuple[Measurement, ...]:
        """Measurements of one kind, in the order of time."""
        return tuple(m for m in self.measurements if m.what == what)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind of measurement, in the order of the document."""
        return tuple(dict.fromkeys(m.what for m in self.measurements))


def names() -> tuple[str, ...]:
    """Return the names of the shipped patients."""
    return library.names("patients")


def read(name: str | Path) -> PatientDesign:
    """Read a patient by name or from a document (.yaml).

    Raises
    ------
    UnknownName
        There is no shipped patient of the name.
    InvalidDocument
        The document has faults; all are listed.
    """
    path = library.find("patients", name)
    text = documents.text_of(path)
    return parse(documents.parse(text, str(path)), text)


def parse(root: Node, text: str = "") -> PatientDesign:
    """Return the patient of a document's root. Raises InvalidDocument with every finding."""
    findings = Findings()
    f = root.fields(
        findings,
        ("patient", "title", "asks", "stage", "covariates", "regimens"),
        (
            *("place", "set", "receives", "measurements"),
            *("limits", "months", "patients", "draws", "evidence"),
        ),
    )
    findings.raise_any(InvalidDocument)
    entries = f["regimens"].entries(findings)
    regimens = tuple(comparisons.regimen_of(name, node, findings) for name, node in entries.items())
    if not regimens:
        findings.note(f["regimens"].place, "found no regimens", "expected at least one")
    design = PatientDesign(
        comparison=ComparisonDesign(
            name=f["patient"].text(findings),
            titles=comparisons.text_of(f["title"], findings),
            asks=comparisons.text_of(f["asks"], findings),
            place=f["place"].text(findings) if "place" in f else "",
            stage=f["stage"].text(findings),
            within=f["set"].text(findings) if "set" in f else "",
            regimens=regimens,
            contrasts=_pairs(regimens, f.get("receives")),
            limits=tuple(comparisons.text_of(n, findings) for n in f["limits"].items(findings))
            if "limits" in f
            else (),
            file=root.place.file,
        ),
        covariates=_covariates(f["covariates"], findings),
        receives=f["receives"].text(findings, [r.id for r in regimens]) if "receives" in f else "",
        measurements=_measurements(f["measurements"], findings) if "measurements" in f else (),
        months=f["months"].number(findings, 1.0, 120.0) if "months" in f else MONTHS,
        patients=f["patients"].whole(findings, 1) if "patients" in f else PATIENTS,
        draws=f["draws"].whole(findings, 8) if "draws" in f else DRAWS,
        text=text,
    )
    _consistent(design, f, root, findings)
    findings.raise_any(InvalidDocument)
    return design


def _pairs(
    regimens: tuple[ComparedRegimen, ...], receives: Node | None
) -> tuple[tuple[str, str], ...]:
    """Every other regimen against the one received, else against the first."""
    ids = [regimen.id for regimen in regimens]
    base = str(receives.value) if receives is not None and receives.value in ids else ids[:1]
    control = base if isinstance(base, str) else "".join(base)
    return tuple((name, control) for name in ids if name != control)


def _consistent(
    design: PatientDesign, f: Mapping[str, Node], root: Node, findings: Findings
) -> None:
    """Note measurements that no prediction can use."""
    place = f.get("measurements", root).place
    if design.now > 0 and not design.receives:
        findings.note(
            place,
            "measurements after day 0 and no regimen",
            'expected "receives", the regimen under which they were made',
        )
    scans = design.of(DIAMETER)
    if any(m.day > 0 for m in scans) and not any(m.day == 0 for m in scans):
        findings.note(
            place,
            "sums of diameters without one at day 0",
            "expected the sum before treatment, from which change is counted",
        )
    if design.now >= design.months * 30.4375:
        findings.note(place, f"a measurement on day {design.now:g}", "expected more months")


def _covariates(node: Node, findings: Findings) -> dict[str, str | float]:
    found: dict[str, str | float] = {}
    for name, n in node.entries(findings).items():
        is_number = isinstance(n.value, (int, float)) and not isinstance(n.value, bool)
        found[name] = n.number(findings) if is_number else n.text(findings)
    return found


def _measurements(node: Node, findings: Findings) -> tuple[Measurement, ...]:
    found: list[Measurement] = []
    last: dict[str, float] = {}
    for item in node.items(findings):
        f = item.fields(findings, ("at", "what", "value"), ("error",))
        if not {"at", "what", "value"} <= set(f):
            continue
        day = _day(f["at"], findings)
        what = f["what"].text(findings)
        number, unit = _quantity(f["value"], findings)
        if what == DIAMETER and unit:
            number, unit = _converted(f["value"], number, unit, "mm", findings), "mm"
        if day <= last.get(what, -1.0):
            findings.note(
                item.place,
                f"{what} on day {day:g} after one on day {last[what]:g}",
                "expected measurements in the order of time, each time once",
            )
        last[what] = day
        error = f["error"].number(findings, 0.01, 2.0) if "error" in f else math.nan
        if what != DIAMETER and math.isnan(error):
            error = ERROR
        found.append(Measurement(day=day, what=what, value=number, unit=unit, error=error))
    return tuple(sorted(found, key=lambda m: m.day))


def _day(node: Node, findings: Findings) -> float:
    """Days of a time such as "6 weeks"."""
    words = str(node.value).split()
    try:
        if len(words) != 2:
            raise ValueError(node.value)
        day = units.convert(float(words[0]), words[1], "day")
        if not 0.0 <= day < 36525.0:
            raise ValueError(node.value)
    except ValueError:
        findings.note(node.place, f'found "{node.value}"', 'expected a time, such as "6 weeks"')
        return 0.0
    return day


def _quantity(node: Node, findings: Findings) -> tuple[float, str]:
    """Return the number and the unit of a text such as "61 mm"."""
    number, _, unit = str(node.value).strip().partition(" ")
    try:
        value = float(number)
        if not unit or not math.isfinite(value) or value < 0.0:
            raise ValueError(number)
        units.unit(unit.strip())
    except ValueError:
        findings.note(
            node.place, f'found "{node.value}"', 'expected a number and a unit, such as "61 mm"'
        )
        return 1.0, ""
    return value, unit.strip()


def _converted(node: Node, value: float, have: str, want: str, findings: Findings) -> float:
    try:
        return units.convert(value, have, want)
    except ValueError:
        findings.note(node.place, f'found a value in "{have}"', f'expected one in "{want}"')
        return 1.0
