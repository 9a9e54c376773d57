"""Nothing is lost: kills of the sender and of all destinations amid many alerts."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.channels.receivers import RECEIVERS
from tests.event_samples import alert
from tests.servers.ports import free_port

ROOT = Path(__file__).parents[2]


def started(*arguments: object, wait: bool = False) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", *map(str, arguments)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if wait:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    return process


def ended(process: subprocess.Popen[str]) -> None:
    """Kill it."""
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def accepted(process: subprocess.Popen[str], most: int | None = None) -> int:
    """How many further alerts the sender reports, beside its log; at most some, then it still runs."""
    assert process.stdout is not None
    return sum(1 for _ in itertools.islice((line for line in process.stdout if line.strip().isdigit()), most))


@pytest.mark.parametrize(
    ("alerts", "kills"), [(200, 2), pytest.param(10_000, 8, marks=[pytest.mark.soak, pytest.mark.timeout(1200)])]
)
def test_every_alert_reaches_every_channel_whatever_is_killed(tmp_path: Path, alerts: int, kills: int) -> None:
    ports, data, got = [free_port() for _ in RECEIVERS], tmp_path / "data", tmp_path / "got"
    got.mkdir()
    receive: Callable[[], subprocess.Popen[str]] = lambda: started("tests.channels.receivers", got, *ports, wait=True)  # noqa: E731
    receivers, done = receive(), 0
    try:
        for _ in range(kills):
            sender = started("tests.channels.sending_program", data, done, alerts, *ports)
            done += accepted(sender, alerts // (2 * kills))
            ended(receivers)
            done += accepted(sender, alerts // (4 * kills))
            sender.kill()
            done += accepted(sender)
            ended(sender)
            receivers = receive()
        sender = started("tests.channels.sending_program", data, done, alerts, *ports)
        assert done + accepted(sender) == alerts
        assert sender.wait(900) == 0
    finally:
        for process in (receivers, sender):
            ended(process)
    wanted = {str(alert(number).event_id) for number in range(alerts)}
    for name in RECEIVERS:
        found = (got / f"{name}.ids").read_text().split()
        assert set(found) == wanted, name
    assert {path.stem[-36:] for path in (data / "cap").iterdir()} == wanted
