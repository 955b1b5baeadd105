"""How long network meta-analysis takes.

    OMP_NUM_THREADS=1 python -m benchmarks.synthesis

Processor seconds, best of several, after one warm call; the two limits of the project are asserted.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from benchmarks.oracles import networks
from normoxia.evidence.synthesis import answers
from normoxia.evidence.synthesis.judgement import consistency, contribution
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model import ranking
from normoxia.evidence.synthesis.model.contrasts import Contrast


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """The least processor time of a few calls."""
    work()
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def large_network() -> net.Network:
    """25 treatments in 45 studies, as large as the registry could become: a chain and random comparisons."""
    rng = np.random.default_rng(1)
    pairs = [(i, i + 1) for i in range(24)] + [
        tuple(rng.choice(25, 2, replace=False)) for _ in range(21)
    ]
    return net.build(
        Contrast(f"s{k}", f"t{a:02d}", f"t{b:02d}", rng.normal(0, 0.4), rng.uniform(0.1, 0.3))
        for k, (a, b) in enumerate(pairs)
    )


def main() -> None:
    senn = networks()["senn2013"]
    contrasts = [c for c in senn.contrasts()]
    for tau in ("DL", "REML"):
        fit = seconds(lambda tau=tau: net.fit(senn, tau=tau), 50)
        print(f"Senn 2013 (26 studies, 10 treatments), {tau}: {fit * 1e3:.2f} ms a fit")
        assert fit < 5e-3
    print(f"  building it from contrasts: {seconds(lambda: net.build(contrasts), 50) * 1e3:.2f} ms")

    large = large_network()
    fitted = net.fit(large)

    def everything() -> None:
        consistency.node_splits(fitted)
        consistency.refitted_splits(large)
        ranking.rank(fitted, draws=10_000)

    both = seconds(everything, 3)
    print(
        f"25 treatments, 45 studies: all node splits (two methods) and 10,000 rankogram draws in {both:.2f} s"
    )
    assert both < 1.0
    print(
        f"  contributions, shortest path: {seconds(lambda: contribution.contributions(fitted), 2) * 1e3:.0f} ms"
    )

    for name in ("first-line-wt", "components"):
        print(
            f"question {name}, every endpoint: {seconds(lambda name=name: answers.answer(name), 2):.2f} s"
        )


if __name__ == "__main__":
    main()
