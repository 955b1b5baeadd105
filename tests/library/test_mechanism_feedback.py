"""T cells normalise vessels and vessels let T cells in (T7 of the design: C23, C25), and memory outlasts the drug."""

from __future__ import annotations

import numpy as np
import pytest
from tests.library.laboratory import ANTI_PD1, NOTHING, follow, nsclc, with_levels

from normoxia import mechanism, simulation
from normoxia.mechanism.model import Model

NAMES = ("coverage", "Q", "h", "VEGF", "B")
DAYS = [42.0, 84.0]


def effect(model: Model | None = None) -> dict[str, np.ndarray]:
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


@pytest.mark.parametrize(
    ("name", "sign"), [("coverage", 1), ("Q", 1), ("h", -1), ("VEGF", -1), ("B", -1)]
)
def test_it_does_so_less_when_interferon_is_kept_from_the_vessels(intact, severed, name, sign):
    """What is left comes from the tumour's shrinking alone, which dilutes its vessels less."""
    assert np.all(sign * np.log(severed[name]) < sign * np.log(intact[name]))


def test_normalisation_by_anti_pd1_alone_passes_within_half_a_year():
    """A finding: interferon goes on thinning vessels while covering them, and perfusion is back at its start by day 168."""
    course = follow([NOTHING, ANTI_PD1], [84.0, 168.0], NAMES)
    ratio = {name: course.of(name)[1] / course.of(name)[0] for name in NAMES}
    assert ratio["Q"][1] < ratio["Q"][0]
    assert ratio["Q"][1] == pytest.approx(1.0, abs=0.05)
    assert np.all(np.diff(ratio["B"]) < 0)


def test_t_cells_gain_from_the_vessels_they_normalise():
    """The feedback closed: more CD8 cells than when either half of the loop is cut (C25)."""
    whole = follow([ANTI_PD1], [168.0], ["T8"]).of("T8")[0, 0]
    for tags in (["C23", "C24"], ["C16"]):
        cut = follow([ANTI_PD1], [168.0], ["T8"], model=mechanism.ablate(nsclc(), tags)).of("T8")[
            0, 0
        ]
        assert cut < whole, tags


def test_memory_outlasts_the_antibody_and_fades():
    """A year of anti-PD-1, then none: kill stays above its baseline for years, and less so without memory."""

    def kill_after(model: Model) -> np.ndarray:
        simulator = simulation.compile(with_levels(model), outputs=("kill",))
        start = simulator.start({}, 1)
        year = simulator.run(start.with_values(checkpoint_level=30.0), None, [360.0])
        rest = simulator.run(
            year.state.with_values(checkpoint_level=0.0), None, [540.0, 720.0, 1080.0]
        )
        return np.asarray(rest.values[0, :, 0] / simulator.evaluate(start, ["kill"])[0, 0])

    kept = kill_after(nsclc())
    forgotten = kill_after(mechanism.switch(nsclc(), {"immune_memory": False}))
    assert kept[0] > 1.1
    assert np.all(np.diff(kept) < 0)
    assert np.all(kept > forgotten)


def test_pd1_blockade_gains_more_where_there_is_more_pdl1():
    """C29 within the mechanism: at equal immune competence kill rises by a larger factor."""
    days = [0.0, 84.0]
    expression = np.array([0.3, 1.0, 3.0])
    treated = follow([ANTI_PD1], days, ["kill"], patients={"L1": expression}).of("kill")[:, 1]
    untreated = follow([NOTHING], days, ["kill"], patients={"L1": expression}).of("kill")[:, 1]
    assert np.all(np.diff(treated / untreated) > 0)
