"""Plates in the console: route, convoy and possible clone from one page, on timeline and map; files; no false "no"."""

from __future__ import annotations

import io

import pytest
from pyarrow import parquet

from pipeline.domain.operation import Operation
from pipeline.domain.role import Role
from tests.app.people.installations import Office
from tests.console.staffed_city import PEOPLE
from tests.console.visitors import Visitor, Visitors, text_of
from tests.governance.people import camera
from tests.http_api.listed_plates import approve
from tests.http_api.served_city import GUARD

ANALYST = PEOPLE[Role.INTELLIGENCE_ANALYST]
ASKED = {"purpose": "criminal-investigation", "case": "IP 12/2026", "plates": "ABC1D23"}


@pytest.fixture
def analyst(visitors: Visitors) -> Visitor:
    visitor = visitors.logged_in(ANALYST)
    visitor.open("/console/plates")
    return visitor


def test_a_route_has_a_timeline_a_map_and_what_follows(analyst: Visitor) -> None:
    text = text_of(analyst.send("/console/plates", ASKED | {"search": "route"}))
    assert text.count('<circle cx="') == 4
    assert text.count('class="spot read"') == 1, "the cameras of the test are at one place"
    assert f">{GUARD[0]} +1</text>" in text
    assert 'value="convoy"' in text
    assert 'value="clones"' in text
    assert '<option value="route" selected>' in text


def test_convoys_and_clones_need_an_approval_and_say_what_no_rows_mean(analyst: Visitor, city: Office) -> None:
    for search in ("convoy", "clones"):
        assert analyst.send("/console/plates", ASKED | {"search": "reads", "then": search}).status == 403
    approve(city, ANALYST, Operation.CONVOY_QUERY)
    approve(city, ANALYST, Operation.CLONE_QUERY)
    text = text_of(analyst.send("/console/plates", ASKED | {"search": "convoy", "within_s": "200"}))
    assert '<span class="plate">XYZ9A87</span>' in text
    text = text_of(analyst.send("/console/plates", ASKED | {"search": "convoy"}))
    assert "Isto não prova que não havia" in text
    text = text_of(analyst.send("/console/plates", ASKED | {"search": "clones", "plates": ""}))
    assert "Isto não prova que não há clone" in text
    assert analyst.send("/console/plates", ASKED | {"search": "convoy", "plates": ""}).status == 422
    assert analyst.send("/console/plates", ASKED | {"search": "clones", "speed_km_h": "0"}).status == 422


def test_a_camera_that_never_answered_is_named(analyst: Visitor, city: Office) -> None:
    with city.opened("root") as opened:
        entry = camera(city.clock, "nova-1", institution="guarda", sector="central", plates_by="decreto 18.743/2014")
        opened.registry.register_camera(entry, "ana")
        opened.registry.approve_project("nova-1", "bia")
    for search in ("reads", "route"):
        text = text_of(analyst.send("/console/plates", ASKED | {"search": search}))
        assert "1 câmera cadastrada sem nenhum evento até hoje: nova-1" in text
        assert "Nada se conhece que faça faltar" not in text


def test_parquet_has_the_columns_of_the_command_line_and_who_took_it(analyst: Visitor, city: Office) -> None:
    reply = analyst.send("/console/plates/parquet", ASKED)
    table = parquet.read_table(io.BytesIO(reply.body))
    assert {"time": "timestamp[ms, tz=UTC]", "plate": "string", "camera_name": "string"}.items() <= {
        one.name: str(one.type) for one in table.schema
    }.items()
    assert ANALYST in table.schema.metadata[b"Exportado por"].decode()
    assert [one["rows"] for one in city.audit() if one["operation"] == "export"] == [table.num_rows]
    assert analyst.send("/console/plates/parquet", ASKED | {"plates": "QQQ1Q11"}).status == 422
