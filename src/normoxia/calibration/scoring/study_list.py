"""The studies that calibration draws on: an explicit list, so that a study added to the registry enters no fit by itself."""

from __future__ import annotations

import functools

from normoxia import documents, library
from normoxia.documents import Findings
from normoxia.evidence.studies.registry import Registry, is_shipped, registry


def calibration_studies() -> Registry:
    """The registry as calibration sees it, in the registry's order.

    Returns
    -------
    Registry
        The shipped studies of `library/calibrations/studies.yaml`, and the user's own (NORMOXIA_STUDIES).

    Raises
    ------
    UnknownName
        For a listed study that the registry lacks.
    """
    known = registry()
    listed = {known[name].id for name in listed_ids()}
    return Registry(tuple(s for s in known if s.id in listed or not is_shipped(s)))


@functools.cache
def listed_ids() -> tuple[str, ...]:
    """Ids of the listed studies. Raises InvalidDocument when the list cannot be read."""
    findings = Findings()
    root = documents.load(library.path("calibrations", "studies"))
    fields = root.fields(findings, ("title", "date", "studies"))
    findings.raise_any()
    names = tuple(node.text(findings) for node in fields["studies"].items(findings))
    findings.raise_any()
    return names
