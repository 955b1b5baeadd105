"""Power of a trial of everybody and of one that enrols by a marker alone, drawn from the virtual patients of both regimens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.design.markers.interaction import MarkerEffect, judging
from normoxia.design.markers.measured import MeasuredContrast
from normoxia.design.markers.who_gains import MarkerDesign
from normoxia.design.power import SimulatedArm, characteristics
from normoxia.design.trial_designs import TrialDesign
from normoxia.outcome import Endpoint

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: trials drawn for each draw of the ensemble and size
_TRIALS = 20
#: patients of a draw that trials may be drawn from
_FEWEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrichedPower:
    """Assurance of two trials of one size.

    Attributes
    ----------
    marker, adds
        Of those who are enrolled in the second trial; what is added.
    patients
        Randomised in total, in either trial.
    screened
        Patients to be screened for the second.
    everybody, enriched
        Mean probability over draws that the log-rank test of progression-free survival rejects.
    """

    marker: str
    adds: str
    patients: int
    screened: int
    everybody: float
    enriched: float


def enriched_power(
    design: MarkerDesign,
    contrasts: tuple[MeasuredContrast, ...],
    effects: tuple[MarkerEffect, ...],
    *,
    seed: int = 1,
) -> tuple[EnrichedPower, ...]:
    """Return assurances for the marker measured before treatment of smallest p value, of each contrast.

    Trials are drawn from the patients who did not set the cut-off.
    """
    found = []
    for contrast in contrasts:
        own = [e for e in effects if e.adds == contrast.adds and design.marker(e.marker).day == 0.0]
        if not own:
            continue
        best = min(own, key=lambda e: e.p)
        is_high = judging(contrast.markers[best.marker]) >= best.cut.value
        gains_high = best.ratio.value >= 1.0
        members = is_high if gains_high else ~is_high
        kept = members.sum(axis=1) >= _FEWEST
        if not kept.any():
            continue
        share = float(members.mean())
        for size in design.sizes:
            plan = TrialDesign(
                comparison=design.comparison, endpoint=Endpoint.PFS, patients=(size,)
            )
            powers = [
                characteristics(
                    plan, *_arms(contrast, group, kept), size, seed=seed, trials=_TRIALS
                ).assurance
                for group in (np.ones_like(members), members)
            ]
            found.append(
                EnrichedPower(
                    marker=best.marker,
                    adds=contrast.adds,
                    patients=size,
                    screened=round(size / share),
                    everybody=powers[0],
                    enriched=powers[1],
                )
            )
    return tuple(found)


def _arms(
    contrast: MeasuredContrast, members: Bools, kept: Bools
) -> tuple[SimulatedArm, SimulatedArm]:
    """Both arms with the members of each draw, repeated to one number of columns."""
    n = members.shape[1]
    rows = np.stack([np.resize(np.flatnonzero(own), n) for own in members[kept]])
    arms = []
    for time, seen in zip(judging(contrast.times), judging(contrast.observed), strict=True):
        t = np.take_along_axis(time[kept], rows, axis=1)
        d = np.take_along_axis(seen[kept], rows, axis=1)
        arms.append(SimulatedArm(event=np.where(d, t, np.inf), lost=np.where(d, np.inf, t)))
    return arms[0], arms[1]
