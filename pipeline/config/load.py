"""Loading of a configuration from YAML; every mistake with its line and a suggestion."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml.comments import CommentedMap

from pipeline.config.camera_settings import CameraSettings
from pipeline.config.camera_sources import NAMES_VARIABLE, NO_VARIABLE, source_with_login
from pipeline.config.schema import keys_at
from pipeline.config.sensitive_places import PlaceIndex, read_places
from pipeline.config.settings import Config
from pipeline.config.text_settings import refused_texts
from pipeline.domain.credentials import redact
from pipeline.domain.decimal_comma import with_point
from pipeline.domain.network_address import VARIABLE, BadAddress, fill_address
from pipeline.domain.plural import counted
from pipeline.domain.route import GeoPoint
from pipeline.errors import ConfigError
from pipeline.storage.yaml_document import BadDocument, line_of, parse_yaml, read_text

_ADDRESS = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}")
_PLAIN_WORD = re.compile(r"[A-Za-z][A-Za-z-]{0,23}")
_ABOUT_NUMBERS = frozenset(
    {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of", "int_from_float"}
    | {"finite_number", "literal_error", "enum"}
)
_HIDDEN = "="
"""Begins the name of a missing variable that may be a password, and is not shown."""
_LONGEST_NUMBER = 10**15
Location = tuple[int | str, ...]
_Settings = TypeVar("_Settings", bound=BaseModel | None)


def load_config(path: Path, environ: Mapping[str, str] = os.environ, *, for_queries: bool = False) -> Config:
    """Read, check and complete a configuration.

    Relative paths become relative to the file's folder, ``${NAME}`` in any text is taken from `environ`.

    Args:
        path: the file.
        environ: the variables.
        for_queries: the caller only queries the event store and needs no passwords of cameras: variables that are
            missing there are left empty.

    Raises:
        ConfigError: every mistake at once, each with line, key and suggestion.
    """
    try:
        text = read_text(path)
    except FileNotFoundError:
        raise ConfigError(str(path), "no such file", "Start from configs/demo.yaml, or give another path") from None
    except IsADirectoryError:
        raise ConfigError(str(path), "is a folder, not a file", "Name the YAML file in it") from None
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), f"is not UTF-8 text ({error.reason})", "Save it as UTF-8") from None
    except BadDocument as error:
        raise _unreadable(error, path) from None
    except OSError as error:
        raise _closed(error, path) from None
    return parse_config(text, path, environ, for_queries=for_queries)


def _closed(error: OSError, path: Path) -> ConfigError:
    fix = "Check the path"
    if isinstance(error, PermissionError):
        fix = f"Let the user of this command read it, as its owner or root: chgrp GROUP {path} and chmod 640 {path}"
    return ConfigError(str(path), f"cannot be read ({error.strerror})", fix)


def parse_config(
    text: str, path: Path, environ: Mapping[str, str] = os.environ, *, for_queries: bool = False
) -> Config:
    """Like `load_config`, from text; `path` names it in errors and anchors relative paths."""
    tree = _parse_yaml(text, path)
    missing: dict[str, Location] = {}
    try:
        plain = _expand(tree, (), environ, missing)
    except _BadSource as error:
        raise _bad_source(error.cause, path, tree, error.location) from None
    needed = {name: at for name, at in missing.items() if not (for_queries and at[0] == "cameras")}
    if needed:
        name, location = next(iter(needed.items()))
        if name.startswith(_HIDDEN):
            others = [_camera_name(tree, at) for other, at in needed.items() if other.startswith(_HIDDEN)][1:]
            also = f"; so do those of {', '.join(others)}" if others else ""
            where = f"{_key(location)} of camera {_camera_name(tree, location)}"
            raise ConfigError(f"{path}:{line_of(tree, location)}", f"{where}: {NO_VARIABLE}{also}", NAMES_VARIABLE)
        names = [one for one in needed if not one.startswith(_HIDDEN)]
        lacking = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        raise ConfigError(
            f"{path}:{line_of(tree, location)}",
            f"{_key(location)}: the environment lacks the variable{'s' if len(names) > 1 else ''} {lacking}",
            f"Set {'it' if len(needed) == 1 else 'them'}, for example: export {name}=…",
        )
    try:
        config = Config.model_validate(plain)
    except ValidationError as error:
        raise _explained(error, tree, path) from None
    for location, refusal in refused_texts(config):
        raise ConfigError(f"{path}:{line_of(tree, location)}", f"{_key(location)} {refusal.problem}", refusal.fix)
    return _beside_places(_anchored(config, path, tree, None if for_queries else environ))


def _beside_places(config: Config) -> Config:
    """The configuration whose cameras know the sensitive places near them.

    Raises:
        ConfigError: the list of places cannot be used.
    """
    if config.places is None:
        return config
    index, within_m = PlaceIndex(read_places(config.places)), config.places.within_m
    cameras = tuple(
        camera
        if camera.latitude is None or camera.longitude is None
        else camera.beside(index.near(GeoPoint(camera.latitude, camera.longitude), within_m))
        for camera in config.cameras
    )
    return config.model_copy(update={"cameras": cameras})


def _parse_yaml(text: str, path: Path) -> CommentedMap:
    try:
        return parse_yaml(text)
    except BadDocument as error:
        raise _unreadable(error, path) from None


def _unreadable(error: BadDocument, path: Path) -> ConfigError:
    return ConfigError(f"{path}:{error.line}" if error.line else str(path), error.problem, error.fix)


class _BadSource(Exception):
    """A source whose variables do not fit their places."""

    def __init__(self, cause: BadAddress, location: Location) -> None:
        super().__init__(cause, location)
        self.cause = cause
        self.location = location


def _bad_source(error: BadAddress, path: Path, tree: CommentedMap, location: Location) -> ConfigError:
    where = f"{path}:{line_of(tree, location)}"
    return ConfigError(where, f"{_key(location)} of camera {_camera_name(tree, location)}: {error.problem}", error.fix)


def _expand(node: Any, location: Location, environ: Mapping[str, str], missing: dict[str, Location]) -> Any:
    """Plain dicts and lists, with ``${NAME}`` replaced; names that are not in `environ` are noted in `missing`."""
    if isinstance(node, Mapping):
        return {str(k): _expand(v, (*location, str(k)), environ, missing) for k, v in node.items()}
    if isinstance(node, Sequence) and not isinstance(node, str):
        return [_expand(item, (*location, i), environ, missing) for i, item in enumerate(node)]
    if not isinstance(node, str):
        return node
    in_camera = len(location) == 3 and location[0] == "cameras"
    if in_camera and location[2] == "password_env" and node not in environ:
        missing.setdefault(f"{_HIDDEN}{location[1]}", location)
    absent = [name for name in VARIABLE.findall(node) if name not in environ]
    for name in absent:
        missing.setdefault(name, location)
    if in_camera and location[2] == "source" and not absent:
        try:
            return fill_address(node, environ)
        except BadAddress as error:
            raise _BadSource(error, location) from None
    return VARIABLE.sub(lambda match: environ.get(match.group(1), ""), node)


def _key(location: Location) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{_word(part)}" if text else _word(part)
    return text or "the file"


def _word(key: object) -> str:
    """A key as errors show it; one that is no plain word may be a mistyped "user:password"."""
    return str(key) if _PLAIN_KEY.fullmatch(str(key)) else "…"


def _explained(error: ValidationError, tree: CommentedMap, path: Path) -> ConfigError:
    items = error.errors(include_url=False)
    # A list that lost its bad members is also called too short; the members' own mistakes say it better.
    own = [item for item in items if not any(_is_below(other["loc"], item["loc"]) for other in items)]
    mistakes = [_mistake(item, tree, path) for item in own]
    if len(mistakes) == 1:
        (where, problem, fix) = mistakes[0]
        return ConfigError(where, problem, fix)
    lines = "\n".join(f"  {where}: {problem}{f'. {fix}' if fix else ''}" for where, problem, fix in mistakes)
    return ConfigError(str(path), f"{len(mistakes)} mistakes\n{lines}")


def _is_below(deeper: Location, location: Location) -> bool:
    return len(deeper) > len(location) and deeper[: len(location)] == location


def _mistake(item: Any, tree: CommentedMap, path: Path) -> tuple[str, str, str]:
    location: Location = item["loc"]
    where = f"{path}:{line_of(tree, location)}"
    kind, key = item["type"], _key(location)
    if len(location) > 3 and location[0] == "cameras":  # a part of a list, such as one of the masks
        key += f" of camera {_camera_name(tree, location)}"
    if kind == "extra_forbidden":
        known = keys_at(Config, location[:-1])
        close = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
        fix = f"Did you mean {close[0]!r}?" if close else f"Known keys here: {', '.join(sorted(known))}"
        return where, f"{key}: unknown key", fix
    if kind == "missing":
        if location[-1] == "scope":
            scopes = "public-road, car-park-entrance or public-square"
            name = _camera_name(tree, location)
            return (
                where,
                f"{key}: camera {name} declares no public-space scope, so it does not start",
                f"Declare the public space in view: scope: {scopes} (decree 18.743/2014 art. 13)",
            )
        return where, f"{key}: is missing", "Add it; see `viapublica config explain`"
    if kind == "float_parsing" and (point := with_point(str(item["input"]))):
        return where, f"{key}: {item['input']} has a decimal comma", f"Write {point}"
    message = redact(str(item["msg"]).removeprefix("Value error, ").replace("a valid tuple", "a list"))
    if kind == "too_short":
        message = f"needs {counted(item['ctx']['min_length'], 'item')} or more"
    elif kind == "union_tag_invalid":
        # pydantic's own words repeat the text.
        message = f"there is no such type{_shown(item)}; there are {item['ctx']['expected_tags']}"
    else:
        message = f"{message[0].lower()}{message[1:]}{_shown(item)}"
    return where, f"{key}: {message}", _suggestion(item)


def _suggestion(item: Any) -> str:
    expected = (item.get("ctx") or {}).get("expected")
    got = item.get("input")
    if item["type"] in {"enum", "literal_error"} and expected and isinstance(got, str):
        words = re.findall(r"'([^']+)'", str(expected))
        close = difflib.get_close_matches(got, words, n=1, cutoff=0.5)
        return f"Did you mean {close[0]!r}?" if close else ""
    return ""


def _shown(item: Any) -> str:
    """What stands there instead, where it can be no secret: a number out of range, or a word that is not in a list."""
    kind, got = item["type"], item.get("input")
    if kind == "union_tag_invalid":
        got = item["ctx"]["tag"]
    if isinstance(got, str):
        plain = kind in {"enum", "literal_error", "union_tag_invalid"} and _PLAIN_WORD.fullmatch(got) is not None
    else:
        plain = isinstance(got, int | float) and kind in _ABOUT_NUMBERS and abs(got) < _LONGEST_NUMBER
    return f" (it is {got!r})" if plain else ""


def _camera_name(tree: CommentedMap, location: Location) -> str:
    try:
        return redact(str(tree["cameras"][location[1]].get("id", f"number {location[1]}")))
    except (KeyError, IndexError, TypeError, AttributeError):
        return "without id"


def _below(folder: Path, path: Path) -> Path:
    """The path seen from a folder without links; ``..`` at its begin is applied, as nothing else is certain to be."""
    parts = path.parts
    while parts[:1] == ("..",):
        folder, parts = folder.parent, parts[1:]
    return folder.joinpath(*parts)


@dataclass(frozen=True, slots=True)
class _Anchor:
    """Makes the relative paths of a configuration absolute, from its folder.

    Links are not followed: their targets may be mounted, or fixed, later.
    """

    path: Path
    tree: CommentedMap

    def absolute(self, value: Path, *location: int | str) -> Path:
        """The path that a key names."""
        where = f"{self.path}:{line_of(self.tree, location)}"
        key = _key(location)
        if location[0] == "cameras":
            key += f" of camera {_camera_name(self.tree, location)}"
        if "\0" in str(value):
            raise ConfigError(where, f"{key}: the path holds a NUL character", "Remove it")
        try:
            return _below(self._folder, value.expanduser())
        except RuntimeError:
            raise ConfigError(where, f"{key}: there is no home folder for its ~", "Write the path in full") from None

    def within(self, settings: _Settings, field: str, *location: str) -> _Settings:
        """Settings whose field is a path; those without one, or None, as they are."""
        value: Path | None = getattr(settings, field, None)
        if settings is None or value is None:
            return settings
        return settings.model_copy(update={field: self.absolute(value, *location, field)})

    def camera(self, camera: CameraSettings, number: int, environ: Mapping[str, str] | None) -> CameraSettings:
        """A camera with its login in the address; without `environ` addresses stay as they are written."""
        if camera.user is None and not _ADDRESS.match(camera.source):
            source = str(self.absolute(Path(camera.source), "cameras", number, "source"))
        elif environ is None:
            source = camera.source
        else:
            try:
                source = source_with_login(camera, self._folder, environ)
            except BadAddress as error:
                raise _bad_source(error, self.path, self.tree, ("cameras", number, "user")) from None
        tls_ca = camera.tls_ca and self.absolute(camera.tls_ca, "cameras", number, "tls_ca")
        return camera.model_copy(update={"source": source, "tls_ca": tls_ca})

    @property
    def _folder(self) -> Path:
        return self.path.resolve().parent


def _anchored(config: Config, path: Path, tree: CommentedMap, environ: Mapping[str, str] | None) -> Config:
    """All relative paths made absolute from the configuration's folder, and logins put into the addresses."""
    anchor = _Anchor(path, tree)
    cameras = tuple(anchor.camera(camera, number, environ) for number, camera in enumerate(config.cameras))
    preview = anchor.within(config.observability.preview, "dir", "observability", "preview")
    register = config.register_database
    if register is not None and "://" not in register:
        register = str(anchor.absolute(Path(register), "register_database"))
    changed = config.model_copy(
        update={
            "record": anchor.within(config.record, "dir", "record"),
            "register_database": register,
            "audit": anchor.within(config.audit, "dir", "audit"),
            "cameras": cameras,
            "observability": config.observability.model_copy(update={"preview": preview}),
            "places": anchor.within(config.places, "file", "places"),
        }
    )
    return anchor.within(anchor.within(changed, "data_dir"), "models_dir")
