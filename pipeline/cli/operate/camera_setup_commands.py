"""`viapublica camera test`, `snapshot`, `discover` and `add`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from pipeline.app.logging_setup import configure_logging
from pipeline.cli.common.camera_completion import complete_camera
from pipeline.cli.common.console import err, out, print_json, print_table, say
from pipeline.cli.common.default_config import DEFAULT_CONFIG, chosen_config, named_config
from pipeline.cli.operate.camera_prompts import CameraAnswers, completed_answers, given_password
from pipeline.cli.operate.camera_registry_commands import app
from pipeline.cli.operate.discard_command import discard
from pipeline.cli.operate.drawing_commands import calibrate, draw
from pipeline.cli.operate.view_commands import confirm, status
from pipeline.domain.camera import Scope, Surroundings
from pipeline.domain.network_address import is_network_address
from pipeline.domain.plural import counted, counted_list
from pipeline.errors import ConfigError

__all__ = ["app"]

app.command()(discard)
app.command()(draw)
app.command()(calibrate)
app.command()(confirm)
app.command()(status)

_NO_ANSWER: Final = (
    "Multicast stays in one subnet: give --host for a camera of another. Many cameras have ONVIF switched off."
)
_NO_ANSWER_OF_HOST: Final = (
    "Check the address, that UDP port 3702 is open on the way (or give host:port), and that ONVIF is switched on in "
    "the camera; some answer only after an ONVIF user was created there."
)

SetupConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="VIAPUBLICA_CONFIG", help="Configuration; by default ./viapublica.yaml."),
]
UserOption = Annotated[str | None, typer.Option("--user", help="User name of the camera.")]
PasswordEnvOption = Annotated[
    str | None, typer.Option("--password-env", help="Environment variable with the password of the camera.")
]
PasswordFileOption = Annotated[
    str | None, typer.Option("--password-file", help="File with the password of the camera, as one line.")
]
SecondsOption = Annotated[float, typer.Option("--seconds", min=0.5, max=60, help="Seconds of video to measure.")]
TimeoutOption = Annotated[float, typer.Option("--timeout", min=0.2, max=60, help="Seconds to wait for answers.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]


@app.command("test")
def show_stream(
    camera: Annotated[
        str, typer.Argument(help="Camera of the configuration, address or file.", autocompletion=complete_camera)
    ],
    config: SetupConfigOption = None,
    user: UserOption = None,
    password_env: PasswordEnvOption = None,
    password_file: PasswordFileOption = None,
    seconds: SecondsOption = 3,
    as_json: JsonOption = False,
) -> None:
    """Connect to a camera once, and show codec, size, rates and what is wrong. Status 1 when it cannot be used.

    For an address, the password comes from --password-env, --password-file or a prompt: a command line is visible to
    every user of the machine.

    Example: [bold]viapublica camera test av-brasil-900 --config configs/city.yaml[/]

    Example: [bold]viapublica camera test rtsp://10.20.0.11/stream1 --user viapublica --password-env CAMERA_PASSWORD[/]
    """
    from pipeline.app.camera_setup import probe_address, probe_camera

    configure_logging("error", "auto")
    if is_network_address(camera) or Path(camera).exists():
        password = _password(user, password_env, password_file)
        found = probe_address(camera, user, password, seconds, named_config(config))
    else:
        if user or password_env or password_file:
            raise ConfigError("--user", "applies to an address only", "The login of a camera is in the configuration")
        if any(sign in camera for sign in ":/"):  # of no id
            # Not repeated here: it may hold a password.
            raise ConfigError("camera", "is neither an address nor a file", "An address begins with rtsp:// or http://")
        found = probe_camera(chosen_config(config), camera, seconds)
    if as_json:
        print_json(found.as_json())
        return
    rows = [
        ("source", found.source),
        ("connects to", found.endpoint or "-"),
        ("port answered after", _s(found.connect_s)),
        ("stream opened after", _s(found.opened_s)),
        ("first image after", _s(found.first_image_s)),
        ("codec", f"{found.codec} {found.profile}".strip()),
        ("size", f"{found.width} × {found.height}, pixel aspect {found.sample_aspect}"),
        ("frames per second", f"{found.stated_fps:.4g} stated, {_figure(found.measured_fps)} measured"),
        ("bit rate", "-" if found.kilobits_per_s is None else f"{found.kilobits_per_s:,.0f} kbit/s"),
        ("interlaced", {True: "yes", False: "no", None: "not stated"}[found.interlaced]),
        ("undecodable packets", found.corrupt),
        ("damaged frames", found.damaged),
    ]
    print_table(camera if not is_network_address(camera) else found.source, ["property", "value"], rows)
    for warning in found.warnings:
        say(err, ("warning:", "bold yellow"), f" {warning}")
    if not found.warnings:
        say(err, ("the camera can be used", "green"))


@app.command()
def snapshot(
    camera: Annotated[str, typer.Argument(help="Camera of the configuration.", autocompletion=complete_camera)],
    target: Annotated[
        Path | None, typer.Option("--out", help="File to write, .jpg or .png; by default ID.jpg.")
    ] = None,
    grid: Annotated[
        bool, typer.Option("--grid", help="Draw a grid with fractions, and the outlines of masks and ignored areas.")
    ] = False,
    config: SetupConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write one image of a camera: privacy masks filled, persons, faces and plates masked.

    The grid gives the corners of polygons: x from the left edge, y from the top, each from 0 to 1. Outlines have the
    numbers that messages about the configuration use: masks[0] is the first.

    Small or hidden persons and plates can be missed. Check the image before you pass it on; images for third parties
    are made by [bold]viapublica release[/].

    Example: [bold]viapublica camera snapshot praca-da-matriz --out praca.jpg --config configs/city.yaml[/]

    Example: [bold]viapublica camera snapshot praca-da-matriz --grid --config configs/city.yaml[/]
    """
    from pipeline.app.camera_setup import save_snapshot

    configure_logging("error", "auto")
    done = save_snapshot(chosen_config(config), camera, target or Path(f"{Path(camera).name}.jpg"), grid=grid)
    if as_json:
        print_json(done.as_json())
        return
    masked = counted_list(dict(sorted(done.redacted.items())), "nothing found to mask")
    masks = counted(done.privacy_masks, "privacy mask")
    say(err, f"wrote {done.path}: {done.width} × {done.height}, {masks}; masked: {masked}")


@app.command()
def discover(
    host: Annotated[
        str | None, typer.Option("--host", help="Ask this host only; multicast does not reach other subnets.")
    ] = None,
    interface: Annotated[
        str | None, typer.Option("--interface", help="Address of the network interface to send from.")
    ] = None,
    timeout: TimeoutOption = 3,
    as_json: JsonOption = False,
) -> None:
    """Find ONVIF cameras of the local network by WS-Discovery. Status 1 when none answers.

    Answers are not authenticated: any device can claim to be a camera.

    Example: [bold]viapublica camera discover[/]

    Example: [bold]viapublica camera discover --host 10.20.0.11 --json[/]
    """
    from pipeline.app.camera_setup import discover as discover_cameras

    found = discover_cameras(timeout_s=timeout, host=host, interface=interface)
    if as_json:
        print_json([{name: getattr(one, name) for name in one.__slots__} for one in found])
    elif found:
        print_table(
            "Cameras that answered",
            ["host", "name", "hardware", "location", "service"],
            [(one.host, one.name, one.hardware, one.location, one.service) for one in found],
            "Add one: viapublica camera add --onvif HOST --user NAME",
        )
    if not found:
        say(err, f"no ONVIF camera answered within {timeout:g} s")
        say(err, _NO_ANSWER if host is None else _NO_ANSWER_OF_HOST)
        say(err, "Without ONVIF: viapublica camera add --source rtsp://…")
        raise typer.Exit(1)


@app.command()
def add(
    camera: Annotated[str | None, typer.Argument(help="Id of the new camera.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Address or file.")] = None,
    onvif: Annotated[str | None, typer.Option("--onvif", help="Host to ask for the address by ONVIF.")] = None,
    profile: Annotated[str | None, typer.Option("--profile", help="ONVIF profile; by default the largest.")] = None,
    scope: Annotated[Scope | None, typer.Option("--scope", help="Public space in view.")] = None,
    surroundings: Annotated[
        list[Surroundings] | None, typer.Option("--surroundings", help="Sensitive place in view; may be repeated.")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="Display name.")] = "",
    user: UserOption = None,
    password_env: PasswordEnvOption = None,
    password_file: PasswordFileOption = None,
    latitude: Annotated[float | None, typer.Option("--latitude", help="Degrees, WGS 84.")] = None,
    longitude: Annotated[float | None, typer.Option("--longitude", help="Degrees, WGS 84.")] = None,
    analyze_fps: Annotated[float | None, typer.Option("--analyze-fps", help="Frames per second to analyze.")] = None,
    no_test: Annotated[bool, typer.Option("--no-test", help="Add it without connecting to it.")] = False,
    config: SetupConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a camera to a configuration. Comments stay; what is not given is asked for at a terminal.

    The stream is tested first, and nothing is written when that fails. A password is never written into the
    configuration; --password-file is relative to its folder.

    Example: [bold]viapublica camera add praca-da-matriz --source rtsp://10.20.0.13/stream1 --scope public-square
    --user viapublica --password-env CAMERA_PASSWORD --config configs/city.yaml[/]

    Example: [bold]viapublica camera add portao --onvif 10.20.0.14 --user admin --password-file secrets/portao
    --scope public-road[/]
    """
    from pipeline.app.camera_setup import add_camera

    configure_logging("error", "auto")
    path = config or DEFAULT_CONFIG
    given = CameraAnswers(
        id=camera,
        name=name,
        source=source,
        onvif=onvif,
        profile=profile,
        scope=scope,
        surroundings=tuple(surroundings or ()),
        user=user,
        password_env=password_env,
        password_file=password_file,
        latitude=latitude,
        longitude=longitude,
        analyze_fps=analyze_fps,
    )
    new = completed_answers(given, path, ask=sys.stdin.isatty() and not as_json)
    extended, probed = add_camera(path, new, test_s=None if no_test else 2.0)
    if as_json:
        tested = None if probed is None else probed.as_json()
        print_json({"config": str(path), "camera": new.entry(), "test": tested})
        return
    say(out, f"{path}: camera {extended.camera.id} added ({len(extended.config.cameras)} in all)")
    for warning in () if probed is None else probed.warnings:
        say(err, ("warning:", "bold yellow"), f" {warning}")
    say(err, "A run reads it after SIGHUP: systemctl reload viapublica, or kill -HUP PID.")
    say(err, f"Set its privacy masks: viapublica camera draw {extended.camera.id} --config {path}")


def _password(user: str | None, variable: str | None, file: str | None) -> str:
    given = given_password(variable, file, Path())
    if user is None:
        if given is not None:
            raise ConfigError("--user", "is missing", "Give the user that the password belongs to")
        return ""
    if given is not None:
        return given
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def _s(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f} s"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
