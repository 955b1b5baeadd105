"""What a table says of its own studies, in every layout and in words as people write them."""

from __future__ import annotations

import pytest

from normoxia.errors import UnknownName
from normoxia.evidence.synthesis.intake.tables import parse_network

CONTRASTS = "study,treatment,comparator,HR,lower,upper,{heads}\nA,one,two,0.7,0.5,0.98,{a}\nB,one,two,0.8,0.6,1.07,{b}\n"
LAYOUTS = {
    "contrasts": CONTRASTS,
    "arms": "study,arm,events,n,{heads}\nA,x,3,50,{a}\nA,y,5,50,\nB,x,4,60,{b}\nB,y,6,60,{b}\n",
    "arms, wide": "study,t1,r1,n1,t2,r2,n2,{heads}\nA,x,3,50,y,5,50,{a}\nB,x,4,60,y,6,60,{b}\n",
    "two arms, wide": "study,event.e,n.e,event.c,n.c,{heads}\nA,3,50,5,50,{a}\nB,4,60,6,60,{b}\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("domain", ["risk_of_bias", "indirectness", "reporting_bias"])
def test_a_column_of_a_domain_is_read_in_every_layout(layout: str, domain: str) -> None:
    table = parse_network(
        LAYOUTS[layout].format(heads=domain.replace("_", " ").title(), a="low", b="High risk")
    )
    assert table.layout == layout
    assert table.judgements == {domain: {"A": 1, "B": 3}}
    assert table.mapping[domain] == domain.replace("_", " ").title()
    assert not [f for f in table.findings if "not read" in f.found]
    assert table.left_out == ()


@pytest.mark.parametrize(
    ("word", "score"),
    [
        ("low", 1),
        ("+", 1),
        ("1", 1),
        ("None", 1),
        ("低", 1),
        ("Some concerns", 2),
        ("unclear", 2),
        ("?", 2),
        ("2", 2),
        ("中", 2),
        ("HIGH", 3),
        ("serious", 3),
        ("Strongly suspected", 3),
        ("3", 3),
        ("高", 3),
    ],
)
def test_words_as_people_write_them_have_a_score(word: str, score: int) -> None:
    table = parse_network(CONTRASTS.format(heads="RoB", a=word, b=word))
    assert table.judgements == {"risk_of_bias": {"A": score, "B": score}}


@pytest.mark.parametrize("cell", ["", "NR", "n/a"])
def test_an_empty_cell_is_no_judgement(cell: str) -> None:
    table = parse_network(CONTRASTS.format(heads="RoB", a=cell, b="low"))
    assert table.judgements == {"risk_of_bias": {"B": 1}}
    assert not [f for f in table.findings if f.place.key == "RoB"]


@pytest.mark.parametrize("cell", ["perhaps", "-", "4", "yes"])
def test_words_that_are_not_known_are_a_finding_and_no_judgement(cell: str) -> None:
    table = parse_network(CONTRASTS.format(heads="RoB", a=cell, b="low"))
    assert table.judgements == {"risk_of_bias": {"B": 1}}
    (finding,) = (f for f in table.findings if f.place.key == "RoB")
    assert finding.place.line == 2
    assert "not judged" in finding.expected
    assert table.left_out == ()


def test_rows_of_a_study_that_differ_are_named_and_the_worse_one_is_taken() -> None:
    text = "study,arm,events,n,bias\nA,x,3,50,low\nA,y,5,50,high\n"
    table = parse_network(text)
    assert table.judgements == {"risk_of_bias": {"A": 3}}
    assert [f.place.line for f in table.findings if "two judgements" in f.found] == [3]


def test_a_column_of_another_name_can_be_given() -> None:
    text = CONTRASTS.format(heads="trust", a="low", b="high")
    assert parse_network(text).judgements == {}
    given = parse_network(text, columns={"risk_of_bias": "trust"})
    assert given.judgements == {"risk_of_bias": {"A": 1, "B": 3}}
    wide = LAYOUTS["arms, wide"].format(heads="trust", a="low", b="high")
    assert parse_network(wide, columns={"indirectness": "trust"}).layout == "arms, wide"
    with pytest.raises(UnknownName, match="trust"):
        parse_network(text, columns={"risk_of_bias": "trusst"})
