"""What the mechanism predicted of each scored contrast without its study, and which combination the lock's rule chose: kept for runs.

`library/calibrations/left-out.yaml` is written by `normoxia validate --out` (`left-out.yaml` of the folder) and belongs to one ensemble. A run under that ensemble
uses the regression on class means with these predictions (`scoring.combination`); one under another ensemble combines half and half.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from normoxia import documents, library
from normoxia.calibration.scoring import combination
from normoxia.calibration.scoring import lock as locked
from normoxia.calibration.scoring.choice import COMBINED
from normoxia.calibration.scoring.combination import ContrastRegression
from normoxia.calibration.scoring.lock import Target
from normoxia.calibration.scoring.registry_evidence import evidence
from normoxia.calibration.scoring.scoreboard import Scoreboard
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidDocument
from normoxia.outcome import Endpoint

SCHEMA, NAME = "normoxia.left-out/1", "left-out"
_KEYS = ("study", "endpoint", "arm", "comparator")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LeftOutPredictions:
    """Predictions of scored contrasts without their studies, and the combination chosen.

    Attributes
    ----------
    ensemble, lock
        Digests of what they belong to.
    ways
        By endpoint: "by_class", the weight learned across trials, or "combined", half and half.
    medians
        Predicted log hazard ratio of each contrast.
    """

    ensemble: str
    lock: str
    ways: Mapping[Endpoint, str]
    medians: Mapping[Target, float]

    def way(self, endpoint: Endpoint) -> str:
        """The combination of an endpoint."""
        return self.ways.get(endpoint, COMBINED)

    def regression(self, endpoint: Endpoint) -> ContrastRegression:
        """The regression of an endpoint on everything known."""
        return _regression(self, endpoint)


@functools.lru_cache(maxsize=4)
def _regression(known: LeftOutPredictions, endpoint: Endpoint) -> ContrastRegression:
    registered = evidence(locked.read())
    rows = [o for o in registered.known if o.target.endpoint is endpoint]
    kinds = combination.classes_of(registered, [o.target for o in rows])
    return combination.regress(rows, kinds, known.medians)


def text_of(board: Scoreboard, ensemble: str) -> str:
    """The document of a finished validation.

    Parameters
    ----------
    board
        Its scoreboard.
    ensemble
        Digest of the ensemble that was validated.
    """
    rows = [row for row in board.predictors["mechanism"].rows if row.observed.target.is_ratio]
    predictions = [
        {
            "study": row.observed.target.study,
            "endpoint": row.observed.target.endpoint.value,
            "arm": row.observed.target.arm,
            "comparator": row.observed.target.comparator,
            "log_hazard_ratio": round(row.predicted.median, 4),
        }
        for row in sorted(rows, key=lambda row: str(row.observed.target))
    ]
    return documents.write(
        {
            "left_out": SCHEMA,
            "ensemble": ensemble,
            "lock": board.lock.digest,
            "ways": {endpoint.value: one.way for endpoint, one in board.choices.items()},
            "predictions": predictions,
        }
    )


@functools.cache
def read() -> LeftOutPredictions | None:
    """The shipped predictions; None where there are none. Raises InvalidDocument with every finding."""
    if NAME not in library.names("calibrations"):
        return None
    return parse(documents.load(library.path("calibrations", NAME)))


def parse(root: Node) -> LeftOutPredictions:
    """Predictions from a document. Raises InvalidDocument with every finding."""
    findings = Findings()
    got = root.fields(findings, ("left_out", "ensemble", "lock", "ways", "predictions"))
    findings.raise_any(InvalidDocument)
    got["left_out"].text(findings, (SCHEMA,))
    ways = {
        Endpoint(key): node.text(findings, ("by_class", "combined"))
        for key, node in got["ways"].entries(findings).items()
        if key in (Endpoint.PFS, Endpoint.OS)
    }
    scored = {
        (o.target.study, o.target.endpoint.value, o.target.arm, o.target.comparator): o.target
        for o in locked.read().contrasts
    }
    medians: dict[Target, float] = {}
    for node in got["predictions"].items(findings):
        row = node.fields(findings, (*_KEYS, "log_hazard_ratio"))
        findings.raise_any(InvalidDocument)
        key = tuple(row[name].text(findings) for name in _KEYS)
        if key not in scored:
            findings.note(node.place, f"{', '.join(key)} is not scored", "validate again")
            continue
        medians[scored[key]] = row["log_hazard_ratio"].number(findings)
    findings.raise_any(InvalidDocument)
    return LeftOutPredictions(
        ensemble=got["ensemble"].text(findings),
        lock=got["lock"].text(findings),
        ways=ways,
        medians=medians,
    )


def of_ensemble(digest: object) -> LeftOutPredictions | None:
    """The shipped predictions, if they belong to an ensemble and to the current lock."""
    found = read()
    if found is None or found.ensemble != digest or found.lock != locked.read().digest:
        return None
    return found
