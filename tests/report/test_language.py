import ast
import math
import re
from pathlib import Path

import pytest

from normoxia import library
from normoxia.errors import UnknownName
from normoxia.language import language, placeholders
from normoxia.outcome import Endpoint, Estimate, Measure

REPORT = Path(__file__).parents[2] / "src" / "normoxia" / "report"
CODES = library.names("languages")


def test_english_and_chinese_are_shipped():
    assert {"en", "zh"} <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_every_language_has_the_keys_and_placeholders_of_english(code):
    translated, english = language(code).texts, language("en").texts
    assert set(translated) == set(english)
    for key, text in translated.items():
        assert text.strip(), key
        assert placeholders(text) == placeholders(english[key]), key


def test_every_key_that_the_code_names_is_in_the_catalogue():
    named = set()
    for path in REPORT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "say"
                and node.args
            ):
                key = node.args[0]
                choices = [key.body, key.orelse] if isinstance(key, ast.IfExp) else [key]
                named |= {c.value for c in choices if isinstance(c, ast.Constant)}
    for path in REPORT.rglob("*.jinja"):
        named |= set(re.findall(r'say\("([^"]+)"', path.read_text(encoding="utf-8")))
    assert len(named) > 40
    assert named <= set(language("en").texts)


def test_endpoints_measures_and_responses_have_words():
    texts = language("zh").texts
    assert {f"endpoint.{e}" for e in Endpoint} <= set(texts)
    assert {f"measure.{m}" for m in Measure} <= set(texts)
    assert {f"response.{r}" for r in ("CR", "PR", "SD", "PD", "NE")} <= set(texts)


def test_chinese_is_chinese():
    sentences = [
        t
        for k, t in language("zh").texts.items()
        if not k.startswith(("number.", "waterfall.p", "language.switch"))
    ]
    chinese = [t for t in sentences if re.search(r"[\u4e00-\u9fff]", t)]
    assert len(chinese) > 0.85 * len(sentences)


def test_numbers_are_printed_as_in_a_journal():
    en, zh = language("en"), language("zh")
    assert en.interval(Estimate(0.62, 0.52, 0.74), 2) == "0.62 (0.52–0.74)"
    assert zh.interval(Estimate(8.3, 7.7, math.inf)) == "8.3（7.7–NR）"
    assert en.number(-30.0, 0) == "−30"
    assert en.number(math.nan) == "–"
    assert (en.p_value(0.0004), en.p_value(0.0123), en.p_value(0.3)) == (
        "p < 0.001",
        "p = 0.012",
        "p = 0.30",
    )


def test_unknown_keys_and_languages_name_the_nearest():
    with pytest.raises(UnknownName, match=r"km\.title"):
        language("en").say("km.titel")
    with pytest.raises(UnknownName, match="en, zh"):
        language("fr")
