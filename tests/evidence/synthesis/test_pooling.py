from __future__ import annotations

import json
import math

import pytest

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.evidence.synthesis.intake.tables import parse_network
from normoxia.evidence.synthesis.model.contrasts import Arm, Contrast, EffectMeasure
from normoxia.evidence.synthesis.pooling import SCHEMA, pool

LOOP = [
    Contrast("1", "a", "b", -0.5, 0.2),
    Contrast("2", "b", "c", -0.4, 0.2),
    Contrast("3", "a", "c", -0.7, 0.2),
    Contrast("4", "a", "b", -0.1, 0.2),
]


def test_the_dictionary_holds_every_ordered_pair_once_a_model_and_survives_json() -> None:
    found = json.loads(
        json.dumps(pool(LOOP, effect="HR", reference="c").to_json(), allow_nan=False)
    )
    assert found["schema"] == SCHEMA
    assert set(found) >= {
        "schema",
        "network",
        "effects",
        "heterogeneity",
        "ranking",
        "inconsistency",
    }
    pairs = [(e["treatment"], e["comparator"], e["model"]) for e in found["effects"]]
    assert len(pairs) == len(set(pairs)) == 12
    assert pairs[0] == ("a", "c", "random")
    one = found["effects"][0]
    assert one["ratio"]["estimate"] == pytest.approx(math.exp(one["estimate"]))
    assert one["interval"][0] < one["estimate"] < one["interval"][1]
    assert one["prediction_interval"][0] < one["interval"][0]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (LOOP[:1], "no spare evidence"),
        (LOOP[:2], "no spare evidence"),
        ([LOOP[0], LOOP[3]], "no loop"),
        ([LOOP[0], Contrast("5", "x", "y", 0.1, 0.1)], "falls into 2 parts (a, b; x, y)"),
    ],
)
def test_small_networks_answer_and_say_what_they_cannot(rows: list[Contrast], words: str) -> None:
    result = pool(rows, effect="HR")
    assert words in " ".join(result.notes)
    json.dumps(result.to_json(), allow_nan=False)


def test_a_table_brings_its_findings_along() -> None:
    table = parse_network(
        "study,treat1,treat2,HR,lower,upper\nA,x,y,0.8,0.67,0.95\nB,x,y,0.8,0.9,0.95\n"
    )
    result = pool(table)
    assert result.network.effect == "HR"
    assert any("outside its interval" in note for note in result.notes)


def test_arms_need_a_measure() -> None:
    arms = [Arm("1", "a", n=100, events=20), Arm("1", "b", n=100, events=10)]
    with pytest.raises(InvalidArgument, match="measure"):
        pool(arms)
    assert pool(arms, effect="OR", small_values="bad").ranking[0].treatment == "a"


def test_an_unknown_reference_is_named() -> None:
    with pytest.raises(UnknownName):
        pool(LOOP, reference="placebo")


def test_nothing_to_pool_says_why() -> None:
    with pytest.raises(InvalidArgument, match="no events"):
        pool([Arm("1", "a", n=9, events=0), Arm("1", "b", n=9, events=0)], effect="OR")


def test_a_fixed_tau_is_kept() -> None:
    assert pool(LOOP, effect="HR", tau=0.3).fit.tau == pytest.approx(0.3)


def test_hazard_ratios_and_counts_are_pooled_together_on_request() -> None:
    """Exponential arms followed for one time unit, hazard ratio one half: the counts say the same as the ratio."""
    share = [1 - math.exp(-0.4 * r) for r in (0.5, 1.0)]
    arms = [Arm("counts", name, n=1e5, events=1e5 * s) for name, s in zip("ab", share, strict=True)]
    result = pool([Contrast("ratio", "a", "b", math.log(0.5), 0.1), *arms], effect="HR")
    assert result.effect("a", "b").estimate == pytest.approx(math.log(0.5), rel=1e-6)
    assert any("complementary log-log" in note for note in result.notes)


def test_tau_outside_its_own_interval_is_explained_and_paule_mandel_never_is() -> None:
    """Thirty precise studies that agree and forty imprecise ones far apart: likelihood and generalised Q part."""
    effects = [(0.0, 0.05)] * 30 + [(6.0 * (-1) ** i, 2.0) for i in range(40)]
    contrasts = [Contrast(f"s{i}", "a", "b", y, se) for i, (y, se) in enumerate(effects)]
    parted = pool(contrasts, effect=EffectMeasure.MD, small_values="good")
    low, high = parted.fit.tau2_interval()
    assert not low <= parted.fit.tau2 <= high
    (told,) = (note for note in parted.notes if "outside its own interval" in note)
    assert "tau=PM" in told
    solved = pool(contrasts, effect=EffectMeasure.MD, small_values="good", tau="PM")
    assert low <= solved.fit.tau2 <= high
    assert not [note for note in solved.notes if "outside its own interval" in note]
    common = pool(contrasts, effect=EffectMeasure.MD, small_values="good", model="common")
    assert not common.fit.tau_is_outside()
