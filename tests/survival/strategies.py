"""Generated follow-up: tied and distinct times, all events, no events."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from normoxia.survival import TimeToEvent


@st.composite
def follow_ups(draw: st.DrawFn, smallest: int = 2, largest: int = 40) -> TimeToEvent:
    n = draw(st.integers(smallest, largest))
    whole = st.integers(1, 30).map(float)
    times = draw(st.lists(st.one_of(whole, st.floats(0.1, 30.0)), min_size=n, max_size=n))
    observed = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    return TimeToEvent(time=np.array(times), observed=np.array(observed))


def exponential_trial(
    rng: np.random.Generator, n: int, hazards: tuple[float, float], censor_at: tuple[float, float]
) -> tuple[TimeToEvent, TimeToEvent]:
    """Two groups of n with constant hazards per day, censored uniformly between two days."""

    def group(hazard: float) -> TimeToEvent:
        event, censored = rng.exponential(1.0 / hazard, n), rng.uniform(*censor_at, n)
        return TimeToEvent(time=np.minimum(event, censored), observed=event <= censored)

    return group(hazards[0]), group(hazards[1])


def replicated_trial(
    rng: np.random.Generator,
    replicates: int,
    n: int,
    hazards: tuple[float, float],
    censor_at: tuple[float, float],
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """The same for many replicates as arrays (R, 2n), the experimental group in the first n columns."""
    hazard = np.repeat(hazards, n)
    event = rng.exponential(1.0, (replicates, 2 * n)) / hazard
    censored = rng.uniform(*censor_at, (replicates, 2 * n))
    return np.minimum(event, censored), event <= censored, np.arange(2 * n) < n
