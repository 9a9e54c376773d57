"""Class names in the metadata of exported weights (Ultralytics' key `names`)."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from pipeline.errors import ModelCardError


def names_from_text(model: str, text: str) -> dict[int, str]:
    """Parse ``{0: 'person', …}`` or ``['person', …]``, as written in the metadata key ``names``.

    Raises:
        ModelCardError: it is neither, so the classes of the weights are unknown.
    """
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise _unreadable(model, text) from error
    return names_from_value(model, value)


def names_from_value(model: str, value: Any) -> dict[int, str]:
    """Channel to name, from such a mapping or from a list of names.

    Raises:
        ModelCardError: it is neither.
    """
    if isinstance(value, list | tuple):
        value = dict(enumerate(value))
    if not isinstance(value, Mapping):
        raise _unreadable(model, str(value))
    try:
        return {int(channel): str(name) for channel, name in value.items()}
    except (TypeError, ValueError) as error:
        raise _unreadable(model, str(value)) from error


def _unreadable(model: str, text: str) -> ModelCardError:
    return ModelCardError(
        f"model {model}",
        f"its weights contain class names that cannot be parsed: {text[:60]!r}",
        "Export the weights again with a mapping or a list of names",
    )
