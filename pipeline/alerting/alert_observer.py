"""Alert rules on the tracks of one session of one camera."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from pipeline.alerting.condition import Rule
from pipeline.alerting.incidents import Incidents, Place
from pipeline.alerting.object_memory import ObjectMemory
from pipeline.domain.detections import Tracks
from pipeline.domain.events import Event
from pipeline.domain.frame import Frame
from pipeline.domain.frame_decision import FrameDecision
from pipeline.domain.ports import OcrRequest
from pipeline.domain.traffic_areas import TrafficAreas


class AlertObserver:
    """Implements `pipeline.domain.ports.TrackObserver`: reports the conditions of each frame to incidents.

    Incidents of live cameras are shared by all of them, and their owner asks them for what is due. Those of recorded
    video belong to the session: every analysis of it gives the same alerts.

    Args:
        place: the camera and session.
        areas: its zones.
        rules: new ones, of this session.
        incidents: where conditions are reported.
        seconds: the time of a frame, on a clock that never goes back and that all users of the incidents share.
        owns_incidents: whether alerts leave through this observer.
    """

    def __init__(
        self,
        place: Place,
        areas: TrafficAreas,
        rules: Sequence[Rule],
        incidents: Incidents,
        *,
        seconds: Callable[[Frame], float],
        owns_incidents: bool,
    ) -> None:
        self._place = place
        self._rules = rules
        self._incidents = incidents
        self._seconds = seconds
        self._owns = owns_incidents
        self._memory = ObjectMemory(areas)
        self._now_s = 0.0

    def observe(self, frame: Frame, tracks: Tracks) -> Sequence[OcrRequest]:
        """See the protocol; no crop is read."""
        self._now_s = max(self._now_s, self._seconds(frame))
        scene = self._memory.observe(frame, tracks, self._now_s)
        conditions = [condition for rule in self._rules for condition in rule.observe(scene)]
        self._incidents.report(self._place, conditions, self._now_s, frame.ts_ms)
        return ()

    def needs_next(self) -> FrameDecision | None:
        """See the protocol; rules judge by time, and can do without any frame."""
        return None

    def settle(self, ended: Collection[int], ts_ms: int) -> Sequence[Event]:  # noqa: ARG002 - rules follow by time
        """See the protocol; alerts that are due, where the incidents are its own."""
        return self._incidents.due(self._now_s) if self._owns else ()

    def close(self) -> Sequence[Event]:
        """See the protocol; the incidents of a video end with it. Those of a live camera go on after a reconnection."""
        return self._incidents.close() if self._owns else ()

    def captions(self) -> Mapping[int, str]:
        """See the protocol; none."""
        return {}
