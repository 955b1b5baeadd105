"""Options that commands share: one meaning of --out, words in any case, whole help within 80 columns."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from normoxia.cli import options

SOURCE = Path(__file__).parents[2] / "src"
COMMANDS = [
    "run",
    "compare",
    "explain",
    "optimise",
    "design-drug",
    "design-trial",
    "protocol",
    "runs",
    "report",
    "verify",
    "forecast",
    "list",
    "pool",
    "mechanism",
    "simulate",
    "export",
    "calibrate",
    "validate",
    "credibility",
    "check",
    "doctor",
    "evidence",
]


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        (("protocol", "leap 007"), "mine.yaml"),
        (("export", "IMpower-150", "--arm", "BCP", "--days", "42"), "bcp.xml"),
        (("evidence", "export", "CONTRASTS", "--endpoint", "os"), "os.csv"),
    ],
)
def test_out_once_named_a_file_and_is_still_understood(
    normoxia: Callable, tmp_path: Path, arguments: tuple[str, ...], file: str
) -> None:
    new = normoxia(*arguments, "--file", file)
    assert new.code == 0, new.err
    assert "--out" not in new.err
    content = (tmp_path / file).read_bytes()
    (tmp_path / file).unlink()
    old = normoxia(*arguments, "--out", file)
    assert old.code == 0
    assert "write --file for the name of a file" in old.err
    assert (tmp_path / file).read_bytes() == content
    both = normoxia(*arguments, "--out", "a.csv", "--file", "b.csv")
    assert both.code == 2
    assert "expected --file alone" in both.err


def test_a_command_that_has_to_write_a_file_says_which_option_names_it(normoxia: Callable) -> None:
    answer = normoxia("simulate", "toy.yaml", "--times", "0:1")
    assert answer.code == 2
    assert "expected --file, such as --file states.csv" in answer.err


@pytest.mark.parametrize(
    ("value", "word"),
    [("hr", "HR"), (" Hr ", "HR"), ("mantel haenszel", "Mantel-Haenszel"), ("TKI_x", "tki-x")],
)
def test_words_of_a_closed_list_are_read_in_any_spelling(value: str, word: str) -> None:
    assert options.match_word("word", value, ("HR", "Mantel-Haenszel", "tki-x")) == word


def test_no_two_words_of_a_list_are_spelt_alike() -> None:
    from normoxia.cli import evidence, pool, simulate
    from normoxia.cli.listing import KINDS

    lists = (
        pool.EFFECTS,
        pool.ESTIMATORS,
        pool.METHODS,
        pool.PREDICTIONS,
        pool.MODELS,
        evidence.TABLES,
        evidence.ENDPOINTS,
        evidence.EGFR,
        evidence.GROUPS,
        simulate.BACKENDS,
        options.LANGUAGES,
        options.DECIMAL_MARKS,
        KINDS,
    )
    for words in lists:
        assert len({options._plain(word) for word in words}) == len(words), words


def test_endpoints_of_the_registry_are_all_offered() -> None:
    from normoxia.cli.evidence import ENDPOINTS
    from normoxia.outcome import Endpoint

    assert {*ENDPOINTS} == {endpoint.value for endpoint in Endpoint}


def help_of(*command: str) -> tuple[str, float]:
    """A page of help at 80 columns, and the processor time it took, s."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = subprocess.run(
        [sys.executable, "-m", "normoxia", *command, "--help"],
        env={**os.environ, "PYTHONPATH": str(SOURCE), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return answer.stdout, after.ru_utime - before.ru_utime


def test_the_first_page_has_every_command_with_its_whole_summary() -> None:
    page, _ = help_of()
    assert "..." not in page.replace("[ARGS]...", "")
    for command in COMMANDS:
        assert f"\n  {command} " in page, command
    assert "\nCommands:" not in page, "a command has no section: add it to cli/groups.py"
    assert max(map(len, page.splitlines())) <= 80
    assert "normoxia run impower150" in page


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in ("doctor", "evidence")])
def test_help_shows_examples_that_fit_80_columns_and_parse(command: str) -> None:
    from normoxia.cli.app import app

    page, _ = help_of(command)
    assert max(map(len, page.splitlines())) <= 80
    _, _, tail = page.partition("Examples:")
    lines = tail.replace("\\\n", " ").strip().splitlines()
    assert lines
    import typer

    for line in lines:
        words = line.split("#")[0].split()
        assert words[:2] == ["normoxia", command]
        group = typer.main.get_command(app)
        group.commands[command].make_context(command, list(words[2:]))  # type: ignore[attr-defined]


def test_help_costs_at_most_a_quarter_of_a_second_of_processor_time() -> None:
    assert min(help_of()[1] for _ in range(5)) <= 0.25
