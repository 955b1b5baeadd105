"""Studies whose digitised curves speak against proportional hazards are named, told over time first, and silence is no proof."""

from __future__ import annotations

import json
import math

import pytest

from normoxia import evidence
from normoxia.evidence.synthesis.answers import answer
from normoxia.evidence.synthesis.judgement.proportionality import (
    ContrastQuery,
    over_time,
    proportionality,
    proportionality_of_registry,
)


def study(name: str) -> evidence.Study:
    return evidence.registry()[name]


def test_the_printed_curves_of_two_trials_are_found_not_proportional() -> None:
    """Borghaei 2015 (N Engl J Med 373:1627) and Rittmeyer 2017 (Lancet 389:255) both print PFS curves that cross."""
    found = proportionality(
        [
            ContrastQuery(
                study=study("CheckMate-057"),
                endpoint="PFS",
                populations=("ITT",),
                arm="nivo",
                comparator="docetaxel",
                treatment="ICI",
                control="docetaxel",
            ),
            ContrastQuery(
                study=study("OAK"),
                endpoint="PFS",
                populations=("ITT850",),
                arm="atezo",
                comparator="docetaxel",
                treatment="ICI",
                control="docetaxel",
            ),
            ContrastQuery(study=study("LEAP-007"), endpoint="PFS"),
        ]
    )
    assert found.violated == ("CheckMate-057", "OAK")
    assert found.unseen == ("LEAP-007",)
    (pair,) = (p for p in found.violating_pairs() if p.study == "CheckMate-057")
    assert pair.of == "ITT (NEJM fig 1C)"
    assert pair.effect.crosses
    early, _, late = (period.ratio for period in pair.effect.periods)
    assert early is not None
    assert late is not None
    assert early.value > 1 > late.value


def test_a_contrast_asked_the_other_way_round_is_the_mirror_image() -> None:
    told = [
        proportionality(
            [
                ContrastQuery(
                    study=study("CheckMate-057"),
                    endpoint="OS",
                    populations=("ITT",),
                    arm=arms[0],
                    comparator=arms[1],
                    treatment=arms[0],
                    control=arms[1],
                )
            ]
        ).pairs
        for arms in (("nivo", "docetaxel"), ("docetaxel", "nivo"))
    ]
    ((one,), (other,)) = told
    assert (one.arm, one.comparator) == (other.comparator, other.arm)
    assert one.effect.difference.value == pytest.approx(-other.effect.difference.value, abs=1e-9)
    assert one.effect.ratio.value == pytest.approx(1 / other.effect.ratio.value, rel=1e-6)


def test_one_curve_of_two_doses_serves_each_of_them() -> None:
    (*pairs,) = proportionality(
        [
            ContrastQuery(
                study=study("KEYNOTE-010"),
                endpoint="PFS",
                populations=("TPS_ge1",),
                arm="pembro2",
                comparator="docetaxel",
                treatment="ICI",
                control="docetaxel",
            )
        ]
    ).pairs
    assert {p.arm for p in pairs} == {"pembro_pooled"}
    assert {p.treatment for p in pairs} == {"ICI"}


def test_curves_of_the_patients_who_entered_go_before_those_of_others() -> None:
    entered = proportionality(
        [
            ContrastQuery(
                study=study("CheckMate-057"),
                endpoint="PFS",
                populations=("ITT",),
                arm="nivo",
                comparator="docetaxel",
            )
        ]
    )
    others = proportionality(
        [
            ContrastQuery(
                study=study("CheckMate-057"),
                endpoint="PFS",
                populations=("PDL1_strata",),
                arm="nivo",
                comparator="docetaxel",
            )
        ]
    )
    neither = proportionality(
        [
            ContrastQuery(
                study=study("CheckMate-057"),
                endpoint="PFS",
                populations=("ITT_3y",),
                arm="nivo",
                comparator="docetaxel",
            )
        ]
    )
    assert len(entered.pairs) == 1
    assert len(others.pairs) == 3
    assert len(neither.pairs) == 4


def test_two_strata_on_one_figure_are_told_once() -> None:
    query = ContrastQuery(
        study=study("CheckMate-057"),
        endpoint="PFS",
        populations=("ITT",),
        arm="nivo",
        comparator="docetaxel",
    )
    assert proportionality([query, query]).pairs == proportionality([query]).pairs


def test_another_endpoint_that_moves_is_a_reason_for_doubt() -> None:
    found = proportionality(
        [
            ContrastQuery(
                study=study("OAK"),
                endpoint="OS",
                populations=("ITT850",),
                arm="atezo",
                comparator="docetaxel",
            )
        ]
    )
    assert (found.violated, found.unseen, found.elsewhere) == ((), ("OAK",), ("OAK",))


def test_the_registry_knows_studies_by_name_only() -> None:
    found = proportionality_of_registry(["checkmate 057", "LEAP-007", "nobody's trial"])
    assert found.violated == ("CheckMate-057",)
    assert found.unseen == ()


@pytest.fixture(scope="module")
def whole() -> dict:
    return answer("tki-or-antibody", draws=200).to_json()


def test_the_dictionary_says_it_before_any_constant_ratio(whole: dict) -> None:
    json.dumps(whole, allow_nan=False)
    assert set(whole["not_proportional"]["PFS"]) == {"CheckMate-057", "OAK", "KEYNOTE-010"}
    assert list(whole).index("not_proportional") < list(whole).index("analyses")
    analysis = whole["analyses"]["PFS"]
    keys = list(analysis)
    assert keys.index("over_time") < min(
        keys.index(key) for key in ("used", "synthesis", "headline")
    )
    for pair in analysis["over_time"]["studies"]:
        order = list(pair)
        mean_first = order.index("restricted_mean") < order.index("hazard_ratio")
        assert mean_first == (pair["first"] == "restricted mean")
        low, high = pair["restricted_mean"]["interval"]
        assert low < pair["restricted_mean"]["difference_months"] < high
        assert pair["restricted_mean"]["horizon_months"] > 0


def test_a_rate_has_no_hazards() -> None:
    whole = answer("egfr-post-tki", draws=200).to_json()
    assert "over_time" not in whole["analyses"]["ORR"]
    assert "ORR" not in whole["not_proportional"]
    assert whole["analyses"]["PFS"]["over_time"]["first"] == "hazard ratio"


def test_where_hazards_cross_the_restricted_mean_is_told_first() -> None:
    """CheckMate-057 (Borghaei 2015, N Engl J Med 373:1627): OS HR 0.73 (0.59-0.89), curves cross; PFS curves cross too."""
    effects = {
        (ours.endpoint.value, ours.population): effect
        for ours, _, effect in over_time(evidence.registry()["CheckMate-057"])
    }
    survival = effects["OS", "ITT (NEJM fig 1A)"]
    assert survival.first == "restricted mean"
    # landmarks half a year apart and a constant hazard between them: within a fifth of the standard error
    assert math.log(survival.ratio.value) == pytest.approx(math.log(0.73), abs=0.02)
    assert survival.periods[0].ratio is not None
    assert survival.periods[-1].ratio is not None
    assert survival.periods[0].ratio.value > 1 > survival.periods[-1].ratio.value
    assert effects["PFS", "PD-L1 >10%"].first == "hazard ratio"
    assert over_time(evidence.registry()["LEAP-007"]) == ()
