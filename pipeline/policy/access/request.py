"""Requests for access: the account, the operation, its purpose, and what it concerns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipeline.domain.account import Account
from pipeline.domain.material import Material
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role
from pipeline.errors import ConfigError

CASE_FORMAT: Final = r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9 ./-]{3,39}"
"""Of institutions that name no format of their own: four to forty characters, one of them a digit."""
LONGEST_CASE: Final = 64
_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The cameras, people or records of one sector that an operation concerns. The defaults are the strictest values.

    Attributes:
        institution, sector: ids of the body they belong to; of people, the one they are registered in.
        shared_with: institutions (``police``) and sectors (``police/traffic``) that have an agreement on them.
        has_local_unit: whether that sector has an administration of its own (decree 18.743/2014 art. 5 §2).
        plates_allowed: public road or entrance of a car park (law 11.766/2022 art. 9 §3).
        sensitive: the surroundings of one camera or more reveal something sensitive (decree art. 12). Cameras that are
            left out of the answer do not count.
        suspended: the cooperation on them is suspended or rescinded (law 11.766/2022 art. 6, art. 8).
        project_approved: the installation was approved, or needs no approval (decree art. 20).
    """

    institution: str
    sector: str
    shared_with: frozenset[str] = frozenset()
    has_local_unit: bool = True
    plates_allowed: bool = False
    sensitive: bool = True
    suspended: bool = True
    project_approved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A second person's approval of one request.

    Attributes:
        person: key of the natural person who approved; role, institution, central: theirs then.
        operation, case_number: that were approved.
        until_ms: when it expires, milliseconds since 1970 UTC.
    """

    person: str
    role: Role
    institution: str
    operation: Operation
    case_number: str
    until_ms: int
    central: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingOrder:
    """A written order to repeat one kind of search, in place of an approval of each.

    Attributes:
        ordered_by: key of the natural person who ordered it.
        operation: that is ordered.
        from_ms, until_ms: when it is in force, milliseconds since 1970 UTC.
    """

    ordered_by: str
    operation: Operation
    from_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlass:
    """Emergency access, opened by two people.

    Attributes:
        first, second: keys of the natural persons; the first one uses it.
        opened_ms, until_ms: milliseconds since 1970 UTC.
    """

    first: str
    second: str
    opened_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """One operation that a person wants to do.

    Attributes:
        account: of the person.
        operation: see `Operation`; purpose: None when none is named, which is refused.
        target: see `Target`.
        now_ms: milliseconds since 1970 UTC.
        material: what it concerns where an operation leaves a choice; None: the most identifying.
        case_number: "" without one; case_format: of the institution, a regular expression for the whole number.
        approval, standing_order, break_glass: see there. One that is not valid is refused, needed or not.
        concerned: key of the person whose request is approved, or whose account or permissions change; "" for none.
        defence_heard: whether the partner's prior defence is recorded (law 11.766/2022 art. 8).
        own_interest: whether it concerns the person or people they live with (decree art. 16), as far as is known.
    """

    account: Account
    operation: Operation
    purpose: Purpose | None
    target: Target
    now_ms: int
    material: Material | None = None
    case_number: str = ""
    case_format: str = CASE_FORMAT
    approval: Approval | None = None
    standing_order: StandingOrder | None = None
    break_glass: BreakGlass | None = None
    concerned: str = ""
    defence_heard: bool = False
    own_interest: bool = False

    @property
    def concerned_material(self) -> Material:
        """What it concerns: as named, or the most identifying of the operation."""
        return self.material or self.operation.material

    @property
    def is_case_well_formed(self) -> bool:
        """Whether the case number has the institution's format.

        Raises:
            ConfigError: the format is no regular expression.
        """
        if len(self.case_number) > LONGEST_CASE:
            return False
        try:
            return re.fullmatch(self.case_format, self.case_number) is not None
        except re.error as error:
            raise ConfigError(
                "format of case numbers", f"is no regular expression: {error}", "Correct the format of the institution"
            ) from None


def checked_id(what: str, value: str) -> str:
    """An id of an institution or sector: lower-case letters, digits, dot, dash and underscore.

    Raises:
        ConfigError: it is none; two bodies could otherwise be taken for one.
    """
    if not _ID.fullmatch(value):
        raise ConfigError(f"{what} {value!r}", "is no id", "Use lower-case letters, digits, dot, dash and underscore")
    return value
