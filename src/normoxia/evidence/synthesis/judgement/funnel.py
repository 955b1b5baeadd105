"""A funnel for a network: each contrast minus the direct estimate of its comparison, against its standard error.

Comparisons have different effects, so an ordinary funnel of a network mixes them; centred on their own means they can share
one. Asymmetry means something only if every contrast points the same way in time or interest, newer against older; the order
of treatments says which way and is the analyst's (Chaimani & Salanti 2012, Res Synth Methods 3:161). A comparison of one study
lies at 0 by construction and stays out of the test, and contrasts of one multi-arm study are correlated, which the test ignores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from normoxia.errors import UnknownName
from normoxia.evidence.synthesis.judgement.consistency import direct_estimates
from normoxia.evidence.synthesis.judgement.small_studies import Asymmetry, differ, egger
from normoxia.evidence.synthesis.model.network import Network, evidence_by_treatment


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelPoint:
    """One contrast of one study: treatment (earlier in the order) minus comparator, and the same less the direct estimate.

    Parameters
    ----------
    n_studies
        That compare the two directly.
    """

    study: str
    treatment: str
    comparator: str
    estimate: float
    se: float
    adjusted: float
    n_studies: int


@dataclass(frozen=True, slots=True)
class AdjustedFunnel:
    """The points, the order that gave them their direction, and Egger's test of those from comparisons of several studies."""

    points: tuple[FunnelPoint, ...]
    order: tuple[str, ...]
    asymmetry: Asymmetry | None


def adjusted_funnel(
    network: Network, order: Sequence[str] | None = None, *, tau2: float = 0.0
) -> AdjustedFunnel:
    """The comparison-adjusted funnel of a network.

    Parameters
    ----------
    order
        Treatments, newest first; by default those in fewest studies first (a stand-in for
        new, assumed).
    tau2
        Between-study variance in the direct estimates.

    Returns
    -------
    AdjustedFunnel
        Asymmetry None where fewer than three contrasts share their comparison with another
        study.

    Raises
    ------
    UnknownName
        For a treatment that is missing from the order.
    """
    names = tuple(order) if order is not None else fewest_first(network)
    for treatment in network.treatments:
        if treatment not in names:
            raise UnknownName("treatment", treatment, names)
    rank = {name: i for i, name in enumerate(names)}
    direct = direct_estimates(network, tau2)
    points = []
    for member in network.members:
        for i, j in combinations(range(len(member.arms)), 2):
            estimate, variance = member.contrast(i, j)
            one, other = member.arms[i], member.arms[j]
            if rank[one] > rank[other]:
                one, other, estimate = other, one, -estimate
            first, second = network.index(one), network.index(other)
            n, mean, _ = direct[min(first, second), max(first, second)]
            centre = mean if first < second else -mean
            points.append(
                FunnelPoint(
                    study=member.study,
                    treatment=one,
                    comparator=other,
                    estimate=estimate,
                    se=math.sqrt(variance),
                    adjusted=estimate - centre,
                    n_studies=n,
                )
            )
    shared = [p for p in points if p.n_studies > 1]
    test = None
    if len(shared) >= 3 and differ(np.array([p.se for p in shared])):
        test = egger([p.adjusted for p in shared], [p.se for p in shared])
    return AdjustedFunnel(tuple(points), names, test)


def fewest_first(network: Network) -> tuple[str, ...]:
    """Treatments by the number of studies that have them, fewest first; of several the one with less information."""
    held = evidence_by_treatment(network)
    return tuple(sorted(held, key=lambda name: (held[name], name)))
