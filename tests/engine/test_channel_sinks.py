"""Channels of a run: their own spools, routes and quiet hours; a destination that is away delays nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.config.settings import Config
from pipeline.domain.events import AlertRule, Event, Severity
from pipeline.engine.channel_sinks import channel_sinks
from tests.channels.messages import SECRET, changed_alert
from tests.channels.receivers import Noted, WebhookReceiver, serving
from tests.event_samples import admit_all, alert, plate_read, wait_until

FAST: dict[str, Any] = {"most_per_minute": 60_000, "retry_max_s": 0.05, "timeout_s": 1}


def config(folder: Path, *channels: dict[str, Any], **values: Any) -> Config:
    camera = {"id": "cam-1", "source": "video.mp4", "scope": "public-road", "owner": "Guarda"}
    return Config.model_validate({"data_dir": folder, "cameras": [camera], "channels": list(channels)} | values)


def hook(port: int, name: str = "cco", **values: Any) -> dict[str, Any]:
    url = f"http://127.0.0.1:{port}/"
    return {"type": "webhook", "name": name, "url": url, "secret": {"password": SECRET}} | FAST | values


def test_each_channel_gets_its_alerts_and_one_that_is_away_waits_on_disk(tmp_path: Path) -> None:
    with serving(WebhookReceiver, noted := Noted()) as port:
        sinks = channel_sinks(
            config(tmp_path, hook(port), hook(1, "away"), hook(port, "severe", severity="critical")), admit_all
        )
        events: list[Event] = [alert(1), plate_read(1), changed_alert(2, severity=Severity.CRITICAL)]
        for sink in sinks:
            sink.add(events)
        wait_until(lambda: len(noted.bodies) == 3 and sinks[1].status().retries > 1)
        assert [sink.name for sink in sinks] == ["channel-cco", "channel-away", "channel-severe"]
        assert [sink.status().accepted for sink in sinks] == [2, 2, 1]
        away = sinks[1].status()
        assert (away.pending, away.lost) == (2, 0)
        assert away.oldest_pending_s > 0
        assert "refused" in away.error
        for sink in sinks:
            sink.close(0)
        again = channel_sinks(config(tmp_path, hook(port, "away")), admit_all)
        wait_until(lambda: len(noted.bodies) == 5)
        again[0].close()
    assert sorted(noted.ids) == sorted([str(events[0].event_id)] * 2 + [str(events[2].event_id)] * 3)


def test_in_quiet_hours_only_severe_alerts_are_sent(tmp_path: Path) -> None:
    night = {"begin": "00:00", "end": "23:59"}
    with serving(WebhookReceiver, noted := Noted()) as port:
        sinks = channel_sinks(config(tmp_path, hook(port, quiet=night), zone="UTC"), admit_all)
        severe = changed_alert(2, severity=Severity.CRITICAL)
        for sink in sinks:
            sink.add([alert(1), severe])
        wait_until(lambda: len(noted.bodies) == 1 and sinks[0].status().pending == 0)
        now, later = (sink.status() for sink in sinks)
        assert (now.name, now.pending) == ("channel-cco", 0)
        assert (later.name, later.pending, later.retries, later.error) == ("channel-cco-quiet", 1, 0, "")
        for sink in sinks:
            sink.close(0)
    assert noted.ids == [str(severe.event_id)]


def test_a_storm_while_a_destination_is_away_takes_bounded_space_and_is_counted(tmp_path: Path) -> None:
    (sink,) = channel_sinks(config(tmp_path, hook(1, spool_bytes=2**20)), admit_all)
    for part in range(10):
        sink.add([alert(part * 1000 + number) for number in range(1000)])
    status = sink.status()
    assert status.spool_bytes < 2.2 * 2**20
    assert status.lost > 0
    assert status.pending + status.lost == 10_000
    sink.close(0)


@pytest.mark.parametrize(
    ("channels", "words"),
    [
        ([hook(1), hook(1)], "used more than once"),
        ([hook(1, cameras=["no-such"])], "cameras of 'cco' name 'no-such'"),
        ([hook(1, groups=["north"])], "groups of 'cco' name 'north'"),
        ([hook(1, owners=["CEIC"])], "owners of 'cco' name 'CEIC'"),
        ([hook(1, quiet={"begin": "22:00", "end": "22:00"})], "begin and end at the same time"),
        ([hook(1, rules=["no-such-rule"])], "Input should be"),
    ],
)
def test_a_channel_that_names_what_is_not_there_is_refused(
    tmp_path: Path, channels: list[dict[str, Any]], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        config(tmp_path, *channels)


def test_sinks_are_not_named_like_channels(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="begins like those of channels"):
        config(tmp_path, sinks=[{"type": "jsonl", "name": "channel-x"}])


def test_alerts_may_be_about_channels(tmp_path: Path) -> None:
    assert config(tmp_path, hook(1, owners=["Guarda"], rules=[AlertRule.CAMERA_LOST])).sink_names == [
        "events",
        "channel-cco",
    ]
