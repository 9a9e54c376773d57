"""Live views for people: recorded before the first image, persons hidden from observers, the viewer burnt in."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from typing import Any

import av
import cv2
import numpy as np
import pytest

from pipeline.app.live_view import BurntImages
from pipeline.console.live_video import Message
from pipeline.domain.role import Role
from pipeline.http_api.service import Service
from pipeline.policy.live_view import hides_people
from tests.app.people.installations import Office
from tests.console.live_run import live_run
from tests.console.staffed_city import PEOPLE
from tests.console.visitors import Visitors
from tests.http_api.served_city import CEIC, GUARD

VIDEO = f"/console/situation/city-services/video/{GUARD[0]}"


def _records(city: Office) -> list[dict[str, Any]]:
    return [one for one in city.audit() if one["operation"] == "monitoring"]


def messages(body: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    while body:
        tile, kind, ts_ms, size = struct.unpack_from("<BBQI", body)
        yield tile, kind, ts_ms, body[14 : 14 + size]
        body = body[14 + size :]


@pytest.mark.parametrize(("role", "people"), [(Role.OBSERVER, "hidden"), (Role.OPERATOR, "shown")])
def test_a_view_is_recorded_before_and_after_and_says_why_it_ends(
    role: Role, people: str, visitors: Visitors, service: Service, city: Office
) -> None:
    visitor = visitors.logged_in(PEOPLE[role])
    with live_run(service, frames=4):
        reply = visitor.open(VIDEO)
    assert reply.status == 200
    found = [one for one in messages(reply.body) if one[1] != Message.SIGN]
    assert found[0][:2] == (0, Message.KEY)
    assert found[0][2] >= 1_700_000_000_000
    decoder = av.CodecContext.create("h264", "r")
    images = [*decoder.decode(av.Packet(found[0][3])), *decoder.decode(None)]
    assert [(one.width, one.height) for one in images] == [(320, 180)]
    assert (found[-1][1], "terminou" in found[-1][3].decode()) == (Message.END, True)
    until_s = time.monotonic() + 20
    while len(records := _records(city)) < 2 and time.monotonic() < until_s:
        time.sleep(0.02)  # the thread of the view ends after the answer
    assert [(one["account"], one["details"]["action"], one["details"]["people"]) for one in records] == [
        (PEOPLE[role], "live-view-begun", people),
        (PEOPLE[role], "live-view-ended", people),
    ]
    assert records[0]["cameras"] == [GUARD[0]]
    assert records[1]["details"]["frames"] >= 1


def test_another_bodys_camera_is_refused_and_without_a_run_the_page_says_so(
    visitors: Visitors, service: Service
) -> None:
    visitor = visitors.logged_in(PEOPLE[Role.OPERATOR])
    assert visitor.open(VIDEO.replace(GUARD[0], CEIC)).status == 403
    assert visitor.open(VIDEO.replace(GUARD[0], f"{CEIC},{CEIC}")).status == 403
    reply = visitor.open(VIDEO)
    assert (reply.status, "Nenhuma execução" in reply.body.decode()) == (503, True)


def test_a_wall_shows_the_others_and_says_of_which_camera_it_shows_nothing(
    visitors: Visitors, service: Service, city: Office
) -> None:
    visitor = visitors.logged_in(PEOPLE[Role.OPERATOR])
    with live_run(service, frames=2):
        reply = visitor.open(VIDEO.replace(GUARD[0], f"{CEIC},{GUARD[0]}"))
    found = [one for one in messages(reply.body) if one[1] != Message.SIGN]
    assert (found[0][:2], "Acesso negado" in found[0][3].decode()) == ((0, Message.REFUSED), True)
    assert found[1][:2] == (1, Message.KEY)
    refused, begun = _records(city)[:2]
    assert (refused["outcome"], refused["cameras"]) == ("refused", [CEIC])
    assert (begun["outcome"], begun["cameras"]) == ("allowed", [GUARD[0]])


def test_a_browser_that_decodes_no_video_gets_jpeg_and_is_told_when_no_image_comes(
    visitors: Visitors, service: Service
) -> None:
    visitor = visitors.logged_in(PEOPLE[Role.OPERATOR])
    with live_run(service, frames=2):
        reply = visitor.open(VIDEO.replace("/video/", "/mjpeg/"))
    assert reply.headers["content-type"].startswith("multipart/x-mixed-replace")
    parts = [part.partition(b"\r\n\r\n")[2] for part in reply.body.split(b"--viapublica\r\n")[1:]]
    sizes = {np.asarray(cv2.imdecode(np.frombuffer(part, np.uint8), cv2.IMREAD_COLOR)).shape for part in parts}
    assert sizes == {(180, 320, 3), (360, 640, 3)}, "images of the camera, and the text that the run has ended"


def test_viewer_and_time_are_burnt_in() -> None:
    plain = cv2.imencode(".jpg", np.full((360, 640, 3), 120, np.uint8))[1].tobytes()
    burnt = BurntImages("Ótto Souza (guarda.otto)").jpeg(plain, "av-brasil-900 · 30/11/2026 21:00:00")
    image = np.asarray(cv2.imdecode(np.frombuffer(burnt, np.uint8), cv2.IMREAD_COLOR))
    assert image[-4:].mean() < 60, "the strip with the text"
    assert image[:300].std() > 3, "the name across the image"


@pytest.mark.parametrize("role", list(Role))
def test_persons_are_hidden_from_everyone_but_operators_and_analysts(role: Role) -> None:
    assert hides_people(role, sensitive=False) == (role not in {Role.OPERATOR, Role.INTELLIGENCE_ANALYST})
    assert hides_people(role, sensitive=True)
