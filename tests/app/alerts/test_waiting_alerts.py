"""Alerts that wait in the spool of a channel: late ones are an error, those of quiet hours are not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pipeline.app.alerts.waiting_alerts import LATE_S, waiting_alerts
from pipeline.errors import SinkError
from pipeline.sink.event_json import to_json
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.sink.spool.spool import Spool
from tests.event_samples import alert


def test_late_alerts_of_a_channel_are_an_error_but_not_in_quiet_hours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert waiting_alerts(tmp_path, "channel-cco") == "no alert waits"
    for name in ("channel-cco", "channel-cco-quiet"):
        (tmp_path / "spool" / name).mkdir(parents=True)
        spool = Spool(name, tmp_path / "spool" / name, SpoolSettings())
        spool.append([to_json(alert(1))])
        spool.close()
    assert waiting_alerts(tmp_path, "channel-cco").startswith("1 alert waiting, the oldest for ")
    later_s = time.time() + LATE_S + 10
    monkeypatch.setattr(time, "time", lambda: later_s)
    with pytest.raises(SinkError, match=r"1 alert waiting, the oldest for 31\d s.*viapublica alerts test"):
        waiting_alerts(tmp_path, "channel-cco")
    assert "31" in waiting_alerts(tmp_path, "channel-cco-quiet")
