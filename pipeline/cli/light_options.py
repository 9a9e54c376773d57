"""Values of options that are texts, or defaults: taken without Pydantic, which takes long to load.

Typer converts each value of a command by a Pydantic model of its own, defaults included: 0.1 s of processor time.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

__all__ = ["lighten"]


def lighten(command: Any) -> None:
    """Let Typer convert only what needs it.

    Args:
        command: a command of Typer, or a group, whose commands it changes too.
    """
    own = command.get_params

    def lightened(ctx: Any) -> Any:
        parameters = own(ctx)
        for parameter in parameters:
            if not isinstance(getattr(parameter.get_runtime_param, "__self__", None), _LightConversion):
                parameter.get_runtime_param = _LightConversion(parameter.get_runtime_param).itself
        return parameters

    command.get_params = lightened
    for one in getattr(command, "commands", {}).values():
        lighten(one)


class _LightConversion:
    """Stands for Typer's conversion of the values of one parameter, and asks it where it has something to do."""

    def __init__(self, of_typer: Any) -> None:
        self._of_typer = of_typer

    def itself(self) -> _LightConversion:
        """Of each parameter, Typer asks for its conversion."""
        return self

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value of a parameter, as Typer's own would give it.

        Raises:
            typer.BadParameter: it is none.
        """
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        kind, info = param.type_descriptor.annotation, param.type_descriptor.parameter_info
        if info.parser is None:
            if kind == list[str] and isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
                return [*value]
            if kind is str and isinstance(value, str):
                return value
            if isinstance(value, int | float | Enum) and type(value) is kind and value == param.default:
                return value
        return self._of_typer().coerce(value, param=param, ctx=ctx)
