"""Decoding of key frames only, while the machine is overloaded or one camera's decoder falls behind its stream."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import av

from pipeline.decode.frame_sampling import RateLimit

_LONGEST_INTERVAL_S: Final = 2.0
"""Between key frames; where they are rarer, every frame is decoded for those that are analyzed."""
_BEGINS: Final = 1.0
_ENDS: Final = 4.0
"""Frames wanted per key frame up to which key frames are enough, and from which on all are decoded again: far apart, as
the load of the decoders changes what the machine can analyze."""
_LAG_S: Final = 2.0
_CAUGHT_UP_S: Final = 0.5
_HOLD_S: Final = 4.0
"""Time for which a decoder that fell behind decodes key frames only, at least."""
_GIVE_UP_S: Final = 10.0
"""Skipped packets are read in no time: a lag that remains for this long is that of the camera's clock or network."""
_REMEMBERED_S: Final = 30.0
_JUMP_S: Final = 10.0


class ReadLag:
    """Seconds by which packets are read later than the promptest one of the last half minute."""

    def __init__(self) -> None:
        self._delays: deque[tuple[float, float]] = deque()
        self._stamp_s: float | None = None
        self.lag_s = 0.0

    def note(self, arrived_s: float, stamp_s: float) -> None:
        """Note a packet with its timestamp; a jump of the stream's clock is a new beginning."""
        if self._stamp_s is not None and not -1.0 <= stamp_s - self._stamp_s <= _JUMP_S:
            self.forget()
        self._stamp_s = stamp_s
        delay_s = arrived_s - stamp_s
        while self._delays and self._delays[-1][1] >= delay_s:
            self._delays.pop()
        self._delays.append((arrived_s, delay_s))
        while arrived_s - self._delays[0][0] > _REMEMBERED_S:
            self._delays.popleft()
        self.lag_s = delay_s - self._delays[0][1]

    def forget(self) -> None:
        """Measure from the next packet on."""
        self._delays.clear()
        self.lag_s = 0.0


class KeyFrameDecoding:
    """Selects the packets of a live stream that are decoded.

    Key frames only while an overload lowers the camera's rate to that of its key frames or less, as then most of what
    is decoded is thrown away; and while packets are read ever later, as then the processor cannot decode them all.
    Decoding of every frame resumes at a key frame, so that no frame is predicted from one that is missing.

    Args:
        limit: of the camera's rate.
        on_skipped: receives the timestamp in seconds of each packet that is not decoded, None where it has none.
        pulled: the stream comes as fast as it is read, such as over HTTP: it cannot lag.
        monotonic_s: seconds of a clock that never steps.
    """

    def __init__(
        self,
        limit: RateLimit,
        on_skipped: Callable[[float | None], None],
        *,
        pulled: bool = False,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.only = False
        """Whether only key frames are decoded now."""
        self._limit = limit
        self._on_skipped = on_skipped
        self._pulled = pulled
        self._monotonic_s = monotonic_s
        self._lag = ReadLag()
        self._tolerance_s = _LAG_S
        self._late_since_s: float | None = None
        self._behind_since_s: float | None = None
        self._key_s: float | None = None
        self._interval_s: float | None = None

    @property
    def only_every_s(self) -> float:
        """Seconds between the frames that are decoded while these are key frames only; else 0."""
        return (self._interval_s or _LONGEST_INTERVAL_S) if self.only else 0.0

    def skips(self, packet: Any, *, needed: bool = False) -> bool:
        """Whether the next packet, an `av.Packet` with content, is not decoded.

        Args:
            packet: to be passed in order, each one.
            needed: all are decoded, such as for a recording with masks.
        """
        if needed:
            self.only = False
            return False
        now_s, stamp_s = self._monotonic_s(), stamp_of(packet)
        if stamp_s is not None and not self._pulled:
            self._lag.note(now_s, stamp_s)
            self._watch_lag(now_s)
        if not packet.is_keyframe:
            if self.only:
                self._on_skipped(stamp_s)
            return self.only
        key_s = now_s if stamp_s is None else stamp_s
        if self._key_s is not None and 0 < key_s - self._key_s <= _JUMP_S:
            self._interval_s = key_s - self._key_s
        self._key_s = key_s
        self.only = self._behind_since_s is not None or self._enough()
        return False

    def _enough(self) -> bool:
        """Whether key frames are as many as are wanted."""
        interval_s, fps = self._interval_s, self._limit.fps
        if fps is None or interval_s is None or interval_s > _LONGEST_INTERVAL_S:
            return False
        return fps * interval_s <= _BEGINS or (self.only and fps * interval_s < _ENDS)

    def _watch_lag(self, now_s: float) -> None:
        if self._behind_since_s is None:
            late = self._lag.lag_s > self._tolerance_s
            self._late_since_s = (self._late_since_s or now_s) if late else None
            # What a network held back is read at once and needs no help.
            if self._late_since_s is not None and now_s - self._late_since_s >= 1.0:
                self.only, self._behind_since_s = True, now_s
            return
        behind_s = now_s - self._behind_since_s
        if behind_s >= _GIVE_UP_S and self._lag.lag_s > _CAUGHT_UP_S:
            self._tolerance_s *= 2
            self._lag.forget()
        if behind_s >= _HOLD_S and self._lag.lag_s <= _CAUGHT_UP_S:
            self._behind_since_s = self._late_since_s = None


def stamp_of(packet: Any) -> float | None:
    """Timestamp of an `av.Packet` in seconds, None when it has none."""
    stamp = packet.pts if packet.pts is not None else packet.dts
    return None if stamp is None else float(stamp * (packet.time_base or Fraction(1, av.time_base)))
