"""The sections of the console, and who sees them: those whose roles include one of their operations."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from pipeline.console.catalogues import source
from pipeline.domain.operation import Operation


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the console.

    Attributes:
        name: in addresses; title: in the navigation.
        operations: who has one of them sees it; what is done in it is decided on by itself.
    """

    name: str
    title: str
    operations: tuple[Operation, ...]

    @property
    def path(self) -> str:
        """Its address."""
        return f"/console/{self.name}"

    def is_open_to(self, operations: Collection[Operation]) -> bool:
        """Whether roles with these operations see it."""
        return not set(self.operations).isdisjoint(operations)


SITUATION: Final = Section("situation", source("Situação"), (Operation.MONITORING, Operation.INCIDENT))
PLATES: Final = Section(
    "plates",
    source("Placas"),
    (Operation.PLATE_QUERY, Operation.JOURNEY_QUERY, Operation.PATTERN_QUERY),
)
LISTS: Final = Section("lists", source("Listas de placas"), (Operation.ALERT_REVIEW, Operation.PLATE_LIST))
TRAFFIC: Final = Section("traffic", source("Tráfego"), (Operation.COUNT_QUERY,))
RECORDINGS: Final = Section("recordings", source("Gravações"), (Operation.RETRIEVAL,))
AUDIT: Final = Section("audit", source("Auditoria"), (Operation.AUDIT_READING,))
HEALTH: Final = Section(
    "health",
    source("Saúde"),
    (Operation.CONFIGURATION, Operation.CAMERA_CONTROL, Operation.BENCHMARK),
)
RELEASES: Final = Section("releases", source("Disponibilizações"), (Operation.DISCLOSURE, Operation.APPROVAL))
RIGHTS: Final = Section("rights", source("Direitos"), (Operation.SUBJECT_REQUEST,))
PEOPLE: Final = Section("people", source("Pessoas e câmeras"), (Operation.ACCOUNT_REGISTRATION,))
SECTIONS: Final = (SITUATION, PLATES, LISTS, RECORDINGS, TRAFFIC, RELEASES, RIGHTS, PEOPLE, AUDIT, HEALTH)
"""In the order of the navigation."""
