"""JSON lines on a real disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.domain.events import decode
from pipeline.errors import SinkError
from pipeline.sink.build import build_sink
from pipeline.sink.jsonlines import JsonLinesWriter
from pipeline.sink.settings import JsonLinesSettings
from tests.event_samples import admit_all, one_of_each, plate_read, records


def events_in(path: Path) -> list[object]:
    return [decode(line) for line in path.read_bytes().splitlines()]


def test_events_are_lines_and_the_file_is_private(tmp_path: Path) -> None:
    sink = build_sink(JsonLinesSettings(), tmp_path, admit_all)
    sink.add(one_of_each())
    sink.flush(60)
    sink.close()
    assert events_in(tmp_path / "events.jsonl") == one_of_each()
    assert (tmp_path / "events.jsonl").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("torn", [b'{"kind":"plate_r', b"\0" * 5000, b"x" * 200_000])
def test_a_torn_last_line_is_cut_when_the_file_is_opened(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "e.jsonl"
    for number in (1, 2):
        writer = JsonLinesWriter(path, None)
        writer.open()
        writer.write(records([plate_read(number)]))
        writer.close()
        with path.open("ab") as file:
            file.write(torn)
    writer = JsonLinesWriter(path, None)
    writer.open()
    writer.close()
    assert events_in(path) == [plate_read(1), plate_read(2)]


def test_a_file_of_nothing_but_a_torn_line_is_emptied(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_bytes(b"half")
    writer = JsonLinesWriter(path, None)
    writer.open()
    writer.close()
    assert path.read_bytes() == b""


def test_rotation_keeps_every_line(tmp_path: Path) -> None:
    writer = JsonLinesWriter(tmp_path / "e.jsonl", 4096)
    writer.open()
    for number in range(60):
        writer.write(records([plate_read(number)]))
    writer.close()
    files = sorted(tmp_path.glob("e*.jsonl"))
    assert len(files) > 3
    assert all(file.stat().st_size <= 4096 for file in files)
    found = [event for file in [*files[1:], files[0]] for event in events_in(file)]
    assert sorted(event.frame for event in found) == list(range(60))  # type: ignore[attr-defined]


def test_two_writers_of_one_file_are_refused(tmp_path: Path) -> None:
    first, second = JsonLinesWriter(tmp_path / "e.jsonl", None), JsonLinesWriter(tmp_path / "e.jsonl", None)
    first.open()
    with pytest.raises(SinkError, match="writes to this file"):
        second.open()
    second.close()
    first.close()
    second.open()
    second.close()


def test_a_folder_in_place_of_the_file_is_an_error_in_the_status(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").mkdir()
    sink = build_sink(JsonLinesSettings(retry_initial_s=0.01, close_timeout_s=0.1), tmp_path, admit_all)
    sink.add([plate_read(1)])
    with pytest.raises(SinkError, match="Is a directory"):
        sink.flush(0.3)
    sink.close()
    assert sink.status().pending


@pytest.mark.parametrize("end", ["", "| head -c 10 > /dev/null"])
def test_standard_output_is_a_pipe_of_lines(tmp_path: Path, end: str) -> None:
    program = (
        "from pathlib import Path\n"
        "from pipeline.sink.build import build_sink\n"
        "from pipeline.sink.settings import JsonLinesSettings\n"
        "from tests.event_samples import admit_all, plate_read\n"
        f"sink = build_sink(JsonLinesSettings(path='-', close_timeout_s=0.2), Path({str(tmp_path)!r}), admit_all)\n"
        "sink.add([plate_read(n) for n in range(3)])\n"
        "sink.close()\n"
    )
    done = subprocess.run(
        f'"{sys.executable}" -c "$PROGRAM" {end}',
        shell=True,
        env={**os.environ, "PROGRAM": program},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        timeout=60,
        check=True,
    )
    if not end:
        lines = [line for line in done.stdout.splitlines() if line.startswith(b"{")]
        assert [decode(line) for line in lines] == [plate_read(n) for n in range(3)]
