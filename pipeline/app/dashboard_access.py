"""Access of dashboards to the event store: figures of all cameras that are known and not at sensitive places."""

from __future__ import annotations

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.errors import ConfigError
from pipeline.storage.declared_cameras import DeclaredCameras
from pipeline.store.dashboard_user import dashboard_user
from pipeline.store.settings import ClickHouseSettings

__all__ = ["dashboard_access"]


def dashboard_access(stores: ConfiguredStores) -> str:
    """The user of dashboards, as a file for the event store's server.

    Raises:
        ConfigError: the event store is embedded, or the declarations of the data folder cannot be read.
    """
    settings = stores.event_store
    if not isinstance(settings, ClickHouseSettings):
        fix = "Dashboards need a ClickHouse server: sink or store of type clickhouse"
        raise ConfigError("event store", "is embedded: no other program can ask it", fix)
    known = {*DeclaredCameras(stores.data_dir).cameras(), *(stores.cameras or ())}
    return dashboard_user(settings.database, known - stores.sensitive())
