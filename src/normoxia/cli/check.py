"""`normoxia check`: every finding in any document, at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from normoxia.cli import completion
from normoxia.cli.options import Json, examples
from normoxia.cli.show import print_json, say
from normoxia.errors import InvalidDocument, NormoxiaError, did_you_mean

EXAMPLES = examples("normoxia check mine.yaml", "normoxia check studies/*.yaml --json")


def check(
    files: Annotated[
        list[Path],
        typer.Argument(
            autocompletion=completion.files((".yaml", ".yml")),
            help="Documents of any kind: model, drug, population, trial, study, question.",
        ),
    ],
    json: Json = False,
) -> None:
    """Check documents of any kind: every finding with file, line, key and the nearest legal name."""
    results = [(file, _read(file)) for file in files]
    if json:
        print_json(
            {
                "schema": "normoxia.check/1",
                "files": [
                    {
                        "file": str(file),
                        "findings": got.findings,
                        "questions": got.questions,
                        "not_run": got.not_run,
                    }
                    for file, got in results
                ],
            }
        )
    for file, got in results:
        found = got.findings
        say(
            f"{file}: well"
            if not found
            else f"{file}: {len(found)} finding{'s' if len(found) > 1 else ''}"
        )
        for line in found:
            say(f"  {line}")
        if got.not_run:
            say(f"  well as evidence, but run would refuse it: {got.not_run}")
        for line in got.questions:
            say(f"  a second reader asks: {line}")
    if any(got.findings for _, got in results):
        raise typer.Exit(3)


class _Checked(NamedTuple):
    """What keeps a document from being used, why a study cannot be run, and what a second reader of it would ask."""

    findings: list[str]
    not_run: str = ""
    questions: Sequence[str] = ()


def _read(file: Path) -> _Checked:
    """A document read, and what its kind is for begun: a protocol's run up to its first patient."""
    from normoxia import evidence
    from normoxia.trial.making import from_study
    from normoxia.trial.preflight import preflight
    from normoxia.trial.protocol import Trial

    try:
        value = _reader(file)(file)
        if isinstance(value, Trial):
            preflight(value)
    except InvalidDocument as error:
        return _Checked([str(finding) for finding in error.findings] or [str(error)])
    except NormoxiaError as error:
        return _Checked([str(error)])
    if not isinstance(value, evidence.Study):
        return _Checked([])
    not_run = ""
    try:
        preflight(from_study.build(value))
    except NormoxiaError as error:
        not_run = str(error)
    return _Checked([], not_run, [f"{q.place.key}: {q.found}" for q in evidence.check(value)])


def _reader(file: Path) -> Callable[[Path], object]:
    """The reader of a document, by the key that names its kind."""
    from normoxia import documents, evidence, mechanism, pharmacology, population, trial
    from normoxia.calibration import forecast
    from normoxia.documents import Findings

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
