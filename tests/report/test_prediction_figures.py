"""Figures of predictions: positions, marks of values outside, marks of cut intervals."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from tests.report import samples
from tests.report.test_figures import texts, words

from normoxia.errors import InvalidArgument
from normoxia.outcome import Estimate
from normoxia.report.figures.contraction import ParameterContraction, contraction_figure
from normoxia.report.figures.interval_calibration import (
    Transforms,
    coverage,
    interval_calibration_figure,
)
from normoxia.report.figures.predicted_observed import ScatterPanel, predicted_observed_figure
from normoxia.report.figures.prediction import Prediction, prediction_forest
from normoxia.report.figures.score_comparison import Score, score_figure


def marks(spec, shape):
    """Pixels of every marker of a shape, views of a row taken together."""
    views = spec.get("hconcat", [spec])
    return [
        (row["x"], row["y"])
        for view in views
        for layer in view["layer"]
        if layer["mark"].get("shape") == shape and "x" in (layer["data"]["values"][0])
        for row in layer["data"]["values"]
    ]


def hit(study, published, predicted=1.0, holds=True, seen=False):
    ends = Estimate(predicted, predicted / 1.2, predicted * 1.2)
    return Prediction(
        study=study,
        label="a vs b",
        predicted=ends,
        middle=(predicted / 1.1, predicted * 1.1),
        published=Estimate(published),
        is_inside=holds,
        is_seen=seen,
    )


def test_ratios_are_placed_by_logarithm():
    rows = [hit("half", 0.5), hit("one", 1.0), hit("two", 2.0)]
    (a, b, c) = (x for x, _ in marks(prediction_forest(rows, title="t").spec, "diamond"))
    assert c - b == pytest.approx(b - a, rel=1e-4)
    assert b - a > 50


def test_a_forest_of_predictions_marks_values_outside_and_trials_seen():
    figure = samples.prediction()
    text = words(figure)
    for part in (
        "2 of 3 published values lie inside",
        "outside",
        "IMpower150†",
        "0.62 (0.52–0.74)",
        "2.00 (0.02–NR)",
    ):
        assert part in text
    assert "extend beyond the axis" in text
    assert len(marks(figure.spec, "triangle-left")) == 1
    assert len(marks(figure.spec, "cross")) == 1
    assert [row[1] for row in figure.rows] == ["false", "true", "false"]


def test_the_order_given_is_the_order_drawn():
    figure = samples.prediction()
    y = {text: at for text, _, at in texts(figure)}
    assert y["OAK"] < y["IMpower150†"] < y["Small"]


def test_a_forest_refuses_values_without_a_logarithm():
    with pytest.raises(InvalidArgument, match="not above 0"):
        prediction_forest([hit("zero", 0.0)], title="t")
    with pytest.raises(InvalidArgument, match="no rows"):
        prediction_forest([], title="t")


@pytest.mark.parametrize("is_log", [False, True])
def test_points_predicted_exactly_lie_on_the_diagonal(is_log):
    points = tuple(hit(str(v), v, v) for v in (2.0, 7.0, 20.0))
    figure = predicted_observed_figure([ScatterPanel("ORR", points, is_log)], title="t")
    side = figure.spec["hconcat"][0]["width"]
    drawn = [p for p in marks(figure.spec, "circle") if 0 <= p[0] <= side]
    assert len(drawn) == 3
    assert all(x + y == pytest.approx(side, abs=0.01) for x, y in drawn)


def test_misses_are_labelled_and_hits_are_not():
    points = (hit("Hit", 20.0, 22.0), hit("Miss", 20.0, 60.0, holds=False))
    text = words(predicted_observed_figure([ScatterPanel("ORR", points)], title="t"))
    assert "1 of 2 published values count as predicted" in text
    assert "Miss a vs b" in text
    assert "60.0 / 20.0" in text
    assert "Hit" not in text


def test_a_median_not_reached_is_counted_and_kept_in_the_data():
    points = (hit("A", 10.0, 9.0), hit("B", math.inf, 30.0))
    figure = predicted_observed_figure([ScatterPanel("months", points, is_log=True)], title="t")
    assert "1 outcomes whose median was not reached" in words(figure)
    assert len(figure.rows) == 2
    assert figure.rows[1][9] == math.inf


def test_labels_do_not_overlap():
    points = tuple(
        hit(f"Study-{i}", 20.0 + 0.2 * i, 60.0 + 0.2 * i, holds=False) for i in range(12)
    )
    figure = predicted_observed_figure(
        [ScatterPanel("ORR", points), ScatterPanel("ORR", points)], title="t"
    )
    placed = [(x, y) for text, x, y in texts(figure) if text.startswith("Study-")]
    assert len(placed) < 24  # no room for all
    assert len({(round(x), round(y)) for x, y in placed}) == len(placed)


def test_coverage_of_evenly_spread_transforms_is_the_level():
    """Transforms at the midpoints of n equal parts: the central interval of level L contains L n of them."""
    even = (np.arange(1000) + 0.5) / 1000
    levels = np.array([0.0, 0.5, 0.8, 0.95, 1.0])
    assert coverage(even, levels) == pytest.approx(levels, abs=1e-9)
    assert coverage(np.array([0.5, 0.5]), np.array([0.0])) == 1.0
    assert coverage(np.array([0.0, 1.0]), np.array([0.99, 1.0])).tolist() == [0.0, 1.0]


def test_the_band_is_binomial():
    """Central 95 % of binomial(40, 0.5) by summing its probabilities: the smallest counts that reach 2.5 and 97.5 %."""
    below = np.cumsum([math.comb(40, k) / 2**40 for k in range(41)])
    low, high = (int(np.argmax(below >= share)) for share in (0.025, 0.975))
    figure = samples.intervals()
    (row,) = (r for r in figure.rows if r[:3] == ("hazard ratios", "coverage", 0.5))
    assert row[4:] == (pytest.approx(low / 40), pytest.approx(high / 40))


def test_the_histogram_counts_every_transform_once():
    figure = samples.intervals()
    bars = [
        row["n"]
        for layer in figure.spec["hconcat"][1]["layer"]
        if layer["mark"]["type"] == "rect"
        for row in layer["data"]["values"]
        if "m" not in row
    ]
    assert len(bars) == 10
    assert sum(bars) == 40
    with pytest.raises(InvalidArgument, match="no predictions"):
        interval_calibration_figure([Transforms("none", np.array([]))])


def test_a_gain_below_zero_is_drawn_as_a_loss():
    figure = samples.scores()
    (_, right) = figure.spec["hconcat"]
    zero = right["width"] / 2
    assert [x > zero for x, _ in marks({"layer": right["layer"]}, "circle")] == [True]
    assert [x < zero for x, _ in marks({"layer": right["layer"]}, "diamond")] == [True]
    assert "−0.005 (−0.020 to 0.010)" in words(figure)
    with pytest.raises(InvalidArgument, match="no finite scores"):
        score_figure([Score(name="a", value=math.nan)], title="t")


def test_parameters_are_sorted_by_contraction_and_uninformed_ones_counted():
    figure = samples.contraction()
    y = {text: at for text, _, at in texts(figure)}
    assert y["gnet"] < y["sd growth"] < y["g_Q"]
    assert "The data are uninformative on 1 of 3 parameters" in words(figure)
    right = figure.spec["hconcat"][1]["layer"]
    assert len(marks({"layer": right}, "circle")) == 2  # a spread has no place in the prior
    assert json.dumps(figure.spec).count("null") < 40
    with pytest.raises(InvalidArgument, match="no parameters"):
        contraction_figure([])


def test_a_posterior_equal_to_its_prior_covers_the_shade():
    (view,) = contraction_figure([ParameterContraction("x", 0.0, 1.0, 0.0)]).spec["hconcat"][1:]
    (shade,) = (layer["encoding"] for layer in view["layer"] if layer["mark"]["type"] == "rect")
    lines = [
        r
        for layer in view["layer"]
        if layer["mark"]["type"] == "rule"
        for r in layer["data"]["values"]
        if "u" in r
    ]
    assert (lines[0]["x"], lines[0]["u"]) == (shade["x"]["value"], shade["x2"]["value"])
