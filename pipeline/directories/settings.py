"""Settings of the server of people: its address, and the directories of institutions (OpenID Connect)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from pipeline.domain.network_address import is_loopback
from pipeline.store.settings import Credentials, StrictSettings


def _web_address(text: str) -> str:
    """An address of https, or of http on this machine, without a slash at its end."""
    parts = urlsplit(text)
    allowed = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not allowed or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError(f"{text!r} is not an https address (http on this machine only) without login and query")
    return text.rstrip("/")


WebAddress = Annotated[str, AfterValidator(_web_address)]


class DirectorySettings(StrictSettings):
    """The directory of an institution, by which its people log in."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,40}$", title="Name", description="Unique; small letters, digits and -."
    )
    label: str = Field(
        min_length=1,
        max_length=60,
        title="Label",
        description="What people call it; shown on the log-in.",
        examples=["Prefeitura"],
    )
    institution: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        title="Institution",
        description="Id of the institution in the register; the directory speaks for no one else's people.",
    )
    issuer: WebAddress = Field(
        title="Issuer",
        description="Address of the directory, as its tokens name it; others are refused.",
        examples=["https://id.city.example/realms/city"],
    )
    client_id: str = Field(
        min_length=1, max_length=255, title="Client", description="By which the directory knows this server."
    )
    secret: Credentials = Field(
        title="Secret",
        description="Of the client: password_file or password_env; user is not used.",
    )
    ca_file: Path | None = Field(
        default=None, title="CA file", description="PEM of the authorities to trust; the system's when empty."
    )
    timeout_s: float = Field(
        default=10.0, gt=0, le=60, title="Timeout", description="Longest wait for an answer of it, seconds."
    )


class ServerSettings(StrictSettings):
    """The server of people: `viapublica serve`."""

    url: WebAddress | None = Field(
        default=None,
        title="Address",
        description="At which browsers reach the server; directories send people back to it.",
        examples=["https://viapublica.city.example"],
    )
    directories: tuple[DirectorySettings, ...] = Field(
        default=(),
        title="Directories",
        description="Of institutions, by which their people log in (OpenID Connect).",
    )

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        names = [one.name for one in self.directories]
        issuers = [one.issuer for one in self.directories]
        if len(set(names)) < len(names) or len(set(issuers)) < len(issuers):
            raise ValueError("two directories have the same name or issuer: name each once")
        if names and self.url is None:
            raise ValueError("directories need the address of the server, to which they send people back: give url")
        return self
