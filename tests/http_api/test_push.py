"""Web Push over HTTP: devices are subscribed to channels of the own body, and notified while the account may."""

from __future__ import annotations

from typing import Any

from pipeline.channels.web_push import WebPushChannel
from pipeline.engine.push_subscriptions import PushSubscriptions
from tests.app.people.installations import Office
from tests.channels.browsers import Browser
from tests.channels.messages import VAPID_PUBLIC, message, push_settings
from tests.channels.receivers import Noted, PushReceiver, serving
from tests.http_api.persons import People

MOBILITY = {"purpose": "mobility"}
ELSEWHERE = "http://127.0.0.1:9/other"


def subscription(browser: Browser, channel: str = "guard", **values: Any) -> dict[str, Any]:
    return MOBILITY | {"channel": channel, "device": "phone of the control room"} | browser.keys | values


def test_a_device_is_subscribed_notified_and_ended_with_the_account(people: People, city: Office) -> None:
    caio, davi = people.logged_in("caio"), people.logged_in("davi")
    own = {"purpose": "policing"}
    found = caio.post("/push/channels", own)
    assert found.json == {"channels": [{"name": "guard", "public_key": VAPID_PUBLIC}]}, found.body
    assert davi.post("/push/channels", MOBILITY).json.get("channels", []) == [], "cameras of another body"
    feed = PushSubscriptions(city.register, city.clock)
    with serving(PushReceiver, noted := Noted()) as port:
        browser = Browser(f"http://127.0.0.1:{port}/device")
        assert davi.post("/push/subscriptions", subscription(browser)).status == 403
        made = caio.post("/push/subscriptions", subscription(browser) | own)
        assert made.status == 201, made.body
        assert "endpoint" not in made.json
        channel = WebPushChannel(push_settings(), lambda: feed.of("guard"))
        assert channel.send([message()]) == "1 device by their push services"
        channel.close()
    assert browser.read(noted.bodies[0])["id"] == message().message_id
    assert [one["channel"] for one in caio.get("/push/subscriptions").json["subscriptions"]] == ["guard"]
    with city.opened("ana") as opened:
        opened.registry.suspend("caio", "apuração 12/2026", "ana")
    city.clock.now_ms += 3000
    assert feed.of("guard") == ()
    (subscribed,) = [one for one in city.audit() if one.get("details", {}).get("action") == "push-subscribe"]
    assert (subscribed["account"], subscribed["purpose"]) == ("caio", "policing")


def test_a_device_has_one_subscription_and_its_person_ends_it(people: People, city: Office) -> None:
    caio = people.logged_in("caio")
    own, browser = {"purpose": "policing"}, Browser(ELSEWHERE)
    first, second = (caio.post("/push/subscriptions", subscription(browser) | own).json for _ in range(2))
    assert [one["subscription_id"] for one in caio.get("/push/subscriptions").json["subscriptions"]] == [
        second["subscription_id"]
    ]
    assert caio.request("DELETE", f"/push/subscriptions/{first['subscription_id']}").status == 404
    assert caio.request("DELETE", f"/push/subscriptions/{second['subscription_id']}").status == 204
    assert PushSubscriptions(city.register, city.clock).of("guard") == ()
    assert ELSEWHERE.encode() not in (city.folder / "register.db").read_bytes()
    last = caio.post("/push/subscriptions", subscription(browser) | own).json
    city.clock.now_ms += 30 * 86_400_000
    assert PushSubscriptions(city.register, city.clock).of("guard") == (), f"{last['until']} is over"


def test_what_is_no_subscription_here_is_refused(people: People) -> None:
    caio = people.logged_in("caio")
    own, keys = {"purpose": "policing"}, Browser(ELSEWHERE)
    for change, status, words in (
        ({"channel": "other"}, 409, "no channel of Web Push"),
        ({"endpoint": "https://evil.example/x"}, 409, "none that this channel sends to"),
        ({"p256dh": "B" + "A" * 86}, 409, "none of a browser"),
        ({"p256dh": "key"}, 422, "p256dh"),
        ({"device": "celular do umbandista"}, 403, "device"),
        ({"channel": "city"}, 403, "may not follow"),
    ):
        reply = caio.post("/push/subscriptions", subscription(keys) | own | change)
        assert reply.status == status, (change, reply.body)
        assert words in reply.json["detail"], (change, reply.body)
    program = people.token(caio, "count-query")
    assert program.get("/push/subscriptions").status == 403
