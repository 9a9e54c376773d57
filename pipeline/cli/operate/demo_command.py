"""`viapublica demo`: the main job on video that comes with a fresh install."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from pipeline.cli.common.console import err, out, print_json, say
from pipeline.cli.operate.run_command import print_report
from pipeline.domain.extras import require

_CONFIG = "demo.yaml"

if TYPE_CHECKING:
    from pipeline.app.demo import DemoResults


def demo(
    folder: Annotated[Path, typer.Option("--out", help="Folder for media, configuration, events and images.")] = Path(
        "out/demo"
    ),
    models: Annotated[
        Path | None, typer.Option("--models", envvar="VIAPUBLICA_MODELS", help="Folder with the weights.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Only the summary and the images, as JSON.")] = False,
    serve_console: Annotated[
        bool, typer.Option("--serve", help="Then serve the console with it; made people log in as printed once.")
    ] = False,
) -> None:
    """Run the main job on two example videos, then query plates.

    A real street video and a rendered plate scene. It needs no broker, database server, camera or
    network.

    Example: [bold]viapublica demo --out out/demo[/]

    Example: [bold]viapublica demo --out out/console --serve[/]
    """
    if serve_console:
        if not (folder / _CONFIG).exists():
            demo(folder, models, as_json=as_json)
        _serve(folder / _CONFIG)
        return
    # Here, so that help and completion load no network.
    from pipeline.app.demo import demo_config, demo_results, prepare_demo
    from pipeline.app.live_run import open_live_run
    from pipeline.app.logging_setup import configure_logging
    from pipeline.cli.operate.live_table import LiveTable

    configure_logging("warning", "auto")
    with err.rich.status("rendering the plate scene"):
        path = prepare_demo(folder)
    config = demo_config(path, models)
    with open_live_run(config) as run, LiveTable.of_run(run, err.rich, enabled=not as_json) as table:
        run.run(on_tick=table.refresh)
    results = demo_results(config, run)
    if as_json:
        print_json(
            {
                "report": msgspec.to_builtins(results.report),
                "plates": sorted({read.plate for read in results.reads}),
                "images": {camera: str(file) for camera, file in results.images.items()},
            }
        )
        return
    _show(config.data_dir, path, results)
    print_report(results.report)


def _serve(path: Path) -> None:
    """Serve the console of a demo that has run; log-ins are shown when they are made, and never again."""
    require("sqlalchemy", "argon2", "pyotp", "fastapi", "uvicorn", "jinja2", "babel")
    from pipeline.app.demo_people import add_people
    from pipeline.cli.common.register_options import register_of
    from pipeline.cli.common.store_options import stores_of
    from pipeline.cli.operate.serve_command import serve

    stores = stores_of(path, None)
    made = add_people(register_of(None, path), stores, stores.cameras or {})
    width = max((len(one.login) for one in made), default=0) + 2
    for one in made:
        say(
            out,
            (f"{one.login:{width}}", "bold"),
            f"{one.role.portuguese}: password {one.password}, secret {one.secret}",
        )
    if made:
        say(out, "These are shown once. The secret goes into an authenticator app, or: oathtool --totp -b SECRET")
    else:
        say(err, f"people are those of the first start; remove {path.parent} to begin anew")
    serve(config=path)


def _show(data: Path, config: Path, results: DemoResults) -> None:
    from pipeline.app.demo import PLATES
    from pipeline.cli.query import event_commands

    out.rich.print("\n[bold]bikes[/]: a real street video.  [bold]plate-scene[/]: rendered, its plates are made up.\n")
    with err.rich.capture() as of_events:
        event_commands.events(data=data, limit=15)
    say(out, (f"\n$ viapublica plates {' '.join(PLATES)} --data {data}", "bold"))
    with err.rich.capture() as of_plates:
        event_commands.plates(list(PLATES), data=data)
    # Notes that both answers have stand once.
    for line in dict.fromkeys([*of_events.get().splitlines(), *of_plates.get().splitlines()]):
        err.rich.out(line, highlight=False)
    say(out, f"{results.right} of {len(PLATES)} made-up plates were read correctly")
    say(out, "annotated images: persons are masked, and so are vehicles where plates may not be read (bikes)")
    for camera, image in results.images.items():
        say(out, f"  {camera}: {image}")
    say(out, f"configuration to start from: {config}\n")
