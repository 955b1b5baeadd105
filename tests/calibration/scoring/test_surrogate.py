"""OS from a trial's own PFS: a line that is known, what it may not see, and when it does not answer."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from normoxia.calibration.scoring import lock, registry_evidence, surrogate
from normoxia.calibration.scoring.registry_evidence import RegistryEvidence
from normoxia.outcome import Endpoint

KNOWN = registry_evidence.evidence(lock.read())


def on_a_line() -> RegistryEvidence:
    """Every OS is -0.1 + 0.4 PFS of the same arms, exactly."""
    key = surrogate._key
    pfs = {key(o.target): o.y for o in KNOWN.known if o.target.endpoint is Endpoint.PFS}

    def moved(rows: tuple[lock.Observed, ...]) -> tuple[lock.Observed, ...]:
        return tuple(
            replace(o, value=math.exp(-0.1 + 0.4 * pfs[key(o.target)]))
            if o.target.endpoint is Endpoint.OS and key(o.target) in pfs
            else o
            for o in rows
        )

    return replace(KNOWN, contrasts=moved(KNOWN.contrasts), further=moved(KNOWN.further))


def test_a_line_is_found_again_and_the_trials_own_survival_is_not_seen() -> None:
    known = on_a_line()
    target = next(
        o.target
        for o in known.contrasts
        if o.target.study == "OAK" and o.target.endpoint is Endpoint.OS
    )
    pfs = next(o.y for o in known.contrasts if o.target.study == "OAK" and o.target != target)
    found = surrogate.of(known, target)
    assert found is not None
    assert found.mean == pytest.approx(-0.1 + 0.4 * pfs, abs=1e-9)
    assert found.tau2 == 0.0
    doubled = replace(
        known,
        contrasts=tuple(
            replace(o, value=2 * o.value) if o.target == target else o for o in known.contrasts
        ),
    )
    assert surrogate.of(doubled, target) == found


def test_there_is_no_answer_for_progression_or_without_it() -> None:
    pfs = next(o.target for o in KNOWN.contrasts if o.target.endpoint is Endpoint.PFS)
    assert surrogate.of(KNOWN, pfs) is None
    alone = next(o.target for o in KNOWN.contrasts if o.target.study == "APPLE")
    assert surrogate.of(KNOWN, alone) is None
