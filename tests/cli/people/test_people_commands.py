"""`viapublica init`, `people` and `institutions` as administrators use them."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.errors import ConfigError, PolicyError, RegistryError
from tests.cli.people.conftest import activate, init, invitation_of, run


def _problem(folder: Path, *words: str, typed: str = "") -> str:
    done = run(folder, *words, typed=typed)
    assert done.exit_code != 0
    assert isinstance(done.exception, PolicyError | RegistryError | ConfigError | SystemExit), done.exception
    return str(done.exception) if not isinstance(done.exception, SystemExit) else done.output


def test_init_prints_what_it_made_and_what_to_do_next(tmp_path: Path, quick_secrets: None) -> None:
    done = init(tmp_path)
    assert done.exit_code == 0
    assert "institution  prefeitura-de-vila-nova (Prefeitura de Vila Nova)" in done.stdout
    assert "retention of 7 days" in done.stdout
    assert "viapublica people activate LOGIN" in done.stderr
    assert (tmp_path / "viapublica-register" / "register.db").stat().st_mode & 0o777 == 0o600
    assert "is set up already" in str(init(tmp_path).exception)


def test_init_as_json_has_the_invitations(tmp_path: Path, quick_secrets: None) -> None:
    made = json.loads(init(tmp_path, "--json", "--retention", "5").stdout)
    assert made["retention_days"] == 5
    assert [one["login"] for one in made["invitations"]] == ["ana.souza", "bia.lima"]


def test_init_names_the_answer_that_is_missing(tmp_path: Path, quick_secrets: None) -> None:
    assert "--institution: is missing" in _problem(tmp_path, "init", "--yes")
    words = ("init", "--institution", "Prefeitura", "--sector", "Guarda", "--administrator", "ana", "--yes")
    assert "--administrator: is missing" in _problem(tmp_path, *words)
    assert "is not login, name" in _problem(tmp_path, *words, "--administrator", "bia")
    assert not (tmp_path / "viapublica-register").exists()


def test_an_administrator_activates_the_account_with_the_invitation(tmp_path: Path, quick_secrets: None) -> None:
    invitation = invitation_of(init(tmp_path), "ana.souza")
    assert "is not activated" in _problem(tmp_path, "people", "list")
    assert "invitation: is wrong" in str(activate(tmp_path, "ana.souza", "aaaa").exception)
    done = activate(tmp_path, "ana.souza", invitation)
    assert done.exit_code == 0, done.output
    assert "otpauth://totp/viapublica:ana.souza?secret=" in done.stdout
    assert "one-time code: is needed" in _problem(tmp_path, "people", "list")
    assert "one-time code: is wrong" in _problem(tmp_path, "people", "list", "--code", "000000")


def test_a_person_is_registered_trained_authorized_and_leaves(city: Path) -> None:
    added = run(
        city,
        *("people", "add", "caio.reis", "--name", "Caio Reis", "--document", "M-77"),
        *("--body", "prefeitura-de-vila-nova/guarda-municipal", "--until", "2035-12-31"),
    )
    assert added.exit_code == 0, added.output
    assert "a valid training (art. 5 §4): viapublica people train caio.reis --until DATE" in added.stderr
    assert run(city, "people", "train", "caio.reis", "--until", "2035-01-01").exit_code == 0
    assert run(city, "people", "term", "caio.reis", "--until", "2035-01-01").exit_code == 0
    assert run(city, "people", "role", "caio.reis", "operator", "--until", "2035-01-01").exit_code == 0
    invited = run(city, "people", "invite", "caio.reis")
    assert len(invited.stdout.strip().split("-")) == 4
    shown = json.loads(run(city, "people", "show", "caio.reis", "--json").stdout)
    assert (shown["status"], shown["roles"][0]["role"]) == ("invited", "operator")
    assert "password" not in json.dumps(shown)
    shift = run(city, "people", "shift", "caio.reis", "--hours", "22:00-06:00")
    assert (shift.exit_code, shift.stderr) == (0, "shift of caio.reis: mon,tue,wed,thu,fri 22:00-06:00\n")
    vehicle = run(city, "people", "vehicle", "caio.reis", "-", "--json", typed="ABC1D23\n")
    assert json.loads(vehicle.stdout) == {"login": "caio.reis", "vehicle": "entered"}
    identity = ("--issuer", "https://id.city.example", "--subject", "248289761001")
    connected = run(city, "people", "directory", "caio.reis", *identity)
    assert (connected.exit_code, connected.stderr.splitlines()[0]) == (0, "directory connected: caio.reis")
    assert run(city, "people", "directory", "caio.reis", "--remove").exit_code == 0
    assert run(city, "people", "directory", "caio.reis", "--issuer", "https://id.city.example").exit_code == 2
    assert run(city, "people", "leave", "caio.reis", "--yes").exit_code == 0
    listed = [json.loads(line) for line in run(city, "people", "list", "--json").stdout.splitlines()]
    assert {one["login"]: one["status"] for one in listed} == {
        "ana.souza": "active",
        "bia.lima": "invited",
        "caio.reis": "closed",
    }


def test_one_changes_nothing_of_ones_own(city: Path) -> None:
    for words in (
        ("people", "role", "ana.souza", "auditor", "--until", "2035-01-01"),
        ("people", "train", "ana.souza", "--until", "2035-01-01"),
        ("people", "leave", "ana.souza", "--yes"),
    ):
        assert "No one decides on their own request" in _problem(city, *words)


def test_a_list_of_people_is_imported_or_every_problem_is_named(city: Path) -> None:
    body = "prefeitura-de-vila-nova,guarda-municipal"
    file = city / "people.csv"
    file.write_text(f"login,name,document,institution,sector\nd,Dora Lima,M-1,{body}\nd,Dora Lima,M-2,{body}\n")
    words = ("people", "import", "people.csv", "--until", "2035-12-31")
    assert "line 3: login 'd' is that of line 2 already" in _problem(city, *words)
    file.write_text(f"login,name,document,institution,sector\nd,Dora Lima,M-1,{body}\ne,Edu Reis,M-2,{body}\n")
    done = run(city, *words)
    assert done.exit_code == 0, done.output
    assert "registered: 2 people" in done.stderr
    assert "is registered already" in _problem(city, *words)


def test_institutions_and_sectors_are_added_and_listed(city: Path) -> None:
    assert run(city, "institutions", "add", "pm", "--name", "Polícia Militar", "--kind", "security").exit_code == 0
    sector = ("institutions", "add-sector", "pm/9bpm", "--name", "9º BPM", "--no-local-unit", "--retention", "5")
    assert run(city, *sector).exit_code == 0
    listed = [json.loads(line) for line in run(city, "institutions", "list", "--json").stdout.splitlines()]
    assert [one["institution_id"] for one in listed] == ["pm", "prefeitura-de-vila-nova"]
    assert listed[0]["sectors"][0]["retention_days"] == 5
    assert "pm/9bpm" in run(city, "institutions", "list").stdout
    assert "is registered already" in _problem(city, *sector)


def test_without_an_institution_the_commands_name_init(tmp_path: Path, quick_secrets: None) -> None:
    done = run(tmp_path, "people", "list")
    assert "viapublica init" in str(done.exception)
