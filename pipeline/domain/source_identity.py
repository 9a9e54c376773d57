"""Identity of a source: the address without what does not change which camera it names, and its digest."""

from __future__ import annotations

import hashlib
import posixpath
import re
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from pipeline.domain.credentials import redact_address

_DEFAULT_PORTS: Final = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443, "rtmp": 1935, "rtmps": 443}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_USERINFO = re.compile(r"\A([A-Za-z][A-Za-z0-9+.-]*://)[^\n]*@")


def normalized_source(source: str) -> str:
    """An address in a form that is equal for spellings of one source; never with credentials.

    Scheme, host and path in lower case, without user, password, default port, secret query values, fragment, doubled
    and trailing slashes; query keys sorted. A path of a file is made absolute by the caller and returned unchanged.
    """
    match = _SCHEME.match(source)
    if match is None:
        return source
    scheme = match[1].lower()
    if scheme == "file":
        return unquote(urlsplit(source).path)
    address = redact_address(_USERINFO.sub(r"\1", source.strip()))
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").rstrip("."), parts.port or _DEFAULT_PORTS.get(scheme)
    except ValueError:
        return address.lower()
    host = f"[{host}]" if ":" in host else host
    path = posixpath.normpath("/" + unquote(parts.path).lower().strip("/"))
    query = "&".join(f"{key}={value}" for key, value in sorted(parse_qsl(parts.query.lower(), keep_blank_values=True)))
    return f"{scheme}://{host}:{port}/{path.lstrip('/')}" + (f"?{query}" if query else "")


def source_sha256(source: str) -> str:
    """SHA-256 of `normalized_source`, as hexadecimal digits."""
    return hashlib.sha256(normalized_source(source).encode("utf-8", "surrogateescape")).hexdigest()
