"""Two frozen values are equal when what was given is, and when the same was not given."""

from __future__ import annotations

import copy
import importlib
import inspect
import math
import pickle
import pkgutil
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

import normoxia
from normoxia.outcome import Estimate
from normoxia.values import Value


def classes_with_gaps() -> list[type[Any]]:
    """Every data class of the package whose default for some number is nan, unless it is compared by identity."""
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(normoxia.__path__, "normoxia.")
        if not module.name.endswith("__main__")
    ]
    found = {
        one
        for module in modules
        for _, one in inspect.getmembers(module, inspect.isclass)
        if is_dataclass(one)
        and one.__module__ == module.__name__
        and one.__eq__ is not object.__eq__
    }
    gapped = [
        one
        for one in found
        if any(isinstance(f.default, float) and math.isnan(f.default) for f in fields(one))
    ]
    return sorted(gapped, key=lambda one: (one.__module__, one.__name__))


CLASSES = classes_with_gaps()


def with_gaps(kind: type[Any]) -> Any:
    """A value with a nan of its own wherever nan is the default, as numbers that were read or computed have."""
    made = object.__new__(kind)
    for field in fields(kind):
        gap = isinstance(field.default, float) and math.isnan(field.default)
        object.__setattr__(made, field.name, float("nan") if gap else f"a {field.name}")
    return made


def test_there_are_such_classes() -> None:
    assert {"Estimate", "Parameter", "Quantity"} <= {kind.__name__ for kind in CLASSES}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_what_was_not_given_is_equal_whichever_nan_says_so(kind: type[Any]) -> None:
    assert issubclass(kind, Value), (
        f"{kind.__name__} has nan for a default: let it inherit Value, with eq=False"
    )
    one, other = with_gaps(kind), with_gaps(kind)
    assert one == other
    assert hash(one) == hash(other)
    assert one != object()


def test_what_was_given_still_differs() -> None:
    assert Estimate(0.5) != Estimate(0.6)
    assert Estimate(0.5, 0.4, 0.6) != Estimate(0.5)
    assert Estimate(math.nan) == Estimate(float("nan"))


def test_a_copy_from_another_process_is_equal() -> None:
    estimate = Estimate(0.5, 0.4)
    assert pickle.loads(pickle.dumps(estimate)) == estimate
    assert copy.deepcopy(estimate) == estimate
