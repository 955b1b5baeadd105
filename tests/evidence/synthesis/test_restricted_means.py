"""Pooled restricted means: differences of studies' curves to one horizon, pooled by hand and by the network."""

from __future__ import annotations

import pytest

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.evidence.studies.curves import rebuilt
from normoxia.evidence.studies.registry import registry
from normoxia.evidence.synthesis.judgement.proportionality import ContrastQuery, curve_pairs
from normoxia.evidence.synthesis.judgement.restricted_means import restricted_mean_network
from normoxia.evidence.synthesis.pooling import pool
from normoxia.survival import DAYS_PER_MONTH, kaplan_meier, restricted_mean


def query(study: str, population: str, arm: str, endpoint: str = "PFS") -> ContrastQuery:
    return ContrastQuery(
        study=registry()[study],
        endpoint=endpoint,
        populations=(population,),
        arm=arm,
        comparator="docetaxel",
        treatment="ICI",
        control="docetaxel",
    )


FIGURES = {"OAK": "PD-L1 stratum <1%"}
QUERIES = (query("CheckMate-057", "ITT", "nivo"), query("OAK", "ITT850", "atezo"))


def by_hand(asked: ContrastQuery, horizon: float) -> tuple[float, float]:
    """Difference and variance in months from the two curves, each by itself."""
    _, ours, theirs, _, _ = next(
        pair
        for pair in curve_pairs(asked)
        if pair[1].population == FIGURES.get(asked.study.id, pair[1].population)
    )
    one, other = (
        restricted_mean(kaplan_meier(rebuilt(curve).patients), horizon * DAYS_PER_MONTH)
        for curve in (ours, theirs)
    )
    variance = one.standard_error**2 + other.standard_error**2
    return (one.value - other.value) / DAYS_PER_MONTH, variance / DAYS_PER_MONTH**2


def test_two_studies_are_pooled_by_inverse_variance_at_one_horizon() -> None:
    network, horizon = restricted_mean_network(QUERIES, horizon_months=10.0, figures=FIGURES)
    assert horizon == pytest.approx(10.0)
    values = [by_hand(asked, 10.0) for asked in QUERIES]
    weights = [1.0 / variance for _, variance in values]
    mean = sum(w * value for w, (value, _) in zip(weights, values, strict=True)) / sum(weights)
    pooled = pool(network, model="common").effect("ICI", "docetaxel")
    assert pooled.estimate == pytest.approx(mean)
    assert pooled.se == pytest.approx(sum(weights) ** -0.5)


def test_the_horizon_is_the_longest_that_every_curve_reaches() -> None:
    _, horizon = restricted_mean_network(QUERIES, figures=FIGURES)
    lasts = []
    for asked in QUERIES:
        _, ours, theirs, _, _ = next(
            pair
            for pair in curve_pairs(asked)
            if pair[1].population == FIGURES.get(asked.study.id, pair[1].population)
        )
        lasts += [float(rebuilt(curve).patients.time.max()) for curve in (ours, theirs)]
    assert horizon == pytest.approx(min(lasts) / DAYS_PER_MONTH)
    with pytest.raises(InvalidArgument, match="within every curve"):
        restricted_mean_network(QUERIES, horizon_months=1.01 * horizon, figures=FIGURES)


def test_studies_without_curves_add_nothing_and_alone_are_refused() -> None:
    bare = ContrastQuery(study=registry()["LEAP-007"], endpoint="OS")
    both, _ = restricted_mean_network([*QUERIES, bare], horizon_months=10.0, figures=FIGURES)
    assert both.studies == ("CheckMate-057", "OAK")
    with pytest.raises(InvalidArgument, match="two digitised curves"):
        restricted_mean_network([bare])


def test_curves_of_several_groups_of_patients_are_not_chosen_between() -> None:
    with pytest.raises(InvalidArgument, match="OAK has curves of 4 groups"):
        restricted_mean_network(QUERIES)
    with pytest.raises(UnknownName, match="PD-L1 stratum <1%"):
        restricted_mean_network(QUERIES, figures={"OAK": "PD-L1 stratum <2%"})
