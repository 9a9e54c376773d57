"""Recording of cameras that are decoded in processes of their own: the same packets, masks, and ends."""

from __future__ import annotations

import signal
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from pipeline.decode.input_options import InputOptions
from pipeline.decode.isolation.decoder_processes import DecoderProcesses
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.domain.polygon import Polygon
from pipeline.domain.recording import EncodedPacket, MaskedFrame
from pipeline.record.recorder import Recorder
from pipeline.record.recording_archive import RecordingArchive
from pipeline.record.settings import RecordSettings
from tests.decode.clips import Recipe, encode, image
from tests.decode.isolation.test_decoder_processes import decoders, watched
from tests.record.packets import clip, declared
from tests.record.test_masked_recording import LEFT_TOP, luma
from tests.servers.web import WebServer

ENDS = InputOptions(ends=True)


class Collected:
    """A packet tap that stores what it gets."""

    def __init__(self) -> None:
        self.streams: list[tuple[Any, ...]] = []
        self.packets: list[tuple[Any, ...]] = []
        self.ends: list[str] = []
        self.wants_frames = False

    def opened(self, stream: Any, rate: Fraction) -> Collected:
        context = stream.codec_context
        self.streams.append((context.name, context.extradata, context.width, context.height, rate))
        return self

    def packet(self, packet: EncodedPacket) -> None:
        one = packet
        self.packets.append((one.data, one.pts, one.dts, one.duration, one.time_base, one.key))

    def frame(self, frame: MaskedFrame) -> None:
        raise AssertionError("it was not asked for")

    def closed(self, reason: str) -> None:
        self.ends.append(reason)


@pytest.mark.parametrize(
    ("name", "recipe"),
    [("a.mp4", Recipe()), ("b.mkv", Recipe(codec="libx265")), ("a.mkv", Recipe(codec="mjpeg", pixels="yuvj420p"))],
)
def test_a_recorder_gets_the_packets_and_parameters_of_the_stream(tmp_path: Path, name: str, recipe: Recipe) -> None:
    encode(tmp_path / name, replace(recipe, options={"g": "10"} if "mjpeg" not in recipe.codec else {}))
    taps = Collected(), Collected()
    with WebServer(tmp_path) as web, DecoderProcesses() as processes:
        for tap, where in zip(taps, (None, processes), strict=True):
            url = web.url(name)
            source = open_source("cam", url, settings=DecodeSettings(), tap=tap, processes=where, options=ENDS)
            assert sum(1 for _ in source.frames()) == 30
    assert len(taps[0].packets) == 30
    assert taps[0].packets == taps[1].packets
    assert taps[0].streams == taps[1].streams
    assert taps[0].ends == taps[1].ends == ["the stream ended"]


def recorded(folder: Path, source: Path, masks: tuple[Polygon, ...], processes: DecoderProcesses | None) -> list[Any]:
    """Luma of the frames of a recording of a clip."""
    settings = RecordSettings(dir=folder, segment_s=1, fragment_s=0.5, days=3650)
    with WebServer(source.parent) as web, Recorder(settings) as recorder:
        tap, url = recorder.tap(replace(declared("cam"), masks=masks)), web.url(source.name)
        camera = open_source(
            "cam",
            url,
            settings=DecodeSettings(),
            masks=masks,
            tap=tap,
            analyze_fps=1,
            processes=processes,
            options=ENDS,
        )
        assert 0 < sum(1 for _ in camera.frames()) < 10
    assert recorder.counts()["cam"].error == ""
    return [image for one in RecordingArchive(folder).segments("cam") for image in luma(one.path)]


@pytest.mark.parametrize("masks", [(), (LEFT_TOP,)], ids=["packets", "masked frames"])
def test_files_of_an_isolated_camera_are_those_of_any_other(tmp_path: Path, masks: tuple[Polygon, ...]) -> None:
    source = clip(tmp_path, pixels="yuv420p", size=(320, 180), options={"g": "10"})
    with DecoderProcesses() as processes:
        isolated = recorded(tmp_path / "isolated", source, masks, processes)
    here = recorded(tmp_path / "here", source, masks, None)
    assert len(here) == 40
    assert np.array_equal(isolated, here)
    assert not masks or np.array(isolated)[:, :88, :158].max() <= 24


def test_a_crash_is_the_reason_of_the_gap(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "image.jpg"), image(0, (160, 120)))
    tap = Collected()
    with WebServer(tmp_path) as web, DecoderProcesses() as processes:
        camera = watched(web.url("mjpeg"), processes, tap=tap)
        with camera:
            camera.until(lambda _: len(tap.packets) > 2, "packets")
            decoders()[-1].send_signal(signal.SIGSEGV)
            camera.until(lambda _: len(tap.streams) > 1, "a second connection")
    assert tap.ends[0] == "the decoder crashed (SIGSEGV)"
    assert av.codec.Codec(tap.streams[1][0]).name == "mjpeg"
