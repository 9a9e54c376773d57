"""Requests, files and a stopped clock for tests of the register."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.domain.disclosure import BuiltFile, Content, Disclosure, LegalBasis, Request
from pipeline.domain.redaction import OverlayText
from pipeline.governance.register import Register

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
SHA = "ab" * 32
REGION: dict[str, Any] = {"box": [0.1, 0.2, 0.3, 0.4], "from": 1.5, "to": 19.0}


def ms(text: str) -> int:
    """Milliseconds since 1970 UTC of an ISO time with its zone."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@dataclass
class StoppedClock:
    """Implements `pipeline.domain.ports.Clock`."""

    now_ms: int = ms("2026-11-23T09:00-03:00")

    def wall_ms(self) -> int:
        return self.now_ms

    def monotonic_s(self) -> float:
        return self.now_ms / 1000

    def sleep(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)


def footage() -> Content:
    return Content("av-brasil-900", ms("2026-10-30T08:00-03:00"), ms("2026-10-30T08:30-03:00"))


def request(recipient: str = "12ª Vara Criminal", by: str = "Ana Souza", content: Content | None = None) -> Request:
    return Request(
        requested_by=by,
        recipient=recipient,
        basis=LegalBasis.JUDICIARY,
        purpose="prova no processo 0001234-56.2026",
        content=content or footage(),
        recipient_document="0001234-56.2026.8.21.0001",
        overlay=OverlayText("SSP-MT", "Avenida do CPA", "novembro de 2026"),
    )


def signed(folder: Path, text: str = "declaro") -> Path:
    path = folder / "declaração.pdf"
    path.write_text(text)
    return path


def approved(register: Register, folder: Path) -> Disclosure:
    number = register.request(request(), signed(folder)).number
    return register.approve(number, "Beatriz Lima")


def built_file(sha256: str = SHA, name: str = "release.mp4") -> BuiltFile:
    return BuiltFile(name, sha256, 12_345, {"residual_detections": 0, "per_minute": [0.0, 1.5]}, {"style": "fill"})
