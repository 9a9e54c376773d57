"""`viapublica detect` and `read`: pictures, folders and clips in, rows out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.console import csv_writer, err, print_json, progress, tell, tell_error
from pipeline.decode.media import MediaFile, find_media
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.camera import Camera, Scope
from pipeline.engine.media import ObjectRow, PlateFiles, PlateRow, detect_file
from pipeline.errors import PolicyError, SourceError, ViapublicaError
from pipeline.lpr.build import build_reader
from pipeline.lpr.settings import LprSettings
from pipeline.observe import logs
from pipeline.policy.scope import may_read_plates, why_no_plates

Paths = Annotated[list[Path], typer.Argument(help="Pictures, clips or folders of them.", show_default=False)]
CsvOption = Annotated[str, typer.Option("--csv", help="CSV to this file; - is standard output.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object per line instead of CSV.")]
ModelsOption = Annotated[
    Path | None, typer.Option("--models", envvar="VIAPUBLICA_MODELS", help="Folder with the weights.")
]
FpsOption = Annotated[
    float | None, typer.Option("--fps", min=0.01, help="Analyse so many frames of a clip per second; all by default.")
]
ModelOption = Annotated[str | None, typer.Option("--model", help="Model card of the detector: name or file.")]


def detect(
    paths: Paths,
    csv: CsvOption = "-",
    as_json: JsonOption = False,
    model: ModelOption = None,
    models: ModelsOption = None,
    confidence: Annotated[float | None, typer.Option(min=0, max=1, help="Least confidence of an object.")] = None,
    fps: FpsOption = None,
) -> None:
    """Find persons, vehicles, faces and plates: a row per object, in pixels of the stored picture.

    Example: [bold]viapublica detect street.jpg clips/ --csv objects.csv[/]
    """
    _check_output(csv, as_json)
    settings = _detect_settings(model=model, confidence=confidence)
    logs.configure("warning", "auto")
    media = find_media(paths)
    detector = build_detector(settings, models)
    try:
        columns = ["class" if name == "label" else name for name in ObjectRow._fields]
        _write(media, csv, as_json, columns, lambda file: detect_file(file, detector, DecodeSettings(), fps))
    finally:
        detector.close()


def read(
    paths: Paths,
    csv: CsvOption = "-",
    as_json: JsonOption = False,
    per_frame: Annotated[
        bool, typer.Option("--per-frame", help="Every reading of a clip instead of one voted row per vehicle.")
    ] = False,
    scope: Annotated[
        Scope, typer.Option(help="The public space the pictures show. Plates are read on roads and car-park entrances.")
    ] = Scope.PUBLIC_ROAD,
    model: ModelOption = None,
    reader_model: Annotated[str | None, typer.Option("--reader", help="Model card of the plate reader.")] = None,
    models: ModelsOption = None,
    fps: FpsOption = None,
) -> None:
    """Read plates: a row per plate of a picture, a row per vehicle track of a clip (the plate voted over its frames).

    Example: [bold]viapublica read gate.mp4 --csv -[/]
    """
    _check_output(csv, as_json)
    camera = Camera("files", scope)
    if not may_read_plates(camera):
        raise PolicyError("read", why_no_plates(camera), "Plates of such pictures are found only to be hidden")
    logs.configure("warning", "auto")
    media = find_media(paths)
    detector = build_detector(_detect_settings(model=model), models)
    settings = LprSettings.model_validate({"model": reader_model} if reader_model else {})
    try:
        files = PlateFiles(detector, build_reader(settings, models), settings, DecodeSettings(), fps)
        _write(
            media,
            csv,
            as_json,
            PlateRow._fields,
            files.single if per_frame else files.voted,
        )
    finally:
        detector.close()


def _check_output(csv: str, as_json: bool) -> None:
    """Before seconds are spent on loading networks."""
    if as_json and csv != "-":
        raise ViapublicaError(
            "--json with --csv", "one or the other", "--json writes to standard output; leave one away"
        )


def _detect_settings(**chosen: str | float | None) -> DetectSettings:
    return DetectSettings.model_validate({key: value for key, value in chosen.items() if value is not None})


Row = ObjectRow | PlateRow


def _write(
    media: Sequence[MediaFile],
    csv: str,
    as_json: bool,
    columns: Sequence[str],
    rows_of: Callable[[MediaFile], Iterable[Row]],
) -> None:
    """Rows of every file, with a progress bar; a file that cannot be read is named and the others go on.

    Raises:
        typer.Exit: status 1 when any file could not be read.
    """
    failed: list[SourceError] = []
    rows = _all_rows(media, rows_of, failed)
    if as_json:
        for row in rows:
            print_json(dict(zip(columns, row, strict=True)))
    else:
        with csv_writer(csv, columns) as writer:
            writer.writerows(rows)
    for error in failed:
        tell_error(error)
    if failed:
        tell(err, f"{len(failed)} of {len(media)} files could not be read")
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
