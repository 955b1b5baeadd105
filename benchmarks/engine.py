"""Speed of the engine against others, at equal achieved error: `python -m benchmarks.engine`.

Prints a table and writes results/engine.md beside this file. Every engine solves the same equations with the same doses at
several tolerances; its achieved error is measured against the reference solution, and its speed at the error asked
for is read off the line between two runs (logarithms of both). CPU time of one core; runs of different engines take
turns, and the fastest of the rounds counts.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks import mechanism, peers, scenario
from normoxia import simulation

#: the error at which engines are compared
TARGET = 1e-4
MUST = {"numbalsoda": 12, "libRoadRunner": 50, "SciPy LSODA, numba rates": 80}


@dataclass
class Engine:
    """An engine to time: patients a run solves, tolerances tried, CPU seconds of setting up."""

    name: str
    make: Callable[[bool], peers.Run]
    tolerances: tuple[float, ...]
    count: int
    run: peers.Run = field(init=False)
    setup: float = 0.0
    errors: dict[float, float] = field(default_factory=dict)
    speeds: dict[float, float] = field(default_factory=dict)

    def prepare(self, daily: bool) -> None:
        before = time.process_time()
        self.run = self.make(daily)
        self.setup = time.process_time() - before

    def round(self, names: tuple[str, ...], daily: bool) -> None:
        """Time each tolerance once, keeping the fastest."""
        for tolerance in self.tolerances:
            before = time.process_time()
            values = self.run(tolerance, self.count)
            spent = time.process_time() - before
            self.speeds[tolerance] = max(self.speeds.get(tolerance, 0.0), self.count / spent)
            if daily:
                self.errors[tolerance] = float(scenario.error(values, names).max())

    def speed_at(self, error: float) -> float:
        """Patients per second at an achieved error; the nearest run's where no two runs enclose it."""
        runs = sorted((self.errors[t], self.speeds[t]) for t in self.tolerances)
        e, s = np.log([run[0] for run in runs]), np.log([run[1] for run in runs])
        return float(np.exp(np.interp(np.log(error), e, s)))


def ours(daily: bool) -> peers.Run:
    """The fast backend, its state made beforehand."""
    system = peers.equations()
    simulator = simulation.compile(scenario.model(), "fast", system.species)
    state = simulator.start(scenario.patients())
    inputs = scenario.doses(daily)
    _, days, _ = scenario.reference()

    def run(tolerance: float, count: int) -> scenario.Array:
        return simulator.run(state, inputs, days, tolerance=tolerance).values

    return run


def cold_and_warm() -> tuple[float, float]:
    """CPU seconds from model text to a simulator: with nothing in the cache, and with the kernel there."""
    spent = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NORMOXIA_CACHE"] = folder
        for _ in range(2):
            before = time.process_time()
            simulation.compile(scenario.model(), "fast")
            spent.append(time.process_time() - before)
        del os.environ["NORMOXIA_CACHE"]
    return spent[0], spent[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ours-only", action="store_true")
    options = parser.parse_args()
    engines = [Engine("normoxia, fast backend", ours, (1e-3, 3e-4, 1e-4, 1e-5, 1e-6), 32)]
    if not options.ours_only:
        engines += [
            Engine("numbalsoda", peers.numbalsoda, (1e-4, 1e-5, 1e-6), 4),
            Engine("libRoadRunner", peers.roadrunner, (1e-4, 1e-5, 1e-6), 2),
            Engine("SciPy LSODA, numba rates", peers.scipy_lsoda, (1e-3, 1e-4, 1e-5), 1),
        ]
    names = peers.equations().species
    cold, warm = cold_and_warm()
    for engine in engines:
        engine.prepare(daily=True)
    engines[0].setup = cold
    for _ in range(options.rounds):
        for engine in engines:
            engine.round(names, daily=True)
    text = report(engines, cold, warm) + "\n".join(["", *q3w(), "", *mechanism.report(), ""])
    print(text)
    if not options.ours_only:
        (Path(__file__).parent / "results" / "engine.md").write_text(text, encoding="utf-8")


def report(engines: list[Engine], cold: float, warm: float) -> str:
    """The results as a page."""
    lines = [
        "# Engine benchmark",
        "",
        f"Made by `python -m benchmarks.engine`. One core of: {machine()}. Scenario: 44 states, daily oral drug, 560 "
        "dose intervals in 728 days.",
        "",
        "| engine | tolerance | achieved error | patients/s/core |",
        "|---|---|---|---|",
    ]
    for engine in engines:
        for t in engine.tolerances:
            lines.append(
                f"| {engine.name} | {t:g} | {engine.errors[t]:.1e} | {rounded(engine.speeds[t])} |"
            )
    base = engines[0].speed_at(TARGET)
    lines += [
        "",
        f"At an achieved error of {TARGET:g} (between two runs, on logarithms of both):",
        "",
        "| engine | patients/s/core | normoxia is faster by | asked for | set-up, CPU s |",
        "|---|---|---|---|---|",
    ]
    for engine in engines:
        speed = engine.speed_at(TARGET)
        must = f"{MUST[engine.name]} x" if engine.name in MUST else "60 patients/s"
        lines.append(
            f"| {engine.name} | {rounded(speed)} | {rounded(base / speed)} x | {must} | {engine.setup:.2g} |"
        )
    lines += [
        "",
        f"From model text to simulator, CPU s: {cold:.2g} with an empty cache, {warm:.2g} from the cache.",
        "",
    ]
    return "\n".join(lines)


def rounded(x: float) -> str:
    """Three digits, without an exponent."""
    return f"{float(f'{x:.3g}'):,.10g}"


def q3w() -> list[str]:
    """Speed without the daily drug; accuracy is judged in the harder scenario."""
    run = ours(daily=False)
    best = 0.0
    for _ in range(5):
        before = time.process_time()
        run(1e-4, 32)
        best = max(best, 32 / (time.process_time() - before))
    return [
        f"Without the daily drug (scenario q3w), tolerance 1e-4: {rounded(best)} patients/s/core."
    ]


def machine() -> str:
    """The class of processor, by what matters to vector code."""
    from normoxia.simulation.backends.machine import lanes_here, processor

    name, _ = processor()
    return f"{platform.machine()} ({name}), {lanes_here()} lanes of double precision, {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
