"""Diagnostic figures of a synthesis: contributions, inconsistency between designs, small-study effects."""

from __future__ import annotations

import math

import numpy as np

from normoxia.evidence.synthesis.judgement import consistency
from normoxia.evidence.synthesis.judgement.contribution import contributions
from normoxia.evidence.synthesis.judgement.funnel import adjusted_funnel, fewest_first
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.funnel import FunnelMark, funnel_figure
from normoxia.report.figures.heat_map import ContributionRow, contribution_figure, net_heat_figure
from normoxia.report.views.pooled import NetworkSections

#: largest number of treatments for which all pairs are drawn; above it only those against the reference
_ALL_PAIRS = 7
#: largest number of columns that can be read
_WIDEST = 30
#: largest heat that counts as zero
_NOTHING = 1e-8


def contribution_map(pooled: NetworkSections) -> Figure | None:
    """Return the contribution matrix; None for a single direct comparison, or when too wide for a page."""
    fit, network = pooled.fit, pooled.network
    if not 2 <= len(pooled.compared()) <= _WIDEST:
        return None
    matrix = contributions(fit)
    compared = {frozenset(pair) for pair in matrix.direct}
    reference_pairs = {
        frozenset((e.treatment, reference)): (e.treatment, reference)
        for reference, effects in pooled.forests
        for e in effects
    }
    rows = []
    for pair, shares in zip(matrix.comparisons, matrix.shares, strict=True):
        if np.isnan(shares).any():
            continue
        if len(network.treatments) > _ALL_PAIRS and frozenset(pair) not in reference_pairs:
            continue
        name = pooled.comparison_name(*reference_pairs.get(frozenset(pair), pair))
        rows.append(ContributionRow(name, tuple(map(float, shares)), frozenset(pair) in compared))
    rows.sort(key=lambda row: not row.is_direct)
    return contribution_figure(
        rows,
        [pooled.comparison_name(*pair) for pair in matrix.direct],
        lang=pooled.text.code,
        name=pooled.name("contribution-map"),
    )


def net_heat_map(pooled: NetworkSections) -> Figure | None:
    """Return the net heat plot at the heterogeneity within designs; None where no two designs can disagree, or for too many designs."""
    if pooled.synthesis.interaction.between_df == 0:
        return None
    tau = 0.0 if pooled.fit.model == "common" else pooled.synthesis.interaction.tau_within
    net_heat = consistency.net_heat(pooled.network, tau2=tau**2)
    taking_part = np.flatnonzero(
        (np.abs(net_heat.heat).max(axis=0) > _NOTHING)
        | (np.abs(net_heat.heat).max(axis=1) > _NOTHING)
    )
    if not 2 <= len(taking_part) <= _WIDEST:
        return None
    order = taking_part[np.argsort(-net_heat.residual[taking_part], kind="stable")]
    square = np.ix_(order, order)
    names = [_design(pooled, net_heat.designs[i]) for i in order]
    return net_heat_figure(
        names,
        net_heat.residual[order],
        net_heat.heat[square],
        net_heat.hat[square],
        tau=tau,
        lang=pooled.text.code,
        name=pooled.name("net-heat"),
    )


def funnel(pooled: NetworkSections) -> Figure | None:
    """Return the comparison-adjusted funnel plot; None below three shared contrasts.

    Each treatment is compared with the reference, or with the one that has more studies.
    """
    say, text = pooled.text.say, pooled.text
    reference = pooled.synthesis.reference
    order = [*(t for t in fewest_first(pooled.network) if t != reference), reference]
    adjusted = adjusted_funnel(pooled.network, order, tau2=0.0)
    test = adjusted.asymmetry
    if test is None:
        return None
    shared = sum(p.n_studies > 1 for p in adjusted.points)
    if test.is_readable:
        verdict = say(
            "funnel.egger", n=shared, slope=text.number(test.slope, 2), p=text.p_value(test.p_value)
        )
    else:
        verdict = say("funnel.few", n=shared)
    marks = [
        FunnelMark(
            study=p.study,
            comparison=pooled.comparison_name(p.treatment, p.comparator),
            adjusted=p.adjusted,
            se=p.se,
            is_shared=p.n_studies > 1,
        )
        for p in adjusted.points
        if math.isfinite(p.adjusted)
    ]
    return funnel_figure(
        marks,
        measure=pooled.measure,
        verdict=verdict,
        ratio=pooled.is_ratio,
        lang=text.code,
        name=pooled.name("funnel"),
    )


def _design(pooled: NetworkSections, design: str) -> str:
    """Names of the arms of a design."""
    return " : ".join(pooled.treatment_name(arm) for arm in design.split(" : "))
