"""The main job and the command line, timed as a user meets them: whole processes, cold and warm, and a million patients.

    python -m benchmarks.trial            # about four minutes on two cores
    python -m benchmarks.trial --quick    # without the million patients

Times are of the whole process, the interpreter and every import included; peak memory is the operating system's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"

#: what the million patients are: the whole mechanism for twelve weeks of bevacizumab, the diameter kept at the end
STREAM = """
import resource, sys
import numpy as np
from normoxia import library, mechanism, pharmacology, simulation
n = int(sys.argv[1])
drugs = pharmacology.modules([pharmacology.read("bevacizumab")])
model = mechanism.compose([mechanism.read(library.path("models", "nsclc")), *drugs])
simulator = simulation.compile(model, backend="fast", outputs=("tumour_diameter",))
doses = pharmacology.schedule(pharmacology.regimen("bevacizumab 15 mg/kg q3w"), 0, 84, weight=70.0)
def parameters(first, count):
    spread = np.random.default_rng(first).normal(size=count)
    return {"gnet": 0.0049 * np.exp(0.5 * spread)}
total = 0.0
for part in simulator.stream(parameters, n, doses, [84.0], tolerance=1e-3, workers=2):
    total += float(np.nansum(part.values))
print(n, total / n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def measure(arguments: list[str], cache: Path) -> tuple[float, float, float, str]:
    """Wall seconds, CPU seconds, peak MiB, and what a command printed."""
    env = {**os.environ, "PYTHONPATH": str(SOURCE), "NORMOXIA_CACHE": str(cache)}
    start = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, arguments
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        cache = folder / "cache"

        def time_it(what: str, asked: str, *arguments: str) -> None:
            wall, cpu, peak, _ = measure(["-m", "normoxia", *arguments], cache)
            rows.append((what, f"{wall:.1f}", f"{cpu:.2f}", f"{peak:.0f}", asked))

        run = ("run", "impower150", "--quiet")
        time_it(
            "`run impower150`, first time, with the report",
            "40 s wall",
            *run,
            "--out",
            str(folder / "a"),
        )
        time_it("`run impower150`, with the report", "", *run, "--out", str(folder / "b"))
        for i in range(3):
            time_it(
                "`run impower150 --no-report`: 3 x 400 patients, PFS and OS, all endpoints",
                "5 s wall",
                *run,
                "--no-report",
                "--out",
                str(folder / f"c{i}"),
            )
        time_it("`--help`", "0.3 CPU-s", "--help")
        if "--quick" not in sys.argv:
            wall, cpu, peak, out = measure(["-c", STREAM, "1000000"], cache)
            rows.append(
                (
                    f"10^6 patients streamed (process reports {out.split()[2]} MiB)",
                    f"{wall:.0f}",
                    f"{cpu:.0f}",
                    f"{peak:.0f}",
                    "4096 MiB",
                )
            )
            wall, cpu, peak, _ = measure(["-c", STREAM, "100000"], cache)
            rows.append(
                ("10^5 patients streamed", f"{wall:.0f}", f"{cpu:.0f}", f"{peak:.0f}", "the same")
            )
    print("| what | wall, s | CPU, s | peak, MiB | asked for |\n|---|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
