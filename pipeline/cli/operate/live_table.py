"""Live table of a run on a terminal: cameras, sinks, progress of files."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeAlias

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pipeline.app.live_run import CameraActivity, LiveRun
from pipeline.domain.ports import SinkStatus, SourceState, SourceStatus

Sources: TypeAlias = Callable[[], Mapping[str, SourceStatus]]
Sinks: TypeAlias = Callable[[], Sequence[SinkStatus]]
Activities: TypeAlias = Callable[[], Mapping[str, CameraActivity]]

_REFRESH_S = 0.25
"""Four times a second is as fast as people read numbers."""
_RATE_OVER_S = 3.0
_WIDE = 110
"""Columns from which the resolution and the reasons of drops have columns of their own."""
_NARROW_COLUMNS = ("camera", "state", "fps in", "fps out", "lag", "drops", "retry", "events", "last")
_WIDE_COLUMNS = (
    "camera",
    "state",
    "image",
    "fps in",
    "fps out",
    "lag",
    "drops",
    "why",
    "retry",
    "events",
    "last",
)
_SHARES: Mapping[str, int] = {"camera": 3, "why": 5, "last": 2}
"""Columns of words, and how they share the width that the numbers leave."""
_MOST_PROBLEMS = 5
_STATES: Mapping[SourceState, tuple[str, str]] = {
    SourceState.CONNECTING: ("◌", "cyan"),
    SourceState.STREAMING: ("●", "green"),
    SourceState.OVERLOADED: ("●", "yellow"),
    SourceState.LOW_RATE: ("●", "yellow"),
    SourceState.UNUSABLE: ("◍", "red"),
    SourceState.VIEW_UNCONFIRMED: ("⊘", "red"),
    SourceState.STALLED: ("▲", "yellow"),
    SourceState.BACKING_OFF: ("▲", "yellow"),
    SourceState.ENDED: ("■", "bright_black"),
    SourceState.FAILED: ("✖", "red"),
    SourceState.NOT_PERMITTED: ("⊘", "yellow"),
}
_RUNNING = frozenset(
    {
        SourceState.STREAMING,
        SourceState.OVERLOADED,
        SourceState.LOW_RATE,
        SourceState.UNUSABLE,
        SourceState.VIEW_UNCONFIRMED,
    }
)


class LiveTable:
    """Cameras, sinks and the time a run takes, on a terminal; elsewhere it prints nothing.

    ::

        with LiveTable.of_run(run, err) as table:
            run.run(on_tick=table.refresh)

    Standard output stays free when `console` writes to standard error; log lines appear above the table.
    """

    def __init__(
        self,
        sources: Sources,
        sinks: Sinks,
        *,
        activities: Activities = dict,
        console: Console | None = None,
        enabled: bool = True,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """A table that shows nothing yet.

        Args:
            sources, sinks, activities: called at each refresh, in the caller's thread.
            console: where to draw; None for standard error.
            enabled: False never draws, as for ``--quiet``.
            monotonic_s: seconds that never go back.
        """
        self._sources = sources
        self._sinks = sinks
        self._activities = activities
        self._console = console if console is not None else Console(stderr=True)
        self._monotonic_s = monotonic_s
        self._started_s = monotonic_s()
        self._drawn_s = float("-inf")
        self._finished: dict[str, deque[tuple[float, int]]] = {}
        self._live: Live | None = None
        if enabled and self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False, transient=True, vertical_overflow="ellipsis")

    @classmethod
    def of_run(cls, run: LiveRun, console: Console, *, enabled: bool = True) -> Self:
        """The table of a run."""
        return cls(run.sources, run.sinks, activities=run.activities, console=console, enabled=enabled)

    def __enter__(self) -> Self:
        self._started_s = self._monotonic_s()
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    @property
    def visible(self) -> bool:
        """Whether it is drawn at all."""
        return self._live is not None

    def refresh(self) -> None:
        """Draw the table again if it is time; cheap otherwise. Call it from one thread."""
        now_s = self._monotonic_s()
        if self._live is None or now_s - self._drawn_s < _REFRESH_S:
            return
        self._drawn_s = now_s
        self._live.update(self.render(), refresh=True)

    def render(self) -> RenderableType:
        """The table as it is now."""
        now_s = self._monotonic_s()
        sources, activities = self._sources(), self._activities()
        table = _table(_WIDE_COLUMNS if self._console.width >= _WIDE else _NARROW_COLUMNS)
        for camera_id, status in sources.items():
            activity = activities.get(camera_id, CameraActivity())
            cells = _cells(
                camera_id, status, activity, self._rate(camera_id, activity.analyzed + activity.skipped, now_s)
            )
            table.add_row(*(cells[str(column.header)] for column in table.columns))
        sinks = [_sink_line(sink) for sink in self._sinks()]
        return Group(table, *_problems(sources), *sinks, _footer(sources, now_s - self._started_s))

    def _rate(self, camera_id: str, finished: int, now_s: float) -> float:
        """Frames analyzed or skipped per second over the last seconds."""
        seen = self._finished.setdefault(camera_id, deque())
        seen.append((now_s, finished))
        while len(seen) > 2 and now_s - seen[0][0] > _RATE_OVER_S:
            seen.popleft()
        (then_s, then), (last_s, last) = seen[0], seen[-1]
        return (last - then) / (last_s - then_s) if last_s > then_s else 0.0


def _table(columns: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True, padding=(0, 1, 0, 0))
    for name in columns:
        if name in _SHARES:
            table.add_column(name, ratio=_SHARES[name], no_wrap=True, overflow="ellipsis", min_width=8)
        else:
            table.add_column(name, justify="left" if name == "state" else "right", no_wrap=True)
    return table


def _cells(camera_id: str, status: SourceStatus, activity: CameraActivity, done_per_s: float) -> dict[str, Text]:
    """What each column shows of a camera, by the column's header."""
    sign, color = _STATES[status.state]
    running = status.state in _RUNNING
    drops = Counter(dict(status.drops)) + Counter(dict(activity.drops))
    return {
        "camera": Text(camera_id, style="bold" if running else ""),
        "state": Text(f"{sign} {status.state.value}", style=color),
        "image": Text(f"{status.width}×{status.height}" if status.width else "–", style="bright_black"),
        "fps in": Text(f"{status.fps:.1f}" if running else "–"),
        "fps out": Text(
            f"{done_per_s:.1f}" if running and activity.analyzed else "–",
            style="" if status.limit_fps is None else "yellow",
        ),
        "lag": _lag(activity.lag_s) if running and activity.analyzed else Text("–"),
        "drops": _lost(drops),
        "why": _reasons(drops),
        "retry": Text(str(status.reconnects), style="yellow" if status.reconnects else "bright_black"),
        "events": Text(str(activity.events)),
        "last": Text(activity.last_event),
    }


def _lag(lag_s: float) -> Text:
    style = "red" if lag_s >= 5 else "yellow" if lag_s >= 1 else ""
    return Text(f"{lag_s * 1000:.0f} ms" if lag_s < 1 else f"{lag_s:.1f} s", style=style)


def _lost(drops: Counter[str]) -> Text:
    """Frames lost; not those that `analyze_fps` skips."""
    lost = drops.total() - drops["sampled"]
    return Text(_short(lost), style="yellow" if lost else "bright_black")


def _reasons(drops: Counter[str]) -> Text:
    """Frames not analyzed by reason, most first."""
    text = Text()
    for reason, count in drops.most_common():
        style = "bright_black" if reason == "sampled" else "yellow"
        text.append(f"{' ' if text else ''}{reason} {_short(count)}", style=style)
    return text


def _problems(sources: Mapping[str, SourceStatus]) -> list[Text]:
    """A line for each camera with a problem, with the reason in full."""
    good = {SourceState.STREAMING, SourceState.ENDED}
    failing = [(camera, s) for camera, s in sources.items() if s.detail and s.state not in good]
    lines = [
        Text(
            f"{_STATES[s.state][0]} {camera}: {s.detail}", style=_STATES[s.state][1], no_wrap=True, overflow="ellipsis"
        )
        for camera, s in failing[:_MOST_PROBLEMS]
    ]
    if len(failing) > _MOST_PROBLEMS:
        lines.append(Text(f"  and {len(failing) - _MOST_PROBLEMS} more", style="bright_black"))
    return lines


def _short(count: int) -> str:
    if count < 10_000:
        return str(count)
    return f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1_000_000:.1f}M"


def _sink_line(sink: SinkStatus) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"→ {sink.name}", style="bold")
    line.append(f"  delivered {sink.delivered} of {sink.accepted}")
    if sink.pending:
        late_s = sink.oldest_pending_s
        line.append(f", {sink.pending} pending for {late_s:.0f} s", style="yellow" if late_s >= 5 else "bright_black")
    if sink.error:
        line.append(f"  ✖ {sink.error}", style="red")
    return line


def _footer(sources: Mapping[str, SourceStatus], elapsed_s: float) -> RenderableType:
    """Time since the start and, of files, how much is done."""
    files = [status for status in sources.values() if status.duration_s]
    total_s = sum(status.duration_s or 0.0 for status in files)
    clock = Text(_clock(elapsed_s), style="bright_black", no_wrap=True)
    if total_s <= 0:
        return clock
    done_s = sum(_done_s(status) for status in files)
    share = done_s / total_s
    left = f"{share:4.0%}"
    if 0.02 < share < 1 and elapsed_s > 2:
        left += f"  about {_clock(elapsed_s * (1 - share) / share)} left"
    footer = Table.grid(padding=(0, 2, 0, 0))
    footer.add_row(clock, ProgressBar(total=total_s, completed=done_s, width=30), Text(left, style="bright_black"))
    return footer


def _done_s(status: SourceStatus) -> float:
    duration_s = status.duration_s or 0.0
    over = status.state in {SourceState.ENDED, SourceState.FAILED}
    return duration_s if over else min(status.position_s, duration_s)


def _clock(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
