"""The work of `viapublica detect` and `read`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from pipeline.app.media.analyze_file import ObjectRow, PlateFiles, PlateRow, detect_file
from pipeline.cli.common.console import csv_writer, err, print_json, progress, report_error, say
from pipeline.decode.media_files import MediaFile, find_media
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.errors import SourceError
from pipeline.lpr.build import build_reader
from pipeline.lpr.settings import LprSettings
from pipeline.observe import logs


@dataclass(frozen=True)
class Wanted:
    """What both commands are told; see `viapublica detect --help`."""

    paths: Sequence[Path]
    csv: str
    as_json: bool
    model: str | None
    models: Path | None
    fps: float | None


def write_objects(wanted: Wanted, confidence: float | None) -> None:
    """A row per object.

    Raises:
        ViapublicaError: a path holds no media, or a network cannot be used.
        typer.Exit: status 1 when a file could not be read.
    """
    settings = _detect_settings(model=wanted.model, confidence=confidence)
    logs.configure("warning", "auto")
    media = find_media(wanted.paths)
    detector = build_detector(settings, wanted.models)
    try:
        columns = ["class" if name == "label" else name for name in ObjectRow._fields]
        _write(wanted, media, columns, lambda file: detect_file(file, detector, DecodeSettings(), wanted.fps))
    finally:
        detector.close()


def write_plates(wanted: Wanted, reader_model: str | None, *, per_frame: bool) -> None:
    """A row per plate of an image, and per vehicle of a clip or, with `per_frame`, per reading.

    Raises:
        ViapublicaError: a path holds no media, or a network cannot be used.
        typer.Exit: status 1 when a file could not be read.
    """
    logs.configure("warning", "auto")
    media = find_media(wanted.paths)
    detector = build_detector(_detect_settings(model=wanted.model), wanted.models)
    settings = LprSettings.model_validate({"model": reader_model} if reader_model else {})
    try:
        reader = build_reader(settings, wanted.models)
        files = PlateFiles(detector, reader, settings, DecodeSettings(), wanted.fps)
        _write(wanted, media, PlateRow._fields, files.single if per_frame else files.voted)
    finally:
        detector.close()


def _detect_settings(**chosen: str | float | None) -> DetectSettings:
    return DetectSettings.model_validate({key: value for key, value in chosen.items() if value is not None})


Row = ObjectRow | PlateRow


def _write(
    wanted: Wanted, media: Sequence[MediaFile], columns: Sequence[str], rows_of: Callable[[MediaFile], Iterable[Row]]
) -> None:
    """Rows of every file, with a progress bar; a file that cannot be read is named and the others go on.

    Raises:
        typer.Exit: status 1 when any file could not be read.
    """
    failed: list[SourceError] = []
    rows = _all_rows(media, rows_of, failed)
    if wanted.as_json:
        for row in rows:
            print_json(dict(zip(columns, row, strict=True)))
    else:
        with csv_writer(wanted.csv, columns) as writer:
            writer.writerows(rows)
    for error in failed:
        report_error(error)
    if failed:
        say(err, f"{len(failed)} of {len(media)} files could not be read")
        raise typer.Exit(1)


def _all_rows(
    media: Sequence[MediaFile], rows_of: Callable[[MediaFile], Iterable[Row]], failed: list[SourceError]
) -> Iterator[Row]:
    with progress() as bar:
        task = bar.add_task("files", total=len(media), note="")
        for file in media:
            bar.update(task, note=file.path.name)
            try:
                yield from rows_of(file)
            except SourceError as error:
                failed.append(error)
            bar.advance(task)
