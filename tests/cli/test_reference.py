"""The reference page of commands is what the commands parse."""

from __future__ import annotations

from pathlib import Path

from normoxia.cli import reference

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"


def test_the_page_of_commands_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference.page(), (
        f"run {reference.COMMAND} > docs/reference/cli.md"
    )


def test_out_is_a_folder_and_file_a_file_in_every_command() -> None:
    for name, command in reference._commands():
        helps = {flag: o.help for o in reference._options(command) for flag in o.opts}
        assert "older" in helps.get("--out", "folder"), name
        assert "older" not in helps.get("--file", "").partition("Default")[0], name


def test_every_command_that_computes_can_be_quiet_and_every_one_that_prints_speaks_both_languages() -> (
    None
):
    commands = {
        name: {flag for option in reference._options(command) for flag in option.opts}
        for name, command in reference._commands()
    }
    for name in ("run", "calibrate", "validate", "credibility", "forecast", "verify", "simulate"):
        assert {"--quiet", "--workers"} <= commands[name], name
    for name in ("run", "calibrate", "forecast", "pool"):
        assert "--seed" in commands[name], name
    for name in (
        "list",
        "runs",
        "mechanism",
        "pool",
        "evidence list",
        "evidence audit",
        "validate",
    ):
        assert {"--json", "--lang"} <= commands[name], name
