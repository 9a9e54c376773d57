"""A registry of cameras on a real file, as another process changes it while a run asks it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.domain.audit import AuditEntry
from pipeline.domain.camera import Scope
from pipeline.domain.camera_registration import NewSanction, OwnerKind, SanctionKind
from pipeline.domain.clock import SystemClock
from pipeline.errors import AuditUnavailable
from pipeline.governance.registry import Registry
from tests.governance.entries import StoppedClock
from tests.governance.people import DAY_MS, Changes, camera, set_up


class RunningRegistry:
    """The usual register of a data folder; each change opens it anew, as a command does."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "viapublica-register" / "register.db"
        with Registry(self.path, Changes(), create=True) as opened:
            set_up(opened)

    def opened(self) -> Registry:
        return Registry(self.path, Changes())

    def approved(self, camera_id: str, **values: Any) -> None:
        wanted: dict[str, Any] = {
            "institution": "ceic",
            "sector": "central",
            "owner_kind": OwnerKind.PUBLIC,
            "owner": "Prefeitura",
            "agreement": "",
            "agreement_validity": None,
            "scope": Scope.PUBLIC_SQUARE,
        }
        with self.opened() as registry:
            registry.register_camera(camera(StoppedClock(), camera_id, **(wanted | values)), "ana")
            registry.approve_project(camera_id, "bia")

    def suspend(self, camera_id: str) -> None:
        now_ms = SystemClock().wall_ms()
        with self.opened() as registry:
            registry.impose(
                NewSanction(
                    camera_id=camera_id,
                    kind=SanctionKind.SUSPENSION,
                    reason="falta de manutenção",
                    defence="processo 8/2026, folha 12",
                    infraction_ms=now_ms - 9 * DAY_MS,
                    until_ms=now_ms + 9 * DAY_MS,
                ),
                "ana",
            )

    def rescind(self, camera_id: str) -> None:
        with self.opened() as registry:
            wanted = NewSanction(camera_id=camera_id, kind=SanctionKind.RESCISSION, reason="a pedido do parceiro")
            registry.impose(wanted, "ana")

    def resume(self, camera_id: str) -> None:
        with self.opened() as registry:
            registry.lift(camera_id, "bia")


@dataclass
class AuditSpy:
    """Takes records, or refuses them while `away`."""

    away: bool = False
    entries: list[AuditEntry] = field(default_factory=list)

    def __call__(self, entry: AuditEntry) -> None:
        if self.away:
            raise AuditUnavailable("audit", "takes no record")
        self.entries.append(entry)

    @property
    def facts(self) -> list[tuple[str, tuple[str, ...], str]]:
        return [(str(entry.details["action"]), entry.cameras, entry.policy) for entry in self.entries]
