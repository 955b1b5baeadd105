"""Requirements on every figure, and on each kind."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from tests.report import samples

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.outcome import Estimate
from normoxia.report import (
    BandArm,
    DirectComparison,
    ForestRow,
    HazardRatioLine,
    KaplanMeierArm,
    Treatment,
    WaterfallArm,
    forest_figure,
    kaplan_meier_figure,
    league_table,
    network_figure,
    waterfall_figure,
)
from normoxia.survival import TimeToEvent, kaplan_meier

#: every kind is drawn in English every day and in Chinese in the full suite, since drawing takes most of the time here
CASES = [
    *((kind, "en", "light") for kind in samples.EVERY),
    *(pytest.param(kind, "zh", "dark", marks=pytest.mark.slow) for kind in samples.EVERY),
]


def texts(figure):
    """Texts of the drawn figure with their positions."""
    labels = []

    def walk(element, x, y):
        move = re.match(r"translate\(([-\d.]+),\s*([-\d.]+)\)", element.get("transform", ""))
        if move:
            x, y = x + float(move[1]), y + float(move[2])
        if element.tag.endswith("}text") and element.text:
            labels.append((element.text, x, y))
        for child in element:
            walk(child, x, y)

    walk(ElementTree.fromstring(figure.svg()), 0.0, 0.0)
    return labels


def words(figure):
    return " ".join(text for text, _, _ in texts(figure))


@pytest.mark.parametrize(("kind", "lang", "theme"), CASES)
def test_every_figure_has_svg_text_alternative_and_data(kind, lang, theme, tmp_path):
    figure = samples.EVERY[kind](lang=lang, theme=theme)
    root = ElementTree.fromstring(figure.svg())
    labels = {e.tag.split("}")[1]: e.text for e in root if e.tag.endswith(("}title", "}desc"))}
    assert labels == {"title": figure.title, "desc": figure.description}
    assert root.get("role") == "img"
    assert len(figure.description) > (
        40 if lang == "en" else 20
    )  # Chinese needs half the characters
    rows = list(csv.reader(io.StringIO(figure.csv())))
    assert tuple(rows[0]) == figure.columns
    assert len(rows) == len(figure.rows) + 1 > 2
    assert all(
        re.fullmatch(r"[a-z0-9_]+", name) for name in figure.columns
    )  # column names stay English
    assert (
        figure.chart().to_dict()["$schema"] == figure.spec["$schema"]
    )  # Altair checks it against the schema
    names = [path.name for path in figure.save(tmp_path, ("svg", "csv", "json"))]
    assert names == [f"{figure.name}.{kind}" for kind in ("svg", "csv", "json")]
    assert json.loads((tmp_path / f"{figure.name}.json").read_text(encoding="utf-8")) == figure.spec
    if lang == "zh":
        assert re.search(r"[\u4e00-\u9fff]", words(figure))


@pytest.mark.parametrize("kind", samples.EVERY)
def test_every_figure_is_worded_in_chinese_in_the_same_columns(kind):
    figure = samples.EVERY[kind](lang="zh", theme="dark")
    chinese = re.compile(r"[\u4e00-\u9fff]")
    assert len(figure.description) > 20
    for text in (figure.description, json.dumps(figure.spec, ensure_ascii=False)):
        assert chinese.search(text)
    assert figure.columns == samples.EVERY[kind](lang="en", theme="light").columns


def test_png_and_pdf_have_their_signatures(tmp_path):
    figure = samples.forest(lang="zh")
    figure.save(tmp_path, ("png", "pdf"))
    assert (tmp_path / "forest.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "forest.pdf").read_bytes().startswith(b"%PDF")


def test_a_figure_has_no_external_resource():
    for build in samples.EVERY.values():
        links = re.findall(r'https?://[^"\s<]+', build().svg())
        assert set(links) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(InvalidArgument, match="svg, png"):
        samples.km().save(tmp_path, ["gif"])


def test_numbers_at_risk_are_under_their_ticks():
    figure = samples.km(months=24)
    drawn = texts(figure)
    axis = next(y for text, _, y in drawn if text == "15")
    ticks = {text: x for text, x, y in drawn if text in {"6", "12", "18"} and y == axis}
    assert len(ticks) == 3
    curve = samples.curve(9)
    for month, x in ticks.items():
        count = str(int(curve.at_risk(float(month) * 30.4375)))
        assert any(
            text == count and abs(place - x) < 1.0 and y > axis for text, place, y in drawn
        ), month


def test_kaplan_meier_states_medians_ratio_test_and_published_values():
    text = words(samples.km())
    for part in (
        "9.0 (8.0–NR)",
        "8.3 (7.7–9.8)",
        "HR ABCP vs BCP: 0.70 (0.50–0.98); log-rank test, p = 0.040",
        "published 0.62 (0.52–0.74)",
        "Number at risk",
        "90% prediction interval for a trial of this size",
    ):
        assert part in text


def test_crossing_curves_are_noted_and_others_are_not():
    rng = np.random.default_rng(2)
    mixed = np.where(rng.random(300) < 0.5, rng.exponential(60, 300), rng.exponential(1500, 300))
    curves = [
        kaplan_meier(TimeToEvent(time=np.minimum(t, 900.0), observed=t <= 900.0))
        for t in (mixed, rng.exponential(300, 300))
    ]
    arms = [
        KaplanMeierArm(name=name, curve=curve) for name, curve in zip("AB", curves, strict=True)
    ]
    assert "Curves cross: A × B" in words(kaplan_meier_figure(arms, "OS"))
    assert "cross" not in words(samples.km())


def test_a_ratio_over_replicates_names_its_interval():
    arms = [
        KaplanMeierArm(name=name, curve=samples.curve(9), median=Estimate(9.0, 8.0, 10.0, 0.9))
        for name in "AB"
    ]
    text = words(
        kaplan_meier_figure(
            arms,
            "OS",
            ratios=[
                HazardRatioLine(experimental="A", control="B", ratio=Estimate(0.8, 0.6, 1.1, 0.9))
            ],
        )
    )
    assert "HR A vs B: 0.80 (0.60–1.10); 90% PI" in text


def test_kaplan_meier_data_are_the_curve():
    figure = samples.km()
    curve = samples.curve(9)
    rows = [row for row in figure.rows if row[0] == "ABCP"]
    assert rows[0][1:3] == (0.0, 100.0)
    assert sum(row[6] for row in rows) == curve.data.n_events
    last = rows[-1]
    assert last[2] == pytest.approx(100 * curve.survival[-1])


def test_figure_size_does_not_grow_with_patients():
    rng = np.random.default_rng(1)
    time = rng.exponential(300, 100_000)
    figure = kaplan_meier_figure(
        [
            KaplanMeierArm(
                name="A",
                curve=kaplan_meier(
                    TimeToEvent(time=np.minimum(time, 900.0), observed=time <= 900.0)
                ),
            )
        ],
        "OS",
    )
    assert len(figure.json()) < 600_000
    assert len(figure.rows) < 700
    assert sum(row[6] for row in figure.rows) == (time <= 900.0).sum()
    lines = [layer for layer in figure.spec["layer"] if layer["mark"].get("strokeWidth") == 2.2]
    drawn = lines[0]["data"]["values"]
    # thinned points still lie on the curve
    exact = np.exp(-np.array([p["m"] for p in drawn]) * 30.4375 / 300)
    assert np.abs(np.array([p["s"] for p in drawn]) / 100 - exact).max() < 0.006


def test_waterfall_marks_cut_bars_and_keeps_their_values():
    figure = samples.waterfall(cap=100)
    assert "beyond +100% (n = 2)" in words(figure)
    assert "n = 2 without a measurement" in words(figure)
    assert max(row[2] for row in figure.rows) == 150.0
    assert [row[2] for row in figure.rows if row[0] == "ABCP"] == sorted(
        (row[2] for row in figure.rows if row[0] == "ABCP"), reverse=True
    )
    assert (
        "3 with a decrease of 30% or more, 2 with an increase of 20% or more" in figure.description
    )


def test_waterfall_refuses_responses_that_do_not_match():
    with pytest.raises(InvalidArgument, match="2 changes and 1 responses"):
        waterfall_figure([WaterfallArm("A", np.array([1.0, 2.0]), ["SD"])])


def test_spider_notes_how_many_it_draws_and_data_have_all():
    figure = samples.spider(most=3)
    assert "at most 3 patients per arm" in words(figure)
    assert {row[1] for row in figure.rows} == set(range(1, 9))


def test_forest_marks_cut_intervals():
    figure = samples.forest(limits=(0.2, 5.0))
    assert "2.10 (0.02–300.00)" in words(figure)
    assert "extend beyond the axis" in words(figure)
    assert json.dumps(figure.spec).count("triangle-") == 2
    whole = forest_figure([ForestRow(label="A", estimate=Estimate(0.8, 0.7, 0.9))], endpoint="OS")
    assert "triangle-" not in json.dumps(whole.spec)
    assert "beyond" not in words(whole)


def test_forest_squares_grow_with_weight():
    rows = [
        ForestRow(label=str(w), estimate=Estimate(0.8, 0.7, 0.9), weight=w)
        for w in (5.0, 20.0, 35.0)
    ]
    spec = forest_figure(rows, endpoint="OS").spec
    sizes = [
        layer["mark"]["size"] for layer in spec["layer"] if layer["mark"].get("shape") == "square"
    ]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 3


def test_forest_refuses_values_without_a_logarithm():
    with pytest.raises(InvalidArgument, match="0 or below"):
        forest_figure([ForestRow(label="A", estimate=Estimate(-0.4, -0.6, -0.2))])


def test_comparison_counts_and_marks_values_outside():
    figure = samples.comparison()
    assert "1 of 2 published values" in words(figure)
    assert "outside" in words(figure)
    assert [row[-1] for row in figure.rows] == ["true", "", "false"]


def test_swimmer_draws_evenly_spaced_lanes_and_notes_it():
    assert "2 of 3 patients" in words(samples.swimmer(most=2))


def test_bands_leave_out_patients_without_a_value_time_by_time():
    values = np.array([[1.0, np.nan], [3.0, 5.0]])
    arm = BandArm.of("A", np.array([0.0, 1.0]), values)
    assert list(arm.quantiles[2]) == [2.0, 5.0]


def test_an_unconnected_network_is_noted():
    text = words(samples.network())
    assert "2 connected components" in text
    whole = network_figure([Treatment("A"), Treatment("B")], [DirectComparison("A", "B", 2)])
    assert "parts" not in words(whole)


def test_a_network_names_an_unknown_treatment():
    with pytest.raises(UnknownName, match="did you mean"):
        network_figure([Treatment("chemo"), Treatment("ICI")], [DirectComparison("chemo", "ICl")])


def test_a_ranking_has_intervals_and_every_rank():
    text = words(samples.ranking())
    assert "0.90 (0.50–1.00)" in text
    assert text.count("90%") == text.count("10%") == 2


def test_league_cells_compare_row_with_column():
    effects = {("A", "B"): Estimate(0.5, 0.3, 0.8), ("B", "A"): Estimate(2.0, 1.25, 3.33)}
    table = league_table(["A", "B", "C"], effects)
    assert table.rows[0] == ("A", "·", "0.50 (0.30–0.80)", "–")
    assert table.rows[1][1] == "2.00 (1.25–3.33)"
    assert table.emphasis == {(0, 2), (1, 1)}


@pytest.mark.parametrize("kind", ["<script>alert(1)</script>", 'a"b&c'])
def test_names_of_users_are_escaped(kind):
    figure = kaplan_meier_figure([KaplanMeierArm(name=kind, curve=samples.curve(9))], "PFS")
    drawn = figure.svg()
    ElementTree.fromstring(drawn)
    assert "<script" not in drawn


def test_builders_refuse_empty_input():
    with pytest.raises(InvalidArgument, match="no arms"):
        kaplan_meier_figure([], "PFS")
    with pytest.raises(InvalidArgument, match="no effects"):
        forest_figure([ForestRow(label="A", kind="heading")])
