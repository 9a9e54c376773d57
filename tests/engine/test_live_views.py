"""Live views over their socket: masks confirmed, persons hidden as asked, and nothing without either."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import cv2
import msgspec
import numpy as np
import pytest

from pipeline.detect.build import build_tracker
from pipeline.detect.settings import TrackSettings
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.detections import Detections
from pipeline.domain.frame import BgrImage
from pipeline.domain.labels import Label
from pipeline.domain.live_view import LiveImage, LiveQuestion
from pipeline.engine.camera_stream import CameraStream
from pipeline.engine.live_views import LiveViews
from pipeline.storage.local_socket import short_address
from tests.engine.frames import PlainImage, frame

DECLARED = CameraDeclaration(Camera("cam", Scope.PUBLIC_SQUARE))
PERSON = np.array([[8, 8, 24, 40]], np.float32)


@pytest.fixture
def views(tmp_path: Path) -> Iterator[LiveViews]:
    with closing(LiveViews(tmp_path / "run" / "live.sock", lambda _: False)) as views:
        yield views


@pytest.fixture
def stream() -> CameraStream:
    return CameraStream("abcdef012345678", build_tracker(TrackSettings()), [])


@contextmanager
def watching(tmp_path: Path, *, hide_people: bool) -> Iterator[BinaryIO]:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(20)
        with short_address(tmp_path / "run" / "live.sock") as address:
            peer.connect(address)
        question = LiveQuestion(camera_id="cam", hide_people=hide_people, width=640)
        peer.sendall(msgspec.json.encode(question) + b"\n")
        with peer.makefile("rb") as lines:
            yield lines


def next_message(lines: BinaryIO) -> tuple[LiveImage, BgrImage | None]:
    head = msgspec.json.decode(lines.readline(), type=LiveImage)
    data = lines.read(head.size)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    return head, None if image is None else np.asarray(image, np.uint8)


def person() -> Detections:
    return Detections(PERSON, np.array([0.9], np.float32), np.array([Label.PERSON], np.int16))


def shown_to(views: LiveViews, stream: CameraStream, lines: BinaryIO) -> tuple[LiveImage, BgrImage]:
    """The first image of a viewer; frames come until the connection has been taken."""
    for index in range(1000):
        stream.follow(replace(frame("cam", index), image=PlainImage(64, 48)), person())
        views.show(stream)
        head, image = next_message(lines) if views.is_watched else (LiveImage(size=0), None)
        if image is not None:
            return head, image
    raise AssertionError("no image came")


@pytest.mark.parametrize("hide_people", [True, False])
def test_persons_are_masked_where_they_are_to_be_hidden(
    hide_people: bool, views: LiveViews, stream: CameraStream, tmp_path: Path
) -> None:
    views.declare(DECLARED)
    with watching(tmp_path, hide_people=hide_people) as lines:
        head, image = shown_to(views, stream, lines)
    assert (head.masks, head.people_hidden) == (DECLARED.sha256, hide_people)
    inside, outside = image[12:36, 12:20], image[:, 40:]
    differs = abs(float(inside.mean()) - float(outside.mean())) > 5
    assert differs == hide_people


def test_a_camera_without_a_declaration_and_a_frame_without_analysis_are_not_shown(
    views: LiveViews, stream: CameraStream, tmp_path: Path
) -> None:
    with watching(tmp_path, hide_people=True) as lines:
        assert next_message(lines)[0].size == 0, "a sign of life, as nothing came"
        stream.follow(frame("cam", 0), person())
        views.show(stream)
        assert next_message(lines)[0].size == 0, "nothing is declared"
        views.declare(DECLARED)
        stream.last_frame = frame("cam", 1)  # seen, and skipped by adaptive analysis
        views.show(stream)
        assert next_message(lines)[0].size == 0


def test_the_socket_is_for_this_user_alone_and_ends_with_the_run(tmp_path: Path) -> None:
    views = LiveViews(tmp_path / "run" / "live.sock", lambda _: False)
    assert (tmp_path / "run" / "live.sock").stat().st_mode & 0o777 == 0o600
    with watching(tmp_path, hide_people=True) as lines:
        next_message(lines)
        views.close()
        while lines.readline():
            pass
    assert not (tmp_path / "run" / "live.sock").exists()
