"""Settings of the event store: chDB in the process, or a ClickHouse server; logins and encryption."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from pipeline.domain.network_address import check_host
from pipeline.errors import ConfigError

_IDENTIFIER: Final = r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"


class StrictSettings(BaseModel):
    """Settings that refuse unknown keys and never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Credentials(StrictSettings):
    """A login. The password is given here, in a file (such as a Docker secret) or in an environment variable."""

    user: str = Field(default="default", title="User", description="Login name.")
    password: SecretStr | None = Field(default=None, title="Password", description="Better: password_file.")
    password_file: Path | None = Field(
        default=None, title="Password file", description="File whose content, less a trailing newline, is the password."
    )
    password_env: str | None = Field(
        default=None, title="Password variable", description="Name of the environment variable with the password."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Credentials:
        given = [f for f in ("password", "password_file", "password_env") if getattr(self, f) is not None]
        if len(given) > 1:
            raise ValueError(f"give one of {' and '.join(given)}, not both")
        return self

    def secret(self) -> str:
        """The password, "" when none is set.

        Raises:
            ConfigError: the file cannot be read or the variable is not set.
        """
        if self.password_file is not None:
            try:
                return self.password_file.read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                # What names no file may be the password itself.
                reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
                named = f"password_file {self.password_file}" if self.password_file.exists() else "password_file"
                fix = "Give the path of a file that holds the password, never the password itself"
                raise ConfigError(named, f"cannot be read ({reason})", fix) from None
        if self.password_env is not None:
            if self.password_env not in os.environ:
                fix = "Set a variable, and give its name here; never the password itself"
                raise ConfigError("password_env", "names no variable of the environment", fix)
            return os.environ[self.password_env]
        return self.password.get_secret_value() if self.password is not None else ""


class Tls(StrictSettings):
    """Encryption of a connection."""

    ca_file: Path | None = Field(
        default=None, title="CA file", description="PEM of the authorities to trust; the system's when empty."
    )
    cert_file: Path | None = Field(default=None, title="Client certificate", description="PEM, if the server asks.")
    key_file: Path | None = Field(default=None, title="Client key", description="PEM of the client's private key.")
    verify_hostname: bool = Field(
        default=True, title="Verify the host name", description="The certificate must name the host we connect to."
    )


class ChdbSettings(StrictSettings):
    """The embedded event store: ClickHouse's engine inside the process, a folder on disk, no server."""

    type: Literal["chdb"] = Field(default="chdb", title="Kind", description="Embedded event store.")
    path: Path = Field(
        default=Path("events"), title="Folder", description="Folder of the store; relative to the data folder."
    )

    @model_validator(mode="after")
    def _plain_path(self) -> ChdbSettings:
        # chDB reads its path as a connection string: what follows a "?" would be ignored silently.
        if "?" in str(self.path):
            raise ValueError(f"the folder {str(self.path)!r} must not contain '?'")
        return self


class ClickHouseSettings(StrictSettings):
    """A ClickHouse server, 18.16 or newer, by its native protocol."""

    type: Literal["clickhouse"] = Field(default="clickhouse", title="Kind", description="ClickHouse server.")
    host: Annotated[str, AfterValidator(check_host)] = Field(
        default="127.0.0.1", min_length=1, title="Host", description="Name or address."
    )
    port: int = Field(
        default=9000, ge=1, le=65535, title="Port", description="Native protocol: 9000, with TLS mostly 9440."
    )
    database: str = Field(
        default="viapublica", pattern=_IDENTIFIER, title="Database", description="Created when missing."
    )
    login: Credentials = Field(default=Credentials(), title="Login", description="User and password.")
    tls: Tls | None = Field(default=None, title="TLS", description="Encrypt the connection; off when empty.")
    connect_timeout_s: float = Field(
        default=5.0, gt=0, le=3600, title="Connect timeout", description="Longest wait for a connection, seconds."
    )
    timeout_s: float = Field(
        default=30.0, gt=0, le=3600, title="Timeout", description="Longest wait for an answer, seconds."
    )


StoreSettings = ChdbSettings | ClickHouseSettings
"""Any event store."""
