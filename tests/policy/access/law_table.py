"""What the law forbids, written from the acts and not from the policies; with the duties in `duties.py`.

Each prohibition quotes the act in Portuguese. Where the act is silent and the program forbids, the quotation is empty
and the reason is in decision 0044.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from pipeline.domain.account import InstitutionKind
from pipeline.domain.material import Material
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role
from pipeline.policy.access.request import AccessRequest
from tests.policy.access.duties import DUTIES, LIVE, USES

_PLATE_QUERIES: Final = {Operation.PLATE_QUERY, Operation.JOURNEY_QUERY}
_SEARCHES: Final = {Operation.PATTERN_QUERY, Operation.CONVOY_QUERY, Operation.CLONE_QUERY, Operation.BULK_QUERY}
_CAMERA_RUNS: Final = {Operation(name) for name in LIVE.split()}
_SECOND_PERSON: Final = _SEARCHES | {
    Operation.PLATE_LIST,
    Operation.SHARING,
    Operation.DISCLOSURE,
    Operation.HOLD_RELEASE,
    Operation.ERASURE,
    Operation.BREAK_GLASS,
}
_WITH_CASE: Final = (
    _PLATE_QUERIES
    | _SEARCHES
    | {
        Operation.PLATE_LIST,
        Operation.RECORDING_TO_MEDIA,
        Operation.TREATMENT,
        Operation.DISCLOSURE,
        Operation.HOLD,
        Operation.HOLD_RELEASE,
        Operation.ERASURE,
        Operation.SUBJECT_REQUEST,
    }
)
_CASE_PURPOSES: Final = {
    Purpose.CRIMINAL_INVESTIGATION,
    Purpose.INTELLIGENCE,
    Purpose.REQUISITION,
    Purpose.PROCEEDING,
    Purpose.SUBJECT_REQUEST,
    Purpose.PRESERVATION,
}
_UNDER_AGREEMENT: Final = (
    _PLATE_QUERIES
    | _SEARCHES
    | {
        Operation.MONITORING,
        Operation.RETRIEVAL,
        Operation.TREATMENT,
        Operation.PLATE_LIST,
        Operation.ALERT_REVIEW,
        Operation.INCIDENT,
        Operation.COUNT_QUERY,
        Operation.EXPORT,
        Operation.HOLD,
    }
)
_IN_EMERGENCY: Final = _PLATE_QUERIES | {
    Operation.MONITORING,
    Operation.RETRIEVAL,
    Operation.ALERT_REVIEW,
    Operation.HOLD,
}
_ON_PERSONS: Final = {
    Operation.PERMISSION,
    Operation.ACCOUNT_REGISTRATION,
    Operation.ACCOUNT_SUSPENSION,
    Operation.APPROVAL,
}
_DAY_MS: Final = 86_400_000


class Prohibition(NamedTuple):
    """A rule that forbids, whatever else allows."""

    name: str
    quotation: str
    forbids: Callable[[AccessRequest], bool]


def _without_duty(request: AccessRequest) -> bool:
    role, operation = request.account.role, request.operation
    if operation.value not in DUTIES[role].split():
        return True
    return role == Role.OPERATOR and operation in _PLATE_QUERIES and request.break_glass is None


def _without_use(request: AccessRequest) -> bool:
    if request.purpose is None:
        return True
    if request.operation == Operation.APPROVAL:
        return False
    words, operation = USES[request.purpose].split(), request.operation.value
    served = operation in words or f"{operation}:{request.concerned_material.value}" in words
    only_in_emergency = (
        request.purpose == Purpose.VIOLENCE_PREVENTION
        and request.operation in _PLATE_QUERIES | {Operation.ALERT_REVIEW}
    ) or (request.purpose == Purpose.CRISIS and request.operation == Operation.ALERT_REVIEW)
    return not served or (only_in_emergency and request.break_glass is None)


def _in_another_body(request: AccessRequest) -> bool:
    account, target = request.account, request.target
    if account.institution == target.institution:
        return False
    bodies = {account.institution, f"{account.institution}/{account.sector}"}
    agreed = request.operation in _UNDER_AGREEMENT and bool(bodies & target.shared_with)
    general = account.role in {Role.GENERAL_ADMINISTRATOR, Role.AUDITOR, Role.DATA_PROTECTION_OFFICER}
    return not agreed and not (account.central and general)


def _in_another_sector(request: AccessRequest) -> bool:
    account, target = request.account, request.target
    if account.institution != target.institution or account.sector == target.sector:
        return False
    if account.role not in {Role.OBSERVER, Role.OPERATOR, Role.SECTOR_ADMINISTRATOR}:
        return False
    agreed = request.operation in _UNDER_AGREEMENT and f"{account.institution}/{account.sector}" in target.shared_with
    return not agreed and not (request.operation in _IN_EMERGENCY and request.break_glass is not None)


def _is_foreign(request: AccessRequest) -> bool:
    account, target = request.account, request.target
    return (account.institution, account.sector) != (target.institution, target.sector)


def _at_sensitive_place(request: AccessRequest) -> bool:
    about_plates = request.concerned_material == Material.PLATES
    exception = request.operation == Operation.PLATE_QUERY and request.purpose in {
        Purpose.CRIMINAL_INVESTIGATION,
        Purpose.REQUISITION,
        Purpose.MUNICIPAL_PROPERTY,
    }
    return request.target.sensitive and about_plates and not (exception and bool(request.case_number))


def _without_case(request: AccessRequest) -> bool:
    needed = (
        request.operation in _WITH_CASE
        or request.purpose in _CASE_PURPOSES
        or (request.operation == Operation.EXPORT and request.concerned_material == Material.PLATES)
    )
    return needed and not (request.case_number or request.standing_order or request.break_glass)


def _without_second_person(request: AccessRequest) -> bool:
    ordered = request.operation in _SEARCHES and request.standing_order is not None
    return request.operation in _SECOND_PERSON and request.approval is None and not ordered


def _with_wrong_approval(request: AccessRequest) -> bool:
    approval = request.approval
    if approval is None:
        return False
    roles = {Role.SECTOR_ADMINISTRATOR, Role.GENERAL_ADMINISTRATOR}
    if request.operation in {Operation.ERASURE, Operation.HOLD_RELEASE}:
        roles |= {Role.DATA_PROTECTION_OFFICER}
    if request.operation == Operation.DISCLOSURE:
        roles |= {Role.DISCLOSURE_OFFICER}
    right = (
        approval.person.casefold() != request.account.person.casefold()
        and approval.role in roles
        and (approval.central or approval.institution == request.account.institution)
        and (approval.operation, approval.case_number) == (request.operation, request.case_number)
        and request.now_ms < approval.until_ms
    )
    return not right


def _with_wrong_order(request: AccessRequest) -> bool:
    order = request.standing_order
    if order is None:
        return False
    right = (
        request.operation in _SEARCHES
        and order.operation == request.operation
        and order.ordered_by != request.account.person
        and order.from_ms <= request.now_ms < order.until_ms
    )
    return not right


def _with_wrong_emergency(request: AccessRequest) -> bool:
    opened = request.break_glass
    purposes = {Purpose.CRISIS, Purpose.VIOLENCE_PREVENTION, Purpose.CRIMINAL_INVESTIGATION}
    if opened is None:
        return False
    right = (
        request.operation in _IN_EMERGENCY
        and request.purpose in purposes
        and opened.first == request.account.person != opened.second
        and opened.opened_ms <= request.now_ms < opened.until_ms
        and opened.until_ms - opened.opened_ms <= _DAY_MS / 3
    )
    return not right


def _has_ended(until_ms: int | None, request: AccessRequest) -> bool:
    return until_ms is None or until_ms <= request.now_ms


def _is_partner(request: AccessRequest) -> bool:
    return request.account.kind == InstitutionKind.PARTNER


PROHIBITIONS: Final = (
    Prohibition("duty", "ser restrito a pessoas devidamente capacitadas e cadastradas", _without_duty),
    Prohibition("use", "tendo utilização exclusivamente para o objeto do presente Decreto", _without_use),
    Prohibition(
        "left",
        "que, por qualquer motivo for afastado de suas funções, deverá ter seu “login” de usuário desativado",
        lambda request: request.account.state.left,
    ),
    Prohibition(
        "suspended", "tomar as medidas administrativas e judiciais cabíveis", lambda one: one.account.state.suspended
    ),
    Prohibition(
        "registration",
        "pessoal habilitado, devidamente autorizado e cadastrado no SisVídeo",
        lambda one: one.now_ms < one.account.state.valid_from_ms or _has_ended(one.account.state.valid_until_ms, one),
    ),
    Prohibition(
        "training",
        "Os operadores receberão treinamento específico",
        lambda one: _has_ended(one.account.state.trained_until_ms, one),
    ),
    Prohibition(
        "term",
        "devem firmar Termo de Sigilo e Confidencialidade",
        lambda one: _has_ended(one.account.state.term_until_ms, one),
    ),
    Prohibition(
        "contract",
        "aplicam-se de igual modo a terceiros, contratados e subcontratados",
        lambda one: (
            (one.account.state.contractor or one.account.state.contract_until_ms is not None)
            and _has_ended(one.account.state.contract_until_ms, one)
        ),
    ),
    Prohibition("idle", "", lambda one: one.now_ms - one.account.state.last_used_ms >= 90 * _DAY_MS),
    Prohibition(
        "second factor",
        "sujeitas à autenticação através de “login” pessoal e intransferível",
        lambda one: not one.account.state.second_factor,
    ),
    Prohibition(
        "central",
        "A administração geral e o gerenciamento central do SisVideo",
        lambda one: one.account.role == Role.GENERAL_ADMINISTRATOR and not one.account.central,
    ),
    Prohibition("institution", "o Ceic, do GP, deverá figurar como partícipe", _in_another_body),
    Prohibition("sector", "no âmbito dos respectivos órgãos", _in_another_sector),
    Prohibition(
        "primacy",
        "preservando a primazia do controle e movimentação das câmeras aos órgãos da administração setorizada",
        lambda one: one.operation == Operation.CAMERA_MOVEMENT and _is_foreign(one),
    ),
    Prohibition(
        "registration by the own administration",
        "Cabe à administração setorizada dos órgãos que integram o SisVídeo, efetuar o cadastramento",
        lambda one: (
            one.account.role == Role.GENERAL_ADMINISTRATOR
            and one.operation in {Operation.ACCOUNT_REGISTRATION, Operation.PERMISSION}
            and one.target.has_local_unit
            and _is_foreign(one)
        ),
    ),
    Prohibition(
        "partners see their own",
        "Não, apenas as imagens compartilhadas pela sua empresa.",
        lambda one: _is_partner(one) and one.account.institution != one.target.institution,
    ),
    Prohibition(
        "partners only watch",
        "O COP-BH não cede imagens ao cidadão.",
        lambda one: _is_partner(one) and (one.operation, one.account.role) != (Operation.MONITORING, Role.OBSERVER),
    ),
    Prohibition(
        "security",
        "para as investigações policiais em repressão de condutas criminosas",
        lambda one: (
            one.purpose in {Purpose.POLICING, Purpose.CRIMINAL_INVESTIGATION, Purpose.INTELLIGENCE}
            and one.account.kind != InstitutionKind.SECURITY
        ),
    ),
    Prohibition(
        "oneself",
        "",
        lambda one: one.operation in _ON_PERSONS and one.concerned in {"", one.account.person},
    ),
    Prohibition(
        "own interest",
        "para benefício ou interesse próprio, ou ainda de pessoas de sua convivência",
        lambda one: one.own_interest,
    ),
    Prohibition("case", "", _without_case),
    Prohibition("format of the case", "", lambda one: bool(one.case_number) and not one.is_case_well_formed),
    Prohibition("second person", "", _without_second_person),
    Prohibition("approval", "", _with_wrong_approval),
    Prohibition("standing order", "", _with_wrong_order),
    Prohibition("emergency", "", _with_wrong_emergency),
    Prohibition(
        "defence",
        "poderá, garantida a prévia defesa, aplicar ao ente proponente as seguintes sanções",
        lambda one: one.operation == Operation.SANCTION and not one.defence_heard,
    ),
    Prohibition(
        "suspended camera",
        "suspensão temporária da participação na cooperação técnica",
        lambda one: one.operation in _CAMERA_RUNS and one.target.suspended,
    ),
    Prohibition(
        "project",
        "Qualquer novo projeto de instalação de sistemas de videomonitoramento",
        lambda one: one.operation in _CAMERA_RUNS and not one.target.project_approved,
    ),
    Prohibition(
        "plates",
        "placas de veículos em locais de vias públicas ou entradas de estacionamentos privados",
        lambda one: one.concerned_material == Material.PLATES and not one.target.plates_allowed,
    ),
    Prohibition("sensitive", "salvo se indispensáveis à elucidação da prática de", _at_sensitive_place),
    Prohibition(
        "identifiable disclosure",
        "evitar a identificação de indivíduos, identificação de placas de veículos",
        lambda one: (
            one.concerned_material in {Material.ORIGINAL_VIDEO, Material.PLATES}
            and (
                (one.operation == Operation.DISCLOSURE and one.purpose != Purpose.REQUISITION)
                or (one.operation == Operation.SHARING and one.purpose == Purpose.PUBLIC_INTEREST)
            )
        ),
    ),
    Prohibition(
        "research",
        "deverão receber tratamento a fim de que sejam excluídas ou ofuscadas toda e qualquer informação pessoal",
        lambda one: (
            one.account.role == Role.RESEARCHER_LIAISON
            and one.concerned_material not in {Material.ANONYMIZED_VIDEO, Material.COUNTS}
        ),
    ),
    Prohibition(
        "benchmarks",
        "tenham acesso aos dados do sistema ou imagens captadas em tempo real",
        lambda one: one.account.role == Role.BENCHMARK_ENGINEER and one.concerned_material != Material.MEASUREMENTS,
    ),
)


def prohibitions_of(request: AccessRequest) -> list[str]:
    """Names of the prohibitions that a request meets."""
    return [one.name for one in PROHIBITIONS if one.forbids(request)]
