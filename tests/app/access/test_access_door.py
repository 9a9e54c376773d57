"""Each use case asks for a decision: by the account where people are registered, stated in evaluation mode."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.app.access import account_decision, session_file
from pipeline.app.access.access_door import RefusedAccess, access_door
from pipeline.app.access.approvals import ApprovalKind, Approvals, ApprovalState, NewApproval
from pipeline.app.access.evaluation import on_evaluation
from pipeline.app.access.sign_in import sign_in, sign_out
from pipeline.app.audit.audit_service import Audit, RecordQuestion
from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.open_registry import open_registry
from pipeline.app.queries import open_queries
from pipeline.app.questions import Plates
from pipeline.domain.operation import Operation
from pipeline.domain.requester import Requester
from pipeline.domain.role import Role
from pipeline.errors import ConfigError, PolicyError, RegistryError
from pipeline.governance.login_secrets import totp_code
from pipeline.governance.totp_encryption import TotpEncryption
from pipeline.storage.register_location import note_registry
from tests.app.people.conftest import city, installed  # noqa: F401 - fixtures
from tests.app.people.installations import Office
from tests.asking import declare_roads
from tests.event_samples import plate_read
from tests.filled_store import fill_store
from tests.governance.people import PASSWORD

_PLATE = plate_read(0).plate


class Guard:
    """A city whose analyst caio works with plates, for requisitions."""

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        self.office = office
        note_registry(office.folder / "data", office.register)
        office.employ("caio", Role.INTELLIGENCE_ANALYST)

        def opened_now(*args: Any, **more: Any) -> Any:
            return open_registry(*args, **more, clock=office.clock)

        monkeypatch.setattr(account_decision, "open_registry", opened_now)

    @property
    def stores(self) -> ConfiguredStores:
        return self.office.stores

    def as_(self, user: str, purpose: str = "", case: str = "") -> Requester:
        return Requester(user=user, purpose=purpose, case=case)

    def records(self) -> list[dict[str, Any]]:
        return self.office.audit()


@pytest.fixture
def guard(city: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Guard:  # noqa: F811
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Guard(city, monkeypatch)


@pytest.fixture
def notes() -> Iterator[list[str]]:
    said: list[str] = []
    token = on_evaluation.set(said.append)
    yield said
    on_evaluation.reset(token)


def test_in_evaluation_mode_the_decision_is_made_and_nothing_is_refused(tmp_path: Path, notes: list[str]) -> None:
    stores = ConfiguredStores.of_data_dir(tmp_path)
    audit = audit_of_stores(stores, Requester(user="root"))
    audit.add(Operation.PLATE_QUERY, plates=("ABC1D23",))
    audit_of_stores(stores, Requester(user="root", purpose="requisition", case="OF-12/2026")).add(Operation.PLATE_QUERY)
    lines = [line for path in (tmp_path / "audit").glob("*.jsonl") for line in path.read_text().splitlines()]
    first, second = (json.loads(line)["details"]["evaluation"] for line in lines)
    assert first == "observer: no-purpose"
    assert second == "intelligence-analyst: allowed"
    assert notes == ["root", "root"]


def test_a_lawful_question_is_answered_and_its_record_names_the_account(guard: Guard) -> None:
    fill_store(guard.stores.data_dir, [plate_read(0)])
    declare_roads(guard.stores.data_dir, "cam-1")
    question = Plates(plates=(_PLATE,))
    with open_queries(guard.stores, guard.as_("caio", "requisition", "OF-12/2026")) as queries:
        answer = queries.ask(question)
    assert len(answer.value) == 1
    assert not answer.evaluation
    last = guard.records()[-1]
    assert (last["operation"], last["outcome"], last["purpose"], last["case"]) == (
        "plate-query",
        "allowed",
        "requisition",
        "OF-12/2026",
    )
    assert (last["account"], last["institution"], last["role"]) == ("caio", "ceic", "intelligence-analyst")


@pytest.mark.parametrize(
    ("stated", "policy", "words"),
    [
        (("caio", "", ""), "no-purpose", "no purpose is named"),
        (("caio", "requisition", ""), "case-number", "it needs a case number"),
        (("caio", "requisition", "?"), "case-number-format", "format"),
        (("caio", "mobility", "OF-12/2026"), "purpose-of-plate-search", "only"),
        (("ana", "requisition", "OF-12/2026"), "no-permission", "role does not include"),
    ],
)
def test_a_refused_question_says_what_is_missing_and_is_audited_with_its_plate(
    guard: Guard, stated: tuple[str, str, str], policy: str, words: str
) -> None:
    access = access_door(guard.stores, guard.as_(*stated))
    before = len(guard.records())
    with pytest.raises(RefusedAccess, match=f"(?i){words}") as refused:
        access.decide(Operation.PLATE_QUERY, plates=(_PLATE,))
    assert refused.value.policy == policy
    (record,) = guard.records()[before:]
    assert (record["outcome"], record["policy"], record["account"]) == ("refused", policy, stated[0])
    assert len(record["plates"]) == 1
    assert _PLATE not in json.dumps(record)


def test_a_purpose_that_the_law_does_not_name_and_a_user_without_account_are_refused(guard: Guard) -> None:
    with pytest.raises(ConfigError, match="none of the law's list"):
        access_door(guard.stores, guard.as_("caio", "curiosity")).decide(Operation.PLATE_QUERY)
    with pytest.raises(PolicyError, match="has no account"):
        access_door(guard.stores, guard.as_("mallory", "requisition", "OF-12/2026")).decide(Operation.PLATE_QUERY)


def test_a_search_in_bulk_needs_a_second_person_or_a_standing_order(guard: Guard) -> None:
    asker = guard.as_("caio", "requisition", "OF-12/2026")

    def search(operation: Operation) -> None:
        access_door(guard.stores, asker).decide(operation)

    with pytest.raises(RefusedAccess, match=r"(?i)approval of a second person"):
        search(Operation.PATTERN_QUERY)
    wanted = NewApproval(
        kind=ApprovalKind.APPROVAL,
        operation=Operation.PATTERN_QUERY,
        case_number="OF-12/2026",
        hours=24,
        reason="placa parcial da testemunha",
    )
    with guard.office.opened("caio") as opened:
        asked = Approvals(opened).ask(wanted)
        with pytest.raises(PolicyError):
            Approvals(opened).decide(asked.approval_id, ApprovalState.APPROVED)
    with guard.office.opened("ana") as opened:
        assert Approvals(opened).decide(asked.approval_id, ApprovalState.APPROVED).decided_by == "ana"
        with pytest.raises(RegistryError, match="was approved by ana"):
            Approvals(opened).decide(asked.approval_id, ApprovalState.REFUSED)
        assert [one.approval_id for one in Approvals(opened).list()] == [asked.approval_id]
    search(Operation.PATTERN_QUERY)
    for other in (Operation.CONVOY_QUERY, Operation.BULK_QUERY):
        with pytest.raises(RefusedAccess, match=r"(?i)second person"):
            search(other)
    guard.office.clock.now_ms += 24 * 3_600_000
    with guard.office.opened("caio") as opened:
        assert opened.registry.approval_for("caio", Operation.PATTERN_QUERY, "OF-12/2026") is None


def test_a_standing_order_stands_in_place_of_the_case(guard: Guard) -> None:
    order = NewApproval(
        kind=ApprovalKind.STANDING_ORDER,
        operation=Operation.CLONE_QUERY,
        case_number="",
        hours=90 * 24,
        reason="ordem de serviço 4/2026",
    )
    with guard.office.opened("caio") as opened:
        asked = Approvals(opened).ask(order)
        with pytest.raises(RegistryError, match="Give 1 to 2160 hours"):
            Approvals(opened).ask(
                NewApproval(kind=order.kind, operation=order.operation, case_number="", hours=2161, reason="r 1")
            )
    with guard.office.opened("bia") as opened:
        Approvals(opened).decide(asked.approval_id, ApprovalState.APPROVED)
    access_door(guard.stores, guard.as_("caio", "requisition")).decide(Operation.CLONE_QUERY)


def test_the_audit_is_read_by_auditors_only(guard: Guard) -> None:
    with pytest.raises(RefusedAccess, match=r"(?i)role does not include"):
        list(Audit(guard.stores, guard.as_("caio")).search(RecordQuestion()))


def test_upkeep_is_of_administrators_and_of_the_service_that_owns_the_data(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    upkeep = (Operation.RECORDING_TO_MEDIA, Operation.RETENTION, Operation.TRANSMISSION, Operation.DISPOSAL)
    for operation in upkeep:
        service = access_door(guard.stores, guard.as_("viapublica")).decide(operation)
        assert service == {"details": {"by": "service"}}
        assert access_door(guard.stores, guard.as_("ana")).decide(operation)["account"] == "ana"
        with pytest.raises(RefusedAccess, match="role does not include"):
            access_door(guard.stores, guard.as_("caio", "requisition", "OF-12/2026")).decide(operation)
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    for operation in upkeep:
        with pytest.raises(PolicyError, match="has no account"):
            access_door(guard.stores, guard.as_("mallory")).decide(operation)


def test_a_session_acts_for_the_account_whatever_the_user_and_ends(guard: Guard) -> None:
    office = guard.office
    with office.opened("root") as opened:
        code = totp_code(_secret(office, "caio"), office.clock.now_ms)
        with pytest.raises(PolicyError, match="log-in"):
            sign_in(opened, office.register, "caio", password="wrong password", code=code)
        office.clock.now_ms += 30_000
        code = totp_code(_secret(office, "caio"), office.clock.now_ms)
        session = sign_in(opened, office.register, "caio", password=PASSWORD, code=code)
    assert stat.S_IMODE(session.path.stat().st_mode) == 0o600
    assert "caio" not in session.path.read_text()
    asker = guard.as_("root", "requisition", "OF-12/2026")
    assert access_door(guard.stores, asker).decide(Operation.PLATE_QUERY)["account"] == "caio"
    session.path.chmod(0o644)
    with pytest.raises(PolicyError, match="may be read by others"):
        access_door(guard.stores, asker).decide(Operation.PLATE_QUERY)
    session.path.chmod(0o600)
    with office.opened("root") as opened:
        assert sign_out(opened, office.register)
        assert not sign_out(opened, office.register)
    with pytest.raises(PolicyError, match="has no account"):
        access_door(guard.stores, asker).decide(Operation.PLATE_QUERY)
    assert not session_file.session_path().exists()


def _secret(office: Office, login: str) -> str:
    with sqlite3.connect(office.register) as database:
        (secret,) = database.execute("SELECT totp_secret FROM accounts WHERE login = ?", (login,)).fetchone()
    return TotpEncryption(office.folder).decrypted(str(secret), login)
