"""The play of the causal map: the same patients under every arm, drugs where they are given, and ablated arrows still."""

from __future__ import annotations

import json

import numpy as np
import pytest

import normoxia as nx
from normoxia.api.map_view import map_view, play_view
from normoxia.api.playing import MechanismPlay
from normoxia.errors import InvalidArgument, UnknownName
from normoxia.trial.protocol import Trial

DAYS = "0:168:28"


@pytest.fixture(scope="module")
def trial() -> Trial:
    return nx.read_trial("impower150")


@pytest.fixture(scope="module")
def play(trial: Trial) -> MechanismPlay:
    return nx.play(trial, arms=["abcp", "ACP"], patients=16, days=DAYS)


@pytest.fixture(scope="module")
def ablated(trial: Trial) -> MechanismPlay:
    return nx.play(trial, arms=["ABCP", "ACP"], patients=16, days=DAYS, ablate="C16")


def node(play: MechanismPlay, arm: str, name: str) -> np.ndarray:
    ids = [one.id for one in play.drawn.nodes]
    return play.values[play.arms.index(arm), :, ids.index(name)]


def effect(play: MechanismPlay, arm: str, name: str) -> np.ndarray:
    ids = [one.id for one in play.drawn.arrows]
    return play.effects[play.arms.index(arm), :, ids.index(name)]


def test_arms_begin_with_the_same_patients(play: MechanismPlay) -> None:
    np.testing.assert_array_equal(play.values[0, 0], play.values[1, 0])
    assert play.failed == (0, 0)


def test_a_drug_acts_in_the_arm_that_gives_it(play: MechanismPlay) -> None:
    assert node(play, "ABCP", "anti_vegf")[0] == 0.0
    assert node(play, "ABCP", "anti_vegf")[1:].min() > 0.5
    assert node(play, "ACP", "anti_vegf").max() == 0.0
    assert (node(play, "ABCP", "vegf")[1:] < node(play, "ACP", "vegf")[1:]).all()
    assert node(play, "ABCP", "anti_pdl1")[1:].min() > 0.9


def test_percentiles_enclose_the_median(play: MechanismPlay) -> None:
    known = np.isfinite(play.values)
    assert (play.low[known] <= play.values[known]).all()
    assert (play.values[known] <= play.high[known]).all()


def test_an_ablated_arrow_acts_no_more_and_others_do(
    play: MechanismPlay, ablated: MechanismPlay
) -> None:
    np.testing.assert_allclose(effect(ablated, "ABCP", "perfusion-entry"), 1.0)
    assert np.ptp(effect(play, "ABCP", "perfusion-entry")) > 0.01
    assert np.ptp(effect(ablated, "ABCP", "hypoxia-vegf")) > 0.01
    assert ablated.ablated == ("C16",)
    assert [p["age"] for p in ablated.patients] == [p["age"] for p in play.patients]


def test_a_patient_of_a_play_is_one_of_those_the_median_is_over(
    trial: Trial, play: MechanismPlay
) -> None:
    one = nx.play(trial, arms="ABCP", patients=16, patient=3, days=DAYS)
    np.testing.assert_array_equal(one.values, one.low)
    volume = [n.id for n in play.drawn.nodes].index("tumour")
    assert play.low[0, 0, volume] * 0.01 < one.values[0, 0, volume]
    assert one.patients == play.patients


def test_frames_have_a_row_for_each_arm_day_and_thing(play: MechanismPlay) -> None:
    nodes = sum(n.value is not None for n in play.drawn.nodes)
    frame = play.frame()
    assert len(frame) == 2 * 7 * nodes
    row = frame.filter(arm="ACP", day=56.0, node="vegf").row(0, named=True)
    assert row["value"] == node(play, "ACP", "vegf")[2]
    assert row["unit"] == "pM"
    assert play.effects_frame()["value"].is_nan().sum() == 0


def test_what_cannot_be_is_refused(trial: Trial) -> None:
    with pytest.raises(UnknownName):
        nx.play(trial, arms="XYZ")
    with pytest.raises(UnknownName):
        nx.play(trial, ablate="C99")
    with pytest.raises(InvalidArgument, match="emergent"):
        nx.play(trial, ablate="C15")
    for bad in ({"patients": 401}, {"patient": 41}, {"days": "0:2000:10"}, {"days": [-1.0]}):
        with pytest.raises(InvalidArgument):
            nx.play(trial, **bad)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_map_as_json_names_everything_in_both_languages(lang: str) -> None:
    view = json.loads(json.dumps(map_view(lang)))
    nodes = {one["id"] for one in view["nodes"]}
    for arrow in view["arrows"]:
        assert {arrow["from"], arrow["to"]} <= nodes
        assert arrow["emergent"] or arrow["formulas"], arrow["id"]
    assert all(one["title"] for one in (*view["nodes"], *view["groups"]))
    assert all(one["says"] and one["review_place"] for one in view["statements"])
    if lang == "zh":
        same = [
            a["title"]
            for a, b in zip(view["nodes"], map_view("en")["nodes"], strict=True)
            if a["title"] == b["title"]
        ]
        assert set(same) <= {"GM-CSF", "IL-10", "PD-L1", "MDSC"}


def test_a_play_as_json_has_no_gaps(
    play: MechanismPlay, ablated: MechanismPlay, trial: Trial
) -> None:
    view = json.loads(json.dumps(play_view(play, trial, ablated, lang="zh"), allow_nan=False))
    assert view["days"] == [0, 28, 56, 84, 112, 140, 168]
    for states in (view["states"], view["without"]):
        for arm in ("ABCP", "ACP"):
            for kind in ("nodes", "low", "high", "arrows"):
                assert all(None not in series for series in states[arm][kind].values())
    low, high = view["ranges"]["vegf"]
    assert low <= min(view["states"]["ABCP"]["nodes"]["vegf"])
    assert high > low
    assert view["ablated"] == ["C16"]
