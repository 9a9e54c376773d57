"""Options that name an event store and a time range, and the configured stores behind them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from pipeline.cli.common.default_config import DEFAULT_CONFIG, chosen_config, has_config
from pipeline.domain.institution import Institution
from pipeline.domain.times import find_zone

if TYPE_CHECKING:
    from pipeline.app.configured_stores import ConfiguredStores
    from pipeline.config.settings import Config

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="VIAPUBLICA_CONFIG", help="Configuration that names the event store."),
]
DataOption = Annotated[
    Path | None, typer.Option("--data", envvar="VIAPUBLICA_DATA_DIR", help="Data folder of an embedded store.")
]
FromOption = Annotated[
    str | None, typer.Option("--from", help="Start, included: 2026-11-22, 2026-11-22T08:00-03:00, today, 2h (ago).")
]
ToOption = Annotated[str | None, typer.Option("--to", help="End, not included; written like --from.")]
ZoneOption = Annotated[
    str | None,
    typer.Option(
        "--zone",
        envvar="VIAPUBLICA_ZONE",
        help="Zone of times without an offset and of times shown, such as America/Sao_Paulo; by default that of the "
        "configuration, else the machine's.",
        show_default=False,
    ),
]


def stores_of(config: Path | None, data: Path | None) -> ConfiguredStores:
    """The stores that --config or --data names; --data wins.

    Raises:
        ConfigError: neither names one, or the configuration is not valid.
    """
    from pipeline.app.configured_stores import ConfiguredStores  # here and below: it takes long to import

    return ConfiguredStores.of_data_dir(data) if data is not None else ConfiguredStores.of_config(loaded_config(config))


def loaded_config(config: Path | None) -> Config:
    """The configuration of --config, else ./viapublica.yaml, read for queries: without the cameras' passwords.

    Raises:
        ConfigError: there is none, or it is not valid.
    """
    from pipeline.config import load_config

    fix = "Give --config FILE (or VIAPUBLICA_CONFIG), or --data FOLDER of an embedded store"
    return load_config(chosen_config(config, fix, "data folder"), for_queries=True)


def zone_of(zone: str | None, config: Path | None, data: Path | None = None) -> ZoneInfo | None:
    """The zone of --zone, else that of the configuration; None for the machine's own.

    Args:
        zone, config, data: of the options; beside --data only a configuration that is named counts.

    Raises:
        ViapublicaError: there is no zone of that name, or the configuration is not valid.
    """
    if zone is None and (config is not None or (data is None and has_config(None))):
        path = config or DEFAULT_CONFIG
        zone = _configured_zone(path, path.stat().st_mtime_ns if path.is_file() else 0)
    return find_zone(zone)


@cache
def _configured_zone(config: Path, _changed_ns: int) -> str | None:
    return loaded_config(config).zone


def configured_institution(config: Path | None) -> Institution:
    """The institution of --config, else of ./viapublica.yaml; without a name where there is neither.

    Raises:
        ConfigError: the configuration is not valid.
    """
    from pipeline.app.configured_stores import ConfiguredStores

    return ConfiguredStores.of_config(loaded_config(config)).institution if has_config(config) else Institution()


def data_folder(config: Path | None, data: Path | None) -> Path:
    """The data folder that --config or --data names.

    Raises:
        ConfigError: neither names one, or the configuration is not valid.
    """
    return data if data is not None else loaded_config(config).data_dir
