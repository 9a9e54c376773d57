"""Web Push: only the browser reads a notification, its service knows the sender, and one device delays no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import http_ece
import pytest
from py_vapid import Vapid02
from pydantic import ValidationError

from pipeline.channels.channel import ChannelWriter, RateLimit
from pipeline.channels.web_push import WebPushChannel, vapid_key
from pipeline.domain.event_writer import EventRefused
from pipeline.domain.events import AlertRule, Severity
from pipeline.domain.push_subscription import PushSubscription, is_served
from pipeline.errors import ConfigError, SinkError
from tests.channels.browsers import Browser
from tests.channels.messages import VAPID_KEY, VAPID_PUBLIC, changed_alert, message, push_settings, record
from tests.channels.receivers import Noted, PushReceiver, serving


class Devices:
    """Subscribed devices at a push service on this machine, and a channel to them."""

    def __init__(self, port: int, number: int) -> None:
        self.browsers = [Browser(f"http://127.0.0.1:{port}/{name}") for name in range(number)]
        self.now_s = 0.0
        self.channel = WebPushChannel(push_settings(), lambda: self.subscriptions, monotonic_s=lambda: self.now_s)
        self.subscriptions = [
            PushSubscription(
                subscription_id=number,
                channel="guard",
                purpose="mobility",
                device="phone",
                login="nina",
                institution="guarda",
                sector="central",
                role="operator",
                created_ms=0,
                until_ms=0,
                **browser.keys,
            )
            for number, browser in enumerate(self.browsers)
        ]


@contextmanager
def subscribed(noted: Noted, number: int) -> Iterator[Devices]:
    with serving(PushReceiver, noted) as port:
        devices = Devices(port, number)
        yield devices
        devices.channel.close()


def test_each_browser_alone_reads_its_notification_and_the_service_knows_the_sender() -> None:
    noted, sent = Noted(), message(severity=Severity.CRITICAL, rule="wrong-way", label="car")
    with subscribed(noted, 2) as devices:
        assert devices.channel.send([sent]) == "2 devices by their push services"
    for number, browser in enumerate(devices.browsers):
        shown = browser.read(noted.bodies[number])
        assert (shown["id"], shown["severity"]) == (sent.message_id, "critical")
        assert "against the direction of traffic" in shown["text"]
        with pytest.raises(http_ece.ECEException):
            browser.read(noted.bodies[1 - number])
    headers = noted.headers[0]
    assert Vapid02.verify(headers["authorization"])
    assert f"k={VAPID_PUBLIC}" in headers["authorization"]
    assert (headers["ttl"], headers["urgency"], headers["content-encoding"]) == ("3600", "high", "aes128gcm")
    assert headers["topic"] == sent.message_id.replace("-", ""), "a repeated one replaces the first"


def test_a_device_that_has_ended_is_left_out_and_one_whose_service_fails_gets_it_later() -> None:
    noted = Noted(statuses={"/0": 410, "/2": 503})
    with subscribed(noted, 3) as devices:
        with pytest.raises(SinkError, match="answers 503") as caught:
            devices.channel.send([message()])
        assert type(caught.value) is SinkError
        noted.statuses = {"/0": 201}
        assert devices.channel.send([message()]) == "2 devices by their push services"
    assert [one["path"] for one in noted.headers] == ["/1", "/2"], "nothing twice, and none to the one that ended"


def test_a_service_that_stays_away_delays_others_for_a_minute_at_most() -> None:
    noted = Noted()
    with subscribed(noted, 2) as devices:
        devices.subscriptions[1] = replace(devices.subscriptions[1], endpoint="http://127.0.0.1:1/1")
        for _ in range(2):
            with pytest.raises(SinkError, match="refused"):
                devices.channel.send([message()])
        devices.now_s = 61.0
        assert devices.channel.send([message()]) == "1 device by their push services"
        assert devices.channel.send([message(2)]) == "1 device by their push services"
        devices.subscriptions.pop(0)
        with pytest.raises(SinkError, match="refused"):
            devices.channel.send([message(3)])
    assert len(noted.bodies) == 2


def test_what_a_service_will_never_take_is_refused_and_no_device_is_said() -> None:
    with subscribed(Noted(statuses={"/0": 413}), 1) as devices:
        with pytest.raises(EventRefused, match="413"):
            devices.channel.send([message()])
        devices.subscriptions.clear()
        assert devices.channel.send([message(2)]) == "no device is subscribed"


def test_an_alert_about_a_plate_leaves_only_by_a_channel_that_is_marked() -> None:
    hit = record(changed_alert(rule=AlertRule.LISTED_PLATE.value))
    with subscribed(noted := Noted(), 1) as devices:
        with pytest.raises(EventRefused, match="not marked for plates"):
            ChannelWriter(devices.channel, push_settings(), RateLimit(60), None).write([hit])
        assert noted.bodies == []
        ChannelWriter(devices.channel, push_settings(plates=True), RateLimit(60), None).write([hit])
    assert len(noted.bodies) == 1


@pytest.mark.parametrize(
    ("endpoint", "served"),
    [
        ("https://updates.push.services.mozilla.com/wpush/v2/x", True),
        ("https://db5p.notify.windows.com/w/?token=x", True),
        ("http://updates.push.services.mozilla.com/wpush/v2/x", False),
        ("https://evil.example/updates.push.services.mozilla.com", False),
        ("https://user@updates.push.services.mozilla.com/", False),
        ("https://updates.push.services.mozilla.com.evil.example/", False),
        ("https://notify.windows.com.evil.example/", False),
        ("https://169.254.169.254/latest", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_subscriptions_lead_to_push_services_only(endpoint: str, served: bool) -> None:
    assert is_served(endpoint, ("updates.push.services.mozilla.com", "*.notify.windows.com")) is served


def test_keys_that_do_not_fit_are_named_and_never_quoted() -> None:
    assert vapid_key(VAPID_KEY, VAPID_PUBLIC)
    other = VAPID_PUBLIC[:-1] + ("A" if VAPID_PUBLIC[-1] != "A" else "B")
    for pem, public, words in ((VAPID_KEY, other, "not that of"), ("secret", VAPID_PUBLIC, "no PEM file")):
        with pytest.raises(ConfigError, match=words) as caught:
            vapid_key(pem, public)
        assert pem not in str(caught.value)
    with pytest.raises(ValidationError, match="services"):
        push_settings(services=("https://push.example.org",))
