"""What is shipped, the first screen, and protocols."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import normoxia as nx
from normoxia.pharmacology import regimen
from normoxia.report.figures.theme import DARK, LIGHT
from normoxia.web import controls, stored
from normoxia.web.controls import Choice


def test_the_catalogue_has_every_trial_and_study(client: TestClient) -> None:
    names = client.get("/api/catalogue?lang=zh").json()
    assert [one["id"] for one in names["trials"]] == [
        name for name in nx.trials() if not name.startswith("forecast:")
    ]
    assert {one["id"] for one in names["studies"]} == set(nx.studies())


def test_studies_stand_with_the_ratios_of_the_registry(client: TestClient) -> None:
    rows = {row["id"]: row for row in client.get("/api/evidence/studies").json()["studies"]}
    assert set(rows) == set(nx.studies())
    # Socinski 2018, N Engl J Med 378:2288: 0.62 (0.52 to 0.74) in the wild types
    ratio = rows["IMpower150"]["hr_pfs"]
    assert (ratio["value"], ratio["low"], ratio["high"]) == (0.62, 0.52, 0.74)


def test_a_study_has_its_discrepancies_and_sources(client: TestClient) -> None:
    study = client.get("/api/evidence/studies/impower150?lang=zh").json()
    mine = nx.audit().frame().filter(study="IMpower150")
    assert len(study["discrepancies"]) == len(mine)
    assert len(study["sources"]) == len(nx.read_study("IMpower150").sources)


def test_an_unknown_name_is_an_error_with_words(client: TestClient) -> None:
    reply = client.get("/api/evidence/studies/IMpower155")
    assert reply.status_code == 404
    assert "IMpower15" in reply.json()["error"]["message"]


def test_every_statement_of_the_model_is_on_the_map(client: TestClient) -> None:
    drawn = client.get("/api/mechanism").json()
    statements = nx.read_model("nsclc").statements
    assert {one["tag"] for one in drawn["statements"]} == {one.tag for one in statements}


def test_about_counts_the_supported_questions(client: TestClient) -> None:
    about = client.get("/api/about").json()
    standings = [one["standing"] for one in about["credibility"]["questions"]]
    state = about["credibility"]["state"]
    assert (state == "not supported") == ("met" not in standings)
    assert about["ensemble"]["stale"] == bool(about["ensemble"]["outdated"])


def test_the_first_screen_shows_the_published_ratio_beside_the_simulated(
    client: TestClient,
) -> None:
    first = client.get("/api/first").json()
    row = next(
        row
        for row in first["contrasts"]
        if (row["endpoint"], row["experimental"], row["control"]) == ("PFS", "ABCP", "BCP")
    )
    assert (row["population"], row["published"]) == ("ITT-WT", 0.62)
    assert f"{row['value']:.2f}" in first["answer"]


def test_the_plot_lies_where_the_values_say(client: TestClient) -> None:
    """The end of each curve in the drawing is where its last number within the axis is by the geometry that is given."""
    figure = client.get("/api/first").json()["figures"]["km_pfs"]
    values = figure["values"]
    plot = values["plot"]
    assert values["view"] == [
        float(n) for n in re.search(r'viewBox="0 0 (\d+) (\d+)"', figure["svg"]).groups()
    ]
    assert plot["x"] + plot["width"] <= values["view"][0]
    for arm in values["arms"]:
        paths = re.findall(
            rf'd="([^"]+)"[^>]*stroke="{arm["colour"]}" stroke-width="2.2"', figure["svg"]
        )
        drawn = [float(n) for n in re.findall(r"-?[\d.]+", paths[0])]
        x, y = drawn[-2], drawn[-1]
        month = x / plot["width"] * plot["months"][1]
        last = max(i for i, m in enumerate(arm["months"]) if m <= month + 0.1)
        # two pixels of the drawing are a row of the values, and the drawing has tenths
        assert y == pytest.approx(plot["height"] * (1 - arm["survival"][last] / 100), abs=3)


def test_the_dark_figure_is_the_light_one_in_other_colours(client: TestClient) -> None:
    light, dark = (
        client.get(f"/api/first?theme={theme}").json()["figures"]["km_os"]["svg"]
        for theme in ("light", "dark")
    )
    assert f'fill="{DARK.background}"' in dark
    assert f'"{LIGHT.series[0]}"' not in dark
    without = re.compile(r'"#[0-9a-f]{6}"')
    assert without.sub("", light) == without.sub("", dark)
    assert "style=" not in light


def test_controls_in_the_stored_run_are_answered_from_it(client: TestClient) -> None:
    reply = client.post("/api/first", json={"population": "EGFR-mutant", "lang": "zh"}).json()
    assert reply["cached"]
    assert reply["population"]["id"] == "EGFR-mutant"


def test_controls_that_do_not_exist_are_named(client: TestClient) -> None:
    for body in ({"regimen": "x"}, {"population": "x"}, {"dose": "x"}):
        reply = client.post("/api/first", json=body)
        assert reply.status_code == 404
        assert "known:" in reply.json()["error"]["message"]


def test_every_position_of_the_controls_makes_a_trial() -> None:
    trial = nx.read_trial(controls.TRIAL)
    listed = controls.listed("en")
    for one in listed["regimens"]:
        for dose in one["doses"]:
            choice = Choice(regimen=one["id"], population="pdl1-high", dose=dose["id"])
            changed = controls.changed(trial, choice)
            drug = dose["regimen"].split()[0]
            assert drug in changed.arm(one["arm"]).regimen.drugs
            course = nx.read_trial(controls.TRIAL).with_arm("new", dose["regimen"])
            assert set(course.arm("new").regimen.courses) <= set(
                changed.arm(one["arm"]).regimen.courses
            )


def test_stored_texts_are_those_of_their_language() -> None:
    for lang in ("en", "zh"):
        whole = stored.read(f"first-{lang}")
        assert set(whole) == set(controls.stored_sets().values())
        for one in whole.values():
            assert f'lang="{lang}"' in one["figures"]["km_pfs"]["svg"]


def test_a_trial_says_what_it_does(client: TestClient) -> None:
    trial = client.get("/api/trials/impower150").json()
    bevacizumab = next(one for one in trial["arms"][0]["timeline"] if one["drug"] == "bevacizumab")
    assert (bevacizumab["amount"], bevacizumab["basis"], bevacizumab["days"][:3]) == (
        15.0,
        "mg/kg",
        [0.0, 21.0, 42.0],
    )


def check(client: TestClient, text: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = client.post("/api/check", json={"text": text}).json()[
        "findings"
    ]
    return found


def test_a_shipped_protocol_has_no_findings_and_a_misspelt_drug_one(client: TestClient) -> None:
    text = nx.read_trial("impower150").text
    assert check(client, text) == []
    findings = check(client, text.replace("- bevacizumab 15", "- bevacizumb 15", 1))
    line = 1 + text[: text.index("- bevacizumab 15")].count("\n")
    assert [one["line"] for one in findings] == [line]
    assert "bevacizumab" in str(findings[0]["message"])
    assert "/" not in str(findings[0]["message"]).split("bevacizumb")[0]


@pytest.mark.parametrize(
    "text",
    [
        "trial: x\nmodel: ../../etc/passwd",
        "trial: x\npopulation: {document: /etc/passwd}",
        "trial: x\narms: {A: {regimen: [mine.yaml 3 mg q3w]}}",
        "model: x\nmodules: [/etc/hosts]",
        "comparison: x\nstage: c:\\secret",
    ],
)
def test_a_document_from_a_browser_can_name_no_file(client: TestClient, text: str) -> None:
    findings = check(client, text)
    assert len(findings) == 1
    assert "names the file" in str(findings[0]["message"])


@pytest.mark.parametrize(
    "text",
    ["[" * 5000, "a: &a [*a]", "a: &a [x]\nb: [*a, *a]", "\x00", "- 1\n" * 9, "!!python/x y"],
)
def test_nonsense_is_a_finding_and_no_failure(client: TestClient, text: str) -> None:
    assert check(client, text)


def test_questions_of_every_verb_have_titles_in_both_languages(client: TestClient) -> None:
    english, chinese = (
        client.get(f"/api/questions?lang={lang}").json()["verbs"] for lang in ("en", "zh")
    )
    for one, other in zip(english, chinese, strict=True):
        assert one["documents"]
        assert [d["id"] for d in one["documents"]] == [d["id"] for d in other["documents"]]
    compare = next(verb for verb in chinese if verb["verb"] == "compare")
    assert not compare["documents"][0]["title"].isascii()


def test_forecasts_carry_the_digest_of_their_document(client: TestClient) -> None:
    forecasts = client.get("/api/forecasts").json()
    # docs/method/forecasts.md has the digests of the stored documents
    page = Path(__file__).parents[2] / "docs" / "method" / "forecasts.md"
    assert forecasts["file_digest"] in page.read_text(encoding="utf-8")
    assert len(forecasts["designs"]) == len(nx.forecast().forecasts)


def test_the_builder_offers_every_drug_with_doses_that_a_protocol_takes(client: TestClient) -> None:
    builder = client.get("/api/builder?lang=zh").json()
    assert [one["id"] for one in builder["drugs"]] == list(nx.drugs())
    for drug in builder["drugs"]:
        for label in drug["labels"]:
            assert regimen(f"{drug['id']} {label}").drugs == (drug["id"],)
    egfr = next(one for one in builder["covariates"] if one["id"] == "egfr")
    assert sum(level["share"] for level in egfr["levels"]) == pytest.approx(100)
