"""Messages between a server and the process that connects to a camera for it: an order, then a report."""

from __future__ import annotations

import msgspec

from pipeline.config.camera_entry import NewCamera


class OnboardingOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is done.

    Attributes:
        register: the database; config: the configuration.
        login: of the person who does it; purpose: of it.
        camera_id: the camera whose image is taken; "" where one is added.
        camera: that is tested and added; None where an image is taken.
    """

    register: str
    config: str
    login: str
    purpose: str
    camera_id: str = ""
    camera: NewCamera | None = None


class OnboardingReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How it ended.

    Attributes:
        done: whether it was done; warnings: about the stream.
        still: JPEG of the image, masked; width, height: pixels; at_ms: when it was received.
        subject, text, fix, portuguese, policy: of the error that ended it.
    """

    done: bool = False
    warnings: tuple[str, ...] = ()
    still: bytes = b""
    width: int = 0
    height: int = 0
    at_ms: int | None = None
    subject: str = ""
    text: str = ""
    fix: str = ""
    portuguese: str = ""
    policy: str = ""
