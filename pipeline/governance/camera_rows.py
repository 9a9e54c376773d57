"""Mapping between rows of registered cameras and values."""

from __future__ import annotations

import json
from dataclasses import fields

from sqlalchemy.orm import Session

from pipeline.domain.camera import Scope
from pipeline.domain.camera_registration import (
    MaskVersion,
    NewCamera,
    NewSanction,
    OwnerKind,
    RegisteredCamera,
    RenderedAccount,
    Sanction,
    SanctionKind,
)
from pipeline.domain.people import Validity
from pipeline.errors import RegistryError
from pipeline.governance.camera_tables import CameraMaskRow, RegisteredCameraRow, RenderedAccountRow, SanctionRow


def camera_row(session: Session, camera_id: str) -> RegisteredCameraRow:
    """The row of a camera.

    Raises:
        RegistryError: there is none.
    """
    row = session.get(RegisteredCameraRow, camera_id)
    if row is None:
        raise RegistryError(
            f"camera {camera_id}",
            "is not registered",
            "See viapublica camera registered; add it: viapublica camera register",
        )
    return row


def new_camera_row(camera: NewCamera, by: str, now_ms: int) -> RegisteredCameraRow:
    """A new row, not approved yet."""
    values = {field.name: getattr(camera, field.name) for field in fields(NewCamera)}
    period = values.pop("agreement_validity")
    return RegisteredCameraRow(
        **{name: value.value if name in {"owner_kind", "scope"} else value for name, value in values.items()},
        agreement_from_ms=None if period is None else period.from_ms,
        agreement_until_ms=None if period is None else period.until_ms,
        registered_ms=now_ms,
        registered_by=by,
        approved_ms=None,
        approved_by="",
    )


def sanction_row(sanction: NewSanction, by: str, now_ms: int) -> SanctionRow:
    """A new row, which begins now."""
    return SanctionRow(
        camera_id=sanction.camera_id,
        kind=sanction.kind.value,
        reason=sanction.reason,
        defence=sanction.defence,
        infraction_ms=sanction.infraction_ms,
        inquiry_ms=sanction.inquiry_ms,
        from_ms=now_ms,
        until_ms=sanction.until_ms,
        by=by,
        lifted_ms=None,
        lifted_by="",
    )


def account_row(account: RenderedAccount, by: str, now_ms: int) -> RenderedAccountRow:
    """A new row."""
    return RenderedAccountRow(
        camera_id=account.camera_id,
        rendered_ms=account.rendered_ms,
        from_ms=account.period.from_ms,
        until_ms=account.period.until_ms,
        document=account.document,
        by=by,
        recorded_ms=now_ms,
    )


def camera_of(row: RegisteredCameraRow) -> RegisteredCamera:
    """The value of a row, with masks and sanctions."""
    period = None
    if row.agreement_from_ms is not None and row.agreement_until_ms is not None:
        period = Validity(row.agreement_from_ms, row.agreement_until_ms)
    return RegisteredCamera(
        camera_id=row.camera_id,
        institution=row.institution,
        sector=row.sector,
        owner_kind=OwnerKind(row.owner_kind),
        owner=row.owner,
        scope=Scope(row.scope),
        location=row.location,
        project=row.project,
        agreement=row.agreement,
        agreement_validity=period,
        latitude=row.latitude,
        longitude=row.longitude,
        direction=row.direction,
        plates_by=row.plates_by,
        lent=row.lent,
        registered_ms=row.registered_ms,
        registered_by=row.registered_by,
        approved_ms=row.approved_ms,
        approved_by=row.approved_by,
        masks=tuple(_masks(one) for one in row.masks),
        sanctions=tuple(sanction_of(one) for one in row.sanctions),
        accounts=tuple(_account(one) for one in row.accounts),
    )


def sanction_of(row: SanctionRow) -> Sanction:
    """The value of a row."""
    return Sanction(
        sanction_id=row.sanction_id,
        camera_id=row.camera_id,
        kind=SanctionKind(row.kind),
        reason=row.reason,
        defence=row.defence,
        infraction_ms=row.infraction_ms,
        inquiry_ms=row.inquiry_ms,
        until_ms=row.until_ms,
        by=row.by,
        from_ms=row.from_ms,
        lifted_ms=row.lifted_ms,
    )


def _masks(row: CameraMaskRow) -> MaskVersion:
    masks = tuple(tuple((x, y) for x, y in polygon) for polygon in json.loads(row.masks))
    return MaskVersion(version=row.version, masks=masks, from_ms=row.from_ms, by=row.by, reason=row.reason)


def _account(row: RenderedAccountRow) -> RenderedAccount:
    return RenderedAccount(
        camera_id=row.camera_id,
        document=row.document,
        rendered_ms=row.rendered_ms,
        period=Validity(row.from_ms, row.until_ms),
    )
