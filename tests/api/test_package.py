"""The names of the package: few, loaded when first used, and pinned."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import normoxia as nx

#: modules that a mere `import normoxia` must not load
HEAVY = ("numpy", "scipy", "polars", "llvmlite", "pint", "altair", "yaml", "typer", "rich")


def test_the_exported_names_are_these() -> None:
    assert nx.__all__ == [
        "BiomarkerAnswer",
        "CalibrationResult",
        "CheckedDocument",
        "Comparison",
        "CredibilityResult",
        "DesignedDrug",
        "EvidenceAudit",
        "Explanation",
        "ExportResult",
        "ForecastResult",
        "ForecastScore",
        "LivingReview",
        "MechanismPlay",
        "MetaAnalysis",
        "Optimisation",
        "PatientPrediction",
        "PlannedTrial",
        "Run",
        "SimulationResult",
        "ToxicityAnswer",
        "ValidationResult",
        "VerificationResult",
        "audit",
        "biomarkers",
        "calibrate",
        "check",
        "compare",
        "credibility",
        "design_drug",
        "design_trial",
        "drugs",
        "evidence_table",
        "explain",
        "export",
        "forecast",
        "make_forecast",
        "mechanism_player",
        "open_calibration",
        "open_credibility",
        "open_forecast",
        "open_pool",
        "open_run",
        "open_validation",
        "optimise",
        "personalise",
        "play",
        "pool",
        "questions",
        "read_causal_map",
        "read_drug",
        "read_model",
        "read_population",
        "read_study",
        "read_trial",
        "redraw",
        "review",
        "run",
        "simulate",
        "studies",
        "toxicity",
        "trials",
        "validate",
        "verify",
    ]
    assert set(nx.__all__) <= set(dir(nx))
    for name in nx.__all__:
        assert callable(getattr(nx, name))
        assert getattr(nx, name).__doc__


def test_no_name_hides_a_package() -> None:
    """`normoxia.NAME` must stay the module wherever there is one."""
    folder = Path(nx.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} | {p.name for p in folder.iterdir()}
    assert not modules & set(nx.__all__)


def test_types_are_visible_to_checkers() -> None:
    assert (Path(nx.__file__).parent / "py.typed").is_file()
    imported = {
        alias.name
        for node in ast.walk(ast.parse(Path(nx.__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.If)
        for statement in node.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert imported == set(nx.__all__)


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trail'"):
        nx.trail  # noqa: B018


def test_importing_the_package_loads_nothing_heavy_and_hides_no_module() -> None:
    script = (
        "import sys, normoxia\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
        "import normoxia.trial, normoxia.simulation, normoxia.survival, normoxia.evidence, normoxia.api.run\n"
        "[getattr(normoxia, name) for name in normoxia.__all__]\n"
        "print([type(getattr(normoxia, n)).__name__ for n in ('trial', 'simulation', 'survival', 'evidence', 'run', 'pool')])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert answer.stdout.splitlines() == [
        "[]",
        "['module', 'module', 'module', 'module', 'function', 'function']",
    ]


def test_studies_and_models_are_read_by_any_spelling() -> None:
    assert nx.read_study("keynote 189").id == nx.read_study("study:KEYNOTE-189").id == "KEYNOTE-189"
    assert "KEYNOTE-189" in nx.studies()
    assert {"impower150", "forecast:harmoni-7"} <= set(nx.trials())
    assert nx.read_model("NSCLC").name == "nsclc"
