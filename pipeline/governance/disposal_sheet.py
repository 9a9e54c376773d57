"""Report of disposals, in Portuguese: what, how many, from when to when, and the holds that stood against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

from pipeline.domain.disposal import Disposal, Disposed
from pipeline.domain.months import month_in_portuguese
from pipeline.domain.printable_document import Section, moment
from pipeline.domain.times import zone_name
from pipeline.governance.subject_letters import LetterHead

_LAW: Final = "Lei nº 13.709/2018 (LGPD), arts. 15 e 16"
_TABLES: Final = {
    "plate_reads": "leituras de placas",
    "tracks": "trajetos",
    "counts": "contagens",
    "line_counts": "contagens em linhas",
    "zone_states": "estados de zonas",
    "alerts": "alertas",
    "health": "estados de câmera",
}
_IMAGES: Final = {"video": "vídeo gravado", "previews": "imagens de prévia"}
_HEAD: Final = (
    *("Número", "Data", "O que", "De", "Até", "Quantidade", "Preservados"),
    *("Ordens de preservação", "Por", "Auditoria"),
)
_NONE: Final = "Nenhum descarte neste período."


def disposal_report(
    disposals: Sequence[Disposal], audited: Mapping[str, str], head: LetterHead, about: str
) -> dict[str, Any]:
    """The report, for the template `report`.

    Args:
        disposals: by number; audited: what the audit says of each, in Portuguese, by number.
        head: institution, time of the report, zone.
        about: the month or number that was asked about.
    """
    what = month_in_portuguese(about)
    facts = [
        ("Fundamento legal", head.institution.legal_grounds(_LAW)),
        ("Objeto", what),
        ("Emitido em", f"{moment(head.written_ms, head.zone)}; fuso das datas: {zone_name(head.zone)}"),
        ("Descartes", _grouped(len(disposals))),
    ]
    return {
        "title": f"Relatório de descartes: {what}",
        "institution": head.institution.name or "Instituição não informada",
        "wide": True,
        "footer": f"Relatório de descartes: {what}",
        "facts": facts,
        "sections": [disposal_section(disposals, audited, head.zone).plain()],
    }


def disposal_section(disposals: Sequence[Disposal], audited: Mapping[str, str], zone: tzinfo | None) -> Section:
    """The table of disposals, a row for each part."""
    rows = [_row(one, part, audited.get(one.number, ""), zone) for one in disposals for part in one.parts]
    note = "Descarte ao fim do prazo de conservação; o que uma ordem de preservação mantém não foi descartado."
    return Section("Descartes numerados", _HEAD, rows, _NONE, note if rows else "")


def _row(one: Disposal, part: Disposed, audited: str, zone: tzinfo | None) -> list[str]:
    images = _IMAGES.get(part.kind)
    what = f"{images}, câmera {part.name}" if images else _TABLES.get(part.name, part.name)
    unit = "arquivo" if images else "registro"
    return [
        one.number,
        moment(one.at_ms, zone),
        what,
        moment(part.first_ms, zone),
        moment(part.last_ms, zone),
        f"{_grouped(part.number)} {unit if part.number == 1 else unit + 's'}",
        _grouped(part.held) if part.held else "nenhum",
        ", ".join(one.holds) or "nenhuma",
        "automático" if one.by == "run" else one.by,
        audited,
    ]


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", ".")
