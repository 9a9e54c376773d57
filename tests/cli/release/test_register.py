"""The register of disclosures on the command line."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from pipeline.domain.disclosure import BuiltFile
from pipeline.errors import PolicyError, RecordError, ReleaseError, ViapublicaError
from pipeline.governance.register import Register
from pipeline.record.holds import Holds
from tests.cli.commands import app, viapublica_here

COMMANDS = ("request", "declare", "approve", "refuse", "deliver", "list", "show", "find", "sheet", "journal")
ASKED = (
    "--recipient=12ª Vara Criminal",
    "--basis=judiciary",
    "--purpose=prova",
    "--camera=av-brasil-900",
    "--from=2026-11-20T08:00-03:00",
    "--to=2026-11-20T08:30-03:00",
    "--by=Ana",
)

Release = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("VIAPUBLICA_REGISTER", "VIAPUBLICA_ZONE", "VIAPUBLICA_INSTITUTION"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "signed.pdf").write_text("declaro")
    return tmp_path


@pytest.fixture
def release(folder: Path) -> Release:
    """Runs `viapublica release …` in this process; its standard output, or the error it raised."""

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["release", *words], prog_name="viapublica")
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


def entered(release: Release, *more: str) -> Any:
    return json.loads(release("request", *ASKED, *more, "--json"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_shows_an_example(command: str) -> None:
    result = CliRunner().invoke(app, ["release", command, "--help"], prog_name="viapublica")
    assert result.exit_code == 0
    assert f"viapublica release {command}" in result.stdout.split("Example:", 1)[1]
    assert "--json" in result.stdout
    assert "VIAPUBLICA_REGISTER" in result.stdout


def test_approval_without_a_declaration_is_refused_with_a_clear_error(release: Release, folder: Path) -> None:
    number = entered(release)["number"]
    early = viapublica_here("release", "approve", number, "--by", "Bia", cwd=folder)
    assert early.returncode == 1
    assert f"error: disclosure {number}: the requisition of 12ª Vara Criminal is missing" in early.stderr
    assert f"viapublica release declare {number} FILE" in early.stderr
    assert "Traceback" not in early.stderr
    assert "missing" in release("list", "--state", "requested")
    assert (folder / "viapublica-register" / "register.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("end", ["deliver", "refuse"])
def test_the_hold_that_a_closed_request_leaves_is_named_with_its_command(
    release: Release, folder: Path, end: str
) -> None:
    (folder / "video" / "av-brasil-900").mkdir(parents=True)
    (folder / "city.yaml").write_text(
        "data_dir: data\nrecord: {dir: video}\ncameras: [{id: av-brasil-900, source: a.mp4, scope: public-road}]\n"
    )
    register = "--register=viapublica-register/register.db"
    number = entered(release, "--config=city.yaml", register)["number"]
    (hold,) = Holds(folder / "video").all()
    if end == "deliver":
        release("declare", number, "signed.pdf", register)
        with Register("viapublica-register/register.db") as entries:
            entries.approve(number, "Bia")
            entries.built(number, BuiltFile("release.mp4", "ab" * 32, 8), "Carla")
    words = ["release", end, number, "--by=Dora", register, *(["--reason=too long"] if end == "refuse" else [])]
    done = CliRunner().invoke(app, [*words, "--config=city.yaml"])
    assert f"viapublica camera unhold {hold.hold_id} --by NAME --config city.yaml" in done.stderr.replace("\n", " ")
    if end == "deliver":
        without = CliRunner().invoke(app, words)
        assert "a hold that was placed with the request, if any, remains" in without.stderr
    assert Holds(folder / "video").all() == [hold], "whether it is needed any longer is decided by a person"


CITY = "data_dir: data\nrecord: {dir: video}\ncameras: [{id: av-brasil-900, source: a.mp4, scope: public-road}]\n"


@pytest.mark.parametrize("fault", ["unknown camera", "a file in place of the folder"])
def test_a_request_that_cannot_be_held_is_not_entered(release: Release, folder: Path, fault: str) -> None:
    (folder / "city.yaml").write_text(CITY)
    (folder / "video").mkdir()
    if fault == "unknown camera":
        (folder / "video" / "av-brasil").mkdir()
    else:
        (folder / "video" / "av-brasil-900").mkdir()
        (folder / "video" / ".holds.lock").mkdir()
    register = "--register=viapublica-register/register.db"
    with pytest.raises(RecordError, match=r"has no recorded video|cannot be written"):
        entered(release, "--config=city.yaml", register)
    assert not (folder / "viapublica-register").exists()
    assert not Holds(folder / "video").all()


def test_a_request_of_a_time_without_video_is_entered_with_that_word(folder: Path) -> None:
    (folder / "city.yaml").write_text(CITY)
    (folder / "video" / "av-brasil-900").mkdir(parents=True)
    done = CliRunner().invoke(app, ["release", "request", *ASKED, "--config=city.yaml", "--register=register.db"])
    assert done.exit_code == 0
    assert "camera av-brasil-900: nothing is recorded of it" in done.stderr


def test_a_request_is_declared_approved_built_and_found(release: Release, folder: Path) -> None:
    number = entered(release)["number"]
    assert json.loads(release("declare", number, "signed.pdf", "--json"))["declaration"]["name"] == "signed.pdf"
    with pytest.raises(PolicyError, match="cannot also approve it"):
        release("approve", number, "--by", "ANA")
    with pytest.raises(ReleaseError, match="whose masks, scope and source are part of the approval"):
        release("approve", number.replace("/0000", "-"), "--by", "Bia")
    with Register("viapublica-register/register.db") as register:
        register.approve(number, "Bia")
    assert "approved" in release("show", number)
    with pytest.raises(PolicyError, match="has no file yet"):
        release("deliver", number)
    (folder / "release.mp4").write_text("redacted")
    digest = hashlib.sha256(b"redacted").hexdigest()
    with Register("viapublica-register/register.db") as register:
        register.built(number, BuiltFile("release.mp4", digest, 8), "Carla")
    for what, role in (
        (number, "number"),
        ("release.mp4", "built"),
        (digest, "built"),
        ("signed.pdf", "declaration"),
    ):
        (line,) = release("find", what, "--json").splitlines()
        assert (json.loads(line)["found_as"], json.loads(line)["number"]) == (role, number)
    assert "a file built for it" in release("find", "release.mp4")
    assert "delivered" in release("deliver", number, "--by", "Dora")
    again = CliRunner().invoke(app, ["release", "deliver", number, "--by", "Dora"])
    assert "it was delivered already, by Dora at " in again.stderr
    shown = release("show", number)
    for words in ("12ª Vara Criminal", "av-brasil-900", digest, "by Carla", "by Dora", "request", "deliver", "declare"):
        assert words in shown
    plain = json.loads(release("show", number, "--json"))
    assert [entry["action"] for entry in plain["journal"]] == [
        *("request", "declare", "approve", "build", "deliver", "deliver")
    ]
    assert plain["request"]["content"]["camera_id"] == "av-brasil-900"


def test_a_file_is_requested_with_its_declaration(release: Release, folder: Path) -> None:
    (folder / "street.mp4").write_text("video")
    found = json.loads(
        release(
            *("request", "--recipient=UFRGS", "--basis=research", "--purpose=fluxos", "--file=street.mp4", "--json"),
            *(
                "--declaration=signed.pdf",
                "--institution=SSP-MT",
                "--place=CPA",
                "--date=11/2026",
                "--style=silhouette",
            ),
        )
    )
    assert found["request"]["content"]["file_name"] == "street.mp4"
    assert found["request"]["overlay"] == {"institution": "SSP-MT", "place": "CPA", "date": "11/2026", "number": ""}
    assert found["request"]["requested_by"] == pwd.getpwuid(os.getuid()).pw_name
    assert found["request"]["style"] == "silhouette"
    assert found["declaration"]["size_bytes"] == 7


def test_refusals_stay_in_the_register(release: Release) -> None:
    number = entered(release)["number"]
    with pytest.raises(PolicyError, match="needs reasons"):
        release("refuse", number, "--by", "Bia")
    release("refuse", number, "--by", "Bia", "--reason", "longo demais")
    assert "refused" in release("list")
    (line,) = release("list", "--state", "refused", "--json").splitlines()
    assert json.loads(line)["reasons"] == "longo demais"
    assert release("list", "--state", "approved", "--json") == ""


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--from=2018-11-04T00:30", "--zone=America/Sao_Paulo"], "does not exist, because the clocks are set forward"),
        (["--from=2018-02-17T23:30", "--zone=America/Sao_Paulo"], "exists twice, because the clocks are set back"),
        (["--from=yesterday"], "time 'yesterday': is not understood"),
        (["--config=none.yaml"], "none.yaml"),
        (["--to=2026-11-20T07:00-03:00"], "ends before it begins"),
        (["--to=2150-01-01T00:00Z"], "lies in the future"),
        (["--recipient= "], "recipient: is empty"),
        (["--purpose="], "purpose: is empty"),
        (["--by= "], "by: is empty"),
        (["--camera="], "neither a camera nor a file"),
        (["--declaration=none.pdf"], "none.pdf: cannot be read"),
        (["--file=none.mp4"], "none.mp4: cannot be read"),
        (["--zone=Mars/Crater"], "zone 'Mars/Crater': is not known"),
        (["--register=."], "is a folder"),
    ],
)
def test_an_invalid_request_is_refused_and_takes_no_number(
    release: Release, folder: Path, words: list[str], problem: str
) -> None:
    with pytest.raises(ViapublicaError, match=problem):
        release("request", *ASKED, *words)
    assert entered(release)["number"].endswith("/000001")


def test_look_ups_without_a_match_are_reported(release: Release, folder: Path) -> None:
    with pytest.raises(ReleaseError, match="does not exist"):
        release("list")
    number = entered(release)["number"]
    with pytest.raises(ReleaseError, match=f"Did you mean {number}"):
        release("show", number[:-1] + "2")
    with pytest.raises(ReleaseError, match="neither a number, nor a SHA-256, nor an existing file"):
        release("find", "nothing.mp4")
    with pytest.raises(ReleaseError, match="no disclosure of this register matches it"):
        release("find", "signed.pdf")
    with pytest.raises(ViapublicaError, match="such as 2026-11"):
        release("list", "--month", "November")


def test_the_monthly_sheet(release: Release, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = entered(release, "--institution=SSP-MT")
    month = f"{datetime.fromtimestamp(found['requested_ms'] / 1000, UTC):%Y-%m}"
    assert "1 disclosure" in release("sheet", month, "--out", "sheet.xlsx", "--zone", "UTC")
    sheet = load_workbook(folder / "sheet.xlsx").active
    assert sheet["A9"].value == found["number"]
    assert sheet["C2"].value == "SSP-MT"
    assert sheet["C6"].value.startswith("último registro: nº 1, ")
    (folder / "city.yaml").write_text(
        "institution: Prefeitura\nlocal_law: Decreto nº 1/2020 (Cuiabá)\n"
        "cameras: [{id: cam, source: a.mp4, scope: public-road}]\n"
    )
    where = ("--config", "city.yaml", "--register", "viapublica-register/register.db")
    release("sheet", month, "--out", "ours.xlsx", *where)
    ours = load_workbook(folder / "ours.xlsx").active
    assert ours["C2"].value == "Prefeitura"
    assert ours["C3"].value.endswith("; Decreto nº 1/2020 (Cuiabá)")
    empty = json.loads(release("sheet", "2001-02", "--json"))
    assert empty == {"file": "disclosures-2001-02.xlsx", "month": "2001-02", "disclosures": 0, "month_over": True}
    assert "Nenhuma" in load_workbook(folder / "disclosures-2001-02.xlsx").active["A9"].value
    assert json.loads(release("sheet", month, "--json"))["file"] == f"disclosures-{month}-partial.xlsx"
    assert "parcial, até " in load_workbook(folder / f"disclosures-{month}-partial.xlsx").active["C4"].value
    with pytest.raises(ReleaseError, match="exists already"):
        release("sheet", month, "--out", "sheet.xlsx")
    assert "1 disclosure" in release("sheet", month, "--out", "sheet.xlsx", "--force")
    with pytest.raises(ReleaseError, match="month 2190-01: has not begun"):
        release("sheet", "2190-01")
    with pytest.raises(ReleaseError, match=r"Use the suffix \.xlsx"):
        release("sheet", month, "--out", "sheet.pdf")
    with pytest.raises(ViapublicaError, match="such as 2026-11"):
        release("sheet", "2026-00")
    with pytest.raises(ViapublicaError, match="there is no folder"):
        release("sheet", month, "--out", "none/sheet.xlsx")


def test_the_journal_is_shown_and_checked(release: Release, folder: Path) -> None:
    entered(release)
    entered(release)
    assert "entry 2 is the last" in release("journal", "--check")
    lines = [json.loads(line) for line in release("journal", "--json").splitlines()]
    good = json.loads(release("journal", "--check", "--json"))
    assert good == {"good": True, "entries": 2, "last_hash": lines[-1]["hash"], "broken": None}
    connection = sqlite3.connect(folder / "viapublica-register" / "register.db")
    connection.executescript("DROP TRIGGER journal_never_update; UPDATE journal SET who = 'Bia' WHERE seq = 1")
    connection.close()
    with pytest.raises(ReleaseError, match=r"entry 1 .*was changed"):
        release("journal", "--check")
    sheet = CliRunner().invoke(app, ["release", "sheet", "2026-11"])
    assert "the journal has been changed" in sheet.stderr
    done = CliRunner().invoke(app, ["release", "journal", "--check", "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["broken"]["seq"] == 1
