"""Opening of a container by FFmpeg: alone, or through what keeps a camera from leading it to other hosts."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import av
from av.codec.hwaccel import HWAccel

from pipeline.decode.allowed_formats import PLAYLIST_OPTIONS
from pipeline.decode.camera_hosts import MAX_REDIRECTIONS, TOO_MANY, CameraHosts
from pipeline.decode.http_access import HttpAccess, check_certificate, tls_options
from pipeline.decode.http_answers import MalformedAnswer
from pipeline.decode.input_options import NetworkOptions
from pipeline.decode.playlist_segments import LONGEST_WAIT_S, PlaylistSegments
from pipeline.decode.rtsp_relay import RtspRelay
from pipeline.decode.settings import Protocol
from pipeline.decode.source_address import SourceAddress
from pipeline.domain.camera_declaration import TAG_KEY
from pipeline.errors import PolicyError

_HTTP: Final = frozenset({Protocol.HTTP, Protocol.HTTPS})
_FILE_TIMEOUT_S: Final = 5.0
_RTSP: Final = frozenset({Protocol.RTSP, Protocol.RTSPS})
_TLS: Final = frozenset({Protocol.HTTPS, Protocol.RTMPS})
_PLAYLIST_SUFFIXES: Final = (".m3u8", ".m3u")


@dataclass(frozen=True, slots=True)
class ContainerOpening:
    """One opening of one address.

    Attributes:
        address: what to open.
        network: certificates and hosts.
        options: FFmpeg's.
        timeout: seconds to open and to read; None for files.
        hwaccel: hardware that decodes.
        segments: notes what HLS playlists and their segments give.
    """

    address: SourceAddress
    network: NetworkOptions
    options: Mapping[str, str]
    timeout: tuple[float, float] | None
    hwaccel: HWAccel | None
    segments: PlaylistSegments

    def open(self) -> av.container.InputContainer:
        """The open container.

        Raises:
            av.FFmpegError: FFmpeg cannot open it.
            ForeignHost: it refers to another host.
            UntrustedCertificate: its certificate cannot be verified.
            MalformedAnswer: its server answers against its own protocol.
            PolicyError: a network address gives recorded video of this program.
        """
        container = self._open()
        if self.address.path is None and any(TAG_KEY in value for value in container.metadata.values()):
            container.close()
            # The configuration was compared with recorded declarations at the start, when this one was not known.
            raise PolicyError(
                self.address.shown,
                "sends recorded video, whose scope and privacy masks are read from files only",
                "Copy the file to this machine and give its path as source",
            )
        return container

    def _open(self) -> av.container.InputContainer:
        if self.address.protocol in _HTTP:
            return self._open_http()
        if self.address.protocol in _RTSP:
            return self._open_rtsp()
        return self._by_ffmpeg(self.address.target)

    def _open_http(self) -> av.container.InputContainer:
        url = self.address.target
        for _ in range(2):
            if urlsplit(url).path.lower().endswith(_PLAYLIST_SUFFIXES):
                return self._playlist(url)
            try:
                return self._by_ffmpeg(url)
            except av.error.ArgumentError:
                return self._playlist(url)  # The format is none of those of files.
            except OSError as error:
                # FFmpeg does not follow redirections here, and reports one as an input error.
                target = self._access(url).redirection() if error.errno == errno.EIO else None
                if target is None:
                    raise
                url = target
        return self._by_ffmpeg(url)

    def _open_rtsp(self) -> av.container.InputContainer:
        url, hosts = self.address.target, CameraHosts(self.address.target, self.network)
        for _ in range(MAX_REDIRECTIONS + 1):
            relay = RtspRelay(url, self.network, self._timeout_s)
            try:
                return self._opened(relay.url, dict(self.options))
            except (av.FFmpegError, OSError):
                relay.close()
                location = relay.redirection()
                if location is None and relay.problem:
                    raise MalformedAnswer(relay.problem) from None
                if location is None:
                    raise
                url = hosts.joined(url, location)
            hosts.check(url)
            url = hosts.with_login(url)
        raise MalformedAnswer(TOO_MANY)

    def _playlist(self, url: str) -> av.container.InputContainer:
        options = {**self.options, **PLAYLIST_OPTIONS}
        access = self._access(url, self.segments)
        # Each request has limits of its own; FFmpeg's is that of the wait for the next segment.
        timeout = self.timeout and (self.timeout[0], self.timeout[1] + LONGEST_WAIT_S)
        container = self._opened(url, options, timeout, io_open=access.io_open)
        access.opened()
        return container

    def _access(self, url: str, segments: PlaylistSegments | None = None) -> HttpAccess:
        return HttpAccess(url, self.network, self._timeout_s, sum(self.timeout or (self._timeout_s,)), segments)

    @property
    def _timeout_s(self) -> float:
        return self.timeout[0] if self.timeout else _FILE_TIMEOUT_S

    def _by_ffmpeg(self, url: str) -> av.container.InputContainer:
        options = dict(self.options)
        if self.address.protocol in _HTTP:
            options["max_redirects"] = "0"
        if self.address.protocol in _TLS:
            options |= tls_options(self.network)
        try:
            return self._opened(url, options)
        except OSError as error:
            # FFmpeg reports a certificate that it refuses as an input error.
            if self.address.protocol in _TLS and error.errno == errno.EIO and not self.network.insecure:
                check_certificate(url, self.network, self._timeout_s)
            raise

    def _opened(
        self, url: str, options: dict[str, str], timeout: tuple[float, float] | None = None, **more: Any
    ) -> av.container.InputContainer:
        container: av.container.InputContainer = av.open(
            url,
            options=options,
            # Recorders write titles in Latin-1, and anything may stand in the tags of a file.
            metadata_errors="replace",
            timeout=timeout or self.timeout,
            hwaccel=self.hwaccel,
            **more,
        )
        return container
