"""What is shipped: version and credibility, and names."""

from __future__ import annotations

from typing import Any

import normoxia as nx
from normoxia.api import catalogue as names
from normoxia.calibration.credibility import standings, wording
from normoxia.calibration.fitting import ensemble
from normoxia.language import language
from normoxia.report.views.outdated import outdated_sentence


def about(lang: str = "en") -> dict[str, Any]:
    """Version, credibility, ensemble, badge and limits."""
    text = language(lang)
    calibrated = ensemble.read()
    outdated = calibrated.outdated
    return {
        "version": nx.__version__,
        "badge": text.say("badge.simulated"),
        "credibility": _credibility(calibrated.digest, lang),
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


def _credibility(digest: str, lang: str) -> dict[str, Any]:
    """Which questions are supported: a state, a sentence, and each question."""
    text = language(lang)
    uses = [standings.use(one.id, "mechanism", digest) for one in wording.read().questions]
    n_met = sum(one.standing == "met" for one in uses)
    state = "supported" if n_met == len(uses) else "partly" if n_met else "not supported"
    return {
        "state": state,
        "text": text.say("web.credibility", met=n_met, n=len(uses)),
        "date": uses[0].date,
        "is_current": uses[0].is_current,
        "questions": [
            {
                "id": one.question.id,
                "title": one.question.title[lang],
                "standing": one.standing,
                "text": text.say(f"web.standing_{one.standing.replace(' ', '_')}"),
            }
            for one in uses
        ],
    }


def catalogue(lang: str = "en") -> dict[str, Any]:
    """Every name with its title, by kind."""
    return {
        kind.name: [{"id": entry.name, "title": entry.title(lang)} for entry in kind.entries]
        for kind in names.kinds()
    }
