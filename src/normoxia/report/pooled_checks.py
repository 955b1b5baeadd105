"""Figures that question a synthesis: what each estimate rests on, where designs disagree, whether small studies differ."""

from __future__ import annotations

import math

import numpy as np

from normoxia.evidence.synthesis import consistency
from normoxia.evidence.synthesis.contribution import contributions
from normoxia.evidence.synthesis.funnel import adjusted_funnel, fewest_first
from normoxia.report.figure import Figure
from normoxia.report.funnel import FunnelMark, funnel_figure
from normoxia.report.heat_map import ContributionRow, contribution_figure, net_heat_figure
from normoxia.report.pooled import Pooled

#: more treatments than this, and only the estimates against the reference are drawn
_ALL_PAIRS = 7
#: more columns than this cannot be read
_WIDEST = 30
#: a design whose inconsistency and heat are all below this takes part in no disagreement
_NOTHING = 1e-8


def contribution_map(told: Pooled) -> Figure | None:
    """The contribution matrix; None where it says nothing (one direct comparison) or would be too wide for a page."""
    fit, network = told.fit, told.network
    if not 2 <= len(told.compared()) <= _WIDEST:
        return None
    matrix = contributions(fit)
    compared = {frozenset(pair) for pair in matrix.direct}
    wanted = {
        frozenset((e.treatment, at)): (e.treatment, at) for at, effects in told.forests for e in effects
    }
    rows = []
    for pair, shares in zip(matrix.comparisons, matrix.shares, strict=True):
        if np.isnan(shares).any():
            continue
        if len(network.treatments) > _ALL_PAIRS and frozenset(pair) not in wanted:
            continue
        name = told.pair(*wanted.get(frozenset(pair), pair))
        rows.append(ContributionRow(name, tuple(map(float, shares)), frozenset(pair) in compared))
    rows.sort(key=lambda row: not row.is_direct)
    return contribution_figure(
        rows, [told.pair(*pair) for pair in matrix.direct], lang=told.speech.code, name=told.name("contribution-map")
    )  # fmt: skip


def net_heat_map(told: Pooled) -> Figure | None:
    """The net heat plot at the heterogeneity within designs; None where no two designs can disagree, or too many do."""
    if told.synthesis.interaction.between_df == 0:
        return None
    tau = 0.0 if told.fit.model == "common" else told.synthesis.interaction.tau_within
    found = consistency.net_heat(told.network, tau2=tau**2)
    taking_part = np.flatnonzero(
        (np.abs(found.heat).max(axis=0) > _NOTHING) | (np.abs(found.heat).max(axis=1) > _NOTHING)
    )
    if not 2 <= len(taking_part) <= _WIDEST:
        return None
    order = taking_part[np.argsort(-found.residual[taking_part], kind="stable")]
    square = np.ix_(order, order)
    names = [_design(told, found.designs[i]) for i in order]
    return net_heat_figure(
        names, found.residual[order], found.heat[square], found.hat[square], tau=tau, lang=told.speech.code,
        name=told.name("net-heat"),
    )  # fmt: skip


def funnel(told: Pooled) -> Figure | None:
    """The comparison-adjusted funnel, each treatment against the reference or the better studied; None below three shared
    contrasts, where there is no funnel to see."""
    say, speech = told.speech.say, told.speech
    reference = told.synthesis.reference
    order = [*(t for t in fewest_first(told.network) if t != reference), reference]
    found = adjusted_funnel(told.network, order, tau2=0.0)
    test = found.asymmetry
    if test is None:
        return None
    shared = sum(p.n_studies > 1 for p in found.points)
    if test.is_readable:
        verdict = say(
            "funnel.egger", n=shared, slope=speech.number(test.slope, 2), p=speech.p_value(test.p_value)
        )
    else:
        verdict = say("funnel.few", n=shared)
    marks = [
        FunnelMark(p.study, told.pair(p.treatment, p.comparator), p.adjusted, p.se, p.n_studies > 1)
        for p in found.points
        if math.isfinite(p.adjusted)
    ]
    return funnel_figure(
        marks, measure=told.measure, verdict=verdict, ratio=told.is_ratio, lang=speech.code, name=told.name("funnel")
    )  # fmt: skip


def _design(told: Pooled, design: str) -> str:
    return " : ".join(told.called(arm) for arm in design.split(" : "))
