"""`normoxia pool`: the oracle's numbers through the command, every odd network and table, and a folder that runs again."""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normoxia.storage import claimed

ROOT = Path(__file__).parents[2]
ORACLES = ROOT / "tests" / "oracles" / "synthesis"
GUIDE = ROOT / "docs" / "guides" / "pool.md"
HEADER = "study,treatment,comparator,HR,lower,upper\n"
TRIANGLE = (
    HEADER
    + "A,one,placebo,0.70,0.55,0.89\nB,one,placebo,0.81,0.62,1.06\nC,two,placebo,0.90,0.71,1.14\nD,one,two,0.85,0.66,1.09\n"
)
QUESTIONS = ("first-line-wt", "egfr-post-tki", "tki-or-antibody", "components", "biomarkers")


def rows(name: str, **wanted: str) -> list[dict[str, str]]:
    with (ORACLES / name).open(encoding="utf-8") as text:
        return [r for r in csv.DictReader(text) if all(r[k] == v for k, v in wanted.items())]


@pytest.fixture(scope="session")
def senn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network as netmeta prints it: contrasts rounded to 2 and 4 decimals, treatments in four letters (see README)."""
    path = tmp_path_factory.mktemp("senn") / "senn.csv"
    lines = ["studlab,treat1,treat2,TE,seTE"]
    for r in rows("input_senn2013_contrast_from_arms.csv"):
        te, se = round(float(r["TE"]), 2), round(float(r["seTE"]), 4)
        lines.append(f"{r['studlab']},{r['treat1'][:4]},{r['treat2'][:4]},{te},{se}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(("tau", "model"), [("DL", "random"), ("DL", "common")])
def test_senn_2013_gives_the_numbers_of_netmeta(
    normoxia: Callable, senn: Path, tau: str, model: str
) -> None:
    answer = normoxia(
        "pool",
        senn,
        "--effect",
        "MD",
        "--tau",
        tau,
        "--model",
        model,
        "--reference",
        "plac",
        "--small-values",
        "bad",
        "--json",
        "--quiet",
    )
    assert answer.code == 0, answer.err
    whole = json.loads(answer.out)
    close = 1e-6  # of relative difference; netmeta's REML solves other equations, see docs/reference/oracles.md
    assert whole["schema"] == "normoxia/synthesis/1"
    (summary,) = rows("nma_summary.csv", dataset="senn2013", tau_method=tau)
    network, spread = whole["network"], whole["heterogeneity"]
    assert (network["n_studies"], network["n_treatments"]) == (
        int(summary["k"]),
        int(summary["n_trt"]),
    )
    assert network["reference"] == "plac"
    assert spread["q"] == pytest.approx(float(summary["Q"]), rel=1e-6)
    assert spread["df"] == int(summary["df_Q"])
    if model == "random":
        assert spread["tau"] == pytest.approx(float(summary["tau"]), rel=close)
    between = whole["inconsistency"]["between"]
    assert between["q"] == pytest.approx(float(summary["Q_between"]), rel=1e-6)
    found = {(e["treatment"], e["comparator"]): e for e in whole["effects"] if e["model"] == model}
    wanted = {"dataset": "senn2013", "tau_method": tau if model == "random" else "", "model": model}
    for peer in rows("nma_effects.csv", **wanted):
        ours = found[peer["treat1"], peer["treat2"]]
        assert ours["estimate"] == pytest.approx(float(peer["TE"]), rel=close, abs=1e-8)
        assert ours["se"] == pytest.approx(float(peer["seTE"]), rel=close)
        assert ours["interval"] == pytest.approx(
            [float(peer["lower"]), float(peer["upper"])], rel=close, abs=1e-6
        )
    column = "Pscore_random" if model == "random" else "Pscore_common"
    scores = {r["treatment"]: r["p_score"] for r in whole["ranking"]}
    for peer in rows("nma_ranking.csv", dataset="senn2013", tau_method=tau):
        assert scores[peer["treatment"]] == pytest.approx(float(peer[column]), abs=1e-4)
    splits = {
        frozenset((s["treatment"], s["comparator"])): s
        for s in whole["inconsistency"]["node_splits"]
    }
    for peer in rows("nma_netsplit.csv", **wanted):
        a, b = peer["comparison"].split(":")
        if peer["p"] not in ("", "NA"):
            assert splits[frozenset((a, b))]["p_value"] == pytest.approx(float(peer["p"]), rel=1e-5)


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_shipped_question_answers_in_json(normoxia: Callable, question: str) -> None:
    answer = normoxia("pool", question, "--json")
    assert answer.code == 0, answer.err
    whole = json.loads(answer.out)
    assert whole["schema"] == "normoxia/answer/1"
    assert whole["asks"]["zh"]
    for analysis in whole["analyses"].values():
        assert {"used", "left_out", "notes"} <= set(analysis)
        assert all(x["why"]["en"] and x["why"]["zh"] for x in analysis["left_out"])
        if "effects" in analysis:
            assert {"network", "heterogeneity", "ranking", "inconsistency", "certainty"} <= set(
                analysis
            )
            assert {
                "treatment",
                "comparator",
                "estimate",
                "se",
                "interval",
                "prediction_interval",
                "model",
            } <= set(analysis["effects"][0])
    if question != "biomarkers":
        assert whole["effects"] == whole["analyses"][whole["endpoint"]]["effects"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_print_holds_a_question_whole(normoxia: Callable, lang: str) -> None:
    answer = normoxia("pool", "components", "--endpoint", "PFS", "--lang", lang)
    assert answer.code == 0, answer.err
    words = {
        "en": (
            "What each component adds",
            "95% prediction interval",
            "P-score (95%)",
            "very low",
            "2 unconnected parts",
            "Interaction of ICI × anti-angiogenic",
            "Excluded studies, with reasons",
        ),
        "zh": (
            "各成分的贡献",
            "95% 预测区间",
            "P 分数（95%）",
            "极低",
            "2 个互不相连",
            "排除的研究及原因",
        ),
    }[lang]
    for word in words:
        assert word in answer.out, word


def test_options_of_a_question_change_what_is_asked(normoxia: Callable) -> None:
    plain = json.loads(normoxia("pool", "egfr-post-tki", "--json").out)
    other = json.loads(
        normoxia(
            "pool",
            "egfr-post-tki",
            "--json",
            "--endpoint",
            "PFS",
            "--reference",
            "ICI + chemotherapy",
            "--model",
            "common",
            "--small-values",
            "bad",
        ).out
    )
    assert list(plain["analyses"]) != ["PFS"]
    assert list(other["analyses"]) == ["PFS"]
    assert other["network"]["reference"] == "ICI + chemotherapy"
    assert {e["model"] for e in other["effects"]} == {"common"}
    assert other["ranking"][0]["treatment"] == plain["ranking"][-1]["treatment"] == "chemotherapy"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("egfr-post-tky",), 'did you mean "egfr-post-tki"?'),
        (("egfr-post-tki", "--endpoint", "PSF"), 'did you mean "PFS"?'),
        (("egfr-post-tki", "--reference", "chemoterapy"), 'did you mean "chemotherapy"?'),
        (("egfr-post-tki", "--effect", "OR"), "belong to tables"),
        (("t.csv", "--reference", "placebbo"), 'did you mean "placebo"?'),
        (("t.csv", "--model", "fixed"), "common"),
        (("t.csv", "--tau", "DLL"), "DL"),
        (("t.csv", "--effect", "hazard"), 'effect "hazard"'),
        (("t.csv", "--column", "se"), "ROLE=NAME"),
        (("t.csv", "--column", "low=lover"), 'did you mean "lower"?'),
        (("t.csv", "--endpoint", "PFS"), "belong to questions"),
        (("t.csv", "--equivalence", "0.9"), "above 1"),
        (("t.csv", "--lang", "fr"), "en, zh"),
    ],
)
def test_what_cannot_be_meant_is_named(
    normoxia: Callable, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "t.csv").write_text(TRIANGLE)
    answer = normoxia("pool", *arguments)
    assert answer.code == 2
    assert said in answer.err
    assert answer.out == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "A,one,placebo,0.50,0.55,0.89\nB,,placebo,0.8,0.6,1.1\nC,two,two,0.9,0.7,1.1\nD,one,placebo,x,0.6,1\n"
            "E,one,placebo,0.7,0.5,0.98\n",
            (":2", ":3", ":4", ":5", "lines 2, 3, 4, 5"),
        ),
        ("A,one,placebo,0.7,0.5,0.98\nA,one,placebo,0.7,0.5,0.98\n", (":3",)),
        ("A,one,placebo,-0.7,0.5,0.98\n", (":2",)),
    ],
)
def test_every_faulty_row_is_listed_with_its_line(
    normoxia: Callable, tmp_path: Path, text: str, said: tuple[str, ...]
) -> None:
    (tmp_path / "t.csv").write_text(HEADER + text)
    answer = normoxia("pool", "t.csv", "--json")
    assert answer.code == 3
    assert answer.out == ""
    for words in said:
        assert words in answer.err


def test_the_other_rows_are_pooled_when_the_user_says_so(
    normoxia: Callable, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text(TRIANGLE + "E,one,placebo,0.50,0.55,0.89\n")
    answer = normoxia("pool", "t.csv", "--leave-out-faulty", "--json")
    assert answer.code == 0
    whole = json.loads(answer.out)
    assert whole["table"]["left_out"] == [6]
    assert whole["network"]["n_studies"] == 4


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04 a workbook",
        b"%PDF-1.7",
        b"\x89PNG\r\n",
        b"",
        b"one column\n1\n",
        b"\x00\x01\x02,\x00",
        b"a,b,c\n1,2,3\n",
        HEADER.encode(),
    ],
)
def test_a_file_of_the_wrong_kind_says_what_to_do(
    normoxia: Callable, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    answer = normoxia("pool", "t.csv")
    assert answer.code == 3
    assert "t.csv" in answer.err
    assert "Traceback" not in answer.err


def test_a_table_that_is_not_there_is_said_to_be_absent(normoxia: Callable) -> None:
    answer = normoxia("pool", "absent.csv")
    assert answer.code == 3
    assert "no such file" in answer.err


@pytest.mark.parametrize(
    "raw",
    [
        TRIANGLE.encode("utf-8-sig"),
        TRIANGLE.replace(",", ";").replace(".", ",").encode(),
        TRIANGLE.replace("study,treatment,comparator", "研究,治疗,对照")
        .replace("placebo", "安慰剂")
        .encode("gb18030"),
        re.sub("(?m)$", ",,", TRIANGLE.strip()).encode(),
        TRIANGLE.replace(",", "\t").encode(),
    ],
    ids=["BOM", "decimal commas", "GBK", "empty columns", "tabs"],
)
def test_tables_as_people_save_them_give_the_same_numbers(
    normoxia: Callable, tmp_path: Path, raw: bytes
) -> None:
    (tmp_path / "plain.csv").write_text(TRIANGLE)
    (tmp_path / "t.csv").write_bytes(raw)
    plain, other = (normoxia("pool", name, "--json") for name in ("plain.csv", "t.csv"))
    assert other.code == 0, other.err
    one, two = json.loads(plain.out), json.loads(other.out)
    # the order of treatments may differ, and with it the last digit
    assert two["heterogeneity"]["q"] == pytest.approx(one["heterogeneity"]["q"], rel=1e-9)
    ours, theirs = (sorted(e["se"] for e in whole["effects"]) for whole in (two, one))
    assert ours == pytest.approx(theirs, rel=1e-9)


def test_an_asymmetric_interval_is_kept_and_told(normoxia: Callable, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TRIANGLE.replace("0.70,0.55,0.89", "0.70,0.66,0.89"))
    answer = normoxia("pool", "t.csv")
    assert answer.code == 0
    assert "t.csv:2" in answer.err
    assert "symmetric" in answer.err


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("A,one,placebo,0.7,0.5,0.98\n", "One study"),
        ("A,one,placebo,0.7,0.5,0.98\nB,one,placebo,0.8,0.6,1.07\n", "The network has no loop"),
        (
            "A,one,placebo,0.7,0.5,0.98\nB,two,placebo,0.8,0.6,1.07\nC,three,placebo,0.9,0.7,1.16\n",
            "no spare evidence",
        ),
        ("A,one,placebo,0.7,0.5,0.98\nB,two,three,0.8,0.6,1.07\n", "2 unconnected parts"),
    ],
    ids=["single study", "two nodes", "star", "disconnected"],
)
def test_small_networks_work_and_explain_themselves(
    normoxia: Callable, tmp_path: Path, body: str, said: str
) -> None:
    (tmp_path / "t.csv").write_text(HEADER + body)
    answer = normoxia("pool", "t.csv", "--out", "folder", "--small-values", "good")
    assert answer.code == 0, answer.err
    assert said in answer.out
    assert (tmp_path / "folder" / "report.html").stat().st_size > 10_000
    # one study: its own estimate and interval, log 0.7 and (log 0.98 - log 0.5) / (2 * 1.959964)
    effect = json.loads((tmp_path / "folder" / "synthesis.json").read_text())["effects"]
    own = [e for e in effect if (e["treatment"], e["comparator"]) == ("one", "placebo")]
    if body.count("\n") != 2 or "two" in body:
        assert own[0]["estimate"] == pytest.approx(-0.356675, abs=1e-5)
        assert own[0]["se"] == pytest.approx(0.171670, abs=1e-5)


def test_the_mapping_is_suggested_with_how_to_correct_it(normoxia: Callable, senn: Path) -> None:
    answer = normoxia("pool", senn)
    assert answer.code == 0
    assert re.search(r"comparator\s+<- treat2", answer.err)
    assert '--column study="studlab"' in answer.err
    assert "assumed" in answer.out  # nobody said whether small values are good
    assert normoxia("pool", senn, "--quiet", "--effect", "MD").err == ""


@pytest.mark.parametrize(
    "what",
    # a question draws the figures of its network twice, five seconds; a table goes the same way
    ["table", pytest.param("question", marks=pytest.mark.slow)],
)
def test_the_folder_runs_again_and_gives_the_same(
    normoxia: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    (tmp_path / "t.csv").write_text(TRIANGLE)
    name = "t.csv" if what == "table" else "egfr-post-tki"
    options = ("--tau", "DL", "--seed", 3, "--out", "folder", "--quiet", "--small-values", "good")
    assert normoxia("pool", name, *options).code == 0
    folder = tmp_path / "folder"
    suffix = "" if what == "table" else "-PFS"
    for stem in ("network", "forest", "ranking"):
        for kind in ("svg", "csv", "json"):
            for lang in ("en", "zh"):
                assert (folder / "figures" / f"{stem}{suffix}-{lang}.{kind}").is_file()
    assert (folder / f"league{suffix}-en.csv").is_file()
    assert (
        (folder / f"effects{suffix}.csv")
        .read_text()
        .startswith("treatment,comparator,model,estimate,se")
    )
    monkeypatch.chdir(folder)
    command = shlex.split((folder / "rerun.sh").read_text().splitlines()[-1])
    again = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from normoxia.cli.app import execute; sys.exit(execute())",
            *command[1:],
            "--json",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    first = json.loads((folder / "synthesis.json").read_text())
    second = json.loads(again.stdout)
    ours, theirs = ([e["estimate"] for e in whole["effects"]] for whole in (second, first))
    assert ours == pytest.approx(
        theirs, rel=1e-12, abs=1e-14
    )  # the linear algebra may use other threads
    ours, theirs = ([r["sucra"] for r in whole["ranking"]] for whole in (second, first))
    assert ours == pytest.approx(theirs, abs=1e-3)
    snippet = subprocess.run(
        [sys.executable, str(folder / "rerun.py")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    printed = [float(line.split()[-2]) for line in snippet.stdout.splitlines()]
    wanted = [e["estimate"] for e in first["effects"]]
    assert len(printed) >= 2
    assert all(any(p == pytest.approx(w, rel=1e-9) for w in wanted) for p in printed[:2])


def test_a_folder_that_holds_something_is_left_alone(normoxia: Callable, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TRIANGLE)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.txt").write_text("mine")
    assert normoxia("pool", "t.csv", "--out", "folder").code == 2
    assert [p.name for p in (tmp_path / "folder").iterdir()] == ["mine.txt"]


def test_same_seed_same_ranking_and_another_seed_only_moves_the_draws(
    normoxia: Callable, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text(TRIANGLE)
    one, same, other = (
        normoxia("pool", "t.csv", "--json", "--seed", seed).out for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other
    assert json.loads(one)["effects"] == json.loads(other)["effects"]


def test_a_question_of_ones_own_is_read_from_its_document(
    normoxia: Callable, tmp_path: Path
) -> None:
    shipped = ROOT / "src" / "normoxia" / "library" / "questions" / "egfr-post-tki.yaml"
    (tmp_path / "mine.yaml").write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    mine, theirs = (normoxia("pool", name, "--json").out for name in ("mine.yaml", "egfr-post-tki"))
    assert json.loads(mine) == json.loads(theirs)
    (tmp_path / "broken.yaml").write_text("question: broken\n")
    answer = normoxia("pool", "broken.yaml")
    assert answer.code == 3
    assert "broken.yaml" in answer.err


def test_ten_thousand_rows_are_read_and_pooled(normoxia: Callable, tmp_path: Path) -> None:
    arms = ("one", "two", "three", "four")
    body = "".join(
        f"s{i},{arms[i % 4]},placebo,{0.7 + 0.01 * (i % 30):.2f},0.50,1.30\n" for i in range(10_000)
    )
    (tmp_path / "t.csv").write_text(HEADER + body.replace(",0.50,1.30", ",0.40,1.90"))
    answer = normoxia("pool", "t.csv", "--json", "--model", "common")
    assert answer.code == 0, answer.err[:500]
    assert json.loads(answer.out)["network"]["n_studies"] == 10_000


def test_individual_patients_are_exported_as_derived(normoxia: Callable, tmp_path: Path) -> None:
    answer = normoxia("evidence", "export", "individual", "--out", "patients.csv")
    assert answer.code == 0, answer.err
    with (tmp_path / "patients.csv").open(encoding="utf-8") as text:
        found = list(csv.DictReader(text))
    assert {r["origin"] for r in found} == {"derived"}
    assert {r["event"] for r in found} == {"0", "1"}
    assert len({r["study"] for r in found}) > 5


@pytest.mark.slow  # a dozen analyses with their figures; that each command parses is tested with the other pages
def test_every_command_of_the_guide_runs(normoxia: Callable, tmp_path: Path) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    table, sums, judged = re.findall(r"```csv\n(.*?)```", text, re.DOTALL)
    for name, held in (("table.csv", table), ("sums.csv", sums), ("judged.csv", judged)):
        (tmp_path / name).write_text(held)
    assert "not judged" not in normoxia("pool", "judged.csv").out
    commands = [
        line
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
    ]
    assert len(commands) >= 7
    for command in commands:
        words = shlex.split(command)
        assert words[0] == "normoxia"
        answer = normoxia(*words[1:])
        assert answer.code == 0, f"{command}: {answer.err}"
    for named in re.findall(r"`(--[a-z-]+)", text):
        assert named in normoxia("pool", "--help").out or named in ("--out", "--json"), named


@pytest.mark.parametrize(
    ("lang", "said", "mean", "ratio"),
    [
        ("en", "are not proportional", "restricted mean difference", "constant hazard ratio"),
        ("zh", "风险不成比例", "限制性平均时间之差", "单一风险比（95% CI）"),
    ],
)
def test_hazards_that_move_are_told_before_any_constant_ratio(
    normoxia: Callable, lang: str, said: str, mean: str, ratio: str
) -> None:
    """A table with CheckMate-057 as printed (Borghaei 2015, N Engl J Med 373:1627); its curves are in the registry."""
    table = (
        HEADER
        + "CheckMate-057,nivolumab,docetaxel,0.73,0.59,0.89\nmine,nivolumab,docetaxel,0.80,0.60,1.07\n"
    )
    Path("t.csv").write_text(table, encoding="utf-8")
    told = normoxia("pool", "t.csv", "--lang", lang, "--quiet").out
    assert told.index(said) < told.index(mean) < told.index(ratio) < told.index("0.75")
    whole = json.loads(normoxia("pool", "t.csv", "--json", "--quiet").out)
    assert whole["over_time"]["not_proportional"] == ["CheckMate-057"]
    assert list(whole).index("over_time") < list(whole).index("effects")
    Path("u.csv").write_text(TRIANGLE, encoding="utf-8")
    assert json.loads(normoxia("pool", "u.csv", "--json", "--quiet").out)["over_time"] is None


def test_shares_without_number_are_left_out_with_a_note(
    normoxia: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "triangle.csv").write_text(TRIANGLE)
    listed = json.loads(normoxia("pool", "triangle.csv", "--json").out)
    assert len(listed["contributions"]) == 3
    assert not any("share" in note for note in listed["notes"])
    monkeypatch.setattr("normoxia.evidence.synthesis.judgement.contribution.MOST_SHARES", 3 * 4 - 1)
    fewer = json.loads(normoxia("pool", "triangle.csv", "--json").out)
    assert fewer["contributions"] == []
    assert fewer["notes"][-1].startswith("3 estimates from 4 studies")
    assert {**listed, "contributions": [], "notes": fewer["notes"]} == fewer
    assert "份额未列出" in normoxia("pool", "triangle.csv", "--lang", "zh").out


# --- a folder that was not finished ---


def test_a_folder_that_was_never_finished_is_written_anew(
    normoxia: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was left at any of the files it writes; what is not of its own stays."""
    from normoxia.api import synthesis_folder

    (tmp_path / "t.csv").write_text(
        "study,t1,t2,HR,lower,upper\nA,x,y,0.8,0.6,1.1\nB,x,y,0.9,0.7,1.2\n"
    )
    assert normoxia("pool", "t.csv", "--out", "whole", "--quiet").code == 0
    write = synthesis_folder.write_whole
    for stop in ("input.csv", "report.html", "synthesis.json", "rerun.py"):

        def killed(path: Path, content: bytes, stop: str = stop, **rest: bool) -> None:
            if path.name == stop:
                path.write_bytes(content[: len(content) // 2])
                raise KeyboardInterrupt
            write(path, content, **rest)

        monkeypatch.setattr(synthesis_folder, "write_whole", killed)
        assert normoxia("pool", "t.csv", "--out", "told", "--quiet").code == 130
        monkeypatch.setattr(synthesis_folder, "write_whole", write)
        (tmp_path / "told" / "effects-of-another.csv").write_text("stale")
        (tmp_path / "told" / "thesis.txt").write_text("precious")
        assert normoxia("pool", "t.csv", "--out", "told", "--quiet").code == 0
        names = {
            path.relative_to(tmp_path / "told").as_posix()
            for path in (tmp_path / "told").rglob("*")
        }
        assert names == {"thesis.txt"} | {
            path.relative_to(tmp_path / "whole").as_posix()
            for path in (tmp_path / "whole").rglob("*")
        }
        assert normoxia("pool", "t.csv", "--out", "told", "--quiet").code == 2
        shutil.rmtree(tmp_path / "told")


def test_a_folder_of_a_pooling_has_one_writer(normoxia: Callable, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "study,t1,t2,HR,lower,upper\nA,x,y,0.8,0.6,1.1\nB,x,y,0.9,0.7,1.2\n"
    )
    with claimed(tmp_path / "told"):
        answer = normoxia("pool", "t.csv", "--out", "told", "--quiet")
    assert (answer.code, "is being written by another process" in answer.err) == (2, True)


@given(
    st.lists(
        st.one_of(
            st.text(max_size=12), st.sampled_from(["PFS", "pfs", "a/b", "a-b", "../x", "", "CON"])
        ),
        unique=True,
    )
)
def test_endpoints_never_share_a_file_nor_leave_the_folder(endpoints: list[str]) -> None:
    from normoxia.api.synthesis_folder import endpoint_file_names

    names = endpoint_file_names(endpoints)
    assert {*names} == {*endpoints}
    assert len({name.casefold() for name in names.values()}) == len(endpoints)
    assert all(Path(f"effects-{name}.csv").name == f"effects-{name}.csv" for name in names.values())
    assert endpoint_file_names(["PFS", "OS"]) == {"PFS": "PFS", "OS": "OS"}


def test_what_makes_it_again_is_python_whatever_a_name_holds(
    normoxia: Callable, tmp_path: Path
) -> None:
    """A name that would close a text of three quotes stays a name."""
    name = '"""\nraise SystemExit(7)\n"""'
    table = io.StringIO()
    csv.writer(table).writerows(
        [
            ["study", "t1", "t2", "HR", "lower", "upper"],
            ["A", name, "y", 0.8, 0.6, 1.1],
            ["B", name, "y", 0.9, 0.7, 1.2],
        ]
    )
    (tmp_path / "t.csv").write_text(table.getvalue())
    answer = normoxia("pool", "t.csv", "--reference", name, "--out", "told", "--quiet")
    if answer.code == 0:
        tree = ast.parse((tmp_path / "told" / "rerun.py").read_text())
        assert not any(isinstance(node, ast.Raise) for node in ast.walk(tree))
        assert shlex.quote(name) in ast.literal_eval(ast.unparse(tree.body[0]))
    else:
        assert answer.code in (2, 3)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1", "0"])
def test_a_smallest_effect_that_cannot_be_meant_is_refused(
    normoxia: Callable, tmp_path: Path, value: str
) -> None:
    (tmp_path / "t.csv").write_text(TRIANGLE)
    answer = normoxia("pool", "t.csv", "--equivalence", value, "--out", "told")
    assert (answer.code, f"equivalence {float(value):g}: expected above 1" in answer.err) == (
        2,
        True,
    )
    assert not (tmp_path / "told").exists()
