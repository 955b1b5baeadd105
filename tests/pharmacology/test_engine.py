"""Every drug through the engines: closed-form kinetics where they are linear, a solver where they are not."""

import numpy as np
import pytest
from tests.pharmacology.test_module import composed

from normoxia import simulation
from normoxia.pharmacology import NOTHING, library, read, regimen, schedule
from normoxia.pharmacology.covariates import typical
from normoxia.pharmacology.exposure import is_linear, simulated

IN_PLASMA = tuple(name for name in library() if read(name).kind != "chemotherapy")
TIMES = np.array([7.5, 30.0, 60.0, 84.0])


@pytest.mark.parametrize("backend", ["reference", "fast"])
def test_an_engine_gives_the_concentrations_of_the_closed_form(backend: str) -> None:
    """All drugs at once at their first labelled dose; 1e-5 asked of the solver, on exposures over four decades."""
    outputs = tuple(f"{name}_concentration" for name in IN_PLASMA)
    simulator = simulation.compile(composed(*library()), backend=backend, outputs=outputs)
    together = NOTHING
    for name in IN_PLASMA:
        together = together + regimen(f"{name} {read(name).labels[0].text}")
    sizes = {name: typical()[name] for name in ("weight", "body_surface", "gfr")}
    doses = schedule(together, 0.0, 84.0, **sizes)
    result = simulator.run(simulator.start({}, n_patients=1), doses, TIMES, tolerance=1e-5)
    assert result.status.tolist() == [0]
    for i, name in enumerate(IN_PLASMA):
        expected = simulated(read(name), read(name).labels[0].text, TIMES)
        exact = backend == "fast" and is_linear(read(name))
        np.testing.assert_allclose(
            result.values[0, :, i], expected, rtol=1e-10 if exact else 1e-5, err_msg=name
        )
