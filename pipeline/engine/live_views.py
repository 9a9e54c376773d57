"""Live views: images of cameras for viewers in other processes, through their privacy masks.

The run has the frames, with masks filled before anything else sees them. A viewer connects to a Unix socket of this
user, and gets the newest frame of one camera each time it can take one. Where persons are to be hidden, only frames
that the detector has analyzed are shown, and what it found is masked. A frame without a declaration is never shown.
"""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import msgspec
import numpy.typing as npt

from pipeline.decode.lazy_images import ArrayImage
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.detections import Detections
from pipeline.domain.frame import BgrImage, Frame
from pipeline.domain.live_view import LONGEST_LINE, LiveImage, LiveQuestion
from pipeline.engine.camera_stream import CameraStream
from pipeline.errors import ConfigError
from pipeline.observe.annotated_images import hide_objects
from pipeline.storage.local_socket import OwnUserServer

_MOST_VIEWERS: Final = 64
_SIGN_S: Final = 1.0
_SEND_S: Final = 10.0
_REMEMBERED_MS: Final = 1000
"""What was found so long before is masked too: a person that one analysis missed was there in the one before."""
_QUALITY: Final = 85


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """A frame as viewers may get it: its pixels, time, declaration, and what was found in it; None if not analyzed."""

    image: BgrImage
    ts_ms: int
    masks: str
    found: Detections | None
    hide_vehicles: bool


@dataclass(slots=True, eq=False)
class _Viewer:
    """A viewer who waits for the next image."""

    question: LiveQuestion
    changed: threading.Condition = field(default_factory=threading.Condition)
    shown: _Shown | None = None

    def put(self, shown: _Shown) -> None:
        with self.changed:
            self.shown = shown
            self.changed.notify()

    def take(self) -> _Shown | None:
        with self.changed:
            if self.shown is None:
                self.changed.wait(_SIGN_S)
            shown, self.shown = self.shown, None
            return shown


class LiveViews:
    """Listens until `close`; `show` is called by the thread of the engine, and costs nothing while no one watches.

    Args:
        path: of the socket; one that a dead process left there is replaced.
        hides_vehicles: whether a camera may read no plates, so that vehicles are masked with the persons.

    Raises:
        ConfigError: the socket cannot be made.
    """

    def __init__(self, path: Path, hides_vehicles: Callable[[str], bool]) -> None:
        self._path = path
        self._hides_vehicles = hides_vehicles
        self._lock = threading.Lock()
        self._declared: dict[str, str] = {}
        self._viewers: dict[str, list[_Viewer]] = {}
        self._last: dict[str, Frame] = {}
        self._found: dict[str, list[tuple[int, Detections]]] = {}
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            self._server = _Server(path, self)
        except OSError as error:
            raise ConfigError(str(path), f"the socket of live views cannot be made: {error.strerror}") from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="live-views", daemon=True
        )
        self._thread.start()

    def declare(self, declaration: CameraDeclaration) -> None:
        """Show a camera from now on by this declaration; called before its first frame, from any thread."""
        with self._lock:
            self._declared[declaration.camera_id] = declaration.sha256

    @property
    def is_watched(self) -> bool:
        """Whether someone watches."""
        return bool(self._viewers)

    def show(self, stream: CameraStream) -> None:
        """Give the newest frame of a camera to those who watch it."""
        frame = stream.last_frame
        if not self.is_watched or frame is None or self._last.get(frame.camera_id) is frame:
            return
        with self._lock:
            masks, viewers = self._declared.get(frame.camera_id, ""), list(self._viewers.get(frame.camera_id, ()))
        if not masks or not viewers:
            return
        self._last[frame.camera_id] = frame
        found = self._with_former(frame, stream.detections) if stream.analyzed_frame is frame else None
        shown = _Shown(frame.image.bgr(), frame.ts_ms, masks, found, self._hides_vehicles(frame.camera_id))
        for viewer in viewers:
            if found is not None or not viewer.question.hide_people:
                viewer.put(shown)

    def close(self) -> None:
        """Stop listening and end all views."""
        self._server.shutdown()
        self._thread.join()
        self._path.unlink(missing_ok=True)
        self._server.disconnect_all()

    @contextlib.contextmanager
    def watching(self, question: LiveQuestion) -> Any:
        """A viewer of a camera as long as the `with` statement lasts."""
        viewer = _Viewer(question)
        with self._lock:
            self._viewers.setdefault(question.camera_id, []).append(viewer)
        try:
            yield viewer
        finally:
            with self._lock:
                left = [one for one in self._viewers[question.camera_id] if one is not viewer]
                if left:
                    self._viewers[question.camera_id] = left
                else:
                    del self._viewers[question.camera_id]
                    self._found.pop(question.camera_id, None)
                    self._last.pop(question.camera_id, None)

    def _with_former(self, frame: Frame, found: Detections) -> Detections:
        former = [one for one in self._found.get(frame.camera_id, []) if 0 <= frame.ts_ms - one[0] <= _REMEMBERED_MS]
        self._found[frame.camera_id] = [*former, (frame.ts_ms, found)]
        return Detections.concatenate([found, *(one for _, one in former)])


class _Server(OwnUserServer):
    def __init__(self, path: Path, views: LiveViews) -> None:
        self.views = views
        self.places = threading.BoundedSemaphore(_MOST_VIEWERS)
        super().__init__(path, _Handler)


class _Handler(socketserver.StreamRequestHandler):
    timeout = _SEND_S
    server: _Server

    def handle(self) -> None:
        if not self.server.places.acquire(blocking=False):
            return
        try:
            with self.server.connected(self.connection):
                line = self.rfile.readline(LONGEST_LINE)
                if not line:
                    return  # nothing is asked: the caller wanted to know which process listens here
                question = msgspec.json.decode(line, type=LiveQuestion)
                with contextlib.suppress(OSError), self.server.views.watching(question) as viewer:
                    while True:
                        self.wfile.write(_message(viewer.take(), question))
        finally:
            self.server.places.release()


def _message(shown: _Shown | None, question: LiveQuestion) -> bytes:
    """An image as it is sent; a sign of life where there is none."""
    if shown is None:
        return msgspec.json.encode(LiveImage(size=0)) + b"\n"
    image: npt.NDArray[Any] = shown.image
    if question.hide_people:
        assert shown.found is not None  # noqa: S101 - see `LiveViews.show`
        image = hide_objects(ArrayImage(image), shown.found, vehicles=shown.hide_vehicles)
    height, width = image.shape[:2]
    if width > question.width:
        image = cv2.resize(
            image, (question.width, round(height * question.width / width)), interpolation=cv2.INTER_AREA
        )
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    jpeg = data.tobytes()
    head = LiveImage(size=len(jpeg), ts_ms=shown.ts_ms, masks=shown.masks, people_hidden=question.hide_people)
    return msgspec.json.encode(head) + b"\n" + jpeg
