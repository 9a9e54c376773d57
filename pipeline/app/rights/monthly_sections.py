"""Sections of the monthly report about registers: requests, erasures, disclosures, holds, disposals, misuse."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import Final

from pipeline.app.audit.misuse_review import signs_of
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.holds import hold_state, unreleased_holds
from pipeline.app.rights.disposals import audited_disposals, disposals_of
from pipeline.domain.disclosure import DisclosureState
from pipeline.domain.hold import HoldBasis
from pipeline.domain.months import month_span_ms
from pipeline.domain.printable_document import Section, moment
from pipeline.domain.subject_request import SubjectRequestRecord
from pipeline.governance.disposal_sheet import disposal_section
from pipeline.governance.erasure_register import ErasureRegister
from pipeline.governance.query_register import QueryRegister
from pipeline.governance.register import Register
from pipeline.governance.subject_request_register import SubjectRequestRegister

__all__ = ["monthly_sections"]

_NO_REGISTER: Final = "Não há registro (banco de disponibilizações, exclusões e pedidos) nesta instalação."
_NO_PEOPLE: Final = "Sem dados: não há pessoas cadastradas, e nenhuma consulta por placa é guardada (avaliação)."
_NO_SIGN: Final = "Nenhum indício neste período. As consultas por placa são guardadas por 62 dias."
_STATES: Final = {
    DisclosureState.REQUESTED: "pedida",
    DisclosureState.APPROVED: "autorizada",
    DisclosureState.REFUSED: "negada",
    DisclosureState.BUILT: "produzida",
    DisclosureState.DELIVERED: "entregue",
}
_OUTCOMES: Final = {
    "erased": "concluída",
    "incomplete": "incompleta",
    "nothing-found": "nada encontrado",
    "refused": "indeferida",
    "not-finished": "não concluída",
}
_HOLDS: Final = {"in-force": "em vigor", "expires-soon": "vence em breve", "expired": "vencida"}


def monthly_sections(stores: ConfiguredStores, register: str, month: str, zone: tzinfo | None) -> list[Section]:
    """The sections.

    Args:
        stores: recordings, data folder, audit.
        register: an SQLite file, or a SQLAlchemy address; it need not exist.
        month: such as ``2026-11``; zone: of all times, None for the machine's.

    Raises:
        ReleaseError: the register cannot be read.
        RecordError, StoreError: holds or disposals cannot be read.
    """
    span = month_span_ms(month, zone)
    there = "://" in register or Path(register).exists()
    registered = (_requests, _erasures, _disclosures)
    sections = [make(register if there else "", month, span, zone) for make in registered]
    found = disposals_of(stores, month)
    disposed = disposal_section(found, audited_disposals(stores, found)[0], zone)
    return [*sections, _holds(stores, zone), disposed, _misuse(stores, register if there else "", span, zone)]


def _requests(register: str, _month: str, span: tuple[int, int], zone: tzinfo | None) -> Section:
    head = ("Protocolo", "Pedido", "Recebido em", "Prazo", "Situação", "Exclusão")
    if not register:
        return Section("Pedidos dos titulares", head, (), _NO_REGISTER)
    with SubjectRequestRegister(register, zone=zone, create=False) as entries:
        found, late = entries.list(), {one.number for one in entries.overdue()}
    rows = [
        (
            one.number,
            one.request.kind.portuguese,
            moment(one.received_ms, zone),
            moment(one.due_ms, zone),
            "PRAZO VENCIDO"
            if one.number in late
            else "em análise"
            if one.decision is None
            else one.decision.portuguese,
            one.erasure or "–",
        )
        for one in found
        if one.decision is None or _within(span, one.received_ms, one.decided_ms)
    ]
    return Section("Pedidos dos titulares", head, rows)


def _decided(found: SubjectRequestRecord) -> str:
    return "em análise" if found.decision is None else found.decision.portuguese


def _erasures(register: str, _month: str, span: tuple[int, int], zone: tzinfo | None) -> Section:
    head = ("Número", "Data", "Responsável", "Motivo", "Resultado", "Eliminados", "Preservados")
    if not register:
        return Section("Exclusões registradas", head, (), _NO_REGISTER)
    with ErasureRegister(register, zone=zone, create=False) as entries:
        found = [one for one in entries.list() if _within(span, one.begun_ms)]
    rows = [
        (
            one.number,
            moment(one.begun_ms, zone),
            one.begun_by,
            one.grounds or one.request["reason"] or "não informado",
            _OUTCOMES[one.outcome.word],
            one.outcome.erased,
            one.outcome.held,
        )
        for one in found
    ]
    return Section("Exclusões registradas", head, rows)


def _disclosures(register: str, month: str, _span: tuple[int, int], zone: tzinfo | None) -> Section:
    head = ("Número", "Destinatário", "Finalidade", "Câmera", "Situação", "Fundamentos da negativa")
    if not register:
        return Section("Disponibilizações registradas", head, (), _NO_REGISTER)
    with Register(register, zone=zone, create=False) as entries:
        found = entries.list(month=month.strip())
    rows = [
        (
            one.number,
            one.request.recipient,
            one.request.purpose,
            one.request.content.camera_id or "arquivo",
            _STATES[one.state],
            one.reasons if one.state is DisclosureState.REFUSED else "–",
        )
        for one in found
    ]
    return Section("Disponibilizações registradas", head, rows)


def _holds(stores: ConfiguredStores, zone: tzinfo | None) -> Section:
    now_ms = time.time_ns() // 1_000_000
    bases = {one.value: one.portuguese for one in HoldBasis}
    rows = [
        (
            one.hold_id,
            one.camera_id,
            f"{moment(one.begin_ms, zone)} a {moment(one.end_ms, zone)}",
            ", ".join(filter(None, (bases.get(one.basis, ""), one.requester, one.document))) or "não informado",
            one.reason,
            one.by,
            "–" if one.expires_ms is None else moment(one.expires_ms, zone),
            _HOLDS[hold_state(one, now_ms)],
        )
        for one in unreleased_holds(stores)
    ]
    head = ("Preservação", "Câmera", "Período", "A pedido de", "Motivo", "Responsável", "Vencimento", "Situação")
    return Section("Preservações em vigor na data do relatório", head, rows)


def _misuse(stores: ConfiguredStores, register: str, span: tuple[int, int], zone: tzinfo | None) -> Section:
    head = ("Indício", "Pessoas", "Processos", "Quantidade", "De", "Até")
    if not register:
        return Section("Uso indevido", head, (), _NO_REGISTER)
    with QueryRegister(register, lambda _change: None) as entries:
        if not entries.is_set_up:
            return Section("Uso indevido", head, (), _NO_PEOPLE)
        found = signs_of(entries, replace(stores, zone=zone), span[0], span[1] + 1)
    rows = [
        (
            one.rule.portuguese,
            ", ".join(one.persons),
            ", ".join(one.cases) or "–",
            one.number,
            moment(one.first_ms, zone),
            moment(one.last_ms, zone),
        )
        for one in found
    ]
    return Section("Uso indevido", head, rows, _NO_SIGN)


def _within(span: tuple[int, int], *times_ms: int | None) -> bool:
    return any(at_ms is not None and span[0] <= at_ms <= span[1] for at_ms in times_ms)
