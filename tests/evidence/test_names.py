"""The public names of evidence are what they say, whatever else was imported before them."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from normoxia import evidence

MODULES = [found.name for found in pkgutil.walk_packages(evidence.__path__, "normoxia.evidence.")]


def test_the_public_names_are_these() -> None:
    assert evidence.__all__ == [
        "Discrepancy",
        "Registry",
        "Study",
        "Synthesis",
        "answer",
        "audit",
        "audit_report",
        "check",
        "further_studies",
        "listing",
        "pool",
        "published",
        "question",
        "read",
        "read_network",
        "registry",
        "show",
        "tumour_dynamics",
    ]


def test_every_module_below_is_found() -> None:
    assert {"normoxia.evidence.studies.registry", "normoxia.evidence.synthesis.pooling"} <= set(
        MODULES
    )


@pytest.mark.parametrize("name", evidence.__all__)
def test_no_module_stands_where_a_public_name_is_expected(name: str) -> None:
    """Importing a module binds it in its package, and would hide a verb of the same name from then on."""
    for module in MODULES:
        importlib.import_module(module)
    found = getattr(evidence, name)
    assert callable(found)  # a module is not
    assert found.__name__ == name
    assert getattr(importlib.import_module(found.__module__), name) is found
