"""A camera with privacy masks is recorded with its masks filled, and its packets are never written."""

from __future__ import annotations

import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from structlog.testing import capture_logs

from pipeline.decode.input_options import InputOptions
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.domain.polygon import Polygon
from pipeline.domain.recording import EncodedPacket, MaskedFrame
from pipeline.domain.video import Planes, Rotation
from pipeline.record.camera_tap import MASKS_TOO_SLOW
from pipeline.record.masked_encoder import MaskedEncoder
from pipeline.record.recorder import Recorder
from pipeline.record.recording_archive import RecordingArchive, VideoSegment
from pipeline.record.settings import RecordSettings
from tests.record.packets import BEGIN_MS, clip, declared
from tests.servers.web import WebServer

LEFT_TOP: Polygon = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))


def recorded(
    tmp_path: Path, name: str, *, rotate: Rotation = 0, masks: tuple[Polygon, ...] = (LEFT_TOP,)
) -> tuple[Recorder, list[VideoSegment]]:
    declaration = replace(declared("cam"), masks=masks, rotate=rotate)
    settings = RecordSettings(dir=tmp_path / "video", segment_s=1, fragment_s=0.5, days=3650)
    with WebServer(tmp_path) as web, Recorder(settings) as recorder:
        source = open_source(
            "cam",
            web.url(name),
            settings=DecodeSettings(),
            masks=masks,
            tap=recorder.tap(declaration),
            options=InputOptions(rotate, ends=True),
            analyze_fps=1,
        )
        for _ in source.frames():
            pass
    return recorder, RecordingArchive(tmp_path / "video").segments("cam")


def luma(path: Path) -> list[npt.NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_ndarray(format="gray"), np.uint8) for frame in container.decode(video=0)]


@pytest.mark.parametrize("pixels", ["yuv420p", "yuvj420p"])
def test_what_lies_under_a_mask_is_in_no_file(tmp_path: Path, pixels: str) -> None:
    source = clip(tmp_path, pixels=pixels, size=(320, 180), options={"g": "10"})
    recorder, files = recorded(tmp_path, source.name)
    counts = recorder.counts()["cam"]
    assert (counts.error, counts.encoded) == ("", 40)
    assert counts.encode_s > 0
    assert len(files) > 1
    images = [image for one in files for image in luma(one.path)]
    originals = luma(source)
    assert len(images) == len(originals) == 40
    for image, original in zip(images, originals, strict=True):
        assert image.shape == original.shape
        assert image[:88, :158].max() <= 24
        difference = np.abs(image[96:, 168:].astype(int) - original[96:, 168:].astype(int))
        assert difference.mean() < 12
    assert np.mean([original[:88, :158].mean() for original in originals]) > 30, "the mask hides something"


def test_without_masks_the_packets_are_written_as_they_came(tmp_path: Path) -> None:
    source = clip(tmp_path, options={"g": "10", "bf": "0"})
    recorder, _ = recorded(tmp_path, source.name, masks=())
    counts = recorder.counts()["cam"]
    assert (counts.encoded, counts.packets) == (0, 40)


def test_a_turned_camera_has_its_masks_where_they_are_upright(tmp_path: Path) -> None:
    source = clip(tmp_path, size=(320, 180), options={"g": "10"})
    _, files = recorded(tmp_path, source.name, rotate=180)
    image = luma(files[0].path)[0]
    assert image[96:, 168:].max() <= 24, "stored as the camera sent it: the upright left top is right below"
    assert image[:80, :150].max() > 24


def test_each_file_begins_with_a_key_frame_and_carries_the_declaration(tmp_path: Path) -> None:
    _, files = recorded(tmp_path, clip(tmp_path, options={"g": "10"}).name)
    for one in files:
        with av.open(str(one.path)) as container:
            first = next(container.demux(video=0))
            assert first.is_keyframe
            assert "viapublica-declaration" in container.metadata["comment"]


def frame(number: int, *, size: tuple[int, int] = (90, 160), at_s: float | None = None) -> MaskedFrame:
    height, width = size
    chroma = np.full(((height + 1) // 2, (width + 1) // 2), 128, np.uint8)
    planes = Planes(np.full(size, 40 + number % 100, np.uint8), chroma, chroma)
    return MaskedFrame(
        planes, at_s, Fraction(10), full_range=False, arrived_ms=BEGIN_MS + number * 100, masks=(LEFT_TOP,)
    )


def test_every_frame_gives_a_packet_with_its_own_arrival() -> None:
    encoder = MaskedEncoder(frame(0))
    packets = [packet for number in range(30) for packet in encoder.encode(frame(number))]
    assert [packet.arrived_ms - BEGIN_MS for packet in packets] == [number * 100 for number in range(30)]
    assert [number for number, packet in enumerate(packets) if packet.key] == [0, 20]
    encoder.begin_anew()
    assert encoder.encode(frame(31))[0].key


def test_an_odd_size_and_another_size_and_a_clock_set_back(tmp_path: Path) -> None:
    encoder = MaskedEncoder(frame(0, size=(91, 161), at_s=5000.0))
    assert encoder.encode(frame(0, size=(91, 161), at_s=5000.0))[0].key
    assert encoder.fits(frame(1, size=(91, 161), at_s=4999.5))
    assert not encoder.fits(frame(1, size=(91, 161), at_s=10.0))
    assert not encoder.fits(frame(1))


def test_frames_that_wait_count_against_the_queue(tmp_path: Path) -> None:
    settings = RecordSettings(dir=tmp_path, max_waiting_bytes=1_000_000, days=3650)
    with Recorder(settings) as recorder:
        tap = recorder.tap(replace(declared("cam"), masks=(LEFT_TOP,)))
        session = tap.opened(None, Fraction(25))
        assert session.wants_frames
        for number in range(200):
            session.frame(frame(number, size=(720, 1280)))
        session.closed("end")
    assert recorder.counts()["cam"].dropped > 0


def test_an_overloaded_encoder_makes_one_file_with_fewer_frames_and_one_log_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode, done = MaskedEncoder.encode, threading.Semaphore(0)

    def paced(encoder: MaskedEncoder, image: MaskedFrame) -> list[EncodedPacket]:
        done.acquire()
        return encode(encoder, image)

    monkeypatch.setattr(MaskedEncoder, "encode", paced)
    settings = RecordSettings(dir=tmp_path, segment_s=60, max_waiting_bytes=2_800_000, days=3650)
    with capture_logs() as logs, Recorder(settings) as recorder:
        session = recorder.tap(replace(declared("cam"), masks=(LEFT_TOP,))).opened(None, Fraction(25))
        for number in range(80):
            session.frame(frame(number, size=(720, 1280)))
            if number % 4 == 0:
                done.release()
        assert recorder.overloaded() == {"cam": MASKS_TOO_SLOW}
        done.release(80)
        session.closed("end")
    counts, archive = recorder.counts()["cam"], RecordingArchive(tmp_path)
    assert counts.dropped > 10
    assert counts.encoded + counts.dropped == 80
    assert len(archive.segments("cam")) == 1
    assert len(archive.gaps("cam")) == 1, "after the end"
    assert [line["fix"] for line in logs if line["log_level"] == "warning"] == [MASKS_TOO_SLOW]


def test_an_overload_of_the_encoder_ends_after_a_minute_without_drops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = RecordSettings(dir=tmp_path, max_waiting_bytes=1_000_000, days=3650)
    with capture_logs() as logs, Recorder(settings) as recorder:
        session = recorder.tap(replace(declared("cam"), masks=(LEFT_TOP,))).opened(None, Fraction(25))
        session.frame(frame(0, size=(1080, 1920)))
        assert recorder.overloaded() == {"cam": MASKS_TOO_SLOW}
        monkeypatch.setattr("pipeline.record.camera_tap._CALM_S", 0.0)
        assert recorder.overloaded() == {}
        session.frame(frame(1))
    events = [line["event"] for line in logs if line["event"].startswith("recording_overload")]
    assert events == ["recording_overloaded", "recording_overload_ended"]
