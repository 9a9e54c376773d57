"""Logs for the tests of the audit."""

from __future__ import annotations

from pathlib import Path

from pipeline.audit.audit_log import AuditLog
from pipeline.domain.audit import AuditEntry, Outcome

DAY_MS = 86_400_000
NOON_MS = 20_000 * DAY_MS + DAY_MS // 2


class SetClock:
    """A clock that stands still until it is set."""

    def __init__(self, now_ms: int = NOON_MS) -> None:
        self.now_ms = now_ms

    def wall_ms(self) -> int:
        return self.now_ms

    def monotonic_s(self) -> float:
        return self.now_ms / 1000

    def sleep(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)


def entry(number: int = 0, plate: str = "ABC1D23") -> AuditEntry:
    """A plate query."""
    return AuditEntry(
        operation="plate-query",
        outcome=Outcome.ALLOWED,
        system_user="ana",
        purpose="investigação",
        case=f"IP-{number}/2026",
        cameras=("c1", "c2"),
        start_ms=NOON_MS - DAY_MS,
        end_ms=NOON_MS,
        plates=(plate,),
        rows=number % 7,
    )


def filled(folder: Path, days: int = 3, each: int = 8) -> AuditLog:
    """A log of some days."""
    clock = SetClock()
    log = AuditLog(folder, clock)
    for day in range(days):
        for number in range(each):
            clock.now_ms = NOON_MS + day * DAY_MS + number
            log.append(entry(day * each + number))
    return log


def segments(folder: Path) -> list[Path]:
    """The files of a log, oldest first."""
    return sorted(folder.glob("*.jsonl"))


def lines(folder: Path) -> list[bytes]:
    """All lines of a log."""
    return [line for path in segments(folder) for line in path.read_bytes().splitlines()]
