"""Searches by plate are limited and remembered on every way to them, and auditors see the signs of misuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.app.access import account_decision
from pipeline.app.access.access_door import QueryLimitReached, RefusedAccess, access_door
from pipeline.app.audit.misuse_review import MisuseReview, MisuseRule
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.administration import Administration
from pipeline.app.people.open_registry import open_registry
from pipeline.config.query_settings import QueryLimitSettings
from pipeline.domain.operation import Operation
from pipeline.domain.query_use import REMEMBERED_DAYS, Shift
from pipeline.domain.requester import Requester
from pipeline.domain.role import Role
from pipeline.errors import PolicyError, RegistryError
from pipeline.storage.register_location import note_registry
from tests.app.people.conftest import city, installed  # noqa: F401 - fixtures
from tests.app.people.installations import Office
from tests.http_api.persons import code_of

_LIMITS = {"per_hour": 9, "per_day": 90, "roles": [{"role": "intelligence-analyst", "per_hour": 3, "per_day": 5}]}
_HOUR_MS = 3_600_000


class Analyst:
    """The analyst caio on the command line."""

    def __init__(self, office: Office) -> None:
        self.office = office

    @property
    def stores(self) -> ConfiguredStores:
        return replace(self.office.stores, query_limits=QueryLimitSettings.model_validate(_LIMITS).limits())

    def wait(self, ms: int) -> None:
        """Let some time pass, and give a code again."""
        self.office.clock.now_ms += ms
        with self.office.opened("caio") as opened:
            opened.actor.confirm(code_of(self.office, "caio"))

    def search(self, plate: str = "ABC1D23", case: str = "OF-12/2026") -> None:
        """One command."""
        door = access_door(self.stores, Requester(user="caio", purpose="requisition", case=case))
        door.decide(Operation.PLATE_QUERY, plates=(plate,))


@pytest.fixture
def analyst(city: Office, monkeypatch: pytest.MonkeyPatch) -> Analyst:  # noqa: F811
    note_registry(city.folder / "data", city.register)
    for login, role in (("caio", Role.INTELLIGENCE_ANALYST), ("elisa", Role.AUDITOR)):
        city.employ(login, role)

    def opened_now(*args: Any, **more: Any) -> Any:
        return open_registry(*args, **more, clock=city.clock)

    monkeypatch.setattr(account_decision, "open_registry", opened_now)
    return Analyst(city)


def test_an_account_makes_as_many_searches_as_its_role_may_and_no_refused_one_counts(analyst: Analyst) -> None:
    with pytest.raises(RefusedAccess, match="case number"):
        analyst.search(case="")
    for _ in range(3):
        analyst.search()
    with pytest.raises(QueryLimitReached, match="3 an hour, 5 a day") as refused:
        analyst.search()
    assert refused.value.wait_s == 3600
    record = analyst.office.audit()[-1]
    assert (record["outcome"], record["policy"], record["account"]) == ("refused", "query-limit", "caio")
    assert len(record["plates"]) == 1
    analyst.wait(_HOUR_MS)
    analyst.search()
    analyst.search()
    with pytest.raises(QueryLimitReached) as refused:
        analyst.search()
    assert refused.value.wait_s == 23 * 3600, "of the day"


def test_counts_are_not_limited_and_pages_of_one_command_count_once(analyst: Analyst) -> None:
    door = access_door(analyst.stores, Requester(user="caio", purpose="requisition", case="OF-12/2026"))
    for _ in range(9):
        door.decide(Operation.PLATE_QUERY, plates=("ABC1D23",))
    door.decide(Operation.PLATE_QUERY, plates=("XYZ9A87",))
    for _ in range(9):
        access_door(analyst.stores, Requester(user="caio", purpose="city-services")).decide(Operation.COUNT_QUERY)
    with analyst.office.opened("root") as opened:
        assert len(opened.registry.queries()) == 2


def test_ones_own_vehicle_is_refused_and_both_are_signs_for_auditors(analyst: Analyst) -> None:
    with analyst.office.opened("ana") as opened:
        people = Administration(opened)
        people.add_vehicle("caio", "ABC1234")
        people.add_vehicle("elisa", "XYZ9A87")
        people.set_shift("caio", Shift.parse("sat,sun", "06:00-14:00"))
        with pytest.raises(RegistryError, match="entered already"):
            people.add_vehicle("caio", "ABC1C34")
        with pytest.raises(PolicyError):
            people.add_vehicle("ana", "DEF1A23")
    with pytest.raises(RefusedAccess, match="concerns the person") as refused:
        analyst.search("ABC1C34")
    assert refused.value.policy == "own-interest"
    analyst.search("XYZ9A87")
    with analyst.office.opened("elisa") as opened:
        found = MisuseReview(opened).signs()
    assert [(one.rule, one.persons) for one in found] == [
        (MisuseRule.OUTSIDE_SHIFT, ("caio",)),
        (MisuseRule.COLLEAGUE_VEHICLE, ("caio",)),
        (MisuseRule.OWN_VEHICLE, ("caio",)),
    ]
    record = analyst.office.audit()[-1]
    assert (record["operation"], record["account"], record["rows"]) == ("audit-reading", "elisa", 3)
    with analyst.office.opened("caio") as opened, pytest.raises(PolicyError):
        MisuseReview(opened).signs()
    with analyst.office.opened("ana") as opened:
        people = Administration(opened)
        people.remove_vehicle("caio", "ABC1234")
        people.set_shift("caio", None)
    analyst.search("ABC1C34")


def test_searches_are_forgotten_after_two_months_and_no_plate_is_stored(analyst: Analyst) -> None:
    analyst.search()
    raw = (analyst.office.folder / "register.db").read_bytes()
    assert b"ABC1D23" not in raw
    analyst.office.clock.now_ms += REMEMBERED_DAYS * 24 * _HOUR_MS
    with analyst.office.opened("caio") as opened:
        (first,) = opened.registry.queries()
        later = replace(first, asked_ms=analyst.office.clock.now_ms + 1)
        assert opened.registry.note_query(later, analyst.stores.query_limits.every) == 0
        assert opened.registry.queries() == (later,)


def test_a_role_has_one_limit() -> None:
    with pytest.raises(ValueError, match="two limits"):
        QueryLimitSettings.model_validate({"roles": [{"role": "operator"}, {"role": "operator"}]})
