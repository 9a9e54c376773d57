"""An open register: its database, clock and zone, and its end."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.domain.clock import SystemClock
from pipeline.domain.ports import Clock
from pipeline.governance.journal import Report
from pipeline.governance.register_database import RegisterDatabase
from pipeline.policy.sensitive.screen import TextScreen, standard_screen


class RegisterSession:
    """A context manager; may be used by several processes at once.

    Args:
        where: the file of an SQLite database, or a SQLAlchemy address such as ``postgresql+psycopg://…``.
        clock: None for the machine's.
        zone: of the institution, in which years of numbers and months of sheets begin; None for the machine's.
        create: create the database if it does not exist.
        screen: of free texts, with the additions of a city; None without.
        lock_timeout_s: how long to wait for another process that changes the register.
        report: receives each journal entry before it is committed; None for no report.

    Raises:
        ReleaseError: it does not exist, is not a register, damaged, newer than this program, or cannot be opened.
        MissingComponent: the database's driver is not installed.
    """

    def __init__(
        self,
        where: str | Path,
        clock: Clock | None = None,
        *,
        zone: tzinfo | None = None,
        create: bool = True,
        screen: TextScreen | None = None,
        lock_timeout_s: float = 10.0,
        report: Report | None = None,
    ) -> None:
        self._screen = screen or standard_screen()
        self._clock = clock or SystemClock()
        self.zone = zone
        self._database = RegisterDatabase(where, create=create, lock_timeout_s=lock_timeout_s, report=report)
        self.subject = self._database.subject
        self.folder = self._database.folder

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()
