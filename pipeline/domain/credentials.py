"""Redaction of credentials in camera addresses and in text that contains them.

The patterns have bounded repetitions (500, 40 characters), so that matching a long line does not take quadratic time.
"""

from __future__ import annotations

import re

_SCHEME = r"[a-zA-Z][a-zA-Z0-9+.-]{0,30}:/{1,2}"  # One slash: normalizing an address as a path removes the other.
_USERINFO = re.compile(
    rf"(?P<scheme>{_SCHEME})(?:"
    # user:password@ - the password may contain quotes, blanks, slashes, @: all up to the last @ of the line. Not an
    # "@ " (FFmpeg writes "[h264 @ 0x5581]"), not past the next address, and not if the colon precedes a port.
    r"(?!\[)[^/\s'\":]*:(?!//|\d{1,5}(?:[^\w@:]|$))(?:(?!://)[^\n]){0,500}@(?!\s)"
    # The same after what resembles a port: in "admin:12345/x@cam" the password contains a slash.
    r"|[^/\s'\":]*:\d{1,5}[^\w\s@:'\"][^\s'\"]{0,500}@"
    r"|[^/\s'\"]*@)"
)
# A slash may precede the key: recorders of the XMEye family use rtsp://host/user=admin_password=…_channel=1.sdp.
_HIDDEN_VALUE = (
    r"(?P<key>[?&;/#](?:[\w.-]{0,40}"
    r"(?:pass|pwd|psw|token|secret|auth|key|user|usr|login|sig|cred|hdn|session|ticket|jwt|hmac)"
    r"[\w.-]{0,40}|u|p|un|us|ps|pw|sid)=)"
)
# In running text a quote ends the address, unless the value continues after it.
_SECRET_QUERY = re.compile(_HIDDEN_VALUE + r"(?:[^&\s'\"#;]|['\"](?=[\w%]))*", re.IGNORECASE)
_SECRET_IN_ADDRESS = re.compile(_HIDDEN_VALUE + r"[^&]*", re.IGNORECASE)
_KEYS = r"pass\w{0,20}|pwd|psw|pw|secret|token|auth\w{0,20}|senha|login|user\w{0,20}|usr"
# In a path "user:password" (not a number of up to two digits: "stream:1"), and the segment after "password".
_PATH_SECRET = (
    r"(?<=/)(?:(?P<name>(?:" + _KEYS + r")/)[^/\s?#'\"]{1,200}"
    r"|[^/\s:?#'\"*]{1,100}(?::|%3[Aa])(?!\d{1,2}(?:[/?#]|\Z))[^/\s?#'\"]{1,200})"
)
_IN_PATH = re.compile(_PATH_SECRET, re.IGNORECASE)
_ADDRESS_PATH = re.compile(
    rf"(?P<host>(?!file:){_SCHEME}[^/\s'\"]{{1,500}})(?P<path>/[^\s'\"]{{1,2000}})", re.IGNORECASE
)
# Without a scheme: "user:password@host", not within a path.
_NO_SCHEME = re.compile(r"(?<![\w/.*:@])[^\s/:'\"@*]{1,100}:(?!/)[^\s'\"@]{1,200}@(?=[\w\[])")
_LOST_SLASH = re.compile(
    r"(?<![\w.+-])(?P<scheme>(?:rtsp|rtmp|http|tcp|tls|udp|rtp|srt)s?:)/(?=[\w*\[])", re.IGNORECASE
)
_WHOLE = re.compile(rf"\A(?:(?P<scheme>{_SCHEME})|(?=[^/]*:)).*@", re.DOTALL)


def redact(text: str) -> str:
    """Replace user names, passwords and secret query values of all addresses in running `text` by ``***``.

    In doubt, more is redacted. Addresses that were normalized as paths get their second slash back. For a string that
    is a single address use `redact_address`.
    """
    while (hidden := _USERINFO.sub(r"\g<scheme>***@", text)) != text:
        text = hidden
    text = _ADDRESS_PATH.sub(_without_path_secrets, _NO_SCHEME.sub("***@", text))
    text = _LOST_SLASH.sub(r"\g<scheme>//", text)
    return _SECRET_QUERY.sub(r"\g<key>***", text)


def redact_address(address: str) -> str:
    """Replace everything before the last ``@`` of a single `address`, and its secret query values, by ``***``.

    The password may contain any characters; file paths are returned unchanged.
    """
    shown = _ADDRESS_PATH.sub(_without_path_secrets, _WHOLE.sub(r"\g<scheme>***@", address, count=1), count=1)
    return _SECRET_IN_ADDRESS.sub(r"\g<key>***", shown)


def redact_path(path: str) -> str:
    """Replace what may be a login among the segments of the path of an address by ``***``."""
    return _IN_PATH.sub(lambda found: f"{found['name'] or ''}***", path)


def _without_path_secrets(address: re.Match[str]) -> str:
    return address["host"] + redact_path(address["path"])
