"""`viapublica detect` and `viapublica read`: rows for images, videos and folders of them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, Self, cast, get_args

import typer

from pipeline.cli.common.console import csv_writer, err, print_json, progress, report_error, say
from pipeline.domain.camera import LEAST_FPS, Scope
from pipeline.domain.plural import counted
from pipeline.domain.video import Rotation
from pipeline.errors import ViapublicaError

if TYPE_CHECKING:
    from pipeline.app.media.tables import MediaRequest

_ADDRESS = re.compile(r"(?:rtsps?|https?|udp|rtp|srt|rtmps?):/{1,2}[^/]", re.IGNORECASE)
"""Of a path one slash is left."""
Paths = Annotated[list[Path], typer.Argument(help="Images, videos or folders of them.", show_default=False)]
CsvOption = Annotated[str, typer.Option("--csv", help="CSV to this file; - is standard output.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object per line instead of CSV.")]
ModelsOption = Annotated[
    Path | None, typer.Option("--models", envvar="VIAPUBLICA_MODELS", help="Folder with the weights.")
]
FpsOption = Annotated[
    float | None, typer.Option("--fps", min=0.01, help="Frames of a video to analyze per second; all by default.")
]


def _check_rotation(degrees: int) -> int:
    if degrees not in get_args(Rotation):
        raise typer.BadParameter(f"{degrees} is not one of {', '.join(map(str, get_args(Rotation)))}")
    return degrees


RotateOption = Annotated[
    int,
    typer.Option(
        "--rotate",
        metavar="[0|90|180|270]",
        callback=_check_rotation,
        help="Degrees clockwise by which images are turned first, such as 180 for a camera that hangs upside down.",
    ),
]
TrackOption = Annotated[
    int | None,
    typer.Option(
        "--track", min=1, help="Video track of a file that has several; by default the first.", show_default=False
    ),
]
RecordingsOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="VIAPUBLICA_CONFIG",
        help="Configuration whose recorded video the files are compared with; by default ./viapublica.yaml, if there "
        "is one. A copy of a recording keeps the rules of its camera.",
        show_default=False,
    ),
]
ModelOption = Annotated[str | None, typer.Option("--model", help="Model card of the detector: name or file.")]


def detect(
    paths: Paths,
    csv: CsvOption = "-",
    as_json: JsonOption = False,
    model: ModelOption = None,
    models: ModelsOption = None,
    confidence: Annotated[float | None, typer.Option(min=0, max=1, help="Minimum confidence of an object.")] = None,
    fps: FpsOption = None,
    rotate: RotateOption = 0,
    track: TrackOption = None,
    config: RecordingsOption = None,
) -> None:
    """Find persons, vehicles, faces and plates in images and video.

    One row per object, in pixels of the stored image.

    Example: [bold]viapublica detect street.jpg clips/ --csv objects.csv[/]
    """
    _check_output(csv, as_json, paths)
    from pipeline.app.media.tables import OBJECT_COLUMNS, MediaRequest, object_rows
    from pipeline.app.recordings import known_recordings

    request = MediaRequest(paths, model, models, fps, cast("Rotation", rotate), track, known_recordings(config))
    with _FileProgress() as files:
        _write(csv, as_json, OBJECT_COLUMNS, object_rows(request, files, confidence))
    files.report()


def read(
    paths: Paths,
    csv: CsvOption = "-",
    as_json: JsonOption = False,
    per_frame: Annotated[
        bool, typer.Option("--per-frame", help="Every reading of a video instead of one voted row per vehicle.")
    ] = False,
    crops: Annotated[
        bool, typer.Option("--crops", help="Each image is a plate already, as ANPR cameras deliver them.")
    ] = False,
    scope: Annotated[
        Scope | None,
        typer.Option(
            help="Public space in the files; needed where no recorder noted it. Plates are read on roads and car-park "
            "entrances only."
        ),
    ] = None,
    model: ModelOption = None,
    reader_model: Annotated[str | None, typer.Option("--reader", help="Model card of the plate reader.")] = None,
    models: ModelsOption = None,
    fps: FpsOption = None,
    rotate: RotateOption = 0,
    track: TrackOption = None,
    config: RecordingsOption = None,
) -> None:
    """Read plates in images and video.

    One row per plate of an image; one row per vehicle track of a video, its plate voted over the frames.
    With --crops: one row per image, read whole, without a detector.
    Recorded video and copies of it keep the scope, surroundings and privacy masks of their camera.

    Example: [bold]viapublica read gate.mp4 --scope car-park-entrance --csv -[/]
    """
    _check_output(csv, as_json, paths)
    if crops:
        _check_crops({"--model": model, "--fps": fps, "--track": track, "--per-frame": per_frame or None})
    from pipeline.app.media.tables import PLATE_COLUMNS, MediaRequest, plate_image_rows, plate_rows
    from pipeline.app.recordings import known_recordings

    request = MediaRequest(paths, model, models, fps, cast("Rotation", rotate), track, known_recordings(config))
    scope = _scope_of(request, scope)
    if fps is not None and fps < LEAST_FPS:
        text = f": --fps {fps:g}: plates of passing vehicles are missed below {LEAST_FPS:g} per second"
        say(err, ("warning", "bold yellow"), text)
    with _FileProgress() as files:
        if crops:
            rows = plate_image_rows(request, files, reader_model, scope=scope)
        else:
            rows = plate_rows(request, files, reader_model, scope=scope, per_frame=per_frame)
        _write(csv, as_json, PLATE_COLUMNS, rows)
    files.report()


def _check_crops(others: Mapping[str, object]) -> None:
    """Refuse options of detection and of video beside ``--crops``."""
    for option, value in others.items():
        if value is not None:
            problem = "images of plates have neither a detector nor frames"
            raise ViapublicaError(f"{option} with --crops", problem, f"Omit {option}, or --crops for whole images")


def _scope_of(request: MediaRequest, scope: Scope | None) -> Scope | None:
    """The public space in files without a recorder's declaration: stated, asked on a terminal, or assumed; noted."""
    from pipeline.app.media.tables import check_scope, undeclared_files

    unknown = undeclared_files(request)
    assumed = scope is None and not _asks()
    if scope is None and unknown:
        scope = Scope.PUBLIC_ROAD if assumed else _stated_scope(unknown)
    if scope is not None:
        check_scope(scope)
        if unknown:
            _note_responsibility(unknown, scope, assumed=assumed)
    return scope


def _stated_scope(unknown: Sequence[Path]) -> Scope:
    """The public space in files of which no recorder noted it, asked on a terminal."""
    what = _undeclared(unknown)
    say(err, f"{what}: which public space is in the images? Plates are read on roads and car-park entrances only.")
    while (choice := typer.prompt(f"Public space ({', '.join(Scope)})", err=True).strip()) not in set(Scope):
        say(err, f"{choice!r} is none of them")
    return Scope(choice)


def _asks() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _undeclared(files: Sequence[Path]) -> str:
    return f"{counted(len(files), 'file')} without a recorder's declaration, such as {files[0].name}"


def _note_responsibility(files: Sequence[Path], scope: Scope, *, assumed: bool) -> None:
    """Without a declaration it is not known which rules apply to a file: a copy that was re-encoded has none."""
    how = f"plates are read by the rules of scope {scope.value}, under the responsibility of the caller"
    fix = ". State another public space with --scope" if assumed else ""
    say(err, ("note:", "bold"), f"  {_undeclared(files)}: {how}{fix}")


def _check_output(csv: str, as_json: bool, paths: Sequence[Path]) -> None:
    """Checks that need no network; logging as for all commands on files."""
    for path in paths:
        if _ADDRESS.match(str(path)):
            raise ViapublicaError(
                str(path),
                "is the address of a stream, and files are expected",
                "Try a camera with viapublica camera test ADDRESS. To analyze it, make it the source of a camera in a "
                "configuration, with its scope, and start viapublica run",
            )
    if as_json and csv != "-":
        raise ViapublicaError("--json with --csv", "one or the other", "--json writes to standard output; omit one")
    from pipeline.app.logging_setup import configure_logging

    configure_logging("warning", "auto")


def _write(csv: str, as_json: bool, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    if as_json:
        for row in rows:
            print_json(dict(zip(columns, row, strict=True)))
    else:
        with csv_writer(csv, columns) as writer:
            writer.writerows(rows)


class _FileProgress:
    """Implements `pipeline.app.media.tables.MediaProgress` as a progress bar; collects files that failed."""

    def __init__(self) -> None:
        self._bar = progress()
        self._task = self._bar.add_task("files", total=None, note="")
        self._files = self._done = 0
        self._name = ""
        self._failed: list[ViapublicaError] = []
        self._not_read: list[tuple[Path, Sequence[str]]] = []
        self._notes: list[tuple[Path, str]] = []

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def start(self, files: int) -> None:
        self._files = files
        self._bar.update(self._task, total=files)

    def file_started(self, path: Path) -> None:
        self._name = path.name
        self._bar.update(self._task, note=path.name)

    def file_at(self, share: float) -> None:
        self._bar.update(self._task, completed=self._done + share, note=f"{self._name} {share:.0%}")

    def file_failed(self, error: ViapublicaError) -> None:
        self._failed.append(error)

    def not_read(self, path: Path, parts: Sequence[str]) -> None:
        self._not_read.append((path, parts))

    def note(self, path: Path, text: str) -> None:
        self._notes.append((path, text))

    def file_done(self) -> None:
        self._done += 1
        self._bar.update(self._task, completed=self._done)

    def report(self) -> None:
        """Name the files that failed, and what others hold besides what was analyzed.

        Raises:
            typer.Exit: status 1 when there are any.
        """
        for path, text in self._notes:
            say(err, ("note:", "bold"), f"  {path}: {text}")
        for path, parts in self._not_read:
            say(err, ("not analyzed: ", "bold yellow"), f"{path}: {', '.join(parts)}")
        if any(part.startswith("video track") for _, parts in self._not_read for part in parts):
            say(err, ("fix:", "bold"), "   analyze another video track with --track N")
        for error in self._failed:
            report_error(error)
        if self._failed:
            say(err, f"{len(self._failed)} of {counted(self._files, 'file')} could not be read")
            raise typer.Exit(1)
