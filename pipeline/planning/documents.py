"""YAML files of the planner: read and checked, each mistake with its line."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import ConfigError
from pipeline.storage.yaml_document import BadDocument, line_of, parse_yaml, read_text


class StrictModel(BaseModel):
    """A part of such a file: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Document = TypeVar("Document", bound=StrictModel)


def read_document(path: Path, model: type[Document], example: str) -> Document:
    """The checked content of a file.

    Args:
        path: the file; model: what it has to hold.
        example: a file to start from, for errors.

    Raises:
        ConfigError: it cannot be read, or every mistake in it.
    """
    fix = f"Compare it with {example}"
    try:
        tree = parse_yaml(read_text(path))
    except BadDocument as error:
        raise ConfigError(f"{path}:{error.line}" if error.line else str(path), error.problem, error.fix) from None
    except UnicodeDecodeError:
        raise ConfigError(str(path), "is not UTF-8 text", "Save it as UTF-8") from None
    except OSError as error:
        begin = "Check its rights" if path.exists() else f"Begin with a copy of {example}, which is in the sources"
        raise ConfigError(str(path), f"cannot be read: {error.strerror}", begin) from None
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        mistakes = [(line_of(tree, one["loc"]), one) for one in error.errors()]
        first = min(line for line, _ in mistakes)
        text = "; ".join(
            f"line {line}: {'.'.join(map(str, one['loc']))}: {one['msg'].removeprefix('Value error, ')}"
            for line, one in sorted(mistakes, key=lambda mistake: mistake[0])
        )
        raise ConfigError(f"{path}:{first}", text, fix) from None
