"""The numbers of the guide to the normalisation window are those its own commands give."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "guides" / "normalisation-window.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_the_table_is_what_the_python_of_the_page_gives(page: str) -> None:
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.S):
        exec(compile(block, str(PAGE), "exec"), names)
    table = names["table"]
    assert isinstance(table, list)
    assert [line for line in table if line not in page.splitlines()] == []
    assert len(table) == len(names["REGIMENS"])  # type: ignore[arg-type]


def test_the_shell_commands_give_the_same_numbers(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables as `printf` writes them, the options as written; perfusion at day 14 is the page's to its two figures."""
    from typer.testing import CliRunner

    from normoxia.cli.app import app

    monkeypatch.chdir(tmp_path)
    (shell,) = re.findall(r"```sh\n(.*?)```", page, re.S)
    for text, name in re.findall(r"printf '(.*?)' > (\S+)", shell):
        Path(name).write_text(text.replace("\\n", "\n"), encoding="utf-8")
    (command,) = re.findall(r"^normoxia (.*)$", shell, re.M)
    assert CliRunner().invoke(app, command.split()).exit_code == 0
    rows = [line.split(",") for line in Path("window.csv").read_text().splitlines()]
    at_day_14 = {row[0]: float(row[2]) for row in rows[1:] if float(row[1]) == 14.0}
    printed = {
        line.split(" | ")[0].removeprefix("| "): line.split(" | ")
        for line in page.splitlines()
        if line.startswith(("| selective inhibitor, 1 x |", "| bevacizumab |"))
    }
    column = 4
    assert at_day_14["low dose"] == pytest.approx(
        float(printed["selective inhibitor, 1 x"][column]), abs=0.006
    )
    assert at_day_14["bevacizumab"] == pytest.approx(
        float(printed["bevacizumab"][column]), abs=0.006
    )
