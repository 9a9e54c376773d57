"""What is due goes, oldest first; what is held stays; the index says no more than there is."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from pipeline.domain.hold import HoldBasis, HoldGrounds
from pipeline.errors import RecordError
from pipeline.record.holds import Holds
from pipeline.record.recording_archive import RecordingArchive
from pipeline.record.retention import prune
from pipeline.record.segment_index import SegmentIndex
from tests.record.packets import BEGIN_MS, clip, record

DAY_MS = 86_400_000
PLENTY = 10**12


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Four files of a second each, of two cameras."""
    source = clip(tmp_path)
    record(tmp_path / "video", source, camera="a")
    record(tmp_path / "video", source, camera="b", begin_ms=BEGIN_MS + 500)
    return tmp_path / "video"


def begins(folder: Path, camera: str) -> list[int]:
    return [one.begin_ms - BEGIN_MS for one in RecordingArchive(folder).segments(camera)]


def test_video_goes_by_age(video: Path) -> None:
    done = prune(video, 7, PLENTY, BEGIN_MS + 7 * DAY_MS + 2600)
    assert begins(video, "a") == [2000, 3000]
    assert begins(video, "b") == [2500, 3500]
    assert len(done.removed) == 4
    assert RecordingArchive(video).gaps("a", BEGIN_MS, BEGIN_MS + 4000)[0].reason == "not recorded, or no longer stored"


def test_the_oldest_of_all_cameras_goes_by_bytes(video: Path) -> None:
    files = [*RecordingArchive(video).segments("a"), *RecordingArchive(video).segments("b")]
    files.sort(key=lambda one: one.begin_ms)
    limit = sum(one.size for one in files[3:])
    done = prune(video, 3650, limit)
    assert [one.path for one in done.removed] == [one.path for one in files[:3]]
    assert done.left == limit
    assert done.over == 0


def test_what_is_held_stays_until_it_is_released(video: Path) -> None:
    hold_id = Holds(video).hold("a", BEGIN_MS + 1500, BEGIN_MS + 2500, "order 12", "A. Souza")
    done = prune(video, 1, 1, BEGIN_MS + 100 * DAY_MS)
    assert begins(video, "a") == [1000, 2000]
    assert begins(video, "b") == []
    assert (len(done.held), done.over) == (2, done.left - 1)
    Holds(video).release(hold_id, "A. Souza")
    prune(video, 1, PLENTY, BEGIN_MS + 100 * DAY_MS)
    assert begins(video, "a") == []
    lines = [json.loads(line) for line in (video / "holds.jsonl").read_text().splitlines()]
    assert [(line["by"], line.get("reason"), line.get("released")) for line in lines] == [
        ("A. Souza", "order 12", None),
        ("A. Souza", None, hold_id),
    ]


def test_a_line_that_was_never_finished_is_no_hold_and_harms_none(video: Path) -> None:
    first = Holds(video).hold("a", BEGIN_MS, BEGIN_MS + 1, "order 12", "A. Souza")
    with (video / "holds.jsonl").open("a") as file:
        file.write('{"hold_id": "torn')
    second = Holds(video).hold("b", BEGIN_MS, BEGIN_MS + 1, "order 13", "A. Souza")
    assert [hold.hold_id for hold in Holds(video).all()] == [first, second]


def test_a_last_line_whose_end_an_editor_took_is_a_hold_and_stays(video: Path) -> None:
    holds = Holds(video)
    holds.hold("a", BEGIN_MS, BEGIN_MS + 1000, "order 1", "me")
    path = video / "holds.jsonl"
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert [one.reason for one in holds.all()] == ["order 1"]
    holds.hold("a", BEGIN_MS, BEGIN_MS + 1000, "order 2", "me")
    assert [one.reason for one in holds.all()] == ["order 1", "order 2"]


def test_damaged_holds_stop_retention(video: Path) -> None:
    Holds(video).hold("a", BEGIN_MS, BEGIN_MS + 1, "order 12", "A. Souza")
    path = video / "holds.jsonl"
    path.write_text(path.read_text().replace("{", "?", 1))
    with pytest.raises(RecordError, match=r"holds.jsonl, line 1: is corrupt"):
        prune(video, 1, PLENTY, BEGIN_MS + 100 * DAY_MS)
    assert len(begins(video, "a")) == 4


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (("c", 1000, "order", "me"), "camera c: has no recorded video. Recorded are: a, b"),
        (("a", 0, "order", "me"), "is empty: it ends when it begins"),
        (("a", -1, "order", "me"), "ends before it begins"),
        (("a", 1000, " ", "me"), "reason: is empty"),
        (("a", 1000, "order", ""), "by: is empty"),
    ],
)
def test_a_hold_that_makes_no_sense_is_refused(video: Path, given: tuple[str, int, str, str], problem: str) -> None:
    camera, end_ms, reason, by = given
    with pytest.raises(RecordError, match=problem):
        Holds(video).hold(camera, BEGIN_MS, BEGIN_MS + end_ms, reason, by)


def test_releasing_what_is_not_held_is_refused(video: Path) -> None:
    with pytest.raises(RecordError, match="hold 12: is not in force"):
        Holds(video).release("12", "me")


def test_an_index_forgets_what_is_gone(video: Path) -> None:
    index = SegmentIndex(video / "a")
    for number in range(300):
        index.add_file(video / "a" / "2020-01-01" / f"{number}.mp4", 0)
    before = index.read()
    index.compact()
    after = index.read()
    assert len(before.ends_ms) == 304
    assert len(after.ends_ms) == 4
    assert after.stops == before.stops


def test_a_lost_index_loses_no_video(video: Path) -> None:
    before = RecordingArchive(video).segments("a")
    (video / "a" / "index.jsonl").unlink()
    after = RecordingArchive(video).segments("a")
    assert [(one.begin_ms, one.end_ms) for one in after] == [(one.begin_ms, one.end_ms) for one in before]


def test_a_clock_that_has_jumped_deletes_nothing_until_it_is_confirmed(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clock(days: int) -> None:
        monkeypatch.setattr("time.time_ns", lambda: (BEGIN_MS + 4000 + days * DAY_MS) * 1_000_000)

    clock(0)
    assert prune(video, 7, PLENTY).removed == ()
    clock(30)
    for _ in range(2):
        done = prune(video, 7, PLENTY)
        assert (done.removed, done.clock_held) == ((), True)
    assert len(prune(video, 7, PLENTY, trust_clock=True).removed) == 8


def test_an_orderly_clock_deletes_as_ever(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for days in (0, 3, 6, 9):
        monkeypatch.setattr("time.time_ns", lambda at=days: (BEGIN_MS + 4000 + at * DAY_MS) * 1_000_000)
        done = prune(video, 7, PLENTY)
    assert (len(done.removed), done.clock_held) == (8, False)


def test_a_hold_ends_by_itself_when_it_expires_and_that_is_noted_once(video: Path) -> None:
    ends_ms = time.time_ns() // 1_000_000 + DAY_MS
    grounds = HoldGrounds(basis=HoldBasis.POLICE, requester="3ª Delegacia", document="ofício 12", expires_ms=ends_ms)
    hold_id = Holds(video).hold("a", BEGIN_MS, BEGIN_MS + 500, "inquérito 7", "A. Souza", grounds=grounds)
    (hold,) = Holds(video).all()
    assert (hold.basis, hold.requester, hold.document) == ("police", "3ª Delegacia", "ofício 12")
    assert (hold.expires_soon(ends_ms - DAY_MS), hold.has_expired(ends_ms)) == (True, True)
    prune(video, 1, PLENTY, ends_ms - 1)
    assert begins(video, "a") == [0]
    prune(video, 1, PLENTY, ends_ms)
    assert begins(video, "a") == []
    lines = [json.loads(line) for line in (video / "holds.jsonl").read_text().splitlines()]
    assert [one.get("released", "") for one in lines] == ["", hold_id]
    with pytest.raises(RecordError, match="is not in the future"):
        Holds(video).hold("b", BEGIN_MS, BEGIN_MS + 1, "x", "y", grounds=HoldGrounds(expires_ms=1))
