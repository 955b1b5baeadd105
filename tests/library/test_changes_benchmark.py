"""The benchmark of corrections can undo each of them: its texts stand in the documents, and what it leaves is a whole model."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.mechanism_changes import CHANGES, undone

from normoxia import library, mechanism, population


@pytest.mark.parametrize("n", range(len(CHANGES) + 1))
def test_documents_can_be_read_with_later_corrections_undone(n: int, tmp_path: Path) -> None:
    folder = undone(CHANGES[n:], tmp_path) / "normoxia" / "library"
    model = mechanism.read(folder / "models" / "nsclc.yaml")
    patients = population.read(folder / "populations" / "advanced-nsclc.yaml")
    shipped = mechanism.read(library.path("models", "nsclc")), population.read("advanced-nsclc")
    assert ((model, patients) == shipped) is (n == len(CHANGES))
