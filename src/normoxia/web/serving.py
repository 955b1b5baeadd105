"""A server from its start to its end: the port, the browser, and slow clients."""

from __future__ import annotations

import socket
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import replace

import uvicorn

from normoxia.errors import InvalidArgument
from normoxia.web.app import create_app
from normoxia.web.settings import ServerSettings

#: seconds that an idle connection is kept, and that open ones have when the server ends
_KEPT, _GRACE = 20, 3
#: connections at the same time
_MOST_CONNECTIONS = 200


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
            http="h11",
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
