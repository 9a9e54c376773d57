"""`viapublica login`, `logout` and `approvals`, and what questions say about accounts."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path

import pytest

from pipeline.governance import login_secrets
from tests.asking import declare_roads
from tests.cli.people.conftest import SECRET, run
from tests.event_samples import plate_read
from tests.filled_store import fill_store
from tests.governance.people import PASSWORD


def test_answers_in_evaluation_mode_say_so_once_and_in_json(tmp_path: Path) -> None:
    fill_store(tmp_path / "data", [plate_read(0)])
    declare_roads(tmp_path / "data", "cam-1")
    words = ("plates", plate_read(0).plate, "--data", "data")
    shown = run(tmp_path, *words)
    assert shown.stderr.count("evaluation mode: no people are registered; user ") == 1
    lines = run(tmp_path, *words, "--json").stdout.splitlines()
    assert json.loads(lines[-1])["answer"]["mode"] == "evaluation"


def test_an_approval_is_asked_for_and_listed(city: Path) -> None:
    asked = run(
        city, "approvals", "ask", "pattern-query", "--case", "IP-12/2026", "--reason", "placa parcial da testemunha"
    )
    assert asked.exit_code == 0, asked.output
    assert asked.stdout.strip() == "1"
    listed = json.loads(run(city, "approvals", "list", "--json").stdout)
    assert (listed["login"], listed["operation"], listed["state"]) == ("ana.souza", "pattern-query", "asked")
    refused = run(city, "approvals", "approve", "1")
    assert "decides on their own" in str(refused.exception)


def test_a_wrong_log_in_leaves_no_session(city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    refused = run(city, "login", "ana.souza", "--code", "000000", typed="not the password\n")
    assert "login, password or code is wrong" in str(refused.exception)
    assert not (tmp_path / "state").exists()
    assert "there was no session" in run(city, "logout").stderr


def test_a_password_is_changed_with_the_present_one_and_a_code(city: Path) -> None:
    (register,) = city.rglob("register.db")
    with sqlite3.connect(register) as connection:
        connection.execute("UPDATE accounts SET totp_step = 0")  # the codes of now were used
    new = "sete barcos azuis dormem"
    refused = run(city, "password", "--code", "000000", typed=f"{PASSWORD}\n{new}\n")
    assert "password or code: is wrong" in str(refused.exception)
    code = login_secrets.totp_code(SECRET, time.time_ns() // 1_000_000)
    done = run(city, "password", "--code", code, "--json", typed=f"{PASSWORD}\n{new}\n")
    assert json.loads(done.stdout) == {"login": "ana.souza", "ended_sessions": 0}
    ((stored,),) = connection.execute("SELECT password_hash FROM accounts WHERE login = 'ana.souza'").fetchall()
    connection.close()
    assert login_secrets.is_password(new, stored)
