"""A trial's hazard ratio predicted in three ways, as finished values: by the mechanism, by components, and by both joined."""

from __future__ import annotations

from dataclasses import dataclass

from normoxia.outcome import Endpoint, Estimate, Outcome


@dataclass(frozen=True, slots=True)
class CombinedRatio:
    """One hazard ratio three times over; every interval holds the sampling of a trial of the size that was run.

    mechanism   as simulated, with its prediction interval
    components  what a component network meta-analysis of randomised studies predicts, or the simpler model that stood in
    joined      both combined as `way` says, see `calibration.combined`
    by          who gave `components`: "component_nma", "class_mean" (of contrasts of one class), or "constant" (of all)
    kind        the class of the contrast, such as "ICI added"
    way         "combined", half of each, or "by_class", the mean of the class with the mechanism's share of differences within it
    left_out    the study without which `components` was made, the trial's own; "" for a trial that is none of its studies
    """

    mechanism: Outcome
    components: Estimate
    joined: Estimate
    by: str
    kind: str
    left_out: str = ""
    way: str = "combined"

    @property
    def key(self) -> tuple[str, Endpoint, str, str]:
        """Set of patients, endpoint and arms."""
        o = self.mechanism
        return o.population, o.endpoint, o.arm, o.comparator
