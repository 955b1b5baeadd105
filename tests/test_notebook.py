"""The notebook of the tutorials runs from its first cell to its last, and every value shows itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "docs" / "tutorials" / "notebook.ipynb"


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What each cell shows, by its source."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    folder = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT / "src"))
        # the kernel's own warnings are not ours
        patch.setenv("PYTHONWARNINGS", "ignore")
        patch.setenv("IPYTHONDIR", str(folder))
        client = NotebookClient(
            notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}
        )
        client.execute()
    return {
        cell.source: cell.outputs[-1].data
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.outputs
    }


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_every_value_shows_itself(outputs: dict[str, dict[str, Any]]) -> None:
    def shown(start: str) -> dict[str, Any]:
        return next(data for source, data in outputs.items() if source.startswith(start))

    run = shown("run = ")
    assert "<table>" in run["text/html"]
    assert "<svg" in run["text/html"]
    assert run["text/plain"].startswith("<Run of impower150: ABCP 10")
    for figure in (shown('run.plot("km"'), shown('pooled.plot("forest")')):
        assert figure["image/svg+xml"].startswith("<svg")
        assert figure["text/plain"]
    for start in ("trial = ", "nx.read_study", "pooled = ", "nx.read_model", "nx.forecast"):
        assert "<table>" in shown(start)["text/html"], start
        assert len(shown(start)["text/plain"]) < 400, start
    patients = shown("run.patients()")
    assert "dataframe" in patients["text/html"]
    n_silent = 1  # the import
    code = [c for c in nbformat.read(NOTEBOOK, as_version=4).cells if c.cell_type == "code"]
    assert len(outputs) == len(code) - n_silent


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
