"""What FFmpeg's errors mean for a camera or a file, and whether trying again makes sense."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import av

from pipeline.decode.address import Address
from pipeline.domain.redact import redact
from pipeline.errors import SourceError, SourceNotFound, StreamInterrupted, UnsupportedMedia


class Retry(Enum):
    """When a live stream is tried again."""

    SOON = "soon"
    SLOWLY = "slowly"
    """Cameras lock an account after a few refusals."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, in our words."""

    error: SourceError
    retry: Retry = Retry.SOON


class Silence(Exception):
    """A live stream sent no frame for too long."""


class NoVideo(Exception):
    """It was opened and holds no video; the message says what it does hold."""


class PictureTooLarge(Exception):
    """A picture with more pixels than allowed; the message is its size."""


_WORDS: dict[type[BaseException], str] = {
    av.error.ExitError: "timed out",
    av.error.InvalidDataError: "damaged, cut off or no video",
    av.error.ArgumentError: "no video format we know",
    av.error.HTTPServerError: "its server failed",
}
"""FFmpeg's words say little."""
_REFUSED = (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)
_UNREACHABLE = (ConnectionError, TimeoutError, av.error.ExitError, av.error.HTTPServerError)


def diagnose(camera_id: str, address: Address, error: Exception) -> Fault | None:
    """The fault behind an exception of a take; None when it is not the source's fault."""
    if isinstance(error, SourceError):
        return Fault(error)
    subject = f"{camera_id} ({address.shown})"
    return _own(subject, error) or (_live(subject, error) if address.live else _file(subject, error))


def _own(subject: str, error: Exception) -> Fault | None:
    if isinstance(error, Silence):
        return Fault(StreamInterrupted(subject, str(error), "Check the camera and the network to it"))
    if isinstance(error, NoVideo):
        return Fault(UnsupportedMedia(subject, str(error), "Choose the address or file of a video stream"))
    if isinstance(error, PictureTooLarge):
        return Fault(
            UnsupportedMedia(
                subject, f"pictures of {error} are too large", "Raise decode.max_picture_px if that is meant"
            )
        )
    return None


def _file(subject: str, error: Exception) -> Fault | None:
    if isinstance(error, FileNotFoundError):
        return Fault(SourceNotFound(subject, "does not exist", "Check the path"))
    if isinstance(error, PermissionError):
        return Fault(SourceError(subject, "may not be read", "Give this user the right to read it"))
    if isinstance(error, av.FFmpegError):
        fix = "Check that it is a clip and complete; a recorder that lost power leaves files that only it can mend"
        return Fault(UnsupportedMedia(subject, f"cannot be decoded ({reason(error)})", fix))
    if isinstance(error, OSError):
        return Fault(SourceError(subject, f"cannot be read ({error.strerror})", "Check the disk"))
    return None


def _live(subject: str, error: Exception) -> Fault | None:
    if isinstance(error, _REFUSED):
        return Fault(
            SourceError(subject, "refuses the user name or password", "Correct them in the address"), Retry.SLOWLY
        )
    if isinstance(error, av.error.HTTPNotFoundError):
        return Fault(SourceNotFound(subject, "has no such stream", "Correct the path in the address"))
    if isinstance(error, _UNREACHABLE):
        return Fault(
            StreamInterrupted(subject, f"does not answer ({reason(error)})", "Check its power, address and network")
        )
    if isinstance(error, ValueError) and isinstance(error, av.FFmpegError):
        return Fault(
            UnsupportedMedia(subject, f"sends something that is no video ({reason(error)})", "Check the address")
        )
    if isinstance(error, av.FFmpegError | OSError):
        return Fault(StreamInterrupted(subject, f"failed ({reason(error)})", "Check its address and network"))
    return None


def reason(error: BaseException) -> str:
    """FFmpeg's own words, with its last log line, without credentials."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    words = _WORDS.get(type(error), words)
    log = getattr(error, "log", None)
    line = log[2].strip() if log else ""
    return redact(f"{words}: {line}" if line and line not in words else words)
