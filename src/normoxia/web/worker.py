"""The program of a worker: tasks as lines of JSON on standard input, answers on standard output, "+" or "-" before each."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from typing import Any, BinaryIO

from normoxia.web.replies import encoded, refusal

logger = logging.getLogger(__name__)


def main() -> None:
    """Carry out tasks until standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand among the answers
    warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.WARNING)
    from normoxia.web.tasks import TASKS

    for line in sys.stdin.buffer:
        _answer(TASKS, json.loads(line), answers)


def _answer(tasks: Any, asked: dict[str, Any], answers: BinaryIO) -> None:
    try:
        answer = b"+" + encoded(tasks[asked["task"]](**asked["arguments"]))
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the next task must be answered
        try:
            refused = refusal(error)
        except Exception:
            logger.exception("task %s", asked["task"])
            answer = b"-" + encoded(
                {"status": 422, "kind": "ComputationFailed", "message": "the computation failed"}
            )
        else:
            answer = b"-" + encoded({"status": refused.status, **refused.body()["error"]})
    answers.write(answer + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()
