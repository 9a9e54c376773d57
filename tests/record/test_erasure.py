"""Video of a camera and time goes as whole segments; what is held stays and is named; recorders are kept away."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import RecordError
from pipeline.record.camera_tap import RECORDER_LOCK
from pipeline.record.erasure import erase_video, recorders_stopped, select_video
from pipeline.record.holds import Holds
from pipeline.record.recording_archive import RecordingArchive
from pipeline.storage.locks import locked
from tests.record.packets import BEGIN_MS, clip, record
from tests.record.test_retention import begins

RANGE = (BEGIN_MS + 1500, BEGIN_MS + 2500)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Four files of a second each, of two cameras."""
    source = clip(tmp_path)
    record(tmp_path / "video", source, camera="a")
    record(tmp_path / "video", source, camera="b")
    return tmp_path / "video"


def test_every_segment_with_any_of_the_time_goes_and_the_gap_says_why(video: Path) -> None:
    assert erase_video(video, ["a", "never-recorded"], *RANGE, "erased on request") == 2
    assert begins(video, "a") == [0, 3000]
    assert begins(video, "b") == [0, 1000, 2000, 3000]
    (gap,) = RecordingArchive(video).gaps("a", BEGIN_MS, BEGIN_MS + 4000)
    assert (gap.begin_ms, gap.end_ms, gap.reason) == (BEGIN_MS + 1000, BEGIN_MS + 3000, "erased on request")
    assert erase_video(video, ["a"], *RANGE, "erased on request") == 0


def test_a_held_segment_stays_and_is_named_with_its_hold(video: Path) -> None:
    hold_id = Holds(video).hold("a", BEGIN_MS + 2100, BEGIN_MS + 2200, "order 12", "A. Souza")
    found = select_video(video, ["a", "b"], *RANGE)
    assert [one.begin_ms - BEGIN_MS for one in found.segments] == [1000, 1000, 2000]
    assert [(one.begin_ms - BEGIN_MS, [hold.hold_id for hold in holds]) for one, holds in found.held] == [
        (2000, [hold_id])
    ]
    assert erase_video(video, ["a", "b"], *RANGE, "erased") == 3
    assert begins(video, "a") == [0, 2000, 3000]


def test_without_a_range_all_goes_and_without_recordings_nothing_is_made(video: Path, tmp_path: Path) -> None:
    assert erase_video(video, ["a"], None, None, "erased") == 4
    assert begins(video, "a") == []
    assert erase_video(tmp_path / "none", ["a"], None, None, "erased") == 0
    assert select_video(tmp_path / "none", ["a"], None, None).segments == ()
    assert not (tmp_path / "none").exists()


def test_damaged_holds_stop_the_erasure(video: Path) -> None:
    (video / "holds.jsonl").write_text("?\n")
    with pytest.raises(RecordError, match="it is not known what must be preserved"):
        erase_video(video, ["a"], *RANGE, "erased")
    assert len(begins(video, "a")) == 4


def test_a_recorder_that_runs_is_named(video: Path) -> None:
    with (
        locked(video / "a" / RECORDER_LOCK),
        pytest.raises(RecordError, match="camera a: is being recorded by another process"),
        recorders_stopped(video, ["b", "a"]),
    ):
        pass
    with recorders_stopped(video, ["a", "never-recorded"]):
        pass
