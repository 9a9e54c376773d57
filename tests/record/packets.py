"""Packets as cameras send them, out of small clips, at times that a test chooses."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from pipeline.decode.privacy_masks import MaskBurner
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.polygon import Polygon
from pipeline.domain.recording import EncodedPacket, MaskedFrame
from pipeline.domain.video import Planes
from pipeline.record.file_layout import DECLARATIONS
from pipeline.record.recorder import Recorder
from pipeline.record.settings import RecordSettings
from pipeline.storage.declaration_log import DeclarationLog
from tests.decode.clips import Recipe, encode

BEGIN_MS = 1_748_779_200_123
"""2025-06-01T12:00:00.123Z."""


def clip(folder: Path, seconds: int = 4, **how: Any) -> Path:
    """Ten frames and a key frame per second."""
    return encode(folder / "clip.mp4", Recipe(frames=10 * seconds, **how))


def packets(path: Path, begin_ms: int = BEGIN_MS) -> list[EncodedPacket]:
    """The video of a clip, each packet arriving when it is shown."""
    found = []
    with av.open(str(path)) as container:
        for packet in container.demux(container.streams.video[0]):
            if packet.size and packet.pts is not None and packet.time_base is not None:
                at_ms = begin_ms + round(packet.pts * packet.time_base * 1000)
                found.append(
                    EncodedPacket(
                        bytes(packet),
                        packet.pts,
                        packet.dts,
                        packet.duration or 0,
                        packet.time_base,
                        packet.is_keyframe,
                        at_ms,
                    )
                )
    return found


def declared(camera: str, scope: Scope = Scope.PUBLIC_ROAD) -> CameraDeclaration:
    """The declaration of a camera."""
    return CameraDeclaration(Camera(camera, scope))


def record(
    folder: Path,
    path: Path,
    *,
    camera: str = "cam",
    begin_ms: int = BEGIN_MS,
    reason: str = "the cable was pulled",
    **settings: Any,
) -> Recorder:
    """Record a clip as one connection of a camera; the recorder is closed."""
    chosen = RecordSettings(**{"dir": folder, "segment_s": 1, "fragment_s": 0.5, "days": 3650, **settings})
    with Recorder(chosen) as recorder:
        connect(recorder, path, camera, begin_ms, reason)
    return recorder


def record_masked(
    folder: Path, masks: tuple[Polygon, ...], *, seconds: int, begin_ms: int = BEGIN_MS, camera: str = "cam"
) -> None:
    """Record a camera with privacy masks, from gray frames, in files of two seconds."""
    declaration = replace(declared(camera), masks=masks)
    planes = Planes(np.full((120, 160), 90, np.uint8), *(np.full((60, 80), 128, np.uint8),) * 2)
    MaskBurner(masks).burn_planes(planes, 0)
    with Recorder(RecordSettings(dir=folder, segment_s=2, fragment_s=0.5, days=3650)) as recorder:
        session = recorder.tap(declaration).opened(None, Fraction(25))
        for number in range(10 * seconds):
            at_ms = begin_ms + number * 100
            session.frame(
                MaskedFrame(planes, number / 10, Fraction(10), full_range=False, arrived_ms=at_ms, masks=masks)
            )
        session.closed("end")
    DeclarationLog(folder / camera / DECLARATIONS).declare(declaration, begin_ms - 1000)


def record_declared(
    folder: Path,
    path: Path,
    *,
    camera: str = "cam",
    begin_ms: int = BEGIN_MS,
    declaration: CameraDeclaration | None = None,
) -> None:
    """Record a clip whose camera was declared before its first packet, as a recorder does that runs at that time."""
    record(folder, path, camera=camera, begin_ms=begin_ms)
    declaration = declared(camera) if declaration is None else declaration
    DeclarationLog(folder / camera / DECLARATIONS).declare(declaration, begin_ms - 1000)


def connect(
    recorder: Recorder, path: Path, camera: str = "cam", begin_ms: int = BEGIN_MS, reason: str = "the cable was pulled"
) -> None:
    """One connection of a camera, from its first packet to its end."""
    with av.open(str(path)) as container:
        take = recorder.tap(declared(camera)).opened(
            container.streams.video[0], Fraction(container.streams.video[0].average_rate or 25)
        )
    for packet in packets(path, begin_ms):
        take.packet(packet)
    take.closed(reason)


def remuxed(source: Path, target: Path, *, skip_key_frames: int = 0) -> Path:
    """A copy of the packets in another container, without any metadata, from a key frame on."""
    with av.open(str(source)) as container, av.open(str(target), "w") as output:
        video = container.streams.video[0]
        stream = output.add_stream_from_template(video, opaque=True)
        for packet in container.demux(video):
            skip_key_frames -= packet.is_keyframe
            if packet.dts is not None and skip_key_frames < 0:
                packet.stream = stream
                output.mux(packet)
    return target


def until(condition: Callable[[], bool], what: str, timeout_s: float = 60.0) -> None:
    """Wait for it."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)
