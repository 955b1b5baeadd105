"""One patient's doses as turning points: what enters at which time, and which infusion rates hold from then on."""

from __future__ import annotations

import math

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.mechanism.inputs import Inputs
from normoxia.mechanism.model import Model


class Administration:
    """One patient's doses: what is added to each species at each time, and which infusion rates hold from then on."""

    def __init__(self, model: Model, inputs: Inputs | None) -> None:
        self.boluses: dict[float, dict[str, float]] = {}
        self.rates: dict[float, dict[str, float]] = {}
        self.infused: list[str] = []
        if inputs is None or inputs.n_doses == 0:
            return
        amounts = inputs.amount
        if amounts.ndim == 2 and amounts.shape[0] != 1:
            raise InvalidArgument(
                f"the doses are those of {amounts.shape[0]} patients; export one patient's at a time"
            )
        flows: dict[str, list[tuple[float, float, float]]] = {}
        species = {s.name for s in model.species}
        for start, target, amount, duration in zip(
            inputs.time.tolist(),
            inputs.target,
            amounts.reshape(-1).tolist(),
            inputs.duration.tolist(),
            strict=True,
        ):
            if target not in species:
                raise UnknownName("dose target", target, species)
            if amount == 0.0:
                continue
            if start < 0.0:
                raise InvalidArgument(
                    f"a dose into {target} is given at {start:g}, before time 0, where an exported model begins; leave it out"
                )
            if duration > 0.0:
                flows.setdefault(target, []).append((start, start + duration, amount / duration))
            else:
                at = self.boluses.setdefault(start, {})
                at[target] = at.get(target, 0.0) + amount
        self.infused = sorted(flows)
        for target, intervals in flows.items():
            for moment in sorted(
                {moment for start, stop, _ in intervals for moment in (start, stop)}
            ):
                now = math.fsum(rate for start, stop, rate in intervals if start <= moment < stop)
                self.rates.setdefault(moment, {})[target] = now

    @property
    def times(self) -> list[float]:
        """Days of the doses, ascending."""
        return sorted({*self.boluses, *self.rates})
