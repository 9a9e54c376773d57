"""Recorded videos that cameras had as their source: where each begins, and where its analysis ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.domain.events import VIDEO_BEGINS, VIDEO_ENDS
from pipeline.domain.ports import SourceState
from pipeline.store.answers.sql_fragments import Rows, in_range, where

_MOST_VIDEOS: Final = 50_000
_BEGINS: Final = f"detail = '{VIDEO_BEGINS}'"
_OF_VIDEO: Final = (
    f"stream_id != '' AND (detail IN ('{VIDEO_BEGINS}', '{VIDEO_ENDS}') OR state = '{SourceState.FAILED.value}')"
)
_VIDEOS: Final = (
    f"SELECT camera_id, stream_id, arraySort(groupUniqArrayIf(ts_ms, {_BEGINS})) AS begins_ms, "  # noqa: S608 - constants
    f"arraySort(groupArrayIf((ts_ms, state, detail), NOT ({_BEGINS}))) AS ends FROM health {{where}}"
    f"GROUP BY camera_id, stream_id HAVING notEmpty(begins_ms) ORDER BY max(ts_ms) DESC LIMIT {_MOST_VIDEOS:d}"
)


@dataclass(frozen=True, slots=True)
class RecordedVideo:
    """A video, from its first to its last frame; `end_state` is "" where it is not analyzed to its end."""

    stream_id: str
    begin_ms: int
    end_ms: int
    end_state: str
    end_detail: str


def recorded_videos(rows: Rows, camera_ids: Sequence[str], end_ms: int | None) -> dict[str, list[RecordedVideo]]:
    """The recorded videos of each camera that begin before `end_ms`.

    Raises:
        StoreError: the database failed.
    """
    found: dict[str, list[RecordedVideo]] = {}
    for row in rows(_VIDEOS.format(where=where([*in_range(None, None, camera_ids), _OF_VIDEO]))):
        ends = [(int(ms), state, detail) for ms, state, detail in row["ends"]]
        for begin_ms in (int(ms) for ms in row["begins_ms"]):
            if end_ms is None or begin_ms < end_ms:
                end = _end_of(begin_ms, ends)
                found.setdefault(row["camera_id"], []).append(RecordedVideo(row["stream_id"], begin_ms, *end))
    return found


def _end_of(begin_ms: int, ends: Sequence[tuple[int, str, str]]) -> tuple[int, str, str]:
    """Time, state and reason of the end of a video; of one that was analyzed under two start times there are two.

    A failure counts only where no analysis reached the end.
    """
    after = [end for end in ends if end[0] >= begin_ms]
    whole = [end for end in after if end[1] != SourceState.FAILED.value]
    return next(iter(whole or after), (begin_ms, "", ""))
