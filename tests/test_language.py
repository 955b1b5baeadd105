"""Catalogues and terms: every key that the program uses exists in each language, every wording has its translation."""

from __future__ import annotations

import ast
import copy
import functools
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from normoxia import library, pharmacology
from normoxia.errors import UnknownName
from normoxia.language import Message, Terms, Wording, language, placeholders

SOURCE = Path(__file__).parents[1] / "src" / "normoxia"
LANGUAGES = library.names("languages")


def test_a_message_is_its_english_text_and_is_rendered_in_another_language() -> None:
    message = Message("evidence.few_degrees", df=2)
    assert message == "tau rests on 2 degrees of freedom; its interval matters more than its value"
    assert language("en").render(message) == message
    assert language("zh").render(message) == "τ 仅基于 2 个自由度，其区间比其数值更重要"


def test_messages_inside_a_message_are_rendered_and_names_stay() -> None:
    message = Message("note.of_arm", study="A", arm="安慰剂", problem=Message("note.se", se=0.5))
    assert message == 'A, "安慰剂": standard error 0.5'
    assert language("zh").render(message) == "A，“安慰剂”：标准误 0.5"
    several = Message("audit.fractions_swapped", hints=(Message("note.empty"), "5%"))
    assert language("zh").render(several) == "不是整数例（空白；5%：各组可能颠倒）；不采用例数。"


def test_a_message_without_a_value_or_with_an_unknown_key_fails_where_it_is_made() -> None:
    with pytest.raises(KeyError, match="df"):
        Message("evidence.few_degrees")
    with pytest.raises(UnknownName, match="few_degrees"):
        Message("evidence.few_degres", df=2)


def test_messages_and_wordings_survive_copies_and_processes() -> None:
    for text in (Message("note.se", se=0.5), Wording("arms", {"zh": "治疗组"})):
        for again in (copy.deepcopy(text), pickle.loads(pickle.dumps(text))):
            assert again == text
            assert language("zh").render(again) == language("zh").render(text)


def test_a_wording_is_translated_by_its_document_or_by_the_list() -> None:
    zh = language("zh")
    assert zh.render(Wording("China", {"zh": "中华"})) == "中华"
    assert zh.render(Wording("China")) == "中国"
    assert zh.render("China") == "China"  # a name
    assert language("en").render(Wording("China", {"zh": "中华"})) == "China"


def test_terms_are_looked_up_whole_with_numbers_and_by_parts() -> None:
    terms = Terms(
        {
            "placebo": "安慰剂",
            "men": "男性",
            "{0} centres": "{0} 个中心",
            "{0} of grade {1}": "{1} 级 {0}",
            "daily": "每日",
        }
    )
    assert terms.translate("Placebo") == "安慰剂"  # as it opens a sentence
    assert terms.translate("26 centres") == "26 个中心"
    assert terms.translate("56% of grade 3-4") == "3-4 级 56%"
    assert terms.translate("placebo vs men") == "安慰剂 对 男性"
    assert terms.translate("men, 26 centres; placebo") == "男性，26 个中心；安慰剂"
    assert terms.translate("NCT1 (placebo)") == "NCT1（安慰剂）"
    assert terms.translate("placebo 5 mg q3w") == "安慰剂 5 mg q3w"
    assert terms.translate("men, %") == "男性，%"
    assert terms.translate("Women, %") == "Women, %"  # nothing of it is in the list
    assert terms.translate("57.7%, 88.5%") == "57.7%，88.5%"
    assert terms.translate("PD-L1 unknown") == "PD-L1 unknown"


def test_every_placeholder_of_a_term_is_in_its_translation() -> None:
    from normoxia import documents
    from normoxia.documents import Findings

    findings = Findings()
    pairs = documents.load(library.path("terms", "zh")).entries(findings)
    assert len(pairs) > 300
    for english, node in pairs.items():
        numbered = placeholders(english)
        assert numbered == placeholders(node.text(findings)), english
        assert numbered == {str(i) for i in range(len(numbered))}, english


def test_drugs_are_called_what_their_documents_call_them() -> None:
    for name in library.names("drugs"):
        drug = pharmacology.read(name)
        assert language("zh").term(name) in (name, drug.names["zh"]), name


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_the_same_keys_and_placeholders(code: str) -> None:
    english, other = language("en").texts, language(code).texts
    assert set(other) == set(english)
    for key, text in english.items():
        assert placeholders(other[key]) == placeholders(text), key


def _literals(node: ast.AST) -> Iterator[str]:
    """The texts an expression may give: a literal, either side of a condition, an f-string with * for what is filled."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values
        )


@functools.cache
def _trees() -> tuple[tuple[Path, ast.Module], ...]:
    return tuple(
        (path, ast.parse(path.read_text(encoding="utf-8"))) for path in SOURCE.rglob("*.py")
    )


def _called(*methods: str) -> Iterator[tuple[Path, str]]:
    for path, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args:
                name = (
                    node.func.attr
                    if isinstance(node.func, ast.Attribute)
                    else getattr(node.func, "id", "")
                )
                if name in methods or name in {f"{method}_word" for method in methods}:
                    for text in _literals(node.args[0]):
                        yield path, text


def test_every_key_that_any_room_uses_is_in_the_catalogue() -> None:
    known = language("en").texts
    keys = {
        (path, key)
        for path, key in _called("say", "Message", "translations")
        if re.fullmatch(r"[a-z_]+\.[^ ]+", key)
    }
    assert len(keys) > 300
    for path, key in keys:
        pattern = re.compile(re.escape(key).replace(r"\*", ".+"))
        assert any(pattern.fullmatch(k) for k in known), f"{path}: {key}"


def test_every_key_of_the_catalogue_is_used() -> None:
    """By its name, or by a pattern such as f"board.{row}"; words of closed lists are asked for by `word` and `known`."""
    texts = {
        text
        for _, tree in _trees()
        for node in ast.walk(tree)
        for text in _literals(node)
        if re.fullmatch(r"[a-z_*]+\.[^ ]*", text)
    }
    for template in SOURCE.rglob("*.jinja"):
        found = re.findall(r'"([a-z_]+\.[a-z_]*)"( ~)?', template.read_text(encoding="utf-8"))
        texts |= {text + ("*" if joined else "") for text, joined in found}
    patterns = [
        re.compile(re.escape(text).replace(r"\*", ".+"))
        for text in texts
        if not text.startswith("*")
    ]
    literal = {text for text in texts if "*" not in text}
    unused = {
        key
        for key in language("en").texts
        if key not in literal
        and key.split(".")[0] != "word"
        and not any(pattern.fullmatch(key) for pattern in patterns)
    }
    assert not unused, sorted(unused)


def test_every_value_of_a_message_is_in_its_text() -> None:
    texts = language("en").texts
    for path, tree in _trees():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") == "Message"
                and node.args
                and all(keyword.arg for keyword in node.keywords)
            ):
                for key in _literals(node.args[0]):
                    if "*" not in key:
                        given = {keyword.arg for keyword in node.keywords}
                        assert given == placeholders(texts[key]), f"{path}: {key}"


def test_every_list_of_words_that_any_room_asks_for_is_in_the_catalogue() -> None:
    known = {key.split(".")[1] for key in language("en").texts if key.startswith("word.")}
    asked = {kind for _, kind in _called("word")}
    assert asked
    assert asked <= known


#: rooms whose findings, notes and reasons are messages
_ROOMS = (
    "sheets",
    "evidence/synthesis/intake",
    "evidence/synthesis/judgement",
    "evidence/synthesis/model",
    "evidence/studies/checks.py",
)


def test_findings_notes_and_reasons_are_messages() -> None:
    """No sentence is given to a finding, a note or a judgement but by its key; a quoted cell is no sentence."""
    sentences = {}
    for room in _ROOMS:
        root = SOURCE / room
        for path in [root] if root.suffix else root.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                name = isinstance(node, ast.Call) and (
                    getattr(node.func, "id", "") or getattr(node.func, "attr", "")
                )
                if isinstance(node, ast.Call) and name in (
                    "note",
                    "refuse",
                    "Finding",
                    "Judgement",
                ):
                    for argument in node.args[1:]:
                        for text in _literals(argument):
                            if " " in text and re.search("[a-z]{3}", text):
                                sentences[f"{path}:{node.lineno}"] = text
    domains = ("within-study bias", "reporting bias")
    assert {at: text for at, text in sentences.items() if text not in domains} == {}
