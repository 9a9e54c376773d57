"""The supervisor of one camera or file: what the engine sees of this room."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence

import structlog

from pipeline.decode.capture_session import CaptureSession
from pipeline.decode.ffmpeg_errors import Fault, Silence, diagnose
from pipeline.decode.privacy_masks import MaskBurner, Polygon
from pipeline.decode.reader_thread import End, Reader
from pipeline.decode.reconnect_pauses import ReconnectPauses
from pipeline.decode.settings import DecodeSettings, Protocol
from pipeline.decode.source_address import parse_address
from pipeline.decode.source_monitor import Monitor
from pipeline.domain.clock import SystemClock
from pipeline.domain.frame import Frame
from pipeline.domain.ports import STOPPED, Clock, FrameSource, SourceState, SourceStatus
from pipeline.domain.recording import PacketTap
from pipeline.errors import ConfigError, SourceError, UnsupportedMedia

_POLL_S = 0.1
"""How soon `stop`, a stall or a silence is noticed; a tenth of a second is soon for people and cheap for a thread."""
_SHORT_BY_S = 1.0
"""A file that ends earlier than its header says by more than this was cut off."""

_log = structlog.get_logger(__name__)


def open_source(
    camera_id: str,
    url: str,
    *,
    settings: DecodeSettings,
    analyze_fps: float | None = None,
    masks: Sequence[Polygon] = (),
    start_ms: int | None = None,
    clock: Clock | None = None,
    tap: PacketTap | None = None,
) -> FrameSource:
    """A supervised source; nothing is opened before its `frames` are asked for.

    Args:
        camera_id: names it in frames, states and errors.
        url: a clip, an image, a folder of images, or the address of a stream.
        settings: of this room.
        analyze_fps: frames wanted per second of the stream's time, None for all.
        masks: polygons that are black before anybody sees a frame.
        start_ms: wall-clock time of a file's first frame, milliseconds since 1970 UTC; None for the container's
            creation time, or else the whole minute of the file's time of modification.
        clock: time, the machine's by default.
        tap: gets the packets of a live stream as they come, such as a recorder's; files have none.

    Raises:
        ConfigError: malformed address, forbidden protocol, `analyze_fps` or a mask that makes no sense.
    """
    clock = clock or SystemClock()
    address = parse_address(camera_id, url, settings.protocols)
    if analyze_fps is not None and analyze_fps <= 0:
        raise ConfigError(camera_id, f"analyze_fps must be positive, not {analyze_fps}", "Leave it out for every frame")
    try:
        burner = MaskBurner(masks)
    except ValueError as error:
        raise ConfigError(camera_id, str(error), "Give corners as shares of the upright image's size") from error
    monitor = Monitor(camera_id, clock)
    plan = CaptureSession(camera_id, address, settings, analyze_fps, burner, start_ms, clock, monitor, tap)
    return SupervisedSource(plan)


class SupervisedSource:
    """See `pipeline.domain.ports.FrameSource`; made by `open_source`."""

    def __init__(self, plan: CaptureSession) -> None:
        self._plan = plan
        self._monitor = plan.monitor
        self._stopped = threading.Event()
        self._started = threading.Lock()

    @property
    def camera_id(self) -> str:
        """The camera."""
        return self._plan.camera_id

    @property
    def live(self) -> bool:
        """True for everything that comes over a network."""
        return self._plan.address.live

    def status(self) -> SourceStatus:
        """A snapshot; safe from any thread."""
        return self._monitor.status()

    def stop(self) -> None:
        """Make `frames` return within a tenth of a second, even while it connects; safe from any thread."""
        self._stopped.set()

    def frames(self) -> Iterator[Frame]:
        """Frames until the file ends, `stop` is called, or it fails for good; only once.

        Raises:
            SourceError: a file that cannot be read. A live source is tried again for ever; its status says why.
            RuntimeError: called a second time.
        """
        if not self._started.acquire(blocking=False):
            raise RuntimeError(f"the frames of {self.camera_id} were taken already; open the source anew")
        try:
            for frame in self._live_frames() if self.live else self._file_frames():
                self._monitor.delivered()
                yield frame
        except Exception as error:
            self._monitor.finish(SourceState.FAILED, str(error))
            raise
        finally:
            self._monitor.finish(SourceState.ENDED, self._end())

    def _end(self) -> str:
        """How it ended when nothing else was said: by itself, stopped, or stopped without ever giving an image."""
        status = self._monitor.status()
        if not self._stopped.is_set():
            return ""
        if status.decoded:
            return STOPPED
        return f"{STOPPED} before its first image" + (f"; last trouble: {status.detail}" if status.detail else "")

    # -- files: in the caller's thread, every frame counts

    def _file_frames(self) -> Iterator[Frame]:
        ticket = self._monitor.begin_take()
        try:
            yield from self._plan.run(ticket, self._stopped)
        except Exception as error:
            fault = diagnose(self.camera_id, self._plan.address, error)
            if fault is None:
                raise
            if self._monitor.decoded_in_take == 0:
                raise fault.error from error
            _log.warning("file_damaged", camera=self.camera_id, problem=fault.error.problem)
            self._monitor.finish(
                SourceState.ENDED, f"damaged at {self._monitor.position_s:.1f} s: {fault.error.problem}"
            )
            return
        if self._stopped.is_set():
            return
        if self._monitor.decoded_in_take == 0:
            raise self._no_frames()
        self._monitor.finish(SourceState.ENDED, self._cut_off())

    def _no_frames(self) -> SourceError:
        return UnsupportedMedia(
            f"{self.camera_id} ({self._plan.address.shown})",
            "holds no frame that can be decoded",
            "Check that it is complete: a recorder that lost power leaves files without an end",
        )

    def _cut_off(self) -> str:
        position, duration = self._monitor.position_s, self._monitor.duration_s
        if duration is None or position + _SHORT_BY_S >= duration * 0.98:
            return ""
        return f"cut off: {position:.1f} s of {duration:.1f} s"

    # -- streams: in a thread of their own, watched, connected again for ever

    def _live_frames(self) -> Iterator[Frame]:
        pauses = ReconnectPauses(self._plan.settings)
        while not self._stopped.is_set():
            began_s = self._plan.clock.monotonic_s()
            error = yield from self._watched_take()
            if self._stopped.is_set() or (error is None and self._is_over()):
                return
            fault = self._fault(error)
            lasted_s = self._plan.clock.monotonic_s() - began_s
            # A take of a few frames is one more failure: a camera that never gets further is not to be rushed.
            if self._monitor.decoded_in_take > 0 and lasted_s > self._plan.settings.backoff_max_s:
                pauses.reset()
            pause_s = pauses.pause_s(fault.retry)
            self._monitor.move(SourceState.BACKING_OFF, fault.error.problem, pause_s=round(pause_s, 1))
            if self._stopped.wait(pause_s):
                return
            self._monitor.move(SourceState.CONNECTING, fault.error.problem)

    def _watched_take(self) -> Generator[Frame, None, Exception | None]:
        """Frames of one connection; returns what ended it."""
        ticket = self._monitor.begin_take()
        reader = Reader(f"decode-{self.camera_id}", lambda cancelled: self._plan.run(ticket, cancelled))
        try:
            while not self._stopped.is_set():
                item = reader.next(_POLL_S)
                if isinstance(item, End):
                    return item.error
                if item is not None:
                    yield item
                elif (silence := self._silence()) is not None:
                    return silence
        finally:
            reader.cancel()
        return None

    def _silence(self) -> Silence | None:
        """The last-frame watchdog: FFmpeg neither notices every dead connection nor notices soon."""
        settings, silent_s = self._plan.settings, self._monitor.silent_s
        state = self._monitor.state
        if state is SourceState.CONNECTING:
            longest = settings.open_timeout_s + settings.read_timeout_s
            return Silence(f"does not answer for {longest:g} s") if silent_s > longest else None
        if state is SourceState.STREAMING and silent_s > settings.watchdog_s:
            self._monitor.move(SourceState.STALLED, f"no frame for {settings.watchdog_s:g} s")
        if silent_s > settings.read_timeout_s:
            return Silence(f"sent no frame for {settings.read_timeout_s:g} s")
        return None

    def _is_over(self) -> bool:
        """Whether a recording served over HTTP reached its end; all else that ends was cut off."""
        duration_s = self._monitor.duration_s
        served = self._plan.address.protocol in (Protocol.HTTP, Protocol.HTTPS)
        return served and bool(duration_s) and not self._cut_off() and self._monitor.decoded_in_take > 0

    def _fault(self, error: Exception | None) -> Fault:
        if error is None:
            error = Silence("ended the stream" if self._monitor.decoded_in_take else "ended before the first frame")
        fault = diagnose(self.camera_id, self._plan.address, error)
        if fault is None:
            raise error
        return fault
