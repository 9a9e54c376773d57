"""Broker connections: addresses, TLS, login, codec, and errors that name the fix."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, Final

from kafka import errors as kafka_errors

from pipeline.errors import MissingComponent, SinkError
from pipeline.sink.settings import KafkaSettings

_PACKAGES: Final = {"zstd": "zstandard", "lz4": "lz4"}


def target_of(settings: KafkaSettings) -> str:
    """The brokers and the prefix of the topics, for people."""
    return f"kafka {','.join(settings.brokers)}/{settings.topic_prefix}.*"


def protocol(settings: KafkaSettings) -> str:
    """Kafka's name for the combination of TLS and login."""
    return ("SASL_" if settings.sasl else "") + ("SSL" if settings.tls else "PLAINTEXT")


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Options that all clients of kafka-python share.

    Raises:
        ConfigError: the password cannot be read.
    """
    tls, sasl = settings.tls, settings.sasl
    options: dict[str, Any] = {
        "bootstrap_servers": list(settings.brokers),
        "client_id": "viapublica",
        "security_protocol": protocol(settings),
        "bootstrap_timeout_ms": int(settings.timeout_s * 1000),
    }
    if tls is not None:
        options["ssl_check_hostname"] = tls.verify_hostname
        for option, file in (("cafile", tls.ca_file), ("certfile", tls.cert_file), ("keyfile", tls.key_file)):
            if file is not None:
                options[f"ssl_{option}"] = str(file)
    if sasl is not None:
        options |= {
            "sasl_mechanism": sasl.mechanism,
            "sasl_plain_username": sasl.user,
            "sasl_plain_password": sasl.secret(),
        }
    return options


def probe_brokers(settings: KafkaSettings) -> None:
    """Check that any broker accepts a connection: kafka-python would try for the whole timeout, and leave sockets.

    Raises:
        OSError: none does; the reason is that of the last one.
    """
    failure = OSError("no brokers")
    for broker in settings.brokers:
        host, _, port = broker.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=settings.timeout_s).close()
        except OSError as error:
            failure = error
        else:
            return
    raise failure


def build(factory: Any, options: dict[str, Any]) -> Any:
    """A client of kafka-python, which leaves its sockets open when a constructor fails: they are closed here."""
    connections: list[Any] = []

    def connect(**config: Any) -> Any:
        connections.append(factory.DEFAULT_CONFIG["kafka_client"](**config))
        return connections[-1]

    try:
        return factory(**options, kafka_client=connect)
    except BaseException:
        for connection in connections:
            connection.close()
        raise


@contextlib.contextmanager
def broker_errors(target: str) -> Iterator[None]:
    """The client's errors as `SinkError`."""
    try:
        yield
    except (kafka_errors.KafkaError, OSError, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise SinkError(target, reason, "Are the brokers running, and reachable from here?") from error


def codec(wanted: str) -> str | None:
    """The codec's name for kafka-python; the best that is installed for ``auto``.

    Raises:
        MissingComponent: the package of the wanted codec is not installed.
    """
    if wanted == "auto":
        return next((codec for codec, package in _PACKAGES.items() if find_spec(package) is not None), "gzip")
    if wanted in _PACKAGES and find_spec(_PACKAGES[wanted]) is None:
        raise MissingComponent(
            f"compression {wanted}",
            f"the package {_PACKAGES[wanted]} is not installed",
            f"pip install {_PACKAGES[wanted]}",
        )
    return None if wanted == "none" else wanted
