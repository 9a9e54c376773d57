"""TLS of channels: certificates are verified, always."""

from __future__ import annotations

import ssl
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.store.settings import Tls


def tls_context(tls: Tls) -> ssl.SSLContext:
    """The context of a connection.

    Raises:
        ConfigError: a file cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=None if tls.ca_file is None else str(tls.ca_file))
        if tls.cert_file is not None:
            context.load_cert_chain(tls.cert_file, tls.key_file)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(str(file) for file in (tls.ca_file, tls.cert_file, tls.key_file) if file is not None)
        reason = error.strerror or "it is no PEM file"
        raise ConfigError(f"certificates {files}", f"cannot be used ({reason})", "Name PEM files") from error
    context.check_hostname = tls.verify_hostname
    return context


def verified(ca_file: Path | None) -> ssl.SSLContext:
    """The same, for a server that asks for no certificate."""
    return tls_context(Tls(ca_file=ca_file))
