"""Erasures are numbered, proven by a signed document and chained into the journal; nothing of them can be changed."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.anonymize.signing_certificate import create_signing_identity, load_signing_identity
from pipeline.domain.erasure import (
    ErasedNumber,
    ErasureRequest,
    ErasureResult,
    EventNumbers,
    LeftNote,
    read_erasure_number,
)
from pipeline.domain.institution import Institution
from pipeline.errors import PolicyError, ReleaseError
from pipeline.governance.document_signature import sign_document
from pipeline.governance.erasure_register import ErasureRegister
from pipeline.governance.erasure_sheet import render_erasure
from pipeline.governance.register import Register
from tests.governance.entries import SAO_PAULO, StoppedClock, ms, request

VEHICLE = ErasureRequest(
    "Ana Souza", "pedido 17/2026 <art. 19>", "ab" * 32, ("av-brasil-900",), None, ms("2026-11-22T09:00Z")
)
RESULT = ErasureResult(
    (ErasedNumber("table", "events", "plate_reads", 2, 0), ErasedNumber("video", "recorded", "av-brasil-900", 3, 0)),
    (LeftNote("held", "Preservado pela retenção 0c5f"),),
    (LeftNote("copies", "Cópias de segurança"),),
    EventNumbers({"track": 3, "plate_read": 1, "corrupt_record": 1}, 4),
)


@pytest.fixture
def erasures(path: Path, clock: StoppedClock) -> Iterator[ErasureRegister]:
    with ErasureRegister(path, clock, zone=SAO_PAULO) as opened:
        yield opened


def test_what_holds_preserve_and_the_times_of_whole_files_are_in_the_table(erasures: ErasureRegister) -> None:
    span = (ms("2026-11-22T22:51:49-03:00"), ms("2026-11-22T22:52:49-03:00"))
    number = erasures.begin(VEHICLE)
    held = ErasedNumber("video", "recorded", "av-brasil-900", 1, 0, 2, (span,))
    document = render_erasure(erasures.finish(number, ErasureResult((held,))), Institution(), "", SAO_PAULO)
    assert "<td>2 preservados</td>" in document
    assert "22/11/2026 22:51:49" in document
    assert "22/11/2026 22:52:49" in document


def test_each_year_counts_from_one_in_the_zone_of_the_institution(
    erasures: ErasureRegister, clock: StoppedClock
) -> None:
    assert [erasures.begin(VEHICLE) for _ in range(2)] == ["E2026/000001", "E2026/000002"]
    clock.now_ms = ms("2026-12-31T23:59-03:00")
    assert erasures.begin(VEHICLE) == "E2026/000003"
    clock.now_ms = ms("2027-01-01T00:00-03:00")
    assert erasures.begin(VEHICLE) == "E2027/000001"
    assert [one.number for one in erasures.list()][-1] == "E2027/000001"


def test_one_that_was_not_finished_stays_visible(erasures: ErasureRegister, path: Path) -> None:
    number = erasures.begin(VEHICLE)
    assert erasures.get(number).finished_ms is None
    with Register(path, zone=SAO_PAULO) as register:
        assert register.check_journal() is None


def test_the_document_says_what_was_erased_and_is_finished_once(erasures: ErasureRegister) -> None:
    number = erasures.begin(VEHICLE)
    record = erasures.finish(number, RESULT)
    document = json.loads(record.document)
    assert (document["number"], document["request"]["by"], record.signature) == (number, "Ana Souza", b"")
    assert [one["number"] for one in document["result"]["erased"]] == [2, 3]
    assert document["result"]["events"] == {
        "by_kind": {"corrupt_record": 1, "plate_read": 1, "track": 3},
        "places": 4,
    }
    assert erasures.get("e2026-000001") == record
    with pytest.raises(ReleaseError, match="finished already"):
        erasures.finish(number, RESULT)
    with pytest.raises(ReleaseError, match=r"erasure 'E2026/9': is not in the register"):
        erasures.get("E2026/9")
    with pytest.raises(PolicyError):
        erasures.begin(ErasureRequest(" "))


def test_the_journal_holds_both_steps_and_finds_every_change(erasures: ErasureRegister, path: Path) -> None:
    erasures.finish(erasures.begin(VEHICLE), RESULT)
    with Register(path, zone=SAO_PAULO) as register:
        register.request(request())
        assert [entry.action for entry in register.journal()] == ["begin-erasure", "finish-erasure", "request"]
        assert register.check_journal() is None
    with sqlite3.connect(path) as database:
        database.execute("UPDATE erasures SET document = replace(document, '\"number\":2', '\"number\":9')")
        with pytest.raises(sqlite3.IntegrityError, match="never altered"):
            database.execute("DELETE FROM erasures")
    database.close()
    with Register(path, zone=SAO_PAULO) as register:
        broken = register.check_journal()
    assert broken is not None
    assert (broken.number, broken.problem) == ("E2026/000001", "its erasure was changed outside the journal")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_any_cms_tool_checks_the_signature(erasures: ErasureRegister, tmp_path: Path) -> None:
    certificate, key, authority = create_signing_identity("SSP-MT", tmp_path / "id")
    identity = load_signing_identity(certificate, key)
    record = erasures.finish(
        erasures.begin(VEHICLE), RESULT, lambda document: sign_document(document, identity.chain_pem, identity.key_pem)
    )
    (tmp_path / "proof.p7s").write_bytes(record.signature)

    def verify(document: str) -> int:
        (tmp_path / "proof.json").write_bytes(document.encode())
        words: list[str | Path] = [
            "openssl",
            "cms",
            "-verify",
            "-inform",
            "DER",
            "-in",
            tmp_path / "proof.p7s",
            "-purpose",
            "any",
        ]
        words += ["-content", tmp_path / "proof.json", "-binary", "-CAfile", authority, "-out", tmp_path / "out"]
        return subprocess.run(words, capture_output=True, check=False).returncode

    assert verify(record.document) == 0
    assert verify(record.document.replace("E2026", "E2027")) != 0


def test_the_page_is_portuguese_escaped_and_holds_no_plate(erasures: ErasureRegister) -> None:
    page = render_erasure(erasures.finish(erasures.begin(VEHICLE), RESULT), Institution("SSP-MT"), "", SAO_PAULO)
    for text in [
        "Termo de eliminação de dados nº E2026/000001",
        "pedido 17/2026 &lt;art. 19&gt;",
        "um veículo; a placa não consta deste termo",
        "até 22/11/2026 06:00:00 (UTC-03:00)",
        "Preservado pela retenção 0c5f",
        "Cópias de segurança",
        "vídeo gravado (arquivos)",
        "1 leitura de placa, 3 trajetos, 1 registro corrompido, em 4 locais",
    ]:
        assert text in page
    assert "<script" not in page
    assert "http" not in page


def test_the_page_cites_the_law_of_erasures_not_that_of_disclosures(erasures: ErasureRegister) -> None:
    record = erasures.finish(erasures.begin(VEHICLE), RESULT)
    ours = Institution("Prefeitura de Cuiabá", "Lei nº 11.766/2022 (Mato Grosso)")
    page = render_erasure(record, ours, "", SAO_PAULO)
    assert "Fundamento legal: Lei nº 13.709/2018 (LGPD), arts. 15, 16 e 18, IV.<" in page
    assert "11.766" not in page
    assert "18.743" not in page


def test_the_page_shows_no_folder_of_the_machine_and_names_tables_in_portuguese(erasures: ErasureRegister) -> None:
    one = ErasedNumber("table", "/var/lib/viapublica/data/events", "plate_reads", 2, 0)
    record = erasures.finish(erasures.begin(ErasureRequest("Ana")), ErasureResult((one,)))
    page = render_erasure(record, Institution(), "", SAO_PAULO)
    assert "<td>leituras de placa</td><td>events</td>" in page
    assert "/var/lib" not in page
    assert "todo o período armazenado" in page


def test_a_refused_request_is_entered_with_its_grounds_and_erases_nothing(
    erasures: ErasureRegister, path: Path
) -> None:
    refused = erasures.refuse(VEHICLE, " Investigação em curso: inquérito <3/2026>. ")
    assert (refused.number, refused.grounds) == ("E2026/000001", "Investigação em curso: inquérito <3/2026>.")
    assert json.loads(refused.document)["document"] == "viapublica refused erasure"
    assert erasures.begin(VEHICLE) == "E2026/000002"
    with Register(path, zone=SAO_PAULO) as register:
        assert [entry.action for entry in register.journal()] == ["refuse-erasure", "begin-erasure"]
        assert register.check_journal() is None
    with pytest.raises(ReleaseError, match="finished already"):
        erasures.finish(refused.number, RESULT)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE erasures SET grounds = 'others' WHERE number = 'E2026/000001'")
    database.close()
    with Register(path, zone=SAO_PAULO) as register:
        assert register.check_journal() is not None, "grounds are part of what the journal proves"
    with pytest.raises(ReleaseError, match="grounds of the refusal: are missing"):
        erasures.refuse(VEHICLE, " ")


def test_the_page_of_a_refused_request_states_its_grounds(erasures: ErasureRegister) -> None:
    record = erasures.refuse(VEHICLE, "Investigação em curso: inquérito <3/2026>.")
    page = render_erasure(record, Institution("SSP-MT"), "", SAO_PAULO)
    for text in [
        "Indeferimento de pedido de eliminação de dados nº E2026/000001",
        "Nenhum dado foi eliminado.",
        "pedido 17/2026 &lt;art. 19&gt;",
        "um veículo; a placa não consta deste indeferimento",
        "Fundamento legal: Lei nº 13.709/2018 (LGPD), art. 18, § 4º, II.",
        "Investigação em curso: inquérito &lt;3/2026&gt;.",
    ]:
        assert text in page


@pytest.mark.parametrize("text", ["E2026/1", "e2026-000001", " 2026/1 ", "E2026/000001"])
def test_numbers_of_erasures_may_be_short(text: str) -> None:
    assert read_erasure_number(text) == "E2026/000001"
    assert read_erasure_number("nothing") == "nothing"
