"""What the mechanism misses of a component's effect in every trial alike: shared shifts of log hazard ratios, by component and endpoint.

A component network meta-analysis fitted to what the mechanism leaves over: the mechanism is the prior mean of each component's
effect, the discrepancy its departure (Kennedy & O'Hagan 2001, J R Stat Soc B 63:425). It says of itself where
the mechanism is wrong on average; a discrepancy near 0 says that it is not.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.fitting.summaries import Kind, Statistic
from normoxia.calibration.scoring import lock as locked
from normoxia.calibration.scoring import registry_evidence
from normoxia.evidence.studies.registry import registry
from normoxia.outcome import Endpoint

Floats = NDArray[np.float64]

COMPONENTS = ("ICI", "VEGF antibody", "VEGFR TKI", "docetaxel", "chemotherapy")
#: standard deviation a priori of a component's departure on the log hazard ratio; assumed
PRIOR_SD = 0.2
#: a bispecific departs as its two parts together
_PARTS: Mapping[str, tuple[str, ...]] = {"bispecific": ("ICI", "VEGF antibody")}


def names() -> tuple[str, ...]:
    """Names of the shifts, PFS first."""
    return tuple(
        f"{endpoint} {part}" for endpoint in (Endpoint.PFS, Endpoint.OS) for part in COMPONENTS
    )


@functools.cache
def design(figures: tuple[Statistic, ...]) -> Floats:
    """How often each shift counts in each figure: 1 where the experimental arm adds the component, -1 where it drops it.

    returns  shape (n_figures, n_shifts); 0 throughout for what is no log hazard ratio of a whole set, and for a stratum relative
             to its whole, where the shift cancels
    """
    arms = registry_evidence.arms_of(locked.read(), registry())
    found = np.zeros((len(figures), 2 * len(COMPONENTS)))
    for i, figure in enumerate(figures):
        if figure.kind is not Kind.RATIO:
            continue
        offset = 0 if figure.endpoint is Endpoint.PFS else len(COMPONENTS)
        for arm, sign in ((figure.arm, 1.0), (figure.comparator, -1.0)):
            for part in arms[figure.study, arm].parts:
                for name in _PARTS.get(part, (part,)):
                    if name in COMPONENTS:
                        found[i, offset + COMPONENTS.index(name)] += sign
    return found
