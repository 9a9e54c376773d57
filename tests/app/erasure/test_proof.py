"""An erasure is proven by documents that hold no plate; what cannot be proven is not begun."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.anonymize.signing_certificate import create_signing_identity
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.disclosed_video import disclosed_if_registered
from pipeline.app.erasure.erase import Erasure, open_erasure
from pipeline.app.erasure.proof import (
    ErasureProof,
    ProvenErasure,
    erase_with_proof,
    erasure_documents,
    list_erasures,
    refuse_with_proof,
)
from pipeline.app.erasure.repeat import erasures_to_repeat
from pipeline.domain.disclosure import BuiltFile, Content
from pipeline.domain.events import encode
from pipeline.domain.institution import Institution
from pipeline.errors import ReleaseError, SinkError, StoreError
from pipeline.governance.register import Register
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.sink.spool.spool import Spool
from pipeline.store.erasure_selection import Selection
from tests.app.erasure.test_erase import files_with
from tests.event_samples import plate_read
from tests.governance.entries import request, signed

PLATE = Selection.of("ABC1234", (), None, None)


@pytest.fixture
def stores(tmp_path: Path) -> ConfiguredStores:
    """A spool with one read of the plate, in its other form."""
    with contextlib.closing(Spool("store", tmp_path / "data" / "spool" / "store", SpoolSettings())) as spool:
        spool.append([encode(plate_read(1, plate="ABC1C34")), encode(plate_read(2))])
    return ConfiguredStores(tmp_path / "data", ())


def erased(stores: ConfiguredStores, proof: ErasureProof) -> ProvenErasure:
    with open_erasure(PLATE, stores) as erasure:
        return erase_with_proof(erasure, proof)


def test_the_proof_is_numbered_signed_and_holds_no_plate(stores: ConfiguredStores, tmp_path: Path) -> None:
    certificate, key, _ = create_signing_identity("SSP-MT", tmp_path / "id")
    register, ours = str(tmp_path / "office" / "register.db"), Institution("SSP-MT")
    proof = ErasureProof(register, "ana", "pedido 17", certificate, key, ours)
    done = erased(stores, proof)
    assert done.number.endswith("/000001")
    assert sorted(path.suffix for path in done.documents) == [".html", ".json", ".p7s"]
    document = json.loads(done.documents[0].read_bytes())
    assert sum(one["number"] for one in document["result"]["erased"]) == 1
    assert len(document["request"]["fingerprint"]) == 64
    assert files_with("ABC1234", tmp_path) == [], "neither in the data nor in the register and its documents"
    (record,) = list_erasures(proof.register)
    assert (record.number, bool(record.signature)) == (done.number, True)
    again = erasure_documents(proof.register, done.number, tmp_path / "again", Institution("SSP-MT"), None)
    assert [path.read_bytes() for path in again if path.suffix == ".json"] == [done.documents[0].read_bytes()]


def test_one_vehicle_has_one_code_and_no_other_has_it(stores: ConfiguredStores, tmp_path: Path) -> None:
    proof = ErasureProof(str(tmp_path / "register.db"), "ana")
    erased(stores, proof)
    erased(stores, proof)
    with open_erasure(Selection.of("ABC1D34", (), None, None), stores) as erasure:
        erase_with_proof(erasure, proof)
    first, second, other = (one.request["fingerprint"] for one in list_erasures(proof.register))
    assert first == second != other


@pytest.mark.parametrize("text", ["pedido sobre EEE-1E11", "ana fff1234", "the A.B.C. 1 2 3 4", "ABC1C34", "xyz 9a99"])
@pytest.mark.parametrize("where", ["by", "reason"])
def test_neither_register_nor_proof_takes_a_plate_in_words(
    stores: ConfiguredStores, tmp_path: Path, where: str, text: str
) -> None:
    register = tmp_path / "office" / "register.db"
    by, reason = (text, "") if where == "by" else ("ana", text)
    with pytest.raises(StoreError, match="names a plate"):
        erased(stores, ErasureProof(str(register), by, reason))
    assert not register.exists()
    assert files_with("ABC1C34", tmp_path), "nothing was erased"


def test_numbers_of_requests_are_no_plates(stores: ConfiguredStores, tmp_path: Path) -> None:
    reason = "SEI 2026/123, Processo 0001234-56.2026.8.11.0001, Lei 13.709/2018 art. 18, set 2026"
    assert erased(stores, ErasureProof(str(tmp_path / "office" / "register.db"), "Ana Lima 2", reason)).number


def test_nothing_is_erased_when_it_cannot_be_proven(stores: ConfiguredStores, tmp_path: Path) -> None:
    missing = ErasureProof(str(tmp_path / "r.db"), "ana", certificate=tmp_path / "none.pem", key=tmp_path / "none.key")
    with pytest.raises(ReleaseError, match=r"none\.pem"):
        erased(stores, missing)
    with pytest.raises(ReleaseError, match="needs a certificate and its key"):
        erased(stores, ErasureProof(str(tmp_path / "r.db"), "ana", key=tmp_path / "none.key"))
    (tmp_path / "r.db").write_text("another program's file, certainly no database")
    with pytest.raises(ReleaseError, match="not a register"):
        erased(stores, ErasureProof(str(tmp_path / "r.db"), "ana"))
    assert files_with("ABC1234", tmp_path) != []


def test_a_failed_erasure_stays_in_the_register_as_not_finished(
    stores: ConfiguredStores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise SinkError("spool", "the disk went away")

    monkeypatch.setattr(Erasure, "erase", failing)
    proof = ErasureProof(str(tmp_path / "register.db"), "ana")
    with pytest.raises(SinkError, match="went away"):
        erased(stores, proof)
    (record,) = list_erasures(proof.register)
    assert record.finished_ms is None
    with pytest.raises(ReleaseError, match="begun and not finished"):
        erasure_documents(proof.register, record.number, tmp_path / "out", Institution(), None)


@pytest.mark.parametrize("selection", [PLATE, Selection.of(None, ["cam-1"], 0, 4_000_000_000_000)])
def test_disclosures_of_what_is_erased_are_named(
    selection: Selection, stores: ConfiguredStores, tmp_path: Path
) -> None:
    proof = ErasureProof(str(tmp_path / "register.db"), "ana")
    seen = plate_read(1)
    there = Content(seen.camera_id, seen.first_ts_ms - 60_000, seen.ts_ms + 60_000)
    with Register(proof.register) as register:
        for content in (there, replace(there, camera_id="elsewhere"), replace(there, end_ms=seen.first_ts_ms - 9000)):
            number = register.request(replace(request(), content=content), signed(tmp_path)).number
            register.approve(number, "Beatriz Lima")
            register.built(number, BuiltFile(f"{content.camera_id}.mp4", "ab" * 32, 8), "Carla")
    with open_erasure(selection, stores) as erasure:
        erasure.preview()
        before = disclosed_if_registered(proof.register, erasure.views)
        done = erase_with_proof(erasure, proof)
    assert before == list(done.disclosed), "a dry run names the same"
    assert disclosed_if_registered(str(tmp_path / "none.db"), erasure.views) == []
    (note,) = done.disclosed if selection.key else done.disclosed[:1]
    assert f"/000001 of {seen.camera_id} (redacted video: {seen.camera_id}.mp4), not delivered" in note
    page = done.documents[1].read_text(encoding="utf-8")
    assert ("/000001 da câmera" in page) != bool(selection.key), "where a vehicle was seen is not in the document"
    assert not any("elsewhere" in one for one in done.disclosed)


def test_a_refused_request_is_proven_and_erases_nothing(stores: ConfiguredStores, tmp_path: Path) -> None:
    proof = ErasureProof(str(tmp_path / "office" / "register.db"), "ana", "pedido 17/2026")
    done = refuse_with_proof(PLATE, stores, proof, "investigação em curso")
    assert [path.suffix for path in done.documents] == [".json", ".html"]
    assert files_with("ABC1C34", stores.data_dir), "the read is still there"
    assert files_with("ABC1234", tmp_path / "office") == [], "and no document names it"
    (record,) = list_erasures(proof.register)
    assert record.grounds == "investigação em curso"
    assert erasures_to_repeat(stores, proof.register).selections == []
    for grounds in ("a placa ABC1234", "a placa abc 1c34"):
        with pytest.raises(StoreError, match="grounds of the refusal: names a plate"):
            refuse_with_proof(PLATE, stores, proof, grounds)
