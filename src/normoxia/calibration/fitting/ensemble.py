"""The calibrated ensemble: draws of the posterior as a document, and the settings they give a trial that is simulated.

Each draw holds the standardised coordinates (structures 1 or -1) and the log spreads of trial effects and structural error. A new trial
gets shifts of its own, drawn with the draw's spreads, so that a run's replicates differ by everything but structural error,
which widens intervals afterwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia import documents, library, seeding
from normoxia.calibration.fitting import fitted_inputs, hyperparameters
from normoxia.calibration.fitting.hyperparameters import Space
from normoxia.calibration.fitting.posterior import StateIndex, layout, names
from normoxia.documents import Findings
from normoxia.errors import InvalidDocument
from normoxia.trial.setting import ParameterSet

Floats = NDArray[np.float64]

SCHEMA = "normoxia.ensemble/1"
#: the shipped ensemble
SHIPPED = "nsclc"
_DIGITS = 4


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ensemble:
    """Draws of the posterior, equally likely.

    Attributes
    ----------
    space
        Names, priors and scales of the coordinates.
    states
        Draws; shape (n_draws, width).
    manifest
        Seeds, versions, digests of space and lock, diagnostics of the sampling.
    digest
        SHA-256 of the document.
    file
        The document; None for an ensemble made in memory.
    """

    space: Space
    states: Floats
    manifest: Mapping[str, Any]
    digest: str
    file: Path | None = None

    @property
    def layout(self) -> StateIndex:
        """What stands where in a state."""
        return layout(self.space)

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return len(self.states)

    @property
    def outdated(self) -> tuple[str, ...]:
        """Names of the inputs that changed since the fit, see `fitted_inputs.outdated`; () for an ensemble made in memory."""
        return () if self.file is None else fitted_inputs.outdated(self.file, self.digest)

    def settings(self, n: int, seed: int, *, single_arm: bool = False) -> tuple[ParameterSet, ...]:
        """Settings of n replicates of a new trial: draws in turn, each with shifts of its own.

        single_arm  trials of one arm differ more than randomised ones
        """
        own = self.layout
        rows = np.arange(n) % self.n_draws
        states = self.states[rows]
        sd = np.stack(
            [own.spread(states, effect.name) for effect in self.space.trial_effects], axis=1
        )
        if single_arm:
            sd = np.sqrt(sd**2 + own.spread(states, "single arm")[:, None] ** 2)
        shifts = (
            sd
            * self.space.shift_units
            * seeding.normals(seed, "calibration/new trial", n, sd.shape[1])
        )
        coordinates = states[:, : own.n_coordinates].copy()
        coordinates[:, list(self.space.shifted)] += shifts
        return tuple(self.space.setting(row) for row in coordinates)

    def provenance(self) -> dict[str, object]:
        """What a run under the ensemble keeps in its manifest."""
        return {
            "sha256": self.digest,
            "draws": self.n_draws,
            "structural": self.structural(),
            "studies": list(self.manifest.get("studies", ())),
            **({"outdated": list(self.outdated)} if self.outdated else {}),
        }

    def structural(self) -> dict[str, float]:
        """Root mean square structural error on the scales of log hazard ratio, logit of a rate, log cumulative hazard."""
        return {
            kind: float(np.sqrt(np.mean(self.layout.spread(self.states, kind) ** 2)))
            for kind in ("ratio", "response", "curve")
        }


def document(space: Space, states: Floats, manifest: Mapping[str, object]) -> str:
    """The ensemble as text, draws rounded to four decimals."""
    head = {
        "ensemble": SCHEMA,
        "manifest": dict(manifest),
        "space_sha256": space.digest,
        "names": list(names(space, layout(space))),
    }
    rows = "\n".join("  - [" + ", ".join(f"{v:.{_DIGITS}f}" for v in row) + "]" for row in states)
    return documents.write(head) + "draws:\n" + rows + "\n"


def read(path: str | Path | None = None) -> Ensemble:
    """The ensemble of a document; the shipped one when omitted.

    raises  InvalidDocument for a document that is none, or that belongs to other hyperparameters than the shipped ones
    """
    where = library.path("calibrations", SHIPPED) if path is None else Path(path)
    space = hyperparameters.read()
    findings = Findings()
    root = documents.load(where)
    got = root.fields(findings, ("ensemble", "manifest", "space_sha256", "names", "draws"))
    findings.raise_any(InvalidDocument)
    got["ensemble"].text(findings, (SCHEMA,))
    if got["space_sha256"].text(findings) != space.digest:
        findings.note(
            got["space_sha256"].place,
            "the ensemble was calibrated with other hyperparameters than those shipped",
            "calibrate again, or restore library/calibrations/hyperparameters.yaml",
        )
    rows = [
        [v.number(findings) for v in row.items(findings)] for row in got["draws"].items(findings)
    ]
    width = layout(space).width
    for row, node in zip(rows, got["draws"].items(findings), strict=True):
        if len(row) != width:
            findings.note(
                node.place,
                f"a draw of {len(row)} numbers",
                f"expected {width}; restore the document",
            )
    findings.raise_any(InvalidDocument)
    states = np.array(rows)
    if states.ndim != 2 or states.shape[1] != width:
        findings.note(
            got["draws"].place, f"draws of shape {states.shape}", f"expected rows of {width}"
        )
    findings.raise_any(InvalidDocument)
    manifest: Any = got["manifest"].plain()
    return Ensemble(
        space=space,
        states=states,
        manifest=manifest,
        digest=hashlib.sha256(where.read_bytes()).hexdigest(),
        file=where,
    )


def thinned(states: Floats, n: int) -> Floats:
    """N draws at even distances."""
    return np.asarray(states[np.linspace(0, len(states) - 1, n).astype(int)])
