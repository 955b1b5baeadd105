"""What is shipped: version and credibility, names, and the mechanism."""

from __future__ import annotations

from typing import Any

import normoxia as nx
from normoxia import library
from normoxia import mechanism as room
from normoxia.api import catalogue as names
from normoxia.calibration.fitting import ensemble
from normoxia.language import language
from normoxia.outcome import Source
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


def mechanism(lang: str = "en") -> dict[str, Any]:
    """The causal statements of the shipped model."""
    model = room.read(library.path("models", "nsclc"))
    strengths = model.defaults
    parameters = {one.name: one for one in model.parameters}
    return {
        "nodes": [
            *(_node(one.name, one.title, one.unit) for one in model.species),
            *(_node(one.name, one.title, one.unit) for one in model.assignments),
        ],
        "arrows": [
            {
                "id": s.tag,
                "from": s.driver,
                "to": s.target,
                "sign": s.sign,
                "statement": s.says.get(lang, s.says.get("en", "")),
                "equation": s.term,
                "parameters": [
                    {
                        "name": name,
                        "value": strengths[name],
                        "unit": parameters[name].unit,
                        "source": _reference(parameters[name].source),
                    }
                    for name in s.strengths
                    if name in parameters
                ],
                "ablate": dict(s.ablation),
                "review_place": s.review_place,
                "ours": s.added.get(lang, s.added.get("en", "")),
                "emergent": s.emergent,
            }
            for s in model.statements
        ],
    }


def _node(name: str, title: str, unit: str) -> dict[str, str]:
    return {"id": name, "title": title or name, "unit": unit}


def _reference(source: Source | None) -> str:
    return source.reference if source else ""
