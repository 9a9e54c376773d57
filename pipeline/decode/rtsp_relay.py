"""Relay on the loopback interface between FFmpeg and one RTSP camera, so that a redirection leads nowhere.

FFmpeg's RTSP client follows every redirection to any host and port, and no option prevents it. It is therefore given
the address of this relay, which is connected to the camera, reads the answers of the camera until the stream plays, and
hangs up at the first one that FFmpeg would follow. From then on it only copies bytes. It also verifies the certificate
of an rtsps camera.
"""

from __future__ import annotations

import re
import selectors
import socket
import ssl
import threading
import time
from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

from pipeline.decode.camera_hosts import PORTS
from pipeline.decode.http_access import UntrustedCertificate, certificate_context
from pipeline.decode.http_answers import NOT_VALID, MalformedAnswer
from pipeline.decode.input_options import NetworkOptions

_STATUS: Final = b"RTSP/"
"""FFmpeg sees the status of an answer after it, wherever a line begins for it; carriage returns it ignores."""
_HARMLESS: Final = re.compile(
    rb"[^ \t\n]{0,16}(?:\n|\Z|[ \t]{1,4}(?:\n|\Z|[A-Za-z(]|[1245]\d?\Z|[1245]\d\d(?:[ \t\n]|\Z)))"
)
"""It redirects at the statuses 300 to 399 and reads numbers leniently, so that only plain ones pass, and words."""
_WINDOW: Final = 40
"""Bytes after `_STATUS` that decide; more than `_HARMLESS` can match, so that its end is the end of what has come."""
_MOVED: Final = re.compile(rb"RTSP/1\.\d +3\d\d")
_LOCATION: Final = re.compile(rb"^location:[ \t]*([^ \t\n]+)\n", re.IGNORECASE | re.MULTILINE)
_MAX_HEADERS: Final = 8 << 10
_MAX_ANSWERS: Final = 64 << 10
"""Bytes before the stream plays; descriptions of real cameras take 2 kB."""
_REST_S: Final = 1.0
"""Time for the rest of a redirection after its first line."""
_CHUNK: Final = 256 << 10
_COLLECT_S: Final = 0.005
"""Pause after which everything that has arrived is copied at once: cameras send a frame in many small packets."""


class RtspRelay:
    """One connection of FFmpeg to one camera.

    Args:
        url: address of the camera, with its credentials.
        network: certificates.
        timeout_s: of connecting, and of waiting for FFmpeg.

    Raises:
        OSError: the camera cannot be connected.
        UntrustedCertificate: it cannot be verified.
    """

    def __init__(self, url: str, network: NetworkOptions, timeout_s: float) -> None:
        self._url = url
        self._parts = urlsplit(url)
        self._timeout_s = timeout_s
        self._camera = _connected(self._parts, network, timeout_s)
        self._answers = bytearray()
        self._playing = False
        self.problem = ""
        """Why the relay hung up, in words; "" when it did not."""
        try:
            self._listening = socket.create_server(("127.0.0.1", 0), backlog=1)
        except OSError:
            self._camera.close()
            raise
        port = self._listening.getsockname()[1]
        login = self._parts.netloc.rpartition("@")[0]
        netloc = f"{login}@127.0.0.1:{port}" if login else f"127.0.0.1:{port}"
        self.url = urlunsplit(self._parts._replace(scheme="rtsp", netloc=netloc))
        """For FFmpeg."""
        self._thread = threading.Thread(target=self._run, name="rtsp-relay", daemon=True)
        self._thread.start()

    def redirection(self) -> str | None:
        """The address that the camera redirected to, as it wrote it; None for none."""
        moved = _MOVED.search(self._answers)
        found = _LOCATION.search(self._answers, moved.end(), moved.end() + _MAX_HEADERS) if moved else None
        return None if found is None else found[1].decode("utf-8", "replace")

    def close(self) -> None:
        """Hang up to both, and wait for the thread."""
        for each in (self._listening, self._camera):
            _shut(each)
        self._thread.join(self._timeout_s)

    def _run(self) -> None:
        try:
            self._listening.settimeout(self._timeout_s)
            ffmpeg, _ = self._listening.accept()
            self._listening.close()
            with ffmpeg:
                self._copy(ffmpeg)
        except OSError:
            return  # FFmpeg, or the camera, has hung up; FFmpeg reports what that means for it
        finally:
            self._listening.close()
            self._camera.close()

    def _copy(self, ffmpeg: socket.socket) -> None:
        ffmpeg.settimeout(None)  # its thread may be busy for long, and ends by itself
        with selectors.DefaultSelector() as selector:
            selector.register(ffmpeg, selectors.EVENT_READ)
            selector.register(self._camera, selectors.EVENT_READ)
            while not self.problem:
                ready = [key.fileobj for key, _ in selector.select()]
                if ffmpeg in ready:
                    request = ffmpeg.recv(_CHUNK)
                    if not request:
                        return
                    self._playing = self._playing or request.startswith(b"PLAY ")
                    self._camera.sendall(request)
                if self._camera in ready and not self._forward(ffmpeg):
                    return

    def _forward(self, ffmpeg: socket.socket) -> bool:
        """Copy what the camera has sent; False at its end."""
        if self._playing:
            time.sleep(_COLLECT_S)
        while True:
            try:
                data = self._camera.recv(_CHUNK)
            except ssl.SSLWantReadError:
                return True
            if not data:
                return False
            if not self._playing and not self._is_harmless(data):
                return False
            ffmpeg.sendall(data)
            if not (isinstance(self._camera, ssl.SSLSocket) and self._camera.pending()):
                return True

    def _is_harmless(self, data: bytes) -> bool:
        new_at = len(self._answers)
        self._answers += data.replace(b"\r", b"")
        if len(self._answers) > _MAX_ANSWERS:
            self.problem = "its answers are too long"
        elif not self._follows_no_redirection(max(0, new_at - _WINDOW - len(_STATUS))):
            self.problem = "it redirects, or its answer is malformed"
            self._read_rest()
        return not self.problem

    def _follows_no_redirection(self, begin: int) -> bool:
        at = self._answers.find(_STATUS, begin)
        while at >= 0:
            begin = at + len(_STATUS)
            if not _HARMLESS.match(self._answers[begin : begin + _WINDOW]):
                return False
            at = self._answers.find(_STATUS, begin)
        return True

    def _read_rest(self) -> None:
        """The headers of a redirection, which is reported or followed by the caller."""
        until_s = time.monotonic() + _REST_S
        while b"\n\n" not in self._answers[-_MAX_HEADERS:] and len(self._answers) <= _MAX_ANSWERS:
            self._camera.settimeout(max(until_s - time.monotonic(), 0.001))
            data = self._camera.recv(_MAX_HEADERS)
            if not data:
                return
            self._answers += data.replace(b"\r", b"")


def _connected(parts: SplitResult, network: NetworkOptions, timeout_s: float) -> socket.socket:
    host, secure = parts.hostname or "", parts.scheme.lower() == "rtsps"
    try:
        plain = socket.create_connection((host, parts.port or PORTS[parts.scheme.lower()]), timeout_s)
    except (UnicodeError, OverflowError):
        raise MalformedAnswer(NOT_VALID) from None
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not secure:
        return plain
    try:
        return certificate_context(network).wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        raise UntrustedCertificate(error.verify_message) from None
    except OSError:
        plain.close()
        raise


def _shut(sock: socket.socket) -> None:
    try:
        # Of the socket itself: that of an `SSLSocket` forgets its session while the thread reads from it.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return
