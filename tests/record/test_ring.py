"""What is due goes, oldest first; what is held stays; the index says no more than there is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.errors import RecordError
from pipeline.record.archive import Archive
from pipeline.record.holds import Holds
from pipeline.record.index import Index
from pipeline.record.ring import tidy
from tests.record.packets import BEGIN_MS, clip, record

DAY_MS = 86_400_000
PLENTY = 10**12


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Four files of a second each, of two cameras."""
    source = clip(tmp_path)
    record(tmp_path / "film", source, camera="a")
    record(tmp_path / "film", source, camera="b", begin_ms=BEGIN_MS + 500)
    return tmp_path / "film"


def begins(folder: Path, camera: str) -> list[int]:
    return [one.begin_ms - BEGIN_MS for one in Archive(folder).segments(camera)]


def test_film_goes_by_age(film: Path) -> None:
    done = tidy(film, 7, PLENTY, BEGIN_MS + 7 * DAY_MS + 2600)
    assert begins(film, "a") == [2000, 3000]
    assert begins(film, "b") == [2500, 3500]
    assert len(done.removed) == 4
    assert Archive(film).gaps("a", BEGIN_MS, BEGIN_MS + 4000)[0].reason == "not recorded, or no longer kept"


def test_the_oldest_of_all_cameras_goes_by_bytes(film: Path) -> None:
    files = [*Archive(film).segments("a"), *Archive(film).segments("b")]
    files.sort(key=lambda one: one.begin_ms)
    limit = sum(one.size for one in files[3:])
    done = tidy(film, 3650, limit)
    assert [one.path for one in done.removed] == [one.path for one in files[:3]]
    assert done.left == limit
    assert done.over == 0


def test_what_is_held_stays_until_it_is_freed(film: Path) -> None:
    hold_id = Holds(film).hold("a", BEGIN_MS + 1500, BEGIN_MS + 2500, "order 12", "A. Souza")
    done = tidy(film, 1, 1, BEGIN_MS + 100 * DAY_MS)
    assert begins(film, "a") == [1000, 2000]
    assert begins(film, "b") == []
    assert (len(done.held), done.over) == (2, done.left - 1)
    Holds(film).release(hold_id, "A. Souza")
    tidy(film, 1, PLENTY, BEGIN_MS + 100 * DAY_MS)
    assert begins(film, "a") == []
    lines = [json.loads(line) for line in (film / "holds.jsonl").read_text().splitlines()]
    assert [(line["by"], line.get("reason"), line.get("freed")) for line in lines] == [
        ("A. Souza", "order 12", None),
        ("A. Souza", None, hold_id),
    ]


def test_a_line_that_was_never_finished_is_no_hold_and_harms_none(film: Path) -> None:
    first = Holds(film).hold("a", BEGIN_MS, BEGIN_MS + 1, "order 12", "A. Souza")
    with (film / "holds.jsonl").open("a") as file:
        file.write('{"hold_id": "torn')
    second = Holds(film).hold("b", BEGIN_MS, BEGIN_MS + 1, "order 13", "A. Souza")
    assert [hold.hold_id for hold in Holds(film).all()] == [first, second]


def test_a_last_line_whose_end_an_editor_took_is_a_hold_and_stays(film: Path) -> None:
    holds = Holds(film)
    holds.hold("a", BEGIN_MS, BEGIN_MS + 1000, "order 1", "me")
    path = film / "holds.jsonl"
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert [one.reason for one in holds.all()] == ["order 1"]
    holds.hold("a", BEGIN_MS, BEGIN_MS + 1000, "order 2", "me")
    assert [one.reason for one in holds.all()] == ["order 1", "order 2"]


def test_damaged_holds_stop_the_ring(film: Path) -> None:
    Holds(film).hold("a", BEGIN_MS, BEGIN_MS + 1, "order 12", "A. Souza")
    path = film / "holds.jsonl"
    path.write_text(path.read_text().replace("{", "?", 1))
    with pytest.raises(RecordError, match=r"holds.jsonl, line 1: is damaged"):
        tidy(film, 1, PLENTY, BEGIN_MS + 100 * DAY_MS)
    assert len(begins(film, "a")) == 4


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (("c", 1000, "order", "me"), "camera c: has no recorded film. Recorded are: a, b"),
        (("a", 0, "order", "me"), "ends before it begins"),
        (("a", 1000, " ", "me"), "reason: is empty"),
        (("a", 1000, "order", ""), "by: is empty"),
    ],
)
def test_a_hold_that_makes_no_sense_is_refused(film: Path, given: tuple[str, int, str, str], problem: str) -> None:
    camera, end_ms, reason, by = given
    with pytest.raises(RecordError, match=problem):
        Holds(film).hold(camera, BEGIN_MS, BEGIN_MS + end_ms, reason, by)


def test_freeing_what_is_not_held_is_refused(film: Path) -> None:
    with pytest.raises(RecordError, match="hold 12: is not in force"):
        Holds(film).release("12", "me")


def test_an_index_forgets_what_is_gone(film: Path) -> None:
    index = Index(film / "a")
    for number in range(300):
        index.add_file(film / "a" / "2020-01-01" / f"{number}.mp4", 0)
    before = index.read()
    index.compact()
    after = index.read()
    assert len(before.ends_ms) == 304
    assert len(after.ends_ms) == 4
    assert after.stops == before.stops


def test_a_lost_index_loses_no_film(film: Path) -> None:
    before = Archive(film).segments("a")
    (film / "a" / "index.jsonl").unlink()
    after = Archive(film).segments("a")
    assert [(one.begin_ms, one.end_ms) for one in after] == [(one.begin_ms, one.end_ms) for one in before]
