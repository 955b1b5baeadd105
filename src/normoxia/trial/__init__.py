"""Virtual trials: a protocol is read, run on virtual patients, and analysed into the outcomes a publication would give.

Read in this order:

    protocol     what a trial prescribes, as values       files     the documents that say it
    conduct      patients stepped from visit to visit     runner    models, populations, chunks
    recist       what a scan says (RECIST 1.1)            lesions   from one burden to target lesions
    toxicity     class hazards that add                   mortality death from burden and new lesions
    policy       what follows progression                 endpoints PFS, OS, response, toxicity
    result       what a run gave                          analysis  simulated outcomes beside published ones
    folder       a run as a folder on disk
"""

from __future__ import annotations

import importlib

_HOMES = {
    "Arm": "protocol",
    "Chunk": "runner",
    "Comparison": "analysis",
    "Endpoints": "endpoints",
    "Trial": "protocol",
    "TrialResult": "result",
    "analyse": "analysis",
    "chunks": "runner",
    "compare": "analysis",
    "library": "files",
    "prepare": "runner",
    "published": "analysis",
    "read": "files",
    "run": "runner",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(f"normoxia.trial.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
