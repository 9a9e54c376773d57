"""Progress bars and warnings of a redaction on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import Progress as Bars
from rich.progress import TaskID

from pipeline.cli.common.console import err, progress, say

if TYPE_CHECKING:
    from pipeline.app.anonymize.progress import Stage

_NAMES = {"detect": "detecting", "render": "rendering", "verify": "verifying", "attack": "attacking"}
_REPEATED = {"render", "verify"}
"""Stages that each further round repeats."""


class TerminalProgress:
    """Implements `pipeline.app.anonymize.progress.Progress` with one bar per stage."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[Stage, TaskID] = {}
        self._frames = 0
        """Of the first stage; those of the others, once it is done."""

    def start(self, stages: Sequence[Stage], frames: int | None) -> None:
        """Show a bar for each stage."""
        self._tasks = {
            stage: self._bars.add_task(_NAMES[stage], total=frames, note="", unit="frames") for stage in stages
        }

    def begin_round(self, number: int, most: int) -> None:
        """Say which round the bars of rendering and verification show."""
        for stage in (one for one in self._tasks if one in _REPEATED):
            described = f"{_NAMES[stage]}, round {number} of at most {most}"
            self._bars.reset(self._tasks[stage], total=self._frames or None, description=described)

    def advance(self, stage: Stage, frames: int) -> None:
        """Move the bar of a stage."""
        first = next(iter(self._tasks))
        if stage is first:
            self._frames = frames
        elif frames == 1:  # the true number of frames is known by now
            self._bars.update(self._tasks[stage], total=self._frames)
            self._bars.update(self._tasks[first], total=self._frames)
        self._bars.update(self._tasks[stage], completed=frames)

    def warn(self, subject: str, message: str) -> None:
        """Print a warning on standard error."""
        say(err, (f"{subject}:", "bold yellow"), f" {message}")


@contextmanager
def terminal_progress() -> Iterator[TerminalProgress]:
    """Progress on standard error; no bars where that is not a terminal."""
    with progress() as bars:
        yield TerminalProgress(bars)
