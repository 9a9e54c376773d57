"""The zone of the configuration is that of answers, documents and times without an offset; --zone is stronger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.config import load_config
from pipeline.errors import ConfigError
from tests.cli.commands import app
from tests.cli.query.city import Ask, seen
from tests.filled_store import fill_store

CONFIG = "zone: America/Sao_Paulo\ncameras: [{id: se, source: a.mp4, scope: public-road}]\n"
UTC = {"TZ": "UTC", "COLUMNS": "200"}


@pytest.fixture
def asked(tmp_path: Path) -> Ask:
    (tmp_path / "city.yaml").write_text(CONFIG)
    fill_store(tmp_path / "data", [seen(1, "FRI3E00", "se", 0)])

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--config", str(tmp_path / "city.yaml")], env=UTC)

    return run


def test_answers_and_times_of_questions_are_of_the_configured_zone(asked: Ask) -> None:
    assert "2026-09-21 11:13:20 -03:00" in asked("plates", "FRI3E00").stdout
    assert "2026-09-21 14:13:20 +00:00" in asked("plates", "FRI3E00", "--zone", "UTC").stdout
    assert asked("plates", "FRI3E00", "--from", "2026-09-21T11:10", "--to", "2026-09-21T11:20").exit_code == 0
    assert asked("plates", "FRI3E00", "--from", "2026-09-21T14:10", "--to", "2026-09-21T14:20").exit_code == 4


def test_nothing_warns_of_utc_where_a_zone_is_configured(asked: Ask, tmp_path: Path) -> None:
    result = asked("plates", "FRI3E00", "--locale", "pt-BR", "--csv", str(tmp_path / "x.csv"))
    assert "UTC, the machine's zone" not in result.stderr
    assert "21/09/2026 11:13:20" in (tmp_path / "x.csv").read_text(encoding="utf-8-sig")


def test_documents_bear_it(asked: Ask, tmp_path: Path) -> None:
    result = asked("erase", "--plate", "FRI3E00", "--yes", "--by", "Ana Lima", "--to", "2026-09-21T12:00", "--json")
    files = [Path(name) for name in json.loads(result.stdout)["proof"]["files"]]
    (page,) = [path.read_text() for path in files if path.suffix == ".html"]
    assert "21/09/2026 12:00:00 (UTC-03:00)" in page
    assert "(UTC+0000)" not in page
    listed = asked("store", "erasures")
    assert "-03:00" in listed.stdout, listed.output


def test_a_zone_that_does_not_exist_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "city.yaml").write_text(CONFIG.replace("Sao_Paulo", "Cuiba"))
    with pytest.raises(ConfigError, match=r"is not known.*Write it like America/Sao_Paulo"):
        load_config(tmp_path / "city.yaml")
