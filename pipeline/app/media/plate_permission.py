"""Permission to read plates in files, by the declared public space."""

from __future__ import annotations

from pipeline.domain.camera import Camera
from pipeline.errors import PolicyError
from pipeline.policy.scope import may_read_plates, why_no_plates


def check_plates_may_be_read(camera: Camera) -> None:
    """Check that plates may be read in images of this camera.

    Raises:
        PolicyError: they may not, with the article of law.
    """
    if not may_read_plates(camera):
        raise PolicyError("read", why_no_plates(camera), "In such images plates are only detected to be masked")
