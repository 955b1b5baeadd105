"""The shipped mechanism in libRoadRunner and in our engine: the same patients, doses and times, end to end.

The model goes out as SBML with the settled state of each patient, so that everything downstream of settling is done twice:
formulas, doses and integration. libRoadRunner compiles for most of a minute.

    python -m benchmarks.parity > benchmarks/results/parity.md
"""

from __future__ import annotations

import numpy as np

from benchmarks import mechanism as scenario
from benchmarks.scenario import Array
from normoxia import mechanism, simulation

TOLERANCE, ABSOLUTE = 1e-9, 1e-12


def differences(n: int = 2) -> Array:
    """Largest relative difference of every output over two years of the four-drug arm; shape (n, n_outputs)."""
    import roadrunner

    whole, doses = scenario.model(), scenario.doses()
    times = np.arange(42.0, scenario.DAYS + 1, 42.0)
    simulator = simulation.compile(whole, "fast", scenario.OUTPUTS)
    start = simulator.start(scenario.patients(whole, n), tolerance=TOLERANCE)
    ours = simulator.run(start, doses, times, tolerance=TOLERANCE).values
    found = []
    for i in range(n):
        values = dict(zip(start.parameters, map(float, start.parameter_values[i]), strict=True))
        values |= dict(zip(start.species, map(float, start.values[i]), strict=True))
        runner = roadrunner.RoadRunner(mechanism.export(whole, doses, values))
        runner.setIntegratorSetting("cvode", "relative_tolerance", TOLERANCE)
        runner.setIntegratorSetting("cvode", "absolute_tolerance", ABSOLUTE)
        runner.timeCourseSelections = list(scenario.OUTPUTS)
        theirs = np.asarray(runner.simulate(times=[0.0, *times]))[1:]
        found.append(np.max(np.abs(theirs / ours[i] - 1.0), axis=0))
    return np.array(found)


def report(n: int = 2) -> list[str]:
    """Lines of a page."""
    import roadrunner

    worst = differences(n).max(axis=0)
    return [
        "# The shipped mechanism in libRoadRunner",
        "",
        f"Made by `python -m benchmarks.parity`. libRoadRunner {roadrunner.__version__} (CVODE) reads our SBML export of the mechanism "
        f"with {', '.join(text.split()[0] for text in scenario.REGIMEN)}; {n} virtual patients, {scenario.DAYS} days, "
        f"outputs every six weeks, both at relative tolerance {TOLERANCE:g}.",
        "",
        "| output | largest relative difference |",
        "|---|---|",
        *(f"| {name} | {value:.1e} |" for name, value in zip(scenario.OUTPUTS, worst, strict=True)),
        f"| all | {worst.max():.1e} |",
    ]


if __name__ == "__main__":
    print("\n".join(report()))
