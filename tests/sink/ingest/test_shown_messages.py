"""Messages shown to people: no plate that policy withholds now, whichever topic it was sent to."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.domain.events import encode
from pipeline.sink.ingest.shown_messages import shown_message
from pipeline.sink.kafka.messages import Received
from tests.event_samples import alert, count, plate_read
from tests.sink.ingest.ingesting import GATE

PLATE = "TMP1E34"


def _read(camera: str, **changes: Any) -> bytes:
    fields = msgspec.json.decode(encode(plate_read(1, camera=camera, plate=PLATE)))
    return msgspec.json.encode(fields | changes)


WITHHELD: dict[str, bytes] = {
    "of a square": _read("square"),
    "of a square, as another kind": _read("square", kind="count"),
    "of a square, malformed": _read("square", votes="?"),
    "of a camera that is not declared": _read("Square"),
    "of an id that is a plate": _read(PLATE),
    "of a camera that is not declared, malformed": _read("praca", x1=[PLATE]),
    "of two cameras": _read("cam-1")[:-1] + b',"camera_id":"square"}',
    "of a road, malformed": _read("cam-1", votes="?"),
    "of a road, with a further field": _read("cam-1", religiao="x"),
    "of no camera": msgspec.json.encode({"plate": PLATE}),
    "no JSON": PLATE.encode(),
    "an alert about a plate": encode(msgspec.structs.replace(alert(1), subject="TMP/1E34")),
    "a false digest": msgspec.json.encode({"bytes": 1, "sha256": PLATE}),
}


@pytest.mark.parametrize("topic", ["v.plate-reads", "v.counts", "v.dead-letters"])
@pytest.mark.parametrize("value", WITHHELD.values(), ids=list(WITHHELD))
def test_no_withheld_plate_is_shown_from_any_topic(value: bytes, topic: str) -> None:
    headers = [("x", PLATE.encode()), ("kind", PLATE.encode())]
    shown = shown_message(Received(topic, 0, 0, 0, PLATE.encode(), value, headers), GATE)
    assert PLATE not in str(shown)
    assert "TMP/1E34" not in str(shown)
    assert shown.withheld


def test_other_messages_are_shown_as_they_were_sent() -> None:
    for value in (_read("cam-1"), encode(count(1, camera="square")), b""):
        shown = shown_message(Received("v.counts", 0, 0, 0, None, value), GATE)
        assert (shown.value, shown.withheld) == (value.decode(), False)
    assert shown_message(Received("v.plate-reads", 0, 0, 0, None, _read("square")), GATE).camera_id == "square"
