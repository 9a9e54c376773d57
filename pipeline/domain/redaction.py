"""Redaction styles, and the text of the overlay that anonymized images bear."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class RedactionStyle(StrEnum):
    """What is drawn in the place of a person, face or plate."""

    FILL = "fill"
    """One opaque color; no information of the original remains."""
    SILHOUETTE = "silhouette"
    """The fill with a drawn figure of the object's size and a wedge in its direction of motion."""
    MOSAIC = "mosaic"
    """A few large blocks of the object's own colors. Weak: see `WEAK_STYLES`."""
    BLUR = "blur"
    """A blur that grows with the object. Weak: see `WEAK_STYLES`."""


WEAK_STYLES: Final = frozenset({RedactionStyle.MOSAIC, RedactionStyle.BLUR})
"""Computed from the pixels that they hide. Revelio (Revelio: Reversing Obfuscation) re-identified 95.9 % of faces
under a Gaussian blur, and McPherson et al. (Defeating Image Obfuscation with Deep Learning, 2016) read mosaics."""


@dataclass(frozen=True, slots=True)
class OverlayText:
    """The text that is burnt into every image; empty parts are omitted.

    Attributes:
        institution: the releasing institution (decree 18.743/2014 art. 9 §5).
        place, date: at the precision that may be disclosed.
        number: of the disclosure in the register; "" in a request, since the register assigns it.
    """

    institution: str = ""
    place: str = ""
    date: str = ""
    number: str = ""

    def parts(self) -> list[str]:
        """The texts in display order."""
        number = f"nº {self.number}" if self.number else ""
        return [part for part in (self.institution, self.place, self.date, number) if part] or ["anonymized"]

    def numbered(self, number: str, default_institution: str) -> OverlayText:
        """With the number of its disclosure, and with an institution."""
        return replace(self, institution=self.institution or default_institution, number=number)
