"""Hot-lists of a run: read again when the register changes, checked or said not to be, hits in the audit first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from pipeline.config.settings import Config
from pipeline.domain.audit import AuditEntry, Outcome
from pipeline.domain.clock import SystemClock
from pipeline.domain.events import ENGINE_ID, AlertEvent, AlertRule, Event, Severity
from pipeline.domain.operation import Operation
from pipeline.domain.plate_watch import PlateWatch
from pipeline.domain.ports import Clock
from pipeline.domain.vehicle_incidents import VehicleIncidents
from pipeline.engine.camera_events import camera_alert
from pipeline.engine.registered_cameras import file_stamp
from pipeline.errors import AuditUnavailable
from pipeline.hotlists.list_index import ListIndex, ListMatch
from pipeline.hotlists.list_watch import ListWatch
from pipeline.hotlists.passages import Passages
from pipeline.hotlists.settings import HotListSettings
from pipeline.storage.register_location import register_location

TRUSTED_S: Final = 60.0
"""So long the entries that were read last count while the register cannot be read; then nothing is checked."""
_REREAD_S: Final = 30.0
_LOCK_TIMEOUT_S: Final = 2.0
_UNREADABLE: Final = "the register of hot-lists cannot be read"
_NO_RECORD: Final = "the audit takes no record of hits, and without one they are not alerted"

_log = structlog.get_logger(__name__)


class HotLists:
    """The searched plates of an installation; `refresh` is called by a thread of its own.

    Args:
        where: the register, an SQLite file or an address; a file that does not exist has no entries.
        settings: of the threshold and passages.
        record: puts hits into the audit; system_user: of these entries.
        clock: of validity.
    """

    def __init__(
        self,
        where: str,
        settings: HotListSettings,
        record: Callable[[AuditEntry], object],
        system_user: str = "",
        clock: Clock | None = None,
    ) -> None:
        self._where = where
        self._settings = settings
        self._record = record
        self._system_user = system_user
        self._clock = clock or SystemClock()
        self._passages = Passages(round(settings.passage_s * 1000))
        self._journeys = VehicleIncidents(round(settings.journey_s * 1000))
        self._why_no_plates: Callable[[str], str] = lambda _: ""
        self._index: ListIndex | None = None
        self._revision: object = None
        self._stamp: object = None
        self._read_s = self._known_s = float("-inf")
        self._withheld: deque[AuditEntry] = deque(maxlen=1000)
        """Records of hits that the audit did not take, so that they were not alerted."""
        self._is_reported = False

    @classmethod
    def of_config(cls, config: Config, record: Callable[[AuditEntry], object], system_user: str) -> HotLists:
        """Those of a configuration's register.

        Raises:
            ReleaseError: it is not known which register that is.
        """
        return cls(register_location(config.register_database, config.data_dir), config.hotlists, record, system_user)

    @property
    def problem(self) -> str:
        """Why plates are not compared with the lists now, or hits not alerted; "" while all is well."""
        if self.index() is None:
            return _UNREADABLE
        return _NO_RECORD if self._withheld else ""

    def forbid_where(self, why_no_plates: Callable[[str], str]) -> None:
        """Alert no hit of cameras for which this gives a reason, besides those that read no plates at all."""
        self._why_no_plates = why_no_plates

    def watch(self, camera_id: str, stream_id: str, *, live: bool) -> PlateWatch:
        """What compares the plates of one session of a camera with the lists.

        Args:
            camera_id, stream_id: camera and session.
            live: of a live camera: what it sees belongs to incidents that go on from camera to camera.
        """
        journeys = self._journeys if live else None
        return ListWatch(camera_id, stream_id, self, self._passages, self._clock.wall_ms, journeys=journeys)

    def index(self) -> ListIndex | None:
        """The lists as they were read last; None while they are not checked, as they may have changed."""
        return self._index if self._clock.monotonic_s() - self._known_s < TRUSTED_S else None

    def may_alert(self, camera_id: str, match: ListMatch) -> bool:
        """Put a hit into the audit; whether it may be alerted."""
        if self._why_no_plates(camera_id):
            return False
        try:
            self._record(self._entry(camera_id, match, Outcome.ALLOWED))
        except AuditUnavailable as error:
            _log.error("hit_not_recorded", entry=match.searched.entry_id, camera=camera_id, error=str(error))
            self._withheld.append(self._entry(camera_id, match, Outcome.FAILED))
            return False
        return True

    def refresh(self) -> None:
        """Read the entries again if they have changed, and note what could not be checked."""
        now_s = self._clock.monotonic_s()
        try:
            stamp = file_stamp(self._where)
            if stamp is None or stamp != self._stamp or now_s - self._read_s >= _REREAD_S:
                self._read(stamp, now_s)
            self._known_s = now_s
        except Exception as error:  # noqa: BLE001 - whatever it is: the lists are not known now
            _log.error("hot_lists_not_read", error=str(error), trusted_s=TRUSTED_S)
        self._record_withheld()

    def events(self) -> list[Event]:
        """Alerts that are due: ends of incidents; that lists are not checked any more, or are again."""
        ended = self._journeys.due(self._clock.wall_ms())
        return [*ended, *self._news()]

    def close(self) -> list[AlertEvent]:
        """Ends of all incidents: no plate is compared any more."""
        return self._journeys.close(self._clock.wall_ms())

    def _news(self) -> list[AlertEvent]:
        problem = self.problem
        if bool(problem) == self._is_reported:
            return []
        self._is_reported = bool(problem)
        rule = AlertRule.HOT_LISTS_NOT_CHECKED if problem else AlertRule.HOT_LISTS_CHECKED
        severity = Severity.CRITICAL if problem else Severity.INFO
        return [camera_alert(ENGINE_ID, rule, severity, problem, self._clock.wall_ms())]

    def _read(self, stamp: object, now_s: float) -> None:
        if stamp is None and "://" not in self._where and not Path(self._where).exists() and self._revision is None:
            self._index, self._read_s = ListIndex((), self._settings), now_s  # no register yet
            return
        from pipeline.governance.hot_list_register import (
            HotListRegister,
        )  # here: SQLAlchemy, which takes long to import

        with HotListRegister(self._where, self._clock, create=False, lock_timeout_s=_LOCK_TIMEOUT_S) as register:
            revision = register.revision()
            if self._index is None or revision != self._revision:
                self._index = ListIndex(register.searched(), self._settings)
                _log.info("hot_lists_read", entries=self._index.entries, threshold=self._index.threshold.probability)
        self._revision, self._stamp, self._read_s = revision, stamp, now_s

    def _record_withheld(self) -> None:
        while self._withheld:
            try:
                self._record(self._withheld[0])
            except AuditUnavailable:
                return
            self._withheld.popleft()

    def _entry(self, camera_id: str, match: ListMatch, outcome: Outcome) -> AuditEntry:
        return AuditEntry(
            operation=Operation.PLATE_LIST.value,
            outcome=outcome,
            system_user=self._system_user,
            cameras=(camera_id,),
            plates=(match.searched.plate,),
            reason="" if outcome is Outcome.ALLOWED else "AuditUnavailable",
            details={
                "action": "hit",
                "entry": match.searched.entry_id,
                "probability": f"{match.probability:.3f}",
            },
        )
