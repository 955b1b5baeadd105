"""Cox regression and replicated trials against lifelines, as ratios in one run.

    OMP_NUM_THREADS=1 python benchmarks/survival.py

Processor seconds, best of three, after one warm call each; the answers are compared before the times are.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter

from normoxia.survival import TimeToEvent, cox, hazard_ratio_many, kaplan_meier_many


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """The least processor time of a few calls."""
    work()
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    rng = np.random.default_rng(1)
    n = 100_000
    treated = rng.integers(0, 2, n).astype(float)
    event, censored = rng.exponential(100 * np.exp(0.3 * treated)), rng.uniform(0, 300, n)
    data = TimeToEvent(time=np.minimum(event, censored), observed=event <= censored)
    table = pd.DataFrame({"time": data.time, "observed": data.observed, "treated": treated})

    ours = cox(data, treated)
    peer = CoxPHFitter().fit(table, "time", "observed", fit_options={"precision": 1e-10})
    gap = abs(ours.coefficients[0] / peer.params_.iloc[0] - 1)
    gap_error = abs(ours.standard_errors[0] / peer.standard_errors_.iloc[0] - 1)
    mine = seconds(lambda: cox(data, treated))
    theirs = seconds(lambda: CoxPHFitter().fit(table, "time", "observed"), repeats=1)
    print(
        f"Cox, one covariate, {n} distinct times: log hazard ratio differs by {gap:.1e}, its error by {gap_error:.1e}"
    )
    print(
        f"  normoxia {mine * 1e3:.0f} ms, lifelines {theirs * 1e3:.0f} ms: {theirs / mine:.0f} times faster"
    )
    assert gap < 1e-6
    assert theirs / mine >= 10

    replicates, patients = 1000, 800
    event = rng.exponential(400, (replicates, patients))
    censored = rng.uniform(200, 1000, (replicates, patients))
    times, seen, arm = (
        np.minimum(event, censored),
        event <= censored,
        np.arange(patients) < patients // 2,
    )
    fits = seconds(lambda: hazard_ratio_many(times, seen, arm))
    curves = seconds(
        lambda: (
            kaplan_meier_many(times, seen, arm).median,
            kaplan_meier_many(times, seen, ~arm).median,
        )
    )
    one = pd.DataFrame({"time": times[0], "observed": seen[0], "arm": arm.astype(float)})
    single = seconds(lambda: CoxPHFitter().fit(one, "time", "observed"))
    print(
        f"{replicates} trials of {patients}: hazard ratios and log-rank {fits:.2f} s, medians of both arms {curves:.2f} s"
    )
    print(
        f"  lifelines needs {single * 1e3:.0f} ms a trial for the hazard ratio: {single * replicates / fits:.0f} times"
    )


if __name__ == "__main__":
    main()
