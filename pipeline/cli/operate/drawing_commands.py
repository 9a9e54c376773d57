"""`viapublica camera draw` and `calibrate`: masks, areas and the ground of a camera."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipeline.app.logging_setup import configure_logging
from pipeline.cli.common.camera_completion import complete_camera
from pipeline.cli.common.confirmation import confirmed
from pipeline.cli.common.console import err, out, print_json, print_table, say
from pipeline.cli.common.default_config import chosen_config
from pipeline.cli.operate.ground_options import GroundOptions, check_of, measure_of, place_of, size_of
from pipeline.domain.extras import require

if TYPE_CHECKING:
    from pipeline.app.cameras.camera_calibration import GroundReport

CameraArgument = Annotated[
    str, typer.Argument(help="Camera of the configuration.", autocompletion=complete_camera, show_default=False)
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="VIAPUBLICA_CONFIG", help="Configuration; by default ./viapublica.yaml."),
]
_REFERENCE_KM_H: Final = 60


def draw(
    camera: CameraArgument,
    image: Annotated[
        Path | None, typer.Option("--image", help="Draw on this image instead of the camera's present one.")
    ] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Port on loopback; 0 for a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser", help="Open the page in this machine's browser.")] = False,
    config: ConfigOption = None,
) -> None:
    """Draw masks, ignored areas, zones, lanes and lines of a camera on its image, in a browser on this machine.

    The image has the privacy masks of the configuration, persons, faces and plates masked; it is never written to the
    disk. The address works once. What is drawn is checked as the configuration is, and written into it with all
    comments, after its changes were shown. Needs the extra server.

    Example: [bold]viapublica camera draw av-brasil-900 --config configs/city.yaml[/]

    Example: [bold]viapublica camera draw av-brasil-900 --image av-brasil-900.jpg --port 8481[/]
    """
    require("starlette", "uvicorn")
    from pipeline.app.cameras.drawing_session import open_drawing  # here: they take long to import
    from pipeline.console.drawing.server import serve_drawing

    configure_logging("error", "auto")
    session = open_drawing(chosen_config(config), camera, image)

    def started(address: str) -> None:
        say(err, "open this address, once: ", (address, "bold"))
        say(err, "Finish in the page, or Ctrl-C here, ends the command.")
        if browser:
            webbrowser.open(address)

    serve_drawing(session, started, port=port)


def calibrate(
    camera: CameraArgument,
    corners: Annotated[
        str | None,
        typer.Option("--corners", metavar="X,Y …", help="Four points around an area: near left, near right, far …"),
    ] = None,
    rectangle: Annotated[
        str | None, typer.Option("--rectangle", metavar="W,L", help="Width and length of those corners, meters.")
    ] = None,
    distances: Annotated[
        str | None,
        typer.Option("--distances", metavar="AB,BC,CD,DA,AC[,BD]", help="Distances of those corners, meters."),
    ] = None,
    left: Annotated[str | None, typer.Option("--left", metavar="X,Y [X,Y]", help="Left edge of a lane.")] = None,
    right: Annotated[str | None, typer.Option("--right", metavar="X,Y [X,Y]", help="Right edge of it.")] = None,
    lane_width: Annotated[float | None, typer.Option("--lane-width", help="Its width, meters.")] = None,
    from_tracks: Annotated[
        bool, typer.Option("--from-tracks", help="Its direction from recorded vehicles; one point per edge.")
    ] = False,
    along: Annotated[str | None, typer.Option("--along", metavar="X,Y X,Y", help="A length along the lane.")] = None,
    length: Annotated[float | None, typer.Option("--length", help="That length, meters.")] = None,
    field_of_view: Annotated[
        float | None, typer.Option("--field-of-view", help="Horizontal, degrees; instead of a length along the lane.")
    ] = None,
    point: Annotated[
        list[str] | None, typer.Option("--point", metavar="X,Y,X_M,Y_M", help="A known point; four or more.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="X,Y", help="State the error of speeds here, not amid the points.")
    ] = None,
    check: Annotated[
        str | None, typer.Option("--check", metavar="X,Y X,Y M", help="A known length that is compared.")
    ] = None,
    size: Annotated[
        str | None, typer.Option("--size", metavar="WxH", help="Size of the image; by default areas.drawn_for.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Write it; do not ask.")] = False,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output; writes with --yes only.")] = False,
) -> None:
    """Calibrate the ground of a camera from what was measured on the road, state its error, and write it.

    Points are shares of the image, 0 to 1, as [bold]viapublica camera snapshot --grid[/] shows them. Without a measure,
    the calibration that the camera has is judged. Refused is one whose horizon runs through the road, or under which
    more than a tenth of the recorded vehicles would be faster than 200 km/h.

    Example: [bold]viapublica camera calibrate av-brasil-900 --corners "0.1,0.7 0.9,0.7 0.7,0.3 0.3,0.3" --rectangle
    7,20 --check "0.5,0.6 0.5,0.4 8"[/]

    Example: [bold]viapublica camera calibrate av-brasil-900 --left "0.4,0.9" --right "0.7,0.9" --lane-width 3.5
    --from-tracks --along "0.4,0.9 0.45,0.5" --length 12 --yes[/]
    """
    from pipeline.app.cameras.camera_calibration import calibrated_camera

    configure_logging("error", "auto")
    options = GroundOptions(
        corners=corners,
        rectangle=rectangle,
        distances=distances,
        left=left,
        right=right,
        lane_width=lane_width,
        from_tracks=from_tracks,
        along=along,
        length=length,
        field_of_view=field_of_view,
        points=tuple(point or ()),
    )
    found = calibrated_camera(
        chosen_config(config),
        camera,
        measure_of(options),
        None if size is None else size_of(size),
        at=None if at is None else place_of("--at", at),
        check=None if check is None else check_of(check),
    )
    changed = found.change is not None and found.change.after != found.change.before
    if as_json:
        if yes:
            found.write()
        print_json(found.report.as_json() | {"written": yes and changed})
        return
    _show(found.report)
    if not changed:
        return
    assert found.change is not None  # noqa: S101 - see changed
    say(out, found.change.diff)
    if confirmed("Write this calibration?", yes=yes):
        found.write()
        say(err, "A run reads it after SIGHUP: systemctl reload viapublica, or kill -HUP PID.")


def _show(report: GroundReport) -> None:
    error = report.error
    speed = f"±{error.speed:.1%}: ±{error.speed * _REFERENCE_KM_H:.1f} km/h at {_REFERENCE_KM_H} km/h"
    exact = "four points always fit; a check length shows mistakes"
    rows = [
        ("points", str(error.points)),
        ("error of speeds", f"{speed}, at {report.at[0]:.2f},{report.at[1]:.2f}"),
        ("re-projection", f"{error.misfit_m:.2f} m at the worst point" if error.points > 4 else exact),
        ("recorded vehicles", f"{report.tracks} judged" if not report.note else f"not judged: {report.note}"),
    ]
    if report.contradiction_m is not None:
        rows.append(("contradiction", f"{report.contradiction_m:.2f} m among the distances"))
    if error.check is not None:
        rows.append(("check length", f"{error.check:+.1%} against the measured length"))
    print_table("Ground calibration", ["", ""], rows)
