"""Network addresses of sources: login, host and path are separated before any variable is filled in.

Sources: RFC 3986 for the parts of an address, RFC 7617 for user names without a colon.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote

from pipeline.domain.credentials import redact_address, redact_path

__all__ = [
    "VARIABLE",
    "BadAddress",
    "NetworkAddress",
    "check_slashes",
    "fill_address",
    "is_loopback",
    "is_network_address",
    "split_address",
]

VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""``${NAME}``; it contains none of the characters that separate the parts of an address."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_WITHOUT_SLASHES: Final = re.compile(r"(rtsps?|https?|rtmps?|srt|udp|rtp):(?!//)", re.IGNORECASE)
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?\]")
_PLAIN_HOST: Final = re.compile(r"[\w.-]{1,253}|\[?[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9._-]{1,32})?\]?")
_UNLIKE_PATHS: Final = re.compile(
    r"@|(?:^|/)\[?(?:\d{1,3}\.){3}\d{1,3}\]?(?=[:/]|$)|[?&;](?:\w{0,20}(?:pass|pwd|psw|secret|token|auth|senha))\w{0,20}=",
    re.IGNORECASE,
)
_WRITTEN_SECRET: Final = re.compile(
    r"[?&;/#_](?:\w{0,20}(?:pass|pwd|psw|secret|token|auth|cred|jwt|senha)\w{0,20}|p|ps|pw)=(?=[^&_;#\s])",
    re.IGNORECASE,
)
"""A value of a key that holds passwords, also as recorders write it: ``user=a_password=b``."""
_HOST_VALUE: Final = re.compile(rf"(?:{_HOST.pattern})(?::[0-9]{{1,5}})?")
_ENCODED: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_LOGIN_SAFE: Final = "!$&'()*+,;=:"
"""Characters that a user name and a password may contain as they are (RFC 3986, userinfo)."""
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f]")
_WHERE_LOGINS_GO: Final = (
    "Give the login beside the address, as user and password_env or password_file; elsewhere write @ as %40"
)


class BadAddress(ValueError):
    """An address that is malformed or can be read in two ways; never quotes it.

    Args:
        problem: what is wrong, in one clause.
        fix: what to do about it.
    """

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem, fix)
        self.problem = problem
        self.fix = fix


@dataclass(frozen=True, slots=True)
class NetworkAddress:
    """An address in its parts.

    Attributes:
        scheme: in lower case.
        login: ``user:password``, percent-encoded; None without one. Never displayed.
        host: a name, an IPv4 address, or an IPv6 address in brackets.
        port: None for the default of the scheme.
        rest: path, query and fragment, as written.
    """

    scheme: str
    login: str | None = field(repr=False)
    host: str
    port: int | None
    rest: str = field(repr=False)

    @property
    def text(self) -> str:
        """The whole address, with its login."""
        login = "" if self.login is None else f"{self.login}@"
        return f"{self.scheme}://{login}{self.endpoint}{self.rest}"

    @property
    def endpoint(self) -> str:
        """``host`` or ``host:port``: where the connection goes."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def shown(self) -> str:
        """For display, without credentials."""
        return redact_address(self.text)

    def with_login(self, user: str, password: str) -> NetworkAddress:
        """The same address with another login; both texts are encoded here.

        Raises:
            BadAddress: the user name is empty or contains a colon, or one of them contains a control character.
        """
        if not user or ":" in user:
            problem = "contains a colon" if user else "is empty"
            raise BadAddress(f"the user name {problem}", "Give the user name of the camera, without the password")
        for name, text in (("user name", user), ("password", password)):
            if any(ord(char) < 0x20 or ord(char) == 0x7F for char in text):
                raise BadAddress(f"the {name} contains a line break or another control character", "Remove it")
        return replace(self, login=f"{_encoded(user)}:{_encoded(password)}")


def is_network_address(text: str) -> bool:
    """Whether `text` begins with ``scheme://``, and not with ``file://``."""
    match = _SCHEME.match(text)
    return match is not None and match[1].lower() != "file"


def is_loopback(host: str) -> bool:
    """Whether a host, an IPv6 address also in brackets, is this machine by its name or address alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_slashes(text: str) -> None:
    """Check that a path is not meant as an address: ``http:/host/path`` would be taken for a file, login and all.

    Raises:
        BadAddress: it begins with the scheme of a stream, without the two slashes.
    """
    if found := _WITHOUT_SLASHES.match(text):
        raise BadAddress(f"{found[1]}: is not followed by //", f"Did you mean {found[1].lower()}://host:port/path?")


def check_path(text: str) -> None:
    """Check that the path of a file that does not exist is not an address whose scheme was forgotten, login and all.

    Raises:
        BadAddress: it has an ``@``, a password, or the number of a host in it.
    """
    if _UNLIKE_PATHS.search(text):
        raise BadAddress(
            "the source has no scheme and names no file that exists, and may hold a login or a host",
            "Write an address with its scheme, such as rtsp://host/path, and the login beside it, as user and "
            "password_env or password_file; or let a file exist before it is named",
        )


def check_written(text: str) -> None:
    """Check that an address that is to be written into a file holds no password but in variables (``${NAME}``).

    Raises:
        BadAddress: it holds one, or may.
    """
    rest = VARIABLE.sub("", text).partition("://")[2]
    authority, path = _authority(rest)
    login = authority.rpartition("@")[0]
    if (
        "@" in path
        or login.partition(":")[2]
        or (login and not VARIABLE.search(text))
        or _WRITTEN_SECRET.search(path)
        or redact_path(path) != path
    ):
        raise BadAddress(
            "the address contains a login, which would be written into the configuration",
            "Give the address without it, with --user and --password-env or --password-file; where the camera wants it "
            "in the path or the query, write the password as a variable: ${CAMERA_PASSWORD}",
        )


def check_host(text: str) -> str:
    """A host name or an IP address, without scheme, login, port and path; returned as it is.

    Raises:
        ValueError: it is none; the message does not quote it.
    """
    if not _PLAIN_HOST.fullmatch(text):
        raise ValueError("is no host name or address: write it without scheme, login and path")
    return text


def check_host_port(text: str) -> str:
    """``host:port``, see `check_host`; returned as it is.

    Raises:
        ValueError: it is none.
    """
    host, _, port = text.rpartition(":")
    check_host(host)
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise ValueError("is no host:port: the port is a number from 1 to 65535")
    return text


def split_address(text: str) -> NetworkAddress:
    """The parts of an address, its login percent-encoded.

    The authority ends at the first ``/``, ``?`` or ``#``. An ``@`` after that is refused: the text before it may be
    the rest of a password, and then the real host would be another one than a reader sees.

    Raises:
        BadAddress: no scheme, no host, a bad port, a backslash before the path, or an ``@`` outside the login.
    """
    match = _SCHEME.match(text)
    if match is None:
        raise BadAddress("the address has no scheme", "Write it as rtsp://host:port/path")
    scheme, (authority, rest) = match[1].lower(), _authority(text[match.end() :])
    if "@" in rest:
        raise BadAddress("the address contains an @ after a /, ? or #, so its host is not certain", _WHERE_LOGINS_GO)
    if _CONTROL.search(rest):
        raise BadAddress("the path contains a blank or a control character", "Write a blank as %20")
    if "\\" in authority:
        raise BadAddress(
            "the address contains a backslash before its path, so its host is not certain",
            "Write a / as /, and a backslash of a login as %5C",
        )
    login, at, endpoint = authority.rpartition("@")
    host, port = _host_and_port(endpoint, scheme)
    return NetworkAddress(scheme, _cleaned(login) if at else None, host, port, rest)


def fill_address(template: str, values: Mapping[str, str]) -> str:
    """`template` with each ``${NAME}`` replaced, such that no value changes another part than its own.

    A value in the login is percent-encoded, and so is one in the path or the query, where it is a single segment. A
    value in the place of the host must be a host, or a host and a port. A template that is nothing but one variable is
    replaced by its value as it stands.

    Args:
        template: an address or a path.
        values: the text of each variable; one that is missing counts as empty.

    Raises:
        BadAddress: a value does not fit its place. The message names the variable, never its value.
    """
    whole = VARIABLE.fullmatch(template)
    if whole is not None:
        return values.get(whole[1], "")
    match = _SCHEME.match(template)
    if match is None:
        return _filled_path(template, values)
    authority, rest = _authority(template[match.end() :])
    login, at, endpoint = authority.rpartition("@")
    return "".join(
        (
            template[: match.end()],
            _filled_login(login, values) + at,
            VARIABLE.sub(lambda found: _host_value(found[1], values), endpoint),
            VARIABLE.sub(lambda found: _segment_value(found[1], values), rest),
        )
    )


def _authority(text: str) -> tuple[str, str]:
    end = re.search(r"[/?#]", text)
    return (text, "") if end is None else (text[: end.start()], text[end.start() :])


def _host_and_port(endpoint: str, scheme: str) -> tuple[str, int | None]:
    host = _HOST.match(endpoint)
    if host is None:
        raise BadAddress("the address names no host", f"Write it as {scheme}://host:port/path")
    after = endpoint[host.end() :]
    if after in {"", ":"}:
        return host[0], None
    if not re.fullmatch(r":[0-9]{1,5}", after) or not 1 <= int(after[1:]) <= 65535:
        raise BadAddress(
            "the port of the address is not a number from 1 to 65535",
            f"Write it as {scheme}://host:port/path; give a login beside it, as user and password_env or password_file",
        )
    return host[0], int(after[1:])


def _encoded(text: str) -> str:
    return quote(text, safe=_LOGIN_SAFE.replace(":", ""), encoding="utf-8", errors="surrogateescape")


def _cleaned(login: str) -> str:
    """A login as written in an address: what is encoded stays so, everything else that must be is encoded."""
    parts, at = [], 0
    for found in _ENCODED.finditer(login):
        parts += [quote(login[at : found.start()], safe=_LOGIN_SAFE, errors="surrogateescape"), found[0]]
        at = found.end()
    return "".join((*parts, quote(login[at:], safe=_LOGIN_SAFE, errors="surrogateescape")))


def _filled_login(login: str, values: Mapping[str, str]) -> str:
    whole = VARIABLE.fullmatch(login)
    if whole is not None and ":" in values.get(whole[1], ""):
        user, _, password = values[whole[1]].partition(":")
        return f"{_encoded(user)}:{_encoded(password)}"
    return VARIABLE.sub(lambda found: _encoded(values.get(found[1], "")), login)


def _host_value(name: str, values: Mapping[str, str]) -> str:
    value = values.get(name, "")
    if not _HOST_VALUE.fullmatch(value):
        raise BadAddress(
            f"the variable {name} stands in the place of the host and is no host name or address",
            "Set it to a name or an address, without user, password and path",
        )
    return value


def _segment_value(name: str, values: Mapping[str, str]) -> str:
    value = values.get(name, "")
    if value in {".", ".."}:
        raise BadAddress(f"the variable {name} would change the path of the address", "Set it to a plain name")
    return quote(value, safe="", errors="surrogateescape")


def _filled_path(template: str, values: Mapping[str, str]) -> str:
    filled = VARIABLE.sub(lambda found: values.get(found[1], ""), template)
    if _SCHEME.match(filled):
        raise BadAddress(
            "a variable makes an address of it",
            "Write the scheme and the host before the variable, or let one variable hold the whole address",
        )
    return filled
