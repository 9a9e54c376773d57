"""A backup restored into an empty folder gives the same answers, and none is made of data in use."""

from __future__ import annotations

import itertools
import json
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from shutil import copytree

import pytest

from pipeline.app.backup import BackupRequest, create_backup, restore_backup, verify_archive
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.former_paths import folders_beside
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.events import Kind
from pipeline.engine.restored_folders import stored_folders
from pipeline.errors import ConfigError, RecordError
from pipeline.storage.declared_cameras import DeclaredCameras
from pipeline.storage.locks import OwnerLock
from pipeline.storage.restore_note import clear_restored, restore_note
from pipeline.store.backends.open_database import open_database
from pipeline.store.event_store import open_event_store
from pipeline.store.local_endpoint import StoreServer, endpoint_path
from pipeline.store.settings import ChdbSettings
from pipeline.store.table_writer import TableWriter
from tests.asking import Asking
from tests.cli.commands import viapublica_here
from tests.event_samples import one_of_each, plate_read, records
from tests.record.packets import clip, record

CITY = """\
cameras: [{{id: gate, source: "rtsp://h/1", user: admin, password_file: secret, scope: public-road}}]
data_dir: {folder}/data
record: {{dir: {folder}/data/recorded}}
sinks: [{{type: chdb}}, {{type: jsonl, name: lines, path: {folder}/outside/lines.jsonl}}]
"""

_DECLARED = [CameraDeclaration(Camera("cam-1", Scope.PUBLIC_ROAD))]


@pytest.fixture
def installation(tmp_path: Path) -> BackupRequest:
    folder = tmp_path / "installation"
    folder.mkdir()
    (folder / "city.yaml").write_text(CITY.format(folder=folder))
    (folder / "secret").write_text("S3CRET\n")
    settings = ChdbSettings()
    writer = TableWriter("events", lambda: open_database(settings, folder / "data", create=True))
    writer.open()
    writer.write(records(one_of_each()))
    writer.close()
    DeclaredCameras(folder / "data").declare(_DECLARED)
    (folder / "data" / "erased").mkdir()
    (folder / "data" / "erased" / "tombstones.jsonl").write_text('{"until_ms":1,"before_ms":1}\n')
    (folder / "outside").mkdir()
    (folder / "outside" / "lines.jsonl").write_text("{}\n")
    record(folder / "data" / "recorded", clip(tmp_path), camera="gate")
    (folder / "register").mkdir()
    with closing(sqlite3.connect(folder / "register" / "register.db")) as database, database:
        database.execute("CREATE TABLE journal (text)")
        database.execute("INSERT INTO journal VALUES ('first')")
    return BackupRequest(folder / "city.yaml", str(folder / "register" / "register.db"), register_named=True)


def unlock(data: Path) -> None:
    """As `erase --repeat` does."""
    clear_restored(stored_folders(data, [ChdbSettings()], []))


def _silent(_step: str) -> None:
    pass


def create(request: BackupRequest, target: Path) -> Path:
    return create_backup(request, target, _silent).path


def events_of(data: Path) -> list[dict[str, object]]:
    done = viapublica_here("events", "--data", data, "--json", "--limit", "1000")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_restored_installation_gives_the_same_answers(installation: BackupRequest, tmp_path: Path) -> None:
    source = installation.config.parent
    backup = create(installation, tmp_path / "b.tar")
    assert backup.stat().st_mode & 0o077 == 0
    restored = tmp_path / "restored"
    manifest = restore_backup(backup, restored)
    before = events_of(source / "data")
    assert before
    assert any(event.get("kind") == "plate_read" for event in before)
    refused = viapublica_here("events", "--data", restored / "data")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "erase --repeat" in refused.stderr
    unlock(restored / "data")
    shown = {event.get("kind") for event in events_of(restored / "data")}
    assert shown == {event.get("kind") for event in before} - {"plate_read"}, "how cameras are declared is unknown"
    DeclaredCameras(restored / "data").declare(_DECLARED)
    assert events_of(restored / "data") == before
    assert (restored / "configuration" / "configuration.yaml").read_text() == installation.config.read_text()
    assert (restored / "data" / "erased" / "tombstones.jsonl").exists()
    assert (restored / "outside" / "lines" / "lines.jsonl").read_text() == "{}\n"
    with closing(sqlite3.connect(restored / "register" / "register.db")) as database:
        assert database.execute("SELECT text FROM journal").fetchall() == [("first",)]
    assert not list(restored.rglob("*.mp4"))
    assert "recordings" in manifest.absent
    assert "passwords" in manifest.absent


def test_no_password_is_in_the_backup(installation: BackupRequest, tmp_path: Path) -> None:
    assert b"S3CRET" not in create(installation, tmp_path / "b.tar").read_bytes()


def test_recorded_video_comes_on_request(installation: BackupRequest, tmp_path: Path) -> None:
    request = BackupRequest(installation.config, installation.register, True, recordings=True)
    manifest = verify_archive(create(request, tmp_path / "b.tar"))
    videos = {name for name in manifest.files if name.endswith(".mp4")}
    source = installation.config.parent / "data" / "recorded"
    assert len(videos) == len(list(source.rglob("*.mp4"))) > 0
    assert all(name.startswith("recordings/") for name in videos)


def test_data_in_use_is_not_backed_up_and_the_process_is_named(installation: BackupRequest, tmp_path: Path) -> None:
    data = installation.config.parent / "data"
    hold = "import sys; from pathlib import Path; from pipeline.storage.locks import OwnerLock\n"
    hold += "lock = OwnerLock(Path(sys.argv[1])); assert lock.acquire(); print('ready', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, str(data / "events.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "ready\n"
        with pytest.raises(RecordError, match=f"in use by process {owner.pid}.*start it again.*--part register"):
            create(installation, tmp_path / "b.tar")
        assert list(tmp_path.glob("*.tar*")) == []
        parts = BackupRequest(
            installation.config, installation.register, True, ("configuration", "recording-index", "register")
        )
        manifest = verify_archive(create(parts, tmp_path / "parts.tar"))
        assert set(manifest.parts) == {"configuration", "recording-index", "register"}, "what the error offers"
        assert "not asked for" in manifest.absent["data"]
        owner.communicate()
    create(installation, tmp_path / "b.tar")


def test_no_other_process_takes_the_data_while_they_are_copied(installation: BackupRequest, tmp_path: Path) -> None:
    data = installation.config.parent / "data"
    lock = OwnerLock(data / "events.lock")
    taken: list[bool] = []

    def step(name: str) -> None:
        if name == "recording-index":
            assert lock.acquire()  # The data are copied, and released again.
            lock.release()

    create_backup(installation, tmp_path / "b.tar", step)
    from pipeline.backup.owned_folders import owned_folder

    with owned_folder(data):
        taken.append(lock.acquire())
    assert taken == [False]


def test_the_register_is_copied_whole_while_it_is_written(installation: BackupRequest, tmp_path: Path) -> None:
    with closing(sqlite3.connect(installation.register, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO journal VALUES ('not committed')")
        parts = BackupRequest(installation.config, installation.register, True, ("register",))
        restore_backup(create(parts, tmp_path / "b.tar"), tmp_path / "restored")
        writer.execute("ROLLBACK")
    with closing(sqlite3.connect(tmp_path / "restored" / "register" / "register.db")) as copy:
        assert copy.execute("SELECT count(*) FROM journal").fetchone() == (1,)


def test_nothing_is_overwritten(installation: BackupRequest, tmp_path: Path) -> None:
    backup = create(installation, tmp_path / "b.tar")
    with pytest.raises(ConfigError, match="exists already"):
        create(installation, tmp_path / "b.tar")
    full = tmp_path / "full"
    full.mkdir()
    (full / "file").touch()
    with pytest.raises(ConfigError, match="not an empty folder"):
        restore_backup(backup, full)
    with pytest.raises(ConfigError, match="does not exist"):
        create(BackupRequest(installation.config, "none.db", True), tmp_path / "c.tar")


def test_a_part_that_was_asked_for_and_is_not_there_is_no_success(installation: BackupRequest, tmp_path: Path) -> None:
    for part in ("register", "recording-index"):
        asked = BackupRequest(installation.config, "none.db", False, (part,))
        (installation.config.parent / "data" / "recorded").rename(tmp_path / f"before-{part}")
        with pytest.raises(ConfigError, match=rf"the backup: would be empty \({part}: .*there"):
            create(asked, tmp_path / "b.tar")
        (tmp_path / f"before-{part}").rename(installation.config.parent / "data" / "recorded")
    asked = BackupRequest(installation.config, "postgresql+psycopg://h/x", True, ("register",))
    with pytest.raises(ConfigError, match="pg_dump"):
        create(asked, tmp_path / "b.tar")
    (installation.config.parent / "data").rename(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="data folder does not exist"):
        create(installation, tmp_path / "b.tar")
    assert not (tmp_path / "b.tar").exists()


@pytest.mark.parametrize("part", ["register", "recording-index"])
def test_the_daily_backup_works_before_its_part_is_there(
    part: str, installation: BackupRequest, tmp_path: Path
) -> None:
    (installation.config.parent / "data" / "recorded").rename(tmp_path / "recorded")
    asked = BackupRequest(installation.config, "none.db", False, ("configuration", part))
    manifest = verify_archive(create(asked, tmp_path / "b.tar"))
    assert set(manifest.parts) == {"configuration"}
    assert "there" in manifest.absent[part], "it says what is not in it"
    named = BackupRequest(installation.config, "none.db", True, ("configuration", "register"))
    with pytest.raises(ConfigError, match="does not exist"):
        create(named, tmp_path / "c.tar")


def test_a_damaged_backup_restores_nothing(installation: BackupRequest, tmp_path: Path) -> None:
    backup = create(installation, tmp_path / "b.tar")
    content = bytearray(backup.read_bytes())
    content[content.index(b"until_ms")] ^= 1
    backup.write_bytes(content)
    with pytest.raises(RecordError, match="tombstones"):
        restore_backup(backup, tmp_path / "restored")
    assert not (tmp_path / "restored").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".restored")] == []


def test_a_killed_restore_leaves_a_locked_folder_that_the_next_one_removes(
    installation: BackupRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup, unfinished = create(installation, tmp_path / "b.tar"), tmp_path / "restored.unfinished"

    def killed(_self: Path, _target: Path) -> Path:
        copytree(unfinished, tmp_path / "left")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        patched.setattr("pipeline.storage.restore_note.write_atomically", Path.write_bytes)  # it renames, too
        patched.setattr("pipeline.backup.restored_parts._note_parts", lambda *_: None)  # the last step
        with pytest.raises(KeyboardInterrupt):
            restore_backup(backup, tmp_path / "restored")
    assert not unfinished.exists(), "an interrupt cleans up"
    (tmp_path / "left").rename(unfinished)  # as `kill -9` leaves it
    refused = viapublica_here("events", "--data", unfinished / "data")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "restored from a backup of an unknown time" in refused.stderr
    (unfinished / "data" / "stale").write_text("of the killed one")
    restore_backup(backup, tmp_path / "restored")
    assert not unfinished.exists()
    assert not (tmp_path / "restored" / "data" / "stale").exists()
    (tmp_path / "other.unfinished").mkdir()
    (tmp_path / "other.unfinished" / "report.txt").write_text("not ours")
    with pytest.raises(ConfigError, match="no restore left it there"):
        restore_backup(backup, tmp_path / "other")


def test_an_erasure_names_restored_backups_and_other_data_folders_beside_its_own(
    installation: BackupRequest, tmp_path: Path
) -> None:
    folder = installation.config.parent
    restore_backup(create(installation, tmp_path / "b.tar"), folder / "restored")
    (folder / "data.old" / "declarations").mkdir(parents=True)
    (folder / "else").mkdir()
    notes = " ".join(note.english for note in folders_beside(ConfiguredStores.of_data_dir(folder / "data")))
    assert f"data folder {folder / 'data.old'}," in notes
    assert f"restored backup {folder / 'restored'}:" in notes
    assert "else" not in notes


def test_a_backup_of_restored_data_stays_as_old_as_the_first(installation: BackupRequest, tmp_path: Path) -> None:
    restore_backup(create(installation, tmp_path / "b.tar"), tmp_path / "restored")
    first = restore_note(tmp_path / "restored" / "data" / "events")
    data = installation.config.parent / "data"
    data.rename(tmp_path / "data.old")
    (tmp_path / "restored" / "data").rename(data)
    restore_backup(create(installation, tmp_path / "c.tar"), tmp_path / "again")
    second = restore_note(tmp_path / "again" / "data" / "events")
    assert first is not None
    assert second is not None
    assert second.backup_ms == first.backup_ms


def test_a_store_in_use_is_copied_while_events_go_on_being_stored(installation: BackupRequest, tmp_path: Path) -> None:
    data, settings = installation.config.parent / "data", ChdbSettings()
    store = open_event_store(settings, data, dict)
    writer = TableWriter("events", lambda: open_database(settings, data, create=True))
    writer.open()
    server = StoreServer(store, endpoint_path(data))
    stop = threading.Event()

    def go_on() -> None:
        for number in itertools.count(1000):
            if stop.is_set():
                return
            writer.write(records([plate_read(number, camera="cam-1")]))

    (data / "events" / "shadow" / "viapublica999999999").mkdir(parents=True)
    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        before = Asking(store).count(Kind.PLATE_READ)
        backup = create(installation, tmp_path / "b.tar")
        after = Asking(store).count(Kind.PLATE_READ)
    finally:
        stop.set()
        thread.join()
        server.close()
        writer.close()
        store.close()
    assert not [path for path in (data / "events" / "shadow").iterdir() if path.is_dir()], (
        "links hold on to what is erased"
    )
    restored = tmp_path / "restored"
    restore_backup(backup, restored)
    unlock(restored / "data")
    DeclaredCameras(restored / "data").declare(_DECLARED)
    copied = [event for event in events_of(restored / "data") if event.get("kind") == "plate_read"]
    assert 0 < before <= len({event["event_id"] for event in copied}) <= after
    assert (restored / "outside" / "lines" / "lines.jsonl").read_text() == "{}\n"
