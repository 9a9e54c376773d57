"""`viapublica requests`, from the intake to the letter, on a store, a spool, files and recorded video."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.audit.record_search import RecordQuestion, search_records
from pipeline.storage.export_log import ExportLog
from tests.app.erasure.test_discard import stores
from tests.app.erasure.test_erase import files_with
from tests.cli.commands import viapublica_here

__all__ = ["stores"]

WHO = ("--person", "Maria Lima", "--contact", "maria@example.org", "--identity", "document", "--identity", "vehicle")
SPAN = ("--from", "2025-06-01T12:00:01.500Z", "--to", "2025-06-01T12:00:02.500Z")
_SHEETS = ("Pedidos", "Exclusões registradas", "Uso indevido", "Preservações em vigor", "Descartes numerados")
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
    sheets = monthly_report(office)
    assert (sheets["Pedidos"][1][0], sheets["Pedidos"][1][4]) == (number, "deferido")
    assert sheets["Exclusões"][1][0] == decided["erasure"]
    assert sheets["Uso indevido"][1][0].startswith("Sem dados")


def monthly_report(office: Office) -> dict[str, list[tuple[str, ...]]]:
    """Rows of the report of this month, by the begin of its sheets' names."""
    month = f"{datetime.now(ZoneInfo('America/Sao_Paulo')):%Y-%m}"
    for form in ("pdf", "xlsx"):
        register = ("--register", office.data.parent / "register.db", "--config", office.config)
        done = viapublica_here("audit", "report", month, "--out", office.letters / f"m.{form}", *register)
        assert done.returncode == 0, done.stderr
    assert (office.letters / "m.pdf").read_bytes().startswith(b"%PDF")
    found = {}
    for sheet in load_workbook(office.letters / "m.xlsx").worksheets:
        name = " ".join(sheet.title.split()[1:])
        for known in (
            "Pedidos",
            "Exclusões registradas",
            "Uso indevido",
            "Preservações em vigor",
            "Descartes numerados",
        ):
            if name.startswith(known):
                found[known.removesuffix(" registradas")] = [tuple(map(str, row)) for row in sheet.values]
    return found


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
    gone = ("--letter", str(office.letters / "none"))
    assert office.run("receive", "erasure", *WHO, *SPAN, *PLACE, "--by", "Ana Souza", *gone)[0] == 2
    number = office.receive("erasure", "--days", "1")["number"]
    assert number.endswith("/000001"), "what could have no letter was not entered"
    assert json.loads(office.run("list", "--json", "--undecided")[1])["overdue"] is False
    assert number in office.run("list")[1]
    assert "Avenida Brasil, 900" in office.run("show", number)[1]


@pytest.mark.soak
def test_retention_hold_request_override_and_discard_end_to_end(office: Office) -> None:
    """On recordings, tables, spool and files: what is held stays, what is granted goes, everything is reported."""

    def run(*words: str) -> tuple[int, str, str]:
        done = viapublica_here(*words, "--config", str(office.config))
        return done.returncode, done.stdout, done.stderr

    register = ("--register", str(office.data.parent / "register.db"))
    span = ("--from", "2025-06-01T12:00:00Z", "--to", "2025-06-01T12:00:04Z")
    stated = ("--basis", "judiciary", "--requester", "1ª Vara", "--document", "ofício 3", "--until", "2199-01-01")
    status, placed, errors = run("camera", "hold", "cam-1", *span, "--reason", "inquérito 7", "--by", "Rui", *stated)
    assert status == 0, errors
    hold_id = placed.strip()
    office.config.write_text(office.config.read_text().replace("{plate_reads: null, tracks: null}", "{plate_reads: 7}"))

    assert run("retention", "run", "--trust-clock")[0] == 0
    assert run("camera", "prune", "--trust-clock")[0] == 0
    left = {camera: len(list((office.data / "video" / camera).rglob("*.mp4"))) for camera in ("cam-1", "cam-2")}
    assert left == {"cam-1": 4, "cam-2": 0}

    number = office.receive("erasure", *office.plate("own"))["number"]
    grant = ("--reason", "sem relação com as finalidades", "--by", "Ana Lima", "--yes", *office.plate("own"))
    assert "holds preserve a part" in office.run("decide", number, "granted", *grant)[2]
    override = (
        "--override-hold",
        hold_id,
        "--override-reason",
        "direito do titular",
        "--override-by",
        "Eva Reis",
    )
    erased = run("erase", *office.plate("own"), "--by", "Ana Lima", "--yes", *override, *register)
    assert erased[0] == 0, erased[2]
    assert files_with("QQQ1Q11", office.data) == []
    assert run("camera", "unhold", hold_id, "--by", "Rui")[0] == 0
    assert office.json("decide", number, "granted", *grant)["decision"] == "granted"
    discarded = run(
        "camera",
        "discard",
        "cam-1",
        *span,
        "--reason",
        "interior de residência",
        "--by",
        "Ana Lima",
        "--yes",
        *register,
    )
    assert discarded[0] == 0, discarded[2]
    assert not list((office.data / "video" / "cam-1").rglob("*.mp4"))
    sheets = monthly_report(office)
    assert len(sheets["Exclusões"]) == 1 + 3
    assert {row[2] for row in sheets["Descartes numerados"][1:]} >= {
        "leituras de placas",
        "vídeo gravado, câmera cam-2",
    }
    held = [row for row in sheets["Descartes numerados"] if row[2] == "leituras de placas"]
    assert held[0][7] == hold_id
