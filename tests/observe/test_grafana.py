"""The dashboards: Grafana's own types know every field, every query runs, and figures are those of the command."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import msgspec
import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from ruamel.yaml import YAML

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.dashboard_access import dashboard_access
from pipeline.domain.camera import Camera, Scope, Surroundings
from pipeline.domain.event_identity import identified
from pipeline.domain.events import ENGINE_ID, AlertRule, Event, IncidentPhase
from pipeline.domain.times import HOUR_MS
from pipeline.errors import ConfigError
from pipeline.store.backends.database import EventDatabase
from pipeline.store.event_store import open_event_store
from pipeline.store.schema.tables import TABLES
from pipeline.store.settings import ChdbSettings, ClickHouseSettings, StoreSettings
from pipeline.store.traffic_questions import LineFigures, ZoneFigures
from tests.asking import Asking
from tests.event_samples import START_MS, alert, count, health, line_count, plate_read, track, zone_state
from tests.observe.published import check_expression, published
from tests.observe.test_metrics import metrics
from tests.servers.clickhouse import ClickHouseServer
from tests.store.test_store import fill

__all__ = ["metrics"]

CONFIGS: Final = Path(__file__).parents[2] / "configs"
DASHBOARDS: Final = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((CONFIGS / "grafana" / "dashboards").glob("*.json"))
}
TARGETS: Final = [
    (panel["title"], target)
    for dashboard in DASHBOARDS.values()
    for panel in dashboard["panels"]
    for target in panel.get("targets", ())
]
HOUR_START_MS: Final = START_MS - START_MS % HOUR_MS
MINUTE_MS: Final = 60_000


def statement(sql: str, every_s: int = 3600) -> str:
    """A query as Grafana's data source sends it: variables and macros in place, the hour of the test's events."""
    begin, end = HOUR_START_MS // 1000, (HOUR_START_MS + HOUR_MS) // 1000
    chosen = {"camera": "'cam-1'", "line": "'gantry'", "zone": "'lane-1'"}
    sql = re.sub(r"\$\{(\w+):singlequote\}", lambda match: chosen[match[1]], sql)
    sql = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 >= toDateTime({begin}) AND \1 <= toDateTime({end})", sql)
    sql = sql.replace("${every}", str(every_s)).replace("$__fromTime", f"toDateTime({begin})")
    sql = sql.replace("$__toTime", f"toDateTime({end})")
    assert "$" not in sql
    return sql


def query(title: str, part: int = 0) -> str:
    found: str = [target for name, target in TARGETS if name == title][part]["rawSql"]
    return found


def events() -> list[Event]:
    """An hour: two minutes with traffic, the camera alive for half of it, alerts of each kind."""
    car = msgspec.structs.replace(line_count(0), ts_ms=HOUR_START_MS)
    of_zone = msgspec.structs.replace(zone_state(0), ts_ms=HOUR_START_MS)
    begun = msgspec.structs.replace(alert(0), ts_ms=HOUR_START_MS, rule="congestion", phase=IncidentPhase.BEGUN)
    made: list[Event] = [
        car,
        msgspec.structs.replace(car, count=3),  # of another analysis
        msgspec.structs.replace(car, ts_ms=HOUR_START_MS + MINUTE_MS, speeds="90 1", count=1, headway_s=None),
        msgspec.structs.replace(car, label="bus", count=1, speeds="", direction="to-suburb", headway_s=2.5),
        of_zone,
        msgspec.structs.replace(of_zone, label="bus", occupancy=0.5, occupancy_max=1, queue=0.0, density_km=10.0),
        begun,
        msgspec.structs.replace(begun, phase=IncidentPhase.ENDED, ts_ms=HOUR_START_MS + MINUTE_MS),
        msgspec.structs.replace(begun, rule=AlertRule.LISTED_PLATE.value, phase=IncidentPhase.NONE),
        *(msgspec.structs.replace(health(0), ts_ms=HOUR_START_MS + n * 5 * MINUTE_MS) for n in range(6)),
    ]
    return 2 * [identified(event) for event in made]


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_a_dashboard_has_only_fields_that_grafana_knows(name: str) -> None:
    register_default_plugins()
    dashboard = DASHBOARDS[name]
    known = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(dashboard)))
    assert list(_lost(dashboard, known)) == []
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    cells = [(at["x"] + x, at["y"] + y) for at in places for x, y in itertools.product(range(at["w"]), range(at["h"]))]
    assert len(cells) == len(set(cells)), "panels overlap"
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(places)
    sources = YAML(typ="safe").load(CONFIGS / "grafana/provisioning/datasources/viapublica.yaml")["datasources"]
    declared = {(source["type"], source["uid"]) for source in sources}
    variables = dashboard["templating"]["list"]
    asking = [target for panel in dashboard["panels"] for target in panel.get("targets", ())] + variables
    used = {(one["datasource"]["type"], one["datasource"]["uid"]) for one in asking if "datasource" in one}
    assert used <= declared
    texts = json.dumps(dashboard)
    named = set(re.findall(r"\$\{?([a-z]\w+)", texts))
    assert named <= {variable["name"] for variable in variables}, "a variable that is not declared"


def _lost(given: Any, known: Any, at: str = "") -> Iterator[str]:
    """Parts of a value that are missing or different in another one."""
    if isinstance(given, dict) and isinstance(known, dict):
        for key, value in given.items():
            yield from _lost(value, known[key], f"{at}.{key}") if key in known else [f"{at}.{key}"]
    elif isinstance(given, list) and isinstance(known, list) and len(given) == len(known):
        for number, (one, other) in enumerate(zip(given, known, strict=True)):
            yield from _lost(one, other, f"{at}[{number}]")
    elif given != known:
        yield f"{at}: {given!r}"


def test_expressions_are_about_metrics_and_labels_that_exist(metrics: Any) -> None:
    labels = published(metrics.registry)
    expressions = [target["expr"] for _, target in TARGETS if "expr" in target]
    named = [name for expression in expressions for name in check_expression(expression, labels)]
    assert len(expressions) >= 20
    assert len(set(named)) > 15
    used = {word for _, target in TARGETS for word in re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", ""))}
    assert used <= set().union(*labels.values())


def test_every_query_runs_and_gives_the_figures_of_the_command(
    store_settings: StoreSettings, tmp_path: Path, database: EventDatabase
) -> None:
    fill(database, events())
    sqls = [target["rawSql"] for _, target in TARGETS if "rawSql" in target]
    sqls += [
        variable["query"]
        for dashboard in DASHBOARDS.values()
        for variable in dashboard["templating"]["list"]
        if isinstance(variable["query"], str) and "SELECT" in variable["query"]
    ]
    assert len(sqls) > 15
    for sql in sqls:
        assert database.rows(statement(sql)), f"no row: {sql}"
    store = Asking(open_event_store(store_settings, tmp_path, dict))
    to_center, to_suburb = store.ask(LineFigures(every_ms=HOUR_MS, by_class=False))
    flow = {row["series"]: row for row in database.rows(statement(query("Flow by line and direction")))}
    assert {name: int(row["crossings"]) for name, row in flow.items()} == {
        "cam-1 gantry to to-center #0123": to_center.count,
        "cam-1 gantry to to-suburb #0123": to_suburb.count,
    }
    classes = database.rows(statement(query("Flow by class")))
    assert {row["series"]: int(row["crossings"]) for row in classes} == {"car": 5, "bus": 1}
    mean, v85 = (database.rows(statement(query("Speed: mean and 85th percentile", part)))[0] for part in (0, 1))
    assert float(mean["speed"]) / 3.6 == pytest.approx(to_center.mean_m_s, abs=0.01)
    assert float(v85["speed"]) / 3.6 == pytest.approx(to_center.p85_m_s, abs=0.01)
    headways = [float(row["headway_s"]) for row in database.rows(statement(query("Headway")))]
    assert headways == pytest.approx([to_center.headway_s, to_suburb.headway_s])
    (zone,) = store.ask(ZoneFigures(every_ms=MINUTE_MS, by_class=False))
    for title, name, figure in (
        ("Occupancy", "occupancy", zone.occupancy),
        ("Queue", "queue", zone.queue),
        ("Density of lanes", "density", zone.density_km),
        ("Density of areas", "density", zone.density_m2),
    ):
        (row,) = database.rows(statement(query(title), every_s=60))
        assert float(row[name]) == pytest.approx(figure, rel=1e-4), title
    (hour,) = database.rows(statement(query("Occupancy")))
    assert float(hour["occupancy"]) == pytest.approx(2.0 / 30, rel=1e-4), "over the half hour in which it was alive"
    (level,) = database.rows(statement(query("Level of service")))
    assert level["level"] == "A", "of a quarter of an hour, in which there was traffic for one minute"
    assert zone.level == "F"
    (seen,) = database.rows(statement(query("Quality: time seen")))
    assert float(seen["seen"]) == 0.5
    assert [row["series"] for row in database.rows(statement(query("Alerts by rule")))] == ["congestion"]
    assert len(database.rows(statement(query("Newest alerts")))) == 2
    store.close()


@pytest.mark.parametrize(("cars_km", "letter"), [(7, "A"), (11.1, "C"), (28, "E"), (28.1, "F")])
def test_levels_of_service_are_those_of_the_manual(database: EventDatabase, cars_km: float, letter: str) -> None:
    dense = msgspec.structs.replace(zone_state(0), density_km=cars_km)
    minutes = [msgspec.structs.replace(dense, ts_ms=HOUR_START_MS + n * MINUTE_MS) for n in range(15)]
    fill(database, [identified(event) for event in minutes])
    (row,) = database.rows(statement(query("Level of service")))
    assert row["level"] == letter


CAMERAS: Final = {
    "cam-1": Camera("cam-1", Scope.PUBLIC_ROAD),
    "it's": Camera("it's", Scope.PUBLIC_SQUARE),
    "clinic": Camera("clinic", Scope.PUBLIC_SQUARE, surroundings=frozenset({Surroundings.CLINIC})),
}


def test_the_user_of_dashboards_sees_figures_and_no_vehicle(database: EventDatabase, tmp_path: Path) -> None:
    stores = ConfiguredStores(tmp_path / "data", (ClickHouseSettings(),), cameras=CAMERAS)
    user = ElementTree.fromstring(dashboard_access(stores)).find("users/dashboards")
    assert user is not None
    granted = [re.fullmatch(r"GRANT SELECT(.*) ON viapublica.(\w+)", one.text or "") for one in user.iter("query")]
    grants = {one[2]: one[1] for one in granted if one is not None}
    assert len(grants) == len(granted)
    assert set(grants) == {"line_counts", "zone_states", "health", "alerts"}
    assert not {"x1", "track_id", "evidence", "detail", "figures"} & set(re.findall(r"\w+", grants["alerts"]))
    stored = [
        event
        for camera in ("cam-1", "it's", "clinic", "unknown")
        for event in (
            line_count(0, camera=camera),
            zone_state(0, camera=camera),
            health(0, camera=camera),
            plate_read(0, camera=camera),
            track(0, camera=camera),
            count(0, camera=camera),
            alert(0, camera=camera),
            identified(msgspec.structs.replace(alert(1, camera=camera), rule=AlertRule.LISTED_PLATE.value)),
        )
    ]
    fill(database, [*stored, alert(0, camera=ENGINE_ID)])
    filters = {table.tag: table.findtext("filter") for table in user.find("databases/viapublica") or ()}
    assert filters.keys() == {table.name for table in TABLES.values()}
    seen = {
        table: sorted(row["camera_id"] for row in database.rows(f"SELECT camera_id FROM {table} WHERE {condition}"))
        for table, condition in filters.items()
    }
    assert seen["line_counts"] == seen["zone_states"] == ["cam-1", "it's"]
    assert seen["plate_reads"] == seen["tracks"] == seen["counts"] == []
    assert seen["alerts"] == [ENGINE_ID, "cam-1", "it's"]
    assert len(seen["health"]) == 4, "states of cameras are about no one"


def test_a_server_that_knows_no_limits_of_users_refuses_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHBOARDS_PASSWORD", "for graphs")
    text = dashboard_access(ConfiguredStores(tmp_path, (ClickHouseSettings(),), cameras=CAMERAS))
    server = ClickHouseServer(tmp_path / "server")
    (folder := tmp_path / "server" / "users.d").mkdir()
    # It wants the older name of the root.
    (folder / "dashboards.xml").write_text(text.replace("clickhouse>", "yandex>"))
    with (
        server,
        Client("127.0.0.1", server.port, user="dashboards", password="for graphs") as asked,
        pytest.raises(ServerException, match="max_sessions_for_user"),
    ):
        asked.execute("SELECT 1")


def test_an_embedded_store_has_no_dashboards(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="embedded"):
        dashboard_access(ConfiguredStores(tmp_path, (ChdbSettings(),)))
