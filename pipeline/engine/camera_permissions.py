"""Permission of the cameras of a run by the registry of cameras: what may run, and what changed, with its events.

Each change is in the audit. A camera runs again only when the audit has the record; one that has to stop, stops first.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Set

import structlog

from pipeline.config.camera_settings import CameraSettings
from pipeline.config.settings import Config
from pipeline.domain.audit import AuditEntry, Outcome
from pipeline.domain.events import AlertRule, Event, Severity
from pipeline.domain.operation import Operation
from pipeline.domain.ports import SourceState, SourceStatus
from pipeline.engine.camera_events import camera_alert, camera_state
from pipeline.engine.camera_factory import is_live
from pipeline.engine.registered_cameras import RegisteredCameras
from pipeline.errors import AuditUnavailable
from pipeline.policy.camera_permission import NotPermitted
from pipeline.policy.gate import Gate

Record = Callable[[AuditEntry], object]
Found = Mapping[str, NotPermitted]

_log = structlog.get_logger(__name__)


class CameraPermissions:
    """The cameras of a configuration that may run.

    Args:
        registered: the registry; None in evaluation mode, where every camera may.
        record: puts an entry into the audit; system_user: of the entries.
        clock_ms: milliseconds since 1970 UTC.
    """

    def __init__(
        self,
        registered: RegisteredCameras | None = None,
        record: Record = lambda _: None,
        system_user: str = "",
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._registered = registered
        self._record = record
        self._system_user = system_user
        self._clock_ms = clock_ms
        # Replaced as a whole, so that other threads read it without a lock.
        self._found: dict[str, NotPermitted] = {}
        self._running: Set[str] = frozenset()
        self._unrecorded: deque[AuditEntry] = deque()
        self._recording = threading.Lock()
        self._news: deque[tuple[CameraSettings, NotPermitted]] = deque()
        self._waiting: deque[tuple[CameraSettings, NotPermitted]] = deque()
        self._holds_open = False

    @property
    def registry(self) -> bool:
        """Whether there is a registry to ask."""
        return self._registered is not None

    @property
    def holds_run_open(self) -> bool:
        """Whether a live camera waits for its permission, so that the run goes on without any other."""
        return self._holds_open

    def check(self, config: Config) -> Found:
        """The cameras of a configuration that may not run now, by id; nothing is changed by it."""
        return {} if self._registered is None else self._registered.not_permitted(config)

    def differs(self, found: Found) -> bool:
        """Whether it is not what was adopted last, or a record is still missing in the audit."""
        return found != self._found or bool(self._unrecorded)

    def adopt(self, found: Found, config: Config, *, start: bool = False) -> Found:
        """Record what changes, before cameras stop and start.

        Args:
            found: of `check`; config: its configuration; start: of the run.

        Returns:
            The cameras that may not run: also those that may start (again), and whose record the audit does not take.

        Raises:
            AuditUnavailable: at the start of the run, the audit takes no record.
        """
        if self._registered is None:
            return {}
        by_id = {camera.id: camera for camera in config.cameras}
        stopped = {camera_id: why for camera_id, why in found.items() if self._found.get(camera_id) != why}
        for camera_id, why in stopped.items():
            _log.warning("camera_not_permitted", camera=camera_id, rule=why.rule, reason=why.reason, fix=why.fix)
            self._unrecorded.append(self._entry([camera_id], Outcome.REFUSED, why))
            self._waiting.append((by_id[camera_id], why))
        self._add_missing()
        self._found = dict(found)
        new = [camera_id for camera_id in by_id if camera_id not in found and camera_id not in self._running]
        unrecorded = self._add_starts(new, start=start)
        self._running = by_id.keys() - found.keys() - unrecorded.keys()
        self._found |= unrecorded
        self._holds_open = any(is_live(config, by_id[camera_id]) for camera_id in self._found)
        return self._found

    def announce(self) -> None:
        """Have the events sent of the cameras that `adopt` stopped: they have left now."""
        while self._waiting:
            self._news.append(self._waiting.popleft())

    def events(self, gate: Gate) -> list[Event]:
        """Events of cameras that were found not permitted since the last call; the gate lets them pass.

        Args:
            gate: of the events, which does not know a camera that does not run.
        """
        events: list[Event] = []
        while self._news:
            camera, why = self._news.popleft()
            now_ms = self._clock_ms()
            gate.declare(camera.camera())
            events.append(camera_state(camera.id, "", SourceState.NOT_PERMITTED, why.reason, now_ms))
            events.append(camera_alert(camera.id, AlertRule.CAMERA_NOT_PERMITTED, Severity.WARNING, why.reason, now_ms))
        return events

    def note_view(self, camera_id: str, reason: str) -> None:
        """Record that a camera is not analyzed or recorded from now on, as its view moved; with "" that it is again.

        The camera does not wait for the audit: what it does not take is added later.
        """
        why = NotPermitted(AlertRule.CAMERA_MOVED.value, reason, "") if reason else None
        self._unrecorded.append(self._entry([camera_id], Outcome.REFUSED if reason else Outcome.ALLOWED, why))
        self._add_missing()

    def statuses(self, running: Iterable[str]) -> dict[str, SourceStatus]:
        """Status of each camera that may not run.

        Args:
            running: ids of those that do, one of which may be on its way out.
        """
        found, others = self._found, set(running)
        return {
            camera_id: SourceStatus(SourceState.NOT_PERMITTED, why.with_article)
            for camera_id, why in found.items()
            if camera_id not in others
        }

    def _add_starts(self, cameras: list[str], *, start: bool) -> dict[str, NotPermitted]:
        """Add the record of cameras that are to run; those that may not, as the audit does not take it."""
        if not cameras:
            return {}
        try:
            self._record(self._entry(cameras, Outcome.ALLOWED, start=start))
        except AuditUnavailable as error:
            if start:
                raise
            _log.error("resumption_not_recorded", cameras=cameras, error=str(error))
            return dict.fromkeys(cameras, NotPermitted("audit-unavailable", "the audit takes no record", error.fix))
        if not start:
            _log.info("camera_permitted", cameras=cameras)
        return {}

    def _add_missing(self) -> None:
        """Add records of stops; what the audit does not take is tried again, and the cameras stop all the same."""
        with self._recording:
            while self._unrecorded:
                try:
                    self._record(self._unrecorded[0])
                except AuditUnavailable as error:
                    _log.error("stop_not_recorded", error=str(error))
                    return
                self._unrecorded.popleft()

    def _entry(
        self, cameras: list[str], outcome: Outcome, why: NotPermitted | None = None, *, start: bool = False
    ) -> AuditEntry:
        return AuditEntry(
            operation=Operation.CAPTURE.value,
            outcome=outcome,
            system_user=self._system_user,
            cameras=tuple(cameras),
            policy="" if why is None else why.rule,
            reason="" if why is None else why.with_article,
            details={"action": "stop" if why is not None else "start" if start else "resume"},
        )
