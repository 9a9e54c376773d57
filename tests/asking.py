"""Questions of a tester to an event store, in few words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pipeline.app.queries import EventQueries
from pipeline.domain.audit import AuditEntry
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.events import Event, Kind, PlateReadEvent
from pipeline.domain.requester import Requester
from pipeline.storage.declared_cameras import DeclaredCameras
from pipeline.store.questions import Cameras, CameraSummary, Count, Events, Plates, QueryBackend, Question

A = TypeVar("A")


def declare_roads(data_dir: Path, *camera_ids: str) -> None:
    """Declare cameras of public roads in a data folder, so that answers may use their plates."""
    roads = (Camera(camera_id, Scope.PUBLIC_ROAD) for camera_id in camera_ids)
    DeclaredCameras(data_dir).declare(map(CameraDeclaration, roads))


def unaudited(_: AuditEntry) -> None:
    """In place of the audit, for tests of answers alone."""


class Asking:
    """Asks a store, or a process that owns one, as the user that runs the tests."""

    def __init__(self, store: QueryBackend | EventQueries) -> None:
        self._queries = (
            store if isinstance(store, EventQueries) else EventQueries(store, Requester.of_process(), unaudited)
        )

    def ask(self, question: Question[A]) -> A:
        return self._queries.ask(question).value

    def close(self) -> None:
        self._queries.close()

    def plates(self, *plates: str, camera_ids: Sequence[str] = (), **more: Any) -> list[PlateReadEvent]:
        return self.ask(Plates(plates=plates, camera_ids=tuple(camera_ids), **more))

    def events(self, kind: Kind | None = None, camera_ids: Sequence[str] = (), **more: Any) -> list[Event]:
        return self.ask(Events(kind=kind, camera_ids=tuple(camera_ids), **more))

    def cameras(self) -> list[CameraSummary]:
        return self.ask(Cameras())

    def count(self, kind: Kind) -> int:
        return self.ask(Count(kind=kind))
