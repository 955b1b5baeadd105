"""What calibration may move: hyperparameters with priors, variants of the structure, and how trials differ.

Everything is standardised: coordinate z of a hyperparameter is (its transformed value - the transformed centre)/sd, so
that the prior is a standard normal; a structure is +1 when on and -1 when off. Read from `library/calibrations/hyperparameters.yaml`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from normoxia import library
from normoxia.documents import Findings, Node, load
from normoxia.errors import InvalidDocument
from normoxia.trial.setting import ParameterSet

Floats = NDArray[np.float64]

SCHEMA = "normoxia.hyperparameters/1"
SCALES = ("log", "logit", "atanh", "natural")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyperparameter:
    """A number shared by all trials, normal a priori on its scale.

    name    as `trial.setting` names numbers
    centre  prior median, on the natural scale; sd on the scale named
    """

    name: str
    scale: str
    centre: float
    sd: float
    source: str
    status: str = ""

    def value(self, z: Floats) -> Floats:
        """Natural values of standardised ones, element by element."""
        moved = _to(self.scale, np.asarray(self.centre)) + self.sd * np.asarray(z, np.float64)
        return _from(self.scale, moved)

    def standard(self, value: Floats) -> Floats:
        """Standardised values of natural ones."""
        return np.asarray(
            (_to(self.scale, np.asarray(value)) - _to(self.scale, np.asarray(self.centre)))
            / self.sd
        )


@dataclass(frozen=True, slots=True)
class Structure:
    """A variant of the model that is on or off, and what is set either way."""

    name: str
    on: Mapping[str, float]
    off: Mapping[str, float]
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TrialEffect:
    """A hyperparameter that trials shift, each for itself."""

    name: str
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Everything calibration may move; coordinates stand in the order parameters, then structures.

    spread_randomised, spread_single_arm  scale of the half-normal prior of the trial effects' standard deviation, on their scales
    simulated_shift  standard deviation of the shifts that are simulated
    """

    parameters: tuple[Hyperparameter, ...]
    structures: tuple[Structure, ...]
    trial_effects: tuple[TrialEffect, ...]
    spread_randomised: float
    spread_single_arm: float
    simulated_shift: float
    text: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of all that simulations and fits depend on: not of titles, sources and remarks."""
        content = {
            "parameters": [[p.name, p.scale, p.centre, p.sd] for p in self.parameters],
            "structures": [
                [s.name, sorted(s.on.items()), sorted(s.off.items())] for s in self.structures
            ],
            "trial_effects": [effect.name for effect in self.trial_effects],
            "spreads": [self.spread_randomised, self.spread_single_arm, self.simulated_shift],
        }
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coordinates."""
        return tuple(p.name for p in self.parameters) + tuple(s.name for s in self.structures)

    @property
    def n_coordinates(self) -> int:
        """Number of coordinates, structures included."""
        return len(self.parameters) + len(self.structures)

    def coordinate(self, name: str) -> int:
        """Position of a coordinate by name."""
        return self.names.index(name)

    @property
    def shifted(self) -> tuple[int, ...]:
        """Positions of the coordinates that trials shift."""
        return tuple(self.coordinate(effect.name) for effect in self.trial_effects)

    @property
    def shift_units(self) -> Floats:
        """Standardised coordinate per unit of a trial's shift on its scale; shape (n_trial_effects,)."""
        return np.array([1.0 / self.parameters[i].sd for i in self.shifted])

    def setting(self, coordinates: Floats) -> ParameterSet:
        """The numbers of one point; coordinates of shape (n_coordinates,)."""
        values = {
            p.name: float(p.value(z)) for p, z in zip(self.parameters, coordinates, strict=False)
        }
        for structure, sign in zip(
            self.structures, coordinates[len(self.parameters) :], strict=True
        ):
            values |= structure.on if sign > 0 else structure.off
        return ParameterSet(values)


def read(path: str | Path | None = None) -> Space:
    """The space of a document; the shipped one when omitted. Raises InvalidDocument with every finding."""
    where = library.path("calibrations", "hyperparameters") if path is None else Path(path)
    findings = Findings()
    root = load(where)
    f = root.fields(
        findings,
        (
            "hyperparameters",
            "date",
            "parameters",
            "structures",
            "trial_effects",
            "spread",
            "simulated_shift",
        ),
    )
    findings.raise_any(InvalidDocument)
    f["hyperparameters"].text(findings, (SCHEMA,))
    parameters = tuple(
        _parameter(n, node, findings) for n, node in f["parameters"].entries(findings).items()
    )
    structures = tuple(
        _structure(n, node, findings) for n, node in f["structures"].entries(findings).items()
    )
    known = {p.name for p in parameters}
    effects = []
    for name, node in f["trial_effects"].entries(findings).items():
        if name not in known:
            findings.note(
                node.place,
                f'"{name}" is no hyperparameter',
                "trials can only shift one of those above",
            )
        effects.append(TrialEffect(name, _titles(node, findings)))
    spread = f["spread"].fields(findings, ("randomised", "single_arm", "source"))
    simulated = f["simulated_shift"].fields(findings, ("sd", "source"))
    findings.raise_any(InvalidDocument)
    return Space(
        parameters=parameters,
        structures=structures,
        trial_effects=tuple(effects),
        spread_randomised=spread["randomised"].number(findings, 0.0),
        spread_single_arm=spread["single_arm"].number(findings, 0.0),
        simulated_shift=simulated["sd"].number(findings, 0.0),
        text=where.read_text(encoding="utf-8"),
    )


def _parameter(name: str, node: Node, findings: Findings) -> Hyperparameter:
    f = node.fields(findings, ("scale", "centre", "sd", "source"), ("status",))
    findings.raise_any(InvalidDocument)
    return Hyperparameter(
        name=name,
        scale=f["scale"].text(findings, SCALES),
        centre=f["centre"].number(findings),
        sd=f["sd"].number(findings, 1e-6),
        source=f["source"].text(findings),
        status=f["status"].text(findings) if "status" in f else "",
    )


def _structure(name: str, node: Node, findings: Findings) -> Structure:
    f = node.fields(findings, ("off", "title"), ("on",))
    findings.raise_any(InvalidDocument)

    def numbers(key: str) -> dict[str, float]:
        return (
            {k: v.number(findings) for k, v in f[key].entries(findings).items()} if key in f else {}
        )

    return Structure(name, numbers("on"), numbers("off"), _titles(node, findings))


def _titles(node: Node, findings: Findings) -> dict[str, str]:
    title = node.entries(findings).get("title")
    return {k: v.text(findings) for k, v in title.entries(findings).items()} if title else {}


def _to(scale: str, value: Floats) -> Floats:
    if scale == "log":
        return np.log(value)
    if scale == "logit":
        return np.log(value / (1.0 - value))
    return np.arctanh(value) if scale == "atanh" else value


def _from(scale: str, value: Floats) -> Floats:
    if scale == "log":
        return np.exp(value)
    if scale == "logit":
        return 1.0 / (1.0 + np.exp(-value))
    return np.tanh(value) if scale == "atanh" else value
