"""An erasure names every exported file that may hold what it erases, and leaves no plate in their log."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.erase import open_erasure
from pipeline.app.noted_exports import note_export
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.requester import Requester
from pipeline.store.backends.database import migrate
from pipeline.store.backends.open_database import open_database
from pipeline.store.erasure_selection import Selection
from pipeline.store.settings import ChdbSettings
from tests.app.erasure.test_erase import files_with
from tests.asking import declare_roads
from tests.cli.commands import viapublica_here
from tests.event_samples import START_MS, plate_read, track
from tests.store.test_store import fill

ANA = Requester(user="ana")


def named(data: Path, selection: Selection) -> str:
    cameras = {"cam-1": Camera("cam-1", Scope.PUBLIC_ROAD)}
    with open_erasure(selection, ConfiguredStores(data, (), cameras=cameras)) as erasure:
        erasure.erase()
        return "\n".join(words for words in erasure.out_of_reach if words.startswith("export "))


def test_exports_of_the_commands_are_named_with_what_to_do(tmp_path: Path) -> None:
    data = tmp_path / "data"
    database = open_database(ChdbSettings(), data, create=True)
    migrate(database)
    fill(database, [plate_read(3, plate="ABC1234"), track(3)])
    database.close()
    declare_roads(data, "cam-1")
    reads = viapublica_here("plates", "ABC1234", "--data", data, "--csv", tmp_path / "ABC1234.csv")
    tracks = viapublica_here("events", "--kind", "track", "--data", data, "--csv", tmp_path / "tracks.csv")
    assert (reads.returncode, tracks.returncode) == (0, 0), reads.stderr + tracks.stderr
    (tmp_path / "tracks.csv").unlink()
    done = viapublica_here("erase", "--plate", "ABC1234", "--data", data, "--yes", "--json")
    assert f"export {tmp_path}/ABC1234.csv" in done.stdout, done.stderr
    assert "plates of cam-1 from" in done.stdout
    assert "delete it, or remove the rows in question" in done.stdout
    assert f"export {tmp_path}/tracks.csv" in done.stdout
    assert "the file no longer exists: ask" in done.stdout
    assert files_with("ABC1234", data) == [], "the log of exports has forgotten the name of the file"


def test_only_exports_that_may_hold_it_are_named(tmp_path: Path) -> None:
    data = tmp_path / "data"
    note_export(ConfiguredStores.of_data_dir(data), tmp_path / "a.csv", [plate_read(0), plate_read(30)], ANA)
    note_export(ConfiguredStores.of_data_dir(data), tmp_path / "b.csv", [plate_read(0, camera="cam-2")], ANA)
    here = named(data, Selection.of("XYZ0001", ["cam-1"], START_MS, START_MS + 1000))
    assert "a.csv" in here
    assert "b.csv" not in here
    assert named(data, Selection.of("XYZ0001", (), START_MS + 3_600_000, None)) == ""
    assert len(named(data, Selection.of("XYZ0001", (), None, None)).splitlines()) == 2, "reads may be gone from tables"


def test_what_does_not_say_where_and_when_it_is_of_is_always_named(tmp_path: Path) -> None:
    note_export(ConfiguredStores.of_data_dir(tmp_path / "data"), tmp_path / "convoy.csv", [ANA], ANA)
    assert "convoy.csv" in named(tmp_path / "data", Selection.of("XYZ0001", (), 5, 6))


def test_exports_are_named_with_times_of_the_configured_zone(tmp_path: Path) -> None:
    stores = ConfiguredStores(tmp_path, (), cameras={}, zone=ZoneInfo("America/Cuiaba"))
    note_export(stores, tmp_path / "a.csv", [plate_read(0), plate_read(30)], ANA)
    with open_erasure(Selection.of("XYZ0001", (), None, None), stores) as erasure:
        erasure.preview()
        (words,) = [one for one in erasure.out_of_reach if one.startswith("export ")]
    assert words.count(" -04:00") == 3
    assert "+00:00" not in words
