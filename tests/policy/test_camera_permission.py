"""A configured camera may run only as it is registered."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.domain.camera import Scope
from pipeline.domain.camera_registration import (
    MaskVersion,
    OwnerKind,
    RegisteredCamera,
    Sanction,
    SanctionKind,
)
from pipeline.domain.people import Validity
from pipeline.policy.camera_permission import DeclaredUse, why_not_permitted

_WINDOW = ((0.1, 0.1), (0.2, 0.1), (0.2, 0.2))
_DOOR = ((0.5, 0.5), (0.6, 0.5), (0.6, 0.6))


def _sanction(kind: SanctionKind, until_ms: int | None = None) -> Sanction:
    return Sanction(camera_id="gate", kind=kind, reason="r", sanction_id=1, by="ana", from_ms=5, until_ms=until_ms)


def _registered(**values: Any) -> RegisteredCamera:
    wanted: dict[str, Any] = {
        "camera_id": "gate",
        "institution": "ceic",
        "sector": "central",
        "owner_kind": OwnerKind.PUBLIC,
        "owner": "Prefeitura de Vila Nova",
        "scope": Scope.PUBLIC_ROAD,
        "location": "Avenida Brasil, 900",
        "plates_by": "Portaria 3/2026",
        "registered_ms": 0,
        "registered_by": "ana",
        "approved_ms": 1,
        "masks": (MaskVersion(version=4, masks=(_WINDOW,), from_ms=0, by="ana", reason="r"),),
    }
    return RegisteredCamera(**(wanted | values))


def _declared(**values: Any) -> DeclaredUse:
    wanted: dict[str, Any] = {"scope": Scope.PUBLIC_ROAD, "masks": (_DOOR, _WINDOW), "plates": True}
    return DeclaredUse(camera_id="gate", **(wanted | values))


def test_a_camera_that_is_declared_as_registered_may_run() -> None:
    for declared in (_declared(), _declared(owner="prefeitura  de vila nova"), _declared(plates=False)):
        assert why_not_permitted(declared, _registered(), 10) is None


@pytest.mark.parametrize(
    ("declared", "registered", "rule", "words"),
    [
        (_declared(), None, "camera-not-registered", "not in the registry"),
        (
            _declared(),
            _registered(sanctions=(_sanction(SanctionKind.RESCISSION), _sanction(SanctionKind.SUSPENSION, 99))),
            "camera-rescinded",
            "rescinded",
        ),
        (
            _declared(),
            _registered(sanctions=(_sanction(SanctionKind.SUSPENSION, 11),)),
            "camera-suspended",
            "suspended (law 11.766/2022 art. 8 II)",
        ),
        (_declared(), _registered(agreement_validity=Validity(0, 10)), "camera-agreement-not-in-force", "not in force"),
        (_declared(), _registered(approved_ms=None), "camera-project-not-approved", "not approved"),
        (
            _declared(scope=Scope.CAR_PARK_ENTRANCE),
            _registered(),
            "camera-differs-from-registry",
            "scope car-park-entrance is registered as public-road",
        ),
        (_declared(), _registered(plates_by=""), "camera-differs-from-registry", "no instrument allows it"),
        (
            _declared(masks=(_DOOR,)),
            _registered(),
            "camera-differs-from-registry",
            "lacks 1 of 1 privacy masks of version 4",
        ),
        (_declared(owner="Padaria Estrela"), _registered(), "camera-differs-from-registry", "another owner"),
    ],
)
def test_every_other_camera_is_named_with_the_rule(
    declared: DeclaredUse, registered: RegisteredCamera | None, rule: str, words: str
) -> None:
    why = why_not_permitted(declared, registered, 10)
    assert why is not None
    assert why.rule == rule
    assert words in why.with_article
    assert why.fix


def test_all_differences_are_named_at_once() -> None:
    why = why_not_permitted(_declared(masks=(), owner="x"), _registered(plates_by=""), 10)
    assert why is not None
    assert why.reason.count(" and ") == 3, "plates and instrument, masks, owner"


def test_a_suspension_ends_at_its_end() -> None:
    registered = _registered(sanctions=(_sanction(SanctionKind.SUSPENSION, 11),))
    assert why_not_permitted(_declared(), registered, 11) is None


@pytest.mark.parametrize(
    ("retained", "sector", "words"),
    [
        (30, 7, "retention of 30 days; its sector allows 7 days"),
        (None, 3650, "retention of no limit; its sector allows 3650 days"),
        (7, 7, ""),
        (30, None, ""),
    ],
)
def test_personal_data_is_retained_no_longer_than_the_sector_states(
    retained: int | None, sector: int | None, words: str
) -> None:
    found = why_not_permitted(_declared(retained_days=retained), _registered(), 10, sector)
    assert (found.reason if found else "").endswith(words)
    assert (found is None) is not bool(words)
