"""`viapublica alerts`: list, show, ack, escalate, close, comment, hand-over, test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.domain.event_identity import identified
from pipeline.domain.events import AlertEvent, IncidentPhase, Severity
from tests.channels.messages import SECRET
from tests.channels.receivers import Noted, WebhookReceiver, serving
from tests.cli.commands import viapublica_here
from tests.event_samples import alert
from tests.filled_store import fill_store

INCIDENT = "0123456789abcdef01234567"


def _alert(number: int, **values: Any) -> AlertEvent:
    return identified(msgspec.structs.replace(alert(number), **values))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an incident of two alerts, and one alert about a camera."""
    wrong_way = {"incident": INCIDENT, "rule": "wrong-way", "label": "car", "subject": "cam-1"}
    events = [
        _alert(1, phase=IncidentPhase.BEGUN, **wrong_way),
        _alert(2, phase=IncidentPhase.ENDED, severity=Severity.CRITICAL, **wrong_way),
        _alert(3),
    ]
    return fill_store(tmp_path_factory.mktemp("alerts") / "data", events)


def run(data: Path, *arguments: str, fails: bool = False) -> Any:
    done = viapublica_here("alerts", *arguments, "--data", data, environ={"USER": "ana", "VIAPUBLICA_ZONE": "UTC"})
    assert bool(done.returncode) is fails, done.stderr
    return done


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_an_incident_is_found_handled_and_shown(data: Path) -> None:
    rows = objects(run(data, "list", "--json").stdout)
    assert [row["rule"] for row in rows[:-1]] == ["camera-lost", "wrong-way"]
    assert (rows[1]["severity"], rows[1]["alerts"], rows[1]["state"]) == ("critical", 2, "new")
    assert rows[-1]["answer"]["mode"] == "evaluation"
    taken = run(data, "ack", INCIDENT[:7])
    assert f"incident {INCIDENT}: acknowledged by " in taken.stderr
    assert "evaluation mode" in taken.stderr
    run(data, "comment", INCIDENT, "tow truck on its way")
    run(data, "escalate", INCIDENT, "--comment", "traffic agents notified")
    closed = objects(run(data, "close", INCIDENT, "--reason", "true", "--json").stdout)[0]
    assert (closed["state"], closed["reason"], len(closed["steps"])) == ("closed", "true", 4)
    again = run(data, "ack", INCIDENT, fails=True)
    assert "was closed as true by" in again.stderr
    shown = objects(run(data, "show", INCIDENT, "--json").stdout)[0]
    assert [one["action"] for one in shown["steps"]] == ["acknowledge", "comment", "escalate", "close"]
    assert [one["phase"] for one in shown["alerts"]] == ["begun", "ended"]
    table = run(data, "show", INCIDENT).stdout
    assert "against the direction of traffic" in table
    assert "tow truck" in table
    assert run(data, "list", "--state", "closed").stdout.count("wrong-way") == 1


def test_the_list_is_portuguese_for_brazilian_operators(data: Path) -> None:
    table = run(data, "list", "--locale", "pt-BR").stdout
    for word in ("Ocorrências", "responsável", "câmera perdida", "contramão"):
        assert word in table, table


def test_an_unknown_or_ambiguous_incident_and_a_wrong_step_are_named(data: Path) -> None:
    assert "is not among the stored alerts" in run(data, "ack", "999999", fails=True).stderr
    assert "is too short" in run(data, "ack", "01", fails=True).stderr
    refused = run(data, "comment", INCIDENT, "it was ABC1D23", fails=True)
    assert "names a plate" in refused.stderr
    assert "needs a text, --accept NUMBER or --list" in run(data, "hand-over", fails=True).stderr


def test_a_shift_is_handed_over(data: Path) -> None:
    written = objects(run(data, "hand-over", "lane closed until six", "--json").stdout)[0]
    assert "written by you" in run(data, "hand-over", "--accept", str(written["number"]), fails=True).stderr
    assert "lane closed until six" in run(data, "hand-over", "--list").stdout


def test_feedback_on_thresholds_is_shown_and_undone(tmp_path: Path) -> None:
    config = tmp_path / "city.yaml"
    config.write_text("data_dir: data\ncameras: [{id: cam-1, source: 'rtsp://camera/1', scope: public-road}]\n")
    wrong_way = {"incident": INCIDENT, "rule": "wrong-way", "phase": IncidentPhase.BEGUN}
    fill_store(tmp_path / "data", [_alert(1, **wrong_way)])

    def alerts(*words: str) -> Any:
        return viapublica_here("alerts", *words, "--config", config, environ={"USER": "ana"})

    def used() -> tuple[float, float]:
        found = objects(alerts("thresholds", "--camera", "cam-1", "--json").stdout)
        (one,) = [one for one in found if one["rule"] == "wrong-way"]
        return round(one["value"], 2), round(one["factor"], 2)

    assert used() == (1.0, 1.0)
    assert "no incident was closed" in alerts("thresholds", "--feedback").stdout
    assert alerts("close", INCIDENT[:8], "--reason", "false").returncode == 0
    assert used() == (1.15, 1.15)
    assert "threshold × 1.00 → × 1.15" in " ".join(alerts("thresholds", "--feedback").stdout.split())
    assert "counts for no threshold any more" in alerts("thresholds", "--undo", INCIDENT[:8]).stderr
    assert used() == (1.0, 1.0)
    assert "is undone already" in alerts("thresholds", "--undo", INCIDENT).stderr


def test_a_channel_is_tried_and_its_answer_shown(tmp_path: Path) -> None:
    config = tmp_path / "city.yaml"
    with serving(WebhookReceiver, noted := Noted()) as port:
        hook = f"type: webhook, url: 'http://127.0.0.1:{port}/', secret: {{password: {SECRET}}}"
        config.write_text(
            "cameras: [{id: cam-1, source: video.mp4, scope: public-road}]\n"
            f"channels:\n- {{name: cco, {hook}}}\n- {{name: away, {hook.replace(str(port), '1')}}}\n"
        )
        done = viapublica_here("alerts", "test", "--config", config, "--json")
        results = {one["channel"]: one for one in objects(done.stdout)}
        assert done.returncode == 1, "one is away"
        assert (results["cco"]["ok"], results["cco"]["answer"]) == (True, "204 No Content")
        assert results["away"]["ok"] is False
        assert viapublica_here("alerts", "test", "--channel", "cco", "--config", config).returncode == 0
    assert [json.loads(body)["data"]["rule"] for body in noted.bodies] == ["test", "test"]
    unknown = viapublica_here("alerts", "test", "--channel", "cc", "--config", config)
    assert "Known are away, cco" in unknown.stderr
