"""Groups of command-line options: dataclasses whose fields become options of commands."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import wraps
from typing import Any, get_type_hints


def with_option_groups(command: Callable[..., None]) -> Callable[..., None]:
    """The command with one option per field in the place of each keyword parameter whose type is a dataclass.

    Args:
        command: a function for Typer. The fields of its groups are annotated like parameters, and have defaults.
    """
    hints = get_type_hints(command, include_extras=True)
    groups = {name: hints[name] for name in inspect.signature(command).parameters if is_dataclass(hints[name])}
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        if name in groups:
            types = get_type_hints(groups[name], include_extras=True)
            parameters += [_option(field, types[field.name]) for field in _own_first(groups[name])]
        else:
            parameters.append(parameter.replace(annotation=hints[name]))
    signature = inspect.Signature(parameters, return_annotation=None)

    @wraps(command)
    def run(*args: Any, **given: Any) -> None:
        bound = signature.bind(*args, **given)
        bound.apply_defaults()
        values = dict(bound.arguments)
        for name, group in groups.items():
            values[name] = group(**{field.name: values.pop(field.name) for field in fields(group)})
        command(**values)

    run.__signature__ = signature  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _own_first(group: type[Any]) -> list[Field[Any]]:
    """The fields in the order of the help: of the group itself before those that it inherits."""
    return sorted(fields(group), key=lambda field: field.name not in group.__annotations__)


def _option(field: Field[Any], annotation: Any) -> inspect.Parameter:
    default = field.default_factory() if field.default_factory is not MISSING else field.default
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
