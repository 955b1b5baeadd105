"""A server from its start to its end: the port, the browser, and slow clients."""

from __future__ import annotations

import asyncio
import socket
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import replace

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from normoxia.errors import InvalidArgument
from normoxia.web.app import create_app
from normoxia.web.settings import ServerSettings

#: seconds that an idle connection is kept, and that open ones have when the server ends
_KEPT, _GRACE = 20, 3
#: seconds in which the head of a request must have come
_HEAD = 15.0
#: connections at the same time
_MOST_CONNECTIONS = 200


class UnhurriedProtocol(H11Protocol):
    """HTTP over a connection that is closed when the head of a request does not come whole in time."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take a part; the head is whole when a request has begun to be answered."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._wait_no_more()
        elif self._waiting is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(_HEAD, self._close)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _close(self) -> None:
        self._waiting = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def serve(settings: ServerSettings, *, browser: bool, note: Callable[[str], None]) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    settings
        Address, token, folders; port 0 takes a free one.
    browser
        Whether to open the page.
    note
        Called with the address.

    Raises
    ------
    InvalidArgument
        The address cannot be listened to.
    """
    listening = _listening(settings)
    settings = replace(settings, port=listening.getsockname()[1])
    address = settings.address + (f"?token={settings.token}" if settings.token else "")
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=True,
            timeout_keep_alive=_KEPT,
            timeout_graceful_shutdown=_GRACE,
            limit_concurrency=_MOST_CONNECTIONS,
            h11_max_incomplete_event_size=16 * 1024,
            http=UnhurriedProtocol,
            ws="none",
            lifespan="on",
        )
    )
    note(f"{address} (Ctrl-C stops it)")
    if browser:
        threading.Timer(0.8, webbrowser.open, [address]).start()
    with listening:
        server.run(sockets=[listening])


def _listening(settings: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise InvalidArgument(
            f"cannot listen to {settings.host}, port {settings.port} ({error.strerror}); choose another --port"
        ) from None
    return listening
