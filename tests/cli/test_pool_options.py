"""`normoxia pool`: options of intervals, components, studies left out, judgements of a table, and words in any case."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from normoxia.evidence.synthesis.judgement.proportionality import proportionality_of_registry

HEADER = "study,treatment,comparator,HR,lower,upper\n"
TWO = (
    HEADER
    + "A,one,placebo,0.5,0.35,0.714\nB,one,placebo,0.81,0.62,1.06\nC,one,placebo,1.1,0.80,1.51\n"
)
SUMS = (
    HEADER
    + "A,ici + chemo,chemo,0.70,0.55,0.89\nB,vegf + chemo,chemo,0.80,0.65,0.99\nC,ici + vegf,ici,0.85,0.66,1.09\n"
    "D,ici + chemo,chemo,0.75,0.60,0.94\n"
)
COUNTS = "study,arm,events,n\n1,a,3,100\n1,b,7,100\n2,a,1,50\n2,b,2,60\n3,b,4,80\n3,c,1,75\n4,a,2,40\n4,c,3,44\n"


def asked(normoxia: Callable, path: Path, text: str, *options: object) -> dict[str, Any]:
    (path / "t.csv").write_text(text, encoding="utf-8")
    answer = normoxia("pool", "t.csv", "--small-values", "good", "--json", "--quiet", *options)
    assert answer.code == 0, answer.err
    return json.loads(answer.out)  # type: ignore[no-any-return]


def effect(whole: dict[str, Any], a: str = "one", b: str = "placebo") -> dict[str, Any]:
    return next(e for e in whole["effects"] if (e["treatment"], e["comparator"]) == (a, b))


@pytest.mark.parametrize(
    ("level", "ends"), [("0.95", (-1.236059427, 0.711330500)), ("90", (-0.923160356, 0.398431429))]
)
def test_hartung_knapp_and_level_are_metafors(
    normoxia: Callable, tmp_path: Path, level: str, ends: tuple[float, float]
) -> None:
    """metafor 3.8-1, November 2026: rma(y, sei=se, method="REML", test="knha", level=..., control=list(threshold=1e-12))
    with y <- log(c(.5,.81,1.1)) and se <- (log(c(.714,1.06,1.51)) - log(c(.35,.62,.8))) / (2 * qnorm(.975))."""
    e = effect(asked(normoxia, tmp_path, TWO, "--hartung-knapp", "--level", level))
    assert e["estimate"] == pytest.approx(-0.262364464, abs=2e-8)
    assert e["se"] == pytest.approx(0.226301081, abs=2e-8)
    assert e["interval"] == pytest.approx(ends, abs=2e-7)


def test_the_kind_of_prediction_interval_is_chosen(normoxia: Callable, tmp_path: Path) -> None:
    """Student's: estimate -+ qt(.975, 2) * sqrt(se^2 + tau^2), which R gives as 1.792473; ours is another."""
    student = effect(asked(normoxia, tmp_path, TWO, "--prediction", "STUDENT"))
    own = effect(asked(normoxia, tmp_path, TWO, "--prediction", "confidence"))
    assert student["prediction_interval"] == pytest.approx(
        [-0.262364464 - 1.792473, -0.262364464 + 1.792473], abs=2e-6
    )
    assert own == effect(asked(normoxia, tmp_path, TWO))
    assert own["prediction_interval"] != pytest.approx(student["prediction_interval"], abs=1e-3)
    assert own["interval"] == student["interval"]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("HR (90% CI)", "90% prediction interval", "P-score (90%)", "(90% interval")),
        ("zh", ("HR（90% CI）", "90% 预测区间", "P 分数（90%）", "（90% 区间")),
    ],
)
def test_the_level_is_in_every_word_that_stands_above_an_interval(
    normoxia: Callable, tmp_path: Path, lang: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "t.csv").write_text(TWO)
    options = ("--small-values", "good", "--quiet", "--lang", lang, "--out", "folder")
    said = normoxia("pool", "t.csv", "--level", "90", *options).out
    for word in words:
        assert word in said, word
    assert "95" not in said
    assert "90% CI" in (tmp_path / "folder" / "figures" / f"studies-{lang}.svg").read_text(
        encoding="utf-8"
    )
    wide, narrow = (asked(normoxia, tmp_path, TWO, "--level", level) for level in ("0.95", "0.5"))
    for w, n in zip(wide["ranking"], narrow["ranking"], strict=True):
        assert w["p_score"] == n["p_score"]
        assert w["p_score_interval"][0] < n["p_score_interval"][0]


def test_each_study_is_left_out_in_turn(normoxia: Callable, tmp_path: Path) -> None:
    """leave1out of the same studies: -0.0700, -0.2946, -0.4370 (metafor 3.8-1)."""
    whole = asked(normoxia, tmp_path, TWO, "--leave-one-out", "--reference", "placebo")
    assert [x["study"] for x in whole["leave_one_out"]] == ["A", "B", "C"]
    found = [x["effects"][0]["estimate"] for x in whole["leave_one_out"]]
    assert found == pytest.approx([-0.0700, -0.2946, -0.4370], abs=6e-5)
    said = normoxia(
        "pool", "t.csv", "--leave-one-out", "--lang", "zh", "--quiet", "--reference", "placebo"
    ).out
    assert "0.93" in said  # exp(-0.07)
    assert "leave_one_out" not in asked(normoxia, tmp_path, TWO)


@pytest.mark.parametrize(
    "method", ["mantel-haenszel", "penalised-logistic", "binomial-normal", "inverse-variance"]
)
def test_a_study_left_out_is_the_table_without_it_by_every_method(
    normoxia: Callable, tmp_path: Path, method: str
) -> None:
    options = ("--effect", "OR", "--method", method, "--reference", "a", "--leave-one-out")
    whole = asked(normoxia, tmp_path, COUNTS, *options)
    assert len(whole["leave_one_out"]) == 4
    without = {x["study"]: x["effects"] for x in whole["leave_one_out"]}
    rest = asked(
        normoxia,
        tmp_path,
        "".join(x for x in COUNTS.splitlines(True) if not x.startswith("2,")),
        *options[:-1],
    )
    for e in without["2"]:
        assert e["estimate"] == pytest.approx(
            effect(rest, e["treatment"], "a")["estimate"], abs=1e-6
        )
        assert e["se"] == pytest.approx(effect(rest, e["treatment"], "a")["se"], abs=1e-6)


def test_a_network_that_breaks_is_said_to_break(normoxia: Callable, tmp_path: Path) -> None:
    star = HEADER + "A,one,placebo,0.5,0.35,0.714\nB,two,placebo,0.81,0.62,1.06\n"
    whole = asked(normoxia, tmp_path, star, "--leave-one-out")
    assert [x["effects"] for x in whole["leave_one_out"]] == [None, None]
    assert "network disconnected" in normoxia("pool", "t.csv", "--leave-one-out", "--quiet").out


def test_components_of_named_sums_are_their_differences(normoxia: Callable, tmp_path: Path) -> None:
    """A and D weigh ici, B and C vegf: two pooled effects in closed form, across parts that no study connects."""
    whole = asked(
        normoxia, tmp_path, SUMS, "--components", "--model", "common", "--reference", "chemo"
    )
    assert whole["network"]["n_parts"] == 2
    found = {c["name"]: c for c in whole["components"]["components"]}
    rows = list(csv.DictReader(SUMS.splitlines()))

    def pooled(studies: str) -> float:
        y, w = zip(
            *(
                (math.log(float(r["HR"])), math.log(float(r["upper"]) / float(r["lower"])) ** -2)
                for r in rows
                if r["study"] in studies
            ),
            strict=True,
        )
        return sum(a * b for a, b in zip(y, w, strict=True)) / sum(w)

    assert found["ici"]["estimate"] == pytest.approx(pooled("AD"), rel=1e-9)
    assert found["vegf"]["estimate"] == pytest.approx(pooled("BC"), rel=1e-9)
    assert not found["chemo"]["is_estimable"]
    sums = {c["name"]: c for c in whole["components"]["headline"]}
    assert sums["vegf + chemo - chemo"]["estimate"] == pytest.approx(pooled("BC"), rel=1e-9)
    assert not sums["ici + vegf - chemo"]["is_estimable"]
    inactive = asked(
        normoxia, tmp_path, SUMS, "--components", "--inactive", "chemo", "--model", "common"
    )
    assert {c["name"]: c["is_estimable"] for c in inactive["components"]["components"]} == {
        "ici": True,
        "vegf": True,
    }
    said = normoxia(
        "pool", "t.csv", "--components", "--quiet", "--lang", "zh", "--out", "folder"
    ).out
    assert "不能识别" in said or "无法识别" in said or "未识别" in said
    page = (tmp_path / "folder" / "report.html").read_text(encoding="utf-8")
    assert "additivity on the scale of the analysis" in page


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (TWO, ("--components",), "no treatment is a sum of parts"),
        (SUMS, ("--components", "--inactive", "chemmo"), 'did you mean "chemo"?'),
        (SUMS, ("--inactive", "chemo"), "belongs to components"),
        (SUMS, ("--components", "--hartung-knapp"), "leave out method and hartung-knapp"),
        (
            COUNTS,
            ("--effect", "OR", "--method", "binomial-normal", "--hartung-knapp"),
            "has not Hartung",
        ),
        (
            COUNTS,
            ("--effect", "OR", "--method", "mantel-haenszel", "--prediction", "confidence"),
            "has not the confidence",
        ),
        (HEADER + "A,one,two,0.7,0.5,0.98\n", ("--leave-one-out",), "nothing is left"),
        (TWO, ("--level", "0.2"), "level 0.2: expected"),
        (TWO, ("--level", "100"), "level 100: expected"),
        (TWO, ("--prediction", "studnet"), 'did you mean "student"?'),
    ],
)
def test_options_that_do_not_go_together_say_why(
    normoxia: Callable, tmp_path: Path, text: str, options: tuple[str, ...], said: str
) -> None:
    (tmp_path / "t.csv").write_text(text)
    answer = normoxia("pool", "t.csv", *options)
    assert answer.code == 2, answer.err
    assert said in answer.err
    assert answer.out == ""


@pytest.mark.parametrize("option", ["--leave-one-out", "--components"])
def test_options_of_tables_are_refused_for_questions(normoxia: Callable, option: str) -> None:
    answer = normoxia("pool", "egfr-post-tki", option)
    assert answer.code == 2
    assert "belong to tables" in answer.err


def test_questions_take_the_options_of_intervals(normoxia: Callable) -> None:
    options = ("pool", "egfr-post-tki", "--endpoint", "PFS", "--json")
    plain, knapp = (
        json.loads(normoxia(*options, *more).out)
        for more in ((), ("--hartung-knapp", "--level", "0.9"))
    )
    a, b = plain["analyses"]["PFS"]["headline"][0], knapp["analyses"]["PFS"]["headline"][0]
    assert a["ratio"] == pytest.approx(b["ratio"])
    assert a["interval"] != b["interval"]


@pytest.mark.parametrize(
    "options",
    [
        ("--effect", "or"),
        ("--effect", "Or", "--method", "Inverse-Variance", "--model", "RANDOM", "--tau", "reml"),
    ],
)
def test_words_of_options_are_read_in_any_case(
    normoxia: Callable, tmp_path: Path, options: tuple[str, ...]
) -> None:
    assert asked(normoxia, tmp_path, COUNTS, *options) == asked(
        normoxia, tmp_path, COUNTS, "--effect", "OR"
    )
    assert asked(normoxia, tmp_path, COUNTS, "--effect", "rr")["measure"] == "RR"


JUDGED = "study,treatment,comparator,HR,lower,upper,risk of bias,indirectness,reporting bias\n"
JUDGED += "".join(f"{s},one,placebo,0.50,0.46,0.54,{{bias}},low,low\n" for s in "ABCDEF")


def test_a_tables_own_judgements_reach_its_certainty(normoxia: Callable, tmp_path: Path) -> None:
    levels = {}
    for bias in ("low", "some", "high", ""):
        whole = asked(normoxia, tmp_path, JUDGED.format(bias=bias), "--reference", "placebo")
        (one,) = whole["certainty"]
        levels[bias] = one["level"]
        assert one["domains"][1]["concern"] == one["domains"][2]["concern"] == "none"
    # no loop of studies: incoherence cannot be tested, one step down
    assert levels == {
        "low": "moderate",
        "some": "low",
        "high": "very low",
        "": "at most moderate (1 of 6 domains not judged)",
    }


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            ("not judged", "at most moderate (3 of 6 domains not judged)", "takes no step down"),
        ),
        ("zh", ("未判定", "至多中（6 个方面中 3 个未判定）", "未判定者不降级")),
    ],
)
def test_what_a_table_does_not_judge_is_said_everywhere(
    normoxia: Callable, tmp_path: Path, lang: str, words: tuple[str, ...]
) -> None:
    rows = "".join(f"{s},one,placebo,0.50,0.46,0.54\n" for s in "ABCDEF")
    (tmp_path / "t.csv").write_text(HEADER + rows)
    answer = normoxia(
        "pool", "t.csv", "--lang", lang, "--quiet", "--out", "folder", "--small-values", "good"
    )
    page = (tmp_path / "folder" / "report.html").read_text(encoding="utf-8")
    for word in words:
        assert word in answer.out, word
        assert word in page, word
    whole = json.loads((tmp_path / "folder" / "synthesis.json").read_text(encoding="utf-8"))
    (one,) = whole["certainty"]
    assert one["not_judged"] == ["within-study bias", "indirectness", "reporting bias"]
    assert one["most"] == "moderate"


def test_times_lost_stand_beside_restricted_means_when_asked_for(
    normoxia: Callable, tmp_path: Path
) -> None:
    """Which are consistent: the ratio is 1 less the difference of the means over the time the comparator lost."""
    table = (
        HEADER
        + "CheckMate-057,nivolumab,docetaxel,0.73,0.59,0.89\nmine,nivolumab,docetaxel,0.80,0.60,1.07\n"
    )
    whole = asked(normoxia, tmp_path, table)
    pairs = [
        p
        for value in whole["over_time"].values()
        if isinstance(value, list)
        for p in value
        if isinstance(p, dict)
    ]
    ratio = next(p for p in pairs if p["endpoint"] == "OS")["restricted_mean"]["time_lost_ratio"]
    effect_found = next(
        p.effect for p in proportionality_of_registry(["CheckMate-057"]).pairs if p.endpoint == "OS"
    )
    horizon, difference = effect_found.horizon, effect_found.difference.value
    assert 0.5 < ratio["ratio"] < 1.0
    assert ratio["interval"][0] < ratio["ratio"] < ratio["interval"][1]
    lost_by_other = difference / (1.0 - ratio["ratio"])
    assert 0.0 < lost_by_other < horizon
    plain, more = (
        normoxia("pool", "t.csv", "--quiet", *extra).out for extra in ((), ("--rmtl-ratio",))
    )
    assert "time lost" not in plain
    assert f"time lost {ratio['ratio']:.2f}" in more
    assert "损失时间比" in normoxia("pool", "t.csv", "--quiet", "--rmtl-ratio", "--lang", "zh").out


def of_pairs(over_time: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        p
        for value in over_time.values()
        if isinstance(value, list)
        for p in value
        if isinstance(p, dict)
    ]


def test_the_folder_runs_again_with_every_option(normoxia: Callable, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(SUMS)
    options = (
        "--hartung-knapp",
        "--prediction",
        "student",
        "--level",
        "90",
        "--leave-one-out",
        "--rmtl-ratio",
        "--quiet",
    )
    assert normoxia("pool", "t.csv", *options, "--out", "folder").code == 0
    command = (tmp_path / "folder" / "rerun.sh").read_text().splitlines()[-1]
    for option in (
        "--hartung-knapp",
        "--prediction student",
        "--level 0.9",
        "--leave-one-out",
        "--rmtl-ratio",
    ):
        assert option in command
    snippet = (tmp_path / "folder" / "rerun.py").read_text()
    assert "hartung_knapp=True, prediction='student', level=0.9" in snippet


def test_a_bayesian_analysis_is_printed_and_in_the_json_in_both_languages(
    normoxia: Callable, tmp_path: Path
) -> None:
    rows = "study,treat1,treat2,HR,lower,upper\nS1,A,B,0.8,0.6,1.0667\nS2,A,B,0.7,0.5,0.98\nS3,B,C,0.9,0.7,1.157\n"
    (tmp_path / "t.csv").write_text(rows)
    whole = json.loads(normoxia("pool", "t.csv", "--bayesian", "--reference", "B", "--json").out)
    posterior = whole["bayesian"]
    assert posterior["prior"]["name"] == "turner-general"
    (effect,) = [e for e in posterior["effects"] if e["treatment"] == "A"]
    low, high = effect["ratio"]["interval"]
    assert low < effect["ratio"]["median"] < high
    assert any("log odds ratio" in note for note in whole["notes"])
    own = normoxia("pool", "t.csv", "--prior", "half-normal 0.1", "--lang", "zh")
    assert "贝叶斯网状Meta分析，先验 τ ~ half-normal(0.1)" in own.out.replace("\n", "")
    wrong = normoxia("pool", "t.csv", "--prior", "half-norml 0.1")
    assert wrong.code == 2
    assert "half-normal" in wrong.err
