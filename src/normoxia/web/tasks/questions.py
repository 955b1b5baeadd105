"""What every verb can be asked, and forecasts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import normoxia as nx
from normoxia import documents, library
from normoxia.calibration import forecast as room
from normoxia.documents import Findings
from normoxia.language import language


def forecasts(lang: str = "en") -> Mapping[str, Any]:
    """Planned trials predicted before their results, with the digest of the predictions."""
    file = library.path("calibrations", room.stored()[-1])
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return {"language": lang, **nx.forecast().to_json(), "file": file.name, "file_digest": digest}


def listed(lang: str = "en") -> dict[str, Any]:
    """What each verb can be asked: its documents with their titles and questions."""
    from normoxia.web.jobs.verbs import VERBS

    return {
        "verbs": [
            {
                "verb": name,
                "options": sorted(verb.options),
                "documents": [_document(verb.kind, one, lang) for one in library.names(verb.kind)],
            }
            for name, verb in VERBS.items()
            if name != "run"
        ]
    }


def _document(kind: str, name: str, lang: str) -> dict[str, str]:
    """A document of the library with its title and what it asks, in a language, else in English."""
    fields = documents.load(library.path(kind, name)).entries(Findings())

    def wording(key: str) -> str:
        value = fields[key].plain() if key in fields else ""
        if isinstance(value, Mapping):
            return str(value.get(lang) or value.get("en", ""))
        return language(lang).term(str(value))

    return {"id": name, "title": wording("title") or name, "asks": wording("asks")}
