"""The page of the own account: who one is here, notices, sessions and password."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Response

from pipeline.app.people.own_account import NoticeKind
from pipeline.console.catalogues import source
from pipeline.console.pages import ACCOUNT, gone_to, section_page, seen
from pipeline.console.problem_pages import LOG_IN, PageRoute
from pipeline.console.visits import Visit, VisitOf, checked
from pipeline.domain.role import Role
from pipeline.domain.times import parse_time
from pipeline.http_api import own_account_routes, passkey_routes, session_routes
from pipeline.http_api.problems import InvalidRequest

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix=ACCOUNT)
NOTICES: Final = {
    NoticeKind.PASSWORD: source("A senha foi alterada."),
    NoticeKind.DIRECTORY: source("A administração ligou ou desligou a entrada pelo órgão."),
    NoticeKind.TOKEN: source("Um token pessoal foi criado."),
    NoticeKind.PASSKEY_ADDED: source("Uma chave de acesso foi cadastrada."),
    NoticeKind.PASSKEY_REMOVED: source("Uma chave de acesso foi retirada."),
    NoticeKind.CODE_REFUSED: source("Alguém passou pela senha ou pelo órgão e errou o segundo fator."),
    NoticeKind.LOCKED: source("Tentativas erradas bloquearam a entrada a partir desse endereço por 15 minutos."),
}


@router.get("")
def account(visit: VisitOf) -> Response:
    """The own account."""
    caller, service = visit.caller, visit.service
    values: dict[str, Any] = {
        "account": session_routes.account(caller, service),
        "roles": {one.value: visit.reader.term(one) for one in Role},
        "notices": own_account_routes.notices(caller).notices,
        "notice_words": NOTICES,
        "sessions": own_account_routes.sessions(caller).sessions,
        "passkeys": passkey_routes.passkeys(caller).passkeys,
        "passkeys_possible": service.passkeys.are_possible,
        "parsed": parse_time,
    }
    return section_page("account.html", visit, "", **values)


@router.post("/password")
def new_password(visit: VisitOf) -> Response:
    """Change the password; the other sessions end."""
    typed = _fields(visit, "password", "new_password", "code")
    if _fields(visit, "repeated")["repeated"] != typed["new_password"]:
        raise InvalidRequest("new password", "was typed differently the second time", "Type it again")
    body = checked(own_account_routes.NewPassword, typed)
    answer = gone_to(visit.request, ACCOUNT)
    own_account_routes.new_password(body, visit.request, answer, visit.caller, visit.service)
    return answer


@router.post("/sessions")
def end_session(visit: VisitOf) -> Response:
    """End another session, or all: the person is logged out then."""
    session_id = visit.form.text("session") or None
    body = checked(own_account_routes.SessionsToEnd, {"code": visit.form.text("code"), "session_id": session_id})
    answer = gone_to(visit.request, ACCOUNT if session_id else LOG_IN)
    own_account_routes.end(body, visit.request, answer, visit.caller, visit.service)
    return answer


@router.post("/passkeys")
def add_passkey(visit: VisitOf) -> Response:
    """Register the passkey that the browser's device made."""
    body = checked(passkey_routes.NewPasskeyBody, _fields(visit, "name", "passkey", "password", "code"))
    answer = gone_to(visit.request, ACCOUNT)
    passkey_routes.add(body, visit.request, answer, visit.caller, visit.service)
    return answer


@router.post("/passkeys/remove")
def remove_passkey(visit: VisitOf) -> Response:
    """Remove a passkey."""
    body = checked(passkey_routes.PasskeyToRemove, _fields(visit, "passkey_id", "password", "code"))
    answer = gone_to(visit.request, ACCOUNT)
    passkey_routes.remove(body, visit.request, answer, visit.caller, visit.service)
    return answer


@router.post("/notices")
def see_notices(visit: VisitOf) -> Response:
    """Note that the notices were read."""
    body = checked(own_account_routes.SeenNotices, {"until_id": visit.form.text("until")})
    own_account_routes.seen(body, visit.caller)
    return seen(ACCOUNT)


def _fields(visit: Visit, *names: str) -> dict[str, str]:
    """Fields as typed: a password may begin with a space."""
    return {name: visit.form.fields.get(name, [""])[0] for name in names}
