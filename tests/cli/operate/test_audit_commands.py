"""`viapublica audit`: searches, reports, proofs and errors of the audit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.audit.audit_log import AuditLog
from pipeline.domain.audit import AuditEntry, Outcome
from tests.audit.logs import SetClock, entry, segments
from tests.cli.commands import app


def _run(*words: object) -> Result:
    return CliRunner().invoke(app, ["audit", *map(str, words)], env={"COLUMNS": "200", "TZ": "UTC"})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    log = AuditLog(tmp_path / "audit", SetClock())
    for number in range(3):
        log.append(entry(number, f"ABC{number}D23"))
    log.append(
        AuditEntry(
            operation="convoy-query",
            outcome=Outcome.REFUSED,
            system_user="rui",
            policy="second-person",
            reason="needs a <second> person",
        )
    )
    return tmp_path


def _json(done: Result) -> Any:
    assert not done.exception or done.exit_code in {1, 3}, done.output
    return json.loads(done.stdout)


def test_an_unchanged_audit_is_verified_and_a_changed_one_names_the_place(data: Path) -> None:
    found = _json(_run("verify", "--data", data, "--json"))
    assert (found["intact"], found["records"], found["sealed"], found["findings"]) == (True, 4, True, [])
    assert "intact: 4 records, seals" in _run("verify", "--data", data).stdout
    path = segments(data / "audit")[0]
    path.write_bytes(path.read_bytes().replace(b'"rows":1', b'"rows":0'))
    done = _run("verify", "--data", data, "--json")
    assert done.exit_code == 1
    assert _json(done)["findings"][0] == {
        "record": 2,
        "place": f"{path.name} line 2",
        "problem": "record 2 was changed",
    }
    assert "record 2 was changed" in _run("verify", "--data", data).stdout


def test_a_search_finds_records_and_is_recorded_itself(data: Path) -> None:
    done = _run("search", "--data", data, "--plate", "abc-1d23", "--json")
    assert (done.exit_code, _json(done)["sequence"]) == (0, 2)
    own = _json(_run("search", "--data", data, "--operation", "audit-reading", "--json"))
    assert (own["sequence"], own["details"], len(own["plates"])) == (
        5,
        {"action": "search", "evaluation": "sector-administrator: allowed"},
        1,
    )
    assert _run("search", "--data", data, "--person", "eva").exit_code == 3
    assert "convoy-query" in _run("search", "--data", data, "--outcome", "refused").stdout


def test_after_the_key_is_handed_over_plates_need_it(data: Path, tmp_path: Path) -> None:
    key = tmp_path / "auditor.key"
    assert _run("key", key, "--data", data).exit_code == 0
    assert key.stat().st_mode & 0o777 == 0o600
    refused = _run("search", "--data", data, "--plate", "ABC1D23")
    assert "needs the auditor's key" in str(refused.exception)
    assert _json(_run("search", "--data", data, "--plate", "ABC1D23", "--key", key, "--json"))["sequence"] == 2
    assert "seals were not checked" in _run("verify", "--data", data, "--json").stdout
    assert _json(_run("verify", "--data", data, "--key", key, "--json"))["sealed"]
    assert "is not on this machine any more" in str(_run("key", tmp_path / "again", "--data", data).exception)


def test_the_report_counts_searches_by_purpose_and_names_refusals(data: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    done = _run("report", "2024-10", "--data", data, "--out", page, "--json")
    assert _json(done)["records"] == 4
    text = page.read_text()
    assert "Relatório mensal de auditoria: 10/2024" in text
    assert "<td>consulta por placa</td><td class='n'>3</td>" in text
    assert "<td>investigação</td><td class='n'>3</td><td class='n'>0</td>" in text
    assert "<td>não informada</td><td class='n'>1</td><td class='n'>1</td>" in text
    assert "<td>second-person</td><td>needs a &lt;second&gt; person</td>" in text
    assert "íntegra: 4 registros" in text
    assert "ABC1D23" not in text
    assert "is not a month" in str(_run("report", "October", "--data", data).exception)


def test_an_anchor_is_appended_and_then_compared(data: Path, tmp_path: Path) -> None:
    anchor = tmp_path / "anchors.jsonl"
    assert _json(_run("anchor", anchor, "--data", data, "--json"))["records"] == 5
    assert "anchored 6 records" in _run("anchor", anchor, "--data", data).stdout
    assert _json(_run("verify", "--data", data, "--anchor", anchor, "--json"))["anchors"] == 2


def test_checkpoints_wait_for_an_authority_that_is_not_reached(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("rfc3161_client")
    config = tmp_path / "viapublica.yaml"
    config.write_text(
        "cameras: [{id: c1, source: a.mp4, scope: public-road}]\n"
        f"data_dir: {data}\naudit: {{time_stamp_authority: 'http://127.0.0.1:9/'}}\n"
    )
    done = _run("anchor", tmp_path / "anchors.jsonl", "--config", config, "--json")
    assert (_json(done)["stamped"], _json(done)["waiting"]) == (0, 2)


def test_a_proof_is_written_for_records_that_exist(data: Path, tmp_path: Path) -> None:
    proof = tmp_path / "proof.json"
    assert _run("prove", 2, "--data", data, "--out", proof).exit_code == 0
    assert json.loads(proof.read_text())["index"] == 1
    assert "does not exist" in str(_run("prove", 99, "--data", data, "--out", proof).exception)


def test_an_audit_that_has_not_begun_says_so(tmp_path: Path) -> None:
    for words in (("verify",), ("search",), ("prove", 1)):
        assert "does not exist" in str(_run(*words, "--data", tmp_path).exception)
