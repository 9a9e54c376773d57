"""Records are on the disk before an operation answers, whatever else happens to the log."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.audit.audit_log import AuditLog
from pipeline.audit.seal import KEY_NAME, read_auditor_key
from pipeline.audit.verification import Verification, verify
from pipeline.errors import AuditError, AuditUnavailable
from pipeline.storage.locks import locked
from tests.audit.logs import DAY_MS, NOON_MS, SetClock, entry, filled, lines, segments

_APPENDING = """
import sys
from pathlib import Path
from pipeline.audit.audit_log import AuditLog
from tests.audit.logs import entry
log = AuditLog(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    print(log.append(entry(number)).sequence, flush=True)
"""


def _verified(folder: Path) -> Verification:
    return verify(folder, read_auditor_key(folder / KEY_NAME))


def _records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(folder)]


def _appending(folder: Path, number: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _APPENDING, str(folder), str(number)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_record_says_who_did_what_why_and_what_came_of_it(tmp_path: Path) -> None:
    AuditLog(tmp_path / "audit", SetClock()).append(entry(3))
    (record,) = _records(tmp_path / "audit")
    plates = record.pop("plates")
    assert {name: value for name, value in record.items() if name not in {"seal", "hash"}} == {
        "sequence": 1,
        "previous": "0" * 64,
        "time": "2024-10-04T12:00:00.000Z",
        "operation": "plate-query",
        "outcome": "allowed",
        "system_user": "ana",
        "purpose": "investigação",
        "case": "IP-3/2026",
        "cameras": ["c1", "c2"],
        "from": "2024-10-03T12:00:00.000Z",
        "to": "2024-10-04T12:00:00.000Z",
        "rows": 3,
    }
    assert len(plates) == 1
    assert len(plates[0]) == 32


def test_no_file_of_the_log_holds_a_plate(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.append(entry(plate="ABC1234"))
    log.append(entry(plate="abc-1c34"))
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()).upper()
    assert b"ABC1234" not in content
    assert b"ABC1C34" not in content
    first, second = _records(tmp_path)
    assert first["plates"] != second["plates"], "without the auditor's key nothing shows that they are one vehicle"


def test_every_file_is_for_its_owner_only(tmp_path: Path) -> None:
    filled(tmp_path / "audit", days=2, each=1)
    made = [tmp_path / "audit", *(tmp_path / "audit").rglob("*")]
    assert {path.stat().st_mode & 0o077 for path in made} == {0}


def test_each_day_has_a_segment_and_its_end_a_signed_checkpoint(tmp_path: Path) -> None:
    filled(tmp_path, days=3, each=2)
    assert [path.name for path in segments(tmp_path)] == [
        "000000000001-2024-10-04.jsonl",
        "000000000003-2024-10-05.jsonl",
        "000000000005-2024-10-06.jsonl",
    ]
    found = _verified(tmp_path)
    assert (found.intact, found.records, found.checkpoints, found.notes) == (True, 6, 2, ())


def test_a_clock_that_is_set_back_is_recorded_and_changes_no_order(tmp_path: Path) -> None:
    clock = SetClock()
    log = AuditLog(tmp_path, clock)
    log.append(entry())
    clock.now_ms -= 2 * DAY_MS
    log.append(entry())
    log.append(entry())
    records = _records(tmp_path)
    assert [record["sequence"] for record in records] == [1, 2, 3]
    assert [record.get("clock_set_back_ms") for record in records] == [None, 2 * DAY_MS, None]
    assert records[1]["time"] == "2024-10-02T12:00:00.000Z"
    found = _verified(tmp_path)
    assert found.intact
    assert "set back before 1 record" in found.notes[0]


def test_processes_that_append_at_once_make_one_chain(tmp_path: Path) -> None:
    processes = [_appending(tmp_path, 25) for _ in range(3)]
    answers = [int(line) for process in processes for line in process.communicate(timeout=60)[0].split()]
    assert sorted(answers) == list(range(1, 76))
    assert [record["sequence"] for record in _records(tmp_path)] == list(range(1, 76))
    assert _verified(tmp_path).intact


def test_one_sync_serves_the_records_of_several_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, synced = AuditLog(tmp_path), list[int]()
    log.append(entry())

    def slow_sync(descriptor: int) -> None:
        synced.append(descriptor)
        while len(lines(tmp_path)) < 17:  # a slow disk: meanwhile all others have appended
            time.sleep(0.001)

    monkeypatch.setattr(os, "fsync", slow_sync)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: log.append(entry(number)).sequence, range(16)))
    assert sorted(answers) == list(range(2, 18))
    assert _verified(tmp_path).intact
    assert len(synced) <= 3, "one for the first record, and one for all that came meanwhile"


def test_a_killed_process_loses_no_record_that_was_answered(tmp_path: Path) -> None:
    for _ in range(3):
        process = _appending(tmp_path, 100_000)
        assert process.stdout is not None
        last = [process.stdout.readline() for _ in range(5)][-1]
        process.send_signal(signal.SIGKILL)
        last = ([last, *process.stdout.read().splitlines()])[-1]
        process.wait()
        process.stdout.close()
        assert AuditLog(tmp_path).append(entry()).sequence > int(last)
    found = _verified(tmp_path)
    assert found.intact, found.findings


@pytest.mark.parametrize("cut", [2, 60, 200])
def test_a_torn_last_line_is_closed_by_a_record_that_describes_it(tmp_path: Path, cut: int) -> None:
    log = filled(tmp_path, days=1, each=3)
    state = (tmp_path / "seal.state").read_bytes()
    log.append(entry(plate="XYZ9A87"))
    path = segments(tmp_path)[-1]
    path.write_bytes(path.read_bytes()[:-cut])  # as a kill leaves it: the record is torn, and the state is before it
    (tmp_path / "seal.state").write_bytes(state)
    torn = path.read_bytes().splitlines()[-1]
    before = _verified(tmp_path)
    assert before.intact
    assert "not complete" in before.notes[0]
    assert AuditLog(tmp_path, SetClock(NOON_MS + 9)).append(entry()).sequence == 5
    assert path.read_bytes().splitlines()[3] == torn
    note = json.loads(path.read_bytes().splitlines()[4])
    assert (note["operation"], note["sequence"], note["details"]["problem"]) == ("audit-log", 4, "unfinished")
    after = _verified(tmp_path)
    assert after.intact, after.findings
    assert after.notes == (f"record 4 closes {len(torn)} bytes that a killed or failed process left",)


@pytest.mark.parametrize("cut", [0, 1])
def test_a_complete_record_of_a_killed_process_stays(tmp_path: Path, cut: int) -> None:
    log = filled(tmp_path, days=1, each=3)
    state = (tmp_path / "seal.state").read_bytes()
    log.append(entry())
    path = segments(tmp_path)[-1]
    path.write_bytes(path.read_bytes()[: len(path.read_bytes()) - cut])
    (tmp_path / "seal.state").write_bytes(state)
    assert AuditLog(tmp_path, SetClock()).append(entry()).sequence == 5
    assert _verified(tmp_path).intact


def test_a_torn_line_of_yesterday_is_closed_today(tmp_path: Path) -> None:
    filled(tmp_path, days=1, each=2)
    with segments(tmp_path)[0].open("ab") as file:
        file.write(b'{"case"')
    AuditLog(tmp_path, SetClock(NOON_MS + DAY_MS)).append(entry())
    found = _verified(tmp_path)
    assert (found.intact, found.records, found.segments) == (True, 4, 2)


@pytest.mark.parametrize("written", [0, 1, 100])
def test_a_full_disk_refuses_the_operation_and_leaves_the_log_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    log = filled(tmp_path, days=1, each=2)
    before, write, left = lines(tmp_path), os.pwrite, [written]

    def full(descriptor: int, data: bytes, at: int) -> int:
        if ".jsonl" not in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            return write(descriptor, data, at)
        size = left.pop() if left else 0
        if not size:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, bytes(data)[:size], at)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(AuditUnavailable, match="No space left on device"):
        log.append(entry())
    monkeypatch.undo()
    assert lines(tmp_path) == before
    assert log.append(entry()).sequence == 3
    assert _verified(tmp_path).intact


def test_a_disk_that_fails_to_sync_refuses_the_operation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = filled(tmp_path, days=1, each=1)

    def failing(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(AuditUnavailable, match="Input/output error"):
        log.append(entry())


def test_a_folder_that_cannot_be_written_refuses_the_operation(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("a file")
    with pytest.raises(AuditUnavailable, match="takes no record"):
        AuditLog(tmp_path / "audit").append(entry())


def test_a_log_held_by_a_backup_refuses_the_operation_after_a_while(tmp_path: Path) -> None:
    AuditLog(tmp_path).append(entry())
    with locked(tmp_path / ".end.lock"), pytest.raises(AuditUnavailable, match="is locked by another process"):
        AuditLog(tmp_path, timeout_s=0.01).append(entry())
    assert AuditLog(tmp_path).append(entry()).sequence == 2


def test_a_log_without_its_state_takes_no_further_record(tmp_path: Path) -> None:
    log = filled(tmp_path, days=1, each=2)
    (tmp_path / "seal.state").unlink()
    with pytest.raises(AuditUnavailable, match=r"seal\.state is missing"):
        log.append(entry())
    (tmp_path / "seal.state").write_bytes(b"?" * 512)
    with pytest.raises(AuditUnavailable, match=r"seal\.state is corrupt"):
        log.append(entry())


def test_a_log_that_lost_its_end_goes_on_and_says_for_ever_which_records_are_missing(tmp_path: Path) -> None:
    log = filled(tmp_path, days=2, each=4)
    path = segments(tmp_path)[-1]
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:1]))
    log.append(entry())
    log.append(entry())
    assert [record["sequence"] for record in _records(tmp_path)] == [1, 2, 3, 4, 5, 9, 10, 11][:8]
    found = _verified(tmp_path)
    assert (found.found, found.findings[0].sequence) == (1, 6)
    assert "records 6 to 8 are missing" in found.findings[0].problem


def test_texts_that_are_no_unicode_are_stored_readably(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    strange = os.fsdecode(b'IP-\xff\n"\\')
    log.append(msgspec.structs.replace(entry(), case=strange, details={strange: strange}))
    log.append(entry())
    assert _verified(tmp_path).intact
    assert _records(tmp_path)[0]["case"] == 'IP-\\udcff\n"\\'


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_an_auditors_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    AuditLog(tmp_path).append(entry())
    key = tmp_path / KEY_NAME
    key.chmod(mode)
    with pytest.raises(AuditError, match="readable for others"):
        read_auditor_key(key)


def test_an_auditors_key_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    AuditLog(tmp_path).append(entry())
    key = tmp_path / KEY_NAME
    if os.geteuid() == 0:
        os.chown(key, 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(AuditError, match="belongs to another user"):
        read_auditor_key(key)


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret")
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(AuditError, match="is not an auditor's key"):
        read_auditor_key(tmp_path / "key")
    with pytest.raises(AuditError, match="No such file"):
        read_auditor_key(tmp_path / "none")
