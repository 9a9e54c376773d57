"""Rules of requests of the persons concerned: intake, deadline, decision (decree 18.743/2014 art. 19, LGPD art. 18)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pipeline.domain.erasure import ERASURE_NUMBER_EXAMPLE
from pipeline.domain.subject_request import (
    IdentityCheck,
    RequestDecision,
    RequestKind,
    SubjectRequest,
    SubjectRequestRecord,
)
from pipeline.domain.times import DAY_MS
from pipeline.errors import PolicyError
from pipeline.policy.disclosure import LONGEST_NAME, LONGEST_TEXT, checked_person
from pipeline.policy.sensitive.screen import TextKind, TextScreen
from pipeline.policy.spelled_plates import plates_in_words

ANSWER_DAYS: Final = 15
"""LGPD art. 19 II; public bodies may have deadlines of their own (art. 23 §3)."""
LONGEST_ANSWER_DAYS: Final = 90


def checked_subject_request(request: SubjectRequest, now_ms: int, screen: TextScreen) -> SubjectRequest:
    """The request, trimmed.

    Raises:
        PolicyError: something that the request must state is missing, it names a plate, or a text says something
            sensitive about people.
        ReleaseError: a name has invalid characters.
    """
    if not request.identity:
        raise PolicyError(
            "identity of the person",
            "was not checked, so the data may be those of another person",
            f"State what was checked: {', '.join(one.value for one in IdentityCheck)}",
        )
    if request.end_ms <= request.begin_ms or request.begin_ms > now_ms:
        raise PolicyError("time of the request", "is empty or in the future", "State date and time of the passage")
    if not (request.camera_ids or request.place.strip()):
        raise PolicyError(
            "place of the request", "is missing", "Name the cameras, or the place in words (decree art. 19 §1)"
        )
    if request.kind is RequestKind.ACCESS and not (request.fingerprint or request.characteristics.strip()):
        raise PolicyError("request of access", "does not say to what", "State the plate, or characteristics")
    return replace(
        request,
        person=checked_person("person concerned", request.person),
        by=checked_person("by", request.by),
        contact=_text("contact", request.contact, LONGEST_NAME, screen),
        place=_text("place", request.place, LONGEST_TEXT, screen),
        characteristics=_text("characteristics", request.characteristics, LONGEST_TEXT, screen),
    )


def due_ms(received_ms: int, days: int = ANSWER_DAYS) -> int:
    """The end of the deadline.

    Raises:
        PolicyError: the days are none that a request may wait.
    """
    if not 1 <= days <= LONGEST_ANSWER_DAYS:
        raise PolicyError("deadline", f"of {days} days", f"Give 1 to {LONGEST_ANSWER_DAYS} days")
    return received_ms + days * DAY_MS


def checked_reasons_of(found: SubjectRequestRecord, reasons: str, screen: TextScreen) -> str:
    """The reasons of a decision on a request that is open, trimmed.

    Raises:
        PolicyError: the request is decided already; or reasons are missing, name a plate, or say something sensitive.
    """
    what = f"request {found.number}"
    if found.decision is not None:
        raise PolicyError(what, f"is {found.decision.english} already", "Receive a new request")
    if not reasons.strip():
        raise PolicyError(what, "needs the reasons of the decision", "State them: --reason TEXT (decree art. 19 §3)")
    return _text("reasons of the decision", reasons, LONGEST_TEXT, screen)


def check_erasure_of(found: SubjectRequestRecord, decision: RequestDecision, erasure: str) -> None:
    """Make sure that an erasure is granted by what was erased.

    Args:
        found: the request; decision: on it; erasure: number of the erasure that was made for it, "" without one.

    Raises:
        PolicyError: a request of erasure is granted without an erasure, or another decision names one.
    """
    what = f"request {found.number}"
    erases = found.request.kind is RequestKind.ERASURE and decision is not RequestDecision.REFUSED
    if erases != bool(erasure):
        raise PolicyError(
            what,
            "is granted, and nothing was erased for it" if erases else "erases nothing, and names an erasure",
            f"Erase first and name the number, such as {ERASURE_NUMBER_EXAMPLE}; other decisions name none",
        )


def _text(what: str, text: str, longest: int, screen: TextScreen) -> str:
    trimmed = text.strip()
    if len(trimmed) > longest:
        raise PolicyError(what, f"has more than {longest} characters", "Shorten it")
    if plates_in_words(trimmed):
        raise PolicyError(what, "names a plate, which the register must not hold", "Give the plate as --plate")
    screen.check(what, trimmed, TextKind.REASON)
    return trimmed
