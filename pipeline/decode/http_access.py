"""HTTP and HTTPS addresses of a camera: verified certificates, and no request to any other host.

FFmpeg opens ordinary addresses itself, without following redirections. Playlists (HLS) name further addresses; each of
them, and each redirection, is requested here, where the host is checked first.
"""

from __future__ import annotations

import io
import math
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

import av

from pipeline.decode.camera_hosts import MAX_REDIRECTIONS, TOO_MANY, CameraHosts, origin
from pipeline.decode.http_answers import MalformedAnswer, TimedAnswers, malformed_answers_named
from pipeline.decode.input_options import NetworkOptions
from pipeline.decode.playlist_segments import PlaylistSegments
from pipeline.domain.credentials import redact_address

_MAX_BYTES: Final = 64 << 20
"""Of a playlist, key or segment; ten seconds of 50 Mbit/s."""
_CA_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)
"""Authorities of the operating system; the FFmpeg in PyAV's wheels does not find them by itself."""
_AES_BLOCK: Final = 16


class UntrustedCertificate(Exception):
    """The certificate of a camera cannot be verified; the message says why."""


def tls_options(network: NetworkOptions) -> dict[str, str]:
    """FFmpeg's options that verify a certificate and its host name, unless that is switched off."""
    if network.insecure:
        return {"tls_verify": "0"}
    options = {"tls_verify": "1"}
    if bundle := _ca_file(network):
        options["ca_file"] = bundle
    if network.server_name:
        options["verifyhost"] = network.server_name
    return options


def _ca_file(network: NetworkOptions) -> str | None:
    if network.ca_file is not None:
        return str(network.ca_file)
    known = (ssl.get_default_verify_paths().cafile, *_CA_BUNDLES)
    return next((path for path in known if path and Path(path).is_file()), None)


def check_certificate(url: str, network: NetworkOptions, timeout_s: float) -> None:
    """Find out whether the certificate is why a camera cannot be opened.

    Raises:
        UntrustedCertificate: it is.
    """
    host, _, port = origin(urlsplit(url)).rpartition(":")
    try:
        with (
            socket.create_connection((host, int(port)), timeout_s) as plain,
            certificate_context(network).wrap_socket(plain, server_hostname=host),
        ):
            return
    except ssl.SSLCertVerificationError as error:
        raise UntrustedCertificate(error.verify_message) from None
    except (OSError, UnicodeError):
        return


class HttpAccess:
    """Requests of one session to one camera.

    Args:
        url: the camera's address, with its credentials.
        network: certificates and hosts that are allowed besides its own.
        timeout_s: of connecting and of each read.
        limit_s: of one request from its beginning to the last byte of its answer, and of all until `opened`.
        segments: notes what playlists and segments give; None without playlists.
    """

    def __init__(
        self,
        url: str,
        network: NetworkOptions,
        timeout_s: float,
        limit_s: float,
        segments: PlaylistSegments | None = None,
    ) -> None:
        parts = urlsplit(url)
        self._segments = segments
        self._url = url
        self._opened_until_s = time.monotonic() + limit_s
        self._timeout_s = timeout_s
        self._hosts = CameraHosts(url, network)
        self._answers = TimedAnswers(limit_s, certificate_context(network))
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), _NoRedirection(), *_login_handlers(parts), *self._answers.handlers()
        )

    def io_open(self, url: str, flags: int, options: Mapping[str, str]) -> IO[bytes]:  # noqa: ARG002
        """Content of an address in a playlist, for `av.open`.

        Raises:
            ForeignHost: it, or a redirection, is at a host that is not allowed.
            UntrustedCertificate: of that host.
            MalformedAnswer: the address or the answer is not valid.
            OSError: it cannot be requested; an `av.FFmpegError` where the answer says why.
        """
        if time.monotonic() > self._opened_until_s:
            raise av.error.ExitError(5, "its playlists refer to further ones without end")
        encrypted = url.startswith(("crypto:", "crypto+"))
        url = url[len("crypto+") :] if encrypted else url
        data = self._content(url, options)
        if self._segments is not None:
            self._segments.note(url, data)
        with malformed_answers_named():
            return io.BytesIO(_decrypted(data, options) if encrypted else data)

    def opened(self) -> None:
        """The playlist is open: from now on requests may go on for ever."""
        self._opened_until_s = math.inf

    def redirection(self) -> str | None:
        """The address that the camera's own one redirects to, checked; None where it does not.

        Raises:
            ForeignHost: it is at a host that is not allowed.
            MalformedAnswer: the answer is not valid, or redirects for ever.
        """
        url = self._url
        for _ in range(MAX_REDIRECTIONS):
            try:
                with self._answer(url, {}):
                    return None if url == self._url else self._hosts.with_login(url)
            except _Redirected as found:
                url = found.url
        raise MalformedAnswer(TOO_MANY)

    def _content(self, url: str, options: Mapping[str, str]) -> bytes:
        for _ in range(MAX_REDIRECTIONS + 1):
            try:
                with self._answer(url, options) as answer:
                    data = bytes(answer.read(_MAX_BYTES + 1))
            except _Redirected as found:
                url = found.url
                continue
            except TimeoutError as error:
                raise av.error.ExitError(5, f"{type(error).__name__}") from error
            if len(data) > _MAX_BYTES:
                raise av.error.InvalidDataError(1, f"more than {_MAX_BYTES} bytes", redact_address(url))
            return data
        raise MalformedAnswer(TOO_MANY)

    @contextmanager
    def _answer(self, url: str, options: Mapping[str, str]) -> Iterator[Any]:
        """One answer; its connection is closed at the end, whatever it was."""
        self._answers.begin()
        try:
            with malformed_answers_named():
                yield self._request(url, options)
        finally:
            self._answers.close()

    def _request(self, url: str, options: Mapping[str, str]) -> Any:
        parts = self._hosts.check(url)
        first, last = int(options.get("offset", 0) or 0), int(options.get("end_offset", 0) or 0)
        headers = {"Range": f"bytes={first}-{last - 1 if last > first else ''}"} if first or last else {}
        plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        try:
            request = urllib.request.Request(plain, headers=headers)  # noqa: S310 - the scheme was checked
            return self._opener.open(request, timeout=self._timeout_s)
        except (HTTPException, UnicodeError):
            raise
        except ValueError:  # of the handlers of 401: nothing else remains
            raise MalformedAnswer("it asks for a login in a form that is not supported") from None
        except urllib.error.HTTPError as error:
            if location := (error.headers.get("Location") if 300 <= error.code < 400 else None):
                raise _Redirected(self._hosts.joined(url, location)) from None
            raise _http_error(error, redact_address(url)) from None
        except urllib.error.URLError as error:
            if isinstance(error.reason, ssl.SSLCertVerificationError):
                raise UntrustedCertificate(error.reason.verify_message) from None
            reason = error.reason if isinstance(error.reason, OSError) else OSError(5, str(error.reason))
            raise reason from None


class _Redirected(Exception):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """Leaves redirections to the caller, who checks their host, without reading where they lead."""

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> None:
        """See `urllib.request.HTTPRedirectHandler`."""

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _login_handlers(parts: SplitResult) -> tuple[urllib.request.BaseHandler, ...]:
    if parts.username is None:
        return ()
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    own = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"
    passwords.add_password(None, own, unquote(parts.username), unquote(parts.password or ""))
    return urllib.request.HTTPDigestAuthHandler(passwords), urllib.request.HTTPBasicAuthHandler(passwords)


def certificate_context(network: NetworkOptions) -> ssl.SSLContext:
    """Verifies the certificate of a camera and its host name, unless that is switched off."""
    context = ssl.create_default_context(cafile=_ca_file(network))
    if network.insecure:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    elif network.server_name:
        # `http.client` knows no other name than the address's.
        context = _NamedContext.of(context, network.server_name)
    return context


class _NamedContext(ssl.SSLContext):
    """A context that verifies certificates against a given name instead of the address."""

    name: str

    @classmethod
    def of(cls, plain: ssl.SSLContext, name: str) -> _NamedContext:
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=b"".join(plain.get_ca_certs(binary_form=True)))
        context.name = name
        return context

    def wrap_socket(self, sock: Any, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        """See `ssl.SSLContext`."""
        return super().wrap_socket(sock, *args, **{**kwargs, "server_hostname": self.name})


def _http_error(error: urllib.error.HTTPError, shown: str) -> av.FFmpegError:
    kinds = {
        401: av.error.HTTPUnauthorizedError,
        403: av.error.HTTPForbiddenError,
        404: av.error.HTTPNotFoundError,
    }
    fallback = av.error.HTTPServerError if error.code >= 500 else av.error.HTTPOtherClientError
    return kinds.get(error.code, fallback)(error.code, f"HTTP status {error.code}", shown)


def _decrypted(data: bytes, options: Mapping[str, str]) -> bytes:
    """An HLS segment under AES-128 (RFC 8216 section 4.3.2.4)."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # of an extra

    key, iv = bytes.fromhex(options["key"]), bytes.fromhex(options["iv"])
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    plain = decryptor.update(data[: len(data) // _AES_BLOCK * _AES_BLOCK]) + decryptor.finalize()
    return plain[: -plain[-1]] if plain and 1 <= plain[-1] <= _AES_BLOCK else plain
