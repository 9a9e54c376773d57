"""The answers for a new camera: given as options, queried by ONVIF, or asked for at a terminal."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pipeline.app.cameras.camera_password import store_camera_password
from pipeline.cli.common.console import err, say
from pipeline.config.camera_entry import NewCamera
from pipeline.config.camera_sources import NAMES_VARIABLE, NO_VARIABLE, read_password
from pipeline.domain.camera import Scope, Surroundings, camera_id_problem, suggested_camera_id
from pipeline.domain.network_address import BadAddress, check_written, is_network_address
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.app.camera_setup import CameraStreams

__all__ = ["CameraAnswers", "completed_answers", "given_password"]

_ONVIF_TIMEOUT_S = 10.0
_NO_PLACE = "none"


@dataclass(frozen=True, slots=True)
class CameraAnswers:
    """What is known about a new camera so far; the fields are those of `NewCamera` and its query by ONVIF."""

    id: str | None
    name: str
    source: str | None
    onvif: str | None
    profile: str | None
    scope: Scope | None
    surroundings: tuple[Surroundings, ...]
    user: str | None
    password_env: str | None
    password_file: str | None
    latitude: float | None
    longitude: float | None
    analyze_fps: float | None


def completed_answers(given: CameraAnswers, path: Path, *, ask: bool) -> NewCamera:
    """The new camera.

    Args:
        given: by options.
        path: the configuration; a password file is relative to its folder.
        ask: whether a person can be asked for the rest.

    Raises:
        ConfigError: something is missing, or contradicts.
        SourceError: the query by ONVIF failed.
    """
    if given.source is not None and given.onvif is not None:
        raise ConfigError("--source and --onvif", "exclude each other", "Give one of them")
    if ask:
        given = _asked(given, path)
    camera_id, scope = given.id, given.scope
    if camera_id is None or scope is None or not (given.source or given.onvif):
        wanted = {"ID": camera_id, "--source or --onvif": given.source or given.onvif, "--scope": scope}
        missing = ", ".join(name for name, value in wanted.items() if not value)
        raise ConfigError("camera add", f"{missing}: missing", "Give it, or run the command at a terminal")
    if problem := camera_id_problem(camera_id):
        raise ConfigError("id", problem, "Write a short one, such as av-brasil-900")
    _refuse_login(given.source)
    return NewCamera(
        id=camera_id,
        name=given.name,
        source=given.source or _queried_source(given, path),
        scope=scope,
        surroundings=given.surroundings,
        user=given.user,
        password_env=given.password_env,
        password_file=given.password_file,
        latitude=given.latitude,
        longitude=given.longitude,
        analyze_fps=given.analyze_fps,
    )


def _refuse_login(source: str | None) -> None:
    """A login inside the address would be written into the configuration."""
    try:
        if source is not None and is_network_address(source):
            check_written(source)
    except BadAddress as error:
        raise ConfigError("--source", error.problem, error.fix) from None


def _asked(given: CameraAnswers, path: Path) -> CameraAnswers:
    name = given.name or (
        "" if given.id else typer.prompt("Name of the place", default="", show_default=False, err=True)
    )
    camera_id = given.id
    while camera_id is None or camera_id_problem(camera_id):
        if camera_id:
            say(err, camera_id_problem(camera_id))
        suggested = suggested_camera_id(camera_id or name).lower() or None
        camera_id = typer.prompt("Id", default=suggested, err=True)
    source = given.source
    if source is None and given.onvif is None:
        source = typer.prompt("Address of the stream, such as rtsp://10.20.0.11/stream1", err=True)
    scope = given.scope
    if scope is None:
        say(err, "public-road and car-park-entrance: plates are read. public-square: counting only.")
        scope = Scope(_choice("Public space in view", [one.value for one in Scope]))
    surroundings = given.surroundings
    if not surroundings and given.scope is None:
        answer = _choice("Sensitive place in view", [_NO_PLACE, *(one.value for one in Surroundings)], _NO_PLACE)
        surroundings = () if answer == _NO_PLACE else (Surroundings(answer),)
    done = replace(given, id=camera_id, name=name, source=source, scope=scope, surroundings=surroundings)
    return _asked_login(done, path)


def _choice(question: str, options: Sequence[str], default: str | None = None) -> str:
    while True:
        answer = str(typer.prompt(f"{question} ({', '.join(options)})", default=default, err=True))
        if answer in options:
            return answer
        say(err, f"{answer!r} is none of them")


def _asked_login(given: CameraAnswers, path: Path) -> CameraAnswers:
    if given.source is not None and not is_network_address(given.source):
        return given
    user = given.user
    if user is None:
        user = typer.prompt("User name (empty for none)", default="", show_default=False, err=True) or None
    if user is None or given.password_env or given.password_file:
        return replace(given, user=user)
    password = typer.prompt("Password", hide_input=True, err=True)
    file = store_camera_password(path, str(given.id), password)
    say(err, f"the password is in {file}, readable by this user only")
    return replace(given, user=user, password_file=file)


def _queried_source(given: CameraAnswers, path: Path) -> str:
    from pipeline.app.camera_setup import streams_of_camera

    password = given_password(given.password_env, given.password_file, path.resolve().parent) or ""
    streams = streams_of_camera(given.onvif or "", user=given.user or "", password=password, timeout_s=_ONVIF_TIMEOUT_S)
    return _chosen(streams, given.profile)


def _chosen(found: CameraStreams, profile: str | None) -> str:
    for stream in found.streams:
        size = f"{stream.width} × {stream.height}" if stream.width else "size not stated"
        say(err, f"{found.manufacturer} {found.model}: profile {stream.profile}, {stream.encoding} {size}")
    chosen = [one for one in found.streams if profile in (None, one.profile, one.name)]
    if not chosen:
        names = ", ".join(one.profile for one in found.streams)
        raise ConfigError("--profile", f"the camera has no profile {profile!r}", f"It has: {names}")
    return chosen[0].address


def given_password(variable: str | None, file: str | None, folder: Path) -> str | None:
    """The password of --password-env or --password-file; None when neither is given.

    Raises:
        ConfigError: both are given, or the one that is cannot be read.
    """
    if variable is not None and file is not None:
        raise ConfigError("--password-env and --password-file", "exclude each other", "Give one of them")
    if variable is not None:
        if variable not in os.environ:
            raise ConfigError("--password-env", NO_VARIABLE, NAMES_VARIABLE)
        return os.environ[variable]
    if file is None:
        return None
    try:
        return read_password(folder / Path(file).expanduser())
    except BadAddress as error:
        raise ConfigError("--password-file", error.problem, error.fix) from None
