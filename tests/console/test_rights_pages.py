"""Requests of persons, holds and disposals in the console, on the use cases of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from fastapi import FastAPI

from pipeline.app.access.approvals import Approvals
from pipeline.console.application import add_console
from pipeline.domain.approvals import ApprovalKind, ApprovalState, NewApproval
from pipeline.domain.disposal import Disposed
from pipeline.domain.operation import Operation
from pipeline.domain.role import Role
from pipeline.domain.times import local_time
from pipeline.engine.disposal_report import DisposalReport
from pipeline.http_api.application import create_application
from pipeline.http_api.service import Service
from pipeline.record.holds import Holds
from pipeline.record.settings import RecordSettings
from pipeline.storage.disposal_log import DisposalLog
from tests.app.people.installations import Office
from tests.console.staffed_city import PEOPLE
from tests.console.visitors import Visitor, Visitors, text_of
from tests.http_api.served_city import GUARD, stores_of

CENTRAL = PEOPLE[Role.GENERAL_ADMINISTRATOR]
OFFICER = PEOPLE[Role.DISCLOSURE_OFFICER]
CASE = "0012/2026"
ASKED = {
    "kind": "access",
    "case": CASE,
    "person": "Maria Lima",
    "contact": "maria@example.org",
    "identity": "document",
    "start": "2026-11-22T08:00",
    "end": "2026-11-22T09:00",
    "place": "Avenida Brasil, 900",
    "plate": "ABC1D23",
}
PART = Disposed("events", "plate_reads", 1, 2, 12)
KEPT = {"purpose": "preservation", "case": "IP 12/2026"}
HOLD = KEPT | {
    "camera": GUARD[0],
    "start": "2026-11-22T08:00",
    "end": "2026-11-22T09:00",
    "reason": "ofício 12/2026",
    "basis": "police",
    "requester": "3ª Delegacia",
    "until": "2027-01-31",
}


@pytest.fixture
def service(city: Office, tmp_path: Path) -> Iterator[Service]:
    """With data and recordings of its own."""
    stores = replace(stores_of(city, city.stores.data_dir), record=RecordSettings(dir=tmp_path / "video"))
    with (
        city.opened("viapublica") as registry,
        closing(Service(register=city.register, registry=registry, stores=stores)) as service,
    ):
        yield service


@pytest.fixture
def app(service: Service) -> FastAPI:
    return add_console(create_application(service))


def received(visitors: Visitors, **changed: str) -> tuple[Visitor, str]:
    visitor = visitors.logged_in(CENTRAL)
    visitor.open("/console/rights/new")
    reply = visitor.send("/console/rights/new", ASKED | changed)
    number = re.search(r"T\d{4}/\d{6}", text_of(reply))
    assert number is not None, text_of(reply)
    return visitor, number[0]


def test_a_request_is_entered_with_its_deadline_decided_and_answered_by_letters(
    visitors: Visitors, city: Office
) -> None:
    visitor, number = received(visitors)
    named = {"case": CASE, "number": number}
    text = text_of(visitor.send("/console/rights/request", named))
    assert "Maria Lima" in text
    assert "08/12/2026" in text  # fifteen days
    assert "ABC1D23" not in text
    receipt = visitor.send("/console/rights/request/letter", named)
    assert (receipt.status, receipt.body[:5]) == (200, b"%PDF-"), text_of(receipt)
    assert "recebimento.pdf" in receipt.headers["content-disposition"]
    decision = named | {"decision": "refused", "reasons": "há investigação em curso"}
    assert "indeferido" in text_of(visitor.send("/console/rights/request/decision", decision))
    assert visitor.send("/console/rights/request/decision", decision, htmx=True).status == 403
    assert "decisao.pdf" in visitor.send("/console/rights/request/letter", named).headers["content-disposition"]
    assert number in text_of(visitor.send("/console/rights", case=CASE))
    cases = {one.get("case") for one in city.audit() if one["operation"] == "subject-request" and one.get("account")}
    assert cases == {CASE}


def test_what_erases_is_left_to_the_command_line(visitors: Visitors) -> None:
    visitor, number = received(visitors, kind="erasure")
    decision = {"case": CASE, "number": number, "decision": "granted", "reasons": "sem relação com as finalidades"}
    reply = visitor.send("/console/rights/request/decision", decision, htmx=True)
    assert reply.status == 403
    assert "viapublica requests decide" in text_of(reply)
    assert "em aberto" in text_of(visitor.send("/console/rights/request", case=CASE, number=number))


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"identity": ""}, 403, "o que foi conferido"),
        ({"case": ""}, 403, "processo"),
        ({"kind": "other"}, 422, "da lista"),
        ({"end": "2026-11-22T07:00"}, 422, "antes de começar"),
        ({"place": "carro ABC1D23"}, 403, "não pode guardar"),
    ],
)
def test_an_incomplete_request_is_not_entered(
    changed: dict[str, str], status: int, said: str, visitors: Visitors
) -> None:
    visitor = visitors.logged_in(CENTRAL)
    visitor.open("/console/rights/new")
    reply = visitor.send("/console/rights/new", ASKED | changed, htmx=True)
    assert (reply.status, said in text_of(reply)) == (status, True), text_of(reply)
    assert "Nenhum pedido registrado" in text_of(visitor.send("/console/rights", case=CASE))


def test_a_hold_is_placed_in_a_case_and_released_with_a_second_persons_approval(
    visitors: Visitors, city: Office, tmp_path: Path
) -> None:
    visitor = visitors.logged_in(OFFICER)
    visitor.open("/console/rights/holds")
    for wrong, status in (({"reason": ""}, 409), ({"case": ""}, 403), ({"camera": "praca-sete"}, 403)):
        assert visitor.send("/console/rights/holds/new", HOLD | wrong, htmx=True).status == status
    text = text_of(visitor.send("/console/rights/holds/new", HOLD))
    assert "3ª Delegacia" in text
    assert "em vigor" in text
    (placed,) = Holds(tmp_path / "video").all()
    assert (placed.by, placed.basis) == ("Guarda.disclosure-officer Souza", "police")
    release = KEPT | {"hold": placed.hold_id}
    reply = visitor.send("/console/rights/holds/release", release, htmx=True)
    assert reply.status == 403
    wanted = NewApproval(
        kind=ApprovalKind.APPROVAL, operation=Operation.HOLD_RELEASE, case_number=KEPT["case"], hours=1, reason="fim"
    )
    with city.opened("viapublica") as opened:
        asked = Approvals(opened.at_work(OFFICER)).ask(wanted)
        Approvals(opened.at_work(PEOPLE[Role.SECTOR_ADMINISTRATOR])).decide(asked.approval_id, ApprovalState.APPROVED)
    assert "Nada está preservado" in text_of(visitor.send("/console/rights/holds/release", release))


def test_disposals_are_listed_and_reported_as_the_audit_has_them(visitors: Visitors, service: Service) -> None:
    visitor = visitors.logged_in(OFFICER)
    visitor.open("/console/rights/disposals")
    assert "Nada foi descartado" in text_of(visitor.send("/console/rights/disposals", month="2026-11"))
    stores = service.stores
    with DisposalReport(stores.data_dir, stores.audit_dir, stores.zone)("events", [PART], []):
        pass
    (disposed,) = DisposalLog(stores.data_dir, stores.zone).all()
    month = f"{local_time(disposed.at_ms, stores.zone):%Y-%m}"
    text = text_of(visitor.send("/console/rights/disposals", month=month))
    assert "plate_reads: 12" in text
    assert "não confere" not in text
    reply = visitor.send("/console/rights/disposals/report", month=month)
    assert reply.status == 200, text_of(reply)
    assert sorted(ZipFile(BytesIO(reply.body)).namelist()) == [f"descartes-{month}.json", f"descartes-{month}.pdf"]
    DisposalLog(stores.data_dir, stores.zone).add(disposed.at_ms, "elsewhere", "root", [PART], [])
    assert "não conferem com a auditoria" in text_of(visitor.send("/console/rights/disposals", month=month))
    assert visitor.send("/console/rights/disposals", month="novembro").status == 422
