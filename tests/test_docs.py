"""What the documentation shows runs, and what it points at exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


LESSONS = [
    ROOT / "README.md",
    *sorted(
        page for kind in ("tutorials", "guides") for page in (ROOT / "docs" / kind).glob("*.md")
    ),
]


#: pages whose code takes three seconds and more, by the same functions as that of the README and the notebook
LONG = ("python", "first-trial")


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.slow] if page.stem in LONG else [], id=page.stem)
        for page in LESSONS
    ],
)
def test_a_page_to_follow_runs_from_its_first_line_to_its_last(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
        exec(compile(block, str(page), "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_point_at_files_that_are_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_readme_names_only_verbs_that_exist() -> None:
    from normoxia.cli.app import app

    verbs = {command.name for command in app.registered_commands} | {
        group.name for group in app.registered_groups
    }
    named = set(
        re.findall(r"`normoxia ([a-z][a-z-]*)", (ROOT / "README.md").read_text(encoding="utf-8"))
    )
    assert named
    assert named <= verbs


@pytest.mark.parametrize("page", LESSONS, ids=lambda p: p.stem)
def test_trials_that_a_page_shows_can_be_read(page: Path) -> None:
    from normoxia import documents
    from normoxia.trial import files

    for block in re.findall(r"```yaml\n(trial:.*?)```", page.read_text(encoding="utf-8"), re.S):
        assert files.parse(documents.parse(block, page.name), block).arms


def shell_commands(page: Path) -> list[str]:
    """The commands of normoxia in the fenced and indented code of a page, and in the tables of the README."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [
        line.strip()
        for block in re.findall(r"```(?:sh|bash)?\n(.*?)```", text, re.S)
        for line in block.splitlines()
    ]
    lines += re.findall(r"^    (normoxia .*)$", text, re.M)
    lines += re.findall(r"^\| `(normoxia [^`]*)`", text, re.M)
    return [
        line.split("  #")[0].split(" | ")[0].split(" > ")[0]
        for line in lines
        if line.startswith("normoxia ")
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_that_a_page_shows_parse(page: Path) -> None:
    import typer

    from normoxia.cli.app import app

    for line in shell_commands(page):
        words = shlex.split(line.split("&&")[0])[1:]
        if not words or words[0].startswith("-") or words[0].isupper():
            continue
        command = typer.main.get_command(app)
        while words and hasattr(command, "commands"):
            assert words[0] in command.commands, line
            command = command.commands[words.pop(0)]
        if not hasattr(command, "commands") and "--help" not in words:
            command.make_context("normoxia", words)  # raises what a user would meet


def test_the_readme_shows_commands() -> None:
    assert len(shell_commands(ROOT / "README.md")) > 10
