"""`viapublica serve`: the HTTP API and the console."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common.console import err, say
from pipeline.cli.common.default_config import named_config
from pipeline.cli.common.key_password import KeyPasswordFileOption, stated_password
from pipeline.cli.common.register_options import RegisterOption, register_of
from pipeline.cli.common.store_options import ConfigOption, DataOption, stores_of
from pipeline.domain.extras import require
from pipeline.domain.requester import Requester
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
    behind_proxy: Annotated[
        bool,
        typer.Option(
            "--behind-proxy",
            help="A proxy on this machine encrypts, and states the client in X-Forwarded-For (its last address).",
        ),
    ] = False,
    certificate: Annotated[
        Path | None,
        typer.Option(
            "--certificate",
            envvar="VIAPUBLICA_CERTIFICATE",
            help="Releases: certificate of the institution (PEM, with its chain). Without it none is built here.",
        ),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", envvar="VIAPUBLICA_KEY", help="Releases: private key of it (PEM).")
    ] = None,
    key_password_file: KeyPasswordFileOption = None,
    releases: Annotated[
        Path | None,
        typer.Option("--releases", help="Releases: folder for clips and reports.  [default: in the data folder]"),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    register: RegisterOption = None,
) -> None:
    """Serve the console and the HTTP API, on this machine only or with TLS.

    People log in with password and one-time code. The console is at /, and /openapi.json describes all requests of
    the API. Ctrl-C (SIGINT) or SIGTERM
    stops after the requests that are being answered.

    Example: [bold]viapublica serve --config city.yaml[/]

    Example: [bold]viapublica serve --listen unix:/run/viapublica/api.sock --behind-proxy[/]

    Example: [bold]viapublica serve --listen 0.0.0.0:8443 --tls-cert chain.pem --tls-key key.pem[/]
    """
    require("sqlalchemy", "argon2", "pyotp", "fastapi", "uvicorn", "jinja2", "babel", "authlib", "joserfc", "requests")
    from pipeline.app.logging_setup import configure_logging  # here: they take long to import
    from pipeline.app.people.open_registry import open_registry
    from pipeline.app.release.served_releases import ReleaseSettings
    from pipeline.console.application import add_console
    from pipeline.http_api.application import create_application
    from pipeline.http_api.server import serve as run_server
    from pipeline.http_api.service import Service

    if (tls_cert is None) != (tls_key is None):
        raise ConfigError("--tls-cert, --tls-key", "are given one without the other", "Give both, or neither")
    tls = TlsFiles(tls_cert, tls_key) if tls_cert and tls_key else None
    address = parse_listen(listen)
    if behind_proxy and (tls or not address.is_local):
        raise ConfigError("--behind-proxy", "needs an address that only the proxy can reach", "Listen on a Unix socket")
    configure_logging()
    stores, encrypted = stores_of(config, data), tls is not None or behind_proxy
    settings = ReleaseSettings(
        config=None if data is not None else named_config(config),
        folder=releases,
        certificate=certificate,
        key=key,
        password=stated_password(key_password_file) if key else None,
    )
    where = register_of(register, config, data)
    with open_registry(where, stores, Requester.of_process()) as registry:
        service = Service(
            register=where,
            registry=registry,
            stores=stores,
            encrypted=encrypted,
            behind_proxy=behind_proxy,
            release_settings=settings,
        )
        with closing(service):
            app = add_console(create_application(service))
            run_server(app, service, address, tls, lambda shown: say(err, ("serving ", "bold"), shown))
