"""The page's source and its built files: colours of the figures, no code inline, no other host, small."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from normoxia.report.figures.theme import THEMES

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src" / "normoxia" / "web" / "static"


@pytest.mark.parametrize("name", ["light", "dark"])
def test_colours_are_those_of_the_figures(name: str) -> None:
    text = (ROOT / "web" / "src" / "styles" / "tokens.css").read_text(encoding="utf-8")
    block = text.partition(':root[data-theme="dark"]')[2] if name == "dark" else text
    told = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block.partition("}")[0]))
    theme = THEMES[name]
    expected = {
        one.name: getattr(theme, one.name)
        for one in fields(theme)
        if one.name not in ("name", "series")
    }
    expected |= {f"series-{i + 1}": colour for i, colour in enumerate(theme.series)}
    assert {key: told[key] for key in expected} == expected


def test_first_file_has_no_code_and_no_style_of_its_own() -> None:
    text = (STATIC / "index.html").read_text(encoding="utf-8")
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]* src=)", text)
    assert not re.search(r"\son\w+=|\sstyle=", text)
    assert not re.search(r"(src|href)=\"(?:https?:)?//", text)


def test_first_view_weighs_less_than_350_kilobytes() -> None:
    manifest = json.loads((STATIC / "manifest.json").read_text(encoding="utf-8"))
    wanted, needed = ["index.html", "src/first/view.tsx"], set()
    while wanted:
        entry = manifest[wanted.pop()]
        needed |= {entry["file"], *entry.get("css", ())}
        wanted += [one for one in entry.get("imports", ()) if manifest[one]["file"] not in needed]
    weight = sum(len(gzip.compress((STATIC / name).read_bytes())) for name in needed)
    assert 5_000 < weight < 350 * 1024


def test_built_files_are_those_of_the_manifest() -> None:
    manifest = json.loads((STATIC / "manifest.json").read_text(encoding="utf-8"))
    named = {entry["file"] for entry in manifest.values()}
    named |= {css for entry in manifest.values() for css in entry.get("css", ())}
    present = {path.relative_to(STATIC).as_posix() for path in (STATIC / "assets").iterdir()}
    assert present == {name for name in named if name.startswith("assets/")}
