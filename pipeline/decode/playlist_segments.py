"""Segments of live HLS playlists: their length, those that were read before, and packets spread over their time.

A camera that offers HLS publishes its video in segments of some seconds, each at once when it ends. Read as it comes,
such a stream is silent for a segment's length, then delivers all its frames together; and each new connection begins
with a segment that the one before has read already.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urljoin

from pipeline.decode.cancellation import Cancellation

LONGEST_WAIT_S: Final = 90.0
"""For the next segment, whatever a playlist states."""
_WAITED_TARGETS: Final = 1.5
"""Target durations within which a server publishes the next segment (RFC 8216 section 6.2.2)."""
_FASTER: Final = 1.03
"""Rate of the packets, so that those of one segment are through when the next is published."""
_JUMP_S: Final = 10.0
_NOTED_S: Final = 2.0
_POLL_S: Final = 0.05
_SEAM_S: Final = 0.5
"""Error of a segment's stated duration, which old playlists round."""


def wait_of(target_s: float) -> float:
    """Seconds without a frame that are ordinary where segments have this target duration; 0 for other streams."""
    return min(_WAITED_TARGETS * target_s, LONGEST_WAIT_S)


def segments_in_words(target_s: float) -> list[str]:
    """A warning about the delay of a live playlist with segments of some seconds; none for short ones."""
    if target_s < _NOTED_S:
        return []
    return [
        f"the stream is HLS with segments of up to {target_s:.3g} s: images arrive, and events are dated, up to "
        f"{2 * target_s:.3g} s late; give the camera's RTSP address if it has one"
    ]


class PlaylistSegments:
    """What the playlists of one session say, and which of their segments were read.

    Args:
        known: digests of segments that earlier sessions have read.
        on_read: receives the digest of each segment.
    """

    def __init__(self, known: Collection[str] = (), on_read: Callable[[str], None] = lambda _: None) -> None:
        self.target_s = 0.0
        """Target duration of live playlists, seconds; 0 for a recording, and without a playlist."""
        self._known = frozenset(known)
        self._on_read = on_read
        self._durations: dict[str, tuple[str, float]] = {}
        self._repeated: dict[str, float] = {}
        self._begun: set[str] = set()

    @property
    def repeated_s(self) -> float:
        """Seconds at the beginning of this session that an earlier one has read."""
        return max(self._repeated.values(), default=0.0)

    def note(self, url: str, data: bytes) -> None:
        """Note what an address, absolute as its playlist refers to it, gave: a playlist, a segment, or another file."""
        if data.startswith(b"#EXTM3U"):
            self._playlist(url, data.decode("utf-8", "replace"))
        elif (segment := self._durations.get(url)) is not None:
            digest = hashlib.sha256(data).hexdigest()
            playlist, seconds = segment
            if playlist not in self._begun and digest in self._known:
                self._repeated[playlist] = self._repeated.get(playlist, 0.0) + seconds
            else:
                self._begun.add(playlist)
            self._on_read(digest)

    def _playlist(self, url: str, text: str) -> None:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        durations = [_number(line) for line in lines if line.startswith("#EXTINF:")]
        if not durations or "#EXT-X-ENDLIST" in lines:
            return
        stated = [_number(line) for line in lines if line.startswith("#EXT-X-TARGETDURATION:")]
        self.target_s = max(self.target_s, *stated, *durations)
        entries = [line for line in lines if not line.startswith("#") or line.startswith("#EXTINF:")]
        own = {
            urljoin(url, entry): (url, _number(before))
            for before, entry in pairwise(entries)
            if before.startswith("#EXTINF:") and not entry.startswith("#")
        }
        self._durations = {one: of for one, of in self._durations.items() if of[0] != url} | own


def spread_packets(
    packets: Iterator[Any],
    segments: PlaylistSegments,
    cancelled: Cancellation,
    monotonic_s: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Any]:
    """The packets of a stream; those of a live playlist at the times that they are due, and each once.

    Args:
        packets: each an `av.Packet`, as they are read.
        segments: of the session; without a live playlist all packets pass at once.
        cancelled: ends the waiting.
        monotonic_s, sleep: time.
    """
    first_s: float | None = None
    last_s, due_s, repeated = 0.0, 0.0, True
    for packet in packets:
        stamp = packet.dts if packet.dts is not None else packet.pts
        if not segments.target_s or stamp is None:
            yield packet
            continue
        at_s = float(stamp * (packet.time_base or Fraction(1, 1_000_000)))
        if first_s is None:
            first_s = last_s = at_s
        if repeated:
            # Decoding has to begin with a key frame, and segments do.
            whole = 0 <= at_s - first_s < max(segments.repeated_s - _SEAM_S, segments.repeated_s / 2)
            repeated = whole or (segments.repeated_s > 0 and not packet.is_keyframe)
            if repeated:
                last_s = at_s
                continue
        step_s, last_s = at_s - last_s, at_s
        due_s = max(due_s + step_s / _FASTER if 0 <= step_s <= _JUMP_S else 0.0, monotonic_s())
        due_s = min(due_s, monotonic_s() + LONGEST_WAIT_S)
        while (left_s := due_s - monotonic_s()) > 0 and not cancelled.is_set():
            sleep(min(left_s, _POLL_S))
        yield packet


def _number(line: str) -> float:
    """The number after the colon of a tag; 0 where there is none."""
    try:
        return max(0.0, min(float(line.partition(":")[2].partition(",")[0]), LONGEST_WAIT_S))
    except ValueError:
        return 0.0
