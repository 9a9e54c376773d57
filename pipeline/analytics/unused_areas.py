"""Alert that a camera's traffic areas are not used, because its image has another shape than they were drawn for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from pipeline.domain.detections import Tracks
from pipeline.domain.event_identity import UNIDENTIFIED, identified
from pipeline.domain.events import AlertEvent, AlertRule, Event, Severity
from pipeline.domain.frame import Frame
from pipeline.domain.frame_decision import FrameDecision
from pipeline.domain.ports import OcrRequest

_SAME_SHAPE: Final = 0.02
"""Relative difference of aspect ratios up to which they are one: encoders round sizes to multiples of 16."""


def fits(drawn: tuple[int, int] | None, width: int, height: int) -> bool:
    """Whether areas drawn on an image of one size hold for another: its shape is the same, or the size is not known."""
    if drawn is None:
        return True
    ratio = drawn[0] / drawn[1] * height / width
    return abs(ratio - 1) <= _SAME_SHAPE


class UnusedAreas:
    """Implements `pipeline.domain.ports.TrackObserver`: one alert per session, in place of all figures.

    Args:
        camera_id, stream_id: camera and session.
        drawn: size of the image that the areas were drawn on.
        size: of the camera's image.
    """

    def __init__(self, camera_id: str, stream_id: str, drawn: tuple[int, int], size: tuple[int, int]) -> None:
        self._camera_id = camera_id
        self._stream_id = stream_id
        self._detail = (
            f"traffic is not counted: the areas are of an image of {drawn[0]}×{drawn[1]}, and the camera sends "
            f"{size[0]}×{size[1]}"
        )
        self._reported = False

    def observe(self, frame: Frame, tracks: Tracks) -> Sequence[OcrRequest]:  # noqa: ARG002
        """See the protocol; nothing is counted."""
        return ()

    def needs_next(self) -> FrameDecision | None:
        """See the protocol; never."""
        return None

    def settle(self, ended: Collection[int], ts_ms: int) -> Sequence[Event]:  # noqa: ARG002
        """See the protocol; the alert, once."""
        if self._reported:
            return ()
        self._reported = True
        alert = AlertEvent(
            event_id=UNIDENTIFIED,
            camera_id=self._camera_id,
            ts_ms=ts_ms,
            rule=AlertRule.AREAS_NOT_USED.value,
            severity=Severity.WARNING,
            detail=self._detail,
            stream_id=self._stream_id,
        )
        return (identified(alert),)

    def close(self) -> Sequence[Event]:
        """See the protocol; nothing is open."""
        return ()

    def captions(self) -> Mapping[int, str]:
        """See the protocol; none."""
        return {}
