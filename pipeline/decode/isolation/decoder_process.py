"""The decoder: one session of one camera in a process of its own, which ends with it."""

from __future__ import annotations

import os
import socket
import traceback
from typing import NoReturn

import structlog

from pipeline.decode.capture_session import CaptureSession, CaptureSetup
from pipeline.decode.ffmpeg_errors import diagnose
from pipeline.decode.isolation import decoder_messages as m
from pipeline.decode.isolation.decoder_slots import DecoderSlots
from pipeline.decode.isolation.engine_link import DecoderJob, EngineLink, HungUp
from pipeline.decode.isolation.memory_limit import ProcessMemoryLimit
from pipeline.decode.isolation.session_reports import RemoteFrameMemory, ReportingMonitor, ReportingTap
from pipeline.decode.privacy_masks import MaskBurner
from pipeline.decode.source_monitor import SessionToken
from pipeline.domain.clock import SystemClock


def run_decoder(data: socket.socket, control: socket.socket) -> NoReturn:
    """Run the session that comes over `data`, and end this process.

    Args:
        data: to the engine: `MessageBuffer` reads it.
        control: from the engine, a message at a time.
    """
    engine = EngineLink(data, control)
    try:
        job = engine.job()
        os.environ.update(job.environment)
        structlog.configure(processors=[engine.log])
        engine.send(_session(job, engine, ProcessMemoryLimit(job.settings.max_decoder_memory_mb)))
        engine.flush()
    except OSError:
        os._exit(0)  # the engine has hung up
    os._exit(0)


def _session(job: DecoderJob, engine: EngineLink, limit: ProcessMemoryLimit) -> m.Ended:
    slots = DecoderSlots(engine)
    setup = CaptureSetup(
        camera_id=job.camera_id,
        address=job.address,
        settings=job.settings,
        analyze_fps=job.analyze_fps,
        burner=MaskBurner(job.masks),
        start_ms=job.start_ms,
        clock=SystemClock(),
        monitor=ReportingMonitor(job.camera_id, engine, job.segments_read),
        on_decoded=lambda seconds, cpu_seconds: engine.send(m.Timed(seconds, cpu_seconds)),
        tap=ReportingTap(engine, slots) if job.recorded else None,
        limit=engine.limit,
        options=job.options,
        memory=RemoteFrameMemory(engine, limit, limited=job.limited),
        new_planes=slots.planes,
    )
    try:
        for frame in CaptureSession(setup, SessionToken(0), engine).frames():
            pixels = slots.filled(frame.image)
            if not engine.wait_for_turn():
                break
            engine.send(m.FrameReady(frame.index, frame.pts_s, frame.ts_ms, frame.arrived_s, frame.damaged, pixels))
            engine.waiting += 1
            engine.flush()
            slots.prepare()
    except HungUp:
        raise
    except Exception as error:  # noqa: BLE001 - the engine gets it, as from a thread
        return _fault(job, limit.full() if _is_memory(error) else error)
    return m.Ended()


def _is_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or (type(error).__module__ == "cv2" and "nsufficient memory" in str(error))


def _fault(job: DecoderJob, error: Exception) -> m.Ended:
    fault = diagnose(job.camera_id, job.address, error)
    kind = next(name for name, each in reversed(m.FAULTS.items()) if isinstance(fault.error, each))
    found = fault.error
    ended = m.Ended(kind, found.subject, found.problem, found.fix, fault.retry.value)
    if fault.unexpected:
        ended.unexpected = type(error).__name__
        ended.trace = "".join(traceback.format_exception(error))
    return ended
