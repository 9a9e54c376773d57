"""Commands of releases run without modules and libraries that an environment variable injects."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest

from pipeline.cli.common.isolated_process import isolate_process
from pipeline.domain.process_environment import without_injection
from tests.cli.commands import viapublica

_INJECTED = """
import atexit, os
atexit.register(lambda: open(os.path.join(os.path.dirname(__file__), "stayed"), "w").close())
"""


class _Replaced(Exception):
    """Ends a call in the place of the new process."""


@pytest.fixture
def injected(tmp_path: Path) -> Path:
    """A folder for PYTHONPATH, whose module leaves a file if the process that loaded it runs to its end."""
    (tmp_path / "sitecustomize.py").write_text(_INJECTED)
    return tmp_path


def test_no_injected_module_stays_in_a_command_of_releases(injected: Path) -> None:
    (injected / "typer.py").write_text("raise SystemExit('another typer')")
    done = viapublica("release", "build", "--help", environ={"PYTHONPATH": str(injected)}, cwd=injected)
    assert done.returncode == 0, done.stderr
    assert "another typer" not in done.stdout + done.stderr
    assert not (injected / "stayed").exists()
    (injected / "typer.py").unlink()
    viapublica("--version", environ={"PYTHONPATH": str(injected)}, cwd=injected)
    assert (injected / "stayed").exists(), "the module is loaded, and notices the end of a command"


def test_variables_that_load_code_are_removed_and_others_stay() -> None:
    loading = ("LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "OPENSSL_CONF")
    others = ("PATH", "HOME", "LANG", "VIAPUBLICA_KEY", "CAMERA_PASSWORD", "PGPASSFILE", "TZ")
    given = dict.fromkeys((*loading, *others), "x")
    assert tuple(without_injection(given)) == others


def _replacing(monkeypatch: pytest.MonkeyPatch, isolated: bool) -> list[tuple[str, list[str], dict[str, str]]]:
    calls: list[tuple[str, list[str], dict[str, str]]] = []

    def execve(path: str, words: list[str], environment: dict[str, str]) -> NoReturn:
        calls.append((path, words, environment))
        raise _Replaced

    python = SimpleNamespace(
        flags=SimpleNamespace(isolated=isolated), executable=sys.executable, dont_write_bytecode=False
    )
    monkeypatch.setattr("os.execve", execve)
    monkeypatch.setattr("pipeline.cli.common.isolated_process.sys", python)
    return calls


@pytest.mark.parametrize("isolated", [False, True])
def test_a_preloaded_library_needs_another_process(isolated: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = _replacing(monkeypatch, isolated)
    monkeypatch.setenv("LD_PRELOAD", "evil.so")
    with pytest.raises(_Replaced):
        isolate_process(["release", "build", "2026/000001", "--source", "caf\udce9.mp4"])
    ((path, words, environment),) = calls
    assert path == words[0] == sys.executable
    assert words[1] == "-I"
    assert words[-4:] == ["build", "2026/000001", "--source", "caf\udce9.mp4"]
    assert "LD_PRELOAD" not in environment


def test_an_isolated_process_and_other_commands_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = _replacing(monkeypatch, isolated=True)
    monkeypatch.setattr("os.environ", without_injection(os.environ))
    isolate_process(["release", "list"])
    monkeypatch.setenv("LD_PRELOAD", "x.so")
    isolate_process(["plates", "ABC1D23"])
    isolate_process(["--version"])
    isolate_process([])
    assert calls == []
