"""Recorded video of cameras: segments, gaps, holds, and pruning of what is due."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from pipeline.app.audit.audited_operation import operation_audit
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.disposals import disposal_report
from pipeline.config import load_config
from pipeline.domain.hold import Hold
from pipeline.domain.operation import Operation
from pipeline.domain.polygon import Polygon
from pipeline.domain.recording import Gap
from pipeline.errors import ConfigError
from pipeline.record.known_recordings import KnownRecordings
from pipeline.record.recording_archive import RecordingArchive, VideoSegment
from pipeline.record.retention import CLOCK_FIX, Pruned, prune
from pipeline.record.segment_check import FAULT_FIX, SegmentCheck, check_segments
from pipeline.record.segment_masks import UnmaskedSpan, unmasked_note, unmasked_spans
from pipeline.record.settings import RecordSettings

__all__ = [
    "CLOCK_FIX",
    "FAULT_FIX",
    "CameraRecording",
    "Gap",
    "Hold",
    "Pruned",
    "SegmentCheck",
    "VideoSegment",
    "check_recordings",
    "declared_masks",
    "known_recordings",
    "prune_video",
    "record_settings",
    "recorded_cameras",
    "segment_json",
]

_DEFAULT_CONFIG: Final = Path("viapublica.yaml")


@dataclass(frozen=True, slots=True)
class CameraRecording:
    """Recorded video of one camera in a span: segments and gaps in order of time, and all of its holds.

    `unmasked`: the spans of segments that show what its privacy masks hide.
    """

    camera_id: str
    segments: Sequence[VideoSegment]
    gaps: Sequence[Gap]
    holds: Sequence[Hold]
    unmasked: Sequence[UnmaskedSpan] = ()

    @property
    def unmasked_note(self) -> tuple[str, str]:
        """See `pipeline.record.segment_masks.unmasked_note`."""
        return unmasked_note(self.camera_id, self.unmasked)

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(one.size for one in self.segments)

    def as_json(self) -> dict[str, Any]:
        """With `--json`."""
        return {
            "camera": self.camera_id,
            "bytes": self.size,
            "segments": [segment_json(one) for one in self.segments],
            "gaps": [asdict(gap) for gap in self.gaps],
            "holds": [asdict(one) for one in self.holds],
            "unmasked": [asdict(one) for one in self.unmasked],
        }


def record_settings(config: Path | None, folder: Path | None) -> RecordSettings:
    """The recorder's settings of a configuration, or the default ones with another folder.

    Args:
        config: the configuration; None for ``viapublica.yaml``, if it exists.
        folder: of recorded video, in place of a configuration's.

    Raises:
        ConfigError: no configuration, or it records nothing.
        RecordError: the folder is none.
    """
    if folder is not None:
        return ConfiguredStores.of_recordings(folder).record or RecordSettings(dir=folder)
    path = config or _DEFAULT_CONFIG
    if config is None and not path.is_file():
        raise ConfigError(
            "recorded video",
            "no folder is given and ./viapublica.yaml does not exist",
            "Give --config FILE (or VIAPUBLICA_CONFIG), or --dir FOLDER",
        )
    record = load_config(path, for_queries=True).record
    if record is None:
        raise ConfigError(str(path), "has no record section, so nothing is recorded", "Add `record: {}`, or give --dir")
    return record


def known_recordings(config: Path | None) -> KnownRecordings:
    """The recordings that files are compared with: those of a configuration, and of what it was before.

    Args:
        config: the configuration; None for ``VIAPUBLICA_CONFIG``, else ``viapublica.yaml``. There are none without.

    Raises:
        ConfigError: it cannot be read.
        StoreError: the log of written paths cannot be read.
    """
    named = config or Path(os.environ.get("VIAPUBLICA_CONFIG") or _DEFAULT_CONFIG)
    if named == _DEFAULT_CONFIG and not named.is_file():
        return KnownRecordings()
    loaded = load_config(named, for_queries=True)
    return KnownRecordings.of(loaded.data_dir, loaded.record.dir if loaded.record else None)


def declared_masks(config: Path | None, folder: Path | None) -> dict[str, tuple[Polygon, ...]]:
    """Privacy masks of the cameras of a configuration; none where a folder is given in its place.

    Args:
        config, folder: see `record_settings`.

    Raises:
        ConfigError: the configuration cannot be read.
    """
    if folder is not None:
        return {}
    cameras = load_config(config or _DEFAULT_CONFIG, for_queries=True).cameras
    return {camera.id: camera.declaration().masks for camera in cameras}


def recorded_cameras(
    folder: Path,
    cameras: Sequence[str] = (),
    begin_ms: int | None = None,
    end_ms: int | None = None,
    masks: Mapping[str, Sequence[Polygon]] | None = None,
    *,
    config: Path | None = None,
) -> list[CameraRecording]:
    """Recorded video by camera; also while a run records. It is recorded in the audit.

    Args:
        folder: of all cameras.
        cameras: only these; none for all.
        begin_ms, end_ms: the span, milliseconds since 1970 UTC; None is open.
        masks: configured privacy masks, by camera.
        config: the configuration that names the audit; None without one: see `audited_stores`.

    Raises:
        RecordError: unknown camera, or the disk failed.
        ConfigError: the declarations of a camera are corrupt.
        AuditUnavailable: the audit takes no record.
    """
    _add(config, folder, Operation.RETRIEVAL, "segments", cameras=tuple(cameras), start_ms=begin_ms, end_ms=end_ms)
    return find_recorded(folder, cameras, begin_ms, end_ms, masks)


def find_recorded(
    folder: Path,
    cameras: Sequence[str] = (),
    begin_ms: int | None = None,
    end_ms: int | None = None,
    masks: Mapping[str, Sequence[Polygon]] | None = None,
) -> list[CameraRecording]:
    """The same for checks of this program, which show numbers only: not in the audit."""
    archive = RecordingArchive(folder)
    holds = archive.holds()
    return [
        CameraRecording(
            name,
            archive.segments(name, begin_ms, end_ms),
            archive.gaps(name, begin_ms, end_ms),
            [hold for hold in holds if hold.camera_id == name],
            unmasked_spans(archive, name, (masks or {}).get(name, ()), begin_ms, end_ms),
        )
        for name in cameras or archive.cameras()
    ]


def check_recordings(
    folder: Path,
    cameras: Sequence[str] = (),
    begin_ms: int | None = None,
    end_ms: int | None = None,
    *,
    config: Path | None = None,
    most_compared: int | None = None,
    on_file: Callable[[str, int, int], None] = lambda _camera, _done, _files: None,
) -> list[SegmentCheck]:
    """Compare recorded files with the digests that the recorder noted, by camera.

    Args:
        folder, cameras, begin_ms, end_ms, config: see `recorded_cameras`.
        most_compared: see `check_segments`.
        on_file: receives a camera, how many of its files are done, and their number.

    Raises:
        RecordError: unknown camera, or the disk failed.
        AuditUnavailable: the audit takes no record.
    """
    _add(config, folder, Operation.RETRIEVAL, "verify", cameras=tuple(cameras), start_ms=begin_ms, end_ms=end_ms)
    return find_faults(folder, cameras, begin_ms, end_ms, most_compared=most_compared, on_file=on_file)


def find_faults(
    folder: Path,
    cameras: Sequence[str] = (),
    begin_ms: int | None = None,
    end_ms: int | None = None,
    *,
    most_compared: int | None = None,
    on_file: Callable[[str, int, int], None] = lambda _camera, _done, _files: None,
) -> list[SegmentCheck]:
    """The same for checks of this program, which show no video: not in the audit."""
    return [
        check_segments(folder, name, begin_ms, end_ms, most_compared=most_compared, on_file=partial(on_file, name))
        for name in cameras or RecordingArchive(folder).cameras()
    ]


def prune_video(settings: RecordSettings, *, trust_clock: bool = False, config: Path | None = None) -> Pruned:
    """Remove the segments that are due, as a run does by itself.

    Args:
        settings: of the recorder.
        trust_clock: a person confirms that the clock is right, although it has jumped.
        config: see `recorded_cameras`.

    Raises:
        RecordError: the holds cannot be read (then nothing is removed), or the disk failed.
        AuditUnavailable: the audit takes no record; nothing is removed.
    """
    audit = operation_audit(config, settings.dir)
    stores = _stores(config, settings)
    days_of, report = stores.retention.video_days(), disposal_report(stores)
    details = {"kind": "video", "days": settings.days, "trust_clock": trust_clock}
    with audit.doing(Operation.DISPOSAL, details={"action": "prune", **details}):
        return prune(
            settings.dir,
            settings.days,
            settings.max_bytes,
            days_of=days_of,
            trust_clock=trust_clock,
            disposing=report,
        )


def _stores(config: Path | None, settings: RecordSettings) -> ConfiguredStores:
    if config is None:
        return ConfiguredStores.of_recordings(settings.dir)
    return ConfiguredStores.of_config(load_config(config, for_queries=True))


def _add(config: Path | None, folder: Path, operation: Operation, action: str, **facts: Any) -> None:
    operation_audit(config, folder).add(operation, details={"action": action}, **facts)


def segment_json(one: VideoSegment) -> dict[str, Any]:
    """A segment with `--json`."""
    return {
        "file": str(one.path),
        "begin_ms": one.begin_ms,
        "end_ms": one.end_ms,
        "bytes": one.size,
        "complete": one.complete,
    }
