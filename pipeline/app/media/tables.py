"""Rows of `viapublica detect` and `viapublica read` over many files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import structlog

from pipeline.app.media.analyze_file import (
    FileDecoding,
    ObjectRow,
    PlateFiles,
    PlateRow,
    detect_file,
    read_plate_image,
)
from pipeline.app.media.orientation import upright_rows
from pipeline.decode.input_options import InputOptions
from pipeline.decode.media_files import MediaFile, find_media
from pipeline.detect.build import build_detector
from pipeline.detect.close_up_detector import CloseUpDetector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.camera import Scope
from pipeline.domain.plural import counted
from pipeline.domain.video import Rotation
from pipeline.errors import PolicyError, SourceError, ViapublicaError
from pipeline.lpr.build import build_reader
from pipeline.lpr.settings import LprSettings
from pipeline.record.known_recordings import KnownRecordings
from pipeline.record.recorded_declaration import check_plates_of, check_scope, declarations_of

__all__ = [
    "OBJECT_COLUMNS",
    "PLATE_COLUMNS",
    "MediaProgress",
    "MediaRequest",
    "check_scope",
    "object_rows",
    "plate_image_rows",
    "plate_rows",
    "undeclared_files",
]

OBJECT_COLUMNS = tuple("class" if name == "label" else name for name in ObjectRow._fields)
"""Names of the columns of `object_rows`."""
PLATE_COLUMNS = PlateRow._fields
"""Names of the columns of `plate_rows`."""

_log = structlog.get_logger(__name__)

_Row = TypeVar("_Row", ObjectRow, PlateRow)


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """Files to analyze, and how.

    Attributes:
        paths: images, videos and folders of them.
        model: card of the detector, None for the default.
        models: folder with the weights, None for the default.
        fps: frames of a video to analyze per second, None for all.
        rotate: degrees clockwise by which images and videos are turned before they are analyzed.
        track: number of the video track of files with several, None for the first.
        known: recorded video that files are compared with.
    """

    paths: Sequence[Path]
    model: str | None = None
    models: Path | None = None
    fps: float | None = None
    rotate: Rotation = 0
    track: int | None = None
    known: KnownRecordings = field(default_factory=KnownRecordings)


class MediaProgress(Protocol):
    """Receives the progress over the files of a request."""

    def start(self, files: int) -> None:
        """So many files will be analyzed."""
        ...

    def file_started(self, path: Path) -> None:
        """The next file begins."""
        ...

    def file_at(self, share: float) -> None:
        """So much of the present video is analyzed, 0 to 1."""
        ...

    def file_failed(self, error: ViapublicaError) -> None:
        """The present file cannot be read (any further), or may not be; the others go on."""
        ...

    def not_read(self, path: Path, parts: Sequence[str]) -> None:
        """The file holds more than was analyzed: other video tracks, frames that are cut out, further images."""
        ...

    def note(self, path: Path, text: str) -> None:
        """A remark on a file without plates, or on one that was turned."""
        ...

    def file_done(self) -> None:
        """The present file is finished, whether it could be read or not."""
        ...


def object_rows(request: MediaRequest, progress: MediaProgress, confidence: float | None = None) -> Iterator[ObjectRow]:
    """A row per object.

    Args:
        request: the files.
        progress: receives the progress.
        confidence: minimum confidence of an object, None for the default.

    Raises:
        ViapublicaError: a network cannot be used.
    """
    media, decoding = _find_files(request, progress), _decoding(request, progress)
    if not media:
        return
    detector = build_detector(_detect_settings(model=request.model, confidence=confidence), request.models)
    try:
        yield from _rows(media, lambda file: detect_file(file, detector, decoding), progress)
    finally:
        detector.close()


def plate_rows(
    request: MediaRequest,
    progress: MediaProgress,
    reader_model: str | None = None,
    *,
    scope: Scope | None = None,
    per_frame: bool = False,
) -> Iterator[PlateRow]:
    """A row per plate of an image, and per vehicle of a video or, with `per_frame`, per reading.

    Args:
        request: the files.
        progress: receives the progress.
        reader_model: card of the plate reader, None for the default.
        scope: the public space in the files, as far as no recorder noted it; None if it is not known.
        per_frame: every reading instead of one voted row per vehicle.

    Raises:
        PolicyError: plates may be read in none of the files.
        ViapublicaError: a network cannot be used.
    """
    media = _readable_files(request, scope, progress)
    decoding = _decoding(request, progress)
    if not media:
        return
    settings = _lpr_settings(reader_model)
    detector = CloseUpDetector(build_detector(_detect_settings(model=request.model), request.models))
    try:
        reader = build_reader(settings, request.models)

        def reads_of(file: MediaFile, how: FileDecoding) -> Iterator[PlateRow]:
            files = PlateFiles(detector, reader, settings, how)
            yield from files.single(file) if per_frame or how.most_frames else files.voted(file)
            if how.most_frames is None and files.implausible:
                texts = counted(files.implausible, "text")
                progress.note(file.path, f"{texts} with no vehicle around, not taken for plates")

        rows_of = partial(upright_rows, decoding=decoding, reads_of=reads_of, note=progress.note)
        yield from _rows(media, rows_of, progress)
    finally:
        detector.close()


def plate_image_rows(
    request: MediaRequest, progress: MediaProgress, reader_model: str | None = None, *, scope: Scope | None = None
) -> Iterator[PlateRow]:
    """A row per image that is a plate already; no detector runs. Files without a legible plate are noted.

    Args:
        request: the files.
        progress: receives the progress.
        reader_model, scope: see `plate_rows`.

    Raises:
        PolicyError: plates may be read in none of the files.
        ViapublicaError: a network cannot be used.
    """
    media = _readable_files(request, scope, progress)
    if not media:
        return
    decoding, settings = _decoding(request, progress), _lpr_settings(reader_model)
    reader = build_reader(settings, request.models)

    def rows_of(file: MediaFile) -> Iterator[PlateRow]:
        rows = list(read_plate_image(file, reader, settings, decoding))
        if not rows:
            progress.note(file.path, "no plate read")
        yield from rows

    yield from _rows(media, rows_of, progress)


def undeclared_files(request: MediaRequest) -> list[Path]:
    """Files of which no recorder noted what public space they show; those that cannot be read are left out."""
    found = find_media(request.paths, lambda _: None)
    return [file.path for file in found if not _has_declaration(file, request.known)]


def _has_declaration(file: MediaFile, known: KnownRecordings) -> bool:
    try:
        return bool(declarations_of(file.path, is_clip=file.is_clip, known=known))
    except PolicyError:
        return True  # it is refused with its reason when it is read


def _detect_settings(**chosen: str | float | None) -> DetectSettings:
    return DetectSettings.model_validate({key: value for key, value in chosen.items() if value is not None})


def _lpr_settings(model: str | None) -> LprSettings:
    return LprSettings.model_validate({"model": model} if model else {})


def _decoding(request: MediaRequest, progress: MediaProgress) -> FileDecoding:
    return FileDecoding(
        analyze_fps=request.fps,
        options=InputOptions(request.rotate, request.track),
        on_not_read=progress.not_read,
        on_position=progress.file_at,
        known=request.known,
    )


def _find_files(request: MediaRequest, progress: MediaProgress) -> list[MediaFile]:
    """The files of a request; paths that cannot be used count as files that failed."""
    errors: list[SourceError] = []
    media = find_media(request.paths, errors.append)
    progress.start(len(media) + len(errors))
    for error in errors:
        progress.file_failed(error)
        progress.file_done()
    return media


def _readable_files(request: MediaRequest, scope: Scope | None, progress: MediaProgress) -> list[MediaFile]:
    """The files whose plates may be read; the others count as files that failed, before any network is loaded."""
    readable: list[MediaFile] = []
    for file in _find_files(request, progress):
        try:
            check_plates_of(file.path, is_clip=file.is_clip, scope=scope, known=request.known)
        except PolicyError as error:
            progress.file_failed(error)
            progress.file_done()
        else:
            readable.append(file)
    return readable


def _rows(
    media: Sequence[MediaFile], rows_of: Callable[[MediaFile], Iterable[_Row]], progress: MediaProgress
) -> Iterator[_Row]:
    for file in media:
        progress.file_started(file.path)
        try:
            yield from rows_of(file)
        except (PolicyError, SourceError) as error:
            progress.file_failed(error)
        except Exception as error:  # noqa: BLE001 - one file must not cost the rows of the others
            _log.error("file_failed", file=str(file.path), exc_info=error)
            words = f"its analysis failed ({type(error).__name__}: {error})"
            progress.file_failed(SourceError(str(file.path), words, "Report the problem, with the traceback above"))
        progress.file_done()
