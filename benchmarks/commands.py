"""Commands as a user meets them, an older source tree beside this one in the same run: CPU time, wall time and peak memory.

    git worktree add /tmp/old COMMIT
    python -m benchmarks.commands --old /tmp/old/src               # about three minutes on two quiet cores
    python -m benchmarks.commands --old /tmp/old/src --repeats 1

Each command runs as a whole process, the interpreter and every import included, with a cache of its own that a first run has
filled; trees take turns, and the median of the repeats is printed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parents[1] / "src"

#: words of a command, whether it writes a folder, and the CPU seconds asked for
COMMANDS = (
    (("--help",), False, 0.25),
    (("evidence", "list"), False, 0.5),
    (("mechanism",), False, 0.5),
    (("protocol", "impower150"), False, 0.5),
    (("pool", "first-line-wt"), True, 3.0),
    (("credibility", "--quick"), True, 5.0),
    (("run", "impower150", "--quiet"), True, 12.0),
)


def measure(source: Path, words: tuple[str, ...], cache: Path) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and peak MiB of a command."""
    env = {**os.environ, "PYTHONPATH": str(source), "NORMOXIA_CACHE": str(cache)}
    env["NORMOXIA_DATA"] = str(cache)
    start = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "normoxia", *words],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, words
    wall = time.monotonic() - start
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--old", type=Path, required=True)
    asked.add_argument("--repeats", type=int, default=3)
    options = asked.parse_args()
    print("| command | CPU, s: old | new | asked for | wall, s: old | new | peak, MiB: old | new |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        trees = {"old": options.old.resolve(), "new": HERE}
        for words, writes, limit in COMMANDS:
            found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in trees}
            for repeat in range(options.repeats + 1):
                for name, source in trees.items():
                    out = ("--out", str(folder / f"{name}-{words[0]}-{repeat}")) if writes else ()
                    row = measure(source, (*words, *out), folder / f"cache-{name}")
                    if repeat:  # the first one fills the cache
                        found[name].append(row)
            old, new = (
                [statistics.median(column) for column in zip(*found[name], strict=True)]
                for name in trees
            )
            cells = [f"{old[0]:.2f}", f"{new[0]:.2f}", f"{limit:g}"]
            cells += [f"{old[1]:.1f}", f"{new[1]:.1f}", f"{old[2]:.0f}", f"{new[2]:.0f}"]
            print(f"| `normoxia {' '.join(words)}` | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
