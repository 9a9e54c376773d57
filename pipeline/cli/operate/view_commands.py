"""`viapublica camera confirm` and `status`: privacy masks confirmed for a camera's view, and views that moved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.app.logging_setup import configure_logging
from pipeline.cli.common.camera_completion import complete_camera
from pipeline.cli.common.confirmation import confirmed
from pipeline.cli.common.console import err, print_json, print_table, say
from pipeline.cli.common.default_config import chosen_config
from pipeline.domain.confirmed_view import ViewRecord
from pipeline.domain.plural import counted
from pipeline.domain.times import format_time
from pipeline.errors import ConfigError

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="VIAPUBLICA_CONFIG", help="Configuration; by default ./viapublica.yaml."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]


def confirm(
    camera: Annotated[
        str, typer.Argument(help="Camera of the configuration.", autocompletion=complete_camera, show_default=False)
    ],
    target: Annotated[
        Path | None, typer.Option("--out", help="File of the image, .jpg or .png; by default ID-view.png.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="The masks were compared with the view; do not ask.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Confirm that the privacy masks of a camera are true for the view that it has now.

    A camera whose view has moved is neither analyzed, recorded nor shown until then. The command writes an image with
    the outlines of the masks, persons, faces and plates masked, and asks. A running program resumes within two seconds;
    with changed masks, change the configuration and reload it first.

    Example: [bold]viapublica camera confirm praca-da-matriz --config configs/city.yaml[/]

    Example: [bold]viapublica camera confirm av-brasil-900 --out view.png --yes --json[/]
    """
    from pipeline.app.cameras.view_confirmation import Snapshot, confirm_view

    configure_logging("error", "auto")
    if as_json and not yes:
        raise ConfigError("camera confirm --json", "cannot ask whether the masks are right", "Add --yes")

    def agrees(still: Snapshot) -> bool:
        masks = counted(still.privacy_masks, "privacy mask")
        say(err, f"wrote {still.path}: {masks}, outlined with their numbers; open it and compare them with the view")
        return confirmed(f"Is all private ground in the view of {camera} masked?", yes=yes)

    still_path = target or Path(f"{Path(camera).name}-view.png")
    done = confirm_view(chosen_config(config), camera, still_path, agrees)
    if done is None:
        say(err, "nothing was confirmed; correct its masks, reload the configuration, and confirm again")
        raise typer.Exit(1)
    if as_json:
        print_json(done.as_json() | {"image": str(still_path)})
        return
    say(err, ("confirmed:", "green"), f" {camera} with {counted(done.masks, 'privacy mask')}")


def status(
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the view of each camera: confirmed, learning, or moved. Status 1 if any is not confirmed.

    Example: [bold]viapublica camera status --config configs/city.yaml[/]

    Example: [bold]viapublica camera status --json[/]
    """
    from pipeline.app.cameras.view_confirmation import camera_views

    configure_logging("error", "auto")
    found = camera_views(chosen_config(config))
    if as_json:
        print_json([one.as_json() for one in found])
    else:
        rows = [(one.camera_id, one.masks, *_in_words(one.record)) for one in found]
        print_table("Views of cameras", ["camera", "masks", "view", "since", "confirmed by", "detail"], rows)
    moved = [one.camera_id for one in found if one.record is not None and one.record.state.blind]
    for camera_id in moved:
        say(
            err,
            (f"{camera_id} is neither analyzed, recorded nor shown:", "red"),
            f" viapublica camera confirm {camera_id}",
        )
    if moved:
        raise typer.Exit(1)


def _in_words(record: ViewRecord | None) -> tuple[str, str, str, str]:
    if record is None:
        return "not watched yet", "-", "-", ""
    by = record.confirmed_by or ("its first start" if record.confirmed_ms else "-")
    return record.state.value, format_time(record.since_ms), by, record.detail
