"""The recording that a release is cut from: where it is, the camera's privacy masks, and a hold while it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.app.release.recorded_video import open_recorded
from pipeline.config import load_config
from pipeline.config.settings import Config
from pipeline.decode.privacy_masks import Polygon
from pipeline.decode.settings import DecodeSettings
from pipeline.domain.disclosure import Disclosure
from pipeline.domain.video import Video
from pipeline.errors import ConfigError, ReleaseError
from pipeline.record.holds import Holds
from pipeline.record.recording_archive import RecordingArchive


@dataclass(frozen=True)
class Recording:
    """Where a configuration records.

    Attributes:
        config: the configuration.
        folder: of all cameras' video.
    """

    config: Config
    folder: Path


def recording(config: Path) -> Recording:
    """The recording of a configuration.

    Raises:
        ConfigError: it cannot be read, or records nothing.
    """
    loaded = load_config(config)
    if loaded.record is None:
        raise ConfigError(str(config), "records nothing", "Add a record section, or name the configuration of the run")
    return Recording(loaded, loaded.record.dir)


@dataclass(frozen=True)
class Source:
    """What a clip is made from.

    Attributes:
        video: as it was recorded, the camera's privacy masks burnt in.
        rows: what a page says of it.
        masks: those polygons, shares of the image.
    """

    video: Video
    rows: Sequence[tuple[str, str]]
    masks: Sequence[Polygon] = ()


@contextmanager
def recorded_video(where: Recording, disclosure: Disclosure, by: str) -> Iterator[Source]:
    """The video that a disclosure is of; held while this lasts, so that it is not removed.

    Args:
        where: it is recorded; disclosure: of a camera and a time; by: who makes the clip.

    Raises:
        RecordError: it was not recorded, or not all of it can be read.
        ReleaseError: the configuration does not know the camera, and so not its privacy masks.
    """
    content = disclosure.request.content
    begin_ms, end_ms = content.begin_ms, content.end_ms
    if begin_ms is None or end_ms is None:
        raise ReleaseError(
            f"disclosure {disclosure.number}", "names no time", "Enter a new request with --from and --to"
        )
    camera = next((one for one in where.config.cameras if one.id == content.camera_id), None)
    if camera is None:
        raise ReleaseError(
            f"camera {content.camera_id}",
            "is not in the configuration, so its privacy masks are not known",
            f"Cameras are: {', '.join(one.id for one in where.config.cameras)}",
        )
    holds = Holds(where.folder)
    held = holds.hold(camera.id, begin_ms, end_ms, f"disclosure {disclosure.number} is being built", by)
    try:
        video, gaps = open_recorded(
            RecordingArchive(where.folder), camera.id, begin_ms, end_ms, DecodeSettings(), masks=camera.masks
        )
        rows = [("Camera", camera.id), ("Asked for", f"{_utc(begin_ms)} to {_utc(end_ms)}")]
        rows += [
            ("Begins", _utc(video.first_ms)),
            ("Privacy masks", f"{len(camera.masks)} areas, black before anybody looks"),
        ]
        rows += [("Not recorded", f"{_utc(gap.begin_ms)} to {_utc(gap.end_ms)}: {gap.reason}") for gap in gaps]
        yield Source(video, rows, camera.masks)
    finally:
        holds.release(held, by)


def _utc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(sep=" ", timespec="seconds")
