"""Messages between a server and the process that builds a release for it: an order, then reports."""

from __future__ import annotations

import msgspec

from pipeline.domain.locale import Locale


class BuildOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is built.

    Attributes:
        number: of the disclosure; register: the database.
        config: the configuration that records the camera; folder: for clip and report.
        login: of the person who builds it; purpose, case: of the disclosure.
        certificate, key: PEM files to sign with; password: of the key, None for one that is not encrypted.
        rebuild: why another file is built; windscreens: see `BuildRequest`; locale: of the report.
        regions: YAML file of regions to redact in addition; "" for none.
    """

    number: str
    register: str
    config: str
    folder: str
    login: str
    purpose: str
    case: str
    certificate: str
    key: str
    password: bytes | None = None
    rebuild: str = ""
    windscreens: bool = False
    locale: Locale | None = None
    regions: str = ""


class BuildReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the standard output; what has not changed is left out.

    Attributes:
        stage, frames: how far it is; total: frames of the video, 0 while not known.
        round, rounds: of rendering and verification; warning: about the video.
        done: the release is registered.
        subject, text, fix, portuguese, policy: of the error that ended it.
    """

    stage: str = ""
    frames: int = 0
    total: int = 0
    round: int = 0
    rounds: int = 0
    warning: str = ""
    done: bool = False
    subject: str = ""
    text: str = ""
    fix: str = ""
    portuguese: str = ""
    policy: str = ""
