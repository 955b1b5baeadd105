"""The design of a randomised trial as a document: two regimens, endpoint, sizes, accrual, looks, test, target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from normoxia import documents, library, units
from normoxia.design import comparisons
from normoxia.design.comparisons import ComparisonDesign
from normoxia.design.sequential import Boundaries, Spending, boundaries
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidArgument, InvalidDocument
from normoxia.outcome import Endpoint
from normoxia.survival.data import DAYS_PER_MONTH

#: tests of a design; with interim looks the log-rank test alone
TESTS = ("log-rank", "max-combo", "restricted mean")
ENDPOINTS = (Endpoint.PFS, Endpoint.OS)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialDesign:
    """A two-arm trial to be planned.

    Attributes
    ----------
    comparison
        Its regimens as a comparison, experimental against control, on a stage.
    endpoint
        PFS or OS.
    patients
        Total sizes to evaluate, increasing.
    share
        Share of the patients who receive the experimental regimen.
    accrual
        Months over which patients enter, evenly.
    longest
        Months after the last entry when the trial ends at the latest.
    maturity
        Events of the last look over patients.
    looks
        Information fractions of the looks, increasing to 1.
    alpha
        One-sided level.
    spending
        How it is spent.
    test
        "log-rank", "max-combo" or "restricted mean".
    target
        Assurance that is wanted.
    """

    comparison: ComparisonDesign
    endpoint: Endpoint
    patients: tuple[int, ...]
    share: float = 0.5
    accrual: float = 18.0
    longest: float = 36.0
    maturity: float = 0.7
    looks: tuple[float, ...] = (1.0,)
    alpha: float = 0.025
    spending: Spending = Spending.OBRIEN_FLEMING
    test: str = "log-rank"
    target: float = 0.8
    text: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """Name of the document."""
        return self.comparison.name

    @property
    def boundaries(self) -> Boundaries:
        """Boundaries of the looks."""
        return boundaries(self.looks, alpha=self.alpha, spending=self.spending)


def names() -> tuple[str, ...]:
    """Return the names of the shipped designs."""
    return library.names("designs")


def read(name: str | Path) -> TrialDesign:
    """Read a design by name or from a document (.yaml).

    Raises
    ------
    UnknownName
        There is no shipped design of the name.
    InvalidDocument
        The document has faults; all are listed.
    """
    path = library.find("designs", name)
    text = documents.text_of(path)
    return parse(documents.parse(text, str(path)), text)


def parse(root: Node, text: str = "") -> TrialDesign:
    """Return the design of a document's root. Raises InvalidDocument with every finding."""
    findings = Findings()
    f = root.fields(
        findings,
        ("design", "title", "asks", "stage", "experimental", "control", "endpoint", "patients"),
        (
            "place",
            "set",
            "evidence",
            "limits",
            "share",
            "accrual",
            "longest",
            "maturity",
            "looks",
            "alpha",
            "spending",
            "test",
            "target",
            "simulated",
            "draws",
        ),
    )
    findings.raise_any(InvalidDocument)
    arms = tuple(
        comparisons.regimen_of(name, f[name], findings) for name in ("experimental", "control")
    )
    comparison = ComparisonDesign(
        name=f["design"].text(findings),
        titles=comparisons.text_of(f["title"], findings),
        asks=comparisons.text_of(f["asks"], findings),
        place=f["place"].text(findings) if "place" in f else "",
        stage=f["stage"].text(findings),
        within=f["set"].text(findings) if "set" in f else "",
        regimens=arms,
        contrasts=(("experimental", "control"),),
        question=f["evidence"].text(findings) if "evidence" in f else "",
        limits=tuple(comparisons.text_of(n, findings) for n in f["limits"].items(findings))
        if "limits" in f
        else (),
        patients=f["simulated"].whole(findings, 20) if "simulated" in f else comparisons.PATIENTS,
        draws=f["draws"].whole(findings, 8) if "draws" in f else comparisons.DRAWS,
        file=root.place.file,
    )
    endpoint = f["endpoint"].text(findings, tuple(str(e) for e in ENDPOINTS))
    sizes = f["patients"]
    numbers = [n.whole(findings, 20) for n in (sizes.items(findings) if sizes.is_list else [sizes])]
    if numbers != sorted(set(numbers)):
        findings.note(sizes.place, "sizes that do not increase", "expected them in order")
    design = TrialDesign(
        comparison=comparison,
        endpoint=Endpoint(endpoint) if endpoint in ENDPOINTS else Endpoint.OS,
        patients=tuple(numbers),
        text=text,
    )
    design = replace(design, **_options(f, findings))
    if design.test != "log-rank" and len(design.looks) > 1:
        findings.note(
            f["test"].place,
            f'"{design.test}" with {len(design.looks)} looks',
            "expected one look; interim looks are for the log-rank test",
        )
    try:
        _ = design.boundaries
    except InvalidArgument as error:
        findings.note(f.get("looks", root).place, str(error))
    findings.raise_any(InvalidDocument)
    return design


def _options(f: Mapping[str, Node], findings: Findings) -> dict[str, Any]:
    """Fields of a design that a document gives."""
    options: dict[str, Any] = {}
    for name, low, high in (
        ("share", 0.05, 0.95),
        ("maturity", 0.01, 1.0),
        ("alpha", 1e-6, 0.4999),
        ("target", 0.01, 0.999),
    ):
        if name in f:
            options[name] = f[name].number(findings, low, high)
    for name in ("accrual", "longest"):
        if name in f:
            options[name] = _months(f[name], findings)
    if "looks" in f:
        options["looks"] = tuple(n.number(findings) for n in f["looks"].items(findings))
    if "spending" in f:
        word = f["spending"].text(findings, tuple(Spending))
        options["spending"] = Spending(word) if word in tuple(Spending) else Spending.POCOCK
    if "test" in f:
        options["test"] = f["test"].text(findings, TESTS)
    return options


def _months(node: Node, findings: Findings) -> float:
    words = str(node.value).split()
    try:
        if len(words) != 2:
            raise ValueError(node.value)
        months = units.convert(float(words[0]), words[1], "day") / DAYS_PER_MONTH
        if not 0.0 < months <= 600.0:
            raise ValueError(node.value)
    except ValueError:
        findings.note(node.place, f'found "{node.value}"', 'expected a time, such as "18 months"')
        return 1.0
    return months
