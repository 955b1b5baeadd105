"""How fast the shipped posterior is evaluated and drawn from, and how well its chains mix.

    python -m benchmarks.posterior [rounds]

Prints rows of the table in results/posterior.md: the fits of `normoxia validate`, or, with a number, that many rounds of each,
from which the time of whole fits is estimated.
"""

from __future__ import annotations

import sys
import time

from normoxia.calibration import validation
from normoxia.calibration.fitting import hyperparameters, posterior, sampler
from normoxia.calibration.fitting.emulated import EmulatedStudies
from normoxia.calibration.scoring import lock as locked


def row(*, discrepant: bool, rounds: int) -> str:
    """One posterior: milliseconds of a round of 128 chains, seconds of a fit, and its chains' mixing where it was whole."""
    emulated = EmulatedStudies.read(validation.shipped_emulators())
    given, _ = validation.prepare(
        hyperparameters.read(), emulated, locked.read(), discrepant=discrepant
    )
    start = posterior.prior_states(given.layout, validation.CHAINS, validation.SEED)
    start[:, : given.layout.n_continuous] *= 0.3
    whole = validation.WARM_UP + validation.ROUNDS * validation.EVERY
    warm_up = rounds // 2 if rounds else validation.WARM_UP
    kept, every = (rounds - warm_up, 1) if rounds else (validation.ROUNDS, validation.EVERY)
    wall, cpu = time.perf_counter(), time.process_time()
    draws = sampler.sample(
        given, given.layout, start, validation.SEED, warm_up=warm_up, rounds=kept, every=every
    )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    share = whole / (rounds or whole)
    mixing = (
        f"{draws.shrinkage().max():.3f} | {draws.effective().min():.0f}" if not rounds else " | "
    )
    n = warm_up + kept * every
    who = "discrepancy" if discrepant else "mechanism"
    return f"| {who} | {1e3 * wall / n:.1f} | {1e3 * cpu / n:.1f} | {whole} | {wall * share:.0f} | {cpu * share:.0f} | {mixing} |"


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    for discrepant in (False, True):
        print(row(discrepant=discrepant, rounds=asked), flush=True)
