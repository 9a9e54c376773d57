"""E-mail by SMTP: one message for each batch of alerts."""

from __future__ import annotations

import contextlib
import smtplib
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate
from hashlib import sha256
from typing import Final

from pipeline.channels.alert_message import AlertMessage
from pipeline.channels.settings import EmailSettings
from pipeline.channels.tls_context import verified
from pipeline.domain.event_writer import EventRefused
from pipeline.domain.language import ENGLISH, Language, portuguese
from pipeline.domain.locale import Locale
from pipeline.errors import SinkError

_PORTUGUESE: Final = portuguese(
    {"{alerts}, the first: {title}": "{alerts}, o primeiro: {title}"}, {"alert": ("alerta", "alertas")}
)
_PERMANENT: Final = range(550, 560)
_LONGEST_SUBJECT: Final = 200


class EmailChannel:
    """A `Channel` that sends e-mail.

    Args:
        settings: of the channel.
    """

    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings
        self._server: smtplib.SMTP | None = None

    @property
    def target(self) -> str:
        """See `Channel`."""
        return f"{self._settings.host}:{self._settings.port}"

    def open(self) -> None:
        """See `Channel`.

        Raises:
            SinkError: the server does not take the login, or does not encrypt.
            ConfigError: the password or the authorities cannot be read.
        """
        if self._server is not None:
            return
        wanted = self._settings
        context = verified(wanted.ca_file) if wanted.is_encrypted else None
        server: smtplib.SMTP | None = None
        try:
            if wanted.security == "tls":
                server = smtplib.SMTP_SSL(wanted.host, wanted.port, timeout=wanted.timeout_s, context=context)
            else:
                server = smtplib.SMTP(wanted.host, wanted.port, timeout=wanted.timeout_s)
            if wanted.security == "starttls":
                server.starttls(context=context)
            if wanted.login is not None:
                server.login(wanted.login.user, wanted.login.secret())
        except smtplib.SMTPException as error:
            _quit(server)
            raise SinkError(self.target, _problem(error)) from None
        except BaseException:
            _quit(server)
            raise
        self._server = server

    def send(self, messages: Sequence[AlertMessage]) -> str:
        """See `Channel`; a connection for each message, as servers end idle ones."""
        assert self._server is not None  # noqa: S101 - opened
        try:
            refused = self._server.send_message(_mail(messages, self._settings))
        except smtplib.SMTPDataError as error:
            if error.smtp_code in _PERMANENT and len(messages) == 1:
                raise EventRefused(self.target, _problem(error)) from None
            raise SinkError(self.target, _problem(error)) from None
        except smtplib.SMTPException as error:
            raise SinkError(self.target, _problem(error)) from None
        finally:
            self.close()
        if refused:
            # It is delivered to the others; sent again, these would get it twice at every attempt.
            return f"accepted, but not for {', '.join(sorted(refused))}"
        return "accepted"

    def close(self) -> None:
        """See `Channel`."""
        server, self._server = self._server, None
        _quit(server)


def _quit(server: smtplib.SMTP | None) -> None:
    if server is not None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


def _problem(error: smtplib.SMTPException) -> str:
    code = getattr(error, "smtp_code", None)
    return f"the mail server refuses ({type(error).__name__}{'' if code is None else f', status {code}'})"


def _mail(messages: Sequence[AlertMessage], settings: EmailSettings) -> EmailMessage:
    """One message; its id follows from the alerts in it, so that a mail server may drop a double."""
    language: Language = _PORTUGUESE if settings.locale is Locale.PT_BR else ENGLISH
    ids = [message.message_id for message in messages]
    title = messages[0].title
    if len(messages) > 1:
        alerts = language.counted(len(messages), "alert")
        title = language.text("{alerts}, the first: {title}", alerts=alerts, title=title)
    mail = EmailMessage()
    mail["Subject"] = title[:_LONGEST_SUBJECT]
    mail["From"], mail["To"] = settings.sender, ", ".join(settings.to)
    mail["Date"] = formatdate(max(message.alert.ts_ms for message in messages) / 1000)
    mail["Message-ID"] = f"<{sha256(' '.join(ids).encode()).hexdigest()[:32]}@{settings.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Viapublica-Alerts"] = " ".join(ids)
    mail.set_content("\n\n".join(f"{message.text}\n{message.message_id}" for message in messages) + "\n")
    return mail
