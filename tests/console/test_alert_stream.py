"""Signs in the stream of the console."""

from __future__ import annotations

from pipeline.app.alerts.alert_feed import FedAlert
from pipeline.console import alert_stream
from pipeline.http_api.service import Changes


def test_a_step_of_any_person_is_one_sign_until_the_next_step() -> None:
    changes = Changes()
    sign = alert_stream.changes_since(changes)
    assert sign() == ""
    changes.note()
    changes.note()
    assert sign().startswith("event: step\n")
    assert sign() == ""


def test_a_sign_of_an_alert_has_its_place_in_the_stream_and_nothing_about_it_but_the_severity() -> None:
    text = alert_stream.alert_sign(FedAlert("1-2", {"severity": "critical", "camera_id": "av-brasil-900", "text": "x"}))
    assert text == "id: 1-2\nevent: alert\ndata: critical\n\n"
