"""Letters to the persons concerned about their requests, in Portuguese (decree art. 19 §3, LGPD art. 18 and 19)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Final

from pipeline.domain.institution import Institution
from pipeline.domain.months import MONTHS_IN_PORTUGUESE
from pipeline.domain.subject_request import RequestDecision, RequestKind, SubjectRequestRecord
from pipeline.domain.times import local_time, zone_name

_LAW: Final = {
    RequestKind.ERASURE: "art. 18, IV, da Lei nº 13.709/2018 (LGPD)",
    RequestKind.ACCESS: "arts. 18, I e II, e 19 da Lei nº 13.709/2018 (LGPD)",
}
_LAW_OF_REFUSALS: Final = "art. 18, § 4º, II, da Lei nº 13.709/2018 (LGPD)"
_NOT_NAMED: Final = "Instituição não informada"
_CLOSING: Final = "Atenciosamente,"


Letter = Mapping[str, Any]
"""Texts of a letter, for the template `letter`."""


@dataclass(frozen=True, slots=True)
class StoredRead:
    """A plate read that a letter names: camera with its name, and milliseconds since 1970 UTC."""

    camera: str
    at_ms: int
    plate: str


@dataclass(frozen=True, slots=True)
class StoredAbout:
    """What is stored about a person's vehicle, for a letter.

    Attributes:
        reads: of the plate, oldest first.
        video: number of recorded video files by camera that show the place and time.
        retention: days that reads and video are stored, in words, such as ``leituras de placas: 7 dias``.
        limits: why something may be missing, in Portuguese sentences.
    """

    reads: tuple[StoredRead, ...] = ()
    video: Mapping[str, int] = field(default_factory=dict)
    retention: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LetterHead:
    """The institution that writes, and the moment.

    Attributes:
        institution: responsible for the cameras.
        written_ms: milliseconds since 1970 UTC; zone: of all times, None for the machine's.
    """

    institution: Institution
    written_ms: int
    zone: tzinfo | None


def receipt_letter(found: SubjectRequestRecord, head: LetterHead) -> Letter:
    """The receipt of a request, which names the deadline."""
    kind = found.request.kind.portuguese
    checked = "; ".join(one.portuguese for one in found.request.identity)
    paragraphs = [
        f"Informamos que o seu pedido de {kind} foi recebido em {_moment(found.received_ms, head)} e protocolado sob o "
        f"nº {found.number}.",
        _subject(found, head),
        f"A verificação de identidade e de legitimidade foi feita por: {checked}. Não foi retida cópia de documento.",
        f"A decisão, com os seus fundamentos, será comunicada até {_day(found.due_ms, head)}, no contato informado.",
        "Para acompanhar o pedido, informe o número do protocolo a esta instituição.",
    ]
    return _letter(found, head, f"Recebimento de pedido de {kind}", paragraphs, by=found.request.by)


def decision_letter(
    found: SubjectRequestRecord,
    head: LetterHead,
    *,
    held: Sequence[str] = (),
    stored: StoredAbout | None = None,
) -> Letter:
    """The letter about a decision.

    Args:
        found: decided; head: see there.
        held: of an erasure, what holds preserve, in Portuguese.
        stored: of a granted request of access.
    """
    kind = found.request.kind
    paragraphs = [_decided(found, head), _subject(found, head), f"Fundamentos da decisão: {_sentence(found.reasons)}"]
    tables: list[dict[str, Any]] = []
    if found.erasure:
        paragraphs += _erased(found, held)
    elif stored is not None:
        paragraphs += _stored(stored)
        tables += _reads(stored, head)
    paragraphs += [
        "Caso não concorde com esta decisão, V. Sa. poderá pedir a sua reconsideração a esta instituição, bem como "
        "peticionar perante a Autoridade Nacional de Proteção de Dados (ANPD), nos termos do art. 18, § 1º, da LGPD."
    ]
    return _letter(found, head, f"Decisão sobre pedido de {kind.portuguese}", paragraphs, tables, by=found.decided_by)


def _decided(found: SubjectRequestRecord, head: LetterHead) -> str:
    decision = found.decision
    if decision is None:
        raise ValueError("not decided")
    law = _LAW_OF_REFUSALS if decision is RequestDecision.REFUSED else _LAW[found.request.kind]
    return (
        f"Em atenção ao pedido nº {found.number}, recebido em {_moment(found.received_ms, head)}, comunicamos que foi "
        f"{decision.portuguese}. Fundamento legal: {head.institution.legal_grounds(law)}."
    )


def _subject(found: SubjectRequestRecord, head: LetterHead) -> str:
    request = found.request
    cameras = f"câmera(s) {', '.join(request.camera_ids)}" if request.camera_ids else ""
    where = [text for text in (request.place, cameras) if text]
    text = (
        f"O pedido de {request.kind.portuguese} refere-se ao período de {_moment(request.begin_ms, head)}, a "
        f"{_moment(request.end_ms, head)}, no seguinte local: {'; '.join(where)}."
    )
    if request.fingerprint:
        text += " Foi indicada a placa do veículo."
    if request.characteristics:
        text += f" Características informadas: {_sentence(request.characteristics)}"
    return text


def _erased(found: SubjectRequestRecord, held: Sequence[str]) -> list[str]:
    paragraphs = [
        f"A eliminação está comprovada pelo Termo de eliminação de dados nº {found.erasure}, que acompanha este "
        "ofício. Os dados eliminados não podem ser recuperados, e a eliminação será repetida caso uma cópia de "
        "segurança anterior venha a ser restaurada."
    ]
    if held:
        paragraphs.append(f"Permanecem armazenados, por força de ordem de preservação: {' '.join(held)}")
    return paragraphs


def _stored(stored: StoredAbout) -> list[str]:
    origin = (
        "Os dados têm origem em câmeras de videomonitoramento instaladas em vias e espaços públicos. As placas são "
        "lidas por programa de computador, sem identificação de pessoas, e cada consulta é registrada em auditoria."
    )
    count = len(stored.reads)
    reads = {
        0: "Não consta nenhuma leitura da placa no período e local indicados.",
        1: "Consta uma leitura da placa no período e local indicados, discriminada no anexo.",
    }.get(count, f"Constam {count} leituras da placa no período e local indicados, discriminadas no anexo.")
    files = sum(stored.video.values())
    video = (
        "Não há vídeo gravado do período e local indicados."
        if not files
        else f"Há {files} {'arquivo' if files == 1 else 'arquivos'} de vídeo gravado do período e local indicados, que "
        "mostram também outras pessoas e veículos; a sua disponibilização depende de pedido próprio e de anonimização."
    )
    paragraphs = [origin, f"{reads} {video}"]
    if stored.retention:
        paragraphs.append(
            f"Findos os prazos de conservação, os dados são descartados automaticamente: {'; '.join(stored.retention)}."
        )
    paragraphs += stored.limits
    return paragraphs


def _reads(stored: StoredAbout, head: LetterHead) -> list[dict[str, Any]]:
    if not stored.reads:
        return []
    rows = [[one.plate, one.camera, _moment(one.at_ms, head, seconds=True)] for one in stored.reads]
    return [
        {
            "title": f"Anexo: leituras da placa (fuso horário: {zone_name(head.zone)})",
            "head": ["Placa lida", "Câmera", "Data e hora"],
            "widths": [2, 5, 4],
            "rows": rows,
        }
    ]


def _letter(
    found: SubjectRequestRecord,
    head: LetterHead,
    subject: str,
    paragraphs: Sequence[str],
    tables: Sequence[Mapping[str, Any]] = (),
    *,
    by: str,
) -> Letter:
    institution = head.institution.name or _NOT_NAMED
    request = found.request
    return {
        "title": f"{subject} nº {found.number}",
        "institution": institution,
        "heading": f"Ofício referente ao protocolo nº {found.number}",
        "date": f"Em {_day(head.written_ms, head)}.",
        "addressee": ["Ao(À) Senhor(a)", request.person, request.contact],
        "subject": f"{subject} (protocolo nº {found.number}).",
        "greeting": f"Senhor(a) {request.person},",
        "paragraphs": list(paragraphs),
        "tables": list(tables),
        "closing": _CLOSING,
        "signature": [by, institution],
        "footer": f"Protocolo nº {found.number}",
    }


def _day(at_ms: int, head: LetterHead) -> str:
    """``23 de novembro de 2026``; the first day of a month is ``1º``."""
    day = local_time(at_ms, head.zone)
    return f"{day.day}{'º' if day.day == 1 else ''} de {MONTHS_IN_PORTUGUESE[day.month - 1]} de {day.year}"


def _moment(at_ms: int, head: LetterHead, *, seconds: bool = False) -> str:
    """``23/11/2026, às 9h05``; in tables ``23/11/2026 09:05:12``."""
    at = local_time(at_ms, head.zone)
    if seconds:
        return f"{at:%d/%m/%Y %H:%M:%S}"
    return f"{at:%d/%m/%Y}, às {at.hour}h{f'{at.minute:02}' if at.minute else ''}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
