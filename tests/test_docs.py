"""What the documentation shows runs, and what it points at exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


LESSONS = sorted(
    page for kind in ("tutorials", "guides") for page in (ROOT / "docs" / kind).glob("*.md")
)


@pytest.mark.parametrize("page", LESSONS, ids=lambda p: p.stem)
def test_a_page_to_follow_runs_from_its_first_line_to_its_last(page: Path) -> None:
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
    named = set(re.findall(r"`normoxia ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named
    assert named <= verbs


@pytest.mark.parametrize("page", LESSONS, ids=lambda p: p.stem)
def test_trials_that_a_page_shows_can_be_read(page: Path) -> None:
    from normoxia import documents
    from normoxia.trial import files

    for block in re.findall(r"```yaml\n(trial:.*?)```", page.read_text(encoding="utf-8"), re.S):
        assert files.parse(documents.parse(block, page.name), block).arms
