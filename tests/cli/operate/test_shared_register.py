"""Erasures, disclosures and backups use one register, wherever a command is started."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import viapublica_here

CITY = "data_dir: {data}\ncameras: [{{id: gate, source: a.mp4, scope: public-road}}]\nsinks: [{{type: jsonl}}]\n"
REQUEST = ("release", "request", "--recipient=Vara", "--basis=judiciary", "--purpose=prova", "--file=city.yaml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "city.yaml").write_text(CITY.format(data=tmp_path / "data"))
    return tmp_path


def run(folder: Path, *words: str) -> str:
    done = viapublica_here(*words, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def erase(folder: Path) -> str:
    words = ("erase", "--plate", "ABC1D23", "--config", "city.yaml", "--yes", "--json")
    return str(json.loads(run(folder, *words))["proof"]["number"])


def test_proofs_disclosures_and_backups_share_the_register_of_the_configuration(folder: Path) -> None:
    first = erase(folder)
    assert json.loads(run(folder, "release", "journal", "--check", "--json"))["entries"] == 2
    run(folder, *REQUEST)
    checked = run(folder, "release", "journal", "--check", "--config", "city.yaml", "--json")
    assert json.loads(checked)["entries"] == 3
    second = erase(folder)
    assert (first[-6:], second[-6:]) == ("000001", "000002")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    listed = run(elsewhere, "store", "erasures", "--config", "../city.yaml", "--json")
    assert [one["number"] for one in json.loads(listed)] == [first, second]
    created = json.loads(run(elsewhere, "backup", "create", "b.tar", "--config", "../city.yaml", "--json"))
    assert created["parts"]["register"] == str(folder / "data" / "viapublica-register" / "register.db")


def test_every_command_refuses_two_registers_and_uses_the_named_one(folder: Path) -> None:
    run(folder, *REQUEST)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    run(elsewhere, "erase", "--plate", "ABC1D23", "--config", "../city.yaml", "--yes")
    commands = (
        ("erase", "--plate", "ABC1D23", "--yes", "--config", "city.yaml"),
        ("store", "erasures", "--config", "city.yaml"),
        ("release", "list", "--config", "city.yaml"),
        ("release", "list"),
        ("backup", "create", "b.tar", "--config", "city.yaml"),
    )
    for words in commands:
        refused = viapublica_here(*words, cwd=folder)
        assert (refused.returncode, "register: exists twice" in refused.stderr) == (1, True), refused.stderr
    named = "data/viapublica-register/register.db"
    listed = run(folder, "store", "erasures", "--config", "city.yaml", "--register", named, "--json")
    assert len(json.loads(listed)) == 1
