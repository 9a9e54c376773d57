"""The command line against a server: the requests of the HTTP API, over a real socket."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from structlog.testing import capture_logs
from typer.testing import CliRunner

from pipeline.app.access.session_file import session_path
from pipeline.http_api.listening import listening, parse_listen
from tests.app.people.installations import Office
from tests.cli.commands import app as commands
from tests.cli.commands import viapublica_here
from tests.filled_store import fill_store
from tests.governance.people import PASSWORD
from tests.http_api.listed_plates import approve, share_cameras, store_passages
from tests.http_api.persons import People
from tests.http_api.served_city import CEIC, GUARD, PLATES
from tests.http_api.test_hot_lists import entry
from tests.http_api.test_incidents import incident_alerts

_CASE = ("--purpose", "criminal-investigation", "--case", "IP 12/2026")


@pytest.fixture
def server(app: FastAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Its address; the commands know no configuration."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    address = f"unix:{tmp_path}/api.sock"
    running = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
    with capture_logs(), listening(parse_listen(address)) as opened:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [opened]})
        thread.start()
        yield address
        running.should_exit = True
        thread.join()


@pytest.fixture
def caio(server: str, people: People) -> str:
    """The same, where an analyst has logged in."""
    words = ["login", "caio", "--server", server, "--code", people.code("caio")]
    done = CliRunner().invoke(commands, words, input=f"{PASSWORD}\n")
    assert done.exit_code == 0, done.output
    return server


def test_a_lawful_search_is_answered_as_by_a_local_store_and_audited(caio: str, city: Office) -> None:
    assert session_path("server-session.json").stat().st_mode & 0o077 == 0
    done = viapublica_here("plates", PLATES[0], "--server", caio, *_CASE, "--json")
    assert done.returncode == 0, done.stderr
    *reads, last = map(json.loads, done.stdout.splitlines())
    assert {read["plate"] for read in reads} == {PLATES[0]}
    assert {read["camera_id"] for read in reads} <= set(GUARD)
    assert "cameras-left-out" in {note["code"] for note in last["answer"]["notes"]}
    assert not last["answer"]["complete"]
    record = city.audit()[-1]
    assert (record["operation"], record["outcome"], record["case"]) == ("plate-query", "allowed", "IP 12/2026")


def test_a_search_of_a_server_loads_nothing_that_takes_long(caio: str) -> None:
    words = ["-X", "importtime", "-m", "pipeline.cli", "plates", PLATES[0], "--server", caio, *_CASE, "--json"]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=60, check=True)
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert json.loads(done.stdout.splitlines()[0])["plate"] == PLATES[0]
    assert "msgspec" in loaded
    assert loaded & {"pydantic", "rich", "numpy", "cv2", "chdb", "sqlalchemy", "cedarpy", "xml", "zipfile"} == set()


def test_the_other_questions_are_answered_too(caio: str) -> None:
    counting = ("--purpose", "policing")
    for words in (
        ("route", PLATES[0], *_CASE),
        ("events", "--kind", "count", *counting),
        ("cameras", *counting),
    ):
        done = viapublica_here(*words, "--server", caio)
        assert done.returncode in {0, 4}, (words, done.stderr)
        assert GUARD[0] in done.stdout, (words, done.stdout, done.stderr)


@pytest.fixture
def davi(server: str, people: People, populated: Office) -> str:
    """The same, where an operator has logged in, with stored alerts."""
    fill_store(Path(populated.stores.data_dir), incident_alerts(populated.clock.now_ms))
    words = ["login", "davi", "--server", server, "--code", people.code("davi")]
    assert CliRunner().invoke(commands, words, input=f"{PASSWORD}\n").exit_code == 0
    return server


def test_an_operator_handles_incidents_of_a_server(davi: str, city: Office) -> None:
    def alerts(*words: str, status: int = 0) -> tuple[list[dict[str, Any]], str]:
        done = viapublica_here("alerts", *words, "--server", davi, "--purpose", "mobility", "--json")
        assert done.returncode == status, (words, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")], done.stderr

    *rows, last = alerts("list")[0]
    assert [(row["camera_id"], row["rule"]) for row in rows] == [(CEIC, "wrong-way")]
    assert "cameras-left-out" in {note["code"] for note in last["answer"]["notes"]}
    taken = alerts("ack", "bbbbbb")[0][0]
    assert (taken["state"], taken["holder"], taken["held_ms"]) == ("acknowledged", "davi", city.clock.now_ms)
    alerts("close", "bbbbbb", "--reason", "false")
    shown = alerts("show", "bbbbbb")[0][0]
    assert [one["action"] for one in shown["steps"]] == ["acknowledge", "close"]
    assert [one["phase"] for one in shown["alerts"]] == ["begun"]
    assert alerts("thresholds", "--feedback")[0][0]["after"]["threshold"] == 1.15
    assert "counts for no threshold any more" in alerts("thresholds", "--undo", "bbbbbb")[1]
    assert "not served" in alerts("thresholds", status=1)[1]
    assert alerts("hand-over", "lane closed until six")[0][0]["incidents"] == []
    assert [one["by"] for one in alerts("hand-over", "--list")[0]] == ["davi"]


def test_an_analyst_reads_hits_of_a_server(caio: str, people: People, city: Office, populated: Office) -> None:
    share_cameras(city)
    approve(city, "caio")
    made = people.logged_in("caio").post("/hot-lists/entries", entry(city))
    store_passages(populated, made.json["entry"])
    done = viapublica_here("hotlist", "hits", "--route", "--server", caio, *_CASE, "--json")
    *hits, _ = map(json.loads, done.stdout.splitlines())
    assert {(one["camera_id"], one["plate"]) for one in hits} == {(GUARD[0], PLATES[0]), (CEIC, PLATES[0])}, done.stderr
    assert all(GUARD[0] in one["route"] for one in hits)


def test_a_refusal_says_what_is_missing(caio: str) -> None:
    done = viapublica_here("plates", PLATES[0], "--server", caio, "--purpose", "criminal-investigation")
    assert done.returncode == 1
    assert "case number" in done.stderr
    assert PLATES[0] not in done.stderr
    assert "purpose" in viapublica_here("plates", PLATES[0], "--server", caio).stderr


@pytest.mark.parametrize(
    "words",
    [
        ("plates", "ABC*", "--like"),
        ("plates", PLATES[0], "--csv", "reads.csv"),
        ("plates", "--file", "list.txt"),
        ("events",),
    ],
)
def test_what_is_not_served_is_named(caio: str, words: tuple[str, ...]) -> None:
    done = viapublica_here(*words, "--server", caio, *_CASE)
    assert done.returncode == 1
    assert "served" in done.stderr or "combined" in done.stderr


def test_a_session_counts_for_its_server_until_the_log_out(caio: str, tmp_path: Path) -> None:
    elsewhere = viapublica_here("plates", PLATES[0], "--server", f"unix:{tmp_path}/other.sock", *_CASE)
    assert "has no session of yours" in elsewhere.stderr
    assert viapublica_here("logout", "--server", caio).returncode == 0
    assert not session_path("server-session.json").exists()
    assert "has no session of yours" in viapublica_here("plates", PLATES[0], "--server", caio, *_CASE).stderr


def test_a_server_that_is_away_is_no_answer(caio: str, tmp_path: Path) -> None:
    (tmp_path / "api.sock").unlink()
    done = viapublica_here("plates", PLATES[0], "--server", caio, *_CASE)
    assert done.returncode == 1
    assert "does not answer" in done.stderr
    assert not done.stdout


def test_a_session_file_that_others_may_read_does_not_count(caio: str) -> None:
    session_path("server-session.json").chmod(0o644)
    assert "does not count" in viapublica_here("plates", PLATES[0], "--server", caio, *_CASE).stderr
