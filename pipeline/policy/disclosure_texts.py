"""Free texts of requests for images and of overlays, as the screen of sensitive texts sees them."""

from __future__ import annotations

from pipeline.domain.disclosure import Request
from pipeline.domain.redaction import OverlayText
from pipeline.policy.sensitive.screen import TextKind, TextScreen


def check_request_texts(request: Request, screen: TextScreen) -> None:
    """Refuse a request with a text that says something sensitive about people.

    Raises:
        PolicyError: naming the text, the word and the category.
    """
    screen.check("recipient", request.recipient, TextKind.BODY)
    screen.check("purpose", request.purpose, TextKind.REASON)
    screen.check("recipient's document", request.recipient_document, TextKind.REASON)
    screen.check("file", request.content.file_name, TextKind.PLACE)
    check_overlay_texts(request.overlay, screen)


def check_overlay_texts(overlay: OverlayText, screen: TextScreen) -> None:
    """Refuse an overlay that says something sensitive about people: it is burnt into every image, and in the metadata.

    Raises:
        PolicyError: see `check_request_texts`.
    """
    screen.check("institution", overlay.institution, TextKind.BODY)
    screen.check("place", overlay.place, TextKind.PLACE)
    screen.check("date", overlay.date, TextKind.REASON)
    screen.check("number", overlay.number, TextKind.REASON)
