"""What is shipped: version and credibility, and names."""

from __future__ import annotations

from typing import Any

import normoxia as nx
from normoxia.api import catalogue as names
from normoxia.calibration.fitting import ensemble
from normoxia.language import language
from normoxia.report.views.outdated import outdated_sentence
from normoxia.web import stored


def about(lang: str = "en") -> dict[str, Any]:
    """Version, credibility, ensemble, badge and limits."""
    text = language(lang)
    calibrated = ensemble.read()
    outdated = calibrated.outdated
    return {
        "version": nx.__version__,
        "badge": text.say("badge.simulated"),
        "credibility": stored.credibility(lang),
        "ensemble": {
            "digest": calibrated.digest,
            "draws": calibrated.n_draws,
            "studies": list(calibrated.manifest.get("studies", ())),
            "stale": bool(outdated),
            "outdated": list(outdated),
            "text": outdated_sentence(outdated, text),
        },
        "limits": text.say("run.limits"),
    }


def catalogue(lang: str = "en") -> dict[str, Any]:
    """Every name with its title, by kind."""
    return {
        kind.name: [{"id": entry.name, "title": entry.title(lang)} for entry in kind.entries]
        for kind in names.kinds()
    }
