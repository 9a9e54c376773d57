"""Pages of people, institutions and requests of persons, with a text in each field that someone can fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace

from pipeline.console import (
    camera_pages,
    hold_pages,
    institution_pages,
    people_pages,
    person_pages,
)
from pipeline.console.camera_pages import address_of as address_of_camera
from pipeline.console.pages import render
from pipeline.console.registry_visits import address_of as address_of_person
from pipeline.console.steps import steps
from pipeline.domain.account import InstitutionKind
from pipeline.domain.camera import Scope
from pipeline.domain.camera_registration import OwnerKind, RegisteredCamera
from pipeline.domain.disposal import Disposal, Disposed
from pipeline.domain.hold import Hold, HoldBasis
from pipeline.domain.operation import Operation
from pipeline.domain.people import AccountStatus, Lack, RegisteredInstitution, Sector, Validity
from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role
from pipeline.domain.subject_request import (
    IdentityCheck,
    RequestDecision,
    RequestKind,
    SubjectRequest,
    SubjectRequestRecord,
)
from pipeline.domain.times import parse_time
from tests.console.filled_values import AT, READER, Filled


def _person_page(given: Filled, invitation: str) -> str:
    text, ever = given.text, Validity(1, 2**42)
    grant = SimpleNamespace(role=Role.OPERATOR, validity=ever, by=text)
    one = SimpleNamespace(
        name=text, login=text, document=text, institution=text, sector=text, status=AccountStatus.SUSPENDED,
        status_reason=text, validity=ever, contractor=True, contract_until_ms=1, training=None, term=ever,
        last_used_ms=1, left_ms=None, registered_ms=1, registered_by=text,
    )  # fmt: skip
    values = given.frame | {"person": SimpleNamespace(name=text, login="other")}
    return render(
        "person.html",
        READER,
        **values,
        one=one,
        base=address_of_person("ana.souza"),
        invitation=invitation,
        lacks=[person_pages.LACKS[Lack.TRAINING]],
        grants=[grant],
        account_states=people_pages.STATES,
        roles=list(Role),
    )


def _institutions_page(given: Filled) -> str:
    text = given.text
    body = RegisteredInstitution(institution_id=text, name=text, kind=InstitutionKind.PUBLIC, central=True)
    sector = Sector(institution_id=text, sector_id=text, name=text)
    agreement = SimpleNamespace(
        number=text, owner=text, recipient=text, purposes=[Purpose.CRISIS], operations=[Operation.HOLD],
        validity=Validity(1, 2), ended_ms=None, agreement_id=1,
    )  # fmt: skip
    return render(
        "institutions.html",
        READER,
        **given.frame,
        found=[(body, (sector,)), (body, ())],
        agreements=[agreement],
        ended=lambda _: False,
        kinds=institution_pages.KINDS,
        purposes=list(Purpose),
        shareable=[Operation.HOLD],
    )


def _registered(text: str) -> RegisteredCamera:
    ever = Validity(1, 2**42)
    return RegisteredCamera(
        camera_id=text, institution=text, sector=text, owner_kind=OwnerKind.FIRM, owner=text, scope=Scope.PUBLIC_ROAD,
        location=text, project=text, agreement=text, agreement_validity=ever, plates_by=text, lent=True,
        registered_ms=1, registered_by=text, approved_ms=2, approved_by=text,
    )  # fmt: skip


def _camera_pages(given: Filled) -> Mapping[str, str]:
    text, frame = given.text, given.frame
    drawn = SimpleNamespace(zones=[1], lines=[2])
    configured = SimpleNamespace(name=text, scope=Scope.PUBLIC_ROAD, masks=[1], areas=drawn)
    page = frame | {"camera": text, "base": address_of_camera("c"), "configured": configured, "address": text}
    page |= {"steps": steps([("Cadastro", False)]), "scopes": camera_pages.SCOPES, "owners": camera_pages.OWNERS}
    page |= {"reads_plates": True, "own_body": text, "stopped": None, "registered": None}
    return {
        "new camera": render(
            "camera_new.html",
            READER,
            **frame,
            form=given.form,
            scopes=camera_pages.SCOPES,
            surroundings=camera_pages.SURROUNDINGS,
            has_config=True,
        ),
        "camera": render("camera.html", READER, **page | {"registered": _registered(text)}),
        "unregistered camera": render("camera.html", READER, **page),
    }


def _rights_pages(given: Filled) -> Mapping[str, str]:
    text, frame, form = given.text, given.frame, given.form
    cameras = {text: SimpleNamespace(name=f"{text} 2")}
    asked = SubjectRequest(
        kind=RequestKind.ACCESS, person=text, contact=text, identity=(IdentityCheck.DOCUMENT,), begin_ms=1, end_ms=2,
        by=text, place=text, characteristics=text, camera_ids=(text,), fingerprint=text,
    )  # fmt: skip
    record = SubjectRequestRecord(
        number=text, request=asked, received_ms=1, due_ms=2, decision=RequestDecision.GRANTED, reasons=text,
        decided_by=text, decided_ms=3, erasure=text,
    )  # fmt: skip
    request = frame | {"case": text, "overdue": True, "decisions": list(RequestDecision)}
    request |= {"RequestKind": RequestKind, "RequestDecision": RequestDecision}
    hold = Hold(text, text, 1, 2, text, text, 1, text, text, text, 3)
    disposal = Disposal(text, 1, text, text, (Disposed("events", text, 1, 2, 3, 4, 5),))
    return {
        "new request of a person": render(
            "rights_new.html",
            READER,
            **frame,
            form=form,
            kinds=list(RequestKind),
            checks=list(IdentityCheck),
            cameras=cameras,
            days=15,
        ),
        "decided request": render("rights_request.html", READER, **request, found=record),
        "open request": render("rights_request.html", READER, **request, found=replace(record, decision=None)),
        "holds": render(
            "holds.html",
            READER,
            **frame,
            form=form,
            purposes=hold_pages.PURPOSES,
            found=[hold],
            state_of=lambda _: "expired",
            states=hold_pages.STATES,
            bases=list(HoldBasis),
            basis_of=lambda _: HoldBasis.POLICE,
            cameras=cameras,
        ),
        "disposals": render(
            "disposals.html", READER, **frame, form=form, this_month="2026-11", found=[disposal], differing=[text]
        ),
    }


def people_and_rights_pages(given: Filled) -> Mapping[str, str]:
    text, frame, form, camera = given.text, given.frame, given.form, given.camera
    member = SimpleNamespace(
        name=text,
        login=text,
        institution=text,
        sector=text,
        roles=["operator"],
        status=AccountStatus.ACTIVE,
        left=True,
        registered_until=AT,
    )
    request = SimpleNamespace(
        number=text,
        kind=RequestKind.ACCESS,
        received=AT,
        due=AT,
        overdue=True,
        decision=RequestDecision.GRANTED,
        decided=AT,
        erasure=text,
    )
    return {
        **_rights_pages(given),
        **_camera_pages(given),
        "people": render(
            "people.html",
            READER,
            **frame,
            found=SimpleNamespace(found=1, people=[member], next_offset=2),
            roles={"operator": text},
            account_states=people_pages.STATES,
            registered=[_registered(text)],
            states={text: camera},
            unregistered=[text],
            cameras_problem=None,
            address_of_camera=address_of_camera,
            parsed=parse_time,
            address_of=address_of_person,
        ),
        "new person": render("person_new.html", READER, **frame, form=form, bodies={text: text}),
        "person": _person_page(given, ""),
        "invited person": _person_page(given, text),
        "institutions": _institutions_page(given),
        "rights": render(
            "rights.html",
            READER,
            **frame,
            form=form,
            found=SimpleNamespace(found=1, requests=[request], next_offset=2),
            parsed=parse_time,
        ),
    }
