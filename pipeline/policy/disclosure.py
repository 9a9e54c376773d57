"""Rules of disclosures as pure functions: requests, approvals, releases and exemptions.

Decree 18.743/2014 arts. 9 to 11 are their source. The second person and the reasons of a refusal are rules of this
program: the decree names neither.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import Final

from pipeline.domain.disclosure import (
    EVIDENCE,
    MAY_BE_BUILT,
    BuiltFile,
    Content,
    Disclosure,
    DisclosureState,
    ReleaseStyle,
    Request,
)
from pipeline.domain.redaction import OverlayText
from pipeline.domain.times import EARLIEST_MS, check_range
from pipeline.errors import PolicyError, ReleaseError
from pipeline.policy.disclosure_texts import check_request_texts
from pipeline.policy.evidence import check_evidence_request
from pipeline.policy.person_names import check_letters, same_person
from pipeline.policy.sensitive.screen import TextKind, TextScreen, standard_screen

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Unicode categories without a glyph: controls, zero widths, surrogates, private and unassigned characters."""
LONGEST_NAME: Final = 200
LONGEST_FILE: Final = 1024
"""Characters. File names have 255 bytes, and each may be printed as four characters."""
LONGEST_TEXT: Final = 4000
"""Characters. A purpose is a paragraph, not a file; and a spreadsheet's cell takes 32 767."""
LONGEST_OVERLAY: Final = 100
"""Characters of each part of the overlay; longer ones are not legible on an image."""

_CAMERA = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")


def checked_person(what: str, name: str) -> str:
    """A person's name, trimmed.

    Raises:
        PolicyError: it is empty: every change of the register names the person who made it (cf. decree art. 7).
        ReleaseError: it has invalid characters, or letters that are not Latin.
    """
    trimmed = _required(what, name, LONGEST_NAME, "every entry names its author")
    check_letters(what, trimmed)
    standard_screen().check(what, trimmed, TextKind.PERSON)
    return trimmed


def checked_reasons(number: str, text: str, what: str, screen: TextScreen | None = None) -> str:
    """Reasons, trimmed.

    Args:
        number: of the disclosure; text: the reasons.
        what: needs them, such as ``a refusal needs``.
        screen: of free texts, with the additions of a city; None without.

    Raises:
        PolicyError: there are none, or they say something sensitive about people.
        ReleaseError: they are too long.
    """
    if not text.strip():
        raise PolicyError(
            f"disclosure {number}", f"{what} reasons, and none are given", "Add --reason TEXT", policy="release-reasons"
        )
    trimmed = _text("reasons", text, LONGEST_TEXT)
    (screen or standard_screen()).check(f"reasons of disclosure {number}", trimmed, TextKind.REASON)
    return trimmed


def checked_request(request: Request, now_ms: int, screen: TextScreen | None = None) -> Request:
    """The request with its texts trimmed.

    Args:
        request: as it was entered.
        now_ms: milliseconds since 1970 UTC.
        screen: see `checked_reasons`.

    Raises:
        PolicyError: a part that the law requires is missing (decree 18.743/2014 art. 9 §3), or a text says something
            sensitive about people (art. 12).
        ReleaseError: a value is not valid.
    """
    why = "every disclosure is registered with it (decree 18.743/2014 art. 9 §3)"
    overlay = request.overlay
    checked = replace(
        request,
        requested_by=checked_person("by", request.requested_by),
        recipient=_required("recipient", request.recipient, LONGEST_NAME, why),
        purpose=_required("purpose", request.purpose, LONGEST_TEXT, why),
        recipient_document=_text("recipient's document", request.recipient_document, LONGEST_NAME),
        style=_checked_form(request),
        content=_checked_content(request.content, now_ms),
        overlay=OverlayText(
            _text("institution", overlay.institution, LONGEST_OVERLAY),
            _text("place", overlay.place, LONGEST_OVERLAY),
            _text("date", overlay.date, LONGEST_OVERLAY),
        ),
    )
    check_request_texts(checked, screen or standard_screen())
    return checked


def _checked_form(request: Request) -> str:
    if request.style != EVIDENCE:
        return checked_style(request.style)
    check_evidence_request(request)
    return EVIDENCE


def checked_style(style: str) -> ReleaseStyle:
    """The style of a release, which is irreversible.

    Raises:
        PolicyError: it is not.
    """
    if style == EVIDENCE:
        raise PolicyError(
            "the disclosure", "was approved as evidence", "Build it with --evidence", policy="release-style"
        )
    try:
        return ReleaseStyle(style)
    except ValueError:
        raise PolicyError(
            f"style {style!r}",
            "is not irreversible: attacks recover information from masks that are computed from the hidden pixels",
            f"Choose {' or '.join(ReleaseStyle)}",
            policy="release-style",
        ) from None


def check_undecided(found: Disclosure) -> None:
    """Check that there is no decision yet.

    Raises:
        PolicyError: there is one.
    """
    if found.state is DisclosureState.REQUESTED:
        return
    word = "refused" if found.state is DisclosureState.REFUSED else "approved"
    raise PolicyError(
        f"disclosure {found.number}",
        f"was already {word} by {found.decided_by}",
        "Enter a new request if needed",
        policy="release-undecided",
    )


def check_declaring(found: Disclosure) -> None:
    """Check that a declaration may be stored: only before the decision.

    Raises:
        PolicyError: the request is decided.
    """
    check_undecided(found)


def check_refusing(found: Disclosure) -> None:
    """Check that it may be refused, or its approval withdrawn before the delivery.

    Raises:
        PolicyError: it was refused, or delivered.
    """
    if found.state in {DisclosureState.APPROVED, DisclosureState.BUILT} and found.delivered_ms is None:
        return
    check_undecided(found)


def check_approving(found: Disclosure, by: str, *, renews: bool = False) -> None:
    """Check that `by` may approve it.

    Args:
        found: the disclosure; by: the person.
        renews: the conditions differ from those of an earlier approval, and it is not delivered.

    Raises:
        PolicyError: it is decided, `by` entered it, or the recipient's document is missing.
    """
    if not (renews and found.state in {DisclosureState.APPROVED, DisclosureState.BUILT}):
        check_undecided(found)
    if same_person(found.request.requested_by, by):
        raise PolicyError(
            f"disclosure {found.number}",
            f"was entered by {found.request.requested_by}, who cannot also approve it",
            f"Another person approves: viapublica release approve {found.number} --by NAME",
            policy="release-approving",
        )
    if found.declaration is None:
        missing, fix = _missing_document(found)
        raise PolicyError(f"disclosure {found.number}", missing, fix, policy="release-approving")


def _missing_document(found: Disclosure) -> tuple[str, str]:
    """The problem and its fix; the rule is that of the recipient's legal basis."""
    basis, add = found.request.basis, f"viapublica release declare {found.number} FILE"
    missing = f"the {basis.document} of {found.request.recipient} is missing"
    if basis.requisitions:
        return f"{missing} (decree 18.743/2014 art. 9)", f"Store the requisition: {add}"
    why = "decree 18.743/2014 art. 10 §3 requires it of private institutions, viapublica of public ones too"
    return f"{missing} ({why})", f"Have it signed, then: {add}"


def check_building(found: Disclosure) -> None:
    """Check that files may be built for it.

    Raises:
        PolicyError: it is not approved; the message names what is missing.
    """
    if found.state in MAY_BE_BUILT:
        return
    if found.state is DisclosureState.REFUSED:
        raise PolicyError(
            f"disclosure {found.number}",
            f"was refused by {found.decided_by}: {found.reasons}",
            "Nothing may be released",
            policy="release-building",
        )
    if found.declaration is None:
        missing, fix = _missing_document(found)
        raise PolicyError(
            f"disclosure {found.number}",
            f"is not approved: {missing}",
            f"{fix}; then another person approves it",
            policy="release-building",
        )
    raise PolicyError(
        f"disclosure {found.number}",
        "is not approved",
        f"Another person than {found.request.requested_by} approves: viapublica release approve {found.number}",
        policy="release-building",
    )


def check_rebuilding(found: Disclosure, reason: str, screen: TextScreen | None = None) -> None:
    """Check that another file may be built where there is one already.

    Raises:
        PolicyError: no reason is given, or one is given and there is no file yet; or it says something sensitive.
    """
    (screen or standard_screen()).check("reason of another file", reason, TextKind.REASON)
    if found.files and not reason.strip():
        newest = found.files[-1]
        approved_anew = found.state is DisclosureState.APPROVED
        raise PolicyError(
            f"disclosure {found.number}",
            f"already has {newest.name}, built by {newest.built_by} (SHA-256 {newest.sha256[:12]}…)",
            f"{'Build' if approved_anew else 'Deliver that file, or build'} another beside it: --rebuild REASON",
            policy="release-rebuilding",
        )
    if reason.strip() and not found.files:
        raise PolicyError(
            f"disclosure {found.number}", "has no file yet", "Omit --rebuild", policy="release-rebuilding"
        )


def is_of_approval(file: BuiltFile, conditions_sha256: str, decided_ms: int) -> bool:
    """Whether a file was built under the conditions of the present approval, not of an earlier one.

    Args:
        file: as registered.
        conditions_sha256: of the present approval; decided_ms: its time. A file that does not state the conditions it
            was built under counts by its time.
    """
    stated = file.policy.get("approval_sha256")
    return file.built_ms >= decided_ms if stated is None else stated == conditions_sha256


def check_same_approval(found: Disclosure, file: BuiltFile, conditions_sha256: str) -> None:
    """Check that a file that was just built is of the present approval.

    Raises:
        PolicyError: it is not.
    """
    if not is_of_approval(file, conditions_sha256, found.decided_ms or 0):
        raise PolicyError(
            f"disclosure {found.number}",
            "was approved anew while it was being built",
            "Build it again",
            policy="release-same-approval",
        )


def check_delivering(found: Disclosure, conditions_sha256: str) -> None:
    """Check that there is a file to hand over, and that it is of the present approval.

    Args:
        found: the disclosure; conditions_sha256: of its present approval.

    Raises:
        PolicyError: it is not approved, or nothing was built under its present approval.
    """
    check_building(found)
    build = f"viapublica release build {found.number}"
    if not found.files:
        raise PolicyError(f"disclosure {found.number}", "has no file yet", f"Run {build}", policy="release-delivering")
    newest = found.files[-1]
    if not is_of_approval(newest, conditions_sha256, found.decided_ms or 0):
        raise PolicyError(
            f"disclosure {found.number}",
            f"was approved anew by {found.decided_by} after {newest.name} was built, under other conditions",
            f"Build a file under the present approval: {build} --rebuild REASON; if the earlier one was handed over "
            "already, ask for it back",
            policy="release-delivering",
        )


def _checked_content(content: Content, now_ms: int) -> Content:
    camera, name = content.camera_id.strip(), content.file_name.strip()
    if not camera and not content.is_file:
        raise PolicyError(
            "content",
            "names neither a camera nor a file (decree 18.743/2014 art. 9 §3)",
            "Give --camera with --from and --to, or --file",
            policy="release-content",
        )
    if camera and not _CAMERA.fullmatch(camera):
        raise ReleaseError(
            f"camera {camera!r}", "is not a camera id", "Use letters, digits, dot, dash and underscore: av-brasil-900"
        )
    if content.is_file and not (name and _SHA256.fullmatch(content.file_sha256)):
        raise ReleaseError(f"file {name!r}", "needs both a name and a SHA-256", "Give a readable file")
    begin_ms, end_ms = content.begin_ms, content.end_ms
    if content.is_file and (begin_ms, end_ms) != (None, None):
        raise ReleaseError(
            "period", "applies to a camera: a file is released whole", "Cut the file first, and omit --from and --to"
        )
    if content.is_file:
        return replace(content, camera_id=camera, file_name=_text("file", name, LONGEST_FILE))
    if begin_ms is None or end_ms is None:
        raise ReleaseError("period", "has no start or no end", "Give both --from and --to")
    check_range("period", begin_ms, end_ms, ReleaseError)
    if begin_ms < EARLIEST_MS:
        raise ReleaseError("period", "begins before the year 2000", "Check the year of --from")
    if end_ms > now_ms:
        raise ReleaseError("period", "lies in the future", "Only recorded video can be requested: check --to")
    return replace(content, camera_id=camera, file_name=_text("file", name, LONGEST_FILE))


def _required(what: str, text: str, longest: int, why: str) -> str:
    if not text.strip():
        raise PolicyError(what, f"is empty, and {why}", f"Add --{what} TEXT", policy="release-required")
    return _text(what, text, longest)


def _text(what: str, text: str, longest: int) -> str:
    text = text.strip()
    if len(text) > longest:
        raise ReleaseError(what, f"has {len(text)} characters", f"Use at most {longest}")
    bad = next((char for char in text if unicodedata.category(char) in _INVISIBLE and char not in "\n\t"), None)
    if bad is not None:
        raise ReleaseError(what, f"contains an invisible character (U+{ord(bad):04X})", "Remove it")
    return text
