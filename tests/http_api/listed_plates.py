"""Hot-lists of the served city: approvals, passages, and the agreement that they need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from pipeline.app.people.administration import Administration
from pipeline.domain.alert_figures import Figure, encode_figures
from pipeline.domain.approvals import ApprovalKind, ApprovalState, NewApproval
from pipeline.domain.event_identity import identified
from pipeline.domain.events import AlertRule, IncidentPhase
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role
from pipeline.domain.sharing_agreement import NewAgreement
from tests.app.people.installations import Office
from tests.event_samples import alert
from tests.filled_store import fill_store
from tests.governance.people import year
from tests.http_api.served_city import CEIC, GUARD

LAWFUL: dict[str, Any] = {"purpose": "criminal-investigation", "case": "IP 12/2026"}


def approve(city: Office, login: str, operation: Operation = Operation.PLATE_LIST) -> None:
    """Let a person do an operation in their case."""
    wanted = NewApproval(
        kind=ApprovalKind.APPROVAL, operation=operation, case_number=LAWFUL["case"], hours=1, reason="furto"
    )
    with city.opened("root") as opened:
        asked = opened.registry.ask_approval(login, wanted)
        by = opened.registry.person("ana").account(Role.GENERAL_ADMINISTRATOR, city.clock.now_ms, second_factor=True)
        opened.registry.decide_approval(asked.approval_id, by, ApprovalState.APPROVED)


def store_passages(city: Office, number: int) -> None:
    """Store alerts of an entry, at a camera of each body."""
    listed = [
        msgspec.structs.replace(
            alert(0, camera=camera),
            ts_ms=city.clock.now_ms - 60_000,
            rule=AlertRule.LISTED_PLATE.value,
            incident="00112233445566778899aabb",
            phase=IncidentPhase.BEGUN,
            figures=encode_figures({Figure.ENTRY: number, Figure.PROBABILITY: 0.998}),
        )
        for camera in (GUARD[0], CEIC)
    ]
    fill_store(Path(city.stores.data_dir), [identified(event) for event in listed])


def share_cameras(city: Office) -> None:
    """Let the other body share its cameras with the guard for hot-lists."""
    shared = NewAgreement(
        number="Convênio 14/2026",
        owner="ceic",
        recipient="guarda/central",
        purposes=frozenset({Purpose.CRIMINAL_INVESTIGATION}),
        operations=frozenset({Operation.PLATE_LIST, Operation.ALERT_REVIEW}),
        validity=year(city.clock),
    )
    with city.opened("ana") as opened:
        Administration(opened).add_agreement(shared)
