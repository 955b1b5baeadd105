"""Words and phrases: every key the program says is there, every phrase it writes in English is said in Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from normoxia import library, pharmacology
from normoxia.language import Phrases, language, placeholders

SOURCE = Path(__file__).parents[1] / "src" / "normoxia"
SYNTHESIS = SOURCE / "evidence" / "synthesis"


def test_a_phrase_is_looked_up_filled_and_said_in_turn() -> None:
    phrases = Phrases(
        {
            "placebo": "安慰剂",
            "{n:d} of {whole:d} are {what}": "{whole} 中 {n} 为{what}",
            '"{name:s}" is empty': "“{name}”为空",
            "{one} against {other}": "{one} 对 {other}",
        }
    )
    assert phrases.say("Placebo") == "安慰剂"  # as it opens a sentence
    assert phrases.say("3 of 4 are placebo") == "4 中 3 为安慰剂"
    assert phrases.say('"placebo" is empty') == "“placebo”为空"  # a user's name stays
    assert phrases.say("placebo against nothing known") == "安慰剂 对 nothing known"
    commas = Phrases({"{a}, {b}": "{a}，{b}", "men": "男性"})
    assert commas.say("men, %") == "男性，%"
    assert commas.say("Women, %") == "Women, %"  # nothing of it is known but the comma
    assert commas.say("57.7%, 88.5%") == "57.7%，88.5%"
    assert phrases.say("three of 4 are placebo") == "three of 4 are placebo"


def test_english_phrases_stay_as_they_are() -> None:
    assert language("en").phrase("placebo") == "placebo"


def test_every_placeholder_of_a_phrase_is_used_in_chinese() -> None:
    from normoxia import documents
    from normoxia.documents import Findings

    findings = Findings()
    pairs = documents.load(library.path("phrases", "zh")).entries(findings)
    assert len(pairs) > 300
    for english, node in pairs.items():
        assert placeholders(english) == placeholders(node.text(findings)), english


def test_drugs_are_called_what_their_documents_call_them() -> None:
    for name in library.names("drugs"):
        drug = pharmacology.read(name)
        said = language("zh").phrase(name)
        assert said in (name, drug.names["zh"]), name


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


def _called(method: str) -> Iterator[tuple[Path, str]]:
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = (
                    node.func.attr
                    if isinstance(node.func, ast.Attribute)
                    else getattr(node.func, "id", "")
                )
                if name in (method, f"{method}_word"):
                    for text in _literals(node.args[0]):
                        yield path, text


def test_every_key_that_any_room_says_is_in_the_catalogue() -> None:
    known = language("en").texts
    keys = {(path, key) for path, key in _called("say") if re.fullmatch(r"[a-z_]+\.[^ ]+", key)}
    assert len(keys) > 150
    for path, key in keys:
        pattern = re.compile(re.escape(key).replace(r"\*", ".+"))
        assert any(pattern.fullmatch(k) for k in known), f"{path}: {key}"


def test_every_list_of_words_that_any_room_asks_for_is_in_the_catalogue() -> None:
    known = {key.split(".")[1] for key in language("en").texts if key.startswith("word.")}
    asked = {kind for _, kind in _called("word")}
    assert asked
    assert asked <= known


#: strings of these files that are no sentences about evidence: ways of reading (`how`), keys, parts of others
_NO_PHRASES = re.compile(
    r"\*|\* \*|\* percent|arm \"\*\"|row \*|column \*|arms, wide|two arms, wide|within-study bias|reporting bias|ratio and .*|p and events"
    r"|.* and events|log-rank .*|O - E and V|an? .*(file|archive|workspace|picture|document|\(PNG\)|\(JPEG\)|\(GIF\))|a database|\* (s|min|h)"
    r"|(save|copy|type|write|unpack|export) .*|write\.csv.*|\*: (lower|upper|estimate)|Mantel-Haenszel \*|Peto OR|penalised logistic|binomial-normal likelihood|shortest path|random walk|shortest path, first by name|standard deviation|number of (patients|events)|study \"\*\", arm \"\*\"|not judged|at most \*|\* \(\* of \* domains not judged\)|arm sizes .*|Cox on .*|.*\* = \"\*\"|very low|; \* studies not judged.*|\* \(\*\)"
)
_FILLED = {
    "what": "A against B",
    "how": "equally (assumed: sizes not given)",
    "problem[0]": "7 events",
    "tail": "; 7 studies not judged, which changes nothing",
    "shown": "interval 7 to 7, equivalence within 7 of 0",
    "expected": "expected a number",
    "reason": "no events in any arm, so it says nothing about a ratio; left out",
    "_MOST_PATIENTS": "7",
}


def _sentences(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)) and ast.get_docstring(
            node
        ):
            skipped.add(id(node.body[0].value))  # type: ignore[attr-defined]
        if isinstance(node, (ast.Raise, ast.JoinedStr)):
            skipped |= {id(inner) for inner in ast.walk(node) if inner is not node}
    for node in ast.walk(tree):
        if id(node) in skipped or not isinstance(node, (ast.Constant, ast.JoinedStr)):
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(
                str(part.value)
                if isinstance(part, ast.Constant)
                else _FILLED.get(ast.unparse(part.value), "7")
                for part in node.values
                if isinstance(part, (ast.Constant, ast.FormattedValue))
            )
        elif isinstance(node.value, str):
            text = node.value
        else:
            continue
        bare = "".join(_literals(node))
        if " " in text and re.search("[a-z]{3}", text) and not _NO_PHRASES.fullmatch(bare):
            yield text


@pytest.mark.parametrize(
    "name",
    [
        "intake/tables",
        "intake/layout",
        "intake/rows",
        "intake/published_ratios",
        "model/size",
        "model/contrasts",
        "model/all_pairs",
        "model/network",
        "model/counts",
        "model/binomial",
        "model/rare",
        "pooling",
        "judgement/certainty",
        "judgement/contribution",
        "intake/judgements",
        "without",
        "../../sheets/reading",
        "../../sheets/encoding",
        "../../sheets/numbers",
    ],
)
def test_every_note_and_every_reason_has_its_chinese(name: str) -> None:
    zh, unsaid = language("zh"), {}
    for text in _sentences(SYNTHESIS / f"{name}.py"):
        said = zh.phrase(text)
        rest = re.sub(
            r"--[a-z-]+|[“\"].*?[”\"]|columns=\{.*?\}|sqrt|log|[0-9]e[-+][0-9]|se =", "", said
        )
        if not re.search(r"[\u4e00-\u9fff]", said) or re.search("[a-z]{3}", rest):
            unsaid[text] = said
    assert unsaid == {}
