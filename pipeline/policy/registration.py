"""Rules of the registration of people as pure functions: logins, documents, periods, passwords, roles.

Decree 18.743/2014 art. 5 is their source. Lengths, formats and times are rules of this program.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import Final

from pipeline.domain.account import InstitutionKind
from pipeline.domain.people import AccountStatus, NewPerson, RegisteredInstitution, RegisteredPerson, Sector, Validity
from pipeline.domain.role import Role
from pipeline.domain.times import DAY_MS, EARLIEST_MS
from pipeline.errors import ConfigError, PolicyError, RegistryError
from pipeline.policy.access.facts import person_key
from pipeline.policy.access.request import checked_id
from pipeline.policy.disclosure import checked_person
from pipeline.policy.sensitive.screen import TextKind, TextScreen

IDLE_MS: Final = 90 * DAY_MS
"""Without use for so long, an account closes."""
EMERGENCY_MINUTES: Final = 480
"""Longest emergency access."""
LEAST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 128
_LONGEST_TEXT: Final = 400
_LONGEST_DOCUMENT: Final = 40
_SYSTEM_USER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.@-]{0,63}")
_COMMON: Final = ("password", "senha", "viapublica", "qwerty", "12345", "abcdef")


def checked_login(login: str) -> str:
    """A login in its one spelling.

    Raises:
        RegistryError: it has other characters than ASCII letters, digits and ``.@_-``.
    """
    try:
        return person_key(login)
    except ConfigError:
        raise RegistryError(
            f"login {login!r}", "is not possible", "Use ASCII letters, digits, dot, dash, underscore and @: ana.souza"
        ) from None


def checked_text(what: str, text: str, screen: TextScreen, kind: TextKind, *, required: bool = True) -> str:
    """A free text, trimmed.

    Raises:
        RegistryError: it is missing, too long, or has control characters.
        PolicyError: it says something sensitive about people.
    """
    trimmed = unicodedata.normalize("NFC", text).strip()
    if required and not trimmed:
        raise RegistryError(what, "is missing", "State it")
    if len(trimmed) > _LONGEST_TEXT:
        raise RegistryError(what, f"has {len(trimmed)} characters, {_LONGEST_TEXT} are possible", "Shorten it")
    if any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn"} for char in trimmed):
        raise RegistryError(what, "has invisible or control characters", "Type it again")
    if trimmed:
        screen.check(what, trimmed, kind)
    return trimmed


def checked_document(what: str, document: str) -> str:
    """A document's letters and digits in upper case; eleven digits are a CPF, and its check digits are verified.

    Raises:
        RegistryError: it is missing, too long, or no CPF.
    """
    plain = re.sub(r"[\s./-]", "", document).upper()
    if not plain:
        raise RegistryError(what, "is missing", "Give the CPF or the number of the staff record")
    if len(plain) > _LONGEST_DOCUMENT or not re.fullmatch(r"[A-Z0-9:]+", plain, re.ASCII):
        raise RegistryError(what, "is no document number", "Give the CPF or the number of the staff record")
    if re.fullmatch(r"\d{11}", plain) and not _is_cpf(plain):
        raise RegistryError(what, "is no CPF: its check digits are wrong", "Correct the number")
    return plain


def checked_validity(what: str, validity: Validity) -> Validity:
    """A period that ends after it begins.

    Raises:
        RegistryError: it does not, or a time lies before 2000.
    """
    if min(validity.from_ms, validity.until_ms) < EARLIEST_MS:
        raise RegistryError(what, "lies before the year 2000", "Correct the year")
    if validity.until_ms <= validity.from_ms:
        raise RegistryError(what, "ends before it begins", "Give a later end")
    return validity


def checked_new_person(person: NewPerson) -> NewPerson:
    """A person to register, with normalized values.

    Raises:
        RegistryError: a value is missing or not possible; a contractor has no end of the contract.
        PolicyError: a text says something sensitive.
    """
    login = checked_login(person.login)
    if person.contractor and person.contract_until_ms is None:
        raise RegistryError(
            f"contractor {login}", "has no end of the contract (decree 18.743/2014 art. 5 §6)", "State it: --contract"
        )
    user = person.system_user.strip()
    if user and not _SYSTEM_USER.fullmatch(user):
        raise RegistryError(f"system user {user!r}", "is no user name", "Give the name that `id -un` prints")
    return replace(
        person,
        login=login,
        name=checked_person(f"name of {login}", person.name),
        document=checked_document(f"document of {login}", person.document),
        institution=checked_id("institution", person.institution),
        sector=checked_id("sector", person.sector),
        validity=checked_validity(f"registration of {login}", person.validity),
        contractor=person.contractor or person.contract_until_ms is not None,
        system_user=user,
    )


def checked_institution(institution: RegisteredInstitution, screen: TextScreen) -> RegisteredInstitution:
    """An institution with normalized values.

    Raises:
        ConfigError: its id is none.
        RegistryError: a value is missing or not possible.
        PolicyError: a text says something sensitive about people.
    """
    checked_id("institution", institution.institution_id)
    what = f"institution {institution.institution_id}"
    if institution.case_format:
        try:
            re.compile(institution.case_format)
        except re.error as error:
            raise RegistryError(f"{what}: case format", f"is no regular expression: {error}", "Correct it") from None
    if institution.central and institution.kind is InstitutionKind.PARTNER:
        raise RegistryError(what, "is a partner, which cannot be the general administration", "Choose another kind")
    document = institution.document and checked_document(f"document of {what}", institution.document)
    name = checked_text(f"name of {what}", institution.name, screen, TextKind.BODY)
    return replace(institution, name=name, document=document)


def checked_sector(sector: Sector, screen: TextScreen) -> Sector:
    """A sector with normalized values.

    Raises:
        ConfigError: an id is none.
        RegistryError: a value is missing or not possible.
    """
    checked_id("institution", sector.institution_id)
    checked_id("sector", sector.sector_id)
    what = f"sector {sector.institution_id}/{sector.sector_id}"
    if not 1 <= sector.retention_days <= 3650:
        raise RegistryError(what, f"cannot retain data for {sector.retention_days} days", "Give 1 to 3650 days")
    return replace(sector, name=checked_text(f"name of {what}", sector.name, screen, TextKind.BODY))


def check_other_person(login: str, by: str) -> None:
    """Check that a person decides about another one.

    Raises:
        PolicyError: about themselves.
    """
    if login == by:
        raise PolicyError(
            f"person {login}",
            "cannot decide on their own account or permissions",
            "Ask another administrator (rule of this program, for decree 18.743/2014 art. 16)",
        )


def why_unusable(person: RegisteredPerson, now_ms: int) -> str:
    """Why an account may not be used at a moment, in one clause with its article; "" if it may."""
    contract = person.contract_until_ms
    reasons = (
        (person.left_ms is not None, "the person left the function (decree 18.743/2014 art. 5 §7)"),
        (
            person.status is AccountStatus.SUSPENDED,
            f"the account is suspended (decree 18.743/2014 art. 7): {person.status_reason}",
        ),
        (person.status is AccountStatus.INVITED, "the account is not activated"),
        (person.status is AccountStatus.CLOSED, "the account is closed"),
        (now_ms - person.last_used_ms >= IDLE_MS, "the account was not used for 90 days"),
        (contract is not None and contract <= now_ms, "the contract has ended (decree 18.743/2014 art. 5 §6)"),
        (not person.validity.includes(now_ms), "the registration has not begun or has ended"),
    )
    return next((reason for applies, reason in reasons if applies), "")


def check_role(login: str, role: Role, kind: InstitutionKind, *, central: bool) -> None:
    """Check that a person of a body may have a role.

    Raises:
        PolicyError: they may not, see the policies of access.
    """
    if role is Role.GENERAL_ADMINISTRATOR and not central:
        raise PolicyError(
            f"role {role.value} of {login}",
            "belongs to the general administration only (decree 18.743/2014 art. 3)",
            "Grant sector-administrator",
        )
    if kind is InstitutionKind.PARTNER and role is not Role.OBSERVER:
        raise PolicyError(
            f"role {role.value} of {login}",
            "is none for partners: they watch their own cameras only (BH + Segura)",
            "Grant observer",
        )


def typed_password(password: str) -> str:
    """A password as it is hashed and compared: keyboards write an accent as one character or as two."""
    return unicodedata.normalize("NFKC", password)


def checked_password(login: str, password: str) -> str:
    """A password that is long and not among the first that are tried.

    Raises:
        RegistryError: it is too short or long, or easily guessed; the password is not repeated.
    """
    text = typed_password(password)
    if not LEAST_PASSWORD <= len(text) <= LONGEST_PASSWORD:
        raise RegistryError(
            "password", f"has {len(text)} characters", f"Choose {LEAST_PASSWORD} to {LONGEST_PASSWORD} characters"
        )
    folded = text.casefold()
    parts = [part for part in re.split(r"[.@_-]", login) if len(part) > 3]
    rest = folded
    for part in (login, *_COMMON, *parts):
        rest = rest.replace(part, "")
    if len(set(folded)) < 5 or len(rest) < LEAST_PASSWORD // 2:
        raise RegistryError("password", "is easily guessed", "Choose several unrelated words")
    return text


def _is_cpf(digits: str) -> bool:
    if len(set(digits)) == 1:
        return False
    for length in (9, 10):
        weighted = sum(int(digit) * (length + 1 - place) for place, digit in enumerate(digits[:length]))
        if int(digits[length]) != weighted * 10 % 11 % 10:
            return False
    return True
