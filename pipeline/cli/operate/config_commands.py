"""`viapublica config`: check, schema and explanation of configurations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common.console import err, out, print_json, print_table, say
from pipeline.cli.common.default_config import ConfigArgument, argument_config
from pipeline.config.schema import explain as rows_of
from pipeline.config.schema import json_schema
from pipeline.config.settings import Config
from pipeline.errors import ConfigError, ViapublicaError

if TYPE_CHECKING:
    from pipeline.app.config_check import CheckedCamera

app = typer.Typer(
    help="Configurations: check, schema, explain.\n\nExample: [bold]viapublica config check configs/demo.yaml[/]",
    no_args_is_help=True,
)


@app.command()
def check(
    config: ConfigArgument = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was understood as JSON.")] = False,
    measure: Annotated[
        bool, typer.Option(help="Measure for two seconds whether this machine keeps up with the live cameras.")
    ] = True,
) -> None:
    """Check a configuration and print what was understood. Mistakes come with line and suggestion, status 1.

    With live cameras, the detector is loaded and runs for two seconds, to compare what it does with what they need.

    Example: [bold]viapublica config check configs/demo.yaml[/]
    """
    # Here: the other commands need no engine.
    from pipeline.app.config_check import check_config, estimate_capacity

    path = argument_config(config, "config check")
    checked = check_config(path)
    for camera in checked.cameras:
        if camera.missing:
            say(err, f"note: camera {camera.camera_id}: {camera.source} does not exist (yet)")
        if camera.not_permitted:
            say(err, ("does not run:", "bold yellow"), f" camera {camera.camera_id}: {camera.not_permitted}")
        for note in camera.notes:
            say(err, f"note: camera {camera.camera_id}: {note}")
    try:
        capacity = estimate_capacity(checked) if measure else None
    except ViapublicaError as error:
        capacity = None
        say(err, ("warning", "bold yellow"), f": the speed of this machine was not measured: {error}")
    if capacity is not None and not capacity.suffices:
        say(err, ("warning", "bold yellow"), f": {capacity.advice()}")
    if as_json:
        print_json(checked.as_json())
        return
    print_table(
        f"{path}: valid",
        ["camera", "scope", "source", "connects to", "analyzed per second", "masks", "plates"],
        [
            (c.camera_id, c.scope, c.source, c.endpoint, c.analyze_fps or "all", c.masks, _plates(c))
            for c in checked.cameras
        ],
    )
    areas = [
        (camera.camera_id, area.name, area.corners, "see note" if area.flaw else f"{area.share:.1%}")
        for camera in checked.cameras
        for area in camera.areas
    ]
    if areas:
        title = "Privacy masks, and areas ignored by plate reading"
        print_table(title, ["camera", "area", "corners", "of the image"], areas)
    say(out, f"sinks: {', '.join(f'{s.name} ({s.type})' for s in checked.config.sinks)}")
    if checked.config.channels:
        say(out, f"channels: {', '.join(f'{one.name} ({one.type})' for one in checked.config.channels)}")
    if checked.config.event_stores:
        say(out, f"store: {', '.join(store.type for store in checked.config.event_stores)}")
    say(out, f"data:  {checked.config.data_dir}")
    if capacity is not None and capacity.suffices:
        say(out, f"speed: {capacity.advice()}, without decoding and plate reading")


def _plates(camera: CheckedCamera) -> str:
    return f"not read: {camera.no_plates}" if camera.no_plates else "read"


@app.command()
def schema(
    target: Annotated[str, typer.Option("--out", help="File to write; - is standard output.")] = "-",
) -> None:
    """Print the JSON Schema of a configuration; editors complete and check YAML with it.

    Example: [bold]viapublica config schema --out viapublica.schema.json[/]
    """
    text = json.dumps(json_schema(Config), indent=2, ensure_ascii=False)
    if target == "-":
        typer.echo(text)
        return
    try:
        Path(target).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(target, f"cannot be written ({error.strerror})", "Choose another place") from None
    say(err, f"wrote {target}")


@app.command()
def explain(
    key: Annotated[str, typer.Argument(help="Only keys that begin with this, such as cameras or detect.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="A list of objects.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="A table for documentation.")] = False,
) -> None:
    """Explain each key of a configuration: its meaning, type and default.

    Example: [bold]viapublica config explain cameras[/]
    """
    rows = list(rows_of(Config, key))
    if not rows:
        known = sorted({row[0].split(".")[0].split("[")[0] for row in rows_of(Config)})
        raise ConfigError(f"key {key!r}", "no key begins with this", f"Keys begin with: {', '.join(known)}")
    if as_json:
        print_json([dict(zip(("key", "type", "default", "meaning"), row, strict=True)) for row in rows])
    elif markdown:
        typer.echo("| key | type | default | meaning |\n| --- | --- | --- | --- |")
        for row in rows:
            cells = [cell.replace("|", "\\|").replace("\n", " ") for cell in row]
            typer.echo(f"| `{row[0]}` | {cells[1]} | {cells[2]} | {cells[3]} |")
    else:
        print_table("Configuration", ["key", "type", "default", "meaning"], rows)
