"""The reference page of the language: its models pass the checks, and it names what the reader accepts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from normoxia.errors import InvalidModel
from normoxia.mechanism import parse
from normoxia.mechanism.expression import FUNCTIONS
from normoxia.mechanism.reading import DISTRIBUTIONS, HEAD, KINDS, SECTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "model-language.md").read_text(
    encoding="utf-8"
)
MODELS = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("text", MODELS, ids=lambda text: text.split("\n")[0])
def test_models_on_the_page_are_sound(text: str) -> None:
    parse(text)


def test_the_finding_on_the_page_is_the_one_the_program_gives() -> None:
    shown = re.search(r"^    model\.yaml:\d+: (processes\.binding.*)$", PAGE, flags=re.MULTILINE)
    assert shown is not None
    with pytest.raises(InvalidModel) as caught:
        parse(
            MODELS[0].replace("koff*bound, unit: nM/day", "koff*bound, unit: pM/day"),
            file="model.yaml",
        )
    assert shown.group(0).strip() in str(caught.value)


@pytest.mark.parametrize("word", ["model", *HEAD, *SECTIONS, *KINDS, *DISTRIBUTIONS, *FUNCTIONS])
def test_every_word_of_the_language_is_on_the_page(word: str) -> None:
    assert re.search(rf"`[^`\n]*\b{word}\b[^`\n]*`", PAGE)
