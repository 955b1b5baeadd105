"""Figures, tables and reports from finished values, in English and Chinese, light and dark.

Every figure is a `Figure`: one Vega-Lite specification that becomes SVG, PNG or PDF without a browser, with
its data as CSV and a text alternative. Builders take arrays, curves and estimates, never a trial's result, so
that published and simulated numbers are drawn alike.

    figure        Figure: what every builder returns, and its files
    kaplan_meier  curves, bands, numbers at risk, medians, hazard ratios, published landmarks
    response      waterfall and spider plots
    swimmer       events of each patient over time
    bands         percentiles of a state over time
    forest        effects on a log axis
    comparison    simulated beside published values
    network       network graph, ranking with uncertainty, league table
    prediction    predicted beside published ratios; predicted_observed: scatter plot of arm-level outcomes
    interval_calibration  coverage at every level, PIT histogram; score_comparison: scores of predictors
    contraction   reduction of each parameter's variance from prior to posterior
    heat_map      contribution matrix, net heat plot; funnel: comparison-adjusted; pooled_checks: all of a synthesis
    tables        Table, Table 1, simulated beside published in numbers
    document      Page, Section, ... to one HTML file
    run           pages and figures of a virtual trial; replicates: its curves; joined: its combined hazard ratios
    scoreboard    page of a validation; judged: its sentences and summaries; scored_rows: its rows; fitting: the fit
    credibility   pages of a credibility file; risk_matrix: its questions by influence and consequence
    theme         colours, dashes, fonts; canvas: elements placed in pixels
"""

from normoxia.language import Language, language
from normoxia.report.figures.bands import BandArm, bands_figure
from normoxia.report.figures.comparison import ComparisonPanel, ComparisonRow, comparison_figure
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.forest import ForestRow, forest_figure
from normoxia.report.figures.kaplan_meier import (
    Band,
    HazardRatioLine,
    KaplanMeierArm,
    kaplan_meier_figure,
)
from normoxia.report.figures.network import (
    DirectComparison,
    RankingRow,
    Treatment,
    league_table,
    network_figure,
    ranking_figure,
)
from normoxia.report.figures.response import (
    SpiderArm,
    WaterfallArm,
    spider_figure,
    waterfall_figure,
)
from normoxia.report.figures.swimmer import Lane, swimmer_figure
from normoxia.report.pages.document import Highlight, Page, Prose, Section, document, write_document
from normoxia.report.views.tables import Table, comparison_table, table_one

__all__ = [
    "Band",
    "BandArm",
    "ComparisonPanel",
    "ComparisonRow",
    "DirectComparison",
    "Figure",
    "ForestRow",
    "HazardRatioLine",
    "Highlight",
    "KaplanMeierArm",
    "Lane",
    "Language",
    "Page",
    "Prose",
    "RankingRow",
    "Section",
    "SpiderArm",
    "Table",
    "Treatment",
    "WaterfallArm",
    "bands_figure",
    "comparison_figure",
    "comparison_table",
    "document",
    "forest_figure",
    "kaplan_meier_figure",
    "language",
    "league_table",
    "network_figure",
    "ranking_figure",
    "spider_figure",
    "swimmer_figure",
    "table_one",
    "waterfall_figure",
    "write_document",
]
