"""Custody sheet of an evidence package (HTML), in Portuguese, the language of its readers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from html import escape
from typing import Any, Final

from pipeline.domain.institution import Institution
from pipeline.domain.printable_document import SIGNATURE_LINE, moment, render_document, table
from pipeline.governance.evidence_package import Custody, EvidenceVideo
from pipeline.store.details_portuguese import portuguese_gap

_BASES: Final = {"judiciary": "Poder Judiciário", "public-ministry": "Ministério Público", "police": "Polícia"}
_FEDERAL_LAW: Final = (
    "Código de Processo Penal, arts. 158-A a 158-F (cadeia de custódia); Lei nº 13.709/2018 (LGPD), arts. 4º, 23 e 26"
)
_DUTIES: Final = (
    "As imagens são originais: pessoas, rostos e placas não estão ocultos. Destinam-se exclusivamente à finalidade "
    "acima; o destinatário responde pela guarda, pelo sigilo e pelo uso."
)
_CUT: Final = (
    "Os pacotes de vídeo são cópia exata dos gravados, sem nova codificação. O corte é feito em quadros-chave; por "
    "isso cada vídeo pode começar antes e terminar depois do período requisitado. Não há áudio."
)
_UNMASKED: Final = "A câmera não tem máscaras de privacidade."
_MASKED: Final = (
    "As máscaras de privacidade da câmera foram preenchidas já na gravação, que o programa codificou com elas: o que "
    "está sob elas não foi gravado."
)
_VIDEO_COLUMNS: Final = (
    "Arquivo",
    "Período",
    "Pacotes",
    "Máscaras de privacidade",
)
_DIGEST_COLUMNS: Final = ("Arquivo", "SHA-256 do vídeo", "SHA-256 da gravação de origem", "Conferência com o gravador")
_CHECK: Final = (
    "O arquivo custodia.json contém os resumos SHA-256 de todos os arquivos; sua assinatura é custodia.json.p7s (CMS). "
    "Verificação: viapublica release open-evidence. Sem esse programa: openssl cms -decrypt -binary -inform DER -in "
    "PACOTE.p7m -recip CERTIFICADO.pem -inkey CHAVE.key -out pacote.zip gera um arquivo ZIP; extraia-o e execute "
    "openssl cms -verify -inform DER -in custodia.json.p7s -content "
    "custodia.json -binary -purpose any -CAfile authority.pem."
)


def render_custody_sheet(custody: Custody, institution: Institution, zone: tzinfo | None) -> str:
    """The custody sheet.

    Args:
        custody: of the package; institution: whose law is cited; zone: of all times, None for the machine's.
    """
    facts = [
        ("Instituição de origem", custody.institution),
        ("Destinatário", custody.recipient),
        ("Base legal", f"requisição: {_BASES.get(custody.basis, custody.basis)}"),
        ("Fundamento legal", institution.legal_grounds(_FEDERAL_LAW)),
        ("Requisição ou processo", custody.recipient_document),
        ("Documento da requisição", f"{custody.requisition_name} (SHA-256 {custody.requisition_sha256})"),
        ("Certificado do destinatário", f"SHA-256 {custody.recipient_certificate}"),
        ("Finalidade", custody.purpose),
        ("Câmera", _camera(custody.camera)),
        ("Período requisitado", f"{moment(custody.begin_ms, zone)} a {moment(custody.end_ms, zone)}"),
        ("Diário do registro", f"lançamento nº {custody.journal_entry}, {custody.journal_hash}"),
        ("Programa", custody.software),
    ]
    videos = [
        (
            one.name,
            f"{moment(one.begin_ms, zone)} a {moment(one.end_ms, zone)}",
            one.packets,
            one.masks_filled,
        )
        for one in custody.videos
    ]
    digests = [(one.name, one.sha256, one.source_sha256, _compared(one)) for one in custody.videos]
    gaps = [
        (moment(begin_ms, zone), moment(end_ms, zone), portuguese_gap(reason))
        for begin_ms, end_ms, reason in custody.gaps
    ]
    steps = [(moment(at_ms, zone), person, action) for at_ms, person, action in custody.steps]
    return render_document(
        f"Imagens requisitadas – disponibilização nº {custody.number}",
        [
            table(("", ""), facts),
            f"<p><b>{escape(_DUTIES)}</b></p>",
            "<h2>Vídeos</h2>",
            table(_VIDEO_COLUMNS, videos),
            table(_DIGEST_COLUMNS, digests),
            f"<p>{escape(_CUT)} {escape(_MASKED if custody.masks_filled_when_recorded else _UNMASKED)}</p>",
            "<h2>Trechos não gravados</h2>",
            table(("De", "Até", "Motivo"), gaps) if gaps else "<p>Nenhum.</p>",
            "<h2>Cadeia de custódia</h2>",
            table(("Data", "Responsável", "Ato"), steps),
            "<h2>Verificação</h2>",
            f"<p>{escape(_CHECK)}</p>",
            SIGNATURE_LINE,
        ],
    )


def _compared(video: EvidenceVideo) -> str:
    """Whether the recorded file is what the recorder completed."""
    if video.as_recorded is None:
        return "sem resumo anotado na gravação"
    if video.as_recorded:
        return "confere com o resumo anotado na gravação"
    return f"NÃO CONFERE: na gravação foi anotado {video.recorder_sha256}; o arquivo foi alterado ou danificado depois"


def _camera(camera: Mapping[str, Any]) -> str:
    """Id, name and position of a camera, as far as they are declared."""
    position = [camera.get("latitude"), camera.get("longitude")]
    parts = [camera.get("id"), camera.get("name")]
    if None not in position:
        latitude, longitude = (str(degrees).replace(".", ",") for degrees in position)
        parts.append(f"latitude {latitude}; longitude {longitude}")
    return ", ".join(str(part) for part in parts if part)
