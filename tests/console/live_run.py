"""A run whose cameras can be watched, without decoders and networks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pipeline.detect.build import build_tracker
from pipeline.detect.settings import TrackSettings
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.detections import Detections
from pipeline.domain.live_view import live_socket
from pipeline.engine.camera_stream import CameraStream
from pipeline.engine.live_views import LiveViews
from pipeline.http_api.service import Service
from tests.engine.frames import PlainImage, frame
from tests.http_api.served_city import GUARD


@contextmanager
def live_run(service: Service, frames: int) -> Iterator[None]:
    """A run that gives a viewer some images, and ends."""
    views = LiveViews(live_socket(service.stores.data_dir), lambda _: False)
    views.declare(CameraDeclaration(Camera(GUARD[0], Scope.PUBLIC_ROAD)))
    stop = threading.Event()

    def show() -> None:
        stream = CameraStream("abcdef012345678", build_tracker(TrackSettings()), [])
        index = 0
        while index < frames and not stop.wait(0.05):
            if views.is_watched:
                stream.follow(replace(frame(GUARD[0], index), image=PlainImage(320, 180)), Detections.empty())
                views.show(stream)
                index += 1
        stop.wait(0.5)
        views.close()

    thread = threading.Thread(target=show)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
