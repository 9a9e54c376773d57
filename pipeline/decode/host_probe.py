"""The first step of a connection, alone: the host name is resolved, and the port answers."""

from __future__ import annotations

import socket
import time
from typing import Final

from pipeline.decode.settings import Protocol
from pipeline.decode.source_address import SourceAddress
from pipeline.domain.network_address import split_address
from pipeline.errors import SourceError, StreamInterrupted

_DEFAULT_PORTS: Final = {
    Protocol.RTSP: 554,
    Protocol.RTSPS: 322,
    Protocol.HTTP: 80,
    Protocol.HTTPS: 443,
    Protocol.RTMP: 1935,
    Protocol.RTMPS: 443,
}
"""Of the protocols that run over TCP; for the others a probe shows nothing."""


def probe_host(camera_id: str, address: SourceAddress, timeout_s: float) -> float | None:
    """Seconds that a TCP connection to the camera takes; None for files and protocols without connections.

    Raises:
        SourceError: the name is not known, nothing listens there, or nothing answers; each in words of its own.
    """
    if address.path is not None or address.protocol not in _DEFAULT_PORTS:
        return None
    parts = split_address(address.target)
    host, port = parts.host.strip("[]"), parts.port or _DEFAULT_PORTS[address.protocol]
    subject = f"{camera_id} ({address.shown})"
    began_s = time.monotonic()
    try:
        socket.create_connection((host, port), timeout=timeout_s).close()
    except socket.gaierror:
        raise SourceError(
            subject, f"the host name {host} is not known", "Check its spelling and the name server, or give its address"
        ) from None
    except ConnectionRefusedError:
        raise StreamInterrupted(
            subject, f"{host} answers, but nothing listens on port {port}", "Check the port, and that the service is on"
        ) from None
    except (TimeoutError, OSError) as error:
        why = "within the timeout" if isinstance(error, TimeoutError) else f"({error.strerror})"
        raise StreamInterrupted(
            subject, f"{host} does not answer on port {port} {why}", "Check its power, address, network and firewall"
        ) from None
    return time.monotonic() - began_s
