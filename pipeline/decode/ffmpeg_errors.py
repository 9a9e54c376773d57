"""FFmpeg's errors translated to the program's own, with a retry policy for live streams."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

import av

from pipeline.decode.camera_hosts import ForeignHost
from pipeline.decode.frame_memory import FrameMemoryFull
from pipeline.decode.http_access import UntrustedCertificate
from pipeline.decode.http_answers import MalformedAnswer
from pipeline.decode.source_address import SourceAddress
from pipeline.domain.credentials import redact
from pipeline.domain.printable_text import escape_controls, shorten
from pipeline.errors import SourceError, SourceNotFound, StreamInterrupted, UnsupportedMedia


class Retry(Enum):
    """Retry policy of a live stream."""

    SOON = "soon"
    SLOWLY = "slowly"
    """Cameras lock an account after a few refusals."""
    EVER_LESS = "ever less"
    """The address answers with something else than video. A server that is starting does that, but not for long."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An error of a source, with the retry policy."""

    error: SourceError
    retry: Retry = Retry.SOON
    unexpected: bool = False
    """No error of media or networks that is known: a bug here or in a library, to be logged with its traceback."""


class RemoteFault(Exception):
    """What went wrong in a decoder process, diagnosed there.

    Args:
        fault: the diagnosis.
        unexpected: type of an error that is not known; "" for others.
    """

    def __init__(self, fault: Fault, unexpected: str) -> None:
        super().__init__(fault.error.problem)
        self.fault = fault
        self.unexpected = unexpected


class Silence(Exception):
    """A live stream sent no frame within the timeout."""


class RecordingServed(Exception):
    """A live stream was a recording, read to its end; the message says so."""


class AnalysisFailed(Exception):
    """Frames of a live stream could not be analyzed; the message says why."""


class NoVideo(Exception):
    """It was opened and contains no video; the message says what it contains."""


class EncryptedVideo(Exception):
    """Its packets are encrypted. Decoders make noise of some of them instead of failing."""


class ImageTooLarge(Exception):
    """An image with more pixels than allowed; the message is its size."""


class DecoderCrashed(Exception):
    """The process that decoded a source ended without an answer; the message says how."""


class DecoderMemoryFull(Exception):
    """Decoding takes more memory than one decoder may; the message gives the figure."""


_FIX_LOGIN = "Correct the login; a password in an address must be percent-encoded, one in a variable or file must not"
_LONGEST_PROBLEM: Final = 300
"""Characters: the words may quote what a camera sent, and become part of events."""
_REPORT_IT: Final = "Report the problem, with the log, if it returns"
_MESSAGES: dict[type[BaseException], str] = {
    av.error.InvalidDataError: "damaged, cut off or no video",
    av.error.ArgumentError: "not a supported video format",
    av.error.HTTPServerError: "its server failed",
    av.error.HTTPOtherClientError: "it refuses the request",
    av.error.EOFError: "the data ended before the first frame",
    av.error.OSError: "the data cannot be read",
}
"""Replacements for uninformative messages of FFmpeg; `OSError` is its "Input/output error"."""


def diagnose(camera_id: str, address: SourceAddress, error: Exception) -> Fault:
    """The fault behind any exception of a session: what a camera sends must not be able to end it for good."""
    if isinstance(error, RemoteFault):
        return error.fault
    if isinstance(error, SourceError):
        return Fault(error)
    subject = f"{camera_id} ({address.shown})"
    known = (
        _own(subject, error)
        or _refused(subject, error)
        or _decoder(subject, error)
        or (_live(subject, error) if address.live else _file(subject, error))
    )
    fault = known or _unexpected(subject, error, address.live)
    fault.error.problem = shorten(escape_controls(fault.error.problem), _LONGEST_PROBLEM)
    return fault


def _own(subject: str, error: Exception) -> Fault | None:
    if isinstance(error, Silence):
        return Fault(StreamInterrupted(subject, str(error), "Check the camera and the network to it"))
    if isinstance(error, RecordingServed | AnalysisFailed):
        served = isinstance(error, RecordingServed)
        fix, retry = ("Check its encoder and address", Retry.EVER_LESS) if served else (_REPORT_IT, Retry.SOON)
        return Fault(StreamInterrupted(subject, str(error), fix), retry)
    if isinstance(error, NoVideo):
        fix = "Choose the address or file of a video stream"
        return Fault(UnsupportedMedia(subject, str(error), fix), Retry.EVER_LESS)
    if isinstance(error, EncryptedVideo):
        return Fault(UnsupportedMedia(subject, "is encrypted", "Decrypt it with its key first"), Retry.EVER_LESS)
    if isinstance(error, ImageTooLarge):
        return Fault(
            UnsupportedMedia(subject, f"images of {error} are too large", "Raise decode.max_image_px if that is meant"),
            Retry.EVER_LESS,
        )
    return None


def _refused(subject: str, error: Exception) -> Fault | None:
    if isinstance(error, UntrustedCertificate):
        fix = "Give the certificate or its authority as tls_ca and the name in it as tls_name, or set tls: insecure"
        return Fault(SourceError(subject, f"its certificate cannot be trusted ({error})", fix), Retry.SLOWLY)
    if isinstance(error, MalformedAnswer):
        fix = "Check the address, and which device answers there"
        return Fault(UnsupportedMedia(subject, f"sends no video ({error})", fix), Retry.EVER_LESS)
    if isinstance(error, FrameMemoryFull):
        fix = "Lower the resolution at the camera, or raise decode.max_frame_memory_mb"
        return Fault(SourceError(subject, str(error), fix), Retry.EVER_LESS)
    if isinstance(error, ForeignHost):
        fix = "Check the camera; add the host to its allowed_hosts if that is meant"
        return Fault(SourceError(subject, f"{error}, which is not allowed", fix), Retry.SLOWLY)
    return None


def _decoder(subject: str, error: Exception) -> Fault | None:
    """Of a decoder process: retried, and less often where it returns at once."""
    if isinstance(error, DecoderCrashed):
        killed = "SIGKILL" in str(error)
        fix = "Check the system's log: the kernel kills processes when memory runs out" if killed else _REPORT_IT
        return Fault(StreamInterrupted(subject, f"its decoder {error}", fix), Retry.EVER_LESS)
    if isinstance(error, DecoderMemoryFull):
        fix = "Lower the resolution at the camera, or raise decode.max_decoder_memory_mb"
        return Fault(SourceError(subject, str(error), fix), Retry.EVER_LESS)
    return None


def _file(subject: str, error: Exception) -> Fault | None:
    if isinstance(error, FileNotFoundError):
        return Fault(SourceNotFound(subject, "does not exist", "Check the path"))
    if isinstance(error, PermissionError):
        return Fault(SourceError(subject, "permission denied", "Give this user permission to read it"))
    if isinstance(error, av.FFmpegError):
        fix = "Check that it is a complete video; files of a recorder that lost power may need its own repair tool"
        return Fault(UnsupportedMedia(subject, f"cannot be decoded ({reason(error)})", fix))
    if isinstance(error, OSError):
        return Fault(SourceError(subject, f"cannot be read ({error.strerror})", "Check the disk"))
    return None


def _live(subject: str, error: Exception) -> Fault | None:
    for kinds, make in _LIVE:
        if isinstance(error, kinds):
            fault = make(subject, reason(error))
            # FFmpeg reports endless redirections and unknown host names with this code.
            return replace(fault, retry=Retry.EVER_LESS) if getattr(error, "errno", None) == errno.EIO else fault
    return None


_LIVE: tuple[tuple[tuple[type[Exception], ...], Callable[[str, str], Fault]], ...] = (
    (
        (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError),
        lambda subject, _: Fault(SourceError(subject, "refuses the user name or password", _FIX_LOGIN), Retry.SLOWLY),
    ),
    (
        (av.error.HTTPNotFoundError,),
        lambda subject, _: Fault(
            SourceNotFound(subject, "has no such stream", "Correct the path in the address"), Retry.EVER_LESS
        ),
    ),
    (
        (av.error.ExitError,),
        lambda subject, _: Fault(
            StreamInterrupted(subject, "sends no video in time", "Check its power, address and network")
        ),
    ),
    (
        (socket.gaierror,),
        lambda subject, why: Fault(
            StreamInterrupted(subject, f"does not answer ({why})", "Check its host name and the name server"),
            Retry.EVER_LESS,
        ),
    ),
    (
        (ConnectionError, TimeoutError, av.error.HTTPServerError),
        lambda subject, why: Fault(
            StreamInterrupted(subject, f"does not answer ({why})", "Check its power, address and network")
        ),
    ),
    (
        (av.error.InvalidDataError, av.error.ArgumentError),
        lambda subject, why: Fault(
            UnsupportedMedia(subject, f"sends no video ({why})", "Check the address"),
            Retry.EVER_LESS,
        ),
    ),
    (
        (av.FFmpegError, OSError),
        lambda subject, why: Fault(
            StreamInterrupted(subject, f"failed ({why})", "Check its address and the network to it")
        ),
    ),
)
"""The first entry that matches applies; the last one matches everything."""


def _unexpected(subject: str, error: Exception, live: bool) -> Fault:
    kind = StreamInterrupted if live else SourceError
    return Fault(kind(subject, unexpected_problem(error), _REPORT_IT), unexpected=True)


def unexpected_problem(error: Exception) -> str:
    """The problem of an error that is not one of media, networks or settings, with the name of its type."""
    name, words = type(error).__name__, reason(error)
    return f"failed unexpectedly ({name}{'' if words == name else f': {words}'})"


def reason(error: BaseException) -> str:
    """FFmpeg's message with its last log line, without credentials."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    if type(error) is not av.error.OSError or error.errno == errno.EIO:
        words = _MESSAGES.get(type(error), words)
    log = getattr(error, "log", None)
    line = log[2].strip() if log else ""
    return redact(f"{words}: {line}" if line and line not in words else words)
