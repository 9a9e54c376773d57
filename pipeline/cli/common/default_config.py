"""The configuration of a command: the named one, else ./viapublica.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from pipeline.errors import ConfigError

DEFAULT_CONFIG: Final = Path("viapublica.yaml")

ConfigArgument = Annotated[
    Path | None,
    typer.Argument(
        envvar="VIAPUBLICA_CONFIG", help="Configuration (YAML); by default ./viapublica.yaml.", show_default=False
    ),
]


def has_config(config: Path | None) -> bool:
    """Whether a configuration was named, or lies in the current folder."""
    return config is not None or DEFAULT_CONFIG.is_file()


def named_config(config: Path | None) -> Path | None:
    """The configuration that was named, else ./viapublica.yaml where it exists, else None."""
    return config if config is not None or not has_config(None) else DEFAULT_CONFIG


def chosen_config(
    config: Path | None, fix: str = "Give --config FILE (or VIAPUBLICA_CONFIG)", subject: str = "configuration"
) -> Path:
    """The configuration that was named, else ./viapublica.yaml.

    Args:
        config: as it was named, or None.
        fix: how to name one.
        subject: of the error, where it is needed for something else.

    Raises:
        ConfigError: none was named, and there is no ./viapublica.yaml.
    """
    if config is None and not has_config(config):
        raise ConfigError(subject, "is not named, and there is no ./viapublica.yaml", fix)
    return config or DEFAULT_CONFIG


def argument_config(config: Path | None, command: str) -> Path:
    """The configuration that a command has as its argument, see `chosen_config`.

    Raises:
        ConfigError: none was named, and there is no ./viapublica.yaml.
    """
    return chosen_config(config, f"Name the file: viapublica {command} FILE (or VIAPUBLICA_CONFIG)")
