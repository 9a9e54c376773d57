"""Hits are alerted once for each passage, name the entry, and are recorded first; other plates leave no trace."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.domain.alert_figures import Figure, decode_figures
from pipeline.domain.events import AlertEvent, encode
from pipeline.domain.plate_watch import VotedCharacters
from pipeline.hotlists.list_index import ListIndex, ListMatch
from pipeline.hotlists.list_watch import ListWatch
from pipeline.hotlists.passages import Passages
from tests.hotlists.entries import index_of
from tests.lpr.plates import seen


@dataclass
class Lists:
    """Lists in the memory; `away` while they are not checked, `mute` while the audit takes no record."""

    now: ListIndex
    away: bool = False
    mute: bool = False
    recorded: list[tuple[str, int]] = field(default_factory=list)

    def index(self) -> ListIndex | None:
        return None if self.away else self.now

    def may_alert(self, camera_id: str, match: ListMatch) -> bool:
        if not self.mute:
            self.recorded.append((camera_id, match.searched.entry_id))
        return not self.mute


def voted(text: str, ts_ms: int, track_id: int = 7) -> VotedCharacters:
    return VotedCharacters(seen(text, sure=0.99), track_id, "car", ts_ms - 400, ts_ms, (10.0, 20.0, 90.0, 44.0))


def watch(lists: Lists, passages: Passages | None = None, stream_id: str = "12", camera_id: str = "cam-1") -> ListWatch:
    return ListWatch(camera_id, stream_id, lists, passages or Passages(300_000), lambda: 1)


def test_a_hit_names_its_entry_and_where_the_vehicle_is_and_never_the_plate() -> None:
    lists = Lists(index_of(["XYZ9Z99", "ABC1234"]))
    (alert,) = watch(lists).check(voted("ABC1C34", 5000))
    assert isinstance(alert, AlertEvent)
    assert (alert.rule, alert.severity, alert.camera_id, alert.ts_ms) == ("listed-plate", "critical", "cam-1", 5000)
    assert (alert.stream_id, alert.track_id, alert.label, alert.first_ts_ms) == ("12", 7, "car", 4600)
    assert (alert.x1, alert.y1, alert.x2, alert.y2) == (10.0, 20.0, 90.0, 44.0)
    figures = decode_figures(alert.figures)
    assert figures[Figure.ENTRY] == 2
    assert figures[Figure.PROBABILITY] > 0.9
    assert lists.recorded == [("cam-1", 2)]
    assert not any(form in encode(alert) for form in (b"ABC1C34", b"ABC1234"))


def test_a_vehicle_that_stands_or_whose_track_breaks_is_alerted_once_and_again_when_it_comes_back() -> None:
    lists, passages = Lists(index_of(["ABC1D23"])), Passages(300_000)
    seconds = [0, 1, 2, 200, 400, 600, 899, 1200, 1201, 1195]
    one = watch(lists, passages)
    alerted = [second for second in seconds if one.check(voted("ABC1D23", second * 1000, track_id=second))]
    assert alerted == [0, 1200]
    assert watch(lists, passages, stream_id="13").check(voted("ABC1D23", 1_300_000)) == []
    assert len(watch(lists, passages, camera_id="cam-2").check(voted("ABC1D23", 1_300_000))) == 1


def test_lists_that_are_not_checked_and_hits_without_a_record_give_no_alert() -> None:
    lists = Lists(index_of(["ABC1D23"]))
    one = watch(lists)
    lists.away = True
    assert one.check(voted("ABC1D23", 1000)) == []
    lists.away, lists.mute = False, True
    assert one.check(voted("ABC1D23", 2000)) == []
    lists.mute = False
    assert len(one.check(voted("ABC1D23", 3000))) == 1, "a hit that was withheld is not lost for the passage"


def test_plates_on_no_list_leave_nothing() -> None:
    lists, passages = Lists(index_of(["ABC1D23"])), Passages(300_000)
    one = watch(lists, passages)
    assert one.check(voted("QRS4T56", 1000)) == []
    assert (lists.recorded, passages._last_ms) == ([], {})
