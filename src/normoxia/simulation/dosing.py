"""Doses as a run meets them: checked at the border, joined with what still flows, kept when they outlast the run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.mechanism.inputs import Inputs, none
from normoxia.simulation.state import State


def check_inputs(inputs: Inputs, state: State, species: Sequence[str]) -> Inputs:
    """The inputs with arrays as floats; raises InvalidArgument or UnknownName for what cannot be meant."""
    n = inputs.n_doses
    time, amount, duration = (
        np.asarray(a, float) for a in (inputs.time, inputs.amount, inputs.duration)
    )
    if n == 0:
        return none()
    if (
        time.shape != (n,)
        or duration.shape != (n,)
        or amount.shape not in ((n,), (state.n_patients, n))
    ):
        raise InvalidArgument(
            f"{n} doses for {state.n_patients} patients have times {time.shape}, durations {duration.shape} and "
            f"amounts {amount.shape}; amounts are ({n},) or ({state.n_patients}, {n}), the others ({n},)"
        )
    for name in inputs.target:
        if name not in species:
            raise UnknownName("dosed species", name, species)
    if not (
        np.all(np.isfinite(time)) and np.all(np.isfinite(amount)) and np.all(np.isfinite(duration))
    ):
        raise InvalidArgument("a dose has a time, amount or duration that is not a finite number")
    if np.any(np.diff(time) < 0):
        raise InvalidArgument("doses are not in order of time; sort them")
    if np.any(amount < 0):
        raise InvalidArgument("a dose has a negative amount; 0 means not given")
    if np.any(duration < 0):
        raise InvalidArgument("an infusion has a negative duration; 0 means a bolus")
    if time[0] < state.time:
        raise InvalidArgument(
            f"a dose at {time[0]:g} lies before the state's time {state.time:g}; drop the doses already given"
        )
    return Inputs(time, tuple(inputs.target), amount, duration)


def joined(state: State, inputs: Inputs) -> Inputs:
    """Infusions that still flow, then the new doses."""
    flowing = state.infusions
    if not flowing.n_doses:
        return inputs
    if not inputs.n_doses:
        return flowing
    shapes = {np.ndim(flowing.amount), np.ndim(inputs.amount)}
    amounts = [
        np.broadcast_to(x.amount, (state.n_patients, x.n_doses)) if 2 in shapes else x.amount
        for x in (flowing, inputs)
    ]
    return Inputs(
        np.concatenate([flowing.time, inputs.time]),
        flowing.target + inputs.target,
        np.concatenate(amounts, axis=-1),
        np.concatenate([flowing.duration, inputs.duration]),
    )


def still_flowing(doses: Inputs, end: float) -> Inputs:
    """The infusions begun before the end that last to it or beyond."""
    if not doses.n_doses:
        return none()
    kept = np.flatnonzero(
        (doses.duration > 0) & (doses.time < end) & (doses.time + doses.duration >= end)
    )
    if not len(kept):
        return none()
    return Inputs(
        doses.time[kept],
        tuple(doses.target[k] for k in kept.tolist()),
        doses.amount[..., kept],
        doses.duration[kept],
    )
