"""Choices about one input that its file or stream does not state: video track, rotation, end, certificates, hosts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.domain.video import Rotation


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """Certificates and hosts of one camera.

    Attributes:
        insecure: accept any certificate, so that any host in between can pose as the camera.
        ca_file: PEM file of the authority that signed its certificate, or of the certificate itself; None for the
            authorities of the operating system.
        server_name: name in the certificate where it is not the address's host; "" for that host.
        hosts: hosts besides its own that its playlists and redirections may name, as ``host`` or ``host:port``.
    """

    insecure: bool = False
    ca_file: Path | None = None
    server_name: str = ""
    hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class InputOptions:
    """Options of one input.

    Attributes:
        rotate: degrees clockwise by which images are turned, after the rotation that the input itself declares.
        track: number of the video track, from 1; None for the first one, the others are named as not analyzed.
        network: of a camera.
        ends: an address over HTTP serves a recording, which ends; otherwise it is a live stream, and one that ends is
            an outage, whatever its container says about a duration.
    """

    rotate: Rotation = 0
    track: int | None = None
    network: NetworkOptions = NetworkOptions()
    ends: bool = False

    @property
    def turns(self) -> int:
        """`rotate` in quarter turns."""
        return self.rotate // 90


DEFAULT_INPUT: Final = InputOptions()
"""As the input declares it."""
