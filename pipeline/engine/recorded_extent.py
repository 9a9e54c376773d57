"""Health events of a recorded video: where it begins, and that it was analyzed to its end."""

from __future__ import annotations

from pipeline.domain.event_identity import UNIDENTIFIED, identified
from pipeline.domain.events import VIDEO_BEGINS, VIDEO_ENDS, Event, HealthEvent
from pipeline.domain.frame import Frame
from pipeline.domain.ports import SourceState


def video_begins(first: Frame) -> Event:
    """The event of a video's first frame; another run over the same video makes the same one."""
    return _event(first, SourceState.STREAMING, VIDEO_BEGINS)


def video_ends(last: Frame) -> Event:
    """The event of the last frame of a video that was analyzed completely."""
    return _event(last, SourceState.ENDED, VIDEO_ENDS)


def _event(frame: Frame, state: SourceState, detail: str) -> Event:
    return identified(
        HealthEvent(
            event_id=UNIDENTIFIED,
            camera_id=frame.camera_id,
            ts_ms=frame.ts_ms,
            state=state.value,
            detail=detail,
            stream_id=frame.stream_id,
        )
    )
