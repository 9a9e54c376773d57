"""Free texts of requests for images and of overlays, as the screen of sensitive texts sees them."""

from __future__ import annotations

from pipeline.domain.disclosure import Request
from pipeline.domain.redaction import OverlayText
from pipeline.errors import PolicyError
from pipeline.policy.sensitive.screen import TextKind, TextScreen
from pipeline.policy.spelled_plates import plates_in_words


def check_request_texts(request: Request, screen: TextScreen) -> None:
    """Refuse a request with a text that says something sensitive about people.

    Raises:
        PolicyError: naming the text, the word and the category.
    """
    screen.check("recipient", request.recipient, TextKind.BODY)
    screen.check("purpose", request.purpose, TextKind.REASON)
    screen.check("recipient's document", request.recipient_document, TextKind.REASON)
    screen.check("file", request.content.file_name, TextKind.PLACE)
    _check_file_name(request.content.file_name)
    check_overlay_texts(request.overlay, screen)


def _check_file_name(name: str) -> None:
    """Cameras number their files: ``IMG_1234``, ``DSC1234`` are no plates that a person wrote."""
    if any(plate[-3].isalpha() or "-" in plate for plate in plates_in_words(name)):
        raise PolicyError(
            "file", "names a plate, which could not be erased from the register", "Rename it", policy="plate-in-text"
        )


def check_overlay_texts(overlay: OverlayText, screen: TextScreen) -> None:
    """Refuse an overlay that says something sensitive about people: it is burnt into every image, and in the metadata.

    Raises:
        PolicyError: see `check_request_texts`.
    """
    screen.check("institution", overlay.institution, TextKind.BODY)
    screen.check("place", overlay.place, TextKind.PLACE)
    screen.check("date", overlay.date, TextKind.REASON)
    screen.check("number", overlay.number, TextKind.REASON)
