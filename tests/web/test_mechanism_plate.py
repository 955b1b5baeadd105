"""The drawing of the causal map, which is written by hand in TypeScript, has a place for everything that the library states."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from normoxia import library, mechanism
from normoxia.mechanism import causal_map

PLATE = Path(__file__).parents[2] / "web" / "src" / "mechanism" / "plate.ts"


@pytest.fixture(scope="module")
def drawn() -> causal_map.CausalMap:
    return causal_map.read_map(library.path("diagrams", "nsclc"))


@pytest.fixture(scope="module")
def plates() -> dict[str, str]:
    text = PLATE.read_text(encoding="utf-8")
    wide, narrow = text.split("export const NARROW")
    return {"wide": wide, "narrow": narrow}


@pytest.mark.parametrize("name", ["wide", "narrow"])
def test_every_node_has_its_place_and_no_place_is_left_over(
    name: str, plates: dict[str, str], drawn: causal_map.CausalMap
) -> None:
    places = re.findall(r"^    (\w+): \{ x: [\d.]+, y: [\d.]+", plates[name], re.MULTILINE)
    assert sorted(places) == sorted(node.id for node in drawn.nodes)


@pytest.mark.parametrize("name", ["wide", "narrow"])
def test_bows_belong_to_arrows(
    name: str, plates: dict[str, str], drawn: causal_map.CausalMap
) -> None:
    bows = re.findall(r'^    "([\w]+-[\w]+)": -?[\d.]+,$', plates[name], re.MULTILINE)
    assert bows
    assert set(bows) <= {arrow.id for arrow in drawn.arrows}


def test_so_every_statement_of_the_model_is_drawn(
    plates: dict[str, str], drawn: causal_map.CausalMap
) -> None:
    model = mechanism.read(library.path("models", drawn.model))
    for text in plates.values():
        placed = set(re.findall(r"^    (\w+): \{ x:", text, re.MULTILINE))
        stated = {
            tag
            for arrow in drawn.arrows
            if {arrow.source, arrow.target} <= placed
            for tag in arrow.statements
        }
        assert stated == {statement.tag for statement in model.statements}
