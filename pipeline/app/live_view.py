"""Live views for a person with an account: decided for each camera, recorded before the first image and after."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from pipeline.app.access.account_decision import AskedOperation, decide_for_person
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.domain.live_view import LONGEST_LINE, MOST_IMAGE_BYTES, LiveImage, LiveQuestion, live_socket
from pipeline.domain.operation import Operation
from pipeline.domain.role import Role
from pipeline.errors import PolicyError, StoreError
from pipeline.observe.burnt_images import BurntImages, text_image
from pipeline.policy.live_view import hides_people
from pipeline.storage.local_socket import short_address

__all__ = ["MOST_CAMERAS", "BurntImages", "LiveFrame", "LiveView", "text_image"]

MOST_CAMERAS: Final = 16
_DECIDED_S: Final = 15.0
_WAIT_S: Final = 1.0
_CONNECT_S: Final = 2.0
_READ_BYTES: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """An image of a camera.

    Attributes:
        camera_id: the camera; ts_ms: when the frame arrived, milliseconds since 1970 UTC.
        jpeg: the image, masked as decided.
    """

    camera_id: str
    ts_ms: int
    jpeg: bytes


class LiveView:
    """The view of one or several cameras by a person; a context manager. Used by one thread.

    Args:
        opened: the registry, for the person, with the purpose that they state.
        stores: of the installation; their data folder has the socket of the run.
        cameras: ids, 1 to `MOST_CAMERAS`; width: most pixels of an image.

    Attributes:
        cameras: those that are shown.
        refused: why each of the others is not shown; every refusal is in the audit.

    Raises:
        PolicyError: the person may watch none of them; it is in the audit.
        StoreError: no run answers here.
        AuditUnavailable: the audit takes no record: nothing is shown.
    """

    def __init__(self, opened: OpenRegistry, stores: ConfiguredStores, cameras: Sequence[str], width: int) -> None:
        self._opened, self._stores, self._width = opened, stores, width
        self.refused: dict[str, PolicyError] = {}
        self.cameras = self._permitted(tuple(dict.fromkeys(cameras))[:MOST_CAMERAS])
        self.people_hidden = True
        self._frames, self._begun_s = 0, time.monotonic()
        self._decide()
        self._connections: dict[str, _Connection] = {}
        self._selector = selectors.DefaultSelector()
        self._note("live-view-begun")  # before the first image
        try:
            for camera_id in self.cameras:
                self._connect(camera_id)
        except BaseException:
            self.close()
            raise

    def next(self) -> list[LiveFrame]:
        """The newest image of each camera that has a new one; none after a second without any.

        Raises:
            PolicyError: the person may not watch any more.
            StoreError: the run has ended.
        """
        if time.monotonic() - self._decided_s >= _DECIDED_S:
            hidden = self.people_hidden
            self._decide()
            if self.people_hidden != hidden:
                raise StoreError("live view", "ended, as your roles or a camera changed", "Open it again")
        newest: dict[str, LiveFrame] = {}
        until_s = time.monotonic() + _WAIT_S
        while not newest and (left_s := until_s - time.monotonic()) > 0:
            for key, _ in self._selector.select(left_s):
                connection: _Connection = key.data
                for frame in connection.received():
                    newest[frame.camera_id] = frame
        self._frames += len(newest)
        return list(newest.values())

    def close(self) -> None:
        """End the view; its end is recorded."""
        for connection in self._connections.values():
            connection.socket.close()
        self._selector.close()
        seconds = round(time.monotonic() - self._begun_s, 1)
        self._note("live-view-ended", frames=self._frames, seconds=seconds)

    def __enter__(self) -> LiveView:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _permitted(self, cameras: tuple[str, ...]) -> tuple[str, ...]:
        """Those of several cameras that the person may watch: one that they may not takes nothing from the others."""
        if len(cameras) == 1:
            return cameras
        for camera_id in cameras:
            try:
                asked = AskedOperation(Operation.MONITORING, (camera_id,))
                decide_for_person(self._opened, self._stores, self._opened.requester, asked)
            except PolicyError as error:
                self.refused[camera_id] = error
        if len(self.refused) == len(cameras):
            raise self.refused[cameras[0]]
        return tuple(one for one in cameras if one not in self.refused)

    def _decide(self) -> None:
        asked = AskedOperation(Operation.MONITORING, self.cameras)
        who = decide_for_person(self._opened, self._stores, self._opened.requester, asked)
        sensitive = not self._stores.sensitive().isdisjoint(self.cameras)
        self.people_hidden = hides_people(Role(who["role"]), sensitive=sensitive)
        self._decided_s = time.monotonic()

    def _note(self, action: str, **details: float) -> None:
        people = "hidden" if self.people_hidden else "shown"
        self._opened.actor.note(
            Operation.MONITORING, cameras=self.cameras, details={"action": action, "people": people, **details}
        )

    def _connect(self, camera_id: str) -> None:
        question = LiveQuestion(camera_id=camera_id, hide_people=self.people_hidden, width=self._width)
        connection = _Connection(live_socket(self._stores.data_dir), question)
        self._connections[camera_id] = connection
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)


class _Connection:
    """To the run, for one camera."""

    def __init__(self, path: Path, question: LiveQuestion) -> None:
        self._question = question
        self._bytes = bytearray()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.socket.settimeout(_CONNECT_S)
            with short_address(path) as address:
                self.socket.connect(address)
            self.socket.sendall(msgspec.json.encode(question) + b"\n")
            self.socket.setblocking(False)
        except OSError as error:
            self.socket.close()
            raise StoreError(
                "live view", "is not possible, as no run of the cameras answers", "Start it: viapublica run"
            ) from error

    def received(self) -> list[LiveFrame]:
        """The images that have arrived.

        Raises:
            StoreError: the run has ended, or sends an image that is not masked as it must be.
        """
        try:
            part = self.socket.recv(_READ_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            part = b""
        if not part:
            raise StoreError("live view", "ended, as the run of the cameras did", "Open it again when it runs")
        self._bytes += part
        found = []
        while (image := self._taken()) is not None:
            found.append(image)
        return [one for one in found if one.jpeg]

    def _taken(self) -> LiveFrame | None:
        end = self._bytes.find(b"\n", 0, LONGEST_LINE)
        if end < 0:
            return None
        head = msgspec.json.decode(self._bytes[:end], type=LiveImage)
        if head.size and not self._is_masked(head):
            raise StoreError("live view", "ended, as an image came without its masks", "Restart the run of the cameras")
        if len(self._bytes) < end + 1 + head.size:
            return None
        jpeg = bytes(self._bytes[end + 1 : end + 1 + head.size])
        del self._bytes[: end + 1 + head.size]
        return LiveFrame(self._question.camera_id, head.ts_ms, jpeg)

    def _is_masked(self, head: LiveImage) -> bool:
        hidden = head.people_hidden or not self._question.hide_people
        return bool(head.masks) and hidden and 0 < head.size <= MOST_IMAGE_BYTES
