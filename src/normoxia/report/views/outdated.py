"""The sentence on an ensemble that was fitted to an older model, for the terminal and for pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from normoxia.language import Language
from normoxia.trial.result import TrialResult

#: changed documents that are named; the others are counted
_NAMED = 3


def outdated_sentence(names: Sequence[str], text: Language) -> str:
    """Return a sentence that says what changed since the ensemble was fitted; "" when nothing did.

    Parameters
    ----------
    names
        As `Ensemble.outdated` gives them.
    text
        Texts of the language.
    """
    if not names:
        return ""
    named = text.say("pool.comma").join(names[:_NAMED])
    more = len(names) - _NAMED
    changed = text.say("outdated.and_more", names=named, n=more) if more > 0 else named
    return text.say("outdated.sentence", changed=changed)


def outdated_inputs(result: TrialResult) -> tuple[str, ...]:
    """Return what had changed since the fit when a run was simulated under the ensemble; () without an ensemble."""
    ensemble = result.manifest.get("ensemble")
    return tuple(ensemble.get("outdated", ())) if isinstance(ensemble, Mapping) else ()
