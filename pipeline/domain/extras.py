"""Optional dependencies: which extra of the distribution installs which package."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from pipeline.errors import MissingComponent

EXTRA_OF: Final = {
    "alembic": "release",
    "anyio": "server",
    "argon2": "release",
    "authlib": "server",
    "babel": "server",
    "c2pa": "release",
    "chdb": "embedded",
    "confluent_kafka": "kafka-fast",
    "fastapi": "server",
    "http_ece": "webpush",
    "jinja2": "release",
    "joserfc": "server",
    "lz4": "kafka-codecs",
    "matplotlib": "plots",
    "onveef": "onvif",
    "openpyxl": "release",
    "openvino": "openvino",
    "paho": "mqtt",
    "psycopg": "postgresql",
    "py_vapid": "webpush",
    "pyarrow": "parquet",
    "pyotp": "release",
    "requests": "server",
    "rfc3161_client": "time-stamps",
    "skvideo": "demo",
    "sqlalchemy": "release",
    "starlette": "server",
    "typst": "documents",
    "ultralytics": "ultralytics",
    "uvicorn": "server",
    "webauthn": "server",
}
"""Import package to extra. A test holds it to `pyproject.toml` and to the imports of the code."""


def missing_package(package: str, reason: str = "is not installed") -> MissingComponent:
    """The error for an optional package that cannot be imported.

    Args:
        package: its import name, a key of `EXTRA_OF`.
        reason: what is wrong with it; an import can also fail because a shared library is absent.
    """
    return MissingComponent(f"package {package}", reason, f"Install it: pip install 'viapublica[{EXTRA_OF[package]}]'")


def require(*packages: str) -> None:
    """Check that optional packages are installed, without importing them.

    Args:
        packages: import names, keys of `EXTRA_OF`.

    Raises:
        MissingComponent: the first one that is not installed.
    """
    for package in packages:
        if find_spec(package) is None:
            raise missing_package(package)
