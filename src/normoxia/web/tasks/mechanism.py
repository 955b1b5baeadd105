"""The causal map, and its states over time under the arms of a trial."""

from __future__ import annotations

import functools
from typing import Any

import normoxia as nx
from normoxia.api import map_view
from normoxia.trial.protocol import Trial


@functools.lru_cache(maxsize=2)
def mechanism(lang: str = "en") -> dict[str, Any]:
    """The causal map: nodes, arrows with formulas and parameters, statements."""
    return map_view.map_view(lang)


def play(
    trial: str,
    arms: list[str],
    patient: int | None,
    ablate: list[str],
    patients: int,
    seed: int,
    days: str,
    lang: str,
) -> dict[str, Any]:
    """States of the map; with statements to ablate, also the states without them.

    Parameters
    ----------
    trial
        A shipped trial, a study or a planned trial, by name.
    arms
        Ids; the first arm when empty.
    patient, patients, seed, days, ablate
        As `normoxia.play` takes them.
    lang
        "en" or "zh".
    """
    protocol = _trial(trial)
    asked: dict[str, Any] = {
        "arms": arms or [protocol.arms[0].id],
        "patient": patient,
        "patients": patients,
        "seed": seed,
        "days": days,
    }
    whole = nx.play(protocol, **asked)
    without = nx.play(protocol, ablate=ablate, **asked) if ablate else None
    return map_view.play_view(whole, protocol, without, lang=lang)


@functools.lru_cache(maxsize=32)
def _trial(name: str) -> Trial:
    return nx.read_trial(name)
