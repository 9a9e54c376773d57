"""The ClickHouse user of dashboards: reads traffic figures, states and alerts, nothing about single vehicles.

Dashboards ask the server directly, past the guard of queries. What they may see is therefore limited by the server:
by grants, and by a condition on the rows of every table, so that either of them alone keeps plates and tracks away. A
server that is too old for them does not know ``max_sessions_for_user`` either, and refuses the user.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from xml.sax.saxutils import escape

from pipeline.domain.events import ENGINE_ID, AlertRule
from pipeline.store.backends.database import literal
from pipeline.store.schema.tables import ALERTS, HEALTH, LINE_COUNTS, TABLES, ZONE_STATES

NAME: Final = "dashboards"
_GRANTED: Final = {
    LINE_COUNTS.name: "",
    ZONE_STATES.name: "",
    HEALTH.name: "",
    ALERTS.name: "(event_id, camera_id, ts, ts_ms, rule, severity, phase, incident)",
}
"""Tables, and their columns where not all may be read: an alert's others lead to one vehicle."""
_USER: Final = """<clickhouse>
  <!-- The user of the dashboards, written by `viapublica store dashboard-user`. It reads the figures and alerts of the
       cameras that are listed, none of sensitive places. Write it anew when a camera is added or declared anew. -->
  <profiles>
    <{name}>
      <readonly>2</readonly>
      <max_sessions_for_user>100</max_sessions_for_user>
      <max_execution_time>30</max_execution_time>
      <max_memory_usage>1000000000</max_memory_usage>
    </{name}>
  </profiles>
  <users>
    <{name}>
      <password from_env="DASHBOARDS_PASSWORD"/>
      <networks><ip>::/0</ip></networks>
      <profile>{name}</profile>
      <quota>default</quota>
      <allow_databases><database>{database}</database></allow_databases>
      <grants>
{grants}
      </grants>
      <databases>
        <{database}>
{filters}
        </{database}>
      </databases>
    </{name}>
  </users>
</clickhouse>
"""


def dashboard_user(database: str, camera_ids: Collection[str]) -> str:
    """The file of the user, for ``users.d`` of the server; its password is in the variable ``DASHBOARDS_PASSWORD``.

    Args:
        database: of the event store.
        camera_ids: those whose figures may be seen; all others may not.
    """
    cameras = f"camera_id IN ({', '.join(map(literal, sorted(camera_ids)))})" if camera_ids else "0"
    of_program = f"camera_id = {literal(ENGINE_ID)}"
    filters = {table.name: "0" for table in TABLES.values()} | {
        LINE_COUNTS.name: cameras,
        ZONE_STATES.name: cameras,
        HEALTH.name: "1",
        ALERTS.name: f"({cameras} OR {of_program}) AND rule != {literal(AlertRule.LISTED_PLATE.value)}",
    }
    grants = [f"GRANT SELECT{columns} ON {database}.{table}" for table, columns in _GRANTED.items()]
    return _USER.format(
        name=NAME,
        database=database,
        grants="\n".join(f"        <query>{grant}</query>" for grant in grants),
        filters="\n".join(
            f"          <{table}><filter>{escape(condition)}</filter></{table}>" for table, condition in filters.items()
        ),
    )
