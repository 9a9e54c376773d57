"""Addresses of the HTTP API: loopback, a Unix socket, or another one with TLS; and the listening socket."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import socket
import ssl
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.errors import ConfigError

DEFAULT_LISTEN: Final = "127.0.0.1:8480"
_UNIX: Final = "unix:"
_HOST_PORT: Final = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<four>[^:\[\]]+)):(?P<port>\d{1,5})")
_MOST_PORT: Final = 65_535
_BACKLOG: Final = 128
_SOCKET_MODE: Final = 0o660
"""Owner and group of a Unix socket may connect, such as a proxy of that group."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Certificate chain and private key, PEM."""

    certificate: Path
    key: Path

    def check(self) -> None:
        """Require that the two can be used.

        Raises:
            ConfigError: one cannot be read, or they do not belong together.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # A password prompt would wait at a terminal that a service does not have.
            context.load_cert_chain(self.certificate, self.key, password="")
        except (OSError, ssl.SSLError, ValueError) as error:
            raise ConfigError(
                f"--tls-cert {self.certificate}, --tls-key {self.key}",
                f"cannot be used ({error.strerror or 'not a certificate and its key'})"
                if isinstance(error, OSError)
                else "cannot be used (the key has a password)",
                "Name a PEM file with the certificate chain, and one with its key without a password",
            ) from error


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """An address to listen on.

    Attributes:
        host, port: of TCP; "" and 0 with a Unix socket.
        path: of the Unix socket; None with TCP.
    """

    host: str = ""
    port: int = 0
    path: Path | None = None

    @property
    def is_local(self) -> bool:
        """Whether only this machine can connect."""
        return self.path is not None or ipaddress.ip_address(self.host).is_loopback

    def shown(self, *, encrypted: bool) -> str:
        """As clients name it."""
        if self.path is not None:
            return f"{_UNIX}{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if encrypted else 'http'}://{host}:{self.port}"


def parse_listen(text: str) -> ListenAddress:
    """An address of the form ``127.0.0.1:8480``, ``[::1]:8480`` or ``unix:/run/viapublica/api.sock``.

    Raises:
        ConfigError: it is none.
    """
    if text.startswith(_UNIX):
        path = Path(text.removeprefix(_UNIX))
        if not path.is_absolute() or "\0" in text:
            raise ConfigError(f"--listen {text!r}", "is not an absolute path", "Write unix:/run/viapublica/api.sock")
        return ListenAddress(path=path)
    found = _HOST_PORT.fullmatch(text)
    try:
        host = found["six"] or found["four"] if found else ""
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
        port = int(found["port"]) if found else _MOST_PORT + 1
    except ValueError:
        address, port = None, _MOST_PORT + 1
    if address is None or port > _MOST_PORT:
        raise ConfigError(
            f"--listen {text!r}",
            "is not an address and a port",
            f"Write {DEFAULT_LISTEN}, [::1]:8480 or unix:/run/viapublica/api.sock",
        )
    return ListenAddress(str(address), port)


def check_encryption(address: ListenAddress, tls: TlsFiles | None) -> None:
    """Require TLS where other machines can connect.

    Raises:
        ConfigError: there are no files for it, or they cannot be used.
    """
    if tls is not None:
        if address.path is not None:
            raise ConfigError(
                "--tls-cert", "is of no use on a Unix socket", "Leave it out; the proxy in front encrypts"
            )
        tls.check()
    elif not address.is_local:
        raise ConfigError(
            f"--listen {address.shown(encrypted=False).removeprefix('http://')}",
            "can be reached from other machines, and passwords and plates would pass unencrypted",
            "Give --tls-cert and --tls-key, or listen on 127.0.0.1 or a Unix socket behind a proxy with TLS",
        )


@contextmanager
def listening(address: ListenAddress) -> Iterator[socket.socket]:
    """A listening socket; the file of a Unix socket is removed at the end.

    Raises:
        ConfigError: the address is in use, or may not be used.
    """
    try:
        opened = _unix(address.path) if address.path is not None else _tcp(address)
    except OSError as error:
        raise ConfigError(
            f"--listen {address.shown(encrypted=False)}",
            f"cannot be used ({error.strerror})",
            "Stop the other program, or choose another address",
        ) from error
    with opened:
        try:
            yield opened
        finally:
            if address.path is not None:
                address.path.unlink(missing_ok=True)


def _tcp(address: ListenAddress) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((address.host, address.port))
        opened.listen(_BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


def _unix(path: Path) -> socket.socket:
    _remove_stale(path)
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o177)  # no moment in which others may connect
        try:
            opened.bind(str(path))
        finally:
            os.umask(before)
        path.chmod(_SOCKET_MODE)
        opened.listen(_BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


def _remove_stale(path: Path) -> None:
    """Remove the socket of a server that was killed; of a live one it stays, and `bind` fails."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
