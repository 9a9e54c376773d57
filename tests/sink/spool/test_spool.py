"""A spool gives back what it took, in order, over any number of restarts, and says what it lost."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pipeline.errors import Backpressure, SinkError
from pipeline.sink.spool.record_format import SegmentHeader, header_bytes
from pipeline.sink.spool.settings import FullSpoolPolicy, SpoolSettings, Sync
from pipeline.sink.spool.spool import Spool
from tests.event_samples import wait_until

SMALL = SpoolSettings(segment_bytes=4096, sync=Sync.NEVER, sync_interval_s=60, retain_s=1e6)


def payloads(first: int, count: int, size: int = 100) -> list[bytes]:
    return [str(n).encode().ljust(size, b".") for n in range(first, first + count)]


class AnySequenceOfCalls(RuleBasedStateMachine):
    """The spool beside a list that cannot fail: whatever is called, in whatever order, they agree."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.spool = self.opened()
        self.accepted: list[bytes] = []
        self.read = 0
        self.acked = 0

    def opened(self) -> Spool:
        """With so little memory that readers change between it and the files."""
        return Spool("test", self.folder, SMALL, memory_bytes=1500)

    @rule(sizes=st.lists(st.integers(0, 700), min_size=1, max_size=12))
    def append(self, sizes: list[int]) -> None:
        new = [f"{len(self.accepted) + i}:".encode() + b"x" * size for i, size in enumerate(sizes)]
        assert self.spool.append(new) == len(self.accepted)
        self.accepted += new

    @rule(most=st.integers(1, 30))
    def read_some(self, most: int) -> None:
        found = self.spool.read(most)
        wanted = self.accepted[self.read : self.read + most]
        assert [(r.offset, r.payload) for r in found] == list(enumerate(wanted, self.read))
        self.read += len(found)

    @rule(share=st.floats(0, 1))
    def acknowledge(self, share: float) -> None:
        self.acked += round(share * (self.read - self.acked))
        self.spool.acknowledge(self.acked)

    @rule()
    def rewind(self) -> None:
        self.spool.rewind()
        self.read = self.acked

    @rule(back=st.integers(0, 50))
    def replay(self, back: int) -> None:
        self.acked = self.read = max(0, self.acked - back)
        self.spool.rewind(self.acked)

    @rule()
    def restart(self) -> None:
        self.spool.close()
        self.spool = self.opened()
        self.read = self.acked

    @rule()
    def killed(self) -> None:
        """What a kill -9 leaves: the files as they are. Confirmations since the last sync are forgotten."""
        copy = Path(tempfile.mkdtemp())
        shutil.copytree(self.folder, copy, dirs_exist_ok=True)
        self.spool.close()
        shutil.rmtree(self.folder)
        self.folder = copy
        self.spool = self.opened()
        self.acked = self.read = self.spool.status().acked

    @invariant()
    def counts_agree(self) -> None:
        status = self.spool.status()
        assert (status.acked, status.next_offset) == (self.acked, len(self.accepted))
        assert (status.lost, status.damaged) == (0, 0)
        assert (status.oldest_ms is None) == (status.pending == 0)

    def teardown(self) -> None:
        self.spool.close()
        shutil.rmtree(self.folder, ignore_errors=True)


TestAnySequenceOfCalls = AnySequenceOfCalls.TestCase
TestAnySequenceOfCalls.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_a_reader_that_changes_between_files_and_memory_skips_nothing(tmp_path: Path) -> None:
    spool = Spool("test", tmp_path, SMALL, memory_bytes=1500)
    spool.append(payloads(0, 12))
    spool.append(payloads(12, 8))  # too much for the memory: read from the files, to the very end of them
    assert [record.offset for record in spool.read(20)] == list(range(20))
    spool.append(payloads(20, 5))
    assert [record.offset for record in spool.read(5)] == list(range(20, 25))  # from memory
    spool.append(payloads(25, 5))
    spool.append(payloads(30, 10))  # again too much
    assert [record.offset for record in spool.read(99)] == list(range(25, 40))
    assert spool.status().lost == 0
    spool.close()


def filled(folder: Path, count: int = 100) -> list[Path]:
    """A spool of some segments with that many events, closed; its segment files."""
    spool = Spool("test", folder, SMALL)
    for number in range(count):
        spool.append(payloads(number, 1))
    spool.close()
    return sorted(folder.glob("*.seg"))


def survivors(folder: Path) -> tuple[list[int], int, int]:
    """Numbers that can be read, how many are reported lost, how many places are reported damaged."""
    with contextlib.closing(Spool("test", folder, SMALL)) as spool:
        found = spool.read(1000)
        assert [r.payload for r in found] == [payloads(r.offset, 1)[0] for r in found]
        status = spool.status()
        return [r.offset for r in found], status.lost, status.damaged


def test_a_flipped_bit_costs_one_event(tmp_path: Path) -> None:
    first = filled(tmp_path)[0]
    data = bytearray(first.read_bytes())
    data[32 + 3 * 128 + 60] ^= 4  # in the fourth payload
    first.write_bytes(data)
    found, lost, damaged = survivors(tmp_path)
    assert found == [n for n in range(100) if n != 3]
    assert (lost, damaged) == (1, 1)


@pytest.mark.parametrize("byte", range(0, 28, 3))
def test_a_flipped_bit_in_a_record_head_costs_one_event(tmp_path: Path, byte: int) -> None:
    first = filled(tmp_path)[0]
    data = bytearray(first.read_bytes())
    data[32 + 5 * 128 + byte] ^= 0x41
    first.write_bytes(data)
    assert survivors(tmp_path)[:2] == ([n for n in range(100) if n != 5], 1)


def test_zeros_cost_what_they_cover(tmp_path: Path) -> None:
    second = filled(tmp_path)[1]
    start = int(second.stem)
    data = bytearray(second.read_bytes())
    data[32 + 2 * 128 : 32 + 5 * 128] = bytes(3 * 128)
    second.write_bytes(data)
    assert survivors(tmp_path) == ([n for n in range(100) if n not in range(start + 2, start + 5)], 3, 1)


def test_a_segment_of_nothing_but_zeros_is_stepped_over(tmp_path: Path) -> None:
    files = filled(tmp_path)
    start, after = int(files[1].stem), int(files[2].stem)
    files[1].write_bytes(bytes(files[1].stat().st_size))
    found, lost, _ = survivors(tmp_path)
    assert found == [n for n in range(100) if not start <= n < after]
    assert lost == after - start


def test_a_torn_end_costs_what_is_cut_off_and_its_numbers_are_used_again(tmp_path: Path) -> None:
    last = filled(tmp_path)[-1]
    last.write_bytes(last.read_bytes()[:-50])
    with contextlib.closing(Spool("test", tmp_path, SMALL)) as spool:
        assert spool.append([b"next"]) == 99
        found = spool.read(1000)
        assert [r.offset for r in found] == list(range(100))
        assert found[-1].payload == b"next"
        assert spool.status().damaged == 1


def test_a_segment_cut_short_in_the_middle_loses_its_end_only(tmp_path: Path) -> None:
    files = filled(tmp_path)
    files[1].write_bytes(files[1].read_bytes()[: 32 + 4 * 128 + 10])
    start, after = int(files[1].stem), int(files[2].stem)
    found, lost, _ = survivors(tmp_path)
    assert found == [n for n in range(100) if not start + 4 <= n < after]
    assert lost == after - start - 4


def test_a_segment_that_is_gone_is_told(tmp_path: Path) -> None:
    files = filled(tmp_path)
    files[1].unlink()
    start, after = int(files[1].stem), int(files[2].stem)
    assert survivors(tmp_path)[:2] == ([n for n in range(100) if not start <= n < after], after - start)


def test_a_segment_that_somebody_deletes_while_it_runs_costs_itself_and_no_more(tmp_path: Path) -> None:
    short = SpoolSettings(segment_bytes=4096, sync=Sync.NEVER, sync_interval_s=0.05, retain_s=0.2)
    with contextlib.closing(Spool("test", tmp_path, short)) as spool:
        for number in range(100):
            spool.append(payloads(number, 1))
        files = sorted(tmp_path.glob("*.seg"))
        files[1].unlink()
        spool.rewind(0)
        found = [record.offset for record in spool.read(1000)]
        start, after = int(files[1].stem), int(files[2].stem)
        assert found == [n for n in range(100) if not start <= n < after]
        assert spool.status().lost == after - start
        spool.rewind(0)  # as for a broker that forgot
        spool.acknowledge(100)
        wait_until(lambda: spool.status().files <= 1)  # it does not keep the others from going


def test_going_back_survives_a_kill(tmp_path: Path) -> None:
    with contextlib.closing(Spool("test", tmp_path / "one", SMALL)) as spool:
        spool.append(payloads(0, 20))
        spool.read(20)
        spool.acknowledge(20)
        spool.rewind(0)
        shutil.copytree(tmp_path / "one", tmp_path / "killed")
    with contextlib.closing(Spool("test", tmp_path / "killed", SMALL)) as spool:
        assert [record.offset for record in spool.read(99)] == list(range(20))


def test_a_file_with_a_foreign_name_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "²³.seg").write_bytes(b"not ours")
    with contextlib.closing(Spool("test", tmp_path, SMALL)) as spool:
        spool.append([b"one"])
        assert [record.payload for record in spool.read(9)] == [b"one"]


def test_a_broken_segment_header_costs_nothing(tmp_path: Path) -> None:
    first = filled(tmp_path)[0]
    first.write_bytes(b"rubbish!" + first.read_bytes()[8:])
    assert survivors(tmp_path) == (list(range(100)), 0, 1)


def test_a_later_version_is_not_touched(tmp_path: Path) -> None:
    first = filled(tmp_path)[0]
    first.write_bytes(header_bytes(SegmentHeader(0, 0), version=2) + first.read_bytes()[32:])
    with pytest.raises(SinkError, match="version 2, and this program reads version 1"):
        Spool("test", tmp_path, SMALL)
    assert len(list(tmp_path.glob("*.seg"))) > 1


@pytest.mark.parametrize("content", [b"", b"12", b"12 00000000\n", b"\xff\xfe", b"nonsense here\n"])
def test_a_damaged_position_sends_all_that_is_kept_again(tmp_path: Path, content: bytes) -> None:
    filled(tmp_path)
    (tmp_path / "acked").write_bytes(content)
    assert survivors(tmp_path)[0] == list(range(100))


def test_two_writers_are_kept_apart(tmp_path: Path) -> None:
    with contextlib.closing(Spool("test", tmp_path, SMALL)), pytest.raises(SinkError, match="uses this data folder"):
        Spool("test", tmp_path, SMALL)
    Spool("test", tmp_path, SMALL).close()


def test_a_full_spool_refuses_and_loses_nothing_until_events_are_confirmed(tmp_path: Path) -> None:
    small = SMALL.model_copy(update={"max_bytes": 2**16})
    with contextlib.closing(Spool("test", tmp_path, small)) as spool:
        for number in range(400):
            spool.append(payloads(number, 1))
        with pytest.raises(Backpressure, match="full of events that are not confirmed"):
            spool.append(payloads(400, 200))
        count = spool.status().next_offset
        assert count == 400
        assert spool.status().size <= 2**16
        assert [r.offset for r in spool.read(10_000)] == list(range(count))
        spool.acknowledge(count // 2)
        assert spool.append(payloads(count, 200)) == count, "delivered segments make room"
        assert spool.status().lost == 0


def test_a_full_spool_gives_up_its_oldest_where_it_may_and_counts_them(tmp_path: Path) -> None:
    small = SMALL.model_copy(update={"max_bytes": 2**16, "when_full": FullSpoolPolicy.DROP_OLDEST})
    with contextlib.closing(Spool("test", tmp_path, small)) as spool:
        for number in range(2000):
            spool.append(payloads(number, 1))
        found = spool.read(10_000)
        status = spool.status()
        assert [r.offset for r in found] == list(range(status.lost, 2000))
        assert 0 < status.lost < 2000
        assert status.size <= 2**16


def test_a_disk_that_fails_to_sync_is_said_and_the_spool_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: int) -> None:
        raise OSError(5, "Input/output error")

    with contextlib.closing(Spool("test", tmp_path, SMALL.model_copy(update={"sync": Sync.ALWAYS}))) as spool:
        spool.append(payloads(0, 3))
        with monkeypatch.context() as broken:
            broken.setattr("pipeline.sink.spool.segment_files.os.fdatasync", failing)
            with pytest.raises(Backpressure, match="Input/output error"):
                spool.append(payloads(3, 40))
        spool.append(payloads(3, 40))  # what was pushed back comes again; ids make it count once
        found = [record.payload for record in spool.read(1000)]
        assert list(dict.fromkeys(found)) == payloads(0, 43)


def test_delivered_segments_stay_for_the_retained_window(tmp_path: Path) -> None:
    quick = SMALL.model_copy(update={"retain_s": 0.0, "sync_interval_s": 0.05, "sync": Sync.INTERVAL})
    with contextlib.closing(Spool("test", tmp_path, quick)) as spool:
        spool.append(payloads(0, 200))
        spool.append(payloads(200, 1))
        spool.acknowledge(200)
        for _ in range(100):
            if spool.status().files == 1:
                break
            time.sleep(0.05)
        assert [r.offset for r in spool.read(1000)] == [200], "what is confirmed is gone, what is not stays"


def test_an_event_that_is_too_large_is_refused_whole(tmp_path: Path) -> None:
    with contextlib.closing(Spool("test", tmp_path, SMALL)) as spool:
        with pytest.raises(SinkError, match="more than 16777216 bytes"):
            spool.append([b"small", bytes(16 * 2**20 + 1)])
        assert spool.status().next_offset == 0
