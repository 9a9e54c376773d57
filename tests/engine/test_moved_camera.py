"""A stream whose view is not the confirmed one is neither analyzed nor recorded until a person confirms its masks."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import av
import pytest

from pipeline.app.cameras import view_confirmation
from pipeline.app.cameras.view_confirmation import Snapshot, confirm_view
from pipeline.app.live_reload import LiveReload
from pipeline.decode.source_address import parse_address
from pipeline.domain.confirmed_view import ViewRecord, ViewState
from pipeline.domain.events import AlertEvent, decode
from pipeline.domain.ports import SourceState
from pipeline.engine import view_watch
from pipeline.engine.camera_permissions import CameraPermissions
from pipeline.engine.running_engine import RunningEngine
from pipeline.engine.view_reference import ViewReference
from pipeline.record.segment_index import SegmentIndex
from pipeline.storage.confirmed_views import ConfirmedViews
from tests.engine.registered import AuditSpy
from tests.engine.test_reconfigure import City, analyzed, live, until
from tests.engine.views import HEIGHT, WIDTH, GrayImage, view
from tests.servers.rtsp import RtspServer, encode_loop, why_no_server

MASK = "[[0, 0], [0.2, 0], [0.2, 0.3], [0, 0.3]]"
MASKS = (((0.0, 0.0), (0.2, 0.0), (0.2, 0.3), (0.0, 0.3)),)


def _street_clip(folder: Path) -> Path:
    target = folder / "street.mp4"
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(10):
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(view(sample=number), "gray").reformat(format="yuv420p"))
            )
        container.mux(stream.encode(None))
    return target


@pytest.mark.real
def test_a_camera_that_was_moved_is_blind_until_its_masks_are_confirmed(
    tmp_path: Path, data_dir: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason := why_no_server():
        pytest.skip(reason)
    monkeypatch.setattr(view_watch, "_REREAD_S", 0.2)
    audit = AuditSpy()
    city, views = City(tmp_path, data_dir, models_dir), ConfirmedViews(tmp_path / "data")
    city._more += f"record: {{dir: {tmp_path}/video, segment_s: 2}}\n"
    before = ViewReference.of_images((GrayImage(view(0.03, sample=number)) for number in range(10)), MASKS, ())
    assert before is not None
    views.write("a", ViewRecord(ViewState.CONFIRMED, 1, 1, "ana"), before.as_bytes())
    clip = _street_clip(tmp_path)
    loop = encode_loop(tmp_path / "loop.h264", seconds=2, fps=5, size=(WIDTH, HEIGHT), source=clip)
    # The server of these tests repeats key frames, which a decoder calls damaged.
    monkeypatch.setattr(
        view_confirmation, "parse_address", lambda one, _, allowed: parse_address(one, str(clip), allowed)
    )
    monkeypatch.setattr(view_confirmation, "_STEP_S", 0.1)
    with RtspServer(loop, fps=5) as server:
        city.write(live("a", server, 0, f", masks: [{MASK}]").replace("analyze_fps: 1", "analyze_fps: 5"))

        def act(running: RunningEngine, _: LiveReload) -> None:
            until(lambda: running.sources()["a"].state is SourceState.VIEW_UNCONFIRMED)
            assert running.sources()["a"].detail.startswith("its view is shifted by 3.")
            seen, decoded = analyzed(running, "a"), running.sources()["a"].decoded
            stored = views.read("a")
            assert stored is not None
            assert stored.record.state is ViewState.MOVED
            until(lambda: running.sources()["a"].decoded > decoded + 10)
            assert analyzed(running, "a") == seen
            shown: list[Snapshot] = []

            def disagrees(still: Snapshot) -> bool:
                shown.append(still)
                return False

            assert confirm_view(city.path, "a", tmp_path / "view.png", disagrees) is None
            assert running.sources()["a"].state is SourceState.VIEW_UNCONFIRMED
            assert shown[0].path.stat().st_size > 0
            done = confirm_view(city.path, "a", tmp_path / "view.png", lambda _: True)
            assert done is not None
            until(lambda: analyzed(running, "a") > seen)
            running.engine.stop()

        city.run(act, CameraPermissions(record=audit))
    states = [state for state, _ in groupby(city.health("a"))]
    assert states == ["connecting", "streaming", "view-unconfirmed", "streaming", "ended"]
    stop, resume = [entry for entry in audit.entries if entry.details["action"] != "start"]
    assert (stop.policy, stop.cameras, resume.outcome.value) == ("camera-moved", ("a",), "allowed")
    alerts = [event for event in map(decode, city.lines.read_text().splitlines()) if isinstance(event, AlertEvent)]
    assert [one.rule for one in alerts] == ["camera-moved", "view-confirmed"]
    stops = [reason for _, reason in SegmentIndex(tmp_path / "video" / "a").read().stops]
    assert "the view of the camera is not the confirmed one" in stops
    record = views.read("a")
    assert record is not None
    assert record.record.confirmed_by not in ("", "ana")
