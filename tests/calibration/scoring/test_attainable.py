"""What knowing classes exactly would amount to, against trials simulated that way."""

from __future__ import annotations

import functools
import math

import numpy as np

from normoxia.calibration.scoring import baselines, registry_evidence
from normoxia.calibration.scoring import lock as locks
from normoxia.calibration.scoring import scores as scoring
from normoxia.calibration.scoring.attainable import AttainableScores, attainable_scores
from normoxia.evidence.studies.registry import registry
from normoxia.outcome import Endpoint

LOCK = locks.read(version=1)


@functools.cache
def shipped() -> AttainableScores:
    return attainable_scores(LOCK)


def test_errors_are_those_of_simulated_trials() -> None:
    rng = np.random.default_rng(1)
    for endpoint, value, tau in (
        (Endpoint.PFS, shipped().pfs, shipped().tau_pfs),
        (Endpoint.OS, shipped().os, shipped().tau_os),
    ):
        se = np.array([o.se for o in LOCK.contrasts if o.target.endpoint is endpoint])
        drawn = tau * rng.standard_normal((20_000, len(se))) + se * rng.standard_normal(
            (20_000, len(se))
        )
        # the Monte Carlo error of the mean over 20,000 x 23 values of some .1 is below .0002
        assert math.isclose(value, np.abs(drawn).mean(), abs_tol=1e-3)
        assert value > scoring.noise_floor(se)


def test_the_share_of_response_rates_is_that_of_simulated_arms() -> None:
    rng = np.random.default_rng(2)
    arms = registry_evidence.arms_of(LOCK, registry())
    rows = [o for o in LOCK.responses if o.n]
    kinds = [
        (
            tuple(sorted(arms[o.target.study, o.target.arm].parts)),
            arms[o.target.study, o.target.arm].line,
        )
        for o in rows
    ]
    tau = shipped().tau_orr
    y, v = np.array([baselines.logit(o) for o in rows]).T
    right = []
    for o, kind in zip(rows, kinds, strict=True):
        alike = np.array([k == kind for k in kinds])
        weights = 1.0 / (v[alike] + tau**2)
        mean = float((weights * y[alike]).sum() / weights.sum())
        rates = 1.0 / (1.0 + np.exp(-(mean + tau * rng.standard_normal(600))))
        published = 100.0 * rng.binomial(o.n, rates) / o.n
        middle = 100.0 / (1.0 + math.exp(-mean))
        right.append(np.mean([scoring.response_is_within(middle, p, o.n) for p in published]))
    # 38 arms of 600 each: the standard error is below .0033
    assert abs(float(np.mean(right)) - shipped().orr) < 0.0132
