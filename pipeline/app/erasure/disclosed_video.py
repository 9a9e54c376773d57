"""Disclosed video of what is erased: built files of the register, which an erasure cannot reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.app.erasure.image_files import View
from pipeline.domain.disclosure import EVIDENCE, Disclosure
from pipeline.domain.erasure import LeftNote
from pipeline.governance.register import Register


def disclosed_if_registered(register: str, views: Sequence[View]) -> list[str]:
    """The same in English; none where the register does not exist yet.

    Args:
        register, views: see `disclosed_video`.

    Raises:
        ReleaseError: the register cannot be read.
    """
    if "://" not in register and not Path(register).exists():
        return []
    return [note.english for note in disclosed_video(register, views)]


def disclosed_video(register: str, views: Sequence[View]) -> list[LeftNote]:
    """Built disclosures of the cameras and times, with what to do about each.

    Args:
        register: an SQLite file, or a SQLAlchemy address; it exists.
        views: cameras and times that are erased, or in which an erased vehicle was in view.

    Raises:
        ReleaseError: the register cannot be read.
    """
    with Register(register, create=False) as entries:
        return [_note(one) for one in entries.list() if one.files and _shows(one, views)]


def _shows(found: Disclosure, views: Iterable[View]) -> bool:
    """Files that do not name their camera or time have an unknown content, and are not claimed to show anything."""
    content = found.request.content
    if content.begin_ms is None or content.end_ms is None:
        return False
    return any(
        view.camera_id == content.camera_id and view.first_ms < content.end_ms and content.begin_ms <= view.last_ms
        for view in views
    )


def _note(found: Disclosure) -> LeftNote:
    request, names = found.request, ", ".join(file.name for file in found.files)
    evidence = request.style == EVIDENCE
    english = "original video" if evidence else "redacted video"
    portuguese = "imagens originais" if evidence else "vídeo anonimizado"
    what = f"disclosure {found.number} of {request.content.camera_id} ({english}: {names})"
    de = f"Disponibilização nº {found.number} da câmera {request.content.camera_id} ({portuguese}: {names})"
    if found.delivered_ms is None:
        return LeftNote(
            f"{what}, not delivered: delete the files, or decide why they stay",
            f"{de}, não entregue: apague os arquivos, ou justifique sua guarda.",
        )
    return LeftNote(
        f"{what}, delivered to {request.recipient}: inform the recipient of the erasure (LGPD art. 18 §6)",
        f"{de}, entregue a {request.recipient}: informe a eliminação ao destinatário (LGPD, art. 18, § 6º).",
    )
