"""Tables and progress drawn with rich; imported where something is drawn."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from rich.console import Console
from rich.containers import Lines
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from pipeline.domain.times import format_duration

_LONG_WORD = re.compile(r"\S{12,}")
_SEGMENT = re.compile(r"[^/_@?&=-]*[/_@?&=-]*")
"""Up to the separators after which a long word may be broken."""

_FIRST_LINE_S: Final = 10.0
_NEXT_LINES_S: Final = 30.0
_SPEED_S: Final = 600.0


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str | float]], note: str) -> Table:
    """A table with numbers to the right; texts in it are safe on a terminal, and none is read as markup."""
    made = Table(title=Text(title), title_justify="left", header_style="bold", caption_justify="left")
    made.caption = Text(note) if note else None
    for number, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[number], int | float) for row in rows)
        made.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        made.add_row(*(_Cell(str(cell)) for cell in row))
    return made


def bars(console: Console, get_time: Callable[[], float] | None = None) -> Progress:
    """Progress bars on a terminal, each with its task's description and `note`."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        console=console,
        transient=True,
        get_time=get_time,
    )


def lines(console: Console, say: Callable[[str], None], get_time: Callable[[], float] | None = None) -> Progress:
    """Progress where no bar can be drawn: a line is said now and then."""
    return _ProgressLines(console, say, get_time)


class _Cell(Text):
    """Text of a cell; a path, address or id that is longer than its column goes on after one of its separators."""

    def wrap(self, console: Console, width: int, **options: Any) -> Lines:
        """See `rich.text.Text.wrap`."""
        broken = _LONG_WORD.sub(lambda word: _broken(word[0], width), self.plain)
        return Text(broken, self.style).wrap(console, width, **options)


def _broken(word: str, width: int) -> str:
    lines = [""]
    for segment in _SEGMENT.findall(word):
        if lines[-1] and len(lines[-1]) + len(segment) > width:
            lines.append("")
        lines[-1] += segment
    return "\n".join(lines)


class _ProgressLines(Progress):
    """Lines of progress: the first after 10 seconds, then one every 30."""

    def __init__(self, console: Console, say: Callable[[str], None], get_time: Callable[[], float] | None) -> None:
        # A slow stage advances less often than every 30 seconds, and a speed needs two advances.
        super().__init__(console=console, disable=True, get_time=get_time, speed_estimate_period=_SPEED_S)
        self._say = say
        self._next_s = self.get_time() + _FIRST_LINE_S

    def update(self, task_id: TaskID, **changes: Any) -> None:
        """Change a task, see `Progress.update`; print a line if it is time."""
        super().update(task_id, **changes)
        now_s = self.get_time()
        if now_s < self._next_s:
            return
        self._next_s = now_s + _NEXT_LINES_S
        task = next(task for task in self.tasks if task.id == task_id)
        done = f"{task.completed:.0f}" if task.total is None else f"{task.completed:.0f} of {task.total:.0f}"
        done += f" {task.fields['unit']}" if task.fields.get("unit") else ""
        left = f", about {format_duration(round(task.time_remaining * 1000))} left" if task.time_remaining else ""
        note = f", {task.fields['note']}" if task.fields.get("note") else ""
        self._say(f"{task.description}: {done}{note}{left}")
