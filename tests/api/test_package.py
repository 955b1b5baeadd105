"""The names of the package: few, loaded when first used, and pinned."""

from __future__ import annotations

import subprocess
import sys

import pytest

import normoxia as nx

#: modules that a mere `import normoxia` must not load
HEAVY = ("numpy", "scipy", "polars", "llvmlite", "pint", "altair", "yaml", "typer", "rich")


def test_the_exported_names_are_these() -> None:
    assert nx.__all__ == [
        "Comparison",
        "PlannedTrial",
        "Run",
        "compare",
        "design_trial",
        "open_run",
        "pool",
        "read_model",
        "read_study",
        "read_trial",
        "run",
        "studies",
        "trials",
    ]
    assert set(nx.__all__) <= set(dir(nx))
    for name in nx.__all__:
        assert callable(getattr(nx, name))
        assert getattr(nx, name).__doc__


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trail'"):
        nx.trail  # noqa: B018


def test_importing_the_package_loads_nothing_heavy_and_hides_no_module() -> None:
    script = (
        "import sys, time; began = time.process_time(); import normoxia; took = time.process_time() - began\n"
        f"print(took < 0.1, [name for name in {HEAVY!r} if name in sys.modules])\n"
        "import normoxia.trial, normoxia.simulation, normoxia.survival, normoxia.evidence, normoxia.api.run\n"
        "normoxia.run, normoxia.trials, normoxia.studies, normoxia.pool\n"
        "print([type(getattr(normoxia, n)).__name__ for n in ('trial', 'simulation', 'survival', 'evidence', 'run', 'pool')])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert answer.stdout.splitlines() == [
        "True []",
        "['module', 'module', 'module', 'module', 'function', 'function']",
    ]


def test_studies_and_models_are_read_by_any_spelling() -> None:
    assert nx.read_study("keynote 189").id == nx.read_study("study:KEYNOTE-189").id == "KEYNOTE-189"
    assert "KEYNOTE-189" in nx.studies()
    assert {"impower150", "forecast:harmoni-7"} <= set(nx.trials())
    assert nx.read_model("NSCLC").name == "nsclc"
