"""Use cases of registered cameras: each is authorized, and audited before it is committed."""

from __future__ import annotations

from pipeline.app.people.acting_person import Wanted, of_body, records_target
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.domain.camera_registration import (
    Mask,
    NewCamera,
    NewSanction,
    RegisteredCamera,
    RenderedAccount,
    SanctionKind,
)
from pipeline.domain.operation import Operation
from pipeline.domain.people import Validity
from pipeline.domain.purpose import Purpose
from pipeline.policy.access.request import Target

__all__ = ["CameraAdministration", "NewCamera", "NewSanction", "RegisteredCamera"]


class CameraAdministration:
    """Registered cameras, for the person who acts.

    Args:
        opened: the registry.
    """

    def __init__(self, opened: OpenRegistry) -> None:
        self._registry, self._actor, self._clock = opened.registry, opened.actor, opened.clock

    def cameras(self) -> tuple[RegisteredCamera, ...]:
        """The registered cameras; of their own sector for those who administer one."""
        person = self._actor.person()
        target = self._target(person.institution, person.sector)
        account = self._actor.authorize(Wanted(operation=Operation.REPORT, target=target))
        found = self._registry.cameras()
        shown = of_body(found, account)
        self._actor.note(Operation.REPORT, rows=len(shown), details={"action": "cameras"})
        return shown

    def camera(self, camera_id: str) -> RegisteredCamera:
        """One camera.

        Raises:
            RegistryError: unknown.
            PolicyError: of another body.
        """
        camera = self._registry.camera(camera_id)
        self._authorize(Operation.REPORT, camera, purpose=Purpose.ADMINISTRATION)
        return camera

    def register(self, camera: NewCamera) -> RegisteredCamera:
        """Register a camera (law 11.766/2022 art. 5)."""
        return self._registry.register_camera(camera, self._authorize(Operation.CAMERA_REGISTRATION, camera))

    def amend(self, camera_id: str, project: str, agreement: str, validity: Validity | None) -> RegisteredCamera:
        """Record a new project or a renewed agreement."""
        by = self._authorize(Operation.CAMERA_REGISTRATION, self._registry.camera(camera_id))
        return self._registry.amend(camera_id, by, project, agreement, validity)

    def approve(self, camera_id: str) -> RegisteredCamera:
        """Approve an installation project (decree 18.743/2014 art. 20)."""
        by = self._authorize(Operation.CAMERA_APPROVAL, self._registry.camera(camera_id))
        return self._registry.approve_project(camera_id, by)

    def set_masks(self, camera_id: str, masks: tuple[Mask, ...], reason: str) -> RegisteredCamera:
        """Record a new version of privacy masks."""
        by = self._authorize(Operation.CAMERA_REGISTRATION, self._registry.camera(camera_id))
        return self._registry.set_masks(camera_id, masks, reason, by)

    def render_account(self, account: RenderedAccount) -> RegisteredCamera:
        """Record an account of the use of lent equipment (law 11.766/2022 art. 7)."""
        by = self._authorize(Operation.CAMERA_REGISTRATION, self._registry.camera(account.camera_id))
        return self._registry.render_account(account, by)

    def impose(self, sanction: NewSanction) -> RegisteredCamera:
        """Impose a sanction (law 11.766/2022 art. 6, 8)."""
        camera = self._registry.camera(sanction.camera_id)
        operation = Operation.RESCISSION if sanction.kind is SanctionKind.RESCISSION else Operation.SANCTION
        by = self._authorize(operation, camera, defence_heard=bool(sanction.defence.strip()))
        return self._registry.impose(sanction, by)

    def lift(self, camera_id: str) -> RegisteredCamera:
        """Lift a suspension."""
        by = self._authorize(Operation.SANCTION, self._registry.camera(camera_id), defence_heard=True)
        return self._registry.lift(camera_id, by)

    def _authorize(
        self,
        operation: Operation,
        camera: NewCamera,
        *,
        purpose: Purpose = Purpose.COOPERATION,
        defence_heard: bool = False,
    ) -> str:
        target = self._target(camera.institution, camera.sector)
        wanted = Wanted(operation=operation, target=target, purpose=purpose, defence_heard=defence_heard)
        return self._actor.authorize(wanted).person

    def _target(self, institution: str, sector: str) -> Target:
        """Records of the camera; nothing of them depends on whether its stream may run."""
        has_unit = self._registry.sector(institution, sector).has_local_unit
        return records_target(institution, sector, has_local_unit=has_unit)
