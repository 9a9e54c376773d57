"""Protocols between the packages; `engine` and `app` pass the implementations in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from pipeline.domain.detections import Detections, OpenTracks, Tracks
from pipeline.domain.events import Event
from pipeline.domain.frame import BgrImage, Frame, Image
from pipeline.domain.frame_decision import FrameDecision
from pipeline.domain.network_identity import NetworkIdentity


class Clock(Protocol):
    """Clock, replaceable in tests."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds of a monotonic clock."""
        ...

    def sleep(self, seconds: float) -> None:
        """Block for some seconds."""
        ...


class SourceState(StrEnum):
    """States of a frame source."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    OVERLOADED = "overloaded"
    """Streaming, but frames are dropped because the machine does not keep up; set by the engine, not by the source."""
    LOW_RATE = "low-rate"
    """Streaming, but fewer frames are analyzed than configured because of the camera; set by the engine."""
    UNUSABLE = "unusable"
    """Streaming, but its images show nothing, such as in the dark; set by the engine."""
    VIEW_UNCONFIRMED = "view-unconfirmed"
    """Streaming, but neither analyzed, recorded nor shown, because its masks are not confirmed for its view; set by the
    engine."""
    STALLED = "stalled"
    BACKING_OFF = "backing-off"
    ENDED = "ended"
    FAILED = "failed"
    NOT_PERMITTED = "not-permitted"
    """Not running, because the registry of cameras does not permit it; set by the engine."""


OVERLOAD: Final = "overload"
"""Reason of frames that a source leaves out while its rate is lowered (`FrameSource.limit_fps`)."""
CORRUPT: Final = "corrupt"
"""Reason of frames that could not be decoded."""
STOPPED: Final = "stopped"
"""`SourceStatus.detail` of a source that delivered frames until it was stopped."""
RECORDING_ENDED: Final = "recording ended"
"""`SourceStatus.detail` of a recording over a network, declared as such, that was read to its end."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """Status of a source at one moment.

    Attributes:
        state: see `SourceState`.
        detail: reason of the state, without credentials; "" while the source is healthy.
        stream_id: the current session, "" before the first.
        decoded: frames decoded so far in all sessions.
        damaged: of these, frames with concealed parts, see `Frame`.
        delivered: frames delivered for analysis.
        drops: frames not delivered, by reason (such as ``sampled``, ``corrupt``, ``overload``), decoded or not.
        reconnects: reconnections after a lost stream.
        width, height: pixels of the current stream, 0 if unknown.
        fps: frames that arrived per second over the last seconds.
        last_frame_s: `monotonic_s()` of the newest frame, None before the first.
        duration_s: length of a file, None if unknown.
        position_s: `pts_s` of the newest frame.
        not_read: video that the source holds and that is not analyzed, such as other tracks.
        limit_fps: frames per second to which an overload has lowered its rate, None for no limit; set by the engine.
        decoder_crashes: decoder processes of it that crashed or were killed.
    """

    state: SourceState
    detail: str = ""
    stream_id: str = ""
    decoded: int = 0
    damaged: int = 0
    delivered: int = 0
    drops: Mapping[str, int] = field(default_factory=dict)
    reconnects: int = 0
    width: int = 0
    height: int = 0
    fps: float = 0.0
    last_frame_s: float | None = None
    duration_s: float | None = None
    position_s: float = 0.0
    not_read: tuple[str, ...] = ()
    limit_fps: float | None = None
    decoder_crashes: int = 0


class FrameSource(Protocol):
    """One camera or file, supervised."""

    @property
    def camera_id(self) -> str:
        """The camera."""
        ...

    @property
    def live(self) -> bool:
        """True for streams (never end, frames may be dropped), False for files (end, every frame is processed)."""
        ...

    def frames(self) -> Iterator[Frame]:
        """Frames until the file ends, `stop` is called, or the source fails permanently.

        A live source reconnects internally; see its state. Blocking; one thread at a time.

        Raises:
            SourceError: it can never be read (no such file, no video, a forbidden protocol).
        """
        ...

    def status(self) -> SourceStatus:
        """The current status; safe from any thread."""
        ...

    def stop(self) -> None:
        """Request `frames` to return; safe from any thread."""
        ...

    def interrupt(self, problem: str) -> None:
        """End the present session of a live source as failed: an outage, after which it connects again.

        Args:
            problem: why, as it is to be shown.
        """
        ...

    def limit_fps(self, fps: float | None) -> None:
        """Lower the rate of a live source for now: overload; files and frames recorded are not affected.

        Args:
            fps: frames per second that are delivered at most, evenly spaced; None for as many as were asked for. Those
                left out are dropped as ``overload``.
        """
        ...


class Detector(Protocol):
    """Detector of objects in images."""

    @property
    def name(self) -> str:
        """Name of the model card(s)."""
        ...

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """Its networks, each of which passed its known-answer test on this machine."""
        ...

    @property
    def batch_size(self) -> int:
        """Largest useful number of images per call of `detect`."""
        ...

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Objects of each image, in order; boxes in pixels of that image.

        Raises:
            ModelRuntimeError: the runtime failed.
        """
        ...

    def close(self) -> None:
        """Give back memory and threads."""
        ...


class Tracker(Protocol):
    """Tracker of the objects in one stream of one camera."""

    def update(self, detections: Detections, ts_ms: int) -> Tracks:
        """The tracks seen in this frame, in the order of the detections.

        Frames come in time order, at any rate; ids start at 1 and are never reused.

        Args:
            detections: all objects of the frame that are to be tracked.
            ts_ms: time of the frame, milliseconds. The clock may stand still or be set back; only differences matter,
                for the motion model and for the time since a track was last seen.
        """
        ...

    def open_tracks(self, ts_ms: int) -> OpenTracks:
        """All open tracks as expected at the time of a later frame, which may be left out."""
        ...

    def restart(self) -> None:
        """End all tracks: the next frame shows another scene."""
        ...

    def finished(self) -> frozenset[int]:
        """Ids of the tracks that ended since the last call; they are not used again."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class CharacterProbabilities:
    """Output of a plate reader for one crop, before plate syntax is applied.

    Attributes:
        values: (slots, len(alphabet)) float32, each row sums to 1.
        alphabet: one character per column.
        pad: the character of `alphabet` that stands for an empty slot.
    """

    values: npt.NDArray[np.float32]
    alphabet: str
    pad: str

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.alphabet):
            raise ValueError(f"shape {self.values.shape} does not match an alphabet of {len(self.alphabet)} characters")
        if self.pad not in self.alphabet:
            raise ValueError(f"the pad {self.pad!r} is not in the alphabet")


class PlateReader(Protocol):
    """Reader (OCR) of plate crops."""

    @property
    def name(self) -> str:
        """Name of the model card."""
        ...

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """Its network, which passed its known-answer test on this machine."""
        ...

    def read(self, crops: Sequence[BgrImage]) -> list[CharacterProbabilities]:
        """Probabilities of each crop, in order, in one batch.

        Raises:
            ModelRuntimeError: the runtime failed.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class OcrRequest:
    """A plate crop that a track observer wants read.

    Attributes:
        crop: (height, width, 3) uint8, BGR.
        answer: receives the reader's output for this crop, at most once and before the next `TrackObserver.settle`.
    """

    crop: BgrImage
    answer: Callable[[CharacterProbabilities], None]


class TrackObserver(Protocol):
    """Turns the tracks of one session of one camera into events: plate reads, track summaries, counts.

    Every kind of event made from tracks has its observer in the package that knows about it; a `CameraStream` calls
    them in order. One thread at a time.
    """

    def observe(self, frame: Frame, tracks: Tracks) -> Sequence[OcrRequest]:
        """Take the tracks of the next frame; frames come in time order.

        Returns:
            Plate crops to be read; empty for observers that read none.
        """
        ...

    def needs_next(self) -> FrameDecision | None:
        """Why it needs the next frame analyzed, after all answers; None where it can do without for a while."""
        ...

    def settle(self, ended: Collection[int], ts_ms: int) -> Sequence[Event]:
        """Events that are due, each once.

        Args:
            ended: ids that the tracker gave up since the last call.
            ts_ms: time of the newest frame, milliseconds since 1970 UTC.
        """
        ...

    def close(self) -> Sequence[Event]:
        """Events of everything still open; the session has ended."""
        ...

    def captions(self) -> Mapping[int, str]:
        """Text for previews by track id, of tracks in the newest frame; empty for observers without any."""
        ...


@dataclass(frozen=True, slots=True)
class SinkStatus:
    """Status of a sink at one moment.

    Attributes:
        name: its name in the configuration.
        accepted: events taken by `add`; delivered: events confirmed by the destination.
        pending: accepted and not yet confirmed; oldest_pending_s: age of the oldest of them, 0 when none.
        refused: accepted events that the destination will never take; they are stored in a file.
        lost: accepted events that were lost to a corrupt spool, or dropped by a full one.
        spool_bytes: of accepted events on the disk, delivered ones in their retained window included.
        newer: events of a newer program version, delivered without the fields unknown here.
        damaged_parts: parts of the event store that its database has set aside: their rows are missing.
        retries: failed deliveries that were tried again.
        error: of the last delivery, "" when it succeeded.
    """

    name: str
    accepted: int = 0
    delivered: int = 0
    pending: int = 0
    oldest_pending_s: float = 0.0
    retries: int = 0
    error: str = ""
    refused: int = 0
    lost: int = 0
    spool_bytes: int = 0
    newer: int = 0
    damaged_parts: int = 0


class EventSink(Protocol):
    """Sink that delivers events in order, at least once."""

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        ...

    def add(self, events: Sequence[Event]) -> None:
        """Accept all of these events, or none.

        Raises:
            Backpressure: full; nothing was accepted.
        """
        ...

    def flush(self, timeout_s: float) -> None:
        """Return when everything accepted so far is confirmed by the destination.

        Raises:
            SinkError: not within `timeout_s`; what is still pending stays stored.
        """
        ...

    def status(self) -> SinkStatus:
        """The current status; safe from any thread."""
        ...

    def give_up(self) -> None:
        """Start no further delivery; `close` writes pending events to disk. Safe in a signal handler."""
        ...

    def close(self, timeout_s: float | None = None, last: Sequence[Event] = ()) -> None:
        """Stop. What was accepted and could not be delivered is written to disk for the next start.

        Args:
            timeout_s: how long to go on delivering; None for the sink's own timeout.
            last: events after all that were added; they are accepted even when the spool is full.

        Raises:
            SinkError: the rest could not be written and is lost; `status().pending` is its number.
        """
        ...
