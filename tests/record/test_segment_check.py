"""Recorded files that were changed, cut, exchanged, lost or added since they were complete are named."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import RecordError
from pipeline.record.erasure import erase_video
from pipeline.record.recording_archive import RecordingArchive
from pipeline.record.retention import prune
from pipeline.record.segment_check import SegmentCheck, check_segments
from pipeline.record.segment_index import SegmentIndex
from tests.record.packets import BEGIN_MS, clip, record

DAY_MS = 86_400_000


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Four files of camera "cam"."""
    record(tmp_path / "video", clip(tmp_path))
    return tmp_path / "video"


def files(video: Path) -> list[Path]:
    return [one.path for one in RecordingArchive(video).segments("cam")]


def problems(check: SegmentCheck) -> dict[str, str]:
    return {Path(one.file).name: one.problem.partition(":")[0] for one in check.faults}


def change(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    file.write_bytes(content)


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def lengthen(file: Path) -> None:
    with file.open("ab") as stream:
        stream.write(b"\0")


def replace_by_earlier(file: Path) -> None:
    file.write_bytes(sorted(file.parent.iterdir())[0].read_bytes())


def test_files_are_as_recorded_and_each_is_compared(video: Path) -> None:
    assert check_segments(video, "cam") == SegmentCheck("cam", 4, 4, 0, [])
    with pytest.raises(RecordError, match="has no recorded video"):
        check_segments(video, "rua")


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (change, "was changed: its SHA-256 is "),
        (cut, "was cut: "),
        (lengthen, "was changed: "),
        (replace_by_earlier, "was "),
        (Path.unlink, "is lost"),
    ],
)
def test_a_harmed_file_is_named_with_what_became_of_it(
    video: Path, harm: Callable[[Path], object], problem: str
) -> None:
    harmed = files(video)[2]
    harm(harmed)
    check = check_segments(video, "cam")
    (fault,) = check.faults
    assert (video / "cam" / fault.file, check.files) == (harmed, 4)
    assert fault.problem.startswith(problem)
    assert fault.begin_ms == BEGIN_MS + 2000
    assert check_segments(video, "cam", BEGIN_MS, BEGIN_MS + 1500).faults == []


def test_exchanged_files_of_one_size_are_named_with_whose_content_they_have(video: Path) -> None:
    one, other = files(video)[:2]
    size = max(one.stat().st_size, other.stat().st_size)
    for file in (one, other):
        os.truncate(file, size)
        SegmentIndex(video / "cam").add_file(file, BEGIN_MS + 2000)
    assert check_segments(video, "cam").faults == []
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    assert [fault.problem for fault in check_segments(video, "cam").faults] == [
        f"was exchanged: it has the content of 2025-06-01/{name}" for name in (other.name, one.name)
    ]


def test_a_file_that_the_recorder_did_not_write_is_named(video: Path) -> None:
    first = files(video)[0]
    foreign = first.parent / first.name.replace("20250601T120000.123", "20250601T115900.000")
    foreign.write_bytes(first.read_bytes())
    check = check_segments(video, "cam")
    assert problems(check) == {foreign.name: "was added"}
    later = first.parent / first.name.replace("20250601T120000.123", "20250601T130000.000")
    later.write_bytes(first.read_bytes())
    assert check_segments(video, "cam").without_digest == 1, "it may be being written"


def test_what_retention_and_erasures_removed_is_not_lost(video: Path) -> None:
    prune(video, 1, 10**12, BEGIN_MS + 1500 + DAY_MS)
    erase_video(video, ["cam"], BEGIN_MS + 3000, None, "erased")
    assert len(files(video)) == 2
    assert check_segments(video, "cam") == SegmentCheck("cam", 2, 2, 0, [])


def test_lost_files_stay_named_in_a_compacted_index_until_they_would_be_due(video: Path) -> None:
    lost = files(video)[0]
    lost.unlink()
    index = SegmentIndex(video / "cam")
    for number in range(300):
        index.add_stop(number, "old")
    index.compact(BEGIN_MS)
    assert [one.file for one in check_segments(video, "cam").faults] == [lost.relative_to(video / "cam").as_posix()]
    for number in range(300):
        index.add_stop(number, "old")
    index.compact(BEGIN_MS + 2000)
    assert check_segments(video, "cam") == SegmentCheck("cam", 3, 3, 0, [])


def test_files_of_earlier_versions_count_as_not_compared(video: Path) -> None:
    index = video / "cam" / "index.jsonl"
    lines = [json.loads(line) for line in index.read_text().splitlines()]
    for line in lines[:2]:
        line.pop("sha256", None)
        line.pop("bytes", None)
    index.write_text("".join(json.dumps(line) + "\n" for line in lines))
    files(video)[0].unlink()
    check = check_segments(video, "cam")
    assert (check.files, check.compared, check.without_digest, check.faults) == (2, 2, 1, [])


def test_only_the_newest_are_read_on_request_and_all_are_measured(video: Path) -> None:
    change(files(video)[0])
    cut(files(video)[1])
    done: list[tuple[int, int]] = []
    check = check_segments(video, "cam", most_compared=2, on_file=lambda *step: done.append(step))
    assert (check.compared, problems(check)) == (2, {files(video)[1].name: "was cut"})
    assert done == [(1, 4), (2, 4), (3, 4), (4, 4)]
