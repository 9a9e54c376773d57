"""A camera or file under supervision: states, watchdog, reconnection."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence

import structlog

from pipeline.decode.capture_session import CaptureSession, CaptureSetup
from pipeline.decode.decode_timer import OnDecoded
from pipeline.decode.ffmpeg_errors import (
    AnalysisFailed,
    DecoderCrashed,
    Fault,
    RecordingServed,
    RemoteFault,
    Silence,
    diagnose,
)
from pipeline.decode.frame_memory import FrameMemory
from pipeline.decode.frame_sampling import RateLimit
from pipeline.decode.input_options import DEFAULT_INPUT, InputOptions
from pipeline.decode.isolation.decoder_processes import DecoderProcesses
from pipeline.decode.isolation.remote_session import RemoteSession
from pipeline.decode.privacy_masks import MaskBurner
from pipeline.decode.reader_thread import ReaderThread, SessionEnd
from pipeline.decode.reconnect_pauses import ReconnectPauses
from pipeline.decode.served_recording import ServedRecording, Verdict
from pipeline.decode.settings import DecodeSettings, HardwareDecoder, Isolation, Protocol
from pipeline.decode.source_address import parse_address
from pipeline.decode.source_monitor import SessionToken, SourceMonitor
from pipeline.domain.clock import SystemClock
from pipeline.domain.frame import Frame
from pipeline.domain.polygon import Polygon
from pipeline.domain.ports import RECORDING_ENDED, STOPPED, Clock, FrameSource, SourceState, SourceStatus
from pipeline.domain.recording import PacketTap
from pipeline.errors import ConfigError, SourceError, UnsupportedMedia

_POLL_S = 0.1
"""Delay with which `stop` and stalls are noticed: short for people, cheap for a thread."""
_CRASH_PAUSE_S = 1.0
"""Shortest pause after a crash of the decoder: long enough for the engine to notice the state, and to send an alert."""
_SHORT_BY_S = 1.0
"""A file that ends more than this before the length in its header was cut off."""

_SET_ENDS = "set ends: true if it is meant"

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
    on_decoded: OnDecoded = lambda seconds, cpu_seconds: None,  # noqa: ARG005
    options: InputOptions = DEFAULT_INPUT,
    memory: FrameMemory | None = None,
    processes: DecoderProcesses | None = None,
) -> FrameSource:
    """A supervised source; nothing is opened before its `frames` are requested.

    Args:
        camera_id: names it in frames, states and errors.
        url: a video, an image, a folder of images, or the address of a stream.
        settings: of decoding.
        analyze_fps: frames wanted per second of the stream's time, None for all.
        masks: polygons that are filled with black in every frame.
        start_ms: wall-clock time of a file's first frame, milliseconds since 1970 UTC; None for the container's
            creation time, or else the whole minute of the file's time of modification.
        clock: time, the machine's by default.
        tap: receives the packets of a live stream as they come, such as a recorder's; files have none.
        on_decoded: receives the decoding time of each frame, in the decoding thread.
        options: video track, rotation, end and network.
        memory: for the frames of all cameras, None without a limit in sum.
        processes: decode in a process where the settings want that; None to decode in this one.

    Raises:
        ConfigError: malformed address, forbidden protocol, `analyze_fps` or a mask that is no polygon.
    """
    clock = clock or SystemClock()
    address = parse_address(camera_id, url, settings.protocols)
    if analyze_fps is not None and analyze_fps <= 0:
        raise ConfigError(camera_id, f"analyze_fps must be positive, not {analyze_fps}", "Leave it out for every frame")
    try:
        burner = MaskBurner(masks)
    except ValueError as error:
        raise ConfigError(camera_id, str(error), "Give corners as shares of the upright image's size") from error
    return SupervisedSource(
        CaptureSetup(
            camera_id=camera_id,
            address=address,
            settings=settings,
            analyze_fps=analyze_fps,
            burner=burner,
            start_ms=start_ms,
            clock=clock,
            monitor=SourceMonitor(camera_id, clock),
            on_decoded=on_decoded,
            tap=tap,
            options=options,
            memory=memory,
            limit=RateLimit(),
        ),
        processes if settings.isolation is Isolation.PROCESS and settings.hwaccel is HardwareDecoder.NONE else None,
    )


class SupervisedSource:
    """See `pipeline.domain.ports.FrameSource`; made by `open_source`."""

    def __init__(self, setup: CaptureSetup, processes: DecoderProcesses | None = None) -> None:
        self._setup = setup
        self._processes = processes
        self._monitor = setup.monitor
        self._stopped = threading.Event()
        self._started = threading.Lock()
        self._interruption = ""
        self._present: ServedRecording | None = None
        """The begin of the present session, if it may be a recording."""
        self._served: ServedRecording | None = None
        """That of the recording that a live source served last, read to its end."""
        self._logged: set[str] = set()

    @property
    def camera_id(self) -> str:
        """The camera."""
        return self._setup.camera_id

    @property
    def live(self) -> bool:
        """True for everything that comes over a network."""
        return self._setup.address.live

    def status(self) -> SourceStatus:
        """A snapshot; safe from any thread."""
        return self._monitor.status()

    def stop(self) -> None:
        """Make `frames` return within a tenth of a second, even while it connects; safe from any thread."""
        self._stopped.set()

    def interrupt(self, problem: str) -> None:
        """End the present session of a live source as failed, with this problem; it connects again after a pause."""
        self._interruption = problem

    def limit_fps(self, fps: float | None) -> None:
        """Lower the rate of a live source for now, or end that with None; safe from any thread."""
        self._setup.limit.fps = fps if self.live else None

    def frames(self) -> Iterator[Frame]:
        """Frames until the file ends, `stop` is called, or it fails for good; can be called once.

        Raises:
            SourceError: a file that cannot be read. A live source is retried forever; its status gives the reason.
            RuntimeError: called a second time.
        """
        if not self._started.acquire(blocking=False):
            raise RuntimeError(f"the frames of {self.camera_id} were requested already; open the source again")
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
        """Detail of the end when there is none yet: by itself, stopped, or stopped before any frame."""
        status = self._monitor.status()
        if not self._stopped.is_set():
            return ""
        if status.decoded:
            return STOPPED
        return f"{STOPPED} before its first image" + (f"; last error: {status.detail}" if status.detail else "")

    def _session(self, token: SessionToken, cancelled: threading.Event) -> Iterator[Frame]:
        """The frames of one session, decoded in another process or in this thread."""
        if self._processes is not None:
            return RemoteSession(self._setup, self._processes, token, cancelled).frames()
        return CaptureSession(self._setup, token, cancelled).frames()

    # -- files: in the caller's thread, every frame counts

    def _file_frames(self) -> Iterator[Frame]:
        token = self._monitor.begin_session()
        try:
            yield from self._session(token, self._stopped)
        except Exception as error:
            fault = self._diagnosed(error)
            if self._monitor.decoded_in_session == 0 or isinstance(error, DecoderCrashed):
                raise fault.error from error
            _log.warning("file_damaged", camera=self.camera_id, problem=fault.error.problem)
            self._monitor.finish(
                SourceState.ENDED, f"damaged at {self._monitor.position_s:.1f} s: {fault.error.problem}"
            )
            return
        if self._stopped.is_set():
            return
        if self._monitor.decoded_in_session == 0:
            raise self._no_frames()
        self._monitor.finish(SourceState.ENDED, self._cut_off())

    def _no_frames(self) -> SourceError:
        return UnsupportedMedia(
            f"{self.camera_id} ({self._setup.address.shown})",
            "contains no frame that can be decoded",
            "Check that it is complete: a recorder that lost power leaves files without an end",
        )

    def _cut_off(self) -> str:
        position, duration = self._monitor.position_s, self._monitor.duration_s
        if duration is None or position + _SHORT_BY_S >= duration * 0.98:
            return ""
        return f"cut off after {position:.1f} of {duration:.1f} s"

    # -- streams: in a thread of their own, watched, reconnected forever

    def _live_frames(self) -> Iterator[Frame]:
        pauses = ReconnectPauses(self._setup.settings)
        while not self._stopped.is_set():
            began_s = self._setup.clock.monotonic_s()
            error = yield from self._watched_session()
            if self._stopped.is_set():
                return
            if error is None and self._was_recording():
                if self._setup.options.ends:
                    self._monitor.finish(SourceState.ENDED, RECORDING_ENDED)
                    return
                self._served = self._present
                error = RecordingServed(f"ended as a recording of {self._monitor.duration_s:.1f} s does: {_SET_ENDS}")
            fault = self._fault(error)
            lasted_s = self._setup.clock.monotonic_s() - began_s
            # A session of a few frames is one more failure: such a camera must not be retried faster.
            if self._monitor.decoded_in_session > 0 and lasted_s > self._setup.settings.backoff_max_s:
                pauses.reset()
            pause_s = pauses.pause_s(fault.retry)
            if isinstance(error, DecoderCrashed):
                pause_s = max(pause_s, _CRASH_PAUSE_S)
            self._monitor.move(SourceState.BACKING_OFF, fault.error.problem, pause_s=round(pause_s, 1))
            if self._stopped.wait(pause_s):
                return
            self._monitor.move(SourceState.CONNECTING, fault.error.problem)

    def _watched_session(self) -> Generator[Frame, None, Exception | None]:
        """Frames of one connection; returns the error that ended it."""
        self._interruption = ""
        self._present = None
        token = self._monitor.begin_session()
        try:
            return (yield from self._read_session(token))
        except Exception as error:  # noqa: BLE001 - an outage like any other, such as too many threads or open files
            return error

    def _read_session(self, token: SessionToken) -> Generator[Frame, None, Exception | None]:
        reader = ReaderThread(f"decode-{self.camera_id}", lambda cancelled: self._session(token, cancelled))
        try:
            while not self._stopped.is_set():
                if self._interruption:
                    return AnalysisFailed(self._interruption)
                item = reader.next(_POLL_S)
                if isinstance(item, SessionEnd):
                    return item.error
                if item is not None:
                    yield from self._passed(item)
                    if self._present is not None and self._present.verdict is Verdict.SAME:
                        return RecordingServed(f"still serves the recording that was read before: {_SET_ENDS}")
                elif (silence := self._silence()) is not None:
                    return silence
        finally:
            reader.cancel()
        return None

    def _silence(self) -> Silence | None:
        """The last-frame watchdog: FFmpeg does not notice every dead connection, and none soon."""
        settings, silent_s = self._setup.settings, self._monitor.silent_s
        state, ordinary_s = self._monitor.state, self._monitor.ordinary_silence_s
        watchdog_s, timeout_s = settings.watchdog_s + ordinary_s, settings.read_timeout_s + ordinary_s
        if state is SourceState.CONNECTING:
            longest = settings.open_timeout_s + timeout_s
            return Silence(f"does not answer within {longest:g} s") if silent_s > longest else None
        if state is SourceState.STREAMING and silent_s > watchdog_s:
            self._monitor.move(SourceState.STALLED, f"no frame within {watchdog_s:g} s")
        if silent_s > timeout_s:
            return Silence(f"sent no frame within {timeout_s:g} s")
        return None

    def _passed(self, frame: Frame) -> Iterator[Frame]:
        """Frames that do not begin the recording that was read before: its events must not be counted twice."""
        if self._present is None and self._may_be_recording():
            self._present = ServedRecording(self._served, self._monitor.duration_s or 0.0)
        if self._present is None:
            yield frame
        else:
            yield from self._present.passed(frame)

    def _may_be_recording(self) -> bool:
        """Whether the present session is served over HTTP and states a duration, as live streams do by mistake."""
        return self._setup.address.protocol in (Protocol.HTTP, Protocol.HTTPS) and bool(self._monitor.duration_s)

    def _was_recording(self) -> bool:
        """Whether the session that ended reached the duration that it stated; any other was cut off."""
        return self._may_be_recording() and not self._cut_off() and self._monitor.decoded_in_session > 0

    def _fault(self, error: Exception | None) -> Fault:
        if error is None:
            error = Silence("ended the stream" if self._monitor.decoded_in_session else "ended before the first frame")
        return self._diagnosed(error)

    def _diagnosed(self, error: Exception) -> Fault:
        fault = diagnose(self.camera_id, self._setup.address, error)
        kind = error.unexpected if isinstance(error, RemoteFault) else type(error).__name__
        if fault.unexpected and kind not in self._logged:  # once: a camera may fail at every attempt
            self._logged.add(kind)
            _log.error("unexpected_error", camera=self.camera_id, error=fault.error.problem, exc_info=error)
        return fault
