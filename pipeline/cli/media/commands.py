"""`viapublica detect` and `read`: images, folders and clips in, rows out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.domain.camera import Camera, Scope
from pipeline.errors import PolicyError, ViapublicaError
from pipeline.policy.scope import may_read_plates, why_no_plates

Paths = Annotated[list[Path], typer.Argument(help="Images, clips or folders of them.", show_default=False)]
CsvOption = Annotated[str, typer.Option("--csv", help="CSV to this file; - is standard output.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object per line instead of CSV.")]
ModelsOption = Annotated[
    Path | None, typer.Option("--models", envvar="VIAPUBLICA_MODELS", help="Folder with the weights.")
]
FpsOption = Annotated[
    float | None, typer.Option("--fps", min=0.01, help="Analyze so many frames of a clip per second; all by default.")
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
    """Find persons, vehicles, faces and plates in images and video.

    One row per object, in pixels of the stored image.

    Example: [bold]viapublica detect street.jpg clips/ --csv objects.csv[/]
    """
    _check_output(csv, as_json)
    from pipeline.app.media.tables import Wanted, write_objects

    write_objects(Wanted(paths, csv, as_json, model, models, fps), confidence)


def read(
    paths: Paths,
    csv: CsvOption = "-",
    as_json: JsonOption = False,
    per_frame: Annotated[
        bool, typer.Option("--per-frame", help="Every reading of a clip instead of one voted row per vehicle.")
    ] = False,
    scope: Annotated[
        Scope, typer.Option(help="The public space the images show. Plates are read on roads and car-park entrances.")
    ] = Scope.PUBLIC_ROAD,
    model: ModelOption = None,
    reader_model: Annotated[str | None, typer.Option("--reader", help="Model card of the plate reader.")] = None,
    models: ModelsOption = None,
    fps: FpsOption = None,
) -> None:
    """Read plates in images and video.

    One row per plate of an image; one per vehicle track of a clip, its plate voted over the frames.

    Example: [bold]viapublica read gate.mp4 --csv -[/]
    """
    _check_output(csv, as_json)
    camera = Camera("files", scope)
    if not may_read_plates(camera):
        raise PolicyError("read", why_no_plates(camera), "Plates of such images are found only to be hidden")
    from pipeline.app.media.tables import Wanted, write_plates

    write_plates(Wanted(paths, csv, as_json, model, models, fps), reader_model, per_frame=per_frame)


def _check_output(csv: str, as_json: bool) -> None:
    """Before seconds are spent on loading networks."""
    if as_json and csv != "-":
        raise ViapublicaError(
            "--json with --csv", "one or the other", "--json writes to standard output; leave one away"
        )
