"""Cameras that send nonsense, all at once: each is retried with a reason or goes on, and none costs its neighbor."""

from __future__ import annotations

import itertools
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pytest
import structlog

from pipeline.decode.frame_memory import FrameMemory
from pipeline.decode.supervised_source import open_source
from pipeline.domain.ports import SourceState, SourceStatus
from tests.decode.test_http_answers import OK, answering
from tests.decode.test_streams import QUICK
from tests.servers.rtsp import encode_loop
from tests.servers.scripted_rtsp import IDR, PPS, SLICE, SPS, Packet, ScriptedRtsp, describe, kind, nal_units, played

SECONDS = 9.0
EXPECTED = {"source_state", "timestamps_unreliable"}
MULTIPART = OK + b"Content-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
RTPMAP = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 "


def size_of(width: int, height: int, references: int = 1) -> bytes:
    """A sequence parameter set (ITU-T H.264, 7.3.2.1.1) of the baseline profile."""
    values = [0, 0, 2, references]
    bits = "".join(map(_golomb, values)) + "0" + _golomb(width // 16 - 1) + _golomb(height // 16 - 1) + "10001"
    bits += "0" * (-len(bits) % 8)
    return bytes([0x67, 66, 0, 52]) + int(bits, 2).to_bytes(len(bits) // 8, "big")


def _golomb(value: int) -> str:
    digits = f"{value + 1:b}"
    return "0" * (len(digits) - 1) + digits


def in_turns(*streams: list[bytes]) -> Iterator[Packet]:
    stamp = 0
    for nal in itertools.cycle(itertools.chain(*streams)):
        yield stamp & 0xFFFFFFFF, nal
        stamp += 3600 if kind(nal) in {IDR, SLICE} else 0


def damaged(nals: list[bytes]) -> Iterator[Packet]:
    chance = random.Random(1)
    for stamp, nal in played(nals):
        broken = bytearray(nal)
        for _ in range(max(1, len(broken) // 20)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        yield stamp, bytes(broken)


def rtsp_cameras(plain: list[bytes], large: list[bytes]) -> dict[str, dict[str, Any]]:
    """Options of `ScriptedRtsp` by what is wrong."""
    images = [nal for nal in plain if kind(nal) not in {SPS, PPS}]
    parameters = next(nal for nal in plain if kind(nal) == PPS)
    message = bytes([6, 5, *[255] * 235, 75]) + b"x" * 60_000

    def stamped(times: Iterable[int]) -> Iterator[Packet]:
        return ((time & 0xFFFFFFFF, nal) for time, (_, nal) in zip(times, played(plain), strict=False))

    return {
        "another size amid the stream": {"packets": lambda: in_turns(plain, large)},
        "16368 pixels square": {"nals": [size_of(16368, 16368), parameters, *images]},
        "images of 50 megapixels": {"packets": lambda: in_turns(plain, [size_of(7040, 7040, 16), parameters, *images])},
        "times that run back": {"packets": lambda: stamped(itertools.count(0, -3600))},
        "times at random": {"packets": lambda: stamped(iter(lambda: random.getrandbits(32), -1))},
        "10,000 frames per second": {"packets": lambda: played(plain, 9), "pause_s": 0},
        "only messages": {"packets": lambda: zip(itertools.count(0, 9000), itertools.repeat(message), strict=False)},
        "packets without content": {"packets": lambda: ((stamp, b"") for stamp, _ in played(plain))},
        "damaged everywhere": {"packets": lambda: damaged(plain)},
        "another codec than declared": {"sdp": describe(plain, RTPMAP + "H265/90000\r\n")},
        "an unknown codec": {"sdp": describe(plain, RTPMAP + "XYZ/90000\r\n")},
        "a clock of zero": {"sdp": describe(plain, RTPMAP + "H264/0\r\n")},
        "only sound": {"sdp": describe(plain, "m=audio 0 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n")},
        "escapes in the title": {"sdp": describe(plain, title=b"\x1b[2J\x07" + bytes(range(128, 256)))},
        "a title of 4 MB": {"sdp": describe(plain, title=b"x" * 4_000_000)},
        "the end after each frame": {"packets": lambda: itertools.islice(played(plain), 4)},
        "random bytes between frames": {"after": os.urandom(3000)},
    }


def http_cameras() -> dict[str, tuple[bytes, bytes]]:
    """First and further bytes of an answer by what is wrong."""
    image = cv2.imencode(".jpg", np.zeros((120, 160, 3), np.uint8))[1].tobytes()
    exif = b"\xff\xe1\xff\xff" + b"Exif\0\0MM\0*\0\0\0\x08" + b"\xff" * 65_519
    bomb = image[:2] + exif * 40 + image[2:]
    head = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
    return {
        "EXIF of 2.6 MB": (MULTIPART, head % len(bomb) + bomb + b"\r\n"),
        "images without content": (MULTIPART, head % 0 + b"\r\n"),
        "an image without end": (MULTIPART, head % 9_999_999_999 + image),
        "a playlist.m3u8 of itself": (OK + b"\r\n#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlist.m3u8\n", b""),
    }


@dataclass(frozen=True)
class Result:
    """What became of all cameras."""

    statuses: Mapping[str, SourceStatus]
    frames: Counter[str]
    lines: Counter[str]
    unexpected: list[str]
    readers_left: list[str]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """All cameras at once, and a good one, for some seconds; then until their readers have ended."""
    folder = tmp_path_factory.mktemp("hostile")
    plain = nal_units(encode_loop(folder / "a.h264", seconds=1, size=(160, 120)).read_bytes())
    large = nal_units(encode_loop(folder / "b.h264", seconds=1, size=(320, 180)).read_bytes())
    with ExitStack() as servers, structlog.testing.capture_logs() as lines:
        urls = {"good": servers.enter_context(ScriptedRtsp(plain, packets=lambda: played(plain, 2700))).url()}
        for name, options in rtsp_cameras(plain, large).items():
            server = ScriptedRtsp(options.pop("nals", plain), **options)
            urls[name] = servers.enter_context(server).url(login="user:password@")
        for name, answer in http_cameras().items():
            urls[name] = servers.enter_context(answering(*answer)) + ("/list.m3u8" if "m3u8" in name else "/stream")
        return watched(urls, lines)


def watched(urls: Mapping[str, str], lines: list[Any]) -> Result:
    memory, frames = FrameMemory(2_000_000_000), Counter[str]()
    sources = {name: open_source(name, url, settings=QUICK, memory=memory) for name, url in urls.items()}

    def read(name: str) -> None:
        for _ in sources[name].frames():
            frames[name] += 1

    threads = [threading.Thread(target=read, args=(name,)) for name in sources]
    for thread in threads:
        thread.start()
    time.sleep(SECONDS)
    statuses = {name: source.status() for name, source in sources.items()}
    for source in sources.values():
        source.stop()
    for thread in threads:
        thread.join(60)
    until = time.monotonic() + 60
    while readers() and time.monotonic() < until:
        time.sleep(0.1)
    unexpected = [f"{line.get('camera')}: {line['event']}" for line in lines if line["event"] not in EXPECTED]
    return Result(statuses, frames, Counter(str(line.get("camera")) for line in lines), unexpected, readers())


def readers() -> list[str]:
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith(("decode-", "rtsp-relay"))]


STREAM = {
    "another size amid the stream", "times that run back", "times at random", "10,000 frames per second",
    "a clock of zero", "escapes in the title", "EXIF of 2.6 MB",
}  # fmt: skip
CAMERAS = [*rtsp_cameras([b"\x67", b"\x68"], []), *http_cameras()]


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_hostile_camera_goes_on_or_is_retried_with_a_reason(camera: str, result: Result) -> None:
    status = result.statuses[camera]
    assert status.state not in {SourceState.ENDED, SourceState.FAILED}
    assert (
        result.frames[camera] > 0 if camera in STREAM else status.state is not SourceState.STREAMING or status.decoded
    )
    assert status.detail.isprintable()
    assert len(status.detail) <= 300
    assert status.detail or result.frames[camera]
    assert result.lines[camera] <= 8, "six at once, then one an hour, the end, and once that its clock is unreliable"


def test_their_neighbor_goes_on(result: Result) -> None:
    assert result.statuses["good"].state is SourceState.STREAMING
    assert result.statuses["good"].reconnects == 0
    assert result.frames["good"] > 50


def test_no_bug_shows(result: Result) -> None:
    assert result.unexpected == []


def test_no_reader_of_a_session_outlives_it(result: Result) -> None:
    assert result.readers_left == []
