"""What every request goes through: host and origin, token, size and time of its body; and the headers of every reply.

The page needs no other host, no inline script and no inline style, so the policy allows none.
"""

from __future__ import annotations

import asyncio
import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from normoxia.web.replies import Refused, encoded
from normoxia.web.settings import ServerSettings, is_loopback

POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
COOKIE = "normoxia_token"
#: bytes of a body: the longest text, in which every character may take several
LONGEST_BODY = 2 * 1024 * 1024
#: seconds in which a body must have come
BODY_SECONDS = 20.0
_CHANGING = ("POST", "PUT", "PATCH", "DELETE")


class Guard:
    """The application around the application.

    Parameters
    ----------
    app
        What answers requests that pass.
    settings
        Address and token of the server.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if scope["path"].startswith("/api/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        try:
            entry = self._admit(scope)
            if entry is not None:
                await entry(scope, receive, sending)
                return
            body = _BoundedBody(scope, receive)
            await self._app(scope, body.receive, sending)
        except Refused as refused:
            await _reply(refused)(scope, receive, sending)

    def _admit(self, scope: Scope) -> Response | None:
        """Raise Refused for a request that must not pass; a reply for one that brings its token in the address."""
        headers = Headers(scope=scope)
        self._check_host(headers.get("host", ""))
        if scope["method"] in _CHANGING:
            _check_origin(headers)
            _check_type(headers)
        return self._check_token(scope, headers)

    def _check_host(self, host: str) -> None:
        """A name that an attacker has pointed at this machine must not reach it (DNS rebinding)."""
        if self._settings.token:  # a page of another name has no cookie of this one
            return
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            name = ""
        if not (is_loopback(name) or name == self._settings.host):
            raise Refused(421, "WrongHost", "this server answers to its own address alone")

    def _check_token(self, scope: Scope, headers: Headers) -> Response | None:
        token = self._settings.token
        if not token or scope["path"] == "/api/health":
            return None
        try:
            query = parse_qs(scope["query_string"].decode("ascii"), max_num_fields=64)
        except ValueError:
            query = {}
        if _same(query.get("token", [""])[-1], token):
            rest = urlencode(
                [(k, v) for k, values in query.items() if k != "token" for v in values]
            )
            reply = RedirectResponse(scope["path"] + (f"?{rest}" if rest else ""), status_code=303)
            reply.set_cookie(COOKIE, token, httponly=True, samesite="strict", path="/")
            return reply
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if _same(bearer, token) or _same(_cookie(headers.get("cookie", "")), token):
            return None
        raise Refused(
            401, "TokenNeeded", "open the address that the server printed, with its token"
        )


class BodyRefused(HTTPException):
    """A body that is refused while it is read; the framework lets its own exceptions pass.

    Attributes
    ----------
    refused
        What is replied.
    """

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.status)
        self.refused = refused


class _BoundedBody:
    """A body that must come whole within some time and size."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive, self._left = receive, BODY_SECONDS
        self._room = LONGEST_BODY
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > self._room:
            raise _too_long()
        self._is_whole = False

    async def receive(self) -> Message:
        """Give the next part of the body, or that the client has gone."""
        if self._is_whole:
            return await self._receive()
        began = asyncio.get_running_loop().time()
        try:
            message = await asyncio.wait_for(self._receive(), self._left)
        except TimeoutError:
            refused = Refused(408, "TooSlow", "the request did not come whole in time")
            raise BodyRefused(refused) from None
        self._left = max(0.01, self._left - (asyncio.get_running_loop().time() - began))
        if message["type"] == "http.request":
            self._room -= len(message.get("body", b""))
            self._is_whole = not message.get("more_body", False)
            if self._room < 0:
                raise BodyRefused(_too_long())
        return message


def _too_long() -> Refused:
    return Refused(413, "TooLarge", f"expected at most {LONGEST_BODY} bytes")


def _check_origin(headers: Headers) -> None:
    """A page of another origin must not change anything: browsers say whose page a request comes from."""
    site = headers.get("sec-fetch-site", "same-origin")
    origin = headers.get("origin")
    try:
        is_ours = origin is None or urlsplit(origin).netloc == headers.get("host", "")
    except ValueError:
        is_ours = False
    if site not in ("same-origin", "none") or not is_ours:
        raise Refused(403, "OtherOrigin", "requests of other pages are refused")


def _check_type(headers: Headers) -> None:
    """A body is JSON, which no form of another page can send unasked."""
    kind = headers.get("content-type", "").partition(";")[0].strip().casefold()
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if has_body and kind != "application/json":
        raise Refused(415, "NotJson", f'expected a body of application/json, found "{kind[:60]}"')


def _cookie(header: str) -> str:
    try:
        jar = SimpleCookie(header)
    except CookieError:
        return ""
    return jar[COOKIE].value if COOKIE in jar else ""


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def _reply(refused: Refused) -> Response:
    return Response(
        encoded(refused.body()), status_code=refused.status, media_type="application/json"
    )
