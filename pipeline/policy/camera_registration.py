"""Rules of the registration of cameras and of sanctions as pure functions.

Decree 18.743/2014 art. 20, law 11.766/2022 art. 3 to 9.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pipeline.domain.camera import Scope, camera_id_problem
from pipeline.domain.camera_registration import (
    Mask,
    NewCamera,
    NewSanction,
    OwnerKind,
    RegisteredCamera,
    RenderedAccount,
    SanctionKind,
)
from pipeline.domain.times import DAY_MS
from pipeline.errors import PolicyError, RegistryError
from pipeline.policy.access.request import checked_id
from pipeline.policy.registration import checked_text, checked_validity
from pipeline.policy.sensitive.screen import TextKind, TextScreen

_PLATE_SCOPES: Final = (Scope.PUBLIC_ROAD, Scope.CAR_PARK_ENTRANCE)
_YEAR_MS: Final = 31_622_400_000
"""A leap year."""
LONGEST_SUSPENSION_MS: Final = 2 * 365 * DAY_MS + DAY_MS
LIMITATION_MS: Final = 5 * _YEAR_MS


def checked_camera(camera: NewCamera, screen: TextScreen) -> NewCamera:
    """A camera to register, with normalized values.

    Raises:
        ConfigError: an id of institution or sector is none.
        RegistryError: a value is missing or not possible.
        PolicyError: its plates may not be read (law 11.766/2022 art. 9 §3), or a text says something sensitive.
    """
    what = f"camera {camera.camera_id}"
    if problem := camera_id_problem(camera.camera_id):
        raise RegistryError("camera", problem, "Use the id of the configuration")
    checked_id("institution", camera.institution)
    checked_id("sector", camera.sector)
    if camera.plates_by.strip() and camera.scope not in _PLATE_SCOPES:
        raise PolicyError(
            what,
            f"faces a {camera.scope.value}, where no plates may be read (law 11.766/2022 art. 9 §3)",
            "Leave the instrument of plate reading out",
        )
    private = camera.owner_kind is not OwnerKind.PUBLIC
    if private and not (camera.agreement.strip() and camera.agreement_validity):
        raise RegistryError(
            what,
            f"of a {camera.owner_kind.value} has no cooperation agreement with its validity (law 11.766/2022 art. 6)",
            "State number, begin and end of the agreement",
        )
    if bool(camera.agreement.strip()) != (camera.agreement_validity is not None):
        raise RegistryError(what, "has an agreement without validity, or the reverse", "State both")
    if camera.agreement_validity is not None:
        checked_validity(f"agreement of {what}", camera.agreement_validity)
    if camera.lent and not private:
        raise RegistryError(what, "is lent to a public owner", "Equipment is lent to firms and residents (art. 2 §2)")
    _check_position(what, camera)
    return replace(
        camera,
        owner=checked_text(f"owner of {what}", camera.owner, screen, TextKind.BODY),
        location=checked_text(f"location of {what}", camera.location, screen, TextKind.PLACE),
        project=checked_text(f"project of {what}", camera.project, screen, TextKind.REASON, required=False),
        agreement=checked_text(f"agreement of {what}", camera.agreement, screen, TextKind.REASON, required=False),
        plates_by=checked_text(f"instrument of {what}", camera.plates_by, screen, TextKind.REASON, required=False),
    )


def check_approving(camera: RegisteredCamera, by: str) -> None:
    """Check that a person may approve the installation project of a camera (decree 18.743/2014 art. 20).

    Raises:
        RegistryError: it is approved already, or has no project.
        PolicyError: the person registered it themselves.
    """
    what = f"camera {camera.camera_id}"
    if camera.approved_ms is not None:
        raise RegistryError(what, f"was approved by {camera.approved_by}")
    if camera.registered_by == by:
        raise PolicyError(
            what,
            "was registered by you, and no one approves their own request",
            "Ask another administrator (rule of this program, for decree 18.743/2014 art. 16)",
        )
    if not camera.project:
        raise RegistryError(
            what,
            "has no installation project (decree 18.743/2014 art. 20)",
            f"Record it: viapublica camera amend {camera.camera_id} --project NUMBER",
        )


def check_masks(what: str, masks: tuple[Mask, ...]) -> None:
    """Check polygons of privacy masks: at least three corners, 0 to 1.

    Raises:
        RegistryError: one is not such a polygon.
    """
    for number, mask in enumerate(masks):
        if len(mask) < 3 or any(not 0 <= value <= 1 for corner in mask for value in corner):
            raise RegistryError(
                f"{what}: masks[{number}]", "is no polygon of the image", "Give three corners or more, each 0 to 1"
            )


def checked_account(account: RenderedAccount, *, lent: bool, now_ms: int, screen: TextScreen) -> RenderedAccount:
    """An account of the use of lent equipment that may be recorded now (law 11.766/2022 art. 7).

    Raises:
        RegistryError: the equipment is not lent, or a date or the number is missing or not possible.
    """
    what = f"account of camera {account.camera_id}"
    if not lent:
        raise RegistryError(what, "is of equipment that is not lent", "Accounts are of lent equipment (art. 7)")
    checked_validity(what, account.period)
    if account.rendered_ms > now_ms:
        raise RegistryError(what, "was rendered in the future", "Correct --rendered")
    if account.rendered_ms < account.period.from_ms:
        raise RegistryError(what, "was rendered before the use that it is about", "Correct the dates")
    return replace(account, document=checked_text(f"number of the {what}", account.document, screen, TextKind.REASON))


def checked_sanction(sanction: NewSanction, now_ms: int, screen: TextScreen) -> NewSanction:
    """A sanction that may be imposed now.

    Raises:
        PolicyError: the partner's prior defence is not recorded, a suspension exceeds two years, or five years have
            passed (law 11.766/2022 art. 8).
        RegistryError: a value is missing or not possible.
    """
    what = f"{sanction.kind.value} of camera {sanction.camera_id}"
    defence = checked_text(f"defence against the {what}", sanction.defence, screen, TextKind.REASON, required=False)
    reason = checked_text(f"reason of the {what}", sanction.reason, screen, TextKind.REASON)
    if sanction.kind is SanctionKind.RESCISSION:
        if sanction.until_ms is not None:
            raise RegistryError(what, "has an end, but a rescission is final", "Leave the end out, or suspend")
        return replace(sanction, reason=reason, defence=defence)
    if not defence:
        raise PolicyError(
            what,
            "needs the prior defence of the partner (law 11.766/2022 art. 8)",
            "Hear the partner, and record the defence: --defence",
        )
    _check_limitation(what, sanction, now_ms)
    if sanction.kind is SanctionKind.WARNING:
        if sanction.until_ms is not None:
            raise RegistryError(what, "has an end, but a warning stops nothing", "Leave the end out, or suspend")
    elif sanction.until_ms is None or sanction.until_ms <= now_ms:
        raise RegistryError(what, "has no end in the future", "State it: --until")
    elif sanction.until_ms - now_ms > LONGEST_SUSPENSION_MS:
        raise PolicyError(what, "exceeds two years (law 11.766/2022 art. 8 II)", "Give an earlier end")
    return replace(sanction, reason=reason, defence=defence)


def _check_limitation(what: str, sanction: NewSanction, now_ms: int) -> None:
    if sanction.infraction_ms is None:
        raise RegistryError(
            what,
            "lacks the date on which the partner rendered account, from which five years count",
            "State it: --rendered",
        )
    latest = max(sanction.infraction_ms, sanction.inquiry_ms or sanction.infraction_ms)
    if latest > now_ms:
        raise RegistryError(what, "is for something in the future", "Correct the dates")
    if sanction.inquiry_ms is not None and sanction.inquiry_ms - sanction.infraction_ms >= LIMITATION_MS:
        latest = sanction.infraction_ms  # an inquiry that began too late interrupts nothing
    if now_ms - latest >= LIMITATION_MS:
        raise PolicyError(
            what,
            "is barred: five years have passed since the account was rendered (law 11.766/2022 art. 8 §1)",
            "If an inquiry was opened within them, state its date: --inquiry",
        )


def _check_position(what: str, camera: NewCamera) -> None:
    if (camera.latitude is None) != (camera.longitude is None):
        raise RegistryError(what, "has one of latitude and longitude", "Give both")
    if camera.latitude is not None and not -90 <= camera.latitude <= 90:
        raise RegistryError(what, f"has latitude {camera.latitude:g}", "Give degrees from -90 to 90")
    if camera.longitude is not None and not -180 <= camera.longitude <= 180:
        raise RegistryError(what, f"has longitude {camera.longitude:g}", "Give degrees from -180 to 180")
    if camera.direction is not None and not 0 <= camera.direction < 360:
        raise RegistryError(what, f"has direction {camera.direction}", "Give degrees clockwise from north, 0 to 359")
