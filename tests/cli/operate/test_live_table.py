"""The live table: readable at every width, silent where there is no terminal."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import pytest
from rich.console import Console

from pipeline.app.live_run import CameraActivity
from pipeline.cli.operate.live_table import LiveTable
from pipeline.domain.ports import SinkStatus, SourceState, SourceStatus


@dataclass
class FakeRun:
    """A run as the table sees it, with a clock that the test moves."""

    width: int = 140
    terminal: bool = True
    now_s: float = 0.0
    asked: int = 0
    sources: dict[str, SourceStatus] = field(default_factory=dict)
    sinks: list[SinkStatus] = field(default_factory=list)
    activities: dict[str, CameraActivity] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.out = io.StringIO()
        self.console = Console(
            file=self.out, width=self.width, height=40, force_terminal=self.terminal, legacy_windows=False
        )

    def table(self, enabled: bool = True) -> LiveTable:
        return LiveTable(
            self._ask, lambda: self.sinks, activities=lambda: self.activities, console=self.console, enabled=enabled,
            monotonic_s=lambda: self.now_s,
        )  # fmt: skip

    def text(self, table: LiveTable) -> str:
        plain = Console(file=io.StringIO(), width=self.width, color_system=None)
        with plain.capture() as captured:
            plain.print(table.render())
        return captured.get()

    def _ask(self) -> dict[str, SourceStatus]:
        self.asked += 1
        return self.sources


def _street(width: int = 140) -> FakeRun:
    fake = FakeRun(width=width)
    fake.sources = {
        "av-ipiranga-01": SourceStatus(
            SourceState.STREAMING, width=1920, height=1080, fps=24.97, decoded=4000, reconnects=2,
            drops={"sampled": 12345, "corrupt": 1},
        ),
        "ponte": SourceStatus(SourceState.BACKING_OFF, detail="no answer, next try in 4 s", drops={"corrupt": 4}),
        "estacionamento-sul-entrada-principal-do-predio": SourceStatus(SourceState.FAILED, detail="no video in it"),
    }  # fmt: skip
    fake.activities = {"av-ipiranga-01": CameraActivity(100, 0.084, {"queue-full": 16}, 210, "ABC1D23")}
    fake.sinks = [
        SinkStatus("store", 284, 284),
        SinkStatus("kafka", 284, 100, 184, 31.0, 5, "broker does not answer"),
    ]
    return fake


@pytest.mark.parametrize("width", [60, 80, 110, 140, 200])
def test_no_line_is_wider_than_the_terminal_and_each_camera_has_one(width: int) -> None:
    fake = _street(width)
    lines = fake.text(fake.table()).splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) == 1 + 3 + 2 + 2 + 1  # header, cameras, problems, sinks, foot


@pytest.mark.parametrize("width", [80, 140])
def test_state_rates_losses_and_problems_can_be_read(width: int) -> None:
    fake = _street(width)
    table = fake.table()
    table.render()
    fake.now_s = 2.0
    fake.activities["av-ipiranga-01"] = CameraActivity(130, 0.084, {"queue-full": 16}, 210, "ABC1D23")
    text = fake.text(table)
    row = next(line for line in text.splitlines() if line.startswith("av-ipiranga"))
    assert "● streaming" in row
    assert "84 ms" in row
    assert {"25.0", "15.0", "17", "2", "210", "ABC1D23"} <= set(row.split())
    assert "no answer, next try in 4 s" in text
    assert "no video in it" in text
    assert "kafka  delivered 100 of 284, 184 pending for 31 s  ✖ broker does not answer" in text
    assert ("sampled 12k queue-full 16 corrupt" in row) is (width == 140)
    assert ("1920×1080" in row) is (width == 140)


def test_the_rate_is_that_of_the_last_seconds() -> None:
    fake = FakeRun()
    fake.sources = {"c": SourceStatus(SourceState.STREAMING, fps=25)}
    table = fake.table()
    for second in range(20):
        fake.now_s = float(second)
        fake.activities = {"c": CameraActivity(analyzed=10 * min(second, 10) + 3 * max(0, second - 10))}
        text = fake.text(table)
    assert " 3.0 " in text


def test_files_show_how_much_is_done_and_how_long_it_will_take() -> None:
    fake = FakeRun()
    fake.sources = {
        "a": SourceStatus(SourceState.ENDED, duration_s=60, position_s=59),
        "b": SourceStatus(SourceState.STREAMING, duration_s=60, position_s=15),
        "live": SourceStatus(SourceState.STREAMING, position_s=1000),
    }
    table = fake.table()
    fake.now_s = 50.0
    foot = fake.text(table).splitlines()[-1]
    assert foot.startswith("0:50 ")
    assert "62%" in foot
    assert "about 0:30 left" in foot


def test_streams_show_the_time_only() -> None:
    fake = FakeRun()
    fake.sources = {"live": SourceStatus(SourceState.STREAMING, position_s=1000)}
    table = fake.table()
    fake.now_s = 3725.0
    assert fake.text(table).splitlines()[-1].strip() == "1:02:05"


def test_many_problems_are_summarized() -> None:
    fake = FakeRun()
    fake.sources = {f"c{n}": SourceStatus(SourceState.STALLED, detail="no frame within 5 s") for n in range(9)}
    text = fake.text(fake.table())
    assert text.count("no frame within 5 s") == 5
    assert "and 4 more" in text


def test_without_cameras_the_header_is_shown() -> None:
    fake = FakeRun()
    assert "camera" in fake.text(fake.table())


@pytest.mark.parametrize(("terminal", "enabled"), [(False, True), (True, False)])
def test_without_a_terminal_or_when_quiet_nothing_is_printed_or_read(terminal: bool, enabled: bool) -> None:
    fake = FakeRun(terminal=terminal)
    with fake.table(enabled) as table:
        for second in range(10):
            fake.now_s = float(second)
            table.refresh()
    assert fake.out.getvalue() == ""
    assert fake.asked == 0


def test_refreshing_for_every_batch_draws_four_times_a_second() -> None:
    fake = _street()
    with fake.table() as table:
        for millisecond in range(1000):
            fake.now_s = millisecond / 1000
            table.refresh()
    assert fake.asked == 4
    assert "av-ipiranga-01" in fake.out.getvalue()


def test_the_table_is_cleared_at_the_end_also_after_an_error() -> None:
    fake = _street()

    def crash() -> None:
        with fake.table() as table:
            table.refresh()
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        crash()
    assert fake.out.getvalue().count("\x1b[?25h") == 1  # the cursor is back
    assert "\x1b[2K" in fake.out.getvalue()  # and the lines are cleared
