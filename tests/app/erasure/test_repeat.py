"""What was erased stays erased when an older backup is restored: no run uses its data before that was repeated."""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

import msgspec
import pytest

from pipeline.app.backup import BackupRequest, create_backup, restore_backup
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.erase import open_erasure
from pipeline.app.erasure.proof import ErasureProof, erase_with_proof, list_erasures
from pipeline.app.erasure.repeat import check_not_new, erasures_to_repeat, repeat_erasures
from pipeline.app.queries import open_queries
from pipeline.app.questions import Cameras, Events, NoteCode
from pipeline.config.load import load_config
from pipeline.domain.events import Event, encode
from pipeline.domain.requester import Requester
from pipeline.engine.restored_folders import check_erasures_repeated
from pipeline.errors import PolicyError, RecordError, SinkError, StoreError
from pipeline.governance.erasure_register import ErasureRegister
from pipeline.record.file_layout import segment_files
from pipeline.record.recorded_declaration import declarations_of
from pipeline.record.recording_archive import RecordingArchive
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.sink.spool.spool import Spool
from pipeline.storage.unknown_erasures import unknown_erasures
from pipeline.store.backends.database import migrate
from pipeline.store.backends.open_database import open_database
from pipeline.store.erasure_selection import Selection
from pipeline.store.settings import ChdbSettings
from pipeline.store.tombstones import Tombstones
from tests.app.erasure.test_erase import files_with
from tests.cli.commands import viapublica_here
from tests.event_samples import START_MS, alert, count, plate_read, track
from tests.record.packets import clip, record
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
        self.back_up(*erased_between)
        shutil.rmtree(self.data)
        (self.folder.parent / "restored" / "data").rename(self.data)

    def back_up(self, *erased_between: Selection) -> Path:
        """A restored backup that was made before some erasures; nothing of it is in use yet."""
        request = BackupRequest(self.folder / "city.yaml", self.register, False)
        create_backup(request, self.folder.parent / "b.tar", lambda _: None)
        for selection in erased_between:
            self.erase(selection)
        restore_backup(self.folder.parent / "b.tar", self.folder.parent / "restored")
        return self.folder.parent / "restored"

    def copy_key_from(self, before: Path) -> None:
        """As the documents say."""
        shutil.copy(before / "erased" / "key", self.data / "erased" / "key")

    def repeat(self, register: str, accept_unknown: str = "") -> int:
        """How many erasures found something again."""
        stores = ConfiguredStores.of_config(load_config(self.folder / "city.yaml"))
        earlier = erasures_to_repeat(stores, register, accept_unknown=accept_unknown)
        return len(repeat_erasures(stores, earlier, ErasureProof(register, "ana")).proven)


@pytest.fixture
def city(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "city")


def test_restored_data_is_not_used_before_the_erasures_of_the_register_are_repeated(city: Installation) -> None:
    city.erase(Selection.of("QQQ9Z99", (), None, None))  # creates the key
    city.back_up_and_restore(PLATE, PLACE)
    assert files_with("ABC1234", city.data), "the backup brought it back"
    with pytest.raises(StoreError, match=r"restored from a backup of 20.*viapublica erase --repeat"):
        Tombstones(city.data).check()
    done = viapublica_here(
        "erase", "--repeat", "--config", city.folder / "city.yaml", "--register", city.register, "--yes"
    )
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
    database = open_database(ChdbSettings(), city.data, create=False, restored=True)
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


@pytest.mark.parametrize("same_machine", [True, False])
def test_without_the_newest_register_restored_data_stays_locked(city: Installation, same_machine: bool) -> None:
    city.erase(Selection.of("QQQ9Z99", (), None, None))
    restored = city.back_up(PLATE)
    before = city.data.rename(city.folder / "data.old")
    (restored / "data").rename(city.data)
    city.copy_key_from(before)
    if not same_machine:
        (city.folder / "data.erasures.jsonl").unlink()
    for register, problem in [
        (city.folder / "none" / "register.db", "does not exist"),
        (
            restored / "register" / "register.db",
            r"lacks erasure E20\d\d/000002" if same_machine else "comes from a backup",
        ),
        (shutil.copy(restored / "register" / "register.db", city.folder.parent / "copied.db"), "lacks|older register"),
    ]:
        with pytest.raises(StoreError, match=f"({problem}).*--without-register"):
            city.repeat(str(register))
        with pytest.raises(StoreError, match="erase --repeat"):
            Tombstones(city.data).check()
    assert city.repeat(city.register) == 1
    Tombstones(city.data).check()
    assert not files_with("ABC1234", city.data)


def test_data_used_without_the_register_warns_in_every_answer_until_it_is_found(city: Installation) -> None:
    city.back_up_and_restore(PLACE)
    words = ("--register", city.folder / "none.db", "--without-register", "--by", "ana")
    done = viapublica_here("erase", "--repeat", "--config", city.folder / "city.yaml", "--yes", *words)
    assert (done.returncode, "does not exist" in done.stderr) == (0, True), done.stderr
    noted = unknown_erasures(city.data)
    assert noted is not None
    assert (noted.by, 0 < noted.since_ms < noted.until_ms) == ("ana", True)
    with open_queries(city.stores, Requester(user="ana")) as queries:
        for answer in (queries.ask(Events()), queries.ask(Cameras())):
            notes = {note.code: note.text for note in answer.notes}
            assert "restored without its register" in notes[NoteCode.UNKNOWN_ERASURES]
    assert city.repeat(city.register) == 1
    with open_queries(city.stores, Requester(user="ana")) as queries:
        assert NoteCode.UNKNOWN_ERASURES not in {note.code for note in queries.ask(Events()).notes}


def test_an_older_copy_of_the_data_folder_is_recognized_whatever_made_it(city: Installation) -> None:
    city.erase(PLATE)
    shutil.copytree(city.data, city.folder / "copied")
    city.erase(PLACE)
    shutil.rmtree(city.data)
    (city.folder / "copied").rename(city.data)
    with pytest.raises(StoreError, match=r"does not know erasure E20\d\d/000002.*erase --repeat"):
        open_queries(city.stores, Requester(user="ana"))
    assert city.repeat(city.register) == 1
    open_queries(city.stores, Requester(user="ana")).close()


def test_nothing_erased_since_the_backup_needs_no_register(city: Installation) -> None:
    city.back_up_and_restore()
    assert city.repeat(str(city.folder / "none.db")) == 0
    assert unknown_erasures(city.data) is None


@pytest.mark.parametrize("part", ["events", "spool/store"])
def test_a_folder_that_is_moved_alone_out_of_a_restored_backup_stays_locked(city: Installation, part: str) -> None:
    restored = city.back_up(PLATE)
    shutil.rmtree(city.data / part)
    (restored / "data" / part).rename(city.data / part)
    config = load_config(city.folder / "city.yaml")
    with pytest.raises(StoreError, match=f"{part}: was restored.*erase --repeat"):
        check_erasures_repeated(config)
    if part == "events":
        with (
            open_queries(city.stores, Requester(user="ana")) as queries,
            pytest.raises(StoreError, match="was restored"),
        ):
            queries.ask(Events())
    else:
        with pytest.raises(SinkError, match="was restored"):
            Spool("store", city.data / part, SpoolSettings())
    assert city.repeat(city.register) == 1
    check_erasures_repeated(config)
    assert not files_with("ABC1234", city.data)


def test_recorded_video_out_of_a_backup_is_not_used_before_the_erasures_are_repeated(
    city: Installation, tmp_path: Path
) -> None:
    video = city.folder / "rec"
    (city.folder / "city.yaml").write_text(CITY + "record: {dir: rec}\n")
    record(video, clip(tmp_path), camera="cam-1")
    request = BackupRequest(city.folder / "city.yaml", city.register, False, ("recording-index",), recordings=True)
    create_backup(request, tmp_path / "b.tar", lambda _: None)
    config = load_config(city.folder / "city.yaml")
    (begin_ms, _), *_ = segment_files(video / "cam-1")
    selection = Selection.of(None, ["cam-1"], begin_ms, begin_ms + 3_600_000)
    with open_erasure(selection, ConfiguredStores.of_config(config)) as erasure:
        erase_with_proof(erasure, ErasureProof(city.register, "ana"))
    restore_backup(tmp_path / "b.tar", tmp_path / "restored")
    shutil.rmtree(video / "cam-1")
    (tmp_path / "restored" / "recordings" / "cam-1").rename(video / "cam-1")  # no more than the folder of a camera
    assert segment_files(video / "cam-1"), "erased video is there again"
    with pytest.raises(RecordError, match=r"cam-1: was restored.*erase --repeat"):
        RecordingArchive(video).segments("cam-1")
    (_, file), *_ = segment_files(video / "cam-1")
    with pytest.raises(PolicyError, match="was restored"):
        declarations_of(file, is_clip=True)
    with pytest.raises(StoreError, match="was restored"):
        check_erasures_repeated(config)
    assert city.repeat(city.register) == 1
    assert not segment_files(video / "cam-1")
    RecordingArchive(video).cameras()


def test_an_ingester_does_not_fill_a_new_data_folder_with_what_the_register_erased(
    city: Installation, tmp_path: Path
) -> None:
    city.erase(PLATE)
    before = city.data.rename(tmp_path / "lost")
    with pytest.raises(StoreError, match=r"does not know erasure E20\d\d/000001.*erase --repeat"):
        Tombstones(city.data).check()
    (city.folder / "data.erasures.jsonl").unlink()  # another machine: only the register knows
    config = "sinks: [{type: kafka, name: k, brokers: ['127.0.0.1:1']}]\nstore: {type: chdb}\n"
    (city.folder / "city.yaml").write_text(CITY.replace("sinks: [{type: chdb}]\n", config))
    words = ("kafka", "ingest", "--once", "--config", city.folder / "city.yaml", "--register", city.register)
    done = viapublica_here(*words)
    assert done.returncode == 1
    assert re.search(r"is new, and does not know.*E20\d\d/000001.*erase --repeat", done.stderr.replace("\n", " "))
    (city.data / "erased").mkdir(parents=True, exist_ok=True)
    city.copy_key_from(before)
    assert city.repeat(city.register) == 0
    check_not_new(city.data, city.register)
    assert Tombstones(city.data).erased(plate_read(3, plate="ABC1234")), "now it is refused"


def test_a_new_data_folder_without_any_erasure_is_no_obstacle(tmp_path: Path) -> None:
    check_not_new(tmp_path / "data", str(tmp_path / "register.db"))
    ErasureRegister(tmp_path / "register.db").close()
    check_not_new(tmp_path / "data", str(tmp_path / "register.db"))
