"""Camera addresses carry passwords; nothing that people or files see may.

The patterns count how far they look (500, 40 characters): a long line must not take time by the square of its length.
"""

from __future__ import annotations

import re

_SCHEME = r"[a-zA-Z][a-zA-Z0-9+.-]{0,30}:/{1,2}"  # One slash: an address that was taken for a path loses the other.
_USERINFO = re.compile(
    rf"(?P<scheme>{_SCHEME})(?:"
    # user:password@ - the password may hold quotes, blanks, slashes, even @: all up to the last @ of the line. Not an
    # "@ " (FFmpeg writes "[h264 @ 0x5581]"), not past the next address, and not where the colon begins a port.
    r"(?!\[)[^/\s'\":]*:(?!//|\d{1,5}(?:[^\w@:]|$))(?:(?!://)[^\n]){0,500}@(?!\s)"
    # The same after something that looks like a port: "admin:12345/x@cam" is a password with a slash in it.
    r"|[^/\s'\":]*:\d{1,5}[^\w\s@:'\"][^\s'\"]{0,500}@"
    r"|[^/\s'\"]*@)"
)
# A slash may come before the key: recorders of the XMEye family want rtsp://host/user=admin_password=…_channel=1.sdp.
_HIDDEN_VALUE = (
    r"(?P<key>[?&;/#](?:[\w.-]{0,40}"
    r"(?:pass|pwd|psw|token|secret|auth|key|user|usr|login|sig|cred|hdn|session|ticket|jwt|hmac)"
    r"[\w.-]{0,40}|u|p|un|us|ps|pw|sid)=)"
)
# In running text a quote ends the address, unless the value goes on behind it.
_SECRET_QUERY = re.compile(_HIDDEN_VALUE + r"(?:[^&\s'\"#;]|['\"](?=[\w%]))*", re.IGNORECASE)
_SECRET_IN_ADDRESS = re.compile(_HIDDEN_VALUE + r"[^&]*", re.IGNORECASE)
_WHOLE = re.compile(rf"\A(?:(?P<scheme>{_SCHEME})|(?=[^/]*:)).*@", re.DOTALL)


def redact(text: str) -> str:
    """Running `text` with user names, passwords and secret query values of every address in it replaced by ``***``.

    Rather too much is hidden than too little. Who holds nothing but an address calls `redact_address`.
    """
    while (hidden := _USERINFO.sub(r"\g<scheme>***@", text)) != text:
        text = hidden
    return _SECRET_QUERY.sub(r"\g<key>***", text)


def redact_address(address: str) -> str:
    """The one `address` with everything before its last ``@``, and its secret query values, replaced by ``***``.

    Whatever characters the password is made of; paths of files stay as they are.
    """
    return _SECRET_IN_ADDRESS.sub(r"\g<key>***", _WHOLE.sub(r"\g<scheme>***@", address, count=1))
