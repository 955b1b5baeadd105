"""normoxia: virtual trials of immune checkpoint inhibitors with anti-angiogenic drugs in advanced NSCLC, and evidence synthesis.

    import normoxia as nx

    trials, read_trial     what can be run; a trial by name, or from a protocol of your own
    run, open_run, Run     simulate a trial; read a finished run back; what both give
    studies, read_study    the published studies of the registry
    pool                   network meta-analysis of a table or of a shipped question
    read_model             a mechanistic model as a value

These names are loaded when first used, so importing the package costs little. The packages behind them, from the lowest
layer up, are `mechanism` and `survival`; `pharmacology` and `simulation`; `population` and `evidence`; `trial`;
`calibration`; `report`; `api`. ARCHITECTURE.md describes them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from normoxia.api.compare import Comparison as Comparison
    from normoxia.api.compare import compare as compare
    from normoxia.api.design_trial import PlannedTrial as PlannedTrial
    from normoxia.api.design_trial import design_trial as design_trial
    from normoxia.api.run import Run as Run
    from normoxia.api.sources import read_model as read_model
    from normoxia.api.sources import read_study as read_study
    from normoxia.api.sources import studies as studies
    from normoxia.api.synthesis import pool as pool
    from normoxia.api.trials import open_run as open_run
    from normoxia.api.trials import read_trial as read_trial
    from normoxia.api.trials import run as run
    from normoxia.api.trials import trials as trials

__version__ = "0.1.0"

#: module that defines each public name; a name is also imported above for type checkers
_MODULES = {
    "Comparison": "api.compare",
    "PlannedTrial": "api.design_trial",
    "Run": "api.run",
    "compare": "api.compare",
    "design_trial": "api.design_trial",
    "open_run": "api.trials",
    "pool": "api.synthesis",
    "read_model": "api.sources",
    "read_study": "api.sources",
    "read_trial": "api.trials",
    "run": "api.trials",
    "studies": "api.sources",
    "trials": "api.trials",
}

__all__ = [
    "Comparison",
    "PlannedTrial",
    "Run",
    "compare",
    "design_trial",
    "open_run",
    "pool",
    "read_model",
    "read_study",
    "read_trial",
    "run",
    "studies",
    "trials",
]


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return getattr(importlib.import_module(f"normoxia.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
