"""The program of a job's process: `python -m normoxia.web.jobs.runner FOLDER`.

The folder holds `job.json` with what is asked. Standard output has one line of JSON for each step and one at the end. The end
of standard input means that the server is gone; then the work ends too, and what is finished is kept.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any, BinaryIO

from normoxia.errors import Interrupted, NormoxiaError
from normoxia.progress import Step
from normoxia.web.replies import refusal

logger = logging.getLogger(__name__)

#: seconds between two reports of progress
_PAUSE = 0.2
#: how much the work steps back behind the server that shows it
_NICE = 3
#: seconds that the work has to put itself away when the server is gone
_GRACE = 5.0


def main(folder: Path) -> int:
    """Carry out the job of a folder; return the exit code, 0 for a finished one."""
    lines = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand among the lines
    os.nice(_NICE)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGTERM, _interrupt)
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    try:
        _carry_out(folder, lines)
    except (KeyboardInterrupt, Interrupted):
        return Interrupted.exit_code
    except (NormoxiaError, RecursionError, MemoryError) as error:
        _write(lines, refusal(error).body())
        return 1
    except Exception:
        logger.exception("job %s", folder.name)
        text = "the computation failed; the log of the server says where"
        _write(lines, {"error": {"kind": "ComputationFailed", "message": text, "findings": []}})
        return 1
    return 0


def _carry_out(folder: Path, lines: BinaryIO) -> None:
    from normoxia.web.jobs import results
    from normoxia.web.jobs.verbs import VERBS, Work

    asked = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    arguments: dict[str, Any] = asked["arguments"]
    verb = VERBS[asked["verb"]]
    document: str | Path = arguments.get("name", "")
    if asked.get("document"):
        document = folder / asked["document"]
    out = folder / "run"
    value = verb.call(
        Work(
            document=document,
            options={key: arguments[key] for key in arguments if key in verb.options},
            out=out,
            resume=out.is_dir() and any(out.iterdir()),
            progress=_Reporting(lines),
        )
    )
    _write(lines, {"progress": {"label": "drawing", "done": 0, "total": 1, "unit": "figures"}})
    results.write(folder, asked["verb"], value)


class _Reporting:
    """Progress as lines, a few a second."""

    def __init__(self, lines: BinaryIO) -> None:
        self._lines, self._last = lines, 0.0

    def __call__(self, step: Step, /) -> None:
        now = time.monotonic()
        if now - self._last < _PAUSE and step.done < step.total:
            return
        self._last = now
        _write(
            self._lines,
            {
                "progress": {
                    "label": step.label,
                    "done": step.done,
                    "total": step.total,
                    "unit": step.unit,
                }
            },
        )


def _write(lines: BinaryIO, value: object) -> None:
    with contextlib.suppress(BrokenPipeError):
        lines.write(json.dumps(value).encode() + b"\n")
        lines.flush()


def _interrupt(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end_with_the_server() -> None:
    # not through a buffer, whose lock a thread that waits would keep when the process ends
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE)
    os._exit(Interrupted.exit_code)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
