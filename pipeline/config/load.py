"""YAML to `Config`, with the line and a suggestion for everything that is wrong."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from pipeline.config.model import Config
from pipeline.config.schema import keys_at
from pipeline.errors import ConfigError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_ADDRESS = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:")
Location = tuple[int | str, ...]


def load_config(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Read, check and complete a configuration.

    Relative paths become relative to the file's folder, ``${NAME}`` in any text is taken from `environ`.

    Raises:
        ConfigError: every mistake at once, each with line, key and suggestion.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(str(path), "no such file", "Start from configs/demo.yaml, or give another path") from None
    except IsADirectoryError:
        raise ConfigError(str(path), "is a folder, not a file", "Name the YAML file in it") from None
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), f"is not UTF-8 text ({error.reason})", "Save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(str(path), f"cannot be read ({error.strerror})") from None
    return parse_config(text, path, environ)


def parse_config(text: str, path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Like `load_config`, from text; `path` names it in errors and anchors relative paths."""
    tree = _parse_yaml(text, path)
    plain = _expand(tree, (), path, tree, environ)
    try:
        config = Config.model_validate(plain)
    except ValidationError as error:
        raise _explained(error, tree, path) from None
    return _anchored(config, path.resolve().parent)


def _parse_yaml(text: str, path: Path) -> CommentedMap:
    try:
        tree = YAML(typ="rt").load(StringIO(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        problem = str(error.problem or "is not YAML").splitlines()[0]
        raise ConfigError(f"{path}{line}", problem, "Mend the YAML at that line") from None
    if not isinstance(tree, CommentedMap):
        raise ConfigError(str(path), "is not a mapping of keys to values", "Begin with a key such as cameras:")
    return tree


def _expand(node: Any, location: Location, path: Path, tree: CommentedMap, environ: Mapping[str, str]) -> Any:
    """Plain dicts and lists, with ``${NAME}`` replaced."""
    if isinstance(node, Mapping):
        return {str(k): _expand(v, (*location, str(k)), path, tree, environ) for k, v in node.items()}
    if isinstance(node, Sequence) and not isinstance(node, str):
        return [_expand(item, (*location, i), path, tree, environ) for i, item in enumerate(node)]
    if not isinstance(node, str):
        return node

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environ:
            raise ConfigError(
                f"{path}:{_line(tree, location)}",
                f"{_key(location)}: the environment has no variable {name}",
                f"Set it, for example: export {name}=…",
            )
        return environ[name]

    return _VARIABLE.sub(value, node)


def _line(tree: CommentedMap, location: Location) -> int:
    """1-based line of the deepest part of `location` that stands in the file."""
    node: Any = tree
    line = 0
    for part in location:
        if isinstance(node, CommentedMap) and part in node:
            line = node.lc.key(part)[0]
            node = node[part]
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
            line = node.lc.item(part)[0]
            node = node[part]
        # A part that is in neither is the tag of a union (sinks.0.chdb) or a missing key: stay where we are.
    return line + 1


def _key(location: Location) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "the file"


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
    where = f"{path}:{_line(tree, location)}"
    kind, key = item["type"], _key(location)
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
                (f"Say what it looks at: scope: {scopes} (decree 18.743/2014 art. 13)"),
            )
        return where, f"{key}: is missing", "Add it; `viapublica config explain` says what it means"
    message = str(item["msg"]).removeprefix("Value error, ")
    got = item.get("input")
    shown = f" (it is {got!r})" if isinstance(got, str | int | float) and kind != "value_error" else ""
    if _is_secret(location):
        shown = ""
    return where, f"{key}: {message[0].lower()}{message[1:]}{shown}", _suggestion(item)


def _suggestion(item: Any) -> str:
    expected = (item.get("ctx") or {}).get("expected")
    got = item.get("input")
    if item["type"] in {"enum", "literal_error"} and expected and isinstance(got, str):
        words = re.findall(r"'([^']+)'", str(expected))
        close = difflib.get_close_matches(got, words, n=1, cutoff=0.5)
        return f"Did you mean {close[0]!r}?" if close else ""
    return ""


def _is_secret(location: Location) -> bool:
    return any(word in str(location[-1]) for word in ("password", "source", "secret", "token")) if location else False


def _camera_name(tree: CommentedMap, location: Location) -> str:
    try:
        return str(tree["cameras"][location[1]].get("id", f"number {location[1]}"))
    except (KeyError, IndexError, TypeError, AttributeError):
        return "without id"


def _anchored(config: Config, folder: Path) -> Config:
    """All relative paths made absolute from the configuration's folder."""

    def anchor(path: Path) -> Path:
        return (folder / path.expanduser()).resolve()

    cameras = tuple(
        camera
        if _ADDRESS.match(camera.source)
        else camera.model_copy(update={"source": str(anchor(Path(camera.source)))})
        for camera in config.cameras
    )
    observability = config.observability
    if observability.preview is not None:
        preview = observability.preview.model_copy(update={"dir": anchor(observability.preview.dir)})
        observability = observability.model_copy(update={"preview": preview})
    return config.model_copy(
        update={
            "data_dir": anchor(config.data_dir),
            "models_dir": anchor(config.models_dir) if config.models_dir else None,
            "cameras": cameras,
            "observability": observability,
        }
    )
