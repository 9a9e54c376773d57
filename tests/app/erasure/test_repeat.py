"""What was erased stays erased when an older backup is restored: no run uses its data before that was repeated."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import msgspec
import pytest

from pipeline.app.backup import BackupRequest, create_backup, restore_backup
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.erase import open_erasure
from pipeline.app.erasure.proof import ErasureProof, erase_with_proof, list_erasures
from pipeline.app.erasure.repeat import erasures_to_repeat, repeat_erasures
from pipeline.domain.events import Event, encode
from pipeline.errors import StoreError
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.sink.spool.spool import Spool
from pipeline.store.backends.database import migrate
from pipeline.store.backends.open_database import open_database
from pipeline.store.erasure_selection import Selection
from pipeline.store.settings import ChdbSettings
from pipeline.store.tombstones import Tombstones
from tests.app.erasure.test_erase import files_with
from tests.cli.commands import viapublica
from tests.event_samples import START_MS, alert, count, plate_read, track
from tests.store.test_store import fill

PLATE = Selection.of("ABC1234", (), None, None)
PLACE = Selection.of(None, ["cam-2"], START_MS, START_MS + 3_600_000)
CITY = "cameras: [{id: cam-1, source: 'rtsp://h/1', scope: public-road}]\ndata_dir: data\nsinks: [{type: chdb}]\n"


class Installation:
    """A data folder with two plates at two cameras, in tables and a spool, and its register."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.register = str(folder / "office" / "register.db")
        folder.mkdir()
        (folder / "city.yaml").write_text(CITY)
        database = open_database(ChdbSettings(), self.data, create=True)
        migrate(database)
        cam_2 = [plate_read(n, plate="QQQ1A23", camera="cam-2") for n in range(3)]
        events: list[Event] = [
            plate_read(3, plate="ABC1C34"),
            track(3),
            plate_read(5, plate="XYZ0005"),
            track(5),
            *cam_2,
            count(0),
        ]
        fill(database, [*events, alert(1)])
        database.close()
        with contextlib.closing(Spool("store", self.data / "spool" / "store", SpoolSettings())) as spool:
            spool.append([encode(event) for event in events])

    @property
    def stores(self) -> ConfiguredStores:
        return ConfiguredStores(self.data, (ChdbSettings(),))

    def erase(self, selection: Selection) -> None:
        with open_erasure(selection, self.stores) as erasure:
            erase_with_proof(erasure, ErasureProof(self.register, "ana"))

    def back_up_and_restore(self, *erased_between: Selection) -> None:
        """Restore a backup that was made before some erasures; the register is the newest."""
        request = BackupRequest(self.folder / "city.yaml", self.register, False, ("configuration", "data"))
        create_backup(request, self.folder.parent / "b.tar", lambda _: None)
        for selection in erased_between:
            self.erase(selection)
        restore_backup(self.folder.parent / "b.tar", self.folder.parent / "restored")
        shutil.rmtree(self.data)
        (self.folder.parent / "restored" / "data").rename(self.data)


@pytest.fixture
def city(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "city")


def test_restored_data_is_not_used_before_the_erasures_of_the_register_are_repeated(city: Installation) -> None:
    city.erase(Selection.of("QQQ9Z99", (), None, None))  # creates the key
    city.back_up_and_restore(PLATE, PLACE)
    assert files_with("ABC1234", city.data), "the backup brought it back"
    with pytest.raises(StoreError, match=r"restored from a backup of 20.*viapublica erase --repeat"):
        Tombstones(city.data).check()
    done = viapublica("erase", "--repeat", "--config", city.folder / "city.yaml", "--register", city.register, "--yes")
    assert (done.returncode, "2 found something again" in done.stderr) == (0, True), done.stderr
    Tombstones(city.data).check()
    assert files_with("ABC1234", city.data) == files_with("QQQ1A23", city.data) == []
    assert files_with("XYZ0005", city.data), "no other"
    stones = Tombstones(city.data)
    refused = [
        stones.erased(event) for event in (plate_read(3, plate="ABC1234"), track(3), plate_read(5, camera="cam-2"))
    ]
    assert refused == [True, True, True], "nor does a topic bring it back"
    assert not stones.erased(plate_read(5, plate="XYZ0005"))
    assert len(list_erasures(city.register)) == 5, "each repetition is proven"


def test_repeated_once_more_it_finds_nothing(city: Installation) -> None:
    city.erase(PLATE)
    city.back_up_and_restore()
    proof = ErasureProof(city.register, "ana")
    for _ in range(2):
        selections = erasures_to_repeat(city.stores, city.register)
        assert not repeat_erasures(city.stores, selections, proof).proven
    assert len(list_erasures(city.register)) == 1
    assert len((city.data / "erased" / "tombstones.jsonl").read_text().splitlines()) == 1


def test_later_events_of_the_same_vehicle_stay(city: Installation) -> None:
    city.erase(PLATE)
    city.back_up_and_restore()
    later = plate_read(7, plate="ABC1234", ts_ms=4_000_000_000_000)
    later = msgspec.structs.replace(later, first_ts_ms=later.ts_ms)
    database = open_database(ChdbSettings(), city.data, create=False)
    fill(database, [later])
    database.close()
    selections = erasures_to_repeat(city.stores, city.register)
    assert not repeat_erasures(city.stores, selections, ErasureProof(city.register, "ana")).proven
    assert files_with("ABC1234", city.data)


def test_without_the_key_of_before_nothing_is_repeated_in_silence(city: Installation) -> None:
    city.back_up_and_restore(PLATE)
    with pytest.raises(StoreError, match=r"erased/key: is missing.*Copy it from the data folder of before"):
        erasures_to_repeat(city.stores, city.register)
    with pytest.raises(StoreError, match="restored from a backup"):
        Tombstones(city.data).check()
