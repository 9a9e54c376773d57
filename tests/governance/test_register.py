"""From the request to the file that left, and what stops it on the way."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.domain.disclosure import Content, DisclosureState, LegalBasis, Role
from pipeline.errors import PolicyError, ReleaseError, ViapublicaError
from pipeline.governance.register import Register
from tests.governance.entries import REGION, SHA, StoppedClock, approved, built_file, ms, request, signed
from tests.project.places import ROOT


def test_a_request_gets_the_next_number_of_its_year(register: Register, clock: StoppedClock) -> None:
    assert [register.request(request()).number for _ in range(2)] == ["2026/000001", "2026/000002"]
    clock.now_ms = ms("2026-12-31T23:59-03:00")  # in UTC it is 2027 already
    assert register.request(request()).number == "2026/000003"
    clock.now_ms = ms("2027-01-01T00:00-03:00")
    assert register.request(request()).number == "2027/000001"


def test_all_entered_values_are_stored(register: Register, path: Path, tmp_path: Path, clock: StoppedClock) -> None:
    made = register.request(request(), signed(tmp_path))
    assert made.request == request()
    assert made.state is DisclosureState.REQUESTED
    assert made.requested_ms == clock.now_ms
    with Register(path, clock, create=False) as again:
        assert again.get("nº 2026/1") == again.get("2026-000001") == made


@pytest.mark.parametrize("basis", list(LegalBasis))
def test_no_basis_is_approved_without_the_recipients_document(register: Register, basis: LegalBasis) -> None:
    number = register.request(replace(request(), basis=basis)).number
    authority = basis in {LegalBasis.JUDICIARY, LegalBasis.PUBLIC_MINISTRY, LegalBasis.POLICE}
    words = r"requisition of 12ª Vara .*art\. 9\)" if authority else r"declaration of 12ª Vara .*art\. 10 §3.*private"
    with pytest.raises(PolicyError, match=rf"the {words if authority else 'signed ' + words}.*declare {number}"):
        register.approve(number, "Beatriz Lima")
    with pytest.raises(PolicyError, match=rf"is not approved: the {basis.document} of 12ª Vara .* is missing"):
        register.may_build(number)
    assert register.get(number).state is DisclosureState.REQUESTED, "nothing is lost"
    assert [entry.action for entry in register.journal()] == ["request"]


@pytest.mark.parametrize("by", ["Ana Souza", "ana souza", "  ANA  Souza ", "Ａna Souza"])
def test_the_author_of_a_request_cannot_approve_it(register: Register, tmp_path: Path, by: str) -> None:
    number = register.request(request(), signed(tmp_path)).number
    with pytest.raises(PolicyError, match="cannot also approve it"):
        register.approve(number, by)
    with pytest.raises(PolicyError, match="is not approved"):
        register.may_build(number)
    assert register.approve(number, "Beatriz Lima").decided_by == "Beatriz Lima"


def test_a_refusal_has_reasons_is_stored_and_is_final(register: Register, tmp_path: Path) -> None:
    number = register.request(request(), signed(tmp_path)).number
    for nothing in ("", " \n"):
        with pytest.raises(PolicyError, match="a refusal needs reasons"):
            register.refuse(number, "Beatriz Lima", nothing)
    refused = register.refuse(number, "Beatriz Lima", " longer than needed ")
    assert (refused.state, refused.reasons) == (DisclosureState.REFUSED, "longer than needed")
    for forbidden in (
        lambda: register.approve(number, "Carla"),
        lambda: register.refuse(number, "Carla", "again"),
        lambda: register.declare(number, signed(tmp_path), "Carla"),
        lambda: register.may_build(number),
        lambda: register.built(number, built_file(), "Carla"),
        lambda: register.delivered(number, "Carla"),
        lambda: register.request_exemption(number, REGION, "why", "Carla"),
    ):
        with pytest.raises(PolicyError, match=r"was (already )?refused by Beatriz Lima"):
            forbidden()
    assert register.list(DisclosureState.REFUSED) == (register.get(number),) == (refused,)


def test_an_approval_can_be_withdrawn_before_the_delivery(register: Register, tmp_path: Path) -> None:
    number = approved(register, tmp_path).number
    register.built(number, built_file(), "Ana Souza")
    with pytest.raises(PolicyError, match="needs reasons"):
        register.refuse(number, "Carla", " ")
    withdrawn = register.refuse(number, "Carla", "the wrong camera")
    assert withdrawn.state is DisclosureState.REFUSED
    with pytest.raises(PolicyError, match="was refused by Carla: the wrong camera"):
        register.may_build(number)
    assert register.find_by_hash(SHA)[0].disclosure.number == number, "the built file is still found"
    assert [entry.action for entry in register.journal(number)] == ["request", "approve", "build", "withdraw"]
    assert register.check_journal() is None
    other = approved(register, tmp_path).number
    register.built(other, built_file("ef" * 32), "Ana Souza")
    register.delivered(other, "Ana Souza")
    with pytest.raises(PolicyError, match="already"):
        register.refuse(other, "Carla", "too late")


def test_the_declaration_is_copied_for_this_user_only(register: Register, tmp_path: Path) -> None:
    paper = signed(tmp_path)
    number = register.request(request()).number
    stored = register.declare(number, paper, "Ana Souza").declaration
    assert stored is not None
    paper.unlink()
    copy = register.declarations / stored.stored_as
    assert copy.read_text() == "declaro"
    assert stored.sha256 == hashlib.sha256(b"declaro").hexdigest()
    assert (stored.name, stored.size_bytes) == ("declaração.pdf", 7)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.parent.stat().st_mode & 0o777 == 0o700
    newer = register.declare(number, signed(tmp_path, "declaro outra vez"), "Ana Souza").declaration
    assert newer is not None
    assert newer.sha256 != stored.sha256
    assert copy.is_file(), "the superseded file stays"


def test_an_unreadable_declaration_enters_nothing(register: Register, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pdf"
    empty.touch()
    for bad, words in (
        (tmp_path / "none.pdf", "cannot be read"),
        (empty, "is empty"),
        (tmp_path, "not a regular"),
    ):
        with pytest.raises(ReleaseError, match=words):
            register.request(request(), bad)
    with pytest.raises(ReleaseError, match="is not in the register"):
        register.declare("2026/9", signed(tmp_path), "Ana Souza")
    assert register.list() == ()
    assert list(register.declarations.glob("*")) == [], "no copy is left either"


def test_every_file_ever_built_is_found_by_its_hash(register: Register, tmp_path: Path, clock: StoppedClock) -> None:
    source = Content(file_name="street.mp4", file_sha256="cd" * 32)
    number = register.request(request(content=source), signed(tmp_path)).number
    register.approve(number, "Beatriz Lima")
    assert register.may_build(number).request.content == source
    register.built(number, built_file(), "Carla")
    clock.now_ms += 1000
    done = register.built(number, built_file("ef" * 32, "again.mp4"), "Carla", rebuild="cut")
    assert [file.name for file in done.files] == ["release.mp4", "again.mp4"]
    assert done.files[1].built_ms == clock.now_ms
    assert done.files[0].verification == {"residual_detections": 0, "per_minute": [0.0, 1.5]}
    assert done.declaration is not None
    found = {
        SHA.upper(): Role.BUILT,
        "ef" * 32: Role.BUILT,
        "cd" * 32: Role.SOURCE,
        done.declaration.sha256: Role.DECLARATION,
    }
    for digest, role in found.items():
        assert [(match.role, match.disclosure) for match in register.find_by_hash(digest)] == [(role, done)]
    assert register.find_by_hash("0" * 64) == ()
    with pytest.raises(ReleaseError, match="is not a SHA-256"):
        register.find_by_hash("abc")


def test_delivery_needs_a_file_and_a_new_file_is_delivered_again(register: Register, tmp_path: Path) -> None:
    number = approved(register, tmp_path).number
    with pytest.raises(PolicyError, match="has no file yet"):
        register.delivered(number, "Carla")
    register.built(number, built_file(), "Carla")
    assert register.delivered(number, "Carla").state is DisclosureState.DELIVERED
    first_ms = register.get(number).delivered_ms
    assert register.built(number, built_file("ef" * 32), "Carla", rebuild="lost").state is DisclosureState.BUILT
    with pytest.raises(PolicyError, match="was already approved"):
        register.refuse(number, "Bia", "what was handed over stays handed over")
    assert register.delivered(number, "Carla").delivered_ms == first_ms, "the month in which it left stays"


def test_an_exemption_needs_two_persons(register: Register, tmp_path: Path) -> None:
    number = approved(register, tmp_path).number
    region = REGION
    requested = register.request_exemption(number, region, "the statue is not a person", "Ana Souza")
    assert register.confirmed_exemptions(number) == ()
    with pytest.raises(PolicyError, match="was requested by Ana Souza"):
        register.confirm_exemption(number, requested.exemption_id, "ana  SOUZA")
    with pytest.raises(ReleaseError, match=f"exemption 99: does not belong to .* It has: {requested.exemption_id}"):
        register.confirm_exemption(number, 99, "Carla")
    register.exemption_shown(number, requested.exemption_id, b"png", "Carla")
    register.confirm_exemption(number, requested.exemption_id, "Carla")
    (confirmed,) = register.confirmed_exemptions(number)
    assert (confirmed.region, confirmed.requested_by, confirmed.confirmed_by) == (region, "Ana Souza", "Carla")
    with pytest.raises(PolicyError, match="was already confirmed by Carla"):
        register.confirm_exemption(number, requested.exemption_id, "Dora")
    with pytest.raises(PolicyError, match="needs reasons"):
        register.request_exemption(number, region, " ", "Ana Souza")
    actions = [entry.action for entry in register.journal(number)]
    assert actions[-3:] == ["request-exemption", "show-exemption", "confirm-exemption"]


def test_an_image_made_by_the_requester_or_the_builder_confirms_nothing(register: Register, tmp_path: Path) -> None:
    number = approved(register, tmp_path).number
    register.built(number, built_file(), "Dora Melo")
    exemption = register.request_exemption(number, REGION, "a statue", "Ana Souza").exemption_id
    register.exemption_shown(number, exemption, b"png", "Ana Souza")
    with pytest.raises(PolicyError, match=r"was shown only to Ana Souza, who requested it.*--by 'Bruno Reis'"):
        register.confirm_exemption(number, exemption, "Bruno Reis")
    register.exemption_shown(number, exemption, b"png", "ana souza")
    with pytest.raises(PolicyError, match="was shown only to ana souza"):
        register.confirm_exemption(number, exemption, "Bruno Reis")
    register.exemption_shown(number, exemption, b"png", "Dora Melo")
    with pytest.raises(PolicyError, match="was shown only to Dora Melo, who built a file of disclosure 2026/000001"):
        register.confirm_exemption(number, exemption, "Bruno Reis")
    assert register.confirmed_exemptions(number) == ()
    register.exemption_shown(number, exemption, b"png", "Bruno Reis")
    assert register.confirm_exemption(number, exemption, "Bruno Reis").confirmed_by == "Bruno Reis"


def test_an_image_made_by_a_third_person_may_be_confirmed(register: Register, tmp_path: Path) -> None:
    number = approved(register, tmp_path).number
    exemption = register.request_exemption(number, REGION, "a statue", "Ana Souza").exemption_id
    register.exemption_shown(number, exemption, b"png", "Elisa Prado")
    assert register.confirm_exemption(number, exemption, "Bruno Reis").confirmed_by == "Bruno Reis"


def test_an_exemption_is_confirmed_by_its_unchanged_image_only(register: Register, tmp_path: Path) -> None:
    number = approved(register, tmp_path).number
    first, second = (register.request_exemption(number, REGION, why, "Ana Souza").exemption_id for why in ("a", "b"))
    register.exemption_shown(number, first, b"png of the first", "Carla")
    with pytest.raises(PolicyError, match=r"was shown in no image.*show-exemption 2026/000001 2"):
        register.confirm_exemption(number, second, "Carla")
    image = register.exemption_shown(number, second, b"png", "Carla")
    assert image == register.exemption_images_of(register.get(number))[second]
    assert (image.stat().st_mode & 0o777, image.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    image.write_bytes(b"another")
    with pytest.raises(PolicyError, match="is missing or was changed"):
        register.confirm_exemption(number, second, "Carla")
    image.unlink()
    with pytest.raises(PolicyError, match="is missing or was changed"):
        register.confirm_exemption(number, second, "Carla")
    register.exemption_shown(number, second, b"newer", "Carla")
    register.confirm_exemption(number, second, "Carla")
    shown = register.journal(number)[-1].details["change"]["image_sha256"]
    assert shown == hashlib.sha256(b"newer").hexdigest()
    assert register.check_journal() is None
    register.refuse(number, "Bia", "not now")
    assert list(register.exemption_images.iterdir()) == [], "no image outlives the request"


def test_an_unknown_number_suggests_similar_ones(register: Register) -> None:
    for _ in range(3):
        register.request(request())
    with pytest.raises(ReleaseError, match=r"disclosure 2026/000004: .*Did you mean 2026/000003"):
        register.get("2026/4")
    with pytest.raises(ReleaseError, match="is not the number of a disclosure"):
        register.get("twelve")


def test_lists_are_by_state_and_month(register: Register, tmp_path: Path, clock: StoppedClock) -> None:
    clock.now_ms = ms("2026-10-31T23:59:59-03:00")  # November in UTC
    old = register.request(request(), signed(tmp_path)).number
    clock.now_ms = ms("2026-11-01T00:00:00-03:00")
    new = register.request(request()).number
    assert [one.number for one in register.list(month="2026-10")] == [old]
    assert [one.number for one in register.list(month="2026-11")] == [new]
    register.approve(old, "Beatriz Lima")
    assert [one.number for one in register.list(month="2026-11")] == [old, new], "decided in it"
    assert [one.number for one in register.list(DisclosureState.APPROVED)] == [old]
    clock.now_ms = ms("2026-12-05T00:00:00-03:00")
    register.built(old, built_file(), "Carla")
    assert [one.number for one in register.list(month="2026-12")] == [old], "built in it"
    for bad in ("2026-13", "11/2026", "", "2026-1"):
        with pytest.raises(ViapublicaError, match="such as 2026-11"):
            register.list(month=bad)


_ASKS = """
import sys
from pipeline.governance.register import Register
from tests.governance.entries import request
for _ in range(10):
    with Register(sys.argv[1]) as register:
        print(register.request(request()).number)
"""


def _process(*words: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.Popen(
        [sys.executable, "-uc", *words], stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
    )


def test_two_processes_never_get_the_same_number(tmp_path: Path) -> None:
    path = tmp_path / "register.db"  # created by the faster process
    running = [_process(_ASKS, str(path)) for _ in range(2)]
    numbers = [line for process in running for line in process.communicate(timeout=60)[0].split()]
    assert [process.returncode for process in running] == [0, 0]
    assert len(numbers) == len(set(numbers)) == 20
    with Register(path) as register:
        assert sorted(numbers) == [one.number for one in register.list()]
        assert register.check_journal() is None


def test_a_killed_process_loses_no_reported_number(tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    running = _process(_ASKS.replace("range(10)", "range(10_000)"), str(path))
    assert running.stdout is not None
    reported = [running.stdout.readline().strip() for _ in range(3)]
    running.kill()
    reported += running.communicate(timeout=60)[0].split()
    with Register(path) as register:
        stored = [one.number for one in register.list()]
        assert stored[: len(reported)] == reported
        assert register.check_journal() is None
        assert register.request(request()).number not in stored
