"""Documents: places, findings collected together, formulas between braces, and texts that are not YAML."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normoxia import documents
from normoxia.documents import Finding, Findings, Place, load, parse
from normoxia.errors import InvalidDocument


def plain(text: str) -> object:
    return parse(text).plain()


def test_nodes_know_their_line_and_the_keys_that_lead_to_them() -> None:
    root = parse("a:\n  b:\n    - x\n    - {c: 1}\n", "f.yaml")
    findings = Findings()
    item = root.entries(findings)["a"].entries(findings)["b"].items(findings)[1]
    assert item.entries(findings)["c"].place == Place("f.yaml", 4, "a.b[1].c")
    assert str(Place("f.yaml", 4, "a.b")) == "f.yaml:4: a.b"
    assert str(Place("f.yaml")) == "f.yaml"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{rate: k*up(h, a), unit: 1/day}", {"rate": "k*up(h, a)", "unit": "1/day"}),
        ("{rate: f(g(a,b), 0.5) + 1, unit: mg}", {"rate": "f(g(a, b), 0.5) + 1", "unit": "mg"}),
        ("[f(a, b), c, min(1, (2 + x))]", ["f(a, b)", "c", "min(1, (2 + x))"]),
        ("{title: no (really, unit: 1}", {"title": "no (really", "unit": 1}),
        (
            "{title: this, that,\n  and 缺氧 , unit: 1}",
            {"title": "this, that, and 缺氧", "unit": 1},
        ),
        (
            "{title: this, that: , unit : 1, alone}",
            {"title": "this", "that": None, "unit": "1, alone"},
        ),
        ("{lonely, more}", {"lonely": None, "more": None}),
        ("[this, that]", ["this", "that"]),
        ('{title: "open (", other: 1, alone: }', {"title": "open (", "other": 1, "alone": None}),
        ("{a: (x, b: y)}", {"a": "(x", "b": "y)"}),
    ],
)
def test_commas_end_a_value_where_people_mean_them_to(text: str, value: object) -> None:
    assert plain(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1E5", 1e5),
        ("'1e5'", "1e5"),
        ("C01", "C01"),
        ("1/day", "1/day"),
        ("12:30", "12:30"),
        ("2024-01-02", "2024-01-02"),
        ("true", True),
        ("~", None),
        ("1.5", 1.5),
        ("0.1e", "0.1e"),
        ("1e5mg", "1e5mg"),
    ],
)
def test_scalars_are_what_people_mean(text: str, value: object) -> None:
    assert plain(f"a: {text}") == {"a": value}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2", "f.yaml:2: not readable as YAML"),
        ("a: 1\n b: 2\n", "f.yaml:2: not readable as YAML"),
        ("", "f.yaml: the document is empty; it may have been truncated"),
        ("# only a comment", "f.yaml: the document is empty"),
        ("a: 1\na: 2\n", '1 finding:\n  f.yaml:2: a: key "a" stands twice; keep one of them'),
        (
            "a: !!python/object:os.system x",
            'f.yaml:1: a: "tag:yaml.org,2002:python/object:os.system x" is not understood',
        ),
        ("a: &x [*x]", "f.yaml:1: a[0]: an alias that contains itself; write it out"),
        ("? [1, 2]\n: 3\n", "f.yaml:1: a key that is a list or a mapping; expected a name"),
        ("a: *nowhere", "f.yaml:1: not readable as YAML"),
        ("a: 2024-99-99", "2024-99-99"),
    ],
)
def test_what_cannot_be_read_says_where(text: str, message: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        parse(text, "f.yaml")
    assert message in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00bad", None])
def test_files_that_are_not_text_say_so(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "f.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidDocument, match="not UTF-8 text" if content else "no such file"):
        load(path)
    with pytest.raises(InvalidDocument, match="is a folder; name a YAML file in it"):
        load(tmp_path)


def test_accessors_note_and_go_on() -> None:
    root = parse("n: many\nw: 1.5\nb: 1\nt: [1]\nc: bleu\nlow: -1\nextra: 1\n", "f")
    findings = Findings()
    entries = root.fields(
        findings, required=("n", "w", "b", "missing"), optional=("t", "c", "low", "more")
    )
    entries["n"].number(findings)
    assert entries["w"].whole(findings) == 0
    assert entries["b"].boolean(findings) is False
    assert entries["t"].text(findings) == ""
    entries["c"].text(findings, choices=("blue", "red"))
    entries["low"].number(findings, minimum=0)
    with pytest.raises(InvalidDocument) as caught:
        findings.raise_any()
    assert str(caught.value).splitlines() == [
        "8 findings:",
        '  f:1: missing key "missing"; add it',
        '  f:1: n: found "many"; expected a number',
        '  f:2: w: found "1.5"; expected a whole number',
        '  f:3: b: found "1"; expected true or false',
        "  f:4: t: found a list; expected a text",
        '  f:5: c: found "bleu"; expected one of blue, red; did you mean "blue"?',
        "  f:6: low: found -1; expected at least 0",
        '  f:7: extra: unknown key "extra"; known: b, c, low, missing, more, n, t, w',
    ]


def test_no_findings_raise_nothing() -> None:
    Findings().raise_any()
    assert str(Finding(Place("f", 2), "found a", "do b")) == "f:2: found a; do b"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text("ab1e(,): {}'\"#缺-", max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_written_is_read_back(value: object) -> None:
    assert plain(documents.write({"value": value})) == {"value": value}


def bomb(levels: int) -> str:
    """Each line repeats the one before nine times: nine to the power of `levels` values in a few hundred characters."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize("levels", [6, 9, 30])
def test_aliases_that_multiply_are_refused_at_once(levels: int) -> None:
    began = time.process_time()
    with pytest.raises(
        InvalidDocument, match=r"f\.yaml:\d+: aliases repeat more than 100,000 values; write out"
    ):
        parse(bomb(levels), "f.yaml")
    assert time.process_time() - began < 10.0


def test_aliases_that_repeat_a_little_are_read() -> None:
    assert plain("a: &x {k: 1}\nb: [*x, *x]") == {"a": {"k": 1}, "b": [{"k": 1}, {"k": 1}]}
    assert isinstance(plain(bomb(4)), dict)


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_depth_is_bounded_and_what_is_within_it_is_read(opening: str) -> None:
    close = {"[": "]", "{a: ": "}", "- ": ""}[opening]
    assert parse(opening * documents.MAX_DEPTH + "1" + close * documents.MAX_DEPTH).place.line == 1
    for depth in (documents.MAX_DEPTH + 1, 900, 20_000):
        with pytest.raises(InvalidDocument, match=r"deep|not readable as YAML"):
            parse(opening * depth + "1" + close * depth, "f.yaml")


def test_the_length_of_a_document_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "long.yaml"
    path.write_text("a: " + "x" * documents.MAX_CHARACTERS)
    with pytest.raises(InvalidDocument, match="longer than 4,000,000 characters"):
        load(path)
    if Path("/dev/zero").exists():
        with pytest.raises(InvalidDocument):
            load("/dev/zero")


@pytest.mark.parametrize("name", ["x" * 5000 + ".yaml", "nul\0.yaml"])
def test_names_that_no_file_has_are_refused(name: str) -> None:
    with pytest.raises(InvalidDocument, match="cannot be"):
        load(name)


@pytest.mark.parametrize(
    "text",
    [
        "1" * 400,
        "1" * 5000,
        "0x" + "f" * 400,
        "!!int ''",
        "!!float ''",
        "!!bool maybe",
        "!!timestamp no",
        "!!int x",
        "2001-01-01 00:00:00 +99:99",
        "0001-01-01 00:00:00 +20:00",
        '"\\0"',
        '"a\\x1b[2Jb"',
        "!!binary x",
        ".inf",
        "190:20:30",
    ],
)
def test_scalars_that_cannot_be_meant_are_findings_or_texts(text: str) -> None:
    findings = Findings()
    try:
        node = parse(f"a: {text}", "f.yaml").entries(findings)["a"]
    except InvalidDocument:
        return
    node.number(findings)
    node.whole(findings)
    assert findings.items


def test_long_texts_are_quoted_by_their_beginning_and_many_findings_counted() -> None:
    findings = Findings()
    parse("a: " + "x" * 5000).entries(findings)["a"].number(findings)
    assert len(str(findings.items[0])) < 300
    with pytest.raises(InvalidDocument) as caught:
        parse("\n".join(f"k{i}: 1\nk{i}: 2" for i in range(500)), "f.yaml")
    assert len(caught.value.findings) == 500
    assert str(caught.value).endswith("and 300 more; mend these first")


@given(st.text(alphabet=st.sampled_from("ab:-[]{},&*!|>'\"#%@?\n \t0x1.e~=<"), max_size=60))
def test_any_text_is_a_document_or_a_finding(text: str) -> None:
    try:
        root = parse(text, "f.yaml")
    except InvalidDocument:
        return
    findings = Findings()
    for node in root.entries(findings).values() if root.is_mapping else root.items(findings):
        node.text(findings)
        node.number(findings)
        node.whole(findings)
        node.boolean(findings)
        node.fields(findings, ("a",))
        node.plain()
