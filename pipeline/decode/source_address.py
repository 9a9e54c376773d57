"""Source addresses: protocol, FFmpeg options and a form without credentials for display."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeline.decode.settings import Protocol
from pipeline.domain.credentials import redact_address
from pipeline.domain.network_address import BadAddress, check_path, check_slashes, split_address
from pipeline.errors import ConfigError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_LONGEST_RTSP_LOGIN = 127
"""Bytes of an encoded login that FFmpeg's RTSP client can hold; it would cut a longer one, and the camera refuse it."""

_FFMPEG_PROTOCOLS: dict[Protocol, str] = {
    Protocol.FILE: "file",
    Protocol.RTSP: "rtsp,tcp",
    Protocol.RTSPS: "rtsp,tcp",
    Protocol.HTTP: "http,https,tls,tcp,httpproxy,hls,crypto,data",
    Protocol.HTTPS: "https,tls,tcp,httpproxy,hls,crypto,data",
    Protocol.UDP: "udp",
    Protocol.RTP: "rtp,udp",
    Protocol.SRT: "srt,udp",
    Protocol.RTMP: "rtmp,tcp",
    Protocol.RTMPS: "rtmps,tls,tcp",
}
"""Protocols that FFmpeg may use for an allowed address. Only `file` reads files: a playlist from the network must not
name one, and a playlist on disk must not reach the network."""


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """A file, a folder of images, or the address of a stream.

    Attributes:
        target: what FFmpeg opens, with credentials; never displayed.
        protocol: its protocol.
        whitelist: protocols that FFmpeg may use for it, comma-separated.
        shown: for display, without credentials.
        path: the file or folder, None for the network.
        endpoint: host, or host and port, that the connection goes to; "" for files.
    """

    target: str = field(repr=False)
    protocol: Protocol
    whitelist: str
    shown: str
    path: Path | None
    endpoint: str = ""

    @property
    def live(self) -> bool:
        """True for everything that comes over a network."""
        return self.path is None


def parse_address(camera_id: str, url: str, allowed: frozenset[Protocol]) -> SourceAddress:
    """Parse a path or an address, and check it against the allowed protocols.

    Raises:
        ConfigError: empty, malformed, or of a protocol that is not allowed.
    """
    if not url.strip():
        raise ConfigError(
            camera_id, "has an empty address", "Give a file, a folder or an address such as rtsp://host/path"
        )
    match = _SCHEME.match(url)
    if match is None:
        try:
            check_slashes(url)
            if not Path(url).expanduser().exists():
                check_path(url)
        except BadAddress as error:
            raise ConfigError(camera_id, error.problem, error.fix) from None
        return _file_address(camera_id, url, allowed)
    scheme = match[1].lower()
    if scheme not in frozenset(Protocol) or Protocol(scheme) not in allowed:
        raise ConfigError(
            camera_id,
            f"the protocol {scheme!r} of {redact_address(url)} is not allowed",
            f"Allowed are: {', '.join(sorted(allowed))} (decode.protocols)",
        )
    protocol = Protocol(scheme)
    if protocol is Protocol.FILE:
        return _file_address(camera_id, unquote(urlsplit(url).path), allowed)
    try:
        parts = split_address(url)
    except BadAddress as error:
        raise ConfigError(camera_id, f"{redact_address(url)}: {error.problem}", error.fix) from None
    if scheme.startswith("rtsp") and len(parts.login or "") > _LONGEST_RTSP_LOGIN:
        raise ConfigError(
            camera_id,
            f"the percent-encoded login of {parts.shown} is longer than {_LONGEST_RTSP_LOGIN} bytes",
            "Give the camera a shorter password, or one with fewer special characters",
        )
    whitelist = _FFMPEG_PROTOCOLS[protocol]
    return SourceAddress(parts.text, protocol, whitelist, parts.shown, None, parts.endpoint)


def _file_address(camera_id: str, path: str, allowed: frozenset[Protocol]) -> SourceAddress:
    if Protocol.FILE not in allowed:
        raise ConfigError(camera_id, f"files such as {path} are not allowed", "Add file to decode.protocols")
    # An absolute path after `file:` cannot be mistaken for another FFmpeg protocol (concat:, subfile, …).
    absolute = Path(path).expanduser().absolute()
    return SourceAddress(f"file:{absolute}", Protocol.FILE, _FFMPEG_PROTOCOLS[Protocol.FILE], path, absolute)
