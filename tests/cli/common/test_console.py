"""Terminal output and CSV files: untrusted text is shown as it is and does no harm."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from pipeline.cli.common.console import csv_writer, out, print_table, progress, report_error, say
from pipeline.errors import ModelCardError, ViapublicaError
from tests.cli.commands import viapublica

MARKUP = "[/x] [bold] [1, 84, 8400] :car: \\[red]"
COLUMNS = ("file", "confidence")


def write(target: str | Path, rows: Iterable[tuple[object, ...]] = (("a", 1),)) -> None:
    with csv_writer(str(target), COLUMNS) as writer:
        writer.writerows(rows)


def first_cells(path: Path) -> list[str]:
    """The first cell of each row, as a spreadsheet reads it."""
    with path.open(newline="", encoding="utf-8") as stream:
        return [row[0] for row in csv.reader(stream)]


def test_brackets_in_errors_are_shown_and_not_read_as_markup(capsys: pytest.CaptureFixture[str]) -> None:
    report_error(ModelCardError(MARKUP, MARKUP, MARKUP))
    assert capsys.readouterr().err == f"error: {MARKUP}: {MARKUP}\nfix:   {MARKUP}\n"
    say(out, MARKUP)
    assert capsys.readouterr().out == f"{MARKUP}\n"


def test_no_value_moves_the_cursor_or_changes_the_direction_of_writing(capsys: pytest.CaptureFixture[str]) -> None:
    say(out, "a\x1b[2Jb\u202ec\r")
    print_table("t", ["a"], [("x\ny\x9b1m",)])
    shown = capsys.readouterr().out
    assert shown.startswith("a\\u001b[2Jb\\u202ec\\u000d\n")
    assert "x\\u000ay\\u009b1m" in shown


def test_brackets_in_tables_are_shown_and_not_read_as_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(MARKUP, ["a"], [(MARKUP,)], note=MARKUP)
    assert capsys.readouterr().out.count(MARKUP) == 3


def test_a_path_that_is_longer_than_its_column_goes_on_after_a_separator(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(out.rich, "width", 34)
    print_table("t", ["a", "b"], [("videos/avenida-brasil-2026.mp4", "rtsp://10.20.0.11/stream1")])
    rows = [line.split("│")[1:3] for line in capsys.readouterr().out.splitlines() if "│" in line]
    first, second = ([cell.strip() for cell in column] for column in zip(*rows, strict=True))
    assert "".join(first) == "videos/avenida-brasil-2026.mp4"
    assert all(cell.endswith(("/", "-", "4")) for cell in first if cell)
    assert "".join(second) == "rtsp://10.20.0.11/stream1"


@pytest.mark.parametrize(
    "arguments", [["config", "explain", "nope.[/x]"], ["detect", "[/x]/nope.jpg"], ["config", "check", "[/x].yaml"]]
)
def test_commands_show_arguments_with_brackets(arguments: list[str]) -> None:
    result = viapublica(*arguments)
    assert result.returncode == 1
    assert arguments[-1] in result.stderr
    assert "Traceback" not in result.stderr


def test_text_that_a_spreadsheet_would_execute_gets_an_apostrophe_and_numbers_do_not(tmp_path: Path) -> None:
    names = ["=cmd|' ' !A0.jpg", "+1", "-1.jpg", "@SUM(A1)", "\t=1", "\x1b[2J", "＝1"]
    plain = ["street.jpg", "a=1.jpg", "", " x", "ABC1D23", "é.jpg"]
    write(tmp_path / "x.csv", ((name, -0.5) for name in [*names, *plain]))
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    assert [row[0] for row in rows] == ["file", *(f"'{name}" for name in names), *plain]
    assert {row[1] for row in rows[1:]} == {"-0.5"}


def test_a_line_break_in_a_name_does_not_end_its_row(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", [("a\r=1", 1), ("a\n=1", 1), ('a",=1', 1)])
    assert first_cells(tmp_path / "x.csv") == ["file", "a\\r=1", "a\n=1", 'a",=1']


def test_a_name_that_is_not_utf8_is_written_with_backslashes(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", [(os.fsdecode(b"caf\xe9.jpg"), 1)])
    assert (tmp_path / "x.csv").read_text() == "file,confidence\ncaf\\udce9.jpg,1\n"


def test_standard_output_shows_names_that_are_not_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.yaml")
    (tmp_path / name).write_text("cameras: [{id: a, source: x, scope: public-road}]")
    program = "import sys; from pipeline.cli import main; sys.argv = ['x', 'config', 'check', sys.argv[1]]; main()"
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
    result = subprocess.run(
        [sys.executable, "-c", program, tmp_path / name], capture_output=True, env=environment, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
    assert b"caf\\udce9.yaml" in result.stdout


@pytest.mark.parametrize("target", ["", "/", ".", "a\0b", "no/such/folder.csv"])
def test_a_target_that_is_no_file_is_an_error(target: str) -> None:
    with pytest.raises(ViapublicaError):
        write(target)


def test_a_pipe_and_a_device_are_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()), daemon=True)
    reader.start()
    write(pipe)
    reader.join(60)
    assert got == ["file,confidence\na,1\n"]
    assert pipe.is_fifo()
    write("/dev/null")
    assert Path("/dev/null").is_char_device()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_other_files_stay_and_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "x.csv.part").write_text("another file")
    (tmp_path / "link.csv").symlink_to(tmp_path / "x.csv")
    write(tmp_path / "link.csv")
    assert (tmp_path / "x.csv.part").read_text() == "another file"
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "x.csv").read_text() == "file,confidence\na,1\n"


def test_a_csv_file_is_complete_or_unchanged(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("before")

    def rows() -> Iterator[tuple[object, ...]]:
        yield "a", 1
        raise _RefusedError

    with pytest.raises(_RefusedError):
        write(tmp_path / "x.csv", rows())
    assert (tmp_path / "x.csv").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


class _RefusedError(ViapublicaError, PermissionError):
    """An error raised on purpose that is an OSError too, as `PolicyError` is."""

    def __init__(self) -> None:
        super().__init__("model", "refused")


_INTERRUPTED_WHILE_TYPER_LOADS = """
import os, signal, sys
from pipeline.cli import main

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)

assert "typer" not in sys.modules
sys.meta_path.insert(0, Interrupt())
main()
print("not interrupted")
"""


def test_ctrl_c_while_it_loads_ends_with_one_line() -> None:
    command = [sys.executable, "-c", _INTERRUPTED_WHILE_TYPER_LOADS]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr, result.stdout) == (130, "stopped\n", "")


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def lines_of(capsys: pytest.CaptureFixture[str], what: str, total: int, steps: int, step_s: float) -> list[str]:
    """What a task prints where no bar can be drawn."""
    clock = Clock()
    with progress(clock) as bars:
        task = bars.add_task(what, total=total, note="")
        for step in range(1, steps + 1):
            clock.now_s += step_s
            bars.update(task, completed=step)
    return capsys.readouterr().err.splitlines()


def test_progress_without_a_terminal_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    """Bars are for terminals; a service's log must not be silent for minutes, nor flooded."""
    lines = lines_of(capsys, "detecting", 900, 900, 0.1)
    assert len(lines) == 3, "after 10, 40 and 70 seconds"
    assert lines[0].startswith("detecting: 10")
    assert "about 1 min 20 s left" in lines[0]


def test_a_slow_stage_says_how_long_it_still_takes(capsys: pytest.CaptureFixture[str]) -> None:
    """A step every 45 seconds: no two of them lie within the 30 seconds from which bars take their speed."""
    lines = lines_of(capsys, "verifying", 20, 4, 45)
    assert len(lines) == 4
    assert all("left" in line for line in lines[1:]), lines
    assert lines[-1] == "verifying: 4 of 20, about 12 min left"
