"""The password of a signing key comes from a file, a variable or the terminal, and never from the command line."""

from __future__ import annotations

import os
import pty
import sys
import termios
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.anonymize.signing_certificate import load_signing_identity
from pipeline.cli.common.key_password import key_password
from pipeline.errors import ReleaseError
from tests.cli.commands import app


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIAPUBLICA_KEY_PASSWORD", raising=False)
    monkeypatch.delenv("VIAPUBLICA_KEY_PASSWORD_FILE", raising=False)


def run(*words: str, **options: str) -> str:
    done = CliRunner().invoke(app, list(words), prog_name="viapublica", **options)  # type: ignore[arg-type]
    if isinstance(done.exception, ReleaseError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_the_password_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    for content, password in ((b"segredo\n", b"segredo"), (b"seg redo", b"seg redo"), (b"segredo\r\n", b"segredo")):
        (tmp_path / "password").write_bytes(content)
        assert key_password(tmp_path / "password")() == password
    (tmp_path / "password").write_bytes(b"\n")
    with pytest.raises(ReleaseError, match="contains no password"):
        key_password(tmp_path / "password")()
    with pytest.raises(ReleaseError, match="cannot be read"):
        key_password(tmp_path / "none")()


def test_without_a_terminal_the_error_names_both_other_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    read = key_password(None)
    monkeypatch.setenv("VIAPUBLICA_KEY_PASSWORD", "segredo ç")
    assert read() == "segredo ç".encode()
    monkeypatch.delenv("VIAPUBLICA_KEY_PASSWORD")
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with pytest.raises(ReleaseError, match="no terminal") as error:
            read()
    assert "--key-password-file" in error.value.fix
    assert "VIAPUBLICA_KEY_PASSWORD" in error.value.fix


def test_on_a_terminal_the_password_is_asked_for_and_not_shown() -> None:
    program = "from pipeline.cli.common.key_password import key_password; print('read', key_password(None)()[::-1])"
    process, terminal = pty.fork()
    if process == 0:
        os.environ.pop("VIAPUBLICA_KEY_PASSWORD", None)
        os.execv(sys.executable, [sys.executable, "-c", program])
    shown = b""
    while b"Password of the key" not in shown:
        shown += os.read(terminal, 1024)
    while termios.tcgetattr(terminal)[3] & termios.ECHO:
        time.sleep(0.01)
    os.write(terminal, b"segredo\n")
    while not shown.endswith(b"\n") or b"read" not in shown:
        shown += os.read(terminal, 1024)
    os.waitpid(process, 0)
    assert b"oderges" in shown
    assert b"segredo" not in shown


def test_a_new_key_can_be_encrypted(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("segredo\n")
    folder = tmp_path / "id"
    run("release", "certificate", "SSP-MT", "--out", str(folder), "--key-password-file", str(tmp_path / "password"))
    assert b"ENCRYPTED" in (folder / "key.pem").read_bytes()
    load_signing_identity(folder / "certificate.pem", folder / "key.pem", lambda: b"segredo")
    run("release", "certificate", "SSP-MT", "--out", str(tmp_path / "plain"))
    assert b"ENCRYPTED" not in (tmp_path / "plain" / "key.pem").read_bytes()
