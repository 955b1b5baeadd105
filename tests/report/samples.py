"""Small figures of every kind from plain values, for the tests that every figure must pass."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from normoxia.language import language
from normoxia.outcome import Estimate
from normoxia.report import (
    Band,
    BandArm,
    ComparisonPanel,
    ComparisonRow,
    DirectComparison,
    Figure,
    ForestRow,
    HazardRatioLine,
    KaplanMeierArm,
    Lane,
    RankingRow,
    SpiderArm,
    Treatment,
    WaterfallArm,
    bands_figure,
    comparison_figure,
    forest_figure,
    kaplan_meier_figure,
    network_figure,
    ranking_figure,
    spider_figure,
    swimmer_figure,
    waterfall_figure,
)
from normoxia.report.figures.contraction import ParameterContraction, contraction_figure
from normoxia.report.figures.front import FrontPoint, front_figure
from normoxia.report.figures.funnel import FunnelMark, funnel_figure
from normoxia.report.figures.heat_map import ContributionRow, contribution_figure, net_heat_figure
from normoxia.report.figures.interval_calibration import Transforms, interval_calibration_figure
from normoxia.report.figures.predicted_observed import ScatterPanel, predicted_observed_figure
from normoxia.report.figures.prediction import Prediction, prediction_forest
from normoxia.report.figures.score_comparison import Score, score_figure
from normoxia.report.figures.surface import SurfaceAxis, SurfaceMarks, surface_figure
from normoxia.survival import DAYS_PER_MONTH, TimeToEvent, kaplan_meier


def curve(median_months: float, n: int = 60, seed: int = 1):
    rng = np.random.default_rng(seed)
    time = rng.exponential(median_months * DAYS_PER_MONTH / math.log(2), n)
    censored = rng.uniform(300, 900, n)
    return kaplan_meier(TimeToEvent(time=np.minimum(time, censored), observed=time <= censored))


def km(**options) -> Figure:
    months = np.linspace(0, 24, 30)
    band = Band(
        months=months, low=100 * np.exp(-months / 9), high=100 * np.exp(-months / 14), level=0.9
    )
    arms = [
        KaplanMeierArm(
            name="ABCP",
            curve=curve(9),
            median=Estimate(9.0, 8.0, math.inf, 0.9),
            band=band,
            published=Estimate(8.3, 7.7, 9.8),
            landmarks=((6.0, Estimate(66.9, 61.6, 72.2)), (12.0, Estimate(36.5, 30.9, 42.1))),
        ),
        KaplanMeierArm(name="BCP", curve=curve(6, seed=2)),
    ]
    ratio = HazardRatioLine(
        experimental="ABCP",
        control="BCP",
        ratio=Estimate(0.7, 0.5, 0.98),
        test="log-rank",
        p=0.04,
        published=Estimate(0.62, 0.52, 0.74),
    )
    return kaplan_meier_figure(arms, "PFS", ratios=[ratio], **options)


def waterfall(**options) -> Figure:
    change = np.array([150.0, 40.0, 10.0, -5.0, -35.0, -60.0, -100.0, np.nan])
    response = ["PD", "PD", "SD", "SD", "PR", "PR", "CR", "NE"]
    return waterfall_figure(
        [WaterfallArm(name, change, response) for name in ("ABCP", "BCP")], **options
    )


def spider(**options) -> Figure:
    months = [np.array([0.0, 1.5, 3.0, 4.5])] * 8
    change = [np.array([0.0, -10.0 * k, -15.0 * k, 140.0 - 25.0 * k]) for k in range(6)] + [
        np.array([0.0])
    ] * 2
    months = months[:6] + [np.array([0.0])] * 2
    response = ["SD", "SD", "SD", "PR", "PR", "PR", "NE", "NE"]
    return spider_figure([SpiderArm("ABCP", months, change, response)], **options)


def swimmer(**options) -> Figure:
    lanes = [
        Lane(patient="1", arm="ABCP", end=20.0, response=1.5, progression=12.0, death=20.0),
        Lane(patient="2", arm="ABCP", end=24.0, response=2.0, ongoing=True),
        Lane(patient="3", arm="BCP", end=3.0, death=3.0),
    ]
    return swimmer_figure(lanes, **options)


def bands(**options) -> Figure:
    months = np.linspace(0, 12, 13)
    values = np.random.default_rng(1).lognormal(0, 0.3, (50, 1)) * np.exp(-months / 20)
    return bands_figure(
        [BandArm.of(name, months, values) for name in ("ABCP", "BCP")], "Vessel density", **options
    )


def forest(**options) -> Figure:
    rows = [
        ForestRow(label="First line", kind="heading"),
        ForestRow(
            label="IMpower150", estimate=Estimate(0.59, 0.50, 0.70), weight=60.0, detail="ABCP, BCP"
        ),
        ForestRow(label="Small", estimate=Estimate(2.1, 0.02, 300.0), weight=2.0),
        ForestRow(label="Pooled", estimate=Estimate(0.68, 0.50, 0.92), kind="pooled"),
        ForestRow(
            label="Prediction interval", estimate=Estimate(0.68, 0.29, 1.6), kind="prediction"
        ),
    ]
    return forest_figure(
        rows, endpoint="PFS", left="ICI", right="control", note="τ = 0.2", **options
    )


def comparison(**options) -> Figure:
    panels = [
        ComparisonPanel(
            "Median OS, months",
            (
                ComparisonRow(
                    "ABCP", Estimate(21.0, 17.0, math.inf, 0.9), Estimate(19.2, 17.0, 23.8)
                ),
                ComparisonRow("ACP", Estimate(18.0, 15.0, 21.0, 0.9)),
            ),
        ),
        ComparisonPanel(
            "Hazard ratio",
            (ComparisonRow("OS", Estimate(0.8, 0.7, 0.9, 0.9), Estimate(0.6, 0.5, 0.7)),),
            2,
            True,
        ),
    ]
    return comparison_figure(panels, **options)


def network(**options) -> Figure:
    nodes = [
        Treatment("chemo", 900),
        Treatment("ICI + chemo", 500),
        Treatment("docetaxel", 80, 1),
        Treatment("TKI", 70, 1),
    ]
    edges = [DirectComparison("chemo", "ICI + chemo", 4), DirectComparison("docetaxel", "TKI", 1)]
    return network_figure(nodes, edges, **options)


def ranking(**options) -> Figure:
    rows = [
        RankingRow("ICI + chemo", Estimate(0.9, 0.5, 1.0), (0.9, 0.1)),
        RankingRow("chemo", Estimate(0.1, 0.0, 0.5), (0.1, 0.9)),
    ]
    return ranking_figure(rows, **options)


def predictions() -> list[Prediction]:
    """One inside, one outside of a trial seen before, and one with an infinite end."""
    return [
        Prediction(
            study="OAK",
            label="atezo vs docetaxel",
            predicted=Estimate(0.8, 0.6, 1.1),
            middle=(0.7, 0.9),
            published=Estimate(0.95, 0.82, 1.1),
            is_inside=True,
        ),
        Prediction(
            study="IMpower150",
            label="ABCP vs BCP",
            predicted=Estimate(0.9, 0.75, 1.05),
            middle=(0.85, 0.95),
            published=Estimate(0.62, 0.52, 0.74),
            is_inside=False,
            is_seen=True,
            baseline=0.65,
        ),
        Prediction(
            study="Small",
            label="a vs b",
            predicted=Estimate(2.0, 0.02, math.inf),
            middle=(1.0, 4.0),
            published=Estimate(2.0, 1.0, 4.0),
            is_inside=True,
        ),
    ]


def prediction(**options) -> Figure:
    return prediction_forest(predictions(), title="PFS", baseline="component NMA", **options)


def scatter(**options) -> Figure:
    panels = [
        ScatterPanel("ORR (%)", tuple(predictions()), band=0.1),
        ScatterPanel("months", tuple(predictions()), is_log=True),
    ]
    return predicted_observed_figure(panels, title="Response", **options)


def intervals(**options) -> Figure:
    draws = np.random.default_rng(1).uniform(size=60)
    return interval_calibration_figure(
        [Transforms("hazard ratios", draws[:40]), Transforms("medians", draws[40:])], **options
    )


def scores(**options) -> Figure:
    rows = [
        Score(name="the mechanism", value=0.10, unseen=0.11),
        Score(
            name="constant",
            value=0.125,
            unseen=0.13,
            gain=Estimate(0.025, 0.01, 0.04),
            is_baseline=True,
        ),
        Score(
            name="component NMA",
            value=0.095,
            unseen=math.nan,
            gain=Estimate(-0.005, -0.02, 0.01),
            is_baseline=True,
        ),
    ]
    return score_figure(rows, title="CRPS", **options)


def contraction(**options) -> Figure:
    rows = [
        ParameterContraction("gnet", 0.4, 0.3, 0.91),
        ParameterContraction("g_Q", -0.1, 1.02, -0.04),
        ParameterContraction("sd growth", math.nan, math.nan, 0.5),
    ]
    return contraction_figure(rows, **options)


def contribution(**options) -> Figure:
    rows = [
        ContributionRow("ICI against chemo", (0.75, 0.25, 0.0)),
        ContributionRow("ICI against BEV", (0.5, 0.498, 0.002), is_direct=False),
    ]
    return contribution_figure(
        rows, ["chemo against ICI", "BEV against chemo", "BEV against ICI"], **options
    )


def net_heat(**options) -> Figure:
    heat = np.array([[6.0, -1.0, 0.0], [2.0, 0.5, -0.2], [0.0, 0.01, 9.5]])
    hat = np.array([[0.6, 0.4, 0.0], [0.3, 0.7, 0.001], [0.1, 0.1, 0.8]])
    return net_heat_figure(
        ["a : b", "a : c", "b : c"], [6.0, 2.5, 1.0], heat, hat, tau=0.2, **options
    )


def funnel(**options) -> Figure:
    marks = [
        FunnelMark(study="one", comparison="a against b", adjusted=-0.6, se=0.1),
        FunnelMark(study="two", comparison="a against b", adjusted=0.1, se=0.2),
        FunnelMark(study="three", comparison="a against c", adjusted=0.0, se=0.3, is_shared=False),
    ]
    return funnel_figure(marks, measure="HR", verdict="3 contrasts", **options)


def surface(**options) -> Figure:
    values = np.array([[0.8, 1.0, 1.3], [0.9, 1.2, 0.7]])
    title = language(options.get("lang", "en")).say("optimise.section_surface")
    return surface_figure(
        values,
        SurfaceAxis(title="dose", labels=("5", "15")),
        SurfaceAxis(title="gap", labels=("0", "7", "14")),
        middle=1.0,
        note="median of 8 draws",
        marks=SurfaceMarks(best=(0, 2), rivals=((1, 1),), refused=((1, 2),)),
        **{"title": title, **options},
    )


def front(**options) -> Figure:
    points = [
        FrontPoint(label=f"s{k}", benefit=5.0 + k % 3, burden=30.0 + 3.0 * k, is_front=k < 3)
        for k in range(6)
    ]
    return front_figure(points, benefit="benefit", burden="burden, %", **options)


EVERY: dict[str, Callable[..., Figure]] = {
    "km": km,
    "waterfall": waterfall,
    "spider": spider,
    "swimmer": swimmer,
    "bands": bands,
    "forest": forest,
    "comparison": comparison,
    "network": network,
    "ranking": ranking,
    "prediction": prediction,
    "scatter": scatter,
    "intervals": intervals,
    "scores": scores,
    "contraction": contraction,
    "contribution": contribution,
    "net-heat": net_heat,
    "funnel": funnel,
    "surface": surface,
    "front": front,
}
