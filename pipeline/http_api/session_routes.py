"""Routes of log-ins: session, own account, personal tokens."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Final, Self

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, model_validator

from pipeline.app.people.identity import SessionCredential
from pipeline.app.people.log_in import end_token, new_token, own_tokens, sign_in, sign_out
from pipeline.domain.operation import Operation
from pipeline.domain.passkey import SecondFactor
from pipeline.domain.people import RegisteredPerson
from pipeline.domain.personal_token import LONGEST_TOKEN_MS, TOKEN_OPERATIONS, PersonalToken
from pipeline.domain.times import DAY_MS, format_utc
from pipeline.errors import NotLoggedIn, PolicyError, RegistryError
from pipeline.http_api.callers import (
    Caller,
    CallerOf,
    ServiceOf,
    client_address,
    cookie_of,
    csrf_token,
    session_of,
    set_session,
)
from pipeline.http_api.messages import AnswerBody, RequestBody
from pipeline.http_api.problems import RequestRefused, of_account, responses, with_body
from pipeline.http_api.service import Service

router = APIRouter(tags=["account"])
PASSKEY_COOKIE: Final = "viapublica-passkey"


class LogIn(RequestBody):
    """A log-in."""

    login: str = Field(description="Login of the account.", max_length=200)
    password: str = Field(description="Its password.", max_length=1024)
    code: str = Field(default="", description="The one-time code of the authenticator app.", max_length=16)
    passkey: str = Field(
        default="",
        description="In place of the code: JSON of the credential that navigator.credentials.get gave for the "
        "challenge of POST /session/passkey.",
        max_length=16_384,
    )

    @model_validator(mode="after")
    def _has_one_second_factor(self) -> Self:
        if bool(self.code) == bool(self.passkey):
            raise ValueError("give either code or passkey")
        return self


class AccountAnswer(AnswerBody):
    """The own account."""

    login: str
    name: str
    institution: str
    sector: str
    roles: list[str] = Field(description="Those that count now.")
    registered_until: str = Field(description="End of the registration, ISO 8601 in UTC.")
    trained_until: str | None = Field(description="End of the training's validity (decree 18.743/2014 art. 5 §4).")
    term_until: str | None = Field(description="End of the signed term's validity (art. 5 §5).")

    @classmethod
    def of(cls, person: RegisteredPerson, now_ms: int) -> AccountAnswer:
        """The answer about a person."""
        return cls(
            login=person.login,
            name=person.name,
            institution=person.institution,
            sector=person.sector,
            roles=[role.value for role in person.roles_at(now_ms)],
            registered_until=format_utc(person.validity.until_ms),
            trained_until=None if person.training is None else format_utc(person.training.until_ms),
            term_until=None if person.term is None else format_utc(person.term.until_ms),
        )


class SessionAnswer(AnswerBody):
    """An open session."""

    account: AccountAnswer
    csrf_token: str = Field(description="To be sent as X-CSRF-Token with every request that is not a GET.")
    ended_sessions: int = Field(default=0, description="Older sessions that this log-in ended: were they yours?")


class NewToken(RequestBody):
    """A personal token to create."""

    name: str = Field(description="Names the program that will use it.", min_length=1, max_length=100)
    operations: list[Operation] = Field(
        description=f"Of {', '.join(sorted(one.value for one in TOKEN_OPERATIONS))}.", min_length=1, max_length=50
    )
    days: int = Field(description="Days for which it counts.", ge=1, le=LONGEST_TOKEN_MS // DAY_MS)


class TokenAnswer(AnswerBody):
    """A personal token, without its secret."""

    token_id: int
    name: str
    operations: list[Operation]
    created: str
    expires: str
    last_used: str | None
    counts: bool = Field(description="False when it was withdrawn, has expired, or ended with the account.")

    @classmethod
    def of(cls, token: PersonalToken, now_ms: int) -> TokenAnswer:
        """The answer about a token."""
        return cls(
            token_id=token.token_id,
            name=token.name,
            operations=sorted(token.operations),
            created=format_utc(token.created_ms),
            expires=format_utc(token.expires_ms),
            last_used=None if token.last_used_ms is None else format_utc(token.last_used_ms),
            counts=token.counts(now_ms),
        )


class CreatedToken(AnswerBody):
    """A new token."""

    entry: TokenAnswer

    token: str = Field(description="The token itself, which is shown this once: Authorization: Bearer …")


class TokensAnswer(AnswerBody):
    """The own tokens."""

    tokens: list[TokenAnswer]


@router.post("/session", responses=with_body() | responses(HTTPStatus.CONFLICT))
def log_in(
    body: LogIn,
    request: Request,
    response: Response,
    service: ServiceOf,
    earlier: Annotated[SessionCredential | None, Depends(session_of)],
) -> SessionAnswer:
    """Log in with password and one-time code, or passkey.

    The session is a cookie. It ends after 30 minutes without use, after 12 hours, or when newer log-ins exceed two
    sessions of the account. An earlier session of the same browser ends.
    """
    address = client_address(request)
    service.limits.log_in(address)
    opened = service.registry.held_by(earlier)
    factor = second_factor(request, service, body.code, body.passkey)
    with service.limits.password():
        signed_in = sign_in(opened, body.login, body.password, factor, address)
    if earlier is not None:
        with suppress(NotLoggedIn):
            sign_out(opened, earlier)
    set_session(response, service, signed_in.token)
    request.state.account = signed_in.person.login
    return SessionAnswer(
        account=AccountAnswer.of(signed_in.person, service.now_ms),
        csrf_token=csrf_token(signed_in.token),
        ended_sessions=signed_in.ended_sessions,
    )


@router.get("/session", responses=of_account())
def session(caller: CallerOf, service: ServiceOf) -> SessionAnswer:
    """The open session, with its CSRF token."""
    credential = session_of_caller(caller)
    account = AccountAnswer.of(caller.person, service.now_ms)
    return SessionAnswer(account=account, csrf_token=csrf_token(credential.session))


@router.delete("/session", status_code=HTTPStatus.NO_CONTENT, responses=of_account())
def log_out(caller: CallerOf, service: ServiceOf, response: Response) -> None:
    """Log out: the session ends at the server, too."""
    sign_out(caller.registry, session_of_caller(caller))
    set_session(response, service, "")


@router.get("/account", responses=of_account())
def account(caller: CallerOf, service: ServiceOf) -> AccountAnswer:
    """The own account."""
    return AccountAnswer.of(caller.person, service.now_ms)


@router.get("/tokens", responses=of_account())
def tokens(caller: CallerOf, service: ServiceOf) -> TokensAnswer:
    """The own personal tokens, the newest first, ended ones included."""
    now_ms = service.now_ms
    return TokensAnswer(tokens=[TokenAnswer.of(one, now_ms) for one in own_tokens(caller.registry)])


@router.post("/tokens", status_code=HTTPStatus.CREATED, responses=with_body() | responses(HTTPStatus.CONFLICT))
def create_token(body: NewToken, caller: CallerOf, service: ServiceOf) -> CreatedToken:
    """Create a personal token for a program, for some operations and a limited time; each use is decided on as well."""
    now_ms = service.now_ms
    token, entry = new_token(caller.registry, body.name, body.operations, now_ms + body.days * DAY_MS)
    return CreatedToken(token=token, entry=TokenAnswer.of(entry, now_ms))


@router.delete(
    "/tokens/{token_id}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=of_account() | responses(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def withdraw_token(token_id: Annotated[int, Field(ge=1, lt=2**31)], caller: CallerOf) -> None:
    """Withdraw a personal token at once."""
    try:
        end_token(caller.registry, token_id)
    except RegistryError as error:
        raise RequestRefused(HTTPStatus.NOT_FOUND, f"{error.subject}: {error.problem}", error.fix) from None


def second_factor(request: Request, service: Service, code: str, passkey: str) -> SecondFactor:
    """The second factor of a log-in: a passkey's answer where there is one, else a one-time code.

    Args:
        request: has the cookie of the challenge, which is used up; service: of it; code, passkey: as sent.

    Raises:
        NotLoggedIn: no passkey was asked for in this browser.
    """
    return service.passkeys.proof(cookie_of(request, service, PASSKEY_COOKIE), passkey) if passkey else code


def session_of_caller(caller: Caller) -> SessionCredential:
    """The session by which a person is recognized.

    Raises:
        PolicyError: they act by a token.
    """
    if not isinstance(caller.credential, SessionCredential):
        raise PolicyError("personal token", "is no session", "Log in: POST /session")
    return caller.credential
