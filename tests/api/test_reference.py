"""Docstrings of the public names have the sections of numpydoc, and the reference page is made of them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

import normoxia as nx
from normoxia.api import reference
from normoxia.trial.protocol import Trial

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"


def callables() -> Iterator[tuple[str, Callable[..., object]]]:
    """Every public function, and every public method of a public class."""
    for name in nx.__all__:
        value = getattr(nx, name)
        if not inspect.isclass(value):
            yield name, value
            continue
        for method, content in vars(value).items():
            if inspect.isfunction(content) and not method.startswith("_"):
                yield f"{name}.{method}", content
    for method in ("with_dose", "with_arm", "with_population", "with_endpoint", "with_patients"):
        yield f"Trial.{method}", getattr(Trial, method)


def entries(section: str) -> set[str]:
    """Names that a section describes."""
    names = [line for line in section.splitlines() if line and not line.startswith(" ")]
    return {name.strip().lstrip("*") for line in names for name in line.split(",")}


CALLABLES = dict(callables())


@pytest.mark.parametrize("name", CALLABLES)
def test_parameters_and_results_are_described(name: str) -> None:
    function = CALLABLES[name]
    parts = reference.sections(function.__doc__ or "")
    assert parts[""], f"{name} has no summary"
    assert parts[""].splitlines()[0].endswith("."), name
    parameters = set(inspect.signature(function).parameters) - {"self"}
    assert entries(parts.get("Parameters", "")) == parameters, name
    if "." not in name:
        assert parts.get("Returns"), f"{name} does not say what it returns"


@pytest.mark.parametrize(
    "name", [name for name in nx.__all__ if inspect.isclass(getattr(nx, name))]
)
def test_attributes_are_described(name: str) -> None:
    value = getattr(nx, name)
    assert is_dataclass(value)
    described = entries(reference.sections(value.__doc__ or "")["Attributes"])
    assert described == {field.name for field in fields(value)}
    assert "_repr_html_" in vars(value)
    assert "__repr__" in vars(value)


def test_the_page_is_written_from_the_docstrings() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference.page(), (
        "python -m normoxia.api.reference > docs/reference/api.md"
    )


def test_every_public_name_is_on_the_page() -> None:
    shown = [name for names in reference.SECTIONS.values() for name in names]
    assert sorted(name for name in shown if "." not in name) == sorted(nx.__all__)
    assert re.findall(r"^### (?:nx\.)?(\S+)$", reference.page(), re.MULTILINE) == shown
