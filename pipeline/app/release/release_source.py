"""The original of a disclosure: the requested file, or a camera's recording with its privacy masks, held while read."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from pathlib import Path

from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.recordings import known_recordings
from pipeline.app.release.camera_conditions import camera_conditions
from pipeline.app.release.recorded_video import open_recorded
from pipeline.config import Config, load_config
from pipeline.decode.file_video import FileVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.domain.disclosure import Disclosure
from pipeline.domain.institution import Institution
from pipeline.domain.language import ENGLISH, Language
from pipeline.domain.material import Material
from pipeline.domain.operation import Operation
from pipeline.domain.polygon import Polygon
from pipeline.domain.recording import Gap
from pipeline.domain.video import Rotation, Video
from pipeline.errors import ConfigError, ReleaseError
from pipeline.policy.approval import CameraConditions
from pipeline.record.holds import Holds
from pipeline.record.recorded_declaration import check_not_recorded
from pipeline.record.recording_archive import RecordingArchive
from pipeline.storage.unnamed_file import UnnamedFile
from pipeline.store.details_portuguese import portuguese_gap


@dataclass(frozen=True, slots=True)
class Recording:
    """A configuration that records.

    Attributes:
        config: the configuration.
        folder: of all cameras' video.
    """

    config: Config
    folder: Path

    @property
    def institution(self) -> Institution:
        """The institution of the configuration."""
        return Institution(self.config.institution, self.config.local_law)

    def rotation_of(self, camera_id: str) -> Rotation:
        """Degrees clockwise by which a configured camera's image is turned."""
        return next(one.rotate for one in self.config.cameras if one.id == camera_id)


def load_recording(path: Path) -> Recording:
    """The recording of a configuration.

    Raises:
        ConfigError: it cannot be read, or records nothing.
    """
    config = load_config(path)
    if config.record is None:
        raise ConfigError(str(path), "records nothing", "Add a record section, or give the configuration of the run")
    return Recording(config, config.record.dir)


def add_reading(
    where: Recording, disclosure: Disclosure, action: str, material: Material = Material.ORIGINAL_VIDEO
) -> None:
    """Record in the audit that the recording of a disclosure is read, and held meanwhile.

    Args:
        where: the recording; disclosure: of it; action: what is made of it; material: what people see of it.

    Raises:
        AuditUnavailable: the audit takes no record.
    """
    content = disclosure.request.content
    audit_of_stores(ConfiguredStores.of_config(where.config)).add(
        Operation.RETRIEVAL,
        number=disclosure.number,
        cameras=(content.camera_id,),
        start_ms=content.begin_ms,
        end_ms=content.end_ms,
        material=material,
        details={"action": action},
    )


@dataclass(frozen=True, slots=True)
class ReleaseSource:
    """The original of a disclosure.

    Attributes:
        video: the camera's privacy masks are burnt in.
        rows: facts for the report.
        privacy_masks: those polygons, shares of the image.
        camera: of a recording; None for a file.
        camera_now: reads the same again, to compare when the video was read.
    """

    video: Video
    rows: Sequence[tuple[str, str]]
    privacy_masks: Sequence[Polygon] = ()
    camera: CameraConditions | None = None
    camera_now: Callable[[], CameraConditions | None] = lambda: None


@contextmanager
def open_source(
    disclosure: Disclosure,
    file: Path | None,
    config: Path | None,
    by: str,
    folder: int,
    *,
    language: Language = ENGLISH,
    material: Material = Material.ORIGINAL_VIDEO,
) -> Iterator[ReleaseSource]:
    """The original that was requested.

    Args:
        disclosure: of a file, or of a camera and a span.
        file: the original file; config: the configuration that records the camera; a file is compared with its
            recordings, and with those of the default configuration if it is None.
        by: the person who builds the release.
        folder: descriptor of a folder with space for a copy of the file.
        language: of the facts for the report.
        material: what people see of it.

    Raises:
        ReleaseError: file or configuration are missing, or not those of the disclosure.
        PolicyError: a camera recorded the file, whose privacy masks and conditions apply.
        ConfigError, RecordError, SourceError: the recording cannot be read.
        AuditUnavailable: the audit takes no record.
    """
    content, subject = disclosure.request.content, f"disclosure {disclosure.number}"
    if not content.is_file:
        if config is None:
            raise ReleaseError(
                subject, f"requests camera {content.camera_id}", "Give the configuration that records it: --config"
            )
        where = load_recording(config)
        add_reading(where, disclosure, "release", material)
        with _open_recording(where, disclosure, by, language) as source:
            yield source
        return
    if file is None:
        raise ReleaseError(subject, f"requests the file {content.file_name}", f"Give it: --source {content.file_name}")
    with ExitStack() as stack:
        copy = _copy_requested(disclosure, file, folder, stack)
        check_not_recorded(file, copy.path, known_recordings(config))
        video = FileVideo(copy.path, DecodeSettings(), name=str(file))
        yield ReleaseSource(video, [(language.text("Source"), f"{content.file_name} (SHA-256 {content.file_sha256})")])


def _copy_requested(disclosure: Disclosure, file: Path, folder: int, stack: ExitStack) -> UnnamedFile:
    """A private copy of the requested file, so that all that is read later are the bytes whose digest was compared.

    Comparing the original's digest before and after would not exclude another content in between.
    """
    content = disclosure.request.content
    try:
        source = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        stack.callback(os.close, source)
        if not stat.S_ISREG(os.fstat(source).st_mode):
            raise ReleaseError(str(file), "is not a file", f"Give the requested file, {content.file_name}")
    except OSError as error:
        raise ReleaseError(str(file), f"cannot be read ({error.strerror})", "Check the path") from error
    try:
        copy = stack.enter_context(UnnamedFile(folder))
        digest = copy.copy_from(source)
    except OSError as error:
        raise ReleaseError(
            str(file),
            f"cannot be copied into the folder of --out ({error.strerror})",
            "Free disk space there, or choose another folder with --out",
        ) from error
    if digest != content.file_sha256:
        raise ReleaseError(
            str(file),
            f"is not the file of disclosure {disclosure.number} ({content.file_name}, "
            f"SHA-256 {content.file_sha256[:12]}…)",
            "Give the requested file, or enter a new request",
        )
    return copy


@contextmanager
def _open_recording(where: Recording, disclosure: Disclosure, by: str, language: Language) -> Iterator[ReleaseSource]:
    """The recorded video; held meanwhile, so that retention does not delete it."""
    content = disclosure.request.content
    begin_ms, end_ms = content.begin_ms, content.end_ms
    if begin_ms is None or end_ms is None:
        raise ReleaseError(
            f"disclosure {disclosure.number}", "has no time span", "Enter a new request with --from and --to"
        )
    archive = RecordingArchive(where.folder)
    camera_now = partial(camera_conditions, where.config, archive, content)
    camera = camera_now()
    holds = Holds(where.folder)
    held = holds.hold(content.camera_id, begin_ms, end_ms, f"disclosure {disclosure.number} is being built", by)
    try:
        video, gaps = open_recorded(
            archive,
            content.camera_id,
            begin_ms,
            end_ms,
            DecodeSettings(),
            masks=camera.masks,
            rotate=where.rotation_of(content.camera_id),
        )
        text, time, masks = language.text, language.time, language.counted(len(camera.masks), "area")
        rows = [
            (text("Camera"), content.camera_id),
            (text("Requested span"), text("{begin} to {end}", begin=time(begin_ms, UTC), end=time(end_ms, UTC))),
            (text("First frame"), time(video.first_ms, UTC)),
            (text("Privacy masks"), text("{areas}, black before detection", areas=masks)),
        ]
        rows += [(text("Not recorded"), _gap_text(gap, language)) for gap in gaps]
        yield ReleaseSource(video, rows, camera.masks, camera, camera_now)
    finally:
        holds.release(held, by)


def _gap_text(gap: Gap, language: Language) -> str:
    begin, end = language.time(gap.begin_ms, UTC), language.time(gap.end_ms, UTC)
    reason = gap.reason if language is ENGLISH else portuguese_gap(gap.reason)
    return language.text("{begin} to {end}: {reason}", begin=begin, end=end, reason=reason)
