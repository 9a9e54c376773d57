"""`viapublica requests`, from the intake to the letter, on a store, a spool, files and recorded video."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.audit.record_search import RecordQuestion, search_records
from pipeline.storage.export_log import ExportLog
from tests.app.erasure.test_discard import stores
from tests.app.erasure.test_erase import files_with
from tests.cli.commands import viapublica_here

__all__ = ["stores"]

WHO = ("--person", "Maria Lima", "--contact", "maria@example.org", "--identity", "document", "--identity", "vehicle")
SPAN = ("--from", "2025-06-01T12:00:01.500Z", "--to", "2025-06-01T12:00:02.500Z")
PLACE = ("--camera", "cam-1", "--place", "Avenida Brasil, 900", "--characteristics", "automóvel prata")


class Office:
    """Runs `viapublica requests` on an installation."""

    def __init__(self, data: Path) -> None:
        self.data, self.letters = data, data.parent / "letters"
        self.letters.mkdir()
        plates = {"own": "qqq-1q11", "other": "JJJ2J22"}
        for name, plate in plates.items():
            (data.parent / f"{name}.txt").write_text(plate)
        self.config = data.parent / "city.yaml"
        self.config.write_text(
            f"institution: Prefeitura de Exemplo\nzone: America/Sao_Paulo\ndata_dir: {data}\n"
            f"record: {{dir: {data / 'video'}}}\nobservability: {{preview: {{dir: {data / 'previews'}}}}}\n"
            "retention: {plate_reads: null, tracks: null}\nrequests: {answer_days: 5}\n"
            "sinks: [{type: chdb, name: store}, {type: jsonl, name: lines, path: lines.jsonl}]\n"
            "cameras:\n- {id: cam-1, source: 'rtsp://camera/1', scope: public-road, name: Avenida Brasil}\n"
            "- {id: cam-2, source: 'rtsp://other/2', scope: public-road}\n"
        )

    def plate(self, name: str) -> tuple[str, str]:
        return "--plate", f"@{self.data.parent / name}.txt"

    def run(self, *words: str) -> tuple[int, str, str]:
        register = ("--register", str(self.data.parent / "register.db"))
        done = viapublica_here("requests", *words, "--config", str(self.config), *register)
        return done.returncode, done.stdout, done.stderr

    def json(self, *words: str) -> Any:
        status, shown, errors = self.run(*words, "--json")
        assert status == 0, errors
        return json.loads(shown)

    def receive(self, kind: str, *words: str) -> Any:
        return self.json("receive", kind, *WHO, *SPAN, *PLACE, "--by", "Ana Souza", *words)


@pytest.fixture
def office(stores: ConfiguredStores) -> Office:
    return Office(stores.data_dir)


def test_a_granted_erasure_is_proven_answered_by_letter_and_leaves_no_byte_of_the_plate(office: Office) -> None:
    letters = ("--letter", str(office.letters))
    received = office.receive("erasure", *office.plate("own"), *letters)
    number = received["number"]
    assert (received["due_ms"] - received["received_ms"], received["request"]["vehicle"]) == (5 * 86_400_000, True)
    found = office.json("search", number, *office.plate("own"))
    assert [one["camera"] for one in found["reads"]] == ["cam-1"]
    assert found["video_files"] == {"cam-1": 2}
    assert len(files_with("QQQ1Q11", office.data)) >= 4
    decision = ("--reason", "sem relação com as finalidades do sistema", "--by", "Beatriz Lima", "--yes")
    assert (
        "was received with another plate"
        in office.run("decide", number, "granted", *decision, *office.plate("other"))[2]
    )
    decided = office.json("decide", number, "granted", *decision, *office.plate("own"), *letters)
    assert (decided["decision"], decided["erasure"]) == ("granted", decided["erasure"])
    assert decided["erasure"].startswith("E")
    assert files_with("QQQ1Q11", office.data.parent / "letters") == files_with("QQQ1Q11", office.data) == []
    assert len(files_with("JJJ2J22", office.data)) >= 4
    assert sorted(path.name for path in office.letters.iterdir()) == [
        f"{number.replace('/', '-')}-{what}.pdf" for what in ("decisao", "recebimento")
    ]
    assert "is granted already" in office.run("decide", number, "refused", *decision)[2]


def test_an_access_states_what_is_stored_outside_the_data_folder_and_is_an_export(office: Office) -> None:
    number = office.receive("access", *office.plate("own"))["number"]
    decision = ("--reason", "titularidade comprovada", "--by", "Beatriz Lima", "--yes")
    assert office.json("decide", number, "granted", *decision)["erasure"] == ""
    inside = office.run("letter", number, "--out", str(office.data), *office.plate("own"))
    assert "is in the data folder" in inside[2]
    written = office.json("letter", number, "--out", str(office.letters), *office.plate("own"))["file"]
    assert Path(written).read_bytes().startswith(b"%PDF")
    assert [one.path for one in ExportLog(office.data).all()] == [str(Path(written).resolve())]
    audited = search_records(office.data / "audit", RecordQuestion())
    found = [one for one in audited if one["operation"] in {"subject-request", "plate-query", "export"}]
    actions = [one["details"].get("action", one["operation"]) for one in found]
    assert [one for one in actions if one != "letter"][-1] == "export"
    assert {one["case"] for one in found if one["operation"] == "plate-query"} == {number}
    assert not any("cameras" in one for one in found if one["operation"] == "subject-request")


def test_overdue_requests_are_named_and_refusals_are_in_the_audit(office: Office) -> None:
    status, _, errors = office.run("receive", "erasure", *WHO, *SPAN, *PLACE, "--characteristics", "placa ABC-1D23")
    assert status == 1
    assert "names a plate" in errors
    audited = search_records(office.data / "audit", RecordQuestion())
    assert ("subject-request", "refused") in {(one["operation"], one["outcome"]) for one in audited}
    number = office.receive("erasure", "--days", "1")["number"]
    assert json.loads(office.run("list", "--json", "--undecided")[1])["overdue"] is False
    assert number in office.run("list")[1]
    assert "Avenida Brasil, 900" in office.run("show", number)[1]
