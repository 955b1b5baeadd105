"""`normoxia check`: every finding in any document, at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from normoxia.cli.options import Json
from normoxia.cli.show import print_json, say
from normoxia.errors import InvalidDocument, NormoxiaError, did_you_mean


def check(
    files: Annotated[
        list[Path], typer.Argument(help="Documents of any kind: model, drug, population, trial, study.")
    ],
    json: Json = False,
) -> None:
    """Read documents and report every finding in them with file, line, key and the nearest legal name."""
    results = [(file, *_read(file)) for file in files]
    if json:
        print_json(
            {
                "schema": "normoxia.check/1",
                "files": [
                    {"file": str(file), "findings": found, "questions": asked}
                    for file, found, asked in results
                ],
            }
        )
    for file, found, asked in results:
        say(f"{file}: well" if not found else f"{file}: {len(found)} finding{'s' if len(found) > 1 else ''}")
        for line in found:
            say(f"  {line}")
        for line in asked:
            say(f"  a second reader asks: {line}")
    if any(found for _, found, _ in results):
        raise typer.Exit(3)


def _read(file: Path) -> tuple[list[str], list[str]]:
    """What keeps a document from being read, and what a reader of it would ask: a study may print what cannot be."""
    from normoxia import evidence

    try:
        value = _reader(file)(file)
    except InvalidDocument as error:
        return [str(finding) for finding in error.findings] or [str(error)], []
    except NormoxiaError as error:
        return [str(error)], []
    questions = evidence.check(value) if isinstance(value, evidence.Study) else ()
    return [], [f"{question.place.key}: {question.found}" for question in questions]


def _reader(file: Path) -> Callable[[Path], object]:
    """The reader of a document, by the key that names its kind."""
    from normoxia import documents, evidence, mechanism, pharmacology, population, trial
    from normoxia.documents import Findings

    readers: dict[str, Callable[[Path], object]] = {
        "model": mechanism.read,
        "module": mechanism.read_module,
        "drug": pharmacology.read,
        "population": population.read,
        "trial": trial.read,
        "study": evidence.read,
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
        node.place, f'the document says nowhere what it is (its first key is "{first}")',
        f"expected a first key among {', '.join(readers)}" + did_you_mean(first, readers),
    )  # fmt: skip
    findings.raise_any()
    raise AssertionError("unreachable")
