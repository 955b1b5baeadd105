"""Digests of what an ensemble was fitted with: model, drugs, population, clinic, and the protocol of every study.

They stand beside an ensemble document (`nsclc.yaml`, `nsclc-inputs.yaml`). Comparing them with the documents of today shows
whether the draws belong to the model that is run: `outdated` names what differs. Titles, sources, notes and other prose do not
count, nor does the layout of a file. Program code is not covered, except where it writes the protocol of a study.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from normoxia import documents, library
from normoxia.documents import Findings
from normoxia.errors import InvalidArgument, InvalidDocument, UnknownName
from normoxia.evidence.studies.registry import registry
from normoxia.trial.making import from_study

SCHEMA = "normoxia.fitted-inputs/1"
#: what follows the name of an ensemble document in that of its inputs
SUFFIX = "-inputs"
#: keys of documents that change no simulated patient
PROSE = frozenset(
    [
        "aliases",
        "baseline",
        "cv_source",
        "exposures",
        "finding",
        "label",
        "labels",
        "name",
        "names",
        "note",
        "notes",
        "place",
        "published",
        "quote",
        "range",
        "reason",
        "reference",
        "review",
        "says",
        "source",
        "sources",
        "statement",
        "statements",
        "status",
        "title",
        "titles",
        "verified",
    ]
)
#: what differs when nothing is known of the inputs
UNKNOWN = "every input"
_PROTOCOL, _DRUG, _NONE = "protocol of ", "drugs/", "none"
_DIGITS = 16


def path_of(ensemble: Path) -> Path:
    """Where the inputs of an ensemble document are recorded: beside it."""
    return ensemble.with_name(f"{ensemble.stem}{SUFFIX}{ensemble.suffix}")


def document(studies: Iterable[str], ensemble_sha256: str, note: str = "") -> str:
    """The record of the inputs as they are now, for an ensemble just fitted to some studies.

    Parameters
    ----------
    studies
        Ids of the studies that were simulated.
    ensemble_sha256
        Digest of the ensemble document that the record belongs to.
    note
        What a reader of the record should know; left out when empty.
    """
    names = tuple(studies)
    drugs = sorted({drug for name in names for drug in from_study.preferred(name).drugs})
    return documents.write(
        {
            "fitted_inputs": SCHEMA,
            "ensemble_sha256": ensemble_sha256,
            **({"note": note} if note else {}),
            "inputs": current(names, tuple(drugs)),
        }
    )


@functools.cache
def outdated(ensemble: Path, ensemble_sha256: str) -> tuple[str, ...]:
    """Names of the inputs that differ from those an ensemble was fitted with; () when none does.

    Parameters
    ----------
    ensemble
        The ensemble document.
    ensemble_sha256
        Its digest.

    Returns
    -------
    tuple of str
        Such as "models/immunity" or "protocol of OAK", sorted; ("every input",) for an ensemble without a record, or with
        the record of another ensemble.

    Raises
    ------
    InvalidDocument
        The record cannot be read.
    """
    record = path_of(ensemble)
    if not record.is_file():
        return (UNKNOWN,)
    belongs_to, fitted = _read(record)
    if belongs_to != ensemble_sha256:
        return (UNKNOWN,)
    now = current(*(_names(fitted, kind) for kind in (_PROTOCOL, _DRUG)))
    return tuple(sorted(name for name in {*now, *fitted} if now.get(name) != fitted.get(name)))


def current(studies: tuple[str, ...], drugs: tuple[str, ...]) -> dict[str, str]:
    """Digests of the documents that simulations depend on, by name: modules, drugs, population, clinic, protocols.

    A study or drug that is not there any more has the digest "none".
    """
    found = {f"models/{name}": _of_file("models", name) for name in library.names("models")}
    found |= {_DRUG + name: _of_file("drugs", name) for name in drugs}
    found[f"populations/{from_study.POPULATION}"] = _of_file("populations", from_study.POPULATION)
    found["trials/shared/clinic"] = _of_file("trials", "shared/clinic")
    found["toxicity"] = _of_file(".", "toxicity")
    return found | {_PROTOCOL + name: _of_protocol(name) for name in studies}


def _names(inputs: Mapping[str, str], kind: str) -> tuple[str, ...]:
    return tuple(name.removeprefix(kind) for name in inputs if name.startswith(kind))


def _of_file(kind: str, name: str) -> str:
    try:
        return _digest(documents.load(library.path(kind, name)).plain())
    except UnknownName:
        return _NONE


def _of_protocol(study: str) -> str:
    """Digest of the trial document of a study: the one written by hand, or what the registry's record makes."""
    try:
        record = registry()[study]
        by_hand = from_study.written_by_hand().get(record.id)
        if by_hand:
            return _of_file("trials", by_hand)
        return _digest(from_study.document(record))
    except (InvalidArgument, UnknownName):
        return _NONE


def _digest(value: object) -> str:
    text = json.dumps(_without_prose(value), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _without_prose(value: object) -> object:
    """A plain value without texts for readers; whole numbers as numbers, since a document may write 1 or 1.0."""
    if isinstance(value, Mapping):
        return {str(key): _without_prose(v) for key, v in value.items() if key not in PROSE}
    if isinstance(value, (list, tuple)):
        return [_without_prose(v) for v in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _read(path: Path) -> tuple[str, dict[str, str]]:
    """Digest of the ensemble, and digests of the inputs, in a record."""
    findings = Findings()
    got = documents.load(path).fields(
        findings, ("fitted_inputs", "ensemble_sha256", "inputs"), ("note",)
    )
    findings.raise_any(InvalidDocument)
    got["fitted_inputs"].text(findings, (SCHEMA,))
    inputs = {name: node.text(findings) for name, node in got["inputs"].entries(findings).items()}
    belongs_to = got["ensemble_sha256"].text(findings)
    findings.raise_any(InvalidDocument)
    return belongs_to, inputs
