"""`viapublica hotlist` on files, without registered people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.app.hotlists.test_hot_list_service import hit
from tests.asking import declare_roads
from tests.cli.commands import viapublica_here
from tests.event_samples import START_MS
from tests.filled_store import fill_store

FACTS = ("--list", "stolen", "--authority", "3ª Delegacia", "--case", "IP-12/2026", "--reason", "furto")


class City:
    """Runs `viapublica hotlist` on a data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *words: str) -> tuple[int, str, str]:
        done = viapublica_here("hotlist", *words, "--data", str(self.folder / "data"), cwd=self.folder)
        return done.returncode, done.stdout, done.stderr

    def json(self, *words: str) -> list[Any]:
        status, shown, errors = self.run(*words, "--json")
        assert status == 0, errors
        return [json.loads(line) for line in shown.splitlines()]


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> City:
    for name in ("CONFIG", "DATA_DIR", "REGISTER", "PURPOSE", "CASE"):
        monkeypatch.delenv(f"VIAPUBLICA_{name}", raising=False)
    return City(tmp_path)


def test_an_entry_is_added_listed_exported_imported_again_and_removed(city: City) -> None:
    status, shown, errors = city.run("add", "abc-1234", *FACTS, "--until", "2099-01-31")
    assert (status, "longer than 180 days" in errors) == (1, True), shown
    (made,) = city.json("add", "abc-1234", *FACTS, "--until", _until(), "--severity", "critical")
    assert (made["entry_id"], made["plate"], made["severity"]) == (1, "ABC1234", "critical")
    assert made["viewers"], "the person who adds it"
    (listed,) = city.json("list", "--plate", "ABC1C34")
    assert listed == made
    assert city.json("list", "--list", "kidnapped") == []
    status, table, errors = city.run("list")
    assert "ABC1234" in table
    assert "evaluation mode" in errors
    status, _, errors = city.run("export", str(city.folder / "out.csv"))
    assert (status, "1 plate written" in errors) == (0, True)
    status, _, errors = city.run("import", str(city.folder / "out.csv"))
    assert status == 1
    assert "line 2: plate: is on stolen already: entry 1" in errors
    assert city.json("remove", "1", "--reason", "localizado")[0]["end_reason"] == "localizado"
    assert city.json("import", str(city.folder / "out.csv"), "--dry-run") == [{"entries": 1, "dry_run": True}]
    assert city.json("list") == []
    assert city.json("import", str(city.folder / "out.csv")) == [{"entries": 1, "dry_run": False}]
    assert [one["entry_id"] for one in city.json("list", "--ended")] == [1, 2]


def test_an_import_replaces_a_list_and_leaves_what_stays_the_same(city: City) -> None:
    def import_(*plates: str, fails: str = "", more: tuple[str, ...] = ()) -> Any:
        (city.folder / "list.csv").write_text("plate\n" + "".join(f"{plate}\n" for plate in plates))
        words = ("import", str(city.folder / "list.csv"), "--replace", *FACTS, "--until", _until(), *more)
        if not fails:
            return city.json(*words)[0]
        status, _, errors = city.run(*words)
        assert status == 1
        assert fails in errors
        return None

    done = {"entered": 2, "ended": 0, "retained": 0, "dry_run": False}
    assert import_("ABC1D23", "XYZ9Z99") == done
    tried = import_("ABC1323", "QRS4T56", more=("--dry-run",))
    assert tried == {"entered": 1, "ended": 1, "retained": 1, "dry_run": True}
    assert [one["entry_id"] for one in city.json("list")] == [1, 2]
    assert import_("ABC1323", "QRS4T56") == tried | {"dry_run": False}
    assert [(one["entry_id"], one["plate"]) for one in city.json("list")] == [(1, "ABC1D23"), (3, "QRS4T56")]
    import_("ABC1D23", "nonsense", fails="line 3")
    import_(fails="has no line but the heading")
    assert import_("QRS4T56", more=("--severity", "critical")) == {
        "entered": 1,
        "ended": 2,
        "retained": 0,
        "dry_run": False,
    }
    assert [(one["entry_id"], one["severity"]) for one in city.json("list")] == [(4, "critical")]


def test_check_shows_the_threshold_and_warns_where_it_cannot_be_held(city: City) -> None:
    city.run("add", "ABC1D23", *FACTS, "--until", _until())
    (state,) = city.json("check")
    assert (state["entries"], state["plates"], state["threshold"]["within"]) == ({"stolen": 1}, 1, True)
    _, table, errors = city.run("check")
    assert "least probability of a match" in table
    assert "warning" not in errors
    config = city.folder / "city.yaml"
    config.write_text(
        "data_dir: data\nhotlists: {false_alarms_per_day: 0.000001, reads_per_day: 1000000000}\n"
        "cameras: [{id: cam-1, source: 'rtsp://camera/1', scope: public-road}]\n"
    )
    done = viapublica_here("hotlist", "check", "--config", str(config), cwd=city.folder)
    assert "more false alarms are expected" in done.stderr


def test_hits_are_listed_with_their_entries(city: City) -> None:
    city.run("add", "ABC1D23", *FACTS, "--until", _until())
    fill_store(city.folder / "data", [hit(["ABC1D23"], "ABC1D23", START_MS + 1000)])
    declare_roads(city.folder / "data", "cam-1")
    first, *_ = city.json("hits")
    assert (first["entry"], first["plate"], first["camera_id"], first["ts_ms"]) == (
        1,
        "ABC1D23",
        "cam-1",
        START_MS + 1000,
    )
    status, table, _ = city.run("hits", "--entry", "1")
    assert (status, "ABC1D23" in table) == (0, True)
    assert city.run("hits", "--entry", "2")[0] == 3
    status, table, _ = city.run("hits", "--locale", "pt-BR")
    assert "placa" in table
    assert "probabilidade" in table


def _until() -> str:
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%d")
