"""Addresses of servers: ``https://city.example:8443``, ``http://127.0.0.1:8480`` or ``unix:/run/…/api.sock``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pipeline.domain.network_address import is_loopback
from pipeline.errors import ConfigError

_UNIX: Final = "unix:"
_PORTS: Final = {"http": 80, "https": 443}
_FIX: Final = "Write https://city.example, http://127.0.0.1:8480 or unix:/run/viapublica-api/api.sock"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a server listens.

    Attributes:
        host, port: of TCP; "" and 0 with a Unix socket.
        path: of the Unix socket; None with TCP.
        encrypted: whether by TLS.
    """

    host: str = ""
    port: int = 0
    path: Path | None = None
    encrypted: bool = False

    def __str__(self) -> str:
        if self.path is not None:
            return f"{_UNIX}{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.encrypted else 'http'}://{host}:{self.port}"


def parse_server(text: str) -> ServerAddress:
    """The address of a server.

    Raises:
        ConfigError: it is none, or passwords and plates would pass unencrypted to another machine.
    """
    subject = f"--server {text[:200]!r}"
    if text.startswith(_UNIX):
        path = Path(text.removeprefix(_UNIX))
        if not path.is_absolute() or "\0" in text:
            raise ConfigError(subject, "is not an absolute path", _FIX)
        return ServerAddress(path=path)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        host, port, parts = "", 0, urlsplit("")
    if "@" in parts.netloc:
        raise ConfigError("--server", "holds a password or login", "Leave it out, and log in: viapublica login")
    if parts.scheme not in _PORTS or not host or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ConfigError(subject, "is not the address of a server", _FIX)
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigError(
            subject, "is on another machine, and passwords and plates would pass unencrypted", "Write https://"
        )
    return ServerAddress(host, port, encrypted=parts.scheme == "https")
