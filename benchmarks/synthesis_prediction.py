"""How often prediction intervals hold the effect of a new study, in simulated networks of 5, 8, 14 and 28 studies.

    OMP_NUM_THREADS=1 python -m benchmarks.synthesis_prediction [networks]

Five treatments with known effects, two- and three-arm studies with fixed sampling variances (0.02 to 0.16 a contrast), study
effects that vary with tau. For every simulated network one new effect of b against a is drawn, and counted when the interval
holds it. `student` is estimate +- t sqrt(se2 + tau2), `shorter` the same with one degree of freedom less (Higgins 2009),
`confidence` the default of `network.fit`. Standard error of a count at 2,000 networks: 0.5 in a hundred.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import Contrast
from normoxia.evidence.synthesis.model.meta import t_quantile

TREATMENTS = "abcde"
TRUTH = {"a": 0.0, "b": -0.3, "c": 0.2, "d": -0.5, "e": 0.1}
PAIRS = list(combinations(TREATMENTS, 2))
DESIGNS: dict[int, list[tuple[str, ...]]] = {
    5: [("a", "b"), ("a", "c"), ("b", "c"), ("a", "b"), ("a", "c")],
    8: [*[("a", "b"), ("a", "c")] * 2, ("b", "c"), ("a", "d"), ("b", "d"), ("a", "b", "c")],
    14: [*PAIRS, ("a", "b"), ("a", "b"), ("a", "b", "c"), ("a", "d", "e")],
    28: [
        *PAIRS * 2,
        *[("a", "b")] * 4,
        ("a", "b", "c"),
        ("a", "d", "e"),
        ("b", "c", "d"),
        ("a", "c", "e"),
    ],
}
TAUS = (0.0, 0.1, 0.25, 0.5)
KINDS = ("student", "shorter", "confidence")


def networks(n_studies: int, tau: float, n: int, seed: int = 2) -> Iterator[net.Network]:
    """Simulated networks: arm effects with variance tau2 / 2, so that contrasts differ with tau2 and correlate by one half."""
    fixed, rng = np.random.default_rng(99), np.random.default_rng(seed)
    variances = [fixed.uniform(0.01, 0.08, len(arms)) for arms in DESIGNS[n_studies]]
    for _ in range(n):
        rows = []
        for study, (arms, own) in enumerate(zip(DESIGNS[n_studies], variances, strict=True)):
            seen = np.array([TRUTH[arm] for arm in arms]) + rng.normal(0, np.sqrt(own + tau**2 / 2))
            for i, j in combinations(range(len(arms)), 2):
                rows.append(
                    Contrast(
                        str(study), arms[i], arms[j], seen[i] - seen[j], math.sqrt(own[i] + own[j])
                    )
                )
        yield net.build(rows)


def covered(n_studies: int, tau: float, n: int) -> tuple[dict[str, float], dict[str, float], int]:
    """Share of new effects inside each kind of interval, its median width, and the degrees of freedom."""
    new = np.random.default_rng(5)
    inside, widths = {kind: 0 for kind in KINDS}, {kind: np.empty(n) for kind in KINDS}
    df = 0
    for k, network in enumerate(networks(n_studies, tau, n)):
        truth = TRUTH["b"] - TRUTH["a"] + new.normal(0, tau)
        fit = net.fit(network)
        effect, df = fit.effect("b", "a"), fit.df
        spread = math.sqrt(effect.se**2 + fit.tau2)
        half = {
            "student": t_quantile(0.95, df) * spread,
            "shorter": t_quantile(0.95, df - 1) * spread,
        }
        ends = {kind: (effect.estimate - h, effect.estimate + h) for kind, h in half.items()}
        ends["confidence"] = effect.prediction
        for kind, (low, high) in ends.items():
            inside[kind] += low <= truth <= high
            widths[kind][k] = high - low
    return (
        {k: c / n for k, c in inside.items()},
        {k: float(np.median(w)) for k, w in widths.items()},
        df,
    )


def main(n: int = 2000) -> None:
    print("| studies | df | tau | " + " | ".join(f"{kind} | width" for kind in KINDS) + " |")
    print("|---" * (3 + 2 * len(KINDS)) + "|")
    for n_studies in DESIGNS:
        for tau in TAUS:
            shares, widths, df = covered(n_studies, tau, n)
            cells = " | ".join(f"{100 * shares[k]:.1f} | {widths[k]:.2f}" for k in KINDS)
            print(f"| {n_studies} | {df} | {tau:g} | {cells} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
