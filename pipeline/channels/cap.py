"""Documents of the Common Alerting Protocol 1.2 (OASIS, ITU-T X.1303), a file for each alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from pipeline.channels.alert_message import AlertMessage
from pipeline.channels.settings import CapSettings
from pipeline.domain.events import AlertRule, Severity
from pipeline.domain.locale import Locale
from pipeline.domain.route import GeoPoint
from pipeline.errors import SinkError
from pipeline.storage.atomic import write_atomically
from pipeline.storage.folders import private_folder

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
_SEVERITIES: Final = {Severity.INFO: "Minor", Severity.WARNING: "Moderate", Severity.CRITICAL: "Severe"}
_SECURITY: Final = frozenset({AlertRule.CROWD.value, AlertRule.ZONE_ENTERED.value, AlertRule.SUDDEN_EMPTINESS.value})
_RADIUS_KM: Final = 0.2


class CapChannel:
    """A `Channel` that writes documents into a folder, from which a web server or another program takes them.

    Args:
        settings: of the channel.
        folder: of the documents, created when needed.
        places: coordinates of cameras that have some.
    """

    def __init__(self, settings: CapSettings, folder: Path, places: Mapping[str, GeoPoint]) -> None:
        self._settings = settings
        self._folder = folder
        self._places = places

    @property
    def target(self) -> str:
        """See `Channel`."""
        return str(self._folder)

    def open(self) -> None:
        """See `Channel`."""
        private_folder(self._folder)

    def send(self, messages: Sequence[AlertMessage]) -> str:
        """See `Channel`."""
        names = [name for message in messages if (name := self._write(message))]
        return ", ".join(names) or "nothing to cancel"

    def _write(self, message: AlertMessage) -> str:
        """The name of the new document; "" where the end of an incident has no document to cancel."""
        name = f"{message.incident}-{message.alert.ts_ms}-{message.message_id}.xml"
        earlier = [path for path in sorted(self._folder.glob(f"{message.incident}-*.xml")) if path.name < name]
        if message.ended and not earlier:
            return ""
        document = cap_document(
            message, self._settings, self._places.get(message.alert.camera_id), list(filter(None, map(_named, earlier)))
        )
        try:
            write_atomically(self._folder / name, document)
        except OSError as error:
            raise SinkError(str(self._folder), f"takes no file ({error.strerror})") from error
        return name

    def close(self) -> None:
        """See `Channel`."""


def _named(path: Path) -> str:
    """How a document refers to an earlier one: sender, identifier and time; "" where that one cannot be read."""
    try:
        root = ET.fromstring(path.read_bytes())  # noqa: S314 - written by this channel
    except (OSError, ET.ParseError):
        return ""
    return ",".join(root.findtext(f"{{{NAMESPACE}}}{name}", "") for name in ("sender", "identifier", "sent"))


def cap_document(
    message: AlertMessage, settings: CapSettings, place: GeoPoint | None, references: Sequence[str] = ()
) -> bytes:
    """The document of an alert: in the order of elements of the standard's schema.

    Args:
        message: the alert; settings: sender, status, language.
        place: of the camera; None where it is not known, then the area has its name only.
        references: earlier documents of the incident, which this one updates or cancels.
    """
    alert, sender = message.alert, settings.sender
    root = ET.Element("alert", xmlns=NAMESPACE)
    _add(root, "identifier", message.message_id)
    _add(root, "sender", sender)
    _add(root, "sent", _time(alert.ts_ms))
    _add(root, "status", settings.status)
    _add(root, "msgType", "Alert" if not references else "Cancel" if message.ended else "Update")
    _add(root, "scope", "Public")
    if references:
        _add(root, "references", " ".join(references))
    _add(root, "incidents", message.incident)
    info = ET.SubElement(root, "info")
    _add(info, "language", "pt-BR" if settings.locale is Locale.PT_BR else "en-US")
    _add(info, "category", "Safety" if alert.rule in _SECURITY else "Transport")
    _add(info, "event", message.title)
    _add(info, "urgency", "Past" if message.ended else "Immediate")
    _add(info, "severity", _SEVERITIES[alert.severity])
    _add(info, "certainty", "Likely")
    _add(info, "senderName", sender)
    _add(info, "headline", message.title[:160])
    _add(info, "description", message.text)
    area = ET.SubElement(info, "area")
    _add(area, "areaDesc", alert.camera_id)
    if place is not None:
        _add(area, "circle", f"{place.latitude:.5f},{place.longitude:.5f} {_RADIUS_KM}")
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text


def _time(at_ms: int) -> str:
    """As the standard wants it: with an offset, and ``-00:00`` for UTC."""
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}-00:00"
