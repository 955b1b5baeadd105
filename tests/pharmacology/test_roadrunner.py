"""Every drug's module in libRoadRunner, which reads our SBML export and integrates it with CVODE, against our own kinetics."""

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.pharmacology.test_module import composed

from normoxia.mechanism import export
from normoxia.pharmacology import library, read, regimen, schedule
from normoxia.pharmacology.covariates import typical
from normoxia.pharmacology.exposure import simulated

#: asked of CVODE: the finest it takes where coefficients are constant, and where they change with time or saturate
LINEAR, NONLINEAR = 1e-12, 1e-9
#: allowed: what adds up over a thousand steps, and what LSODA at 1e-8 leaves on our side
AGREES = {LINEAR: 1e-9, NONLINEAR: 1e-6}
TIMES = np.array([0.3, 2.0, 9.5, 22.0, 30.0])
SIZES = {name: typical()[name] for name in ("weight", "body_surface", "gfr")}


def roadrunner_run(name: str, output: str, relative: float) -> NDArray[np.float64]:
    """An output of a drug's module under its first labelled regimen, at TIMES."""
    import roadrunner

    doses = schedule(regimen(f"{name} {read(name).labels[0].text}"), 0.0, float(TIMES[-1]), **SIZES)
    runner = roadrunner.RoadRunner(export(composed(name), doses))
    runner.setIntegratorSetting("cvode", "relative_tolerance", relative)
    runner.setIntegratorSetting("cvode", "absolute_tolerance", 1e-4 * relative)
    runner.timeCourseSelections = [output]
    return np.asarray(runner.simulate(times=[0.0, *TIMES]), dtype=np.float64)[1:, 0]


@pytest.mark.parametrize("name", [n for n in library() if read(n).kind != "chemotherapy"])
def test_libroadrunner_gives_the_same_concentration(name: str) -> None:
    """Closed form where kinetics are linear, LSODA at 1e-8 where they are not."""
    drug = read(name)
    expected = simulated(drug, drug.labels[0].text, TIMES)
    constant = drug.clearance_over_time is None and drug.parameter("maximum_elimination") is None
    relative = LINEAR if constant else NONLINEAR
    found = roadrunner_run(name, f"{name}_concentration", relative)
    np.testing.assert_allclose(found, expected, rtol=AGREES[relative], atol=1e-12)


@pytest.mark.parametrize("name", [n for n in library() if read(n).kind == "chemotherapy"])
def test_libroadrunner_gives_the_same_effect_of_chemotherapy(name: str) -> None:
    """Each dose adds to an effect that falls exponentially; here it is summed dose by dose."""
    drug = read(name)
    loss = drug.effect("chemo_effect").loss.value
    doses = schedule(regimen(f"{name} {drug.labels[0].text}"), 0.0, float(TIMES[-1]), **SIZES)
    found = roadrunner_run(name, drug.dose_target, LINEAR)
    expected = np.zeros(TIMES.size)
    for begin, amount, length in zip(
        doses.time, np.ravel(doses.amount), doses.duration, strict=True
    ):
        since = np.maximum(TIMES - begin, 0.0)
        entering = np.minimum(since, length)
        poured = np.where(since > 0, amount, 0.0) * np.exp(-loss * since)
        if length > 0:
            poured = (
                amount
                / length
                * (np.exp(-loss * (since - entering)) - np.exp(-loss * since))
                / loss
            )
        expected += poured
    np.testing.assert_allclose(found, expected, rtol=AGREES[LINEAR], atol=1e-12)
