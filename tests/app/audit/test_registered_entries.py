"""Where people are registered, entries of the register name the person who acts, and no one else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from pipeline.app.access.acting import acting_as
from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.audit.audited_register import AuditedRegister
from pipeline.app.erasure.erase import Selection, open_erasure
from pipeline.app.erasure.proof import ErasureProof, erase_with_proof, refuse_with_proof
from pipeline.app.holds import hold_time, release_hold, unreleased_holds
from pipeline.app.people.open_registry import open_registry
from pipeline.app.rights.subject_requests import SubjectRequestService
from pipeline.domain.approvals import ApprovalKind, ApprovalState, NewApproval
from pipeline.domain.operation import Operation
from pipeline.domain.requester import Requester
from pipeline.domain.role import Role
from pipeline.domain.subject_request import IdentityCheck, RequestKind, SubjectRequest
from pipeline.errors import PolicyError
from pipeline.governance.erasure_register import ErasureRegister
from tests.app.people.conftest import city, installed
from tests.app.people.installations import Office
from tests.asking import declare_roads
from tests.governance.entries import request

__all__ = ["city", "installed"]


@contextmanager
def _register_of(office: Office, login: str) -> Iterator[AuditedRegister]:
    stores = replace(office.stores, register_database=office.register)
    with office.opened(login) as opened, acting_as(opened):
        audit = audit_of_stores(stores, Requester(user=login))
        with AuditedRegister(office.register, audit, clock=office.clock) as register:
            yield register


def test_a_request_of_a_person_is_received_by_the_one_who_acts(city: Office) -> None:
    stores = replace(city.stores, register_database=city.register)
    wanted = SubjectRequest(
        kind=RequestKind.ACCESS,
        person="Maria Lima",
        contact="maria@example.org",
        identity=(IdentityCheck.DOCUMENT,),
        begin_ms=city.clock.now_ms - 3_600_000,
        end_ms=city.clock.now_ms,
        by="Bia Souza",
        place="Avenida Brasil, 900",
        characteristics="automóvel prata",
    )
    with (
        city.opened("ana") as opened,
        acting_as(opened),
        SubjectRequestService(city.register, stores, Requester(user="ana"), clock=city.clock) as requests,
    ):
        with pytest.raises(PolicyError, match="is not the person who acts here"):
            requests.receive(wanted, None)
        assert requests.receive(replace(wanted, by="ana"), None).request.by == "Ana Souza"


def test_no_one_enters_or_approves_for_another_person(city: Office) -> None:
    with _register_of(city, "ana") as register:
        with pytest.raises(PolicyError, match=r"is not the person who acts here, ana \(Ana Souza\)") as refused:
            register.request(request(by="Bia Souza"))
        assert refused.value.policy == "personal-account"
        entered = register.request(request(by="ana"))
        assert entered.request.requested_by == "Ana Souza"
        for by in ("ana", "Ana  SOUZA"):
            with pytest.raises(PolicyError, match="Ana Souza"):
                register.approve(entered.number, by)
    with _register_of(city, "bia") as register:
        approved = register.refuse(entered.number, "bia", "falta a declaração")
    assert approved.decided_by == "Bia Souza"


def test_no_one_places_or_releases_a_hold_for_another_person(city: Office) -> None:
    requester = Requester(user="ana", purpose="requisition", case="IP 12/2026")
    stores = replace(city.stores, register_database=city.register)
    declare_roads(stores.data_dir, "av-brasil-900")
    span = (city.clock.now_ms - 3_600_000, city.clock.now_ms)
    with (
        open_registry(city.register, city.stores, requester, clock=city.clock) as opened,
        acting_as(opened),
    ):
        with pytest.raises(PolicyError, match="is not the person who acts here"):
            hold_time(stores, "av-brasil-900", *span, reason="IP 12/2026", by="Bia Souza")
        hold_id, _ = hold_time(stores, "av-brasil-900", *span, reason="IP 12/2026", by="ana")
        assert [one.by for one in unreleased_holds(stores)] == ["Ana Souza"]
        with pytest.raises(PolicyError, match="is not the person who acts here"):
            release_hold(stores, hold_id, "Bia Souza")
        with pytest.raises(PolicyError, match="approval of a second person"):
            release_hold(stores, hold_id, "ana")


def test_no_one_erases_or_refuses_an_erasure_for_another_person(city: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIAPUBLICA_CASE", "17/2026")
    requester = Requester(user="ana", purpose="subject-request", case="17/2026")
    stores = replace(city.stores, register_database=city.register)
    declare_roads(stores.data_dir, "av-brasil-900")
    selection = Selection.of(None, ["av-brasil-900"], city.clock.now_ms - 3_600_000, city.clock.now_ms)
    foreign = ErasureProof(city.register, "Bia Souza", "pedido 17/2026")
    wanted = NewApproval(
        kind=ApprovalKind.APPROVAL, operation=Operation.ERASURE, case_number="17/2026", hours=1, reason="pedido"
    )
    with city.opened("bia") as opened:
        asked = opened.registry.ask_approval("ana", wanted)
        bia = opened.registry.person("bia").account(Role.GENERAL_ADMINISTRATOR, city.clock.now_ms, second_factor=True)
        opened.registry.decide_approval(asked.approval_id, bia, ApprovalState.APPROVED)
    with (
        open_registry(city.register, city.stores, requester, clock=city.clock) as opened,
        acting_as(opened),
    ):
        with (
            open_erasure(selection, stores) as erasure,
            pytest.raises(PolicyError, match="is not the person who acts here"),
        ):
            erase_with_proof(erasure, foreign)
        with pytest.raises(PolicyError, match="is not the person who acts here"):
            refuse_with_proof(selection, stores, foreign, "sem identificação")
        assert city.audit()[-1]["policy"] == "personal-account"
        with open_erasure(selection, stores) as erasure:
            erase_with_proof(erasure, replace(foreign, by="ana"))
        refuse_with_proof(selection, stores, replace(foreign, by="Ana Souza"), "sem identificação")
    with ErasureRegister(city.register, create=False) as entries:
        assert [one.begun_by for one in entries.list()] == ["Ana Souza"] * 2
