"""Standing of a released file in the register: whether its disclosure still permits it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipeline.app.audit.audited_register import AuditedRegister
from pipeline.domain.disclosure import MAY_BE_BUILT, Disclosure, DisclosureState, Role
from pipeline.domain.times import format_time


class Standing(StrEnum):
    """Standing of a file that was built for a disclosure."""

    CURRENT = "current"
    """The newest file of an approved disclosure."""
    SUPERSEDED = "superseded"
    """Another file was built later; this one is still approved."""
    REFUSED = "refused"
    """The disclosure was refused, or its approval withdrawn, after the file was built."""
    NOT_APPROVED = "not-approved"
    """The approval ended with a change of its conditions, and there is no new one."""
    EARLIER_APPROVAL = "earlier-approval"
    """It was built under other conditions than those of the present approval."""


@dataclass(frozen=True, slots=True)
class RegisteredFile:
    """A file of a disclosure.

    Attributes:
        number: of the disclosure.
        standing: see `Standing`.
        detail: the person, time and reasons behind it; "" for a current file.
    """

    number: str
    standing: Standing
    detail: str = ""

    @property
    def permitted(self) -> bool:
        """Whether the file may be used."""
        return self.standing in {Standing.CURRENT, Standing.SUPERSEDED}


def registered_files(register: AuditedRegister, sha256: str) -> list[RegisteredFile]:
    """The disclosures that a file was built for, and its standing in each; none if it was built for none.

    Raises:
        ReleaseError: the register cannot be read, or such a disclosure was changed outside the program.
    """
    built = [one.disclosure for one in register.find_by_hash(sha256) if one.role is Role.BUILT]
    return [file_of(register, one, sha256) for one in built]


def file_of(register: AuditedRegister, found: Disclosure, sha256: str) -> RegisteredFile:
    """The standing of a file in the disclosure that it was built for.

    Raises:
        ReleaseError: the register cannot be read, or the disclosure was changed outside the program.
    """
    register.check_unchanged(found.number)
    zone = register.zone
    moment = "" if found.decided_ms is None else f" on {format_time(found.decided_ms, zone)}"
    if found.state is DisclosureState.REFUSED:
        return RegisteredFile(found.number, Standing.REFUSED, f"by {found.decided_by}{moment}: {found.reasons}")
    if found.state not in MAY_BE_BUILT:
        return RegisteredFile(found.number, Standing.NOT_APPROVED, "its conditions changed after it was built")
    same = [file for file in found.files if file.sha256 == sha256]
    if not any(register.is_of_present_approval(found, file) for file in same):
        detail = f"{found.decided_by} approved other conditions{moment}; build it again"
        return RegisteredFile(found.number, Standing.EARLIER_APPROVAL, detail)
    newest = found.files[-1]
    if newest.sha256 != sha256:
        detail = f"{newest.name} was built on {format_time(newest.built_ms, zone)} by {newest.built_by}"
        return RegisteredFile(found.number, Standing.SUPERSEDED, detail)
    return RegisteredFile(found.number, Standing.CURRENT)
