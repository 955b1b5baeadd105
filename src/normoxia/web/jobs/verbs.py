"""The verbs that a job can carry out, and the bounds of what it may ask of them."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import normoxia as nx
from normoxia.errors import InvalidArgument
from normoxia.progress import Progress

#: virtual patients of all arms and replicates that one job may simulate
MOST_PATIENTS = 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One job as its process sees it.

    Attributes
    ----------
    document
        A name of the library, or the path of a document that came with the job.
    options
        Numbers and words that the verb takes.
    out
        The folder of the verb's output.
    resume
        Whether the folder holds an interrupted attempt.
    progress
        Reports steps.
    """

    document: str | Path
    options: Mapping[str, Any]
    out: Path
    resume: bool
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """Something that a job can do.

    Attributes
    ----------
    kind
        Of the catalogue: the documents that it takes.
    call
        Carries it out and gives the library's own value.
    options
        Names of options that it takes.
    """

    kind: str
    call: Callable[[Work], Any]
    options: frozenset[str]


def _asks(function: str, kind: str) -> Verb:
    """A verb that answers a question of a document and keeps its runs in a folder."""

    def call(work: Work) -> Any:
        return getattr(nx, function)(
            work.document,
            **work.options,
            out=work.out,
            resume=work.resume,
            report=False,  # `results` draws its figures once, for the page and for the report
            progress=contextlib.nullcontext(work.progress),
        )

    taken = set(inspect.signature(getattr(nx, function)).parameters)
    return Verb(kind=kind, call=call, options=frozenset(_OPTIONS & taken))


def _run(work: Work) -> Any:
    from normoxia.api import run_index

    trial = nx.read_trial(work.document)
    options = dict(work.options)
    patients = options.get("patients")
    per_replicate = patients * len(trial.arms) if patients else sum(arm.n for arm in trial.arms)
    n_patients = per_replicate * options.get("replicates", 20)
    if n_patients > MOST_PATIENTS:
        raise InvalidArgument(
            f"{n_patients} virtual patients; the page simulates at most {MOST_PATIENTS} at once; ask for fewer patients or "
            "replicates, or use the command line"
        )
    try:
        return nx.run(
            trial,
            **options,
            out=work.out,
            resume=work.resume,
            report=False,  # drawn when somebody asks for it
            progress=work.progress,
        )
    finally:
        run_index.record(work.out)


def _pool(work: Work) -> Any:
    return nx.pool(work.document, **work.options)


_OPTIONS = {"patients", "draws", "seed", "lang", "ablate"}
_POOLING = {
    "endpoints",
    "columns",
    "effect",
    "model",
    "reference",
    "small_values",
    "decimal",
    "leave_out_faulty",
    "components",
}
_ASKING = {
    "compare": ("compare", "comparisons"),
    "design-trial": ("design_trial", "designs"),
    "optimise": ("optimise", "optimisations"),
    "explain": ("explain", "explanations"),
    "design-drug": ("design_drug", "drug_designs"),
    "biomarkers": ("biomarkers", "biomarkers"),
    "toxicity": ("toxicity", "toxicities"),
    "personalise": ("personalise", "patients"),
}
#: every verb that this version of the library has, by its command
VERBS: Mapping[str, Verb] = {
    "run": Verb(
        kind="trials",
        call=_run,
        options=frozenset({"patients", "replicates", "seed", "ablate", "calibrated", "lang"}),
    ),
    "pool": Verb(kind="questions", call=_pool, options=frozenset(_POOLING)),
    **{
        name: _asks(function, kind)
        for name, (function, kind) in _ASKING.items()
        if function in nx.__all__
    },
}
