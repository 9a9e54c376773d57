"""The registry of cameras: registration, approval of projects, privacy masks, sanctions."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.domain.camera_registration import (
    Mask,
    NewCamera,
    NewSanction,
    RegisteredCamera,
    RenderedAccount,
    SanctionKind,
)
from pipeline.domain.canonical_json import canonical_json
from pipeline.domain.operation import Operation
from pipeline.domain.people import Validity
from pipeline.domain.registry_change import RegistryChange
from pipeline.errors import RegistryError
from pipeline.governance.camera_rows import account_row, camera_of, camera_row, new_camera_row, sanction_row
from pipeline.governance.camera_tables import CameraMaskRow, RegisteredCameraRow
from pipeline.governance.people_rows import sector_row
from pipeline.governance.people_tables import SectorRow
from pipeline.governance.registry_session import RegistrySession
from pipeline.policy.camera_registration import (
    check_approving,
    check_masks,
    checked_account,
    checked_camera,
    checked_sanction,
)
from pipeline.policy.registration import checked_text, checked_validity
from pipeline.policy.sensitive.screen import TextKind


class CameraRegistry(RegistrySession):
    """Registered cameras. `by` is always the login of the person who decides."""

    def register_camera(self, camera: NewCamera, by: str) -> RegisteredCamera:
        """Register a camera; its stream may run when its project is approved by another person.

        Raises:
            RegistryError: it is registered already, or a value is missing or not possible.
            PolicyError: its plates may not be read, or a text says something sensitive.
        """
        wanted, now_ms = checked_camera(camera, self._screen), self._clock.wall_ms()
        facts = {"owner": wanted.owner_kind.value, "scope": wanted.scope.value, "plates": bool(wanted.plates_by)}
        with self._changing(RegistryChange(Operation.CAMERA_REGISTRATION, "register", wanted.camera_id, facts)) as (
            session
        ):
            sector_row(session, wanted.institution, wanted.sector)
            if session.get(RegisteredCameraRow, wanted.camera_id) is not None:
                raise RegistryError(
                    f"camera {wanted.camera_id}", "is registered already", "See viapublica camera registered"
                )
            row = new_camera_row(wanted, by, now_ms)
            session.add(row)
            session.flush()
            return camera_of(row)

    def approve_project(self, camera_id: str, by: str) -> RegisteredCamera:
        """Approve the installation project of a camera (see the rules of `pipeline.policy.camera_registration`).

        Raises:
            RegistryError: it is unknown, approved already, or has no project.
            PolicyError: the person registered it themselves.
        """
        change = RegistryChange(Operation.CAMERA_APPROVAL, "approve", camera_id)
        with self._changing(change) as session:
            row = camera_row(session, camera_id)
            check_approving(camera_of(row), by)
            row.approved_ms, row.approved_by = self._clock.wall_ms(), by
            return camera_of(row)

    def amend(
        self, camera_id: str, by: str, project: str = "", agreement: str = "", validity: Validity | None = None
    ) -> RegisteredCamera:
        """Record a new project, which has to be approved anew, or a renewed agreement.

        Args:
            camera_id: of the camera; by: login.
            project: its number, "" to leave it; agreement: likewise; validity: of the agreement.

        Raises:
            RegistryError: it is unknown, or nothing is amended.
        """
        what = f"camera {camera_id}"
        project = checked_text(f"project of {what}", project, self._screen, TextKind.REASON, required=False)
        agreement = checked_text(f"agreement of {what}", agreement, self._screen, TextKind.REASON, required=False)
        if not project and validity is None:
            raise RegistryError(what, "is not changed", "State --project, or --agreement with its dates")
        facts = {"project": project, "agreement": agreement}
        with self._changing(RegistryChange(Operation.CAMERA_REGISTRATION, "amend", camera_id, facts)) as session:
            row = camera_row(session, camera_id)
            if validity is not None:
                period = checked_validity(f"agreement of {what}", validity)
                row.agreement = agreement or row.agreement
                if not row.agreement:
                    raise RegistryError(what, "has no agreement", "State its number: --agreement")
                row.agreement_from_ms, row.agreement_until_ms = period.from_ms, period.until_ms
            if project:
                row.project, row.registered_by = project, by
                row.approved_ms, row.approved_by = None, ""
            return camera_of(row)

    def set_masks(self, camera_id: str, masks: tuple[Mask, ...], reason: str, by: str) -> RegisteredCamera:
        """Record a new version of a camera's privacy masks; earlier ones stay.

        Raises:
            RegistryError: the camera is unknown, or a mask is no polygon.
        """
        what = f"camera {camera_id}"
        check_masks(what, masks)
        why = checked_text(f"reason of the masks of {what}", reason, self._screen, TextKind.REASON)
        change = RegistryChange(Operation.CAMERA_REGISTRATION, "masks", camera_id, {"masks": len(masks)})
        with self._changing(change) as session:
            row = camera_row(session, camera_id)
            row.masks.append(
                CameraMaskRow(
                    version=len(row.masks) + 1,
                    masks=canonical_json([[list(corner) for corner in mask] for mask in masks]),
                    reason=why,
                    by=by,
                    from_ms=self._clock.wall_ms(),
                )
            )
            session.flush()
            return camera_of(row)

    def render_account(self, account: RenderedAccount, by: str) -> RegisteredCamera:
        """Record an account of the use of lent equipment (law 11.766/2022 art. 7).

        Raises:
            RegistryError: the camera is unknown or not lent, or a date or the number is missing or not possible.
            PolicyError: the number says something sensitive.
        """
        now_ms = self._clock.wall_ms()
        lent = self.camera(account.camera_id).lent
        wanted = checked_account(account, lent=lent, now_ms=now_ms, screen=self._screen)
        facts = {"document": wanted.document}
        with self._changing(
            RegistryChange(Operation.CAMERA_REGISTRATION, "account", wanted.camera_id, facts)
        ) as session:
            row = camera_row(session, wanted.camera_id)
            row.accounts.append(account_row(wanted, by, now_ms))
            session.flush()
            session.refresh(row)
            return camera_of(row)

    def impose(self, sanction: NewSanction, by: str) -> RegisteredCamera:
        """Impose a sanction; after a suspension or rescission the camera may not run.

        Where no date is stated from which the limitation counts, it is that of the last account of lent equipment.

        Raises:
            RegistryError: the camera is unknown, or a value is missing or not possible.
            PolicyError: no prior defence, more than two years, or the limitation has passed.
        """
        now_ms = self._clock.wall_ms()
        accounts = self.camera(sanction.camera_id).accounts
        if sanction.infraction_ms is None and accounts:
            sanction = replace(sanction, infraction_ms=accounts[-1].rendered_ms)
        wanted = checked_sanction(sanction, now_ms, self._screen)
        operation = Operation.RESCISSION if wanted.kind is SanctionKind.RESCISSION else Operation.SANCTION
        facts = {"until_ms": wanted.until_ms or 0, "defence": bool(wanted.defence)}
        with self._changing(RegistryChange(operation, wanted.kind.value, wanted.camera_id, facts)) as session:
            row = camera_row(session, wanted.camera_id)
            row.sanctions.append(sanction_row(wanted, by, now_ms))
            session.flush()
            return camera_of(row)

    def lift(self, camera_id: str, by: str) -> RegisteredCamera:
        """Lift a suspension before its end. A rescission is final: the camera is registered under another id.

        Raises:
            RegistryError: the camera is unknown, or not suspended.
        """
        now_ms = self._clock.wall_ms()
        with self._changing(RegistryChange(Operation.SANCTION, "lift", camera_id)) as session:
            row = camera_row(session, camera_id)
            open_ones = [
                one
                for one in row.sanctions
                if one.kind == SanctionKind.SUSPENSION.value
                and one.lifted_ms is None
                and one.until_ms is not None
                and now_ms < one.until_ms
            ]
            if not open_ones:
                raise RegistryError(f"camera {camera_id}", "is not suspended", "See viapublica camera registered")
            for one in open_ones:
                one.lifted_ms, one.lifted_by = now_ms, by
            return camera_of(row)

    def camera(self, camera_id: str) -> RegisteredCamera:
        """One camera.

        Raises:
            RegistryError: it is not registered.
        """
        with self._database.reading() as session:
            return camera_of(camera_row(session, camera_id))

    def retention_days(self) -> dict[tuple[str, str], int]:
        """Days that each sector retains personal data, by institution and sector."""
        with self._database.reading() as session:
            rows = session.scalars(select(SectorRow)).all()
            return {(row.institution_id, row.sector_id): row.retention_days for row in rows}

    def cameras(self) -> tuple[RegisteredCamera, ...]:
        """All cameras by id, those rescinded included."""

        def read(session: Session) -> tuple[RegisteredCamera, ...]:
            rows = session.scalars(select(RegisteredCameraRow).order_by(RegisteredCameraRow.camera_id))
            return tuple(camera_of(row) for row in rows)

        return self._database.unchanged("cameras", read)
