"""Printable record of an erasure (HTML), in Portuguese, the language of its readers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from html import escape
from typing import Any, Final

from pipeline.domain.erasure import ErasureRecord
from pipeline.domain.institution import Institution
from pipeline.domain.printable_document import SIGNATURE_LINE, moment, render_document, table

_LAW: Final = "Lei nº 13.709/2018 (LGPD), arts. 15, 16 e 18, IV"
"""Of erasures; the configured local law is that of disclosures, and need not say anything about them."""
_LAW_OF_REFUSALS: Final = "Lei nº 13.709/2018 (LGPD), art. 18, § 4º, II"
_KINDS: Final = {
    "table": "tabela do banco de eventos",
    "damaged": "parte danificada do banco (inteira)",
    "spool": "fila de entrega em disco",
    "file": "arquivo de eventos",
    "video": "vídeo gravado (arquivos)",
    "preview": "imagens de conferência (arquivos)",
}
_TABLES: Final = {
    "plate_reads": "leituras de placa",
    "tracks": "trajetos",
    "counts": "contagens",
    "line_counts": "contagens em linhas",
    "zone_states": "estados de zonas",
    "alerts": "alertas",
    "health": "estados de câmera",
}
_EVENTS: Final = {
    "plate_read": ("leitura de placa", "leituras de placa"),
    "track": ("trajeto", "trajetos"),
    "count": ("contagem por minuto", "contagens por minuto"),
    "line_count": ("contagem em linha", "contagens em linhas"),
    "zone_state": ("estado de zona", "estados de zonas"),
    "alert": ("alerta", "alertas"),
    "health": ("estado de câmera", "estados de câmera"),
    "corrupt_record": ("registro corrompido", "registros corrompidos"),
}
"""Singular and plural, in the order in which they are listed."""


def render_erasure(record: ErasureRecord, institution: Institution, signed_by: str, zone: tzinfo | None) -> str:
    """The page; it loads no resources.

    Args:
        record: a finished erasure, or a refused request.
        institution: responsible for the cameras.
        signed_by: name in the certificate; "" where the document is not signed.
        zone: of all times; None for the machine's.
    """
    document: dict[str, Any] = json.loads(record.document)
    if record.grounds:
        return _render_refusal(record, document, institution, signed_by, zone)
    request, result = document["request"], document["result"]
    title = f"Termo de eliminação de dados nº {record.number}"
    facts = [
        ("Instituição", institution.name or "não informada"),
        ("Responsável pela eliminação", record.begun_by),
        *_about(request, zone, "termo"),
        *_override(request),
        ("Início da eliminação", moment(record.begun_ms, zone)),
        ("Término da eliminação", moment(record.finished_ms, zone)),
        *_proof(document, signed_by),
    ]
    erased = [
        (
            _KINDS.get(one["kind"], one["kind"]),
            _TABLES.get(one["name"], one["name"]),
            _place(one["where"]),
            one["number"],
            _left(one),
        )
        for one in result["erased"]
    ]
    parts = [
        f"<p>Fundamento legal: {escape(_LAW)}.</p>",
        table(("", ""), facts),
        "<h2>O que foi eliminado</h2>",
        f"<p>{_events(result['events'])}</p>" if "events" in result else "",  # documents of before did not say
        table(("Tipo", "Nome", "Local", "Cópias ou arquivos eliminados", "Restantes"), erased),
        *_spans(result["erased"], zone),
        "<h2>O que uma ordem de preservação mantém</h2>",
        _list(result["held"], "Nada."),
        "<h2>O que esta eliminação não alcança, e o que fazer</h2>",
        _list(result["left"], "Nada."),
        SIGNATURE_LINE,
    ]
    return render_document(title, parts)


def _render_refusal(
    record: ErasureRecord, document: Mapping[str, Any], institution: Institution, signed_by: str, zone: tzinfo | None
) -> str:
    facts = [
        ("Instituição", institution.name or "não informada"),
        ("Responsável pelo indeferimento", record.begun_by),
        *_about(document["request"], zone, "indeferimento"),
        ("Data do indeferimento", moment(record.begun_ms, zone)),
        *_proof(document, signed_by),
    ]
    parts = [
        f"<p>Fundamento legal: {escape(_LAW_OF_REFUSALS)}.</p>",
        "<p>Nenhum dado foi eliminado.</p>",
        table(("", ""), facts),
        "<h2>Fundamentos do indeferimento</h2>",
        f"<p>{escape(record.grounds)}</p>",
        SIGNATURE_LINE,
    ]
    return render_document(f"Indeferimento de pedido de eliminação de dados nº {record.number}", parts)


def _about(request: Mapping[str, Any], zone: tzinfo | None, document: str) -> list[tuple[str, str]]:
    """What was requested, in rows."""
    return [
        ("Motivo ou pedido", request["reason"] or "não informado"),
        ("Objeto", _subject(request, document)),
        ("Câmeras", ", ".join(request["camera_ids"]) or "todas"),
        ("Período", _period(request, zone)),
    ]


def _override(request: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The decision on holds in the way; documents of before had none."""
    override = request.get("override")
    if not override:
        return []
    holds = ", ".join(override["hold_ids"])
    text = f"não se aplica a esta eliminação a ordem {holds}: {override['reason']} ({override['by']})"
    return [("Decisão sobre ordem de preservação", text)]


def _proof(document: Mapping[str, Any], signed_by: str) -> list[tuple[str, str]]:
    """What proves the document, in rows."""
    return [
        ("Diário do registro", f"lançamento nº {document['journal']['entry']}, {document['journal']['hash']}"),
        ("Assinatura digital", f"{signed_by} (arquivo .p7s)" if signed_by else "não há"),
    ]


def _period(request: Mapping[str, Any], zone: tzinfo | None) -> str:
    begin_ms, end_ms = request["begin_ms"], request["end_ms"]
    if begin_ms is None and end_ms is None:
        return "todo o período armazenado"
    if begin_ms is None:
        return f"até {moment(end_ms, zone)}"
    return (
        f"a partir de {moment(begin_ms, zone)}"
        if end_ms is None
        else f"{moment(begin_ms, zone)} a {moment(end_ms, zone)}"
    )


def _place(where: str) -> str:
    """A location without the folders of the machine that precede it."""
    return where.rpartition("/")[2] if where.startswith("/") else where


def _subject(request: Mapping[str, Any], document: str) -> str:
    if not request["fingerprint"]:
        return "tudo o que se refere às câmeras e ao período"
    return (
        f"um veículo; a placa não consta deste {document}. Código do veículo (HMAC-SHA-256): {request['fingerprint']}"
    )


def _events(events: Mapping[str, Any]) -> str:
    """The different events: ``Eventos: 1 leitura de placa, 1 trajeto, em 4 locais.``"""
    numbers = [
        f"{number} {words[number != 1]}"
        for kind, words in _EVENTS.items()
        if (number := events["by_kind"].get(kind, 0))
    ]
    if not numbers:
        return "Eventos: nenhum foi encontrado."
    places = "1 local" if events["places"] == 1 else f"{events['places']} locais"
    return f"Eventos: {', '.join(numbers)}, em {places}. Cada local guardava sua própria cópia."


def _left(erased: Mapping[str, Any]) -> int | str:
    """What is left in a place: a number, and what holds preserve; documents of before did not say that."""
    held = erased.get("held", 0)
    if not held:
        return int(erased["left"])
    preserved = f"{held} {'preservado' if held == 1 else 'preservados'}"
    return f"{erased['left']}, e {preserved}" if erased["left"] else preserved


def _spans(erased: Sequence[Mapping[str, Any]], zone: tzinfo | None) -> Iterator[str]:
    """The times of video that were really deleted."""
    rows = [
        (one["name"], moment(begin_ms, zone), moment(end_ms, zone))
        for one in erased
        for begin_ms, end_ms in one.get("spans", ())
    ]
    if rows:
        yield "<p>O vídeo gravado é eliminado em arquivos inteiros. Períodos efetivamente eliminados:</p>"
        yield table(("Câmera", "Início", "Fim"), rows)


def _list(notes: Sequence[Mapping[str, str]], none: str) -> str:
    items = "".join(f"<li>{escape(note['portuguese'])}</li>" for note in notes)
    return f"<ul>{items}</ul>" if items else f"<p>{none}</p>"
