"""OpenID Connect with a directory: authorization code with PKCE, ID token and back-channel log-out, verified.

Sources: OpenID Connect Core 1.0 (3.1), Discovery 1.0 and Back-Channel Logout 1.0, RFC 7636 (PKCE), RFC 9207 (issuer of
an answer), RFC 9700 (best current practice).
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from pipeline.directories.settings import DirectorySettings
from pipeline.domain.directory_identity import DirectoryIdentity
from pipeline.errors import NotLoggedIn, StoreError

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""Of signatures by a private key: neither ``none`` nor one that the client's secret would verify."""
_ADDRESSES: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_FRESH_S: Final = 3600.0
"""So long what a directory publishes about itself is used."""
_KEYS_AGAIN_S: Final = 60.0
"""So often unknown keys make its keys be asked for again."""
_LEEWAY_S: Final = 60
"""Difference of the clocks of two machines."""
_LOG_OUT: Final = "http://schemas.openid.net/event/backchannel-logout"
_LOG_OUT_S: Final = 120
"""So old a token of a log-out may be; the specification recommends two minutes."""
_FIX: Final = "Log in by password, and notify your administration"


@dataclass(frozen=True, slots=True)
class BegunLogIn:
    """A log-in that a browser was sent to a directory for.

    Attributes:
        address: that the browser is sent to.
        state: names the log-in in the directory's answer; nonce: in its token.
        verifier: proves that the code is used by who asked for it (PKCE).
    """

    address: str
    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """A log-out that a directory states.

    Attributes:
        identity: of the person; token_id: of the token, which counts once.
    """

    identity: DirectoryIdentity
    token_id: str


class OpenIdDirectory:
    """A directory. May be used by several threads.

    Args:
        settings: of it; returns_to: address of the server that it sends people back to.
        now_s: seconds since 1970, for tests.
    """

    def __init__(self, settings: DirectorySettings, returns_to: str, now_s: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self._returns_to, self._now_s = returns_to, now_s
        self._lock = threading.Lock()
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def begin(self) -> BegunLogIn:
        """Where to send a browser, and what its return is compared with.

        Raises:
            StoreError: the directory does not answer, or is not the one that is configured.
        """
        metadata, nonce = self._published(), secrets.token_urlsafe(32)
        verifier = secrets.token_urlsafe(48)
        with self._client() as client:
            address, state = client.create_authorization_url(
                metadata["authorization_endpoint"], nonce=nonce, code_verifier=verifier
            )
        return BegunLogIn(address, state, nonce, verifier)

    def finish(self, begun: BegunLogIn, code: str, issuer: str | None) -> DirectoryIdentity:
        """Exchange the code that a browser brought back for the identity of its person.

        Args:
            begun: the log-in; code: of the answer; issuer: that the answer names, None without.

        Raises:
            NotLoggedIn: the code or the token is refused; the text does not quote them.
            StoreError: the directory does not answer.
        """
        metadata = self._published()
        named = metadata.get("authorization_response_iss_parameter_supported") is True
        if issuer != self.settings.issuer and (named or issuer is not None):
            raise self._refused("its answer names another issuer")
        with self._client() as client:
            try:
                token = client.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=begun.verifier,
                    timeout=self.settings.timeout_s,
                    allow_redirects=False,
                )
            except AuthlibBaseError:
                raise self._refused("it does not take the code any more") from None
            except (requests.RequestException, ValueError) as error:
                raise self._away(error) from None
        return DirectoryIdentity(self.settings.issuer, self._subject(token, begun.nonce))

    def log_out_address(self, returns_to: str) -> str | None:
        """Where a browser ends the session with the directory; None where it offers none, or does not answer.

        Args:
            returns_to: where the directory sends the browser back to.
        """
        try:
            address = self._published().get("end_session_endpoint")
        except StoreError:
            return None
        if not isinstance(address, str) or not self._is_safe(address):
            return None
        values = {"client_id": self.settings.client_id, "post_logout_redirect_uri": returns_to}
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(values)}"

    def logged_out(self, encoded: str) -> LoggedOut:
        """The person of a token by which the directory reports their log-out.

        Args:
            encoded: the token, as it was sent.

        Raises:
            NotLoggedIn: it is none of this directory to this client, or too old; the text does not quote it.
            StoreError: the directory does not answer.
        """
        try:
            token = self._verified(encoded)
            claims = token.claims
            self._registry(jti={"essential": True}, events={"essential": True}).validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise self._refused(f"its token does not count ({type(error).__name__})") from None
        events, now_s = claims["events"], self._now_s()
        if (
            str(token.header.get("typ", "")).lower() != "logout+jwt"
            or "nonce" in claims  # an ID token is no log-out
            or not isinstance(events, dict)
            or _LOG_OUT not in events
            or now_s - claims["iat"] > _LOG_OUT_S + _LEEWAY_S
        ):
            raise self._refused("its token is none of a log-out, or too old")
        return LoggedOut(DirectoryIdentity(self.settings.issuer, self._named(claims)), str(claims["jti"]))

    def _subject(self, token: Any, nonce: str) -> str:
        """The subject of an answer's ID token, once all that it claims is right."""
        encoded = token.get("id_token") if isinstance(token, dict) else None
        if not isinstance(encoded, str):
            raise self._refused("its answer has no ID token")
        try:
            claims = self._verified(encoded).claims
            self._registry(nonce={"essential": True, "value": nonce}).validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise self._refused(f"its ID token does not count ({type(error).__name__})") from None
        audience, party = claims["aud"], claims.get("azp", self.settings.client_id)
        if party != self.settings.client_id or (
            isinstance(audience, list) and len(audience) > 1 and "azp" not in claims
        ):
            raise self._refused("its ID token was issued to another client")
        return self._named(claims)

    def _named(self, claims: Mapping[str, Any]) -> str:
        """The subject of a token, which is a text that names a person."""
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise self._refused("its token names no person")
        return claims["sub"]

    def _registry(self, **more: jwt.ClaimsOption) -> jwt.JWTClaimsRegistry:
        """What the claims of every token of this directory must be, and more."""
        return jwt.JWTClaimsRegistry(
            now=lambda: int(self._now_s()),
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            **more,
        )

    def _verified(self, encoded: str) -> jwt.Token:
        """A token with a right signature; unknown keys make the directory's keys be asked for again."""
        try:
            return jwt.decode(encoded, self._key_set(_FRESH_S), algorithms=list(ALGORITHMS))
        except (JoseError, ValueError):
            return jwt.decode(encoded, self._key_set(_KEYS_AGAIN_S), algorithms=list(ALGORITHMS))

    def _key_set(self, fresh_s: float) -> KeySet:
        with self._lock:
            if self._keys is None or not 0 <= self._now_s() - self._keys[0] < fresh_s:
                found = self._fetched(self._published_locked()["jwks_uri"])
                try:
                    self._keys = (self._now_s(), KeySet.import_key_set(found))  # type: ignore[arg-type]
                except (JoseError, ValueError, KeyError, TypeError) as error:
                    raise self._away(error) from None
            return self._keys[1]

    def _published(self) -> dict[str, Any]:
        with self._lock:
            return self._published_locked()

    def _published_locked(self) -> dict[str, Any]:
        if self._metadata is None or not 0 <= self._now_s() - self._metadata[0] < _FRESH_S:
            found = self._fetched(f"{self.settings.issuer}/.well-known/openid-configuration")
            if found.get("issuer") != self.settings.issuer:
                raise StoreError(
                    f"directory {self.settings.name}", "says that it is another issuer", "Correct server.directories"
                )
            if any(not isinstance(found.get(one), str) or not self._is_safe(found[one]) for one in _ADDRESSES):
                raise StoreError(
                    f"directory {self.settings.name}", "publishes addresses that are not https", "Correct the directory"
                )
            self._metadata = (self._now_s(), found)
        return self._metadata[1]

    def _fetched(self, address: str) -> dict[str, Any]:
        try:
            answer = requests.get(
                address, timeout=self.settings.timeout_s, allow_redirects=False, verify=self._authorities()
            )
            found = answer.json() if answer.status_code == 200 else None
        except (requests.RequestException, ValueError) as error:
            raise self._away(error) from None
        if not isinstance(found, dict):
            raise self._away(ValueError())
        return found

    def _client(self) -> OAuth2Session:
        client = OAuth2Session(
            self.settings.client_id,
            self.settings.secret.secret(),
            scope="openid",
            redirect_uri=self._returns_to,
            code_challenge_method="S256",
        )
        client.verify = self._authorities()
        return client

    def _authorities(self) -> str | bool:
        return str(self.settings.ca_file) if self.settings.ca_file else True

    def _is_safe(self, address: str) -> bool:
        """Whether an address that the directory publishes is as protected as its own."""
        scheme = urlsplit(address).scheme
        return scheme == "https" or (scheme == "http" and urlsplit(self.settings.issuer).scheme == "http")

    def _refused(self, why: str) -> NotLoggedIn:
        return NotLoggedIn(
            f"directory {self.settings.name}", why, "Begin again; if it stays so, notify your administration"
        )

    def _away(self, error: Exception) -> StoreError:
        return StoreError(f"directory {self.settings.name}", f"does not answer ({type(error).__name__})", _FIX)
