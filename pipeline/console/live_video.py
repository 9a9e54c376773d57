"""Video of live views as it is sent to browsers: messages of H.264 for WebCodecs, or JPEG parts.

A message is ``tile, kind, milliseconds since 1970 UTC, size`` (little-endian, see `_HEAD`) and as many bytes. An image
is encoded when the connection can take it, so that a slow one gets fewer images and none late.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from typing import Final, Protocol

import structlog
from fastapi.responses import StreamingResponse

from pipeline.app.live_view import BurntImages, LiveFrame, LiveView, text_image
from pipeline.console.catalogues import source
from pipeline.console.problem_pages import shown
from pipeline.console.visits import Visit
from pipeline.domain.purpose import Purpose
from pipeline.errors import PolicyError, ViapublicaError

_HEAD: Final = struct.Struct("<BBQI")
_NO_TILE: Final = 255
_WIDTHS: Final = ((1, 1280), (4, 640), (16, 480))
"""Most pixels of an image with so many cameras at a time."""
_SILENT_ROUNDS: Final = 3
"""Seconds without an image, after which a JPEG says so."""
_BOUNDARY: Final = "viapublica"
_NO_IMAGE: Final = source("Sem imagem da câmera %(camera)s desde %(time)s")


_log = structlog.get_logger(__name__)


class Message(IntEnum):
    """Kinds of messages."""

    DELTA = 0
    KEY = 1
    END = 2
    """The view has ended; its text says why."""
    SIGN = 3
    """No camera has a new image; the connection lives."""
    REFUSED = 4
    """A camera is not shown; its text says why. The others are."""


class View(Protocol):
    """A view by a person, decided on and recorded."""

    refused: dict[str, PolicyError]

    def next(self) -> list[LiveFrame]:
        """The next images."""
        ...

    def close(self) -> None:
        """End it."""
        ...


def live_video(visit: Visit, purpose: Purpose, cameras: list[str], release: Callable[[], None]) -> StreamingResponse:
    """Messages with the images of some cameras.

    Args:
        visit, purpose, cameras: of the request; release: called at the end.

    Raises:
        PolicyError, StoreError, AuditUnavailable: see `LiveView`.
    """
    return view_messages(visit, cameras, release, lambda width: _live_view(visit, purpose, cameras, width))


def view_messages(
    visit: Visit, cameras: list[str], release: Callable[[], None], opened: Callable[[int], View]
) -> StreamingResponse:
    """Messages with the images of a view.

    Args:
        visit: of the person; cameras: in the order of their tiles; release: called at the end.
        opened: opens the view, with images of at most so many pixels in width; its errors are answered with a status.
    """

    def refusals(view: View) -> bytes:
        problems = [(one, shown(error, visit.reader, request_id)) for one, error in view.refused.items()]
        return b"".join(
            _message(tiles[one], Message.REFUSED, visit.service.now_ms, f"{problem.title}: {problem.text}".encode())
            for one, problem in problems
        )

    request_id = visit.request.state.request_id
    tiles = {camera: number for number, camera in enumerate(cameras)}
    images = {camera: BurntImages(_viewer(visit)) for camera in cameras}

    def messages(frames: list[LiveFrame]) -> bytes:
        parts = []
        for one in frames:
            found = images[one.camera_id].h264(one.jpeg, _caption(visit, one))
            kind = Message.KEY if found.is_key else Message.DELTA
            parts.append(_message(tiles[one.camera_id], kind, one.ts_ms, found.data))
        return b"".join(parts) or _message(_NO_TILE, Message.SIGN, visit.service.now_ms)

    def end(error: ViapublicaError) -> bytes:
        text = shown(error, visit.reader, request_id).text
        return _message(_NO_TILE, Message.END, visit.service.now_ms, text.encode())

    kind = "application/octet-stream"
    return _response(len(cameras), opened, release=release, begun=refusals, encoded=messages, end=end, media_type=kind)


def motion_jpeg(visit: Visit, purpose: Purpose, camera: str, release: Callable[[], None]) -> StreamingResponse:
    """Parts of JPEG with the images of a camera; one says when there are none. Errors as of `live_video`."""
    images, silent, last_ms = BurntImages(_viewer(visit)), 0, visit.service.now_ms

    def parts(frames: list[LiveFrame]) -> bytes:
        nonlocal silent, last_ms
        silent = 0 if frames else silent + 1
        if frames:
            last_ms = frames[-1].ts_ms
            return _part(images.jpeg(frames[-1].jpeg, _caption(visit, frames[-1])))
        if silent != _SILENT_ROUNDS:
            return b""
        text = visit.reader.worded(_NO_IMAGE, camera=camera, time=visit.reader.clock(last_ms))
        return _part(text_image(text)) * 2  # browsers show a part when the next one begins

    def end(error: ViapublicaError) -> bytes:
        return _part(text_image(shown(error, visit.reader, visit.request.state.request_id).text)) * 2

    kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
    return _response(
        1,
        lambda width: _live_view(visit, purpose, [camera], width),
        release=release,
        begun=lambda _: b"",
        encoded=parts,
        end=end,
        media_type=kind,
    )


def _live_view(visit: Visit, purpose: Purpose, cameras: list[str], width: int) -> LiveView:
    opened = visit.service.registry.held_by(visit.caller.credential, purpose.value)
    return LiveView(opened, visit.service.stores, cameras, width)


def _response(
    number: int,
    opened: Callable[[int], View],
    *,
    release: Callable[[], None],
    begun: Callable[[View], bytes],
    encoded: Callable[[list[LiveFrame]], bytes],
    end: Callable[[ViapublicaError], bytes],
    media_type: str,
) -> StreamingResponse:
    width = next(width for most, width in _WIDTHS if number <= most)
    try:
        view = opened(width)  # what is refused is answered with a status
    except BaseException:
        release()
        raise
    body = _body(view, begun(view), encoded, end, release)
    return StreamingResponse(body, media_type=media_type, headers={"X-Accel-Buffering": "no"})


async def _body(
    view: View,
    first: bytes,
    encoded: Callable[[list[LiveFrame]], bytes],
    end: Callable[[ViapublicaError], bytes],
    release: Callable[[], None],
) -> AsyncIterator[bytes]:
    """The images of a view, read and encoded by a thread of its own, until it ends or the client leaves."""
    thread, loop = ThreadPoolExecutor(1, "live-view"), asyncio.get_running_loop()
    try:
        if first:
            yield first
        while True:
            try:
                part = await loop.run_in_executor(thread, lambda: encoded(view.next()))
            except ViapublicaError as error:
                yield end(error)
                return
            if part:
                yield part
    finally:
        thread.submit(_ended, view, release)
        thread.shutdown(wait=False)


def _ended(view: View, release: Callable[[], None]) -> None:
    try:
        view.close()
    except ViapublicaError as error:
        _log.error("end_of_live_view_not_recorded", error=error.problem)
    finally:
        release()


def _viewer(visit: Visit) -> str:
    person = visit.caller.person
    return f"{person.name} ({person.login})"


def _caption(visit: Visit, frame: LiveFrame) -> str:
    return f"{frame.camera_id} · {visit.reader.time(frame.ts_ms)} {visit.reader.offset(frame.ts_ms)}"


def _message(tile: int, kind: Message, ts_ms: int, data: bytes = b"") -> bytes:
    return _HEAD.pack(tile, kind, ts_ms, len(data)) + data


def _part(jpeg: bytes) -> bytes:
    head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return head.encode() + jpeg + b"\r\n"
