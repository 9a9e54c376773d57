"""A disclosure in the console, from the request to the delivery: each step by those who may, in the one register."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from pipeline.app.release.release_builds import ReleaseBuilds
from pipeline.app.release.served_releases import ReleaseSettings, ServedReleases
from pipeline.console.application import add_console
from pipeline.domain.disclosure import BuiltFile
from pipeline.domain.role import Role
from pipeline.http_api.application import create_application
from pipeline.http_api.service import Service
from pipeline.record.holds import Holds
from tests.app.people.installations import Office
from tests.console.staffed_city import PEOPLE
from tests.console.visitors import Visitor, Visitors, text_of
from tests.http_api.served_city import GUARD, stores_of
from tests.record.packets import clip, record_declared

OFFICER = PEOPLE[Role.DISCLOSURE_OFFICER]
SECOND = PEOPLE[Role.SECTOR_ADMINISTRATOR]
CASE = "IP 12/2026"
REQUEST = {
    "basis": "police",
    "recipient": "1ª Delegacia",
    "document": "Of. 77/2026",
    "case": CASE,
    "purpose": "prova no inquérito",
    "camera": GUARD[0],
    "start": "2025-06-01T12:00:00Z",
    "end": "2025-06-01T12:00:02Z",
    "style": "fill",
    "place": "Av. Brasil",
}
PAGE = "/console/releases/2026/1"
REPORTS = """
import sys
sys.stdin.buffer.read()
print('{"stage": "detect", "frames": 5, "total": 60}', flush=True)
print('{"warning": "damaged: 3 packets"}', flush=True)
print('%s', flush=True)
"""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of a camera."""
    folder = tmp_path_factory.mktemp("recorded")
    record_declared(folder / "video", clip(folder, 2), camera=GUARD[0])
    return folder / "video"


@pytest.fixture
def service(city: Office, populated: Office, video: Path, tmp_path: Path) -> Iterator[Service]:
    """With the configuration that records, and no certificate."""
    config = tmp_path / "city.yaml"
    config.write_text(
        f"version: 1\ndata_dir: {city.folder / 'data'}\nregister_database: {city.register}\n"
        f"cameras:\n  - {{id: {GUARD[0]}, source: 'rtsp://192.0.2.1/a', scope: public-road}}\n"
        f"record: {{dir: {video}, days: 3650}}\n"
    )
    with city.opened("viapublica") as registry:
        stores = stores_of(city, populated.stores.data_dir)
        settings = ReleaseSettings(config=config, folder=tmp_path / "releases")
        made = Service(register=city.register, registry=registry, stores=stores, release_settings=settings)
        with closing(made) as service:
            yield service
    for hold in Holds(video).all():
        Holds(video).release(hold.hold_id, "test")


@pytest.fixture
def app(service: Service) -> FastAPI:
    return add_console(create_application(service))


def entered(visitors: Visitors, **changed: str) -> Visitor:
    officer = visitors.logged_in(OFFICER)
    officer.open("/console/releases/new")
    reply = officer.send("/console/releases/new", REQUEST | changed)
    assert (reply.status, reply.headers.get("location")) == (303, "/console/releases/2026/000001"), text_of(reply)
    return officer


def declare(officer: Visitor, name: str = "requisi%C3%A7%C3%A3o.pdf", content: bytes = b"%PDF-1.4 assinado") -> Any:
    headers = {"content-type": "application/octet-stream", "x-csrf-token": officer.token, "x-file-name": name}
    return officer.request("POST", f"{PAGE}/document", content, headers | {"hx-request": "true"})


def approved(visitors: Visitors) -> Visitor:
    officer = entered(visitors)
    assert declare(officer).status == 200
    second = visitors.logged_in(SECOND)
    second.open(PAGE)
    assert second.send(f"{PAGE}/approval", case=CASE).status == 303
    return officer


def test_a_request_is_entered_held_and_decided_by_a_second_person(
    visitors: Visitors, video: Path, city: Office
) -> None:
    officer = entered(visitors)
    assert [one.by for one in Holds(video).all()] == ["Guarda.disclosure-officer Souza"]
    text = text_of(officer.open(PAGE))
    assert "sem ela ninguém autoriza" in text
    assert "/approval" not in text
    reply = declare(officer)
    assert reply.headers["hx-redirect"] == "/console/releases/2026/000001"
    text = text_of(officer.open(PAGE))
    assert "requisição.pdf" in text
    assert "quem registrou o pedido não o autoriza" in text

    second = visitors.logged_in(SECOND)
    assert "Autorizar" in text_of(second.open(PAGE))
    copy = second.send(f"{PAGE}/document/copy")
    assert copy.body == b"%PDF-1.4 assinado"
    assert "attachment" in copy.headers["content-disposition"]
    reply = second.send(f"{PAGE}/approval", case="sem processo")
    assert reply.status == 403
    assert "não tem o formato da instituição" in text_of(reply)
    assert second.send(f"{PAGE}/approval", case=CASE).status == 303
    assert "autorizada" in text_of(second.open(PAGE))
    steps = {"request", "declare", "approve"}
    done = [one["details"]["action"] for one in city.audit() if one.get("details", {}).get("entry")]
    assert [one for one in done if one in steps] == ["request", "declare", "approve"]


def test_no_one_approves_their_own_request_or_without_the_role_for_it(visitors: Visitors) -> None:
    officer = entered(visitors)
    declare(officer)
    reply = officer.send(f"{PAGE}/approval", case=CASE)
    assert reply.status == 403
    assert "Ninguém decide sobre o próprio pedido" in text_of(reply)
    other = visitors.logged_in(PEOPLE[Role.DATA_PROTECTION_OFFICER])
    other.open(PAGE)
    reply = other.send(f"{PAGE}/approval", case=CASE)
    assert reply.status == 403
    assert "ão tem função para isso" in text_of(reply)
    assert "pedida" in text_of(other.open(PAGE))


def test_a_refused_request_stays_with_its_reasons(visitors: Visitors) -> None:
    entered(visitors)
    second = visitors.logged_in(SECOND)
    second.open(PAGE)
    assert second.send(f"{PAGE}/refusal", reasons="").status == 403
    assert second.send(f"{PAGE}/refusal", reasons="o período é longo demais").status == 303
    assert "o período é longo demais" in text_of(second.open(PAGE))
    assert "negada" in text_of(second.send("/console/releases", state="refused"))
    assert second.send("/console/releases/sheet", month="2026-11").body[:2] == b"PK"


def test_nothing_is_entered_that_cannot_be_held_or_has_no_case(visitors: Visitors, video: Path) -> None:
    officer = visitors.logged_in(OFFICER)
    officer.open("/console/releases/new")
    for wrong, status in (({"camera": "nowhere"}, 409), ({"case": ""}, 403), ({"basis": "none"}, 422)):
        assert officer.send("/console/releases/new", REQUEST | wrong, htmx=True).status == status
    assert "Nenhuma disponibilização" in text_of(officer.open("/console/releases"))
    assert not Holds(video).all()


@pytest.mark.parametrize("result", ["done", "failed", "silent"])
def test_a_build_runs_in_its_own_process_and_the_page_shows_how_it_ended(
    result: str, visitors: Visitors, service: Service
) -> None:
    officer = approved(visitors)
    assert "Este servidor não produz vídeos" in text_of(officer.open(PAGE))
    assert officer.send(f"{PAGE}/build", case=CASE).status == 409
    line = {"done": '{"done": true}', "failed": '{"text": "is too dark"}', "silent": "{}"}[result]
    settings = replace(service.release_settings, certificate=Path("c.pem"), key=Path("k.pem"))
    builds = ReleaseBuilds([sys.executable, "-c", REPORTS % line])
    object.__setattr__(service, "releases", ServedReleases(service.register, service.stores, settings, builds))
    assert officer.send(f"{PAGE}/build", case=CASE).status == 303
    until = time.monotonic() + 20
    while (state := builds.state("2026/000001")) is not None and state.running and time.monotonic() < until:
        time.sleep(0.02)
    assert state is not None
    assert (state.stage, state.frames, state.total, state.warnings) == ("detect", 5, 60, ("damaged: 3 packets",))
    text = text_of(officer.open(PAGE))
    shown = {"done": "O vídeo está pronto", "failed": "is too dark", "silent": "terminou sem resultado"}[result]
    assert shown in text
    assert ("O vídeo não foi produzido" in text) == (result != "done")
    assert b"event: finished" in officer.get(f"{PAGE}/progress").body


def test_a_file_is_handed_out_as_registered_and_its_delivery_entered(
    visitors: Visitors, service: Service, city: Office
) -> None:
    officer = approved(visitors)
    folder, content = service.releases.folder, b"video"
    digest = hashlib.sha256(content).hexdigest()
    folder.mkdir()
    (folder / "2026-000001.mp4").write_bytes(content)
    (folder / "2026-000001.html").write_text("<p>relatório</p>")
    _register_file(city, service, digest)
    text = text_of(officer.open(PAGE))
    assert "2 detecções restantes" in text
    reply = officer.send(f"{PAGE}/files/{digest}/video", case=CASE)
    assert (reply.status, reply.body) == (200, content), text_of(reply)
    assert 'filename="2026-000001.mp4"' in reply.headers["content-disposition"]
    assert b"relat" in officer.send(f"{PAGE}/files/{digest}/report", case=CASE).body
    assert [one["case"] for one in city.audit() if one.get("details", {}).get("action") == "download"] == [CASE, CASE]
    assert officer.send(f"{PAGE}/files/{digest}/video", case="").status == 403
    (folder / "2026-000001.mp4").write_bytes(b"other")
    assert officer.send(f"{PAGE}/files/{digest}/video", case=CASE).status == 409
    assert officer.send(f"{PAGE}/delivery").status == 303
    assert "entregue" in text_of(officer.open(PAGE))


def _register_file(city: Office, service: Service, digest: str) -> None:
    """As `release build` does, on the command line of the officer."""
    checked = {"residual_detections": 2, "detectors": ["d"], "rounds": 1, "plates": {"read": 0, "tried": 3}}
    with city.opened("viapublica") as registry:
        from pipeline.app.release.camera_conditions import camera_conditions
        from pipeline.app.release.permitted_releases import permitted_register
        from pipeline.app.release.release_source import load_recording
        from pipeline.record.recording_archive import RecordingArchive

        opened = registry.at_work(OFFICER)
        with permitted_register(opened, service.register, service.stores) as (register, _):
            assert service.release_settings.config is not None
            where = load_recording(service.release_settings.config)
            content = register.get("2026/1").request.content
            camera = camera_conditions(where.config, RecordingArchive(where.folder), content)
            approval = register.check_conditions("2026/1", camera)
            policy = {"approval_sha256": approval}
            file = BuiltFile("2026-000001.mp4", digest, 5, checked, policy)
            register.built("2026/1", file, opened.actor.person().name, camera)


def test_the_name_and_the_size_of_a_document_do_no_harm(visitors: Visitors) -> None:
    officer = entered(visitors)
    assert declare(officer, content=b"").status == 422
    assert declare(officer, name="..%2F..%2Fetc%2Fpasswd").status == 200
    assert "passwd" in text_of(officer.open(PAGE))
    headers = {"content-type": "application/octet-stream", "content-length": str(21 << 20)}
    assert officer.request("POST", f"{PAGE}/document", b"x", headers).status == 413
    assert officer.request("POST", "/console/plates", b"x", headers | {"content-length": "1"}).status == 415
    officer.token = "0" * 64
    assert declare(officer).status == 403


def test_the_person_who_began_a_build_is_recognized_until_their_account_ends(city: Office, visitors: Visitors) -> None:
    del visitors
    with city.opened("viapublica") as registry:
        opened = registry.at_work(OFFICER, "requisition", CASE)
        assert opened.actor.recognized().second_factor
        registry.registry.suspend(OFFICER, "teste de suspensão", "bia")
        with pytest.raises(Exception, match="suspended"):
            opened.actor.person()
