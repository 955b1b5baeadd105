"""T cells normalise vessels and vessels let T cells in (T7 of the design: C23, C25), and memory outlasts the drug."""

from __future__ import annotations

import numpy as np
import pytest
from normoxia import mechanism, simulation

from tests.library.laboratory import ANTI_PD1, NOTHING, follow, nsclc, with_levels

NAMES = ("coverage", "Q", "h", "VEGF", "B")
DAYS = [42.0, 84.0, 168.0]


def effect(model=None) -> dict[str, np.ndarray]:
    """Ratio of anti-PD-1 to no treatment at each day."""
    course = follow([NOTHING, ANTI_PD1], DAYS, NAMES, model=model)
    return {name: course.of(name)[1] / course.of(name)[0] for name in NAMES}


@pytest.fixture(scope="module")
def intact() -> dict[str, np.ndarray]:
    return effect()


@pytest.fixture(scope="module")
def severed() -> dict[str, np.ndarray]:
    """Interferon no longer reaches vessels nor their VEGF."""
    return effect(mechanism.ablate(nsclc(), ["C23", "C24"]))


@pytest.mark.parametrize("name", ["coverage", "Q"])
def test_anti_pd1_alone_raises(intact, name):
    assert np.all(intact[name] > 1.02)


@pytest.mark.parametrize("name", ["h", "VEGF", "B"])
def test_anti_pd1_alone_lowers(intact, name):
    assert np.all(intact[name] < 0.98)


@pytest.mark.parametrize("name", NAMES)
def test_it_does_so_less_when_interferon_is_kept_from_the_vessels(intact, severed, name):
    assert np.all(np.abs(np.log(severed[name])) < np.abs(np.log(intact[name])))


def test_t_cells_gain_from_the_vessels_they_normalise():
    """The feedback closed: more CD8 cells than when either half of the loop is cut (C25)."""
    whole = follow([ANTI_PD1], [168.0], ["T8"]).of("T8")[0, 0]
    for tags in (["C23", "C24"], ["C16"]):
        cut = follow([ANTI_PD1], [168.0], ["T8"], model=mechanism.ablate(nsclc(), tags)).of("T8")[0, 0]
        assert cut < whole, tags


def test_memory_outlasts_the_antibody_and_fades():
    """A year of anti-PD-1, then none: kill stays above its baseline for years, and less so without memory."""

    def kill_after(model) -> np.ndarray:
        simulator = simulation.compile(with_levels(model), outputs=("kill",))
        start = simulator.start({"kI": 0.005}, 1)
        year = simulator.run(start.with_values(checkpoint_level=30.0), None, [360.0])
        rest = simulator.run(year.state.with_values(checkpoint_level=0.0), None, [540.0, 720.0, 1080.0])
        return np.asarray(rest.values[0, :, 0] / simulator.evaluate(start, ["kill"])[0, 0])

    kept = kill_after(nsclc())
    forgotten = kill_after(mechanism.switch(nsclc(), {"immune_memory": False}))
    assert kept[0] > 1.1
    assert np.all(np.diff(kept) < 0)
    assert np.all(kept > forgotten)
