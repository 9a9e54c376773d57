"""Traffic in the console: figures with what is missing in them, a typical week, two periods, files."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from pyarrow import parquet

from pipeline.app.release.served_releases import ReleaseSettings
from pipeline.console import traffic_words
from pipeline.domain.event_identity import identified
from pipeline.domain.operation import Operation
from pipeline.domain.role import Role
from pipeline.domain.times import format_utc
from pipeline.http_api.service import Service
from pipeline.policy.access.matrix import access_matrix
from tests.app.people.installations import Office
from tests.console.staffed_city import PEOPLE
from tests.console.visitors import Visitor, Visitors, text_of
from tests.event_samples import count, line_count, track, zone_state
from tests.filled_store import fill_store
from tests.http_api.served_city import CEIC, GUARD

HOUR = 3_600_000


@pytest.fixture(scope="module")
def hour_ms(populated: Office) -> int:
    """The begin of an hour with two minutes of traffic at each camera."""
    begin_ms = populated.clock.now_ms // HOUR * HOUR - HOUR
    made = [
        msgspec.structs.replace(event, ts_ms=begin_ms + 60_000 * minute)
        for camera in (GUARD[0], CEIC)
        for minute in (0, 1)
        for event in (
            line_count(0, camera=camera),
            zone_state(0, camera=camera),
            track(minute, camera=camera),
            count(minute, camera=camera),
        )
    ]
    fill_store(Path(populated.stores.data_dir), [identified(event) for event in made])
    return begin_ms


@pytest.fixture
def asked(hour_ms: int) -> dict[str, str]:
    return {"purpose": "mobility", "start": format_utc(hour_ms - 24 * HOUR), "end": format_utc(hour_ms + HOUR)}


@pytest.fixture
def analyst(visitors: Visitors) -> Visitor:
    visitor = visitors.logged_in(PEOPLE[Role.INTELLIGENCE_ANALYST])
    visitor.open("/console/traffic")
    return visitor


def test_figures_have_a_table_beside_the_drawing_and_state_what_was_not_seen(
    analyst: Visitor, asked: dict[str, str]
) -> None:
    text = text_of(analyst.send("/console/traffic", asked | {"by_class": "1"}))
    assert "<polyline" in text or "<circle" in text
    assert "automóvel" in text
    assert '<td class="number">8</td>' in text
    assert '<td class="number">54</td>' in text
    assert "não se sabe" in text, "what the camera saw was not reported"
    assert "A resposta não inclui 1 câmera" in text
    text = text_of(analyst.send("/console/traffic", asked | {"figure": "zones"}))
    assert "lane-1" in text
    for figure in ("tracks", "speeds", "line-speeds"):
        text = text_of(analyst.send("/console/traffic", asked | {"figure": figure}))
        assert f"<td>{GUARD[0]}</td>" in text, figure


def test_an_empty_answer_is_no_zero(analyst: Visitor) -> None:
    text = text_of(analyst.send("/console/traffic", purpose="mobility", start="2020-01-01", end="2020-01-02"))
    assert "Isto não prova que ninguém passou" in text
    assert "/traffic/csv" not in text


def test_a_week_and_two_periods(analyst: Visitor, asked: dict[str, str], hour_ms: int) -> None:
    text = text_of(analyst.send("/console/traffic", asked | {"view": "week"}))
    assert text.count("heat-5") == 1
    assert "segunda" in text
    second = {"start2": format_utc(hour_ms), "end2": format_utc(hour_ms + HOUR)}
    text = text_of(analyst.send("/console/traffic", asked | second | {"view": "comparison"}))
    assert f"{GUARD[0]} · gantry" in text
    assert "0,0 %" in text
    reply = analyst.send("/console/traffic", asked | {"view": "comparison", "start2": "ontem"}, htmx=True)
    assert reply.status == 422


def test_files_are_noted_and_open_data_leave_small_counts_out(
    analyst: Visitor, asked: dict[str, str], city: Office, service: Service, tmp_path: Path
) -> None:
    reply = analyst.send("/console/traffic/csv", asked)
    text = reply.body.decode("utf-8-sig")
    assert "Guarda.intelligence-analyst Souza" in text
    assert f"{GUARD[0]};gantry" in text
    table = parquet.read_table(io.BytesIO(analyst.send("/console/traffic/parquet", asked).body))
    assert {"start": "timestamp[ms, tz=UTC]", "camera_name": "string", "p85_m_s": "double"}.items() <= {
        one.name: str(one.type) for one in table.schema
    }.items()
    assert b"Guarda.intelligence-analyst Souza" in table.schema.metadata[b"Exportado por"]
    assert [one["rows"] for one in city.audit() if one["operation"] == "export"] == [1, 1]
    assert analyst.send("/console/traffic/open-data", asked).status == 503
    config = tmp_path / "city.yaml"
    config.write_text(
        f"version: 1\ndata_dir: {service.stores.data_dir}\nregister_database: {city.register}\n"
        f"audit: {{dir: {city.stores.audit_dir}}}\n"
        f"cameras:\n  - {{id: {GUARD[0]}, source: 'rtsp://192.0.2.1/a', scope: public-road}}\n"
    )
    object.__setattr__(service, "release_settings", replace(ReleaseSettings(), config=config))
    reply = analyst.send("/console/traffic/open-data", asked)
    assert reply.status == 200, text_of(reply)
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
        assert {"flows.csv", "places.csv", "README.md", "manifest.json"} <= set(archive.namelist())
        assert GUARD[0] not in archive.read("flows.csv").decode(), "8 passed: fewer than 10"


def test_only_those_who_may_export_get_files(visitors: Visitors, asked: dict[str, str]) -> None:
    operator = visitors.logged_in(PEOPLE[Role.OPERATOR])
    operator.open("/console/traffic")
    text = text_of(operator.send("/console/traffic", asked))
    assert "gantry" in text
    assert "/traffic/csv" not in text
    assert operator.send("/console/traffic/csv", asked).status == 403


def test_the_purposes_of_the_page_are_those_of_the_rules() -> None:
    matrix = access_matrix()
    counted = {purpose for role in Role for purpose in matrix[Operation.COUNT_QUERY][role].conditions}
    assert set(traffic_words.PURPOSES) == counted
