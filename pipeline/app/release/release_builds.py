"""Releases that are being built for people of a server: one at a time, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import IO, Final

import msgspec

from pipeline.app.release.build_messages import BuildOrder, BuildReport
from pipeline.domain.process_environment import without_injection
from pipeline.errors import ReleaseError

__all__ = ["BuildOrder", "BuildState", "ReleaseBuilds"]

_COMMAND: Final = (sys.executable, "-I", "-m", "pipeline.app.release.build_worker")
_MOST_WARNINGS: Final = 20
_STOP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class BuildState:
    """How far a build is.

    Attributes:
        number: of the disclosure; login: of the person who began it; began_ms: when, milliseconds since 1970 UTC.
        stage: see `Stage`, "" before the first one; frames, total: of the stage, total 0 while it is not known.
        round, rounds: of rendering and verification; warnings: about the video.
        running: whether it goes on; ended: the report of its success, or of the error that ended it.
    """

    number: str
    login: str
    began_ms: int
    stage: str = ""
    frames: int = 0
    total: int = 0
    round: int = 0
    rounds: int = 0
    warnings: tuple[str, ...] = ()
    running: bool = True
    ended: BuildReport | None = None

    @property
    def done(self) -> bool:
        """Whether the file is registered."""
        return self.ended is not None and self.ended.done


class ReleaseBuilds:
    """Builds of one server process, which ends them when it ends: nothing is registered then.

    Args:
        command: of the process that takes an order and reports.
    """

    def __init__(self, command: Sequence[str] = _COMMAND) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._state: BuildState | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    def start(self, order: BuildOrder, now_ms: int) -> BuildState:
        """Begin a build.

        Raises:
            ReleaseError: another one runs, or the process cannot be started.
        """
        with self._lock:
            if self._state is not None and self._state.running:
                raise ReleaseError(
                    f"disclosure {order.number}",
                    f"has to wait: {self._state.number} is being built",
                    "Begin it when that build has ended",
                )
            try:
                process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=without_injection(os.environ),
                )
            except OSError as error:
                raise ReleaseError("build", f"cannot be started ({error.strerror})", "Free memory") from error
            self._process, self._state = process, BuildState(order.number, order.login, now_ms)
            began = self._state
        assert process.stdin is not None  # noqa: S101 - pipes
        assert process.stdout is not None  # noqa: S101
        try:
            with process.stdin as stream:
                stream.write(msgspec.json.encode(order))
        except OSError:
            pass  # it ended; its exit says so
        self._reader = threading.Thread(target=self._read, args=(process, process.stdout), daemon=True)
        self._reader.start()
        return began

    def state(self, number: str) -> BuildState | None:
        """The build of a disclosure, running or the last one that ended; None where another one was begun since."""
        with self._lock:
            return self._state if self._state is not None and self._state.number == number else None

    def close(self) -> None:
        """End the build that runs."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._reader is not None:
            self._reader.join(_STOP_S)

    def _read(self, process: subprocess.Popen[bytes], output: IO[bytes]) -> None:
        with output:
            for line in output:
                self._note(msgspec.json.decode(line, type=BuildReport))
        process.wait()
        with self._lock:
            state = self._state
            assert state is not None  # noqa: S101 - set by `start`
            silent = BuildReport(subject="build", text="ended without a result", fix="See the log of the server")
            self._state = replace(state, running=False, ended=state.ended or silent)

    def _note(self, report: BuildReport) -> None:
        with self._lock:
            state = self._state
            assert state is not None  # noqa: S101 - set by `start`
            if report.stage:
                state = replace(state, stage=report.stage, frames=report.frames, total=report.total)
            if report.round:
                state = replace(state, round=report.round, rounds=report.rounds)
            if report.warning:
                state = replace(state, warnings=(*state.warnings, report.warning)[-_MOST_WARNINGS:])
            if report.done or report.text:
                state = replace(state, ended=report)
            self._state = state
