"""No other process sees the plates of a command: not in its arguments, not in its memory, not in a core dump."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import structlog
import typer

from pipeline.cli.common.plate_input import given_plate, given_plates
from pipeline.cli.common.process_privacy import hidden
from pipeline.errors import ViapublicaError
from pipeline.observe.logs import redact_event
from tests.cli.commands import viapublica, viapublica_here

_PROGRAM = """
import ctypes, json, resource
from pipeline.cli.common.process_privacy import protect_process
protect_process()
print(json.dumps({
    "arguments": open("/proc/self/cmdline").read().split("\\0"),
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
}))
"""


def test_plates_and_logins_leave_the_list_of_processes_and_no_core_is_dumped() -> None:
    given = ["plates", "ABC1D23", "abc-1234", "--plate=XYZ9A99", "rtsp://a:secret@10.0.0.7/x", "--config", "c.yaml"]
    done = subprocess.run([sys.executable, "-c", _PROGRAM, *given], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    shown = " ".join(found["arguments"])
    assert not any(secret in shown for secret in ("ABC1D23", "abc-1234", "XYZ9A99", "secret"))
    assert "--config" in found["arguments"]
    assert "c.yaml" in found["arguments"]
    assert (found["core"], found["dumpable"]) == ([0, 0], 0)


@pytest.mark.parametrize(
    "secret",
    ["ABC1D23", "abc 1234", "AB123CD", "ABC1?23", "ABC.1D23", "A.B.C.1.D.2.3", "ABC*", "abcdefg", "ABC1D", "1234",
     "A-B_C/1D23", "ABC1D23.csv", "/exports/abc-1234.csv", "João da Silva", "@ABC1D23.txt", "\udcff\udcfe", "plates"],
)  # fmt: skip
@pytest.mark.parametrize("option", ["", "--plate=", "--like="])
def test_what_may_be_a_plate_is_hidden_in_its_own_length(secret: str, option: str) -> None:
    given = [b"plates", f"{option}{secret}".encode("utf-8", "surrogateescape")]
    command, shown = hidden(given)
    assert command == b"plates"
    assert len(shown) == len(given[1])
    assert set(shown.removeprefix(option.encode())) <= set(b"*/.") | set(b"exports") | set(b"csv")
    assert not any(part in shown.upper() for part in (b"ABC", b"1D", b"123", b"JO", b"PLATES"))


def test_commands_options_and_paths_stay() -> None:
    given = [b"run", b"--config", b"/etc/viapublica/viapublica.yaml", b"--json", b"--data=data/north", b"rtsp://cam/x"]
    assert hidden([*given, b"/videos/2026-11-22/a.mp4"]) == [*given, b"/videos/2026-11-22/a.mp4"]
    assert hidden([b"detect", b"rtsp://a:b@h/x"]) == [b"detect", b"**************"]


def test_a_plate_comes_from_a_file_or_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "plate"
    path.write_text("# order 12\n\nABC1D23\n")
    assert given_plate(f"@{path}") == "ABC1D23"
    assert given_plate("ABC1234") == "ABC1234"
    assert given_plate(None) is None
    assert given_plates(["ABC1234", f"@{path}"]) == ["ABC1234", "ABC1D23"]
    with path.open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert given_plate("-") == "ABC1D23"


@pytest.mark.parametrize(("content", "problem"), [("", "no plate"), ("A\nB\n", "2 lines"), (None, "cannot be read")])
def test_a_file_without_one_plate_is_an_error(tmp_path: Path, content: str | None, problem: str) -> None:
    path = tmp_path / "plate"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ViapublicaError, match=problem):
        given_plate(f"@{path}")


def test_a_plate_is_asked_for_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: "ABC1D23")
    assert given_plate("-") == "ABC1D23"


@pytest.mark.parametrize(
    "words",
    [
        ["detect"], ["read"], ["anonymize"], ["verify"], ["config", "check"], ["run"], ["read", "x", "--scope"],
        ["plates", "ABC1234", "--config"], [], ["release", "verify"], ["detect", "x", "--model"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_credential_on_the_command_line_is_never_shown(words: list[str]) -> None:
    for run, address in (
        (viapublica, "rtsp://admin:SECRET@10.255.255.1/x"),
        (viapublica_here, "http://10.255.255.1/x?password=SECRET"),
    ):
        done = run(*words, address)
        assert done.returncode != 0
        assert "SECRET" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["detect", "read"])
def test_an_address_is_answered_with_what_to_do(command: str) -> None:
    done = viapublica_here(command, "rtsp://admin:SECRET@10.0.0.7/x")
    assert "is the address of a stream" in done.stderr
    assert "viapublica camera test" in done.stderr


def test_no_log_line_has_a_plate() -> None:
    logger = structlog.get_logger()
    event = redact_event(
        logger,
        "info",
        {"event": "x", "camera": "ABC1D23", "reason": "key 'ABC1D23' of plate ABC-1234", "n": ["XYZ9A99"]},
    )
    assert event["camera"] == "ABC1D23", "a camera's name"
    assert "ABC1D23" not in event["reason"]
    assert "ABC-1234" not in event["reason"]
    assert event["n"] == ["***"]
