"""Incidents that people handle, as a run sees them: their steps as alerts, their closings as feedback on rules."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from pipeline.domain.clock import SystemClock
from pipeline.domain.event_identity import UNIDENTIFIED, identified
from pipeline.domain.events import AlertEvent, IncidentPhase, Severity, is_incident_id
from pipeline.domain.incident import IncidentAction
from pipeline.domain.incident_feedback import FEEDBACK_MS, Tuning, tunings
from pipeline.domain.ports import Clock
from pipeline.domain.times import DAY_MS
from pipeline.engine.registered_cameras import file_stamp
from pipeline.storage.atomic import atomic_file

if TYPE_CHECKING:
    from pipeline.governance.incident_feed import NewStep

_FILE: Final = "incident-steps"
_REREAD_S: Final = 60.0
"""Feedback becomes too old without any change of the register; a server has no file that changes."""
_SERVER_S: Final = 2.0
_LOCK_TIMEOUT_S: Final = 2.0
_OLDEST_MS: Final = DAY_MS
"""Steps that were made while no run watched are sent for a day."""
_PHASES: Final = {
    IncidentAction.ACKNOWLEDGE: IncidentPhase.ACKNOWLEDGED,
    IncidentAction.ESCALATE: IncidentPhase.ESCALATED,
    IncidentAction.CLOSE: IncidentPhase.CLOSED,
}

_log = structlog.get_logger(__name__)


class IncidentWatch:
    """The incidents of an installation's register; `refresh` is called by a thread of its own.

    Each step is sent at least once, under an id by which receivers drop doubles: the number of the last one is stored
    after it was sent. A new installation begins with the next one.

    Args:
        where: the register, an SQLite file or an address; a file that does not exist has no incidents.
        data_dir: folder of this run's data; clock: of ages.
    """

    def __init__(self, where: str, data_dir: Path, clock: Clock | None = None) -> None:
        self._where = where
        self._file = data_dir / _FILE
        self._clock = clock or SystemClock()
        self._stamp: object = None
        self._read_s = float("-inf")
        self._last = _stored(self._file)
        self._new: deque[NewStep] = deque()
        # Replaced as a whole, so that other threads read it without a lock.
        self.tunings: Mapping[tuple[str, str], Tuning] = {}
        """What closings have changed, by camera and rule."""

    def refresh(self) -> None:
        """Read what is new.

        Raises:
            ViapublicaError: the register cannot be read; what was read last holds on.
        """
        now_s = self._clock.monotonic_s()
        is_server = "://" in self._where
        stamp = file_stamp(self._where)
        passed_s = now_s - self._read_s
        if passed_s < (_SERVER_S if is_server else _REREAD_S) and stamp == self._stamp:
            return
        if not is_server and not Path(self._where).exists():
            self._last = 0 if self._last is None else self._last
            return
        from pipeline.governance.incident_feed import IncidentFeed  # here: SQLAlchemy takes long to import

        now_ms = self._clock.wall_ms()
        with IncidentFeed(self._where, self._clock, lock_timeout_s=_LOCK_TIMEOUT_S) as feed:
            if self._last is None:
                self._last = feed.last_step()
                self._store(self._last)
            newest = self._new[-1].step_id if self._new else self._last
            self._new.extend(feed.steps_after(newest))
            self.tunings = tunings(feed.closings(now_ms - FEEDBACK_MS), now_ms)
        self._stamp, self._read_s = stamp, now_s

    def events(self) -> list[AlertEvent]:
        """Steps to be sent; `sent` says that they were."""
        oldest_ms = self._clock.wall_ms() - _OLDEST_MS
        return [_alert(step) for step in list(self._new) if step.at_ms >= oldest_ms]

    @property
    def pending(self) -> int:
        """Number of steps that were read and not sent."""
        return len(self._new)

    def sent(self, steps: int) -> None:
        """Note that the oldest pending steps were sent.

        Args:
            steps: their number.
        """
        for _ in range(steps):
            self._last = self._new.popleft().step_id
        if steps and self._last is not None:
            self._store(self._last)

    def _store(self, step_id: int) -> None:
        try:
            with atomic_file(self._file, "w", sync=False) as file:
                file.write(f"{step_id}\n")
        except OSError as error:  # the disk is full: after a restart these steps are sent again
            _log.warning("incident_steps_not_stored", error=error.strerror)


def _alert(step: NewStep) -> AlertEvent:
    """A step as an alert: of which incident and rule; neither the person nor what they wrote."""
    is_own = is_incident_id(step.incident)
    escalated = step.action is IncidentAction.ESCALATE
    return identified(
        AlertEvent(
            event_id=UNIDENTIFIED,
            camera_id=step.camera_id,
            ts_ms=step.at_ms,
            rule=step.rule,
            severity=Severity.CRITICAL if escalated else step.severity,
            detail="" if step.reason is None else step.reason.value,
            incident=step.incident if is_own else "",
            phase=_PHASES[step.action],
            evidence="" if is_own else step.incident,
        ),
        step.step_id & 0xFFFF,
    )


def _stored(file: Path) -> int | None:
    """Number of the step that was sent last; None where none was."""
    try:
        return int(file.read_text("ascii"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        _log.warning("incident_steps_unreadable", file=str(file), error=type(error).__name__)
        return None
