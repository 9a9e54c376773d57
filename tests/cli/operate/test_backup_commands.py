"""`viapublica backup`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.audit.logs import lines
from tests.cli.commands import viapublica_here

KEYS = {"auditor.key", "seal.state"}
CITY = "cameras: [{id: gate, source: a.mp4, scope: public-road}]\nsinks: [{type: jsonl}]\n"


def test_a_backup_is_created_verified_and_restored(tmp_path: Path) -> None:
    (tmp_path / "city.yaml").write_text(CITY)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "events.jsonl").write_text("{}\n")
    done = viapublica_here("backup", "create", "b.tar", "--config", "city.yaml", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    created = json.loads(done.stdout)
    records = len(list((tmp_path / "data" / "audit").iterdir())) - len(KEYS)
    assert created["files"] == 2 + records
    (record,) = lines(tmp_path / "data" / "audit")
    assert (json.loads(record)["operation"], json.loads(record)["outcome"]) == ("recording-to-media", "allowed")
    assert "there is no register" in created["absent"]["register"]
    shown = viapublica_here("backup", "verify", "b.tar", cwd=tmp_path)
    assert "complete and unchanged" in shown.stdout
    restored = viapublica_here("backup", "restore", "b.tar", "restored", cwd=tmp_path)
    assert restored.returncode == 0, restored.stderr
    assert "viapublica erase --repeat" in restored.stderr
    assert (tmp_path / "restored" / "data" / "events.jsonl").read_text() == "{}\n"
    archive = tmp_path / "restored" / "audit"
    assert lines(archive) == [record]
    assert not any((archive / name).exists() for name in KEYS)
    assert not (tmp_path / "restored" / "data" / "audit").exists(), "the next operation begins a new one"
    assert "audit key FILE" in restored.stderr
    assert json.loads(lines(tmp_path / "audit")[0])["details"]["action"] == "restore"


def test_a_backup_uses_the_configuration_of_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "viapublica.yaml").write_text(CITY)
    (tmp_path / "data").mkdir()
    done = viapublica_here("backup", "create", "b.tar", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    records = len(list((tmp_path / "data" / "audit").iterdir())) - len(KEYS)
    assert json.loads(done.stdout)["files"] == 1 + records
    missing = viapublica_here("backup", "create", "c.tar", cwd=tmp_path / "data")
    assert missing.returncode == 1
    assert "there is no ./viapublica.yaml" in missing.stderr


def test_a_register_that_was_named_and_a_backup_that_is_none_are_errors(tmp_path: Path) -> None:
    (tmp_path / "city.yaml").write_text(CITY)
    (tmp_path / "data").mkdir()
    words = ("backup", "create", "b.tar", "--config", "city.yaml")
    named = viapublica_here(*words, cwd=tmp_path, environ={"VIAPUBLICA_REGISTER": "none.db"})
    assert named.returncode == 1
    assert "none.db: does not exist" in named.stderr
    assert not (tmp_path / "b.tar").exists()
    for missing in ("none.tar", "city.yaml"):
        for command in (("verify", missing), ("restore", missing, "r")):
            done = viapublica_here("backup", *command, cwd=tmp_path)
            assert done.returncode == 1
            assert "Traceback" not in done.stderr
    assert not (tmp_path / "r").exists()
