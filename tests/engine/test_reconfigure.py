"""Cameras are added to, removed from and changed in a running engine; the others go on, and no event is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.app.live_reload import LiveReload, ReloadReport
from pipeline.config.load import load_config, parse_config
from pipeline.config.settings import Config
from pipeline.domain.events import Event, HealthEvent, PlateReadEvent, TrackEvent, decode
from pipeline.domain.live_view import live_socket
from pipeline.engine.build import open_engine
from pipeline.engine.camera_permissions import CameraPermissions
from pipeline.engine.reconfigure import ConfigChange, compare_configs
from pipeline.engine.run_report import CameraReport, RunReport
from pipeline.engine.running_engine import RunningEngine
from pipeline.errors import ConfigError
from tests.servers.rtsp import RtspServer, encode_loop, why_no_server

LIMIT_S = 120.0
BASE = """\
data_dir: .
cameras:
  - {id: gate, source: gate.mp4, scope: public-road}
  - {id: yard, source: yard.mp4, scope: public-square}
sinks: [{type: jsonl, name: lines, path: events.jsonl}]
"""


def parse(text: str) -> Config:
    return parse_config(text, Path("/c/city.yaml"))


@pytest.mark.parametrize(
    ("new", "change"),
    [
        (BASE, ConfigChange(unchanged=("gate", "yard"))),
        (
            BASE.replace("id: yard", "id: park"),
            ConfigChange(added=("park",), removed=("yard",), unchanged=("gate",)),
        ),
        (BASE.replace("public-square", "public-road"), ConfigChange(changed=("yard",), unchanged=("gate",))),
        (BASE + "analytics: {min_visible_s: 9}\n", ConfigChange(changed=("gate", "yard"))),
        (
            BASE.replace("name: lines", "name: other") + "detect: {confidence: 0.9, track: {lost_s: 9}}\nlpr: null\n",
            ConfigChange(
                unchanged=("gate", "yard"), needs_restart=("detect.confidence", "detect.track.lost_s", "lpr", "sinks")
            ),
        ),
        (BASE + "institution: City\ningest: {batch_events: 1000}\n", ConfigChange(unchanged=("gate", "yard"))),
    ],
)
def test_the_difference_names_cameras_and_keys_that_need_a_restart(new: str, change: ConfigChange) -> None:
    assert compare_configs(parse(BASE), parse(new)) == change


class City:
    """A configuration file that is edited while its engine runs."""

    def __init__(self, folder: Path, clips: Path, models: Path, more: str = "") -> None:
        self.path = folder / "city.yaml"
        self.lines = folder / "data" / "events.jsonl"
        self._clips = clips
        self._more = f"models_dir: {models}\nobservability: {{log_level: warning}}\n{more}"
        self.reports: list[ReloadReport] = []

    def clip(self, camera: str, name: str, fps: float, more: str = "") -> str:
        return (
            f"  - {{id: {camera}, source: {self._clips}/{name}.mp4, scope: public-road, analyze_fps: {fps},"
            f" start_time: 2026-11-02T08:00:00-03:00{more}}}\n"
        )

    def write(self, *cameras: str) -> None:
        self.path.write_text(
            f"cameras:\n{''.join(cameras)}sinks: [{{type: jsonl, name: lines, path: events.jsonl}}]\n{self._more}"
        )

    def run(
        self,
        while_running: Callable[[RunningEngine, LiveReload], None],
        permissions: CameraPermissions | None = None,
    ) -> RunReport:
        """Run to the end; `while_running` is called in another thread."""
        problems: list[BaseException] = []
        with open_engine(load_config(self.path), permissions=permissions) as running:
            reload = LiveReload(self.path, running, self.reports.append)

            def act() -> None:
                try:
                    while_running(running, reload)
                except BaseException as error:  # noqa: BLE001 - raised below
                    problems.append(error)
                    running.engine.stop()

            actor = threading.Thread(target=act)
            actor.start()
            running.engine.run()
            actor.join()
        if problems:
            raise problems[0]
        return running.report()

    def events(self, camera: str) -> list[Event]:
        events = [decode(line) for line in self.lines.read_text().splitlines()]
        return [event for event in events if event.camera_id == camera and not isinstance(event, HealthEvent)]

    def health(self, camera: str) -> list[str]:
        events = [decode(line) for line in self.lines.read_text().splitlines()]
        return [event.state for event in events if isinstance(event, HealthEvent) and event.camera_id == camera]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, "not within the limit"
        time.sleep(0.05)


def analyzed(running: RunningEngine, camera: str) -> int:
    activity = running.activities().get(camera)
    return 0 if activity is None else activity.analyzed


def ended(running: RunningEngine, camera: str) -> bool:
    found = running.engine.cameras.get(camera)
    return found is not None and found.feed.finished


def by_id(cameras: list[CameraReport]) -> dict[str, CameraReport]:
    return {camera.camera: camera for camera in cameras}


@pytest.fixture
def city(tmp_path: Path, data_dir: Path, models_dir: Path) -> City:
    return City(tmp_path, data_dir / "clips", models_dir)


@contextmanager
def cameras_at(folder: Path, count: int) -> Iterator[RtspServer]:
    if reason := why_no_server():
        pytest.skip(reason)
    loop = encode_loop(folder / "loop.h264", seconds=2, fps=5, size=(320, 180))
    with RtspServer(loop, mounts=count, fps=5) as server:
        yield server


def live(camera: str, server: RtspServer, mount: int, more: str = "") -> str:
    return f"  - {{id: {camera}, source: '{server.url(mount)}', scope: public-square, analyze_fps: 1{more}}}\n"


@pytest.mark.real
def test_a_camera_that_is_added_gives_the_same_events_as_one_of_the_start(
    city: City, tmp_path: Path, data_dir: Path, models_dir: Path
) -> None:
    gate, plates = city.clip("gate", "highway-motorbike", 3), city.clip("plates", "traffic-plates-nz", 1)
    alone = City(tmp_path / "alone", data_dir / "clips", models_dir)
    alone.path.parent.mkdir()
    for cameras in ((gate,), (plates,)):
        alone.write(*cameras)
        alone.run(lambda *_: None)
    city.write(gate)

    def act(running: RunningEngine, reload: LiveReload) -> None:
        until(lambda: analyzed(running, "gate") > 3)
        city.write(gate, plates)
        report = reload.reload()
        assert report.result is not None
        assert report.result.change == ConfigChange(added=("plates",), unchanged=("gate",))
        assert report.lines() == ["configuration reloaded, added: plates"]

    report = city.run(act)
    assert report.ok
    for camera in ("gate", "plates"):
        assert city.events(camera) == alone.events(camera) != []
    assert any(isinstance(event, PlateReadEvent) for event in city.events("plates"))
    for part in report.cameras:
        assert part.decoded == part.analyzed + part.skipped + part.drops["sampled"]
        assert set(part.drops) == {"sampled"}


@pytest.mark.real
def test_a_video_that_is_removed_reports_nothing_incomplete_and_the_others_lose_nothing(city: City) -> None:
    stays, goes = city.clip("stays", "person-bicycle-car-detection", 2), city.clip("goes", "highway-motorbike", 25)
    city.write(stays, goes)

    def act(running: RunningEngine, reload: LiveReload) -> None:
        until(lambda: analyzed(running, "goes") > 30)
        city.write(stays)
        report = reload.reload()
        assert report.result is not None
        assert report.result.change.removed == ("goes",)
        assert set(running.sources()) == set(running.queues()) == set(running.activities()) == {"stays"}
        assert city.lines.exists()

    report = city.run(act)
    assert report.ok
    (stayed,) = report.cameras
    assert stayed.decoded == stayed.analyzed + stayed.skipped + stayed.drops["sampled"] == 459
    assert set(stayed.drops) == {"sampled"}
    (gone,) = report.removed
    assert gone.camera == "goes"
    assert 30 < gone.analyzed < 434
    tracks = [event for event in city.events("goes") if isinstance(event, TrackEvent)]
    assert all(event.frames < gone.analyzed for event in tracks), "open ones would replace those of a whole run"


@pytest.mark.real
def test_live_cameras_are_changed_one_by_one_and_their_recordings_closed(tmp_path: Path, city: City) -> None:
    city._more += f"record: {{dir: {tmp_path}/video, segment_s: 2}}\n"
    with cameras_at(tmp_path, 2) as server:
        city.write(live("a", server, 0), live("b", server, 1))

        def act(running: RunningEngine, reload: LiveReload) -> None:
            until(lambda: analyzed(running, "a") > 1 and analyzed(running, "b") > 1)
            session = running.sources()["b"].stream_id
            city.write(live("a", server, 0, ", name: north"), live("b", server, 1))
            assert reload.reload().lines() == ["configuration reloaded, changed: a"]
            until(lambda: analyzed(running, "a") > 1)
            assert list((tmp_path / "video" / "a").rglob("*.mp4")), "the first connection's recording is complete"
            city.write(live("a", server, 0, ", name: north"))
            assert reload.reload().lines() == ["configuration reloaded, removed: b"]
            assert running.engine.removed[-1].reconnects == 0
            assert session
            running.engine.stop()

        report = city.run(act)
    assert [part.camera for part in report.cameras] == ["a"]
    assert [part.camera for part in report.removed] == ["a", "b"]
    assert city.health("a") == ["connecting", "streaming", "ended", "connecting", "streaming", "ended"]
    assert city.health("b") == ["connecting", "streaming", "ended"]


@pytest.mark.real
def test_a_bad_configuration_changes_nothing(city: City) -> None:
    gate = city.clip("gate", "highway-motorbike", 2)
    city.write(gate)

    def act(running: RunningEngine, reload: LiveReload) -> None:
        until(lambda: analyzed(running, "gate") > 2)
        for bad, problem in (
            (gate + "  - {id: new, source: x.mp4, scope: nowhere}\n", "scope"),
            (gate + "  - {id: new, source: 'gopher://x/y', scope: public-road}\n", "gopher"),
            (gate + "  - {id: new, source: x.mp4, scope: public-road, masks: [[[0, 0], [1, 1]]]}\n", "corners"),
            ("", "cameras"),
        ):
            city.write(bad)
            report = reload.reload()
            assert report.result is None
            assert problem in report.error
            assert "nothing was changed" in report.lines()[0]
            assert set(running.sources()) == {"gate"}
        city.write(gate)

    report = city.run(act)
    assert report.ok
    assert report.cameras[0].decoded == 434
    assert not report.removed


@pytest.mark.real
def test_replacing_the_only_camera_does_not_end_the_run(city: City, tmp_path: Path) -> None:
    with cameras_at(tmp_path, 1) as server:
        city.write(live("first", server, 0))

        def act(running: RunningEngine, reload: LiveReload) -> None:
            until(lambda: analyzed(running, "first") > 0)
            city.write(live("second", server, 0))
            with reload:
                for _ in range(3):
                    reload.request()
                until(lambda: analyzed(running, "second") > 0)
            running.engine.stop()

        report = city.run(act)
    assert [part.camera for part in report.cameras] == ["second"]
    assert 1 <= len(city.reports) <= 3
    assert city.reports[0].lines() == [
        "configuration reloaded, added: second",
        "configuration reloaded, removed: first",
    ]


@pytest.mark.real
def test_a_first_camera_with_plates_loads_the_reader_and_a_first_live_one_listens_for_viewers(city: City) -> None:
    square = city.clip("square", "highway-motorbike", 2).replace("public-road", "public-square")
    plates = city.clip("plates", "traffic-plates-nz", 2)
    city.write(square)

    def act(running: RunningEngine, reload: LiveReload) -> None:
        assert running.engine.analyzer.reader is None
        city.write(square, plates)
        assert reload.reload().result is not None
        socket = live_socket(city.lines.parent)
        assert not socket.exists()
        city.write(square, plates, "  - {id: street, source: 'rtsp://127.0.0.1:9/a', scope: public-square}\n")
        assert reload.reload().result is not None
        assert socket.exists()
        city.write(square, plates)
        assert reload.reload().result is not None
        assert running.engine.analyzer.reader is not None

    city.run(act)
    assert any(isinstance(event, PlateReadEvent) for event in city.events("plates"))
    assert not any(isinstance(event, PlateReadEvent) for event in city.events("square"))


@pytest.mark.real
def test_a_run_that_has_ended_takes_no_camera(city: City) -> None:
    gate = city.clip("gate", "egoblur-parking-plates", 1)
    city.write(gate)
    with open_engine(load_config(city.path)) as running:
        running.engine.run()
        with pytest.raises(ConfigError, match="the run is ending"):
            running.reconfigure(load_config(city.path))
        city.write(gate, city.clip("late", "egoblur-parking-plates", 1))
        report = LiveReload(city.path, running, city.reports.append).reload()
    assert report.result is None
    assert "the run is ending" in report.error
