"""Monthly report of the audit for the public prosecutor and the data-protection officer (HTML, Portuguese).

Decree 18.743/2014 art. 7, 8 and 9 §4: operations by outcome, searches by purpose, refusals, exports, erasures,
disposals and decisions on disclosures. It holds no plate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

from pipeline.domain.audit import LOG_OPERATION, Outcome
from pipeline.domain.institution import Institution
from pipeline.domain.legal_term import LegalTerm
from pipeline.domain.operation import Operation
from pipeline.domain.printable_document import SIGNATURE_LINE, Section, moment, render_document, table
from pipeline.domain.purpose import Purpose
from pipeline.domain.times import parse_time, zone_name

_GROUNDS: Final = "Lei nº 13.709/2018 (LGPD), arts. 6º, X, e 37"
"""Federal rules: accountability, and the record of operations. The local act is that of the configuration."""
_OUTCOMES: Final = {Outcome.ALLOWED: "realizada", Outcome.REFUSED: "recusada", Outcome.FAILED: "com falha"}
_NOT_STATED: Final = "não informada"
_SECTIONS: Final = (
    ("Exportações", (Operation.EXPORT,)),
    ("Exclusões a pedido", (Operation.ERASURE, Operation.SUBJECT_REQUEST)),
    ("Descartes", (Operation.DISPOSAL,)),
    ("Preservações de vídeo", (Operation.HOLD, Operation.HOLD_RELEASE)),
    ("Disponibilizações: pedidos, decisões e entregas", (Operation.DISCLOSURE, Operation.APPROVAL)),
    (
        "Leitura de registros e da auditoria, ancoragem",
        (Operation.AUDIT_READING, Operation.AUDIT_ANCHORING, Operation.REPORT),
    ),
)
_ACTIONS: Final[Mapping[str, str]] = {
    "request": "pedido",
    "declare": "documento arquivado",
    "approve": "autorização",
    "refuse": "recusa",
    "withdraw": "autorização retirada",
    "request-exemption": "pedido de exceção à anonimização",
    "show-exemption": "imagem da exceção",
    "confirm-exemption": "exceção confirmada",
    "build": "arquivo produzido",
    "deliver": "entrega",
    "find": "busca do que excluir",
    "begin-erasure": "exclusão iniciada",
    "finish-erasure": "exclusão concluída",
    "refuse-erasure": "pedido de exclusão recusado",
    "receive-request": "pedido do titular recebido",
    "decide-request": "pedido do titular decidido",
    "show-request": "consulta de um pedido do titular",
    "list-requests": "lista de pedidos dos titulares",
    "letter": "ofício ao titular",
    "hold": "preservação",
    "release-hold": "fim da preservação",
    "list-holds": "lista de preservações",
    "override-hold": "decisão sobre preservação, para uma exclusão",
    "prune": "descarte de vídeo iniciado",
    "drop-due-days": "descarte de eventos iniciado",
    "disposing": "descarte iniciado",
    "disposed": "descarte concluído, com número",
    "trim-spool": "descarte de eventos já entregues",
    "prune-dead-letters": "descarte de mensagens recusadas",
    "show": "consulta de uma disponibilização",
    "list": "lista de disponibilizações",
    "journal": "diário do registro",
    "check-journal": "verificação do diário",
    "list-erasures": "lista de exclusões",
    "erasure-documents": "documentos de uma exclusão",
    "search": "busca na auditoria",
    "report": "relatório da auditoria",
    "anomalies": "análise de indícios de uso indevido",
    "prove": "prova de um registro",
    "anchor": "ancoragem",
    "hand-over-key": "entrega da chave ao auditor",
}
"""Titles of `details.action`; others are shown as they are."""

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReportHead:
    """The lines above the tables.

    Attributes:
        institution: responsible for the cameras.
        month: such as ``2026-11``.
        made_ms: time of the report, milliseconds since 1970 UTC.
        zone: of all its times; None for the machine's.
        verified: what the verification of the audit found, in one clause.
    """

    institution: Institution
    month: str
    made_ms: int
    zone: tzinfo | None
    verified: str


@dataclass(frozen=True, slots=True)
class MonthNumbers:
    """The numbers of a month.

    Attributes:
        records: number of records; first, last: their sequences, 0 without any.
        by_operation: number by operation and outcome.
        by_purpose: number of searches by stated purpose; "" where none was stated.
        without_case: of these, number without a case number.
    """

    records: int
    first: int
    last: int
    by_operation: Mapping[str, Mapping[str, int]]
    by_purpose: Mapping[str, int]
    without_case: Mapping[str, int]


def month_numbers(records: Sequence[Record]) -> MonthNumbers:
    """The numbers of the records of a month."""
    by_operation: dict[str, Counter[str]] = {}
    by_purpose, without_case = Counter[str](), Counter[str]()
    for record in records:
        by_operation.setdefault(record["operation"], Counter())[record["outcome"]] += 1
        if is_search(record):
            by_purpose[record.get("purpose", "")] += 1
            without_case[record.get("purpose", "")] += "case" not in record
    first, last = (records[0]["sequence"], records[-1]["sequence"]) if records else (0, 0)
    return MonthNumbers(len(records), first, last, by_operation, by_purpose, without_case)


def is_search(record: Record) -> bool:
    """Whether a record is of a query."""
    return str(record["operation"]).endswith("-query")


@dataclass(frozen=True, slots=True)
class MonthlyReport:
    """The report before it is drawn.

    Attributes:
        title: of the report; institution: its name.
        facts: name and value, above everything.
        sections: in their order.
    """

    title: str
    institution: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]

    def html(self) -> str:
        """As a page that loads no resources."""
        parts = [table(("", ""), self.facts), *(one.html() for one in self.sections), SIGNATURE_LINE]
        return render_document(self.title, parts)

    def plain(self) -> dict[str, Any]:
        """For the template `report` of typeset documents."""
        return {
            "title": self.title,
            "institution": self.institution,
            "wide": True,
            "footer": self.title,
            "facts": [list(fact) for fact in self.facts],
            "sections": [one.plain() for one in self.sections],
        }


def monthly_report(records: Sequence[Record], head: ReportHead, further: Sequence[Section] = ()) -> MonthlyReport:
    """The report.

    Args:
        records: of the month, oldest first.
        head: the lines above the tables.
        further: sections about registers, which stand behind the numbers of the audit.
    """
    numbers = month_numbers(records)
    sections = [_operations(numbers), _searches(numbers), _refusals(records, head.zone), *further]
    for title, operations in _SECTIONS:
        rows = [record for record in records if record["operation"] in operations]
        sections.append(Section(title, _ROW_TITLES, [_row(record, head.zone) for record in rows]))
    own = [record for record in records if record["operation"] == LOG_OPERATION or "clock_set_back_ms" in record]
    rows_of_log = [_own_row(one, head.zone) for one in own]
    sections.append(Section("Ocorrências no próprio registro", ("Nº", "Data", "Ocorrência"), rows_of_log))
    year, month = head.month.split("-")
    name = head.institution.name or _NOT_STATED
    return MonthlyReport(f"Relatório mensal de auditoria: {month}/{year}", name, _facts(head, numbers), sections)


def _facts(head: ReportHead, numbers: MonthNumbers) -> tuple[tuple[str, str], ...]:
    range_ = f"nº {numbers.first} a nº {numbers.last}" if numbers.records else "nenhum registro neste mês"
    return (
        ("Instituição", head.institution.name or _NOT_STATED),
        ("Fundamento legal", head.institution.legal_grounds(_GROUNDS)),
        ("Emitido em", f"{moment(head.made_ms, head.zone)}; fuso das datas: {zone_name(head.zone)}"),
        ("Registros", f"{numbers.records}: {range_}" if numbers.records else range_),
        ("Verificação da auditoria", head.verified),
    )


def _operations(numbers: MonthNumbers) -> Section:
    rows = (
        (_title(Operation, operation), *(outcomes.get(outcome.value, 0) for outcome in _OUTCOMES))
        for operation, outcomes in sorted(numbers.by_operation.items(), key=lambda item: _title(Operation, item[0]))
        if operation != LOG_OPERATION
    )
    return Section("Operações", ("Operação", "Realizadas", "Recusadas", "Com falha"), list(rows))


def _searches(numbers: MonthNumbers) -> Section:
    rows = (
        (_title(Purpose, purpose) or _NOT_STATED, count, numbers.without_case[purpose])
        for purpose, count in sorted(numbers.by_purpose.items(), key=lambda item: (-item[1], item[0]))
    )
    return Section("Consultas por finalidade", ("Finalidade", "Consultas", "Sem número de processo"), list(rows))


def _refusals(records: Sequence[Record], zone: tzinfo | None) -> Section:
    rows = (
        (
            *_who_and_when(record, zone),
            _title(Operation, record["operation"]),
            record.get("policy", ""),
            record.get("reason", ""),
        )
        for record in records
        if record["outcome"] == Outcome.REFUSED.value
    )
    return Section("Recusas", ("Nº", "Data", "Pessoa", "Operação", "Regra", "Motivo"), list(rows))


_ROW_TITLES: Final = ("Nº", "Data", "Pessoa", "Operação", "Resultado", "Finalidade e processo", "Objeto")


def _row(record: Record, zone: tzinfo | None) -> tuple[object, ...]:
    stated = (_title(Purpose, record.get("purpose", "")), record.get("case", ""))
    grounds = "; ".join(text for text in stated if text) or _NOT_STATED
    outcome = _OUTCOMES[Outcome(record["outcome"])]
    return (
        *_who_and_when(record, zone),
        _title(Operation, record["operation"]),
        outcome,
        grounds,
        _subject(record, zone),
    )


def _who_and_when(record: Record, zone: tzinfo | None) -> tuple[object, ...]:
    person = record.get("account") or f"{record['system_user']} (usuário do sistema)"
    return record["sequence"], moment(parse_time(record["time"]), zone), person


def _subject(record: Record, zone: tzinfo | None) -> str:
    """Number, cameras, period and details of a record, in one cell."""
    details = record.get("details", {})
    action = str(details.get("action", details.get("form", "")))
    parts = [record.get("number", ""), _ACTIONS.get(action, action), str(details.get("by", ""))]
    if "cameras" in record:
        parts.append(f"câmeras: {', '.join(record['cameras'])}")
    if "from" in record or "to" in record:
        begin, end = (None if name not in record else parse_time(record[name]) for name in ("from", "to"))
        parts.append(f"período: {moment(begin, zone)} a {moment(end, zone)}")
    if "rows" in record:
        parts.append(f"linhas: {record['rows']}")
    return "; ".join(part for part in parts if part)


def _title(terms: type[LegalTerm], value: str) -> str:
    """The Portuguese title of a term; a value that is none, as it was stated."""
    found = next((term for term in terms if term == value), None)
    return value if found is None else found.portuguese


def _own_row(record: Record, zone: tzinfo | None) -> tuple[object, ...]:
    back = record.get("clock_set_back_ms")
    if record["operation"] != LOG_OPERATION:
        text = f"relógio atrasado em {back / 1000:.0f} s antes deste registro" if back is not None else ""
    elif record.get("details", {}).get("problem") == "missing":
        text = "faltavam registros no fim do registro de auditoria"
    else:
        text = "gravação interrompida de um registro; nada foi respondido"
    return record["sequence"], moment(parse_time(record["time"]), zone), text
