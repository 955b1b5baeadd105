"""Read any document and list every finding in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from normoxia import documents, evidence, mechanism, pharmacology, population, trial
from normoxia.calibration import forecast
from normoxia.documents import Finding, Findings
from normoxia.errors import InvalidDocument, NormoxiaError, did_you_mean
from normoxia.notebook import escaped
from normoxia.trial.making import from_study
from normoxia.trial.preflight import preflight
from normoxia.trial.protocol import Trial


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CheckedDocument:
    """What a check of a document found; `normoxia.check` gives it.

    Attributes
    ----------
    file
        The document.
    findings
        What keeps the document from being used, each with file, line, key and the nearest legal name.
    not_run
        Of a study: why it cannot be simulated, "" when it can.
    questions
        Of a study: what a second reader of it would ask.
    details
        The findings with their places, as far as they have one.
    """

    file: Path
    findings: tuple[str, ...] = ()
    not_run: str = ""
    questions: tuple[str, ...] = ()
    details: tuple[Finding, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether there are no findings."""
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        """The findings as plain dictionaries and lists."""
        return {
            "file": str(self.file),
            "findings": list(self.findings),
            "questions": list(self.questions),
            "not_run": self.not_run,
        }

    def __str__(self) -> str:
        n = len(self.findings)
        lines = [
            f"{self.file}: well" if self.is_valid else f"{self.file}: {n} finding{'s'[: n > 1]}",
            *(f"  {finding}" for finding in self.findings),
            *(
                [f"  well as evidence, but run would refuse it: {self.not_run}"]
                * bool(self.not_run)
            ),
            *(f"  a second reader asks: {question}" for question in self.questions),
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<CheckedDocument {self.file}: {len(self.findings)} findings>"

    def _repr_html_(self) -> str:
        return f"<pre>{escaped(self)}</pre>"


def check(file: str | Path) -> CheckedDocument:
    """Read a document of any kind and list every finding in it.

    Parameters
    ----------
    file
        A model, module, drug, population, trial, study, question or set of forecasts (.yaml).

    Returns
    -------
    CheckedDocument
        Its findings; a protocol is checked up to its first patient.
    """
    path = Path(file)
    try:
        value = _reader(path)(path)
        if isinstance(value, Trial):
            preflight(value)
    except InvalidDocument as error:
        findings = tuple(str(finding) for finding in error.findings) or (str(error),)
        details = tuple(one for one in error.findings if isinstance(one, Finding))
        return CheckedDocument(file=path, findings=findings, details=details)
    except NormoxiaError as error:
        return CheckedDocument(file=path, findings=(str(error),))
    if not isinstance(value, evidence.Study):
        return CheckedDocument(file=path)
    questions = tuple(f"{q.place.key}: {q.found}" for q in evidence.check(value))
    return CheckedDocument(file=path, not_run=_why_not_run(value), questions=questions)


def _why_not_run(study: evidence.Study) -> str:
    """Why a study cannot be simulated; "" when it can."""
    try:
        preflight(from_study.build(study))
    except NormoxiaError as error:
        return str(error)
    return ""


def _reader(file: Path) -> Callable[[Path], object]:
    """The reader of a document, by the key that names its kind."""
    readers: dict[str, Callable[[Path], object]] = {
        "model": mechanism.read,
        "module": mechanism.read_module,
        "drug": pharmacology.read,
        "population": population.read,
        "trial": trial.read,
        "study": evidence.read,
        "question": evidence.question,
        "forecasts": forecast.read,
    }
    findings = Findings()
    node = documents.load(file)
    entries = node.entries(findings)
    findings.raise_any()
    for key in entries:
        if key in readers:
            return readers[key]
    first = next(iter(entries), "")
    findings.note(
        node.place,
        f'the document says nowhere what it is (its first key is "{first}")',
        f"expected a first key among {', '.join(readers)}" + did_you_mean(first, readers),
    )
    findings.raise_any()
    raise AssertionError("unreachable")
