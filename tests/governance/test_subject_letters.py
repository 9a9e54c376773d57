"""Letters to persons state number, deadline, decision, reasons and what is stored; texts of people are data."""

from __future__ import annotations

from dataclasses import replace

from pipeline.domain.institution import Institution
from pipeline.domain.subject_request import RequestDecision, RequestKind, SubjectRequestRecord
from pipeline.governance.subject_letters import LetterHead, StoredAbout, StoredRead, decision_letter, receipt_letter
from pipeline.governance.typeset import typeset
from tests.governance.entries import SAO_PAULO, ms
from tests.governance.test_subject_request_register import REQUEST

HEAD = LetterHead(
    Institution("Prefeitura de Exemplo", "Decreto nº 18.743/2014 (Porto Alegre)"),
    ms("2026-12-01T10:00-03:00"),
    SAO_PAULO,
)
RECEIVED = SubjectRequestRecord(
    number="T2026/000001",
    request=REQUEST,
    received_ms=ms("2026-11-23T09:05-03:00"),
    due_ms=ms("2026-12-08T09:05-03:00"),
)
GRANTED = replace(
    RECEIVED,
    decision=RequestDecision.GRANTED,
    reasons="sem relação com as finalidades do sistema",
    decided_by="Beatriz Lima",
    decided_ms=HEAD.written_ms,
    erasure="E2026/000007",
)


def text(letter: object) -> str:
    return str(letter)


def test_a_receipt_names_number_deadline_and_what_was_checked() -> None:
    found = text(receipt_letter(RECEIVED, HEAD))
    for part in (
        "Em 1º de dezembro de 2026.",
        "recebido em 23/11/2026, às 9h05 e protocolado sob o nº T2026/000001",
        "será comunicada até 8 de dezembro de 2026",
        "documento oficial, presencialmente; certificado de registro do veículo. Não foi retida cópia",
        "de 20/11/2026, às 8h, a 20/11/2026, às 9h, no seguinte local: Avenida Brasil, 900; câmera(s) av-brasil-900",
    ):
        assert part in found, part


def test_a_decision_gives_reasons_law_proof_and_what_stays() -> None:
    found = text(decision_letter(GRANTED, HEAD, held=["Vídeo preservado."]))
    for part in (
        "foi deferido. Fundamento legal: art. 18, IV, da Lei nº 13.709/2018 (LGPD); Decreto nº 18.743/2014",
        "Fundamentos da decisão: sem relação com as finalidades do sistema.",
        "Termo de eliminação de dados nº E2026/000007",
        "ordem de preservação: Vídeo preservado.",
        "art. 18, § 1º, da LGPD",
    ):
        assert part in found, part
    refused = replace(GRANTED, decision=RequestDecision.REFUSED, erasure="")
    assert "foi indeferido. Fundamento legal: art. 18, § 4º, II" in text(decision_letter(refused, HEAD))


def test_an_access_lists_reads_video_retention_and_limits_and_says_when_there_is_nothing() -> None:
    access = replace(GRANTED, request=replace(REQUEST, kind=RequestKind.ACCESS), erasure="")
    stored = StoredAbout(
        (StoredRead("Av. Brasil (av-brasil-900)", ms("2026-11-20T08:12:07-03:00"), "ABC1D23"),),
        {"av-brasil-900": 2},
        ("leituras de placas, 7 dias",),
        ("Parte já foi descartada.",),
    )
    found = text(decision_letter(access, HEAD, stored=stored))
    for part in (
        "['ABC1D23', 'Av. Brasil (av-brasil-900)', '20/11/2026 08:12:07']",
        "Consta uma leitura",
        "Há 2 arquivos de vídeo",
        "automaticamente: leituras de placas, 7 dias.",
        "Parte já foi descartada.",
    ):
        assert part in found, part
    nothing = decision_letter(access, HEAD, stored=StoredAbout())
    assert nothing["tables"] == []
    assert "Não consta nenhuma leitura" in text(nothing)
    assert "Não há vídeo gravado" in text(nothing)


def test_texts_of_people_are_never_markup() -> None:
    hostile = '#panic("no") $x$ *y* @z `c` \\ " ]'
    person = replace(REQUEST, person=hostile, characteristics=hostile, contact=hostile)
    pdf = typeset("letter", decision_letter(replace(GRANTED, request=person, reasons=hostile), HEAD))
    assert pdf.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>3</pdfaid:part>" in pdf
