"""Benchmark of accuracy under load: events of live cameras against an unhurried run over the same clip."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from pipeline.benchmark.camera_sender import sending_cameras
from pipeline.benchmark.configuration import Workload, configuration, events_of
from pipeline.benchmark.repeats import Progress
from pipeline.domain.events import Kind
from pipeline.domain.ports import OVERLOAD
from pipeline.engine.build import open_engine

_SLACK_S: Final = 3.0
"""After the clip's end, for the frames that are still in queues."""


class Events(msgspec.Struct, frozen=True):
    """What one pass over the clip reported.

    Attributes:
        plates: reads by text; tracks: vehicles and persons by class.
        frames: analyzed; lost: dropped because the machine did not keep up.
    """

    plates: dict[str, int]
    tracks: dict[str, int]
    frames: int
    lost: int


class Agreement(msgspec.Struct, frozen=True):
    """Events of some cameras under load as a share of those of the unhurried run, per camera on average.

    Attributes:
        cameras: that played the clip at the same time.
        plates: share of the unhurried run's plates that were read, by text; other_plates: read besides, per camera.
        tracks: number of tracks as a share of the unhurried run's; counts: largest deviation of a class' tracks.
        lost: share of the frames that were dropped.
    """

    cameras: int
    plates: float
    other_plates: float
    tracks: float
    counts: float
    lost: float


def measure_accuracy(
    clip: Path, clip_s: float, numbers: Sequence[int], work: Workload, progress: Progress
) -> tuple[Events, list[Agreement]]:
    """Compare runs of cameras that play the clip in real time with one that has all the time it needs.

    Args:
        clip: the video, `clip_s` seconds long.
        numbers: cameras that play it at the same time, one run each.
        work: how frames are analyzed, in all runs.
        progress: receives what is measured.

    Returns:
        The events of the unhurried run, and the agreement of each other run.
    """
    progress("unhurried run")
    (unhurried,) = _run([str(clip)], work, None)
    found = []
    for number in numbers:
        progress(f"{number} cameras in real time")
        with sending_cameras(clip, loop=False) as address:
            cameras = _run([address(each) for each in range(number)], work, clip_s + _SLACK_S)
        found.append(agreement(unhurried, cameras))
    return unhurried, found


def agreement(unhurried: Events, cameras: Sequence[Events]) -> Agreement:
    """Compare the events of cameras with those of the unhurried run."""
    number = len(cameras)
    shared = sum(len(unhurried.plates.keys() & camera.plates.keys()) for camera in cameras)
    others = sum(len(camera.plates.keys() - unhurried.plates.keys()) for camera in cameras)
    tracks = sum(sum(camera.tracks.values()) for camera in cameras)
    frames, lost = sum(camera.frames for camera in cameras), sum(camera.lost for camera in cameras)
    return Agreement(
        cameras=number,
        plates=_share(shared, number * len(unhurried.plates)),
        other_plates=round(others / number, 2),
        tracks=_share(tracks, number * sum(unhurried.tracks.values())),
        counts=max((_deviation(unhurried.tracks, camera.tracks) for camera in cameras), default=0.0),
        lost=_share(lost, frames + lost) if lost else 0.0,
    )


def _share(part: float, whole: float) -> float:
    """Part of the whole; all of nothing is 1."""
    return round(part / whole, 3) if whole else float(not part)


def _deviation(expected: Mapping[str, int], found: Mapping[str, int]) -> float:
    """Largest deviation of a class, as a share of its expected number."""
    classes = expected.keys() | found.keys()
    return max(
        (round(abs(found.get(c, 0) - expected.get(c, 0)) / max(1, expected.get(c, 0)), 3) for c in classes), default=0
    )


def _run(sources: Sequence[str], work: Workload, seconds: float | None) -> list[Events]:
    """Events of each camera; of a run to the end of its files, or for some seconds after all cameras stream."""
    with tempfile.TemporaryDirectory(prefix="viapublica-bench-") as folder:
        with open_engine(configuration(Path(folder), sources, work)) as running:
            running.engine.run(_never if seconds is None else _after(seconds, running))
            report = running.report()
        events = list(events_of(Path(folder)))
    lost = {
        camera.camera: sum(n for why, n in camera.drops.items() if why == OVERLOAD or why.startswith("queue-full"))
        for camera in report.cameras
    }
    return [_events(camera.camera, events, camera.analyzed, lost[camera.camera]) for camera in report.cameras]


def _events(camera: str, events: Sequence[Mapping[str, Any]], frames: int, lost: int) -> Events:
    own = [event for event in events if event["camera_id"] == camera]
    plates = Counter(event["plate"] for event in own if event["kind"] == Kind.PLATE_READ)
    tracks = Counter(event["label"] for event in own if event["kind"] == Kind.TRACK)
    return Events(dict(plates), dict(tracks), frames, lost)


def _never() -> None:
    pass


def _after(seconds: float, running: Any) -> Callable[[], None]:
    """A tick that stops the engine some seconds after every camera has an analyzed frame."""
    ends_s: list[float] = []

    def tick() -> None:
        now = time.monotonic()
        if not ends_s and all(activity.analyzed for activity in running.activities().values()):
            ends_s.append(now + seconds)
        if ends_s and now > ends_s[0]:
            running.engine.stop()

    return tick
