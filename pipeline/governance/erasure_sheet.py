"""Printable record of an erasure (HTML), in Portuguese, the language of its readers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from html import escape
from typing import Any, Final

from pipeline.domain.erasure import ErasureRecord
from pipeline.domain.times import local_time

_KINDS: Final = {
    "table": "tabela do banco de eventos",
    "damaged": "parte danificada do banco (inteira)",
    "spool": "fila de entrega em disco",
    "file": "arquivo de eventos",
    "video": "vídeo gravado (arquivos)",
    "preview": "imagens de conferência (arquivos)",
}
_STYLE: Final = (
    "body{font:11pt/1.4 sans-serif;margin:2cm;color:#111}h1{font-size:16pt}h2{font-size:12pt;margin-top:1.6em}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #999;padding:.25em .5em;text-align:left;"
    "vertical-align:top}th{background:#eee}td.n{text-align:right}code{word-break:break-all}.sign{margin-top:3cm}"
)


def render_erasure(record: ErasureRecord, institution: str, signed_by: str, zone: tzinfo | None) -> str:
    """The page; it loads no resources.

    Args:
        record: a finished erasure.
        institution: responsible for the cameras; may be empty.
        signed_by: name in the certificate; "" where the document is not signed.
        zone: of all times; None for the machine's.
    """
    document: dict[str, Any] = json.loads(record.document)
    request, result = document["request"], document["result"]
    title = f"Termo de eliminação de dados nº {record.number}"
    facts = [
        ("Instituição", institution or "não informada"),
        ("Responsável pela eliminação", record.begun_by),
        ("Motivo ou pedido", request["reason"] or "não informado"),
        ("Objeto", _subject(request)),
        ("Câmeras", ", ".join(request["camera_ids"]) or "todas"),
        ("Período", f"{_time(request['begin_ms'], zone)} a {_time(request['end_ms'], zone)}"),
        ("Início da eliminação", _time(record.begun_ms, zone)),
        ("Término da eliminação", _time(record.finished_ms, zone)),
        ("Diário do registro", f"registro nº {document['journal']['entry']}, {document['journal']['hash']}"),
        ("Assinatura digital", f"{signed_by} (arquivo .p7s)" if signed_by else "não há"),
    ]
    erased = [
        (_KINDS.get(one["kind"], one["kind"]), one["name"], one["where"], one["number"], one["left"])
        for one in result["erased"]
    ]
    parts = [
        f"<h1>{escape(title)}</h1>",
        "<p>Decreto nº 18.743/2014, arts. 8º, 15 e 19; Lei nº 13.709/2018 (LGPD), arts. 16 e 18.</p>",
        _table(("", ""), facts),
        "<h2>O que foi eliminado</h2>",
        _table(("Tipo", "Nome", "Local", "Eliminados", "Restantes"), erased),
        "<h2>O que foi preservado por ordem (retenção)</h2>",
        _list(result["held"], "Nada."),
        "<h2>O que esta eliminação não alcança, e o que fazer</h2>",
        _list(result["left"], "Nada."),
        "<p class='sign'>_____________________________________________<br>Responsável</p>",
    ]
    return (
        f"<!doctype html><html lang='pt-BR'><head><meta charset='utf-8'><title>{escape(title)}</title>"
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _subject(request: dict[str, Any]) -> str:
    if not request["fingerprint"]:
        return "tudo o que se refere às câmeras e ao período"
    return f"um veículo; a placa não consta deste termo. Código do veículo (HMAC-SHA-256): {request['fingerprint']}"


def _time(at_ms: int | None, zone: tzinfo | None) -> str:
    if at_ms is None:
        return "em aberto"
    moment = local_time(at_ms, zone)
    return f"{moment:%d/%m/%Y %H:%M:%S} (UTC{moment:%z})"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    titles = "".join(f"<th>{escape(title)}</th>" for title in head) if any(head) else ""
    lines = ("".join(map(_cell, row)) for row in rows)
    return f"<table>{f'<tr>{titles}</tr>' if titles else ''}{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _cell(value: object) -> str:
    return f"<td class='n'>{value}</td>" if isinstance(value, int) else f"<td>{escape(str(value))}</td>"


def _list(notes: Sequence[Mapping[str, str]], none: str) -> str:
    items = "".join(f"<li>{escape(note['portuguese'])}</li>" for note in notes)
    return f"<ul>{items}</ul>" if items else f"<p>{none}</p>"
