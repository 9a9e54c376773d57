"""The open registry of people and cameras, whose changes are reported before they are committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.domain.ports import Clock
from pipeline.domain.registry_change import ChangeListener, RegistryChange
from pipeline.governance.people_tables import InstitutionRow
from pipeline.governance.register_session import RegisterSession
from pipeline.policy.sensitive.screen import TextScreen


class RegistrySession(RegisterSession):
    """A context manager; may be used by several processes at once.

    Args:
        where, clock, create, screen, lock_timeout_s: see `RegisterSession`.
        on_change: gets each change before it is committed; what it raises undoes the change.
    """

    def __init__(
        self,
        where: str | Path,
        on_change: ChangeListener,
        clock: Clock | None = None,
        *,
        create: bool = False,
        screen: TextScreen | None = None,
        lock_timeout_s: float = 10.0,
    ) -> None:
        super().__init__(where, clock, create=create, screen=screen, lock_timeout_s=lock_timeout_s)
        self._on_change = on_change

    def reporting_to(self, on_change: ChangeListener) -> Self:
        """The same open registry with another listener of changes."""
        other = copy(self)
        other._on_change = on_change
        return other

    @property
    def is_set_up(self) -> bool:
        """Whether the registry has an institution; without one the program is in evaluation mode."""
        with self._database.reading() as session:
            return session.scalar(select(InstitutionRow.institution_id).limit(1)) is not None

    @contextmanager
    def _changing(self, *changes: RegistryChange) -> Iterator[Session]:
        """A write transaction whose changes are reported when it is ready, before it is committed."""
        with self._database.writing() as session:
            yield session
            session.flush()
            for change in changes:
                self._on_change(change)
