"""`viapublica serve`: the HTTP API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common.console import err, say
from pipeline.cli.common.register_options import RegisterOption, register_of
from pipeline.cli.common.store_options import ConfigOption, DataOption, stores_of
from pipeline.domain.extras import require
from pipeline.errors import ConfigError
from pipeline.http_api.listening import DEFAULT_LISTEN, TlsFiles, parse_listen


def serve(
    listen: Annotated[
        str,
        typer.Option(
            "--listen",
            metavar="ADDRESS",
            help="Address and port, or unix:/PATH of a socket. Other than loopback it needs TLS.",
        ),
    ] = DEFAULT_LISTEN,
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", help="TLS: file of the certificate chain (PEM).")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="TLS: file of its private key (PEM).")] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    register: RegisterOption = None,
) -> None:
    """Serve the HTTP API, on this machine only or with TLS.

    People log in with password and one-time code. /openapi.json describes all requests. Ctrl-C (SIGINT) or SIGTERM
    stops after the requests that are being answered.

    Example: [bold]viapublica serve --config city.yaml[/]

    Example: [bold]viapublica serve --listen unix:/run/viapublica/api.sock[/]

    Example: [bold]viapublica serve --listen 0.0.0.0:8443 --tls-cert chain.pem --tls-key key.pem[/]
    """
    require("sqlalchemy", "argon2", "pyotp", "fastapi", "uvicorn")
    from pipeline.app.logging_setup import configure_logging  # here: they take long to import
    from pipeline.http_api.server import serve as run_server
    from pipeline.http_api.service import Service

    if (tls_cert is None) != (tls_key is None):
        raise ConfigError("--tls-cert, --tls-key", "are given one without the other", "Give both, or neither")
    tls = TlsFiles(tls_cert, tls_key) if tls_cert and tls_key else None
    address = parse_listen(listen)
    configure_logging()
    service = Service(
        register=register_of(register, config, data), stores=stores_of(config, data), encrypted=tls is not None
    )
    run_server(service, address, tls, lambda shown: say(err, ("serving ", "bold"), shown))
