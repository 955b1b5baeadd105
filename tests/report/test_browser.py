"""A report as a browser shows it: both languages, light and dark, without asking anything of a network.

Needs Debian's chromium (or CHROMIUM naming another build); `.ci/run` installs it, and without it these tests fail.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from tests.report.test_document import page

from normoxia.report import write_document

pytestmark = pytest.mark.slow

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--virtual-time-budget=3000",
)


def browse(tmp_path: Path, file: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    browser = os.environ.get("CHROMIUM", "chromium")
    command = [browser, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *flags, file.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return write_document([page("en"), page("zh")], tmp_path / "report.html")


def test_the_page_is_complete_in_both_languages(tmp_path: Path, report: Path) -> None:
    shown = browse(tmp_path, report, "--dump-dom").stdout
    assert "Report en" in shown
    assert "Report zh" in shown
    assert shown.count("<svg") >= 2


def test_light_and_dark_settings_render_differently(tmp_path: Path, report: Path) -> None:
    sizes = []
    for name, scheme in (("dark", "0"), ("light", "1")):
        picture = tmp_path / f"{name}.png"
        browse(
            tmp_path,
            report,
            f"--screenshot={picture}",
            "--window-size=1100,1400",
            f"--blink-settings=preferredColorScheme={scheme}",
        )
        content = picture.read_bytes()
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        assert int.from_bytes(content[16:20], "big") == 1100
        sizes.append(content)
    assert sizes[0] != sizes[1]
    # a page of text and curves, not an empty sheet
    assert min(map(len, sizes)) > 20_000


def test_the_page_loads_no_external_resource(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    fetched = re.findall(
        r'(?:src|href)="(?!#|data:)([^"]*)"|url\((?!#|data:|\"?#)([^)]*)\)|@import', text
    )
    assert [found for found in fetched if any(found)] == []
