"""What is shipped: names, published studies."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from normoxia import __version__
from normoxia.web.replies import encoded
from normoxia.web.routes.parameters import ERRORS, Lang, Name, json_reply
from normoxia.web.state import state_of

router = APIRouter(responses=ERRORS)


@router.get("/health")
async def health() -> Response:
    """Whether the server answers."""
    return json_reply(encoded({"status": "well", "version": __version__}))


@router.get("/about")
async def about(request: Request, lang: Lang = "en") -> Response:
    """Version, credibility, ensemble and limits."""
    return json_reply(await state_of(request).read("about", lang=lang))


@router.get("/catalogue")
async def catalogue(request: Request, lang: Lang = "en") -> Response:
    """Everything that has a name, by kind."""
    return json_reply(await state_of(request).read("catalogue", lang=lang))


@router.get("/evidence/studies")
async def studies(request: Request, lang: Lang = "en") -> Response:
    """Every published study of the registry, one compact row each."""
    return json_reply(await state_of(request).read("studies", lang=lang))


@router.get("/evidence/studies/{name}")
async def study(request: Request, name: Name, lang: Lang = "en") -> Response:
    """A published study: setting, arms, every number with its source, and what does not agree in it."""
    return json_reply(await state_of(request).read("study", name=name, lang=lang))


@router.get("/evidence/audit")
async def audit(request: Request, lang: Lang = "en") -> Response:
    """Where the review and the studies disagree with themselves, their sources, or arithmetic."""
    return json_reply(await state_of(request).read("audit", lang=lang))
