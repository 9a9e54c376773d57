"""Webhooks: signed as the specification says, never redirected, and no longer than their timeout."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import pytest
from pydantic import ValidationError

from pipeline.channels.webhook import WebhookChannel, signed_headers, signing_key
from pipeline.domain.event_writer import EventRefused
from pipeline.domain.events import IncidentPhase
from pipeline.errors import ConfigError, SinkError
from tests.channels.messages import INCIDENT, SECRET, message, webhook
from tests.channels.receivers import Noted, WebhookReceiver, serving


def test_the_signature_is_that_of_the_specifications_example() -> None:
    headers = signed_headers(
        signing_key(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_carries_event_and_incident_under_the_id_of_the_event() -> None:
    noted, sent = Noted(), message(incident=INCIDENT, phase=IncidentPhase.BEGUN, rule="wrong-way", label="car")
    with serving(WebhookReceiver, noted) as port:
        channel = WebhookChannel(webhook(port), clock_s=lambda: 1_790_000_000.9)
        channel.open()
        assert channel.send([sent]) == "204 No Content"
        assert channel.send([message(2)]) == "204 No Content", "by the same connection"
        channel.close()
    headers, body = noted.headers[0], noted.bodies[0]
    found = json.loads(body)
    assert found["type"] == "alert.begun"
    assert (found["data"]["incident"], found["data"]["rule"], found["data"]["camera_id"]) == (
        INCIDENT,
        "wrong-way",
        "cam-1",
    )
    assert "against the direction of traffic" in found["data"]["text"]
    assert headers["webhook-id"] == found["data"]["event_id"] == sent.message_id
    signed = f"{sent.message_id}.1790000000.".encode() + body
    expected = base64.b64encode(hmac.new(signing_key(SECRET), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (500, SinkError, "answers 500"),
        (410, SinkError, "answers 410"),
        (302, SinkError, "redirections are not followed"),
        (400, EventRefused, "refuses the message"),
    ],
)
def test_only_a_success_counts_and_no_redirection_is_followed(status: int, error: type[SinkError], words: str) -> None:
    elsewhere = Noted()
    with serving(WebhookReceiver, elsewhere) as other, serving(WebhookReceiver, noted := Noted()) as port:
        noted.status, noted.location = status, f"http://127.0.0.1:{other}/"
        channel = WebhookChannel(webhook(port))
        channel.open()
        with pytest.raises(error, match=words) as caught:
            channel.send([message()])
        channel.close()
    assert type(caught.value) is error
    assert "key=k" not in str(caught.value)
    assert elsewhere.bodies == []


def test_a_receiver_that_hangs_is_left_after_the_timeout() -> None:
    with serving(WebhookReceiver, noted := Noted()) as port:
        noted.hang_s = 1.0
        channel = WebhookChannel(webhook(port, timeout_s=0.2))
        channel.open()
        begin = time.monotonic()
        with pytest.raises(TimeoutError):
            channel.send([message()])
        assert time.monotonic() - begin < 0.9
        channel.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.org/hook", "no https address"),
        ("http://10.0.0.8/hook", "no https address"),
        ("http://127.0.0.1@example.org/hook", "no https address"),
        ("https://user:secret@example.org/hook", "has a login"),
        ("https://example.org/hook@169.254.169.254/", "its host is not certain"),
        ("file:///etc/passwd", "names no host"),
        ("example.org/hook", "has no scheme"),
    ],
)
def test_addresses_are_checked_as_those_of_cameras_are(url: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        webhook(url=url)


@pytest.mark.parametrize("secret", ["", "whsec_c2hvcnQ=", "not base64 at all"])
def test_a_weak_secret_is_refused_without_being_quoted(secret: str) -> None:
    with pytest.raises(ConfigError, match="openssl rand") as caught:
        signing_key(secret)
    assert not secret or secret not in str(caught.value)
