"""Writing a model and reading it again gives the same value."""

from __future__ import annotations

import pickle
from pathlib import Path

from hypothesis import given, settings
from tests.mechanism.strategies import models

from normoxia.mechanism import parse_module, read, write
from normoxia.mechanism.model import Model

LIBRARY = Path(__file__).parents[2] / "src" / "normoxia" / "library" / "models"


@given(models())
@settings(max_examples=60, deadline=None)
def test_write_then_read_gives_the_same_model(model: Model) -> None:
    assert parse_module(write(model)) == model


def test_a_composed_model_becomes_one_document() -> None:
    model = read(LIBRARY / "nsclc.yaml")
    assert parse_module(write(model)) == model


@given(models())
@settings(max_examples=5, deadline=None)
def test_models_travel_to_other_processes(model: Model) -> None:
    assert pickle.loads(pickle.dumps(model)) == model
