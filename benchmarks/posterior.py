"""How fast the shipped posterior is evaluated and drawn from, and how well its chains mix.

    python -m benchmarks.posterior [rounds]

Prints rows of the table in results/posterior.md: the fits of `normoxia validate`, or, with a number, that many rounds of each,
from which the time of whole fits is reckoned.
"""

from __future__ import annotations

import sys
import time

from normoxia.calibration import validation
from normoxia.calibration.fitting import hyperparameters, posterior, sampler
from normoxia.calibration.fitting.emulated import EmulatedStudies
from normoxia.calibration.fitting.posterior import Floats
from normoxia.calibration.scoring import lock as locked


def row(*, discrepant: bool, rounds: int) -> str:
    """One posterior: evaluations a second of 128 states, seconds of a fit, and its chains' mixing where it was whole."""
    emulated = EmulatedStudies.read(validation.shipped_emulators())
    given, _ = validation.prepare(
        hyperparameters.read(), emulated, locked.read(), discrepant=discrepant
    )
    n = 0

    def density(states: Floats) -> tuple[Floats, Floats]:
        nonlocal n
        n += 1
        return given.log_density(states)

    def value(states: Floats) -> Floats:
        nonlocal n
        n += 1
        return given.value(states)

    start = posterior.prior_states(given.layout, validation.CHAINS, validation.SEED)
    start[:, : given.layout.n_continuous] *= 0.3
    whole = validation.WARM_UP + validation.ROUNDS * validation.EVERY
    warm_up = rounds // 2 if rounds else validation.WARM_UP
    kept, every = (rounds - warm_up, 1) if rounds else (validation.ROUNDS, validation.EVERY)
    wall, cpu = time.perf_counter(), time.process_time()
    draws = sampler.sample(
        density,
        given.layout,
        start,
        validation.SEED,
        value=value,
        warm_up=warm_up,
        rounds=kept,
        every=every,
    )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    share = whole / (rounds or whole)
    mixing = (
        f"{draws.shrinkage().max():.3f} | {draws.effective().min():.0f}" if not rounds else " | "
    )
    who = "departing" if discrepant else "mechanism"
    return f"| {who} | {n / wall:.1f} | {n / cpu:.1f} | {whole} | {wall * share:.0f} | {cpu * share:.0f} | {mixing} |"


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    for discrepant in (False, True):
        print(row(discrepant=discrepant, rounds=asked), flush=True)
