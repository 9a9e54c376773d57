"""Routes of passkeys: challenges for devices, registration, list and removal."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import Field

from pipeline.app.people.passkeys import Passkey, own_passkeys, remove_passkey
from pipeline.domain.times import format_utc
from pipeline.http_api.callers import CallerOf, ServiceOf, client_address, set_own_cookie
from pipeline.http_api.messages import AnswerBody, RequestBody
from pipeline.http_api.own_account_routes import RenewedSession, renewed
from pipeline.http_api.problems import of_account, responses, with_body
from pipeline.http_api.session_routes import PASSKEY_COOKIE, session_of_caller

router = APIRouter(tags=["account"])
_COOKIE_S: Final = 300
_CODE: Final = "A one-time code of the authenticator app, given again."


class PasskeyOptions(AnswerBody):
    """What the browser asks the device."""

    options: dict[str, Any] = Field(
        description="For PublicKeyCredential.parseRequestOptionsFromJSON or parseCreationOptionsFromJSON (WebAuthn)."
    )


class NewPasskeyBody(RequestBody):
    """A passkey that a device made."""

    name: str = Field(description="Names the device.", min_length=1, max_length=60)
    passkey: str = Field(
        description="JSON of the credential that navigator.credentials.create gave.", min_length=2, max_length=16_384
    )
    password: str = Field(description="Of the account, given again.", max_length=1024)
    code: str = Field(description=_CODE, max_length=16)


class PasskeyToRemove(RequestBody):
    """A passkey that shall count no more."""

    passkey_id: str = Field(description="One of GET /account/passkeys.", pattern=r"^[0-9a-f]{16}$")
    password: str = Field(description="Of the account, given again.", max_length=1024)
    code: str = Field(description=_CODE, max_length=16)


class PasskeyAnswer(AnswerBody):
    """A passkey of the own account."""

    passkey_id: str
    name: str
    created: str
    last_used: str | None

    @classmethod
    def of(cls, one: Passkey) -> PasskeyAnswer:
        """As it is answered."""
        return cls(
            passkey_id=one.passkey_id,
            name=one.name,
            created=format_utc(one.created_ms),
            last_used=None if one.last_used_ms is None else format_utc(one.last_used_ms),
        )


class PasskeysAnswer(AnswerBody):
    """The passkeys, the oldest first."""

    passkeys: list[PasskeyAnswer]


@router.post("/session/passkey", responses=with_body() | responses(HTTPStatus.CONFLICT))
def log_in_options(request: Request, response: Response, service: ServiceOf) -> PasskeyOptions:
    """Ask for a challenge to log in with a passkey in place of the one-time code; it counts once, for 5 minutes."""
    service.limits.log_in(client_address(request))
    browser, options = service.passkeys.begin_log_in()
    set_own_cookie(response, service, PASSKEY_COOKIE, browser, samesite="strict", max_age_s=_COOKIE_S)
    return PasskeyOptions(options=options)


@router.post("/account/passkeys/options", responses=of_account() | responses(HTTPStatus.CONFLICT))
def registration_options(caller: CallerOf, service: ServiceOf) -> PasskeyOptions:
    """Ask for a challenge to register a passkey; it counts once, for 5 minutes, in this session."""
    return PasskeyOptions(options=service.passkeys.begin_registration(caller.registry, session_of_caller(caller)))


@router.get("/account/passkeys", responses=of_account())
def passkeys(caller: CallerOf) -> PasskeysAnswer:
    """List the own passkeys, the oldest first."""
    return PasskeysAnswer(passkeys=[PasskeyAnswer.of(one) for one in own_passkeys(caller.registry)])


@router.post("/account/passkeys", responses=with_body() | responses(HTTPStatus.CONFLICT))
def add(
    body: NewPasskeyBody, request: Request, response: Response, caller: CallerOf, service: ServiceOf
) -> RenewedSession:
    """Register a passkey, by which its owner can log in beside their password."""
    with service.limits.password():
        made = service.passkeys.register(
            caller.registry,
            session_of_caller(caller),
            name=body.name,
            answer=body.passkey,
            password=body.password,
            code=body.code,
            origin=client_address(request),
        )
    return renewed(response, service, made)


@router.post("/account/passkeys/remove", responses=with_body() | responses(HTTPStatus.CONFLICT))
def remove(
    body: PasskeyToRemove, request: Request, response: Response, caller: CallerOf, service: ServiceOf
) -> RenewedSession:
    """Remove a passkey at once, such as of a lost device."""
    with service.limits.password():
        made = remove_passkey(
            caller.registry,
            session_of_caller(caller),
            body.passkey_id,
            password=body.password,
            code=body.code,
            origin=client_address(request),
        )
    return renewed(response, service, made)
