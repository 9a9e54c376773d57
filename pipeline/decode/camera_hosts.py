"""Hosts that a camera may refer to: its own, and those that its configuration allows."""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from pipeline.decode.http_answers import NOT_VALID, MalformedAnswer
from pipeline.decode.input_options import NetworkOptions
from pipeline.domain.printable_text import escape_controls, shorten

MAX_REDIRECTIONS: Final = 5
TOO_MANY: Final = f"it redirects more than {MAX_REDIRECTIONS} times"
PORTS: Final = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322, "rtmps": 443}
_MAY_REFER_TO: Final = {
    "http": ("http", "https"),
    "https": ("https",),
    "rtsp": ("rtsp", "rtsps"),
    "rtsps": ("rtsps",),
}
"""Protocols to which an address of a protocol may refer: its own family, and never from encrypted to plain."""
_SHOWN: Final = 100


class ForeignHost(Exception):
    """A camera refers to another host than its own; the message names it."""


class CameraHosts:
    """The check of every address that a camera names.

    Args:
        url: the camera's address, with its credentials.
        network: with the hosts that are allowed besides its own.
    """

    def __init__(self, url: str, network: NetworkOptions) -> None:
        self._own = urlsplit(url)
        self._hosts = {origin(self._own), *network.hosts}

    def check(self, url: str) -> SplitResult:
        """The parts of an address that may be requested.

        Raises:
            ForeignHost: its host, or its protocol, is not allowed.
            MalformedAnswer: it is no address.
        """
        try:
            parts = urlsplit(url)
            host = origin(parts)
        except ValueError:
            raise MalformedAnswer(NOT_VALID) from None
        scheme = parts.scheme.lower()
        if scheme not in _MAY_REFER_TO.get(self._own.scheme.lower(), ()):
            raise ForeignHost(f"refers to an address of the protocol {_shown(scheme) or 'of no name'!r}")
        if host not in self._hosts and host.rpartition(":")[0] not in self._hosts:
            raise ForeignHost(f"refers to the host {_shown(host)}")
        return parts

    def joined(self, url: str, location: str) -> str:
        """The address of a `location`, which may be relative to `url`.

        Raises:
            MalformedAnswer: it is no address.
        """
        try:
            return urljoin(url, location)
        except ValueError:
            raise MalformedAnswer(NOT_VALID) from None

    def with_login(self, url: str) -> str:
        """An address with the camera's own login instead of any that it states."""
        login = self._own.netloc.rpartition("@")[0]
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{login}@{host}" if login else host))


def origin(parts: SplitResult) -> str:
    """``host:port`` in lower case.

    Raises:
        ValueError: the port is not valid.
    """
    return f"{(parts.hostname or '').lower()}:{parts.port or PORTS.get(parts.scheme.lower(), 0)}"


def _shown(text: str) -> str:
    return shorten(escape_controls(text), _SHOWN)
