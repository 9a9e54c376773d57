"""State and counters of a source, with the legal state transitions."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.decode.state_log import StateLog
from pipeline.domain.ports import Clock, SourceState, SourceStatus

_S = SourceState
_ALIVE = frozenset({_S.CONNECTING, _S.STREAMING, _S.STALLED, _S.BACKING_OFF})

LEGAL: Mapping[SourceState, frozenset[SourceState]] = {
    _S.CONNECTING: frozenset({_S.STREAMING, _S.BACKING_OFF, _S.ENDED, _S.FAILED}),
    _S.STREAMING: frozenset({_S.STALLED, _S.BACKING_OFF, _S.ENDED, _S.FAILED}),
    _S.STALLED: frozenset({_S.STREAMING, _S.BACKING_OFF, _S.ENDED, _S.FAILED}),
    _S.BACKING_OFF: frozenset({_S.CONNECTING, _S.ENDED, _S.FAILED}),
    _S.ENDED: frozenset(),
    _S.FAILED: frozenset(),
}
"""States that each state may change to."""

_FPS_WINDOW_S = 3.0
"""Long enough for a steady figure at one frame per second, short enough to show a stall."""

_MOST_SEGMENTS = 32
"""More than a new connection may read again."""


class IllegalTransition(RuntimeError):
    """A state transition that is not in `LEGAL`: a bug of this program, not of a camera."""


@dataclass(frozen=True, slots=True)
class SessionToken:
    """Identifies one session of the source. Reports with the token of an older session are ignored."""

    number: int


class SourceMonitor:
    """State and counters of a source; safe from any thread.

    Args:
        camera_id: for the log.
        clock: time.
    """

    def __init__(self, camera_id: str, clock: Clock) -> None:
        self._log = StateLog(camera_id)
        self._clock = clock
        self._lock = threading.Lock()
        self._state = SourceState.CONNECTING
        self._detail = ""
        self._session = SessionToken(0)
        self._stream_id = ""
        self._decoded = 0
        self._decoded_in_session = 0
        self._damaged = 0
        self._delivered = 0
        self._drops: Counter[str] = Counter()
        self._reconnects = 0
        self._size = (0, 0)
        self._recent: deque[float] = deque()
        self._last_activity_s = clock.monotonic_s()
        self._last_frame_s: float | None = None
        self._duration_s: float | None = None
        self._ordinary_silence_s = 0.0
        self._segments_read: deque[str] = deque(maxlen=_MOST_SEGMENTS)
        self._position_s = 0.0
        self._not_read: tuple[str, ...] = ()
        self._note = ""
        self._crashes = 0

    @property
    def state(self) -> SourceState:
        """The present state."""
        with self._lock:
            return self._state

    @property
    def silent_s(self) -> float:
        """Seconds since the newest frame, or since the session began when it has none yet."""
        with self._lock:
            return self._clock.monotonic_s() - self._last_activity_s

    @property
    def decoded_in_session(self) -> int:
        """Frames decoded in the present session."""
        with self._lock:
            return self._decoded_in_session

    @property
    def position_s(self) -> float:
        """`pts_s` of the newest frame."""
        with self._lock:
            return self._position_s

    @property
    def duration_s(self) -> float | None:
        """Length of the present session where it is known."""
        with self._lock:
            return self._duration_s

    def move(self, state: SourceState, detail: str = "", **facts: object) -> None:
        """Change the state.

        Args:
            state: the new one.
            detail: why; the same text for the same reason, as it becomes part of events.
            facts: more details, for the log only.

        Raises:
            IllegalTransition: see `LEGAL`.
        """
        with self._lock:
            self._move(state, detail, **facts)

    def finish(self, state: SourceState, detail: str = "") -> None:
        """Change to a final state unless one has been reached already."""
        with self._lock:
            if self._state in _ALIVE:
                self._move(state, detail)

    def warn_once(self, event: str, **facts: object) -> None:
        """Log a warning that would be the same at every connection."""
        self._log.warn_once(event, **facts)

    def begin_session(self) -> SessionToken:
        """Begin a new session; tokens of older ones become invalid."""
        with self._lock:
            self._session = SessionToken(self._session.number + 1)
            self._decoded_in_session = 0
            self._note = ""
            self._ordinary_silence_s = 0.0
            self._last_activity_s = self._clock.monotonic_s()
            return self._session

    def asked(self, session: SessionToken) -> None:
        """The source is asked from now on, and not answerable for the time before."""
        with self._lock:
            if session == self._session:
                self._last_activity_s = self._clock.monotonic_s()

    @property
    def ordinary_silence_s(self) -> float:
        """Seconds without a frame that are ordinary for the present session, besides those of any camera."""
        with self._lock:
            return self._ordinary_silence_s

    @property
    def segments_read(self) -> tuple[str, ...]:
        """Digests of the newest segments of HLS playlists that were read, of any session."""
        with self._lock:
            return tuple(self._segments_read)

    def segment_read(self, digest: str) -> None:
        """Note the digest of a segment of a playlist."""
        with self._lock:
            self._segments_read.append(digest)

    def opened(
        self, session: SessionToken, stream_id: str, duration_s: float | None, ordinary_silence_s: float = 0.0
    ) -> None:
        """The source answered and described its stream."""
        with self._lock:
            if session == self._session:
                self._stream_id, self._duration_s = stream_id, duration_s
                self._ordinary_silence_s = ordinary_silence_s
                self._last_activity_s = self._clock.monotonic_s()

    def not_read(self, session: SessionToken, parts: tuple[str, ...]) -> None:
        """Note video that the source holds and that is not decoded, such as other tracks."""
        with self._lock:
            if session != self._session or parts == self._not_read:
                return
            self._not_read = parts
        if parts:
            self.warn_once("not_analyzed", parts=list(parts))

    def note(self, session: SessionToken, detail: str) -> None:
        """Give a reservation about this session as the detail of its streaming state."""
        with self._lock:
            if session != self._session:
                return
            self._note = detail
            if self._state is SourceState.STREAMING:
                self._detail = detail

    def decoded(self, session: SessionToken, pts_s: float, width: int, height: int, *, damaged: bool = False) -> None:
        """Count a decoded frame; from now on the source is streaming."""
        with self._lock:
            if session != self._session or self._state not in _ALIVE:
                return
            if self._state is not SourceState.STREAMING:
                self._reconnects += self._state is SourceState.CONNECTING and self._decoded > 0
                self._move(SourceState.STREAMING, self._note)
            self._decoded += 1
            self._decoded_in_session += 1
            self._damaged += damaged
            self._size = (width, height)
            self._arrived(pts_s)

    def skipped(self, session: SessionToken, pts_s: float, reason: str) -> None:
        """Count a frame that arrived and was not decoded, to save processor time."""
        with self._lock:
            if session != self._session or self._state not in _ALIVE:
                return
            if self._state is SourceState.STALLED:
                self._move(SourceState.STREAMING, self._note)
            self._drops[reason] += 1
            self._arrived(pts_s)

    def stalled(self, session: SessionToken, detail: str) -> None:
        """Note that no frame comes any more, until the next one."""
        with self._lock:
            if session == self._session and self._state is SourceState.STREAMING:
                self._move(SourceState.STALLED, detail)

    def delivered(self) -> None:
        """Count a frame that was passed on for analysis."""
        with self._lock:
            self._delivered += 1

    def dropped(self, session: SessionToken, reason: str) -> None:
        """Count a frame that was not passed on."""
        with self._lock:
            if session == self._session:
                self._drops[reason] += 1

    def crashed(self, session: SessionToken) -> None:
        """Count a session whose decoder process ended without an answer."""
        with self._lock:
            self._crashes += session == self._session

    def status(self) -> SourceStatus:
        """A snapshot."""
        with self._lock:
            self._expire(self._clock.monotonic_s())
            return SourceStatus(
                state=self._state,
                detail=self._detail,
                stream_id=self._stream_id,
                decoded=self._decoded,
                damaged=self._damaged,
                delivered=self._delivered,
                drops=dict(self._drops),
                reconnects=self._reconnects,
                width=self._size[0],
                height=self._size[1],
                fps=self._fps(),
                last_frame_s=self._last_frame_s,
                duration_s=self._duration_s,
                position_s=self._position_s,
                not_read=self._not_read,
                decoder_crashes=self._crashes,
            )

    def _arrived(self, pts_s: float) -> None:
        now = self._clock.monotonic_s()
        self._position_s = pts_s
        self._last_activity_s = self._last_frame_s = now
        self._recent.append(now)
        self._expire(now)

    def _expire(self, now: float) -> None:
        while self._recent and now - self._recent[0] > _FPS_WINDOW_S:
            self._recent.popleft()

    def _fps(self) -> float:
        if len(self._recent) < 2:
            return 0.0
        span = self._recent[-1] - self._recent[0]
        return (len(self._recent) - 1) / span if span > 0 else 0.0

    def _move(self, state: SourceState, detail: str = "", **facts: object) -> None:
        if state not in LEGAL[self._state]:
            raise IllegalTransition(f"{self._state} -> {state}")
        self._log.change(state, self._state, detail, self._clock.monotonic_s(), **facts)
        self._state, self._detail = state, detail
