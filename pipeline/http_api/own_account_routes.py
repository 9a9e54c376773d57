"""Routes of the own log-in: open sessions and their end, password, notices."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import Field

from pipeline.app.people.own_account import (
    AccountNotice,
    NoticeKind,
    OpenSession,
    Renewed,
    change_password,
    end_sessions,
    own_notices,
    own_sessions,
    see_notices,
)
from pipeline.domain.times import format_utc
from pipeline.http_api.callers import CallerOf, ServiceOf, client_address, csrf_token, set_session
from pipeline.http_api.messages import AnswerBody, RequestBody
from pipeline.http_api.problems import of_account, responses, with_body
from pipeline.http_api.service import Service
from pipeline.http_api.session_routes import session_of_caller

router = APIRouter(tags=["account"])
_CODE: Final = "A one-time code of the authenticator app, given again."


class OwnSession(AnswerBody):
    """An open session of the own account."""

    session_id: str = Field(description="Names it; it opens no session.")
    origin: str = Field(description="Address that it was opened from.")
    opened: str
    last_used: str = Field(description="Within three minutes.")
    own: bool = Field(description="Whether it is the one that asks.")

    @classmethod
    def of(cls, one: OpenSession) -> OwnSession:
        """As it is answered."""
        return cls(
            session_id=one.session_id,
            origin=one.origin,
            opened=format_utc(one.opened_ms),
            last_used=format_utc(one.last_used_ms),
            own=one.own,
        )


class OwnSessions(AnswerBody):
    """The open sessions, the oldest first."""

    sessions: list[OwnSession]


class SessionsToEnd(RequestBody):
    """Which sessions shall end."""

    code: str = Field(description=_CODE, max_length=16)
    session_id: str | None = Field(
        default=None,
        description="One of GET /sessions. Without it all sessions, personal tokens and subscribed devices end.",
        pattern=r"^[0-9a-f]{16}$",
    )


class NewPassword(RequestBody):
    """A change of the password."""

    password: str = Field(description="The present one.", max_length=1024)
    new_password: str = Field(description="That shall count: 12 to 128 characters.", max_length=1024)
    code: str = Field(description=_CODE, max_length=16)


class RenewedSession(AnswerBody):
    """What was changed; the cookie has a new id."""

    ended_sessions: int = Field(description="Number of sessions that it ended.")
    csrf_token: str = Field(description="Of the session's new id; empty when it ended, too.")


class NoticeAnswer(AnswerBody):
    """A notice about the log-in of the own account."""

    notice_id: int
    kind: NoticeKind
    origin: str = Field(description="Address that it came from; empty where it is not known.")
    at: str
    seen: bool

    @classmethod
    def of(cls, one: AccountNotice) -> NoticeAnswer:
        """As it is answered."""
        return cls(
            notice_id=one.notice_id,
            kind=one.kind,
            origin=one.origin,
            at=format_utc(one.at_ms),
            seen=one.seen_ms is not None,
        )


class NoticesAnswer(AnswerBody):
    """The last notices, the newest first."""

    notices: list[NoticeAnswer]


class SeenNotices(RequestBody):
    """Notices that were read."""

    until_id: int = Field(description="The newest one that was read.", ge=1, lt=2**31)


@router.get("/sessions", responses=of_account())
def sessions(caller: CallerOf) -> OwnSessions:
    """List the open sessions of the own account, the oldest first."""
    found = own_sessions(caller.registry, session_of_caller(caller))
    return OwnSessions(sessions=[OwnSession.of(one) for one in found])


@router.post("/sessions/end", responses=with_body() | responses(HTTPStatus.CONFLICT))
def end(
    body: SessionsToEnd, request: Request, response: Response, caller: CallerOf, service: ServiceOf
) -> RenewedSession:
    """End one session of the own account, or log out everywhere, such as after a theft."""
    made = end_sessions(
        caller.registry,
        session_of_caller(caller),
        session_id=body.session_id or "",
        code=body.code,
        origin=client_address(request),
    )
    return renewed(response, service, made)


@router.post("/account/password", responses=with_body() | responses(HTTPStatus.CONFLICT))
def new_password(
    body: NewPassword, request: Request, response: Response, caller: CallerOf, service: ServiceOf
) -> RenewedSession:
    """Change the own password; all other sessions, tokens and subscribed devices of the account end."""
    credential = session_of_caller(caller)
    with service.limits.password():
        made = change_password(
            caller.registry,
            credential,
            password=body.password,
            new=body.new_password,
            code=body.code,
            origin=client_address(request),
        )
    return renewed(response, service, made)


@router.get("/account/notices", responses=of_account())
def notices(caller: CallerOf) -> NoticesAnswer:
    """List what happened to the own log-in: changes, and attempts of others."""
    return NoticesAnswer(notices=[NoticeAnswer.of(one) for one in own_notices(caller.registry)])


@router.post("/account/notices/seen", status_code=HTTPStatus.NO_CONTENT, responses=with_body())
def seen(body: SeenNotices, caller: CallerOf) -> None:
    """Note that notices were read."""
    see_notices(caller.registry, body.until_id)


def renewed(response: Response, service: Service, made: Renewed) -> RenewedSession:
    """Give the browser the new id of its session."""
    set_session(response, service, made.token)
    return RenewedSession(ended_sessions=made.ended, csrf_token=csrf_token(made.token) if made.token else "")
