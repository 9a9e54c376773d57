"""Options that name the register, and the register where none is named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from pipeline.app.register_location import register_location
from pipeline.cli.common.default_config import has_config
from pipeline.cli.common.store_options import loaded_config

RegisterOption = Annotated[
    str | None,
    typer.Option(
        "--register",
        envvar="VIAPUBLICA_REGISTER",
        help="Register: an SQLite file, or an address such as postgresql+psycopg://user@host/name.  "
        "[default: register_database of the configuration, else viapublica-register/register.db of the data folder, or "
        "of the working folder if it is there]",
        show_default=False,
    ),
]
RegisterConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="VIAPUBLICA_CONFIG", help="Configuration whose data folder holds the register."
    ),
]


def register_of(register: str | None, config: Path | None = None, data: Path | None = None) -> str:
    """The register of --register, else that of the configuration or data folder, the same for every command.

    Raises:
        ReleaseError: there are two.
        ConfigError: the configuration is not valid.
    """
    if register is not None:
        return register
    config = config or _path("VIAPUBLICA_CONFIG")
    data = data or _path("VIAPUBLICA_DATA_DIR")
    if data is not None:
        return register_location(None, data)
    if not has_config(config):
        return register_location(None, None)
    loaded = loaded_config(config)
    return register_location(loaded.register_database, loaded.data_dir)


def _path(variable: str) -> Path | None:
    return Path(os.environ[variable]) if os.environ.get(variable) else None
