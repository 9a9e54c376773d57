"""Hot-lists of registered people: a second person approves, and hits are for the people that the entries name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.app.access.access_door import RefusedAccess
from pipeline.app.access.approvals import ApprovalKind, Approvals, ApprovalState, NewApproval
from pipeline.app.hotlists.hot_list_service import HotListService
from pipeline.app.hotlists.list_hits import HitsWanted, list_hits
from pipeline.app.queries import open_queries
from pipeline.app.questions import NoteCode
from pipeline.domain.events import AlertEvent, Kind
from pipeline.domain.operation import Operation
from pipeline.domain.role import Role
from pipeline.errors import PolicyError, RegistryError
from pipeline.governance.hot_list_register import HotListRegister
from pipeline.policy.hot_lists import FORGOTTEN_AFTER_MS
from pipeline.store.questions import Events
from tests.app.access.test_access_door import Guard, guard
from tests.app.people.conftest import city, installed
from tests.asking import declare_roads
from tests.event_samples import alert, plate_read
from tests.filled_store import fill_store
from tests.governance.people import DAY_MS
from tests.governance.test_hot_list_register import entry
from tests.hotlists.entries import index_of
from tests.hotlists.test_list_watch import Lists, voted, watch

__all__ = ["city", "guard", "installed"]

_CASE = "IP-12/2026"
_WHY = ("requisition", _CASE)


def _approved(guard: Guard, login: str) -> None:
    wanted = NewApproval(
        kind=ApprovalKind.APPROVAL, operation=Operation.PLATE_LIST, case_number=_CASE, hours=24, reason="furto"
    )
    with guard.office.opened(login) as opened:
        asked = Approvals(opened).ask(wanted)
    with guard.office.opened("ana") as opened:
        Approvals(opened).decide(asked.approval_id, ApprovalState.APPROVED)


class Desk:
    """Hot-lists as one person opens them after another."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    def of(self, user: str, *stated: str) -> HotListService:
        asker = self.guard.as_(user, *(stated or _WHY))
        return HotListService(self.guard.office.register, self.guard.stores, asker, clock=self.guard.office.clock)

    def add(self, user: str, plate: str = "ABC1D23", **values: Any) -> int:
        with self.of(user) as service:
            return service.add(entry(self.guard.office.clock, plate, **values)).entry_id

    def hits(self, user: str, *, route: bool = False) -> list[tuple[int, str, str, str]]:
        asker = self.guard.as_(user, *_WHY)
        with self.of(user) as service, open_queries(self.guard.stores, asker) as queries:
            found = list_hits(service, queries, HitsWanted(route=route)).value
        return [(one.entry, one.plate, one.camera_id, one.route) for one in found]


@pytest.fixture
def desk(guard: Guard) -> Desk:
    return Desk(guard)


def hit(plates: list[str], read: str, ts_ms: int, camera_id: str = "cam-1") -> AlertEvent:
    (found,) = watch(Lists(index_of(plates)), camera_id=camera_id).check(voted(read, ts_ms))
    assert isinstance(found, AlertEvent)
    return found


def test_an_entry_needs_the_approval_of_a_second_person_and_its_end_does_not(desk: Desk) -> None:
    with pytest.raises(RefusedAccess, match=r"(?i)approval of a second person"):
        desk.add("caio")
    _approved(desk.guard, "caio")
    assert desk.add("caio", viewers=("caio",)) == 1
    with desk.of("caio") as service:
        assert service.end([1], "localizado")[0].ended_by == "caio"
    records = [one for one in desk.guard.records() if one["operation"] in {"plate-list", "alert-review"}]
    facts = [(one["outcome"], one.get("details", {}).get("action", ""), len(one.get("plates", []))) for one in records]
    assert facts[0][0] == "refused"
    assert ("allowed", "enter", 1) in facts
    assert ("allowed", "end", 1) in facts
    assert "ABC1D23" not in json.dumps(records)
    assert {one["case"] for one in records} == {_CASE}


def test_entries_are_seen_and_ended_by_those_who_made_them_or_whose_names_they_have(desk: Desk) -> None:
    for login in ("davi", "elis"):
        desk.guard.office.employ(login, Role.INTELLIGENCE_ANALYST)
    _approved(desk.guard, "caio")
    desk.add("caio", viewers=("davi",))
    desk.add("caio", "XYZ9Z99", viewers=("ceic",))

    def seen(login: str) -> list[str]:
        with desk.of(login) as service:
            return [one.plate for one in service.entries()]

    assert seen("caio") == seen("davi") == ["ABC1D23", "XYZ9Z99"]
    assert seen("elis") == ["XYZ9Z99"]
    with desk.of("elis") as service, pytest.raises(PolicyError, match="entry 1: is not yours"):
        service.end([2, 1], "localizado")
    assert seen("caio") == ["ABC1D23", "XYZ9Z99"], "all or none"
    with pytest.raises(RefusedAccess, match=r"(?i)role does not include"):
        seen("bia")


def test_hits_are_shown_to_the_people_that_the_entry_names_and_by_no_other_question(desk: Desk) -> None:
    guard = desk.guard
    guard.office.employ("davi", Role.INTELLIGENCE_ANALYST)
    _approved(guard, "caio")
    desk.add("caio", viewers=("davi",))
    desk.add("caio", "XYZ9Z99", viewers=("caio",))
    first, second = plate_read(0), plate_read(60, camera="cam-2")
    plates = ["ABC1D23", "XYZ9Z99"]
    stored = [
        hit(plates, "ABC1D23", second.ts_ms, "cam-2"),
        hit(plates, "XYZ9Z99", second.ts_ms + 5000),
        hit(plates, "ABC1D23", second.ts_ms + 9000, "square"),
        alert(3),
    ]
    fill_store(guard.stores.data_dir, [first, second, *stored])
    declare_roads(guard.stores.data_dir, "cam-1", "cam-2")
    assert desk.hits("davi") == [(1, "ABC1D23", "cam-2", "")], "none of a camera that may read no plates"
    assert desk.hits("caio") == [(2, "XYZ9Z99", "cam-1", "")]
    ((*_, route),) = desk.hits("davi", route=True)
    assert [part.split()[0] for part in route.split(" → ")] == ["cam-1", "cam-2"]
    operations = [one["operation"] for one in guard.records()[-2:]]
    assert operations == ["alert-review", "journey-query"]
    with open_queries(guard.stores, guard.as_("davi", "mobility")) as queries:
        answer = queries.ask(Events(kind=Kind.ALERT))
    assert [one.rule for one in answer.value if isinstance(one, AlertEvent)] == ["camera-lost"]
    assert NoteCode.HITS in {note.code for note in answer.notes}, "what is left out is said"


def test_a_list_is_imported_whole_and_exported_by_those_who_may(desk: Desk, tmp_path: Path) -> None:
    from pipeline.app.hotlists.hot_list_service import ListDefaults

    file, guard = tmp_path / "list.csv", desk.guard
    file.write_text("plate\n" + "".join(f"ABC{number:04d}\n" for number in range(1200)))
    defaults = ListDefaults(
        list_name="stolen", authority="Polícia Civil", case_number=_CASE, reason="furto", until="2027-01-31",
        begin="2026-11-23", viewers=("caio",),
    )  # fmt: skip
    with desk.of("caio") as service:
        assert service.import_list(file, defaults, dry_run=True) == 1200
        assert service.entries() == ()
        with pytest.raises(RefusedAccess, match=r"(?i)second person"):
            service.import_list(file, defaults)
    _approved(guard, "caio")
    with desk.of("caio") as service:
        assert service.import_list(file, defaults) == 1200
        with pytest.raises(RegistryError, match="1200 problems; nothing was entered"):
            service.import_list(file, defaults)
        assert service.export(str(tmp_path / "out.csv"), "stolen") == 1200
        state = service.state()
    assert (state.entries, state.plates, state.ended) == ({"stolen": 1200}, 1200, 0)
    records = [one for one in guard.records() if one.get("details", {}).get("action") in {"enter", "hot-list"}]
    allowed = [(one["operation"], one["rows"]) for one in records if one["outcome"] == "allowed"]
    assert allowed == [(name, rows) for name in ("plate-list", "export") for rows in (500, 500, 200)]
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 1201


def test_plates_of_entries_that_ended_are_removed_with_a_record(desk: Desk) -> None:
    _approved(desk.guard, "caio")
    desk.add("caio")
    desk.guard.office.clock.now_ms += FORGOTTEN_AFTER_MS + 11 * DAY_MS
    with desk.of("caio"), HotListRegister(desk.guard.office.register) as register:
        assert [one.plate for one in register.entries(ended=True)] == [""]
    (record,) = [one for one in desk.guard.records() if one["operation"] == "disposal"]
    assert (record["rows"], record["details"]["action"]) == (1, "forget-plates")


def test_a_sensitive_reason_is_refused_and_the_refusal_audited(desk: Desk) -> None:
    _approved(desk.guard, "caio")
    with pytest.raises(PolicyError, match="says with"):
        desk.add("caio", reason="dono frequenta o terreiro")
    last = desk.guard.records()[-1]
    assert (last["operation"], last["outcome"], last["details"]["action"]) == ("plate-list", "refused", "enter")


def test_every_field_of_a_hit_has_a_form_in_files() -> None:
    from pipeline.app.answer_columns import columns_of
    from pipeline.app.hotlists.list_hits import ListHit

    names = {column.field for column in columns_of([ListHit])}
    assert names >= {field.name for field in msgspec.structs.fields(ListHit)}
