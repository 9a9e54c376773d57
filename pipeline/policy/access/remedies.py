"""Things that a refused request can be given: case number, approval, training, and the office to ask for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from pipeline.domain.account import AccountState
from pipeline.domain.role import Role
from pipeline.domain.times import HOUR_MS
from pipeline.policy.access.request import AccessRequest, Approval


@dataclass(frozen=True, slots=True)
class Contact:
    """The office or person to ask, in English and Portuguese."""

    english: str
    portuguese: str


_SECTOR: Final = Contact("the administration of your sector", "a administração do seu setor")
GENERAL_ADMINISTRATION: Final = Contact("the general administration", "a administração geral")
_APPROVER: Final = Contact(
    "a sector administrator or the general administration", "um administrador setorial ou a administração geral"
)
_CASE: Final = Contact("the authority in charge of the case", "a autoridade responsável pelo processo")
_OWNER: Final = Contact(
    "the body that the cameras or records belong to", "o órgão titular das câmeras ou dos registros"
)
PRIVACY_OFFICER: Final = Contact("the data-protection officer", "o encarregado pelo tratamento de dados pessoais")

_Applied: TypeAlias = Callable[[AccessRequest], AccessRequest]


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing that a request can be given.

    Attributes:
        english, portuguese: as the end of "missing: …".
        contact: the office to ask; None where the person can do it alone.
        applied: the request with it; the same request where it has it already.
    """

    english: str
    portuguese: str
    contact: Contact | None
    applied: _Applied


def _with_state(changed: Callable[[AccountState, int], AccountState]) -> _Applied:
    """A remedy of the account's state, from the state and an hour later than now."""

    def applied(request: AccessRequest) -> AccessRequest:
        state = changed(request.account.state, request.now_ms)
        if state == request.account.state:
            return request
        return replace(request, account=replace(request.account, state=state))

    return applied


def _later(until_ms: int | None, now_ms: int) -> int:
    return until_ms if until_ms is not None and until_ms > now_ms else now_ms + HOUR_MS


def _registered(state: AccountState, now_ms: int) -> AccountState:
    return replace(
        state, valid_from_ms=min(state.valid_from_ms, now_ms), valid_until_ms=_later(state.valid_until_ms, now_ms)
    )


def _contracted(state: AccountState, now_ms: int) -> AccountState:
    if not state.contractor and state.contract_until_ms is None:
        return state
    return replace(state, contract_until_ms=_later(state.contract_until_ms, now_ms))


def _active(state: AccountState, now_ms: int) -> AccountState:
    return replace(state, last_used_ms=max(state.last_used_ms, now_ms - HOUR_MS))


def _with_case(request: AccessRequest) -> AccessRequest:
    if request.case_number and request.is_case_well_formed:
        return request
    return replace(request, case_number="0000", case_format=r"\d{4}")


def _with_agreement(request: AccessRequest) -> AccessRequest:
    account, target = request.account, request.target
    unit = f"{account.institution}/{account.sector}"
    if unit == f"{target.institution}/{target.sector}" or {unit, account.institution} <= target.shared_with:
        return request
    return replace(request, target=replace(target, shared_with=target.shared_with | {unit}))


def _in_that_body(request: AccessRequest) -> AccessRequest:
    account, target = request.account, request.target
    return replace(request, account=replace(account, institution=target.institution, sector=target.sector))


def other_person(request: AccessRequest) -> str:
    """The key of a person who does not exist and is not the one who asks."""
    return f"{request.account.person}.second"


def _by_another(request: AccessRequest) -> AccessRequest:
    return replace(request, own_interest=False, concerned=other_person(request) if request.concerned else "")


def _naming_concerned(request: AccessRequest) -> AccessRequest:
    return request if request.concerned else replace(request, concerned=other_person(request))


def _approved(request: AccessRequest) -> AccessRequest:
    approval = Approval(
        person=other_person(request),
        role=Role.SECTOR_ADMINISTRATOR,
        institution=request.account.institution,
        operation=request.operation,
        case_number=request.case_number,
        until_ms=request.now_ms + HOUR_MS,
    )
    return replace(request, approval=approval)


REMEDIES: Final = (
    Remedy(
        "the second factor of this session: log in again",
        "o segundo fator desta sessão: autentique-se novamente",
        None,
        _with_state(lambda state, _: replace(state, second_factor=True)),
    ),
    Remedy(
        "a valid training",
        "treinamento válido",
        _SECTOR,
        _with_state(lambda state, now_ms: replace(state, trained_until_ms=_later(state.trained_until_ms, now_ms))),
    ),
    Remedy(
        "a signed term of secrecy and confidentiality that is valid",
        "Termo de Sigilo e Confidencialidade firmado e válido",
        _SECTOR,
        _with_state(lambda state, now_ms: replace(state, term_until_ms=_later(state.term_until_ms, now_ms))),
    ),
    Remedy("a registration that is valid now", "cadastro vigente", _SECTOR, _with_state(_registered)),
    Remedy("a registered contract in force", "contrato vigente registrado", _SECTOR, _with_state(_contracted)),
    Remedy("reactivation of the idle account", "reativação da conta sem uso", _SECTOR, _with_state(_active)),
    Remedy(
        "an account that is activated and not suspended",
        "conta ativada e não suspensa",
        _SECTOR,
        _with_state(lambda state, _: replace(state, suspended=False)),
    ),
    Remedy(
        "a case number in the format of your institution",
        "número do processo no formato da sua instituição",
        _CASE,
        _with_case,
    ),
    Remedy(
        "the person concerned, named in the request",
        "indicação da pessoa de que trata o pedido",
        None,
        _naming_concerned,
    ),
    Remedy("another person who does it", "outra pessoa que o faça", GENERAL_ADMINISTRATION, _by_another),
    Remedy(
        "an agreement on sharing, registered for your sector",
        "convênio de compartilhamento cadastrado para o seu setor",
        GENERAL_ADMINISTRATION,
        _with_agreement,
    ),
    Remedy(
        "a person of the institution and sector that it belongs to, who does it",
        "pessoa da instituição e do setor a que pertence, que o faça",
        _OWNER,
        _in_that_body,
    ),
    Remedy(
        "an approved installation project",
        "projeto de instalação aprovado",
        GENERAL_ADMINISTRATION,
        lambda request: replace(request, target=replace(request.target, project_approved=True)),
    ),
    Remedy(
        "an end of the cooperation's suspension",
        "fim da suspensão da cooperação",
        GENERAL_ADMINISTRATION,
        lambda request: replace(request, target=replace(request.target, suspended=False)),
    ),
    Remedy(
        "the partner's prior defence, recorded",
        "prévia defesa do parceiro, registrada",
        GENERAL_ADMINISTRATION,
        lambda request: replace(request, defence_heard=True),
    ),
    Remedy(
        "a standing order that is in force, or none",
        "ordem permanente em vigor, ou nenhuma",
        _APPROVER,
        lambda request: replace(request, standing_order=None),
    ),
    # Last, because an approval is of the case and the institution that the request has then.
    Remedy(
        "the approval of this request by a second person",
        "aprovação deste pedido por uma segunda pessoa",
        _APPROVER,
        _approved,
    ),
)
