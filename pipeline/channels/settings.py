"""Settings of alert channels, one model per kind, distinguished by `type`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from pipeline.domain.channel_names import channel_sinks_of
from pipeline.domain.events import AlertRule, Severity
from pipeline.domain.locale import Locale
from pipeline.domain.network_address import BadAddress, NetworkAddress, check_host, is_loopback, split_address
from pipeline.store.settings import Credentials, StrictSettings, Tls

_CLOCK: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_MAILBOX: Final = re.compile(r"[^\s@<>\",;:]{1,64}@[A-Za-z0-9.-]{1,253}")
_TOPIC: Final = r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$"


class QuietHours(StrictSettings):
    """Hours in which only severe alerts are sent; the others follow when the hours end."""

    begin: str = Field(pattern=_CLOCK, title="Begin", description="Local time, such as 22:00.", examples=["22:00"])
    end: str = Field(pattern=_CLOCK, title="End", description="Local time, such as 06:00.", examples=["06:00"])
    severity: Severity = Field(
        default=Severity.CRITICAL, title="Least severity", description="Alerts of this severity are sent nevertheless."
    )

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.begin == self.end:
            raise ValueError("quiet hours begin and end at the same time; leave them out, or give two times")
        return self


class ChannelSettings(StrictSettings):
    """What every channel has: name, route, limits, language."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$",
        title="Name",
        description="Unique; small letters, digits, - and _. Names files.",
    )
    severity: Severity = Field(
        default=Severity.WARNING, title="Least severity", description="Less severe alerts are not sent."
    )
    rules: tuple[AlertRule, ...] = Field(
        default=(), title="Rules", description="Only alerts of these rules; empty: all."
    )
    cameras: tuple[str, ...] = Field(
        default=(),
        title="Cameras",
        description="Only alerts of these cameras; with groups and owners, of any of them; all three empty: of all, "
        "and of the program itself.",
    )
    groups: tuple[str, ...] = Field(
        default=(), title="Groups of cameras", description="Names of retention.groups, whose cameras are meant."
    )
    owners: tuple[str, ...] = Field(
        default=(), title="Owners", description="Institutions whose cameras are meant, as in cameras[].owner."
    )
    areas: tuple[str, ...] = Field(
        default=(), title="Zones and lines", description="Only alerts about these zones and lines; empty: about any."
    )
    plates: bool = Field(
        default=False,
        title="Plates",
        description="Whether alerts about plates (listed plates, clones, convoys) may leave by it; only encrypted ones "
        "may. Without, they are not sent.",
    )
    quiet: QuietHours | None = Field(
        default=None, title="Quiet hours", description="Only severe alerts in these hours; none when empty."
    )
    most_per_minute: int = Field(
        default=60,
        ge=1,
        le=60_000,
        title="Rate limit",
        description="Most messages per minute; further ones wait in the spool.",
    )
    locale: Locale | None = Field(default=None, title="Language", description="pt-BR: sentences in Portuguese.")
    spool_bytes: int = Field(
        default=64 * 2**20,
        ge=2**20,
        le=2**40,
        title="Spool size",
        description="Most bytes of alerts on disk that are not delivered; beyond, the oldest are dropped, and counted.",
    )
    retry_max_s: float = Field(
        default=60.0, gt=0, le=3600, title="Longest retry", description="Longest wait between two attempts, seconds."
    )
    timeout_s: float = Field(
        default=10.0, gt=0, le=300, title="Timeout", description="Longest wait for a connection or an answer, seconds."
    )

    @property
    def is_encrypted(self) -> bool:
        """Whether no one between this machine and the destination can read what it sends."""
        return False

    @property
    def sink_names(self) -> list[str]:
        """Names of its spools."""
        return channel_sinks_of(self.name, quiet=self.quiet is not None)

    @model_validator(mode="after")
    def _plates_are_encrypted(self) -> Self:
        if self.plates and not self.is_encrypted:
            raise ValueError(
                f"channel {self.name!r} may send alerts about plates (plates: true), but is not encrypted: use https "
                "or tls, or leave plates out"
            )
        return self


class WebhookSettings(ChannelSettings):
    """A signed HTTP request for each alert (Standard Webhooks)."""

    type: Literal["webhook"] = Field(default="webhook", title="Kind", description="Signed webhook.")
    url: str = Field(
        title="Address",
        description="https address that gets a POST; http on this machine only. Redirections are not followed.",
        examples=["https://cco.example.org/hooks/viapublica"],
    )
    secret: Credentials = Field(
        title="Secret",
        description="Key of the signatures, as whsec_ and base64: password_file or password_env; user is not used.",
    )
    ca_file: Path | None = Field(
        default=None, title="CA file", description="PEM of the authorities to trust; the system's when empty."
    )

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        try:
            address = split_address(url)
        except BadAddress as error:
            raise ValueError(f"{error.problem}. {error.fix}") from None
        if address.scheme != "https" and not (address.scheme == "http" and is_loopback(address.host)):
            raise ValueError("is no https address; http is possible on this machine only (127.0.0.1)")
        if address.login is not None:
            raise ValueError("has a login; a webhook is authenticated by its signature")
        return url

    @property
    def address(self) -> NetworkAddress:
        """The address in its parts."""
        return split_address(self.url)

    @property
    def is_encrypted(self) -> bool:
        """See `ChannelSettings`; what stays on this machine counts."""
        return True


def check_mailbox(text: str) -> str:
    """A mailbox such as ``cco@example.org``; returned as it is.

    Raises:
        ValueError: it is none; a line break in it would add headers.
    """
    if not _MAILBOX.fullmatch(text):
        raise ValueError("is no address such as cco@example.org")
    return text


Mailbox = Annotated[str, AfterValidator(check_mailbox)]
HostName = Annotated[str, AfterValidator(check_host)]


class EmailSettings(ChannelSettings):
    """E-mail by SMTP: one message for each alert, or for all of some time."""

    type: Literal["email"] = Field(default="email", title="Kind", description="E-mail.")
    host: HostName = Field(title="Host", description="Mail server that accepts messages of this machine.")
    port: int = Field(default=587, ge=1, le=65535, title="Port", description="587 with STARTTLS, 465 with TLS.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", title="Encryption", description="none: not encrypted, as for a server on this machine."
    )
    ca_file: Path | None = Field(
        default=None, title="CA file", description="PEM of the authorities to trust; the system's when empty."
    )
    login: Credentials | None = Field(default=None, title="Login", description="User and password; none when empty.")
    sender: Mailbox = Field(title="Sender", description="Address of the sender.")
    to: tuple[Mailbox, ...] = Field(min_length=1, max_length=100, title="Recipients", description="Their addresses.")
    digest_s: float = Field(
        default=0.0,
        ge=0,
        le=86_400,
        title="Digest",
        description="Seconds for which alerts are collected into one message; 0: no wait.",
    )
    most_per_minute: int = Field(
        default=6, ge=1, le=60_000, title="Rate limit", description="Most messages per minute; what waits is collected."
    )

    @property
    def is_encrypted(self) -> bool:
        """See `ChannelSettings`."""
        return self.security != "none"

    @model_validator(mode="after")
    def _login_is_encrypted(self) -> Self:
        if self.login is not None and not self.is_encrypted:
            raise ValueError(f"channel {self.name!r} would send its login unencrypted: set security to starttls or tls")
        return self


class MqttSettings(ChannelSettings):
    """Messages to an MQTT broker: retained for each camera and rule until the incident ends."""

    type: Literal["mqtt"] = Field(default="mqtt", title="Kind", description="MQTT broker.")
    host: HostName = Field(title="Host", description="Name or address of the broker.")
    port: int = Field(default=8883, ge=1, le=65535, title="Port", description="8883 with TLS, 1883 without.")
    tls: Tls | None = Field(default=Tls(), title="TLS", description="Encrypt the connection; null: not encrypted.")
    login: Credentials | None = Field(default=None, title="Login", description="User and password; none when empty.")
    topic: str = Field(
        default="viapublica/alerts",
        pattern=_TOPIC,
        max_length=200,
        title="Topic",
        description="Messages go to <topic>/<camera>/<rule>.",
    )

    @property
    def is_encrypted(self) -> bool:
        """See `ChannelSettings`."""
        return self.tls is not None


class SyslogSettings(ChannelSettings):
    """Lines to a syslog server (RFC 5424)."""

    type: Literal["syslog"] = Field(default="syslog", title="Kind", description="Syslog server.")
    host: HostName = Field(title="Host", description="Name or address of the server.")
    port: int = Field(default=6514, ge=1, le=65535, title="Port", description="6514 with TLS, 514 without.")
    transport: Literal["tls", "tcp", "udp"] = Field(
        default="tls", title="Transport", description="udp: without any confirmation, so that alerts may be lost."
    )
    tls: Tls = Field(default=Tls(), title="TLS", description="Certificates of transport tls.")
    facility: int = Field(default=16, ge=0, le=23, title="Facility", description="16 is local0.")

    @property
    def is_encrypted(self) -> bool:
        """See `ChannelSettings`."""
        return self.transport == "tls"


class CapSettings(ChannelSettings):
    """Documents of the Common Alerting Protocol 1.2 in a folder, for emergencies of public interest."""

    type: Literal["cap"] = Field(default="cap", title="Kind", description="Folder of CAP documents.")
    folder: Path = Field(
        default=Path("cap"), title="Folder", description="Gets a file for each alert; relative to the data folder."
    )
    sender: str = Field(
        pattern=r"^[A-Za-z0-9.@_-]{3,200}$",
        title="Sender",
        description="Identifier of the institution, such as its domain or mailbox.",
    )
    status: Literal["Actual", "Exercise", "Test"] = Field(
        default="Test", title="Status", description="Actual only after the recipients have agreed."
    )
    severity: Severity = Field(
        default=Severity.CRITICAL, title="Least severity", description="Less severe alerts are not sent."
    )

    @model_validator(mode="after")
    def _is_public(self) -> Self:
        if self.plates:
            raise ValueError(f"channel {self.name!r}: CAP documents are public, so plates must not be true")
        return self


class WebPushSettings(ChannelSettings):
    """Notifications on devices that people subscribed in the console (Web Push, RFC 8030)."""

    type: Literal["webpush"] = Field(default="webpush", title="Kind", description="Web Push.")
    key: Credentials = Field(
        title="Private key",
        description="VAPID key (RFC 8292) as PEM: password_file or password_env; user is not used.",
    )
    public_key: str = Field(
        pattern=r"^B[A-Za-z0-9_-]{86}$",
        title="Public key",
        description="Of the private one, base64url without =; browsers subscribe with it.",
    )
    contact: Mailbox = Field(title="Contact", description="Mailbox that operators of push services write to.")
    services: tuple[str, ...] = Field(
        default=(
            "fcm.googleapis.com",
            "updates.push.services.mozilla.com",
            "web.push.apple.com",
            "*.notify.windows.com",
        ),
        min_length=1,
        title="Push services",
        description="Hosts that subscriptions may lead to, *. for all below one. No other one is ever requested.",
    )
    ca_file: Path | None = Field(
        default=None, title="CA file", description="PEM of the authorities to trust; the system's when empty."
    )
    valid_s: int = Field(
        default=3600,
        ge=0,
        le=28 * 86_400,
        title="Validity",
        description="Seconds for which push services hold a notification for a device that is away.",
    )

    @field_validator("services")
    @classmethod
    def _are_hosts(cls, services: tuple[str, ...]) -> tuple[str, ...]:
        for one in services:
            check_host(one.removeprefix("*."))
        return services

    @property
    def is_encrypted(self) -> bool:
        """See `ChannelSettings`: push services cannot read what is in a notification."""
        return True


AnyChannelSettings = Annotated[
    WebhookSettings | EmailSettings | MqttSettings | SyslogSettings | CapSettings | WebPushSettings,
    Field(discriminator="type"),
]
"""Any channel."""
