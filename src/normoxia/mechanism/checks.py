"""Checks of a whole model."""

from __future__ import annotations

from normoxia.documents import Finding
from normoxia.mechanism.model import Model


def check(model: Model) -> tuple[Finding, ...]:
    """Every finding about a composed model."""
    return ()
