"""What a server is started with."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from normoxia.errors import InvalidArgument

#: the fewest characters of a token that cannot be guessed over a network
SHORTEST_TOKEN = 16
_STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Address, secret and folders of a server.

    Attributes
    ----------
    folder
        Where jobs and their runs are kept.
    host, port
        What it listens to.
    token
        What every request has to bring along; "" for none, which only a loopback address may have.
    static
        The built page.
    most_jobs, most_waiting
        Jobs at the same time, and jobs in the queue.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8722
    token: str = ""
    static: Path = _STATIC
    most_jobs: int = 1
    most_waiting: int = 8

    def __post_init__(self) -> None:
        if not self.token and not is_loopback(self.host):
            raise InvalidArgument(
                f"host {self.host} can be reached from other machines; give a token (--token), or serve on 127.0.0.1"
            )
        if self.token and (len(self.token) < SHORTEST_TOKEN or not self.token.isascii()):
            raise InvalidArgument(
                f"the token (--token) has {len(self.token)} characters; expected {SHORTEST_TOKEN} or more of ASCII"
            )

    @property
    def address(self) -> str:
        """What a browser opens."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine alone."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
