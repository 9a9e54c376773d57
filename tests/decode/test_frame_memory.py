"""Large images of many cameras cannot take all memory: those that do not fit are refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.decode.frame_memory import FrameMemory, FrameMemoryFull, default_limit
from pipeline.decode.input_options import InputOptions
from pipeline.decode.supervised_source import open_source
from pipeline.domain.ports import SourceState
from pipeline.errors import SourceError
from tests.decode.clips import Recipe, encode
from tests.decode.test_streams import QUICK, WatchedSource
from tests.servers.web import WebServer


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebServer]:
    with WebServer(tmp_path) as server:
        yield server


def test_leases_count_the_largest_image_of_each_session() -> None:
    memory = FrameMemory(limit_mb=48)
    first, second = memory.lease(), memory.lease()
    first.claim(1000, 1000)
    first.claim(640, 480)
    second.claim(1000, 2000)
    assert memory.used_bytes == 36_000_000
    with pytest.raises(FrameMemoryFull, match=r"2000×1500 need about 36 MB; 24 of 48 MB for frames are left"):
        first.claim(2000, 1500)
    second.release()
    first.claim(2000, 1500)
    first.release()
    assert memory.used_bytes == 0


def test_the_default_is_less_than_the_machine_has() -> None:
    total = int(next(line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines() if "MemTotal" in line))
    assert 0 < default_limit() <= 512 * total + 4096


def test_a_file_that_does_not_fit_names_the_memory(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", Recipe(size=(1600, 1200), frames=2))
    memory = FrameMemory(limit_mb=20)
    with pytest.raises(SourceError, match="1600×1200 need about 23 MB") as raised:
        list(open_source("cam", str(path), settings=QUICK, memory=memory).frames())
    assert "max_frame_memory_mb" in raised.value.fix
    assert memory.used_bytes == 0
    list(open_source("cam", str(path), settings=QUICK, memory=FrameMemory(limit_mb=24)).frames())


def test_a_camera_that_does_not_fit_is_retried_until_others_leave(web: WebServer, tmp_path: Path) -> None:
    encode(tmp_path / "a.mp4", Recipe(size=(1600, 1200), frames=2))
    memory = FrameMemory(limit_mb=24)
    other = memory.lease()
    other.claim(1000, 1000)
    watched = WatchedSource(web.url("a.mp4"))
    watched.source = open_source(
        "cam", web.url("a.mp4"), settings=QUICK, options=InputOptions(ends=True), memory=memory
    )
    with watched as camera:
        lost = camera.until(lambda status: status.state is SourceState.BACKING_OFF, "backing off")
        assert "12 of 24 MB for frames are left" in lost.detail
        other.release()
        camera.until(lambda status: status.state is SourceState.ENDED, "the end")
    assert len(camera.frames) == 2
    assert memory.used_bytes == 0
