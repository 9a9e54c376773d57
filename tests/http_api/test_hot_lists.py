"""Hot-lists over HTTP: a second person approves entries, and entries and hits are for the people they name."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.domain.times import format_utc
from tests.app.people.installations import Office
from tests.governance.people import DAY_MS
from tests.http_api.client import Client
from tests.http_api.listed_plates import LAWFUL, approve, share_cameras, store_passages
from tests.http_api.persons import People
from tests.http_api.served_city import CEIC, GUARD, PLATES


def entry(city: Office) -> dict[str, Any]:
    return LAWFUL | {
        "list": "stolen",
        "plate": PLATES[0],
        "authority": "3ª Delegacia",
        "reason": "furto de 20 de novembro",
        "start": format_utc(city.clock.now_ms),
        "until": format_utc(city.clock.now_ms + 60 * DAY_MS),
    }


@pytest.fixture(scope="module")
def passages(populated: Office) -> int:
    """Alerts of the first entry, whose number it is."""
    store_passages(populated, 1)
    return 1


@pytest.fixture
def caio(people: People, city: Office) -> Client:
    """An analyst of the guard, with which the other body shares its cameras for hot-lists."""
    share_cameras(city)
    return people.logged_in("caio")


def test_entries_and_hits_are_for_those_who_made_or_are_named_by_them(
    people: People, caio: Client, city: Office, passages: int
) -> None:
    davi = people.logged_in("davi")
    refused = caio.post("/hot-lists/entries", entry(city))
    assert refused.status == 403
    assert "second person" in refused.json["detail"]
    approve(city, "caio")
    made = caio.post("/hot-lists/entries", entry(city))
    assert made.status == 200, made.body
    assert (made.json["list"], made.json["case"], made.json["seen_by"]) == ("stolen", LAWFUL["case"], ["caio"])
    assert made.json["entry"] == passages
    found = caio.post("/hot-lists/entries/search", LAWFUL).json["entries"]
    assert [one["plate"] for one in found] == [PLATES[0]]
    assert caio.post("/hot-lists/state", LAWFUL).json["entries"] == {"stolen": 1}
    hits = caio.post("/hot-lists/hits/search", LAWFUL)
    assert hits.status == 200, hits.body
    assert sorted((one["camera_id"], one["plate"]) for one in hits.json["rows"]) == [
        (GUARD[0], PLATES[0]),
        (CEIC, PLATES[0]),
    ]
    routed = caio.post("/hot-lists/hits/search", LAWFUL | {"route": True})
    assert [GUARD[0] in one["route"] for one in routed.json["rows"]] == [True, True], routed.body
    review = LAWFUL | {"hits": True}
    incidents = caio.post("/incidents/search", review).json["rows"]
    assert {one["rule"] for one in incidents} == {"listed-plate"}
    step = review | {"incident": incidents[0]["incident"], "action": "acknowledge"}
    assert caio.post("/incidents/steps", step).json["holder"] == "caio"
    assert davi.post("/incidents/search", review).json.get("rows", []) == [], "no entry names them"
    assert davi.post("/hot-lists/entries/search", LAWFUL).json.get("entries", []) == []
    ended = caio.post("/hot-lists/entries/end", LAWFUL | {"entries": [passages], "reason": "localizado"})
    assert ended.status == 200, ended.body
    assert caio.post("/hot-lists/entries/search", LAWFUL).json["entries"] == []
    facts = [(one["operation"], one["outcome"]) for one in city.audit() if one.get("account") == "caio"]
    assert ("plate-list", "refused") in facts
    assert ("plate-list", "allowed") in facts
    assert PLATES[0] not in str(city.audit())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"plate": "no plate"}, "plate"),
        ({"until": "2030-01-01"}, "validity"),
        ({"until": "someday"}, "someday"),
        ({"reason": "católico que vai à missa"}, "reason"),
    ],
)
def test_an_entry_that_is_not_possible_names_what_is_wrong(
    caio: Client, city: Office, change: dict[str, Any], words: str
) -> None:
    approve(city, "caio")
    reply = caio.post("/hot-lists/entries", entry(city) | change)
    assert 400 <= reply.status < 500, reply.body
    assert words in reply.json["detail"]
