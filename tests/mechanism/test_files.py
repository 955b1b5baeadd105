"""Documents and their modules: read whole, every finding of every file at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normoxia.documents import Place
from normoxia.errors import InvalidDocument, InvalidModel, UnknownName
from normoxia.mechanism import parse, parse_module, read, read_module, write
from normoxia.mechanism.expression import parse as formula
from normoxia.mechanism.model import Distribution
from normoxia.outcome import Source

MAIN = """\
model: main
modules: [part.yaml, drugs/drug.yaml]
species:
  x: {initial: 1, unit: 1}
slots:
  effect: {unit: 1}
processes:
  loss: {rate: k*x*(1 + effect), unit: 1/day, changes: {x: -1}}
switches:
  quick: {on: true, off: {k: 0.1}}
"""
PART = """\
model: part
modules: [drugs/drug.yaml]
parameters:
  k: {value: 2, unit: 1/day, source: assumed}
"""
DRUG = """\
model: drug
species:
  C: {initial: 0, unit: mg, scale: 10}
parameters:
  CL: {value: 0.2, unit: 1/day, distribution: {kind: lognormal, sd: 0.3}, source: label, verified: true}
  IC50: {value: 3, unit: mg, source: {reference: label, place: table 2, quote: "3 mg"}}
processes:
  elimination: {rate: CL*C, unit: mg/day, changes: {C: -1}}
contributes:
  effect: {expression: C/IC50, unit: 1}
"""


def folder(at: Path, **texts: str) -> Path:
    (at / "drugs").mkdir()
    for name, text in ({"main": MAIN, "part": PART} | texts).items():
        (at / f"{name}.yaml").write_text(text, encoding="utf-8")
    (at / "drugs" / "drug.yaml").write_text(texts.get("drug", DRUG), encoding="utf-8")
    return at / "main.yaml"


def test_modules_are_composed_once_each_in_the_order_they_are_named(tmp_path: Path) -> None:
    model = read(folder(tmp_path))
    assert model.name == "main"
    assert [s.name for s in model.species] == ["x", "C"]
    assert [p.name for p in model.parameters] == ["k", "CL", "IC50"]
    assert model.slots[0].terms == (formula("C/IC50"),)
    assert model.contributions == ()


def test_values_know_their_source_and_place(tmp_path: Path) -> None:
    path = folder(tmp_path)
    k, clearance, potency = read(path).parameters
    assert (k.kind, k.source, k.distribution) == ("fixed", Source("assumed", verified=False), None)
    assert (clearance.kind, clearance.source) == ("sampled", Source("label", verified=True))
    assert clearance.distribution == Distribution("lognormal", 0.3)
    assert potency.source == Source("label", place="table 2", quote="3 mg", verified=False)
    assert k.place == Place(str(tmp_path / "part.yaml"), 4, "parameters.k")


def test_findings_of_all_files_are_raised_together(tmp_path: Path) -> None:
    path = folder(
        tmp_path,
        part=PART.replace("unit: 1/day", "unit: 1/dy"),
        drug=DRUG.replace("CL*C", "CL*Cc").replace("sd: 0.3", "sdd: 0.3"),
    )
    with pytest.raises(InvalidModel) as caught:
        read(path)
    drug, part = tmp_path / "drugs" / "drug.yaml", tmp_path / "part.yaml"
    assert [str(f) for f in caught.value.findings] == [
        f'{drug}:5: parameters.CL.distribution.sdd: unknown key "sdd"; did you mean "sd"?',
        f'{drug}:5: parameters.CL.distribution: missing key "sd"; add it',
        f'{drug}:8: processes.elimination.rate: "Cc" is not defined; did you mean "C"?',
        f'{part}:4: parameters.k.unit: "1/dy" is not a unit ("dy" is not known, did you mean "day"?); '
        "expected one such as 1/day, mg, mg/kg, L/day, nM, mL or 1",
    ]


def test_a_missing_module_is_told_without_the_names_it_would_have_declared(tmp_path: Path) -> None:
    path = folder(tmp_path, main=MAIN.replace("part.yaml", "prat.yaml"))
    with pytest.raises(InvalidModel) as caught:
        read(path)
    assert str(caught.value) == (
        f"1 finding:\n  {path}:2: modules[0]: module cannot be read: {tmp_path / 'prat.yaml'}: no such file; "
        "check the name and the folder"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such file"), ("", "the document is empty"), ("a: [1", "not readable as YAML")],
)
def test_an_unreadable_file_is_an_invalid_model(
    tmp_path: Path, content: str | None, message: str
) -> None:
    path = tmp_path / "m.yaml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidModel, match=message):
        read(path)


def test_switches_are_set_on_reading(tmp_path: Path) -> None:
    path = folder(tmp_path)
    assert read(path).defaults["k"] == 2.0
    assert read(path, switches={"quick": False}).defaults["k"] == 0.1
    with pytest.raises(UnknownName, match='switch "quik" is not known; did you mean "quick"'):
        read(path, switches={"quik": False})


def test_a_module_can_be_read_by_itself(tmp_path: Path) -> None:
    folder(tmp_path)
    module = read_module(tmp_path / "drugs" / "drug.yaml")
    assert [c.slot for c in module.contributions] == ["effect"]


def test_a_text_may_not_name_modules() -> None:
    with pytest.raises(InvalidModel, match="a text names a module; read it from a file"):
        parse("model: m\nmodules: [part.yaml]\n")


@pytest.mark.parametrize(
    ("section", "finding"),
    [
        (
            "parameters:\n  k: {value: 2, unit: 1/day}",
            'm.yaml:3: parameters.k: missing key "source"; add it',
        ),
        (
            "parameters:\n  k: {value: 2, source: assumed}",
            'm.yaml:3: parameters.k: missing key "unit"; add it',
        ),
        (
            "parameters:\n  k: {value: 2, unit: 1, source: assumed, verified: true}",
            "m.yaml:3: parameters.k.verified: an assumption cannot be verified; name its source or say verified: false",
        ),
        (
            "parameters:\n  k: {value: 2, unit: 1, source: ''}",
            "m.yaml:3: parameters.k.source: an empty source; name the paper and the place in it, or write assumed",
        ),
        (
            "parameters:\n  k: {value: 2, unit: 1, source: a, range: [3, 4]}",
            "m.yaml:3: parameters.k.range: the value 2 lies outside the range 3 to 4; mend one of them",
        ),
        (
            "parameters:\n  k: {value: 2, unit: 1, source: a, range: [3, 1]}",
            "m.yaml:3: parameters.k.range: not a range; expected [low, high] with low not above high",
        ),
        (
            "parameters:\n  k: {value: 2, unit: 1, source: a, kind: sampled}",
            "m.yaml:3: parameters.k: a sampled parameter without distribution; add distribution: {kind: ..., sd: ...}",
        ),
        (
            "parameters:\n  k: {value: 2, unit: 1, source: a, kind: fixd}",
            'm.yaml:3: parameters.k.kind: found "fixd"; expected one of fixed, sampled, calibrated; did you mean "fixed"?',
        ),
        (
            "parameters:\n  k: {value: 2, unit: 1, source: a, kind: fixed, distribution: {kind: normal, sd: 1}}",
            "m.yaml:3: parameters.k.distribution: a fixed parameter with a distribution; say kind: sampled",
        ),
        (
            "parameters:\n  k: {value: -2, unit: 1, source: a, distribution: {kind: lognormal, sd: 1}}",
            "m.yaml:3: parameters.k.distribution: lognormal around -2; expected a value of at least 0",
        ),
        (
            "parameters:\n  k: {value: 2, unit: 1, source: a, distribution: {kind: logitnormal, sd: 1}}",
            "m.yaml:3: parameters.k.distribution: logitnormal around 2; expected a value between 0 and 1",
        ),
        (
            "parameters:\n  k: {value: .inf, unit: 1, source: a}",
            "m.yaml:3: parameters.k.value: found inf; expected a finite number",
        ),
        (
            "species:\n  x: {initial: 0, unit: 1, scale: 0}",
            "m.yaml:3: species.x.scale: found 0; expected a size above 0",
        ),
        (
            "species:\n  x: {initial: 0, unit: 1, scale: -1, amount: yes please}",
            'm.yaml:3: species.x.amount: found "yes please"; expected true or false',
        ),
        (
            "time_unit: mg",
            'm.yaml:2: time_unit: "mg" is not a unit of time; expected one such as day or hour',
        ),
        (
            "observables:\n  o: {expression: 1 +, unit: 1}",
            'm.yaml:3: observables.o.expression: "1 +" is not an expression near',
        ),
        (
            "observables:\n  o: {expression: , unit: 1}",
            "m.yaml:3: observables.o.expression: found nothing; expected a text",
        ),
        (
            'observables:\n  o: {expression: 1, unit: 1, title: "this", that}',
            'm.yaml:3: observables.o.that: unknown key "that"; if it belongs to the text before the comma, put that text in quotes',
        ),
        (
            "events:\n  e: {changes: {x: 0}}",
            "m.yaml:3: events.e: an event needs either times or a condition; give one of the two",
        ),
        (
            "observable:\n  o: {expression: 1, unit: 1}",
            'm.yaml:2: observable: unknown key "observable"; did you mean "observables"?',
        ),
        (
            "statements:\n  C1: {says: {en: a}, review: s, term: t, arrow: {driver: a, target: b, sign: 2}}",
            "m.yaml:3: statements.C1.arrow.sign: found 2; expected +1 or -1",
        ),
        (
            "statements:\n  C1: {says: {en: a}, review: s}",
            'm.yaml:3: statements.C1: missing key "term"; add it',
        ),
        ("slots:\n  effect:", 'm.yaml:3: slots.effect: missing key "unit"; add it'),
        (
            "slots:\n  effect: {unit: ''}",
            "m.yaml:3: slots.effect.unit: an empty unit; write 1 when there is none",
        ),
        (
            "parameters: [k, l]",
            "m.yaml:2: parameters: found a list; expected a mapping of keys to values",
        ),
    ],
)
def test_each_mistake_in_a_section_has_its_finding(section: str, finding: str) -> None:
    with pytest.raises(InvalidModel) as caught:
        parse_module(f"model: m\n{section}\n", file="m.yaml")
    assert finding in str(caught.value)


def test_reading_a_large_model_takes_a_fraction_of_a_second() -> None:
    """45 species, 200 parameters, 90 processes: well below a second of processor time (0.05 s when written)."""
    parameters = "\n".join(
        f"  p{i}: {{value: {i + 1}, unit: 1/day, source: assumed, range: [0, 1000]}}"
        for i in range(200)
    )
    species = "\n".join(f"  s{i}: {{initial: 1, unit: mg, scale: 1}}" for i in range(45))
    gains = "\n".join(
        f"  gain{i}: {{rate: up(s{i}/(s{i} + s{(i + 1) % 45}), 2)*(p{i}*s{i} + p{i + 50}*s{i}), unit: mg/day, changes: {{s{i}: 1}}}}"
        for i in range(45)
    )
    losses = "\n".join(
        f"  loss{i}: {{rate: max(p{i + 100}, p{(i + 150) % 200})*s{i}, unit: mg/day, changes: {{s{i}: -1}}}}"
        for i in range(45)
    )
    extra = "\n".join(f"  o{i}: {{expression: p{i}, unit: 1/day}}" for i in range(200))
    text = (
        "model: large\nfunctions:\n  up: {arguments: [u, strength], expression: (1 + strength*u)/(1 + strength)}\n"
        f"parameters:\n{parameters}\nspecies:\n{species}\nprocesses:\n{gains}\n{losses}\nobservables:\n{extra}\n"
    )
    model = parse(text)
    assert (len(model.species), len(model.parameters)) == (45, 200)


WHOLE = (
    MAIN.split("modules")[0]
    + MAIN.split("drug.yaml]\n")[1].replace("effect: {unit: 1}", "effect: {unit: 1, terms: [k/k]}")
    + PART.split("drug.yaml]\n")[1]
    + """\
functions:
  f: {arguments: [u], expression: u*2}
observables:
  o: {expression: f(x), unit: 1}
rules: {}
events:
  e: {times: [1, 2], changes: {x: 0}}
statements:
  C01: {says: {en: a}, review: b, term: loss, strengths: [k], ablate: {k: 0}}
equilibration: {duration: 3, hold: [], derived: {}, initial: {x: 1*k/k}}
"""
)


def test_the_model_to_be_damaged_is_sound() -> None:
    parse(WHOLE)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_documents_give_findings_and_never_a_traceback(data: st.DataObject) -> None:
    """Pieces of the text are cut, doubled, or replaced by pieces that mean something elsewhere."""
    text = WHOLE
    for _ in range(data.draw(st.integers(1, 3))):
        pieces = re.split(r"(\W)", text)
        at = data.draw(st.integers(0, len(pieces) - 1))
        pieces[at] = data.draw(
            st.sampled_from(
                [
                    "",
                    "x",
                    "f",
                    "time",
                    "{",
                    "}",
                    "[",
                    "]",
                    ":",
                    "\n",
                    "  ",
                    ",",
                    "0",
                    "-1",
                    "1e309",
                    ".nan",
                    "*",
                    "**",
                    "&a",
                    "!t",
                    "true",
                    "~",
                    "u",
                    "k/",
                    "(",
                    ")",
                    "'",
                    "缺",
                    "mg",
                    "1/day",
                    "lambda",
                    "==",
                    "#",
                    "|",
                ]
            )
        )
        text = "".join(pieces)
    try:
        model = parse(text)
    except InvalidDocument:
        return
    assert parse(write(model)) == model
