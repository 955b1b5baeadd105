"""What the shell proposes at Tab, asked as bash asks: through the environment, of the installed program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from normoxia import library
from normoxia.api.names import find_trial, spelling
from normoxia.cli import completion
from normoxia.evidence.studies.registry import registry

SOURCE = Path(__file__).parents[2] / "src"


def proposed(line: str, folder: Path) -> list[str]:
    """What bash is given for a line whose last word is being typed."""
    words = line.split(" ")
    answer = subprocess.run(
        [sys.executable, "-c", "from normoxia.cli import main; main()"],
        env={
            **os.environ,
            "PYTHONPATH": str(SOURCE),
            "_NORMOXIA_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stderr == ""
    return answer.stdout.split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("normoxia prot", {"protocol"}),
        ("normoxia run IMpower15", {"impower150", "impower151"}),
        ("normoxia run keynote1", {"keynote-189"}),
        ("normoxia run min", {"mine.yaml"}),
        ("normoxia pool eg", {"egfr-post-tki"}),
        ("normoxia pool t", {"tki-or-antibody", "table.csv"}),
        ("normoxia pool t --effect h", {"HR"}),
        ("normoxia pool t --tau r", {"REML"}),
        ("normoxia run x --lang z", {"zh"}),
        ("normoxia run x --ablate c3", {"C30", "C31", "C32", "C33", "C34"}),
        ("normoxia evidence show attl", {"attlas"}),
        ("normoxia evidence list --drug atez", {"atezolizumab"}),
        ("normoxia evidence export rev", {"revman-contrasts", "revman-rates"}),
        ("normoxia forecast harmoni-2", {"harmoni-2"}),
        ("normoxia list q", {"questions"}),
        ("normoxia compare chemo-f", {"chemo-free"}),
        ("normoxia explain imp", {"impower150"}),
        ("normoxia optimise order", {"order-and-dose"}),
        ("normoxia design-drug next", {"next-bispecific"}),
        ("normoxia check m", {"mine.yaml"}),
        ("normoxia run x --res", {"--resume"}),
    ],
)
def test_tab_completes(line: str, expected: set[str], tmp_path: Path) -> None:
    for name in ("mine.yaml", "table.csv", "notes.md"):
        (tmp_path / name).touch()
    assert set(proposed(line, tmp_path)) == expected


def test_completion_waits_for_no_scientific_library() -> None:
    code = (
        "import sys; from normoxia.cli import completion as c\n"
        "for ask in (c.trials, c.studies, c.questions, c.drugs, c.statements, c.models, c.runs, c.designs): ask('')\n"
        "print({'numpy', 'scipy', 'polars', 'llvmlite', 'altair', 'pint', 'yaml'} & set(sys.modules))"
    )
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "set()"


def test_a_proposed_study_is_one_that_the_registry_finds() -> None:
    ids = {spelling(study.id) for study in registry()}
    assert {spelling(name) for name in completion.studies("")} == ids


def test_every_proposed_trial_is_one_trial_or_says_why_it_cannot_be_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from normoxia.errors import InvalidArgument

    monkeypatch.chdir(tmp_path)  # where there are no files to propose
    names = completion.trials("")
    assert {*library.names("trials"), "keynote-189", "harmoni-2"} <= {*names}
    for name in names:
        problem = ""
        try:
            find_trial(name)
        except InvalidArgument as error:  # a study without what a run needs
            problem = str(error)
        assert "several" not in problem, name


def test_statements_are_those_of_the_model() -> None:
    from normoxia import mechanism

    model = mechanism.read(library.path("models", "nsclc"))
    assert completion.statements("") == [statement.tag for statement in model.statements]


def test_files_are_completed_below_folders_and_hidden_ones_left_out(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("a.yaml", "b.csv", ".c.yaml", "folder/d.yaml"):
        (tmp_path / name).touch()
    complete = completion.files((".yaml",))
    assert complete(f"{tmp_path}/") == [f"{tmp_path}/a.yaml", f"{tmp_path}/folder/"]
    assert complete(f"{tmp_path}/folder/") == [f"{tmp_path}/folder/d.yaml"]
    assert complete(f"{tmp_path}/nowhere/") == []
