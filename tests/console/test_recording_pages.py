"""Recorded video in the console: a timeline with its gaps, images through masks with the viewer's name, audited."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import pytest

from pipeline.app.recordings import CameraRecording
from pipeline.console.live_video import Message
from pipeline.console.recording_timeline import WIDTH, recording_timeline
from pipeline.domain.hold import Hold
from pipeline.domain.recording import Gap
from pipeline.domain.role import Role
from pipeline.domain.times import format_utc
from pipeline.http_api.service import Service
from pipeline.record.settings import RecordSettings
from tests.app.people.installations import Office
from tests.console.staffed_city import PEOPLE
from tests.console.test_live_view import messages
from tests.console.visitors import Visitors, text_of
from tests.http_api.served_city import CEIC, GUARD
from tests.record.packets import BEGIN_MS, record_masked

LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
ASKED = {"purpose": "policing", "camera": GUARD[0], "at": format_utc(BEGIN_MS + 1500)}
VIDEO = "/console/recordings/video"


@pytest.fixture
def recorded(service: Service, tmp_path: Path) -> None:
    """Two seconds of a camera, whose left half is masked."""
    folder = tmp_path / "recordings"
    record_masked(folder, (LEFT_HALF,), seconds=2, camera=GUARD[0])
    object.__setattr__(service, "stores", replace(service.stores, record=RecordSettings(dir=folder)))


@pytest.mark.usefixtures("recorded")
def test_recorded_video_is_shown_through_its_masks_and_audited(visitors: Visitors, city: Office) -> None:
    operator = visitors.logged_in(PEOPLE[Role.OPERATOR])
    operator.open("/console/recordings")
    text = text_of(operator.send("/console/recordings", ASKED))
    assert text.count('<rect class="video"') == 1
    assert text.count('<rect class="gap"') == 2, "half an hour before and after"
    assert "lacuna" in text
    found = [one for one in messages(operator.send(VIDEO, ASKED).body) if one[1] != Message.SIGN]
    assert found[0][1] == Message.KEY
    assert BEGIN_MS + 1500 <= found[0][2] < BEGIN_MS + 2000
    assert (found[-1][1], "até o fim" in found[-1][3].decode()) == (Message.END, True)
    decoder = av.CodecContext.create("h264", "r")
    image = next(iter([*decoder.decode(av.Packet(found[0][3])), *decoder.decode(None)])).to_ndarray(format="gray")
    assert image[20:60, 10:60].mean() < image[20:60, 100:150].mean() - 40, "the left half is masked"
    records = [one for one in city.audit() if one["operation"] == "retrieval"]
    assert [one["details"]["action"] for one in records] == ["segments", "playback-begun", "playback-ended"]
    assert {(one["account"], tuple(one["cameras"])) for one in records} == {(PEOPLE[Role.OPERATOR], (GUARD[0],))}


@pytest.mark.usefixtures("recorded")
def test_what_may_not_be_seen_is_refused(visitors: Visitors) -> None:
    operator = visitors.logged_in(PEOPLE[Role.OPERATOR])
    operator.open("/console/recordings")
    assert operator.send("/console/recordings", ASKED | {"camera": CEIC}).status == 403
    assert operator.send(VIDEO, ASKED | {"camera": CEIC}).status == 403
    assert operator.send("/console/recordings", ASKED | {"at": "2040-01-01"}).status == 422
    officer = visitors.logged_in(PEOPLE[Role.DISCLOSURE_OFFICER])
    officer.open("/console/recordings")
    reply = officer.send(VIDEO, ASKED)
    assert (reply.status, "com as pessoas mascaradas" in text_of(reply)) == (403, True)


def test_a_timeline_shows_what_lies_in_its_span() -> None:
    gaps = [Gap(-50, 25, "before"), Gap(150, 200, "after")]
    holds = [Hold("h", "cam", 50, 100, "furto", "ana", 1)]
    drawn = recording_timeline(CameraRecording("cam", [], gaps, holds), [75], 0, 100, 50)
    assert (drawn.gaps, drawn.holds) == (((0, WIDTH // 4),), ((WIDTH // 2, WIDTH // 2),))
    assert (drawn.alerts, drawn.wanted) == ((WIDTH * 3 // 4,), WIDTH // 2)
