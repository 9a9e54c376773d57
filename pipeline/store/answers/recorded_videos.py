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
    f"SELECT camera_id, stream_id, minIf(ts_ms, {_BEGINS}) AS begin_ms, "  # noqa: S608 - constants
    f"maxIf(ts_ms, NOT ({_BEGINS})) AS end_ms, argMaxIf(state, ts_ms, NOT ({_BEGINS})) AS end_state, "
    f"argMaxIf(detail, ts_ms, NOT ({_BEGINS})) AS end_detail FROM health {{where}}GROUP BY camera_id, stream_id "
    f"HAVING countIf({_BEGINS}) > 0 ORDER BY begin_ms DESC LIMIT {_MOST_VIDEOS:d}"
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
    """The recorded videos of each camera that begin before `end_ms`, the newest first.

    Raises:
        StoreError: the database failed.
    """
    found: dict[str, list[RecordedVideo]] = {}
    for row in rows(_VIDEOS.format(where=where([*in_range(None, None, camera_ids), _OF_VIDEO]))):
        begin_ms = int(row["begin_ms"])
        if end_ms is None or begin_ms < end_ms:
            end = max(begin_ms, int(row["end_ms"])), row["end_state"], row["end_detail"]
            found.setdefault(row["camera_id"], []).append(RecordedVideo(row["stream_id"], begin_ms, *end))
    return found
