"""Camera addresses carry passwords; nothing that people or files see may."""

from __future__ import annotations

import re

_USERINFO = re.compile(
    r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)"
    # The second form is a password with a slash in it: no such address works, but its error must not tell it.
    r"(?:[^/\s@'\"]*(?:@[^/\s@'\"]*)*@|[^/\s@'\":]*:(?!\d{1,5}[/?#])[^\s@'\"]*@)"
)
# A slash may come before the key: recorders of the XMEye family want rtsp://host/user=admin_password=…_channel=1.sdp.
_SECRET_QUERY = re.compile(
    r"(?P<key>[?&;/](?:[\w.-]*(?:pass|pwd|password|token|secret|auth|key|user|usr|login|sig)[\w.-]*)=)[^&\s'\"#;]*",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """`text` with user names, passwords and secret query values of every address in it replaced by ``***``."""
    return _SECRET_QUERY.sub(r"\g<key>***", _USERINFO.sub(r"\g<scheme>***@", text))
