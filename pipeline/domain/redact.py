"""Camera addresses carry passwords; nothing that people or files see may."""

from __future__ import annotations

import re

_USERINFO = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@'\"]*(?:@[^/\s@'\"]*)*@")
_SECRET_QUERY = re.compile(
    r"(?P<key>[?&;](?:[\w.-]*(?:pass|pwd|password|token|secret|auth|key|user|login|sig)[\w.-]*)=)[^&\s'\"#;]*",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """`text` with user names, passwords and secret query values of every address in it replaced by ``***``."""
    return _SECRET_QUERY.sub(r"\g<key>***", _USERINFO.sub(r"\g<scheme>***@", text))
