"""Events taken out of a spool: the others keep their bytes, their order and their numbers."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SinkError
from pipeline.sink.spool.inspect_spool import summary, walk
from pipeline.sink.spool.record_format import Record, SegmentHeader, header_bytes, record_bytes, scan
from pipeline.sink.spool.remove_events import count_in, erase_from, segment_files
from pipeline.sink.spool.spool import Spool
from pipeline.storage.atomic import PARTIAL
from tests.sink.spool.test_spool import SMALL, filled, payloads

ROOT = Path(__file__).parents[3]


def odd(payload: bytes) -> bool:
    return int(payload.rstrip(b".")) % 2 == 1


def erase_all(folder: Path) -> int:
    return sum(erase_from(path, odd) for path in segment_files(folder))


def test_the_others_keep_bytes_order_and_numbers_and_nothing_is_called_damaged_or_lost(tmp_path: Path) -> None:
    filled(tmp_path)
    before = {f.item.offset: f.item for f in walk(tmp_path) if isinstance(f.item, Record)}
    assert sum(count_in(path, odd) for path in segment_files(tmp_path)) == 50
    assert erase_all(tmp_path) == 50
    assert erase_all(tmp_path) == 0
    after = {f.item.offset: f.item for f in walk(tmp_path) if isinstance(f.item, Record)}
    assert list(after) == list(before)
    assert {n: record for n, record in after.items() if n % 2 == 0} == {n: before[n] for n in range(0, 100, 2)}
    assert all(after[n].erased and after[n].written_ms == before[n].written_ms for n in range(1, 100, 2))
    found, damaged = summary(tmp_path)
    assert (found.events, found.pending, found.erased, found.missing, damaged) == (50, 50, 50, 0, [])
    with contextlib.closing(Spool("test", tmp_path, SMALL)) as spool:
        read = spool.read(1000)
        assert [(r.offset, r.payload) for r in read] == [(n, payloads(n, 1)[0]) for n in range(0, 100, 2)]
        status = spool.status()
        assert (status.lost, status.damaged, status.next_offset) == (0, 0, 100)
        assert spool.append(payloads(100, 1)) == 100


def test_positions_stay_and_a_batch_passes_over_what_was_erased(tmp_path: Path) -> None:
    filled(tmp_path)
    with contextlib.closing(Spool("test", tmp_path, SMALL)) as spool:
        spool.acknowledge(41)
    erase_all(tmp_path)
    with contextlib.closing(Spool("test", tmp_path, SMALL)) as spool:
        assert spool.status().acked == 41
        assert [r.offset for r in spool.read(3)] == [42, 44, 46]
        assert spool.position == 47
        spool.acknowledge(spool.position)
        spool.rewind(10)
        assert [r.offset for r in spool.read(2)] == [10, 12]


def test_the_last_event_erased_keeps_its_number(tmp_path: Path) -> None:
    filled(tmp_path)
    erase_all(tmp_path)
    with contextlib.closing(Spool("test", tmp_path, SMALL)) as spool:
        spool.acknowledge(98)
        spool.rewind()
        assert [r.offset for r in spool.read(10)] == [98]
        assert spool.read(10) == []
        assert spool.position == 100


def test_age_and_mode_of_a_segment_stay(tmp_path: Path) -> None:
    first = filled(tmp_path)[0]
    os.utime(first, (1_000_000, 1_000_000))
    erase_all(tmp_path)
    status = first.stat()
    assert (status.st_mtime, status.st_mode & 0o777) == (1_000_000, 0o600)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.binary(min_size=1, max_size=60), st.booleans()), max_size=40), st.integers(0, 2**40))
def test_whatever_is_erased_the_rest_is_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[bytes, bool]], first: int
) -> None:
    path = tmp_path_factory.mktemp("segment") / f"{first:020}.seg"
    marked = [(b"-" if go else b"+") + payload for payload, go in events]
    path.write_bytes(header_bytes(SegmentHeader(first, 7)) + b"".join(record_bytes(first, 9, marked)))
    assert erase_from(path, lambda payload: payload.startswith(b"-")) == sum(go for _, go in events)
    left = [item[1] for item in scan(path.read_bytes()) if isinstance(item, tuple)]
    wanted = [b"" if payload.startswith(b"-") else payload for payload in marked]
    assert [(r.offset, r.written_ms, r.payload) for r in left] == [(n, 9, p) for n, p in enumerate(wanted, first)]


def test_damage_that_holds_it_becomes_zeros_also_in_a_segment_put_aside(tmp_path: Path) -> None:
    first = filled(tmp_path)[0]
    data = bytearray(first.read_bytes())
    data[32 + 3 * 128 + 127] ^= 4  # the last byte of payload 3
    aside = first.rename(first.with_suffix(".damaged"))
    aside.write_bytes(data)

    def three(torn_or_whole: bytes) -> bool:
        return torn_or_whole[-100:].startswith(b"3.")

    assert sum(erase_from(path, three) for path in segment_files(tmp_path)) == 1
    after = aside.read_bytes()
    assert after == bytes(data[: 32 + 3 * 128]) + bytes(128) + bytes(data[32 + 4 * 128 :])


def test_an_event_without_content_is_refused(tmp_path: Path) -> None:
    with contextlib.closing(Spool("test", tmp_path, SMALL)) as spool, pytest.raises(SinkError, match="an empty event"):
        spool.append([b"x", b""])


KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.sink.spool.remove_events import erase_from, segment_files
from tests.sink.spool.test_remove_events import odd
when, at = sys.argv[2], int(sys.argv[3])
real, calls = getattr(os, when), 0
def deadly(*arguments, **more):
    global calls
    calls += 1
    if calls == at:
        if len(sys.argv) > 4:
            real(*arguments, **more)
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **more)
setattr(os, when, deadly)
for path in segment_files(Path(sys.argv[1])):
    erase_from(path, odd)
"""


@pytest.mark.parametrize(
    ("when", "at", "after"),
    [("fchmod", 1, ""), ("utime", 2, ""), ("fsync", 1, ""), ("fsync", 3, ""), ("replace", 1, ""), ("replace", 2, "x")],
)
def test_a_kill_leaves_the_old_or_the_new_segment_and_doing_it_again_finishes(
    tmp_path: Path, when: str, at: int, after: str
) -> None:
    folder, twin = tmp_path / "killed", tmp_path / "whole"
    filled(folder)
    old = {path.name: path.read_bytes() for path in segment_files(folder)}
    twin.mkdir()
    for name, data in old.items():
        (twin / name).write_bytes(data)
    erase_all(twin)
    new = {path.name: path.read_bytes() for path in segment_files(twin)}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), when, str(at), *([after] if after else [])], cwd=ROOT, check=False
    )
    assert done.returncode == -signal.SIGKILL
    left = {path.name: path.read_bytes() for path in segment_files(folder)}
    assert all(left[name] in {old[name], new[name]} for name in old)
    assert left.keys() == old.keys()
    erase_all(folder)
    assert {path.name: path.read_bytes() for path in segment_files(folder)} == new
    with contextlib.closing(Spool("test", folder, SMALL)) as spool:
        assert [r.offset for r in spool.read(1000)] == list(range(0, 100, 2))
        assert (spool.status().lost, spool.status().damaged) == (0, 0)
    assert not list(folder.glob(f"*{PARTIAL}"))
