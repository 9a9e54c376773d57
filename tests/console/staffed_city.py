"""The city of the API's tests with a person of each role at the guard, and incidents of its cameras."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from pipeline.domain.event_identity import identified
from pipeline.domain.events import AlertEvent, IncidentPhase
from pipeline.domain.role import Role
from tests.app.people.installations import Office
from tests.event_samples import alert
from tests.filled_store import fill_store
from tests.governance.people import activated, person, year
from tests.http_api.served_city import GUARD

PEOPLE: Final[Mapping[Role, str]] = {role: f"guarda.{role.value}" for role in Role}
"""Login of a person by their only role; the general administrator is of the general administration."""
SECOND_OPERATOR: Final = "guarda.otto"
INCIDENT: Final = "0123456789abcdef01234567"
OTHER: Final = "fedcba98765432100123cafe"


def incident_alerts(now_ms: int) -> list[AlertEvent]:
    made = [
        (GUARD[0], INCIDENT, IncidentPhase.BEGUN, "wrong-way"),
        (GUARD[0], INCIDENT, IncidentPhase.ENDED, "wrong-way"),
        (GUARD[1], OTHER, IncidentPhase.BEGUN, "camera-lost"),
    ]
    return [
        identified(
            msgspec.structs.replace(
                alert(1, camera=camera), ts_ms=now_ms - 600_000 + 1000 * n, incident=incident, phase=phase, rule=rule
            )
        )
        for n, (camera, incident, phase, rule) in enumerate(made)
    ]


def staff(city: Office) -> None:
    """Register a person of each role, and a second operator."""
    with city.opened("root") as opened:
        registry = opened.registry
        for login, role in [*((login, role) for role, login in PEOPLE.items()), (SECOND_OPERATOR, Role.OPERATOR)]:
            body = "ceic" if role is Role.GENERAL_ADMINISTRATOR else "guarda"
            registry.register([person(city.clock, login, institution=body, sector="central")], "root")
            registry.train(login, year(city.clock), "root")
            registry.sign_term(login, year(city.clock), "root")
            registry.grant(login, role, year(city.clock), "root")
            activated(registry, city.clock, login)


def fill_incidents(city: Office) -> None:
    """Store alerts of the last minutes."""
    fill_store(Path(city.stores.data_dir), incident_alerts(city.clock.now_ms))
