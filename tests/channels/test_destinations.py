"""E-mail, MQTT, syslog and CAP: what the destination gets, and what counts as confirmed."""

from __future__ import annotations

import json
import os
import resource
import socket
import threading
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from pydantic import ValidationError

from pipeline.channels.cap import NAMESPACE, CapChannel
from pipeline.channels.email_channel import EmailChannel
from pipeline.channels.mqtt import MqttChannel
from pipeline.channels.settings import CapSettings, EmailSettings, MqttSettings, SyslogSettings
from pipeline.channels.syslog import SyslogChannel, syslog_line
from pipeline.domain.event_writer import EventRefused
from pipeline.domain.events import IncidentPhase, Severity
from pipeline.domain.route import GeoPoint
from pipeline.errors import SinkError
from tests.channels.messages import INCIDENT, message
from tests.channels.receivers import MailReceiver, MqttReceiver, Noted, SyslogReceiver, serving


def mail(port: int = 1, **values: object) -> EmailSettings:
    given: dict[str, object] = {"name": "mail", "host": "127.0.0.1", "port": port, "security": "none", "timeout_s": 15}
    return EmailSettings.model_validate(given | {"sender": "alerts@example.org", "to": ["cco@example.org"]} | values)


def mqtt(port: int = 1, **values: object) -> MqttSettings:
    given: dict[str, object] = {"name": "hall", "host": "127.0.0.1", "port": port, "tls": None, "timeout_s": 15}
    return MqttSettings.model_validate(given | values)


def syslog(port: int = 1, **values: object) -> SyslogSettings:
    given: dict[str, object] = {"name": "siem", "host": "127.0.0.1", "port": port, "transport": "tcp", "timeout_s": 15}
    return SyslogSettings.model_validate(given | values)


def test_a_mail_holds_all_alerts_of_its_batch_under_an_id_that_repeats() -> None:
    noted, batch = Noted(), [message(1), message(2)]
    with serving(MailReceiver, noted) as port:
        for _ in range(2):
            channel = EmailChannel(mail(port, locale="pt-BR"))
            channel.open()
            assert channel.send(batch) == "accepted"
            channel.close()
    first, second = (message_from_bytes(body, policy=default) for body in noted.bodies)
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Subject"] == "2 alertas, o primeiro: cam-1: camera lost"
    assert first["X-Viapublica-Alerts"].split() == [one.message_id for one in batch]
    text = first.get_content()
    assert all(one.message_id in text for one in batch)


def test_a_mail_that_is_refused_for_good_is_refused_and_one_of_a_batch_is_tried_alone() -> None:
    with serving(MailReceiver, noted := Noted(status=554)) as port:
        channel = EmailChannel(mail(port))
        for batch, error in (([message(1), message(2)], SinkError), ([message(1)], EventRefused)):
            channel.open()
            with pytest.raises(error, match="status 554") as caught:
                channel.send(batch)
            assert type(caught.value) is error
    assert noted.bodies == []


@pytest.mark.parametrize("value", ["cco@example.org\nBcc: x@example.org", "cco", "a b@example.org"])
def test_recipients_are_addresses(value: str) -> None:
    with pytest.raises(ValidationError, match=r"no address such as cco@example\.org"):
        mail(to=[value])


def test_a_broker_retains_an_incident_until_it_ends() -> None:
    noted, topic = Noted(), "viapublica/alerts/cam-1/wrong-way"
    begun = message(1, incident=INCIDENT, phase=IncidentPhase.BEGUN, rule="wrong-way")
    ended = message(2, incident=INCIDENT, phase=IncidentPhase.ENDED, rule="wrong-way")
    with serving(MqttReceiver, noted) as port:
        channel = MqttChannel(mqtt(port), "test")
        channel.open()
        channel.send([begun])
        assert json.loads(noted.retained[topic])["incident"] == INCIDENT
        channel.send([message(3, rule="image-unusable"), ended, message(4, rule="image-restored")])
        channel.close()
    assert noted.retained == {}
    assert len(noted.bodies) == 4


def test_a_broker_is_reached_from_a_process_of_more_than_1024_open_files() -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limits[0], min(4096, limits[1])), limits[1]))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        with serving(MqttReceiver, noted := Noted()) as port:
            channel = MqttChannel(mqtt(port), "test")
            channel.open()
            channel.send([message(1)])
            channel.close()
    finally:
        for one in opened:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert len(noted.bodies) == 1


def test_a_broker_that_refuses_or_is_silent_is_an_error() -> None:
    with serving(MqttReceiver, Noted(status=5)) as port:
        channel = MqttChannel(mqtt(port), "test")
        with pytest.raises(SinkError, match="refuses the connection: Not authorized"):
            channel.open()
        channel.close()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        channel = MqttChannel(mqtt(silent.getsockname()[1], timeout_s=0.2), "test")
        with pytest.raises(SinkError, match=r"did not answer within 0\.2 s"):
            channel.open()
        channel.close()


def test_syslog_lines_have_the_form_of_the_standard_and_are_counted() -> None:
    noted = Noted()
    sent = message(1, severity=Severity.CRITICAL, subject='quo"te]')
    with serving(SyslogReceiver, noted) as port:
        assert SyslogChannel(syslog(port)).send([sent, message(2)]) == "read by the server"
    line = noted.bodies[0].decode()
    assert line.startswith("<130>1 2026-"), "local0, critical"
    assert rf'id="{sent.message_id}"' in line
    assert r'subject="quo\"te\]"' in line
    assert "\n" not in line
    assert len(noted.bodies) == 2
    assert syslog_line(sent, 16) == noted.bodies[0]


def test_a_syslog_server_that_breaks_the_connection_has_confirmed_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            peer, _ = server.accept()
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            peer.close()  # with a reset: it has read nothing

        thread = threading.Thread(target=refuse)
        thread.start()
        with pytest.raises(OSError, match=r"reset|Broken pipe|not connected"):
            SyslogChannel(syslog(server.getsockname()[1])).send([message()])
        thread.join()
        with pytest.raises(SinkError, match="does not end the connection"):
            SyslogChannel(syslog(server.getsockname()[1], timeout_s=0.1)).send([message()])


CAP = CapSettings(name="cap", sender="ceic@example.org", status="Exercise")


def test_cap_documents_of_an_incident_refer_to_one_another(tmp_path: Path) -> None:
    channel = CapChannel(CAP, tmp_path / "cap", {"cam-1": GeoPoint(-19.9, -43.9)})
    channel.open()
    phases = (IncidentPhase.BEGUN, IncidentPhase.UPDATED, IncidentPhase.ENDED)
    sent = [message(n, incident=INCIDENT, phase=phase, severity=Severity.CRITICAL) for n, phase in enumerate(phases)]
    for one in [*sent, *sent]:
        channel.send([one])
    documents = [ET.fromstring(path.read_bytes()) for path in sorted((tmp_path / "cap").iterdir())]
    text = [{child.tag.removeprefix(f"{{{NAMESPACE}}}"): child.text or "" for child in one} for one in documents]
    assert [one["msgType"] for one in text] == ["Alert", "Update", "Cancel"]
    begun = f"ceic@example.org,{sent[0].message_id},{text[0]['sent']}"
    assert text[1]["references"] == begun
    assert text[2]["references"].split()[0] == begun
    assert [one["incidents"] for one in text] == [INCIDENT] * 3
    assert text[0]["sent"].endswith("-00:00")
    _check_order(documents[0])
    assert documents[0].find(f".//{{{NAMESPACE}}}circle").text == "-19.90000,-43.90000 0.2"  # type: ignore[union-attr]
    assert channel.send([message(9, incident="f" * 24, phase=IncidentPhase.ENDED)]) == "nothing to cancel"


def _check_order(document: ET.Element) -> None:
    """The sequences of the schema, CAP 1.2 section 3.4."""
    alert = """identifier sender sent status msgType source scope restriction addresses code note references incidents
        info""".split()
    info = """language category event responseType urgency severity certainty audience eventCode effective onset
        expires senderName headline description instruction web contact parameter resource area""".split()
    required = {"identifier", "sender", "sent", "status", "msgType", "scope"}
    of_info = {"category", "event", "urgency", "severity", "certainty"}
    for element, order, needed in ((document, alert, required), (document.find(f"{{{NAMESPACE}}}info"), info, of_info)):
        assert element is not None
        names = [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in element]
        assert [order.index(name) for name in names] == sorted(order.index(name) for name in names)
        assert needed <= set(names)


@pytest.mark.parametrize(
    "settings",
    [
        lambda: mail(plates=True),
        lambda: mqtt(plates=True),
        lambda: syslog(plates=True),
        lambda: CapSettings(name="cap", sender="ceic", plates=True),
        lambda: mail(login={"user": "x"}),
    ],
)
def test_plates_and_logins_leave_encrypted_only_and_never_by_public_documents(settings: object) -> None:
    with pytest.raises(ValidationError, match=r"not encrypted|unencrypted|are public"):
        settings()  # type: ignore[operator]
