"""Bayesian networks: R's integrals over the full covariances, a Gibbs sampler, and what must hold of any posterior."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from normoxia.errors import ComputationFailed, InvalidArgument, UnknownName
from normoxia.evidence.synthesis.intake.tables import read_network
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.bayesian import BayesianFit, fit_bayesian
from normoxia.evidence.synthesis.model.contrasts import Contrast, EffectMeasure, contrasts_from_arms
from normoxia.evidence.synthesis.model.network import Network
from normoxia.evidence.synthesis.model.priors import HeterogeneityPrior, named_priors, prior_of

ORACLES = Path(__file__).parents[2] / "oracles" / "synthesis"
#: Rscript tests/oracles/synthesis/bayesian.R > tests/oracles/synthesis/bayesian.csv (R 4.2.2, metafor 3.8-1, metadat 1.2-0;
#: 2026-11-30; 32 CPU seconds)
with (ORACLES / "bayesian.csv").open(encoding="utf-8") as _file:
    ROWS = list(csv.DictReader(_file))


def network_of(name: str) -> Network:
    if name == "bcg":
        table = read_network(ORACLES / "input_bcg.csv", effect="RR")
        return net.build(contrasts_from_arms(table.arms, "RR")[0], EffectMeasure.RR)
    table = read_network(ORACLES / "input_senn2013_arm.csv", effect="MD")
    return net.build(contrasts_from_arms(table.arms, "MD")[0], EffectMeasure.MD)


@pytest.mark.parametrize(("name", "prior"), sorted({(r["data"], r["prior"]) for r in ROWS}))
def test_posteriors_are_those_of_r_s_integrals(name: str, prior: str) -> None:
    network = network_of(name)
    posterior = fit_bayesian(network, prior)
    control = "control" if name == "bcg" else "placebo"
    tau = posterior.heterogeneity()
    for row in (r for r in ROWS if (r["data"], r["prior"]) == (name, prior)):
        if row["what"] == "tau":
            got = {"mean": tau.mean, "q0.025": tau.low, "q0.5": tau.median, "q0.975": tau.high}
        else:
            treatment = "treatment" if name == "bcg" else row["what"]
            e = posterior.effect(treatment, control)
            got = {
                "mean": e.mean,
                "q0.025": e.low,
                "q0.5": e.median,
                "q0.975": e.high,
                "new0.025": e.prediction[0],
                "new0.975": e.prediction[1],
                "below": e.probability_below,
            }
        # R prints nine digits; its quantiles are roots to 1e-9
        assert got[row["statistic"]] == pytest.approx(float(row["value"]), rel=2e-6), row


def gibbs(network: Network, prior: HeterogeneityPrior, draws: int, seed: int) -> dict[str, object]:
    """Another algorithm: study effects, treatment effects and tau drawn in turn, tau from a grid of its conditional density.

    Written for studies of any number of arms with the independent rows of the network.
    """
    random = np.random.default_rng(seed)
    x, kept = net.full_rank_design(network)
    y, v = network.estimate, network.variance
    grid = np.exp(np.linspace(math.log(1e-5), math.log(20.0), 4000))
    prior_density = prior.log_density(np.log(grid))
    beta, tau = np.zeros(x.shape[1]), 0.3
    taus, betas, new = np.empty(draws), np.empty((draws, x.shape[1])), np.empty(draws)
    factor = np.linalg.cholesky(np.linalg.inv(x.T @ x))
    projection = np.linalg.inv(x.T @ x) @ x.T
    for k in range(draws):
        precision = 1.0 / v + 1.0 / tau**2
        mean = (y / v + x @ beta / tau**2) / precision
        delta = mean + random.standard_normal(len(y)) / np.sqrt(precision)
        beta = projection @ delta + tau * factor @ random.standard_normal(x.shape[1])
        ss = float(np.sum((delta - x @ beta) ** 2))
        log_density = prior_density - len(y) * np.log(grid) - 0.5 * ss / grid**2
        weight = np.exp(log_density - log_density.max())
        tau = float(grid[np.searchsorted(np.cumsum(weight), random.random() * weight.sum())])
        taus[k], betas[k] = tau, beta
        new[k] = random.standard_normal() * tau
    return {"tau": taus, "beta": betas, "kept": kept, "new": new}


def test_a_gibbs_sampler_draws_from_the_same_posterior() -> None:
    network = network_of("senn2013")
    prior = prior_of("half-normal 0.5", EffectMeasure.MD)
    posterior = fit_bayesian(network, prior)
    sampled = gibbs(network, prior, 6000, seed=1)
    taus, betas = np.asarray(sampled["tau"])[500:], np.asarray(sampled["beta"])[500:]
    # draws of tau hang together; batch means give their Monte-Carlo error
    error = np.std(np.mean(taus.reshape(50, -1), axis=1), ddof=1) / math.sqrt(50)
    assert posterior.heterogeneity().mean == pytest.approx(taus.mean(), abs=4 * error)
    kept = list(np.asarray(sampled["kept"]))
    at = network.index("metformin")
    other = network.index("placebo")
    effect = np.zeros(len(taus))
    for position, sign in ((at, 1.0), (other, -1.0)):
        if position in kept:
            effect += sign * betas[:, kept.index(position)]
    found = posterior.effect("metformin", "placebo")
    batches = np.std(np.mean(effect.reshape(50, -1), axis=1), ddof=1) / math.sqrt(50)
    assert found.mean == pytest.approx(effect.mean(), abs=4 * batches)
    assert found.sd == pytest.approx(effect.std(), rel=0.08)
    new = effect + np.asarray(sampled["new"])[500:]
    width = found.prediction[1] - found.prediction[0]
    assert found.prediction[0] == pytest.approx(np.quantile(new, 0.025), abs=0.05 * width)
    assert found.prediction[1] == pytest.approx(np.quantile(new, 0.975), abs=0.05 * width)


def test_a_prior_that_fixes_tau_gives_the_fit_at_that_tau() -> None:
    network = network_of("senn2013")
    prior = HeterogeneityPrior(family="log-normal", location=2 * math.log(0.25), scale=1e-3)
    posterior, fixed = fit_bayesian(network, prior), net.fit(network, tau=0.25)
    for one in posterior.effects("placebo"):
        other = fixed.effect(one.treatment, "placebo")
        assert one.mean == pytest.approx(other.estimate, rel=1e-5)
        assert one.sd == pytest.approx(other.se, rel=1e-5)
        # tau of the prior spreads by a thousandth, which moves an end by its square
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=2e-6)
    assert posterior.heterogeneity().median == pytest.approx(0.25, rel=1e-5)


def simulated(n: int, seed: int) -> BayesianFit:
    random = np.random.default_rng(seed)
    studies = [
        Contrast(f"S{i}", "A", "B", float(random.normal(-0.3, math.hypot(0.2, 0.15))), 0.15)
        for i in range(n)
    ]
    return fit_bayesian(net.build(studies, EffectMeasure.HR), "half-normal 0.2")


def test_ranks_follow_from_probabilities_and_sum_up() -> None:
    posterior = fit_bayesian(network_of("senn2013"), "half-normal 0.5")
    ranks = posterior.ranks()
    n = len(ranks)
    assert sum(r.sucra for r in ranks) == pytest.approx(n / 2)  # each pair has one winner
    assert sum(r.mean_rank for r in ranks) == pytest.approx(n * (n + 1) / 2)
    best = ranks[0]
    others = [posterior.effect(best.treatment, r.treatment).probability_below for r in ranks[1:]]
    assert best.sucra == pytest.approx(np.mean(others))
    assert [r.treatment for r in posterior.ranks("bad")] == [r.treatment for r in ranks[::-1]]


def test_one_study_learns_of_heterogeneity_from_the_prior_alone() -> None:
    network = net.build([Contrast("S", "A", "B", -0.2, 0.1)], EffectMeasure.HR)
    posterior = fit_bayesian(network, "log-normal -2.56 1.74")
    # quantiles of tau are those of exp(Z/2), Z normal
    for p, got in ((0.025, "low"), (0.5, "median"), (0.975, "high")):
        z = {0.025: -1.959963984540054, 0.5: 0.0, 0.975: 1.959963984540054}[p]
        expected = math.exp((-2.56 + 1.74 * z) / 2)
        assert getattr(posterior.heterogeneity(), got) == pytest.approx(expected, rel=1e-6)


def test_intervals_hold_the_truth_as_often_as_they_say_under_the_prior() -> None:
    # tau and effect drawn from the prior of the analysis: coverage is then exactly nominal (200 networks, error 1.5 in 100)
    random = np.random.default_rng(7)
    held = 0
    for _ in range(200):
        tau, truth = abs(random.normal(0.0, 0.3)), random.normal(0.0, 1.0)
        rows = [
            Contrast(f"S{i}", "A", "B", float(random.normal(truth, math.hypot(tau, 0.2))), 0.2)
            for i in range(4)
        ]
        effect = fit_bayesian(net.build(rows, EffectMeasure.HR), "half-normal 0.3").effect("A", "B")
        held += effect.low <= truth <= effect.high
    assert 0.905 <= held / 200 <= 0.99


def test_direction_parts_and_levels() -> None:
    posterior = simulated(6, seed=3)
    one, back = posterior.effect("A", "B"), posterior.effect("B", "A")
    assert (back.mean, back.low, back.high) == pytest.approx((-one.mean, -one.high, -one.low))
    assert back.probability_below == pytest.approx(1.0 - one.probability_below)
    assert one.prediction[0] < one.low < one.median < one.high < one.prediction[1]
    apart = net.build(
        [Contrast("S", "A", "B", 0.1, 0.1), Contrast("T", "C", "D", 0.2, 0.1)], EffectMeasure.HR
    )
    assert math.isnan(fit_bayesian(apart).effect("A", "C").mean)
    assert len(fit_bayesian(apart).ranks()) == 4


def test_priors_are_named_written_or_taken_by_measure() -> None:
    assert prior_of(None, EffectMeasure.HR).name == "turner-general"
    assert prior_of(None, EffectMeasure.SMD).name == "rhodes-general"
    assert prior_of("Turner-Mortality-Control", EffectMeasure.OR).location == -4.06
    assert prior_of("log-normal, -2.56, 1.74", EffectMeasure.OR).label == (
        "tau2 ~ log-normal(-2.56, 1.74)"
    )
    assert prior_of("half-normal 0.5", EffectMeasure.MD).scale == 0.5
    assert all(prior.source and prior.measure for prior in named_priors().values())
    with pytest.raises(InvalidArgument, match="MD has a unit of its own"):
        prior_of(None, EffectMeasure.MD)
    with pytest.raises(InvalidArgument, match="expected 1 numbers"):
        prior_of("half-normal", EffectMeasure.HR)
    with pytest.raises(UnknownName, match="turner-general"):
        prior_of("turner-generl", EffectMeasure.HR)
    with pytest.raises(InvalidArgument, match="scale above 0"):
        HeterogeneityPrior(family="half-normal", scale=0.0)


def test_a_posterior_that_reaches_without_bound_is_refused() -> None:
    # one contrast has no information on tau, so its posterior is the prior, here far beyond a million standard errors
    network = net.build([Contrast("S", "A", "B", 0.1, 0.1)], EffectMeasure.HR)
    with pytest.raises(ComputationFailed, match="lighter tails, such as half-normal"):
        fit_bayesian(network, "half-cauchy 1000000")
