"""The mechanism player of a notebook: what the browser is given, and that its switch plays the map again in the kernel."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

import normoxia as nx
from normoxia.errors import InvalidArgument, MissingExtra


def test_the_switch_of_the_widget_plays_the_map_again() -> None:
    pytest.importorskip("anywidget")
    player = nx.mechanism_player("impower150", arms="ABCP", patients=8, days=[0, 42], lang="zh")
    try:
        assert player.play["without"] is None
        player.ablate = ["C16"]
        intact, without = (player.play[kind]["ABCP"] for kind in ("states", "without"))
        assert without["arrows"]["perfusion-entry"] == [1.0, 1.0]
        assert intact["arrows"]["perfusion-entry"] != [1.0, 1.0]
        player.lang = "en"
        assert player.map["nodes"][0]["title"] == "VEGF antibody"
        json.dumps([player.map, player.play], allow_nan=False)
    finally:
        player.close()


def test_the_script_is_one_module_that_asks_for_nothing_else() -> None:
    script = Path(sys.modules["normoxia"].__file__ or "").parent / "api" / "widget" / "player.js"
    text = script.read_text(encoding="utf-8")
    assert re.search(r"export\s*\{\s*\w+ as default\s*\}", text)
    assert not re.search(
        r"^\s*import\s|[^.\w]import\(|https?://(?!www\.w3\.org/)", text, re.MULTILINE
    )


def test_three_arms_are_too_many() -> None:
    pytest.importorskip("anywidget")
    with pytest.raises(InvalidArgument, match="one or two"):
        nx.mechanism_player("impower150", arms=["ABCP", "ACP", "BCP"])


def test_without_anywidget_it_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(MissingExtra, match=r"normoxia\[notebook\]"):
        nx.mechanism_player()
