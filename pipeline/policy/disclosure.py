"""What a disclosure needs before anything may leave (decree 18.743/2014 arts. 9 and 10); pure decisions."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import Final

from pipeline.domain.disclosure import (
    MAY_BE_BUILT,
    Content,
    Disclosure,
    DisclosureState,
    MarkWords,
    ReleaseLook,
    Request,
    Uncovering,
)
from pipeline.errors import PolicyError, ReleaseError

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Kinds of characters that nobody sees: controls, zero widths, halves, private and unassigned ones."""
_LOOK_ALIKE: Final = frozenset({"LATIN", "CYRILLIC", "GREEK"})
"""Scripts, as Unicode names letters: a person who is to look like two would mix them."""
LONGEST_NAME: Final = 200
LONGEST_FILE: Final = 1024
"""Characters. Names have 255 bytes, and each may be shown by four."""
LONGEST_TEXT: Final = 4000
"""Characters. A purpose is a paragraph, not a file; and a spreadsheet's cell takes 32 767."""
LONGEST_MARK: Final = 100
"""Characters of each part of the mark; what is longer would not be readable on an image."""

_CAMERA = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_EARLIEST_MS: Final = 946_684_800_000
"""2000-01-01 UTC: what lies before is a mistake in the year."""


def same_person(one: str, other: str) -> bool:
    """Two spellings of one name: capitals, spaces and ways to write a letter do not make another person."""
    return _key(one) == _key(other)


def checked_person(what: str, name: str) -> str:
    """A person's name, trimmed.

    Raises:
        PolicyError: it is empty: every change of the register has somebody who made it (decree art. 7).
        ReleaseError: it is no name, or made of letters that only look alike.
    """
    trimmed = _required(what, name, LONGEST_NAME, "every entry says who made it (decree 18.743/2014 art. 7)")
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in unicodedata.normalize("NFKC", trimmed)}
    if len(alike := sorted(scripts & _LOOK_ALIKE)) > 1:
        raise ReleaseError(what, f"{trimmed!r} mixes {' and '.join(alike)} letters, which look alike", "Type it anew")
    return trimmed


def checked_reasons(number: str, text: str, what: str) -> str:
    """Reasons, trimmed.

    Args:
        number: of the disclosure; text: the reasons.
        what: what needs them, such as ``a refusal needs``.

    Raises:
        PolicyError: there are none.
        ReleaseError: they are too long.
    """
    if not text.strip():
        raise PolicyError(
            f"disclosure {number}", f"{what} reasons, and there are none", "Say why, such as --reason TEXT"
        )
    return _text("reasons", text, LONGEST_TEXT)


def checked_request(request: Request, now_ms: int) -> Request:
    """The request with its texts trimmed.

    Args:
        request: as it was entered.
        now_ms: milliseconds since 1970 UTC.

    Raises:
        PolicyError: the law wants something that is missing (decree 18.743/2014 art. 9).
        ReleaseError: a value cannot be.
    """
    why = "the register tells it of every disclosure (decree 18.743/2014 art. 9)"
    mark = request.mark
    return replace(
        request,
        requested_by=checked_person("by", request.requested_by),
        recipient=_required("recipient", request.recipient, LONGEST_NAME, why),
        purpose=_required("purpose", request.purpose, LONGEST_TEXT, why),
        recipient_document=_text("recipient's document", request.recipient_document, LONGEST_NAME),
        look=checked_look(request.look),
        content=_checked_content(request.content, now_ms),
        mark=MarkWords(
            _text("institution", mark.institution, LONGEST_MARK),
            _text("place", mark.place, LONGEST_MARK),
            _text("date", mark.date, LONGEST_MARK),
        ),
    )


def checked_look(look: str) -> ReleaseLook:
    """The look of a release, which hides for good (decree 18.743/2014 art. 10).

    Raises:
        PolicyError: it does not.
    """
    try:
        return ReleaseLook(look)
    except ValueError:
        raise PolicyError(
            f"look {look!r}",
            "does not hide for good: what is made from the pixels that it hides is read by attacks",
            f"Choose {' or '.join(ReleaseLook)}",
        ) from None


def check_undecided(found: Disclosure) -> None:
    """A decision is made once.

    Raises:
        PolicyError: it was made.
    """
    if found.state is DisclosureState.REQUESTED:
        return
    word = "refused" if found.state is DisclosureState.REFUSED else "approved"
    raise PolicyError(
        f"disclosure {found.number}", f"was {word} by {found.decided_by} already", "Enter a new request, if need be"
    )


def check_declaring(found: Disclosure) -> None:
    """What was decided upon stays as it was.

    Raises:
        PolicyError: the request is decided.
    """
    check_undecided(found)


def check_refusing(found: Disclosure) -> None:
    """Whether it may be refused; an approval may be taken back until something was handed over.

    Raises:
        PolicyError: it was refused, or delivered.
    """
    if found.state in {DisclosureState.APPROVED, DisclosureState.BUILT} and found.delivered_ms is None:
        return
    check_undecided(found)


def check_approving(found: Disclosure, by: str) -> None:
    """Whether `by` may approve it.

    Raises:
        PolicyError: it is decided, `by` entered it, or the recipient has declared nothing.
    """
    check_undecided(found)
    if same_person(found.request.requested_by, by):
        raise PolicyError(
            f"disclosure {found.number}",
            f"was entered by {found.request.requested_by}, who cannot approve it too",
            f"Another person approves: viapublica release approve {found.number} --by NAME",
        )
    if found.declaration is None:
        raise PolicyError(
            f"disclosure {found.number}",
            f"the declaration of {found.request.recipient} is missing (decree 18.743/2014 art. 10 §3)",
            f"Have it signed, then: viapublica release declare {found.number} FILE",
        )


def check_building(found: Disclosure) -> None:
    """Whether files may be made for it.

    Raises:
        PolicyError: it is not approved; says what is missing.
    """
    if found.state in MAY_BE_BUILT:
        return
    if found.state is DisclosureState.REFUSED:
        raise PolicyError(
            f"disclosure {found.number}", f"was refused by {found.decided_by}: {found.reasons}", "Nothing may leave"
        )
    if found.declaration is None:
        raise PolicyError(
            f"disclosure {found.number}",
            "is not approved, and the recipient's declaration is missing (decree 18.743/2014 art. 10 §3)",
            f"First viapublica release declare {found.number} FILE, then approve it by another person",
        )
    raise PolicyError(
        f"disclosure {found.number}",
        "is not approved",
        f"Another person than {found.request.requested_by}: viapublica release approve {found.number}",
    )


def check_delivering(found: Disclosure) -> None:
    """Whether something can have been handed over.

    Raises:
        PolicyError: it is not approved, or nothing was built.
    """
    check_building(found)
    if not found.files:
        raise PolicyError(f"disclosure {found.number}", "has no file yet", "Build it first")


def check_uncovering(found: Disclosure) -> None:
    """Whether regions of it may be talked about.

    Raises:
        PolicyError: it was refused.
    """
    if found.state is DisclosureState.REFUSED:
        check_building(found)


def check_confirming(asked: Uncovering, by: str) -> None:
    """Whether `by` may be the second person.

    Raises:
        PolicyError: `by` asked for it, or somebody confirmed it already.
    """
    subject = f"uncovering {asked.uncovering_id}"
    if asked.confirmed_by:
        raise PolicyError(subject, f"was confirmed by {asked.confirmed_by} already", "There is nothing left to do")
    if same_person(asked.asked_by, by):
        raise PolicyError(subject, f"was asked for by {asked.asked_by}", "Another person has to confirm it")


def _checked_content(content: Content, now_ms: int) -> Content:
    camera, name = content.camera_id.strip(), content.file_name.strip()
    if not camera and not content.is_file:
        raise PolicyError(
            "content",
            "neither a camera nor a file is named (decree 18.743/2014 art. 9)",
            "Give --camera with --from and --to, or --file",
        )
    if camera and not _CAMERA.fullmatch(camera):
        raise ReleaseError(
            f"camera {camera!r}", "is no camera's id", "Letters, digits, dot, dash, underscore: av-brasil-900"
        )
    if content.is_file and not (name and _SHA256.fullmatch(content.file_sha256)):
        raise ReleaseError(f"file {name!r}", "needs both a name and a SHA-256", "Name a file that can be read")
    begin_ms, end_ms = content.begin_ms, content.end_ms
    if content.is_file and (begin_ms, end_ms) != (None, None):
        raise ReleaseError(
            "period", "is of a camera: a file is given away whole", "Cut the file first; leave --from and --to away"
        )
    if content.is_file:
        return replace(content, camera_id=camera, file_name=_text("file", name, LONGEST_FILE))
    if begin_ms is None or end_ms is None:
        raise ReleaseError("period", "has no beginning or no end", "Give both --from and --to")
    if begin_ms >= end_ms:
        raise ReleaseError("period", "ends before it begins", "--from must lie before --to")
    if begin_ms < _EARLIEST_MS:
        raise ReleaseError("period", "begins before the year 2000", "Look at the year of --from")
    if end_ms > now_ms:
        raise ReleaseError("period", "lies in the future", "Only what was recorded can be asked for: see --to")
    return replace(content, camera_id=camera, file_name=_text("file", name, LONGEST_FILE))


def _required(what: str, text: str, longest: int, why: str) -> str:
    if not text.strip():
        raise PolicyError(what, f"is empty, and {why}", f"Say {what} in words")
    return _text(what, text, longest)


def _text(what: str, text: str, longest: int) -> str:
    text = text.strip()
    if len(text) > longest:
        raise ReleaseError(what, f"has {len(text)} characters", f"At most {longest}")
    bad = next((char for char in text if unicodedata.category(char) in _UNSEEN and char not in "\n\t"), None)
    if bad is not None:
        raise ReleaseError(what, f"holds a character that is none (U+{ord(bad):04X})", "Write it without")
    return text


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
